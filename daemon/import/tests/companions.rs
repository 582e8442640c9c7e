//! Files that need others beside them, and those that nothing marks: the log of a database, the manifest of a maFile, the slots
//! of a vault.

#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use countersign_core::{
    account::Kind,
    secret::SecretText,
    uri,
    vault::{IfExists, Portable, Store, VaultDirs},
};
use countersign_import::{File, Import, ImportError, Why, candidates, detect, read};
use rusqlite::Connection;

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)).unwrap()
}

fn open(file: &File, password: Option<&str>) -> Result<(&'static str, Import), ImportError> {
    let read = read(&candidates(file), file, password.map(SecretText::from).as_ref());
    read.map(|(format, import)| (format.name(), import))
}

fn names(import: &Import) -> Vec<String> {
    import.accounts.iter().map(|one| one.account.title()).collect()
}

// Databases with a log beside them, as the apps leave them while they run.

/// A database whose last changes are in its log only.
struct Logged(tempfile::TempDir);

impl Logged {
    fn new(before: &str, after: &str) -> Self {
        let folder = tempfile::TempDir::new().unwrap();
        let connection = Connection::open(folder.path().join("db")).unwrap();
        connection.execute_batch("PRAGMA journal_mode = wal").unwrap();
        connection.execute_batch(before).unwrap();
        connection.execute_batch("PRAGMA wal_checkpoint(truncate); PRAGMA wal_autocheckpoint = 0").unwrap();
        connection.execute_batch(after).unwrap();
        let copy = tempfile::TempDir::new().unwrap();
        for name in ["db", "db-wal"] {
            fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
        }
        Self(copy)
    }

    fn read(&self, with_log: bool) -> (&'static str, Import) {
        let file = File::new(fs::read(self.0.path().join("db")).unwrap());
        let log = || fs::read(self.0.path().join("db-wal")).unwrap();
        open(&if with_log { file.with("db-wal", log()) } else { file }, None).unwrap()
    }
}

const MICROSOFT: &str = "CREATE TABLE accounts (_id INTEGER PRIMARY KEY, account_type INTEGER, name TEXT, username TEXT, \
                         oath_secret_key TEXT, encrypted_oath_secret_key TEXT)";

#[test]
fn microsofts_latest_accounts_are_in_the_log() {
    let first = format!("{MICROSOFT}; INSERT INTO accounts VALUES (1, 0, 'Forge', 'alice', 'JBSWY3DPEHPK3PXP', NULL)");
    let rest = "INSERT INTO accounts VALUES (2, 1, 'Outlook', 'bob', 'AAECAwQFBgcICQoLDA0ODw==', NULL), \
                (3, 2, 'Work', 'carol', '', NULL), (4, 0, 'Newer', 'dave', NULL, 'c2VhbGVk')";
    let database = Logged::new(&first, rest);

    let (format, import) = database.read(false);
    assert_eq!((format, names(&import)), ("microsoft-authenticator-db", vec!["Forge – alice".to_owned()]));
    assert!(import.notes[0].contains("-wal"), "{:?}", import.notes);

    let (_, import) = database.read(true);
    assert_eq!(names(&import), ["Forge – alice", "Outlook – bob"]);
    assert_eq!((import.accounts[1].account.kind.digits(), import.accounts[1].account.secret.expose().len()), (8, 16));
    assert!(import.notes.is_empty());
    let left: Vec<_> = import.left_out.iter().map(|left| (left.name.as_str(), left.why)).collect();
    assert_eq!(left, [("Work", Why::NotExportable), ("Newer", Why::NotExportable)]);
}

#[test]
fn so_are_googles() {
    let table = "CREATE TABLE accounts (_id INTEGER PRIMARY KEY, email TEXT, secret TEXT, counter INTEGER, type INTEGER, \
                 issuer TEXT)";
    let database =
        Logged::new(table, "INSERT INTO accounts VALUES (1, 'Forge:alice', 'JBSWY3DPEHPK3PXP', 0, 0, 'Forge')");
    let (format, import) = database.read(true);
    assert_eq!((format, names(&import)), ("google-authenticator-db", vec!["Forge – alice".to_owned()]));
    assert!(names(&database.read(false).1).is_empty());
}

// Steam's files under a password.

#[test]
fn an_encrypted_mafile_opens_by_its_manifest() {
    for (number, name) in [(1, "erin"), (2, "heidi"), (3, "ivan")] {
        let file = || File::new(sample(&format!("steam/encrypted/{number}.maFile")));
        let whole = file().with("manifest.json", sample("steam/encrypted/manifest.json"));
        let (format, import) = open(&whole, Some(PASSWORD)).unwrap();
        assert_eq!((format, names(&import)), ("steam", vec![format!("Steam – {name}")]));
        assert!(matches!(import.accounts[0].account.kind, Kind::Steam));
        assert_eq!(open(&whole, None).unwrap_err(), ImportError::PassphraseNeeded);
        assert_eq!(open(&whole, Some("another")).unwrap_err(), ImportError::WrongOrDamaged);
        assert!(open(&file(), Some(PASSWORD)).is_err());
    }
}

// Files that are encrypted from their first byte on.

#[test]
fn what_nothing_marks_is_what_its_password_opens() {
    for (name, format, count) in [("authplus.db", "authenticator-plus", 4), ("otpclient-1.enc", "otpclient", 6)] {
        let file = File::new(sample(&format!("unmarked/{name}")));
        let (read, import) = open(&file, Some(PASSWORD)).unwrap();
        assert_eq!((read, import.accounts.len(), import.left_out.len()), (format, count, 0), "{name}");
        assert_eq!(open(&file, None).unwrap_err(), ImportError::PassphraseNeeded);
        assert_eq!(open(&file, Some("another")).unwrap_err().exit_code(), 5);
    }
}

#[test]
fn a_changed_page_of_authenticator_plus_is_damage_and_no_wrong_password() {
    let mut bytes = sample("unmarked/authplus.db");
    let last = bytes.len() - 600;
    bytes[last] ^= 1;
    let error = open(&File::new(bytes), Some(PASSWORD));
    assert!(matches!(error, Err(ImportError::Damaged(_))), "{error:?}");
}

// A vault of our own.

struct Own {
    folder: tempfile::TempDir,
    recovery: SecretText,
}

impl Own {
    fn new() -> Self {
        let folder = tempfile::TempDir::new().unwrap();
        let dirs = VaultDirs { data: folder.path().join("data"), state: folder.path().join("state") };
        let store = Store::take(dirs).unwrap();
        let mut vault = store.create(&SecretText::from(PASSWORD)).unwrap();
        let uris = ["otpauth://totp/Forge:alice?secret=JBSWY3DPEHPK3PXP&issuer=Forge", "steam://JBSWY3DPEHPK3PXQ"];
        let account =
            |text: &&str| Portable { tags: vec!["own".into()], ..Portable::new(uri::parse(text).unwrap().account) };
        let accounts: Vec<Portable> = uris.iter().map(account).collect();
        let added = vault.import(&accounts, IfExists::KeepBoth).unwrap();
        vault.remove(added[1].id).unwrap();
        let recovery = vault.make_recovery().unwrap();
        Self { folder, recovery }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("data").join(name)
    }

    fn file(&self, slots: &[&str]) -> File {
        let file = File::new(fs::read(self.path("vault.age")).unwrap());
        slots.iter().fold(file, |file, slot| file.with(slot, fs::read(self.path(slot)).unwrap()))
    }
}

#[test]
fn a_vault_opens_by_its_passphrase_and_by_its_recovery_key() {
    let own = Own::new();
    let recovery = own.recovery.expose().to_lowercase();
    let slots = ["slots/passphrase.age", "slots/recovery.age"];
    for (slots, password) in
        [(&slots[..], PASSWORD), (&slots[..], &recovery), (&slots[..1], PASSWORD), (&slots[1..], &recovery)]
    {
        let (format, import) = open(&own.file(slots), Some(password)).unwrap();
        assert_eq!(format, "countersign-vault");
        let read: Vec<_> =
            import.accounts.iter().map(|one| (one.account.title(), one.trashed, one.tags.len())).collect();
        assert_eq!(read, [("Forge – alice".to_owned(), false, 1), ("Steam".to_owned(), true, 1)]);
    }
    for (slots, password) in [(&slots[..], "another"), (&slots[1..], PASSWORD)] {
        assert_eq!(open(&own.file(slots), Some(password)).unwrap_err(), ImportError::WrongPassphrase);
    }
    assert_eq!(open(&own.file(&slots), None).unwrap_err(), ImportError::PassphraseNeeded);
}

#[test]
fn a_vault_without_its_slots_or_of_another_is_refused_with_words() {
    let own = Own::new();
    assert!(matches!(open(&own.file(&[]), Some(PASSWORD)), Err(ImportError::Restricted(how)) if how.contains("slots")));
    let other = fs::read(Own::new().path("slots/passphrase.age")).unwrap();
    let error = open(&own.file(&[]).with("slots/passphrase.age", other), Some(PASSWORD)).unwrap_err();
    assert!(matches!(error, ImportError::Damaged(_)), "{error:?}");
}

// Others of which there is more to say than what stands beside their samples.

#[test]
fn entries_of_a_password_store_without_a_code_are_counted_only() {
    let (format, import) = open(&File::new(sample("pass/store.jsonl")), None).unwrap();
    assert_eq!((format, import.left_out.len()), ("pass", 0));
    assert_eq!(import.notes, ["2 other entries hold no code."]);
    let bad = b"{\"name\":\"a/b\",\"text\":\"x\\ntotp: not base32!\\n\"}\n".to_vec();
    let (_, import) = open(&File::new(bad), None).unwrap();
    assert_eq!((import.left_out[0].name.as_str(), import.left_out[0].why), ("a/b", Why::Bad));
}

#[test]
fn only_freeotps_first_version_and_freeotp_plus_count_in_two_ways() {
    let (_, import) = open(&File::new(sample("freeotp/tokens.xml")), None).unwrap();
    assert!(import.notes[0].contains("counter"), "{:?}", import.notes);
    let (_, import) = open(&File::new(sample("freeotp2/backup.xml")), Some(PASSWORD)).unwrap();
    assert!(import.notes.is_empty(), "{:?}", import.notes);
}

#[test]
fn what_pgp_sealed_is_refused_with_the_way_to_open_it() {
    let file = File::new(b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n".to_vec());
    assert!(matches!(file.unrecognised(), ImportError::Restricted(how) if how.contains("gpg --decrypt")));
}

#[test]
fn newer_versions_of_ours_and_of_others_say_so() {
    for text in [
        "{\"countersign-export\":2,\"exported\":1,\"accounts\":[]}",
        "{\"version\":9,\"nonce\":\"\",\"salt\":\"\",\"cipher\":\"\"}",
    ] {
        let error = open(&File::new(text.into()), Some(PASSWORD)).unwrap_err();
        assert!(matches!(error, ImportError::Newer(_)), "{text}: {error:?}");
    }
    let later = [b"OTPClient".as_slice(), &4_u32.to_be_bytes(), &[7; 200]].concat();
    assert!(matches!(open(&File::new(later), Some(PASSWORD)), Err(ImportError::Newer(_))));
}

#[test]
fn what_would_cost_too_much_is_refused_before_it_is_tried() {
    let age = b"age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 24\nAAAA\n--- AAAA\n".to_vec();
    assert!(matches!(open(&File::new(age), Some(PASSWORD)), Err(ImportError::TooCostly(_))));
    let costs = [64_u32, 1 << 20, 4].map(u32::to_be_bytes).concat();
    let otpclient = [b"OTPClient".as_slice(), &3_u32.to_be_bytes(), &[7; 48], &costs, &[7; 200]].concat();
    assert!(matches!(open(&File::new(otpclient), Some(PASSWORD)), Err(ImportError::TooCostly(_))));
    let keysmith =
        "[master-key]\nalgorithm=2\ncpu=9000\nlength=32\nmemory=1073741824\nsalt=\"MDEyMzQ1Njc4OUFCQ0RFRg==\"\n";
    assert!(matches!(open(&File::new(keysmith.into()), Some(PASSWORD)), Err(ImportError::TooCostly(_))));
}

#[test]
fn pictures_and_archives_are_nothing_that_a_password_opens() {
    for head in [&b"\x89PNG\r\n\x1a\n"[..], b"\xff\xd8\xff\xe0", b"\x1f\x8b\x08\0", b"%PDF-1.7\n\xff"] {
        let bytes: Vec<u8> = head.iter().copied().chain((0..2048).map(|at| (at * 37 % 251) as u8 | 0x80)).collect();
        assert!(detect(&File::new(bytes)).is_none(), "{head:?}");
    }
}

const PASSWORD: &str = "correct horse ü";
