//! What a person needs to hand an account over to another device: in short after it was kept, the rest beside its QR.
//!
//! Pure: from what is known of an account to sentences. Which apps make other codes than the site expects is said before
//! the person finds out at a sign-in.

use clap::ValueEnum;
use countersign_api::types::AccountInfo;

/// What the other device may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum App {
    /// Google Authenticator
    GoogleAuthenticator,
    /// Microsoft Authenticator
    MicrosoftAuthenticator,
    /// Aegis
    Aegis,
    /// Another countersign
    Countersign,
}

impl App {
    /// Returns its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GoogleAuthenticator => "Google Authenticator",
            Self::MicrosoftAuthenticator => "Microsoft Authenticator",
            Self::Aegis => "Aegis",
            Self::Countersign => "countersign on the other computer",
        }
    }

    /// Returns the taps that read the QR of one account.
    pub(crate) fn taps(self) -> [&'static str; 3] {
        match self {
            Self::GoogleAuthenticator => ["Tap +, then “Scan a QR code”.", POINT, COMPARE],
            Self::MicrosoftAuthenticator => [
                "Tap +, then “Other account (Google, Facebook, etc.)”: not “Work or school account” and not \
                 “Personal account”, which want a one-time QR of Microsoft's own.",
                POINT,
                COMPARE,
            ],
            Self::Aegis => ["Tap +, then “Scan QR code”.", POINT, COMPARE],
            Self::Countersign => [
                "If it has a camera, there: countersign scan --camera, and hold this QR to it.",
                "Else a picture: countersign qr NAME --png FILE here, carry it over (scp, a USB stick), there: countersign \
                 scan --image FILE. Then remove it on both, for it holds the secret.",
                COMPARE,
            ],
        }
    }

    /// Returns the taps that read an export; `None` where the app reads none.
    pub(crate) fn taps_for_export(self) -> Option<[&'static str; 3]> {
        Some(match self {
            Self::GoogleAuthenticator => [
                "Open the menu (☰ or ⋮), then “Transfer accounts”, “Import accounts”, “Scan QR code”. Not the +: on an \
                 iPhone it takes the first part only.",
                PARTS,
                COMPARE,
            ],
            Self::MicrosoftAuthenticator => return None,
            Self::Aegis => ["Tap +, then “Scan QR code”.", PARTS, COMPARE],
            Self::Countersign => [
                "If it has a camera, there: countersign scan --camera, and hold one part after the other to it.",
                "Else pictures: countersign qr NAMES --migration --png FILE here, carry them over (scp, a USB stick), there: \
                 countersign scan --image FILES, in any order. Then remove them on both.",
                COMPARE,
            ],
        })
    }

    /// Returns what this app can't do with the account, or may do wrongly; nothing where all is well.
    pub(crate) fn doubts(self, account: &AccountInfo) -> Option<String> {
        let odd = oddities(account);
        let title = &account.title;
        match (self, account.kind.as_str()) {
            // They make every kind of code.
            (Self::Countersign | Self::Aegis, _) => None,
            (_, kind @ ("steam" | "motp" | "yandex")) => {
                Some(format!("{title}: {} makes no {} codes; Aegis does.", self.name(), kind_name(kind)))
            }
            (Self::MicrosoftAuthenticator, "hotp") => {
                Some(format!("{title}: {} makes no codes by a counter.", self.name()))
            }
            _ if odd.is_empty() => None,
            (Self::MicrosoftAuthenticator, _) => Some(format!(
                "{title}: {} makes wrong codes of it without a word, for it needs {odd}. Take Aegis.",
                self.name()
            )),
            (Self::GoogleAuthenticator, _) => Some(format!(
                "{title}: it needs {odd}, which some versions of {} pass over without a word. Compare before you rely on it.",
                self.name()
            )),
        }
    }
}

/// Returns what is not as usual: `SHA256 and codes of 60 seconds`; nothing where all is.
fn oddities(account: &AccountInfo) -> String {
    let mut odd = Vec::new();
    if !matches!(account.algorithm.as_str(), "" | "SHA1") {
        odd.push(account.algorithm.clone());
    }
    if account.digits != 6 {
        odd.push(format!("codes of {} digits", account.digits));
    }
    if account.kind == "totp" && account.period != 30 {
        odd.push(format!("codes of {} seconds", account.period));
    }
    odd.join(" and ")
}

fn kind_name(kind: &str) -> &'static str {
    match kind {
        "steam" => "Steam",
        "motp" => "mOTP",
        _ => "Yandex",
    }
}

/// Returns what holds for the account on every device, whatever the app, the most needed first.
pub(crate) fn to_know(account: &AccountInfo) -> Vec<String> {
    let mut lines = Vec::new();
    if is_microsoft(&account.issuer) {
        lines.extend(microsoft(account).map(str::to_owned));
    }
    lines.extend(counters(account));
    match account.kind.as_str() {
        kind @ ("steam" | "motp" | "yandex") => lines.push(format!(
            "Aegis and countersign make {} codes; Google Authenticator and Microsoft Authenticator do not.",
            kind_name(kind)
        )),
        "totp" | "hotp" if !oddities(account).is_empty() => lines.push(format!(
            "It needs {}: Microsoft Authenticator and some versions of Google Authenticator make wrong codes of it.",
            oddities(account)
        )),
        _ => {}
    }
    lines
}

/// Returns what to do after an account was kept: the next device first, and where the rest stands.
pub(crate) fn after_keeping(account: &AccountInfo) -> String {
    let name = word_for(account);
    let mut lines = vec![format!("The next device: countersign qr {name}. {ONE_SECRET}")];
    lines.extend(to_know(account));
    lines.push(format!("Where to tap in which app: countersign qr {name} --for {APPS}"));
    lines.join("\n")
}

/// Returns what to know of accounts whose QR was shown.
pub(crate) fn after_showing(accounts: &[AccountInfo]) -> Vec<String> {
    let mut lines = vec![ONE_SECRET.to_owned()];
    for line in accounts.iter().flat_map(to_know) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// Returns what stands below a QR in a window: what to do with it, and what to know of it.
pub(crate) fn notes(account: &AccountInfo, app: Option<App>) -> Vec<String> {
    let scan = match app {
        Some(app) => numbered(&app.taps()),
        None if is_microsoft(&account.issuer) => SCAN_MICROSOFT.into(),
        None => SCAN.into(),
    };
    let doubts = app.and_then(|app| app.doubts(account));
    [scan, ONE_SECRET.to_owned()].into_iter().chain(counters(account)).chain(doubts).collect()
}

/// Returns steps in one line, each with its number.
pub(crate) fn numbered(steps: &[&str]) -> String {
    (1..).zip(steps).map(|(number, step)| format!("{number}. {step}")).collect::<Vec<_>>().join(" ")
}

/// Returns the warning that counters part ways.
pub(crate) fn counters(account: &AccountInfo) -> Option<String> {
    (account.kind == "hotp").then(|| COUNTERS.to_owned())
}

/// Whom a Microsoft account is with, as far as its QR tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Microsoft {
    Work,
    Personal,
    Unknown,
}

impl Microsoft {
    /// A work account's QR has its organisation before the colon of the label, a personal one's Microsoft itself.
    fn of(account: &AccountInfo) -> Self {
        let domain = account.name.rsplit_once('@').map_or("", |(_, domain)| domain).to_ascii_lowercase();
        let personal = ["outlook", "hotmail", "live", "msn"].iter().any(|own| {
            domain.strip_prefix(own).is_some_and(|rest| rest.starts_with('.')) && domain.matches('.').count() <= 2
        });
        match (account.prefix.is_empty(), domain.ends_with(".onmicrosoft.com")) {
            (false, _) | (_, true) => Self::Work,
            _ if personal => Self::Personal,
            _ => Self::Unknown,
        }
    }
}

/// Says what an account with Microsoft needs: how it counts, how it becomes the default, and what it can't do.
fn microsoft(account: &AccountInfo) -> [&'static str; 3] {
    let (counts, default) = match Microsoft::of(account) {
        Microsoft::Work => (COUNTS_WORK, DEFAULT_WORK),
        Microsoft::Personal => (COUNTS_PERSONAL, DEFAULT_PERSONAL),
        Microsoft::Unknown => (COUNTS_UNKNOWN, DEFAULT_UNKNOWN),
    };
    [counts, default, PUSH]
}

/// Whether an account of this issuer is one of Microsoft's.
pub(crate) fn is_microsoft(issuer: &str) -> bool {
    issuer.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("microsoft"))
}

/// Returns a word by which a shell finds the account, or a stand-in where its issuer makes none.
fn word_for(account: &AccountInfo) -> String {
    let word = account.issuer.split_whitespace().next().unwrap_or_default();
    if !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric()) {
        word.to_ascii_lowercase()
    } else {
        "NAME".into()
    }
}

/// What to know of a QR that several devices have.
pub(crate) const ONE_SECRET: &str =
    "All devices share one secret: if one is lost, remove the method on the security page and enrol anew.";

const POINT: &str = "Point the camera at the QR code.";
const PARTS: &str = "Point the camera at part 1, then at the next, until it has read all.";
const COMPARE: &str = "Compare: it shows the same code as countersign code NAME.";

const COUNTERS: &str = "Its codes follow a counter, and each device counts on by itself: whichever lags behind is refused. Use \
                        it on one device at a time, or enrol each device apart.";

const COUNTS_WORK: &str =
    "Microsoft counts it once among the five authenticators that it allows, however many devices have it.";
const COUNTS_PERSONAL: &str = "Microsoft counts it as one way to sign in, however many devices have it.";
const COUNTS_UNKNOWN: &str =
    "Microsoft counts it once, however many devices have it (five authenticators are allowed with a work account).";

const DEFAULT_WORK: &str = "As the default: https://mysignins.microsoft.com/security-info → Default sign-in method → Change → \
                            authenticator app, code. Where there is no Change, your organisation chooses.";
const DEFAULT_PERSONAL: &str = "There is no default to set. Its ways to sign in stand at \
                                https://account.live.com/proofs/manage/additional";
const DEFAULT_UNKNOWN: &str = "As the default, with a work account: https://mysignins.microsoft.com/security-info → Default \
                               sign-in method → Change. A personal account (https://account.live.com/proofs/manage/additional) \
                               has no default.";

const PUSH: &str = "Push approval stays with the old app. At sign-in choose: another way → verification code.";

const SCAN: &str = "Scan it with the other device's authenticator.";
const SCAN_MICROSOFT: &str = "Scan it with the other device's authenticator; in Microsoft Authenticator, add an account of the kind “Other account”.";

/// The values of `--for`.
const APPS: &str = "microsoft-authenticator, google-authenticator, aegis or countersign";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output;
    use unicode_width::UnicodeWidthStr;

    fn totp(issuer: &str, name: &str) -> AccountInfo {
        let title = format!("{issuer} – {name}");
        let (kind, algorithm) = ("totp".into(), "SHA1".into());
        AccountInfo {
            issuer: issuer.into(),
            name: name.into(),
            title,
            kind,
            algorithm,
            digits: 6,
            period: 30,
            ..AccountInfo::default()
        }
    }

    #[test]
    fn the_kind_of_a_microsoft_account_is_told_by_what_its_qr_says() {
        let tenant = AccountInfo { prefix: "Contoso".into(), ..totp("Microsoft", "al@contoso.example") };
        assert_eq!(Microsoft::of(&tenant), Microsoft::Work);
        for (name, kind) in [
            ("al@contoso.onmicrosoft.com", Microsoft::Work),
            ("al@outlook.com", Microsoft::Personal),
            ("al@HOTMAIL.co.uk", Microsoft::Personal),
            ("al@live.de", Microsoft::Personal),
            ("al@live.contoso.example.org", Microsoft::Unknown),
            ("al@livery.example", Microsoft::Unknown),
            ("al@contoso.example", Microsoft::Unknown),
            ("al", Microsoft::Unknown),
        ] {
            assert_eq!(Microsoft::of(&totp("Microsoft", name)), kind, "{name}");
        }
    }

    #[test]
    fn each_kind_is_told_its_own_page_and_an_unknown_one_both() {
        let (work, personal) =
            ("https://mysignins.microsoft.com/security-info", "https://account.live.com/proofs/manage/additional");
        for (name, has_work, has_personal) in
            [("a@b.onmicrosoft.com", true, false), ("a@outlook.com", false, true), ("a@b.c", true, true)]
        {
            let told = after_keeping(&totp("Microsoft", name));
            assert_eq!((told.contains(work), told.contains(personal)), (has_work, has_personal), "{told}");
            assert_eq!(told.contains("five"), has_work, "{told}");
            for word in ["once", "Push approval stays", "verification code", "one secret"] {
                assert!(told.contains(word) || (word == "once" && !has_work), "{word}: {told}");
            }
        }
        assert!(!after_keeping(&totp("GitHub", "a")).contains("Push"));
    }

    #[test]
    fn the_next_step_comes_first_and_the_rest_is_short() {
        let told = after_keeping(&totp("Microsoft", "a@b.c"));
        assert!(told.starts_with("The next device: countersign qr microsoft. "), "{told}");
        let lines = output::wrap(&told, 80, "");
        assert!(lines.lines().count() <= 12 && lines.lines().all(|line| line.width() <= 80), "{lines}");
        assert!(after_keeping(&totp("Ä & Sons", "a")).starts_with("The next device: countersign qr NAME. "));
        assert!(output::wrap(&after_keeping(&totp("GitHub", "a")), 80, "").lines().count() <= 4);
    }

    #[test]
    fn every_app_has_its_taps() {
        for app in App::value_variants() {
            assert!(app.taps().last().unwrap().contains("same code"));
        }
        assert!(App::MicrosoftAuthenticator.taps()[0].contains("Other account"));
        assert!(App::MicrosoftAuthenticator.taps_for_export().is_none());
        assert!(App::GoogleAuthenticator.taps_for_export().unwrap()[0].contains("Import accounts"));
        for app in App::value_variants() {
            let value = app.to_possible_value().unwrap();
            assert!(APPS.contains(value.get_name()), "{value:?}");
        }
    }

    #[test]
    fn an_app_that_would_make_other_codes_is_told_of() {
        use App::*;
        let usual = totp("A", "a");
        let with = |change: fn(&mut AccountInfo)| {
            let mut account = totp("A", "a");
            change(&mut account);
            account
        };
        let rows = [
            (with(|a| a.algorithm = "SHA256".into()), "SHA256"),
            (with(|a| a.period = 60), "60 seconds"),
            (with(|a| a.digits = 8), "8 digits"),
            (with(|a| a.kind = "steam".into()), "Steam"),
            (with(|a| a.kind = "motp".into()), "mOTP"),
            (with(|a| a.kind = "yandex".into()), "Yandex"),
        ];
        for app in [GoogleAuthenticator, MicrosoftAuthenticator, Aegis, Countersign] {
            assert_eq!(app.doubts(&usual), None);
            for (account, word) in &rows {
                let told = app.doubts(account);
                let expected = matches!(app, GoogleAuthenticator | MicrosoftAuthenticator);
                assert_eq!(told.as_ref().is_some_and(|told| told.contains(word)), expected, "{app:?} {word}: {told:?}");
                assert!(to_know(account).iter().any(|line| line.contains(word)), "{word}");
            }
        }
        assert!(to_know(&usual).is_empty());
    }

    #[test]
    fn counters_part_ways() {
        let hotp = AccountInfo { kind: "hotp".into(), period: 0, ..totp("A", "a") };
        for told in
            [after_keeping(&hotp), after_showing(std::slice::from_ref(&hotp)).join("\n"), notes(&hotp, None).join("\n")]
        {
            assert!(told.contains("counter"), "{told}");
        }
        assert_eq!(App::GoogleAuthenticator.doubts(&hotp), None);
        assert!(App::MicrosoftAuthenticator.doubts(&hotp).is_some());
    }

    #[test]
    fn what_holds_for_several_is_said_once() {
        let told = after_showing(&[totp("Microsoft", "a@b.c"), totp("Microsoft", "d@e.f"), totp("GitHub", "a")]);
        assert_eq!(told.iter().filter(|line| line.contains("Push")).count(), 1, "{told:?}");
    }

    #[test]
    fn microsoft_is_recognised_by_its_name() {
        for name in ["Microsoft", "MICROSOFT", "Microsoft Azure"] {
            assert!(is_microsoft(name), "{name}");
        }
        for name in ["", "Micro", "GitHub", "Ärmicrosoft"] {
            assert!(!is_microsoft(name), "{name}");
        }
    }

    /// The window takes four notes at the most, of 500 characters.
    #[test]
    fn a_window_has_room_for_the_notes() {
        let odd = AccountInfo { kind: "hotp".into(), digits: 8, title: "x".repeat(60), ..totp("Microsoft", "a@b.c") };
        for app in App::value_variants() {
            let notes = notes(&odd, Some(*app));
            assert!(notes.len() <= 4 && notes.iter().all(|note| note.chars().count() <= 500), "{notes:?}");
        }
    }
}
