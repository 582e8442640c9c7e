//! Changes of the ways to open the vault: passphrase, recovery key, login keyring, other age keys, and the key itself.

use super::{
    Opener, RecoveryState,
    content::Recovery,
    envelope::VaultKey,
    error::VaultError,
    file,
    generations::Why,
    slots::{self, KEYRING, NewPassphrase, PASSPHRASE, RECOVERY},
    unlocked::Vault,
};
use crate::secret::SecretText;

impl Vault {
    /// Shows that the person knows the passphrase: the slot opens, and what is in it is this vault's key.
    pub fn check_passphrase(&self, passphrase: &SecretText) -> Result<(), VaultError> {
        let keys = self.shared.keys(Opener::Passphrase(passphrase))?;
        let ours = self.key.recipient();
        // A slot that another program put there opens by its passphrase, but holds another key.
        if keys.iter().any(|key| key.recipient() == ours) { Ok(()) } else { Err(VaultError::WrongPassphrase) }
    }

    /// Puts another passphrase in the place of the present one. Interrupted, either the old or the new one works.
    pub fn change_passphrase(&mut self, new: NewPassphrase) -> Result<(), VaultError> {
        self.shared.put_passphrase_slot(new, &[&self.key])
    }

    /// Makes a recovery key in the place of an earlier one, and returns it this once.
    pub fn make_recovery(&mut self) -> Result<SecretText, VaultError> {
        let key = slots::new_recovery();
        let text = SecretText::from(age::secrecy::ExposeSecret::expose_secret(&key.to_string()));
        let path = self.shared.slot_path(RECOVERY);
        let earlier = self.shared.disk.read(&path, 64 * 1024).ok();
        self.shared.write_slot(RECOVERY, &key.to_public(), Some(&key), &[&self.key])?;
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
        if !self.shared.slot_path(RECOVERY).exists() {
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
        let done = if held {
            file::replace(disk, &mark, b"The login keyring holds the vault key too.\n")
        } else if mark.exists() {
            disk.remove(&mark)
        } else {
            Ok(())
        };
        done.map_err(VaultError::NotSaved)
    }

    /// Adds a key slot for another age key (`age1…`).
    pub fn add_slot(&mut self, name: &str, recipient: &str) -> Result<(), VaultError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let reserved = [PASSPHRASE, RECOVERY, KEYRING].contains(&name);
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
        if name == PASSPHRASE {
            return Err(VaultError::SlotStays(PASSPHRASE));
        }
        if !self.shared.slots().iter().any(|slot| slot.name == name) {
            return Err(VaultError::NoSuch { what: "key slot" });
        }
        if name == KEYRING {
            return self.mark_keyring(false);
        }
        self.shared.must_be_writable()?;
        if name == RECOVERY && self.content.recovery.is_some() {
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
        let own = [PASSPHRASE, RECOVERY, KEYRING];
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
            self.shared.write_slot(RECOVERY, &to, None, &[&new, &self.key])?;
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
}
