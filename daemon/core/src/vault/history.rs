//! The history: undo, the trash and replaced secrets are one mechanism.
//!
//! Each change puts the state before it into the entry's own history, under the number of the change; entries changed
//! together share that number, so that one undo takes them all back. No secret is lost by a change or by its undo for
//! 30 days: a new account whose adding is undone lies in the trash, a replacement undone lies in the history.

use super::{
    HISTORY_SECONDS, TOMBSTONE_SECONDS,
    change::parameters,
    content::{Change, Content, Details, Entry, Past, Tombstone, Version},
    json::Extras,
};
use crate::account::AccountId;

/// What an undo took back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// What the change had done.
    pub what: Change,
    /// The accounts it had done it to.
    pub accounts: Vec<AccountId>,
    /// The sites to enrol again that it had put on the list or taken off it.
    pub sites: Vec<String>,
}

/// One change in the making: its number, its time, and what it does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub(super) change: Version,
    pub(super) at: u64,
    pub(super) why: Change,
}

impl Entry {
    /// Makes an entry that this change adds.
    pub(super) fn added(id: AccountId, details: Details, mark: Mark) -> Self {
        let history = vec![past(mark, None)];
        Self { id, created: mark.at, version: mark.change, details, history, strange: Vec::new() }
    }

    /// Puts other details in the place of the present ones, which go into the history.
    pub(super) fn become_(&mut self, details: Details, mark: Mark) {
        let before = std::mem::replace(&mut self.details, details);
        self.history.push(past(mark, Some(before)));
        self.version = mark.change;
    }

    /// Takes a change of this entry back, if it had part in it.
    fn undo(&mut self, change: Version, mark: Mark) -> bool {
        let Some(at) = self.history.iter().rposition(|past| past.change == change && !past.undone) else {
            return false;
        };
        match self.history.remove(at).before {
            None => self.details.deleted = Some(mark.at),
            Some(before) => {
                let after = std::mem::replace(&mut self.details, before);
                self.details.pinned = after.pinned;
                // What goes back to the trash lies there for its whole time again.
                self.details.deleted = self.details.deleted.map(|_| mark.at);
                let (new, old) = (&self.details.account, &after.account);
                if new.secret != old.secret {
                    self.history.push(Past { undone: true, ..past(mark, Some(after)) });
                } else if parameters(&new.kind) == parameters(&old.kind) {
                    // What a site accepts of another way to compute codes proves nothing of this one.
                    self.details.confirmed = self.details.confirmed.or(after.confirmed);
                }
            }
        }
        self.version = mark.change;
        true
    }
}

fn past(mark: Mark, before: Option<Details>) -> Past {
    let Mark { change, at, why } = mark;
    Past { at, change, why, undone: false, before, extras: Extras::default() }
}

impl Content {
    /// Returns the last change that can be taken back.
    pub(super) fn last_change(&self) -> Option<(Version, Change)> {
        let all = self.entries.iter().flat_map(|entry| &entry.history).filter(|past| !past.undone);
        let of_accounts = all.map(|past| (past.change, past.why));
        let of_sites = self.checklist.last_change().map(|change| (change, Change::Edited));
        of_accounts.chain(of_sites).max_by_key(|(change, _)| *change)
    }

    /// Takes the last change back.
    pub(super) fn undo(&mut self, mark: impl FnOnce(Change) -> Mark) -> Option<Undone> {
        let (change, what) = self.last_change()?;
        let mark = mark(what);
        let touched = self.entries.iter_mut().filter_map(|entry| entry.undo(change, mark).then_some(entry.id));
        let accounts = touched.collect();
        Some(Undone { what, accounts, sites: self.checklist.undo(change, mark) })
    }

    /// Drops what is over: history after 30 days, accounts in the trash after 30 days (a tombstone stays), tombstones
    /// after a year.
    pub(super) fn expire(&mut self, now: u64, change: Version) {
        for entry in &mut self.entries {
            entry.history.retain(|past| past.at.saturating_add(HISTORY_SECONDS) > now);
            limit_edits(entry);
        }
        let over =
            |entry: &Entry| entry.details.deleted.is_some_and(|deleted| deleted.saturating_add(HISTORY_SECONDS) <= now);
        for entry in self.entries.extract_if(.., |entry| over(entry)) {
            let deleted = entry.details.deleted.unwrap_or(now);
            let extras = Extras::default();
            self.tombstones.push(Tombstone { id: entry.id, created: entry.created, version: change, deleted, extras });
        }
        self.checklist.expire(now);
        self.tombstones.retain(|stone| stone.deleted.saturating_add(TOMBSTONE_SECONDS) > now);
    }
}

/// Keeps the history of an account that is edited all the time short; states with another secret don't count.
fn limit_edits(entry: &mut Entry) {
    let current = &entry.details.account.secret;
    let same = |past: &Past| past.before.as_ref().is_none_or(|before| before.account.secret == *current);
    let mut surplus = entry.history.iter().filter(|past| same(past)).count().saturating_sub(EDITS_KEPT);
    entry.history.retain(|past| {
        let drop = surplus > 0 && same(past);
        surplus -= usize::from(drop);
        !drop
    });
}

const EDITS_KEPT: usize = 30;
