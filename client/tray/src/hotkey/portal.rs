//! Keys by the desktop's portal, on Wayland: the desktop asks the person, and tells when they are pressed.

use std::{pin::Pin, time::Duration};

use ashpd::{
    AppID,
    desktop::{
        CreateSessionOptions, Session,
        global_shortcuts::{Activated, BindShortcutsOptions, Deactivated, GlobalShortcuts, NewShortcut, Shortcut},
    },
    register_host_app_with_connection,
};
use countersign_keys::{Choice, Dialect};
use futures_util::{Stream, StreamExt};
use tokio::time::timeout;
use zbus::{
    Connection,
    fdo::{DBusProxy, NameOwnerChangedStream},
};

use super::{Bound, Event};

/// A session of the portal, and what it tells.
pub(super) struct Ears {
    session: Session<GlobalShortcuts>,
    activated: Pin<Box<dyn Stream<Item = Activated> + Send>>,
    deactivated: Pin<Box<dyn Stream<Item = Deactivated> + Send>>,
    /// A portal that starts anew has forgotten the keys.
    owners: NameOwnerChangedStream,
}

impl Ears {
    /// Asks for the keys.
    ///
    /// # Errors
    /// There is no such portal, or it gives none: a text for the person.
    pub(super) async fn take(bus: &Connection, choice: &Choice) -> Result<(Self, Vec<Bound>), String> {
        // Older portals have no register; they tell programs apart by their unit, or not at all.
        if let Ok(id) = AppID::try_from(APP) {
            let _ = timeout(LIMIT, register_host_app_with_connection(bus.clone(), id)).await;
        }
        let portal =
            within(LIMIT, GlobalShortcuts::with_connection(bus.clone())).await.map_err(|_| ABSENT.to_owned())?;
        let session = within(LIMIT, portal.create_session(CreateSessionOptions::default()))
            .await
            .map_err(|_| ABSENT.to_owned())?;
        let activated = Box::pin(within(LIMIT, portal.receive_activated()).await?);
        let deactivated = Box::pin(within(LIMIT, portal.receive_deactivated()).await?);
        let owners = within(LIMIT, async {
            DBusProxy::new(bus).await?.receive_name_owner_changed_with_args(&[(0, PORTAL)]).await
        });
        let owners = owners.await?;
        let wanted: Vec<_> = choice
            .iter()
            .map(|(action, keys)| {
                let trigger = keys.written(Dialect::Portal);
                NewShortcut::new(action.name(), action.about()).preferred_trigger(Some(&*trigger))
            })
            .collect();
        let request = portal.bind_shortcuts(&session, &wanted, None, BindShortcutsOptions::default());
        let given = match within(ANSWER_LIMIT, request).await.map(|request| request.response()) {
            Ok(Ok(given)) => given,
            refused => {
                drop(refused);
                let _ = session.close().await;
                return Err(REFUSED.into());
            }
        };
        let bound = choice.iter().map(|(action, asked)| {
            let shortcut = given.shortcuts().iter().find(|shortcut| shortcut.id() == action.name());
            // What the desktop gave may be another press; where it does not say, it is ours.
            let keys = shortcut.map(Shortcut::trigger_description).filter(|text| !text.is_empty());
            let keys = keys.map_or_else(|| asked.to_string(), str::to_owned);
            let wrong = if shortcut.is_some() { String::new() } else { REFUSED.into() };
            Bound { action, keys, wrong, instead: None }
        });
        let bound = bound.collect();
        Ok((Self { session, activated, deactivated, owners }, bound))
    }

    /// Waits for the next event; `None` when the bus is gone.
    pub(super) async fn next(&mut self) -> Option<Event> {
        loop {
            let event = tokio::select! {
                pressed = self.activated.next() => pressed?.shortcut_id().parse().map(Event::Pressed),
                released = self.deactivated.next() => released?.shortcut_id().parse().map(Event::Released),
                change = self.owners.next() => {
                    if change?.args().is_ok_and(|change| change.new_owner().is_some()) {
                        return Some(Event::Anew);
                    }
                    continue;
                }
            };
            if let Ok(event) = event {
                return Some(event);
            }
        }
    }

    /// Gives the keys back.
    pub(super) async fn end(self) {
        let _ = timeout(LIMIT, self.session.close()).await;
    }
}

async fn within<T, E: std::fmt::Display>(
    limit: Duration,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    match timeout(limit, call).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err("the desktop's portal does not answer".into()),
    }
}

const PORTAL: &str = "org.freedesktop.portal.Desktop";
/// The name of our desktop file, without its end.
const APP: &str = "org.countersign.Tray";
/// How long a portal may take for what asks nobody.
const LIMIT: Duration = Duration::from_secs(10);
/// How long the person may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);
const ABSENT: &str = "this desktop's portal has no hotkeys: bind `countersign scan --notify` in its own settings";
const REFUSED: &str = "the desktop did not give it: it was refused, or is to be bound in its settings";
