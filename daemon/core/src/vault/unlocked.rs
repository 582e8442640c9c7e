//! The opened vault: the key, the entries, and the one way a change goes through.

use std::{fmt, sync::Arc};

use super::{
    Generation, Inbox,
    content::{Change, Content, Entry, Version},
    envelope::VaultKey,
    error::VaultError,
    file::Stamp,
    generations::Why,
    history::Mark,
    seen,
    store::Shared,
};
use crate::{account::AccountId, secret::SecretText};

/// An opened vault. Dropping it wipes the key and the entries.
///
/// A change is made on a copy; the copy is saved; only then it takes the place of what is in memory. So memory never
/// holds what the disk does not, and nothing has to be rolled back.
pub struct Vault {
    pub(super) shared: Arc<Shared>,
    pub(super) key: VaultKey,
    pub(super) content: Content,
    /// The vault file that the content came from, or went to.
    stamp: Option<Stamp>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("generation", &self.content.generation).finish_non_exhaustive()
    }
}

impl Vault {
    pub(super) fn new(shared: Arc<Shared>, key: VaultKey, content: Content, stamp: Option<Stamp>) -> Self {
        Self { shared, key, content, stamp }
    }

    /// Returns the accounts, in the order in which they were kept.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.content.entries.iter().filter(|entry| entry.details.deleted.is_none())
    }

    /// Returns an account that is not in the trash.
    pub fn entry(&self, id: AccountId) -> Option<&Entry> {
        self.entries().find(|entry| entry.id == id)
    }

    /// Returns what lies in the trash.
    pub fn trash(&self) -> impl Iterator<Item = &Entry> {
        self.content.entries.iter().filter(|entry| entry.details.deleted.is_some())
    }

    /// Returns how many entries this version does not understand. They are kept word for word.
    pub fn quarantined(&self) -> usize {
        self.content.quarantined.len()
    }

    /// Returns the vault's own id, 32 hex characters.
    pub fn id(&self) -> &str {
        &self.content.vault
    }

    /// Returns the number of saves so far.
    pub fn generation(&self) -> u64 {
        self.content.generation
    }

    /// Returns what undo would take back.
    pub fn last_change(&self) -> Option<Change> {
        self.content.last_change().map(|(_, what)| what)
    }

    /// Returns why changes can't be saved, where that is so.
    pub fn read_only(&self) -> Option<String> {
        self.shared.read_only()
    }

    /// Returns the vault key as one line of ASCII, for a key slot outside the folder (the login keyring).
    pub fn key_text(&self) -> SecretText {
        self.key.text()
    }

    /// Returns what was sealed and waits to be looked at.
    pub fn inbox(&self) -> Inbox {
        let keys: Vec<_> = std::iter::once(&self.key).chain(&self.content.old_keys).collect();
        self.shared.inbox(&keys)
    }

    /// Drops a sealed text.
    pub fn discard_inbox(&mut self, name: &str) -> Result<(), VaultError> {
        self.shared.discard(name)
    }

    /// Returns the earlier vaults, the newest first.
    pub fn generations(&self) -> Vec<Generation> {
        self.shared.generations()
    }

    /// Puts an earlier vault in the place of the present one, which becomes a generation itself. Key slots stay.
    pub fn take_generation(&mut self, name: &str) -> Result<(), VaultError> {
        let mut keys = vec![self.key.duplicate()];
        keys.extend(self.content.old_keys.iter().map(VaultKey::duplicate));
        let present = Some((self.key.duplicate(), self.draft()));
        let (_, draft) = self.shared.earlier(name, &keys, present)?;
        self.commit(draft, Why::Restore)
    }

    /// Returns a copy of the content, for a change to be made on.
    pub(super) fn draft(&self) -> Content {
        self.content.duplicate()
    }

    /// Returns the number and time of a change that begins now.
    pub(super) fn mark(&self, why: Change) -> Mark {
        Mark { change: self.next_version(), at: self.shared.now(), why }
    }

    fn next_version(&self) -> Version {
        self.content.clock().next(self.shared.now_millis(), self.shared.device)
    }

    /// Saves a draft; when that is done, and only then, it is the content.
    pub(super) fn commit(&mut self, mut draft: Content, why: Why) -> Result<(), VaultError> {
        self.shared.must_be_writable()?;
        draft.generation = draft.generation.max(self.content.generation).saturating_add(1);
        draft.written = self.shared.now();
        draft.expire(draft.written, self.next_version());
        let line = draft.line().map_err(VaultError::NotSaved)?;
        let file = self.key.seal_vault(line).map_err(VaultError::NotSaved)?;
        if file.len() as u64 > super::VAULT_LIMIT {
            return Err(VaultError::Full("the vault"));
        }
        let aside = self.shared.aside(self.content.generation, why);
        let fits = |read: &[u8]| read == file && self.reads_back(read, &draft);
        self.stamp = Some(self.shared.put_vault(&file, self.stamp, &aside, fits)?);
        seen::remember(&self.shared.dirs.state, &draft.vault, draft.generation);
        self.shared.prune();
        self.content = draft;
        Ok(())
    }

    /// Whether a file opens again as this content: what can't be read back must not be answered with "saved".
    pub(super) fn reads_back(&self, file: &[u8], draft: &Content) -> bool {
        let read = self.key.open_vault(file, "vault.age").and_then(|plain| Content::read(plain.line()));
        read.is_ok_and(|read| {
            read.generation == draft.generation
                && read.entries.len() == draft.entries.len()
                && read.quarantined.len() == draft.quarantined.len()
        })
    }
}
