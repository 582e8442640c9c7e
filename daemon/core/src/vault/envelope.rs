//! The age file around the vault's content: the key, the padding and the MAC line. See `FORMAT.md` §3.

use std::io::{self, Read, Write};

use age::secrecy::ExposeSecret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::error::Unusable;
use crate::secret::SecretText;

/// The key that the vault is encrypted to: an age identity.
pub(super) struct VaultKey(age::x25519::Identity);

impl VaultKey {
    /// Makes a new key.
    pub(super) fn generate() -> Self {
        Self(age::x25519::Identity::generate())
    }

    /// Reads the text of a key, `AGE-SECRET-KEY-1…`.
    pub(super) fn parse(text: &SecretText) -> Option<Self> {
        text.expose().trim().parse().ok().map(Self)
    }

    /// Returns the text of the key.
    pub(super) fn text(&self) -> SecretText {
        SecretText::from(self.0.to_string().expose_secret())
    }

    /// Returns a second holder of the same key.
    pub(super) fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// Returns the public side, `age1…`.
    pub(super) fn recipient(&self) -> String {
        self.0.to_public().to_string()
    }

    pub(super) fn identity(&self) -> &dyn age::Identity {
        &self.0
    }

    /// HMAC-SHA-256 of the line, under a key that HKDF derives from the vault key for nothing else.
    fn mac(&self, line: &[u8]) -> Hmac<Sha256> {
        let text = self.text();
        let pseudo_random = hmac(b"countersign", &[text.expose().as_bytes()]).finalize().into_bytes();
        let key = hmac(&pseudo_random, &[MAC_INFO, &[1]]).finalize().into_bytes();
        hmac(&key, &[line])
    }

    /// Encrypts one line of JSON: padded, with its MAC line after it.
    pub(super) fn seal_vault(&self, mut line: Zeroizing<Vec<u8>>) -> io::Result<Vec<u8>> {
        let padded = padded_length(line.len() + 1 + MAC_LINE);
        // The caller made room for it (`room_for`), so that no unwiped piece is left by growing.
        line.resize(padded - 1 - MAC_LINE, b' ');
        let mac = super::file::hex(&self.mac(&line).finalize().into_bytes());
        line.extend_from_slice(b"\n");
        line.extend_from_slice(MAC_NAME);
        line.extend_from_slice(mac.as_bytes());
        line.extend_from_slice(b"\n");
        encrypt(&self.0.to_public(), &line)
    }

    /// Decrypts a vault file: the plaintext, and how long its first line is.
    pub(super) fn open_vault(&self, file: &[u8], what: &str) -> Result<Plain, Unusable> {
        let text = decrypt(file, &self.0).map_err(|fault| fault.unusable(file, what))?;
        let line = text.iter().position(|&byte| byte == b'\n').unwrap_or(text.len());
        let plain = Plain { text, line };
        super::record::check_format(plain.line())?;
        let mac = plain.text.get(line + 1..).and_then(|rest| rest.strip_prefix(MAC_NAME)?.strip_suffix(b"\n"));
        let mac = mac.and_then(|mac| data_encoding::HEXLOWER.decode(mac).ok()).unwrap_or_default();
        self.mac(plain.line()).verify_slice(&mac).map_err(|_| Unusable::Foreign {
            what: format!("{what} was not written with this vault's key: its MAC line is missing or does not fit"),
        })?;
        Ok(plain)
    }
}

/// A decrypted vault: wiped when dropped.
pub(super) struct Plain {
    text: Zeroizing<Vec<u8>>,
    line: usize,
}

impl Plain {
    /// Returns the line of JSON, its padding included.
    pub(super) fn line(&self) -> &[u8] {
        &self.text[..self.line]
    }
}

/// Returns the room that a line of this length takes in the end.
pub(super) fn room_for(line: usize) -> usize {
    padded_length(line + 1 + MAC_LINE)
}

/// Powers of two from 4 KiB to 64 KiB, then multiples of 64 KiB: the size tells little of what is inside.
fn padded_length(length: usize) -> usize {
    if length <= STEP { length.next_power_of_two().max(4096) } else { length.next_multiple_of(STEP) }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

/// Encrypts to one recipient.
pub(super) fn encrypt(to: &dyn age::Recipient, plain: &[u8]) -> io::Result<Vec<u8>> {
    seal(encryptor(to)?, plain)
}

/// Makes the key of a file and its header: what takes time where the recipient is a passphrase.
pub(super) fn encryptor(to: &dyn age::Recipient) -> io::Result<age::Encryptor> {
    age::Encryptor::with_recipients(std::iter::once(to)).map_err(io::Error::other)
}

/// Encrypts to the recipient that the encryptor was made for.
pub(super) fn seal(encryptor: age::Encryptor, plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut file = Vec::with_capacity(plain.len() + plain.len() / 4096 + 512);
    let mut writer = encryptor.wrap_output(&mut file)?;
    writer.write_all(plain)?;
    writer.finish()?;
    Ok(file)
}

/// Decrypts; the buffer never grows, so no unwiped piece of it is left behind.
pub(super) fn decrypt(file: &[u8], key: &dyn age::Identity) -> Result<Zeroizing<Vec<u8>>, Fault> {
    header_end(file).ok_or(Fault::Header(age::DecryptError::InvalidHeader))?;
    let decryptor = age::Decryptor::new(file).map_err(Fault::Header)?;
    let mut reader = decryptor.decrypt(std::iter::once(key)).map_err(Fault::Header)?;
    let mut plain = Zeroizing::new(vec![0; file.len()]);
    let mut length = 0;
    loop {
        match reader.read(&mut plain[length..]).map_err(|_| Fault::Body)? {
            0 => break,
            more => length += more,
        }
    }
    plain.truncate(length);
    Ok(plain)
}

/// Why a file could not be decrypted.
pub(super) enum Fault {
    Header(age::DecryptError),
    Body,
}

impl Fault {
    /// Whether the file is whole but was made for another key.
    pub(super) fn is_other_key(&self) -> bool {
        use age::DecryptError::{DecryptionFailed, KeyDecryptionFailed, NoMatchingKeys};
        matches!(self, Self::Header(DecryptionFailed | KeyDecryptionFailed | NoMatchingKeys))
    }

    /// Says which of the reasons it is.
    pub(super) fn unusable(&self, file: &[u8], what: &str) -> Unusable {
        if let Err(reason) = check_header(file, what) {
            return reason;
        }
        let what = match self {
            Self::Header(age::DecryptError::ExcessiveWork { required, .. }) => {
                format!("{what} asks for more work than is accepted (2^{required})")
            }
            Self::Header(_) if self.is_other_key() => {
                return Unusable::Foreign {
                    what: format!("{what} was not made for this vault's key, or its header is damaged"),
                };
            }
            Self::Header(_) => format!("the header of {what}"),
            Self::Body if cut_short(file) => return Unusable::Truncated { what: what.to_owned() },
            Self::Body => what.to_owned(),
        };
        Unusable::Damaged { what }
    }
}

/// Looks at the unencrypted beginning of an age file.
pub(super) fn check_header(file: &[u8], what: &str) -> Result<(), Unusable> {
    if !file.starts_with(AGE_V1) {
        return Err(match file {
            _ if AGE_V1.starts_with(file) => Unusable::Truncated { what: what.to_owned() },
            _ if file.starts_with(b"age-encryption.org/") => {
                Unusable::Foreign { what: format!("{what} is an age file of a version that is not known here") }
            }
            _ => Unusable::Foreign { what: format!("{what} is not an age file") },
        });
    }
    let complete = header_end(file).is_some_and(|end| file.len() > end + NONCE);
    if !complete && file.len() < HEADER_LIMIT {
        return Err(Unusable::Truncated { what: what.to_owned() });
    }
    match header_end(file).map(|_| age::Decryptor::new(file)) {
        Some(Ok(_)) => Ok(()),
        _ => Err(Unusable::Damaged { what: format!("the header of {what}") }),
    }
}

/// Looks at a vault file as far as that goes without a key: its header and its length.
pub(super) fn check_vault_form(file: &[u8], what: &str) -> Result<(), Unusable> {
    check_header(file, what)?;
    if cut_short(file) { Err(Unusable::Truncated { what: what.to_owned() }) } else { Ok(()) }
}

/// Returns where the header ends. Looked for here, since the parser's time grows with the square of a missing end.
fn header_end(file: &[u8]) -> Option<usize> {
    let head = &file[..file.len().min(HEADER_LIMIT)];
    let mac = head.windows(5).position(|window| window == b"\n--- ")?;
    let end = mac + 5 + 43 + 1;
    (file.len() >= end).then_some(end)
}

/// Whether the length of a vault file is one that no vault has: its plaintext is always a multiple of 4 KiB.
fn cut_short(file: &[u8]) -> bool {
    const CHUNK: usize = 64 * 1024 + 16;
    let Some(body) = header_end(file).and_then(|end| file.len().checked_sub(end + NONCE)) else { return true };
    let plain = body.checked_sub(16 * body.div_ceil(CHUNK));
    plain.is_none_or(|plain| plain == 0 || plain % 4096 != 0)
}

const AGE_V1: &[u8] = b"age-encryption.org/v1\n";
const MAC_INFO: &[u8] = b"vault mac v1";
const MAC_NAME: &[u8] = b"hmac-sha256 ";
/// Length of the MAC line: name, 64 hex characters, the line's end.
const MAC_LINE: usize = 12 + 64 + 1;
/// Length of what stands between the header and the encrypted body.
const NONCE: usize = 16;
const HEADER_LIMIT: usize = 64 * 1024;
const STEP: usize = 64 * 1024;
