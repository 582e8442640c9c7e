//! Proton Authenticator: JSON with a URI an entry, plain or encrypted.

use countersign_core::secret::SecretText;
use data_encoding::BASE64;
use serde_json::Value;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, from_uri},
    file::File,
    import::{Import, ImportError},
    json::{self, list, maybe, number, text},
    keys,
};

/// The format.
pub(super) struct ProtonAuthenticator;

impl Format for ProtonAuthenticator {
    fn name(&self) -> &'static str {
        "proton-authenticator"
    }

    fn title(&self) -> &'static str {
        "Proton Authenticator"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Settings, Export, with a password or without", "Copy the file here: Proton_Authenticator_backup_….json"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let has_content = |value: &Value| match &value["entries"] {
            Value::Array(entries) => entries.iter().any(|entry| entry["content"]["entry_type"].is_string()),
            _ => value["salt"].is_string() && value["content"].is_string(),
        };
        let is_ours = |value: &Value| value["version"].is_u64() && has_content(value);
        if file.json().is_some_and(is_ours) { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let outer = file.json().ok_or_else(|| ImportError::damaged("it is not JSON"))?;
        match number(outer, "version") {
            Some(1) => {}
            version => return Err(ImportError::Newer(format!("Proton export {}", version.unwrap_or_default()))),
        }
        if outer["entries"].is_array() {
            return Ok(import(outer));
        }
        let [salt, content] = [text(outer, "salt"), text(outer, "content")].map(|text| BASE64.decode(text.as_bytes()));
        let (Ok(salt), Ok(content)) = (salt, content) else { return Err(ImportError::damaged("it is not base64")) };
        let (nonce, sealed) = content.split_at_checked(12).ok_or_else(|| ImportError::damaged("it ends too early"))?;
        let key = keys::argon2id(keys::needed(passphrase)?, &salt, 19_456, 2, 1)?;
        let json = keys::open_gcm_with(&key, nonce, sealed, ASSOCIATED).ok_or(ImportError::WrongPassphrase)?;
        Ok(import(&json::parse(&json)?))
    }
}

fn import(export: &Value) -> Import {
    let mut import = Import::default();
    for entry in list(export, "entries") {
        let content = &entry["content"];
        let name = text(content, "name");
        let account = from_uri(text(content, "uri"), &Fields { name, ..Fields::default() });
        let account = account.map(|mut account| {
            // What the person sees in the app.
            if !name.is_empty() {
                name.clone_into(&mut account.account.name);
            }
            maybe(entry, "note").unwrap_or_default().clone_into(&mut account.note);
            account
        });
        import.take(name, account);
    }
    import
}

const ASSOCIATED: &[u8] = b"proton.authenticator.export.v1";
