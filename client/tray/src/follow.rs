//! Keeps up with the daemon: its signals and its coming and going by the session bus, all questions by the private socket.
//!
//! Nothing here asks again and again: the tray sleeps until the bus wakes it. Each question has a private connection of
//! its own, because the daemon shuts those down when it locks.

use countersign_api::{
    BUS_NAME, Dict, Error,
    accounts::{AccountsProxy, ChangedStream},
    connect,
    types::{AccountInfo, ListOptions, NoOptions, Status},
    vault::{StateChangedStream, VaultProxy},
};
use futures_util::StreamExt;
use zbus::{
    Connection,
    fdo::{DBusProxy, NameOwnerChangedStream},
    proxy::CacheProperties,
};

use crate::menu::{Account, State, View};

/// What the bus tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// A daemon came.
    Came,
    /// The daemon went.
    Gone,
    /// The vault is in this state now.
    State(State),
    /// The accounts are others now.
    Accounts,
}

/// The signals of the daemon.
pub(crate) struct Signals {
    owners: NameOwnerChangedStream,
    states: StateChangedStream,
    accounts: ChangedStream,
}

impl Signals {
    /// Listens on the session bus; starts nothing.
    pub(crate) async fn new(bus: &Connection) -> zbus::Result<Self> {
        let names = DBusProxy::new(bus).await?;
        let vault = VaultProxy::builder(bus).cache_properties(CacheProperties::No).build().await?;
        let accounts = AccountsProxy::builder(bus).cache_properties(CacheProperties::No).build().await?;
        Ok(Self {
            owners: names.receive_name_owner_changed_with_args(&[(0, BUS_NAME)]).await?,
            states: vault.receive_state_changed().await?,
            accounts: accounts.receive_changed().await?,
        })
    }

    /// Waits for the next signal; `None` when the bus is gone.
    pub(crate) async fn next(&mut self) -> Option<News> {
        tokio::select! {
            signal = self.owners.next() => {
                let came = signal?.args().is_ok_and(|args| args.new_owner().is_some());
                Some(if came { News::Came } else { News::Gone })
            }
            signal = self.states.next() => {
                let state = signal?.args().map_or(State::Locked, |args| State::from_word(args.state()));
                Some(News::State(state))
            }
            signal = self.accounts.next() => signal.map(|_| News::Accounts),
        }
    }
}

/// Asks a daemon that runs how everything is; starts none.
pub(crate) async fn look() -> View {
    try_look().await.unwrap_or_default()
}

async fn try_look() -> Result<View, Error> {
    let connection = connect::private().await?;
    let vault = VaultProxy::builder(&connection).cache_properties(CacheProperties::No).build().await?;
    let status: Status = vault.status(NoOptions {}.into()).await?.into();
    let mut view = View {
        state: State::from_word(&status.state),
        why: status.why_text.clone(),
        read_only: !status.read_only.is_empty(),
        unconfirmed: status.unconfirmed,
        warnings: warnings(&status),
        ..View::default()
    };
    // A locked vault must not be asked: where the keyring may open it, the question would.
    if view.state == State::Unlocked {
        match list(&connection).await {
            Ok(accounts) => view.accounts = accounts,
            // It was locked meanwhile.
            Err(Error::Locked(_)) => view.state = State::Locked,
            Err(error) => view.warnings.push(error.message()),
        }
    }
    Ok(view)
}

async fn list(connection: &Connection) -> Result<Vec<Account>, Error> {
    let proxy = AccountsProxy::builder(connection).cache_properties(CacheProperties::No).build().await?;
    let mut accounts = Vec::new();
    loop {
        let options =
            ListOptions { order: Some("use".into()), offset: Some(accounts.len() as u32), limit: Some(PAGE as u32) };
        let page = proxy.list(options.into()).await?;
        let full = page.len() == PAGE;
        accounts.extend(page.into_iter().map(account));
        if !full {
            return Ok(accounts);
        }
    }
}

fn account(dict: Dict) -> Account {
    let info = AccountInfo::from(dict);
    Account {
        id: info.id,
        issuer: info.issuer,
        title: info.title,
        period: info.period,
        pin_needed: info.pin_needed,
        pinned: info.pinned,
        confirmed: info.confirmed,
        last_used: info.last_used,
    }
}

fn warnings(status: &Status) -> Vec<String> {
    let mut warnings = Vec::new();
    if !status.config_error.is_empty() {
        warnings.push(format!("Configuration: {}", status.config_error));
    }
    if !status.read_only.is_empty() {
        warnings.push(format!("Read-only: {}", status.read_only));
    }
    warnings
}

/// How many accounts are asked for at a time: what comes on the bus is many times as large as what is kept of it, and the
/// heap stays as large as it once was.
const PAGE: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_becomes_a_line_each() {
        let fine = Status::default();
        assert_eq!(warnings(&fine), Vec::<String>::new());
        let status = Status { config_error: "line 3".into(), read_only: "no space".into(), ..fine };
        assert_eq!(warnings(&status), ["Configuration: line 3", "Read-only: no space"]);
    }
}
