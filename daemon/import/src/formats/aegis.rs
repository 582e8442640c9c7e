//! Aegis (Android): JSON, plain or encrypted, its database of the versions 1 to 3.

use std::collections::BTreeMap;

use countersign_core::{account::Kind, secret::SecretText, vault::Portable};
use data_encoding::{BASE32_NOPAD, BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Confidence, Format};
use crate::{
    export::{self, Beside, ExportError, Sealing, Writer, random, uuid},
    fields::{Fields, Key},
    file::File,
    import::{Import, ImportError},
    json::number,
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
        // Before the rest, which may be of another form then.
        if let Some(version) = file.json().and_then(|json| number(json, "version")).filter(|version| *version != 1) {
            return Err(ImportError::Newer(format!("Aegis file {version}")));
        }
        let outer: Outer = serde_json::from_slice(file.bytes()).map_err(|_| ImportError::damaged("its header"))?;
        let database = match (outer.db, outer.header.slots, outer.header.params) {
            (Stored::Plain(database), ..) => database,
            (Stored::Encrypted(text), Some(slots), Some(params)) => decrypt(&text, &slots, &params, passphrase)?,
            (Stored::Encrypted(_), ..) => return Err(ImportError::damaged("the key slots are missing")),
        };
        database.import()
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }
}

impl Writer for Aegis {
    fn sealing(&self) -> Sealing {
        Sealing::Optional
    }

    fn fit(&self, account: Portable) -> Result<Portable, String> {
        let mut account = export::with(Beside { note: true, tags: usize::MAX, pinned: true }, account)?;
        let own = &mut account.account;
        own.prefix = None;
        let key = own.secret.expose();
        match &mut own.kind {
            Kind::Hotp { counter, .. } if i64::try_from(*counter).is_err() => {
                return Err("Aegis has no counter that high".into());
            }
            Kind::Motp { .. } if HEXLOWER.decode(key).is_err() => {
                return Err("Aegis takes mOTP keys in hexadecimal only".into());
            }
            Kind::Yandex { .. } if ![16, 26].contains(&key.len()) => {
                return Err("Aegis takes Yandex keys of 16 or 26 bytes only".into());
            }
            Kind::Yandex { pin_length, .. } => *pin_length = None,
            _ => {}
        }
        Ok(account)
    }

    fn write(&self, accounts: &[Portable], key: Option<&SecretText>) -> Result<Zeroizing<Vec<u8>>, ExportError> {
        let database = database(accounts)?;
        let outer = match key {
            None => json!({"version": 1, "header": {"slots": null, "params": null}, "db": database}),
            Some(passphrase) => seal(&database, passphrase)?,
        };
        Ok(Zeroizing::new(serde_json::to_vec_pretty(&outer)?))
    }
}

/// Returns the database of version 3, with a group a label.
fn database(accounts: &[Portable]) -> Result<Value, ExportError> {
    let tags = accounts.iter().flat_map(|account| &account.tags);
    let groups: BTreeMap<&str, String> = tags.map(|tag| (tag.as_str(), uuid())).collect();
    let entry = |account: &Portable| {
        let own = &account.account;
        Ok(json!({
            "type": own.kind.name(),
            "uuid": uuid(),
            "name": own.name,
            "issuer": own.issuer,
            "note": account.note,
            "favorite": account.pinned,
            "icon": null,
            "info": info(account)?,
            "groups": account.tags.iter().map(|tag| &groups[tag.as_str()]).collect::<Vec<_>>(),
        }))
    };
    let entries = accounts.iter().map(entry).collect::<Result<Vec<_>, ExportError>>()?;
    let groups: Vec<Value> = groups.iter().map(|(name, uuid)| json!({"uuid": uuid, "name": name})).collect();
    Ok(json!({"version": 3, "entries": entries, "groups": groups}))
}

/// Returns how codes are made: Aegis wants the hash function and the digits of every kind.
fn info(account: &Portable) -> Result<Value, ExportError> {
    let own = &account.account;
    let mut key = BASE32_NOPAD.encode(own.secret.expose());
    let pin = |pin: &Option<SecretText>| pin.as_ref().map_or(String::new(), |pin| pin.expose().to_owned());
    let (algorithm, more) = match &own.kind {
        Kind::Totp { algorithm, period, .. } => (algorithm.name(), json!({"period": period})),
        Kind::Hotp { algorithm, counter, .. } => (algorithm.name(), json!({"counter": counter})),
        Kind::Steam => ("SHA1", json!({"period": 30})),
        Kind::Motp { pin: own_pin } => {
            let bytes = HEXLOWER.decode(own.secret.expose()).map_err(|error| ExportError::Failed(error.to_string()))?;
            key = BASE32_NOPAD.encode(&bytes);
            ("MD5", json!({"period": 10, "pin": pin(own_pin)}))
        }
        Kind::Yandex { pin: own_pin, .. } => ("SHA256", json!({"period": 30, "pin": pin(own_pin)})),
    };
    let mut info = json!({"secret": key, "algo": algorithm, "digits": own.kind.digits()});
    for (name, value) in more.as_object().into_iter().flatten() {
        info[name] = value.clone();
    }
    Ok(info)
}

/// Encrypts the database by a key of its own, and that by the passphrase.
fn seal(database: &Value, passphrase: &SecretText) -> Result<Value, ExportError> {
    let failed = |error: ImportError| ExportError::Failed(error.to_string());
    let (master, salt) = (Zeroizing::new(random::<32>()), random::<32>());
    let (n, r, p) = SCRYPT;
    let key = keys::scrypt(passphrase.expose().as_bytes(), &salt, n, r, p).map_err(failed)?;
    let plain = Zeroizing::new(serde_json::to_vec(database)?);
    let (key, key_params) = sealed(&key, &*master);
    let (data, params) = sealed(&master, &plain);
    let slot = json!({
        "type": PASSWORD, "uuid": uuid(), "key": HEXLOWER.encode(&key), "key_params": key_params,
        "n": n, "r": r, "p": p, "salt": HEXLOWER.encode(&salt), "repaired": true, "is_backup": false,
    });
    let header = json!({"slots": [slot], "params": params});
    Ok(json!({"version": 1, "header": header, "db": BASE64.encode(&data)}))
}

/// Returns what AES-GCM makes of it, and the parameters beside that.
fn sealed(key: &[u8; 32], plain: &[u8]) -> (Vec<u8>, Value) {
    let nonce = random::<12>();
    let mut data = keys::seal_gcm(key, &nonce, plain);
    let tag = data.split_off(data.len() - 16);
    (data, json!({"nonce": HEXLOWER.encode(&nonce), "tag": HEXLOWER.encode(&tag)}))
}

#[derive(Deserialize)]
struct Outer {
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

/// What Aegis itself takes: N, r, p.
const SCRYPT: (u64, u32, u32) = (1 << 15, 8, 1);
/// The type of a slot that opens by a password; others are for fingerprints.
const PASSWORD: u64 = 1;
