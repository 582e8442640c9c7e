//! `otpauth` URIs and their dialects: read leniently, printed strictly.
//!
//! Its own parser, since real pages write what no strict one takes: upper-case schemes, padded, lower-case, spaced and
//! dashed keys, empty issuers, a tenant in the place of the issuer. Errors never echo a character of the key.

mod attributes;
mod escape;
mod fields;
mod key;
mod odd;

use std::{fmt::Write as _, mem};

use zeroize::Zeroizing;

pub use self::{
    attributes::from_attributes,
    key::MAX_KEY,
    odd::{Note, UriError},
};
use self::{
    escape::{decode, decode_name, encode},
    fields::Fields,
};
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
    if !key::is_alone(text) {
        return Err(UriError::TextBehindKey);
    }
    key::read(text).map(|(secret, _)| secret)
}

/// Returns a parameter of a URI by its name, in lower case, whether it belongs to an account or is some program's own.
pub fn parameter(text: &str, name: &str) -> Option<Zeroizing<String>> {
    let (_, query) = text.trim().split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(other, _)| other.eq_ignore_ascii_case(name))?;
    Some(Zeroizing::new(decode(value, true).ok()?.into_owned()))
}

/// Checks what an account's key says of itself: one of Yandex has a checksum, and too short ones make no codes.
pub fn check(account: &Account) -> Result<(), UriError> {
    match account.kind {
        Kind::Yandex { .. } => key::check_yandex(account.secret.expose()).map(drop),
        _ => Ok(()),
    }
}

/// Returns the label of an `otpauth` or `motp` URI, also of one that is otherwise broken; `None` where there is none, or where
/// what stands in its place may be a key.
pub fn label_of(text: &str) -> Option<String> {
    let (scheme, rest) = text.trim().split_once("://")?;
    let (path, _) = rest.split_once('?')?;
    let label = match scheme.to_ascii_lowercase().as_str() {
        "otpauth" | "apple-otpauth" => path.split_once('/')?.1,
        "motp" => path,
        _ => return None,
    };
    let label = decode_name(label, false);
    Some(label.trim().to_owned()).filter(|label| !label.is_empty() && text::fits(label))
}

/// Prints an account as others read it: the issuer as prefix and parameter, `%20`, upper-case algorithm.
///
/// What is so by default (SHA-1, 6 digits, 30 s) is left out: every reader takes it so, and the QR stays small. A prefix
/// that differs from the issuer stays in the label. A PIN is not printed.
pub fn print(account: &Account) -> SecretText {
    let secret = secret_text(account);
    let secret = encode(secret.expose());
    let (label, issuer) = (label(account), encode(&account.issuer));
    // Of its full length at once: text that grows leaves pieces of itself behind.
    let mut out = Zeroizing::new(String::with_capacity(label.len() + issuer.len() + secret.len() + 160));
    let (start, end) = match &account.kind {
        Kind::Totp { algorithm, digits, period } => {
            ("otpauth://totp/", format!("{}{}", form(*algorithm, *digits), unless(30, "period", *period)))
        }
        Kind::Hotp { algorithm, digits, counter } => {
            ("otpauth://hotp/", format!("{}&counter={counter}", form(*algorithm, *digits)))
        }
        Kind::Steam => ("otpauth://totp/", "&algorithm=SHA1&digits=5&period=30&encoder=steam".to_owned()),
        Kind::Motp { .. } => ("motp://", String::new()),
        Kind::Yandex { pin_length, .. } => {
            ("otpauth://yaotp/", pin_length.map(|length| format!("&pin_length={length}")).unwrap_or_default())
        }
    };
    let name = if issuer.is_empty() { "" } else { "&issuer=" };
    write!(out, "{start}{label}?secret={}{name}{}{end}", *secret, *issuer).expect("a String takes all");
    SecretText::new(mem::take(&mut *out))
}

fn form(algorithm: Algorithm, digits: u8) -> String {
    unless("SHA1", "algorithm", algorithm.name()) + &unless(6, "digits", digits)
}

/// Returns a parameter that is not what it is by default.
fn unless<T: PartialEq + Copy + std::fmt::Display>(default: T, name: &str, value: T) -> String {
    if value == default { String::new() } else { format!("&{name}={value}") }
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
        encode(&account.name).to_string()
    } else {
        format!("{}:{}", *encode(prefix), *encode(&account.name))
    }
}

fn parse_otpauth(rest: &str) -> Result<Parsed, UriError> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, label) = path.split_once('/').unwrap_or((path, ""));
    let kind = kind.to_ascii_lowercase();
    if kind == "motp" {
        // As andOTP writes it.
        return parse_motp(&rest[path.len() - label.len()..]);
    }
    if !["totp", "hotp", "steam", "yaotp", "yandex"].contains(&kind.as_str()) {
        return Err(UriError::UnknownType);
    }
    let fields = Fields::read(query)?;
    if fields.two_step {
        return Err(UriError::TwoStep);
    }
    let (secret, mut notes) = fields.key()?;
    let names = Names::read(label, &fields, &mut notes)?;
    let kind = fields.kind(&kind, &names.issuer, &mut notes)?;
    if matches!(kind, Kind::Yandex { .. }) {
        notes.extend(key::check_yandex(secret.expose())?);
    }
    Ok(Parsed { account: names.account(kind, secret), notes })
}

/// `steam://` and a key, as Bitwarden and Proton write it.
fn parse_steam(rest: &str) -> Result<Parsed, UriError> {
    let (text, _) = rest.split_once('?').unwrap_or((rest, ""));
    if !key::stands_alone(text) {
        return Err(UriError::TextBehindKey);
    }
    let (secret, notes) = key::read(&decode(text.trim_end_matches('/'), false)?)?;
    let account = Account { issuer: "Steam".into(), name: String::new(), prefix: None, kind: Kind::Steam, secret };
    Ok(Parsed { account, notes })
}

/// `motp://`, whose key is the text itself: the code is a hash over its lower-case hex, or over whatever else it is.
fn parse_motp(rest: &str) -> Result<Parsed, UriError> {
    let (label, query) = rest.split_once('?').unwrap_or((rest, ""));
    let fields = Fields::read(query)?;
    let text = fields.secret.as_ref().filter(|text| !text.is_empty()).ok_or(UriError::NoSecret)?;
    if text.len() > MAX_KEY {
        return Err(UriError::TooLong { what: "key", most: MAX_KEY });
    }
    let mut bytes = text.as_bytes().to_vec();
    if bytes.iter().all(u8::is_ascii_hexdigit) {
        bytes.make_ascii_lowercase();
    }
    // A character of hex is half a byte, and 64 bits are what mOTP asks for.
    let mut notes: Vec<Note> =
        (bytes.len() < 16).then_some(Note::WeakKey { bits: bytes.len() * 4 }).into_iter().collect();
    let names = Names::read(label, &fields, &mut notes)?;
    Ok(Parsed { account: names.account(Kind::Motp { pin: None }, Secret::new(bytes)), notes })
}

/// Who the account is with, and its name there.
struct Names {
    issuer: String,
    prefix: Option<String>,
    name: String,
}

impl Names {
    /// Reads the label and the parameter.
    fn read(label: &str, fields: &Fields, notes: &mut Vec<Note>) -> Result<Self, UriError> {
        let issuer = fields.issuer.as_deref().unwrap_or_default();
        let plus = issuer.eq_ignore_ascii_case("microsoft") && !label.contains("%20");
        notes.extend((plus && label.contains('+')).then_some(Note::PlusInLabel));
        let label = decode_name(label, plus);
        let (issuer, prefix, name) = names(&label, issuer);
        for (what, text) in [("issuer", issuer), ("issuer", prefix.unwrap_or_default()), ("name", name)] {
            if !text::fits(text) {
                return Err(UriError::TooLong { what, most: text::MAX_BYTES });
            }
        }
        notes.extend(prefix.is_some().then_some(Note::PrefixDiffers));
        notes.extend(issuer.is_empty().then_some(Note::NoIssuer));
        notes.extend(&fields.notes);
        Ok(Self { issuer: issuer.to_owned(), prefix: prefix.map(str::to_owned), name: name.to_owned() })
    }

    fn account(self, kind: Kind, secret: Secret) -> Account {
        Account { issuer: self.issuer, name: self.name, prefix: self.prefix, kind, secret }
    }
}

/// Puts a label and the issuer beside it together, as issuer, prefix and name: the issuer goes before the label's prefix,
/// which is kept where it differs.
pub(crate) fn names<'a>(label: &'a str, issuer: &'a str) -> (&'a str, Option<&'a str>, &'a str) {
    let (prefix, name) = split(label, issuer);
    match (issuer.trim(), prefix) {
        ("", prefix) => (prefix, None, name),
        (issuer, prefix) if prefix.is_empty() || prefix.eq_ignore_ascii_case(issuer) => (issuer, None, name),
        (issuer, prefix) => (issuer, Some(prefix), name),
    }
}

/// Splits a label at the colon after its issuer, which may have colons itself; else at the first, since names have them too.
fn split<'a>(label: &'a str, issuer: &str) -> (&'a str, &'a str) {
    let own = || label.strip_prefix(issuer).and_then(|rest| rest.strip_prefix(':')).filter(|_| !issuer.is_empty());
    let (prefix, name) = match own() {
        Some(name) => (&label[..issuer.len()], name),
        None => label.split_once(':').unwrap_or(("", label)),
    };
    (prefix.trim(), name.trim())
}

/// The longest URI, in bytes.
pub const MAX_URI: usize = 8 * 1024;
