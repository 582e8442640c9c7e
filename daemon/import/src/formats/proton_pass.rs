//! Proton Pass: a zip with `data.json`.

use countersign_core::{secret::SecretText, vault::Portable};
use serde_json::Value;

use super::{Confidence, Format};
use crate::{
    archive::Archive,
    fields::{Fields, from_uri},
    file::File,
    import::{Import, ImportError, Why},
    json::{self, flag, list, maybe, number, text},
};

/// The format.
pub(super) struct ProtonPass;

impl Format for ProtonPass {
    fn name(&self) -> &'static str {
        "proton-pass"
    }

    fn title(&self) -> &'static str {
        "Proton Pass"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Settings, Export, Format: ZIP (PGP encryption off)", "Copy the file here: Proton Pass_export_….zip"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let is_ours = Archive::open(file).is_some_and(|archive| data(&archive).is_some() || sealed(&archive))
            || file.has_members(&["vaults", "userId"]);
        if is_ours { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let bytes = match Archive::open(file) {
            Some(archive) if sealed(&archive) => {
                let how = "it is sealed with PGP: export again, with the PGP encryption off";
                return Err(ImportError::Restricted(how.into()));
            }
            Some(mut archive) => {
                let name = data(&archive).ok_or_else(|| ImportError::damaged("data.json is missing"))?;
                archive.unpack(&name, passphrase)?
            }
            None => file.bytes().to_vec(),
        };
        let export = json::parse(&bytes)?;
        let mut import = Import::default();
        for vault in export["vaults"].as_object().into_iter().flat_map(|vaults| vaults.values()) {
            for item in list(vault, "items") {
                take(&mut import, vault, item);
            }
        }
        Ok(import)
    }
}

fn data(archive: &Archive<'_>) -> Option<String> {
    archive.find(|name| name.ends_with("Proton Pass/data.json"))
}

fn sealed(archive: &Archive<'_>) -> bool {
    archive.find(|name| name.ends_with("Proton Pass/data.pgp")).is_some()
}

/// Takes the codes of an item: its own, and those of further fields.
fn take(import: &mut Import, vault: &Value, item: &Value) {
    let data = &item["data"];
    let (metadata, content) = (&data["metadata"], &data["content"]);
    // Items of a person's own making have their fields in sections.
    let sections = list(content, "sections").iter().chain(list(content, "extraSections"));
    let further = list(data, "extraFields").iter().chain(sections.flat_map(|one| list(one, "sectionFields")));
    let further = further.filter(|field| text(field, "type") == "totp");
    let further = further.map(|field| text(&field["data"], "totpUri"));
    let codes: Vec<&str> = maybe(content, "totpUri").into_iter().chain(further).filter(|uri| !uri.is_empty()).collect();
    // The first versions had one name for both.
    let names = ["itemUsername", "itemEmail", "username"];
    let login = names.iter().find_map(|name| maybe(content, name)).unwrap_or_default();
    let name = text(metadata, "name");
    if codes.is_empty() {
        import.leave_out((name, login), Why::NoCode, "it has no code");
    }
    for uri in codes {
        let fields = Fields { issuer: name, name: login, ..Fields::default() };
        let account = from_uri(uri, &fields).map(|account| Portable {
            note: text(metadata, "note").to_owned(),
            tags: maybe(vault, "name").map(str::to_owned).into_iter().collect(),
            pinned: flag(item, "pinned"),
            trashed: number(item, "state") == Some(2),
            ..account
        });
        import.take((name, login), account);
    }
}
