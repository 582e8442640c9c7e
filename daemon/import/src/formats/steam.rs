//! Steam's own keys: maFiles of Steam Desktop Authenticator and steamguard-cli, and the app's own JSON.
//!
//! An encrypted maFile is nothing but base64; how it was encrypted stands in `manifest.json` beside it, for each file by its name.
//! The name is not known here, so each of the ways is tried.
//!
//! The trap: the key inside `uri` may be a dummy; `shared_secret` is the one.

use countersign_core::{secret::SecretText, vault::Portable};
use data_encoding::BASE64;
use serde_json::Value;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Key},
    file::File,
    import::{Import, ImportError},
    json::{called, list, maybe, text},
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

/// Returns the ways in the manifest beside the file.
fn ways(file: &File) -> Vec<Way> {
    let manifest = file.beside("manifest.json").and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
    let ways = manifest.iter().flat_map(|manifest| list(manifest, "entries")).filter_map(Way::of);
    ways.take(MAX_WAYS).collect()
}

fn sealed(file: &File) -> Option<Vec<u8>> {
    let text = file.text().filter(|text| !text.trim().is_empty())?;
    BASE64.decode(text.trim().as_bytes()).ok()
}

fn decrypt(sealed: &[u8], ways: &[Way], passphrase: &[u8]) -> Result<Value, ImportError> {
    for way in ways {
        let opened = keys::open_cbc(&*way.key(passphrase)?, &way.iv, sealed);
        if let Some(json) = opened.and_then(|json| serde_json::from_slice(&json).ok()) {
            return Ok(json);
        }
    }
    Err(ImportError::WrongPassphrase)
}

/// Returns the accounts: the object itself, or those in it.
fn entries(json: &Value) -> Vec<&Value> {
    let is_entry = |value: &&Value| value["shared_secret"].is_string();
    let inner = json["accounts"].as_object().into_iter().flat_map(|accounts| accounts.values());
    std::iter::once(json).chain(inner).filter(is_entry).collect()
}

fn account(entry: &Value) -> Result<Portable, String> {
    let of_uri = text(entry, "uri").split_once("Steam:").map(|(_, rest)| rest.split('?').next().unwrap_or_default());
    let name = entry["account_name"].as_str().or(of_uri).unwrap_or_default();
    let key = Key::Base64(text(entry, "shared_secret"));
    Fields { kind: "steam", key, issuer: "Steam", name, ..Fields::default() }.account()
}

/// The most files of one manifest whose ways are tried: each costs a derivation.
const MAX_WAYS: usize = 100;
