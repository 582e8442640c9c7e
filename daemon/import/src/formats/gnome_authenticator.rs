//! GNOME's Authenticator: a JSON array as andOTP's, whose first tag is the issuer.
//!
//! The app also writes andOTP's, Aegis' and `FreeOTP`'s own forms: those are read as what they are.

use countersign_core::{secret::SecretText, vault::Portable};
use serde_json::Value;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Key},
    file::File,
    import::{Import, ImportError},
    json::{count, text, texts, word},
};

/// The format.
pub(super) struct GnomeAuthenticator;

impl Format for GnomeAuthenticator {
    fn name(&self) -> &'static str {
        "gnome-authenticator"
    }

    fn title(&self) -> &'static str {
        "GNOME Authenticator"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Menu, Preferences, Backup/Restore, Backup: Aegis, with a password", "Give the file here"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let is_ours = file.json().and_then(Value::as_array).is_some_and(|entries| is_its_own(entries));
        if is_ours { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let entries = file.json().and_then(Value::as_array).ok_or_else(|| ImportError::damaged("it is no list"))?;
        let mut import = Import::default();
        for entry in entries {
            import.take(text(entry, "label"), account(entry));
        }
        Ok(import)
    }
}

/// Says whether a list is of this form, and not of old andOTP, which has the issuer in the label.
pub(super) fn is_its_own(entries: &[Value]) -> bool {
    let is_entry = |entry: &&Value| ["secret", "label", "type"].iter().all(|name| entry[name].is_string());
    let is_own = |entry: &&Value| {
        entry["thumbnail"].is_string() && entry["issuer"].is_null() && !text(entry, "label").contains(" - ")
    };
    let has_issuer = |entry: &Value| !texts(entry, "tags").is_empty();
    // What is no entry at all says nothing about the form of the rest.
    entries.iter().filter(is_entry).all(|entry| is_own(&entry)) && entries.iter().filter(is_entry).any(has_issuer)
}

fn account(entry: &Value) -> Result<Portable, String> {
    let mut tags = texts(entry, "tags").into_iter();
    let issuer = tags.next().unwrap_or_default();
    let fields = Fields {
        kind: text(entry, "type"),
        key: Key::Base32(text(entry, "secret")),
        issuer: &issuer,
        name: text(entry, "label"),
        algorithm: word(entry, "algorithm"),
        digits: count(entry, "digits"),
        period: count(entry, "period"),
        counter: count(entry, "counter"),
        pin: None,
    };
    Ok(Portable { tags: tags.collect(), ..fields.account()? })
}
