//! `WinAuth` (Windows): a zip with a list of URIs, or that list; a Steam account has its key in a `data` of its own. What it
//! sealed with PGP is the person's own `gpg`'s to open.

use countersign_core::secret::SecretText;
use zeroize::Zeroizing;

use super::{Confidence, Format, uris};
use crate::{
    archive::Archive,
    file::File,
    import::{Import, ImportError},
};

/// The format.
pub(super) struct WinAuth;

impl Format for WinAuth {
    fn name(&self) -> &'static str {
        "winauth"
    }

    fn title(&self) -> &'static str {
        "WinAuth"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Settings, Export…, with a password or without (PGP off)", "Copy the file here: winauth-….zip"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let is_list = |name: &str| name.to_ascii_lowercase().starts_with("winauth") && is_text(name);
        match Archive::open(file) {
            Some(archive) if archive.find(is_list).is_some() || sealed(&archive).is_some() => Confidence::Sure,
            Some(archive) if archive.find(is_text).is_some() => Confidence::Perhaps,
            _ => Confidence::No,
        }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let mut archive = Archive::open(file).ok_or_else(|| ImportError::damaged("its archive"))?;
        if sealed(&archive).is_some() {
            let how = "its list is sealed with PGP: unpack it, gpg --decrypt it into list.txt, then import list.txt";
            return Err(ImportError::Restricted(how.into()));
        }
        let mut names = archive.names();
        names.retain(|name| is_text(name));
        if names.is_empty() {
            return Err(ImportError::damaged("there is no list in its archive"));
        }
        names.sort();
        lists(&mut archive, &names, passphrase)
    }
}

/// Reads every list of an archive; a text without a URI beside them says nothing.
fn lists(archive: &mut Archive<'_>, names: &[String], passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
    let mut texts = Zeroizing::new(String::new());
    for name in names {
        let list = Zeroizing::new(archive.unpack(name, passphrase)?);
        let list = str::from_utf8(&list).map_err(|_| ImportError::damaged("its list is not text"))?;
        if names.len() == 1 || uris::is_list(list) {
            texts.push_str(list);
            texts.push('\n');
        }
    }
    Ok(uris::read(&texts))
}

fn is_text(name: &str) -> bool {
    ending(name) == "txt"
}

fn ending(name: &str) -> String {
    name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase()
}

/// Returns the name of what is sealed with PGP in an archive.
fn sealed(archive: &Archive<'_>) -> Option<String> {
    archive.find(|name| {
        name.to_ascii_lowercase().starts_with("winauth") && ["pgp", "gpg", "asc"].contains(&ending(name).as_str())
    })
}
