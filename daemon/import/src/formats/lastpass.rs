//! `LastPass` Authenticator: JSON.

use std::collections::HashMap;

use countersign_core::{secret::SecretText, vault::Portable};
use serde_json::Value;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Key},
    file::File,
    import::{Import, ImportError},
    json::{called, count, flag, list, number, text, word},
};

/// The format.
pub(super) struct LastPass;

impl Format for LastPass {
    fn name(&self) -> &'static str {
        "lastpass"
    }

    fn title(&self) -> &'static str {
        "LastPass Authenticator"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Settings, Transfer accounts, Export accounts to file", "Copy the file here: a JSON file"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let is_account = |one: &Value| one["secret"].is_string() && one["timeStep"].is_u64();
        let is_ours = file.has_members(&["deviceName", "version", "accounts"])
            || file.json().is_some_and(|json| list(json, "accounts").first().is_some_and(is_account));
        if is_ours { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let export = file.json().ok_or_else(|| ImportError::damaged("it is not JSON"))?;
        let folders: HashMap<Option<u64>, &str> =
            list(export, "folders").iter().map(|one| (number(one, "id"), text(one, "name"))).collect();
        let mut import = Import::default();
        for entry in list(export, "accounts") {
            let folder = number(&entry["folderData"], "folderId");
            let tags = folder.and_then(|id| folders.get(&Some(id))).filter(|name| !name.is_empty());
            let tags = tags.map(|name| (*name).to_owned()).into_iter().collect();
            let pinned = flag(entry, "isFavorite");
            let account = account(entry).map(|account| Portable { tags, pinned, ..account });
            import.take(called(entry, &["issuerName", "userName", "originalUserName"]), account);
        }
        Ok(import)
    }
}

fn account(entry: &Value) -> Result<Portable, String> {
    let either = |name: &str, original: &str| entry[name].as_str().unwrap_or(text(entry, original)).to_owned();
    Fields {
        kind: "totp",
        key: Key::Base32(text(entry, "secret")),
        issuer: &either("issuerName", "originalIssuerName"),
        name: &either("userName", "originalUserName"),
        algorithm: word(entry, "algorithm"),
        digits: count(entry, "digits"),
        period: count(entry, "timeStep"),
        ..Fields::default()
    }
    .account()
}
