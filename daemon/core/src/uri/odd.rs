//! What is odd about a text that describes an account, and what makes it none.

use std::fmt;

/// Something odd, but not wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The key is shorter than the 128 bits that RFC 4226 asks for.
    WeakKey {
        /// Its length.
        bits: usize,
    },
    /// The key is written in lower case.
    LowerCaseKey,
    /// The key is padded.
    PaddedKey,
    /// The key has spaces or dashes in it.
    SpacedKey,
    /// The key's base32 has bits to spare that belong to no byte.
    LooseBits,
    /// A Yandex key is neither 16 nor 26 bytes long.
    OddKeyLength,
    /// The label says another issuer than the parameter.
    PrefixDiffers,
    /// A `+` of the label is read as a space, which is how Microsoft writes it.
    PlusInLabel,
    /// A counter-based account says no counter: it begins at 0.
    NoCounter,
    /// There is no issuer.
    NoIssuer,
    /// The issuer is Steam, but nothing says that the codes are Steam's letters.
    MaybeSteam,
    /// The issuer is Steam and codes are five long: they are taken for Steam's letters.
    TakenForSteam,
    /// It lay in the trash of the program that wrote it.
    Trashed,
    /// Something it says beside the account is not kept, such as a picture's address.
    Ignored,
}

impl Note {
    /// Returns the stable word for it.
    pub fn id(self) -> &'static str {
        match self {
            Self::WeakKey { .. } => "weak-key",
            Self::LowerCaseKey => "lower-case-key",
            Self::PaddedKey => "padded-key",
            Self::SpacedKey => "spaced-key",
            Self::LooseBits => "loose-bits",
            Self::OddKeyLength => "odd-key-length",
            Self::PrefixDiffers => "prefix-differs",
            Self::PlusInLabel => "plus-in-label",
            Self::NoCounter => "no-counter",
            Self::NoIssuer => "no-issuer",
            Self::MaybeSteam => "maybe-steam",
            Self::TakenForSteam => "taken-for-steam",
            Self::Trashed => "trashed",
            Self::Ignored => "ignored",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WeakKey { bits } => return write!(f, "the key is weak: {bits} bits, where 128 are asked for"),
            Self::LowerCaseKey => "the key is written in lower case, which changes nothing",
            Self::PaddedKey => "the key is padded with =, which changes nothing",
            Self::SpacedKey => "the key is written with spaces or dashes, which changes nothing",
            Self::LooseBits => "the key's length is unusual for base32; its last bits are dropped",
            Self::OddKeyLength => "the key is neither 16 nor 26 bytes long, as Yandex keys are; its first 16 are used",
            Self::PrefixDiffers => "the label names another issuer than the issuer parameter; both are kept",
            Self::PlusInLabel => "a + in the label is read as a space, which is how Microsoft writes it",
            Self::NoCounter => "it says no counter; it begins at 0",
            Self::NoIssuer => "it says no issuer",
            Self::MaybeSteam => "the issuer is Steam, but it says nothing of Steam's five letters; digits are made",
            Self::TakenForSteam => "the issuer is Steam and codes are five long: Steam's letters are made",
            Self::Trashed => "it lay in the trash of the program that wrote it",
            Self::Ignored => "it says more than an account needs; that is not kept",
        })
    }
}

/// Why a text is no account. Holds nothing of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UriError {
    /// It is longer than any account needs.
    #[error("the {what} is too long: {most} bytes are the most{}", characters(what))]
    TooLong {
        /// Which part.
        what: &'static str,
        /// The most bytes of it.
        most: usize,
    },
    /// It does not begin like an account.
    #[error("it is no otpauth URI")]
    NotAnAccount,
    /// It is of a type that is not known.
    #[error("its type is none of totp, hotp, steam, motp and yaotp")]
    UnknownType,
    /// It says no secret.
    #[error("it says no secret")]
    NoSecret,
    /// The key is no base32.
    #[error("the key is no base32: character {position} can't stand there{hint}")]
    NotBase32 {
        /// Which character, from 1.
        position: usize,
        /// What was probably meant.
        hint: &'static str,
    },
    /// Other text stands behind the key, and would be read as more of it.
    #[error("other text stands behind the key, with a space between them")]
    TextBehindKey,
    /// The key is too short for its kind.
    #[error("the key is shorter than the {least} bytes that its kind needs")]
    KeyTooShort {
        /// The fewest bytes.
        least: usize,
    },
    /// The key tells its own checksum, and another one comes out.
    #[error("the key's checksum does not match: scan it or type it again")]
    Checksum,
    /// A parameter's value can't be.
    #[error("{0} has a value that can't be")]
    BadValue(&'static str),
    /// A parameter stands there twice.
    #[error("{0} stands there twice")]
    Twice(&'static str),
    /// It holds half a secret only: the other half would be made on a phone.
    #[error("it holds only half of the secret (a two-step enrolment)")]
    TwoStep,
    /// An export's data can't be read.
    #[error("the export is damaged or cut off: show that QR code again")]
    DamagedExport,
    /// Its percent escapes give no text.
    #[error("its percent escapes give no text")]
    NotText,
}

/// Returns the limit in characters, which names have.
fn characters(what: &str) -> &'static str {
    if matches!(what, "issuer" | "name") { ", and 256 characters" } else { "" }
}
