//! What a click does: calls to the daemon on a private connection, and commands in a terminal.

use std::{env, path::PathBuf, process::Stdio};

use countersign_api::{
    Error, connect,
    scanner::ScannerProxy,
    types::{NoOptions, PromptOptions, ScanOptions},
    vault::VaultProxy,
};
use tokio::process::Command;
use zbus::{Connection, proxy::CacheProperties};

use crate::menu::Action;

/// Does what an entry asks for, but for copying and quitting. Answers a text where it came to nothing.
pub(crate) async fn run(action: &Action) -> Result<(), String> {
    match action {
        Action::ShowQr(account) => show_qr(account).await,
        Action::SetUp => in_terminal(&["init"]).await,
        Action::Start => told(connect::private_or_start().await.map(drop).map_err(Error::from), true),
        Action::Scan => told(scan().await, false),
        Action::Lock => told(lock().await, false),
        Action::Unlock => told(unlock().await, false),
        Action::Copy(_) | Action::Quit => Ok(()),
    }
}

/// Shows a QR in a window, after a dialog that asks the passphrase; in a terminal where one of the two can't be had.
///
/// The tray sees neither passphrase nor QR: the command line does all of it.
async fn show_qr(account: &str) -> Result<(), String> {
    let shown = Command::new(countersign())
        .args(["--no-tty", "qr", "--window", account])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| format!("countersign does not start: {error}"))?;
    match shown.status.code() {
        // Shown; or dismissed or locked meanwhile, which the person knows.
        Some(0 | CANCELLED | LOCKED) => Ok(()),
        Some(NOT_HERE) => in_terminal(&["qr", account]).await,
        _ => Err(said(&shown.stderr)),
    }
}

/// Returns what a command said of its failure, without its name.
fn said(errors: &[u8]) -> String {
    let text = String::from_utf8_lossy(errors);
    let line = text.lines().next().unwrap_or("countersign ended without a word");
    line.trim_start_matches("countersign: ").to_owned()
}

async fn in_terminal(arguments: &[&str]) -> Result<(), String> {
    let window = Command::new(countersign())
        .arg("__terminal")
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .output()
        .await
        .map_err(|error| format!("countersign does not start: {error}"))?;
    // A terminal that fails says so in its own window, or not at all.
    if window.status.code() == Some(NOT_HERE) { Err(said(&window.stderr)) } else { Ok(()) }
}

/// Returns the command line that belongs to this tray.
fn countersign() -> PathBuf {
    connect::program("countersign").unwrap_or_else(|| "countersign".into())
}

async fn lock() -> Result<(), Error> {
    vault(&connect::private().await?).await?.lock(NoOptions {}.into()).await
}

async fn unlock() -> Result<(), Error> {
    let [display, wayland_display, xauthority, session_type, current_desktop] = screen();
    let options =
        PromptOptions { display, wayland_display, xauthority, session_type, current_desktop, prompt: Some(true) };
    vault(&connect::private().await?).await?.unlock(options.into()).await
}

async fn scan() -> Result<(), Error> {
    let [display, wayland_display, xauthority, session_type, current_desktop] = screen();
    let notify = Some(true);
    let screen =
        ScanOptions { display, wayland_display, xauthority, session_type, current_desktop, ..Default::default() };
    let options = ScanOptions { notify, ..screen };
    let connection = connect::private().await?;
    let proxy = ScannerProxy::builder(&connection).cache_properties(CacheProperties::No).build().await?;
    proxy.scan_screen(options.into()).await.map(drop)
}

async fn vault(connection: &Connection) -> zbus::Result<VaultProxy<'static>> {
    VaultProxy::builder(connection).cache_properties(CacheProperties::No).build().await
}

/// Returns where this person's screen is.
fn screen() -> [Option<String>; 5] {
    ["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP"]
        .map(|name| env::var(name).ok().filter(|value| !value.is_empty()))
}

fn told(result: Result<(), Error>, connecting: bool) -> Result<(), String> {
    result.map_err(|error| failure(&error, connecting).unwrap_or_default())
}

/// Returns what to tell of an error, if anything: who dismissed a question knows it, and a daemon that went shows in the
/// icon, unless `connecting` to it was the very thing asked for.
pub(crate) fn failure(error: &Error, connecting: bool) -> Option<String> {
    match error {
        Error::Cancelled(_) => None,
        Error::ZBus(_) if !connecting => None,
        error => Some(error.message()),
    }
}

/// Exit code of the command line: it can't be done in this way, with no window or nothing to ask with.
const NOT_HERE: i32 = 2;
/// Exit code of the command line: the vault is locked.
const LOCKED: i32 = 4;
/// Exit code of the command line: the question was dismissed.
const CANCELLED: i32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_without_the_programs_name() {
        let errors = "countersign: 3 wrong passphrases; nothing was opened\n  hint: try again\n";
        assert_eq!(said(errors.as_bytes()), "3 wrong passphrases; nothing was opened");
        assert_eq!(said(b""), "countersign ended without a word");
    }

    #[test]
    fn the_exit_codes_are_those_of_the_contract() {
        assert_eq!(i32::from(Error::Cancelled(String::new()).exit_code()), CANCELLED);
        assert_eq!(i32::from(Error::Locked(String::new()).exit_code()), LOCKED);
        assert_eq!(i32::from(Error::InvalidOption(String::new()).exit_code()), NOT_HERE);
    }

    #[test]
    fn only_failures_that_the_person_does_not_know_of_are_told() {
        assert_eq!(failure(&Error::Cancelled("dismissed".into()), true), None);
        let gone = Error::ZBus(zbus::Error::Failure("no daemon".into()));
        assert_eq!(failure(&gone, false), None);
        assert!(failure(&gone, true).is_some());
        assert_eq!(failure(&Error::PinNeeded("it needs its PIN".into()), false), Some("it needs its PIN".into()));
    }
}
