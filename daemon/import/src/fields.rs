//! An account as foreign files describe it: a key in some writing, and parameters that may be missing.

use countersign_core::{
    account::{Account, Algorithm, Kind},
    secret::{Secret, SecretText},
    text,
    uri::{self, MAX_KEY, UriError},
    vault::Portable,
};
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};

/// What a file says of an account; what it leaves open is as everybody takes it.
#[derive(Debug, Default)]
pub struct Fields<'a> {
    /// `totp`, `hotp`, `steam`, `motp` or `yandex`, in any case.
    pub kind: &'a str,
    /// The key.
    pub key: Key<'a>,
    /// Who the account is with.
    pub issuer: &'a str,
    /// Its name there.
    pub name: &'a str,
    /// The hash function's name: `SHA1`, `sha-256`, `HmacSHA512`, …
    pub algorithm: Given<&'a str>,
    /// Length of a code.
    pub digits: Given<u64>,
    /// Seconds that a code lives.
    pub period: Given<u64>,
    /// The counter of the next code.
    pub counter: Given<u64>,
    /// The PIN.
    pub pin: Option<&'a str>,
}

/// A parameter as a file gives it: what is there and not understood is never taken for what is usual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Given<T> {
    /// The file says nothing of it.
    #[default]
    Missing,
    /// It is this.
    Is(T),
    /// It is there, and of another form.
    Odd,
}

impl<T> From<Option<T>> for Given<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Self::Is)
    }
}

impl Given<u64> {
    /// Reads a number; an empty text says nothing.
    pub fn of_text(text: &str) -> Self {
        match text.trim() {
            "" => Self::Missing,
            text => text.parse().map_or(Self::Odd, Self::Is),
        }
    }
}

impl<T> Given<T> {
    /// Returns it where it is understood.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Missing | Self::Odd => None,
        }
    }

    /// Passes a value over for which this does not hold, as if nothing were said.
    #[must_use]
    pub fn filter(self, holds: impl FnOnce(&T) -> bool) -> Self {
        match self {
            Self::Is(value) if !holds(&value) => Self::Missing,
            other => other,
        }
    }

    fn read(self, what: &str) -> Result<Option<T>, String> {
        match self {
            Self::Odd => Err(format!("its {what} can't be read")),
            other => Ok(other.known()),
        }
    }
}

/// A key in its writing.
#[derive(Debug, Default)]
pub enum Key<'a> {
    /// There is none.
    #[default]
    Missing,
    /// Base32, as loosely as people write it.
    Base32(&'a str),
    /// Base64.
    Base64(&'a str),
    /// Hexadecimal.
    Hex(&'a str),
    /// The bytes themselves.
    Bytes(Vec<u8>),
    /// Of mOTP: the text itself.
    Text(&'a str),
    /// Of mOTP: the text itself, in base32.
    Base32OfText(&'a str),
}

impl Fields<'_> {
    /// Makes the account; an error is a reason for a person, and quotes nothing of the key.
    pub fn account(self) -> Result<Portable, String> {
        for (what, text) in [("issuer", self.issuer), ("name", self.name)] {
            if !text::fits(text) {
                return Err(format!("its {what} is longer than {} bytes", text::MAX_BYTES));
            }
        }
        let kind = self.kind()?;
        let secret = self.key.read(matches!(kind, Kind::Motp { .. }))?;
        let (issuer, name) = (self.issuer.trim().to_owned(), self.name.trim().to_owned());
        let account = Account { issuer, name, prefix: None, kind, secret };
        uri::check(&account).map_err(|error| error.to_string())?;
        Ok(Portable::new(account))
    }

    fn kind(&self) -> Result<Kind, String> {
        Ok(match self.kind.to_ascii_lowercase().as_str() {
            "totp" => Kind::Totp { algorithm: self.algorithm()?, digits: self.digits()?, period: self.period()? },
            "hotp" => {
                let counter = self.counter.read("counter")?.unwrap_or(0);
                if counter == u64::MAX {
                    return Err("its counter has reached its end".into());
                }
                Kind::Hotp { algorithm: self.algorithm()?, digits: self.digits()?, counter }
            }
            "steam" => Kind::Steam,
            "motp" => Kind::Motp { pin: self.pin() },
            "yandex" | "yaotp" => Kind::Yandex { pin: self.pin(), pin_length: None },
            other => return Err(format!("codes of {} are not known here", told("type", other))),
        })
    }

    fn pin(&self) -> Option<SecretText> {
        self.pin.filter(|pin| !pin.is_empty()).map(SecretText::from)
    }

    fn algorithm(&self) -> Result<Algorithm, String> {
        algorithm(self.algorithm.read("algorithm")?)
    }

    fn digits(&self) -> Result<u8, String> {
        match self.digits.read("number of digits")?.unwrap_or(6) {
            digits @ 4..=10 => Ok(digits as u8),
            other => Err(format!("codes of {other} digits are not known here")),
        }
    }

    fn period(&self) -> Result<u32, String> {
        match self.period.read("period")?.unwrap_or(30) {
            period @ 1..=86_400 => Ok(period as u32),
            other => Err(format!("codes that live {other} seconds are not known here")),
        }
    }
}

/// Reads the name of a hash function; none is SHA-1.
pub fn algorithm(name: Option<&str>) -> Result<Algorithm, String> {
    let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else { return Ok(Algorithm::Sha1) };
    Algorithm::of_name(name).ok_or_else(|| format!("codes by {} are not known here", told("hash function", name)))
}

impl Key<'_> {
    /// Returns the key's bytes; of mOTP, whose key is the hexadecimal text itself, that text's.
    fn read(self, is_text: bool) -> Result<Secret, String> {
        let bytes = match self {
            Self::Missing => Vec::new(),
            Self::Base32(text) if text.trim().is_empty() => Vec::new(),
            Self::Base32(text) => match uri::secret_from_text(text) {
                Ok(secret) if !is_text => return Ok(secret),
                Ok(secret) => secret.expose().to_vec(),
                Err(behind @ UriError::TextBehindKey) => return Err(behind.to_string()),
                Err(_) => return Err("its key is not base32".into()),
            },
            Self::Base64(text) => BASE64.decode(text.trim().as_bytes()).map_err(|_| "its key is not base64")?,
            Self::Hex(text) => {
                HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).map_err(|_| "its key is not hexadecimal")?
            }
            Self::Bytes(bytes) => bytes,
            Self::Text(text) => return key_text(text),
            Self::Base32OfText(text) => return uri::secret_from_text(text).map_err(|_| "its key is not base32".into()),
        };
        match bytes.len() {
            0 => Err("it has no key".into()),
            length if length > MAX_KEY => Err(format!("its key is longer than {MAX_KEY} bytes")),
            _ if is_text => Ok(Secret::new(data_encoding::HEXLOWER.encode(&bytes).into_bytes())),
            _ => Ok(Secret::new(bytes)),
        }
    }
}

fn key_text(text: &str) -> Result<Secret, String> {
    match text.trim() {
        "" => Err("it has no key".into()),
        text if text.len() > MAX_KEY => Err(format!("its key is longer than {MAX_KEY} bytes")),
        // In the place of what was none another key would stand.
        text if text.contains(char::REPLACEMENT_CHARACTER) => Err("its key is not text".into()),
        text => Ok(Secret::new(text.as_bytes().to_vec())),
    }
}

/// Makes an account of what a password manager keeps beside a login: a URI, or a bare key. Names that it does not tell are
/// those of the login.
pub fn from_uri(text: &str, login: &Fields<'_>) -> Result<Portable, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("it has no key".into());
    }
    if !text.contains("://") {
        let (issuer, name) = (login.issuer, login.name);
        return Fields { kind: "totp", key: Key::Base32(text), issuer, name, ..Fields::default() }.account();
    }
    let mut account = uri::parse(text).map_err(|error| error.to_string())?.account;
    if text.to_ascii_lowercase().starts_with("steam://") && !login.issuer.is_empty() {
        login.issuer.trim().clone_into(&mut account.issuer);
    }
    complete(&mut account, login.issuer, login.name);
    Ok(Portable::new(account))
}

/// Names an account after the login beside it, where it says nothing itself: the title is who it is with, unless that would
/// only say its name again.
pub fn complete(account: &mut Account, title: &str, user: &str) {
    let title = title.trim();
    if account.issuer.is_empty() && !title.eq_ignore_ascii_case(account.name.trim()) {
        title.clone_into(&mut account.issuer);
    }
    if account.name.is_empty() {
        user.trim().clone_into(&mut account.name);
    }
}

/// Tells what has that name, which is left out where it is longer than such names are: in its place may stand the key.
fn told(what: &str, name: &str) -> String {
    match name.len() {
        1..=LONGEST_NAME => format!("the {what} {}", text::visible(name)),
        _ => format!("its {what}"),
    }
}

/// Keys that sites give out are longer.
const LONGEST_NAME: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_the_place_of_a_name_is_not_told() {
        let fault = |kind, algorithm| {
            let key = Key::Base32("JBSWY3DPEHPK3PXP");
            Fields { kind, key, algorithm: Given::Is(algorithm), ..Fields::default() }.account().unwrap_err()
        };
        assert_eq!(fault("ocra", "SHA1"), "codes of the type ocra are not known here");
        assert_eq!(fault("totp", "SHA3-256"), "codes by the hash function SHA3-256 are not known here");
        for told in [fault("JBSWY3DPEHPK3PXP", "SHA1"), fault("totp", "JBSWY3DPEHPK3PXP")] {
            assert!(told.contains("by its hash function") || told.contains("of its type"), "{told}");
        }
    }

    #[test]
    fn a_key_with_something_unreadable_in_it_is_none() {
        let read = |key| Fields { kind: "motp", key: Key::Text(key), ..Fields::default() }.account().map(drop);
        assert_eq!(read("0a1b2c3d"), Ok(()));
        assert_eq!(read("0a1b\u{fffd}"), Err("its key is not text".into()));
    }

    #[test]
    fn a_title_is_the_issuer_where_the_uri_names_none_and_it_says_more_than_the_name() {
        let login = |issuer| Fields { issuer, name: "user", ..Fields::default() };
        for (uri, title, issuer, name) in [
            ("otpauth://totp/me?secret=JBSWY3DPEHPK3PXP", "Shop", "Shop", "me"),
            ("otpauth://totp/me?secret=JBSWY3DPEHPK3PXP", "Me", "", "me"),
            ("otpauth://totp/Own:me?secret=JBSWY3DPEHPK3PXP", "Shop", "Own", "me"),
            ("otpauth://totp/?secret=JBSWY3DPEHPK3PXP", "Shop", "Shop", "user"),
            ("JBSWY3DPEHPK3PXP", "Shop", "Shop", "user"),
        ] {
            let account = from_uri(uri, &login(title)).unwrap().account;
            assert_eq!((account.issuer.as_str(), account.name.as_str()), (issuer, name), "{uri} {title}");
        }
    }

    #[test]
    fn what_is_given_and_not_understood_makes_no_usual_code() {
        let with = |fields: Fields<'static>| {
            Fields {
                kind: if fields.kind.is_empty() { "totp" } else { fields.kind },
                key: Key::Base32("JBSWY3DPEHPK3PXP"),
                ..fields
            }
            .account()
        };
        for (what, fields) in [
            ("number of digits", Fields { digits: Given::Odd, ..Fields::default() }),
            ("period", Fields { period: Given::Odd, ..Fields::default() }),
            ("algorithm", Fields { algorithm: Given::Odd, ..Fields::default() }),
            ("counter", Fields { kind: "hotp", counter: Given::Odd, ..Fields::default() }),
        ] {
            assert_eq!(with(fields).unwrap_err(), format!("its {what} can't be read"));
        }
        assert!(with(Fields::default()).is_ok());
    }

    #[test]
    fn a_yandex_key_is_checked_by_its_own_checksum() {
        let key = || Key::Bytes(vec![1; 26]);
        let yandex = Fields { kind: "yandex", key: key(), ..Fields::default() };
        assert!(yandex.account().unwrap_err().contains("checksum"));
        assert!(Fields { kind: "totp", key: key(), ..Fields::default() }.account().is_ok());
    }
}
