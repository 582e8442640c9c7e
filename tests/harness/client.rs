//! The typed client of the contract, for tests that look closer than the command line does.

use std::future::Future;

use countersign_api::{
    accounts::AccountsProxy, scanner::ScannerProxy, secrets::SecretsProxy, types::NoOptions, vault::VaultProxy,
};
use tokio::runtime::Runtime;
use zbus::{Connection, connection::Builder};

use crate::World;

/// A connection to the daemon, and the runtime that drives it.
pub struct Client {
    runtime: Runtime,
    connection: Connection,
}

impl Client {
    /// Connects to the private socket.
    pub fn private(world: &World) -> Self {
        Self::connect(&format!("unix:path={}", world.socket().display()), true)
    }

    /// Connects to the session bus.
    pub fn bus(world: &World) -> Self {
        Self::connect(&world.environment()["DBUS_SESSION_BUS_ADDRESS"], false)
    }

    fn connect(address: &str, peer: bool) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let builder = Builder::address(address).unwrap();
        let builder = if peer { builder.p2p() } else { builder };
        let connection = runtime.block_on(builder.build()).unwrap_or_else(|error| panic!("{address}: {error}"));
        Self { runtime, connection }
    }

    /// Waits for an answer.
    pub fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }

    /// Returns the connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Returns `Vault1`.
    pub fn vault(&self) -> VaultProxy<'static> {
        self.wait(VaultProxy::new(&self.connection)).unwrap()
    }

    /// Returns `Accounts1`.
    pub fn accounts(&self) -> AccountsProxy<'static> {
        self.wait(AccountsProxy::new(&self.connection)).unwrap()
    }

    /// Returns `Scanner1`.
    pub fn scanner(&self) -> ScannerProxy<'static> {
        self.wait(ScannerProxy::new(&self.connection)).unwrap()
    }

    /// Returns `Secrets1`, which only private connections have.
    pub fn secrets(&self) -> SecretsProxy<'static> {
        self.wait(SecretsProxy::new(&self.connection)).unwrap()
    }
}

/// Returns no options.
pub fn none() -> countersign_api::Dict {
    NoOptions::default().into()
}
