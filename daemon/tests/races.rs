//! A lock that comes while a key is derived. Whatever is under way then is done whole or refused, the vault ends locked,
//! and it opens afterwards.
//!
//! `join!` runs its first future until that waits for the derivation, and only then the second: so the lock always comes
//! in between, on any machine.

#![allow(clippy::unwrap_used)]

use std::{fs, path::Path, sync::Arc};

use countersign_api::{
    Caller, Error, Peer,
    accounts::AccountsBackend,
    secrets::SecretsBackend,
    types::{InitOptions, KeepOptions, ListOptions},
    vault::VaultBackend,
};
use countersign_core::vault::{Store, VaultDirs};
use countersignd::{
    config::Config,
    lock_triggers::Trigger,
    paths::Paths,
    service::{Door, Service},
    vault_state::Why,
};
use tempfile::TempDir;

const PASSPHRASE: &str = "correct horse";
const ANOTHER: &str = "another horse";

/// A daemon without a bus over a home of its own.
struct Daemon {
    home: TempDir,
    door: Door,
}

impl Daemon {
    fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap())
    }

    fn start_in(home: TempDir) -> Self {
        let path = |name: &str| home.path().join(name);
        let paths =
            Paths { config: path("config.toml"), data: path("data"), state: path("state"), socket: path("private") };
        let store = Store::take(VaultDirs { data: paths.data.clone(), state: paths.state.clone() }).unwrap();
        let door = Door(Service::new(paths, Config::default(), store));
        Self { home, door }
    }

    async fn with_vault() -> Self {
        let daemon = Self::start();
        daemon.init().await.unwrap();
        daemon.add("First").await;
        daemon
    }

    async fn init(&self) -> Result<(), Error> {
        self.door.init(person(), PASSPHRASE, InitOptions::default()).await
    }

    async fn add(&self, issuer: &str) {
        let uri = format!("otpauth://totp/{issuer}:alice?secret=GEZDGNBVGY3TQOJQ&issuer={issuer}");
        self.door.add(person(), &uri, KeepOptions::default()).await.unwrap();
    }

    async fn unlock(&self, passphrase: &str) -> Result<(), Error> {
        self.door.unlock_with(person(), "passphrase", passphrase).await
    }

    async fn issuers(&self) -> Vec<String> {
        let list = self.door.list(person(), ListOptions::default()).await.unwrap();
        list.into_iter().map(|account| account.issuer).collect()
    }

    /// Locks, each time in another way.
    async fn lock(&self, by_hand: bool) {
        if by_hand {
            let _ = self.door.lock(somebody_else()).await;
        } else {
            self.door.wipe(Why::Trigger(Trigger::Session), None);
        }
    }

    /// Expects a vault that is locked and whole, and opens it.
    async fn is_locked_and_whole(&self) {
        assert_eq!(self.door.state(), "locked");
        let scraps = scraps(&self.home.path().join("data"));
        assert!(scraps.is_empty(), "something half done was left: {scraps:?}");
        self.unlock(PASSPHRASE).await.unwrap();
    }
}

fn person() -> Caller {
    Caller::Private(Peer { connection: 1, uid: 0, pid: 1 })
}

fn somebody_else() -> Caller {
    Caller::Private(Peer { connection: 2, uid: 0, pid: 2 })
}

/// Returns what lies in a folder and does not belong into a vault at rest.
fn scraps(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            found.extend(scraps(&entry.path()));
        } else if name == "creating" || name.contains(".tmp-") {
            found.push(name);
        }
    }
    found
}

fn says_locked(result: &Result<(), Error>, what: &str) {
    assert!(matches!(result, Err(Error::Locked(text)) if text.contains(what)), "{result:?}");
}

#[tokio::test]
async fn a_lock_during_init_leaves_a_whole_vault_locked() {
    for by_hand in [true, false] {
        let daemon = Daemon::start();
        let (made, ()) = tokio::join!(biased; daemon.init(), daemon.lock(by_hand));
        says_locked(&made, "the vault is made");
        daemon.is_locked_and_whole().await;
        daemon.add("First").await;
        assert_eq!(daemon.issuers().await, ["First"]);
    }
}

#[tokio::test]
async fn a_lock_during_an_unlock_is_the_last_word() {
    for by_hand in [true, false] {
        let daemon = Daemon::with_vault().await;
        daemon.lock(true).await;
        let (opened, ()) = tokio::join!(biased; daemon.unlock(PASSPHRASE), daemon.lock(by_hand));
        says_locked(&opened, "the vault is locked");
        daemon.is_locked_and_whole().await;
    }
}

#[tokio::test]
async fn a_lock_while_a_generation_is_taken_leaves_it_taken_and_locked() {
    for by_hand in [true, false] {
        let daemon = Daemon::with_vault().await;
        daemon.add("Second").await;
        let name = daemon.newest_generation().await;
        let (taken, ()) = tokio::join!(biased; daemon.take(&name), daemon.lock(by_hand));
        says_locked(&taken, "the generation is taken");
        assert_eq!(daemon.door.why(), "by-hand", "so that the keyring opens it for nobody");
        daemon.is_locked_and_whole().await;
        assert_eq!(daemon.issuers().await, ["First"]);
        daemon.add("Third").await;
    }
}

/// The daemon thought on that the vault was unusable, although a good one lay on disk again.
#[tokio::test]
async fn a_lock_while_a_damaged_vault_is_replaced_leaves_a_good_one() {
    for by_hand in [true, false] {
        let daemon = Daemon::with_vault().await;
        daemon.add("Second").await;
        let Daemon { home, door } = daemon;
        end(door).await;
        fs::write(home.path().join("data/vault.age"), "no vault").unwrap();
        let daemon = Daemon::start_in(home);
        assert_eq!(daemon.door.state(), "unusable");
        let name = daemon.newest_generation().await;
        let (taken, ()) = tokio::join!(biased; daemon.take(&name), daemon.lock(by_hand));
        says_locked(&taken, "the generation is taken");
        daemon.is_locked_and_whole().await;
        assert_eq!(daemon.issuers().await, ["First"]);
    }
}

/// Ends a daemon: what it has under way holds it, and lets go of it.
async fn end(door: Door) {
    while Arc::strong_count(&door.0) > 1 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_lock_around_a_change_of_the_passphrase_leaves_exactly_one_that_opens() {
    for lock_first in [true, false] {
        let daemon = Daemon::with_vault().await;
        daemon.door.prove(person(), PASSPHRASE).await.unwrap();
        let change = daemon.door.change_passphrase(person(), ANOTHER);
        let changed = if lock_first {
            tokio::join!(biased; daemon.lock(true), change).1
        } else {
            tokio::join!(biased; change, daemon.lock(true)).0
        };
        assert!(changed.is_err() || !lock_first, "it was changed while locked");
        assert_eq!(daemon.door.state(), "locked");
        let (right, wrong) = if changed.is_ok() { (ANOTHER, PASSPHRASE) } else { (PASSPHRASE, ANOTHER) };
        let refused = daemon.unlock(wrong).await;
        assert!(matches!(refused, Err(Error::WrongPassphrase(_))), "{refused:?}");
        daemon.unlock(right).await.unwrap();
        assert_eq!(daemon.issuers().await, ["First"]);
        assert_eq!(scraps(&daemon.home.path().join("data")), Vec::<String>::new());
    }
}

impl Daemon {
    async fn newest_generation(&self) -> String {
        self.door.generations(person()).await.unwrap()[0].name.clone()
    }

    async fn take(&self, name: &str) -> Result<(), Error> {
        self.door.take_generation(person(), name, PASSPHRASE).await
    }
}
