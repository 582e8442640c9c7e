//! Google Authenticator's export: accounts in one or several QR codes, each a part.
//!
//! `otpauth-migration://offline?data=` and a base64 protobuf. Lengths that it declares are never allocated for, and there
//! is no nesting to follow deeper than its one level.

use std::collections::BTreeMap;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use zeroize::Zeroizing;

use crate::{
    account::{Account, Algorithm, Kind},
    secret::Secret,
    text,
    uri::{MAX_URI, UriError},
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
    /// Reads one QR's text.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        if text.len() > MAX_URI {
            return Err(UriError::TooLong { what: "export", most: MAX_URI });
        }
        let (_, query) = text.split_once('?').ok_or(UriError::BadValue("data"))?;
        let data = query.split('&').find_map(|pair| pair.strip_prefix("data=")).ok_or(UriError::BadValue("data"))?;
        let bytes = decode(data).ok_or(UriError::BadValue("data"))?;
        read(&bytes).ok_or(UriError::BadValue("data"))
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
        let same_batch = |other: &Part| match (other.batch, part.batch) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        let fits = self.parts.is_empty() || (part.size == self.size && self.parts.values().all(same_batch));
        if !fits || self.parts.contains_key(&part.index) {
            return false;
        }
        self.size = part.size;
        self.parts.insert(part.index, part);
        true
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
    let mut plain = Zeroizing::new(String::with_capacity(data.len()));
    let mut rest = data;
    while let Some(c) = rest.chars().next() {
        let hex = (c == '%').then(|| rest.get(1..3)).flatten();
        let (value, length) = match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => (char::from(byte), 3),
            None => (c, c.len_utf8()),
        };
        // A space was a plus sign before somebody took it for an escaped space.
        plain.push(if value == ' ' { '+' } else { value });
        rest = &rest[length..];
    }
    let text = plain.trim_end_matches('=').as_bytes();
    let alphabet = if text.iter().any(|byte| matches!(byte, b'-' | b'_')) { BASE64URL_NOPAD } else { BASE64_NOPAD };
    alphabet.decode(text).ok().map(Zeroizing::new)
}

/// A field of a protobuf message.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Reads the fields of a message, and gives up at anything malformed.
struct Message<'a>(&'a [u8]);

impl<'a> Message<'a> {
    fn next(&mut self) -> Option<Option<(u64, Field<'a>)>> {
        if self.0.is_empty() {
            return Some(None);
        }
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
        Some(Some((tag >> 3, field)))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(length)?;
        self.0 = tail;
        Some(head)
    }

    /// Reads a varint of ten bytes at the most.
    fn number(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for place in 0..10 {
            let byte = *self.take(1)?.first()?;
            value |= u64::from(byte & 0x7f).checked_shl(place * 7)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

fn read(bytes: &[u8]) -> Option<Part> {
    let mut part = Part { accounts: Vec::new(), skipped: Vec::new(), index: 0, size: 1, batch: None };
    let mut message = Message(bytes);
    let mut entries = 0;
    while let Some((number, field)) = message.next()? {
        match (number, field) {
            (1, Field::Bytes(entry)) => {
                entries += 1;
                if entries > MAX_ENTRIES {
                    return None;
                }
                match read_entry(entry)? {
                    Ok(account) => part.accounts.push(account),
                    Err(why) => part.skipped.push(why),
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
    (part.index < part.size && entries > 0).then_some(part)
}

/// Reads one account; the inner result tells why one is left out.
fn read_entry(bytes: &[u8]) -> Option<Result<Account, String>> {
    let (mut secret, mut name, mut issuer) = (None, String::new(), String::new());
    let (mut algorithm, mut digits, mut kind, mut counter) = (0, 0, 0, 0);
    let mut message = Message(bytes);
    while let Some((number, field)) = message.next()? {
        match (number, field) {
            (1, Field::Bytes(bytes)) => secret = Some(Secret::new(bytes.to_vec())),
            (2, Field::Bytes(bytes)) => name = String::from_utf8_lossy(bytes).into_owned(),
            (3, Field::Bytes(bytes)) => issuer = String::from_utf8_lossy(bytes).into_owned(),
            (4, Field::Number(value)) => algorithm = value,
            (5, Field::Number(value)) => digits = value,
            (6, Field::Number(value)) => kind = value,
            (7, Field::Number(value)) => counter = value,
            _ => {}
        }
    }
    let title = text::visible(&if issuer.is_empty() { name.clone() } else { format!("{issuer}:{name}") });
    let title: String = title.chars().take(80).collect();
    let Some(secret) = secret.filter(|secret| !secret.expose().is_empty()) else {
        return Some(Err(format!("{title}: it has no secret")));
    };
    let algorithm = match algorithm {
        0 | 1 => Algorithm::Sha1,
        2 => Algorithm::Sha256,
        3 => Algorithm::Sha512,
        _ => return Some(Err(format!("{title}: its hash function is not supported"))),
    };
    let digits = if digits == 2 { 8 } else { 6 };
    let kind = match kind {
        0 | 2 => Kind::Totp { algorithm, digits, period: 30 },
        1 if counter == u64::MAX => return Some(Err(format!("{title}: its counter is used up"))),
        1 => Kind::Hotp { algorithm, digits, counter },
        _ => return Some(Err(format!("{title}: its type is not known"))),
    };
    if !text::fits(&name) || !text::fits(&issuer) {
        return Some(Err(format!("{title}: its name is too long")));
    }
    // The name repeats the issuer, or is all that tells it.
    let (issuer, name) = match name.split_once(':') {
        Some((prefix, rest)) if issuer.is_empty() || prefix == issuer => {
            (prefix.trim().to_owned(), rest.trim_start().to_owned())
        }
        _ => (issuer, name),
    };
    Some(Ok(Account { issuer, name, prefix: None, kind, secret }))
}

const MAX_ENTRIES: usize = 1000;
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
    }

    #[test]
    fn a_name_that_repeats_the_issuer_says_it_once() {
        let account = read(&part(0, 1, None, "Site: me")).accounts.remove(0);
        assert_eq!((account.issuer.as_str(), account.name.as_str()), ("Site", "me"));
    }

    #[test]
    fn malformed_parts_are_refused() {
        let huge_length = data_encoding::BASE64URL_NOPAD.encode(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f]);
        let endless_number = data_encoding::BASE64URL_NOPAD
            .encode(&[0x18; 1].iter().chain([0xff; 11].iter()).copied().collect::<Vec<u8>>());
        for data in ["", "!!!", "AA", &huge_length, &endless_number] {
            assert!(Part::parse(&format!("otpauth-migration://offline?data={data}")).is_err(), "{data} was taken");
        }
        assert!(Part::parse("otpauth-migration://offline").is_err());
    }
}
