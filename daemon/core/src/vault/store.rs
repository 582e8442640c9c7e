//! The vault's folder: who may write, what is there, and how it is made and opened.

use std::{fs::File, io, os::unix::fs::MetadataExt, path::PathBuf, sync::Arc, time::Duration};

use super::{
    Generation, Opener, PRESENT, Slot, VAULT_LIMIT, Vault, VaultDirs,
    content::Content,
    envelope::{self, VaultKey},
    error::{StoreError, Unusable, VaultError},
    file::{self, Disk, Lock, RealDisk, Stamp},
    generations::Why,
    seen, slots,
};
use crate::secret::SecretText;

/// The vault's folder, held by the one process that may write there. It knows no key.
#[derive(Clone)]
pub struct Store(pub(super) Arc<Shared>);

/// What stands in the folder, as far as it shows without a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Nothing of a vault.
    Absent,
    /// A vault that looks whole.
    Present,
    /// Something that can't be used as it is.
    Unusable(Unusable),
}

/// What a store is built on; other than the default in tests only.
pub struct Surroundings {
    /// Where files go.
    pub disk: Box<dyn Disk>,
    /// The time since 1970.
    pub clock: Box<dyn Fn() -> Duration + Send + Sync>,
}

impl Default for Surroundings {
    fn default() -> Self {
        let clock = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self { disk: Box::new(RealDisk), clock: Box::new(clock) }
    }
}

/// What the folder and the opened vault share.
pub(super) struct Shared {
    pub(super) dirs: VaultDirs,
    pub(super) disk: Box<dyn Disk>,
    pub(super) device: u64,
    clock: Box<dyn Fn() -> Duration + Send + Sync>,
    /// Held, not read: the lock ends when the file closes.
    _lock: Option<File>,
}

impl Store {
    /// Makes the folders, 0700, and takes the lock file.
    ///
    /// # Errors
    /// [`StoreError::AlreadyRunning`] where another process holds it; [`StoreError::Unsafe`] where others may write.
    pub fn take(dirs: VaultDirs) -> Result<Self, StoreError> {
        Self::take_in(dirs, Surroundings::default())
    }

    /// Like [`Store::take`], on another disk and clock.
    pub fn take_in(dirs: VaultDirs, around: Surroundings) -> Result<Self, StoreError> {
        let wrap = |path: &PathBuf| {
            let path = path.clone();
            move |source| StoreError::Io { path, source }
        };
        match file::make_dir(&dirs.data) {
            Err(error) if !file::can_only_read(&error) => return Err(wrap(&dirs.data)(error)),
            _ => {}
        }
        check_owner(&dirs.data)?;
        let path = dirs.data.join("lock");
        let lock = match file::lock(&path).map_err(wrap(&path))? {
            Lock::Held(lock) => lock,
            Lock::Taken(pid) => return Err(StoreError::AlreadyRunning { pid }),
        };
        for dir in ["slots", "inbox", "generations"].map(|name| dirs.data.join(name)).iter().chain([&dirs.state]) {
            // A folder that can't be made is told by what needs it.
            let _ = file::make_dir(dir);
            file::sweep(dir);
        }
        file::sweep(&dirs.data);
        let device = seen::device(&dirs.state);
        Ok(Self(Arc::new(Shared { dirs, disk: around.disk, device, clock: around.clock, _lock: lock })))
    }

    /// Says what is there, without a key: reads the vault's header only for its form.
    pub fn look(&self) -> Look {
        self.0.look()
    }

    /// Returns the ways to open the vault.
    pub fn slots(&self) -> Vec<Slot> {
        self.0.slots()
    }

    /// Returns the earlier vaults, the newest first.
    pub fn generations(&self) -> Vec<Generation> {
        self.0.generations()
    }

    /// Makes a vault, opened by this passphrase.
    ///
    /// # Errors
    /// [`VaultError::AlreadyExists`] or [`VaultError::Unusable`] where anything of a vault is there: nothing is ever
    /// made over it.
    pub fn create(&self, passphrase: &SecretText) -> Result<Vault, VaultError> {
        match self.look() {
            Look::Absent => {}
            Look::Present => return Err(VaultError::AlreadyExists),
            Look::Unusable(reason) => return Err(reason.into()),
        }
        slots::check_passphrase(passphrase)?;
        let shared = &self.0;
        shared.must_be_writable()?;
        let key = VaultKey::generate();
        let id = file::hex(&file::random::<16>().map_err(VaultError::NotSaved)?);
        // While this mark stands and vault.age does not, the rest belongs to a vault that nobody has been given.
        let mark = shared.creating_mark();
        file::replace(shared.disk.as_ref(), &mark, b"").map_err(VaultError::NotSaved)?;
        shared.write_passphrase_slot(passphrase, &[&key])?;
        shared.write_recipient(&key)?;
        let mut vault = Vault::new(shared.clone(), key, Content::new(id), None);
        vault.commit(vault.draft(), Why::Save)?;
        let _ = shared.disk.remove(&mark);
        Ok(vault)
    }

    /// Opens the vault. By passphrase this takes about half a second and 128 MiB.
    ///
    /// # Errors
    /// [`VaultError::NoVault`], [`VaultError::WrongPassphrase`], or [`VaultError::Unusable`] with the reason.
    pub fn open(&self, opener: Opener<'_>) -> Result<Vault, VaultError> {
        let shared = &self.0;
        shared.must_be_present()?;
        let stamp = Stamp::of(&shared.vault_path());
        let (key, content) = shared.read_vault(&shared.keys(opener)?)?;
        shared.check_recipient(&key, &content)?;
        let last = seen::last(&shared.dirs.state, &content.vault);
        if content.generation < last {
            return Err(Unusable::RolledBack { seen: last, found: content.generation }.into());
        }
        seen::remember(&shared.dirs.state, &content.vault, content.generation);
        let _ = shared.disk.remove(&shared.creating_mark());
        Ok(Vault::new(shared.clone(), key, content, stamp))
    }

    /// Shows that the person knows the passphrase: the slot opens, and what is in it opens the vault.
    pub fn check_passphrase(&self, passphrase: &SecretText) -> Result<(), VaultError> {
        self.0.must_be_present()?;
        self.0.read_vault(&self.0.keys(Opener::Passphrase(passphrase))?).map(drop)
    }

    /// Puts an earlier vault in the place of one that can't be used, and opens it. [`PRESENT`] goes on with a rolled-back
    /// one. What was there becomes a generation itself.
    pub fn take_generation(&self, name: &str, opener: Opener<'_>) -> Result<Vault, VaultError> {
        let shared = &self.0;
        let mut keys = shared.keys(opener)?;
        let stamp = Stamp::of(&shared.vault_path());
        let present = shared.read_vault(&keys).ok();
        let why = if present.is_some() || name == PRESENT { Why::Restore } else { Why::Damaged };
        if let Some((_, content)) = &present {
            keys.extend(content.old_keys.iter().map(VaultKey::duplicate));
        }
        let (key, mut content) = match (name, present) {
            (PRESENT, Some(present)) => present,
            (PRESENT, None) => return Err(shared.read_vault(&keys).err().unwrap_or(VaultError::NoVault)),
            (_, present) => shared.earlier(name, &keys, present)?,
        };
        content.generation = content.generation.max(seen::last(&shared.dirs.state, &content.vault));
        let mut vault = Vault::new(shared.clone(), key, content, stamp);
        vault.commit(vault.draft(), why)?;
        shared.write_recipient(&vault.key)?;
        Ok(vault)
    }

    /// Seals a text, such as a QR's, to the vault's recipient: no key is needed, and only the opened vault can read it.
    /// Returns its name in the inbox.
    pub fn seal(&self, text: &SecretText) -> Result<String, VaultError> {
        self.0.must_be_present()?;
        self.0.seal(text)
    }

    /// Drops a sealed text, unseen.
    pub fn discard_sealed(&self, name: &str) -> Result<(), VaultError> {
        self.0.discard(name)
    }

    /// Says whether a sealed text of this name waits in the inbox.
    pub fn is_sealed(&self, name: &str) -> bool {
        self.0.is_sealed(name)
    }

    /// Returns the public side of the vault key: what names this vault in the login keyring.
    pub fn recipient(&self) -> Option<String> {
        self.0.recipient().ok()
    }

    /// Returns how many sealed texts wait in the inbox.
    pub fn sealed(&self) -> usize {
        file::age_files(&self.0.dirs.data.join("inbox")).len()
    }

    /// Returns why nothing can be written, where that is so.
    pub fn read_only(&self) -> Option<String> {
        self.0.read_only()
    }
}

impl Shared {
    /// Takes a folder that is only looked at, by a disk that writes nothing: nobody's lock is asked for.
    pub(super) fn without_lock(dirs: VaultDirs, disk: Box<dyn Disk>) -> Self {
        Self { dirs, disk, device: 0, clock: Surroundings::default().clock, _lock: None }
    }

    /// Returns the time: seconds since 1970.
    pub(super) fn now(&self) -> u64 {
        (self.clock)().as_secs()
    }

    pub(super) fn now_millis(&self) -> u64 {
        (self.clock)().as_millis() as u64
    }

    /// Returns where the vault lies: behind the link, where a dotfile manager made one.
    pub(super) fn vault_path(&self) -> PathBuf {
        let path = self.dirs.data.join(VAULT);
        path.canonicalize().unwrap_or(path)
    }

    pub(super) fn slot_path(&self, name: &str) -> PathBuf {
        self.dirs.data.join("slots").join(format!("{name}.age"))
    }

    pub(super) fn keyring_mark(&self) -> PathBuf {
        self.dirs.data.join("slots").join(slots::KEYRING)
    }

    pub(super) fn recipient_path(&self) -> PathBuf {
        self.dirs.data.join("recipient")
    }

    fn creating_mark(&self) -> PathBuf {
        self.dirs.data.join("creating")
    }

    fn look(&self) -> Look {
        let file = match self.disk.read(&self.vault_path(), VAULT_LIMIT) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.look_around(),
            Err(error) => return Look::Unusable(Unusable::unreadable(VAULT, &error)),
        };
        match envelope::check_vault_form(&file, VAULT) {
            Ok(()) => Look::Present,
            Err(reason) => Look::Unusable(reason),
        }
    }

    /// There is no vault.age: is there nothing at all, or has it gone missing?
    fn look_around(&self) -> Look {
        let lost = |dir: &str| !file::age_files(&self.dirs.data.join(dir)).is_empty();
        // A link that leads nowhere is a vault on a disk that is not there.
        let linked = std::fs::symlink_metadata(self.dirs.data.join(VAULT)).is_ok();
        let begun = lost("slots") || self.recipient_path().exists();
        let used = lost("generations") || lost("inbox") || self.keyring_mark().exists();
        if linked || used || (begun && !self.creating_mark().exists()) {
            Look::Unusable(Unusable::Missing { what: VAULT.to_owned() })
        } else {
            Look::Absent
        }
    }

    pub(super) fn must_be_present(&self) -> Result<(), VaultError> {
        match self.look() {
            Look::Absent => Err(VaultError::NoVault),
            Look::Present => Ok(()),
            Look::Unusable(reason) => Err(reason.into()),
        }
    }

    /// Reads vault.age with whichever of the keys fits.
    pub(super) fn read_vault(&self, keys: &[VaultKey]) -> Result<(VaultKey, Content), VaultError> {
        let file = self.disk.read(&self.vault_path(), VAULT_LIMIT).map_err(|error| Unusable::unreadable(VAULT, &error));
        open_with(keys, &file?, VAULT)
    }

    /// The recipient beside the vault must be the key's own: scans are sealed to it while nobody can check.
    pub(super) fn check_recipient(&self, key: &VaultKey, content: &Content) -> Result<(), VaultError> {
        let interrupted = |known: &str| content.old_keys.iter().any(|old| old.recipient() == known);
        match self.recipient() {
            Ok(known) if known == key.recipient() => Ok(()),
            Ok(known) if !interrupted(&known) => {
                let what = "the file recipient does not belong to this vault's key".to_owned();
                Err(Unusable::Foreign { what }.into())
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Unusable::unreadable("recipient", &error).into())
            }
            // Missing, or left by an interrupted change of the key: written again, unless the disk is read-only.
            _ => {
                let _ = self.write_recipient(key);
                Ok(())
            }
        }
    }

    pub(super) fn write_recipient(&self, key: &VaultKey) -> Result<(), VaultError> {
        let line = format!("{}\n", key.recipient());
        file::replace(self.disk.as_ref(), &self.recipient_path(), line.as_bytes()).map_err(VaultError::NotSaved)
    }

    /// Returns why nothing can be written, where that is so. Asked anew each time: a disk may be remounted.
    pub(super) fn read_only(&self) -> Option<String> {
        let path = self.vault_path();
        let dir = file::folder(&path);
        self.disk.may_write(dir).err().map(|error| format!("{}: {error}", dir.display()))
    }

    pub(super) fn must_be_writable(&self) -> Result<(), VaultError> {
        self.read_only().map_or(Ok(()), |reason| Err(VaultError::ReadOnly(reason)))
    }
}

/// Reads a vault file with whichever of the keys fits.
pub(super) fn open_with(keys: &[VaultKey], file: &[u8], what: &str) -> Result<(VaultKey, Content), VaultError> {
    let mut reason = Unusable::Damaged { what: what.to_owned() };
    for (first, key) in keys.iter().enumerate().map(|(index, key)| (index == 0, key)) {
        match key.open_vault(file, what) {
            Ok(plain) => return Ok((key.duplicate(), Content::read(plain.line())?)),
            // That a key is another one says less than what the fitting one found.
            Err(Unusable::Foreign { .. }) if !first => {}
            Err(why) => reason = why,
        }
    }
    Err(reason.into())
}

fn check_owner(dir: &PathBuf) -> Result<(), StoreError> {
    let Ok(meta) = std::fs::metadata(dir) else { return Ok(()) };
    let why = match meta {
        _ if meta.uid() != rustix::process::geteuid().as_raw() => "belongs to another user",
        _ if meta.mode() & 0o022 != 0 => "can be written by other users (chmod 700)",
        _ => return Ok(()),
    };
    Err(StoreError::Unsafe { path: dir.clone(), why })
}

pub(super) const VAULT: &str = "vault.age";
