//! Aegis (Android): JSON, plain or encrypted, its database of the versions 1 to 3.

use countersign_core::secret::SecretText;
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Key},
    file::File,
    import::{Import, ImportError},
    keys,
};

/// The format.
pub(super) struct Aegis;

impl Format for Aegis {
    fn name(&self) -> &'static str {
        "aegis"
    }

    fn title(&self) -> &'static str {
        "Aegis"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Settings, Import & Export, Export", "Format: JSON, encrypted", "Copy the file here: aegis-export-….json"]
    }

    fn detect(&self, file: &File) -> Confidence {
        if file.has_members(&["version", "header", "db"]) { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let outer: Outer = serde_json::from_slice(file.bytes()).map_err(|_| ImportError::damaged("its header"))?;
        if outer.version != 1 {
            return Err(ImportError::Newer(format!("Aegis file {}", outer.version)));
        }
        let database = match (outer.db, outer.header.slots, outer.header.params) {
            (Stored::Plain(database), ..) => database,
            (Stored::Encrypted(text), Some(slots), Some(params)) => decrypt(&text, &slots, &params, passphrase)?,
            (Stored::Encrypted(_), ..) => return Err(ImportError::damaged("the key slots are missing")),
        };
        database.import()
    }
}

#[derive(Deserialize)]
struct Outer {
    version: u64,
    header: Header,
    db: Stored,
}

#[derive(Deserialize)]
struct Header {
    slots: Option<Vec<Slot>>,
    params: Option<Params>,
}

#[derive(Deserialize)]
struct Params {
    nonce: String,
    tag: String,
}

/// A way to the master key; the numbers are those of scrypt where it is by a password.
#[derive(Deserialize)]
struct Slot {
    #[serde(rename = "type")]
    kind: u64,
    key: String,
    key_params: Params,
    n: Option<u64>,
    r: Option<u32>,
    p: Option<u32>,
    salt: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Encrypted(String),
    Plain(Database),
}

#[derive(Deserialize)]
struct Database {
    version: u64,
    entries: Vec<serde_json::Value>,
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    uuid: String,
    name: String,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    issuer: Option<String>,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    favorite: Option<bool>,
    /// A group's name, before version 3.
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    groups: Option<Vec<String>>,
    info: Info,
}

#[derive(Deserialize)]
struct Info {
    secret: String,
    algo: Option<String>,
    digits: Option<u64>,
    period: Option<u64>,
    counter: Option<u64>,
    pin: Option<String>,
}

fn decrypt(
    text: &str,
    slots: &[Slot],
    params: &Params,
    passphrase: Option<&SecretText>,
) -> Result<Database, ImportError> {
    let of_password: Vec<&Slot> = slots.iter().filter(|slot| slot.kind == PASSWORD).collect();
    if of_password.is_empty() {
        let how = "it opens by a fingerprint only: set a password in Aegis (Settings, Security), and export again";
        return Err(ImportError::Restricted(how.into()));
    }
    let passphrase = keys::needed(passphrase)?;
    let mut master = None;
    for slot in of_password {
        master = master_key(slot, passphrase)?;
        if master.is_some() {
            break;
        }
    }
    let master = master.ok_or(ImportError::WrongPassphrase)?;
    let sealed = BASE64.decode(text.as_bytes()).map_err(|_| ImportError::damaged("its database is not base64"))?;
    let json =
        open(&master, params, sealed)?.ok_or_else(|| ImportError::damaged("its database does not fit its key"))?;
    serde_json::from_slice(&json).map_err(|_| ImportError::damaged("its database"))
}

/// Opens a slot; `None` where the password is not that slot's.
fn master_key(slot: &Slot, passphrase: &[u8]) -> Result<Option<keys::Key>, ImportError> {
    let missing = || ImportError::damaged("a key slot has no salt or parameters");
    let (n, r, p) = (slot.n.ok_or_else(missing)?, slot.r.ok_or_else(missing)?, slot.p.ok_or_else(missing)?);
    let key = keys::scrypt(passphrase, &hex(slot.salt.as_deref().ok_or_else(missing)?)?, n, r, p)?;
    let opened = open(&key, &slot.key_params, hex(&slot.key)?)?;
    let whole = |bytes: Zeroizing<Vec<u8>>| {
        let key: Result<[u8; 32], _> = bytes.as_slice().try_into();
        key.map(Zeroizing::new).map_err(|_| ImportError::damaged("its master key is of another length"))
    };
    opened.map(whole).transpose()
}

fn open(key: &[u8; 32], params: &Params, mut sealed: Vec<u8>) -> Result<Option<Zeroizing<Vec<u8>>>, ImportError> {
    sealed.extend(hex(&params.tag)?);
    Ok(keys::open_gcm(key, &hex(&params.nonce)?, &sealed))
}

fn hex(text: &str) -> Result<Vec<u8>, ImportError> {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| ImportError::damaged("something in it is not hexadecimal"))
}

impl Database {
    fn import(self) -> Result<Import, ImportError> {
        if self.version > 3 {
            return Err(ImportError::Newer(format!("Aegis database {}", self.version)));
        }
        let mut import = Import::default();
        for value in self.entries {
            let name = value["issuer"].as_str().or(value["name"].as_str()).unwrap_or_default().to_owned();
            match serde_json::from_value::<Entry>(value) {
                Ok(entry) => {
                    let tags = entry.tags(&self.groups);
                    import.take(
                        &name,
                        entry.account().map(|account| countersign_core::vault::Portable { tags, ..account }),
                    );
                }
                Err(_) => import.take(&name, Err("something of it is missing or of another form".into())),
            }
        }
        Ok(import)
    }
}

impl Entry {
    fn tags(&self, groups: &[Group]) -> Vec<String> {
        let named = |uuid: &String| groups.iter().find(|group| group.uuid == *uuid).map(|group| group.name.clone());
        let new = self.groups.iter().flatten().filter_map(named);
        self.group.clone().into_iter().chain(new).filter(|name| !name.is_empty()).collect()
    }

    fn account(self) -> Result<countersign_core::vault::Portable, String> {
        let info = &self.info;
        let fields = Fields {
            kind: &self.kind,
            key: Key::Base32(&info.secret),
            issuer: self.issuer.as_deref().unwrap_or_default(),
            name: self.name.as_deref().unwrap_or_default(),
            algorithm: info.algo.as_deref().filter(|_| self.kind == "totp" || self.kind == "hotp"),
            digits: info.digits,
            period: info.period,
            counter: info.counter,
            pin: info.pin.as_deref(),
        };
        let mut account = fields.account()?;
        account.note = self.note.unwrap_or_default();
        account.pinned = self.favorite.unwrap_or_default();
        Ok(account)
    }
}

/// The type of a slot that opens by a password; others are for fingerprints.
const PASSWORD: u64 = 1;
