//! Databases that `SQLCipher` 3 encrypted, by its own defaults: pages of 1024 bytes, each with its own nonce and checksum.
//!
//! Nothing marks such a file: it begins with its salt, where a database has its name.

use hmac::{Hmac, Mac};
use sha1::Sha1;

use crate::{
    import::ImportError,
    keys::{self, Hash},
};

/// Says whether the bytes may be such a database: whole pages of no other kind.
pub fn is_possible(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.len().is_multiple_of(PAGE)
}

/// Returns the database in plain.
///
/// # Errors
/// [`ImportError::WrongPassphrase`] where the first page does not fit it; [`ImportError::Damaged`] where a later one does not.
pub fn decrypt(bytes: &[u8], passphrase: &[u8]) -> Result<Vec<u8>, ImportError> {
    let (salt, _) = bytes.split_at_checked(SALT).ok_or(ImportError::WrongPassphrase)?;
    let key = keys::pbkdf2(Hash::Sha1, passphrase, salt, 64_000);
    let of_sums: Vec<u8> = salt.iter().map(|byte| byte ^ 0x3a).collect();
    let of_sums = keys::pbkdf2(Hash::Sha1, &*key, &of_sums, 2);
    let mut plain = Vec::with_capacity(bytes.len());
    for (number, page) in (1_u32..).zip(bytes.chunks_exact(PAGE)) {
        let start = if number == 1 { SALT } else { 0 };
        let (content, tail) = page[start..].split_at(PAGE - TAIL - start);
        let (nonce, sum) = (&tail[..16], &tail[16..36]);
        let mut expected = Hmac::<Sha1>::new_from_slice(&*of_sums).expect("HMAC takes keys of any length");
        for part in [content, nonce, &number.to_le_bytes()] {
            expected.update(part);
        }
        if expected.verify_slice(sum).is_err() {
            return Err(if number == 1 { ImportError::WrongPassphrase } else { ImportError::damaged("its database") });
        }
        let opened = keys::open_cbc_blocks(&key, nonce, content).ok_or_else(|| ImportError::damaged("its database"))?;
        if number == 1 {
            plain.extend_from_slice(b"SQLite format 3\0");
        }
        plain.extend_from_slice(&opened);
        plain.resize(plain.len() + TAIL, 0);
    }
    Ok(plain)
}

const PAGE: usize = 1024;
const SALT: usize = 16;
/// Nonce and checksum, filled up to whole blocks.
const TAIL: usize = 48;
