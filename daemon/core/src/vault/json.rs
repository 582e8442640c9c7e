//! JSON whose unknown parts come back word for word: objects are read as borrowed pieces and written by hand.
//!
//! The pieces point into the decrypted line, so reading makes no copy of a secret that nobody would wipe.

use std::{
    fmt,
    io::{self, Write},
};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::secret::{Secret, SecretText};

/// The members of a JSON object, in their order.
pub(super) struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

impl<'a> Object<'a> {
    /// Reads an object.
    pub(super) fn parse(text: &'a [u8]) -> Result<Self, Odd> {
        serde_json::from_slice(text).map_err(|_| Odd("not a JSON object"))
    }

    /// Takes a member out; an object that has it twice is refused, since readers would differ.
    pub(super) fn raw(&mut self, name: &'static str) -> Result<Option<&'a RawValue>, Odd> {
        let Some(at) = self.0.iter().position(|(member, _)| member == name) else { return Ok(None) };
        let (_, value) = self.0.remove(at);
        if self.0.iter().any(|(member, _)| member == name) { Err(Odd(name)) } else { Ok(Some(value)) }
    }

    /// Takes a member out that must not be missing, if `name` is there, and reads it as `T`.
    pub(super) fn maybe<T: Deserialize<'a>>(&mut self, name: &'static str) -> Result<Option<T>, Odd> {
        self.raw(name)?.map(|raw| serde_json::from_str(raw.get()).map_err(|_| Odd(name))).transpose()
    }

    /// Takes a member out that must be there.
    pub(super) fn must<T: Deserialize<'a>>(&mut self, name: &'static str) -> Result<T, Odd> {
        self.maybe(name)?.ok_or(Odd(name))
    }

    /// Takes a text out; a missing one is empty.
    pub(super) fn text(&mut self, name: &'static str) -> Result<String, Odd> {
        Ok(self.maybe(name)?.unwrap_or_default())
    }

    /// Takes out a text that prints and parses, such as an id.
    pub(super) fn parsed<T: std::str::FromStr>(&mut self, name: &'static str) -> Result<T, Odd> {
        self.must::<&str>(name)?.parse().map_err(|_| Odd(name))
    }

    /// Takes a base32 key out.
    pub(super) fn secret(&mut self, name: &'static str) -> Result<Option<Secret>, Odd> {
        let Some(text) = self.maybe::<&str>(name)? else { return Ok(None) };
        let bytes = data_encoding::BASE32_NOPAD.decode(text.as_bytes()).map_err(|_| Odd(name))?;
        Ok(Some(Secret::new(bytes)))
    }

    /// Takes a secret text out.
    pub(super) fn secret_text(&mut self, name: &'static str) -> Result<Option<SecretText>, Odd> {
        Ok(self.maybe::<String>(name)?.map(SecretText::new))
    }

    /// Returns what nobody took out.
    pub(super) fn rest(self) -> Extras {
        let keep = |(name, value): (String, &RawValue)| Extra { name, json: SecretText::from(value.get()) };
        Extras(self.0.into_iter().map(keep).collect())
    }
}

/// Which member of an object is missing, twice there, or not of its form.
#[derive(Debug, Clone, Copy)]
pub(super) struct Odd(pub(super) &'static str);

/// Members that this version does not know: kept and written back as they were.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Extras(Vec<Extra>);

#[derive(PartialEq, Eq)]
struct Extra {
    name: String,
    json: SecretText,
}

impl Extras {
    /// Returns a second holder of the same members.
    pub(super) fn duplicate(&self) -> Self {
        let copy = |extra: &Extra| Extra { name: extra.name.clone(), json: SecretText::from(extra.json.expose()) };
        Self(self.0.iter().map(copy).collect())
    }
}

/// Writes one JSON object.
pub(super) struct ObjectWriter<'w, W: Write> {
    out: &'w mut W,
    first: bool,
}

impl<'w, W: Write> ObjectWriter<'w, W> {
    /// Opens the object.
    pub(super) fn open(out: &'w mut W) -> io::Result<Self> {
        out.write_all(b"{")?;
        Ok(Self { out, first: true })
    }

    /// Writes a name, and lends the writer for its value.
    pub(super) fn name(&mut self, name: &str) -> io::Result<&mut W> {
        self.out.write_all(if self.first { b"" } else { b"," })?;
        self.first = false;
        serde_json::to_writer(&mut *self.out, name)?;
        self.out.write_all(b":")?;
        Ok(self.out)
    }

    /// Writes a member.
    pub(super) fn value<T: serde::Serialize + ?Sized>(&mut self, name: &str, value: &T) -> io::Result<()> {
        Ok(serde_json::to_writer(self.name(name)?, value)?)
    }

    /// Writes a member, if there is something to write.
    pub(super) fn maybe<T: serde::Serialize>(&mut self, name: &str, value: Option<T>) -> io::Result<()> {
        value.map_or(Ok(()), |value| self.value(name, &value))
    }

    /// Writes a text, unless it is empty.
    pub(super) fn text(&mut self, name: &str, text: &str) -> io::Result<()> {
        if text.is_empty() { Ok(()) } else { self.value(name, text) }
    }

    /// Writes a key in base32 without padding.
    pub(super) fn secret(&mut self, name: &str, secret: &Secret) -> io::Result<()> {
        let text = Zeroizing::new(data_encoding::BASE32_NOPAD.encode(secret.expose()));
        self.value(name, text.as_str())
    }

    /// Writes a list, one item after the other.
    pub(super) fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut W, T) -> io::Result<()>,
    ) -> io::Result<()> {
        let out = self.name(name)?;
        out.write_all(b"[")?;
        for (index, item) in items.into_iter().enumerate() {
            out.write_all(if index == 0 { b"" } else { b"," })?;
            write(out, item)?;
        }
        out.write_all(b"]")
    }

    /// Writes the unknown members, word for word, and closes the object.
    pub(super) fn close(mut self, extras: &Extras) -> io::Result<()> {
        for extra in &extras.0 {
            self.name(&extra.name)?.write_all(extra.json.expose().as_bytes())?;
        }
        self.out.write_all(b"}")
    }
}

/// Counts what would be written, so that the real buffer can be made in its final size.
#[derive(Default)]
pub(super) struct Count(pub(super) usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
