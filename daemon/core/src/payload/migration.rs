//! Google Authenticator's export: accounts in one or several QR codes, each a part.
//!
//! `otpauth-migration://offline?data=` and a base64 protobuf. Lengths that it declares are never allocated for, and there
//! is no nesting to follow deeper than its one level. `write.rs` writes what is read here.

mod write;

use std::collections::BTreeMap;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

pub use self::write::{Export, Written, write};
use crate::{
    account::{Account, Algorithm, Kind},
    secret::Secret,
    text,
    uri::{self, MAX_KEY, UriError},
};

/// One QR of an export.
#[derive(Debug)]
pub struct Part {
    /// The accounts that can be kept.
    pub accounts: Vec<Account>,
    /// What was left out, and why.
    pub skipped: Vec<String>,
    /// Which part this is, from 0.
    pub index: u32,
    /// Of how many; at least 1.
    pub size: u32,
    /// The export it belongs to; today's app does not say.
    pub batch: Option<i32>,
}

impl Part {
    /// Reads one QR's text, or a longer one that stands in a file.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        if text.len() > MAX_EXPORT {
            return Err(UriError::TooLong { what: "export", most: MAX_EXPORT });
        }
        let (_, query) = text.split_once('?').ok_or(UriError::DamagedExport)?;
        let data = query.split('&').find_map(|pair| pair.strip_prefix("data=").or(pair.strip_prefix("DATA=")));
        let data = data.ok_or(UriError::DamagedExport)?;
        let bytes = decode(data).ok_or(UriError::DamagedExport)?;
        read(&bytes).ok_or(UriError::DamagedExport)
    }
}

/// Joins the parts of one export, in any order.
#[derive(Debug, Default)]
pub struct Collector {
    parts: BTreeMap<u32, Part>,
    size: u32,
}

impl Collector {
    /// Takes a part in, and says whether it was of this export and not seen before.
    ///
    /// Without an export's number, parts belong together when they are of as many.
    pub fn add(&mut self, part: Part) -> bool {
        if !self.fits(&part) || self.parts.contains_key(&part.index) {
            return false;
        }
        self.size = part.size;
        self.parts.insert(part.index, part);
        true
    }

    /// Says whether a part can be of this export.
    pub fn fits(&self, part: &Part) -> bool {
        // A program that numbers its exports numbers each part.
        let same_batch = |other: &Part| other.batch == part.batch;
        self.parts.is_empty() || (part.size == self.size && self.parts.values().all(same_batch))
    }

    /// Returns of how many parts the export is; 0 before the first.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Returns what was left out of the parts seen, and why.
    pub fn skipped(&self) -> Vec<String> {
        self.parts.values().flat_map(|part| part.skipped.iter().cloned()).collect()
    }

    /// Returns the parts that have not been seen, from 1, as people count.
    pub fn missing(&self) -> Vec<u32> {
        (0..self.size).filter(|index| !self.parts.contains_key(index)).map(|index| index + 1).collect()
    }

    /// Returns the accounts of all parts, in their order.
    pub fn into_accounts(self) -> Vec<Account> {
        self.parts.into_values().flat_map(|part| part.accounts).collect()
    }
}

/// Undoes percent escapes and base64 in whatever alphabet, with or without padding, with plus signs that were not escaped.
fn decode(data: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(data.len()));
    // A space was a plus sign before somebody took it for an escaped space.
    let sign = |byte| if byte == b' ' { b'+' } else { byte };
    plain.extend(percent_decode_str(data).map(sign).filter(|byte| !matches!(byte, b'\r' | b'\n' | b'\t')));
    let end = plain.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let text = &plain[..end];
    let alphabet = if text.iter().any(|byte| matches!(byte, b'-' | b'_')) { BASE64URL_NOPAD } else { BASE64_NOPAD };
    alphabet.decode(text).ok().map(Zeroizing::new)
}

/// A field of a protobuf message.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message. An item is `None` where the message is malformed, and nothing of it is to be believed.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Field<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.0.is_empty()).then(|| self.field())
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Field<'a>)> {
        let tag = self.number()?;
        let field = match tag & 7 {
            0 => Field::Number(self.number()?),
            1 => Field::Bytes(self.take(8)?),
            2 => {
                let length = usize::try_from(self.number()?).ok()?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Bytes(self.take(4)?),
            _ => return None,
        };
        Some((tag >> 3, field))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(length)?;
        self.0 = tail;
        Some(head)
    }

    /// Reads a varint of ten bytes at the most.
    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for place in 0..10 {
            let byte = *self.take(1)?.first()?;
            value |= u64::from(byte & 0x7f) << (place * 7);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

fn read(bytes: &[u8]) -> Option<Part> {
    let mut part = Part { accounts: Vec::new(), skipped: Vec::new(), index: 0, size: 1, batch: None };
    for field in Fields(bytes) {
        match field? {
            (1, Field::Bytes(entry)) => {
                let entry = read_entry(entry)?;
                let title = entry.title();
                match entry.account() {
                    Ok(account) => part.accounts.push(account),
                    Err(why) => part.skipped.push(format!("{title}: {why}")),
                }
            }
            (3, Field::Number(size)) => part.size = u32::try_from(size).ok().filter(|size| *size <= MAX_PARTS)?,
            (4, Field::Number(index)) => part.index = u32::try_from(index).ok()?,
            // A negative number stands there as its 64-bit two's complement.
            (5, Field::Number(batch)) => part.batch = Some(batch as i32),
            _ => {}
        }
    }
    part.size = part.size.max(1);
    let is_empty = part.accounts.is_empty() && part.skipped.is_empty();
    (part.index < part.size && !is_empty).then_some(part)
}

/// One account, as the export writes it.
#[derive(Default)]
struct Entry {
    secret: Option<Secret>,
    name: String,
    issuer: String,
    algorithm: u64,
    digits: u64,
    kind: u64,
    counter: u64,
}

/// Reads what is said of one account.
fn read_entry(bytes: &[u8]) -> Option<Entry> {
    let mut entry = Entry::default();
    for field in Fields(bytes) {
        match field? {
            (1, Field::Bytes(bytes)) => entry.secret = Some(Secret::new(bytes.to_vec())),
            (2, Field::Bytes(bytes)) => entry.name = String::from_utf8_lossy(bytes).into_owned(),
            (3, Field::Bytes(bytes)) => entry.issuer = String::from_utf8_lossy(bytes).into_owned(),
            (4, Field::Number(value)) => entry.algorithm = value,
            (5, Field::Number(value)) => entry.digits = value,
            (6, Field::Number(value)) => entry.kind = value,
            (7, Field::Number(value)) => entry.counter = value,
            _ => {}
        }
    }
    Some(entry)
}

impl Entry {
    /// Returns what people see of it, cut short.
    fn title(&self) -> String {
        let title = match self.issuer.as_str() {
            "" => self.name.clone(),
            issuer => format!("{issuer}:{}", self.name),
        };
        text::visible(&title.chars().take(80).collect::<String>())
    }

    fn account(self) -> Result<Account, &'static str> {
        let secret = self.secret.filter(|secret| !secret.expose().is_empty()).ok_or("it has no secret")?;
        if secret.expose().len() > MAX_KEY {
            return Err("its secret is longer than 4 KiB");
        }
        let algorithm = match self.algorithm {
            0 | 1 => Algorithm::Sha1,
            2 => Algorithm::Sha256,
            3 => Algorithm::Sha512,
            4 => return Err("its hash function is MD5, which makes no codes here"),
            _ => return Err("its hash function is not known"),
        };
        let digits = match self.digits {
            0 | 1 => 6,
            2 => 8,
            _ => return Err("the length of its codes is not known"),
        };
        let kind = match self.kind {
            0 | 2 => Kind::Totp { algorithm, digits, period: 30 },
            1 if self.counter == u64::MAX => return Err("its counter is used up"),
            1 => Kind::Hotp { algorithm, digits, counter: self.counter },
            _ => return Err("its type is not known"),
        };
        // The name is a URI's label: an account that comes by both is the same one.
        let (issuer, prefix, name) = uri::names(&self.name, &self.issuer);
        let prefix = prefix.map(str::to_owned);
        // Alone it stays as the app shows it, with the spaces around it.
        let name = if self.name.contains(':') { name } else { self.name.as_str() };
        if ![issuer, prefix.as_deref().unwrap_or_default(), name].into_iter().all(text::fits) {
            return Err("its name is too long");
        }
        Ok(Account { issuer: issuer.to_owned(), name: name.to_owned(), prefix, kind, secret })
    }
}

/// The longest text, in bytes: programs that write files put all of their accounts in one.
const MAX_EXPORT: usize = 256 * 1024;
const MAX_PARTS: u32 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a part by hand.
    fn part(index: u8, size: u8, batch: Option<u8>, name: &str) -> String {
        let mut entry = vec![0x0a, 3, 1, 2, 3, 0x12, name.len() as u8];
        entry.extend(name.as_bytes());
        entry.extend([0x20, 1, 0x28, 1, 0x30, 2]);
        let mut message = vec![0x0a, entry.len() as u8];
        message.extend(entry);
        message.extend([0x10, 1, 0x18, size, 0x20, index]);
        message.extend(batch.map(|batch| [0x28, batch]).into_iter().flatten());
        let data = data_encoding::BASE64.encode(&message).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        format!("otpauth-migration://offline?data={data}")
    }

    fn read(text: &str) -> Part {
        Part::parse(text).unwrap()
    }

    #[test]
    fn parts_are_joined_in_any_order_and_repeats_dropped() {
        let mut collector = Collector::default();
        assert!(collector.add(read(&part(2, 3, None, "c"))));
        assert_eq!(collector.missing(), [1, 2]);
        assert!(!collector.add(read(&part(2, 3, None, "c"))));
        assert!(!collector.add(read(&part(0, 2, None, "x"))), "a part of another export was taken");
        assert!(collector.add(read(&part(0, 3, None, "a"))));
        assert!(collector.add(read(&part(1, 3, None, "b"))));
        assert!(collector.missing().is_empty());
        let names: Vec<String> = collector.into_accounts().into_iter().map(|account| account.name).collect();
        assert_eq!(names, ["a", "b", "c"]);
    }

    #[test]
    fn exports_with_different_numbers_are_not_mixed() {
        let mut collector = Collector::default();
        assert!(collector.add(read(&part(0, 2, Some(1), "a"))));
        assert!(!collector.add(read(&part(1, 2, Some(2), "b"))));
        assert!(!collector.add(read(&part(1, 2, None, "b"))), "one without a number is of another export");
    }

    #[test]
    fn a_name_that_repeats_the_issuer_says_it_once() {
        let account = read(&part(0, 1, None, "Site: me")).accounts.remove(0);
        assert_eq!((account.issuer.as_str(), account.name.as_str()), ("Site", "me"));
    }

    fn uri(message: &[u8]) -> String {
        format!("otpauth-migration://offline?data={}", data_encoding::BASE64URL_NOPAD.encode(message))
    }

    /// Writes a part of one account, field by field.
    fn entry(fields: &[u8]) -> Vec<u8> {
        [&[0x0a, fields.len() as u8], fields].concat()
    }

    #[test]
    fn base64_is_read_however_it_is_written() {
        // Bytes that need both of the signs by which the alphabets differ.
        let message = entry(&[0x0a, 4, 1, 0x3e, 0xff, 1, 0x12, 3, b'a', b'?', b'>']);
        let plain = data_encoding::BASE64.encode(&message);
        assert!(plain.contains('+') && plain.contains('/') && plain.ends_with('='), "{plain} tries nothing");
        for data in [
            plain.clone(),
            plain.trim_end_matches('=').to_owned(),
            plain.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D"),
            plain.replace('+', "%20"),
            plain.replace('+', " "),
            plain.replace('+', "-").replace('/', "_"),
            format!("{}\n{}", &plain[..8], &plain[8..]),
        ] {
            let part = read(&format!("otpauth-migration://offline?data={data}"));
            assert_eq!(part.accounts[0].secret.expose(), [1, 0x3e, 0xff, 1], "{data}");
        }
    }

    #[test]
    fn what_cannot_be_kept_of_a_part_is_named_with_why() {
        let (secret, name) = ([0x0a, 1, 7], [0x12, 1, b'x']);
        let with = |more: &[u8]| [&secret[..], &name, more].concat();
        for (fields, why) in [
            (name.to_vec(), "no secret"),
            ([&[0x0a, 0][..], &name].concat(), "no secret"),
            (with(&[0x20, 4]), "MD5"),
            (with(&[0x20, 9]), "hash function"),
            (with(&[0x28, 3]), "length"),
            (with(&[0x30, 3]), "type"),
            (with(&[0x30, 1, 0x38, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]), "counter"),
        ] {
            let good = entry(&with(&[]));
            let part = read(&uri(&[entry(&fields), good].concat()));
            assert_eq!((part.accounts.len(), part.skipped.len()), (1, 1), "{why}");
            assert!(part.skipped[0].starts_with("x: ") && part.skipped[0].contains(why), "{}", part.skipped[0]);
        }
    }

    #[test]
    fn a_secret_that_no_vault_keeps_is_left_out() {
        let secret = [&[0x0a, 0x81, 0x20][..], &[7; MAX_KEY + 1]].concat();
        let message = [&[0x0a, 0x84, 0x20][..], &secret, &entry(&[0x0a, 1, 7])].concat();
        let part = read(&uri(&message));
        assert_eq!((part.accounts.len(), part.skipped.len()), (1, 1));
        assert!(part.skipped[0].contains("4 KiB"), "{:?}", part.skipped);
    }

    #[test]
    fn unknown_fields_and_negative_numbers_are_read_over() {
        let batch = [0x28, 0xeb, 0xe0, 0x92, 0x8a, 0xfb, 0xff, 0xff, 0xff, 0xff, 0x01];
        let account = entry(&[0x0a, 1, 7, 0x42, 2, b'i', b'd', 0x49, 0, 0, 0, 0, 0, 0, 0, 0, 0x55, 0, 0, 0, 0]);
        let part = read(&uri(&[&account[..], &batch, &[0x7a, 1, 0]].concat()));
        assert_eq!(part.accounts.len(), 1);
        assert!(part.batch.is_some_and(|batch| batch < 0));
        assert_eq!((part.index, part.size), (0, 1));
    }

    #[test]
    fn a_part_has_as_many_accounts_as_its_text_has_room_for() {
        let secret = [&[0x0a, 20][..], &[7; 20]].concat();
        let whole = read(&uri(&entry(&secret).repeat(5000)));
        assert_eq!(whole.accounts.len(), 5000, "a file has them all in one text");
        let longer = Part::parse(&uri(&entry(&secret).repeat(10_000))).unwrap_err();
        assert_eq!(longer, UriError::TooLong { what: "export", most: MAX_EXPORT });
    }

    #[test]
    fn malformed_parts_are_refused() {
        let account = entry(&[0x0a, 1, 7]);
        for message in [
            &[0x0a, 3, 0x0a, 9, 7][..],                    // a field longer than its message
            &[0x0b],                                       // a group
            &[0x18, 0x80],                                 // a number that is cut off
            &[&account[..], &[0x18, 2, 0x20, 2]].concat(), // part 3 of 2
            &[&account[..], &[0x18, 0xe9, 7]].concat(),    // one of 1,001 parts
            &[0x18, 1, 0x20, 0],                           // no account
        ] {
            assert!(Part::parse(&uri(message)).is_err(), "{message:?} was taken");
        }
        let huge_length = data_encoding::BASE64URL_NOPAD.encode(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f]);
        let endless_number = data_encoding::BASE64URL_NOPAD
            .encode(&[0x18; 1].iter().chain([0xff; 11].iter()).copied().collect::<Vec<u8>>());
        for data in ["", "!!!", "AA", &huge_length, &endless_number] {
            assert!(Part::parse(&format!("otpauth-migration://offline?data={data}")).is_err(), "{data} was taken");
        }
        assert!(Part::parse("otpauth-migration://offline").is_err());
    }
}
