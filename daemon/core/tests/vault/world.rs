//! A private folder, a clock that stands until it is moved, and a disk that fails where it is told to.

use std::{
    io,
    path::Path,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use countersign_core::{
    account::{Account, AccountId, Algorithm, Kind},
    secret::{Secret, SecretText},
    vault::{Disk, IfExists, Opener, RealDisk, Store, Surroundings, Vault, VaultDirs, VaultError},
};
use tempfile::TempDir;

pub(crate) const DAY: u64 = 86_400;
pub(crate) const PASSPHRASE: &str = "correct horse";

pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) clock: Arc<AtomicU64>,
    pub(crate) faults: Arc<Faults>,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(AtomicU64::new(1_800_000_000));
        Self { dir: TempDir::new().unwrap(), clock, faults: Arc::default() }
    }

    pub(crate) fn dirs(&self) -> VaultDirs {
        VaultDirs { data: self.dir.path().join("data"), state: self.dir.path().join("state") }
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.dirs().data.join(name)
    }

    pub(crate) fn store(&self) -> Store {
        let clock = self.clock.clone();
        let clock = Box::new(move || Duration::from_secs(clock.load(Ordering::SeqCst)));
        Store::take_in(self.dirs(), Surroundings { disk: Box::new(FaultyDisk(self.faults.clone())), clock }).unwrap()
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    /// A vault with these accounts, its store, and its key. It is a copy of one that was made once for all tests.
    pub(crate) fn vault(&self, names: &[&str]) -> (Store, Vault, SecretText) {
        static MADE: OnceLock<(TempDir, String)> = OnceLock::new();
        let (dir, key) = MADE.get_or_init(|| {
            let world = World::new();
            let key = world.own_vault(&[]).2;
            (world.dir, key.expose().to_owned())
        });
        let store = self.store();
        for name in ["vault.age", "recipient", "slots/passphrase.age"] {
            std::fs::copy(dir.path().join("data").join(name), self.path(name)).unwrap();
        }
        let key = SecretText::from(key.as_str());
        let mut vault = reopen(&store, &key);
        keep(&mut vault, names);
        (store, vault, key)
    }

    /// The same with a key and an id that no other vault has; takes a second.
    pub(crate) fn own_vault(&self, names: &[&str]) -> (Store, Vault, SecretText) {
        let store = self.store();
        let mut vault = store.create(&SecretText::from(PASSPHRASE)).unwrap();
        keep(&mut vault, names);
        let key = vault.key_text();
        (store, vault, key)
    }
}

fn keep(vault: &mut Vault, names: &[&str]) {
    for name in names {
        vault.add(account("Example", name), IfExists::KeepBoth).unwrap();
    }
}

pub(crate) fn reopen(store: &Store, key: &SecretText) -> Vault {
    store.open(Opener::VaultKey(key)).unwrap()
}

/// The steps of a save that fail, counted from the moment they are armed.
#[derive(Default)]
pub(crate) struct Faults {
    countdown: AtomicUsize,
    pub(crate) kind: Mutex<Option<Fault>>,
    pub(crate) failed: Mutex<Option<&'static str>>,
    pub(crate) read_only: Mutex<bool>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Fault {
    Error(io::ErrorKind),
    /// The step does half of its work, then fails.
    Half,
    /// The step does its work, then says that it failed.
    Late,
    /// Reading gives back something else than was written.
    Flip,
}

impl Faults {
    /// Lets the `n`th step from now fail (1 is the next).
    pub(crate) fn arm(&self, n: usize, kind: Fault) {
        *self.kind.lock().unwrap() = Some(kind);
        *self.failed.lock().unwrap() = None;
        self.countdown.store(n, Ordering::SeqCst);
    }

    /// Stops failing; says which step did.
    pub(crate) fn disarm(&self) -> Option<&'static str> {
        self.countdown.store(0, Ordering::SeqCst);
        self.failed.lock().unwrap().take()
    }

    fn due(&self, step: &'static str) -> Option<Fault> {
        let left = self.countdown.load(Ordering::SeqCst);
        if left == 0 {
            return None;
        }
        self.countdown.store(left - 1, Ordering::SeqCst);
        if left > 1 {
            return None;
        }
        *self.failed.lock().unwrap() = Some(step);
        *self.kind.lock().unwrap()
    }
}

pub(crate) struct FaultyDisk(pub(crate) Arc<Faults>);

impl FaultyDisk {
    fn step(
        &self,
        name: &'static str,
        half: impl FnOnce() -> io::Result<()>,
        whole: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        match self.0.due(name) {
            None | Some(Fault::Flip) => whole(),
            Some(Fault::Error(kind)) => Err(kind.into()),
            Some(Fault::Half) => half().and(Err(io::ErrorKind::StorageFull.into())),
            Some(Fault::Late) => whole().and(Err(io::ErrorKind::Other.into())),
        }
    }
}

impl Disk for FaultyDisk {
    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let half = || RealDisk.write_new(path, &bytes[..bytes.len() / 2]);
        self.step("write", half, || RealDisk.write_new(path, bytes))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step("rename", || Ok(()), || RealDisk.rename(from, to))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step("link", || Ok(()), || RealDisk.link(from, to))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.step("sync", || Ok(()), || RealDisk.sync_dir(dir))
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = RealDisk.read(path, limit)?;
        match self.0.due("read") {
            None => {}
            Some(Fault::Error(kind)) => return Err(kind.into()),
            Some(Fault::Half) => bytes.truncate(bytes.len() / 2),
            Some(_) => {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            }
        }
        Ok(bytes)
    }

    fn may_write(&self, dir: &Path) -> io::Result<()> {
        if *self.0.read_only.lock().unwrap() {
            Err(io::ErrorKind::ReadOnlyFilesystem.into())
        } else {
            RealDisk.may_write(dir)
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }
}

pub(crate) fn account(issuer: &str, name: &str) -> Account {
    with_secret(issuer, name, format!("secret of {issuer} {name}").as_bytes())
}

pub(crate) fn with_secret(issuer: &str, name: &str, secret: &[u8]) -> Account {
    Account {
        issuer: issuer.to_owned(),
        name: name.to_owned(),
        prefix: None,
        kind: Kind::totp(),
        secret: Secret::new(secret.to_vec()),
    }
}

pub(crate) fn counter_based(name: &str, counter: u64) -> Account {
    let kind = Kind::Hotp { algorithm: Algorithm::Sha1, digits: 6, counter };
    Account { kind, ..account("Counter", name) }
}

pub(crate) fn names(vault: &Vault) -> Vec<String> {
    vault.entries().map(|entry| entry.account().name.clone()).collect()
}

pub(crate) fn only(vault: &Vault) -> AccountId {
    let mut all = vault.entries();
    let id = all.next().unwrap().id();
    assert!(all.next().is_none());
    id
}

/// Everything that a person can see of the accounts, in one comparable text.
pub(crate) fn state(vault: &Vault) -> Vec<String> {
    let line = |e: &countersign_core::vault::Entry| {
        let account = e.account();
        format!(
            "{} {:?} {:?} {:?} {:?} {:?}",
            e.id(),
            (&account.issuer, &account.name, &account.prefix),
            account.kind,
            account.secret.expose(),
            (e.note(), e.tags(), e.confirmed(), e.pinned()),
            e.created()
        )
    };
    vault.entries().map(line).collect()
}

/// Every file of the vault's folder but the lock file, with its bytes.
pub(crate) fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            all.extend(files(&entry.path()).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else if name != "lock" {
            all.push((name, std::fs::read(entry.path()).unwrap()));
        }
    }
    all.sort();
    all
}

/// The reason for which opening fails.
pub(crate) fn reason(result: Result<Vault, VaultError>) -> String {
    match result.unwrap_err() {
        VaultError::Unusable(reason) => reason.id().to_owned(),
        other => other.to_string(),
    }
}
