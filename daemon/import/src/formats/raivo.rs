//! Raivo OTP (iOS): a zip with a password, and a list of texts in it.

use countersign_core::{secret::SecretText, vault::Portable};
use serde_json::Value;

use super::{Confidence, Format};
use crate::{
    archive::Archive,
    fields::{Fields, Key},
    file::File,
    import::{Import, ImportError},
    json::{self, called, count, kind, text, word},
};

/// The format.
pub(super) struct Raivo;

impl Format for Raivo {
    fn name(&self) -> &'static str {
        "raivo"
    }

    fn title(&self) -> &'static str {
        "Raivo OTP"
    }

    fn steps(&self) -> &'static [&'static str] {
        &[
            "Settings, Export OTPs to ZIP archive; it opens with the master password",
            "Copy the file here: raivo-otp-export.zip",
        ]
    }

    fn detect(&self, file: &File) -> Confidence {
        let in_zip = || Archive::open(file).is_some_and(|archive| list_in(&archive).is_some());
        let is_list = |json: &Value| json.as_array().is_some_and(|all| all.iter().any(is_entry));
        if file.json().is_some_and(is_list) || in_zip() { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let bytes = match Archive::open(file) {
            Some(mut archive) => {
                let name = list_in(&archive).ok_or_else(|| ImportError::damaged("there is no list in it"))?;
                archive.unpack(&name, passphrase)?
            }
            None => file.bytes().to_vec(),
        };
        let entries = json::parse_list(&bytes)?;
        let mut import = Import::default();
        for entry in &entries {
            let pinned = matches!(text(entry, "pinned"), "true" | "1");
            let account = account(entry).map(|account| Portable { pinned, ..account });
            import.take(called(entry, &["issuer", "account"]), account);
        }
        Ok(import)
    }
}

fn list_in(archive: &Archive<'_>) -> Option<String> {
    archive.find(|name| name.rsplit('/').next() == Some("raivo-otp-export.json"))
}

fn is_entry(value: &Value) -> bool {
    ["issuer", "account", "secret", "kind", "timer"].iter().all(|name| value[*name].is_string())
}

fn account(entry: &Value) -> Result<Portable, String> {
    Fields {
        kind: kind(entry, "kind")?,
        key: Key::Base32(text(entry, "secret")),
        issuer: text(entry, "issuer"),
        name: text(entry, "account"),
        algorithm: word(entry, "algorithm"),
        digits: count(entry, "digits"),
        period: count(entry, "timer").filter(|period| *period > 0),
        counter: count(entry, "counter"),
        pin: None,
    }
    .account()
}
