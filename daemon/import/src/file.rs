//! A foreign file in memory, and what several formats ask of it.

use std::cell::OnceCell;

use serde_json::Value;

/// The whole content of a file, and of what lies beside it.
pub struct File {
    bytes: Vec<u8>,
    beside: Vec<(String, Vec<u8>)>,
    json: OnceCell<Option<Value>>,
}

impl File {
    /// Takes the content over.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, beside: Vec::new(), json: OnceCell::new() }
    }

    /// Takes the content of a file over that lies beside it.
    #[must_use]
    pub fn with(mut self, name: &str, bytes: Vec<u8>) -> Self {
        self.beside.push((name.to_owned(), bytes));
        self
    }

    /// Returns the content of the file beside it whose name ends in this, such as `-wal`.
    pub fn beside(&self, ending: &str) -> Option<&[u8]> {
        self.beside.iter().find(|(name, _)| name.ends_with(ending)).map(|(_, bytes)| bytes.as_slice())
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

    /// Says whether it may be encrypted from its first byte on: no text, and none of the kinds of files that have a mark.
    pub fn is_unmarked(&self) -> bool {
        self.text().is_none() && !MARKS.iter().any(|mark| self.bytes.starts_with(mark))
    }

    /// Says whether it is a JSON object with all of these members.
    pub fn has_members(&self, names: &[&str]) -> bool {
        self.json().and_then(Value::as_object).is_some_and(|object| names.iter().all(|name| object.contains_key(*name)))
    }
}

/// How files begin that are surely something else: databases, archives, pictures, documents, programs, `KeePass`, Java.
const MARKS: &[&[u8]] = &[
    b"SQLite format 3\0",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"\xfd7zXZ",
    b"BZh",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"%PDF",
    b"\x7fELF",
    b"\x03\xd9\xa2\x9a",
    b"\xac\xed\0\x05",
    b"OTPClient",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beside_is_found_by_the_end_of_its_name() {
        let file = File::new(b"a".to_vec()).with("PhoneFactor-wal", b"log".to_vec());
        assert_eq!(file.beside("-wal"), Some(&b"log"[..]));
        assert_eq!(file.beside("manifest.json"), None);
    }

    #[test]
    fn only_what_has_no_mark_may_be_encrypted_from_its_first_byte_on() {
        assert!(File::new(b"\xf0\x80 random".to_vec()).is_unmarked());
        for marked in [&b"\x89PNG\r\n\x1a\n\xff"[..], b"plain text", b"\xff\xd8\xff\xe0", b"SQLite format 3\0\xff"] {
            assert!(!File::new(marked.to_vec()).is_unmarked(), "{marked:?}");
        }
    }
}
