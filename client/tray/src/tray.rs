//! The tray at work: one loop that takes clicks, news and results, and shows what they change.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::Instant,
};
use zbus::Connection;
use zeroize::Zeroizing;

use crate::{
    actions::{self, Code},
    clipboard,
    follow::{self, News, Signals},
    icon::{Click, Fault, Icon},
    menu::{Action, Model, State, View},
};

/// What a task of the tray has brought about.
enum Outcome {
    /// What the daemon told.
    Looked(View),
    /// A code, or why there is none; the number says which click it was.
    Code(u64, Result<Code, Option<String>>),
    /// An entry's work is done, or why it is not; an empty text says nothing.
    Done(Action, Result<(), String>),
    /// The clipboard is no longer ours; the number says which click's code was there.
    ClipboardLost(u64),
}

/// How far a look at the daemon is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// There is none.
    Idle,
    /// It is under way.
    Asked,
    /// It is under way, and its answer will be old news: another one follows.
    Stale,
}

/// The clipboard's two ends, so that tests need none.
struct Clipboard {
    hold: fn(Zeroizing<String>, Lost) -> Result<(), String>,
    clear: fn(),
}

/// What is called when the clipboard is no longer ours.
type Lost = Box<dyn FnOnce() + Send>;

/// The tray, but for its icon.
struct Tray {
    model: Model,
    clipboard: Clipboard,
    outcomes: UnboundedSender<Outcome>,
    /// What is being done: a second click on the same entry does not do it twice.
    busy: HashSet<Action>,
    /// Whether the daemon is being asked how everything is, and whether there was news since.
    look: Look,
    /// Counts codes asked for, and locks: only the newest code goes onto the clipboard, and none after a lock.
    codes: u64,
    /// The code on the clipboard, while it is ours: which click's, and when it has to go.
    held: Option<(u64, Instant)>,
}

/// Runs the tray until it is quit or the bus goes.
pub(crate) async fn run(
    mut icon: Icon,
    model: Model,
    mut clicks: UnboundedReceiver<Click>,
    bus: Connection,
    end: impl Future<Output = ()>,
) -> Result<(), Fault> {
    let mut signals = Signals::new(&bus).await?;
    let (outcomes, mut results) = unbounded_channel();
    let clipboard = Clipboard { hold: |code, lost| clipboard::hold(code, lost), clear: clipboard::clear };
    let mut tray = Tray::new(model, clipboard, outcomes);
    let mut end = std::pin::pin!(end);
    // A tray without a daemon is of no use to anybody: that one start is not waited for with a click.
    tray.begin(Action::Start);
    loop {
        let clear_at = tray.held.map(|(_, time)| time);
        tokio::select! {
            Some(click) = clicks.recv() => {
                let action = match click {
                    Click::Entry(action) => Some(action),
                    Click::Icon => tray.model.main_action(),
                };
                match action {
                    Some(Action::Quit) => break,
                    Some(action) => tray.clicked(action),
                    None => {}
                }
            }
            news = signals.next() => match news {
                Some(news) => tray.heard(news),
                None => break,
            },
            Some(outcome) = results.recv() => tray.take(outcome),
            () = sleep_until(clear_at) => tray.clear_clipboard(),
            () = &mut end => break,
        }
        icon.show(&tray.model)?;
    }
    tray.clear_clipboard();
    Ok(())
}

impl Tray {
    fn new(model: Model, clipboard: Clipboard, outcomes: UnboundedSender<Outcome>) -> Self {
        Self { model, clipboard, outcomes, busy: HashSet::new(), look: Look::Idle, codes: 0, held: None }
    }

    fn clicked(&mut self, action: Action) {
        self.model.set_failure(None);
        match action {
            Action::Copy(account) => self.copy(&account),
            action => {
                self.begin(action);
            }
        }
    }

    /// Does an entry's work beside the loop, unless that is being done already.
    fn begin(&mut self, action: Action) -> bool {
        if !self.busy.insert(action.clone()) {
            return false;
        }
        let outcomes = self.outcomes.clone();
        tokio::spawn(async move {
            let result = actions::run(&action).await;
            send(&outcomes, Outcome::Done(action, result));
        });
        true
    }

    fn copy(&mut self, id: &str) {
        // An entry that was clicked just as its account went, or as the vault was locked.
        let Some(account) = self.model.view().accounts.iter().find(|account| account.id == id).cloned() else { return };
        self.codes += 1;
        let (number, outcomes) = (self.codes, self.outcomes.clone());
        tokio::spawn(async move {
            let code = actions::code(&account).await.map_err(|error| actions::failure(&error, false));
            send(&outcomes, Outcome::Code(number, code));
        });
    }

    /// Asks the daemon how everything is: one question at a time, however much news there is.
    fn look(&mut self) {
        if self.look != Look::Idle {
            self.look = Look::Stale;
            return;
        }
        self.look = Look::Asked;
        let outcomes = self.outcomes.clone();
        tokio::spawn(async move { send(&outcomes, Outcome::Looked(follow::look().await)) });
    }

    fn looked(&mut self, view: View) {
        let stale = self.look == Look::Stale;
        self.look = Look::Idle;
        if stale { self.look() } else { self.show(view) }
    }

    fn heard(&mut self, news: News) {
        match news {
            News::Gone => {
                if self.look == Look::Asked {
                    self.look = Look::Stale;
                }
                self.show(View::default());
            }
            News::State(state) if state != State::Unlocked => {
                self.show(View { state, ..View::default() });
                self.look();
            }
            News::State(_) | News::Came | News::Accounts => self.look(),
        }
    }

    fn take(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Looked(view) => self.looked(view),
            Outcome::Code(number, result) if number == self.codes => {
                match result {
                    Ok(code) => self.put(number, code),
                    Err(failure) => self.model.set_failure(failure),
                }
                // The order of use is another one now, or the daemon has gone.
                self.look();
            }
            Outcome::ClipboardLost(number) if self.held.is_some_and(|(held, _)| held == number) => {
                self.forget_clipboard();
            }
            Outcome::Done(action, result) => {
                self.busy.remove(&action);
                self.model.set_failure(result.err().filter(|text| !text.is_empty()));
                self.look();
            }
            Outcome::Code(..) | Outcome::ClipboardLost(_) => {}
        }
    }

    /// Takes a new view. With the vault locked, no code stays on the clipboard and none comes there any more.
    fn show(&mut self, view: View) {
        if view.state != State::Unlocked {
            self.clear_clipboard();
            self.codes += 1;
        }
        self.model.set_view(view);
    }

    fn put(&mut self, number: u64, code: Code) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let stays = actions::remaining(code.expires, now) + clipboard::GRACE;
        let outcomes = self.outcomes.clone();
        let lost = Box::new(move || send(&outcomes, Outcome::ClipboardLost(number)));
        match (self.clipboard.hold)(code.text, lost) {
            Ok(()) => {
                self.held = Some((number, Instant::now() + stays));
                self.model.set_holds_code(true);
            }
            Err(error) => self.model.set_failure(Some(error)),
        }
    }

    /// Takes our code off the clipboard; what somebody else copied stays.
    fn clear_clipboard(&mut self) {
        if self.held.is_some() {
            (self.clipboard.clear)();
            self.forget_clipboard();
        }
    }

    fn forget_clipboard(&mut self) {
        self.held = None;
        self.model.set_holds_code(false);
    }
}

fn send(outcomes: &UnboundedSender<Outcome>, outcome: Outcome) {
    // Nobody listens any more when the tray is ending.
    let _ = outcomes.send(outcome);
}

/// Sleeps until then; for ever without a time.
async fn sleep_until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
#[path = "tray_tests.rs"]
mod tests;
