//! What a scanned QR *is*: an account, a part of an export, a one-time activation, a login, or something else.
//!
//! Nothing here opens, fetches or prints a link: opening a one-time link can spend it.

pub mod activation;
mod microsoft;
pub mod migration;

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
    /// A web page or an app's link.
    Url,
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
            Self::Other(Other::Url) => "url",
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
    if let Some(activation) = activation::recognise(text) {
        return Payload::Vendor(activation);
    }
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase()).unwrap_or_default();
    match scheme.as_str() {
        "otpauth-migration" => migration::Part::parse(text).map_or_else(Payload::Broken, Payload::Migration),
        "otpauth" | "apple-otpauth" | "steam" | "motp" => match uri::parse(text) {
            Ok(parsed) => Payload::Account(parsed),
            Err(UriError::TwoStep) => Payload::Vendor(activation::two_step()),
            Err(error) => Payload::Broken(error),
        },
        "wifi" => Payload::Other(Other::Wifi),
        "http" | "https" => Payload::Other(Other::Url),
        _ => bare_secret(text).map_or(Payload::Other(Other::Text), Payload::BareSecret),
    }
}

/// Takes a text for a key where it is base32 of a usual length and nothing else.
fn bare_secret(text: &str) -> Option<Secret> {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '=')).collect();
    let letters = plain.chars().any(|c| c.is_ascii_alphabetic());
    let base32 = plain.chars().all(|c| matches!(c.to_ascii_uppercase(), 'A'..='Z' | '2'..='7'));
    if !letters || !base32 || !(16..=128).contains(&plain.len()) {
        return None;
    }
    uri::secret_from_text(text).ok()
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
