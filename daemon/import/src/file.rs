//! A foreign file in memory, and what several formats ask of it.

use std::cell::OnceCell;

use serde_json::Value;

/// The whole content of a file.
pub struct File {
    bytes: Vec<u8>,
    json: OnceCell<Option<Value>>,
}

impl File {
    /// Takes the content over.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, json: OnceCell::new() }
    }

    /// Returns all of it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns it as text, without the mark of the byte order; `None` where it is none.
    pub fn text(&self) -> Option<&str> {
        str::from_utf8(&self.bytes).ok().map(|text| text.trim_start_matches('\u{feff}'))
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
