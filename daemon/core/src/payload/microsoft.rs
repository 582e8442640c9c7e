//! Microsoft's one-time QR codes, in their three shapes.

use super::{
    activation::{Activation, Class},
    vendors::Web,
};

/// Recognises an activation of Microsoft Authenticator: `phonefactor://`, a page of Microsoft's, or the app's own link.
pub(super) fn recognise(scheme: &str, rest: &str) -> Option<Activation> {
    match scheme {
        "phonefactor" => {
            let host = rest.trim_start_matches("//").split(['?', '/']).next()?;
            host.eq_ignore_ascii_case("activate_account").then(|| activation("microsoft-work", "phonefactor", None))
        }
        "microsoft-authenticator" => Some(activation("microsoft", "app-link", None)),
        "https" => page(&Web::read(rest)?),
        _ => None,
    }
}

/// The pages: the host is compared whole, the path without case.
fn page(web: &Web) -> Option<Activation> {
    // The address inside the newer shapes, which older servers printed alone.
    if (web.host == "mobileappcommunicator.auth.microsoft.com" && web.path.starts_with("activatev2/"))
        || (web.host.ends_with(".phonefactor.net") && web.path.starts_with("pad/"))
    {
        return Some(activation("microsoft-work", "pad", None));
    }
    let (_, shape) = HOSTS.iter().find(|(host, _)| *host == web.host)?;
    if web.path.trim_end_matches('/') != PATH {
        return None;
    }
    let fields = || web.query.split('&').filter_map(|pair| pair.split_once('='));
    // The type can stand there twice; when the two differ, it is not known.
    let mut types = fields().filter(|(name, _)| name.eq_ignore_ascii_case("accountType")).map(|(_, value)| value);
    let first = types.next().unwrap_or("");
    let kind = if types.all(|other| other.eq_ignore_ascii_case(first)) { first } else { "" };
    let vendor = match (kind.to_ascii_lowercase().as_str(), *shape) {
        ("msa", _) => "microsoft-personal",
        // A national cloud has work accounts only.
        ("mfa", _) | (_, "page-us" | "page-cn") => "microsoft-work",
        _ => "microsoft",
    };
    let shape = if vendor == "microsoft-work" { shape } else { "page" };
    let expires = fields().find(|(name, _)| name.eq_ignore_ascii_case("expires"));
    Some(activation(vendor, shape, expires.and_then(|(_, value)| unix_time(value.parse().ok()?))))
}

/// Reads the page's time: seconds since 1900, since the values seen are decades away as anything else.
fn unix_time(value: u64) -> Option<u64> {
    const FROM_1900_TO_1970: u64 = 2_208_988_800;
    let unix = value.checked_sub(FROM_1900_TO_1970).unwrap_or(value);
    (unix > 1_000_000_000).then_some(unix)
}

fn activation(vendor: &'static str, shape: &'static str, expires: Option<u64>) -> Activation {
    Activation { class: Class::OneTime, vendor, shape, expires }
}

/// The hosts, and the shape that each means: the public cloud, the US government's, 21Vianet's in China.
const HOSTS: &[(&str, &str)] = &[
    ("login.microsoftonline.com", "page"),
    ("login.microsoftonline.us", "page-us"),
    ("login.chinacloudapi.cn", "page-cn"),
    ("login.partner.microsoftonline.cn", "page-cn"),
];
const PATH: &str = "authenticatorapp/activateaccount";

#[cfg(test)]
mod tests {
    use crate::payload::{Activation, Payload, classify};

    fn read(text: &str) -> Activation {
        match classify(text) {
            Payload::Vendor(activation) => activation,
            other => panic!("{text} is {}", other.class()),
        }
    }

    #[test]
    fn every_shape_gets_the_advice_of_its_account_type() {
        let page = "login.microsoftonline.com/authenticatorApp/activateAccount";
        let (us, china) = (page.replace(".com", ".us"), page.replace("microsoftonline.com", "chinacloudapi.cn"));
        for (text, vendor, advice) in [
            ("phonefactor://activate_account?code=1&url=https%3A%2F%2Fx.test".into(), "microsoft-work", ""),
            ("https://co1pfpad01.phonefactor.net/pad/123456".into(), "microsoft-work", ""),
            ("https://mobileappcommunicator.auth.microsoft.com/activatev2/1/A".into(), "microsoft-work", ""),
            (format!("https://{page}?accountType=mfa&source=qrCode&code=123456"), "microsoft-work", ""),
            (format!("https://{page}/?ACCOUNTTYPE=MFA"), "microsoft-work", ""),
            (format!("HTTPS://{}?accountType=mfa", page.to_uppercase()), "microsoft-work", ""),
            (format!("https://{}?accountType=mfa", page.replace(".com", ".com:443")), "microsoft-work", ""),
            (format!("https://{page}?source=qrCode&accountType=msa&code=M.C5"), "microsoft-personal", ""),
            (format!("https://{page}?source=qrCode"), "microsoft", ""),
            (format!("https://{page}"), "microsoft", ""),
            (format!("https://{page}?accountType=other"), "microsoft", ""),
            (format!("https://{page}?accountType=mfa&accountType=mfa"), "microsoft-work", ""),
            (format!("https://{page}?accountType=mfa&accountType=msa"), "microsoft", ""),
            (format!("https://{us}?accountType=mfa"), "microsoft-work", "microsoft-government"),
            (format!("https://{us}?source=qrCode"), "microsoft-work", "microsoft-government"),
            (format!("https://{us}?accountType=msa"), "microsoft-personal", ""),
            (format!("https://{china}?accountType=mfa"), "microsoft-work", "microsoft-china"),
            ("microsoft-authenticator://activatemfa/?x=1".into(), "microsoft", ""),
        ] {
            let activation = read(&text);
            assert_eq!(activation.vendor, vendor, "{text}");
            let expected = if advice.is_empty() { vendor } else { advice };
            assert_eq!(activation.advice().vendor, expected, "{text}");
        }
    }

    #[test]
    fn a_page_tells_when_it_expires() {
        let page = "https://login.microsoftonline.com/authenticatorApp/activateAccount?accountType=msa&expires=";
        for (value, expires) in [
            // 2026-01-01 in seconds since 1900, and as Unix time.
            ("3976214400", Some(1_767_225_600)),
            ("1767225600", Some(1_767_225_600)),
            ("600", None),
            ("", None),
            ("-5", None),
            ("18446744073709551616", None),
        ] {
            assert_eq!(read(&format!("{page}{value}")).expires, expires, "{value}");
        }
    }

    #[test]
    fn a_look_alike_host_is_nothing() {
        for text in [
            "https://login.microsoftonline.com.evil.test/authenticatorApp/activateAccount?accountType=mfa",
            "https://evil.test/login.microsoftonline.com/authenticatorApp/activateAccount",
            "https://login.microsoftonline.com@evil.test/authenticatorApp/activateAccount",
            "https://evil.test@login.microsoftonline.com/authenticatorApp/activateAccount",
            "https://login.microsoftonline.com:8443/authenticatorApp/activateAccount",
            "https://login.microsoftonline.com/authenticatorApp/activateAccounts",
            "https://login.microsoftonline.com/x/authenticatorApp/activateAccount",
            "https://xlogin.microsoftonline.com/authenticatorApp/activateAccount",
            "https://phonefactor.net.evil.test/pad/1",
            "http://login.microsoftonline.com/authenticatorApp/activateAccount",
        ] {
            assert_eq!(classify(text).class(), "url", "{text}");
        }
        assert_eq!(classify("phonefactor://other").class(), "url");
    }
}
