//! An import: many accounts with what belongs to them, in one change or not at all.
//!
//! Ten thousand come in one go: each is looked up among what is there, never compared with all of it.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    mem,
};

use super::{
    change::{Added, ENTRY_LIMIT, IfExists, Outcome, folded, is_nameless, parameters, same_name, with_pin_of},
    content::{Change, Content, Details, Entry, duplicate},
    error::VaultError,
    file,
    generations::Why,
    history::Mark,
    portable::{MAX_TAGS, Portable},
    unlocked::Vault,
};
use crate::account::{Account, AccountId, Kind};

impl Vault {
    /// Says what an import would do, account by account; nothing is changed.
    ///
    /// # Errors
    /// [`VaultError::Full`], [`VaultError::Invalid`], as of [`Vault::import`].
    pub fn preview(&self, accounts: &[Portable], if_exists: IfExists) -> Result<Vec<Added>, VaultError> {
        take_all(&mut self.draft(), accounts, if_exists, self.mark(Change::Added))
    }

    /// Keeps accounts that come with what belongs to them, in one change or not at all; the vault of before is kept as a
    /// generation of its own.
    ///
    /// # Errors
    /// [`VaultError::Full`] beyond 20,000 accounts, [`VaultError::Invalid`] for one that can't be; nothing is kept then.
    pub fn import(&mut self, accounts: &[Portable], if_exists: IfExists) -> Result<Vec<Added>, VaultError> {
        let mark = self.mark(Change::Added);
        let mut draft = self.draft();
        let all = take_all(&mut draft, accounts, if_exists, mark)?;
        if all.iter().any(|added| !matches!(added.outcome, Outcome::AlreadyKept | Outcome::Repeated)) {
            self.commit(draft, Why::Import)?;
        }
        Ok(all)
    }
}

/// Takes accounts into a draft; what is there already stays as it is.
fn take_all(
    draft: &mut Content,
    accounts: &[Portable],
    if_exists: IfExists,
    mark: Mark,
) -> Result<Vec<Added>, VaultError> {
    accounts.iter().try_for_each(Portable::check)?;
    let (index, known) = (Index::of(&draft.entries), draft.entries.len());
    let mut taking = Taking { draft, index, known, if_exists, mark };
    let all = accounts.iter().map(|one| taking.take(one)).collect::<Result<_, _>>()?;
    if draft.entries.len() > ENTRY_LIMIT {
        return Err(VaultError::Full("the vault"));
    }
    Ok(all)
}

/// An import under way.
struct Taking<'d> {
    draft: &'d mut Content,
    index: Index,
    /// How many entries there were before it; those of its own stand behind them.
    known: usize,
    if_exists: IfExists,
    mark: Mark,
}

impl Taking<'_> {
    fn take(&mut self, one: &Portable) -> Result<Added, VaultError> {
        if let Some(place) = self.index.same(&self.draft.entries, one) {
            return Ok(self.meet(place, one));
        }
        // What lay in a trash takes nobody's place.
        let named = self.index.named(&one.account).filter(|_| !one.trashed);
        let (place, outcome) = match named {
            Some(place) if self.if_exists == IfExists::Replace && !self.is_of_this_import(place) => {
                self.replace(place, &one.account);
                (place, Outcome::Replaced)
            }
            Some(_) => (self.add(&one.account)?, Outcome::KeptBoth),
            None => (self.add(&one.account)?, Outcome::Kept),
        };
        let entry = &mut self.draft.entries[place];
        let pinned = entry.details.pinned;
        bring_along(&mut entry.details, one, self.mark.at);
        if outcome == Outcome::Replaced {
            // Where it stands in lists is the person's choice here, and nothing that undo would take back.
            entry.details.pinned = pinned;
        }
        self.index.note(place, entry);
        Ok(Added { id: entry.id, outcome, leaves_note: false })
    }

    /// Meets an account that is there already: of its two counters the higher one holds, for no code may come out twice.
    fn meet(&mut self, place: usize, one: &Portable) -> Added {
        let account = &one.account;
        let is_repeated = self.is_of_this_import(place);
        let entry = &mut self.draft.entries[place];
        let is_raised = counter(&entry.details.account) < counter(account);
        if is_raised {
            entry.raise_counter(&account.secret, counter(account).unwrap_or_default());
            entry.version = self.mark.change;
        }
        let outcome = match (is_repeated, is_raised) {
            (true, _) => Outcome::Repeated,
            (false, true) => Outcome::CounterRaised,
            (false, false) => Outcome::AlreadyKept,
        };
        if place >= self.known && !one.trashed {
            // A file may have it in two places, each with a label.
            let note = mem::take(&mut entry.details.note);
            bring_along(&mut entry.details, one, self.mark.at);
            if !note.is_empty() {
                entry.details.note = note;
            }
        }
        let leaves_note = !one.note.is_empty() && one.note != entry.details.note;
        Added { id: entry.id, outcome, leaves_note }
    }

    /// Accounts of one import don't replace each other.
    fn is_of_this_import(&self, place: usize) -> bool {
        self.draft.entries[place].version == self.mark.change
    }

    fn replace(&mut self, place: usize, account: &Account) {
        let (entry, mark) = (&mut self.draft.entries[place], self.mark);
        let old = entry.details.duplicate();
        let account = with_pin_of(duplicate(account), &old.account);
        let details = Details { account, confirmed: Some(mark.at), ..old };
        entry.become_(details, Mark { why: Change::Replaced, ..mark });
    }

    /// Adds an account, or takes the very same one back from the trash: an import that was undone and is done again would
    /// fill the vault otherwise.
    fn add(&mut self, account: &Account) -> Result<usize, VaultError> {
        if let Some(place) = self.index.twin(&self.draft.entries, account, Place::Trash) {
            self.take_back(place, account);
            return Ok(place);
        }
        let id = AccountId::from_bytes(file::random().map_err(VaultError::NotSaved)?);
        let details = Details { confirmed: Some(self.mark.at), ..Details::new(duplicate(account)) };
        self.draft.entries.push(Entry::added(id, details, self.mark));
        Ok(self.draft.entries.len() - 1)
    }

    fn take_back(&mut self, place: usize, account: &Account) {
        let (entry, mark) = (&mut self.draft.entries[place], self.mark);
        let old = entry.details.duplicate();
        let account = with_pin_of(duplicate(account), &old.account);
        let higher = counter(&account).max(counter(&old.account));
        // Not later than it was kept, which would say that it was used here.
        let confirmed = old.confirmed.or(Some(entry.enrolled()));
        let details = Details { account, deleted: None, confirmed, ..old };
        entry.become_(details, Mark { why: Change::Restored, ..mark });
        let secret = entry.details.account.secret.duplicate();
        entry.raise_counter(&secret, higher.unwrap_or_default());
    }
}

/// Returns the counter of the next code, where codes follow one.
fn counter(account: &Account) -> Option<u64> {
    match account.kind {
        Kind::Hotp { counter, .. } => Some(counter),
        _ => None,
    }
}

/// Adds what belongs to an account elsewhere to what belongs to it here.
fn bring_along(details: &mut Details, one: &Portable, now: u64) {
    if !one.note.is_empty() {
        details.note.clone_from(&one.note);
    }
    for tag in &one.tags {
        // Many repetitions could have ever more of them.
        if details.tags.len() < MAX_TAGS && !details.tags.contains(tag) {
            details.tags.push(tag.clone());
        }
    }
    details.pinned |= one.pinned;
    details.uses = details.uses.max(one.uses);
    if one.trashed {
        details.deleted = Some(now);
    }
}

/// Whether an account is in use or lies in the trash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    InUse,
    Trash,
}

/// Where in the list of entries an account stands.
struct Index {
    /// Hashes under a key of their own, so that no copy of a secret is made; what is found is compared.
    hasher: RandomState,
    same: HashMap<u64, Vec<usize>>,
    /// The newest of each name outside the trash.
    named: HashMap<String, usize>,
}

impl Index {
    fn of(entries: &[Entry]) -> Self {
        let mut index = Self { hasher: RandomState::new(), same: HashMap::new(), named: HashMap::new() };
        let mut in_order: Vec<usize> = (0..entries.len()).collect();
        in_order.sort_by_key(|place| entries[*place].version);
        for place in in_order {
            index.note(place, &entries[place]);
        }
        index
    }

    fn note(&mut self, place: usize, entry: &Entry) {
        let account = &entry.details.account;
        self.same.entry(self.hash(account)).or_default().push(place);
        if entry.details.deleted.is_none() && !is_nameless(account) {
            self.named.insert(folded(account), place);
        }
    }

    fn hash(&self, account: &Account) -> u64 {
        self.hasher.hash_one((folded(account), account.secret.expose()))
    }

    /// Returns the entry that is this account; of one from a trash also that in our own.
    fn same(&self, entries: &[Entry], one: &Portable) -> Option<usize> {
        let in_use = self.twin(entries, &one.account, Place::InUse);
        in_use.or_else(|| self.twin(entries, &one.account, Place::Trash).filter(|_| one.trashed))
    }

    /// Returns where an account stands of the same name, secret and way to compute codes.
    fn twin(&self, entries: &[Entry], account: &Account, at: Place) -> Option<usize> {
        let places = self.same.get(&self.hash(account))?.iter().copied();
        places.filter(|place| entries[*place].details.deleted.is_some() == (at == Place::Trash)).find(|place| {
            let kept = &entries[*place].details.account;
            same_name(kept, account)
                && kept.secret == account.secret
                && parameters(&kept.kind) == parameters(&account.kind)
        })
    }

    fn named(&self, account: &Account) -> Option<usize> {
        self.named.get(&folded(account)).copied()
    }
}
