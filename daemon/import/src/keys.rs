//! From a passphrase to what it opens: key derivations with a price that is looked at first, and ciphers that tell a wrong
//! key from a right one.

use aes::cipher::{
    BlockCipher, BlockDecryptMut, BlockEncryptMut, KeyIvInit,
    block_padding::{NoPadding, Pkcs7},
    consts::U16,
};
use aes_gcm::{
    Aes256Gcm, AesGcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use argon2::{Argon2, Params};
use countersign_core::secret::SecretText;
use dryoc::{
    classic::{
        crypto_aead_xchacha20poly1305_ietf::crypto_aead_xchacha20poly1305_ietf_decrypt,
        crypto_secretbox::crypto_secretbox_open_easy,
        crypto_secretstream_xchacha20poly1305::{
            Header, State, crypto_secretstream_xchacha20poly1305_init_pull, crypto_secretstream_xchacha20poly1305_pull,
        },
    },
    constants::CRYPTO_SECRETSTREAM_XCHACHA20POLY1305_ABYTES,
};
use md5::{Digest, Md5};
use pbkdf2::pbkdf2_hmac;
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
    scrypt::scrypt(passphrase, salt, &parameters, &mut *key)
        .map_err(|_| ImportError::damaged("scrypt's parameters"))?;
    Ok(key)
}

/// The hash inside PBKDF2.
#[derive(Debug, Clone, Copy)]
pub enum Hash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// Derives a key by PBKDF2, RFC 8018. The caller has looked at the rounds.
pub fn pbkdf2(hash: Hash, passphrase: &[u8], salt: &[u8], rounds: u32) -> Key {
    let mut key = Key::default();
    match hash {
        Hash::Sha1 => pbkdf2_hmac::<sha1::Sha1>(passphrase, salt, rounds, &mut *key),
        Hash::Sha256 => pbkdf2_hmac::<sha2::Sha256>(passphrase, salt, rounds, &mut *key),
        Hash::Sha512 => pbkdf2_hmac::<sha2::Sha512>(passphrase, salt, rounds, &mut *key),
    }
    key
}

/// Derives a key by Argon2id, RFC 9106, version 0x13; the memory is in KiB.
///
/// # Errors
/// [`ImportError::TooCostly`] beyond [`MAX_MEMORY`], or beyond what takes half a minute.
pub fn argon2id(passphrase: &[u8], salt: &[u8], memory: u32, rounds: u32, lanes: u32) -> Result<Key, ImportError> {
    argon2(argon2::Algorithm::Argon2id, passphrase, salt, [memory, rounds, lanes])
}

/// The same by any of Argon2's variants; the costs are memory in KiB, rounds, lanes.
///
/// # Errors
/// As of [`argon2id`].
pub fn argon2(
    variant: argon2::Algorithm,
    passphrase: &[u8],
    salt: &[u8],
    [memory, rounds, lanes]: [u32; 3],
) -> Result<Key, ImportError> {
    check_memory(u64::from(memory) * 1024)?;
    check_work(u64::from(memory) * u64::from(rounds), MAX_ARGON_WORK)?;
    run_argon2(variant, argon2::Version::V0x13, passphrase, salt, [memory, rounds, lanes])
}

/// The same by any version, whose costs have been looked at.
///
/// # Errors
/// [`ImportError::Damaged`] where Argon2 has no such parameters.
pub fn run_argon2(
    variant: argon2::Algorithm,
    version: argon2::Version,
    passphrase: &[u8],
    salt: &[u8],
    [memory, rounds, lanes]: [u32; 3],
) -> Result<Key, ImportError> {
    let odd = |_| ImportError::damaged("the parameters of its key derivation");
    let parameters = Params::new(memory, rounds, lanes, Some(32)).map_err(odd)?;
    let mut key = Key::default();
    Argon2::new(variant, version, parameters).hash_password_into(passphrase, salt, &mut *key).map_err(odd)?;
    Ok(key)
}

/// Opens what OpenSSL's `enc` and `CryptoJS` write: `Salted__`, a salt, AES-256-CBC under a key that MD5 makes of the passphrase.
/// `None` where the key does not fit.
pub fn open_salted(passphrase: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (salt, sealed) = sealed.strip_prefix(b"Salted__")?.split_at_checked(8)?;
    let made = salted_key(passphrase, salt);
    let key: &[u8; 32] = made[..32].try_into().ok()?;
    open_cbc(key, &made[32..], sealed)
}

/// Derives the key and the IV behind it that `open_salted` takes.
fn salted_key(passphrase: &[u8], salt: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut made = Zeroizing::new(Vec::with_capacity(3 * 16));
    while made.len() < 48 {
        let last = made.len().saturating_sub(16);
        let mut hash = Md5::new_with_prefix(&made[last..]);
        hash.update(passphrase);
        hash.update(salt);
        made.extend_from_slice(&hash.finalize());
    }
    made
}

/// Seals what [`open_salted`] opens.
#[cfg(test)]
pub(crate) fn seal_salted(passphrase: &[u8], salt: [u8; 8], plain: &[u8]) -> Vec<u8> {
    let made = salted_key(passphrase, &salt);
    let (key, iv) = made.split_first_chunk().expect("there are 48 bytes");
    let sealed = seal_cbc(key, iv.try_into().expect("16 are left"), plain);
    [b"Salted__", &salt[..], &sealed].concat()
}

/// Opens XChaCha20-Poly1305, the tag at its end; `None` where the key is another one, or a byte was changed.
pub fn open_xchacha(key: &[u8; 32], nonce: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let nonce: &[u8; 24] = nonce.try_into().ok()?;
    let mut plain = Zeroizing::new(vec![0; sealed.len().checked_sub(16)?]);
    crypto_aead_xchacha20poly1305_ietf_decrypt(&mut plain, sealed, None, nonce, key).ok()?;
    Some(plain)
}

/// Opens XSalsa20-Poly1305 as libsodium's `secretbox` writes it, the tag at its beginning.
pub fn open_secretbox(key: &[u8; 32], nonce: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let nonce: &[u8; 24] = nonce.try_into().ok()?;
    let mut plain = Zeroizing::new(vec![0; sealed.len().checked_sub(16)?]);
    crypto_secretbox_open_easy(&mut plain, sealed, nonce, key).ok()?;
    Some(plain)
}

/// Opens the only message of a stream of libsodium's `secretstream`.
///
/// # Errors
/// [`ImportError::WrongPassphrase`] where the key is another one, or a byte was changed; [`ImportError::Damaged`] for what
/// is no such stream.
pub fn open_stream(key: &[u8; 32], header: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let header: &Header = header.try_into().map_err(|_| ImportError::damaged("its nonce is of another length"))?;
    let length = sealed.len().checked_sub(CRYPTO_SECRETSTREAM_XCHACHA20POLY1305_ABYTES);
    let mut plain = Zeroizing::new(vec![0; length.ok_or_else(|| ImportError::damaged("it ends too early"))?]);
    let mut state = State::new();
    crypto_secretstream_xchacha20poly1305_init_pull(&mut state, header, key);
    crypto_secretstream_xchacha20poly1305_pull(&mut state, &mut plain, &mut 0, sealed, None)
        .map_err(|_| ImportError::WrongPassphrase)?;
    Ok(plain)
}

/// Opens AES-256-CBC without padding; `None` where it is no whole number of blocks.
pub fn open_cbc_blocks(key: &[u8; 32], iv: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = cbc::Decryptor::<aes::Aes256>::new_from_slices(key, iv).ok()?;
    cipher.decrypt_padded_vec_mut::<NoPadding>(sealed).ok().map(Zeroizing::new)
}

/// Opens AES-256-GCM with a nonce of 16 bytes, which others hash first; the tag is at its end.
pub fn open_gcm_long(key: &[u8; 32], nonce: &[u8; 16], sealed: &[u8], aad: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = AesGcm::<aes::Aes256, U16>::new(key.into());
    cipher.decrypt(Nonce::from_slice(nonce), Payload { msg: sealed, aad }).ok().map(Zeroizing::new)
}

/// Opens AES-256-CBC with PKCS #7; `None` where the padding does not fit, as it does under a wrong key, mostly.
pub fn open_cbc(key: &[u8; 32], iv: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    open_cbc_of::<aes::Aes256>(key, iv, sealed)
}

/// The same by another cipher.
pub fn open_cbc_of<C: BlockCipher + BlockDecryptMut + KeyInit>(
    key: &[u8; 32],
    iv: &[u8],
    sealed: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = cbc::Decryptor::<C>::new_from_slices(key, iv).ok()?;
    cipher.decrypt_padded_vec_mut::<Pkcs7>(sealed).ok().map(Zeroizing::new)
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
    open_gcm_with(key, nonce, sealed, b"")
}

/// The same, with associated data.
pub fn open_gcm_with(key: &[u8; 32], nonce: &[u8], sealed: &[u8], aad: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let nonce: &[u8; 12] = nonce.try_into().ok()?;
    let cipher = Aes256Gcm::new(key.into());
    cipher.decrypt(Nonce::from_slice(nonce), Payload { msg: sealed, aad }).ok().map(Zeroizing::new)
}

/// Seals by AES-256-GCM, the tag at its end.
pub fn seal_gcm(key: &[u8; 32], nonce: &[u8; 12], plain: &[u8]) -> Vec<u8> {
    Aes256Gcm::new(key.into()).encrypt(Nonce::from_slice(nonce), plain).expect("memory has room for a message")
}

/// Seals by AES-256-CBC with PKCS #7.
pub fn seal_cbc(key: &[u8; 32], iv: &[u8; 16], plain: &[u8]) -> Vec<u8> {
    cbc::Encryptor::<aes::Aes256>::new(key.into(), iv.into()).encrypt_padded_vec_mut::<Pkcs7>(plain)
}

/// Returns the bytes of a passphrase, or says that one is needed.
pub fn needed(passphrase: Option<&SecretText>) -> Result<&[u8], ImportError> {
    passphrase.map(|text| text.expose().as_bytes()).ok_or(ImportError::PassphraseNeeded)
}

/// The most memory that a derivation may use: what real exports ask for stays far below.
pub const MAX_MEMORY: u64 = 1 << 30;
/// KiB times rounds: a memory of 1 GiB eight times over.
const MAX_ARGON_WORK: u64 = 8 << 20;
