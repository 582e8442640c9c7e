//! A foreign file in memory, and what several formats ask of it.

use std::cell::OnceCell;

use serde_json::Value;

/// The whole content of a file.
pub struct File {
    bytes: Vec<u8>,
    json: OnceCell<Option<Value>>,
}

impl File {
    /// Takes the content over. A text with the mark of its byte order is from then on UTF-8 without one.
    pub fn new(bytes: Vec<u8>) -> Self {
        let bytes = match bytes.as_slice() {
            [0xef, 0xbb, 0xbf, rest @ ..] => rest.to_vec(),
            [0xff, 0xfe, rest @ ..] => from_utf16(rest, u16::from_le_bytes).unwrap_or(bytes),
            [0xfe, 0xff, rest @ ..] => from_utf16(rest, u16::from_be_bytes).unwrap_or(bytes),
            _ => bytes,
        };
        Self { bytes, json: OnceCell::new() }
    }

    /// Returns all of it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns it as text; `None` where it is none.
    pub fn text(&self) -> Option<&str> {
        str::from_utf8(&self.bytes).ok()
    }

    /// Returns it as JSON; `None` where it is none.
    pub fn json(&self) -> Option<&Value> {
        self.json.get_or_init(|| serde_json::from_str(self.text()?).ok()).as_ref()
    }

    /// Says whether it is a JSON object with all of these members.
    pub fn has_members(&self, names: &[&str]) -> bool {
        self.json().and_then(Value::as_object).is_some_and(|object| names.iter().all(|name| object.contains_key(*name)))
    }
}

/// Windows programs write such texts.
fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Vec<u8>> {
    if bytes.len() % 2 != 0 {
        return None;
    }
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).collect::<Result<String, _>>().ok().map(String::into_bytes)
}
