//! The tray's own interface on the bus: `countersign hotkey` asks by it.

use countersign_keys::Answer;
use tokio::sync::{mpsc::UnboundedSender, oneshot};
use zbus::{fdo, interface};

/// A question for the one who has the keys.
pub(super) struct Request {
    /// Whether the choice is to be read anew first.
    pub(super) read: bool,
    /// Where the answer goes.
    pub(super) answer: oneshot::Sender<Answer>,
}

/// The interface.
pub(super) struct Service(UnboundedSender<Request>);

impl Service {
    /// Passes questions on to this channel.
    pub(super) fn new(requests: UnboundedSender<Request>) -> Self {
        Self(requests)
    }

    async fn ask(&self, read: bool) -> fdo::Result<Answer> {
        let (answer, answered) = oneshot::channel();
        let ended = || fdo::Error::Failed("the tray is ending".into());
        self.0.send(Request { read, answer }).map_err(|_| ended())?;
        answered.await.map_err(|_| ended())
    }
}

#[interface(name = "org.countersign.Tray1")]
impl Service {
    /// Tells which hotkeys are in force: how they are heard, and of each action, keys, what is wrong, and keys that are free.
    async fn hotkeys(&self) -> fdo::Result<Answer> {
        self.ask(false).await
    }

    /// Reads the person's choice anew, takes the keys, and tells the same.
    async fn read_hotkeys(&self) -> fdo::Result<Answer> {
        self.ask(true).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zbus::object_server::Interface;

    #[test]
    fn the_interface_has_the_name_that_is_asked_for() {
        assert_eq!(Service::name().as_str(), countersign_keys::TRAY_NAME);
    }
}
