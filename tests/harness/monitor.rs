//! A listener on the session bus, as any program of the user can be one: it gets every message, and what lies behind every
//! descriptor that is passed.

use std::{
    io::{Read, Seek},
    sync::{Arc, Mutex, mpsc},
    thread::{self, JoinHandle},
};

use tokio::sync::oneshot;
use zbus::{MessageStream, connection::Builder, export::ordered_stream::OrderedStreamExt, fdo::MonitoringProxy};

use crate::World;

/// A listener; what it heard is searched by the world's witness, too.
pub struct Monitor {
    heard: Arc<Mutex<Heard>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What a listener heard.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// How many messages.
    pub messages: usize,
    /// How many descriptors.
    pub descriptors: usize,
    /// All of them, one after the other.
    pub bytes: Vec<u8>,
}

impl Monitor {
    /// Begins to listen.
    pub fn start(world: &World) -> Self {
        let address = world.environment()["DBUS_SESSION_BUS_ADDRESS"].clone();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = mpsc::channel();
        let shared = heard.clone();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let connection = Builder::address(address.as_str()).unwrap().build().await.unwrap();
                let mut messages = MessageStream::from(&connection);
                MonitoringProxy::new(&connection).await.unwrap().become_monitor(&[], 0).await.unwrap();
                ready.send(()).unwrap();
                tokio::select! {
                    _ = stopped => {}
                    () = async {
                        while let Some(Ok(message)) = messages.next().await {
                            shared.lock().unwrap().take(message.data());
                        }
                    } => {}
                }
            });
        });
        is_ready.recv().unwrap();
        Self { heard, stop: Some(stop), thread: Some(thread) }
    }

    /// Returns what was heard so far.
    pub fn heard(&self) -> Heard {
        self.heard.lock().unwrap().clone()
    }
}

impl Heard {
    fn take(&mut self, data: &zbus::zvariant::serialized::Data<'static, 'static>) {
        self.messages += 1;
        self.bytes.extend_from_slice(data.bytes());
        for descriptor in data.fds() {
            use std::os::fd::AsFd;
            self.descriptors += 1;
            let mut file = std::fs::File::from(descriptor.as_fd().try_clone_to_owned().unwrap());
            // A file is read from its beginning, a pipe for what is in it.
            let mut bytes = Vec::new();
            if file.rewind().is_ok() {
                let _ = file.read_to_end(&mut bytes);
            }
            self.bytes.append(&mut bytes);
        }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
