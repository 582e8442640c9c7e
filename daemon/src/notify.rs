//! Desktop notifications. Their texts never hold a secret or a code: servers keep a history.
//!
//! A message stands in one place per topic, goes when it stops being true, and names nothing on a locked screen. Nothing
//! here holds anybody up: a server that hangs or goes away costs a few seconds of a task of its own.

use std::{
    collections::HashMap,
    future::pending,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::StreamExt;
use notify_rust::{Notification, NotificationHandle, NotificationResponse, Timeout};
use tokio::{
    sync::{Notify, oneshot, watch},
    time::{Instant, sleep_until, timeout},
};
use zbus::{Connection, Proxy, fdo::DBusProxy};

/// What a button does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Puts a code on the clipboard.
    CopyCode(Way),
    /// The site refused the code: goes on to what it may compute instead.
    Refused(Way),
    /// The site accepted the code: the account is confirmed.
    Accepted(Way),
    /// Takes these accounts, just kept, out again.
    Undo(Vec<String>),
    /// Keeps this candidate.
    Keep(String),
    /// Drops this candidate.
    Drop(String),
    /// Opens this plain page.
    OpenPage(&'static str),
    /// Goes on looking at the screen.
    KeepLooking,
}

/// One way to compute the codes of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Id of the account.
    pub account: String,
    /// Word of the variation; `None` is as the account says.
    pub variation: Option<String>,
}

impl Action {
    fn label(&self) -> &'static str {
        match self {
            Self::CopyCode(_) => "Copy code",
            Self::Refused(_) => "It was refused",
            Self::Accepted(_) => "It was accepted",
            Self::Undo(_) => "Undo",
            Self::Keep(_) => "Keep it",
            Self::Drop(_) => "Drop it",
            Self::OpenPage(_) => "Open security page",
            Self::KeepLooking => "Keep looking",
        }
    }

    /// Says whether a click somewhere on the notification may mean this: it must cost nothing where it was not meant.
    fn can_be_default(&self) -> bool {
        matches!(self, Self::CopyCode(_) | Self::OpenPage(_) | Self::KeepLooking)
    }
}

/// What a message is about: it goes with that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum About {
    /// It names something, or is true of an open vault only: it goes when the vault locks.
    #[default]
    Names,
    /// The same, and when none of these accounts is there any more.
    Accounts(Vec<String>),
    /// The code of this account has yet to be accepted: the same, and when it has been.
    Unproven(String),
    /// It names something, and goes when the vault locks, and when this candidate is kept, dropped or too old.
    Candidate(String),
    /// The vault is not open: it goes when it is.
    NotOpen,
    /// A camera looks: it goes when that ends.
    Camera,
    /// A backup is missing: it goes when one is made.
    NoBackup,
    /// It names nothing of anybody's.
    Nobody,
}

impl About {
    /// Says whether it goes when the vault locks.
    pub fn goes_at_lock(&self) -> bool {
        matches!(self, Self::Names | Self::Accounts(_) | Self::Unproven(_) | Self::Candidate(_))
    }
}

/// What is shown.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// Messages of one topic replace each other.
    pub topic: &'static str,
    /// One line.
    pub title: String,
    /// The rest; plain text, escaped here.
    pub body: String,
    /// The buttons: two at the most.
    pub actions: Vec<Action>,
    /// What it is about.
    pub about: About,
    /// When it stops being true by itself.
    pub until: Option<Instant>,
}

impl Message {
    /// What is shown of a message while the screen is locked.
    fn on_locked_screen(topic: &'static str) -> Self {
        let body = "There is something to see when you have unlocked the screen.".into();
        Self { topic, title: "countersign".into(), body, about: About::Nobody, ..Self::default() }
    }
}

/// Shows messages, each topic in one place.
#[derive(Default)]
pub struct Notifier {
    bus: OnceLock<Connection>,
    shown: Mutex<HashMap<&'static str, Shown>>,
    count: AtomicU64,
    /// One at a time is given to the server, so that each knows which one it replaces.
    placing: tokio::sync::Mutex<()>,
    screen_locked: watch::Sender<bool>,
    /// One of those shown is gone.
    gone: Notify,
}

/// One that is shown, or is about to be.
struct Shown {
    number: u64,
    id: Option<u32>,
    about: About,
    /// Said to, it closes; dropped, it ends without closing, since another took its place.
    close: Option<oneshot::Sender<()>>,
}

impl Notifier {
    /// Takes note of the bus, and follows the notification server that comes and goes there.
    pub fn set_bus(self: &std::sync::Arc<Self>, bus: Connection) {
        // There is one bus in a daemon's life.
        if self.bus.set(bus.clone()).is_err() {
            return;
        }
        let notifier = self.clone();
        tokio::spawn(async move {
            if let Err(error) = notifier.follow_server(&bus).await {
                tracing::debug!("the notification server can't be followed: {error}");
            }
        });
    }

    /// Shows a message and returns the button that the person pressed, if any, once it is gone from the screen. Without a
    /// notification server it is only logged that nobody was told.
    pub async fn show(&self, message: Message) -> Option<Action> {
        let (number, mut close) = self.enter(&message);
        let action = self.play(&message, number, &mut close).await;
        self.leave(message.topic, number);
        action
    }

    /// Withdraws what is about this.
    pub fn withdraw(&self, is_meant: impl Fn(&About) -> bool) {
        for shown in self.shown.lock().expect("no holder panics").values_mut().filter(|one| is_meant(&one.about)) {
            if let Some(close) = shown.close.take() {
                // One that has gone by itself needs no telling.
                let _ = close.send(());
            }
        }
    }

    /// Takes note that the screen was locked or unlocked: what is shown goes, and what comes now waits for the person.
    pub fn set_screen_locked(&self, locked: bool) {
        // In this order: one that comes in between knows of the lock, or is among those that go.
        self.screen_locked.send_replace(locked);
        if locked {
            self.withdraw(|_| true);
        }
    }

    /// Withdraws everything, and waits a moment for the server to do so.
    pub async fn end(&self) {
        self.withdraw(|_| true);
        let all_gone = async {
            loop {
                let gone = self.gone.notified();
                if self.shown.lock().expect("no holder panics").is_empty() {
                    return;
                }
                gone.await;
            }
        };
        let _ = timeout(LAST, all_gone).await;
    }

    /// Takes the place of the topic, from whoever has it.
    fn enter(&self, message: &Message) -> (u64, oneshot::Receiver<()>) {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let (sender, close) = oneshot::channel();
        let mut shown = self.shown.lock().expect("no holder panics");
        let id = shown.get(message.topic).and_then(|before| before.id);
        let new = Shown { number, id, about: message.about.clone(), close: Some(sender) };
        shown.insert(message.topic, new);
        (number, close)
    }

    fn leave(&self, topic: &'static str, number: u64) {
        let mut shown = self.shown.lock().expect("no holder panics");
        if shown.get(topic).is_some_and(|one| one.number == number) {
            shown.remove(topic);
        }
        drop(shown);
        self.gone.notify_waiters();
    }

    async fn play(&self, message: &Message, number: u64, close: &mut oneshot::Receiver<()>) -> Option<Action> {
        let mut locked = self.screen_locked.subscribe();
        let is_locked = *locked.borrow_and_update();
        if is_locked {
            let discreet = self.place(&Message::on_locked_screen(message.topic), number).await;
            let told = tokio::select! {
                _ = locked.wait_for(|locked| !locked) => None,
                told = &mut *close => Some(told.is_ok()),
                () = ends(message) => Some(true),
            };
            if let Some(closes) = told {
                take_away(discreet.filter(|_| closes)).await;
                return None;
            }
        }
        let handle = self.place(message, number).await?;
        let closes = tokio::select! {
            action = pressed(&handle, message, number) => return action,
            told = close => told.is_ok(),
            () = ends(message) => true,
        };
        take_away(Some(handle).filter(|_| closes)).await;
        None
    }

    /// Gives a message to the server, in the place of the one before it.
    async fn place(&self, message: &Message, number: u64) -> Option<NotificationHandle> {
        let _one = self.placing.lock().await;
        // Another may have taken its place by now, and then there is nothing to ask the server.
        let before = self.own(message.topic, number, |one| one.close.is_some().then_some(one.id).ok_or(one.id))?;
        let before = match before {
            Ok(before) => before,
            Err(before) => {
                // Withdrawn before it was shown; the one whose place it took goes with it.
                self.close(before).await;
                return None;
            }
        };
        let mut notification = Notification::new();
        let capabilities = self.capabilities().await;
        let has = |name: &str| capabilities.iter().any(|known| known == name);
        let body = if has("body-markup") { escape(&message.body) } else { message.body.clone() };
        notification.appname("countersign").summary(&message.title).body(&body).icon("org.countersign.Tray");
        if has("actions") && !message.actions.is_empty() {
            for (key, label) in buttons(message, number) {
                notification.action(&key, label);
            }
            notification.timeout(Timeout::Milliseconds(30_000));
        }
        if let Some(id) = before {
            notification.id(id);
        }
        match timeout(LIMIT, notification.show_async()).await {
            Ok(Ok(handle)) => {
                self.own(message.topic, number, |one| one.id = Some(handle.id()));
                Some(handle)
            }
            Ok(Err(error)) => {
                tracing::warn!("no notification could be shown: {error}");
                None
            }
            Err(_) => {
                tracing::warn!("no notification could be shown: the server did not answer in {} s", LIMIT.as_secs());
                None
            }
        }
    }

    /// Takes one from the screen of which there is only its number.
    async fn close(&self, id: Option<u32>) {
        let (Some(id), Some(bus)) = (id, self.bus.get()) else { return };
        let asked =
            async { Proxy::new(bus, SERVER, OBJECT, SERVER).await?.call::<_, _, ()>("CloseNotification", &id).await };
        // A server that does not answer, or knows it no more, shows nothing of it either.
        let _ = timeout(LIMIT, asked).await;
    }

    /// Looks at what is shown of the topic; `None` where it has gone to another message.
    fn own<T>(&self, topic: &'static str, number: u64, look: impl FnOnce(&mut Shown) -> T) -> Option<T> {
        let mut shown = self.shown.lock().expect("no holder panics");
        shown.get_mut(topic).filter(|one| one.number == number).map(look)
    }

    /// Returns what the server can do. One that does not say gets its text escaped: a `&lt;` that is read is better than a
    /// name that is obeyed.
    async fn capabilities(&self) -> Vec<String> {
        let usual = || ["actions", "body-markup"].map(String::from).to_vec();
        let Some(bus) = self.bus.get() else { return usual() };
        let asked = async { Proxy::new(bus, SERVER, OBJECT, SERVER).await?.call("GetCapabilities", &()).await };
        timeout(LIMIT, asked).await.ok().and_then(Result::ok).unwrap_or_else(usual)
    }

    /// Forgets what a server showed that is gone: nobody will ever tell of its end.
    async fn follow_server(&self, bus: &Connection) -> zbus::Result<()> {
        let mut changes = DBusProxy::new(bus).await?.receive_name_owner_changed_with_args(&[(0, SERVER)]).await?;
        while let Some(change) = changes.next().await {
            if change.args()?.old_owner().is_some() {
                self.shown.lock().expect("no holder panics").clear();
                self.gone.notify_waiters();
            }
        }
        Ok(())
    }
}

/// Returns the keys and labels of the buttons, what a click anywhere means before them. A message that takes the place of
/// another has its number: a button must not be taken for one of the other's.
fn buttons(message: &Message, number: u64) -> Vec<(String, &'static str)> {
    let default = message.actions.first().filter(|action| action.can_be_default());
    let named = message.actions.iter().take(MOST_BUTTONS).enumerate();
    let default = default.map(|action| (DEFAULT.to_owned(), action.label()));
    default.into_iter().chain(named.map(|(place, action)| (format!("{number}-{place}"), action.label()))).collect()
}

/// Waits until the person presses a button or the notification goes.
async fn pressed(handle: &NotificationHandle, message: &Message, number: u64) -> Option<Action> {
    let mut key = None;
    let waited = handle.wait_for_action_async(|response| {
        key = match response {
            NotificationResponse::Action(key) => Some(key.clone()),
            NotificationResponse::Default => Some(DEFAULT.to_owned()),
            _ => None,
        };
    });
    waited.await;
    let key = key?;
    if key == DEFAULT {
        return message.actions.first().filter(|action| action.can_be_default()).cloned();
    }
    let place = key.strip_prefix(&format!("{number}-"))?.parse::<usize>().ok()?;
    message.actions.get(place).cloned()
}

/// Waits until the message stops being true by itself.
async fn ends(message: &Message) {
    match message.until {
        Some(end) => sleep_until(end).await,
        None => pending().await,
    }
}

async fn take_away(handle: Option<NotificationHandle>) {
    if let Some(handle) = handle {
        // A server that hangs keeps it on the screen; nobody can help that.
        let _ = timeout(LIMIT, handle.close_async()).await;
    }
}

/// Escapes the markup that servers read in a body.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

const SERVER: &str = "org.freedesktop.Notifications";
const OBJECT: &str = "/org/freedesktop/Notifications";
/// The key of a click anywhere, by the specification.
const DEFAULT: &str = "default";
const MOST_BUTTONS: usize = 2;
/// How long a server may take for an answer.
const LIMIT: Duration = Duration::from_secs(3);
/// How long it may take when the daemon ends, which is promised within two seconds.
const LAST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_name_is_shown_not_obeyed() {
        assert_eq!(escape("<b>A&B</b>"), "&lt;b&gt;A&amp;B&lt;/b&gt;");
    }

    #[test]
    fn a_click_anywhere_costs_nothing_that_was_not_meant() {
        let way = Way { account: "x".into(), variation: None };
        let keys = |actions: &[Action]| {
            let message = Message { actions: actions.to_vec(), ..Message::default() };
            buttons(&message, 7).into_iter().map(|(key, _)| key).collect::<Vec<_>>()
        };
        let (copy, refused) = (Action::CopyCode(way.clone()), Action::Refused(way.clone()));
        assert_eq!(keys(&[copy, refused.clone()]), ["default", "7-0", "7-1"]);
        assert_eq!(keys(&[Action::OpenPage("https://example.org"), Action::KeepLooking]), ["default", "7-0", "7-1"]);
        for careful in [Action::Accepted(way), refused, Action::Undo(vec![]), Action::Keep("c".into())] {
            assert_eq!(keys(std::slice::from_ref(&careful)), ["7-0"], "{careful:?}");
        }
    }
}
