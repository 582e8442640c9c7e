//! Whether a panel here shows tray icons: plain GNOME, for one, has none that does.
//!
//! At log-in the tray may be there before the panel is: its coming is waited for, by its signals, until a deadline.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::timeout;
use zbus::{
    Connection, Proxy,
    fdo::DBusProxy,
    proxy::{Builder, CacheProperties},
};

/// Waits until a panel shows tray icons; answers false where none came in time.
pub(crate) async fn comes(bus: &Connection, patience: Duration) -> bool {
    matches!(timeout(patience, wait(bus)).await, Ok(Ok(())))
}

async fn wait(bus: &Connection) -> zbus::Result<()> {
    let names = DBusProxy::new(bus).await?;
    let mut owners = names.receive_name_owner_changed_with_args(&[(0, WATCHER)]).await?;
    let watcher: Proxy = Builder::new(bus)
        .destination(WATCHER)?
        .path("/StatusNotifierWatcher")?
        .interface(WATCHER)?
        .cache_properties(CacheProperties::No)
        .build()
        .await?;
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

const WATCHER: &str = "org.kde.StatusNotifierWatcher";
