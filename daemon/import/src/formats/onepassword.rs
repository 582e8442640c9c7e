//! 1Password: a 1pux file, a zip with `export.data`.

use countersign_core::{secret::SecretText, vault::Portable};
use serde_json::Value;

use super::{Confidence, Format};
use crate::{
    archive::Archive,
    fields::{Fields, from_uri},
    file::File,
    import::{Import, ImportError, Why},
    json::{self, flag, list, maybe, number, text, texts},
};

/// The format.
pub(super) struct OnePassword;

impl Format for OnePassword {
    fn name(&self) -> &'static str {
        "1password"
    }

    fn title(&self) -> &'static str {
        "1Password (1pux)"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["The desktop app: File, Export, the account; format 1PUX", "Copy the file here: 1PasswordExport-….1pux"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let has_data = Archive::open(file).is_some_and(|archive| archive.find(|name| name == DATA).is_some());
        if has_data { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let mut archive = Archive::open(file).ok_or_else(|| ImportError::damaged("its archive"))?;
        let export = json::parse(&archive.unpack(DATA, None)?)?;
        let mut import = Import::default();
        for vault in list(&export, "accounts").iter().flat_map(|account| list(account, "vaults")) {
            for item in list(vault, "items") {
                // The first versions wrapped each, beside its file.
                take(&mut import, vault, item.get("item").unwrap_or(item));
            }
        }
        Ok(import)
    }
}

/// Takes the codes of an item: each field may be one.
fn take(import: &mut Import, vault: &Value, item: &Value) {
    let (overview, details) = (&item["overview"], &item["details"]);
    let name = text(overview, "title");
    let fields = list(details, "sections").iter().flat_map(|section| list(section, "fields"));
    let codes: Vec<&str> = fields.filter_map(|field| maybe(&field["value"], "totp")).collect();
    let login = list(details, "loginFields").iter().find(|field| text(field, "designation") == "username");
    let login = login.map_or("", |field| text(field, "value"));
    if codes.is_empty() {
        import.leave_out((name, login), Why::NoCode, "it has no code");
    }
    for code in codes {
        let fields = Fields { issuer: name, name: login, ..Fields::default() };
        let mut tags = texts(overview, "tags");
        tags.extend(maybe(&vault["attrs"], "name").map(str::to_owned));
        tags.extend((text(item, "state") == "archived").then(|| "archived".to_owned()));
        let pinned = number(item, "favIndex").is_some_and(|index| index > 0);
        let note = text(details, "notesPlain").to_owned();
        // The first versions say so of each item; later ones leave such items out.
        let trashed = flag(item, "trashed");
        import.take(
            (name, login),
            from_uri(code, &fields).map(|account| Portable { note, tags, pinned, trashed, ..account }),
        );
    }
}

const DATA: &str = "export.data";
