//! One-time codes: TOTP, HOTP, Steam Guard, mOTP and Yandex Key.
//!
//! totp-rs computes the HMAC over the moving factor; what each kind makes of it stands here.

use std::fmt;

use md5::{Digest, Md5};
use sha2::Sha256;
use totp_rs::Builder;
use zeroize::{Zeroize, Zeroizing};

use crate::{
    account::{Account, Algorithm, Kind},
    secret::SecretText,
};

/// A code, wiped when dropped.
pub struct Code {
    text: Zeroizing<String>,
    /// Unix time at which it dies, in seconds; `None` where codes follow a counter.
    pub expires: Option<u64>,
    /// Seconds that it lives in all; `None` where codes follow a counter.
    pub period: Option<u32>,
}

impl Code {
    /// Returns the code as it is typed.
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code").field("expires", &self.expires).field("period", &self.period).finish_non_exhaustive()
    }
}

/// Why there is no code.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodeError {
    /// The account's codes need a PIN that neither the caller nor the vault gave.
    #[error("the account needs its PIN to make a code")]
    PinNeeded,
    /// The account's digits or period are outside what is possible.
    #[error("the account's {0} can't be: correct it with countersign edit")]
    Impossible(&'static str),
    /// A Yandex key is shorter than 16 bytes.
    #[error("the account's key is too short for its kind")]
    KeyTooShort,
}

/// Returns the code of an account at a time.
///
/// A counter-based account gives the code of its present counter, which is not moved. A PIN given here goes before the one
/// that the account keeps.
pub fn code_at(account: &Account, unix_seconds: u64, pin: Option<&SecretText>) -> Result<Code, CodeError> {
    account.kind.check().map_err(CodeError::Impossible)?;
    let key = account.secret.expose();
    let text = match &account.kind {
        Kind::Totp { algorithm, digits, period } => {
            decimal(&mac(*algorithm, key, unix_seconds / u64::from(*period)), *digits)
        }
        Kind::Hotp { algorithm, digits, counter } => decimal(&mac(*algorithm, key, *counter), *digits),
        Kind::Steam => steam(&mac(Algorithm::Sha1, key, unix_seconds / 30)),
        Kind::Motp { pin: kept } => motp(key, unix_seconds, pin.or(kept.as_ref()).ok_or(CodeError::PinNeeded)?),
        Kind::Yandex { pin: kept, .. } => {
            yandex(key, unix_seconds / 30, pin.or(kept.as_ref()).ok_or(CodeError::PinNeeded)?)?
        }
    };
    let period = account.kind.period();
    let expires =
        period.map(|period| (unix_seconds / u64::from(period)).saturating_add(1).saturating_mul(period.into()));
    Ok(Code { text: Zeroizing::new(text), expires, period })
}

/// Returns the HMAC over a moving factor (RFC 4226 §5.2).
fn mac(algorithm: Algorithm, key: &[u8], factor: u64) -> Zeroizing<Vec<u8>> {
    let algorithm = match algorithm {
        Algorithm::Sha1 => totp_rs::Algorithm::SHA1,
        Algorithm::Sha256 => totp_rs::Algorithm::SHA256,
        Algorithm::Sha512 => totp_rs::Algorithm::SHA512,
    };
    // A step of one second makes the time the factor itself.
    let builder = Builder::new().with_algorithm(algorithm).with_step_duration(1).with_secret(key.to_vec());
    Zeroizing::new(builder.build_noncompliant().sign(factor).as_ref().to_vec())
}

/// Cuts 31 bits out of a MAC where its last half-byte says (RFC 4226 §5.3).
fn truncate(mac: &[u8]) -> u32 {
    let offset = usize::from(mac[mac.len() - 1] & 15);
    let bytes = mac[offset..offset + 4].try_into().expect("a MAC has at least 20 bytes");
    u32::from_be_bytes(bytes) & 0x7fff_ffff
}

fn decimal(mac: &[u8], digits: u8) -> String {
    // Ten digits are more than 32 bits hold.
    let value = u64::from(truncate(mac)) % 10u64.pow(digits.into());
    format!("{value:0width$}", width = usize::from(digits))
}

fn steam(mac: &[u8]) -> String {
    let mut value = truncate(mac) as usize;
    let mut letters = || {
        let letter = STEAM[value % STEAM.len()];
        value /= STEAM.len();
        char::from(letter)
    };
    (0..5).map(|_| letters()).collect()
}

/// Mobile-OTP: the first six hex digits of an MD5 over time, key text and PIN.
fn motp(key: &[u8], unix_seconds: u64, pin: &SecretText) -> String {
    let mut hash = Md5::new();
    hash.update((unix_seconds / 10).to_string());
    hash.update(key);
    hash.update(pin.expose());
    data_encoding::HEXLOWER.encode(&hash.finalize()[..3])
}

/// Yandex Key: eight letters of an HMAC-SHA-256 whose key is a hash over PIN and the key's first 16 bytes.
fn yandex(key: &[u8], factor: u64, pin: &SecretText) -> Result<String, CodeError> {
    let key = key.get(..16).ok_or(CodeError::KeyTooShort)?;
    let mut hash = Sha256::new();
    hash.update(pin.expose());
    hash.update(key);
    let mut hashed = hash.finalize().to_vec();
    let start = usize::from(hashed[0] == 0);
    let mac = mac(Algorithm::Sha256, &hashed[start..], factor);
    hashed.zeroize();
    let offset = usize::from(mac[mac.len() - 1] & 15);
    let bytes = mac[offset..offset + 8].try_into().expect("a MAC of 32 bytes has eight after any offset");
    let value = (u64::from_be_bytes(bytes) & (u64::MAX >> 1)) % 26u64.pow(8);
    let letter = |place: u32| char::from(b'a' + (value / 26u64.pow(place) % 26) as u8);
    Ok((0..8).rev().map(letter).collect())
}

const STEAM: &[u8] = b"23456789BCDFGHJKMNPQRTVWXY";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use proptest::prelude::*;

    fn account(kind: Kind, key: &[u8]) -> Account {
        Account { issuer: String::new(), name: String::new(), prefix: None, kind, secret: Secret::new(key.to_vec()) }
    }

    fn rfc(algorithm: Algorithm, digits: u8) -> Account {
        account(Kind::Totp { algorithm, digits, period: 30 }, b"12345678901234567890")
    }

    #[test]
    fn rfc_6238_at_59_seconds() {
        let code = code_at(&rfc(Algorithm::Sha1, 8), 59, None).unwrap();
        assert_eq!(code.expose(), "94287082");
        assert_eq!((code.expires, code.period), (Some(60), Some(30)));
    }

    #[test]
    fn every_kind_makes_the_code_of_an_independent_program() {
        let totp = |algorithm, digits| Kind::Totp { algorithm, digits, period: 60 };
        let hotp = |counter| Kind::Hotp { algorithm: Algorithm::Sha1, digits: 6, counter };
        let yandex = |pin: &str| Kind::Yandex { pin: Some(pin.into()), pin_length: None };
        let rfc: &[u8] = b"12345678901234567890";
        let own: &[u8] = b"own key of tests";
        for (kind, key, expected) in [
            (totp(Algorithm::Sha1, 4), own, "0612"),
            (totp(Algorithm::Sha256, 7), own, "7883090"),
            (totp(Algorithm::Sha512, 10), own, "1768636582"),
            (hotp(0), rfc, "755224"),
            (hotp(2), rfc, "359152"),
            (hotp(u64::MAX - 1), own, "063069"),
            (Kind::Steam, own, "722C2"),
            (yandex("2468"), own, "qekepvqu"),
            // The hash of this PIN and key begins with a zero byte, which is dropped.
            (yandex("1096"), own, "ejjejomo"),
            (Kind::Motp { pin: Some("2468".into()) }, b"0123456789abcdef", "5e4efd"),
        ] {
            let code = code_at(&account(kind, key), 1_700_000_000, None).unwrap();
            assert_eq!(code.expose(), expected);
        }
    }

    #[test]
    fn there_is_a_code_up_to_the_end_of_time() {
        for kind in [Kind::totp(), Kind::Steam, Kind::Motp { pin: Some("1".into()) }] {
            let digits = usize::from(kind.digits());
            let code = code_at(&account(kind, b"k"), u64::MAX, None).unwrap();
            assert_eq!((code.expose().len(), code.expires), (digits, Some(u64::MAX)));
        }
    }

    #[test]
    fn an_account_that_cannot_be_is_told_so() {
        let totp = |digits, period| account(Kind::Totp { algorithm: Algorithm::Sha1, digits, period }, b"k");
        for (account, what) in [(totp(3, 30), "digits"), (totp(11, 30), "digits"), (totp(6, 0), "period")] {
            assert_eq!(code_at(&account, 0, None).unwrap_err(), CodeError::Impossible(what));
        }
        let short = account(Kind::Yandex { pin: None, pin_length: None }, b"short");
        assert_eq!(code_at(&short, 0, Some(&"1".into())).unwrap_err(), CodeError::KeyTooShort);
        assert_eq!(code_at(&short, 0, None).unwrap_err(), CodeError::PinNeeded);
    }

    #[test]
    fn a_given_pin_goes_before_the_kept_one() {
        let account = account(Kind::Motp { pin: Some("0000".into()) }, b"0123456789abcdef");
        assert_eq!(code_at(&account, 1_700_000_000, Some(&"2468".into())).unwrap().expose(), "5e4efd");
    }

    #[test]
    fn ten_digits_hold_what_32_bits_do_not() {
        let code = code_at(&rfc(Algorithm::Sha1, 10), 59, None).unwrap();
        assert_eq!(code.expose().len(), 10);
        assert!(code.expose().ends_with("94287082"));
    }

    #[test]
    fn a_pin_is_needed_and_may_be_kept() {
        let with = |pin| account(Kind::Motp { pin }, b"e3152afee62599c8");
        assert_eq!(code_at(&with(None), 165_892_298, None).unwrap_err(), CodeError::PinNeeded);
        assert_eq!(code_at(&with(None), 165_892_298, Some(&"1234".into())).unwrap().expose(), "e7d8b6");
        assert_eq!(code_at(&with(Some("1234".into())), 165_892_298, None).unwrap().expose(), "e7d8b6");
    }

    #[test]
    fn debug_shows_no_code() {
        let code = code_at(&rfc(Algorithm::Sha1, 8), 59, None).unwrap();
        assert!(!format!("{code:?}").contains("94287082"));
    }

    proptest! {
        #[test]
        fn any_account_at_any_time_has_a_code_of_its_length(
            digits in 4u8..=10, period in 1u32..=86_400, time: u64, key in proptest::collection::vec(any::<u8>(), 1..80)
        ) {
            for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512] {
                let account = account(Kind::Totp { algorithm, digits, period }, &key);
                let code = code_at(&account, time, None).unwrap();
                prop_assert_eq!(code.expose().len(), usize::from(digits));
                prop_assert!(code.expires.unwrap() > time || code.expires == Some(u64::MAX));
            }
        }

        #[test]
        fn shorter_codes_are_the_ends_of_longer_ones(digits in 4u8..10, counter: u64) {
            let with = |digits| account(Kind::Hotp { algorithm: Algorithm::Sha1, digits, counter }, b"12345678901234567890");
            let (short, long) = (code_at(&with(digits), 0, None).unwrap(), code_at(&with(10), 0, None).unwrap());
            prop_assert!(long.expose().ends_with(short.expose()));
        }
    }
}
