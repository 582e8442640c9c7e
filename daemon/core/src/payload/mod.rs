//! What a scanned QR *is*: an account, a part of an export, a one-time activation, a login, or something else.
//!
//! Nothing here opens, fetches or prints a link: opening a one-time link can spend it.

pub mod activation;
mod microsoft;
pub mod migration;
mod vendors;

use crate::{
    secret::Secret,
    uri::{self, Parsed, UriError},
};
pub use activation::{Activation, Advice, Class};

/// What a text from a QR is.
#[derive(Debug)]
pub enum Payload {
    /// An account: it can be kept.
    Account(Parsed),
    /// A bare key without issuer or name: it can be kept once it has those.
    BareSecret(Secret),
    /// A part of a Google Authenticator export: it can be kept once all parts are there.
    Migration(migration::Part),
    /// Something that a vendor's own app spends, or keeps for itself: there is nothing to keep.
    Vendor(Activation),
    /// It begins like an account and is none, and why.
    Broken(UriError),
    /// Not about codes at all.
    Other(Other),
}

/// A QR that is not about codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Other {
    /// A Wi-Fi network and its password.
    Wifi,
    /// A web page.
    Url,
    /// A link for another app.
    AppLink,
    /// Any other text.
    Text,
    /// No text at all.
    Binary,
}

impl Payload {
    /// Returns the stable word for what it is.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Account(parsed) => match parsed.account.kind.name() {
                kind @ ("steam" | "motp" | "yandex") => kind,
                _ => "otpauth",
            },
            Self::BareSecret(_) => "bare-secret",
            Self::Migration(_) => "migration",
            Self::Vendor(activation) => activation.class.id(),
            Self::Other(Other::Wifi) => "wifi",
            Self::Other(Other::Url | Other::AppLink) => "url",
            Self::Broken(_) | Self::Other(Other::Text | Other::Binary) => "other",
        }
    }

    /// Says whether there is something in it to keep.
    pub fn can_be_kept(&self) -> bool {
        matches!(self, Self::Account(_) | Self::BareSecret(_) | Self::Migration(_))
    }

    /// Says in one sentence what it is, where no advice does.
    pub fn what(&self) -> &'static str {
        match self {
            Self::Account(_) => "An account: it holds the secret, so it can be kept and shown again.",
            Self::BareSecret(_) => "A bare key, without issuer and account name.",
            Self::Migration(_) => "A part of an export from Google Authenticator.",
            Self::Vendor(activation) => activation.advice().what.text,
            Self::Broken(_) => "It begins like an authenticator's QR code, but can't be read as one.",
            Self::Other(Other::Wifi) => "A Wi-Fi network, not an authenticator enrolment.",
            Self::Other(Other::Url) => "A link, not an authenticator enrolment.",
            Self::Other(Other::AppLink) => {
                "A link for another app, not an authenticator enrolment. If the page means to enrol, ask it for a code-based \
                 authenticator app or a setup key."
            }
            Self::Other(Other::Text) => "A text, not an authenticator enrolment.",
            Self::Other(Other::Binary) => "Binary data, not an authenticator enrolment.",
        }
    }
}

/// Says what a text is.
pub fn classify(text: &str) -> Payload {
    let text = text.trim();
    if text.is_empty() {
        return Payload::Other(Other::Binary);
    }
    if let Some(activation) = vendors::recognise(text) {
        return Payload::Vendor(activation);
    }
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase()).unwrap_or_default();
    match scheme.as_str() {
        "otpauth-migration" => migration::Part::parse(text).map_or_else(Payload::Broken, Payload::Migration),
        "otpauth" | "apple-otpauth" | "steam" | "motp" => match uri::parse(text) {
            Ok(parsed) => Payload::Account(parsed),
            Err(UriError::TwoStep) => Payload::Vendor(vendors::two_step()),
            Err(error) => Payload::Broken(error),
        },
        "wifi" => Payload::Other(Other::Wifi),
        "http" | "https" => Payload::Other(Other::Url),
        scheme if is_app_link(scheme, text) => Payload::Other(Other::AppLink),
        _ => bare_secret(text).map_or(Payload::Other(Other::Text), Payload::BareSecret),
    }
}

/// Says whether a text is `scheme://` and more, whatever the scheme.
fn is_app_link(scheme: &str, text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(known)
        && text[scheme.len()..].starts_with("://")
}

/// Takes a text for a key where it is base32 of a usual length, in one word or in equal groups.
fn bare_secret(text: &str) -> Option<Secret> {
    let text = text.trim_end_matches('=');
    let groups: Vec<&str> = text.split([' ', '-']).collect();
    let (last, others) = groups.split_last()?;
    let equal = others.iter().all(|group| group.len() == others[0].len() && group.len() >= last.len());
    let base32 = |c: char| matches!(c.to_ascii_uppercase(), 'A'..='Z' | '2'..='7');
    let length = groups.iter().map(|group| group.len()).sum::<usize>();
    if !equal
        || last.is_empty()
        || !groups.iter().all(|group| group.chars().all(base32))
        || !(16..=128).contains(&length)
    {
        return None;
    }
    // Words are of letters in lower case; digits alone are a number.
    let digits = text.chars().any(|c| c.is_ascii_digit());
    let (upper, lower) = (|c: char| c.is_ascii_uppercase(), |c: char| c.is_ascii_lowercase());
    let key = if digits { text.chars().any(|c| upper(c) || lower(c)) } else { !text.chars().any(lower) };
    key.then(|| uri::secret_from_text(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_about_codes_is_left_alone() {
        for (text, class) in [
            ("WIFI:S:home;T:WPA;P:hush;;", "wifi"),
            ("https://example.com/", "url"),
            ("123456", "other"),
            ("BEGIN:VCARD\nEND:VCARD", "other"),
            ("", "other"),
            ("jbsw y3dp ehpk 3pxp", "bare-secret"),
            ("JBSW-Y3DP-EHPK-3PXP-JB", "bare-secret"),
            ("JBSWYDPEHPKPXPJB====", "bare-secret"),
            ("internationalisation", "other"),
            ("A TEXT OF SOME WORDS AND MORE", "other"),
            ("2345672345672345", "other"),
            ("JBSW Y3DP EHPK 3PXP 1", "other"),
            ("JBSWY3DP", "other"),
            ("sgnl://linkdevice?uuid=hush", "url"),
            ("tel:+49123", "other"),
            ("otpauth-migration://offline", "other"),
            ("otpauth://totp/a?issuer=b", "other"),
            ("steam://JBSWY3DPEHPK3PXP", "steam"),
            ("motp://Site:me?secret=0123456789abcdef", "motp"),
        ] {
            assert_eq!(classify(text).class(), class, "{text}");
        }
    }

    #[test]
    fn debug_shows_nothing_of_a_link() {
        let link = "phonefactor://activate_account?code=424242424&url=https%3A%2F%2Fexample.test%2Fhush";
        let shown = format!("{:?}", classify(link));
        assert!(!shown.contains("424242424") && !shown.contains("hush"), "{shown}");
    }
}
