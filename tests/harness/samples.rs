//! Accounts for tests. Every secret is made up at the moment it is asked for: none stands in the project.

use std::{fs::File, io::Read};

/// An account that a test keeps.
#[derive(Debug, Clone)]
pub struct Account {
    /// Who it is with.
    pub issuer: String,
    /// Its name there.
    pub name: String,
    /// Its key, in base32.
    pub secret: String,
}

impl Account {
    /// Makes an account with a key of its own.
    pub fn new(issuer: &str, name: &str) -> Self {
        Self { issuer: issuer.to_owned(), name: name.to_owned(), secret: secret() }
    }

    /// Returns its URI, with more parameters such as `&digits=8`.
    pub fn uri_with(&self, more: &str) -> String {
        let (issuer, name) = (escape(&self.issuer), escape(&self.name));
        format!("otpauth://totp/{issuer}:{name}?secret={}&issuer={issuer}{more}", self.secret)
    }

    /// Returns its URI.
    pub fn uri(&self) -> String {
        self.uri_with("")
    }
}

/// Makes an account with GitHub.
pub fn github() -> Account {
    Account::new("GitHub", "alice")
}

/// Makes a key of 160 bits, in base32.
pub fn secret() -> String {
    encode_base32(&random::<20>())
}

/// Returns a number below the limit, by chance.
pub fn chance(limit: u64) -> u64 {
    u64::from_ne_bytes(random()) % limit
}

fn random<const N: usize>() -> [u8; N] {
    let mut raw = [0; N];
    File::open("/dev/urandom").unwrap().read_exact(&mut raw).unwrap();
    raw
}

/// Makes a passphrase.
pub fn passphrase() -> String {
    format!("correct horse {}", &secret().to_ascii_lowercase()[..12])
}

fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Returns bytes in base32, without padding.
pub fn encode_base32(raw: &[u8]) -> String {
    let mut text = String::new();
    let (mut bits, mut held) = (0_u32, 0);
    for byte in raw {
        bits = (bits << 8 | u32::from(*byte)) & 0xffff;
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(ALPHABET[(bits >> held & 31) as usize]));
        }
    }
    if held > 0 {
        text.push(char::from(ALPHABET[(bits << (5 - held) & 31) as usize]));
    }
    text
}

/// Returns the bytes of a base32 text.
pub fn decode_base32(text: &str) -> Vec<u8> {
    let mut raw = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for c in text.bytes().map(|c| c.to_ascii_uppercase()) {
        let value = ALPHABET.iter().position(|letter| *letter == c).expect("the text is base32");
        bits = (bits << 5 | u32::try_from(value).unwrap()) & 0xffff;
        held += 5;
        if held >= 8 {
            held -= 8;
            raw.push((bits >> held & 255) as u8);
        }
    }
    raw
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
