//! The inbox: what was scanned while the vault was locked, or waits for its other parts, sealed to the vault's key.

use std::path::PathBuf;

use super::{
    envelope::{self, VaultKey},
    error::{Unusable, VaultError},
    file,
    store::Shared,
};
use crate::secret::SecretText;

/// What waits in the inbox.
#[derive(Debug, Default)]
pub struct Inbox {
    /// What could be read, the oldest first.
    pub sealed: Vec<Sealed>,
    /// Names of what was not sealed to this vault, or is damaged: kept until it is discarded.
    pub unreadable: Vec<String>,
}

/// A text that was sealed.
#[derive(Debug)]
pub struct Sealed {
    /// What to discard it by.
    pub name: String,
    /// Unix time at which it was sealed.
    pub at: u64,
    /// The text. Anybody who can write files of this user could have sealed one: offer it, never merge it silently.
    pub text: SecretText,
}

impl Shared {
    fn inbox_dir(&self) -> PathBuf {
        self.dirs.data.join("inbox")
    }

    pub(super) fn seal(&self, text: &SecretText) -> Result<String, VaultError> {
        self.must_be_writable()?;
        if text.expose().len() > TEXT_LIMIT {
            return Err(VaultError::Invalid { field: "the text", why: "is longer than 8 KiB" });
        }
        if file::age_files(&self.inbox_dir()).len() >= INBOX_LIMIT {
            return Err(VaultError::Full("the inbox"));
        }
        let recipient = self.recipient().map_err(|error| Unusable::unreadable("recipient", &error))?;
        let recipient: age::x25519::Recipient =
            recipient.parse().map_err(|_| Unusable::Damaged { what: "recipient".to_owned() })?;
        let random = file::random::<4>().map_err(VaultError::NotSaved)?;
        let name = format!("{}-{}", self.now_millis(), file::hex(&random));
        let sealed = envelope::encrypt(&recipient, text.expose().as_bytes()).map_err(VaultError::NotSaved)?;
        let path = self.inbox_dir().join(format!("{name}.age"));
        file::make_dir(&self.inbox_dir()).map_err(VaultError::NotSaved)?;
        file::replace(self.disk.as_ref(), &path, &sealed).map_err(VaultError::NotSaved)?;
        Ok(name)
    }

    pub(super) fn inbox(&self, keys: &[&VaultKey]) -> Inbox {
        let mut inbox = Inbox::default();
        for file in file::age_files(&self.inbox_dir()) {
            let name = file.trim_end_matches(".age").to_owned();
            let bytes = self.disk.read(&self.inbox_dir().join(&file), 4 * TEXT_LIMIT as u64).unwrap_or_default();
            match keys.iter().find_map(|key| envelope::decrypt(&bytes, key.identity()).ok()) {
                Some(plain) => match std::str::from_utf8(&plain) {
                    Ok(text) => inbox.sealed.push(Sealed { at: sealed_at(&name), name, text: SecretText::from(text) }),
                    Err(_) => inbox.unreadable.push(name),
                },
                None => inbox.unreadable.push(name),
            }
        }
        inbox
    }

    pub(super) fn is_sealed(&self, name: &str) -> bool {
        file::age_files(&self.inbox_dir()).contains(&format!("{name}.age"))
    }

    pub(super) fn discard(&self, name: &str) -> Result<(), VaultError> {
        self.must_be_writable()?;
        if !self.is_sealed(name) {
            return Err(VaultError::NoSuch { what: "sealed scan" });
        }
        let removed = self.disk.remove(&self.inbox_dir().join(format!("{name}.age")));
        removed.and_then(|()| self.disk.sync_dir(&self.inbox_dir())).map_err(VaultError::NotSaved)
    }
}

fn sealed_at(name: &str) -> u64 {
    name.split('-').next().and_then(|millis| millis.parse::<u64>().ok()).unwrap_or_default() / 1000
}

/// The longest text: that of a URI.
const TEXT_LIMIT: usize = 8 * 1024;
const INBOX_LIMIT: usize = 1000;
