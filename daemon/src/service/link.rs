//! A link that the person followed: what it says is looked at like a QR, and kept only when they say so.

use std::sync::Arc;

use countersign_api::{
    Error,
    types::{Candidate, PromptOptions, ScanOptions, TextOptions},
};
use zeroize::Zeroizing;

use super::{
    Service,
    desktop::{advice_message, kept_message},
};
use crate::{
    notify::{About, Action, Message},
    vault_state::Phase,
    worker::FoundQr,
};

impl Service {
    /// Holds what a text says, and asks by a notification where no terminal does.
    pub(super) fn look_at_text(self: &Arc<Self>, text: &str, options: TextOptions) -> Result<Vec<Candidate>, Error> {
        let text = Some(Zeroizing::new(text.trim().to_owned()));
        let found =
            self.hold_all(&[FoundQr { text, corners: Vec::new(), screen: None, part: None, binary: false }], "text");
        if options.notify.unwrap_or(false) {
            let message = match &found {
                Ok(found) => found.first().map(link_message),
                Err(error) => Some(link_plain("The link could not be looked at", error.message())),
            };
            let service = self.clone();
            tokio::spawn(async move {
                if let Some(message) = message {
                    service.go_on(message, screen_of(options)).await;
                }
            });
        }
        found
    }

    /// Keeps what a link said; opens the vault first, with the person.
    pub(super) async fn keep_link(self: &Arc<Self>, id: &str, options: &ScanOptions) -> Result<Message, Error> {
        if matches!(self.state().phase(), Phase::Locked) {
            self.ensure_open(Some(prompt_on(options)), true).await?;
        }
        let (kept, new) = self.keep_candidate(id).await?;
        let parts = Candidate { parts: kept.parts, ..Candidate::default() };
        Ok(Message { topic: LINK, ..kept_message(&kept, new, self.unproven(&kept.accounts), &parts) })
    }
}

/// Says what a link holds, and asks whether to keep it.
fn link_message(candidate: &Candidate) -> Message {
    if !candidate.advice.is_empty() {
        return Message { topic: LINK, ..advice_message(candidate) };
    }
    if candidate.id.is_empty() {
        let body = [candidate.what.as_str(), &candidate.reason].join("\n");
        return link_plain("Nothing to keep in that link", body.trim().to_owned());
    }
    if candidate.known == "kept" {
        return link_plain(&format!("{} is kept already", candidate.title), String::new());
    }
    let impostor = format!("Careful: it looks like {}, and is not.", candidate.look_alike);
    let twin = "There is one of that name with another secret: both are kept.";
    let body = [
        (!candidate.look_alike.is_empty()).then_some(impostor.as_str()),
        (candidate.known == "other-secret").then_some(twin),
        Some("A link that was opened holds it. Keep it if you are setting up your sign-in there just now."),
    ];
    let body: Vec<&str> = body.into_iter().flatten().collect();
    let actions = vec![Action::Keep(candidate.id.clone()), Action::Drop(candidate.id.clone())];
    let about = About::Candidate(candidate.id.clone());
    Message { actions, about, ..link_plain(&format!("Keep {}?", candidate.title), body.join("\n")) }
}

fn link_plain(title: &str, body: String) -> Message {
    Message { topic: LINK, title: title.into(), body, ..Message::default() }
}

fn screen_of(options: TextOptions) -> ScanOptions {
    ScanOptions {
        display: options.display,
        wayland_display: options.wayland_display,
        xauthority: options.xauthority,
        session_type: options.session_type,
        current_desktop: options.current_desktop,
        ..ScanOptions::default()
    }
}

fn prompt_on(screen: &ScanOptions) -> PromptOptions {
    let screen = screen.clone();
    PromptOptions {
        display: screen.display,
        wayland_display: screen.wayland_display,
        xauthority: screen.xauthority,
        session_type: screen.session_type,
        current_desktop: screen.current_desktop,
        prompt: Some(true),
    }
}

const LINK: &str = "link";

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Candidate {
        Candidate { id: "c".into(), title: "GitHub – alice".into(), known: "new".into(), ..Candidate::default() }
    }

    #[test]
    fn a_link_is_asked_about() {
        let message = link_message(&account());
        assert_eq!(message.title, "Keep GitHub – alice?");
        assert_eq!(message.actions, [Action::Keep("c".into()), Action::Drop("c".into())]);
        assert_eq!(message.about, About::Candidate("c".into()));
    }

    #[test]
    fn what_is_odd_about_a_link_is_said_first() {
        let odd = Candidate { look_alike: "GitHub".into(), known: "other-secret".into(), ..account() };
        let body = link_message(&odd).body;
        assert!(body.starts_with("Careful: it looks like GitHub, and is not.\nThere is one"), "{body}");
        let kept = Candidate { known: "kept".into(), ..account() };
        assert!(link_message(&kept).actions.is_empty());
        let broken =
            Candidate { what: "It begins like one.".into(), reason: "no secret".into(), ..Candidate::default() };
        assert_eq!(link_message(&broken).body, "It begins like one.\nno secret");
    }
}
