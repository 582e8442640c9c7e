//! The ways out of other programs, for a person without root: by a file, by QR codes, key by key, or not at all.
//!
//! The steps to a file that a format reads stand with that format; here stands what is beside it.

use serde_json::{Value, json};

use crate::formats::{Format, REGISTRY, named};

/// What lets the accounts of a program out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Out {
    /// It exports a file that is read here.
    File,
    /// It shows QR codes for another device.
    Qr,
    /// It shows each account's key, or hands each over by itself.
    Keys,
    /// Nothing: each site has to be enrolled again.
    Nothing,
}

impl Out {
    /// Returns the word for it on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Qr => "qr",
            Self::Keys => "keys",
            Self::Nothing => "nothing",
        }
    }
}

/// The way out of a program.
#[derive(Debug)]
pub struct Way {
    /// The word by which it is chosen: lower case and dashes.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What else they call it.
    pub aliases: &'static [&'static str],
    /// What lets its accounts out.
    pub out: Out,
    /// The steps beside those of its formats.
    pub steps: &'static [&'static str],
    /// The formats of its files. Where no file is the way, they are what only a rooted telephone gives.
    pub formats: &'static [&'static str],
}

impl Way {
    /// Returns the formats of its files: those it names, and the one of its own name.
    pub fn formats(&self) -> impl Iterator<Item = &'static dyn Format> {
        let own = named(self.name).filter(|_| !self.formats.contains(&self.name));
        self.formats.iter().filter_map(|name| named(name)).chain(own)
    }

    /// Returns it as a line of JSON tells it.
    pub fn json(&self) -> Value {
        let formats: Vec<Value> = self.formats().map(told).collect();
        json!({
            "program": self.name,
            "title": self.title,
            "aliases": self.aliases,
            "out": self.out.word(),
            "steps": self.steps,
            "formats": formats,
        })
    }
}

/// Returns every way as JSON: those of the table, then the formats that no program of it has.
pub fn all() -> impl Iterator<Item = Value> {
    let of_a_program =
        |format: &&&'static dyn Format| TABLE.iter().any(|way| way.formats().any(|own| own.name() == format.name()));
    let others = REGISTRY.iter().filter(move |format| !of_a_program(format));
    let alone = others.map(|format| way(format.name(), format.title(), &[], Out::File).json());
    TABLE.iter().map(Way::json).chain(alone)
}

/// Returns a format as JSON: the steps to such a file, and whether one that is written is encrypted.
pub fn told(format: &dyn Format) -> Value {
    let encrypts = format.writer().map(|writer| writer.sealing().word());
    json!({"format": format.name(), "title": format.title(), "steps": format.steps(), "encrypts": encrypts})
}

const fn way(name: &'static str, title: &'static str, aliases: &'static [&'static str], out: Out) -> Way {
    Way { name, title, aliases, out, steps: &[], formats: &[] }
}

/// Every program, in the order of the alphabet.
pub const TABLE: &[Way] = &[
    way("1password", "1Password", &["one password", "1pux"], Out::File),
    way("2fas", "2FAS", &["2fas auth", "two fas"], Out::File),
    way("aegis", "Aegis", &["aegis authenticator"], Out::File),
    way("andotp", "andOTP", &["and otp"], Out::File),
    Way {
        steps: &[
            "On a Mac: the Passwords app, File, Export All Passwords to File; its column OTPAuth holds what is wanted",
            "Copy the file here, and read the URIs out of it: grep -o 'otpauth://[^\",]*' Passwords.csv | countersign import -",
            "Only an iPhone: it exports no file that is read here; enrol each site again",
            "The CSV holds all your passwords in the clear: remove it there and here",
        ],
        ..way(
            "apple-passwords",
            "Apple Passwords",
            &["icloud keychain", "apple keychain", "ios passwords", "safari", "iphone"],
            Out::Keys,
        )
    },
    way(
        "authenticator-extension",
        "Authenticator (browser extension)",
        &[
            "authenticator extension",
            "authenticator.cc",
            "chrome authenticator",
            "firefox authenticator",
            "browser extension",
        ],
        Out::File,
    ),
    way("authenticator-plus", "Authenticator Plus", &["authplus", "auth plus"], Out::File),
    Way {
        steps: &[
            "Twilio Authy lets no key out, neither from the telephone nor from its cloud; its desktop program is gone",
            "Enrol each site again: sign in there by a code of Authy, go to its security settings, set up an authenticator app anew",
            "Keep Authy until every site is done; sites that came by Authy itself (a code of 7 digits) need another method there",
        ],
        ..way("authy", "Authy", &["twilio authy", "twilio"], Out::Nothing)
    },
    Way {
        steps: &[
            "The app lets no key out",
            "Battle.net is not known to take another authenticator app: keep theirs for it",
        ],
        ..way(
            "battlenet",
            "Battle.net Authenticator",
            &["battle net", "blizzard", "blizzard authenticator"],
            Out::Nothing,
        )
    },
    way(
        "bitwarden",
        "Bitwarden, Bitwarden Authenticator",
        &["bitwarden vault", "bitwarden authenticator", "vaultwarden"],
        Out::File,
    ),
    way("cotp", "cotp", &["cotp database"], Out::File),
    Way {
        steps: &[
            "Export the vault as CSV (My account, Settings, Export data): the column otpUrl or otpSecret of credentials.csv",
            "URIs go straight in: grep -o 'otpauth://[^\",]*' credentials.csv | countersign import -",
            "Bare keys one by one: countersign add",
            "The separate Dashlane Authenticator app had no export: enrol its sites again",
        ],
        ..way("dashlane", "Dashlane", &["dashlane authenticator"], Out::Keys)
    },
    Way {
        steps: &[
            "Duo Mobile lets no key out; Duo Restore brings accounts into another Duo Mobile only",
            "Codes for other sites: enrol each of them again with this as the authenticator app",
            "Duo's own approval (push) is bound to the telephone: ask your organisation for a hardware token or another method",
        ],
        ..way("duo", "Duo Mobile", &["duo", "duo security", "cisco duo"], Out::Nothing)
    },
    way("ente", "Ente Auth", &["ente authenticator"], Out::File),
    Way {
        steps: &[
            "Entrust Identity lets no key out: its tokens are activated for one device",
            "Ask the bank or organisation that issued it whether it takes another authenticator app, and enrol that",
        ],
        ..way("entrust", "Entrust Identity", &["entrust identityguard", "entrust mobile"], Out::Nothing)
    },
    Way {
        steps: &[
            "FortiToken Mobile lets no key out: tokens are activated for one device",
            "Ask whoever issued it whether it takes another authenticator app, and enrol that",
        ],
        ..way("fortitoken", "FortiToken Mobile", &["fortinet", "forti token"], Out::Nothing)
    },
    Way {
        formats: &["freeotp2", "freeotp"],
        ..way(
            "freeotp",
            "FreeOTP, FreeOTP 2, FreeOTP+",
            &["free otp", "freeotp+", "freeotp plus", "freeotp 1", "freeotp 2", "red hat"],
            Out::File,
        )
    },
    way("gnome-authenticator", "GNOME Authenticator", &["gnome", "com.belmoussaoui.authenticator"], Out::File),
    Way {
        steps: &[
            "In the app: the menu (☰), Transfer accounts, Export accounts; choose them, Next",
            "It shows one QR or several. Here: countersign scan --camera, and hold one after the other to the camera",
            "Without a camera: photograph each with another device, copy the pictures here, countersign scan --image FILES (an \
             iPhone can take screenshots of them)",
            "All accounts are kept once the last part was seen; the app keeps them too until you remove them there",
        ],
        formats: &["google-authenticator-db"],
        ..way(
            "google-authenticator",
            "Google Authenticator",
            &["google", "google auth", "gauth", "google authentificator"],
            Out::Qr,
        )
    },
    Way {
        formats: &["kdbx", "keepassxc-csv", "keepass-xml"],
        ..way(
            "keepass",
            "KeePass, KeePassXC",
            &["keepassxc", "keepass xc", "keepass 2", "keepassdx", "strongbox"],
            Out::File,
        )
    },
    way("keysmith", "Keysmith", &["kde keysmith", "plasma keysmith"], Out::File),
    way("lastpass", "LastPass Authenticator", &["last pass", "lastpass authenticator", "logmein"], Out::File),
    Way {
        steps: &[
            "The app lets no key out; its cloud backup comes back into Microsoft Authenticator only",
            "A work or school account: https://mysignins.microsoft.com/security-info, Add sign-in method, Authenticator app, then \
             “I want to use a different authenticator app”; where that is missing, your organisation has to allow it",
            "A personal account: https://account.microsoft.com/security, Advanced security options, add a way to sign in, an app, \
             then “set up a different Authenticator app”",
            "Other sites: enrol each again, in its security settings",
            "Here, while the page shows its QR: countersign scan",
        ],
        formats: &["microsoft-authenticator-db"],
        ..way(
            "microsoft-authenticator",
            "Microsoft Authenticator",
            &["microsoft", "ms authenticator", "ms auth", "azure authenticator", "entra", "phonefactor", "azure mfa"],
            Out::Nothing,
        )
    },
    Way {
        steps: &[
            "NordPass's export is not known to hold the keys of its Authenticator",
            "Enrol each site again: sign in there by a code of NordPass, set up an authenticator app anew",
        ],
        ..way("nordpass", "NordPass", &["nordpass authenticator", "nord pass"], Out::Nothing)
    },
    Way {
        steps: &[
            "Okta Verify lets no key out: it is enrolled for one device and signs with a key of that device",
            "Where your organisation allows it: the Okta page, Settings, Security Methods, Set up Google Authenticator; here, while \
             the page shows its QR: countersign scan",
            "Where that is missing, your organisation has to allow it",
        ],
        ..way("okta", "Okta Verify", &["okta"], Out::Nothing)
    },
    Way {
        steps: &["Menu, Export: as plain or encrypted file of Aegis, or as FreeOTP+ URIs"],
        ..way("otpclient", "OTPClient", &["otp client", "com.github.paolostivanin.otpclient"], Out::File)
    },
    Way {
        steps: &[
            "One account only: pass otp uri NAME | countersign import -; of gopass, where its entry has an otpauth line: gopass \
             show NAME | countersign import -. All of them:",
        ],
        ..way(
            "pass",
            "pass with pass-otp, gopass",
            &["pass-otp", "pass otp", "gopass", "password-store", "password store"],
            Out::File,
        )
    },
    Way {
        steps: &[
            "PingID lets no key out: it is paired with one device",
            "Where your organisation allows an authenticator app, enrol that; here, while the page shows its QR: countersign scan",
        ],
        ..way("pingid", "PingID", &["ping identity", "ping id"], Out::Nothing)
    },
    way("proton-authenticator", "Proton Authenticator", &["proton auth"], Out::File),
    way("proton-pass", "Proton Pass", &["proton"], Out::File),
    way("raivo", "Raivo OTP", &["raivo authenticator"], Out::File),
    Way {
        steps: &[
            "RSA Authenticator (SecurID) lets no key out: a token is imported into one device",
            "Ask your organisation for a token on another device, or for a method with an authenticator app",
        ],
        ..way(
            "rsa",
            "RSA Authenticator (SecurID)",
            &["rsa securid", "securid", "rsa authenticator", "rsa token"],
            Out::Nothing,
        )
    },
    Way {
        steps: &[
            "Salesforce Authenticator lets no key out; its backup comes back into that app only",
            "Salesforce: your personal settings, Advanced User Details, App Registration: One-Time Password Authenticator, Connect; \
             here, while the page shows its QR: countersign scan",
            "Other sites: enrol each again",
        ],
        ..way("salesforce", "Salesforce Authenticator", &["sfdc"], Out::Nothing)
    },
    Way {
        steps: &[
            "Samsung Pass brings its codes to another Galaxy through Samsung Cloud, and is not known to let keys out otherwise",
            "Enrol each site again: sign in there by a code of Samsung Pass, set up an authenticator app anew",
        ],
        ..way("samsung-pass", "Samsung Pass", &["samsung", "samsung wallet", "samsung otp"], Out::Nothing)
    },
    Way {
        steps: &[
            "The Steam app on the telephone lets no key out",
            "With a program that keeps Steam Guard on the computer, a file holds it:",
        ],
        ..way(
            "steam",
            "Steam Guard, Steam Desktop Authenticator, steamguard-cli",
            &["steam guard", "steam desktop authenticator", "sda", "steamguard", "steamguard-cli", "mafile", "valve"],
            Out::File,
        )
    },
    way("stratum", "Stratum (Authenticator Pro)", &["authenticator pro", "authpro", "stratum auth"], Out::File),
    Way {
        steps: &[
            "Symantec VIP Access lets no key out: its credential (VSMT…) is made for one device",
            "Where the site takes another authenticator app, enrol that; else keep VIP Access for it",
        ],
        ..way(
            "symantec-vip",
            "Symantec VIP Access",
            &["symantec", "vip access", "vip", "broadcom vip", "verisign"],
            Out::Nothing,
        )
    },
    way("totp-authenticator", "TOTP Authenticator", &["binaryboot"], Out::File),
    way("winauth", "WinAuth", &["win auth"], Out::File),
    Way {
        steps: &[
            "No export exists: a key on a YubiKey never leaves it",
            "Enrol each site again: sign in there by a code of the YubiKey, set up an authenticator app anew. Where the page shows \
             one QR for both, the YubiKey can keep its own: scan it with Yubico Authenticator too",
        ],
        ..way(
            "yubico",
            "Yubico Authenticator (YubiKey)",
            &["yubikey", "yubico authenticator", "yubi key", "yubioath"],
            Out::Nothing,
        )
    },
    Way {
        steps: &[
            "The Authenticator tab, its menu, Transfer accounts, export as a text file",
            "Copy the file here; where its lines are otpauth URIs, they are read: countersign import FILE",
            "An export that is not recognised here: enrol those sites again",
        ],
        ..way("zoho-oneauth", "Zoho OneAuth", &["zoho", "oneauth", "zoho authenticator"], Out::Keys)
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_alphabet_and_each_name_is_once_there() {
        let names: Vec<_> = TABLE.iter().map(|way| way.name).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
        let mut seen = HashSet::new();
        for way in TABLE {
            for word in way.aliases {
                assert!(seen.insert(*word), "{word} means two programs");
                assert_eq!(*word, word.to_lowercase(), "what is typed is compared in lower case");
            }
        }
    }

    #[test]
    fn each_way_leads_somewhere() {
        for way in TABLE {
            let steps = way.formats().map(|format| format.steps().len()).sum::<usize>() + way.steps.len();
            assert!(steps > 0, "{} says nothing", way.name);
            for format in way.formats {
                assert!(named(format).is_some(), "{} names the format {format}, which is not there", way.name);
            }
        }
    }

    #[test]
    fn every_format_is_told_once_and_no_step_twice() {
        let (mut formats, mut steps) = (HashSet::new(), HashSet::new());
        for way in all() {
            for format in way["formats"].as_array().unwrap() {
                assert!(formats.insert(format["format"].as_str().unwrap().to_owned()), "{format}");
            }
            for step in way["steps"].as_array().unwrap() {
                let step = step.as_str().unwrap().to_owned();
                assert!(steps.insert(step.clone()) && !step.ends_with('.'), "{step}");
            }
        }
        let known: HashSet<_> = REGISTRY.iter().map(|format| format.name().to_owned()).collect();
        assert_eq!(formats, known);
    }
}
