//! Duo Mobile (Android): `accounts.json`, which only a rooted phone gives.

use countersign_core::secret::SecretText;
use serde_json::Value;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Given, Key},
    file::File,
    import::{Import, ImportError, Why},
    json::{count, text},
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
        // Of approvals alone there is a key of the phone's.
        let is_entry =
            |one: &Value| one["otpGenerator"].is_object() || one["pkey"].is_string() && one["name"].is_string();
        let is_ours = |json: &Value| json.as_array().is_some_and(|all| all.iter().any(is_entry));
        if file.json().is_some_and(is_ours) { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let entries = file.json().and_then(Value::as_array).ok_or_else(|| ImportError::damaged("its list"))?;
        let mut import = Import::default();
        for entry in entries {
            let (name, generator) = (text(entry, "name"), &entry["otpGenerator"]);
            if !generator.is_object() {
                import.leave_out(name, Why::NotExportable, "Duo's own approval, bound to the phone: it has no code");
                continue;
            }
            let counter = count(generator, "counter");
            let fields = Fields {
                kind: if counter == Given::Missing { "totp" } else { "hotp" },
                key: Key::Base32(text(generator, "otpSecret")),
                name,
                counter,
                ..Fields::default()
            };
            import.take(name, fields.account());
        }
        Ok(import)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn approvals_alone_are_told_as_such() {
        let file = File::new(r#"[{"name":"Work","pkey":"DPKEY"}]"#.into());
        assert_eq!(Duo.detect(&file), Confidence::Sure);
        let import = Duo.read(&file, None).unwrap();
        assert_eq!(import.left_out.iter().map(|left| left.why).collect::<Vec<_>>(), [Why::NotExportable]);
    }
}
