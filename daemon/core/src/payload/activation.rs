//! The table of vendors' QR codes that are no accounts: what each is, why it can't be kept, what to click for one that
//! can, and whom to ask where that is missing.
//!
//! A vendor is one row of [`TABLE`] and one arm of `vendors.rs`, which recognises it. Every text has an id, so that it can
//! be shown in other languages.

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
    /// Id of the vendor; Microsoft's also tells the account type.
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
    /// Id of the row: the vendor, and what sets one of its shapes apart.
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
        let row = match (self.vendor, self.shape) {
            ("microsoft-work", "page-us") => "microsoft-government",
            ("microsoft-work", "page-cn") => "microsoft-china",
            ("pingid", "offline") => "pingid-login",
            ("privacyidea", "two-step") => "privacyidea-2step",
            (vendor, _) => vendor,
        };
        TABLE.iter().find(|advice| advice.vendor == row).unwrap_or(&UNKNOWN)
    }
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
const LOGIN_WHY: Text = text("login.why", "It can't be kept: it is good for one sign-in.");
const LEAVE: Text = text("leave", "Leave this QR code: press Back or Cancel.");
const ENTER_CODE: Text = text(
    "microsoft.enter-code",
    "Press Next. The new QR code can be kept: scan it, and type the code on the page to finish.",
);
const WORK_ADD: Text = text(
    "microsoft.add",
    "Choose \"+ Add sign-in method\", then \"Authenticator app\" (or \"Microsoft Authenticator\").",
);
const WORK_LINK: Text = text(
    "microsoft.link",
    "Click \"I want to use a different authenticator app\" (some pages say \"Set up a different authenticator app\" or \
     \"Configure app without notifications\"). In the \"Keep your account secure\" guide it stands on the first page.",
);

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
        vendor: "microsoft-china",
        what: MICROSOFT_WHAT,
        why: MICROSOFT_WHY,
        steps: &[
            LEAVE,
            text(
                "microsoft.open-china",
                "Open \"Security info\" of your account, where you sign in to Microsoft's services operated by 21Vianet.",
            ),
            WORK_ADD,
            WORK_LINK,
            ENTER_CODE,
        ],
        // Its address is not known to us for sure, and a wrong one helps nobody.
        page: None,
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
            text(
                "microsoft.apart-both",
                "Or enrol each device apart, with a new QR code each; a work or school account takes up to five in all \
                 (\"Add sign-in method\" again).",
            ),
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
        what: text("pingid.what", "This is a one-time pairing of PingID. There is no secret in it."),
        why: text("pingid.why", "It can't be kept: it is good for one device and a short time."),
        steps: &[text("pingid.steps", "Choose \"Add\", then \"Authenticator app\": that QR code can be kept.")],
        page: None,
        missing: &[text("pingid.missing", "If \"Authenticator app\" is not offered, ask IT to allow it.")],
        unspent: UNSPENT,
    },
    Advice {
        vendor: "pingid-login",
        what: text("pingid-login.what", "This signs in with PingID. It enrols nothing, and there is no secret in it."),
        why: LOGIN_WHY,
        steps: &[text(
            "pingid-login.steps",
            "To get codes here, open the page that lists your devices and choose \"Add\", then \"Authenticator app\".",
        )],
        page: None,
        missing: &[text("pingid.missing", "If \"Authenticator app\" is not offered, ask IT to allow it.")],
        unspent: UNSPENT,
    },
    Advice {
        vendor: "steam",
        what: text("steam.what", "This signs in to Steam. It enrols nothing, and there is no secret in it."),
        why: LOGIN_WHY,
        steps: &[text(
            "steam.steps",
            "Steam shows no QR code that can be kept: its codes come over by an export of the app that has them (a maFile).",
        )],
        page: None,
        missing: &[text("steam.missing", "Without such an export, Steam Guard stays in Steam's own app.")],
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

    fn texts(row: &Advice) -> impl Iterator<Item = Text> {
        let one = [row.what, row.why].into_iter().chain(row.unspent);
        one.chain(row.steps.iter().copied()).chain(row.missing.iter().copied())
    }

    fn row(vendor: &str) -> String {
        let row = TABLE.iter().find(|row| row.vendor == vendor).unwrap();
        texts(row).map(|text| text.text).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn every_row_says_all_and_names_no_other_twice() {
        for (number, row) in TABLE.iter().enumerate() {
            assert!(TABLE[number + 1..].iter().all(|other| other.vendor != row.vendor), "{} twice", row.vendor);
            assert!(!row.steps.is_empty() && !row.missing.is_empty(), "{} says too little", row.vendor);
            assert!(texts(row).all(|text| !text.text.contains("  ")), "{} has a gap in a text", row.vendor);
        }
    }

    #[test]
    fn an_id_stands_for_one_text() {
        let all: Vec<Text> = TABLE.iter().chain([&UNKNOWN]).flat_map(texts).collect();
        for text in &all {
            assert!(all.iter().all(|other| (other.id == text.id) == (other.text == text.text)), "{}", text.id);
        }
    }

    #[test]
    fn a_work_account_hears_the_whole_story() {
        for (vendor, page) in [
            ("microsoft-work", "https://mysignins.microsoft.com/security-info"),
            ("microsoft-government", "https://aka.ms/MySecurityInfo-us"),
            ("microsoft-china", "21Vianet"),
        ] {
            let all = row(vendor);
            for words in [
                "one-time activation of Microsoft Authenticator",
                "no secret in it",
                "can't be kept or used on a second device",
                "I want to use a different authenticator app",
                page,
                "ask IT",
                "Third-party software OATH tokens",
                "Add sign-in method",
                "a new QR code each, up to five in all",
                "has not spent it: it may still be used on the phone",
            ] {
                assert!(all.contains(words), "{vendor} lacks {words}");
            }
            assert!(!all.contains("account.live.com"), "{vendor} is sent to the personal page");
        }
    }

    #[test]
    fn a_personal_account_hears_no_word_of_it() {
        let all = row("microsoft-personal");
        assert!(!all.split(|c: char| !c.is_alphanumeric()).any(|word| word == "IT"));
        for words in ["organisation", "OATH", "admin", "mysignins", "work"] {
            assert!(!all.contains(words), "it says {words}");
        }
        assert!(all.contains("https://account.live.com/proofs/manage/additional"));
        assert!(all.contains("set up a different Authenticator app"));
    }

    #[test]
    fn an_unknown_account_type_hears_both_ways() {
        let all = row("microsoft");
        for words in [
            "https://mysignins.microsoft.com/security-info",
            "https://account.live.com/proofs/manage/additional",
            "I want to use a different authenticator app",
            "set up a different Authenticator app",
            "Third-party software OATH tokens",
            "up to five in all",
        ] {
            assert!(all.contains(words), "it lacks {words}");
        }
    }
}
