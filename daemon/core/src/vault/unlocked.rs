//! The opened vault: the key, the entries, and the one way a change goes through.

use std::{fmt, sync::Arc};

use super::{
    Generation, Inbox, Opener, RecoveryState,
    content::{Change, Content, Entry, Recovery, Version},
    envelope::VaultKey,
    error::VaultError,
    file::{self, Stamp},
    generations::Why,
    history::Mark,
    seen, slots,
    store::Shared,
};
use crate::{account::AccountId, secret::SecretText};

/// An opened vault. Dropping it wipes the key and the entries.
///
/// A change is made on a copy; the copy is saved; only then it takes the place of what is in memory. So memory never
/// holds what the disk does not, and nothing has to be rolled back.
pub struct Vault {
    shared: Arc<Shared>,
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

    /// Shows that the person knows the passphrase: the slot opens, and what is in it is this vault's key.
    pub fn check_passphrase(&self, passphrase: &SecretText) -> Result<(), VaultError> {
        let keys = self.shared.keys(Opener::Passphrase(passphrase))?;
        let ours = self.key.recipient();
        // A slot that another program put there opens by its passphrase, but holds another key.
        if keys.iter().any(|key| key.recipient() == ours) { Ok(()) } else { Err(VaultError::WrongPassphrase) }
    }

    /// Puts another passphrase in the place of the present one. Interrupted, either the old or the new one works.
    pub fn change_passphrase(&mut self, passphrase: &SecretText) -> Result<(), VaultError> {
        self.shared.write_passphrase_slot(passphrase, &[&self.key])
    }

    /// Makes a recovery key in the place of an earlier one, and returns it this once.
    pub fn make_recovery(&mut self) -> Result<SecretText, VaultError> {
        let key = slots::new_recovery();
        let text = SecretText::from(age::secrecy::ExposeSecret::expose_secret(&key.to_string()));
        let path = self.shared.slot_path(slots::RECOVERY);
        let earlier = self.shared.disk.read(&path, 64 * 1024).ok();
        self.shared.write_slot(slots::RECOVERY, &key.to_public(), Some(&key), &[&self.key])?;
        let mut draft = self.draft();
        let ending = Some(slots::ending(&text));
        draft.recovery = Some(Recovery { made: self.shared.now(), ending, recipient: key.to_public().to_string() });
        if let Err(error) = self.commit(draft, Why::Save) {
            // The person will not get to see the new key: the old paper must go on working.
            let _ = match earlier {
                Some(bytes) => file::replace(self.shared.disk.as_ref(), &path, &bytes),
                None => self.shared.disk.remove(&path),
            };
            return Err(error);
        }
        Ok(text)
    }

    /// Whether this is the end of the recovery key (four characters at least, however grouped): then it counts as
    /// written down.
    pub fn confirm_recovery(&mut self, typed: &SecretText) -> Result<bool, VaultError> {
        let mut draft = self.draft();
        let recovery = draft.recovery.as_mut().ok_or(VaultError::NoSuch { what: "recovery key" })?;
        let Some(end) = recovery.ending.take() else { return Ok(true) };
        if !slots::is_ending(typed, &end) {
            return Ok(false);
        }
        self.commit(draft, Why::Save)?;
        Ok(true)
    }

    /// Returns whether there is a recovery key, and whether it was written down.
    pub fn recovery(&self) -> RecoveryState {
        if !self.shared.slot_path(slots::RECOVERY).exists() {
            return RecoveryState::None;
        }
        match &self.content.recovery {
            Some(Recovery { ending: Some(_), .. }) => RecoveryState::Unconfirmed,
            _ => RecoveryState::Made,
        }
    }

    /// Notes that the login keyring holds the vault key, or no longer does; the keyring itself is the caller's.
    pub fn mark_keyring(&mut self, held: bool) -> Result<(), VaultError> {
        self.shared.must_be_writable()?;
        let (mark, disk) = (self.shared.keyring_mark(), self.shared.disk.as_ref());
        let done = match held {
            true => file::replace(disk, &mark, b"The login keyring holds the vault key too.\n"),
            false => disk.remove(&mark).or_else(|error| match error.kind() {
                std::io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            }),
        };
        done.map_err(VaultError::NotSaved)
    }

    /// Adds a key slot for another age key (`age1…`).
    pub fn add_slot(&mut self, name: &str, recipient: &str) -> Result<(), VaultError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let reserved = [slots::PASSPHRASE, slots::RECOVERY, slots::KEYRING].contains(&name);
        if reserved || name.is_empty() || name.len() > 32 || !name.chars().all(plain) {
            return Err(VaultError::Invalid {
                field: "the name of a key slot",
                why: "must be up to 32 of a-z, 0-9 and -, and none of passphrase, recovery, keyring",
            });
        }
        let to: age::x25519::Recipient =
            recipient.parse().map_err(|_| VaultError::Invalid { field: "the recipient", why: "is not age1…" })?;
        if self.shared.slot_path(name).exists() {
            return Err(VaultError::Invalid { field: "the name of a key slot", why: "is taken" });
        }
        self.shared.write_slot(name, &to, None, &[&self.key])
    }

    /// Takes a key slot away; never the passphrase.
    pub fn remove_slot(&mut self, name: &str) -> Result<(), VaultError> {
        if name == slots::PASSPHRASE {
            return Err(VaultError::SlotStays(slots::PASSPHRASE));
        }
        if !self.shared.slots().iter().any(|slot| slot.name == name) {
            return Err(VaultError::NoSuch { what: "key slot" });
        }
        if name == slots::KEYRING {
            return self.mark_keyring(false);
        }
        self.shared.must_be_writable()?;
        if name == slots::RECOVERY && self.content.recovery.is_some() {
            let mut draft = self.draft();
            draft.recovery = None;
            self.commit(draft, Why::Save)?;
        }
        let path = self.shared.slot_path(name);
        let removed = self.shared.disk.remove(&path);
        removed.and_then(|()| self.shared.disk.sync_dir(file::folder(&path))).map_err(VaultError::NotSaved)
    }

    /// Makes a new vault key. The passphrase and the recovery paper stay good; the login keyring has to be told anew.
    ///
    /// Both slots first hold both keys, so that whenever this is interrupted, they open what is there.
    pub fn change_key(&mut self, passphrase: &SecretText) -> Result<(), VaultError> {
        self.check_passphrase(passphrase)?;
        let own = [slots::PASSPHRASE, slots::RECOVERY, slots::KEYRING];
        if self.shared.slots().iter().any(|slot| !own.contains(&slot.name.as_str())) {
            let why = "of other age keys must be taken away first; add them again afterwards";
            return Err(VaultError::Invalid { field: "key slots", why });
        }
        let new = VaultKey::generate();
        if self.recovery() != RecoveryState::None {
            let recipient = self.content.recovery.as_ref().and_then(|recovery| recovery.recipient.parse().ok());
            let to: age::x25519::Recipient = recipient.ok_or(VaultError::Invalid {
                field: "the recovery key",
                why: "is unknown to the vault; make a new one first",
            })?;
            self.shared.write_slot(slots::RECOVERY, &to, None, &[&new, &self.key])?;
        }
        self.shared.write_passphrase_slot(passphrase, &[&new, &self.key])?;
        let mut draft = self.draft();
        draft.old_keys.push(self.key.duplicate());
        let old = std::mem::replace(&mut self.key, new);
        if let Err(error) = self.commit(draft, Why::Key) {
            self.key = old;
            return Err(error);
        }
        self.shared.write_recipient(&self.key)?;
        self.mark_keyring(false)
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
        draft.generation = draft.generation.max(self.content.generation) + 1;
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
    fn reads_back(&self, file: &[u8], draft: &Content) -> bool {
        let read = self.key.open_vault(file, "vault.age").and_then(|plain| Content::read(plain.line()));
        read.is_ok_and(|read| {
            read.generation == draft.generation
                && read.entries.len() == draft.entries.len()
                && read.quarantined.len() == draft.quarantined.len()
        })
    }
}
