//! How the one-time QR codes of vendors are recognised. What to say about each stands in [`super::activation`].

use super::{
    activation::{Activation, Class},
    microsoft,
};

/// Recognises a vendor's QR by its shape.
pub(super) fn recognise(text: &str) -> Option<Activation> {
    if duo_code(text) {
        return Some(activation(Class::OneTime, "duo", "code"));
    }
    let (scheme, rest) = text.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    if let Some(found) = microsoft::recognise(&scheme, rest) {
        return Some(found);
    }
    let lower = rest.to_ascii_lowercase();
    let (class, vendor, shape) = match scheme.as_str() {
        "otpauth" => return otpauth_without_account(&lower),
        "https" => return page(&Web::read(rest)?),
        "http" if lower.starts_with("//127.0.0.1/securid/") => (Class::Seed, "rsa", "page"),
        "duo" => (Class::OneTime, "duo", "app-link"),
        "oktaverify" => (Class::OneTime, "okta", "app-link"),
        "com.rsa.securid" | "com.rsa.securid.iphone" => (Class::Seed, "rsa", "app-link"),
        "igmobileotp" => (Class::OneTime, "entrust", "app-link"),
        "pingid" if lower.starts_with("//offlineauth") => (Class::Login, "pingid", "offline"),
        "pingid" | "pingone" => (Class::OneTime, "pingid", "app-link"),
        "pushauth" | "mfauth" => (Class::OneTime, "forgerock", "app-link"),
        "fido" => (Class::Passkey, "passkey", "hybrid"),
        "authy" | "lastpassmfa" | "tiqrenroll" => (Class::OneTime, "unknown", "app-link"),
        "tiqrauth" => (Class::Login, "unknown", "login"),
        _ => return None,
    };
    Some(activation(class, vendor, shape))
}

/// Returns the activation that a two-step enrolment is.
pub(super) fn two_step() -> Activation {
    activation(Class::TwoStep, "privacyidea", "two-step")
}

/// The parts of a web address: the host in lower case and without `:443`, the path in lower case.
pub(super) struct Web<'a> {
    pub(super) host: String,
    pub(super) path: String,
    pub(super) query: &'a str,
}

impl<'a> Web<'a> {
    /// Reads what follows `https:`; nothing with a user or another port in it, which no vendor prints.
    pub(super) fn read(rest: &'a str) -> Option<Self> {
        let rest = rest.strip_prefix("//")?.split('#').next()?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, path) = place.split_once('/').unwrap_or((place, ""));
        let host = host.strip_suffix(":443").unwrap_or(host).to_ascii_lowercase();
        let plain = host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
        plain.then(|| Self { host, path: path.to_ascii_lowercase(), query })
    }
}

fn activation(class: Class, vendor: &'static str, shape: &'static str) -> Activation {
    Activation { class, vendor, shape, expires: None }
}

/// `otpauth` that holds a push registration or a token in the place of a secret.
fn otpauth_without_account(rest: &str) -> Option<Activation> {
    let rest = rest.trim_start_matches("//");
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    let (vendor, shape) = match place.split('/').next().unwrap_or("") {
        "pipush" => ("privacyidea", "push"),
        "tiqr" => ("unknown", "otpauth"),
        _ if !has("secret") && has("t") && has("s") => ("okta", "otpauth"),
        _ => return None,
    };
    Some(activation(Class::OneTime, vendor, shape))
}

/// A page on a vendor's own host.
fn page(web: &Web) -> Option<Activation> {
    let hex = |number: &str| !number.is_empty() && number.chars().all(|c| c.is_ascii_hexdigit());
    let duo = |start: &str| {
        let name = web.host.strip_suffix(".duosecurity.com").and_then(|name| name.strip_prefix(start));
        name.is_some_and(hex)
    };
    let begins = |starts: &[&str]| starts.iter().any(|start| web.path.starts_with(start));
    if duo("m-") && begins(&["activate/", "android/"]) {
        return Some(activation(Class::OneTime, "duo", "page"));
    }
    if duo("api-") && web.path == "frame/qr" {
        return Some(activation(Class::OneTime, "duo", "picture"));
    }
    let ping = PING.iter().any(|host| web.host == *host || web.host.ends_with(&format!(".{host}")));
    if ping && web.path.split('/').any(|part| matches!(part, "pair" | "pairing")) {
        return Some(activation(Class::OneTime, "pingid", "page"));
    }
    (web.host == "s.team" && begins(&["q/"])).then(|| activation(Class::Login, "steam", "page"))
}

/// Duo's older text: 20 letters and digits, a dash, and a host of Duo's in base64.
fn duo_code(text: &str) -> bool {
    let Some((code, host)) = text.split_once('-') else { return false };
    if code.len() != 20 || !code.chars().all(|c| c.is_ascii_alphanumeric()) || host.len() > 256 {
        return false;
    }
    let host = data_encoding::BASE64_NOPAD.decode(host.trim_end_matches('=').as_bytes()).unwrap_or_default();
    host.ends_with(b".duosecurity.com")
}

const PING: &[&str] = &[
    "pingone.com",
    "pingone.eu",
    "pingone.asia",
    "pingone.ca",
    "pingone.com.au",
    "pingidentity.com",
    "pingidentity.eu",
];
