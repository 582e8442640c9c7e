//! Backups: folders that mirror the vault's own, copied byte for byte. `FORMAT.md` §7 describes them.
//!
//! Nothing is decrypted for one, so it needs no passphrase and can be made while the vault is locked; what opens the vault
//! opens its backup, and with stock `age` as well. A folder that has a backup's name is whole: it is written under another
//! name, waited for, read back and compared, and only then renamed.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::Advice;

use super::{
    DAY, Opener, VAULT_LIMIT, Vault, VaultDirs, backup_name,
    envelope::check_vault_form,
    error::{Unusable, VaultError},
    file::{self, Disk, RealDisk},
    slots,
    store::{Shared, Store, VAULT},
};

/// The vault's files as they lie on disk at one moment: ciphertext, and the public side of the vault key.
pub struct Snapshot {
    /// Path below the vault's folder, bytes.
    files: Vec<(PathBuf, Vec<u8>)>,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// The name of its folder.
    pub name: String,
    /// Names of older ones that were removed, since nobody needs so many.
    pub removed: Vec<String>,
}

/// A backup that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The name of its folder, such as `countersign-2026-11-30T014500Z`.
    pub name: String,
    /// Unix time at which it was made.
    pub made: u64,
}

impl Backup {
    /// Reads the name of a folder; `None` where it is not the name of a backup.
    pub fn named(name: String) -> Option<Self> {
        Some(Self { made: backup_name::read(&name)?, name })
    }
}

/// Why no backup was made. Nothing is left of it then, and no older one was removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Nothing can be written in the folder.
    #[error("nothing can be written there: {0}")]
    NotWritable(#[source] io::Error),
    /// The folder's file system does not say when a file is on its disk.
    #[error("its file system does not promise that what is written there stays (fsync: {0})")]
    NotDurable(#[source] io::Error),
    /// The folder is in memory, and the vault is not.
    #[error("it is in memory, and gone when the computer is switched off")]
    InMemory,
    /// Writing failed on the way.
    #[error("it could not be written: {0}")]
    NotWritten(#[source] io::Error),
    /// What was written is something else when it is read.
    #[error("what was written there reads back differently: the disk is failing")]
    Differs,
}

impl Store {
    /// Reads the vault's files for a backup. Needs no key; nobody may change the vault meanwhile.
    ///
    /// # Errors
    /// [`VaultError::NoVault`], or [`VaultError::Unusable`] for a vault that would not be worth a backup as it is.
    pub fn snapshot(&self) -> Result<Snapshot, VaultError> {
        self.0.must_be_present()?;
        Snapshot::read(self.0.disk.as_ref(), &self.0.dirs.data)
    }

    /// Writes a backup into a folder, reads it back, and removes those that are in nobody's interest any more: the last 10
    /// stay, the last one of each of the last 14 days, and the one named `proven`, which was seen to open: while the vault
    /// is locked, nobody sees that what is copied is damaged.
    ///
    /// # Errors
    /// [`BackupError`]: nothing is there then that was not there before.
    pub fn back_up(&self, snapshot: &Snapshot, to: &Path, proven: &str) -> Result<BackedUp, BackupError> {
        let disk = self.0.disk.as_ref();
        disk.may_write(to).map_err(BackupError::NotWritable)?;
        disk.sync_dir(to).map_err(BackupError::NotDurable)?;
        if is_in_memory(to) && !is_in_memory(&self.0.dirs.data) {
            return Err(BackupError::InMemory);
        }
        let unfinished = to.join(snapshot.unfinished_name());
        remove_all(&unfinished).map_err(BackupError::NotWritten)?;
        let name = free_name(to, self.0.now());
        if let Err(error) = snapshot.settle(disk, &unfinished, &to.join(&name)) {
            // The name was free: what has it now is of this backup.
            let _ = remove_all(&unfinished).and(remove_all(&to.join(&name)));
            return Err(error);
        }
        let removed = self.prune_backups(to, &[&name, proven], &unfinished);
        Ok(BackedUp { name, removed })
    }

    /// Returns the backups of this vault in a folder, the newest first; of any vault where there is none here.
    ///
    /// Those of a time to come, by a clock that was wrong, are the last.
    pub fn backups(&self, folder: &Path) -> Vec<Backup> {
        let (disk, own) = (self.0.disk.as_ref(), self.recipient());
        let of_this_vault = |name: &str| match &own {
            Some(own) => recipient_of(disk, &folder.join(name)).as_ref() == Some(own),
            None => true,
        };
        let mut all = self.named_backups(folder);
        all.retain(|backup| of_this_vault(&backup.name));
        all
    }

    /// Returns what has a backup's name in a folder and does not say of which vault it is, where nothing whole is newer.
    pub fn damaged_backup(&self, folder: &Path) -> Option<Backup> {
        let newest = self.named_backups(folder).into_iter().next()?;
        recipient_of(self.0.disk.as_ref(), &folder.join(&newest.name)).is_none().then_some(newest)
    }

    /// Returns all folders that have a backup's name, the newest first.
    fn named_backups(&self, folder: &Path) -> Vec<Backup> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let mut all: Vec<Backup> =
            folders.filter_map(|entry| Backup::named(entry.file_name().into_string().ok()?)).collect();
        let tomorrow = self.0.now() + DAY;
        all.sort_by_key(|backup| std::cmp::Reverse((backup.made <= tomorrow, backup.made)));
        all
    }

    /// Removes superfluous backups of this vault, never one of `kept`: by a wrong clock others may look newer than the one
    /// just made. A failure costs room, nothing else.
    fn prune_backups(&self, folder: &Path, kept: &[&str], unfinished: &Path) -> Vec<String> {
        let mut old = superfluous(&self.backups(folder), self.0.now());
        old.retain(|name| !kept.contains(&name.as_str()));
        // Half a backup must not have the name of one.
        old.retain(|name| {
            self.0.disk.rename(&folder.join(name), unfinished).and_then(|()| remove_all(unfinished)).is_ok()
        });
        old
    }
}

impl Vault {
    /// Whether a snapshot holds what this vault holds: its own file, for its own key.
    pub fn is_copied_by(&self, snapshot: &Snapshot) -> bool {
        let own = format!("{}\n", self.key.recipient());
        snapshot.file("recipient") == Some(own.as_bytes())
            && snapshot.file(VAULT).is_some_and(|file| self.reads_back(file, &self.content))
    }
}

impl Snapshot {
    /// Reads the files of a vault, or of a backup.
    fn read(disk: &dyn Disk, dir: &Path) -> Result<Self, VaultError> {
        let mut names: Vec<PathBuf> = [VAULT, "recipient"].map(PathBuf::from).to_vec();
        for folder in FOLDERS {
            names.extend(file::age_files(&dir.join(folder)).iter().map(|name| Path::new(folder).join(name)));
        }
        let passphrase = Path::new("slots").join(format!("{}.age", slots::PASSPHRASE));
        if !names.contains(&passphrase) {
            names.push(passphrase);
        }
        let read = |name: PathBuf| {
            let what = name.display().to_string();
            match disk.read(&dir.join(&name), VAULT_LIMIT) {
                Ok(bytes) => Ok((name, bytes)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Unusable::Missing { what }),
                Err(error) => Err(Unusable::unreadable(&what, &error)),
            }
        };
        let snapshot = Self { files: names.into_iter().map(read).collect::<Result<_, _>>()? };
        check_vault_form(snapshot.file(VAULT).unwrap_or_default(), VAULT)?;
        Ok(snapshot)
    }

    /// Returns the names of the key slots in it, such as `recovery`.
    pub fn slots(&self) -> Vec<String> {
        let slots = self.files.iter().filter(|(name, _)| name.starts_with("slots"));
        slots.filter_map(|(name, _)| Some(name.file_stem()?.to_str()?.to_owned())).collect()
    }

    fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.iter().find(|(known, _)| known == Path::new(name)).map(|(_, bytes)| bytes.as_slice())
    }

    /// The name is the vault's own, so that one vault never removes what another one is writing.
    fn unfinished_name(&self) -> String {
        let recipient = String::from_utf8_lossy(self.file("recipient").unwrap_or_default());
        let plain: String = recipient.chars().filter(char::is_ascii_alphanumeric).collect();
        format!(".countersign-{}.tmp", &plain[plain.len().saturating_sub(16)..])
    }

    /// Writes under one name, reads back, and gives it the other.
    fn settle(&self, disk: &dyn Disk, unfinished: &Path, whole: &Path) -> Result<(), BackupError> {
        self.write(disk, unfinished).map_err(BackupError::NotWritten)?;
        self.write_readme(disk, unfinished).map_err(BackupError::NotWritten)?;
        self.compare(disk, unfinished)?;
        let renamed = disk.rename(unfinished, whole).and_then(|()| disk.sync_dir(file::folder(whole)));
        renamed.map_err(BackupError::NotWritten)
    }

    /// Writes the files into a new folder, and waits until they are on disk.
    fn write(&self, disk: &dyn Disk, dir: &Path) -> io::Result<()> {
        file::make_dir(dir)?;
        for folder in FOLDERS.iter().filter(|folder| self.files.iter().any(|(name, _)| name.starts_with(folder))) {
            file::make_dir(&dir.join(folder))?;
        }
        for (name, bytes) in &self.files {
            disk.write_new(&dir.join(name), bytes)?;
        }
        for folder in FOLDERS.iter().map(|folder| dir.join(folder)).filter(|folder| folder.exists()) {
            disk.sync_dir(&folder)?;
        }
        disk.sync_dir(dir)
    }

    fn write_readme(&self, disk: &dyn Disk, dir: &Path) -> io::Result<()> {
        let has_recovery = self.slots().iter().any(|slot| slot == slots::RECOVERY);
        let text = if has_recovery { [README, README_RECOVERY] } else { [README, ""] }.concat();
        disk.write_new(&dir.join("README.txt"), text.as_bytes())?;
        disk.sync_dir(dir)
    }

    fn compare(&self, disk: &dyn Disk, dir: &Path) -> Result<(), BackupError> {
        for (name, bytes) in &self.files {
            let path = dir.join(name);
            // What was just written is still in memory: have it read from the disk, where the system takes the advice.
            let _ = File::open(&path).map(|file| rustix::fs::fadvise(file, 0, None, Advice::DontNeed));
            if disk.read(&path, VAULT_LIMIT).map_err(BackupError::NotWritten)? != *bytes {
                return Err(BackupError::Differs);
            }
        }
        Ok(())
    }
}

/// Says whether what is written in a folder is kept in memory only (statfs(2)).
fn is_in_memory(folder: &Path) -> bool {
    const TMPFS: i128 = 0x0102_1994;
    const RAMFS: i128 = 0x8584_58f6;
    // Some machines have the number with a sign.
    let kind = rustix::fs::statfs(folder).map(|found| i128::from(found.f_type) & 0xffff_ffff);
    kind.is_ok_and(|kind| kind == TMPFS || kind == RAMFS)
}

/// Says whether a folder is a backup, rather than one that holds some.
pub fn is_backup(folder: &Path) -> bool {
    folder.join(VAULT).is_file()
}

/// Opens a backup where it lies, from its own files alone. What is answered can only be read, and nothing is written there.
///
/// # Errors
/// As [`Store::open`], but for rolled-back vaults: a backup is allowed to be old.
pub fn open_backup(folder: &Path, opener: Opener<'_>) -> Result<Vault, VaultError> {
    Snapshot::read(&ReadOnly, folder)?;
    let dirs = VaultDirs { data: folder.to_owned(), state: PathBuf::new() };
    let shared = Arc::new(Shared::without_lock(dirs, Box::new(ReadOnly)));
    let (key, content) = shared.read_vault(&shared.keys(opener)?)?;
    shared.check_recipient(&key, &content)?;
    Ok(Vault::new(shared, key, content, None))
}

/// Restores a backup into a place and opens it there, all as on a new computer.
///
/// # Errors
/// As [`Store::open`]; [`VaultError::NotSaved`] where the place can't be written.
pub fn restore_backup(folder: &Path, place: &Path, opener: Opener<'_>) -> Result<Vault, VaultError> {
    let snapshot = Snapshot::read(&ReadOnly, folder)?;
    let dirs = VaultDirs { data: place.join("data"), state: place.join("state") };
    snapshot.write(&RealDisk, &dirs.data).map_err(VaultError::NotSaved)?;
    let store = Store::take(dirs).map_err(|error| VaultError::NotSaved(io::Error::other(error)))?;
    store.open(opener)
}

/// A disk that is only looked at.
struct ReadOnly;

impl Disk for ReadOnly {
    fn write_new(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn link(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn may_write(&self, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn remove(&self, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }
}

/// Returns a name that nothing in the folder has: two backups may fall into one second.
fn free_name(folder: &Path, now: u64) -> String {
    let names = (now..).map(backup_name::write);
    let mut free = names.filter(|name| fs::symlink_metadata(folder.join(name)).is_err());
    free.next().expect("there are more seconds than folders")
}

/// Returns the recipient that a backup was made for.
fn recipient_of(disk: &dyn Disk, backup: &Path) -> Option<String> {
    let bytes = disk.read(&backup.join("recipient"), 1024).ok()?;
    Some(String::from_utf8(bytes).ok()?.trim().to_owned())
}

/// Returns the names to remove of `all`, newest first: what is not among the last 10, nor the last of its day (UTC) in the
/// last 14 days.
fn superfluous(all: &[Backup], now: u64) -> Vec<String> {
    let mut keep: BTreeSet<&str> = all.iter().take(10).map(|backup| backup.name.as_str()).collect();
    let mut days = BTreeSet::new();
    for backup in all.iter().filter(|backup| backup.made / DAY + 14 > now / DAY) {
        if days.insert(backup.made / DAY) {
            keep.insert(&backup.name);
        }
    }
    let rest = all.iter().filter(|backup| !keep.contains(backup.name.as_str()));
    rest.map(|backup| backup.name.clone()).collect()
}

/// Removes a folder with all that is in it, if it is there. Links are removed, not followed.
fn remove_all(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The folders of a vault that belong into a backup. Earlier vaults don't: each backup is one.
const FOLDERS: [&str; 2] = ["slots", "inbox"];

const README: &str = "\
This folder is a backup of a countersign vault: two-factor accounts, encrypted. Without the passphrase or the
recovery key nobody can read it. The passphrase is the one that the vault had when this was made.

On a new computer, before anything was kept there: install countersign, but make no vault. Then copy what is in this
folder to ~/.local/share/countersign, for its owner only, and unlock:

    mkdir -p ~/.local/share/countersign && cp -r FOLDER/. ~/.local/share/countersign
    chmod -R go= ~/.local/share/countersign
    countersign unlock

Beside a vault that is there already, keep the accounts that are missing:

    countersign import FOLDER/vault.age

Without countersign, by age (https://age-encryption.org) and jq, in this folder. age asks for the passphrase:

    age -d -i slots/passphrase.age vault.age | head -1 | jq .

In what is shown, \"secret\" is what another authenticator asks for as the key or setup key.
";

const README_RECOVERY: &str = "
With the recovery key instead of the passphrase, written into a file recovery.txt (AGE-SECRET-KEY-1...):

    age -d -i recovery.txt slots/recovery.age | age -d -i - vault.age | head -1 | jq .

or, once the folder is copied: countersign unlock --recovery
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ten_and_the_last_of_each_of_two_weeks_stay() {
        let now = 20_000 * DAY + 1000;
        let one = |made| Backup { name: backup_name::write(made), made };
        let mut all: Vec<Backup> = (0..15).map(|n| one(now - n)).collect();
        all.extend((1..30).flat_map(|day| [one(now - day * DAY), one(now - day * DAY - 60)]));
        let gone = superfluous(&all, now);
        let kept: Vec<u64> = all.iter().filter(|one| !gone.contains(&one.name)).map(|one| one.made).collect();
        let expected: Vec<u64> = (0..10).map(|n| now - n).chain((1..14).map(|day| now - day * DAY)).collect();
        assert_eq!(kept, expected);
    }
}
