//! Stratum, before that Authenticator Pro (Android): JSON, plain or encrypted in two ways.

use std::collections::HashMap;

use countersign_core::{secret::SecretText, vault::Portable};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Confidence, Format};
use crate::{
    database::{Database, has_table},
    fields::{Fields, Given, Key},
    file::File,
    import::{Import, ImportError},
    json::{self, called, count, list, maybe, number, text},
    keys,
};

/// The format.
pub(super) struct Stratum;

impl Format for Stratum {
    fn name(&self) -> &'static str {
        "stratum"
    }

    fn title(&self) -> &'static str {
        "Stratum (Authenticator Pro)"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Settings, Backup, Back up to file", "Set a password, or none", "Copy the file here: backup-….stratum"]
    }

    fn detect(&self, file: &File) -> Confidence {
        if has_table(file, "authenticator", "secret") {
            return Confidence::Sure;
        }
        let starts = [STRONG, LEGACY].iter().any(|head| file.bytes().starts_with(head));
        if starts || file.has_members(&["Authenticators"]) { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let bytes = file.bytes();
        if has_table(file, "authenticator", "secret") {
            return database(file);
        }
        let opened = if let Some(sealed) = bytes.strip_prefix(STRONG) {
            strong(sealed, keys::needed(passphrase)?)?
        } else if let Some(sealed) = bytes.strip_prefix(LEGACY) {
            legacy(sealed, keys::needed(passphrase)?)?
        } else {
            Zeroizing::new(bytes.to_vec())
        };
        Ok(import(&json::parse(&opened)?))
    }
}

fn strong(sealed: &[u8], passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let (salt, rest) = sealed.split_at_checked(16).ok_or_else(short)?;
    let (nonce, data) = rest.split_at_checked(12).ok_or_else(short)?;
    let key = keys::argon2id(passphrase, salt, 65_536, 3, 4)?;
    keys::open_gcm(&key, nonce, data).ok_or(ImportError::WrongPassphrase)
}

fn legacy(sealed: &[u8], passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let (salt, rest) = sealed.split_at_checked(20).ok_or_else(short)?;
    let (iv, data) = rest.split_at_checked(16).ok_or_else(short)?;
    let key = keys::pbkdf2(keys::Hash::Sha1, passphrase, salt, 64_000);
    keys::open_cbc(&key, iv, data).filter(|text| text.starts_with(b"{")).ok_or(ImportError::WrongOrDamaged)
}

fn short() -> ImportError {
    ImportError::damaged("it ends too early")
}

fn import(backup: &Value) -> Import {
    let names: HashMap<&str, &str> =
        list(backup, "Categories").iter().map(|one| (text(one, "Id"), text(one, "Name"))).collect();
    let mut tags: HashMap<&str, Vec<String>> = HashMap::new();
    for bond in list(backup, "AuthenticatorCategories") {
        if let Some(name) = names.get(text(bond, "CategoryId")) {
            tags.entry(text(bond, "AuthenticatorSecret")).or_default().push((*name).to_owned());
        }
    }
    let mut import = Import::default();
    for entry in list(backup, "Authenticators") {
        let tags = tags.get(text(entry, "Secret")).cloned().unwrap_or_default();
        let uses = number(entry, "CopyCount").unwrap_or(0);
        let account = account(entry).map(|account| Portable { tags, uses, ..account });
        import.take(called(entry, &["Issuer", "Username"]), account);
    }
    import
}

/// Reads the app's own database, by the names of the backup.
fn database(file: &File) -> Result<Import, ImportError> {
    let database = Database::open(file)?;
    let rows = |table: &str, columns: &[&str]| -> Result<Value, ImportError> {
        // Older versions have neither PINs nor counts.
        let own = |column: &&str| if database.has_column(table, column) { (*column).to_owned() } else { "NULL".into() };
        let own: Vec<String> = columns.iter().map(own).collect();
        if own.iter().all(|column| column == "NULL") {
            return Ok(Value::Null);
        }
        let rows = database.rows(&format!("SELECT {} FROM {table}", own.join(", ")))?;
        Ok(rows.into_iter().map(|row| columns.iter().copied().zip(row).collect::<Value>()).collect())
    };
    let mut import = import(&Value::from_iter([
        ("Authenticators", rows("authenticator", COLUMNS)?),
        ("Categories", rows("category", &["Id", "Name"])?),
        ("AuthenticatorCategories", rows("authenticatorcategory", &["CategoryId", "AuthenticatorSecret"])?),
    ]));
    database.say_what_is_missing(&mut import);
    Ok(import)
}

fn account(entry: &Value) -> Result<Portable, String> {
    let kind = match number(entry, "Type") {
        Some(1) => "hotp",
        Some(2) => "totp",
        Some(3) => "motp",
        Some(4) => "steam",
        Some(5) => "yandex",
        _ => return Err("codes of its type are not known here".into()),
    };
    let algorithm = match number(entry, "Algorithm") {
        None | Some(0) => "SHA1",
        Some(1) => "SHA256",
        Some(2) => "SHA512",
        _ => return Err("its hash function is not known here".into()),
    };
    let secret = text(entry, "Secret");
    Fields {
        kind,
        key: if kind == "motp" { Key::Text(secret) } else { Key::Base32(secret) },
        issuer: text(entry, "Issuer"),
        name: text(entry, "Username"),
        algorithm: Given::Is(algorithm),
        digits: count(entry, "Digits"),
        period: count(entry, "Period").filter(|period| *period > 0),
        counter: count(entry, "Counter"),
        pin: maybe(entry, "Pin"),
    }
    .account()
}

const COLUMNS: &[&str] =
    &["Type", "Issuer", "Username", "Secret", "Pin", "Algorithm", "Digits", "Period", "Counter", "CopyCount"];
const STRONG: &[u8] = b"AUTHENTICATORPRO";
const LEGACY: &[u8] = b"AuthenticatorPro";
