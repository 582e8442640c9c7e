//! What the tray shows, as plain data: from what is known of the daemon to icon, tooltip and menu.
//!
//! Nothing here knows a toolkit or a bus. No code ever comes in here, so no label can hold one; and an account's name
//! stands in the model only while the vault is open.

use std::collections::HashMap;

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

/// What a click on an entry asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    /// Copy a fresh code of the account with this id.
    Copy(String),
    /// Draw the QR of the account with this id.
    ShowQr(String),
    /// Look for QR codes on the screen.
    Scan,
    /// Lock the vault.
    Lock,
    /// Unlock the vault.
    Unlock,
    /// Make a vault.
    SetUp,
    /// Start the daemon.
    Start,
    /// End the tray.
    Quit,
}

impl Action {
    /// Returns the name under which the toolkit reports a click.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Copy(account) => format!("copy {account}"),
            Self::ShowQr(account) => format!("qr {account}"),
            Self::Scan => "scan".into(),
            Self::Lock => "lock".into(),
            Self::Unlock => "unlock".into(),
            Self::SetUp => "set-up".into(),
            Self::Start => "start".into(),
            Self::Quit => "quit".into(),
        }
    }

    /// Reads such a name back.
    pub(crate) fn from_id(id: &str) -> Option<Self> {
        let plain = [Self::Scan, Self::Lock, Self::Unlock, Self::SetUp, Self::Start, Self::Quit];
        match id.split_once(' ') {
            Some(("copy", account)) => Some(Self::Copy(account.into())),
            Some(("qr", account)) => Some(Self::ShowQr(account.into())),
            _ => plain.into_iter().find(|action| action.id() == id),
        }
    }
}

/// An account as the menu needs it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Account {
    /// 32 hex characters.
    pub(crate) id: String,
    /// Issuer and name in one.
    pub(crate) title: String,
    /// Seconds that a code lives; 0 where codes follow a counter.
    pub(crate) period: u32,
    /// Whether a PIN is needed that the vault does not keep.
    pub(crate) pin_needed: bool,
}

/// What the daemon tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct View {
    /// How the vault is.
    pub(crate) state: State,
    /// Why it can't be used.
    pub(crate) why: String,
    /// What the person should know beside it, a line each.
    pub(crate) warnings: Vec<String>,
    /// The accounts, most used first; empty unless the vault is open.
    pub(crate) accounts: Vec<Account>,
}

/// Which icon stands in the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    /// How the vault is.
    State(State),
    /// The next code is waited for, to be copied.
    Awaited,
    /// A code is on the clipboard.
    Copied,
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
    view: View,
    failure: Option<String>,
    clipboard: Clipboard,
}

impl Model {
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

    /// Returns the icon.
    pub(crate) fn face(&self) -> Face {
        match self.clipboard {
            Clipboard::Empty => Face::State(self.view.state),
            Clipboard::Awaited => Face::Awaited,
            Clipboard::Holds => Face::Copied,
        }
    }

    /// Returns the tooltip: never a name, never a code.
    pub(crate) fn tooltip(&self) -> &'static str {
        match self.face() {
            Face::Awaited => "Waiting for the next code, to copy it",
            Face::Copied => "A code is on the clipboard until it has expired",
            Face::State(State::NoDaemon) => "countersignd is not running",
            Face::State(State::NoVault) => "Not set up yet",
            Face::State(State::Locked) => "Locked",
            Face::State(State::Unlocked) => "Unlocked",
            Face::State(State::Unusable) => "The vault can't be used",
        }
    }

    /// Returns what a plain click on the icon asks for, where the panel does not open the menu by it.
    pub(crate) fn main_action(&self) -> Option<Action> {
        match self.view.state {
            State::NoDaemon => Some(Action::Start),
            State::NoVault => Some(Action::SetUp),
            State::Locked => Some(Action::Unlock),
            State::Unlocked | State::Unusable => None,
        }
    }

    /// Returns the menu.
    pub(crate) fn menu(&self) -> Vec<Entry> {
        let item = |action, label: &str| Entry::Item(action, label.into());
        let scan = item(Action::Scan, "Scan QR from screen");
        let mut menu: Vec<Entry> = self.notes().map(|text| Entry::Note(shown(text, NOTE))).collect();
        match self.view.state {
            State::NoDaemon => {
                menu.extend([Entry::Note("countersignd is not running".into()), item(Action::Start, "Start")]);
            }
            State::NoVault => menu.extend([item(Action::SetUp, "Set up…"), Entry::Separator, scan]),
            State::Locked => menu.extend([item(Action::Unlock, "Unlock…"), Entry::Separator, scan]),
            State::Unlocked => {
                menu.extend(self.accounts());
                menu.extend([Entry::Separator, scan]);
                menu.extend(self.qr_submenu());
                menu.extend([Entry::Separator, item(Action::Lock, "Lock")]);
            }
            State::Unusable => {
                menu.push(Entry::Note(format!("The vault can't be used: {}", shown(&self.view.why, NOTE))));
                menu.push(Entry::Note("More by: countersign status".into()));
            }
        }
        menu.extend([Entry::Separator, item(Action::Quit, "Quit")]);
        menu
    }

    fn notes(&self) -> impl Iterator<Item = &String> {
        self.failure.iter().chain(&self.view.warnings)
    }

    fn accounts(&self) -> Vec<Entry> {
        if self.view.accounts.is_empty() {
            return vec![Entry::Note("No accounts yet".into())];
        }
        grouped(&self.view.accounts, &|account, label| {
            if account.pin_needed {
                Entry::Note(format!("{label} (needs its PIN)"))
            } else {
                Entry::Item(Action::Copy(account.id.clone()), label)
            }
        })
    }

    fn qr_submenu(&self) -> Option<Entry> {
        let entry = |account: &Account, label| Entry::Item(Action::ShowQr(account.id.clone()), label);
        let accounts = grouped(&self.view.accounts, &entry);
        (!accounts.is_empty()).then(|| Entry::Submenu("Show QR for another device".into(), accounts))
    }
}

/// Puts the first accounts side by side, and the others, by name, into submenus.
fn grouped(accounts: &[Account], entry: &dyn Fn(&Account, String) -> Entry) -> Vec<Entry> {
    let labels = labels(accounts);
    let labelled: Vec<(&Account, String)> = accounts.iter().zip(labels).collect();
    let (first, rest) = labelled.split_at(labelled.len().min(SIDE_BY_SIDE));
    let mut rest = rest.to_vec();
    rest.sort_by_key(|(account, label)| (label.to_lowercase(), account.id.clone()));
    // With very many accounts the submenus grow, rather than the list of them.
    let size = rest.len().div_ceil(SIDE_BY_SIDE).max(SIDE_BY_SIDE);
    let mut menu: Vec<Entry> = first.iter().map(|(account, label)| entry(account, label.clone())).collect();
    menu.extend(rest.chunks(size).map(|group| {
        let entries = group.iter().map(|(account, label)| entry(account, label.clone())).collect();
        Entry::Submenu(group_label(group), entries)
    }));
    menu
}

/// Says from where to where a submenu goes: by issuer alone where that tells them apart.
fn group_label(group: &[(&Account, String)]) -> String {
    let ends = [group.first(), group.last()].map(|end| end.map_or("", |(_, label)| label));
    let issuers = ends.map(|label| label.split(" – ").next().unwrap_or(label));
    let [from, to] = if issuers[0] == issuers[1] { ends } else { issuers }.map(|text| shown(text, GROUP));
    if from == to { from } else { format!("{from} … {to}") }
}

/// Returns a label for each account, by which no two are mixed up.
fn labels(accounts: &[Account]) -> Vec<String> {
    let label = |account: &Account| match shown(&account.title, LABEL) {
        empty if empty.is_empty() => "(no name)".to_owned(),
        label => label,
    };
    let labels: Vec<String> = accounts.iter().map(label).collect();
    let mut count: HashMap<&str, usize> = HashMap::new();
    for label in &labels {
        *count.entry(label).or_default() += 1;
    }
    let alone = |label: &str| count.get(label) == Some(&1);
    let short = |account: &Account| account.id.chars().take(4).collect::<String>();
    let pairs = labels.iter().zip(accounts);
    pairs
        .map(|(label, account)| if alone(label) { label.clone() } else { format!("{label} ({})", short(account)) })
        .collect()
}

/// Returns text as a menu may show it: one line, of this many characters at the most, nothing invisible in it.
///
/// The daemon has made titles visible already; a panel is one more place where a forged name could play tricks.
fn shown(text: &str, most: usize) -> String {
    let mut out = String::new();
    for c in text.trim().chars() {
        if c.is_control() || is_invisible(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    match out.char_indices().nth(most) {
        Some(_) => out.chars().take(most - 1).chain(['…']).collect(),
        None => out,
    }
}

/// Says whether a character shows nothing by itself, or turns the direction of others.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The most accounts in one menu before submenus begin.
const SIDE_BY_SIDE: usize = 25;
/// The most characters of an account's label.
const LABEL: usize = 60;
/// The most characters of a note.
const NOTE: usize = 100;
/// The most characters of each end of a submenu's label.
const GROUP: usize = 24;

#[cfg(test)]
#[path = "menu_tests.rs"]
mod tests;
