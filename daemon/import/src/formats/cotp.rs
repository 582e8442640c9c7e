//! cotp: its JSON export.

use countersign_core::secret::SecretText;
use serde_json::Value;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Key},
    file::File,
    import::{Import, ImportError},
    json::{called, list, maybe, number, text},
};

/// The format.
pub(super) struct Cotp;

impl Format for Cotp {
    fn name(&self) -> &'static str {
        "cotp"
    }

    fn title(&self) -> &'static str {
        "cotp"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["cotp export --path exported.cotp"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let is_ours = |json: &Value| {
            json["version"].is_u64() && list(json, "elements").first().is_some_and(|one| one["label"].is_string())
        };
        if file.json().is_some_and(is_ours) { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let export = file.json().ok_or_else(|| ImportError::damaged("it is not JSON"))?;
        let version = number(export, "version").unwrap_or_default();
        if version > 2 {
            return Err(ImportError::Newer(format!("cotp export {version}")));
        }
        let mut import = Import::default();
        for entry in list(export, "elements") {
            let kind = maybe(entry, "type").unwrap_or("TOTP");
            let (secret, kind_is_motp) = (text(entry, "secret"), kind == "MOTP");
            let fields = Fields {
                kind,
                key: if kind_is_motp { Key::Text(secret) } else { Key::Base32(secret) },
                issuer: text(entry, "issuer"),
                name: text(entry, "label"),
                algorithm: maybe(entry, "algorithm"),
                digits: number(entry, "digits"),
                period: number(entry, "period"),
                counter: number(entry, "counter"),
                pin: maybe(entry, "pin"),
            };
            import.take(&called(entry, &["issuer", "label"]), fields.account());
        }
        Ok(import)
    }
}
