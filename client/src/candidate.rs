//! How a QR that was found, or a text that was looked at, is told to a person.
//!
//! What is said of vendors comes from the daemon; here it is only laid out. Issuers and names come out of a QR and are
//! hostile: each field passes [`output::one_line`] before it is written.

use countersign_api::types::{Candidate, Kept};

use crate::{output, time};

/// What can be done with a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// An account, or a part of an export: it can be kept.
    Keepable,
    /// The enrolment of one device: there is nothing to keep, but there may be a way to a QR that can be kept.
    OneTime,
    /// Anything else.
    Other,
}

impl Sort {
    /// Returns what can be done with a candidate, by its class.
    pub(crate) fn of(candidate: &Candidate) -> Self {
        match candidate.class.as_str() {
            "otpauth" | "steam" | "motp" | "yandex" | "bare-secret" | "migration" => Self::Keepable,
            "one-time-activation" | "two-step-otpauth" | "vendor-seed" | "passkey" => Self::OneTime,
            _ => Self::Other,
        }
    }
}

/// Returns all that there is to say of a candidate, in lines no wider than the width.
pub(crate) fn describe(candidate: &Candidate, width: usize) -> String {
    let mut page = Page::of(width);
    match Sort::of(candidate) {
        Sort::Keepable if candidate.class == "migration" => migration(candidate, &mut page),
        Sort::Keepable => account(candidate, &mut page),
        Sort::OneTime | Sort::Other => advice(candidate, &mut page),
    }
    page.text
}

/// Returns what was left out of an export, in lines no wider than the width; told once all of its parts are there.
pub(crate) fn left_out(kept: &Kept, width: usize) -> String {
    let mut page = Page::of(width);
    if kept.missing_parts.is_empty() {
        page.left_out(&kept.skipped);
    }
    page.text
}

/// Returns the candidate in one line without a full stop: what it is, and where it stands.
pub(crate) fn in_short(candidate: &Candidate) -> String {
    let headline = headline(candidate);
    let what = headline.trim_end_matches('.');
    match stands(candidate) {
        place if place.is_empty() => what.to_owned(),
        place => format!("{what} ({})", output::one_line(&place)),
    }
}

/// Returns the candidate in one line, with the reason where it can't be kept, or that it is kept already.
pub(crate) fn with_reason(candidate: &Candidate) -> String {
    let more = match Sort::of(candidate) {
        Sort::Keepable if candidate.known == "kept" => "it is kept already",
        _ => &candidate.reason,
    };
    match more {
        "" => in_short(candidate),
        more => format!("{}: {}", in_short(candidate), output::one_line(more)),
    }
}

/// Returns what it is: issuer and name, or the class in words.
pub(crate) fn headline(candidate: &Candidate) -> String {
    let text = match candidate.class.as_str() {
        "migration" => format!("Part {} of {} of an export of accounts", candidate.part, candidate.parts),
        _ if !candidate.title.is_empty() => candidate.title.clone(),
        "bare-secret" => "A key without a name".into(),
        _ if !candidate.what.is_empty() => candidate.what.clone(),
        _ => "An account without a name".into(),
    };
    output::one_line(&text)
}

fn account(candidate: &Candidate, page: &mut Page) {
    page.text("", &headline(candidate));
    let mut facts = vec![codes(candidate)];
    facts.push(stands(candidate));
    facts.retain(|fact| !fact.is_empty());
    page.text("  ", &facts.join("; "));
    if !candidate.look_alike.is_empty() {
        let known = &candidate.look_alike;
        page.text(
            "  ",
            &format!("Careful: this looks like {known}, and is not. Keep it only if you know who made it."),
        );
    }
    for note in &candidate.notes {
        page.item("  ", "-", note);
    }
    match candidate.known.as_str() {
        "kept" => page.text("  ", "It is kept already, with the same secret."),
        "other-secret" => page.text("  ", "An account of this name is there already, with another secret."),
        _ => {}
    }
}

fn migration(candidate: &Candidate, page: &mut Page) {
    page.text("", &headline(candidate));
    page.text("  ", &stands(candidate));
    for title in &candidate.accounts {
        page.item("  ", "-", title);
    }
    page.left_out(&candidate.skipped);
    for note in &candidate.notes {
        page.item("  ", "-", note);
    }
    if !candidate.missing_parts.is_empty() {
        page.text("  ", &format!("Missing: {}", parts(&candidate.missing_parts)));
    }
}

/// What it is, why it can't be kept, the clicks to one that can, whom to ask; what the daemon leaves out is left out.
fn advice(candidate: &Candidate, page: &mut Page) {
    page.text("", &headline(candidate));
    let place = stands(candidate);
    page.text("  ", &place);
    page.paragraph(&candidate.reason);
    if !candidate.steps.is_empty() {
        page.paragraph("To get a QR that can be kept:");
        for (number, step) in candidate.steps.iter().enumerate() {
            page.item("  ", &format!("{}.", number + 1), step);
        }
    }
    if !candidate.page.is_empty() && !candidate.steps.iter().any(|step| step.contains(&candidate.page)) {
        page.paragraph("The page where that begins:");
        page.text("  ", &candidate.page);
    }
    if !candidate.missing.is_empty() {
        page.paragraph("Otherwise:");
        for way in &candidate.missing {
            page.item("  ", "-", way);
        }
    }
    for note in &candidate.notes {
        page.paragraph(note);
    }
    page.paragraph(&candidate.unspent);
    let left = candidate.expires.saturating_sub(time::now());
    if candidate.expires > 0 {
        let text = match left {
            0 => "It has expired.".into(),
            1..120 => format!("It expires in {left} seconds."),
            _ => format!("It expires in {} minutes.", left / 60),
        };
        page.paragraph(&text);
    }
}

/// Returns how its codes look.
fn codes(candidate: &Candidate) -> String {
    let digits = candidate.digits;
    match candidate.kind.as_str() {
        "" => String::new(),
        "hotp" => format!("{digits} digits, each code by a counter"),
        "steam" => "Steam: 5 characters, new every 30 seconds".into(),
        "yandex" => format!("Yandex: {digits} letters, needs its PIN"),
        "motp" => format!("mOTP: {digits} characters, needs its PIN"),
        _ => format!("{digits} digits, new every {} seconds", candidate.period),
    }
}

/// Returns where it was found, or nothing for a text.
fn stands(candidate: &Candidate) -> String {
    let (place, screen) = (&candidate.place, &candidate.screen);
    match candidate.origin.as_str() {
        "screen" if place.is_empty() => "on the screen".into(),
        "screen" if !candidate.side.is_empty() => format!("on the {} monitor ({screen}), {place}", candidate.side),
        // A display without names for its screens says so.
        "screen" if screen.is_empty() || screen == "screen" => format!("on the screen, {place}"),
        "screen" => format!("on the screen {screen}, {place}"),
        "image" if screen.is_empty() => format!("in the picture, {}", in_picture(candidate)),
        "image" => format!("in {screen}, {}", in_picture(candidate)),
        "clipboard" => "in the clipboard".into(),
        "camera" => "before the camera".into(),
        "inbox" => "scanned earlier, sealed until now".into(),
        _ => String::new(),
    }
}

fn in_picture(candidate: &Candidate) -> String {
    match candidate.place.as_str() {
        "" => format!("at {},{}", candidate.x, candidate.y),
        place => place.to_owned(),
    }
}

/// Returns part numbers in words: `part 2`, `parts 1, 3`.
pub(crate) fn parts(numbers: &[u32]) -> String {
    let list: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    format!("part{} {}", if list.len() == 1 { "" } else { "s" }, list.join(", "))
}

/// Text that is being laid out.
pub(crate) struct Page {
    width: usize,
    text: String,
}

impl Page {
    /// Returns an empty page of this width.
    pub(crate) fn of(width: usize) -> Self {
        Self { width, text: String::new() }
    }

    /// Returns what was laid out.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// Adds a text with this in front of each line; an empty one adds nothing.
    pub(crate) fn text(&mut self, indent: &str, text: &str) {
        if !text.is_empty() {
            self.text.push_str(&output::wrap(&output::one_line(text), self.width, indent));
        }
    }

    /// Adds a text after an empty line; an empty one adds nothing.
    fn paragraph(&mut self, text: &str) {
        if !text.is_empty() {
            self.text.push('\n');
            self.text("", text);
        }
    }

    /// Adds what was left out of an export, and why.
    fn left_out(&mut self, skipped: &[String]) {
        if !skipped.is_empty() {
            self.text("  ", "Left out:");
            for skipped in skipped {
                self.item("  ", "-", skipped);
            }
        }
    }

    /// Adds a text with a mark at its first line, the others standing below it.
    pub(crate) fn item(&mut self, indent: &str, mark: &str, text: &str) {
        let hang = " ".repeat(indent.len() + mark.len() + 1);
        let lines = output::wrap(&output::one_line(text), self.width, &hang);
        let rest = lines.get(hang.len()..).unwrap_or("\n");
        self.text.extend([indent, mark, " ", rest]);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    pub(crate) fn account() -> Candidate {
        Candidate {
            id: "0".repeat(32),
            class: "otpauth".into(),
            origin: "screen".into(),
            screen: "HDMI-1".into(),
            place: "top left".into(),
            issuer: "Microsoft".into(),
            name: "alice@contoso.example".into(),
            title: "Microsoft – alice@contoso.example".into(),
            kind: "totp".into(),
            digits: 6,
            period: 30,
            known: "new".into(),
            ..Candidate::default()
        }
    }

    pub(crate) fn activation() -> Candidate {
        Candidate {
            class: "one-time-activation".into(),
            vendor: "microsoft-work".into(),
            advice: "microsoft-work".into(),
            origin: "screen".into(),
            place: "middle".into(),
            what: "A one-time activation of Microsoft Authenticator".into(),
            reason: "It holds no secret: the first phone that opens it uses it up.".into(),
            steps: vec!["Press Back.".into(), "Choose \"I want to use a different authenticator app\".".into()],
            page: "https://mysignins.microsoft.com/security-info".into(),
            missing: vec![
                "Ask IT to allow Third-party software OATH tokens.".into(),
                "Or enrol each device apart.".into(),
            ],
            unspent: "countersign has not spent this QR: the phone may still use it.".into(),
            ..Candidate::default()
        }
    }

    #[test]
    fn an_account_is_told_with_its_place() {
        let text = describe(&account(), 80);
        assert_eq!(
            text,
            "Microsoft – alice@contoso.example\n  6 digits, new every 30 seconds; on the screen HDMI-1, top left\n"
        );
    }

    #[test]
    fn of_several_screens_it_is_told_which_as_a_person_sees_it() {
        let text = in_short(&Candidate { side: "left".into(), ..account() });
        assert!(text.ends_with("(on the left monitor (HDMI-1), top left)"), "{text}");
    }

    #[test]
    fn what_is_odd_and_what_is_there_already_is_told() {
        let candidate = Candidate {
            look_alike: "Microsoft".into(),
            notes: vec!["the label says Contoso".into()],
            known: "other-secret".into(),
            ..account()
        };
        let text = describe(&candidate, 200);
        assert!(text.contains("\n  Careful: this looks like Microsoft, and is not."), "{text}");
        assert!(text.contains("\n  - the label says Contoso\n"), "{text}");
        assert!(text.ends_with("already, with another secret.\n"), "{text}");
    }

    #[test]
    fn an_activation_is_explained_in_order() {
        let text = describe(&activation(), 80);
        let order = [
            "A one-time activation",
            "holds no secret",
            "  1. Press Back.",
            "  2. Choose",
            "https://mysignins.microsoft.com/security-info",
            "  - Ask IT",
            "  - Or enrol",
            "has not spent",
        ];
        let places: Vec<usize> =
            order.iter().map(|part| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"))).collect();
        assert!(places.is_sorted(), "{text}");
    }

    #[test]
    fn twenty_columns_are_enough() {
        for candidate in [account(), activation()] {
            for line in describe(&candidate, 20).lines() {
                assert!(line.width() <= 20, "{line}");
            }
        }
    }

    #[test]
    fn a_part_says_what_is_missing() {
        let candidate = Candidate {
            class: "migration".into(),
            part: 2,
            parts: 3,
            accounts: vec!["GitHub – octo".into()],
            skipped: vec!["x: MD5 is not known".into()],
            missing_parts: vec![1, 3],
            ..Candidate::default()
        };
        let text = describe(&candidate, 80);
        assert!(text.starts_with("Part 2 of 3 of an export of accounts\n  - GitHub – octo\n  Left out:\n"), "{text}");
        assert!(text.ends_with("  Missing: parts 1, 3\n"), "{text}");
    }

    #[test]
    fn what_is_left_out_is_told_when_all_is_there() {
        let kept = Kept { skipped: vec!["a: MD5".into(), "b: MD5".into()], ..Kept::default() };
        assert_eq!(left_out(&kept, 80), "  Left out:\n  - a: MD5\n  - b: MD5\n");
        assert_eq!(left_out(&Kept { missing_parts: vec![1], ..kept }, 80), "");
    }

    #[test]
    fn no_field_steers_the_terminal() {
        let hostile = "a\x1b]0;x\x07\u{202e}\nb";
        let mut candidate = activation();
        for field in [&mut candidate.what, &mut candidate.reason, &mut candidate.place, &mut candidate.page] {
            *field = hostile.into();
        }
        candidate.steps = vec![hostile.into()];
        let keepable = Candidate { title: hostile.into(), notes: vec![hostile.into()], ..account() };
        for candidate in [candidate, keepable] {
            for text in [describe(&candidate, 80), in_short(&candidate)] {
                let steered = text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}');
                assert!(!steered, "{text:?}");
                assert!(text.lines().all(|line| line != "b"), "{text:?}");
            }
        }
    }

    #[test]
    fn classes_are_told_apart() {
        let sort = |class: &str| Sort::of(&Candidate { class: class.into(), ..Candidate::default() });
        for class in ["otpauth", "steam", "motp", "yandex", "bare-secret", "migration"] {
            assert_eq!(sort(class), Sort::Keepable, "{class}");
        }
        for class in ["one-time-activation", "two-step-otpauth", "vendor-seed", "passkey"] {
            assert_eq!(sort(class), Sort::OneTime, "{class}");
        }
        for class in ["vendor-login", "wifi", "url", "other", "of-a-later-daemon"] {
            assert_eq!(sort(class), Sort::Other, "{class}");
        }
    }
}
