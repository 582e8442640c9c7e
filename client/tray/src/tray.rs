//! The tray at work: one loop that takes clicks, news and results, and shows what they change.

use std::collections::HashSet;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zbus::Connection;

use crate::{
    actions,
    clipboard::{self, Word},
    follow::{self, News, Signals},
    icon::{Click, Fault, Icon},
    menu::{Action, Clipboard, Deed, Model, State, View},
};

/// What a task of the tray has brought about.
enum Outcome {
    /// What the daemon told.
    Looked(View),
    /// What it told because the last account is wanted again; where there is none, this is done.
    Again(u64, View, Option<Action>),
    /// How an offer on the clipboard goes; the number says which click it was.
    Offer(u64, u64, Word),
    /// An entry's work is done, or why it is not; an empty text says nothing.
    Done(u64, Action, Result<(), String>),
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

/// The tray, but for its icon.
struct Tray {
    model: Model,
    outcomes: UnboundedSender<Outcome>,
    /// What is being done: a second click on the same entry does not do it twice.
    busy: HashSet<Action>,
    /// Whether the daemon is being asked how everything is, and whether there was news since.
    look: Look,
    /// Counts the vault's states: what was asked under an earlier one may name what is locked away by now.
    states: u64,
    /// Counts offers on the clipboard: the newest is the one that shows.
    offers: u64,
    /// Which hotkeys can't be had, a line each.
    hotkeys: Vec<String>,
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
    let mut tray = Tray::new(model, outcomes);
    let mut end = std::pin::pin!(end);
    // A tray without a daemon is of no use to anybody: that one start is not waited for with a click.
    tray.begin(Action::Start);
    loop {
        tokio::select! {
            Some(click) = clicks.recv() => {
                if matches!(click, Click::Entry(Action::Quit)) {
                    break;
                }
                tray.clicked(click);
            }
            news = signals.next() => match news {
                Some(news) => tray.heard(news),
                None => break,
            },
            Some(outcome) = results.recv() => tray.take(outcome),
            () = &mut end => break,
        }
        icon.show(&tray.model)?;
    }
    Ok(())
}

impl Tray {
    fn new(model: Model, outcomes: UnboundedSender<Outcome>) -> Self {
        Self { model, outcomes, busy: HashSet::new(), look: Look::Idle, states: 0, offers: 0, hotkeys: Vec::new() }
    }

    fn clicked(&mut self, click: Click) {
        if let Click::Hotkeys(wrong) = click {
            self.hotkeys = wrong;
            self.look();
            return;
        }
        self.model.set_failure(None);
        match (click, self.model.way_on()) {
            (Click::Entry(Action::With(Deed::Copy, account)), _) => self.copy(&account, false),
            (Click::Entry(Action::With(Deed::CopyNext, account)), _) => self.copy(&account, true),
            (Click::Entry(action), _) | (Click::Icon, Some(action)) => {
                self.begin(action);
            }
            (Click::Icon, None) => self.again(Some(Action::Search)),
            (Click::Middle, None) => self.again(None),
            (Click::Middle, Some(_)) | (Click::Hotkeys(_), _) => {}
        }
    }

    /// Copies a code of the account used last, which another program may have used: the daemon knows.
    fn again(&self, otherwise: Option<Action>) {
        let (state, outcomes) = (self.states, self.outcomes.clone());
        tokio::spawn(async move { send(&outcomes, Outcome::Again(state, follow::look().await, otherwise)) });
    }

    fn copy_again(&mut self, otherwise: Option<Action>) {
        let last = self.model.last_used().map(|account| account.id.clone());
        match (last, otherwise) {
            (Some(account), _) => self.copy(&account, false),
            (None, Some(action)) if self.model.has_accounts() => {
                self.begin(action);
            }
            (None, _) => {}
        }
    }

    /// Does an entry's work beside the loop, unless that is being done already.
    fn begin(&mut self, action: Action) -> bool {
        if !self.busy.insert(action.clone()) {
            return false;
        }
        let (state, outcomes) = (self.states, self.outcomes.clone());
        tokio::spawn(async move {
            let result = actions::run(&action).await;
            send(&outcomes, Outcome::Done(state, action, result));
        });
        true
    }

    fn copy(&mut self, id: &str, next: bool) {
        self.offers += 1;
        let (number, state, account, outcomes) = (self.offers, self.states, id.to_owned(), self.outcomes.clone());
        tokio::spawn(async move {
            clipboard::offer(&account, next, |word| send(&outcomes, Outcome::Offer(number, state, word))).await;
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
                self.states += 1;
                if self.look == Look::Asked {
                    self.look = Look::Stale;
                }
                self.show(View::default());
            }
            News::State(state) if state != State::Unlocked => {
                self.states += 1;
                self.show(View { state, ..View::default() });
                self.look();
            }
            News::State(_) | News::Came | News::Accounts => self.look(),
        }
    }

    fn take(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Looked(view) => self.looked(view),
            Outcome::Again(state, view, otherwise) if state == self.states => {
                self.show(view);
                self.copy_again(otherwise);
            }
            Outcome::Offer(number, state, word) if number == self.offers => self.offered(word, state),
            Outcome::Again(..) | Outcome::Offer(..) => {}
            Outcome::Done(state, action, result) => {
                self.busy.remove(&action);
                self.model.set_failure(result.err().filter(|text| !text.is_empty() && state == self.states));
                self.look();
            }
        }
    }

    /// Shows how the newest offer goes.
    fn offered(&mut self, word: Word, state: u64) {
        let clipboard = match word {
            Word::Waiting => Clipboard::Awaited,
            Word::Copied => Clipboard::Holds,
            Word::Over(why) => {
                self.model.set_failure(why.filter(|_| state == self.states));
                Clipboard::Empty
            }
        };
        self.model.set_clipboard(clipboard);
        // The order of use is another one now, or the daemon has gone.
        self.look();
    }

    fn show(&mut self, mut view: View) {
        view.warnings.extend_from_slice(&self.hotkeys);
        self.model.set_view(view);
    }
}

fn send(outcomes: &UnboundedSender<Outcome>, outcome: Outcome) {
    // Nobody listens any more when the tray is ending.
    let _ = outcomes.send(outcome);
}

#[cfg(test)]
#[path = "tray_tests.rs"]
mod tests;
