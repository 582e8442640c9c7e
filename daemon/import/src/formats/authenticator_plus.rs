//! Authenticator Plus (Android): a zip with a password and a list of URIs in it.

use countersign_core::secret::SecretText;

use super::{Confidence, Format, uris};
use crate::{
    archive::Archive,
    file::File,
    import::{Import, ImportError},
};

/// The format.
pub(super) struct AuthenticatorPlus;

impl Format for AuthenticatorPlus {
    fn name(&self) -> &'static str {
        "authenticator-plus"
    }

    fn title(&self) -> &'static str {
        "Authenticator Plus"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Settings, Backup & Restore, Export as text and HTML", "Copy the file here: authplus-….zip"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let has_list = Archive::open(file).is_some_and(|archive| archive.find(|name| name == LIST).is_some());
        if has_list { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let mut archive = Archive::open(file).ok_or_else(|| ImportError::damaged("its archive"))?;
        let list = archive.unpack(LIST, passphrase)?;
        Ok(uris::read(str::from_utf8(&list).map_err(|_| ImportError::damaged("its list is not text"))?))
    }
}

const LIST: &str = "Accounts.txt";
