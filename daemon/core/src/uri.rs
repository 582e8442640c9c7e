//! `otpauth` URIs and their dialects: read leniently, printed strictly.
//!
//! Its own parser, since real pages write what no strict one takes: upper-case schemes, padded, lower-case, spaced and
//! dashed keys, empty issuers, a tenant in the place of the issuer. Errors never echo a character of the key.

use std::{borrow::Cow, fmt};

use data_encoding::{Encoding, Specification};
use zeroize::Zeroizing;

use crate::{
    account::{Account, Algorithm, Kind},
    secret::{Secret, SecretText},
    text,
};

/// An account, and what is odd about the text that described it.
#[derive(Debug)]
pub struct Parsed {
    /// The account.
    pub account: Account,
    /// The oddities.
    pub notes: Vec<Note>,
}

/// Something odd, but not wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The key is shorter than the 128 bits that RFC 4226 asks for.
    WeakKey {
        /// Its length.
        bits: usize,
    },
    /// The key's base32 has bits to spare that belong to no byte.
    LooseBits,
    /// The label says another issuer than the parameter.
    PrefixDiffers,
    /// A counter-based account says no counter: it begins at 0.
    NoCounter,
    /// There is no issuer.
    NoIssuer,
    /// Something it says beside the account is not kept, such as a picture's address.
    Ignored,
}

impl Note {
    /// Returns the stable word for it.
    pub fn id(self) -> &'static str {
        match self {
            Self::WeakKey { .. } => "weak-key",
            Self::LooseBits => "loose-bits",
            Self::PrefixDiffers => "prefix-differs",
            Self::NoCounter => "no-counter",
            Self::NoIssuer => "no-issuer",
            Self::Ignored => "ignored",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WeakKey { bits } => write!(f, "the key is weak: {bits} bits, where 128 are asked for"),
            Self::LooseBits => f.write_str("the key's length is unusual for base32; its last bits are dropped"),
            Self::PrefixDiffers => {
                f.write_str("the label names another issuer than the issuer parameter; both are kept")
            }
            Self::NoCounter => f.write_str("it says no counter; it begins at 0"),
            Self::NoIssuer => f.write_str("it says no issuer"),
            Self::Ignored => f.write_str("it says more than an account needs; that is not kept"),
        }
    }
}

/// Why a text is no account. Holds nothing of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UriError {
    /// It is longer than any account needs.
    #[error("the {what} is longer than {most} bytes or 256 characters")]
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
    #[error("its type is none of totp, hotp, steam and yaotp")]
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
    /// A parameter's value can't be.
    #[error("{0} has a value that can't be")]
    BadValue(&'static str),
    /// A parameter stands there twice.
    #[error("{0} stands there twice")]
    Twice(&'static str),
    /// It holds half a secret only: the other half would be made on a phone.
    #[error("it holds only half of the secret (a two-step enrolment)")]
    TwoStep,
    /// Its percent escapes give no text.
    #[error("its percent escapes give no text")]
    NotText,
}

/// Reads an account in any of the dialects.
pub fn parse(text: &str) -> Result<Parsed, UriError> {
    if text.len() > MAX_URI {
        return Err(UriError::TooLong { what: "URI", most: MAX_URI });
    }
    let text = text.trim();
    let (scheme, rest) = text.split_once("://").ok_or(UriError::NotAnAccount)?;
    match scheme.to_ascii_lowercase().as_str() {
        "otpauth" | "apple-otpauth" => parse_otpauth(rest),
        "steam" => parse_steam(rest),
        "motp" => parse_motp(rest),
        _ => Err(UriError::NotAnAccount),
    }
}

/// Reads a typed-in base32 key.
pub fn secret_from_text(text: &str) -> Result<Secret, UriError> {
    read_key(text).map(|(secret, _)| secret)
}

/// Prints an account as others read it: the issuer as prefix and parameter, `%20`, upper-case algorithm.
pub fn print(account: &Account) -> SecretText {
    let secret = secret_text(account);
    let label = label(account);
    let issuer = (!account.issuer.is_empty()).then(|| format!("&issuer={}", escape(&account.issuer)));
    let issuer = issuer.unwrap_or_default();
    let secret = secret.expose();
    SecretText::new(match &account.kind {
        Kind::Totp { algorithm, digits, period } => {
            let algorithm = algorithm.name();
            format!(
                "otpauth://totp/{label}?secret={secret}{issuer}&algorithm={algorithm}&digits={digits}&period={period}"
            )
        }
        Kind::Hotp { algorithm, digits, counter } => {
            let algorithm = algorithm.name();
            format!(
                "otpauth://hotp/{label}?secret={secret}{issuer}&algorithm={algorithm}&digits={digits}&counter={counter}"
            )
        }
        Kind::Steam => {
            format!("otpauth://totp/{label}?secret={secret}{issuer}&algorithm=SHA1&digits=5&period=30&encoder=steam")
        }
        Kind::Motp { .. } => format!("motp://{label}?secret={secret}{issuer}"),
        Kind::Yandex { pin_length, .. } => {
            let pin = pin_length.map(|length| format!("&pin_length={length}")).unwrap_or_default();
            format!("otpauth://yaotp/{label}?secret={secret}{issuer}{pin}")
        }
    })
}

/// Returns the key as people type it: base32 without padding; the text itself for mOTP.
pub fn secret_text(account: &Account) -> SecretText {
    let key = account.secret.expose();
    match account.kind {
        Kind::Motp { .. } => SecretText::new(String::from_utf8_lossy(key).into_owned()),
        _ => SecretText::new(data_encoding::BASE32_NOPAD.encode(key)),
    }
}

fn label(account: &Account) -> String {
    let prefix = account.prefix.as_deref().unwrap_or(&account.issuer);
    if prefix.is_empty() && !account.name.contains(':') {
        escape(&account.name)
    } else {
        format!("{}:{}", escape(prefix), escape(&account.name))
    }
}

fn parse_otpauth(rest: &str) -> Result<Parsed, UriError> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, label) = path.split_once('/').unwrap_or((path, ""));
    let kind = kind.to_ascii_lowercase();
    if !["totp", "hotp", "steam", "yaotp"].contains(&kind.as_str()) {
        return Err(UriError::UnknownType);
    }
    let fields = Fields::read(query)?;
    if fields.two_step {
        return Err(UriError::TwoStep);
    }
    let mut notes = Vec::new();
    let secret = key(&fields, &mut notes)?;
    let kind = fields.kind(&kind, &mut notes)?;
    finish(label, &fields, kind, secret, notes)
}

fn parse_steam(rest: &str) -> Result<Parsed, UriError> {
    let (key, _) = rest.split_once('?').unwrap_or((rest, ""));
    let (secret, loose) = read_key(&decode(key.trim_end_matches('/'), false)?)?;
    let mut notes = weak(&secret);
    notes.extend(loose.then_some(Note::LooseBits));
    let account = Account { issuer: "Steam".into(), name: String::new(), prefix: None, kind: Kind::Steam, secret };
    Ok(Parsed { account, notes })
}

fn parse_motp(rest: &str) -> Result<Parsed, UriError> {
    let (label, query) = rest.split_once('?').unwrap_or((rest, ""));
    let fields = Fields::read(query)?;
    let text = fields.secret.as_ref().filter(|text| !text.is_empty()).ok_or(UriError::NoSecret)?;
    let notes = if text.len() < 16 { vec![Note::WeakKey { bits: text.len() * 4 }] } else { Vec::new() };
    let secret = Secret::new(text.as_bytes().to_vec());
    finish(label, &fields, Kind::Motp { pin: None }, secret, notes)
}

/// Puts issuer and name together: the parameter goes before the label's prefix, which is kept where it differs.
fn finish(label: &str, fields: &Fields, kind: Kind, secret: Secret, mut notes: Vec<Note>) -> Result<Parsed, UriError> {
    let issuer = fields.issuer.clone().unwrap_or_default();
    // Microsoft's pages write a space in the label as `+`.
    let plus = issuer.eq_ignore_ascii_case("microsoft") && !label.contains("%20");
    let label = decode(label, plus)?;
    let (prefix, name) = match label.split_once(':') {
        Some((prefix, name)) => (prefix.trim(), name.trim_start()),
        None => ("", &*label),
    };
    for (what, text) in [("issuer", issuer.as_str()), ("issuer", prefix), ("name", name)] {
        if !text::fits(text) {
            return Err(UriError::TooLong { what, most: text::MAX_BYTES });
        }
    }
    let (issuer, prefix) = match (issuer.trim(), prefix) {
        ("", prefix) => (prefix.to_owned(), None),
        (issuer, prefix) if prefix.is_empty() || prefix == issuer => (issuer.to_owned(), None),
        (issuer, prefix) => (issuer.to_owned(), Some(prefix.to_owned())),
    };
    notes.extend(prefix.is_some().then_some(Note::PrefixDiffers));
    notes.extend(issuer.is_empty().then_some(Note::NoIssuer));
    notes.extend(fields.more.then_some(Note::Ignored));
    let name = name.to_owned();
    Ok(Parsed { account: Account { issuer, name, prefix, kind, secret }, notes })
}

fn key(fields: &Fields, notes: &mut Vec<Note>) -> Result<Secret, UriError> {
    let text = fields.secret.as_ref().ok_or(UriError::NoSecret)?;
    let (secret, loose) = read_key(text)?;
    notes.extend(weak(&secret));
    notes.extend(loose.then_some(Note::LooseBits));
    Ok(secret)
}

fn weak(secret: &Secret) -> Vec<Note> {
    let bits = secret.expose().len() * 8;
    if bits < 128 { vec![Note::WeakKey { bits }] } else { Vec::new() }
}

/// Reads base32 as people and pages write it, and says whether bits were left over.
fn read_key(text: &str) -> Result<(Secret, bool), UriError> {
    if text.len() > MAX_KEY {
        return Err(UriError::TooLong { what: "key", most: MAX_KEY });
    }
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    for (place, c) in text.chars().enumerate() {
        let hint = match c.to_ascii_uppercase() {
            c @ ('A'..='Z' | '2'..='7') => {
                plain.push(c);
                continue;
            }
            c if c == '-' || c == '=' || c.is_whitespace() => continue,
            '0' => " (is it the letter O?)",
            '1' => " (is it the letter I or L?)",
            '8' => " (is it the letter B?)",
            _ => "",
        };
        return Err(UriError::NotBase32 { position: place + 1, hint });
    }
    // One or a few characters at the end can be too few for a byte: they are dropped.
    let whole = plain.len() - usize::from(matches!(plain.len() % 8, 1 | 3 | 6));
    let bytes = lenient_base32().decode(&plain.as_bytes()[..whole]);
    let bytes = bytes.map_err(|error| UriError::NotBase32 { position: error.position + 1, hint: "" })?;
    if bytes.is_empty() {
        return Err(UriError::NoSecret);
    }
    let loose = data_encoding::BASE32_NOPAD.encode_len(bytes.len()) != plain.len() || {
        let again = Zeroizing::new(data_encoding::BASE32_NOPAD.encode(&bytes));
        *again != *plain
    };
    Ok((Secret::new(bytes), loose))
}

/// Base32 that ignores the bits at the end that make no byte.
fn lenient_base32() -> Encoding {
    let mut specification = Specification::new();
    specification.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    specification.check_trailing_bits = false;
    specification.encoding().expect("the alphabet is sound")
}

/// The parameters that say something here.
#[derive(Default)]
struct Fields {
    secret: Option<Zeroizing<String>>,
    issuer: Option<String>,
    algorithm: Option<String>,
    digits: Option<String>,
    period: Option<String>,
    counter: Option<String>,
    pin_length: Option<String>,
    pin: Option<Zeroizing<String>>,
    steam: bool,
    two_step: bool,
    more: bool,
}

impl Fields {
    fn read(query: &str) -> Result<Self, UriError> {
        let mut fields = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = Zeroizing::new(decode(value, true)?.into_owned());
            let place = match name.to_ascii_lowercase().as_str() {
                "secret" => {
                    if fields.secret.replace(value).is_some() {
                        return Err(UriError::Twice("secret"));
                    }
                    continue;
                }
                "pin" => {
                    fields.pin = Some(value);
                    continue;
                }
                "issuer" => (&mut fields.issuer, "issuer"),
                "algorithm" | "algo" => (&mut fields.algorithm, "algorithm"),
                "digits" => (&mut fields.digits, "digits"),
                "period" => (&mut fields.period, "period"),
                "counter" => (&mut fields.counter, "counter"),
                "pin_length" => (&mut fields.pin_length, "pin_length"),
                "encoder" => {
                    fields.steam |= value.eq_ignore_ascii_case("steam");
                    continue;
                }
                "steam" => {
                    fields.steam = true;
                    continue;
                }
                "2step_salt" | "2step_output" | "2step_difficulty" => {
                    fields.two_step = true;
                    continue;
                }
                _ => {
                    fields.more = true;
                    continue;
                }
            };
            if place.0.replace(value.to_string()).is_some() {
                return Err(UriError::Twice(place.1));
            }
        }
        Ok(fields)
    }

    fn kind(&self, name: &str, notes: &mut Vec<Note>) -> Result<Kind, UriError> {
        if name == "steam" || self.steam {
            return Ok(Kind::Steam);
        }
        if name == "yaotp" {
            let pin_length = number(self.pin_length.as_deref(), "pin_length")?;
            return Ok(Kind::Yandex { pin: self.yandex_pin(), pin_length });
        }
        let algorithm = algorithm(self.algorithm.as_deref())?;
        let digits = number(self.digits.as_deref(), "digits")?.unwrap_or(6);
        if !(4..=10).contains(&digits) {
            return Err(UriError::BadValue("digits"));
        }
        if name == "totp" {
            let period = number(self.period.as_deref(), "period")?.unwrap_or(30);
            if !(1..=86_400).contains(&period) {
                return Err(UriError::BadValue("period"));
            }
            return Ok(Kind::Totp { algorithm, digits, period });
        }
        let counter = number(self.counter.as_deref(), "counter")?;
        notes.extend(counter.is_none().then_some(Note::NoCounter));
        match counter.unwrap_or(0) {
            // The next one would be 0 again.
            u64::MAX => Err(UriError::BadValue("counter")),
            counter => Ok(Kind::Hotp { algorithm, digits, counter }),
        }
    }

    /// Aegis writes the PIN as base32 of its text.
    fn yandex_pin(&self) -> Option<SecretText> {
        let (bytes, _) = read_key(self.pin.as_ref()?).ok()?;
        str::from_utf8(bytes.expose()).ok().map(SecretText::from)
    }
}

fn algorithm(text: Option<&str>) -> Result<Algorithm, UriError> {
    let plain: String = text.unwrap_or("").chars().filter(char::is_ascii_alphanumeric).collect();
    match plain.to_ascii_uppercase().trim_start_matches("HMAC") {
        "" | "SHA1" => Ok(Algorithm::Sha1),
        "SHA256" => Ok(Algorithm::Sha256),
        "SHA512" => Ok(Algorithm::Sha512),
        _ => Err(UriError::BadValue("algorithm")),
    }
}

fn number<T: std::str::FromStr>(text: Option<&str>, what: &'static str) -> Result<Option<T>, UriError> {
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| UriError::BadValue(what)),
    }
}

/// Undoes percent escapes; with `plus`, a `+` is a space.
fn decode(text: &str, plus: bool) -> Result<Cow<'_, str>, UriError> {
    if !text.contains('%') && !(plus && text.contains('+')) {
        return Ok(text.into());
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = (first == b'%').then(|| tail.get(..2)).flatten().filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        let byte = hex.and_then(|hex| str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        rest = if byte.is_some() { &tail[2..] } else { tail };
        bytes.push(byte.unwrap_or(if plus && first == b'+' { b' ' } else { first }));
    }
    str::from_utf8(&bytes).map(|text| text.to_owned().into()).map_err(|_| UriError::NotText)
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The longest URI, in bytes.
pub const MAX_URI: usize = 8 * 1024;
/// The longest key, in characters.
pub const MAX_KEY: usize = 4 * 1024;
