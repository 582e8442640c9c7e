//! Puts the service onto the private socket and the session bus, and follows what ends or locks it.

use std::{io, sync::Arc, time::Duration};

use countersign_api::{
    BUS_NAME, PATH, Peer, accounts::Accounts, caller::Origin, connect::BusAddress, scanner::Scanner, secrets::Secrets,
    vault::Vault,
};
use futures_util::StreamExt;
use tokio::time::timeout;
use zbus::{Connection, connection::Builder, fdo::DBusProxy};

use crate::{
    lock_triggers::{self, Seen, Tell, Trigger},
    private::{self, Serve},
    search::{self, gnome::SearchProvider, krunner::Runner},
    service::{Door, Service},
    vault_state::Why,
};

/// Why the daemon ends by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The private socket can't be made.
    #[error("the private socket can't be made: {0}")]
    Socket(#[from] io::Error),
    /// Another program owns the name on the session bus.
    #[error("another program answers to {BUS_NAME} on the session bus already: is a second countersignd running?")]
    NameTaken,
    /// The session bus must not be used: another transport, or another user's.
    #[error("the session bus can't be trusted: {0}; correct or unset DBUS_SESSION_BUS_ADDRESS")]
    Bus(String),
    /// The name was lost, or the bus went away.
    #[error("the session bus is gone")]
    BusLost,
}

/// Serves the private socket.
pub fn serve_private(service: &Arc<Service>, socket: &std::path::Path) -> Result<(), ServeError> {
    let listener = private::listen(socket)?;
    let serve: Arc<Serve> = {
        let service = service.clone();
        Arc::new(move |builder: Builder<'static>, peer: Peer| {
            let origin = Origin::Private(peer);
            let secrets = Secrets { backend: Door(service.clone()), origin };
            serve_at(builder, &service, origin)?.serve_at(PATH, secrets)
        })
    };
    let gone = {
        let service = service.clone();
        Arc::new(move |connection| service.forget(connection))
    };
    tokio::spawn(private::accept(listener, service.clients(), serve, gone));
    Ok(())
}

/// Serves the session bus, if one answers: the name is asked for last, when the objects are up, and never given away.
///
/// No bus, a stale address, or a bus that says nothing is a line in the status; the private socket goes on alone.
pub async fn serve_bus(service: &Arc<Service>) -> Result<Option<Connection>, ServeError> {
    let address = BusAddress::of_session().map_err(|error| ServeError::Bus(error.message()))?;
    let missing = |why: &str| {
        let text = format!("no session bus ({why}): only countersign itself reaches the daemon");
        service.note_missing("bus", Some(text));
        Ok(None)
    };
    let Some(address) = address else { return missing("none is named") };
    let stream = match address.connect().await {
        Ok(stream) => stream,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Err(ServeError::Bus(error.to_string()));
        }
        Err(error) => return missing(&error.to_string()),
    };
    let builder = Builder::socket(private::split(stream));
    let built = async {
        let door = Door(service.clone());
        serve_at(builder, service, Origin::Bus)?
            .serve_at(search::PATH, SearchProvider { backend: door.clone() })?
            .serve_at(search::PATH, Runner { backend: door })?
            .allow_name_replacements(false)
            .replace_existing_names(false)
            .name(BUS_NAME)?
            .build()
            .await
    };
    let bus = match timeout(BUS_LIMIT, built).await {
        Ok(Ok(bus)) => bus,
        Ok(Err(zbus::Error::NameTaken)) => return Err(ServeError::NameTaken),
        Ok(Err(error)) => return missing(&error.to_string()),
        Err(_) => return missing("it does not answer"),
    };
    service.set_bus(bus.clone());
    Ok(Some(bus))
}

fn serve_at(builder: Builder<'static>, service: &Arc<Service>, origin: Origin) -> zbus::Result<Builder<'static>> {
    let door = Door(service.clone());
    builder
        .serve_at(PATH, Vault { backend: door.clone(), origin })?
        .serve_at(PATH, Accounts { backend: door.clone(), origin })?
        .serve_at(PATH, Scanner { backend: door, origin })
}

/// Waits until the name is lost or the bus goes away.
pub async fn bus_lost(bus: Connection) -> Result<(), ServeError> {
    tokio::select! {
        _ = name_lost(&bus) => {}
        () = bus.closed() => {}
    }
    Err(ServeError::BusLost)
}

/// Waits until the bus takes the name away.
async fn name_lost(bus: &Connection) -> zbus::Result<()> {
    let mut lost = DBusProxy::new(bus).await?.receive_name_lost().await?;
    while let Some(signal) = lost.next().await {
        if signal.args()?.name().as_str() == BUS_NAME {
            break;
        }
    }
    Ok(())
}

/// Follows the screen savers of a session bus.
pub fn follow_screen_savers(service: &Arc<Service>, bus: Connection) {
    let (service, tell) = (service.clone(), teller(service));
    tokio::spawn(async move {
        if let Err(error) = lock_triggers::watch_screen_savers(bus, tell).await {
            service.note_missing("screen-saver", Some(format!("screen savers can't be followed: {error}")));
        }
    });
}

fn teller(service: &Arc<Service>) -> Tell {
    let service = service.clone();
    Arc::new(move |seen| match seen {
        Seen::Lock(trigger) => service.wipe(Why::Trigger(trigger), None),
        Seen::Screen(locked) => service.set_screen_locked(locked),
    })
}

/// Follows everything else that locks the vault. What can't be followed here is noted.
pub fn follow_triggers(service: &Arc<Service>) {
    let tell = teller(service);
    let following = service.clone();
    tokio::spawn(async move {
        let note = |service: &Service, why: &str| {
            let text = format!("no logind ({why}): the vault does not lock with the session or before sleep");
            service.note_missing("logind", Some(text));
        };
        let ended = lock_triggers::watch_logind(tell, || following.note_missing("logind", None)).await;
        note(&following, &ended.map_or_else(|error| error.to_string(), |()| "it went away".into()));
    });
    let service = service.clone();
    tokio::spawn(async move {
        if let Err(error) = service.clone().watch_idleness().await {
            tracing::error!("the idle clock does not run: {error}");
            service.wipe(Why::Trigger(Trigger::Idle), None);
        }
    });
}

/// How long the bus may take to let us in.
const BUS_LIMIT: Duration = Duration::from_secs(5);
