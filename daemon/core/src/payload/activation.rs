//! The table of what vendors' QR codes say beside accounts: how each is recognised, why it can't be kept, what to click
//! for one that can, and whom to ask where that is missing.
//!
//! A vendor is one entry of [`TABLE`] and one arm of [`recognise`]. Every text has an id, so that it can be shown in
//! other languages.

use super::microsoft;

/// What sort of thing a vendor's QR is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Spent by the first device that uses it; holds no secret.
    OneTime,
    /// Holds half a secret; the phone makes the other half.
    TwoStep,
    /// Holds a seed that only the vendor's app may use.
    Seed,
    /// Signs in; enrols nothing.
    Login,
    /// A handshake with a phone nearby.
    Passkey,
}

impl Class {
    /// Returns the stable word for it.
    pub fn id(self) -> &'static str {
        match self {
            Self::OneTime => "one-time-activation",
            Self::TwoStep => "two-step-otpauth",
            Self::Seed => "vendor-seed",
            Self::Login => "vendor-login",
            Self::Passkey => "passkey",
        }
    }
}

/// A vendor's QR. Nothing of the QR itself is kept but its shape and when it dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activation {
    /// What sort of thing it is.
    pub class: Class,
    /// Id of the vendor, a row of [`TABLE`].
    pub vendor: &'static str,
    /// Which of the vendor's shapes it has.
    pub shape: &'static str,
    /// Unix time at which it dies, where it tells.
    pub expires: Option<u64>,
}

/// A text for people, with an id by which it can be translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// Stable id.
    pub id: &'static str,
    /// In English.
    pub text: &'static str,
}

/// What to tell a person about a vendor's QR.
#[derive(Debug, PartialEq, Eq)]
pub struct Advice {
    /// Id of the vendor.
    pub vendor: &'static str,
    /// What it is.
    pub what: Text,
    /// Why it can't be kept or used on a second device.
    pub why: Text,
    /// The clicks to a QR that can be kept.
    pub steps: &'static [Text],
    /// The plain page where the clicks begin.
    pub page: Option<&'static str>,
    /// What to do when the option is missing there, and whom to ask.
    pub missing: &'static [Text],
    /// What looking at it has not done.
    pub unspent: Option<Text>,
}

impl Activation {
    /// Returns what to tell a person.
    pub fn advice(&self) -> &'static Advice {
        TABLE.iter().find(|advice| advice.vendor == self.vendor).unwrap_or(&UNKNOWN)
    }
}

/// Recognises a vendor's QR by its shape.
pub fn recognise(text: &str) -> Option<Activation> {
    let (scheme, rest) = text.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    if let Some(found) = microsoft::recognise(&scheme, rest) {
        return Some(found);
    }
    let found = |class, vendor, shape| Some(Activation { class, vendor, shape, expires: None });
    match scheme.as_str() {
        "otpauth" => otpauth_without_account(rest),
        "duo" => found(Class::OneTime, "duo", "app-link"),
        "https" => {
            duo_page(rest).then_some(Activation { class: Class::OneTime, vendor: "duo", shape: "page", expires: None })
        }
        "oktaverify" => found(Class::OneTime, "okta", "app-link"),
        "com.rsa.securid" | "com.rsa.securid.iphone" => found(Class::Seed, "rsa", "app-link"),
        "http" if rest.to_ascii_lowercase().starts_with("//127.0.0.1/securid/") => found(Class::Seed, "rsa", "page"),
        "igmobileotp" => found(Class::OneTime, "entrust", "app-link"),
        "pingid" if rest.to_ascii_lowercase().starts_with("//offlineauth") => found(Class::Login, "pingid", "offline"),
        "pingid" | "pingone" => found(Class::OneTime, "pingid", "app-link"),
        "pushauth" | "mfauth" => found(Class::OneTime, "forgerock", "app-link"),
        "fido" => found(Class::Passkey, "passkey", "hybrid"),
        "authy" | "lastpassmfa" | "tiqrenroll" | "tiqrauth" => found(Class::OneTime, "unknown", "app-link"),
        _ => None,
    }
}

/// Returns the activation that a two-step enrolment is.
pub(super) fn two_step() -> Activation {
    Activation { class: Class::TwoStep, vendor: "privacyidea-2step", shape: "otpauth", expires: None }
}

/// `otpauth` that holds a push registration or a token in the place of a secret.
fn otpauth_without_account(rest: &str) -> Option<Activation> {
    let rest = rest.trim_start_matches("//").to_ascii_lowercase();
    let (place, query) = rest.split_once('?').unwrap_or((&rest, ""));
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    let kind = place.split('/').next().unwrap_or("");
    let vendor = match kind {
        "pipush" => "privacyidea",
        "tiqr" => "unknown",
        _ if !has("secret") && has("t") && has("f") && has("s") => "okta",
        _ => return None,
    };
    Some(Activation { class: Class::OneTime, vendor, shape: "otpauth", expires: None })
}

/// Duo's page on its own host `m-<hex>.duosecurity.com`.
fn duo_page(rest: &str) -> bool {
    let rest = rest.trim_start_matches("//").to_ascii_lowercase();
    let Some((host, path)) = rest.split_once('/') else { return false };
    let number = host.strip_prefix("m-").and_then(|host| host.strip_suffix(".duosecurity.com"));
    let own = number.is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_hexdigit()));
    own && (path.starts_with("activate/") || path.starts_with("android/"))
}

const fn text(id: &'static str, text: &'static str) -> Text {
    Text { id, text }
}

const UNSPENT: Option<Text> = Some(text(
    "unspent",
    "countersign has only looked at this QR code and has not spent it: it may still be used on the phone.",
));

const MICROSOFT_WHAT: Text =
    text("microsoft.what", "This is a one-time activation of Microsoft Authenticator. There is no secret in it.");
const MICROSOFT_WHY: Text = text(
    "microsoft.why",
    "It can't be kept or used on a second device: the first phone that scans it spends it, and Microsoft gives the secret \
     to that phone alone.",
);
const MICROSOFT_FIVE: Text = text(
    "microsoft.five",
    "Or enrol each device apart: \"Add sign-in method\" again for each one, with a new QR code each, up to five in all.",
);
const MICROSOFT_ASK_IT: Text = text(
    "microsoft.ask-it",
    "If that link is missing, your organisation does not allow other authenticator apps yet: ask IT to enable \
     \"Third-party software OATH tokens\" for you (Entra admin center, Authentication methods, Policies).",
);
const LEAVE: Text = text("leave", "Leave this QR code: press Back or Cancel.");
const ENTER_CODE: Text = text(
    "microsoft.enter-code",
    "Press Next. The new QR code can be kept: scan it, and type the code on the page to finish.",
);
const WORK_ADD: Text = text(
    "microsoft.add",
    "Choose \"+ Add sign-in method\", then \"Authenticator app\" (or \"Microsoft Authenticator\").",
);
const WORK_LINK: Text = text("microsoft.link", "Click \"I want to use a different authenticator app\".");

/// One row a vendor; `UNKNOWN` speaks for the others.
pub const TABLE: &[Advice] = &[
    Advice {
        vendor: "microsoft-work",
        what: MICROSOFT_WHAT,
        why: MICROSOFT_WHY,
        steps: &[
            LEAVE,
            text("microsoft.open", "Open the security info page: https://mysignins.microsoft.com/security-info"),
            WORK_ADD,
            WORK_LINK,
            ENTER_CODE,
        ],
        page: Some("https://mysignins.microsoft.com/security-info"),
        missing: &[MICROSOFT_ASK_IT, MICROSOFT_FIVE],
        unspent: UNSPENT,
    },
    Advice {
        vendor: "microsoft-government",
        what: MICROSOFT_WHAT,
        why: MICROSOFT_WHY,
        steps: &[
            LEAVE,
            text("microsoft.open-us", "Open the security info page: https://aka.ms/MySecurityInfo-us"),
            WORK_ADD,
            WORK_LINK,
            ENTER_CODE,
        ],
        page: Some("https://aka.ms/MySecurityInfo-us"),
        missing: &[MICROSOFT_ASK_IT, MICROSOFT_FIVE],
        unspent: UNSPENT,
    },
    Advice {
        vendor: "microsoft-personal",
        what: MICROSOFT_WHAT,
        why: MICROSOFT_WHY,
        steps: &[
            LEAVE,
            text(
                "microsoft.open-personal",
                "Open the security page: https://account.live.com/proofs/manage/additional",
            ),
            text("microsoft.add-personal", "Choose \"Add a new way to sign in or verify\", then \"Use an app\"."),
            text("microsoft.link-personal", "Click \"set up a different Authenticator app\"."),
            ENTER_CODE,
        ],
        page: Some("https://account.live.com/proofs/manage/additional"),
        missing: &[text(
            "microsoft.missing-personal",
            "If the link is missing, enrol each device apart: add a new way to sign in for each one, with a new QR code each.",
        )],
        unspent: UNSPENT,
    },
    Advice {
        vendor: "microsoft",
        what: MICROSOFT_WHAT,
        why: MICROSOFT_WHY,
        steps: &[
            LEAVE,
            text(
                "microsoft.open-both",
                "Work or school account: open https://mysignins.microsoft.com/security-info. Personal account: open \
                 https://account.live.com/proofs/manage/additional",
            ),
            text(
                "microsoft.add-both",
                "Work or school: \"+ Add sign-in method\", then \"Authenticator app\". Personal: \"Add a new way to sign in \
                 or verify\", then \"Use an app\".",
            ),
            text(
                "microsoft.link-both",
                "Click \"I want to use a different authenticator app\" (work or school) or \"set up a different \
                 Authenticator app\" (personal).",
            ),
            ENTER_CODE,
        ],
        page: Some("https://mysignins.microsoft.com/security-info"),
        missing: &[
            text(
                "microsoft.ask-it-both",
                "If that link is missing on a work or school account, ask IT to enable \"Third-party software OATH tokens\" \
                 for you.",
            ),
            MICROSOFT_FIVE,
        ],
        unspent: UNSPENT,
    },
    Advice {
        vendor: "duo",
        what: text("duo.what", "This is a one-time activation of Duo Mobile. There is no secret in it."),
        why: text("duo.why", "It can't be kept: Duo gives the key to the first phone that scans it, and to no other."),
        steps: &[text(
            "duo.steps",
            "If the site only suggests Duo Mobile, look for \"another authenticator app\" or \"setup key\" there: that QR code can be kept.",
        )],
        page: None,
        missing: &[text(
            "duo.missing",
            "If your organisation runs Duo, ask IT for a hardware token, a security key or bypass codes.",
        )],
        unspent: UNSPENT,
    },
    Advice {
        vendor: "okta",
        what: text("okta.what", "This is a one-time activation of Okta Verify. There is no secret in it."),
        why: text("okta.why", "It can't be kept: the token in it is good for one device and once."),
        steps: &[text(
            "okta.steps",
            "In the Okta dashboard open Settings, Security methods, and choose \"Google Authenticator\", Set up: that QR code can be kept.",
        )],
        page: None,
        missing: &[text("okta.missing", "If \"Google Authenticator\" is not offered, ask IT to enable it for you.")],
        unspent: UNSPENT,
    },
    Advice {
        vendor: "rsa",
        what: text("rsa.what", "This is a seed for RSA SecurID, in RSA's own form."),
        why: text(
            "rsa.why",
            "It can't be kept: it may be bound to a password or to one device, and is no standard code.",
        ),
        steps: &[text(
            "rsa.steps",
            "Look for \"Authenticate OTP\", a security key or another authenticator app on the page.",
        )],
        page: None,
        missing: &[text("rsa.missing", "Ask IT for one of those. The program stoken reads SecurID seeds.")],
        unspent: UNSPENT,
    },
    Advice {
        vendor: "entrust",
        what: text("entrust.what", "This is an activation of Entrust Identity."),
        why: text("entrust.why", "It can't be kept: it is encrypted with a registration code that comes another way."),
        steps: &[text("entrust.steps", "Look for \"Google Authenticator\" or an OATH soft token on the page.")],
        page: None,
        missing: &[text("entrust.missing", "Ask IT for an OATH soft token.")],
        unspent: UNSPENT,
    },
    Advice {
        vendor: "pingid",
        what: text("pingid.what", "This is a pairing or login of PingID. There is no secret in it."),
        why: text("pingid.why", "It can't be kept: it is good for one device and a short time."),
        steps: &[text("pingid.steps", "Choose \"Add\", then \"Authenticator app\": that QR code can be kept.")],
        page: None,
        missing: &[text("pingid.missing", "If \"Authenticator app\" is not offered, ask IT to allow it.")],
        unspent: UNSPENT,
    },
    Advice {
        vendor: "forgerock",
        what: text("forgerock.what", "This is a push registration of ForgeRock or Ping Authenticator."),
        why: text("forgerock.why", "It can't be kept: the challenge in it is spent by the first device."),
        steps: &[text(
            "forgerock.steps",
            "Choose the one-time password (OATH) step in the place of push: that QR code can be kept.",
        )],
        page: None,
        missing: &[text("forgerock.missing", "Ask IT for the OATH step.")],
        unspent: UNSPENT,
    },
    Advice {
        vendor: "privacyidea",
        what: text("privacyidea.what", "This is a push registration of privacyIDEA. There is no secret in it."),
        why: text("privacyidea.why", "It can't be kept: the credential in it is spent by the first device."),
        steps: &[text(
            "privacyidea.steps",
            "Enrol a token of type TOTP in the place of push: that QR code can be kept.",
        )],
        page: None,
        missing: &[text("privacyidea.missing", "Ask IT for a TOTP token.")],
        unspent: UNSPENT,
    },
    Advice {
        vendor: "privacyidea-2step",
        what: text("two-step.what", "This is the first half of a two-step enrolment of privacyIDEA."),
        why: text("two-step.why", "It can't be kept: the other half of the secret is made on the phone."),
        steps: &[text("two-step.steps", "Enrol a TOTP token without the two-step option: that QR code can be kept.")],
        page: None,
        missing: &[text("two-step.missing", "Ask IT for a token without the two-step option.")],
        unspent: UNSPENT,
    },
    Advice {
        vendor: "passkey",
        what: text("passkey.what", "This is a passkey's handshake with a phone nearby, not a code."),
        why: text("passkey.why", "It can't be kept: it changes within minutes and needs a phone by Bluetooth."),
        steps: &[text("passkey.steps", "Choose \"authenticator app\" on the page in the place of a passkey.")],
        page: None,
        missing: &[text("passkey.missing", "Ask the site, or IT, whether authenticator apps are allowed.")],
        unspent: UNSPENT,
    },
];

const UNKNOWN: Advice = Advice {
    vendor: "unknown",
    what: text("unknown.what", "This is a link for a vendor's own app."),
    why: text("unknown.why", "It can't be kept: such links are spent by the first device that opens them."),
    steps: &[text("unknown.steps", "Ask the page for a code-based authenticator app, or a setup key.")],
    page: None,
    missing: &[text("unknown.missing", "Ask the site, or IT, whether standard authenticator apps are allowed.")],
    unspent: UNSPENT,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_says_all_and_names_no_other_twice() {
        for (number, row) in TABLE.iter().enumerate() {
            assert!(TABLE[number + 1..].iter().all(|other| other.vendor != row.vendor), "{} twice", row.vendor);
            assert!(!row.steps.is_empty() && !row.missing.is_empty(), "{} says too little", row.vendor);
        }
    }

    #[test]
    fn a_personal_account_hears_no_word_of_it() {
        let row = TABLE.iter().find(|row| row.vendor == "microsoft-personal").unwrap();
        let all = row.steps.iter().chain(row.missing).map(|text| text.text).collect::<String>();
        assert!(!all.contains("IT ") && !all.contains("organisation"));
        assert!(all.contains("https://account.live.com/proofs/manage/additional"));
    }
}
