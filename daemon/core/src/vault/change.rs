//! What can be done to accounts. Each is one change: on disk when it is answered, and one undo.

use super::{
    content::{Change, Content, Details, Entry, Version},
    error::VaultError,
    file,
    generations::Why,
    history::{Mark, Undone},
    unlocked::Vault,
};
use crate::{
    account::{Account, AccountId, Algorithm, Kind},
    secret::SecretText,
    variation::Variation,
};

/// How an account relates to what is kept already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Similar {
    /// The same secret under the same name.
    Same(AccountId),
    /// The same name with another secret: replace it, or keep both.
    SameNameOtherSecret(AccountId),
    /// Nothing like it.
    New,
}

/// What to do where the name is kept already with another secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IfExists {
    /// Keep both: nothing is lost, so this is what happens where nobody can be asked.
    #[default]
    KeepBoth,
    /// Put the new secret in the place of the old one, which stays in the history for 30 days.
    Replace,
}

/// What became of an account that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Added {
    /// The entry that has it now.
    pub id: AccountId,
    /// What happened.
    pub outcome: Outcome,
    /// Whether it was there already, and the note that came with it is not: what is there stays as it is.
    pub leaves_note: bool,
}

/// What happened to an account that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is a new entry.
    Kept,
    /// It was there already; nothing has changed.
    AlreadyKept,
    /// It came more than once in this change, and is kept once.
    Repeated,
    /// Its secret took the place of another one.
    Replaced,
    /// It is a new entry beside one of the same name.
    KeptBoth,
    /// It was there already, with a lower counter than it has now.
    CounterRaised,
}

/// What to change of an account; what is not given stays.
#[derive(Debug, Default)]
pub struct Edit {
    /// Who the account is with.
    pub issuer: Option<String>,
    /// The account's name there.
    pub name: Option<String>,
    /// The person's note.
    pub note: Option<String>,
    /// The person's labels.
    pub tags: Option<Vec<String>>,
    /// The PIN to keep; an empty one is forgotten.
    pub pin: Option<SecretText>,
    /// Length of a code.
    pub digits: Option<u8>,
    /// Seconds that a code lives.
    pub period: Option<u32>,
    /// Hash function.
    pub algorithm: Option<Algorithm>,
    /// The counter of the next code.
    pub counter: Option<u64>,
}

impl Vault {
    /// Says how an account relates to what is kept already; what lies in the trash does not count.
    pub fn similar(&self, account: &Account) -> Similar {
        similar(&self.content, account)
    }

    /// Keeps an account from an enrolment that is under way: it is not confirmed until a code of it proves right.
    pub fn enrol(&mut self, account: Account, if_exists: IfExists) -> Result<Added, VaultError> {
        the_only(self.keep_all(vec![account], if_exists, Proof::Wanted)?)
    }

    /// Keeps an account that there is nothing to prove about.
    pub fn add(&mut self, account: Account, if_exists: IfExists) -> Result<Added, VaultError> {
        the_only(self.add_all(vec![account], if_exists)?)
    }

    /// Keeps accounts that have been in use elsewhere in one change. For several of them the vault of before is kept as a
    /// generation of its own.
    pub fn add_all(&mut self, accounts: Vec<Account>, if_exists: IfExists) -> Result<Vec<Added>, VaultError> {
        self.keep_all(accounts, if_exists, Proof::Given)
    }

    fn keep_all(
        &mut self,
        accounts: Vec<Account>,
        if_exists: IfExists,
        proof: Proof,
    ) -> Result<Vec<Added>, VaultError> {
        accounts.iter().try_for_each(check)?;
        let why = if accounts.len() > 1 { Why::Import } else { Why::Save };
        let mark = self.mark(Change::Added);
        let mut draft = self.draft();
        let mut all = Vec::with_capacity(accounts.len());
        for account in accounts {
            all.push(keep(&mut draft, account, if_exists, mark, proof)?);
        }
        if draft.entries.len() > ENTRY_LIMIT {
            return Err(VaultError::Full("the vault"));
        }
        if all.iter().any(|added| added.outcome != Outcome::AlreadyKept) {
            self.commit(draft, why)?;
        }
        Ok(all)
    }

    /// Changes what is given.
    pub fn edit(&mut self, id: AccountId, edit: Edit) -> Result<(), VaultError> {
        let mark = self.mark(Change::Edited);
        self.change(id, |entry| {
            let mut details = entry.details.duplicate();
            apply(&mut details, edit)?;
            check(&details.account)?;
            if details != entry.details {
                entry.become_(details, mark);
            }
            Ok(())
        })
    }

    /// Puts an account in the trash, where it stays for 30 days.
    pub fn remove(&mut self, id: AccountId) -> Result<(), VaultError> {
        self.remove_all(&[id])
    }

    /// Puts accounts in the trash in one change.
    ///
    /// # Errors
    /// [`VaultError::NoSuchAccount`] where one of them is not there; none is removed then.
    pub fn remove_all(&mut self, ids: &[AccountId]) -> Result<(), VaultError> {
        let mark = self.mark(Change::Removed);
        let mut draft = self.draft();
        for id in ids {
            let entry = draft.entry_mut(*id).filter(|entry| entry.details.deleted.is_none());
            let entry = entry.ok_or(VaultError::NoSuchAccount(*id))?;
            entry.become_(Details { deleted: Some(mark.at), ..entry.details.duplicate() }, mark);
        }
        self.commit(draft, Why::Save)
    }

    /// Takes an account back from the trash.
    pub fn restore(&mut self, id: AccountId) -> Result<(), VaultError> {
        let mark = self.mark(Change::Restored);
        let mut draft = self.draft();
        let entry = draft.entry_mut(id).filter(|entry| entry.details.deleted.is_some());
        let entry = entry.ok_or(VaultError::NoSuchAccount(id))?;
        entry.become_(Details { deleted: None, ..entry.details.duplicate() }, mark);
        self.commit(draft, Why::Save)
    }

    /// Takes the last change back: one of the last 30 days.
    pub fn undo(&mut self) -> Result<Undone, VaultError> {
        let mark = self.mark(Change::Edited);
        let mut draft = self.draft();
        let undone = draft.undo(|why| Mark { why, ..mark }).ok_or(VaultError::NothingToUndo)?;
        self.commit(draft, Why::Save)?;
        Ok(undone)
    }

    /// Puts an earlier secret of [`Entry::replaced`] in the place of the present one, which goes into the history.
    pub fn take_back(&mut self, id: AccountId, change: Version) -> Result<(), VaultError> {
        let mark = self.mark(Change::Replaced);
        self.change(id, |entry| {
            let earlier =
                entry.history.iter().filter(|past| past.change == change).find_map(|past| past.before.as_ref());
            let earlier = earlier.ok_or(VaultError::NoSuch { what: "earlier secret" })?;
            let details = Details { deleted: None, ..earlier.duplicate() };
            entry.become_(details, mark);
            Ok(())
        })
    }

    /// Uses up one counter: returns it when the next one is on disk, so that no code is ever shown twice.
    pub fn advance(&mut self, id: AccountId) -> Result<u64, VaultError> {
        let mark = self.mark(Change::Edited);
        let mut used = 0;
        self.change(id, |entry| {
            let no_counter = VaultError::Invalid { field: "the account", why: "has no counter" };
            let counter = entry.details.counter_mut().ok_or(no_counter)?;
            used = *counter;
            let end = VaultError::Invalid { field: "the counter", why: "has reached its end" };
            let next = used.checked_add(1).ok_or(end)?;
            let secret = entry.details.account.secret.duplicate();
            entry.raise_counter(&secret, next);
            entry.details.confirmed = entry.details.confirmed.or(entry.is_later_use(mark.at).then_some(mark.at));
            entry.version = mark.change;
            Ok(())
        })?;
        Ok(used)
    }

    /// Whether a code that is asked for now is a later use of an account that is not confirmed: the enrolment is over, and
    /// nobody goes on asking for codes that are refused.
    pub fn is_proven_by_use(&self, id: AccountId) -> bool {
        self.entry(id).is_some_and(|entry| entry.confirmed().is_none() && entry.is_later_use(self.shared.now()))
    }

    /// Remembers that the site accepts the codes of the account: the person says so, or uses it later on. Not a change that
    /// undo takes back; once is enough.
    pub fn confirm(&mut self, id: AccountId) -> Result<(), VaultError> {
        if self.entry(id).is_some_and(Entry::is_confirmed_here) {
            return Ok(());
        }
        let mark = self.mark(Change::Edited);
        self.change(id, |entry| {
            entry.details.confirmed = Some(entry.after_enrolment(mark.at));
            entry.version = mark.change;
            Ok(())
        })
    }

    /// Puts an account at the head of lists, or back among the others. Not a change that undo takes back.
    pub fn pin(&mut self, id: AccountId, pinned: bool) -> Result<(), VaultError> {
        let mark = self.mark(Change::Edited);
        self.change(id, |entry| {
            if entry.details.pinned != pinned {
                entry.details.pinned = pinned;
                entry.version = mark.change;
            }
            Ok(())
        })
    }

    /// Remembers that the site accepts the codes of the account in this way, and computes them so from now on.
    pub fn confirm_as(&mut self, id: AccountId, variation: &Variation) -> Result<(), VaultError> {
        let Some(kind) = self.entry(id).and_then(|entry| variation.kind(entry.account())) else {
            return self.confirm(id);
        };
        let mark = self.mark(Change::Edited);
        self.change(id, |entry| {
            let confirmed = Some(entry.after_enrolment(mark.at));
            let mut details = Details { confirmed, ..entry.details.duplicate() };
            details.account.kind = kind;
            check(&details.account)?;
            entry.become_(details, mark);
            Ok(())
        })
    }

    /// Changes one account that is not in the trash, and saves if that made a difference.
    fn change(
        &mut self,
        id: AccountId,
        make: impl FnOnce(&mut Entry) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        let mut draft = self.draft();
        let entry = draft.entry_mut(id).filter(|entry| entry.details.deleted.is_none());
        let entry = entry.ok_or(VaultError::NoSuchAccount(id))?;
        let version = entry.version;
        make(entry)?;
        if entry.version == version { Ok(()) } else { self.commit(draft, Why::Save) }
    }
}

/// Whether a site is known to accept the codes of an account that is to be kept.
#[derive(Debug, Clone, Copy)]
enum Proof {
    Given,
    Wanted,
}

fn the_only(mut added: Vec<Added>) -> Result<Added, VaultError> {
    added.pop().ok_or(VaultError::Invalid { field: "the list", why: "is empty" })
}

fn keep(
    draft: &mut Content,
    account: Account,
    if_exists: IfExists,
    mark: Mark,
    proof: Proof,
) -> Result<Added, VaultError> {
    let (outcome, known) = match (similar(draft, &account), if_exists) {
        (Similar::Same(id), _) => return Ok(Added { id, outcome: Outcome::AlreadyKept, leaves_note: false }),
        (Similar::SameNameOtherSecret(id), IfExists::Replace) if !is_of(draft, id, mark) => {
            (Outcome::Replaced, Some(id))
        }
        (Similar::SameNameOtherSecret(_), _) => (Outcome::KeptBoth, None),
        (Similar::New, _) => (Outcome::Kept, None),
    };
    let confirmed = match proof {
        Proof::Given => Some(mark.at),
        Proof::Wanted => None,
    };
    if let Some((id, entry)) = known.and_then(|id| Some((id, draft.entry_mut(id)?))) {
        let old = entry.details.duplicate();
        let details = Details { account: with_pin_of(account, &old.account), confirmed, ..old };
        entry.become_(details, Mark { why: Change::Replaced, ..mark });
        return Ok(Added { id, outcome, leaves_note: false });
    }
    let id = AccountId::from_bytes(file::random().map_err(VaultError::NotSaved)?);
    draft.entries.push(Entry::added(id, Details { confirmed, ..Details::new(account) }, mark));
    Ok(Added { id, outcome, leaves_note: false })
}

/// Whether an entry came by the very change that goes on: accounts of one batch don't replace each other.
fn is_of(draft: &Content, id: AccountId, mark: Mark) -> bool {
    draft.entries.iter().any(|entry| entry.id == id && entry.version == mark.change)
}

/// A QR holds no PIN: the one that the person gave for the old secret goes on.
pub(super) fn with_pin_of(mut account: Account, old: &Account) -> Account {
    if let (Some(new @ None), Some(pin)) = (pin_mut(&mut account.kind), pin(&old.kind)) {
        *new = Some(SecretText::from(pin.expose()));
    }
    account
}

fn pin(kind: &Kind) -> Option<&SecretText> {
    match kind {
        Kind::Motp { pin } | Kind::Yandex { pin, .. } => pin.as_ref(),
        _ => None,
    }
}

fn pin_mut(kind: &mut Kind) -> Option<&mut Option<SecretText>> {
    match kind {
        Kind::Motp { pin } | Kind::Yandex { pin, .. } => Some(pin),
        _ => None,
    }
}

fn similar(content: &Content, account: &Account) -> Similar {
    let named = |entry: &&Entry| entry.details.deleted.is_none() && same_name(&entry.details.account, account);
    let same = |entry: &&Entry| {
        let kept = &entry.details.account;
        kept.secret == account.secret && parameters(&kept.kind) == parameters(&account.kind)
    };
    match content.entries.iter().filter(named).find(same) {
        Some(entry) => Similar::Same(entry.id),
        None if is_nameless(account) => Similar::New,
        // Of several, the newest is the one that a new QR most likely follows.
        None => match content.entries.iter().filter(named).max_by_key(|entry| entry.version) {
            Some(entry) => Similar::SameNameOtherSecret(entry.id),
            None => Similar::New,
        },
    }
}

/// Whether people would call the two by the same name.
pub(super) fn same_name(one: &Account, other: &Account) -> bool {
    name(one).into_iter().zip(name(other)).all(|(one, other)| letters(one).eq(letters(other)))
}

/// Returns one text for all accounts that people would call by the same name.
pub(super) fn folded(account: &Account) -> String {
    let parts = name(account).map(|part| letters(part).collect::<String>());
    parts.join("\0")
}

/// Two accounts without any name are not the same account.
pub(super) fn is_nameless(account: &Account) -> bool {
    name(account).iter().all(|text| text.trim().is_empty())
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    text.trim().chars().flat_map(char::to_lowercase)
}

fn name(account: &Account) -> [&str; 3] {
    [&account.name, &account.issuer, account.prefix.as_deref().unwrap_or_default()]
}

/// Returns what the codes depend on beside the secret; the counter moves and the PIN is the person's.
pub(super) fn parameters(kind: &Kind) -> (&'static str, Option<Algorithm>, u8, Option<u32>) {
    let algorithm = match kind {
        Kind::Totp { algorithm, .. } | Kind::Hotp { algorithm, .. } => Some(*algorithm),
        _ => None,
    };
    (kind.name(), algorithm, kind.digits(), kind.period())
}

fn apply(details: &mut Details, edit: Edit) -> Result<(), VaultError> {
    let account = &mut details.account;
    set(&mut account.issuer, edit.issuer);
    set(&mut account.name, edit.name);
    set(&mut details.note, edit.note);
    set(&mut details.tags, edit.tags);
    if let Some(new) = edit.pin {
        let pin =
            pin_mut(&mut account.kind).ok_or(VaultError::Invalid { field: "the account", why: "takes no PIN" })?;
        *pin = (!new.expose().is_empty()).then_some(new);
    }
    if let Kind::Totp { period, .. } = &mut account.kind {
        set(period, edit.period);
    } else if edit.period.is_some() {
        return Err(VaultError::Invalid { field: "the period", why: "can't be changed for this kind of account" });
    }
    if let Kind::Hotp { counter, .. } = &mut account.kind {
        set(counter, edit.counter);
    } else if edit.counter.is_some() {
        return Err(VaultError::Invalid { field: "the counter", why: "exists for counter-based accounts only" });
    }
    match &mut account.kind {
        Kind::Totp { algorithm, digits, .. } | Kind::Hotp { algorithm, digits, .. } => {
            set(algorithm, edit.algorithm);
            set(digits, edit.digits);
            Ok(())
        }
        _ if edit.algorithm.is_some() || edit.digits.is_some() => {
            Err(VaultError::Invalid { field: "algorithm and digits", why: "are fixed for this kind of account" })
        }
        _ => Ok(()),
    }
}

fn set<T>(place: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *place = new;
    }
}

/// Refuses what would not be read back.
pub(super) fn check(account: &Account) -> Result<(), VaultError> {
    let refuse = |field, why| Err(VaultError::Invalid { field, why });
    match account.secret.expose().len() {
        0 => return refuse("the secret", "is empty"),
        length if length > SECRET_LIMIT => return refuse("the secret", "is longer than 4 KiB"),
        _ => {}
    }
    let prefix = account.prefix.as_deref().unwrap_or_default();
    if [account.issuer.as_str(), &account.name, prefix].iter().any(|text| text.len() > TEXT_LIMIT) {
        return refuse("the name", "is longer than 4 KiB");
    }
    match account.kind.check() {
        Ok(()) => Ok(()),
        Err("digits") => refuse("the length of a code", "must be 4 to 10"),
        Err(_) => refuse("the period", "must be 1 to 86,400 seconds"),
    }
}

impl Entry {
    /// Whether a code asked for at this time is no longer one of the enrolment's own tries.
    fn is_later_use(&self, now: u64) -> bool {
        now.saturating_sub(self.enrolled()) > ENROLMENT_SECONDS
    }

    /// Returns a time later than that at which it was kept: an equal one says that it came as confirmed.
    fn after_enrolment(&self, now: u64) -> u64 {
        now.max(self.enrolled().saturating_add(1))
    }
}

/// How long after it was kept codes are still asked for to finish the enrolment.
const ENROLMENT_SECONDS: u64 = 600;
pub(super) const ENTRY_LIMIT: usize = 20_000;
const SECRET_LIMIT: usize = 4 * 1024;
const TEXT_LIMIT: usize = 4 * 1024;
