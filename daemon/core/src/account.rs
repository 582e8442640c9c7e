//! What an account is: who it is with, how its codes are made, and its secret.

use std::{fmt, str::FromStr};

use crate::secret::{Secret, SecretText};

/// The hash function inside a one-time code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// HMAC-SHA-1, what nearly every site uses.
    #[default]
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

impl Algorithm {
    /// Returns the name as the Key URI format writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    /// Returns the one of a name in any spelling: `sha256`, `SHA-256`, `HmacSHA256`, `HMAC-SHA-256`, `Algorithm.sha256` (Ente);
    /// `SHA` is SHA-1.
    pub fn of_name(name: &str) -> Option<Self> {
        let plain = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
        match ["HMAC", "ALGORITHM"].iter().find_map(|prefix| plain.strip_prefix(prefix)).unwrap_or(&plain) {
            "SHA1" | "SHA" => Some(Self::Sha1),
            "SHA256" => Some(Self::Sha256),
            "SHA512" => Some(Self::Sha512),
            _ => None,
        }
    }
}

/// How the codes of an account are made.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// Time-based, RFC 6238.
    Totp {
        /// Hash function.
        algorithm: Algorithm,
        /// Length of a code, 4 to 10.
        digits: u8,
        /// Seconds a code lives, 1 to 86,400.
        period: u32,
    },
    /// Counter-based, RFC 4226.
    Hotp {
        /// Hash function.
        algorithm: Algorithm,
        /// Length of a code, 4 to 10.
        digits: u8,
        /// The counter of the next code.
        counter: u64,
    },
    /// Steam Guard: five letters and digits, 30 s.
    Steam,
    /// Mobile-OTP: six hex digits, 10 s; needs a PIN that no QR holds.
    Motp {
        /// The PIN, where the person lets the vault keep it.
        pin: Option<SecretText>,
    },
    /// Yandex Key: eight letters, 30 s; needs a PIN that no QR holds.
    Yandex {
        /// The PIN, where the person lets the vault keep it.
        pin: Option<SecretText>,
        /// How long the PIN is, when the QR tells.
        pin_length: Option<u8>,
    },
}

impl Kind {
    /// Returns a time-based kind with the defaults of the Key URI format: SHA-1, 6 digits, 30 s.
    pub fn totp() -> Self {
        Self::Totp { algorithm: Algorithm::Sha1, digits: 6, period: 30 }
    }

    /// Returns the field's word for it: `totp`, `hotp`, `steam`, `motp`, `yandex`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Totp { .. } => "totp",
            Self::Hotp { .. } => "hotp",
            Self::Steam => "steam",
            Self::Motp { .. } => "motp",
            Self::Yandex { .. } => "yandex",
        }
    }

    /// Returns the seconds a code lives, or `None` where codes follow a counter.
    pub fn period(&self) -> Option<u32> {
        match self {
            Self::Totp { period, .. } => Some(*period),
            Self::Hotp { .. } => None,
            Self::Steam | Self::Yandex { .. } => Some(30),
            Self::Motp { .. } => Some(10),
        }
    }

    /// Returns the length of a code in characters.
    pub fn digits(&self) -> u8 {
        match self {
            Self::Totp { digits, .. } | Self::Hotp { digits, .. } => *digits,
            Self::Steam => 5,
            Self::Motp { .. } => 6,
            Self::Yandex { .. } => 8,
        }
    }

    /// Looks at the digits and the period: outside of these limits no code is made and nothing is kept.
    ///
    /// # Errors
    /// The name of what can't be: `digits` or `period`.
    pub fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Totp { digits, .. } | Self::Hotp { digits, .. } if !(4..=10).contains(digits) => Err("digits"),
            Self::Totp { period, .. } if !(1..=86_400).contains(period) => Err("period"),
            _ => Ok(()),
        }
    }
}

/// An account as a QR, a URI or a file describes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Account {
    /// Who the account is with; may be empty.
    pub issuer: String,
    /// The account's name there (an address, a login); may be empty.
    pub name: String,
    /// What stood before the colon of the label where it differs from the issuer: Microsoft writes the tenant there.
    pub prefix: Option<String>,
    /// How codes are made.
    pub kind: Kind,
    /// The key.
    pub secret: Secret,
}

impl Account {
    /// Returns "issuer – name" as people see it, raw: each sink makes hostile characters visible itself.
    pub fn title(&self) -> String {
        let issuer = match &self.prefix {
            Some(prefix) if !prefix.is_empty() && !self.issuer.is_empty() => format!("{} ({prefix})", self.issuer),
            Some(prefix) if self.issuer.is_empty() => prefix.clone(),
            _ => self.issuer.clone(),
        };
        match (issuer.is_empty(), self.name.is_empty()) {
            (false, false) => format!("{issuer} – {}", self.name),
            (true, false) => self.name.clone(),
            (false, true) => issuer,
            (true, true) => "(unnamed)".to_owned(),
        }
    }
}

/// The stable, random name of an account: 128 bits, written as 32 hex characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId([u8; 16]);

impl AccountId {
    /// Makes an id of these bits, which must be random.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for AccountId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(|_| InvalidId)?;
        bytes.try_into().map(Self).map_err(|_| InvalidId)
    }
}

/// The text is not an account id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an account id is 32 hex characters")]
pub struct InvalidId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_period_have_limits() {
        let totp = |digits, period| Kind::Totp { algorithm: Algorithm::Sha1, digits, period }.check();
        assert_eq!([totp(4, 1), totp(10, 86_400), Kind::Steam.check()], [Ok(()); 3]);
        assert_eq!([totp(3, 30), totp(11, 30), totp(0, 0)], [Err("digits"); 3]);
        assert_eq!([totp(6, 0), totp(6, 86_401)], [Err("period"); 2]);
        let hotp = |digits| Kind::Hotp { algorithm: Algorithm::Sha1, digits, counter: 0 }.check();
        assert_eq!([hotp(10), hotp(11)], [Ok(()), Err("digits")]);
    }

    #[test]
    fn an_id_reads_back_what_it_prints() {
        let id = AccountId::from_bytes([0xa5; 16]);
        assert_eq!(id.to_string().len(), 32);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("a5".parse::<AccountId>(), Err(InvalidId));
    }
}
