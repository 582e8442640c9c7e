//! Desktop notifications. Their texts never hold a secret or a code: servers keep a history.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use notify_rust::{Notification, NotificationResponse, Timeout};

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
            Self::OpenPage(_) => "Open security page",
            Self::KeepLooking => "Keep looking",
        }
    }
}

/// What is shown.
#[derive(Debug)]
pub struct Message {
    /// Messages of one topic replace each other.
    pub topic: &'static str,
    /// One line.
    pub title: String,
    /// The rest; plain text, escaped here.
    pub body: String,
    /// The buttons.
    pub actions: Vec<Action>,
}

/// Shows messages, each topic in one place.
#[derive(Default)]
pub struct Notifier {
    shown: Mutex<HashMap<&'static str, u32>>,
    count: AtomicU64,
}

impl Notifier {
    /// Shows a message and returns the button that the person pressed, if any. Without a notification server it is
    /// only logged that nobody was told.
    pub async fn show(&self, message: Message) -> Option<Action> {
        let mut notification = Notification::new();
        notification
            .appname("countersign")
            .summary(&message.title)
            .body(&escape(&message.body))
            .icon("org.countersign.Tray")
            .timeout(if message.actions.is_empty() { Timeout::Default } else { Timeout::Milliseconds(30_000) });
        // One that takes the place of another has its number: a button must not be taken for one of the other's.
        let message_number = self.count.fetch_add(1, Ordering::Relaxed);
        let keys: Vec<String> = (0..message.actions.len()).map(|number| format!("{message_number}-{number}")).collect();
        for (key, action) in keys.iter().zip(&message.actions) {
            notification.action(key, action.label());
        }
        if let Some(id) = self.shown.lock().expect("no holder panics").get(message.topic) {
            notification.id(*id);
        }
        let handle = match notification.show_async().await {
            Ok(handle) => handle,
            Err(error) => {
                tracing::warn!("no notification could be shown: {error}");
                return None;
            }
        };
        self.shown.lock().expect("no holder panics").insert(message.topic, handle.id());
        if message.actions.is_empty() {
            return None;
        }
        let mut pressed = None;
        let waited = handle.wait_for_action_async(|response| {
            if let NotificationResponse::Action(key) = response {
                pressed = keys.iter().position(|known| known == key);
            }
        });
        waited.await;
        pressed.map(|number| message.actions[number].clone())
    }
}

/// Escapes the markup that servers read in a body.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_name_is_shown_not_obeyed() {
        assert_eq!(escape("<b>A&B</b>"), "&lt;b&gt;A&amp;B&lt;/b&gt;");
    }
}
