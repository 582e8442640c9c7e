//! What is inside a vault: entries, each with its history, and what is kept although it is not understood.

use std::{collections::HashMap, fmt, str::FromStr};

use super::{checklist::Checklist, envelope::VaultKey, json::Extras, record::version_of};
use crate::{
    account::{Account, AccountId, Kind},
    secret::{Secret, SecretText},
};

/// An account that the vault keeps, or kept until it was put in the trash.
pub struct Entry {
    pub(super) id: AccountId,
    pub(super) created: u64,
    pub(super) version: Version,
    pub(super) details: Details,
    /// Earlier states, the oldest first.
    pub(super) history: Vec<Past>,
    /// Earlier states that this version does not understand, word for word.
    pub(super) strange: Vec<SecretText>,
}

impl Entry {
    /// Returns its stable name.
    pub fn id(&self) -> AccountId {
        self.id
    }

    /// Returns what codes are made of.
    pub fn account(&self) -> &Account {
        &self.details.account
    }

    /// Returns the person's note; may be empty.
    pub fn note(&self) -> &str {
        &self.details.note
    }

    /// Returns the person's labels for it.
    pub fn tags(&self) -> &[String] {
        &self.details.tags
    }

    /// Returns the Unix time at which it was kept.
    pub fn created(&self) -> u64 {
        self.created
    }

    /// Returns the Unix time since which the site is taken to accept its codes; `None` for a scan that was kept and not
    /// proven yet. See [`super::Vault::confirm`].
    pub fn confirmed(&self) -> Option<u64> {
        self.details.confirmed
    }

    /// Says whether its codes proved right after it was kept; what came from elsewhere is confirmed without that.
    pub fn is_confirmed_here(&self) -> bool {
        self.details.confirmed.is_some_and(|at| at > self.enrolled())
    }

    /// Says whether the person wants it at the head of lists.
    pub fn pinned(&self) -> bool {
        self.details.pinned
    }

    /// Returns how often its codes were used before it came here; 0 where that is not known.
    pub fn earlier_uses(&self) -> u64 {
        self.details.uses
    }

    /// Returns the Unix time at which its present secret was kept.
    pub fn enrolled(&self) -> u64 {
        let replaced = self.history.iter().filter(|past| past.why == Change::Replaced && !past.undone);
        replaced.map(|past| past.at).fold(self.created, u64::max)
    }

    /// Returns the Unix time at which it was put in the trash.
    pub fn deleted(&self) -> Option<u64> {
        self.details.deleted
    }

    /// Returns the secrets that it had before, the newest first, each with what [`super::Vault::take_back`] wants.
    pub fn replaced(&self) -> impl Iterator<Item = Replaced<'_>> {
        let current = &self.details.account.secret;
        self.history.iter().rev().filter_map(move |past| {
            let account = &past.before.as_ref()?.account;
            (account.secret != *current).then_some(Replaced { change: past.change, at: past.at, account })
        })
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A secret that another one took the place of.
#[derive(Debug)]
pub struct Replaced<'a> {
    /// Which change it was.
    pub change: Version,
    /// Unix time of the change.
    pub at: u64,
    /// The account as it was before.
    pub account: &'a Account,
}

/// What a change can change.
#[derive(PartialEq, Eq)]
pub(super) struct Details {
    pub(super) account: Account,
    pub(super) note: String,
    pub(super) tags: Vec<String>,
    pub(super) pinned: bool,
    pub(super) uses: u64,
    pub(super) confirmed: Option<u64>,
    pub(super) deleted: Option<u64>,
    pub(super) extras: Extras,
}

impl Details {
    pub(super) fn new(account: Account) -> Self {
        Self {
            account,
            note: String::new(),
            tags: Vec::new(),
            pinned: false,
            uses: 0,
            confirmed: None,
            deleted: None,
            extras: Extras::default(),
        }
    }

    pub(super) fn duplicate(&self) -> Self {
        Self {
            account: duplicate(&self.account),
            note: self.note.clone(),
            tags: self.tags.clone(),
            extras: self.extras.duplicate(),
            ..*self
        }
    }

    /// Returns the counter of the next code, where codes follow one.
    pub(super) fn counter_mut(&mut self) -> Option<&mut u64> {
        match &mut self.account.kind {
            Kind::Hotp { counter, .. } => Some(counter),
            _ => None,
        }
    }
}

/// One earlier state of an entry: undo, trash and replaced secrets all live here.
pub(super) struct Past {
    /// Unix time of the change that ended it.
    pub(super) at: u64,
    /// Which change that was; entries changed together share it.
    pub(super) change: Version,
    pub(super) why: Change,
    /// Kept for its secret only: undo passes it over.
    pub(super) undone: bool,
    /// The state before; none where the entry was new.
    pub(super) before: Option<Details>,
    pub(super) extras: Extras,
}

/// What a change did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Kept a new account.
    Added,
    /// Changed what an account is called or how its codes are made.
    Edited,
    /// Put another secret in the place of one.
    Replaced,
    /// Put an account in the trash.
    Removed,
    /// Took an account back from the trash.
    Restored,
}

impl Change {
    const ALL: [(Self, &str); 5] = [
        (Self::Added, "added"),
        (Self::Edited, "edited"),
        (Self::Replaced, "replaced"),
        (Self::Removed, "removed"),
        (Self::Restored, "restored"),
    ];

    /// Returns the word for it, such as `added`.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(change, _)| *change == self).map_or("", |(_, word)| word)
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(change, _)| *change)
    }
}

/// When and where a change was made, so that the copies of two devices can be merged: a hybrid logical clock.
///
/// Milliseconds of Unix time, a count for changes within one (or while the clock was set back), and the device.
/// Its text sorts as it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version {
    millis: u64,
    count: u32,
    device: u64,
}

impl Version {
    /// Returns a version after this one, at this time if the clock has not been set back.
    pub(super) fn next(self, now_millis: u64, device: u64) -> Self {
        if now_millis > self.millis {
            Self { millis: now_millis, count: 0, device }
        } else {
            let (count, carry) = self.count.overflowing_add(1);
            Self { millis: self.millis.saturating_add(u64::from(carry)), count, device }
        }
    }

    /// Returns its Unix time.
    pub(super) fn seconds(self) -> u64 {
        self.millis / 1000
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}-{:08x}-{:016x}", self.millis, self.count, self.device)
    }
}

impl FromStr for Version {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '-');
        let mut part = || parts.next().unwrap_or_default();
        Ok(Self {
            millis: u64::from_str_radix(part(), 16)?,
            count: u32::from_str_radix(part(), 16)?,
            device: u64::from_str_radix(part(), 16)?,
        })
    }
}

/// What is left of an entry whose time in the trash is over: enough to tell another copy that it is gone.
pub(super) struct Tombstone {
    pub(super) id: AccountId,
    pub(super) created: u64,
    pub(super) version: Version,
    pub(super) deleted: u64,
    pub(super) extras: Extras,
}

/// The recovery key as far as the vault remembers it.
#[derive(PartialEq, Eq)]
pub(super) struct Recovery {
    pub(super) made: u64,
    /// The key's end, until the person has typed it; enough to ask for, not to open anything.
    pub(super) ending: Option<SecretText>,
    /// Its public side, so that a new vault key can be sealed to the same paper.
    pub(super) recipient: String,
}

/// All that a vault holds.
pub(super) struct Content {
    /// 32 hex characters, random: tells this vault from every other one.
    pub(super) vault: String,
    /// Counts saves.
    pub(super) generation: u64,
    pub(super) written: u64,
    pub(super) entries: Vec<Entry>,
    pub(super) tombstones: Vec<Tombstone>,
    /// Entries that this version can't understand, word for word.
    pub(super) quarantined: Vec<SecretText>,
    pub(super) recovery: Option<Recovery>,
    pub(super) checklist: Checklist,
    /// Earlier vault keys, so that generations still open.
    pub(super) old_keys: Vec<VaultKey>,
    pub(super) extras: Extras,
}

impl Content {
    pub(super) fn new(vault: String) -> Self {
        Self {
            vault,
            generation: 0,
            written: 0,
            entries: Vec::new(),
            tombstones: Vec::new(),
            quarantined: Vec::new(),
            recovery: None,
            checklist: Checklist::default(),
            old_keys: Vec::new(),
            extras: Extras::default(),
        }
    }

    /// Returns a second holder of the same content, for a change to be made on.
    pub(super) fn duplicate(&self) -> Self {
        Self {
            vault: self.vault.clone(),
            entries: self.entries.iter().map(Entry::duplicate).collect(),
            tombstones: self.tombstones.iter().map(Tombstone::duplicate).collect(),
            quarantined: copies(&self.quarantined),
            recovery: self.recovery.as_ref().map(Recovery::duplicate),
            checklist: self.checklist.duplicate(),
            old_keys: self.old_keys.iter().map(VaultKey::duplicate).collect(),
            extras: self.extras.duplicate(),
            ..*self
        }
    }

    /// Returns the highest version in it.
    pub(super) fn clock(&self) -> Version {
        let entries = self.entries.iter().map(|entry| entry.version);
        let changes = self.entries.iter().flat_map(|entry| entry.history.iter().map(|past| past.change));
        let stones = self.tombstones.iter().map(|stone| stone.version);
        let strange = self.quarantined.iter().filter_map(version_of);
        entries.chain(changes).chain(stones).chain(strange).chain(self.checklist.clock()).max().unwrap_or_default()
    }

    /// Takes over the counters of a later content: no code that was used may come out again.
    pub(super) fn raise_counters(&mut self, later: &Self) {
        let later: HashMap<AccountId, &Entry> = later.entries.iter().map(|entry| (entry.id, entry)).collect();
        for entry in &mut self.entries {
            let Some(same) = later.get(&entry.id) else { continue };
            let states = same.history.iter().filter_map(|past| past.before.as_ref());
            for account in states.chain([&same.details]).map(|state| &state.account) {
                if let Kind::Hotp { counter, .. } = account.kind {
                    entry.raise_counter(&account.secret, counter);
                }
            }
        }
    }

    pub(super) fn entry_mut(&mut self, id: AccountId) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.id == id)
    }
}

impl Entry {
    /// Raises the counter in each state that has this secret: neither an undo may bring a used one back.
    pub(super) fn raise_counter(&mut self, secret: &Secret, least: u64) {
        let earlier = self.history.iter_mut().filter_map(|past| past.before.as_mut());
        for state in earlier.chain([&mut self.details]).filter(|state| state.account.secret == *secret) {
            state.counter_mut().into_iter().for_each(|counter| *counter = least.max(*counter));
        }
    }

    fn duplicate(&self) -> Self {
        Self {
            details: self.details.duplicate(),
            history: self.history.iter().map(Past::duplicate).collect(),
            strange: copies(&self.strange),
            ..*self
        }
    }
}

impl Past {
    fn duplicate(&self) -> Self {
        let before = self.before.as_ref().map(Details::duplicate);
        Self { before, extras: self.extras.duplicate(), ..*self }
    }
}

impl Tombstone {
    fn duplicate(&self) -> Self {
        Self { extras: self.extras.duplicate(), ..*self }
    }
}

impl Recovery {
    pub(super) fn duplicate(&self) -> Self {
        Self {
            made: self.made,
            ending: self.ending.as_ref().map(|text| SecretText::from(text.expose())),
            recipient: self.recipient.clone(),
        }
    }
}

fn copies(texts: &[SecretText]) -> Vec<SecretText> {
    texts.iter().map(|text| SecretText::from(text.expose())).collect()
}

/// Returns a second holder of the same account.
pub(super) fn duplicate(account: &Account) -> Account {
    let copy = |pin: &Option<SecretText>| pin.as_ref().map(|pin| SecretText::from(pin.expose()));
    let kind = match &account.kind {
        Kind::Totp { algorithm, digits, period } => {
            Kind::Totp { algorithm: *algorithm, digits: *digits, period: *period }
        }
        Kind::Hotp { algorithm, digits, counter } => {
            Kind::Hotp { algorithm: *algorithm, digits: *digits, counter: *counter }
        }
        Kind::Steam => Kind::Steam,
        Kind::Motp { pin } => Kind::Motp { pin: copy(pin) },
        Kind::Yandex { pin, pin_length } => Kind::Yandex { pin: copy(pin), pin_length: *pin_length },
    };
    Account {
        issuer: account.issuer.clone(),
        name: account.name.clone(),
        prefix: account.prefix.clone(),
        kind,
        secret: account.secret.duplicate(),
    }
}
