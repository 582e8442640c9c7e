//! The way out: accounts as the parts of an export, one text a QR.
//!
//! The format knows no period, no digits but 6 and 8, and no Steam: what it can't carry is left out and named, since a
//! reader would make wrong codes of it without a word.

use std::mem;

use data_encoding::BASE64;
use zeroize::Zeroizing;

use crate::{
    account::{Account, Algorithm, Kind},
    secret::SecretText,
};

/// An export that is written.
#[derive(Debug)]
pub struct Export {
    /// Its parts, one QR each.
    pub parts: Vec<Written>,
    /// The accounts that it can't carry, by their place among those given, and why.
    pub left_out: Vec<(usize, String)>,
}

/// One part of an export.
#[derive(Debug)]
pub struct Written {
    /// What its QR says.
    pub text: SecretText,
    /// The accounts in it, by their place among those given.
    pub accounts: Vec<usize>,
}

/// Writes accounts as an export of this number: at most ten a QR, and none denser than a phone reads off a screen.
///
/// A prefix that differs from the issuer stands before the name, as Google Authenticator writes it.
pub fn write<'a>(accounts: impl Iterator<Item = &'a Account>, batch: i32) -> Export {
    let (mut groups, mut left_out) = (Vec::<Group>::new(), Vec::new());
    for (place, account) in accounts.enumerate() {
        let entry = match entry(account) {
            Ok(entry) if is_too_long(&entry) => Err("it is too long for a QR code".to_owned()),
            entry => entry,
        };
        match entry {
            Ok(entry) => match groups.last_mut().filter(|group| group.has_room_for(&entry)) {
                Some(group) => group.add(place, &entry),
                None => groups.push(Group::of(place, &entry)),
            },
            Err(why) => left_out.push((place, why)),
        }
    }
    let size = groups.len() as u64;
    let part = |(index, group): (u64, Group)| Written {
        text: text(&group.entries, size, index, batch),
        accounts: group.places,
    };
    Export { parts: (0..).zip(groups).map(part).collect(), left_out }
}

/// The entries of one part.
struct Group {
    places: Vec<usize>,
    entries: Zeroizing<Vec<u8>>,
}

impl Group {
    fn of(place: usize, entry: &[u8]) -> Self {
        // Room for all that may follow: what grows leaves pieces of itself behind.
        let mut entries = Zeroizing::new(Vec::with_capacity(entry.len().max(DENSE)));
        entries.extend_from_slice(entry);
        Self { places: vec![place], entries }
    }

    fn has_room_for(&self, entry: &[u8]) -> bool {
        self.places.len() < MOST && self.entries.len() + entry.len() <= DENSE
    }

    fn add(&mut self, place: usize, entry: &[u8]) {
        self.places.push(place);
        self.entries.extend_from_slice(entry);
    }
}

/// Returns the entry of an account with its length before it, or why it can't be carried.
fn entry(account: &Account) -> Result<Zeroizing<Vec<u8>>, String> {
    let (kind, algorithm, digits, counter) = match account.kind {
        Kind::Totp { period, .. } if period != 30 => {
            return Err(format!("its codes live {period} seconds, and an export holds only those of 30"));
        }
        Kind::Totp { algorithm, digits, .. } => (2, algorithm, digits, None),
        Kind::Hotp { algorithm, digits, counter } => (1, algorithm, digits, Some(counter)),
        Kind::Steam => return Err("its codes are Steam's, which no export holds".into()),
        Kind::Motp { .. } => return Err("its codes are mOTP's, which no export holds".into()),
        Kind::Yandex { .. } => return Err("its codes are Yandex's, which no export holds".into()),
    };
    let digits = match digits {
        6 => 1,
        8 => 2,
        other => return Err(format!("its codes have {other} digits, and an export holds only those of 6 and 8")),
    };
    if counter.is_some_and(|counter| i64::try_from(counter).is_err()) {
        return Err("its counter is too high for an export".into());
    }
    let algorithm = match algorithm {
        Algorithm::Sha1 => 1,
        Algorithm::Sha256 => 2,
        Algorithm::Sha512 => 3,
    };
    let (secret, name) = (account.secret.expose(), name(account));
    let mut message = Message::with_room(secret.len() + name.len() + account.issuer.len() + 40);
    message.bytes(1, secret);
    message.bytes(2, name.as_bytes());
    message.bytes(3, account.issuer.as_bytes());
    for (field, value) in [(4, algorithm), (5, digits), (6, kind)] {
        message.number(field, value);
    }
    if let Some(counter) = counter {
        message.number(7, counter);
    }
    // Read back before anybody sees it: what it makes elsewhere are the codes that it makes here.
    let read = super::read_entry(&message.0).ok_or("no reader takes it back")?.account()?;
    if read.secret != account.secret || read.kind != account.kind {
        return Err("what a reader takes back makes other codes".into());
    }
    let mut whole = Message::with_room(message.0.len() + 11);
    whole.bytes(1, &message.0);
    Ok(mem::take(&mut whole.0))
}

/// Returns the name as readers take it: a colon in it would else be taken for the end of an issuer.
fn name(account: &Account) -> String {
    let Account { issuer, name, prefix, .. } = account;
    match prefix {
        Some(prefix) => format!("{prefix}:{name}"),
        None if name.contains(':') => format!("{issuer}:{name}"),
        None => name.clone(),
    }
}

fn is_too_long(entry: &[u8]) -> bool {
    // Of those that share a QR none comes near it.
    entry.len() > DENSE && text(entry, u64::from(u32::MAX), u64::from(u32::MAX), -1).expose().len() > MAX_QR
}

/// Returns what the QR of a part says.
fn text(entries: &[u8], size: u64, index: u64, batch: i32) -> SecretText {
    let mut message = Message::with_room(entries.len() + 50);
    message.0.extend_from_slice(entries);
    // A negative number is written as its 64-bit two's complement.
    let batch = i64::from(batch).cast_unsigned();
    for (field, value) in [(2, VERSION), (3, size), (4, index), (5, batch)] {
        message.number(field, value);
    }
    let mut data = Zeroizing::new(String::with_capacity(BASE64.encode_len(message.0.len())));
    BASE64.encode_append(&message.0, &mut data);
    let mut text = String::with_capacity(START.len() + 3 * data.len());
    text.push_str(START);
    for sign in data.chars() {
        match sign {
            '+' => text.push_str("%2B"),
            '/' => text.push_str("%2F"),
            '=' => text.push_str("%3D"),
            other => text.push(other),
        }
    }
    SecretText::new(text)
}

/// A protobuf message while it is written, into room that it was given once.
struct Message(Zeroizing<Vec<u8>>);

impl Message {
    fn with_room(room: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(room)))
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn number(&mut self, field: u64, value: u64) {
        self.varint(field << 3);
        self.varint(value);
    }

    fn varint(&mut self, mut value: u64) {
        while value > 0x7f {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

const START: &str = "otpauth-migration://offline?data=";
/// The version that writes a number for the whole export, so that two can be told apart.
const VERSION: u64 = 1;
/// The most accounts of a part, as Google Authenticator itself has it.
const MOST: usize = 10;
/// The most bytes of a part's accounts, where there are several: a QR of version 18, 89 modules a side.
const DENSE: usize = 450;
/// The most bytes that a QR holds.
const MAX_QR: usize = 2953;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        payload::migration::{Collector, Part},
        secret::Secret,
    };

    fn account(issuer: &str, name: &str, kind: Kind) -> Account {
        let secret = Secret::new((0..20).collect());
        Account { issuer: issuer.into(), name: name.into(), prefix: None, kind, secret }
    }

    fn joined(export: &Export) -> Vec<Account> {
        let mut collector = Collector::default();
        for written in export.parts.iter().rev() {
            assert!(collector.add(Part::parse(written.text.expose()).unwrap()));
        }
        assert!(collector.missing().is_empty() && collector.skipped().is_empty());
        collector.into_accounts()
    }

    #[test]
    fn a_part_has_ten_accounts_at_the_most_and_is_not_too_dense() {
        let many: Vec<Account> = (0..47).map(|n| account("S", &format!("{n}"), Kind::totp())).collect();
        let long: Vec<Account> = (0..9).map(|_| account(&"I".repeat(60), &"n".repeat(60), Kind::totp())).collect();
        for (accounts, most) in [(&many, 10), (&long, 3)] {
            let export = write(accounts.iter(), 7);
            assert!(export.parts.iter().all(|part| (1..=most).contains(&part.accounts.len())), "{export:?}");
            assert!(export.parts.iter().all(|part| part.text.expose().len() <= 718), "more than version 18 holds");
            let places: Vec<usize> = export.parts.iter().flat_map(|part| part.accounts.clone()).collect();
            assert_eq!(places, (0..accounts.len()).collect::<Vec<_>>());
            assert_eq!(&joined(&export), accounts);
        }
        assert_eq!(write(many.iter(), 7).parts.len(), 5);
    }

    #[test]
    fn what_an_export_can_not_carry_is_named_with_why() {
        let totp = |digits, period| Kind::Totp { algorithm: Algorithm::Sha256, digits, period };
        let hotp = |counter| Kind::Hotp { algorithm: Algorithm::Sha1, digits: 6, counter };
        let rows = [
            (totp(6, 60), "60 seconds"),
            (totp(7, 30), "7 digits"),
            (totp(10, 30), "10 digits"),
            (hotp(u64::MAX), "counter"),
            (Kind::Steam, "Steam"),
            (Kind::Motp { pin: None }, "mOTP"),
            (Kind::Yandex { pin: None, pin_length: None }, "Yandex"),
        ];
        for (kind, word) in rows {
            let accounts = [account("A", "good", Kind::totp()), account("B", "odd", kind)];
            let export = write(accounts.iter(), 1);
            let [(1, why)] = export.left_out.as_slice() else { panic!("{word}: {export:?}") };
            assert!(why.contains(word), "{why}");
            assert_eq!(joined(&export), accounts[..1]);
        }
        let huge = Account { secret: Secret::new(vec![7; 2500]), ..account("A", "x", Kind::totp()) };
        let export = write([&huge].into_iter(), 1);
        assert!(export.parts.is_empty() && export.left_out[0].1.contains("too long"), "{export:?}");
    }

    #[test]
    fn a_long_account_has_a_part_of_its_own() {
        let long = Account { secret: Secret::new(vec![7; 1000]), ..account("A", "x", Kind::totp()) };
        let accounts = [account("A", "a", Kind::totp()), long, account("A", "b", Kind::totp())];
        let export = write(accounts.iter(), 1);
        assert_eq!(export.parts.iter().map(|part| part.accounts.clone()).collect::<Vec<_>>(), [[0], [1], [2]]);
        assert_eq!(joined(&export), accounts);
    }

    #[test]
    fn the_tenant_of_a_work_account_stays_to_be_seen() {
        let work =
            Account { prefix: Some("Contoso".into()), ..account("Microsoft", "al@contoso.example", Kind::totp()) };
        let read = joined(&write([&work].into_iter(), 1)).remove(0);
        assert_eq!(read, work);
    }

    #[test]
    fn a_label_is_measured_in_its_parts() {
        let part = "i".repeat(130);
        let colon = account(&part, &format!("a:{part}"), Kind::totp());
        let work = Account { prefix: Some("p".repeat(130)), ..account(&part, &part, Kind::totp()) };
        let accounts = [colon, work];
        assert_eq!(joined(&write(accounts.iter(), 1)), accounts);
        for (issuer, name) in [("i", part.repeat(2)), (&part.repeat(2), "n".into())] {
            let export = write([&account(issuer, &name, Kind::totp())].into_iter(), 1);
            assert!(export.parts.is_empty() && export.left_out[0].1 == "its name is too long", "{export:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            names in prop::collection::vec(("[ -~é]{0,12}", "[ -~é:]{0,12}"), 1..25),
            key in prop::collection::vec(any::<u8>(), 1..64),
            counter in 0..=i64::MAX.cast_unsigned(),
            batch in any::<i32>(),
        ) {
            let kinds = |n: usize| match n % 3 {
                0 => Kind::totp(),
                1 => Kind::Totp { algorithm: Algorithm::Sha512, digits: 8, period: 30 },
                _ => Kind::Hotp { algorithm: Algorithm::Sha256, digits: 6, counter },
            };
            let accounts: Vec<Account> = names.iter().enumerate().map(|(n, (issuer, name))| Account {
                secret: Secret::new(key.clone()),
                ..account(issuer.trim(), name.trim(), kinds(n))
            }).collect();
            let export = write(accounts.iter(), batch);
            prop_assert!(export.left_out.is_empty());
            prop_assert_eq!(joined(&export), accounts);
        }
    }
}
