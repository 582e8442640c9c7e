//! Implements the contract on top of the vault state. One file an interface; here stands what they share.

mod accounts;
mod backup;
mod camera;
mod checklist;
mod desktop;
mod exporting;
mod importing;
mod keeping;
mod link;
mod proving;
mod proving_by_buttons;
mod scanner;
mod search;
mod secrets;
mod unlocking;
mod vault;
mod waiting;

use std::{
    collections::{BTreeMap, HashMap},
    hash::RandomState,
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, OnceLock, atomic::AtomicBool},
    time::{Duration, Instant},
};

use countersign_api::{Caller, Error, PATH, accounts::Accounts, types::ScanOptions, vault::Vault as VaultInterface};
use countersign_core::{
    account::AccountId,
    vault::{Entry, Store, Vault},
};
use tokio::sync::{Semaphore, watch};
use zbus::{Connection, object_server::SignalEmitter};

use crate::{
    access_log::AccessLog,
    backup_notes::BackupNotes,
    callers::{Budget, Callers},
    candidates::Candidates,
    config::Config,
    harden,
    lock_triggers::{IdleClock, Trigger},
    notify::{About, Notifier},
    paths::Paths,
    private::Clients,
    screen::{self, Environment},
    search::hits::Hits,
    vault_state::{VaultState, Why},
};

/// What the interfaces hold: a door onto the service.
#[derive(Clone)]
pub struct Door(pub Arc<Service>);

impl Deref for Door {
    type Target = Arc<Service>;

    fn deref(&self) -> &Arc<Service> {
        &self.0
    }
}

/// Everything the daemon knows and does.
pub struct Service {
    paths: Paths,
    config: watch::Sender<Config>,
    store: Store,
    state: Mutex<VaultState>,
    candidates: Mutex<Candidates>,
    /// Names of what was sealed since the start, by a keyed hash of the text.
    sealed: Mutex<HashMap<u64, String>>,
    marks: RandomState,
    /// The last summary of a scan that was shown.
    last_summary: Mutex<Option<(String, Instant)>>,
    log: Mutex<AccessLog>,
    /// When the last backup was made, where, and when one was tried.
    backups: Mutex<BackupNotes>,
    /// One backup at a time.
    backing_up: Semaphore,
    /// The end of the last code given of each account, so that `unused` never gives it twice.
    given: Mutex<HashMap<AccountId, u64>>,
    /// What is missing on this desktop, by part.
    missing: Mutex<BTreeMap<&'static str, String>>,
    callers: Callers,
    clients: Arc<Clients>,
    bus: OnceLock<Connection>,
    notifier: Arc<Notifier>,
    /// The results that search boxes show.
    hits: Mutex<Hits>,
    search_budget: Mutex<Budget>,
    activation_budget: Mutex<Budget>,
    idle: IdleClock,
    /// One scan at a time.
    scanning: Semaphore,
    /// Whether that one is through a camera.
    through_camera: AtomicBool,
    /// One key derivation at a time.
    deriving: Semaphore,
    /// Those who wait for a key derivation, with those who wait for the word that theirs was wrong.
    waiting: Semaphore,
    /// Wrong passphrases in a row.
    wrong: Mutex<u32>,
}

impl Service {
    /// Sets up the service over the vault that the store holds.
    pub fn new(paths: Paths, config: Config, store: Store) -> Arc<Self> {
        let log = AccessLog::open(paths.access_log());
        let backups = BackupNotes::open(paths.backups());
        let state = VaultState::new(store.look());
        Arc::new(Self {
            paths,
            config: watch::Sender::new(config),
            store,
            state: Mutex::new(state),
            candidates: Mutex::default(),
            sealed: Mutex::default(),
            marks: RandomState::new(),
            last_summary: Mutex::default(),
            log: Mutex::new(log),
            backups: Mutex::new(backups),
            backing_up: Semaphore::new(1),
            given: Mutex::default(),
            missing: Mutex::default(),
            callers: Callers::default(),
            clients: Arc::default(),
            bus: OnceLock::new(),
            notifier: Arc::default(),
            hits: Mutex::default(),
            search_budget: Mutex::new(Budget::full(search::BURST, search::RATE, Instant::now())),
            activation_budget: Mutex::new(Budget::full(search::BURST, search::RATE, Instant::now())),
            idle: IdleClock::new(),
            scanning: Semaphore::new(1),
            through_camera: AtomicBool::new(false),
            deriving: Semaphore::new(1),
            waiting: Semaphore::new(MAX_WAITING),
            wrong: Mutex::default(),
        })
    }

    /// Takes note of the session bus.
    pub fn set_bus(&self, bus: Connection) {
        self.callers.set_bus(bus.clone());
        self.notifier.set_bus(bus.clone());
        // There is one bus in a daemon's life.
        let _ = self.bus.set(bus);
    }

    /// Returns the environment for programs on the caller's screen.
    async fn screen_environment(&self, caller: ScanOptions) -> Environment {
        screen::environment(caller, self.bus.get()).await
    }

    /// Returns the private clients.
    pub fn clients(&self) -> Arc<Clients> {
        self.clients.clone()
    }

    /// Forgets a private connection that has ended.
    pub fn forget(&self, connection: u64) {
        self.callers.forget(connection);
    }

    /// Takes note of what is missing on this desktop, and what that means; `None` takes it back.
    pub fn note_missing(&self, part: &'static str, what: Option<String>) {
        let mut missing = self.missing.lock().expect("no holder panics");
        match what {
            Some(what) => missing.insert(part, what),
            None => missing.remove(part),
        };
    }

    /// Reads the configuration anew.
    pub fn reload(&self) {
        self.config.send_replace(Config::read(&self.paths.config));
    }

    /// Follows the idle clock for ever.
    pub async fn watch_idleness(self: Arc<Self>) -> std::io::Result<()> {
        let (sender, mut limit) = watch::channel(self.config.borrow().idle_lock);
        let mut config = self.config.subscribe();
        loop {
            tokio::select! {
                over = self.idle.run_out(&mut limit) => {
                    over?;
                    self.wipe(Why::Trigger(Trigger::Idle), None);
                }
                Ok(()) = config.changed() => {
                    sender.send_replace(config.borrow_and_update().idle_lock);
                    self.idle.touch();
                }
            }
        }
    }

    /// Locks and wipes: the vault's key and its accounts, candidates, proofs of presence, private connections with what
    /// waits in them, the stack.
    pub fn wipe(self: &Arc<Self>, why: Why, but: Option<u64>) {
        let was_open = {
            let mut state = self.state();
            let was_open = state.lock(why);
            if was_open {
                self.forget_hits();
            }
            was_open
        };
        if was_open {
            self.notifier.withdraw(About::goes_at_lock);
            self.seal_candidates();
            self.callers.forget_presence();
            self.clients.shut_down_others(but);
            self.announce_state();
            tracing::info!("locked: {}", why.text());
        }
        harden::scrub();
    }

    /// Takes a guard of the state. It is never held over an await.
    fn state(&self) -> MutexGuard<'_, VaultState> {
        self.state.lock().expect("no holder panics")
    }

    /// Runs a look at the open vault.
    fn with_vault<T>(&self, look: impl FnOnce(&Vault) -> Result<T, Error>) -> Result<T, Error> {
        let state = self.state();
        match state.vault() {
            Some(vault) => look(vault),
            None => Err(crate::convert::not_open(state.phase())),
        }
    }

    /// Runs a change of the open vault; it is on disk when this returns, or undone in memory.
    fn change_vault<T>(
        self: &Arc<Self>,
        change: impl FnOnce(&mut Vault) -> Result<T, countersign_core::vault::VaultError>,
    ) -> Result<T, Error> {
        let result = {
            let mut state = self.state();
            match state.vault_mut() {
                Some(vault) => change(vault).map_err(|error| crate::convert::vault_error(&error)),
                None => Err(crate::convert::not_open(state.phase())),
            }
        };
        match &result {
            Ok(_) => {
                self.idle.touch();
                self.announce_accounts();
                self.withdraw_untrue();
                self.remind_of_backup();
            }
            // It may have become so: whoever shows the state looks again.
            Err(Error::ReadOnly(_)) => self.announce_state(),
            Err(_) => {}
        }
        result
    }

    /// Withdraws what the desktop still shows of accounts and candidates that are gone.
    fn withdraw_untrue(&self) {
        // While it is locked, nobody knows of accounts; what names them went at the lock.
        let proven = |entry: &Entry| (entry.id().to_string(), entry.confirmed().is_some());
        let accounts: Option<HashMap<String, bool>> =
            self.state().vault().map(|vault| vault.entries().map(proven).collect());
        let is_gone = |about: &About| match about {
            About::Accounts(ids) => {
                accounts.as_ref().is_some_and(|accounts| !ids.iter().any(|id| accounts.contains_key(id)))
            }
            About::Unproven(id) => accounts.as_ref().is_some_and(|accounts| accounts.get(id) != Some(&false)),
            About::Candidate(id) => self.text_of(id).is_err(),
            About::Names | About::NotOpen | About::Camera | About::NoBackup | About::Nobody => false,
        };
        self.notifier.withdraw(is_gone);
    }

    /// Takes note that the person's screen was locked or unlocked.
    pub fn set_screen_locked(&self, locked: bool) {
        self.notifier.set_screen_locked(locked);
    }

    /// Takes leave of the desktop.
    pub async fn end_notifications(&self) {
        self.notifier.end().await;
    }

    /// Counts the call, and refuses arguments that nobody needs so long.
    fn admit(self: &Arc<Self>, caller: &Caller, arguments: &[&str]) -> Result<(), Error> {
        self.callers.admit(caller)?;
        self.look_again();
        match arguments.iter().find(|argument| argument.len() > MAX_ARGUMENT) {
            None => Ok(()),
            Some(long) => {
                let text = format!("an argument of {} bytes is too long; {MAX_ARGUMENT} are taken", long.len());
                Err(Error::LimitsExceeded(text))
            }
        }
    }

    /// Looks at the disk again where there was no vault: a backup may have been put there since.
    fn look_again(self: &Arc<Self>) {
        // Whoever derives a key may be making one just now.
        let Ok(_one) = self.deriving.try_acquire() else { return };
        if self.state().look_again(|| self.store.look()) {
            self.announce_state();
        }
    }

    /// Tells everybody the state.
    fn announce_state(self: &Arc<Self>) {
        let (name, why, is_open) = {
            let state = self.state();
            (state.name(), state.why().id(), state.vault().is_some())
        };
        if is_open {
            self.notifier.withdraw(|about| *about == About::NotOpen);
        }
        let service = self.clone();
        tokio::spawn(async move {
            for connection in service.connections() {
                let Ok(emitter) = SignalEmitter::new(&connection, PATH) else { continue };
                // Who has gone needs no telling.
                let _ =
                    tokio::time::timeout(PATIENCE, VaultInterface::<Door>::state_changed(&emitter, name, why)).await;
            }
        });
    }

    /// Tells everybody that accounts came, went or changed.
    fn announce_accounts(self: &Arc<Self>) {
        let service = self.clone();
        tokio::spawn(async move {
            for connection in service.connections() {
                let Ok(emitter) = SignalEmitter::new(&connection, PATH) else { continue };
                let _ = tokio::time::timeout(PATIENCE, Accounts::<Door>::changed(&emitter)).await;
            }
        });
    }

    fn connections(&self) -> Vec<Connection> {
        self.bus.get().cloned().into_iter().chain(self.clients.connections()).collect()
    }
}

/// Returns the number of the caller's private connection.
fn connection_of(caller: &Caller) -> Option<u64> {
    match caller {
        Caller::Private(peer) => Some(peer.connection),
        Caller::Bus(_) => None,
    }
}

/// Returns 32 random hex characters.
fn random_id() -> String {
    AccountId::from_bytes(random()).to_string()
}

/// Returns a number that tells one export from another.
fn random_number() -> i32 {
    i32::from_ne_bytes(random())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let mut filled = 0;
    while filled < bytes.len() {
        filled += rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())
            .expect("the kernel has random numbers");
    }
    bytes
}

/// The longest argument: a QR's text, with room for the escapes of a URI.
const MAX_ARGUMENT: usize = 16 * 1024;
/// How many may wait for a key derivation.
const MAX_WAITING: usize = 6;
/// How long a client may take to take a signal in, and the bus to say who is there.
const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod testing {
    use countersign_api::{Peer, secrets::SecretsBackend, types::InitOptions};
    use countersign_core::vault::{RealDisk, Surroundings, VaultDirs};
    use std::sync::atomic::{AtomicU64, Ordering};
    use tempfile::TempDir;

    use super::*;
    use crate::vault_state::now;

    /// Returns a service in a home of its own, where no vault has been made.
    pub(super) fn without_vault() -> (TempDir, Door) {
        without_vault_by(Arc::default())
    }

    /// The same, its vault's clock so many seconds ahead of the real one.
    pub(super) fn without_vault_by(ahead: Arc<AtomicU64>) -> (TempDir, Door) {
        let home = tempfile::tempdir().unwrap();
        let path = |name| home.path().join(name);
        let paths = Paths { config: path("config"), data: path("data"), state: path("state"), socket: path("private") };
        let clock = Box::new(move || Duration::from_secs(now() + ahead.load(Ordering::Relaxed)));
        let dirs = VaultDirs { data: paths.data.clone(), state: paths.state.clone() };
        let store = Store::take_in(dirs, Surroundings { disk: Box::new(RealDisk), clock }).unwrap();
        let door = Door(Service::new(paths, Config::default(), store));
        (home, door)
    }

    /// Returns a service with an open vault, whose passphrase is `old`.
    pub(super) async fn with_vault() -> (TempDir, Door) {
        let (home, door) = without_vault();
        door.init(caller(), "old", InitOptions::default()).await.unwrap();
        (home, door)
    }

    /// Returns a caller.
    pub(super) fn caller() -> Caller {
        Caller::Private(Peer { connection: 1, uid: 0, pid: 1 })
    }
}
