//! Who got a code or an export when: time, program, account ids. Never a name, never a code.
//!
//! One line a code: `1750000000 32-hex-id /usr/bin/program`, appended to a file of the state folder, and one an export, with
//! `export:id,id,…` in the place of the id. Last use and the order "most used first" are computed from the codes.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

use countersign_core::account::AccountId;

/// One code given, or one export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Unix time, seconds.
    pub time: u64,
    /// What was given.
    pub given: Given,
    /// Path of the program that asked.
    pub program: String,
}

/// What a program was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// A code of this account.
    Code(AccountId),
    /// All of these accounts, with their secrets.
    Export(Vec<AccountId>),
}

/// How much an account is used.
#[derive(Debug, Clone, Copy, Default)]
pub struct Use {
    /// Unix time of the last code.
    pub last: u64,
    /// Codes given, each halved with every [`HALF_LIFE`] that has passed since.
    pub weight: f64,
}

/// The log, in memory and on disk.
#[derive(Debug)]
pub struct AccessLog {
    path: PathBuf,
    lines: Vec<Access>,
    file: Option<File>,
}

impl AccessLog {
    /// Reads the log; lines that can't be understood are left alone and not shown.
    pub fn open(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let lines: Vec<Access> = text.lines().filter_map(parse).collect();
        let mut log = Self { path, lines, file: None };
        if log.lines.len() > MAX_LINES {
            log.shorten();
        }
        log
    }

    /// Writes one line down.
    pub fn add(&mut self, access: Access) -> io::Result<()> {
        let line = print(&access);
        self.lines.push(access);
        if self.lines.len() > MAX_LINES {
            self.shorten();
            return Ok(());
        }
        if self.file.is_none() {
            self.file = Some(self.open_file(true)?);
        }
        self.file.as_mut().expect("it was just opened").write_all(line.as_bytes())
    }

    /// Returns the lines, the newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Access> {
        self.lines.iter().rev()
    }

    /// Returns how much each account is used, as of `now`.
    pub fn uses(&self, now: u64) -> HashMap<AccountId, Use> {
        let mut uses: HashMap<AccountId, Use> = HashMap::new();
        for access in &self.lines {
            let Given::Code(account) = access.given else { continue };
            let entry = uses.entry(account).or_default();
            entry.last = entry.last.max(access.time);
            entry.weight += decay(now.saturating_sub(access.time));
        }
        uses
    }

    /// Keeps the newer half, so that the file does not grow for ever.
    fn shorten(&mut self) {
        self.lines.drain(..self.lines.len() - MAX_LINES / 2);
        let text: String = self.lines.iter().map(print).collect();
        // A log that can't be shortened is only long: nothing is lost by it.
        self.file = None;
        let _ = self.open_file(false).and_then(|mut file| file.write_all(text.as_bytes()));
    }

    fn open_file(&self, append: bool) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.create(true).append(append).write(true).truncate(!append).mode(0o600);
        options.open(&self.path)
    }
}

/// Returns what a use still weighs after so many seconds.
pub fn decay(seconds: u64) -> f64 {
    0.5f64.powf(seconds as f64 / HALF_LIFE)
}

fn print(access: &Access) -> String {
    let program: String = access.program.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    let given = match &access.given {
        Given::Code(account) => account.to_string(),
        Given::Export(accounts) => {
            EXPORT.to_owned() + &accounts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
        }
    };
    format!("{} {given} {program}\n", access.time)
}

fn parse(line: &str) -> Option<Access> {
    let mut parts = line.splitn(3, ' ');
    let time = parts.next()?.parse().ok()?;
    let given = parts.next()?;
    let given = match given.strip_prefix(EXPORT) {
        Some(ids) => Given::Export(ids.split(',').map(str::parse).collect::<Result<_, _>>().ok()?),
        None => Given::Code(given.parse().ok()?),
    };
    Some(Access { time, given, program: parts.next()?.to_owned() })
}

/// Seconds after which a use counts half: two weeks.
const HALF_LIFE: f64 = 14.0 * 24.0 * 3600.0;
const MAX_LINES: usize = 20_000;
const EXPORT: &str = "export:";

#[cfg(test)]
mod tests {
    use super::*;

    fn access(time: u64, account: u8) -> Access {
        let account = AccountId::from_bytes([account; 16]);
        Access { time, given: Given::Code(account), program: "/usr/bin/x y".into() }
    }

    fn export(time: u64, accounts: &[u8]) -> Access {
        let accounts = accounts.iter().map(|one| AccountId::from_bytes([*one; 16])).collect();
        Access { time, given: Given::Export(accounts), program: "/usr/bin/x y".into() }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("access.log");
        let mut log = AccessLog::open(path.clone());
        log.add(access(5, 1)).unwrap();
        log.add(access(6, 2)).unwrap();
        log.add(export(7, &[1, 2])).unwrap();
        let again = AccessLog::open(path);
        assert_eq!(again.newest().cloned().collect::<Vec<_>>(), [export(7, &[1, 2]), access(6, 2), access(5, 1)]);
    }

    #[test]
    fn old_uses_weigh_less() {
        let mut log = AccessLog::open("/nonexistent/access.log".into());
        log.lines = vec![access(0, 1), access(0, 1), access(10_000_000, 2)];
        // To be exported is no use.
        log.lines.extend((0..9).map(|_| export(10_000_000, &[1, 3])));
        let uses = log.uses(10_000_000);
        assert_eq!(uses.len(), 2);
        let weight = |n| uses[&AccountId::from_bytes([n; 16])].weight;
        assert!(weight(2) > weight(1));
    }

    #[test]
    fn a_program_with_a_newline_stays_one_line() {
        let line = print(&Access { program: "/tmp/a\nb".into(), ..access(1, 1) });
        assert_eq!(line.matches('\n').count(), 1);
    }
}
