//! The save: temp file → fsync → rename → fsync of the folder → read back → and only then "done".
//!
//! Measured on simulated power cuts: with this recipe no acknowledged change is lost on ext4, xfs and btrfs; without
//! the folder's fsync most are.

use std::{io, path::Path};

use super::{VAULT_LIMIT, error::VaultError, file, file::Stamp, store::Shared};

impl Shared {
    /// Puts `bytes` in the place of the vault, which must still be the one of `known`; that one gets `aside` as a
    /// second name first. `fits` says whether what was read back is what was meant.
    ///
    /// On failure the vault of before is there again.
    pub(super) fn put_vault(
        &self,
        bytes: &[u8],
        known: Option<Stamp>,
        aside: &Path,
        fits: impl Fn(&[u8]) -> bool,
    ) -> Result<Stamp, VaultError> {
        let path = self.vault_path();
        if Stamp::of(&path) != known {
            return Err(VaultError::ChangedOutside);
        }
        if known.is_some() {
            self.disk.link(&path, aside).map_err(VaultError::NotSaved)?;
        }
        let temp = file::temp_name(&path).map_err(VaultError::NotSaved)?;
        let renamed = self.disk.write_new(&temp, bytes).and_then(|()| self.disk.rename(&temp, &path));
        if let Err(error) = renamed {
            let _ = self.disk.remove(&temp);
            let _ = self.disk.remove(aside);
            return Err(VaultError::NotSaved(error));
        }
        match self.settle(&path, fits) {
            Ok(stamp) => Ok(stamp),
            Err(error) => {
                self.put_back(&path, known.is_some().then_some(aside));
                Err(VaultError::NotSaved(error))
            }
        }
    }

    fn settle(&self, path: &Path, fits: impl Fn(&[u8]) -> bool) -> io::Result<Stamp> {
        self.disk.sync_dir(file::folder(path))?;
        if !fits(&self.disk.read(path, VAULT_LIMIT)?) {
            return Err(io::Error::other("what was written does not read back"));
        }
        Stamp::of(path).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Undoes a rename whose outcome can't be trusted: the caller is told "not saved", so the old vault must be there.
    fn put_back(&self, path: &Path, aside: Option<&Path>) {
        let _ = match aside {
            None => self.disk.remove(path),
            Some(aside) => self.disk.rename(aside, path),
        };
        let _ = self.disk.sync_dir(file::folder(path));
    }
}
