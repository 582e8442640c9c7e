//! A stand-in for the session bus, for what a real bus does to nobody on request: it takes a name away.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use tokio::{net::UnixListener, runtime::Runtime};
use zbus::{Connection, connection::Builder, fdo, message::Message};

use crate::{World, until, wait::LIMIT};

/// The stand-in; it runs until it is dropped.
pub struct StandInBus {
    runtime: Runtime,
    shared: Arc<Shared>,
    address: String,
}

/// What its connections share.
#[derive(Default)]
struct Shared {
    clients: Mutex<Vec<Connection>>,
    count: AtomicU32,
    /// The connection that was given a name.
    owner: Mutex<Option<Connection>>,
    /// Whether its owner listens for the loss of a name.
    listens: AtomicBool,
}

impl StandInBus {
    /// Starts it in a world without another bus.
    pub fn start(world: &World) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let path = world.dir().join("run/stand-in-bus");
        let (shared, listener) = (Arc::<Shared>::default(), {
            let _inside = runtime.enter();
            UnixListener::bind(&path).unwrap()
        });
        let clients = shared.clone();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(attend(stream, clients.clone()));
            }
        });
        Self { runtime, shared, address: format!("unix:path={}", path.display()) }
    }

    /// Returns its address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Tells the owner of a name that it has lost it.
    pub fn take_away(&self, name: &str) {
        until("the owner to listen for its loss", LIMIT, || self.shared.listens.load(Ordering::SeqCst).then_some(()));
        let owner = self.shared.owner.lock().unwrap().clone().expect("the name was asked for");
        let signal = Message::signal("/org/freedesktop/DBus", BUS, "NameLost").unwrap();
        let signal = signal.sender(BUS).unwrap().build(&(name,)).unwrap();
        self.runtime.block_on(owner.send(&signal)).unwrap();
    }
}

async fn attend(stream: tokio::net::UnixStream, shared: Arc<Shared>) {
    let builder = Builder::unix_stream(stream).server(zbus::Guid::generate()).unwrap().p2p();
    let bus = Bus(shared.clone());
    if let Ok(connection) = builder.serve_at("/org/freedesktop/DBus", bus).unwrap().build().await {
        shared.clients.lock().unwrap().push(connection);
    }
}

/// As much of a bus as a client needs who owns a name.
struct Bus(Arc<Shared>);

#[allow(clippy::unused_self)] // methods on the bus have one
#[zbus::interface(name = "org.freedesktop.DBus")]
impl Bus {
    fn hello(&self) -> String {
        format!(":1.{}", self.0.count.fetch_add(1, Ordering::SeqCst))
    }

    fn request_name(&self, name: &str, flags: u32, #[zbus(connection)] connection: &Connection) -> fdo::Result<u32> {
        if flags != DO_NOT_QUEUE {
            return Err(fdo::Error::InvalidArgs(format!(
                "{name} is asked for with {flags}: others could take it over"
            )));
        }
        *self.0.owner.lock().unwrap() = Some(connection.clone());
        Ok(PRIMARY_OWNER)
    }

    fn add_match(&self, rule: &str) {
        self.0.listens.fetch_or(rule.contains("NameLost"), Ordering::SeqCst);
    }

    fn get_name_owner(&self, name: &str) -> fdo::Result<String> {
        let unknown = || fdo::Error::NameHasNoOwner(format!("nobody owns {name}"));
        (name == BUS).then(|| BUS.to_owned()).ok_or_else(unknown)
    }

    fn name_has_owner(&self, name: &str) -> bool {
        name == BUS
    }

    fn list_activatable_names(&self) -> Vec<String> {
        Vec::new()
    }
}

const BUS: &str = "org.freedesktop.DBus";
const DO_NOT_QUEUE: u32 = 4;
const PRIMARY_OWNER: u32 = 1;
