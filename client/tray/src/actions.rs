//! What a click does: calls to the daemon on a private connection, and commands in a terminal.

use std::{env, path::PathBuf, process::Stdio};

use countersign_api::{
    Error,
    accounts::AccountsProxy,
    connect,
    scanner::ScannerProxy,
    types::{ConfirmOptions, CopiedOptions, NoOptions, PinOptions, PromptOptions, ScanOptions},
    vault::VaultProxy,
};
use tokio::io::AsyncWriteExt;
use zbus::{Connection, proxy::CacheProperties};

use crate::{
    heap,
    menu::{Action, Deed},
};

/// Does what an entry asks for, but for copying and quitting. Answers a text where it came to nothing.
pub(crate) async fn run(action: &Action) -> Result<(), String> {
    match action {
        Action::With(deed, account) => with(*deed, account).await,
        Action::Search => by_command(&["pick"]).await.map(drop),
        Action::SetUp => in_terminal(&["--job", "set-up"]).await,
        Action::Explain => in_terminal(&["--job", "explain"]).await,
        Action::Start => told(connect::private_or_start().await.map(drop).map_err(Error::from), true),
        Action::Scan => told(scan().await, false),
        Action::Lock => told(lock().await, false),
        Action::Unlock => match unlock().await {
            // Nothing here asks by a dialog: a terminal window has room for the question.
            Err(Error::Locked(_)) => in_terminal(&["unlock"]).await,
            done => told(done, false),
        },
        Action::Quit => Ok(()),
    }
}

async fn with(deed: Deed, account: &str) -> Result<(), String> {
    match deed {
        Deed::Copy | Deed::CopyNext => Ok(()),
        Deed::Large => by_command(&["--no-tty", "code", "--large", account]).await.map(drop),
        Deed::Type => by_command(&["--no-tty", "type", account]).await.map(drop),
        Deed::ShowQr => show_qr(account).await,
        Deed::Pin => told(pin(account, false).await, false),
        Deed::Unpin => told(pin(account, true).await, false),
        Deed::Accept => told(accept(account).await, false),
    }
}

/// Shows a QR in a window, after a dialog that asks the passphrase; in a terminal where one of the two can't be had.
async fn show_qr(account: &str) -> Result<(), String> {
    match by_command(&["--no-tty", "qr", "--window", account]).await? {
        NOT_HERE => in_terminal(&["qr", account]).await,
        _ => Ok(()),
    }
}

/// Has the command line do it, so that the tray sees neither passphrase nor code nor QR. Answers its exit code where the
/// person knows of what it says, or something else can be tried.
async fn by_command(arguments: &[&str]) -> Result<i32, String> {
    let done = heap::command(countersign())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| format!("countersign does not start: {error}"))?;
    match done.status.code() {
        // Done; or dismissed or locked meanwhile.
        Some(code @ (0 | CANCELLED | LOCKED)) => Ok(code),
        Some(NOT_HERE) if arguments.contains(&"qr") => Ok(NOT_HERE),
        _ => Err(said(&done.stderr)),
    }
}

/// Returns what a command said of its failure, without its name.
fn said(errors: &[u8]) -> String {
    let text = String::from_utf8_lossy(errors);
    let line = text.lines().next().unwrap_or("countersign ended without a word");
    line.trim_start_matches("countersign: ").to_owned()
}

async fn in_terminal(arguments: &[&str]) -> Result<(), String> {
    in_terminal_told(arguments, "").await
}

/// The same, with a text for its standard input: an argument could be read by everybody.
async fn in_terminal_told(arguments: &[&str], text: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("countersign does not start: {error}");
    let mut window = heap::command(countersign())
        .arg("__terminal")
        .args(arguments)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    let mut input = window.stdin.take().expect("the input is piped");
    // One that does not read it says why itself.
    let _ = input.write_all(text.as_bytes()).await;
    drop(input);
    let window = window.wait_with_output().await.map_err(failed)?;
    // A terminal that fails says so in its own window, or not at all.
    if window.status.code() == Some(NOT_HERE) { Err(said(&window.stderr)) } else { Ok(()) }
}

/// Returns the command line that belongs to this tray.
pub(crate) fn countersign() -> PathBuf {
    connect::program("countersign").unwrap_or_else(|| "countersign".into())
}

async fn lock() -> Result<(), Error> {
    vault(&connect::private().await?).await?.lock(NoOptions {}.into()).await
}

async fn pin(account: &str, unpin: bool) -> Result<(), Error> {
    let options = PinOptions { unpin: Some(unpin) };
    accounts(&connect::private().await?).await?.pin(account, options.into()).await
}

async fn accept(account: &str) -> Result<(), Error> {
    accounts(&connect::private().await?).await?.confirm(account, ConfirmOptions::default().into()).await.map(drop)
}

async fn accounts(connection: &Connection) -> zbus::Result<AccountsProxy<'static>> {
    AccountsProxy::builder(connection).cache_properties(CacheProperties::No).build().await
}

/// Has the daemon tell the person that no panel shows the tray; it does so once ever.
pub(crate) async fn tell_no_tray() -> Result<(), Error> {
    vault(&connect::private().await?).await?.no_tray(NoOptions {}.into()).await
}

/// Has the daemon tell the person why nothing was copied.
pub(crate) async fn tell_not_copied(why: &str) -> Result<(), Error> {
    let options = CopiedOptions { failed: Some(why.to_owned()), ..CopiedOptions::default() };
    accounts(&connect::private().await?).await?.copied("", options.into()).await
}

/// Shows a text in a terminal window, where there is no menu that would.
pub(crate) async fn tell(text: &str) -> Result<(), String> {
    in_terminal_told(&["--job", "tell"], text).await
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
