//! A vault that lies outside its folder, as a backup or another machine has it: read once, never written.

use zeroize::Zeroizing;

use super::{
    Portable,
    content::{Content, Entry, duplicate},
    envelope::{self, VaultKey},
    error::{Unusable, VaultError},
    slots::{PASSPHRASE, RECOVERY, keys_in, passphrase_key, recovery_key},
};
use crate::secret::SecretText;

/// The files of a vault, as far as they are at hand (`FORMAT.md` §2).
#[derive(Clone, Copy)]
pub struct CopiedVault<'a> {
    /// `vault.age`.
    pub vault: &'a [u8],
    /// `slots/passphrase.age`.
    pub passphrase: Option<&'a [u8]>,
    /// `slots/recovery.age`.
    pub recovery: Option<&'a [u8]>,
}

impl CopiedVault<'_> {
    /// Returns its accounts, those in the trash too, and the number of entries that can't be understood. The key is the
    /// passphrase, or the recovery key as it was typed.
    ///
    /// # Errors
    /// [`VaultError::WrongPassphrase`] where it opens neither slot; [`VaultError::Unusable`] where a file is missing, damaged,
    /// newer, or not written by one who has the vault's key.
    pub fn accounts(&self, key: &SecretText) -> Result<(Vec<Portable>, usize), VaultError> {
        let content = self.open(&self.keys(key)?)?;
        Ok((content.entries.iter().map(portable).collect(), content.quarantined.len()))
    }

    /// Returns the keys that a slot gives: the recovery key's first, since that costs nothing to try.
    fn keys(&self, key: &SecretText) -> Result<Vec<VaultKey>, VaultError> {
        let by_recovery = self.recovery.zip(recovery_key(key).ok());
        if let Some((slot, key)) = by_recovery {
            return keys_in(slot, RECOVERY, &key);
        }
        match self.passphrase {
            Some(slot) => keys_in(slot, PASSPHRASE, &passphrase_key(key)?),
            None if self.recovery.is_some() => Err(VaultError::WrongPassphrase),
            None => Err(Unusable::Missing { what: "slots/passphrase.age".into() }.into()),
        }
    }

    /// There are two keys in the slots while the vault's key is being changed: one of them opens it.
    fn open(&self, keys: &[VaultKey]) -> Result<Content, VaultError> {
        let mut why = Unusable::Missing { what: "the vault's key".into() };
        for key in keys {
            match key.open_vault(self.vault, "vault.age") {
                Ok(plain) => return Ok(Content::read(plain.line())?),
                Err(other) => why = other,
            }
        }
        Err(why.into())
    }
}

fn portable(entry: &Entry) -> Portable {
    let details = &entry.details;
    Portable {
        account: duplicate(&details.account),
        note: details.note.clone(),
        tags: details.tags.clone(),
        pinned: details.pinned,
        trashed: details.deleted.is_some(),
        uses: details.uses,
    }
}

/// Opens an age file that is encrypted by passphrase, such as a backup.
///
/// # Errors
/// [`VaultError::WrongPassphrase`], and [`VaultError::Unusable`] where it is damaged or asks for more work than 2^20.
pub fn open_by_passphrase(file: &[u8], passphrase: &SecretText) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let key = passphrase_key(passphrase)?;
    envelope::decrypt(file, &key).map_err(|fault| {
        if fault.is_other_key() { VaultError::WrongPassphrase } else { fault.unusable(file, "the file").into() }
    })
}
