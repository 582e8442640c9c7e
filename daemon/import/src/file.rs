//! A foreign file in memory, and what several formats ask of it.

use std::cell::OnceCell;

use serde_json::Value;

use crate::{archive::Archive, database::Database, import::ImportError, json, marks, prefs};

/// The whole content of a file, and of what lies beside it.
pub struct File {
    bytes: Vec<u8>,
    name: Option<String>,
    beside: Vec<(String, Vec<u8>)>,
    json: OnceCell<Result<Value, ImportError>>,
}

impl File {
    /// Takes the content over. A text with the mark of its byte order is from then on UTF-8 without one.
    pub fn new(bytes: Vec<u8>) -> Self {
        let bytes = match bytes.as_slice() {
            [0xef, 0xbb, 0xbf, rest @ ..] => rest.to_vec(),
            [0xff, 0xfe, rest @ ..] => from_utf16(rest, u16::from_le_bytes).unwrap_or(bytes),
            [0xfe, 0xff, rest @ ..] => from_utf16(rest, u16::from_be_bytes).unwrap_or(bytes),
            _ if is_old_text(&bytes) => from_windows_1252(&bytes),
            _ => bytes,
        };
        Self { bytes, name: None, beside: Vec::new(), json: OnceCell::new() }
    }

    /// Takes the file's own name over.
    #[must_use]
    pub fn called(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Returns its own name, where that is known. Nothing is recognised by it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
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

    /// Returns it as text; `None` where it is none.
    pub fn text(&self) -> Option<&str> {
        str::from_utf8(&self.bytes).ok()
    }

    /// Returns it as JSON; `None` where it is none.
    pub fn json(&self) -> Option<&Value> {
        self.parsed().as_ref().ok()
    }

    /// Returns why nobody recognises it: it begins as something that is known and is none, or it is nothing that is known.
    pub fn unrecognised(&self) -> ImportError {
        let begins = self.text().is_some_and(|text| text.trim_start().starts_with(['{', '[']));
        let sound = match MARKS.iter().find(|(mark, _)| self.bytes.starts_with(mark)) {
            Some((_, is_sound)) => is_sound(self),
            None if self.is_pgp() => Err(ImportError::Restricted(PGP.into())),
            None if self.brings_entities() => Err(prefs::foreign_type()),
            None if begins => self.parsed().as_ref().map(drop).map_err(Clone::clone),
            None => Ok(()),
        };
        sound.err().unwrap_or(ImportError::NotRecognised)
    }

    /// Says whether it is XML with entities of its own, which may push all that tells what it is out of sight.
    fn brings_entities(&self) -> bool {
        self.text().is_some_and(|text| text.trim_start().starts_with('<') && text.contains("<!ENTITY"))
    }

    fn is_pgp(&self) -> bool {
        let is_armoured = |text: &str| text.trim_start().starts_with("-----BEGIN PGP MESSAGE-----");
        self.text().is_some_and(is_armoured) || marks::is_openpgp(&self.bytes)
    }

    fn parsed(&self) -> &Result<Value, ImportError> {
        self.json.get_or_init(|| json::parse(&self.bytes))
    }

    /// Says whether it may be encrypted from its first byte on: no text, and none of the kinds of files that have a mark.
    pub fn is_unmarked(&self) -> bool {
        let marked = MARKS.iter().any(|(mark, _)| self.bytes.starts_with(mark)) || marks::is_marked(&self.bytes);
        self.text().is_none() && !marked && !is_old_text(&self.bytes)
    }

    /// Says whether it is a JSON object with all of these members.
    pub fn has_members(&self, names: &[&str]) -> bool {
        self.json().and_then(Value::as_object).is_some_and(|object| names.iter().all(|name| object.contains_key(*name)))
    }
}

type Check = fn(&File) -> Result<(), ImportError>;

/// How files begin that say what they are, and what sees whether one is sound.
const MARKS: &[(&[u8], Check)] = &[
    (b"PK\x03\x04", |file| Archive::open(file).map(drop).ok_or_else(|| ImportError::damaged("its archive"))),
    (b"SQLite format 3\0", |file| Database::open(file)?.rows("SELECT name FROM sqlite_master").map(drop)),
];

/// Windows programs write such texts.
fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Vec<u8>> {
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).collect::<Result<String, _>>().ok().map(String::into_bytes)
}

/// Says whether it is text of one byte a character: nearly all of it plain letters, no control characters, and not UTF-8.
fn is_old_text(bytes: &[u8]) -> bool {
    let is_control = |byte: &u8| matches!(byte, 0..=8 | 11..=31 | 127) && *byte != b'\r';
    let wide = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    wide > 0 && wide * 5 < bytes.len() && str::from_utf8(bytes).is_err() && !bytes.iter().any(is_control)
}

/// Old Windows programs write such texts.
fn from_windows_1252(bytes: &[u8]) -> Vec<u8> {
    let character = |byte: &u8| match byte {
        0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
        other => char::from(*other),
    };
    bytes.iter().map(character).collect::<String>().into_bytes()
}

/// What Windows has where Latin-1 has control characters.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];
/// What to do about a message of PGP.
const PGP: &str = "it is sealed with PGP: gpg --decrypt FILE > list.txt, then import list.txt; of pass, give the folder of its \
                   store instead";

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

    #[test]
    fn a_text_is_the_same_in_every_writing() {
        let text = "{\"a\": \"ü\"}";
        let wide = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
            mark.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect::<Vec<u8>>()
        };
        for bytes in [
            text.as_bytes().to_vec(),
            ["\u{feff}", text].concat().into_bytes(),
            wide([0xff, 0xfe], u16::to_le_bytes),
            wide([0xfe, 0xff], u16::to_be_bytes),
        ] {
            assert_eq!(File::new(bytes).text(), Some(text));
        }
        // Bytes that only begin so stay as they are.
        assert_eq!(File::new(b"\xff\xfe\x00".to_vec()).bytes(), b"\xff\xfe\x00");
        assert_eq!(File::new(b"\xff\xfe\x00\xd8".to_vec()).bytes(), b"\xff\xfe\x00\xd8");
    }

    #[test]
    fn an_old_windows_text_is_read_and_never_taken_for_encrypted() {
        let text = "otpauth://totp/M\u{fc}ller:me?secret=JBSWY3DPEHPK3PXP\n";
        let old: Vec<u8> = text.chars().map(|c| c as u8).collect();
        assert_eq!(File::new(old).text(), Some(text));
        assert_eq!(File::new(b"price: 5 \x80".to_vec()).text(), Some("price: 5 €"));
    }

    #[test]
    fn broken_json_is_damaged_and_the_rest_unknown() {
        assert!(matches!(File::new(b"{\"db\": ".to_vec()).unrecognised(), ImportError::Damaged(_)));
        for bytes in [&b"{}"[..], b"hello", b"\xff"] {
            assert_eq!(File::new(bytes.to_vec()).unrecognised(), ImportError::NotRecognised);
        }
    }

    #[test]
    fn xml_with_entities_of_its_own_is_told_so_whatever_it_would_be() {
        let bomb = format!("<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"{}\">]><KeePassFile/>", "a".repeat(5000));
        assert_eq!(File::new(bomb.into_bytes()).unrecognised(), prefs::foreign_type());
        let page = File::new(b"<!DOCTYPE html><title>Mail</title>".to_vec());
        assert_eq!(page.unrecognised(), ImportError::NotRecognised);
    }
}
