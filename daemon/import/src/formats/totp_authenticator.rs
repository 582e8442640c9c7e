//! TOTP Authenticator by `BinaryBoot` (Android): its backup, or its shared preferences.

use countersign_core::{secret::SecretText, vault::Portable};
use data_encoding::BASE64;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Key},
    file::File,
    import::{Import, ImportError},
    json::{self, called, flag, number, text},
    keys, prefs,
};

/// The format.
pub(super) struct TotpAuthenticator;

impl Format for TotpAuthenticator {
    fn name(&self) -> &'static str {
        "totp-authenticator"
    }

    fn title(&self) -> &'static str {
        "TOTP Authenticator"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Settings, Backup, Create backup, with a password or without", "Copy the file here: ….encrypt"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let text = file.text().unwrap_or_default();
        if prefs::is_map(Some(text)) {
            return if text.contains(PREFERENCE) { Confidence::Sure } else { Confidence::No };
        }
        // Base64 of whole blocks, and nothing else.
        match sealed(text) {
            Some(sealed) if !sealed.is_empty() && sealed.len() % 16 == 0 => Confidence::Likely,
            _ => Confidence::No,
        }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let text = file.text().ok_or_else(|| ImportError::damaged("it is not text"))?;
        if prefs::is_map(Some(text)) {
            let all = prefs::strings(file.bytes())?;
            let list = all.iter().find(|(name, _)| name == PREFERENCE).map(|(_, list)| list.as_str());
            return import(list.unwrap_or("[]"));
        }
        let sealed = sealed(text).ok_or_else(|| ImportError::damaged("it is not base64"))?;
        // Without a password it is encrypted to one that everybody knows.
        if let Some(list) = open(&sealed, NO_PASSWORD)? {
            return import(&list);
        }
        let list = open(&sealed, keys::needed(passphrase)?)?.ok_or(ImportError::WrongOrDamaged)?;
        import(&list)
    }
}

fn sealed(text: &str) -> Option<Vec<u8>> {
    let plain: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    BASE64.decode(plain.as_bytes()).ok()
}

/// Opens a backup: an object with one member, whose *name* is the list.
fn open(sealed: &[u8], password: &[u8]) -> Result<Option<String>, ImportError> {
    let key: [u8; 32] = Sha256::digest(password).into();
    let Some(json) = keys::open_cbc(&key, &[0; 16], sealed) else { return Ok(None) };
    let object = json::parse_opened(&json)?;
    Ok(object.and_then(|object| object.as_object()?.keys().next().cloned()))
}

fn import(list: &str) -> Result<Import, ImportError> {
    let entries = json::parse_list(list.as_bytes())?;
    let mut import = Import::default();
    for entry in &entries {
        let pinned = flag(entry, "isFavorite");
        import.take(called(entry, &["issuer", "name"]), account(entry).map(|account| Portable { pinned, ..account }));
    }
    Ok(import)
}

/// The app computes six digits every 30 seconds, whatever an entry says.
fn account(entry: &Value) -> Result<Portable, String> {
    let key = text(entry, "key");
    let key = match number(entry, "base") {
        Some(16) => Key::Hex(key),
        None | Some(32) => Key::Base32(key),
        Some(64) => Key::Base64(key),
        _ => return Err("its key is in a writing that is not known here".into()),
    };
    let (issuer, name) = (text(entry, "issuer"), text(entry, "name"));
    Fields { kind: "totp", key, issuer, name, ..Fields::default() }.account()
}

const PREFERENCE: &str = "STATIC_TOTP_CODES_LIST";
const NO_PASSWORD: &[u8] = b"TotpAuthenticator";
