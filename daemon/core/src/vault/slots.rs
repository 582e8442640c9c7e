//! Key slots: each holds the vault key, encrypted for one way to open it.

use std::{collections::HashSet, io};

use age::{
    EncryptError, Identity as _,
    secrecy::{ExposeSecret, SecretString},
};
use age_core::format::{FileKey, Stanza};
use zeroize::Zeroizing;

use super::{
    envelope::{self, VaultKey},
    error::{Unusable, VaultError},
    file,
    store::Shared,
};
use crate::secret::SecretText;

/// What opens a vault.
#[derive(Clone, Copy)]
pub enum Opener<'a> {
    /// The passphrase: `slots/passphrase.age`.
    Passphrase(&'a SecretText),
    /// The printed recovery key, as typed: `slots/recovery.age`.
    Recovery(&'a SecretText),
    /// The vault key itself, from the login keyring or an age plugin.
    VaultKey(&'a SecretText),
}

/// A way to open the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// `passphrase`, `recovery`, `keyring`, or another name.
    pub name: String,
    /// What it is, in English.
    pub what: &'static str,
    /// Unix time at which it was made; 0 where unknown.
    pub created: u64,
}

/// Whether there is a recovery key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryState {
    /// There is none.
    None,
    /// It was made, but its last group has not been typed back: perhaps nobody wrote it down.
    Unconfirmed,
    /// It was made and written down.
    Made,
}

/// A passphrase whose key is derived: all of a new slot that takes time. The vault key is not in it yet, so that a lock
/// meanwhile finds none.
pub struct NewPassphrase(age::Encryptor);

impl NewPassphrase {
    /// Derives the key, and makes sure that the passphrase opens what is sealed with it: about a second and 128 MiB.
    ///
    /// # Errors
    /// [`VaultError::PassphraseRefused`] for an empty one, an overlong one, or one of several lines.
    pub fn derive(passphrase: &SecretText) -> Result<Self, VaultError> {
        check_passphrase(passphrase)?;
        let text = || SecretString::from(passphrase.expose());
        let mut proved = Proved { to: age::scrypt::Recipient::new(text()), key: age::scrypt::Identity::new(text()) };
        proved.to.set_work_factor(WORK);
        proved.key.set_max_work_factor(MAX_WORK);
        envelope::encryptor(&proved).map(Self).map_err(VaultError::NotSaved)
    }
}

/// Wraps a file's key by the passphrase, and unwraps it once: a slot that does not open must not replace one that does.
struct Proved {
    to: age::scrypt::Recipient,
    key: age::scrypt::Identity,
}

impl age::Recipient for Proved {
    fn wrap_file_key(&self, file_key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let wrapped = self.to.wrap_file_key(file_key)?;
        match self.key.unwrap_stanzas(&wrapped.0) {
            Some(Ok(read)) if read.expose_secret() == file_key.expose_secret() => Ok(wrapped),
            _ => Err(io::Error::other("the new key slot does not read back").into()),
        }
    }
}

impl Shared {
    /// Returns the keys that a slot gives. There are two while the vault key is being changed.
    pub(super) fn keys(&self, opener: Opener<'_>) -> Result<Vec<VaultKey>, VaultError> {
        match opener {
            Opener::Passphrase(passphrase) => self.passphrase_slot(passphrase),
            Opener::Recovery(typed) => {
                let key = recovery_key(typed)?;
                keys_in(&self.slot_file(RECOVERY)?, RECOVERY, &key)
            }
            Opener::VaultKey(text) => {
                let key = VaultKey::parse(text).ok_or(VaultError::WrongPassphrase)?;
                let known = self.recipient().ok();
                if known.is_some_and(|known| known != key.recipient()) {
                    return Err(VaultError::WrongPassphrase);
                }
                Ok(vec![key])
            }
        }
    }

    fn passphrase_slot(&self, passphrase: &SecretText) -> Result<Vec<VaultKey>, VaultError> {
        let key = passphrase_key(passphrase)?;
        keys_in(&self.slot_file(PASSPHRASE)?, PASSPHRASE, &key)
    }

    fn slot_file(&self, name: &str) -> Result<Vec<u8>, VaultError> {
        let what = format!("slots/{name}.age");
        let read = self.disk.read(&self.slot_path(name), SLOT_LIMIT).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Unusable::Missing { what },
            _ => Unusable::unreadable(&what, &error),
        });
        Ok(read?)
    }

    /// Writes the slot that a passphrase opens.
    pub(super) fn write_passphrase_slot(&self, passphrase: &SecretText, keys: &[&VaultKey]) -> Result<(), VaultError> {
        self.put_passphrase_slot(NewPassphrase::derive(passphrase)?, keys)
    }

    /// Writes the slot that a passphrase opens whose key is derived already.
    pub(super) fn put_passphrase_slot(&self, new: NewPassphrase, keys: &[&VaultKey]) -> Result<(), VaultError> {
        let file = envelope::seal(new.0, &lines(keys)).map_err(VaultError::NotSaved)?;
        self.put_slot(PASSPHRASE, &file)
    }

    /// Writes a slot for an age key. With the `key` itself at hand, reads it back first.
    pub(super) fn write_slot(
        &self,
        name: &str,
        to: &dyn age::Recipient,
        key: Option<&dyn age::Identity>,
        keys: &[&VaultKey],
    ) -> Result<(), VaultError> {
        let lines = lines(keys);
        let file = envelope::encrypt(to, &lines).map_err(VaultError::NotSaved)?;
        if let Some(key) = key {
            let read = envelope::decrypt(&file, key).ok();
            if read.is_none_or(|read| read != lines) {
                return Err(VaultError::NotSaved(io::Error::other("the new key slot does not read back")));
            }
        }
        self.put_slot(name, &file)
    }

    fn put_slot(&self, name: &str, file: &[u8]) -> Result<(), VaultError> {
        self.must_be_writable()?;
        let path = self.slot_path(name);
        file::make_dir(file::folder(&path)).map_err(VaultError::NotSaved)?;
        file::replace(self.disk.as_ref(), &path, file).map_err(VaultError::NotSaved)
    }

    /// Returns the ways to open the vault.
    pub(super) fn slots(&self) -> Vec<Slot> {
        let mut slots: Vec<Slot> = file::age_files(&self.dirs.data.join("slots"))
            .into_iter()
            .map(|name| {
                let name = name.trim_end_matches(".age").to_owned();
                let what = match name.as_str() {
                    PASSPHRASE => "your passphrase",
                    RECOVERY => "the printed recovery key",
                    _ => "another age key",
                };
                Slot { created: modified(&self.slot_path(&name)), name, what }
            })
            .collect();
        if self.keyring_mark().exists() {
            let created = modified(&self.keyring_mark());
            slots.push(Slot { name: KEYRING.to_owned(), what: "the login keyring", created });
        }
        slots
    }

    /// Returns the public side of the vault key, as the file beside the vault says it.
    pub(super) fn recipient(&self) -> io::Result<String> {
        let bytes = self.disk.read(&self.recipient_path(), SLOT_LIMIT)?;
        String::from_utf8(bytes).map(|text| text.trim().to_owned()).map_err(io::Error::other)
    }
}

/// Returns what opens files that are encrypted by this passphrase.
pub(super) fn passphrase_key(passphrase: &SecretText) -> Result<age::scrypt::Identity, VaultError> {
    check_passphrase(passphrase)?;
    let mut key = age::scrypt::Identity::new(SecretString::from(passphrase.expose()));
    key.set_max_work_factor(MAX_WORK);
    Ok(key)
}

/// Reads a recovery key as it was typed.
pub(super) fn recovery_key(typed: &SecretText) -> Result<age::x25519::Identity, VaultError> {
    recovery_text(typed).expose().parse().map_err(|_| VaultError::WrongPassphrase)
}

/// Returns the keys in the file of a slot.
pub(super) fn keys_in(file: &[u8], name: &str, key: &dyn age::Identity) -> Result<Vec<VaultKey>, VaultError> {
    let what = format!("slots/{name}.age");
    if name == PASSPHRASE && !file.starts_with(SCRYPT_HEAD) {
        envelope::check_header(file, &what)?;
        return Err(Unusable::Foreign { what: format!("{what} is not encrypted by passphrase") }.into());
    }
    let text = envelope::decrypt(file, key).map_err(|fault| {
        if fault.is_other_key() { VaultError::WrongPassphrase } else { fault.unusable(file, &what).into() }
    })?;
    let text = std::str::from_utf8(&text).unwrap_or_default();
    let lines = text.lines().filter(|line| line.starts_with("AGE-SECRET-KEY-1"));
    let keys: Vec<_> = lines.filter_map(|line| VaultKey::parse(&SecretText::from(line))).collect();
    if keys.is_empty() {
        return Err(Unusable::Damaged { what: format!("{what} holds no key") }.into());
    }
    Ok(keys)
}

/// Returns the plaintext of a slot: a line for each key.
fn lines(keys: &[&VaultKey]) -> Zeroizing<Vec<u8>> {
    let texts: Vec<SecretText> = keys.iter().map(|key| key.text()).collect();
    let mut lines = Zeroizing::new(Vec::with_capacity(texts.len() * 128));
    for text in &texts {
        lines.extend_from_slice(text.expose().as_bytes());
        lines.push(b'\n');
    }
    lines
}

/// Makes a recovery key, an age identity.
pub(super) fn new_recovery() -> age::x25519::Identity {
    age::x25519::Identity::generate()
}

/// Returns the end of a recovery key that the person is asked for; less than any group the key is shown in.
pub(super) fn ending(text: &SecretText) -> SecretText {
    let text = plain(text);
    SecretText::from(&text.expose()[text.expose().len().saturating_sub(ENDING)..])
}

/// Whether what was typed is the end of the recovery key: at least four characters of it, however they are grouped.
pub(super) fn is_ending(typed: &SecretText, end: &SecretText) -> bool {
    let typed = ending(typed);
    typed.expose().len() >= 4 && end.expose().ends_with(typed.expose())
}

/// Returns a recovery key as age writes it, from one typed in groups, in any case, with or without its beginning.
fn recovery_text(typed: &SecretText) -> SecretText {
    let typed = plain(typed);
    let data = typed.expose().strip_prefix("AGESECRETKEY1").unwrap_or(typed.expose());
    let mut text = String::with_capacity(128);
    text.push_str("AGE-SECRET-KEY-1");
    text.push_str(&data[..data.len().min(100)]);
    SecretText::new(text)
}

/// Returns the letters and digits only, in upper case.
fn plain(text: &SecretText) -> SecretText {
    let mut plain = String::with_capacity(text.expose().len());
    plain.extend(text.expose().chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()));
    SecretText::new(plain)
}

/// Refuses passphrases that are none. They are taken byte for byte as typed (UTF-8, no normalisation: see `FORMAT.md`).
pub(super) fn check_passphrase(passphrase: &SecretText) -> Result<(), VaultError> {
    match passphrase.expose() {
        "" => Err(VaultError::PassphraseRefused("empty")),
        long if long.len() > 1024 => Err(VaultError::PassphraseRefused("longer than 1,024 bytes")),
        text if text.contains(['\n', '\r', '\0']) => {
            Err(VaultError::PassphraseRefused("of several lines; age could not be given it at its prompt"))
        }
        _ => Ok(()),
    }
}

fn modified(path: &std::path::Path) -> u64 {
    let time = std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
    time.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok()).map_or(0, |since| since.as_secs())
}

pub(super) const PASSPHRASE: &str = "passphrase";
pub(super) const RECOVERY: &str = "recovery";
pub(super) const KEYRING: &str = "keyring";
/// scrypt's work factor when writing: 2^17, about 128 MiB. Fixed, since age's own default measures the machine.
const WORK: u8 = 17;
/// The most work accepted when reading: 2^20, about 1 GiB.
const MAX_WORK: u8 = 20;
const SCRYPT_HEAD: &[u8] = b"age-encryption.org/v1\n-> scrypt ";
const SLOT_LIMIT: u64 = 64 * 1024;
/// How much of the recovery key's end is remembered.
const ENDING: usize = 8;
