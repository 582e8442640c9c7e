//! Our own export in the clear: JSON, described in `EXPORT.md`.

use std::{
    io::Write as _,
    time::{SystemTime, UNIX_EPOCH},
};

use countersign_core::{secret::SecretText, vault::Portable};
use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{Confidence, Format};
use crate::{
    export::{ExportError, Sealing, Writer},
    file::File,
    import::{Import, ImportError},
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
        &["There: countersign export --format countersign-json FILE", "Copy the file here"]
    }

    fn detect(&self, file: &File) -> Confidence {
        if file.has_members(&["countersign-export", "accounts"]) { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        read(file.bytes())
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }
}

impl Writer for CountersignJson {
    fn sealing(&self) -> Sealing {
        Sealing::Never
    }

    fn fit(&self, account: Portable) -> Result<Portable, String> {
        Ok(account)
    }

    fn write(&self, accounts: &[Portable], _: Option<&SecretText>) -> Result<Zeroizing<Vec<u8>>, ExportError> {
        write(accounts)
    }
}

#[derive(Deserialize)]
struct Outer<'a> {
    #[serde(rename = "countersign-export")]
    version: u64,
    #[serde(borrow)]
    accounts: Vec<&'a RawValue>,
}

/// Reads the JSON, whether it stood in the clear or not.
pub(super) fn read(bytes: &[u8]) -> Result<Import, ImportError> {
    let outer: Outer<'_> = serde_json::from_slice(bytes).map_err(|_| ImportError::damaged("its outer object"))?;
    if outer.version != VERSION {
        return Err(ImportError::Newer(format!("countersign export {}", outer.version)));
    }
    let mut import = Import::default();
    for (number, raw) in (1..).zip(outer.accounts) {
        import.take(&format!("account {number}"), account(raw.get()));
    }
    Ok(import)
}

/// Reads whatever a vault may hold: a backup that leaves something out is none.
fn account(text: &str) -> Result<Portable, String> {
    Portable::read(text.as_bytes()).map_err(|error| error.to_string())
}

/// Writes the JSON, an account a line.
pub(super) fn write(accounts: &[Portable]) -> Result<Zeroizing<Vec<u8>>, ExportError> {
    let mut out = Zeroizing::new(Vec::new());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    write!(out, "{{\"countersign-export\":{VERSION},\"exported\":{now},\"accounts\":[")?;
    for (index, account) in accounts.iter().enumerate() {
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        account.write(&mut *out)?;
    }
    out.write_all(b"\n]}\n")?;
    Ok(out)
}

const VERSION: u64 = 1;
