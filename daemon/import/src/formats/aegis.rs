//! Aegis (Android): JSON, plain or encrypted, its database of the versions 1 to 3.

use std::collections::{BTreeMap, HashMap};

use countersign_core::{account::Kind, secret::SecretText, uri, vault::Portable};
use data_encoding::{BASE32_NOPAD, BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Confidence, Format};
use crate::{
    export::{self, Beside, ExportError, Sealing, Writer, random, uuid},
    fields::{Fields, Given, Key},
    file::File,
    import::{Import, ImportError},
    json::{self, called, count, flag, list, maybe, number, text, texts, word},
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
        let json = file.json().ok_or_else(|| ImportError::damaged("it is not JSON"))?;
        // Before the rest, which may be of another form then.
        if let Some(version) = number(json, "version").filter(|version| *version != 1) {
            return Err(ImportError::Newer(format!("Aegis file {version}")));
        }
        let outer = Outer::deserialize(json).map_err(|_| ImportError::damaged("its header"))?;
        match (outer.db, outer.header.slots, outer.header.params) {
            (Value::String(text), Some(slots), Some(params)) => import(&decrypt(&text, &slots, &params, passphrase)?),
            (Value::String(_), ..) => Err(ImportError::damaged("the key slots are missing")),
            (database, ..) => import(&database),
        }
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
        // Aegis refuses a whole file for one key like that.
        uri::check(own).map_err(|error| error.to_string())?;
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
            Kind::Motp { pin: None } | Kind::Yandex { pin: None, .. } => {
                return Err("Aegis makes its codes with the PIN, which is not kept here".into());
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
    db: Value,
}

#[derive(Deserialize)]
struct Header {
    slots: Option<Vec<Value>>,
    params: Option<Params>,
}

#[derive(Deserialize)]
struct Params {
    nonce: String,
    tag: String,
}

/// A way to the master key by a password; the numbers are those of scrypt.
#[derive(Deserialize)]
struct Slot {
    key: String,
    key_params: Params,
    n: u64,
    r: u32,
    p: u32,
    salt: String,
}

fn decrypt(
    text: &str,
    slots: &[Value],
    params: &Params,
    passphrase: Option<&SecretText>,
) -> Result<Value, ImportError> {
    // Its number is in quotes in exports of GNOME Authenticator's version 4.1.0.
    let of_password: Vec<&Value> = slots.iter().filter(|slot| number(slot, "type") == Some(PASSWORD)).collect();
    if of_password.is_empty() {
        let how = "it opens by a fingerprint only: set a password in Aegis (Settings, Security), and export again";
        return Err(ImportError::Restricted(how.into()));
    }
    let passphrase = keys::needed(passphrase)?;
    let (mut master, mut is_wrong, mut why) = (None, false, ImportError::WrongPassphrase);
    for slot in of_password {
        match master_key(slot, passphrase) {
            Ok(None) => is_wrong = true,
            // Another may open.
            Err(error) => why = error,
            Ok(key) => {
                master = key;
                break;
            }
        }
    }
    // Where a slot could be tried, a better password may open it.
    let master = master.ok_or(if is_wrong { ImportError::WrongPassphrase } else { why })?;
    let sealed = BASE64.decode(text.as_bytes()).map_err(|_| ImportError::damaged("its database is not base64"))?;
    let json =
        open(&master, params, sealed)?.ok_or_else(|| ImportError::damaged("its database does not fit its key"))?;
    json::parse(&json)
}

/// Opens a slot; `None` where the password is not that slot's.
fn master_key(slot: &Value, passphrase: &[u8]) -> Result<Option<keys::Key>, ImportError> {
    let slot = Slot::deserialize(slot).map_err(|_| ImportError::damaged("a key slot"))?;
    let key = keys::scrypt(passphrase, &hex(&slot.salt)?, slot.n, slot.r, slot.p)?;
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

fn import(database: &Value) -> Result<Import, ImportError> {
    // Before the rest, which may be of another form then.
    match number(database, "version") {
        Some(0..=3) => {}
        Some(version) => return Err(ImportError::Newer(format!("Aegis database {version}"))),
        None => return Err(ImportError::damaged("its database")),
    }
    let entries = database["entries"].as_array().ok_or_else(|| ImportError::damaged("its database"))?;
    let groups: HashMap<&str, &str> =
        list(database, "groups").iter().map(|one| (text(one, "uuid"), text(one, "name"))).collect();
    let mut import = Import::default();
    for entry in entries {
        let ids = texts(entry, "groups");
        // A group's name, before version 3.
        let tags =
            maybe(entry, "group").into_iter().chain(ids.iter().filter_map(|id| groups.get(id.as_str()).copied()));
        let tags = tags.filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let account = account(entry).map(|account| Portable { tags, ..account });
        import.take(called(entry, &["issuer", "name"]), account);
    }
    Ok(import)
}

fn account(entry: &Value) -> Result<Portable, String> {
    let (kind, info) = (text(entry, "type"), &entry["info"]);
    let is = |name: &str| kind.eq_ignore_ascii_case(name);
    let fields = Fields {
        kind,
        key: Key::Base32(text(info, "secret")),
        issuer: text(entry, "issuer"),
        name: text(entry, "name"),
        // That of the others is fixed, and of mOTP it is MD5.
        algorithm: if is("totp") || is("hotp") { word(info, "algo") } else { Given::Missing },
        digits: count(info, "digits"),
        period: count(info, "period"),
        counter: count(info, "counter"),
        pin: maybe(info, "pin"),
    };
    let (note, pinned) = (text(entry, "note").to_owned(), flag(entry, "favorite"));
    Ok(Portable { note, pinned, ..fields.account()? })
}

/// What Aegis itself takes: N, r, p.
const SCRYPT: (u64, u32, u32) = (1 << 15, 8, 1);
/// The type of a slot that opens by a password; others are for fingerprints.
const PASSWORD: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(database: &Value) -> Result<Import, ImportError> {
        let outer = json!({"version": 1, "header": {"slots": null, "params": null}, "db": database});
        Aegis.read(&File::new(serde_json::to_vec(&outer).unwrap()), None)
    }

    fn entry(digits: &Value) -> Value {
        json!({"type": "totp", "name": "me", "issuer": null, "info": {"secret": "JBSWY3DPEHPK3PXP", "digits": digits}})
    }

    #[test]
    fn a_newer_database_of_another_form_is_newer() {
        let error = read(&json!({"version": 4, "entries": {"a": 1}})).unwrap_err();
        assert_eq!(error, ImportError::Newer("Aegis database 4".into()));
    }

    #[test]
    fn a_slot_that_can_not_be_tried_keeps_no_other_from_opening() {
        let account = Portable::new(uri::parse("otpauth://totp/a?secret=JBSWY3DPEHPK3PXP").unwrap().account);
        let (key, wrong) = (SecretText::from("right"), SecretText::from("wrong"));
        let plain = Aegis.write(&[account], Some(&key)).unwrap();
        let mut outer: Value = serde_json::from_slice(&plain).unwrap();
        let slots = outer["header"]["slots"].as_array_mut().unwrap();
        let (mut costly, mut empty) = (slots[0].clone(), slots[0].clone());
        costly["n"] = json!(1_u64 << 40);
        empty["salt"] = Value::Null;
        slots.splice(..0, [empty, costly]);
        let read = |outer: &Value, key| Aegis.read(&File::new(serde_json::to_vec(outer).unwrap()), Some(key));
        assert_eq!(read(&outer, &key).unwrap().accounts.len(), 1);
        // GNOME Authenticator's version 4.1.0 wrote the type of a slot as a text; one by a fingerprint may say less.
        let mut others = outer.clone();
        others["header"]["slots"][2]["type"] = json!("1");
        others["header"]["slots"].as_array_mut().unwrap().push(json!({"type": "2"}));
        assert_eq!(read(&others, &key).unwrap().accounts.len(), 1);
        assert_eq!(read(&outer, &wrong).unwrap_err(), ImportError::WrongPassphrase);
        outer["header"]["slots"].as_array_mut().unwrap().truncate(2);
        assert!(matches!(read(&outer, &key), Err(ImportError::TooCostly(_))));
    }

    #[test]
    fn the_hash_function_is_that_of_the_file_however_its_type_is_written() {
        for (kind, hash) in [("totp", "SHA512"), ("TOTP", "SHA512"), ("Steam", "SHA1")] {
            let mut entry = entry(&Value::Null);
            (entry["type"], entry["info"]["algo"]) = (json!(kind), json!("SHA512"));
            let import = read(&json!({"version": 3, "entries": [entry]})).unwrap();
            let uri = uri::print(&import.accounts[0].account);
            assert!(uri.expose().contains(&format!("algorithm={hash}")), "{kind}");
        }
    }

    #[test]
    fn no_groups_are_none() {
        let import = read(&json!({"version": 3, "groups": null, "entries": [entry(&json!(6))]})).unwrap();
        assert_eq!((import.accounts.len(), import.left_out.len()), (1, 0));
    }

    #[test]
    fn a_bad_entry_is_told_by_its_name_and_takes_no_other_with_it() {
        let entries = [entry(&json!(6.5)), entry(&json!("8")), entry(&json!(8.0)), entry(&Value::Null), json!(7)];
        let import = read(&json!({"version": 3, "entries": entries})).unwrap();
        let digits: Vec<u8> = import.accounts.iter().map(|account| account.account.kind.digits()).collect();
        let names: Vec<&str> = import.left_out.iter().map(|left| left.name.as_str()).collect();
        assert_eq!((digits, names), (vec![8, 8, 6], vec!["me", ""]));
    }

    #[test]
    fn a_code_that_needs_a_pin_is_not_written_without_one() {
        let motp = |pin: Option<&str>| {
            let account = uri::parse("motp://Site:me?secret=0123456789abcdef").unwrap().account;
            let kind = Kind::Motp { pin: pin.map(SecretText::from) };
            Aegis.fit(Portable::new(countersign_core::account::Account { kind, ..account }))
        };
        assert!(motp(None).unwrap_err().contains("PIN"));
        assert!(motp(Some("1234")).is_ok());
    }
}
