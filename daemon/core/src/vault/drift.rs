//! How far a backup is behind the vault: what would be lost if only the backup were left.

use std::collections::HashSet;

use super::{Entry, Vault};
use crate::{
    account::{Account, AccountId, Kind},
    code::code_at,
    secret::SecretText,
};

/// What is in the vault and in its backup, beside each other. Accounts in the trash count as gone.
#[derive(Default)]
pub struct Drift<'a> {
    /// Accounts that are the same in both, and whose codes agree.
    pub same: Vec<&'a Entry>,
    /// Kept after the backup was made: lost with the vault.
    pub missing: Vec<&'a Entry>,
    /// There with another secret, name, note or whatever belongs to them: as they are in the vault.
    pub changed: Vec<&'a Entry>,
    /// Counter-based ones that were used since: their counter would begin too low.
    pub counters: Vec<&'a Entry>,
    /// Removed after the backup was made: they would be there again.
    pub removed: Vec<&'a Entry>,
    /// What else differs, in words: no account that is in use.
    pub beside: Vec<&'static str>,
}

impl<'a> Drift<'a> {
    /// Compares a vault with its backup, account by account; codes are computed for this Unix time from both.
    pub fn between(vault: &'a Vault, backup: &'a Vault, at: u64) -> Self {
        let mut drift = Self::default();
        for entry in vault.entries() {
            let Some(copy) = backup.entry(entry.id()) else {
                drift.missing.push(entry);
                continue;
            };
            let same_key = entry.account().secret == copy.account().secret;
            let counted = same_key && matches!((counter(entry), counter(copy)), (Some(now), Some(then)) if now != then);
            let agrees = agree(entry, copy) && (counted || same_code(entry.account(), copy.account(), at));
            match (agrees, counted) {
                (true, false) => drift.same.push(entry),
                (true, true) => drift.counters.push(entry),
                (false, false) => drift.changed.push(entry),
                (false, true) => {
                    drift.changed.push(entry);
                    drift.counters.push(entry);
                }
            }
        }
        drift.removed.extend(backup.entries().filter(|copy| vault.entry(copy.id()).is_none()));
        let (here, there) = (&vault.content, &backup.content);
        let copied: HashSet<AccountId> = there.entries.iter().map(Entry::id).collect();
        let beside = [
            (!here.checklist.lists_as(&there.checklist), "the list of sites to enrol again"),
            (vault.trash().any(|entry| !copied.contains(&entry.id())), "what lies in the trash"),
            (here.quarantined.len() != there.quarantined.len(), "entries that this version can't understand"),
        ];
        drift.beside.extend(beside.into_iter().filter(|(differs, _)| *differs).map(|(_, what)| what));
        drift
    }
}

fn counter(entry: &Entry) -> Option<u64> {
    match &entry.account().kind {
        Kind::Hotp { counter, .. } => Some(*counter),
        _ => None,
    }
}

/// Whether two are the same account with the same beside it, whatever codes it gave meanwhile.
fn agree(entry: &Entry, copy: &Entry) -> bool {
    let (one, other) = (entry.account(), copy.account());
    let same_names = (&one.issuer, &one.prefix, &one.name) == (&other.issuer, &other.prefix, &other.name);
    let same_kind = match (&one.kind, &other.kind) {
        (Kind::Hotp { algorithm, digits, .. }, Kind::Hotp { algorithm: its, digits: length, .. }) => {
            (algorithm, digits) == (its, length)
        }
        (one, other) => one == other,
    };
    let beside = |entry: &Entry| (entry.note().to_owned(), entry.tags().to_vec(), entry.pinned());
    same_names && same_kind && one.secret == other.secret && beside(entry) == beside(copy)
}

/// Whether both make the same code: of the same key they do, and that they do is what the backup is there for. Where the vault keeps no PIN, any will do to compare by.
fn same_code(one: &Account, other: &Account, at: u64) -> bool {
    let some_pin = SecretText::from("0000");
    let code = |account: &Account| code_at(account, at, None).or_else(|_| code_at(account, at, Some(&some_pin)));
    match (code(one), code(other)) {
        (Ok(one), Ok(other)) => one.expose() == other.expose(),
        // One that can make no code here.
        _ => one.kind == other.kind,
    }
}
