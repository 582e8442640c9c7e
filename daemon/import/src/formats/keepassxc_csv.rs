//! KeePassXC's CSV export, its column TOTP.

use countersign_core::{secret::SecretText, vault::Portable};

use super::{Confidence, Format};
use crate::{
    fields::{Fields, from_uri},
    file::File,
    import::{Import, ImportError, Why},
};

/// The format.
pub(super) struct KeepassXcCsv;

impl Format for KeepassXcCsv {
    fn name(&self) -> &'static str {
        "keepassxc-csv"
    }

    fn title(&self) -> &'static str {
        "KeePassXC (CSV)"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Database, Export, To CSV file", "Or the database itself, which stays encrypted: ….kdbx"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let head = file.text().and_then(|text| text.lines().next()).unwrap_or_default().replace('"', "");
        let names: Vec<&str> = head.split(',').collect();
        let is_ours = ["Group", "Title", "Username", "TOTP"].iter().all(|name| names.contains(name));
        if is_ours { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file.bytes());
        let damaged = |_| ImportError::damaged("a line of it");
        let header = reader.headers().map_err(damaged)?.clone();
        let mut import = Import::default();
        for row in reader.records() {
            let row = row.map_err(damaged)?;
            let value = |name: &str| {
                let at = header.iter().position(|column| column.trim_start_matches('\u{feff}') == name);
                at.and_then(|at| row.get(at)).unwrap_or_default()
            };
            let (title, totp) = (value("Title"), value("TOTP"));
            if totp.is_empty() {
                import.leave_out(title, Why::NoCode, "it has no code");
                continue;
            }
            let fields = Fields { issuer: title, name: value("Username"), ..Fields::default() };
            // The first part is the database's own name.
            let tags: Vec<String> = value("Group").split('/').skip(1).map(str::to_owned).collect();
            let trashed = tags.first().is_some_and(|tag| tag == "Recycle Bin");
            let account = from_uri(totp, fields).map(|account| Portable { tags, trashed, ..account });
            import.take(title, account);
        }
        Ok(import)
    }
}
