//! Who is asking, how much they may ask, and whether the person has shown to be there.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File},
    io::Read,
    path::Path,
    sync::{Mutex, OnceLock},
    time::Instant,
};

use countersign_api::{Caller, Error};
use zbus::{Connection, fdo};

/// What the daemon knows of its callers.
#[derive(Default)]
pub struct Callers {
    bus: OnceLock<Connection>,
    processes: Mutex<HashMap<String, u32>>,
    /// A budget a process, so that new connections bring no new one; a client of the bus goes by its name.
    budgets: Mutex<HashMap<String, Budget>>,
    present: Mutex<HashSet<u64>>,
}

impl Callers {
    /// Takes note of the bus that vouches for its clients.
    pub fn set_bus(&self, bus: Connection) {
        // There is one bus in a daemon's life.
        let _ = self.bus.set(bus);
    }

    /// Counts a call against the caller's budget.
    pub fn admit(&self, caller: &Caller) -> Result<(), Error> {
        let mut budgets = self.budgets.lock().expect("no holder panics");
        let now = Instant::now();
        if budgets.len() >= MAX_REMEMBERED {
            budgets.retain(|_, budget| !budget.is_full(now));
        }
        let name = match caller {
            Caller::Private(peer) => format!("pid {}", peer.pid),
            Caller::Bus(name) => name.clone(),
        };
        let known = budgets.contains_key(&name) || budgets.len() < MAX_REMEMBERED;
        if known && budgets.entry(name).or_insert_with(|| Budget::full(BURST, RATE, now)).take(now) {
            Ok(())
        } else {
            let most = format!("more than {BURST} calls at once, or {RATE} a second, from one program");
            Err(Error::LimitsExceeded(format!("{most}: wait a moment, then try again")))
        }
    }

    /// Takes note that the person gave the passphrase on this connection.
    pub fn prove(&self, connection: u64) {
        self.present.lock().expect("no holder panics").insert(connection);
    }

    /// Refuses a caller on whose connection the passphrase was not given.
    pub fn require_presence(&self, caller: &Caller) -> Result<(), Error> {
        match caller {
            Caller::Private(peer) if self.present.lock().expect("no holder panics").contains(&peer.connection) => {
                Ok(())
            }
            _ => Err(Error::PresenceNeeded("this needs the passphrase first".into())),
        }
    }

    /// Forgets a private connection that has ended.
    pub fn forget(&self, connection: u64) {
        self.present.lock().expect("no holder panics").remove(&connection);
    }

    /// Forgets every proof of presence.
    pub fn forget_presence(&self) {
        self.present.lock().expect("no holder panics").clear();
    }

    /// Returns the program that asks, as the access log writes it: the path of its executable; for our own command line
    /// those of its parents, since every caller would look like `countersign`.
    pub async fn program(&self, caller: &Caller) -> String {
        match self.process(caller).await {
            Some(pid) => program_of(pid),
            None => UNKNOWN.into(),
        }
    }

    async fn process(&self, caller: &Caller) -> Option<u32> {
        let name = match caller {
            Caller::Private(peer) => return Some(peer.pid),
            Caller::Bus(name) => name,
        };
        if let Some(pid) = self.processes.lock().expect("no holder panics").get(name) {
            return Some(*pid);
        }
        let bus = self.bus.get()?;
        let proxy = fdo::DBusProxy::new(bus).await.ok()?;
        let found = proxy.get_connection_credentials(name.as_str().try_into().ok()?).await.ok()?;
        let pid = found.process_id()?;
        let mut processes = self.processes.lock().expect("no holder panics");
        if processes.len() >= MAX_REMEMBERED {
            processes.clear();
        }
        processes.insert(name.clone(), pid);
        Some(pid)
    }
}

fn program_of(pid: u32) -> String {
    let Some(own) = executable(pid) else { return UNKNOWN.into() };
    if Path::new(&own).file_name().is_none_or(|name| name != "countersign") {
        return own;
    }
    let mut chain = Vec::new();
    let mut pid = pid;
    while let Some(parent) = parent(pid).filter(|parent| *parent > 1 && chain.len() < MAX_CHAIN) {
        chain.push(executable(parent).unwrap_or_else(|| UNKNOWN.into()));
        pid = parent;
    }
    if chain.is_empty() { own } else { chain.join(" < ") }
}

fn executable(pid: u32) -> Option<String> {
    fs::read_link(format!("/proc/{pid}/exe")).ok().map(|path| path.to_string_lossy().into_owned())
}

fn parent(pid: u32) -> Option<u32> {
    // One read is enough for the first fields; a growing buffer would take six.
    let mut stat = [0; 512];
    let length = File::open(format!("/proc/{pid}/stat")).ok()?.read(&mut stat).ok()?;
    // The second field is the name in brackets, and may hold anything: the fields go on after the last bracket.
    let fields = stat[..length].rsplit(|&byte| byte == b')').next()?;
    str::from_utf8(fields).ok()?.split_whitespace().nth(1)?.parse().ok()
}

/// A bucket of calls that fills up again with time.
#[derive(Debug)]
pub(crate) struct Budget {
    calls: f64,
    at: Instant,
    burst: f64,
    rate: f64,
}

impl Budget {
    /// Returns one of so many calls at once that gets so many back each second.
    pub(crate) fn full(burst: f64, rate: f64, now: Instant) -> Self {
        Self { calls: burst, at: now, burst, rate }
    }

    fn level(&self, now: Instant) -> f64 {
        (self.calls + now.duration_since(self.at).as_secs_f64() * self.rate).min(self.burst)
    }

    fn is_full(&self, now: Instant) -> bool {
        self.level(now) >= self.burst
    }

    /// Takes one call, if there is one left.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        self.calls = self.level(now);
        self.at = now;
        if self.calls < 1.0 {
            return false;
        }
        self.calls -= 1.0;
        true
    }
}

const UNKNOWN: &str = "unknown program";
const MAX_REMEMBERED: usize = 1024;
const MAX_CHAIN: usize = 6;
/// Calls that one program may have at once.
const BURST: f64 = 2000.0;
/// Calls a second that it gets back.
const RATE: f64 = 1000.0;

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_api::Peer;
    use std::time::Duration;

    #[test]
    fn a_flood_is_refused_and_forgiven() {
        let start = Instant::now();
        let mut budget = Budget::full(BURST, RATE, start);
        let taken = (0..10_000).take_while(|_| budget.take(start)).count();
        assert_eq!(taken, BURST as usize);
        assert!(budget.take(start + Duration::from_secs(1)));
    }

    #[test]
    fn presence_is_good_for_one_connection() {
        let callers = Callers::default();
        let peer = |connection| Caller::Private(Peer { connection, uid: 0, pid: 1 });
        callers.prove(7);
        assert!(callers.require_presence(&peer(7)).is_ok());
        assert!(callers.require_presence(&peer(8)).is_err());
        assert!(callers.require_presence(&Caller::Bus(":1.7".into())).is_err());
        callers.forget(7);
        assert!(callers.require_presence(&peer(7)).is_err());
    }

    #[test]
    fn a_program_is_its_executable() {
        let own = std::env::current_exe().unwrap();
        assert_eq!(program_of(std::process::id()), own.to_string_lossy());
    }
}
