//! Steam's own keys: maFiles of Steam Desktop Authenticator and steamguard-cli, and the app's own JSON.
//!
//! An encrypted maFile is nothing but base64; how it was encrypted stands in `manifest.json` beside it, for each file by
//! its name. Where that is not known, or not in there, each of the ways is tried.
//!
//! The trap: the key inside `uri` may be a dummy; `shared_secret` is the one.

use countersign_core::{secret::SecretText, uri, vault::Portable};
use data_encoding::BASE64;
use serde_json::Value;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Key},
    file::File,
    import::{Import, ImportError},
    json::{self, list, maybe, number, text},
    keys,
};

/// The format.
pub(super) struct Steam;

impl Format for Steam {
    fn name(&self) -> &'static str {
        "steam"
    }

    fn title(&self) -> &'static str {
        "Steam (maFile)"
    }

    fn steps(&self) -> &'static [&'static str] {
        &[
            "Steam Desktop Authenticator or steamguard-cli: its folder maFiles, a file NUMBER.maFile an account",
            "An encrypted maFile: leave manifest.json beside it; its password is asked for",
        ]
    }

    fn detect(&self, file: &File) -> Confidence {
        let is_plain = file.json().is_some_and(|json| !entries(json).is_empty());
        let is_sealed = || sealed(file).is_some() && ways(file).map_or(true, |ways| !ways.is_empty());
        if is_plain || is_sealed() { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let opened;
        let json = match (file.json(), sealed(file)) {
            (Some(json), _) => json,
            (None, Some(sealed)) => {
                opened = decrypt(&sealed, &ways(file)?, keys::needed(passphrase)?)?;
                &opened
            }
            (None, None) => return Err(ImportError::damaged("it is not JSON")),
        };
        let mut import = Import::default();
        for entry in entries(json) {
            import.take(text(entry, "account_name"), account(entry));
        }
        Ok(import)
    }
}

/// How a file was encrypted.
struct Way {
    by_argon: bool,
    salt: Vec<u8>,
    iv: Vec<u8>,
}

impl Way {
    /// Reads what the manifest says of a file: at its entry (Steam Desktop Authenticator), or in a `scheme`
    /// (steamguard-cli). There is nothing while its program does not encrypt.
    fn of(entry: &Value) -> Option<Self> {
        let scheme = &entry["encryption"];
        let decoded = |at: &Value, name: &str| BASE64.decode(maybe(at, name)?.as_bytes()).ok();
        let old = || Some((decoded(entry, "encryption_salt")?, decoded(entry, "encryption_iv")?));
        let new = || Some((decoded(scheme, "salt")?, decoded(scheme, "iv")?));
        let (salt, iv) = new().or_else(old)?;
        Some(Self { by_argon: text(scheme, "scheme").starts_with("Argon2id"), salt, iv })
    }

    fn key(&self, passphrase: &[u8]) -> Result<keys::Key, ImportError> {
        if self.by_argon {
            return keys::argon2id(passphrase, &self.salt, 12 * 1024, 3, 12);
        }
        Ok(keys::pbkdf2(keys::Hash::Sha1, passphrase, &self.salt, 50_000))
    }
}

/// Returns the ways in the manifest beside the file: its own, or all where its name is not among them.
fn ways(file: &File) -> Result<Vec<Way>, ImportError> {
    let Some(bytes) = file.beside("manifest.json") else { return Ok(Vec::new()) };
    let manifest = json::parse_opened(bytes)?.unwrap_or_default();
    let is_own = |entry: &&Value| file.name().is_some_and(|name| is_of(entry, name));
    let (own, others): (Vec<_>, Vec<_>) = list(&manifest, "entries").iter().partition(is_own);
    let is_known = !own.is_empty();
    let ways: Vec<Way> = if is_known { own } else { others }.into_iter().filter_map(Way::of).collect();
    match ways.len() {
        0 if is_known => Err(ImportError::damaged("manifest.json does not say how this file was encrypted")),
        count if count > MAX_WAYS => Err(ImportError::TooCostly(format!(
            "manifest.json names {count} files and not this one, and {MAX_WAYS} are tried at the most"
        ))),
        _ => Ok(ways),
    }
}

/// Says whether an entry of the manifest is that of a file: by its whole name, or by the number that is its stem.
fn is_of(entry: &Value, name: &str) -> bool {
    let stem = name.split('.').next().and_then(|stem| stem.parse().ok());
    // As Steam Desktop Authenticator writes it, and steamguard-cli.
    let own = number(entry, "steamid").or(number(entry, "steam_id"));
    text(entry, "filename") == name || stem.is_some() && stem == own
}

fn sealed(file: &File) -> Option<Vec<u8>> {
    let text = file.text().filter(|text| !text.trim().is_empty())?;
    BASE64.decode(text.trim().as_bytes()).ok()
}

fn decrypt(sealed: &[u8], ways: &[Way], passphrase: &[u8]) -> Result<Value, ImportError> {
    for way in ways {
        let Some(opened) = keys::open_cbc(&*way.key(passphrase)?, &way.iv, sealed) else { continue };
        if let Some(json) = json::parse_opened(&opened)? {
            return Ok(json);
        }
    }
    Err(ImportError::WrongOrDamaged)
}

/// Returns the accounts: the object itself, or those in it; or those of a list.
fn entries(json: &Value) -> Vec<&Value> {
    let is_entry = |value: &&Value| value["shared_secret"].is_string();
    let inner = json["accounts"].as_object().into_iter().flat_map(|accounts| accounts.values());
    let list = json.as_array().into_iter().flatten();
    std::iter::once(json).chain(inner).chain(list).filter(is_entry).collect()
}

fn account(entry: &Value) -> Result<Portable, String> {
    let label = uri::label_of(text(entry, "uri")).unwrap_or_default();
    let of_uri = label.split_once(':').map_or(label.as_str(), |(_, name)| name);
    let name = entry["account_name"].as_str().unwrap_or(of_uri);
    let key = Key::Base64(text(entry, "shared_secret"));
    Fields { kind: "steam", key, issuer: "Steam", name, ..Fields::default() }.account()
}

/// The most files of one manifest whose ways are tried: each costs a derivation.
const MAX_WAYS: usize = 100;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A manifest of so many files, of which only the last is encrypted as it says; its number is also its file's name.
    fn many(count: usize) -> File {
        let (salt, iv) = ([1; 8], [2; 16]);
        let key = keys::pbkdf2(keys::Hash::Sha1, b"right", &salt, 50_000);
        let sealed = keys::seal_cbc(&key, &iv, br#"{"shared_secret":"AQID","account_name":"erin"}"#);
        let entry = |number: usize| {
            let id = if number.is_multiple_of(2) { "steam_id" } else { "steamid" };
            let iv = if number == count { iv } else { [3; 16] };
            json!({"filename": format!("{number}.maFile"), id: number, "encryption_salt": BASE64.encode(&salt),
                "encryption_iv": BASE64.encode(&iv)})
        };
        let manifest = json!({"entries": (1..=count).map(entry).collect::<Vec<_>>()});
        File::new(BASE64.encode(&sealed).into()).with("manifest.json", serde_json::to_vec(&manifest).unwrap())
    }

    fn read(file: &File, password: &str) -> Result<usize, ImportError> {
        Steam.read(file, Some(&password.into())).map(|import| import.accounts.len())
    }

    #[test]
    fn the_name_finds_a_files_own_way_among_many() {
        for (count, name) in
            [(120, "120.maFile"), (120, "120.copy.maFile"), (120, "120.maFile.bak"), (121, "121.copy.maFile")]
        {
            assert_eq!(read(&many(count).called(name), "right"), Ok(1), "{name}");
            assert_eq!(read(&many(count).called(name), "wrong"), Err(ImportError::WrongOrDamaged));
        }
        assert_eq!(read(&many(3).called("renamed.maFile"), "right"), Ok(1));
        assert_eq!(read(&many(3), "wrong"), Err(ImportError::WrongOrDamaged));
        let unknown = read(&many(120), "right");
        assert!(matches!(unknown, Err(ImportError::TooCostly(_))), "no password is said to be wrong: {unknown:?}");
    }

    #[test]
    fn a_file_of_which_the_manifest_says_no_way_is_told_so() {
        let manifest = |mine: Value| {
            let mut entries = vec![json!({"filename": "mine.maFile", "steamid": 7, "encryption_iv": null})];
            entries.extend((1..=120).map(|_| json!({"encryption_salt": "AQID", "encryption_iv": "AQID"})));
            entries.extend(mine.is_object().then_some(mine));
            serde_json::to_vec(&json!({"entries": entries})).unwrap()
        };
        let file = |manifest| File::new("AAAA".into()).with("manifest.json", manifest).called("mine.maFile");
        let unsaid = file(manifest(Value::Null));
        assert_eq!(Steam.detect(&unsaid), Confidence::Sure);
        assert!(read(&unsaid, "any").unwrap_err().to_string().contains("does not say how"));
        let said = json!({"steamid": 7, "filename": "mine.maFile", "encryption_salt": "AQID", "encryption_iv": "AQID"});
        assert_eq!(read(&file(manifest(said)), "any"), Err(ImportError::WrongOrDamaged));
        let twice = file(br#"{"entries":[],"entries":[]}"#.to_vec());
        assert!(read(&twice, "any").unwrap_err().to_string().contains("twice"));
        assert_eq!(Steam.detect(&file(b"no JSON".to_vec())), Confidence::No);
    }

    /// The keys in their URIs may be dummies: none of them is to be read as a list of URIs.
    #[test]
    fn a_list_of_accounts_is_read_by_their_own_keys() {
        let one =
            |name| json!({"shared_secret": "AQID", "account_name": name, "uri": "otpauth://totp/Steam:x?secret=ASDF"});
        let file = File::new(json!([one("erin"), one("frank")]).to_string().into());
        let (format, import) = super::super::read(&super::super::candidates(&file), &file, None).unwrap();
        let read: Vec<_> =
            import.accounts.iter().map(|one| (&*one.account.name, one.account.secret.expose())).collect();
        assert_eq!((format.name(), read), ("steam", vec![("erin", &[1, 2, 3][..]), ("frank", &[1, 2, 3])]));
    }

    #[test]
    fn what_was_encrypted_names_no_member_twice() {
        let (salt, iv) = ([1; 8], [2; 16]);
        let key = keys::pbkdf2(keys::Hash::Sha1, b"right", &salt, 50_000);
        let sealed = keys::seal_cbc(&key, &iv, br#"{"shared_secret":"AQID","shared_secret":"BAUG"}"#);
        let [salt, iv] = [&salt[..], &iv].map(|part| BASE64.encode(part));
        let manifest = json!({"entries": [{"encryption_salt": salt, "encryption_iv": iv}]});
        let file = File::new(BASE64.encode(&sealed).into());
        let file = file.with("manifest.json", serde_json::to_vec(&manifest).unwrap());
        assert!(read(&file, "right").unwrap_err().to_string().contains("twice"));
    }

    #[test]
    fn a_name_out_of_a_uri_is_as_it_was_meant_whatever_its_dummy_of_a_key() {
        for (label, name) in
            [("Steam:%C3%BC%20x", "ü x"), ("Steam:erin", "erin"), ("Steam:%20erin", "erin"), ("erin", "erin")]
        {
            for key in ["ASDF", "dummy1"] {
                let uri = format!("otpauth://totp/{label}?secret={key}&issuer=Steam");
                let text = json!({"shared_secret": "AQID", "uri": uri}).to_string();
                let import = Steam.read(&File::new(text.into()), None).unwrap();
                assert_eq!(import.accounts[0].account.name, name, "{uri}");
            }
        }
    }
}
