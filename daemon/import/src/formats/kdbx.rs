//! `KeePass` databases (KDBX 3 and 4), of `KeePass`, `KeePassXC` and their kin.

use std::{collections::HashSet, iter};

use countersign_core::secret::SecretText;
use keepass::{
    Database, DatabaseKey,
    db::{EntryRef, GroupRef},
    error::DatabaseOpenError,
};

use super::{Confidence, Format};
use crate::{
    file::File,
    import::{Import, ImportError},
    keepass::Entry,
    keys,
};

/// The format.
pub(super) struct Kdbx;

impl Format for Kdbx {
    fn name(&self) -> &'static str {
        "kdbx"
    }

    fn title(&self) -> &'static str {
        "KeePass, KeePassXC (database)"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["The database itself: ….kdbx, with its password (a key file is not read: export CSV or XML then)"]
    }

    fn detect(&self, file: &File) -> Confidence {
        if file.bytes().starts_with(SIGNATURE) { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        match file.bytes().get(10..12) {
            // The crate reads databases of KeePass 1 as well, whose costs stand elsewhere.
            _ if !file.bytes().starts_with(SIGNATURE) => return Err(ImportError::damaged("its header")),
            Some([3 | 4, 0]) => {}
            Some([version, _]) => return Err(ImportError::Newer(format!("KDBX {version}"))),
            _ => return Err(ImportError::damaged("its header")),
        }
        let passphrase = str::from_utf8(keys::needed(passphrase)?).map_err(|_| ImportError::WrongPassphrase)?;
        costs(file.bytes())?;
        let of_version_3 = file.bytes()[10] == 3;
        let wrong = |error| if passphrase.is_empty() { ImportError::Restricted(KEY_FILE.into()) } else { error };
        let key = DatabaseKey::new().with_password(passphrase);
        let database = Database::parse(file.bytes(), key).map_err(|error| match error {
            DatabaseOpenError::Key(_) if !of_version_3 => wrong(ImportError::WrongPassphrase),
            DatabaseOpenError::Key(_) => wrong(ImportError::WrongOrDamaged),
            // Version 3 knows a wrong key by what comes out of it.
            DatabaseOpenError::Cryptography(_) if of_version_3 => wrong(ImportError::WrongOrDamaged),
            DatabaseOpenError::UnsupportedVersion => ImportError::Newer("KDBX".into()),
            _ => ImportError::damaged("its database"),
        })?;
        let mut import = Import::default();
        let bin = database.meta.recyclebin_uuid;
        let mut groups = vec![(database.root(), Vec::new(), false)];
        while let Some((group, tags, deleted)) = groups.pop() {
            let deleted = deleted || Some(group.id().uuid()) == bin;
            group.entries().for_each(|entry| take(&mut import, &entry, &tags, deleted));
            groups.extend(
                group.groups().map(|inner| (database_group(&database, &inner), tag(&tags, &inner.name), deleted)),
            );
        }
        Ok(import)
    }
}

/// Returns the same group, for as long as its database lives.
fn database_group<'a>(database: &'a Database, group: &GroupRef<'_>) -> GroupRef<'a> {
    database.group(group.id()).expect("the group is one of this database")
}

fn tag(tags: &[String], name: &str) -> Vec<String> {
    tags.iter().cloned().chain([name.to_owned()]).collect()
}

/// Takes an entry's code; its groups become labels.
fn take(import: &mut Import, entry: &EntryRef<'_>, groups: &[String], deleted: bool) {
    let attributes = entry.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Entry { attributes, tags: groups.iter().chain(&entry.tags).cloned().collect(), deleted }.take(import);
}

/// Looks at the price of the key derivation before it is paid.
fn costs(bytes: &[u8]) -> Result<(), ImportError> {
    let of_version_4 = bytes.get(10) == Some(&4);
    let mut rest = bytes.get(12..).unwrap_or_default();
    while let Some((field, after)) = field(rest, of_version_4) {
        if !has_its_length(field, of_version_4) {
            return Err(ImportError::damaged("its header"));
        }
        match field {
            (0, _) => break,
            // Rounds of AES.
            (6, value) if !of_version_4 => keys::check_work(little(value), MAX_AES_ROUNDS)?,
            (11, dictionary) => {
                // Of two values of one name the parser takes the last, of two derivations that which another value names.
                let mut names = HashSet::new();
                if !entries(dictionary).all(|(_, name, _)| names.insert(name)) {
                    return Err(ImportError::damaged("its header"));
                }
                let value = |name: &[u8]| entry_of(dictionary, name).map_or(0, little);
                keys::check_memory(value(b"M"))?;
                keys::check_work((value(b"M") >> 10).saturating_mul(value(b"I")), MAX_ARGON_WORK)?;
                keys::check_work(value(b"R"), MAX_AES_ROUNDS)?;
            }
            _ => {}
        }
        rest = after;
    }
    Ok(())
}

/// A field of the header: its number and its value.
type HeaderField<'a> = (u8, &'a [u8]);

/// Returns a field of the header, and what follows it.
fn field(bytes: &[u8], of_version_4: bool) -> Option<(HeaderField<'_>, &[u8])> {
    let (number, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_at_checked(if of_version_4 { 4 } else { 2 })?;
    let (value, rest) = rest.split_at_checked(usize::try_from(little(length)).ok()?)?;
    Some(((*number, value), rest))
}

/// Says whether a number in the header has the bytes that the parser of the database takes for granted.
fn has_its_length((number, value): HeaderField<'_>, of_version_4: bool) -> bool {
    match number {
        3 => value.len() == 4,
        6 if !of_version_4 => value.len() == 8,
        10 if !of_version_4 => value.len() == 4,
        11 | 12 if of_version_4 => entries(value).all(|(kind, _, value)| match kind {
            0x04 | 0x0c => value.len() == 4,
            0x05 | 0x0d => value.len() == 8,
            _ => true,
        }),
        _ => true,
    }
}

/// Returns a number of a variant dictionary by its name.
fn entry_of<'a>(dictionary: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    let mut numbers = entries(dictionary).filter(|(kind, ..)| matches!(kind, 0x04 | 0x05));
    numbers.find(|(_, name, _)| *name == wanted).map(|(.., value)| value)
}

/// Returns the entries of a variant dictionary: type, name and value.
fn entries(dictionary: &[u8]) -> impl Iterator<Item = (u8, &[u8], &[u8])> {
    let mut rest = dictionary.get(2..).unwrap_or_default();
    iter::from_fn(move || {
        let (kind, after) = rest.split_first().filter(|(kind, _)| **kind != 0)?;
        let (name, after) = sized(after)?;
        let (value, after) = sized(after)?;
        rest = after;
        Some((*kind, name, value))
    })
}

fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_at_checked(4)?;
    rest.split_at_checked(usize::try_from(little(length)).ok()?)
}

/// Reads a number, the least byte first.
fn little(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// What to do about a database without a password.
const KEY_FILE: &str = "it has no password: it opens by a key file or a security key, which are not read here. Give a copy of it a \
                        password and nothing else (Database, Database Security), or export it as XML";
const SIGNATURE: &[u8] = &[0x03, 0xd9, 0xa2, 0x9a, 0x67, 0xfb, 0x4b, 0xb5];
/// KiB times rounds, half a minute's work for one core: `KeePassXC` takes as many rounds as all of them make in some seconds.
const MAX_ARGON_WORK: u64 = 24 << 20;
/// Half a minute's work.
const MAX_AES_ROUNDS: u64 = 200_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// The parser reads such a number without a look at how many bytes there are, and panics.
    #[test]
    fn a_number_of_another_length_is_damage() {
        let head = |version: u8| -> Vec<u8> { [SIGNATURE, &[0, 0, version, 0]].concat() };
        let of_3 =
            |number: u8, value: &[u8]| -> Vec<u8> { [&head(3)[..], &[number, value.len() as u8, 0], value].concat() };
        let of_4 = |number: u8, value: &[u8]| -> Vec<u8> {
            [&head(4)[..], &[number, value.len() as u8, 0, 0, 0], value].concat()
        };
        let dictionary =
            |value: &[u8]| -> Vec<u8> { [&[0, 1, 4, 1, 0, 0, 0, b'V', value.len() as u8, 0, 0, 0], value].concat() };
        for bad in [of_3(6, &[1; 4]), of_3(10, &[]), of_3(3, &[1; 2]), of_4(3, &[1; 3]), of_4(11, &dictionary(&[1; 3]))]
        {
            assert!(matches!(costs(&bad), Err(ImportError::Damaged(_))), "{bad:?}");
        }
        for good in [of_3(6, &[0; 8]), of_3(10, &[2, 0, 0, 0]), of_4(3, &[1, 0, 0, 0]), of_4(11, &dictionary(&[1; 4]))]
        {
            assert_eq!(costs(&good), Ok(()), "{good:?}");
        }
    }

    #[test]
    fn a_database_of_keepass_1_is_none() {
        let mut older = [SIGNATURE, &[0; 200]].concat();
        (older[4], older[10]) = (0x65, 3);
        let refused = Kdbx.read(&File::new(older), Some(&"x".into())).map(drop);
        assert_eq!(refused, Err(ImportError::damaged("its header")));
    }

    #[test]
    fn what_a_derivation_costs_is_looked_at_however_it_is_told() {
        let number = |name: u8, value: u64| [&[5, 1, 0, 0, 0, name, 8, 0, 0, 0][..], &value.to_le_bytes()].concat();
        let check = |numbers: &[(u8, u64)]| {
            let told: Vec<u8> = numbers.iter().flat_map(|(name, value)| number(*name, *value)).collect();
            let dictionary = [&[0, 1][..], &told, &[0]].concat();
            let head = [SIGNATURE, &[0, 0, 4, 0, 11], &(dictionary.len() as u32).to_le_bytes()].concat();
            costs(&[head, dictionary].concat())
        };
        let costly = |numbers: &[(u8, u64)]| matches!(check(numbers), Err(ImportError::TooCostly(_)));
        assert_eq!(check(&[(b'M', 64 << 20), (b'I', 130)]), Ok(()), "as KeePassXC measures it on a fast machine");
        assert!(costly(&[(b'M', 64 << 20), (b'I', 400)]) && costly(&[(b'M', 2 << 30), (b'I', 1)]));
        assert!(costly(&[(b'M', 8 << 10), (b'I', 1), (b'R', u64::MAX)]), "the rounds of the other derivation");
        let twice = check(&[(b'M', 8 << 10), (b'I', 1), (b'M', 1 << 40)]);
        assert!(matches!(twice, Err(ImportError::Damaged(_))), "{twice:?}");
    }
}
