//! Microsoft's one-time QR codes, in their three shapes.

use super::activation::{Activation, Class};

/// Recognises an activation of Microsoft Authenticator: `phonefactor://`, the `https` page, or the app's own link.
pub(super) fn recognise(scheme: &str, rest: &str) -> Option<Activation> {
    match scheme {
        "phonefactor" => {
            let host = rest.trim_start_matches("//").split(['?', '/']).next()?;
            host.eq_ignore_ascii_case("activate_account").then(|| activation("microsoft-work", "phonefactor", None))
        }
        "microsoft-authenticator" => Some(activation("microsoft", "app-link", None)),
        "https" => page(rest.strip_prefix("//")?),
        _ => None,
    }
}

/// The page: the host is compared whole, the path without case.
fn page(rest: &str) -> Option<Activation> {
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, path) = place.split_once('/')?;
    let (_, government) = HOSTS.iter().find(|(known, _)| known.eq_ignore_ascii_case(host))?;
    if !path.trim_end_matches('/').eq_ignore_ascii_case(PATH) {
        return None;
    }
    let fields = || query.split('&').filter_map(|pair| pair.split_once('='));
    // The type can stand there twice; when the two differ, it is not known.
    let mut types = fields().filter(|(name, _)| name.eq_ignore_ascii_case("accountType")).map(|(_, value)| value);
    let first = types.next().unwrap_or("");
    let kind = if types.all(|other| other.eq_ignore_ascii_case(first)) { first } else { "" };
    let vendor = match (kind.to_ascii_lowercase().as_str(), *government) {
        ("msa", _) => "microsoft-personal",
        ("mfa", true) => "microsoft-government",
        ("mfa", false) => "microsoft-work",
        _ => "microsoft",
    };
    let expires =
        fields().find(|(name, _)| name.eq_ignore_ascii_case("expires")).and_then(|(_, value)| value.parse().ok());
    Some(activation(vendor, "page", expires.filter(|time| *time > 1_000_000_000)))
}

fn activation(vendor: &'static str, shape: &'static str, expires: Option<u64>) -> Activation {
    Activation { class: Class::OneTime, vendor, shape, expires }
}

/// The hosts, and whether they are the US government's.
const HOSTS: &[(&str, bool)] =
    &[("login.microsoftonline.com", false), ("login.microsoftonline.us", true), ("login.chinacloudapi.cn", false)];
const PATH: &str = "authenticatorapp/activateaccount";

#[cfg(test)]
mod tests {
    use crate::payload::{Payload, classify};

    fn vendor(text: &str) -> &'static str {
        match classify(text) {
            Payload::Vendor(activation) => activation.vendor,
            other => other.class(),
        }
    }

    #[test]
    fn the_three_shapes_and_their_account_types() {
        let page = "login.microsoftonline.com/authenticatorApp/activateAccount";
        for (text, expected) in [
            ("phonefactor://activate_account?code=1&url=https%3A%2F%2Fx.test".to_owned(), "microsoft-work"),
            (format!("https://{page}?accountType=mfa&source=qrCode&code=123456"), "microsoft-work"),
            (format!("https://{page}?source=qrCode&accountType=msa&code=M.C5"), "microsoft-personal"),
            (format!("https://{page}?source=qrCode"), "microsoft"),
            (format!("https://{page}?accountType=mfa&accountType=mfa"), "microsoft-work"),
            (format!("https://{page}?accountType=mfa&accountType=msa"), "microsoft"),
            (
                "https://login.microsoftonline.us/authenticatorapp/ACTIVATEACCOUNT?accountType=mfa".into(),
                "microsoft-government",
            ),
            (
                "https://LOGIN.CHINACLOUDAPI.CN/authenticatorApp/activateAccount?accountType=mfa".into(),
                "microsoft-work",
            ),
            ("microsoft-authenticator://activatemfa?x=1".into(), "microsoft"),
        ] {
            assert_eq!(vendor(&text), expected, "{text}");
        }
    }

    #[test]
    fn a_look_alike_host_is_nothing() {
        for text in [
            "https://login.microsoftonline.com.evil.test/authenticatorApp/activateAccount?accountType=mfa",
            "https://evil.test/login.microsoftonline.com/authenticatorApp/activateAccount",
            "https://login.microsoftonline.com@evil.test/authenticatorApp/activateAccount",
            "https://login.microsoftonline.com/authenticatorApp/other",
            "http://login.microsoftonline.com/authenticatorApp/activateAccount",
        ] {
            assert_eq!(vendor(text), "url", "{text}");
        }
    }
}
