//! Steam's own keys: maFiles of Steam Desktop Authenticator and steamguard-cli, and the app's own JSON.
//!
//! The trap: the key inside `uri` may be a dummy; `shared_secret` is the one.

use countersign_core::{secret::SecretText, vault::Portable};
use serde_json::Value;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Key},
    file::File,
    import::{Import, ImportError},
    json::{called, text},
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
            "An encrypted maFile: switch the encryption off there first (steamguard decrypt)",
        ]
    }

    fn detect(&self, file: &File) -> Confidence {
        if file.json().is_some_and(|json| !entries(json).is_empty()) { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let json = file.json().ok_or_else(|| ImportError::damaged("it is not JSON"))?;
        let mut import = Import::default();
        for entry in entries(json) {
            import.take(&called(entry, &["account_name"]), account(entry));
        }
        Ok(import)
    }
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
