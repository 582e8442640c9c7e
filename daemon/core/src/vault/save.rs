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
            self.disk.link(&path, aside).map_err(|error| {
                if error.kind() != io::ErrorKind::AlreadyExists {
                    let _ = self.disk.remove(aside);
                }
                VaultError::NotSaved(error)
            })?;
        }
        self.write_and_settle(&path, bytes, fits).map_err(|error| {
            if Stamp::of(&path) == known {
                let _ = self.disk.remove(aside);
            } else {
                self.put_back(&path, known.is_some().then_some(aside));
            }
            VaultError::NotSaved(error)
        })
    }

    fn write_and_settle(&self, path: &Path, bytes: &[u8], fits: impl Fn(&[u8]) -> bool) -> io::Result<Stamp> {
        file::put(self.disk.as_ref(), path, bytes)?;
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
