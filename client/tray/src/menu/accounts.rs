//! The accounts in the menu: a click on one copies; what else can be done with it is a submenu further.
//!
//! Few accounts stand side by side. Of many, the pinned and the most used ones do, and the others follow by issuer. *More*
//! has those that stand side by side once more, with all that can be done with each, and the one used last: so every
//! account comes there by one click on it, or has its own submenu where a click would spend a code or can copy none. All of
//! them with all of it would be 1,600 entries for 200 accounts, each some kilobytes in the toolkit and the panel.

use std::collections::HashMap;

use super::{
    Entry,
    action::{Action, Deed},
    text::shown,
};

/// An account as the menu needs it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Account {
    /// 32 hex characters.
    pub(crate) id: String,
    /// Who it is with.
    pub(crate) issuer: String,
    /// Issuer and name in one.
    pub(crate) title: String,
    /// Seconds that a code lives; 0 where codes follow a counter.
    pub(crate) period: u32,
    /// Whether a PIN is needed that the vault does not keep.
    pub(crate) pin_needed: bool,
    /// Whether it stands first for good.
    pub(crate) pinned: bool,
    /// Whether a site is known to accept its codes.
    pub(crate) confirmed: bool,
    /// Unix time of its last code; 0 for never.
    pub(crate) last_used: u64,
}

/// How much of a menu fits on a small screen, which has 720 pixels in height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// The most accounts in one list before submenus begin.
    side_by_side: usize,
    /// How many of the most used ones come before the submenus, where there are some.
    first: usize,
    /// The most submenus that are about as long as a list.
    groups: usize,
}

impl Room {
    /// Most panels: 26 lines.
    pub(crate) const USUAL: Self = Self { side_by_side: 20, first: 10, groups: 12 };
    /// GNOME: 18 lines, and what is longer can't be scrolled but in submenus.
    pub(crate) const GNOME: Self = Self { side_by_side: 10, first: 5, groups: 5 };
}

impl Default for Room {
    fn default() -> Self {
        Self::USUAL
    }
}

/// Returns the entries of accounts that come pinned ones first, then by use.
pub(super) fn entries(accounts: &[Account], room: Room) -> Vec<Entry> {
    let labels = labels(accounts);
    let all: Vec<Labelled> = accounts.iter().zip(labels).map(|(account, label)| Labelled { account, label }).collect();
    let pinned = accounts.iter().filter(|account| account.pinned).count();
    let alone = all.len() <= room.side_by_side;
    let first = if alone { all.len() } else { pinned.clamp(room.first, room.side_by_side) };
    let (first, rest) = all.split_at(first);
    let mut menu = Vec::new();
    let (pinned, used) = first.split_at(pinned.min(first.len()));
    menu.extend(pinned.iter().map(copying));
    if !pinned.is_empty() && !used.is_empty() {
        menu.push(Entry::Separator);
    }
    menu.extend(used.iter().map(copying));
    if !rest.is_empty() {
        menu.push(Entry::Separator);
        let mut sorted: Vec<&Labelled> = rest.iter().collect();
        sorted.sort_by_key(|one| (issuer(one).to_lowercase(), one.label.to_lowercase(), &one.account.id));
        menu.extend(submenus(&by_issuer(&sorted, room)));
    }
    let last = rest.iter().filter(|one| one.account.last_used > 0).max_by_key(|one| one.account.last_used);
    let is_last = |one: &&Labelled| first.iter().all(|other| other.account.last_used < one.account.last_used);
    let all_of_it: Vec<&Labelled> = first.iter().chain(last.filter(is_last)).collect();
    menu.extend([Entry::Separator, more(&all_of_it)]);
    menu
}

/// An account and its label, by which it is not mixed up with another.
struct Labelled<'a> {
    account: &'a Account,
    label: String,
}

/// Returns by what accounts stand together.
fn issuer(one: &Labelled) -> String {
    let name = if one.account.issuer.is_empty() { &one.account.title } else { &one.account.issuer };
    shown(name, GROUP)
}

/// Returns the entry that copies by one click.
fn copying(one: &Labelled) -> Entry {
    let label = worded(one);
    if one.account.pin_needed { Entry::Note(label) } else { item(Deed::Copy, one.account, &label) }
}

fn item(deed: Deed, account: &Account, label: &str) -> Entry {
    Entry::Item(Action::With(deed, account.id.clone()), label.into())
}

/// Returns the label with what is to be known of the account.
fn worded(one: &Labelled) -> String {
    let label = &one.label;
    match (one.account.pin_needed, one.account.confirmed) {
        (true, _) => format!("{label} (needs its PIN)"),
        (false, false) => format!("{label} (unconfirmed)"),
        (false, true) => label.clone(),
    }
}

/// Returns the entry of an account that does not stand first: one click copies, and brings it into *More*. Where a click
/// can't do that, or would spend a code, all that can be done is here.
fn in_group(one: &Labelled) -> Entry {
    if one.account.pin_needed || one.account.period == 0 { all_of(one) } else { copying(one) }
}

/// Returns the submenu with all that can be done with an account.
fn all_of(one: &Labelled) -> Entry {
    let entries = deeds(one.account).iter().map(|deed| item(*deed, one.account, deed.label())).collect();
    Entry::Submenu(worded(one), entries)
}

/// Returns the submenu with all that can be done with each of these accounts.
fn more(accounts: &[&Labelled]) -> Entry {
    Entry::Submenu(MORE.into(), accounts.iter().map(|one| all_of(one)).collect())
}

/// Returns what can be done with an account here.
fn deeds(account: &Account) -> Vec<Deed> {
    let mut deeds = Vec::new();
    if !account.pin_needed {
        deeds.push(Deed::Copy);
        // A counter's next code would spend the one before it.
        if account.period > 0 {
            deeds.push(Deed::CopyNext);
        }
        deeds.extend([Deed::Large, Deed::Type]);
    }
    deeds.extend([Deed::ShowQr, if account.pinned { Deed::Unpin } else { Deed::Pin }]);
    if !account.confirmed {
        deeds.push(Deed::Accept);
    }
    deeds
}

/// Cuts accounts that are sorted by issuer into groups, between issuers where that can be.
fn by_issuer<'a>(sorted: &[&'a Labelled<'a>], room: Room) -> Vec<Vec<&'a Labelled<'a>>> {
    // With very many accounts the groups grow, rather than the list of them.
    let most = sorted.len().div_ceil(room.groups).max(room.side_by_side);
    let mut groups: Vec<Vec<&Labelled>> = Vec::new();
    let same_issuer = |one: &&Labelled, other: &&Labelled| issuer(one).to_lowercase() == issuer(other).to_lowercase();
    for same in sorted.chunk_by(same_issuer) {
        for part in same.chunks(most) {
            match groups.last_mut() {
                Some(group) if group.len() + part.len() <= most => group.extend(part),
                _ => groups.push(part.to_vec()),
            }
        }
    }
    groups
}

/// Names each group by its issuers, and by its accounts where an issuer has several groups.
fn submenus(groups: &[Vec<&Labelled>]) -> Vec<Entry> {
    let names: Vec<String> = groups.iter().map(|group| from_to(group, issuer)).collect();
    let entry = |(group, name): (&Vec<&Labelled>, &String)| {
        let alone = names.iter().filter(|other| *other == name).count() == 1;
        let name = if alone { name.clone() } else { from_to(group, |one| shown(&one.label, GROUP)) };
        Entry::Submenu(name, group.iter().map(|one| in_group(one)).collect())
    };
    groups.iter().zip(&names).map(entry).collect()
}

/// Says from where to where a group goes.
fn from_to(group: &[&Labelled], name: impl Fn(&Labelled) -> String) -> String {
    let [from, to] = [group.first(), group.last()].map(|end| end.map_or_else(String::new, |one| name(one)));
    if from.to_lowercase() == to.to_lowercase() { from } else { format!("{from} … {to}") }
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

/// The most characters of an account's label.
const LABEL: usize = 60;
/// The most characters of each end of a submenu's label.
const GROUP: usize = 24;
/// What else can be done.
const MORE: &str = "More";

#[cfg(test)]
#[path = "accounts_tests.rs"]
mod tests;
