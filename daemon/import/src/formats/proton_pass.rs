//! Proton Pass: a zip with `data.json`.

use std::{collections::HashMap, iter};

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
            let folders = list(vault, "folders").iter().map(|one| (text(one, "folderId"), one)).collect();
            for item in list(vault, "items") {
                take(&mut import, &places(vault, &folders, item), item);
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

/// Returns the names of the vault and the folders, one in the other, in which an item lies.
fn places(vault: &Value, folders: &HashMap<&str, &Value>, item: &Value) -> Vec<String> {
    let folder = |of: &Value, id: &str| maybe(of, id).and_then(|id| folders.get(id).copied());
    let inner = iter::successors(folder(item, "folderId"), |one| folder(one, "parentFolderId")).take(MAX_DEPTH);
    let mut names: Vec<&str> = inner.chain([vault]).filter_map(|one| maybe(one, "name")).collect();
    names.reverse();
    names.into_iter().map(str::to_owned).collect()
}

/// Takes the codes of an item: its own, and those of further fields.
fn take(import: &mut Import, tags: &[String], item: &Value) {
    let data = &item["data"];
    let (metadata, content) = (&data["metadata"], &data["content"]);
    // Items of a person's own making have their fields in sections.
    let sections = list(content, "sections").iter().chain(list(content, "extraSections"));
    let further = list(data, "extraFields").iter().chain(sections.flat_map(|one| list(one, "sectionFields")));
    let further = further.filter(|field| text(field, "type") == "totp");
    let further = further.filter_map(|field| maybe(&field["data"], "totpUri"));
    let codes: Vec<&str> = maybe(content, "totpUri").into_iter().chain(further).collect();
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
            tags: tags.to_vec(),
            pinned: flag(item, "pinned"),
            trashed: number(item, "state") == Some(2),
            ..account
        });
        import.take((name, login), account);
    }
}

/// Folders that lie in each other end somewhere.
const MAX_DEPTH: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_has_the_names_of_the_folders_that_it_lies_in() {
        let tags = |folder: &str| {
            let folders = r#"[{"folderId":"1","parentFolderId":null,"name":"Outer"},
                {"folderId":"2","parentFolderId":"1","name":"Inner"},
                {"folderId":"3","parentFolderId":"3","name":"Circle"}]"#;
            let content = r#"{"content":{"totpUri":"JBSWY3DPEHPK3PXP"}}"#;
            let item = format!(r#"{{"folderId":{folder},"data":{content}}}"#);
            let vault = format!(r#"{{"name":"Personal","folders":{folders},"items":[{item}]}}"#);
            let file = File::new(format!(r#"{{"userId":"u","vaults":{{"v":{vault}}}}}"#).into());
            ProtonPass.read(&file, None).unwrap().accounts.remove(0).tags
        };
        assert_eq!(tags("null"), ["Personal"]);
        assert_eq!(tags("\"1\""), ["Personal", "Outer"]);
        assert_eq!(tags("\"2\""), ["Personal", "Outer", "Inner"]);
        assert_eq!(tags("\"gone\""), ["Personal"]);
        assert!(tags("\"3\"").len() > 1);
    }
}
