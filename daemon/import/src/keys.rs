//! From a passphrase to what it opens: key derivations with a price that is looked at first, and ciphers that tell a wrong
//! key from a right one.

use aes_gcm::{Aes256Gcm, KeyInit, Nonce, aead::Aead};
use countersign_core::secret::SecretText;
use zeroize::Zeroizing;

use crate::import::ImportError;

/// A key of 256 bits, wiped when dropped.
pub type Key = Zeroizing<[u8; 32]>;

/// Derives a key by scrypt, RFC 7914.
///
/// # Errors
/// [`ImportError::TooCostly`] beyond [`MAX_MEMORY`].
pub fn scrypt(passphrase: &[u8], salt: &[u8], n: u64, r: u32, p: u32) -> Result<Key, ImportError> {
    let log_n = n.checked_ilog2().filter(|log| 1 << log == n && n > 1);
    let log_n = log_n.ok_or_else(|| ImportError::damaged("scrypt's N is no power of two"))?;
    check_memory(n.saturating_mul(u64::from(r)).saturating_mul(128))?;
    // One pass at 2^20 × 8 takes some seconds.
    check_work(n.saturating_mul(u64::from(r)).saturating_mul(u64::from(p)), 1 << 26)?;
    let parameters = scrypt::Params::new(log_n as u8, r, p, 32);
    let parameters = parameters.map_err(|_| ImportError::damaged("scrypt's parameters"))?;
    let mut key = Key::default();
    scrypt::scrypt(passphrase, salt, &parameters, &mut *key).map_err(|_| ImportError::damaged("scrypt's parameters"))?;
    Ok(key)
}

/// Refuses a derivation that needs too much memory.
pub fn check_memory(bytes: u64) -> Result<(), ImportError> {
    if bytes <= MAX_MEMORY {
        return Ok(());
    }
    Err(ImportError::TooCostly(format!("{} MiB of memory, {} at the most", bytes >> 20, MAX_MEMORY >> 20)))
}

/// Refuses a derivation of too many rounds.
pub fn check_work(rounds: u64, most: u64) -> Result<(), ImportError> {
    if rounds <= most {
        return Ok(());
    }
    Err(ImportError::TooCostly(format!("{rounds} rounds of its key derivation, {most} at the most")))
}

/// Opens AES-256-GCM, the tag at its end; `None` where the key is another one, or a byte was changed.
pub fn open_gcm(key: &[u8; 32], nonce: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let nonce: &[u8; 12] = nonce.try_into().ok()?;
    let cipher = Aes256Gcm::new(key.into());
    cipher.decrypt(Nonce::from_slice(nonce), sealed).ok().map(Zeroizing::new)
}

/// Returns the bytes of a passphrase, or says that one is needed.
pub fn needed(passphrase: Option<&SecretText>) -> Result<&[u8], ImportError> {
    passphrase.map(|text| text.expose().as_bytes()).ok_or(ImportError::PassphraseNeeded)
}

/// The most memory that a derivation may use: what real exports ask for stays far below.
pub const MAX_MEMORY: u64 = 1 << 30;
