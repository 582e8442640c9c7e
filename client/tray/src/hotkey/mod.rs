//! The tray's hotkeys: which the person has chosen, who hears them, and what each starts.
//!
//! They are off until `countersign hotkey install` writes a choice down; then the tray takes the keys, and tells by its
//! interface on the bus which it got. A held key starts one command, and none while that one still runs. Nothing here
//! polls: the tray sleeps until a key is pressed.

mod portal;
mod service;
mod x11;

use std::{
    collections::{HashMap, HashSet},
    env, future,
    process::Stdio,
    time::{Duration, Instant},
};

use countersign_keys::{Action, Answer, Choice, Keys, TRAY_PATH};
use service::{Request, Service};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zbus::Connection;

use crate::{actions, heap};

/// What was asked of the interface on the bus, until somebody answers.
pub(crate) struct Requests(UnboundedReceiver<Request>);

/// Offers the interface on the bus: before the tray has its name, or what is called by that name first finds nobody, and is
/// never answered.
pub(crate) async fn offer(bus: &Connection) -> zbus::Result<Requests> {
    let (sender, requests) = unbounded_channel();
    bus.object_server().at(TRAY_PATH, Service::new(sender)).await?;
    Ok(Requests(requests))
}

/// Takes the keys that are chosen, and answers; `wrong` is told what came to nothing, a line each.
pub(crate) fn serve(bus: &Connection, requests: Requests, wrong: impl Fn(Vec<String>) + Send + Sync + 'static) {
    // Its own task: the tray's loop needs none of it.
    tokio::spawn(Listener::new(bus.clone()).run(requests.0, wrong));
}

/// What a key did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// It went down, or is held and was repeated.
    Pressed(Action),
    /// It went up.
    Released(Action),
    /// What tells of keys has begun anew, and knows of none.
    Anew,
}

/// A key that was taken, or why not.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    action: Action,
    /// As the person reads them: a portal may give others than were asked for.
    keys: String,
    /// Nothing where it is in force.
    wrong: String,
    /// Keys that are free instead.
    instead: Option<Keys>,
}

/// Who hears keys.
enum Ears {
    /// Nobody: none are chosen, or none can be had.
    None,
    X11(Box<x11::Ears>),
    Portal(Box<portal::Ears>),
}

impl Ears {
    /// Takes the keys by what this session has.
    async fn take(bus: &Connection, choice: &Choice) -> (Self, Vec<Bound>) {
        let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let taken = match choice {
            choice if choice.is_empty() => Ok((Self::None, Vec::new())),
            _ if set("WAYLAND_DISPLAY") => {
                portal::Ears::take(bus, choice).await.map(|(ears, bound)| (Self::Portal(Box::new(ears)), bound))
            }
            _ if set("DISPLAY") => x11::Ears::take(choice).map(|(ears, bound)| (Self::X11(Box::new(ears)), bound)),
            _ => Err("there is no screen: neither WAYLAND_DISPLAY nor DISPLAY is set".into()),
        };
        taken.unwrap_or_else(|wrong| {
            let bound = |(action, keys): (Action, &Keys)| Bound {
                action,
                keys: keys.to_string(),
                wrong: wrong.clone(),
                instead: None,
            };
            (Self::None, choice.iter().map(bound).collect())
        })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::None => "",
            Self::X11(_) => "x11",
            Self::Portal(_) => "portal",
        }
    }

    /// Waits for the next event; `None` when the screen or the portal is gone.
    async fn next(&mut self) -> Option<Event> {
        match self {
            Self::None => future::pending().await,
            Self::X11(ears) => ears.next().await,
            Self::Portal(ears) => ears.next().await,
        }
    }

    async fn end(self) {
        if let Self::Portal(ears) = self {
            ears.end().await;
        }
    }
}

/// The keys at work.
struct Listener {
    bus: Connection,
    ears: Ears,
    bound: Vec<Bound>,
    /// Why the choice is not known.
    unknown: Option<String>,
    presses: Presses,
    ended: UnboundedSender<Action>,
    ends: UnboundedReceiver<Action>,
}

impl Listener {
    fn new(bus: Connection) -> Self {
        let (ended, ends) = unbounded_channel();
        Self { bus, ears: Ears::None, bound: Vec::new(), unknown: None, presses: Presses::default(), ended, ends }
    }

    async fn run(mut self, mut requests: UnboundedReceiver<Request>, wrong: impl Fn(Vec<String>) + Send + Sync) {
        self.read(&wrong).await;
        loop {
            tokio::select! {
                request = requests.recv() => {
                    let Some(request) = request else { return };
                    if request.read {
                        self.read(&wrong).await;
                    }
                    // Who asked may have gone.
                    let _ = request.answer.send(self.answer());
                }
                event = self.ears.next() => match event {
                    Some(Event::Anew) => self.read(&wrong).await,
                    Some(event) => self.heard(event),
                    None => {
                        self.ears = Ears::None;
                        self.bound.iter_mut().for_each(|one| one.wrong = LOST.into());
                        self.complain(&wrong);
                    }
                },
                Some(action) = self.ends.recv() => self.presses.ended(action),
            }
        }
    }

    /// Reads the choice anew: gives back the keys of before, and takes those of now.
    async fn read(&mut self, wrong: &(impl Fn(Vec<String>) + Sync)) {
        std::mem::replace(&mut self.ears, Ears::None).end().await;
        let read = Choice::read();
        self.unknown = read.as_ref().err().map(ToString::to_string);
        let choice = read.unwrap_or_default();
        (self.ears, self.bound) = Ears::take(&self.bus, &choice).await;
        self.complain(wrong);
    }

    fn answer(&self) -> Answer {
        let one = |Bound { action, keys, wrong, instead }: Bound| {
            (action.to_string(), keys, wrong, instead.map(|keys| keys.to_string()).unwrap_or_default())
        };
        (self.ears.name().into(), self.bound.iter().cloned().map(one).collect())
    }

    /// Tells what came to nothing.
    fn complain(&self, wrong: &impl Fn(Vec<String>)) {
        let refused = self.bound.iter().filter(|one| !one.wrong.is_empty());
        let line = |Bound { action, keys, wrong, .. }: &Bound| format!("Hotkey {keys} ({action}): {wrong}");
        let unknown = self.unknown.iter().map(|why| format!("Hotkeys: {why}"));
        wrong(unknown.chain(refused.map(line)).collect());
    }

    fn heard(&mut self, event: Event) {
        let sure = matches!(self.ears, Ears::X11(_));
        match event {
            Event::Released(action) => self.presses.released(action),
            Event::Pressed(action) if self.presses.starts(action, Instant::now(), sure) => self.start(action),
            Event::Pressed(_) | Event::Anew => {}
        }
    }

    fn start(&self, action: Action) {
        let ended = self.ended.clone();
        let mut command = heap::command(actions::countersign());
        // A group of its own: it outlives the tray.
        command.args(action.arguments()).stdin(Stdio::null()).stdout(Stdio::null()).process_group(0);
        tokio::spawn(async move {
            // What went wrong it says itself, in a notification or on the tray's own standard error.
            if let Err(error) = command.status().await {
                eprintln!("countersign-tray: countersign does not start: {error}");
            }
            let _ = ended.send(action);
        });
    }
}

const LOST: &str = "the screen or the portal that told of it is gone; when it is back: countersign hotkey install";

/// Which keys are down and what runs: a held key starts one.
#[derive(Default)]
struct Presses {
    down: HashMap<Action, Instant>,
    running: HashSet<Action>,
}

impl Presses {
    /// Whether this press starts something. Where releases are not surely told, a key that is not repeated for a second is
    /// up.
    fn starts(&mut self, action: Action, now: Instant, releases_are_told: bool) -> bool {
        let last = self.down.insert(action, now);
        let held = last.is_some_and(|last| releases_are_told || now.duration_since(last) < REPEAT);
        !held && self.running.insert(action)
    }

    fn released(&mut self, action: Action) {
        self.down.remove(&action);
    }

    fn ended(&mut self, action: Action) {
        self.running.remove(&action);
    }
}

/// A held key is repeated sooner than this.
const REPEAT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_key_starts_one() {
        let (mut presses, start) = (Presses::default(), Instant::now());
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert!(presses.starts(Action::Lock, at(0), true));
        assert!(!presses.starts(Action::Lock, at(2000), true), "it still runs and is held");
        presses.ended(Action::Lock);
        assert!(!presses.starts(Action::Lock, at(5000), true), "it is still held");
        presses.released(Action::Lock);
        assert!(presses.starts(Action::Lock, at(5001), true));
        presses.released(Action::Lock);
        assert!(!presses.starts(Action::Lock, at(5002), true), "it still runs");
        assert!(presses.starts(Action::Scan, at(5002), true), "another one does not");
    }

    #[test]
    fn a_portal_that_tells_no_release_is_no_key_held_for_ever() {
        let (mut presses, start) = (Presses::default(), Instant::now());
        let mut starts = |milliseconds| {
            let started = presses.starts(Action::Lock, start + Duration::from_millis(milliseconds), false);
            presses.ended(Action::Lock);
            started
        };
        assert!(starts(0) && !starts(600) && !starts(1500) && !starts(2400));
        assert!(starts(3500));
    }
}
