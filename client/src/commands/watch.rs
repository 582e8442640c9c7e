//! `countersign watch`: the vault's state for status bars, a line whenever it changes.
//!
//! It sleeps until the bus wakes it: when the daemon tells of a change, comes or goes. Then it asks by the private socket,
//! each time on a connection of its own, since the daemon ends those when it locks.

use std::{
    fs::File,
    future,
    io::{self, stdout},
    os::fd::AsFd,
};

use countersign_api::{BUS_NAME, accounts::AccountsProxy, connect, types::Status, vault::VaultProxy};
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use tokio::io::{Interest, unix::AsyncFd};
use zbus::{Connection, fdo::DBusProxy, proxy::CacheProperties};

use crate::{args::Global, error::Error, output, session::Session};

/// Runs the command, until nobody reads any more.
pub(crate) async fn run(global: &Global) -> Result<(), Error> {
    let bus = connect::session_bus().await?;
    let mut news = news(&bus).await?;
    let mut told = None;
    let mut gone = false;
    loop {
        // One that is about to end may still answer.
        let status = if gone { None } else { look(global).await };
        let line = Line::of(status.as_ref());
        if told.as_ref() != Some(&line) {
            output::json(&line)?;
            told = Some(line);
        }
        tokio::select! {
            one = news.next() => match one {
                Some(daemon) => gone = daemon == Daemon::Gone,
                None => return Err(Error::io("the session bus")(io::ErrorKind::ConnectionAborted.into())),
            },
            () = reader_gone() => return Ok(()),
        }
    }
}

/// What the bus tells of the daemon.
#[derive(Debug, PartialEq, Eq)]
enum Daemon {
    /// It is there, and something may have changed.
    Here,
    /// It ended.
    Gone,
}

/// Returns what the bus tells.
async fn news(bus: &Connection) -> Result<impl Stream<Item = Daemon> + Unpin + use<>, Error> {
    let vault = VaultProxy::builder(bus).cache_properties(CacheProperties::No).build().await?;
    let accounts = AccountsProxy::builder(bus).cache_properties(CacheProperties::No).build().await?;
    let names = DBusProxy::new(bus).await?;
    let states = vault.receive_state_changed().await?.map(|_| Daemon::Here);
    let changes = accounts.receive_changed().await?.map(|_| Daemon::Here);
    let owners = names.receive_name_owner_changed_with_args(&[(0, BUS_NAME)]).await?.map(|signal| {
        let came = signal.args().is_ok_and(|args| args.new_owner().is_some());
        if came { Daemon::Here } else { Daemon::Gone }
    });
    Ok(stream::select(states, stream::select(changes, owners)))
}

/// Returns how the daemon is; `None` where none runs. Starts none.
async fn look(global: &Global) -> Option<Status> {
    Session::open_running(global).await.ok().map(|session| session.status)
}

/// Waits until whoever reads standard output has gone; forever where it is no pipe.
async fn reader_gone() {
    let Ok(out) = stdout().as_fd().try_clone_to_owned() else { return future::pending().await };
    #[allow(deprecated)]
    // sound for a `File`, which keeps its descriptor; what follows it may only be called unsafely
    let Ok(out) = AsyncFd::with_interest(File::from(out), Interest::ERROR) else { return future::pending().await };
    if out.ready(Interest::ERROR).await.is_err() {
        future::pending::<()>().await;
    }
}

/// What is told. No account's name, and no code, has a place in it; nor has any text that is not of this file, so that
/// nothing in it means anything to the markup of a status bar.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Line {
    /// The state in words.
    text: &'static str,
    /// A sentence about it.
    tooltip: String,
    /// The state in one word.
    class: &'static str,
    /// The same: waybar chooses icons by this one.
    alt: &'static str,
}

impl Line {
    fn of(status: Option<&Status>) -> Self {
        let new = |word, text, tooltip: &str| Self { text, tooltip: tooltip.to_owned(), class: word, alt: word };
        let Some(status) = status else {
            return new("off", "not running", "Two-factor codes: countersignd does not run.");
        };
        let mut line = match status.state.as_str() {
            "unlocked" if !status.read_only.is_empty() => {
                new("read-only", "read-only", "Codes go on, but nothing can be changed: countersign status says why.")
            }
            "unlocked" if status.unconfirmed > 0 => {
                let text =
                    "An account waits for its proof that the site takes its codes: countersign list shows which.";
                new("unconfirmed", "unconfirmed", text)
            }
            "unlocked" => new("unlocked", "unlocked", "The vault of two-factor codes is unlocked."),
            "absent" => new("absent", "not set up", "There is no vault yet: countersign init."),
            "unusable" => new("unusable", "unusable", "The vault can't be used: countersign status says why."),
            _ => new("locked", "locked", "The vault of two-factor codes is locked."),
        };
        if !status.config_error.is_empty() {
            line.tooltip.push_str(" The configuration has an error: countersign status says where.");
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: &str) -> Status {
        Status { state: state.into(), why_text: "<b>why & where</b>".into(), ..Status::default() }
    }

    #[test]
    fn each_state_has_its_word_and_its_sentence() {
        let read_only = Status { read_only: "no space on <disk>".into(), ..status("unlocked") };
        let unconfirmed = Status { unconfirmed: 2, ..status("unlocked") };
        let rows = [
            (None, "off"),
            (Some(status("locked")), "locked"),
            (Some(status("unlocked")), "unlocked"),
            (Some(unconfirmed), "unconfirmed"),
            (Some(read_only), "read-only"),
            (Some(status("absent")), "absent"),
            (Some(status("unusable")), "unusable"),
        ];
        for (status, word) in rows {
            let line = Line::of(status.as_ref());
            assert_eq!((line.class, line.alt), (word, word));
            assert!(!line.text.is_empty() && line.tooltip.ends_with('.'), "{line:?}");
            assert!(!format!("{line:?}").contains(['<', '>', '&']), "{line:?}");
            assert!(crate::help::WATCH_ABOUT.contains(word), "{word} is not in the help");
        }
    }

    #[test]
    fn an_error_of_the_configuration_is_told_in_every_state() {
        let broken = Status { config_error: "line 3".into(), ..status("locked") };
        assert!(Line::of(Some(&broken)).tooltip.contains("countersign status"));
    }
}
