//! What the tray shows, as plain data: from what is known of the daemon to icon, tooltip and menu.
//!
//! Nothing here knows a toolkit or a bus. No code ever comes in here, so no label can hold one; and an account's name
//! stands in the model only while the vault is open.

mod accounts;
mod action;
mod face;
mod text;

pub(crate) use self::{
    accounts::{Account, Room},
    action::{Action, Deed},
    face::Face,
};
use text::shown;

/// How the daemon and its vault are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum State {
    /// Nobody answers.
    #[default]
    NoDaemon,
    /// There is no vault yet.
    NoVault,
    /// The vault is locked.
    Locked,
    /// The vault is open.
    Unlocked,
    /// The vault is there and can't be used.
    Unusable,
}

impl State {
    /// Reads the contract's word for it; a word of a later version shows no more than a locked vault does.
    pub(crate) fn from_word(word: &str) -> Self {
        match word {
            "absent" => Self::NoVault,
            "unlocked" => Self::Unlocked,
            "unusable" => Self::Unusable,
            _ => Self::Locked,
        }
    }
}

/// What the daemon tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct View {
    /// How the vault is.
    pub(crate) state: State,
    /// Why it can't be used.
    pub(crate) why: String,
    /// Whether it can't be written.
    pub(crate) read_only: bool,
    /// How many accounts no site is known to accept the codes of.
    pub(crate) unconfirmed: u32,
    /// What the person should know beside it, a line each.
    pub(crate) warnings: Vec<String>,
    /// The accounts, pinned ones first, then by use; empty unless the vault is open.
    pub(crate) accounts: Vec<Account>,
}

/// What of ours is on the clipboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Clipboard {
    /// Nothing.
    #[default]
    Empty,
    /// Nothing yet: the code of now dies too soon.
    Awaited,
    /// A code.
    Holds,
}

/// A line of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Something to click.
    Item(Action, String),
    /// Something to read.
    Note(String),
    /// A menu in the menu.
    Submenu(String, Vec<Entry>),
    /// A line between groups.
    Separator,
}

/// All that the tray shows.
#[derive(Debug, Default)]
pub(crate) struct Model {
    room: Room,
    view: View,
    failure: Option<String>,
    clipboard: Clipboard,
}

impl Model {
    /// Begins with nothing to show.
    pub(crate) fn new(room: Room) -> Self {
        Self { room, ..Self::default() }
    }

    /// Returns what the daemon told last.
    #[cfg(test)]
    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    /// Takes what the daemon tells; another state makes an earlier failure old news.
    pub(crate) fn set_view(&mut self, view: View) {
        if view.state != self.view.state {
            self.failure = None;
        }
        self.view = view;
    }

    /// Takes why the last click came to nothing, or `None` for a new click.
    pub(crate) fn set_failure(&mut self, failure: Option<String>) {
        self.failure = failure;
    }

    /// Takes what of ours is on the clipboard.
    pub(crate) fn set_clipboard(&mut self, clipboard: Clipboard) {
        self.clipboard = clipboard;
    }

    /// Returns the icon, which the tooltip and the menu say in words.
    pub(crate) fn face(&self) -> Face {
        match (self.clipboard, self.view.state) {
            (Clipboard::Awaited, _) => Face::Waiting,
            (Clipboard::Holds, _) => Face::Copied,
            (Clipboard::Empty, State::NoDaemon) => Face::NoDaemon,
            (Clipboard::Empty, State::NoVault) => Face::NoVault,
            (Clipboard::Empty, State::Locked) => Face::Locked,
            (Clipboard::Empty, State::Unusable) => Face::Unusable,
            (Clipboard::Empty, State::Unlocked) if self.view.read_only => Face::ReadOnly,
            (Clipboard::Empty, State::Unlocked) if self.view.unconfirmed > 0 => Face::Unconfirmed,
            (Clipboard::Empty, State::Unlocked) => Face::Unlocked,
        }
    }

    /// Returns what leads on from here, unless the vault is open.
    pub(crate) fn way_on(&self) -> Option<Action> {
        match self.view.state {
            State::NoDaemon => Some(Action::Start),
            State::NoVault => Some(Action::SetUp),
            State::Locked => Some(Action::Unlock),
            State::Unusable => Some(Action::Explain),
            State::Unlocked => None,
        }
    }

    /// Returns the account that a code was taken of last, to take one again.
    pub(crate) fn last_used(&self) -> Option<&Account> {
        let used = self.view.accounts.iter().filter(|account| account.last_used > 0 && !account.pin_needed);
        used.max_by_key(|account| account.last_used)
    }

    /// Whether there is an account to choose.
    pub(crate) fn has_accounts(&self) -> bool {
        !self.view.accounts.is_empty()
    }

    /// Returns the menu.
    pub(crate) fn menu(&self) -> Vec<Entry> {
        let mut menu: Vec<Entry> = self.notes().map(|text| Entry::Note(shown(text, NOTE))).collect();
        match self.view.state {
            State::NoDaemon => menu.push(item(Action::Start, "Start")),
            State::NoVault => menu.extend([item(Action::SetUp, "Set up…"), Entry::Separator, scan()]),
            State::Locked => menu.extend([item(Action::Unlock, "Unlock…"), Entry::Separator, scan()]),
            State::Unlocked => menu.extend(self.accounts()),
            State::Unusable => {
                menu.extend((!self.view.why.is_empty()).then(|| Entry::Note(shown(&self.view.why, NOTE))));
                menu.push(item(Action::Explain, "What now?"));
            }
        }
        menu.extend([Entry::Separator, Entry::Note(self.face().words().into())]);
        menu.extend((self.view.state == State::Unlocked).then(|| item(Action::Lock, "Lock")));
        menu.push(item(Action::Quit, "Quit"));
        menu
    }

    fn notes(&self) -> impl Iterator<Item = &String> {
        self.failure.iter().chain(&self.view.warnings)
    }

    fn accounts(&self) -> Vec<Entry> {
        if !self.has_accounts() {
            return vec![Entry::Note("No accounts yet".into()), scan()];
        }
        let mut menu = accounts::entries(&self.view.accounts, self.room);
        menu.extend([item(Action::Search, "Search…"), scan()]);
        menu
    }
}

fn item(action: Action, label: &str) -> Entry {
    Entry::Item(action, label.into())
}

fn scan() -> Entry {
    item(Action::Scan, "Scan QR from screen")
}

/// The most characters of a note.
const NOTE: usize = 100;

#[cfg(test)]
#[path = "menu_tests.rs"]
mod tests;
