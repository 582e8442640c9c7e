//! How far a backup is behind the vault: what would be lost if only the backup were left.

use super::{Entry, Vault};
use crate::{
    account::{Account, Kind},
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
    /// There with another secret, name or note: as they are in the vault.
    pub changed: Vec<&'a Entry>,
    /// Counter-based ones that were used since: their counter would begin too low.
    pub counters: Vec<&'a Entry>,
    /// Removed after the backup was made: they would be there again.
    pub removed: Vec<&'a Entry>,
}

impl<'a> Drift<'a> {
    /// Compares a vault with its backup, account by account; codes are computed for this Unix time from both.
    pub fn between(vault: &'a Vault, backup: &'a Vault, at: u64) -> Self {
        let mut drift = Self::default();
        for entry in vault.entries() {
            let list = match backup.entry(entry.id()) {
                None => &mut drift.missing,
                Some(copy) if counted_on(entry, copy) => &mut drift.counters,
                Some(copy) if agree(entry, copy, at) => &mut drift.same,
                Some(_) => &mut drift.changed,
            };
            list.push(entry);
        }
        drift.removed.extend(backup.entries().filter(|copy| vault.entry(copy.id()).is_none()));
        drift
    }
}

/// Whether two are the same account that only gave more codes meanwhile.
fn counted_on(entry: &Entry, copy: &Entry) -> bool {
    let counter = |account: &Account| match &account.kind {
        Kind::Hotp { counter, .. } => Some(*counter),
        _ => None,
    };
    let (now, then) = (counter(entry.account()), counter(copy.account()));
    now != then && now.is_some() && entry.account().secret == copy.account().secret
}

fn agree(entry: &Entry, copy: &Entry, at: u64) -> bool {
    let named = |entry: &Entry| {
        let account = entry.account();
        (account.issuer.clone(), account.name.clone(), entry.note().to_owned(), entry.tags().to_vec())
    };
    let (one, other) = (entry.account(), copy.account());
    named(entry) == named(copy) && one.secret == other.secret && same_code(one, other, at)
}

/// Whether both make the same code. Where the vault keeps no PIN, any will do to compare by.
fn same_code(one: &Account, other: &Account, at: u64) -> bool {
    let some_pin = SecretText::from("0000");
    let code = |account: &Account| code_at(account, at, None).or_else(|_| code_at(account, at, Some(&some_pin)));
    match (code(one), code(other)) {
        (Ok(one), Ok(other)) => one.expose() == other.expose(),
        // One that can make no code here.
        _ => one.kind == other.kind,
    }
}
