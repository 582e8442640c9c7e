//! A stand-in for a panel's keeper of tray icons, for what a real one does only now and then: it takes its time, and it
//! drops an icon that lives.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::sleep;

use crate::{Client, World, until, wait::LIMIT};

/// The stand-in; it runs until it is dropped.
pub struct StandInPanel {
    client: Client,
    registered: Arc<Mutex<Vec<String>>>,
}

impl StandInPanel {
    /// Starts it in a world without another panel. It answers a first icon only after this time.
    pub fn start(world: &World, first: Duration) -> Self {
        let client = Client::bus(world);
        let registered = Arc::<Mutex<Vec<String>>>::default();
        let watcher = Watcher { first, registered: registered.clone() };
        client.wait(async { client.connection().object_server().at(PATH, watcher).await }).unwrap();
        client.wait(client.connection().request_name(WATCHER)).unwrap();
        Self { client, registered }
    }

    /// Waits for the icon of that number, from 0, and returns the name under which it was registered.
    pub fn expect(&self, number: usize) -> String {
        until(&format!("icon {number}"), LIMIT, || self.registered.lock().unwrap().get(number).cloned())
    }

    /// Says that it no longer shows an icon.
    pub fn drop_icon(&self, name: &str) {
        let connection = self.client.connection();
        let signal = connection.emit_signal(None::<()>, PATH, WATCHER, "StatusNotifierItemUnregistered", &name);
        self.client.wait(signal).unwrap();
    }

    /// Has a name on the bus, as another program.
    pub fn own(&self, name: &str) {
        self.client.wait(self.client.connection().request_name(name)).unwrap();
    }

    /// Returns who has a name on the bus; nobody where it is gone.
    pub fn owner(&self, name: &str) -> Option<String> {
        let names = self.client.wait(zbus::fdo::DBusProxy::new(self.client.connection())).unwrap();
        let name = zbus::names::BusName::try_from(name).unwrap();
        self.client.wait(names.get_name_owner(name)).ok().map(|owner| owner.to_string())
    }
}

struct Watcher {
    first: Duration,
    registered: Arc<Mutex<Vec<String>>>,
}

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    async fn register_status_notifier_item(&self, service: String) {
        let number = {
            let mut registered = self.registered.lock().unwrap();
            registered.push(service);
            registered.len()
        };
        if number == 1 {
            sleep(self.first).await;
        }
    }

    #[allow(clippy::unused_self)] // properties on the bus have one
    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }
}

const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const PATH: &str = "/StatusNotifierWatcher";
