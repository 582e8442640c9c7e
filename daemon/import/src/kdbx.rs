//! `KeePass`'s databases, KDBX 3 and 4: from a passphrase to the XML in one, and to the stream that hides values in that XML.
//!
//! What a derivation costs is looked at before it is paid. See <https://keepass.info/help/kb/kdbx.html>.

use std::{collections::HashMap, io::Read, iter};

use aes::cipher::{BlockEncrypt, KeyInit, KeyIvInit, StreamCipher};
use chacha20::ChaCha20;
use flate2::read::GzDecoder;
use hmac::{Hmac, Mac};
use salsa20::Salsa20;
use sha2::{Digest, Sha256, Sha512};
use twofish::Twofish;
use zeroize::Zeroizing;

use crate::{import::ImportError, keys};

/// What a passphrase opened.
pub struct Opened {
    /// The database as XML, in which some values are hidden.
    pub xml: Zeroizing<Vec<u8>>,
    /// What shows them.
    pub stream: Stream,
}

/// Opens a database.
///
/// # Errors
/// [`ImportError::WrongPassphrase`]; in version 3, which knows a wrong key by what comes out of it,
/// [`ImportError::WrongOrDamaged`]; [`ImportError::TooCostly`], [`ImportError::Damaged`], [`ImportError::Newer`].
pub fn open(bytes: &[u8], passphrase: &[u8]) -> Result<Opened, ImportError> {
    let header = Header::read(bytes)?;
    let composite = Zeroizing::new(sha256(&[&*Zeroizing::new(sha256(&[passphrase]))]));
    let transformed = header.derivation()?.derive(&composite)?;
    if header.is_4 { header.open_4(&transformed) } else { header.open_3(&transformed) }
}

/// The fields before all that is encrypted.
struct Header<'a> {
    is_4: bool,
    head: &'a [u8],
    fields: HashMap<u8, &'a [u8]>,
    body: &'a [u8],
}

impl<'a> Header<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, ImportError> {
        let (is_4, mut fields) = (bytes.get(10) == Some(&4), HashMap::new());
        let mut body = bytes.get(12..).unwrap_or_default();
        loop {
            let ((number, value), after) = field(body, if is_4 { 4 } else { 2 }).ok_or_else(damaged_header)?;
            body = after;
            match number {
                0 => break,
                // Of two one would be taken silently.
                _ if fields.insert(number, value).is_some() => return Err(damaged_header()),
                _ => {}
            }
        }
        Ok(Self { is_4, head: &bytes[..bytes.len() - body.len()], fields, body })
    }

    fn field(&self, number: u8) -> Result<&'a [u8], ImportError> {
        self.fields.get(&number).copied().ok_or_else(damaged_header)
    }

    fn derivation(&self) -> Result<Derivation<'a>, ImportError> {
        if self.is_4 {
            return Derivation::of_dictionary(self.field(11)?);
        }
        Ok(Derivation::Aes { seed: self.field(5)?, rounds: number(self.field(6)?, 8)? })
    }

    /// Opens version 4: the header and each block have a sum under the key.
    fn open_4(&self, transformed: &[u8; 32]) -> Result<Opened, ImportError> {
        let seed = self.field(4)?;
        let master = Zeroizing::new(sha512(&[seed, transformed, &[1]]));
        let (sum, rest) = self.body.split_at_checked(32).ok_or_else(cut_off)?;
        let (mac, mut rest) = rest.split_at_checked(32).ok_or_else(cut_off)?;
        if sum != sha256(&[self.head]) {
            return Err(damaged_header());
        }
        check_mac(&master, u64::MAX, &[self.head], mac).ok_or(ImportError::WrongPassphrase)?;
        let mut sealed = Vec::with_capacity(rest.len());
        for index in 0.. {
            let (mac, after) = rest.split_at_checked(32).ok_or_else(cut_off)?;
            let (length, _) = after.split_at_checked(4).ok_or_else(cut_off)?;
            let (block, after) = sized(after).ok_or_else(cut_off)?;
            check_mac(&master, index, &[&index.to_le_bytes(), length, block], mac).ok_or_else(damaged_data)?;
            rest = after;
            if block.is_empty() {
                break;
            }
            sealed.extend_from_slice(block);
        }
        let plain = self.unpacked(&self.decrypted(transformed, &sealed)?.ok_or_else(damaged_data)?)?;
        let (mut fields, mut rest) = (HashMap::new(), plain.as_slice());
        loop {
            let ((number, value), after) = field(rest, 4).ok_or_else(damaged_data)?;
            rest = after;
            if number == 0 {
                break;
            }
            fields.insert(number, value);
        }
        let field = |number| fields.get(&number).copied().ok_or_else(damaged_data);
        let stream = Stream::of(number(field(1)?, 4)?, field(2)?)?;
        Ok(Opened { xml: Zeroizing::new(rest.to_vec()), stream })
    }

    /// Opens version 3: what is decrypted begins with what the header says.
    fn open_3(&self, transformed: &[u8; 32]) -> Result<Opened, ImportError> {
        let plain = self.decrypted(transformed, self.body)?.ok_or(ImportError::WrongOrDamaged)?;
        let mut rest = plain.strip_prefix(self.field(9)?).ok_or(ImportError::WrongOrDamaged)?;
        let mut packed = Zeroizing::new(Vec::with_capacity(plain.len()));
        loop {
            // The block's number, which nobody looks at, goes first.
            let (head, after) = rest.split_at_checked(36).ok_or_else(damaged_data)?;
            let (block, after) = sized(after).ok_or_else(damaged_data)?;
            rest = after;
            if block.is_empty() {
                break;
            }
            if head[4..] != sha256(&[block]) {
                return Err(damaged_data());
            }
            packed.extend_from_slice(block);
        }
        let stream = Stream::of(number(self.field(10)?, 4)?, self.field(8)?)?;
        Ok(Opened { xml: self.unpacked(&packed)?, stream })
    }

    /// Decrypts; `None` where the key does not fit, as far as padding tells that.
    fn decrypted(&self, transformed: &[u8; 32], sealed: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, ImportError> {
        let (key, iv) = (Zeroizing::new(sha256(&[self.field(4)?, transformed])), self.field(7)?);
        match self.field(2)? {
            AES => Ok(keys::open_cbc(&key, iv, sealed)),
            TWOFISH => Ok(keys::open_cbc_of::<Twofish>(&key, iv, sealed)),
            CHACHA20 => {
                let mut plain = Zeroizing::new(sealed.to_vec());
                ChaCha20::new_from_slices(&*key, iv).map_err(|_| damaged_header())?.apply_keystream(&mut plain);
                Ok(Some(plain))
            }
            _ => Err(ImportError::Newer("its cipher".into())),
        }
    }

    fn unpacked(&self, packed: &[u8]) -> Result<Zeroizing<Vec<u8>>, ImportError> {
        match number(self.field(3)?, 4)? {
            0 => Ok(Zeroizing::new(packed.to_vec())),
            1 => {
                let mut plain = Zeroizing::new(Vec::new());
                GzDecoder::new(packed).take(MAX_UNPACKED + 1).read_to_end(&mut plain).map_err(|_| damaged_data())?;
                if plain.len() as u64 > MAX_UNPACKED {
                    return Err(ImportError::TooLarge(format!("more than {} MiB unpacked", MAX_UNPACKED >> 20)));
                }
                Ok(plain)
            }
            _ => Err(ImportError::Newer("its compression".into())),
        }
    }
}

/// How a passphrase becomes a key.
enum Derivation<'a> {
    Aes { seed: &'a [u8], rounds: u64 },
    Argon2 { variant: argon2::Algorithm, version: argon2::Version, salt: &'a [u8], costs: [u64; 3] },
}

impl<'a> Derivation<'a> {
    /// Reads one of version 4.
    fn of_dictionary(dictionary: &'a [u8]) -> Result<Self, ImportError> {
        let mut values = HashMap::new();
        for (name, value) in entries(dictionary) {
            if values.insert(name, value).is_some() {
                return Err(damaged_header());
            }
        }
        let value = |name: &str| values.get(name.as_bytes()).copied().ok_or_else(damaged_header);
        let salt = value("S")?;
        let variant = match value("$UUID")? {
            AES_DERIVATION | AES_DERIVATION_OF_4 => {
                return Ok(Self::Aes { seed: salt, rounds: number(value("R")?, 8)? });
            }
            ARGON2D => argon2::Algorithm::Argon2d,
            ARGON2ID => argon2::Algorithm::Argon2id,
            _ => return Err(ImportError::Newer("its key derivation".into())),
        };
        let version = argon2::Version::try_from(number(value("V")?, 4)? as u32).map_err(|_| damaged_header())?;
        let costs = [number(value("M")?, 8)?, number(value("I")?, 8)?, number(value("P")?, 4)?];
        Ok(Self::Argon2 { variant, version, salt, costs })
    }

    fn derive(&self, composite: &[u8; 32]) -> Result<keys::Key, ImportError> {
        let mut key = keys::Key::default();
        match *self {
            Self::Aes { seed, rounds } => {
                keys::check_work(rounds, MAX_AES_ROUNDS)?;
                let cipher = aes::Aes256::new_from_slice(seed).map_err(|_| damaged_header())?;
                let mut blocks =
                    [aes::Block::clone_from_slice(&composite[..16]), aes::Block::clone_from_slice(&composite[16..])];
                for _ in 0..rounds {
                    let [one, other] = &mut blocks;
                    cipher.encrypt_block(one);
                    cipher.encrypt_block(other);
                }
                *key = sha256(&[&blocks[0], &blocks[1]]);
            }
            Self::Argon2 { variant, version, salt, costs: [memory, rounds, lanes] } => {
                keys::check_memory(memory)?;
                keys::check_work((memory >> 10).saturating_mul(rounds), MAX_ARGON_WORK)?;
                let costs = [memory >> 10, rounds, lanes].map(|cost| u32::try_from(cost).unwrap_or(u32::MAX));
                key = keys::run_argon2(variant, version, composite, salt, costs)?;
            }
        }
        Ok(key)
    }
}

/// The stream that hides values, each going on where the one before it in the document ended.
pub enum Stream {
    /// Nothing is hidden.
    None,
    /// As version 3 has it.
    Salsa20(Box<Salsa20>),
    /// As version 4 has it.
    ChaCha20(Box<ChaCha20>),
}

impl Stream {
    fn of(kind: u64, key: &[u8]) -> Result<Self, ImportError> {
        match kind {
            0 => Ok(Self::None),
            2 => {
                let key = Zeroizing::new(sha256(&[key]));
                Ok(Self::Salsa20(Box::new(Salsa20::new(&(*key).into(), &SALSA_NONCE.into()))))
            }
            3 => {
                let key = Zeroizing::new(sha512(&[key]));
                let cipher = ChaCha20::new_from_slices(&key[..32], &key[32..44]).expect("both are of its lengths");
                Ok(Self::ChaCha20(Box::new(cipher)))
            }
            _ => Err(ImportError::Newer("what hides its values".into())),
        }
    }

    /// Shows the next value.
    pub fn apply(&mut self, value: &mut [u8]) {
        match self {
            Self::None => {}
            Self::Salsa20(cipher) => cipher.apply_keystream(value),
            Self::ChaCha20(cipher) => cipher.apply_keystream(value),
        }
    }
}

/// Checks a sum under the key of its number.
fn check_mac(master: &[u8; 64], number: u64, parts: &[&[u8]], mac: &[u8]) -> Option<()> {
    let key = Zeroizing::new(sha512(&[&number.to_le_bytes(), master]));
    let sum = <Hmac<Sha256> as Mac>::new_from_slice(&*key).expect("a key of any length will do");
    parts.iter().fold(sum, Mac::chain_update).verify_slice(mac).ok()
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    parts.iter().fold(Sha256::new(), Digest::chain_update).finalize().into()
}

fn sha512(parts: &[&[u8]]) -> [u8; 64] {
    parts.iter().fold(Sha512::new(), Digest::chain_update).finalize().into()
}

/// A field of a header: its number and its value.
type HeaderField<'a> = (u8, &'a [u8]);

/// Returns a field of a header whose lengths have so many bytes, and what follows it.
fn field(bytes: &[u8], of_length: usize) -> Option<(HeaderField<'_>, &[u8])> {
    let (number, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_at_checked(of_length)?;
    let (value, rest) = rest.split_at_checked(usize::try_from(little(length)).ok()?)?;
    Some(((*number, value), rest))
}

/// Returns the entries of a dictionary: name and value.
fn entries(dictionary: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = dictionary.get(2..).unwrap_or_default();
    iter::from_fn(move || {
        let (_, after) = rest.split_first().filter(|(kind, _)| **kind != 0)?;
        let (name, after) = sized(after)?;
        let (value, after) = sized(after)?;
        rest = after;
        Some((name, value))
    })
}

fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_at_checked(4)?;
    rest.split_at_checked(usize::try_from(little(length)).ok()?)
}

/// Reads a number of so many bytes.
fn number(bytes: &[u8], length: usize) -> Result<u64, ImportError> {
    if bytes.len() == length { Ok(little(bytes)) } else { Err(damaged_header()) }
}

/// Reads a number, the least byte first.
fn little(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn damaged_header() -> ImportError {
    ImportError::damaged("its header")
}

fn damaged_data() -> ImportError {
    ImportError::damaged("its database")
}

fn cut_off() -> ImportError {
    ImportError::damaged("it ends too early")
}

const AES: &[u8] = b"\x31\xc1\xf2\xe6\xbf\x71\x43\x50\xbe\x58\x05\x21\x6a\xfc\x5a\xff";
const TWOFISH: &[u8] = b"\xad\x68\xf2\x9f\x57\x6f\x4b\xb9\xa3\x6a\xd4\x7a\xf9\x65\x34\x6c";
const CHACHA20: &[u8] = b"\xd6\x03\x8a\x2b\x8b\x6f\x4c\xb5\xa5\x24\x33\x9a\x31\xdb\xb5\x9a";
const AES_DERIVATION: &[u8] = b"\xc9\xd9\xf3\x9a\x62\x8a\x44\x60\xbf\x74\x0d\x08\xc1\x8a\x4f\xea";
/// By this name `KeePassXC` has the same.
const AES_DERIVATION_OF_4: &[u8] = b"\x7c\x02\xbb\x82\x79\xa7\x4a\xc0\x92\x7d\x11\x4a\x00\x64\x82\x38";
const ARGON2D: &[u8] = b"\xef\x63\x6d\xdf\x8c\x29\x44\x4b\x91\xf7\xa9\xa4\x03\xe3\x0a\x0c";
const ARGON2ID: &[u8] = b"\x9e\x29\x8b\x19\x56\xdb\x47\x73\xb2\x3d\xfc\x3e\xc6\xf0\xa1\xe6";
const SALSA_NONCE: [u8; 8] = [0xe8, 0x30, 0x09, 0x4b, 0x97, 0x20, 0x5d, 0x2a];
/// KiB times rounds, half a minute's work for one core: `KeePassXC` takes as many rounds as all of them make in some seconds.
const MAX_ARGON_WORK: u64 = 24 << 20;
/// Half a minute's work.
const MAX_AES_ROUNDS: u64 = 200_000_000;
/// Attachments lie in it too.
const MAX_UNPACKED: u64 = 128 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn of_version(version: u8, number: u8, value: &[u8]) -> Vec<u8> {
        let length = &(value.len() as u32).to_le_bytes()[..if version == 4 { 4 } else { 2 }];
        let zeros = [0; 12];
        [&zeros[..10], &[version, 0], &[number], length, value, &[0; 5]].concat()
    }

    fn dictionary(values: &[(&str, &[u8])]) -> Vec<u8> {
        let size = |part: &[u8]| (part.len() as u32).to_le_bytes();
        let mut out = vec![0, 1];
        for (name, value) in values {
            let name = name.as_bytes();
            out.extend([&[5], &size(name)[..], name, &size(value), value].concat());
        }
        out.push(0);
        out
    }

    #[test]
    fn a_number_of_another_length_is_damage() {
        for (bytes, length) in [(&[1; 4][..], 8), (&[][..], 4), (&[1; 3][..], 4)] {
            assert!(matches!(number(bytes, length), Err(ImportError::Damaged(_))), "{bytes:?}");
        }
        assert_eq!(number(&[1, 1, 0, 0], 4), Ok(257));
        let twice = [of_version(3, 6, &[0; 8]), vec![6, 0, 0, 0, 0, 0]].concat();
        assert!(Header::read(&twice).is_ok(), "what follows the end is no field");
        let twice = [&of_version(3, 6, &[0; 8])[..23], &[6, 0, 0, 0, 0, 0]].concat();
        assert!(matches!(Header::read(&twice), Err(ImportError::Damaged(_))));
    }

    #[test]
    fn a_header_names_its_cipher() {
        use aes::cipher::{BlockEncryptMut, block_padding::Pkcs7};

        let decrypted = |cipher, iv, sealed: &[u8]| {
            let fields = HashMap::from([(2, cipher), (4, &[7; 32][..]), (7, iv)]);
            let header = Header { is_4: true, head: &[], fields, body: &[] };
            header.decrypted(&[8; 32], sealed).map(|plain| plain.map(|plain| plain.to_vec()))
        };
        let (key, plain) = (sha256(&[&[7; 32], &[8; 32]]), b"more than one block".to_vec());
        let twofish = cbc::Encryptor::<Twofish>::new(&key.into(), &[9; 16].into());
        let twofish = twofish.encrypt_padded_vec_mut::<Pkcs7>(&plain);
        let mut chacha = plain.clone();
        ChaCha20::new(&key.into(), &[9; 12].into()).apply_keystream(&mut chacha);
        assert_eq!(decrypted(TWOFISH, &[9; 16], &twofish), Ok(Some(plain.clone())));
        assert_eq!(decrypted(CHACHA20, &[9; 12], &chacha), Ok(Some(plain.clone())));
        assert_eq!(decrypted(AES, &[9; 16], &keys::seal_cbc(&key, &[9; 16], &plain)), Ok(Some(plain)));
        assert_eq!(decrypted(AES, &[9; 16], &twofish), Ok(None));
        assert_eq!(decrypted(TWOFISH, &[9; 12], &twofish), Ok(None));
        assert_eq!(decrypted(CHACHA20, &[9; 16], &chacha), Err(damaged_header()));
        assert!(matches!(decrypted(&[0; 16], &[9; 16], &twofish), Err(ImportError::Newer(_))));
    }

    #[test]
    fn what_a_derivation_costs_is_looked_at_however_it_is_told() {
        let check = |uuid: &[u8], numbers: &[(&str, u64)]| {
            let told: Vec<_> = numbers.iter().map(|(name, number)| (*name, number.to_le_bytes())).collect();
            let mut values = vec![("$UUID", uuid), ("S", &[7; 32]), ("V", &[0x13, 0, 0, 0]), ("P", &[1, 0, 0, 0])];
            values.extend(told.iter().map(|(name, number)| (*name, &number[..])));
            let header = of_version(4, 11, &dictionary(&values));
            Header::read(&header).unwrap().derivation().and_then(|derivation| derivation.derive(&[0; 32])).map(drop)
        };
        let costly = |uuid, numbers: &[(&str, u64)]| matches!(check(uuid, numbers), Err(ImportError::TooCostly(_)));
        assert_eq!(check(ARGON2D, &[("M", 8 << 10), ("I", 1)]), Ok(()));
        assert!(costly(ARGON2ID, &[("M", 64 << 20), ("I", 400)]) && costly(ARGON2ID, &[("M", 2 << 30), ("I", 1)]));
        assert!(costly(AES_DERIVATION, &[("R", u64::MAX)]) && costly(AES_DERIVATION_OF_4, &[("R", u64::MAX)]));
        let twice = check(ARGON2D, &[("M", 8 << 10), ("I", 1), ("M", 1 << 40)]);
        assert!(matches!(twice, Err(ImportError::Damaged(_))), "{twice:?}");
    }
}
