//! Duo Mobile (Android): `accounts.json`, which only a rooted phone gives.

use countersign_core::secret::SecretText;
use serde_json::Value;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Given, Key},
    file::File,
    import::{Import, ImportError},
    json::{called, count, text},
};

/// The format.
pub(super) struct Duo;

impl Format for Duo {
    fn name(&self) -> &'static str {
        "duo"
    }

    fn title(&self) -> &'static str {
        "Duo Mobile"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["A rooted phone: /data/data/com.duosecurity.duomobile/files/duokit/accounts.json"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let is_ours =
            |json: &Value| json.as_array().is_some_and(|all| all.iter().any(|one| one["otpGenerator"].is_object()));
        if file.json().is_some_and(is_ours) { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let entries = file.json().and_then(Value::as_array).ok_or_else(|| ImportError::damaged("its list"))?;
        let mut import = Import::default();
        for entry in entries {
            let (name, generator) = (called(entry, &["name"]), &entry["otpGenerator"]);
            if !generator.is_object() {
                import.leave_behind(&name, "", "Duo's own approval, bound to the phone: it has no code");
                continue;
            }
            let counter = count(generator, "counter");
            let fields = Fields {
                kind: if counter == Given::Missing { "totp" } else { "hotp" },
                key: Key::Base32(text(generator, "otpSecret")),
                name: text(entry, "name"),
                counter,
                ..Fields::default()
            };
            import.take(&name, fields.account());
        }
        Ok(import)
    }
}
