//! A vault of countersign itself, as a backup or another machine has it: `vault.age`, with the folder `slots` beside it.

use countersign_core::{secret::SecretText, vault::CopiedVault};

use super::{Confidence, Format, countersign_backup};
use crate::{
    file::File,
    import::{Import, ImportError},
};

/// The format.
pub(super) struct CountersignVault;

impl Format for CountersignVault {
    fn name(&self) -> &'static str {
        "countersign-vault"
    }

    fn title(&self) -> &'static str {
        "countersign (vault)"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["The folder ~/.local/share/countersign of the other machine, or a copy of it: vault.age, and slots beside it"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let is_ours = file.bytes().starts_with(b"age-encryption.org/v1\n-> X25519 ");
        if is_ours { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let (by_passphrase, recovery) = (file.beside("slots/passphrase.age"), file.beside("slots/recovery.age"));
        if by_passphrase.is_none() && recovery.is_none() {
            let how = "it opens by the key in slots/passphrase.age: give the file with the folder slots beside it";
            return Err(ImportError::Restricted(how.into()));
        }
        let copy = CopiedVault { vault: file.bytes(), passphrase: by_passphrase, recovery };
        let passphrase = passphrase.ok_or(ImportError::PassphraseNeeded)?;
        let accounts = copy.accounts(passphrase);
        let (accounts, odd) = accounts.map_err(|error| countersign_backup::as_import_error(&error))?;
        let mut import = Import { accounts, ..Import::default() };
        if odd > 0 {
            import
                .note(&format!("{odd} of its entries can't be understood: a later version of countersign wrote them."));
        }
        Ok(import)
    }
}
