//! Steam's own keys: maFiles of Steam Desktop Authenticator and steamguard-cli, and the app's own JSON.
//!
//! An encrypted maFile is nothing but base64; how it was encrypted stands in `manifest.json` beside it, for each file by its name.
//! Where that is not known, or not in there, each of the ways is tried.
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
    json::{self, called, list, maybe, number, text},
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
        if is_plain || !ways(file).is_empty() && sealed(file).is_some() { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let opened;
        let json = match (file.json(), sealed(file)) {
            (Some(json), _) => json,
            (None, Some(sealed)) => {
                opened = decrypt(&sealed, &ways(file), keys::needed(passphrase)?)?;
                &opened
            }
            (None, None) => return Err(ImportError::damaged("it is not JSON")),
        };
        let mut import = Import::default();
        for entry in entries(json) {
            import.take(&called(entry, &["account_name"]), account(entry));
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
    /// Reads what the manifest says of a file: at its entry (Steam Desktop Authenticator), or in a `scheme` (steamguard-cli).
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
fn ways(file: &File) -> Vec<Way> {
    let manifest = file.beside("manifest.json").and_then(|bytes| json::parse(bytes).ok()).unwrap_or_default();
    let is_own = |entry: &Value| file.name().is_some_and(|name| is_of(entry, name));
    let ways = list(&manifest, "entries").iter().filter_map(|entry| Some((is_own(entry), Way::of(entry)?)));
    let (own, others): (Vec<_>, Vec<_>) = ways.partition(|(is_own, _)| *is_own);
    let ways = if own.is_empty() { others } else { own };
    ways.into_iter().map(|(_, way)| way).collect()
}

/// Says whether an entry of the manifest is that of a file: by its whole name, or by the number that is its stem.
fn is_of(entry: &Value, name: &str) -> bool {
    let stem = name.split('.').next().and_then(|stem| stem.parse().ok());
    text(entry, "filename") == name || stem.is_some() && stem == number(entry, "steamid")
}

fn sealed(file: &File) -> Option<Vec<u8>> {
    let text = file.text().filter(|text| !text.trim().is_empty())?;
    BASE64.decode(text.trim().as_bytes()).ok()
}

fn decrypt(sealed: &[u8], ways: &[Way], passphrase: &[u8]) -> Result<Value, ImportError> {
    if ways.len() > MAX_WAYS {
        let count = ways.len();
        return Err(ImportError::TooCostly(format!(
            "manifest.json names {count} files and not this one, and {MAX_WAYS} are tried at the most"
        )));
    }
    for way in ways {
        let opened = keys::open_cbc(&*way.key(passphrase)?, &way.iv, sealed);
        if let Some(json) = opened.and_then(|json| json::parse(&json).ok()) {
            return Ok(json);
        }
    }
    Err(ImportError::WrongOrDamaged)
}

/// Returns the accounts: the object itself, or those in it.
fn entries(json: &Value) -> Vec<&Value> {
    let is_entry = |value: &&Value| value["shared_secret"].is_string();
    let inner = json["accounts"].as_object().into_iter().flat_map(|accounts| accounts.values());
    std::iter::once(json).chain(inner).filter(is_entry).collect()
}

fn account(entry: &Value) -> Result<Portable, String> {
    let of_uri = || Some(uri::parse(text(entry, "uri")).ok()?.account.name);
    let name = entry["account_name"].as_str().map(str::to_owned).or_else(of_uri).unwrap_or_default();
    let key = Key::Base64(text(entry, "shared_secret"));
    Fields { kind: "steam", key, issuer: "Steam", name: &name, ..Fields::default() }.account()
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
            let iv = if number == count { iv } else { [3; 16] };
            json!({"filename": format!("{number}.maFile"), "steamid": number, "encryption_salt": BASE64.encode(&salt),
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
        for name in ["120.maFile", "120.copy.maFile"] {
            assert_eq!(read(&many(120).called(name), "right"), Ok(1), "{name}");
            assert_eq!(read(&many(120).called(name), "wrong"), Err(ImportError::WrongOrDamaged));
        }
        assert_eq!(read(&many(3).called("renamed.maFile"), "right"), Ok(1));
        assert_eq!(read(&many(3), "wrong"), Err(ImportError::WrongOrDamaged));
        let unknown = read(&many(120), "right");
        assert!(matches!(unknown, Err(ImportError::TooCostly(_))), "no password is said to be wrong: {unknown:?}");
    }

    #[test]
    fn a_name_out_of_a_uri_is_as_it_was_meant() {
        let text = r#"{"shared_secret":"AQID","uri":"otpauth://totp/Steam:%C3%BC%20x?secret=ASDF&issuer=Steam"}"#;
        let import = Steam.read(&File::new(text.into()), None).unwrap();
        assert_eq!(import.accounts[0].account.name, "ü x");
    }
}
