//! JSON of foreign programs: each member once, no deeper than 128, and members as they are written: missing, null, or a
//! number in quotes. Half an emoji, which JavaScript leaves of a text that it cuts, is a character that can't be shown.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value, error::Category};

use crate::{fields::Given, import::ImportError};

/// Reads a whole text.
///
/// # Errors
/// [`ImportError::Damaged`] says where it breaks, and quotes nothing.
pub fn parse(bytes: &[u8]) -> Result<Value, ImportError> {
    read(bytes).map_err(|error| told(&error))
}

/// Reads a whole text that a key opened; `None` where it is no JSON, as what a wrong key leaves.
///
/// # Errors
/// [`ImportError::Damaged`] where it is JSON that names a member twice, which no wrong key makes.
pub fn parse_opened(bytes: &[u8]) -> Result<Option<Value>, ImportError> {
    match read(bytes) {
        Err(error) if error.is_data() => Err(told(&error)),
        read => Ok(read.ok()),
    }
}

/// Reads a whole text that is a list.
///
/// # Errors
/// As of [`parse`], and [`ImportError::Damaged`] where it is anything else.
pub fn parse_list(bytes: &[u8]) -> Result<Vec<Value>, ImportError> {
    match parse(bytes)? {
        Value::Array(list) => Ok(list),
        _ => Err(ImportError::damaged("its JSON is no list")),
    }
}

fn read(bytes: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(&mended(bytes)).map(|Once(value)| value)
}

/// Puts U+FFFD in the place of each half of a surrogate pair that has no other half.
fn mended(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut text = Cow::Borrowed(bytes);
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|byte| *byte == b'\\') {
        at += found;
        at += match (unit(bytes, at), unit(bytes, at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                text.to_mut()[at + 2..at + 6].copy_from_slice(b"fffd");
                6
            }
            _ => 2.min(bytes.len() - at),
        };
    }
    text
}

/// Returns the unit of UTF-16 that is escaped at a place.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

/// Says where a text breaks.
fn told(error: &serde_json::Error) -> ImportError {
    let (line, column) = (error.line(), error.column());
    ImportError::Damaged(match error.classify() {
        Category::Eof => "its JSON ends too early".into(),
        Category::Data => format!("its JSON names a member twice, in line {line}"),
        // The crate has no name for this one but its text.
        _ if error.to_string().starts_with("recursion limit") => "its JSON is nested too deeply".into(),
        _ => format!("its JSON breaks in line {line}, column {column}"),
    })
}

/// A value in which no object names a member twice: of two secrets one would be taken silently.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor).map(Self)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Once(value)) = all.next_element()? {
            list.push(value);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Once(value))) = all.next_entry::<String, Once>()? {
            if members.insert(name, value).is_some() {
                return Err(de::Error::custom("a member twice"));
            }
        }
        Ok(members.into())
    }
}

/// Returns a text; a missing one is empty.
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// Returns a text that is there and says something, as a blank does not.
pub fn maybe<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value[name].as_str().filter(|text| !text.trim().is_empty())
}

/// Returns a number, also one in quotes.
pub fn number(value: &Value, name: &str) -> Option<u64> {
    count(value, name).known()
}

/// Returns a number, also one in quotes or written as a fraction; null and an empty text say nothing.
pub fn count(value: &Value, name: &str) -> Given<u64> {
    let whole = |number: f64| (number.fract() == 0.0 && (0.0..=MAX_WHOLE).contains(&number)).then_some(number as u64);
    let read = match &value[name] {
        Value::Null => return Given::Missing,
        Value::String(text) => return Given::of_text(text),
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        _ => None,
    };
    read.map_or(Given::Odd, Given::Is)
}

/// Returns a text; null and an empty one say nothing.
pub fn word<'a>(value: &'a Value, name: &str) -> Given<&'a str> {
    match &value[name] {
        Value::Null => Given::Missing,
        Value::String(text) => Given::from(Some(text.as_str()).filter(|text| !text.is_empty())),
        _ => Given::Odd,
    }
}

/// Says whether a member is true.
pub fn flag(value: &Value, name: &str) -> bool {
    value[name].as_bool().unwrap_or_default()
}

/// Returns the type of an account; null and an empty text say that it is the usual one, by the time.
///
/// # Errors
/// A reason for a person, where it is no text.
pub fn kind<'a>(value: &'a Value, name: &str) -> Result<&'a str, String> {
    match word(value, name) {
        Given::Missing => Ok("totp"),
        Given::Is(kind) => Ok(kind),
        Given::Odd => Err("its type can't be read".into()),
    }
}

/// Returns a list; a missing one is empty.
pub fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Returns the texts of a list.
pub fn texts(value: &Value, name: &str) -> Vec<String> {
    let texts = list(value, name).iter().filter_map(Value::as_str);
    texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

/// Returns how the person knows an object of a list: by the first of these members that says something, and by the last.
pub fn called<'a>(value: &'a Value, names: &[&str]) -> (&'a str, &'a str) {
    let mut said = names.iter().filter_map(|name| maybe(value, name));
    let name = said.next().unwrap_or_default();
    (name, said.next_back().unwrap_or_default())
}

/// Up to here a fraction holds each whole number.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_serde_reads() {
        for text in [r#"{"a":[1,-2,3.5,"x",null,true],"b":{"a":{}}}"#, "[]", "\"x\"", " 7 "] {
            assert_eq!(parse(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        }
    }

    #[test]
    fn a_number_is_read_or_odd_and_never_guessed() {
        let of = |text: &str| count(&parse(format!("{{\"n\":{text}}}").as_bytes()).unwrap(), "n");
        for text in ["8", "8.0", "\"8\"", "\" 8 \""] {
            assert_eq!(of(text), Given::Is(8), "{text}");
        }
        for text in ["6.5", "-1", "-8.0", "\"six\"", "\"-1\"", "true", "[6]", "{}", "1e300"] {
            assert_eq!(of(text), Given::Odd, "{text}");
        }
        for text in ["null", "\"\""] {
            assert_eq!(of(text), Given::Missing, "{text}");
        }
        let value = parse(br#"{"a":"SHA1","b":256,"c":null}"#).unwrap();
        let words = ["a", "b", "c", "d"].map(|name| word(&value, name));
        assert_eq!(words, [Given::Is("SHA1"), Given::Odd, Given::Missing, Given::Missing]);
    }

    #[test]
    fn half_an_emoji_breaks_no_file() {
        for (text, read) in [
            (r#""a\ud83d""#, "a\u{fffd}"),
            (r#""\ude00\ud83d\ud83d\ude00\uDE00b""#, "\u{fffd}\u{fffd}😀\u{fffd}b"),
            (r#""\ud83d\n""#, "\u{fffd}\n"),
            (r#""\\ud83d \"\\\ud83d\u00fc""#, "\\ud83d \"\\\u{fffd}ü"),
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(read.into()), "{text}");
        }
        for broken in [r#""\ud83""#, r#""\u+83d""#, r#""\"#, r#""\u"#, r#""\ud83d\x""#] {
            assert!(parse(broken.as_bytes()).is_err(), "{broken}");
        }
    }

    #[test]
    fn each_break_has_its_words() {
        let deep = "[".repeat(100_000);
        for (text, words) in [
            (r#"{"secret":"A","secret":"B"}"#, "twice"),
            (r#"{"a":[{"b":1,"b":1}]}"#, "twice"),
            (r#"{"a":"#, "ends too early"),
            ("", "ends too early"),
            ("{\n\"hush\"}", "line 2"),
            (deep.as_str(), "too deeply"),
            ("[NaN]", "column 2"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(words) && !error.contains("hush"), "{error}");
        }
        assert_eq!(parse_list(b"[1]"), Ok(vec![1.into()]));
        assert_eq!(parse_list(b"{}"), Err(ImportError::damaged("its JSON is no list")));
    }
}
