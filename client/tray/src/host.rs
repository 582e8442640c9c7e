//! The panel: whether there is one that shows tray icons, as plain GNOME has none, and that it keeps ours.
//!
//! At log-in the tray may be there before the panel is: its coming is waited for, by its signals, until a deadline.

use std::{process, time::Duration};

use futures_util::StreamExt;
use tokio::time::timeout;
use zbus::{
    Connection, Proxy,
    fdo::DBusProxy,
    names::BusName,
    proxy::{Builder, CacheProperties, SignalStream},
};

/// Waits until a panel shows tray icons; answers false where none came in time.
pub(crate) async fn comes(bus: &Connection, patience: Duration) -> bool {
    matches!(timeout(patience, wait(bus)).await, Ok(Ok(())))
}

async fn wait(bus: &Connection) -> zbus::Result<()> {
    let names = DBusProxy::new(bus).await?;
    let mut owners = names.receive_name_owner_changed_with_args(&[(0, WATCHER)]).await?;
    let watcher = watcher(bus).await?;
    let mut hosts = watcher.receive_signal("StatusNotifierHostRegistered").await?;
    // A watcher alone shows nothing: it says whether there is somebody who does.
    while !watcher.get_property("IsStatusNotifierHostRegistered").await.unwrap_or(false) {
        let heard = tokio::select! {
            change = owners.next() => change.is_some(),
            host = hosts.next() => host.is_some(),
        };
        if !heard {
            return Err(zbus::Error::InputOutput(std::sync::Arc::new(std::io::ErrorKind::BrokenPipe.into())));
        }
    }
    Ok(())
}

/// The panel's word that it no longer shows an icon.
///
/// GNOME's extension `AppIndicator` says so of icons that live, up to its version 46: where an icon answers before the
/// extension has heard who owns the icon's name, the extension forgets the answer, and drops the icon a second later.
/// What is registered under the name of its connection has no owner that it would have to hear of.
pub(crate) struct Drops {
    watcher: Proxy<'static>,
    signals: SignalStream<'static>,
}

impl Drops {
    /// Listens from now on: before there is an icon, so that none of them is missed.
    pub(crate) async fn new(bus: &Connection) -> zbus::Result<Self> {
        let watcher = watcher(bus).await?;
        let signals = watcher.receive_signal("StatusNotifierItemUnregistered").await?;
        Ok(Self { watcher, signals })
    }

    /// Puts our icon back each time it was dropped.
    pub(crate) async fn put_back(mut self) -> zbus::Result<()> {
        // The toolkit's names for the icons of this process.
        let ours = format!("org.kde.StatusNotifierItem-{}-", process::id());
        let names = DBusProxy::new(self.watcher.connection()).await?;
        while let Some(drop) = self.signals.next().await {
            let body = drop.body();
            let Ok(item) = body.deserialize::<&str>() else { continue };
            if !item.starts_with(&ours) {
                continue;
            }
            let Ok(name) = BusName::try_from(item) else { continue };
            // Without an owner it is an icon that we took away ourselves.
            if let Ok(connection) = names.get_name_owner(name).await {
                // A panel that has gone meanwhile gets the icon from the toolkit when it is back.
                let _ = self.watcher.call_method("RegisterStatusNotifierItem", &(connection.as_str(),)).await;
            }
        }
        Ok(())
    }
}

async fn watcher(bus: &Connection) -> zbus::Result<Proxy<'static>> {
    Builder::new(bus)
        .destination(WATCHER)?
        .path("/StatusNotifierWatcher")?
        .interface(WATCHER)?
        .cache_properties(CacheProperties::No)
        .build()
        .await
}

const WATCHER: &str = "org.kde.StatusNotifierWatcher";
