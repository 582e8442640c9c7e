//! `FreeOTP` 2 (Android): `externalBackup.xml`, which is no XML but a serialised map of Java's, with encrypted keys.

use std::collections::HashMap;

use countersign_core::secret::SecretText;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    Confidence, Format,
    freeotp::{account, bytes, issuer},
};
use crate::{
    file::File,
    import::{Import, ImportError},
    java,
    json::{self, called, number, text},
    keys::{self, Hash},
};

/// The format.
pub(super) struct FreeOtp2;

impl Format for FreeOtp2 {
    fn name(&self) -> &'static str {
        "freeotp2"
    }

    fn title(&self) -> &'static str {
        "FreeOTP 2"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Menu, Backup: choose a password, and a folder", "Copy the file here: externalBackup.xml"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let is_map = file.bytes().starts_with(java::MAGIC);
        let has_key = is_map && file.bytes().windows(MASTER.len()).any(|window| window == MASTER.as_bytes());
        if has_key { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let map = java::strings(file.bytes()).ok_or_else(|| ImportError::damaged("its map"))?;
        let map: HashMap<String, String> = map.into_iter().collect();
        let master = parsed(map.get(MASTER).ok_or_else(|| ImportError::damaged("its master key is missing"))?)?;
        let master = master_key(&master, keys::needed(passphrase)?)?;
        let mut tokens: Vec<_> =
            map.iter().filter_map(|(name, text)| Some((name.strip_suffix("-token")?, text))).collect();
        tokens.sort();
        let mut import = Import::default();
        for (id, token) in tokens {
            let key = map.get(id).and_then(|key| own_key(key, &master));
            match parsed(token) {
                Ok(token) => {
                    // Names of `FreeOTP` 1's own, `issuerAlt` and `labelAlt`, stay there however it is renamed here.
                    let account = account(&token, key.map(|key| key.to_vec()), issuer(&token), text(&token, "label"));
                    import.take(called(&token, &["issuerExt", "issuerInt", "label"]), account);
                }
                Err(_) => import.take("", Err("it can't be read".into())),
            }
        }
        Ok(import)
    }
}

fn parsed(text: &str) -> Result<Value, ImportError> {
    json::parse(text.as_bytes())
}

fn master_key(master: &Value, passphrase: &[u8]) -> Result<keys::Key, ImportError> {
    let hash = match text(master, "mAlgorithm") {
        "PBKDF2withHmacSHA512" => Hash::Sha512,
        "PBKDF2withHmacSHA1" => Hash::Sha1,
        "PBKDF2withHmacSHA256" => Hash::Sha256,
        _ => return Err(ImportError::Newer("its key derivation".into())),
    };
    let rounds = number(master, "mIterations").unwrap_or_default();
    keys::check_work(rounds, MAX_ROUNDS)?;
    let salt = bytes(&master["mSalt"]).ok_or_else(|| ImportError::damaged("its salt"))?;
    let key = keys::pbkdf2(hash, passphrase, &salt, rounds as u32);
    let opened = open(&key, &master["mEncryptedKey"]).ok_or(ImportError::WrongPassphrase)?;
    let whole: [u8; 32] =
        opened.as_slice().try_into().map_err(|_| ImportError::damaged("its master key is of another length"))?;
    Ok(Zeroizing::new(whole))
}

/// Returns the key of one account.
fn own_key(text: &str, master: &[u8; 32]) -> Option<Zeroizing<Vec<u8>>> {
    open(master, &parsed(parsed(text).ok()?["key"].as_str()?).ok()?)
}

/// Opens what is encrypted by AES-GCM; its name goes in as associated data.
fn open(key: &[u8; 32], sealed: &Value) -> Option<Zeroizing<Vec<u8>>> {
    if text(sealed, "mCipher") != "AES/GCM/NoPadding" {
        return None;
    }
    let (data, parameters) = (bytes(&sealed["mCipherText"])?, bytes(&sealed["mParameters"])?);
    keys::open_gcm_with(key, nonce(&parameters)?, &data, text(sealed, "mToken").as_bytes())
}

/// Returns the nonce of DER parameters: an octet string of 12 bytes, alone or first in a sequence.
fn nonce(der: &[u8]) -> Option<&[u8]> {
    let octets = match der {
        [0x30, _, rest @ ..] => rest,
        all => all,
    };
    match octets {
        [0x04, 12, rest @ ..] => rest.get(..12),
        _ => None,
    }
}

const MASTER: &str = "masterKey";
const MAX_ROUNDS: u64 = 5_000_000;
