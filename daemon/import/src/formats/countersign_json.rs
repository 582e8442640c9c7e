//! countersign's own export: a JSON object with `countersign-export` (the number of the format, 1), `exported` (Unix time) and
//! `accounts`, a list of entries as FORMAT.md §4 has them, without `id`, `created`, `version` and `history`; `trashed` is true of
//! those that lay in the trash.

use countersign_core::{secret::SecretText, vault::Portable};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Confidence, Format};
use crate::{
    file::File,
    import::{Import, ImportError},
    json::{called, list, number},
};

/// The format.
pub(super) struct CountersignJson;

impl Format for CountersignJson {
    fn name(&self) -> &'static str {
        "countersign-json"
    }

    fn title(&self) -> &'static str {
        "countersign (JSON)"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["countersign export --format countersign-json FILE"]
    }

    fn detect(&self, file: &File) -> Confidence {
        if file.has_members(&[MARK, "accounts"]) { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let export = file.json().ok_or_else(|| ImportError::damaged("it is not JSON"))?;
        match number(export, MARK) {
            Some(1) => {}
            Some(version) => return Err(ImportError::Newer(format!("countersign export {version}"))),
            None => return Err(ImportError::damaged("the number of its format")),
        }
        let mut import = Import::default();
        for entry in list(export, "accounts") {
            import.take(&called(entry, &["issuer", "name"]), account(entry));
        }
        Ok(import)
    }
}

fn account(entry: &Value) -> Result<Portable, String> {
    let line = serde_json::to_vec(entry).map(Zeroizing::new).map_err(|_| "it can't be read")?;
    Portable::read(&line).map_err(|error| error.to_string())
}

const MARK: &str = "countersign-export";
