//! What became of what was to be kept, told to a person: the outcome, the first code, what to know from now on.

use countersign_api::types::{CodeDetails, Kept};

use crate::{candidate::parts, codes::in_groups, output};

/// Returns the outcome in a sentence or two.
pub(crate) fn outcome(kept: &Kept) -> String {
    let what = match kept.titles.as_slice() {
        [] => "it".to_owned(),
        [one] => output::one_line(one),
        several => format!("{} accounts", several.len()),
    };
    match kept.outcome.as_str() {
        "kept" => format!("Kept {what}"),
        "kept-both" => {
            format!("Kept {what}. One of that name was there with another secret: both are kept.")
        }
        "replaced" => format!("Replaced {what}. The old secret stays in the history for 30 days: countersign undo"),
        "already-kept" if kept.titles.len() > 1 => format!("The {what} are kept already, with the same secrets."),
        "already-kept" => format!("{what} is kept already, with the same secret."),
        "waiting" if !kept.missing_parts.is_empty() => {
            let missing = parts(&kept.missing_parts);
            format!("Sealed until the rest is there. Of {} parts, missing: {missing}.", kept.parts)
        }
        "waiting" => SEALED.into(),
        other => format!("{}: {what}", output::one_line(other)),
    }
}

/// Returns the line with the first code: `123 456 — 24 s left. Type this on the page to finish.`
pub(crate) fn code_line(code: &str, details: &CodeDetails, now: u64, finish: bool) -> String {
    let left = match details.expires {
        0 => String::new(),
        expires => format!(" — {} s left", expires.saturating_sub(now)),
    };
    let finish = if finish { ". Type this on the page to finish." } else { "" };
    format!("{}{left}{finish}", *in_groups(code))
}

/// What became of a QR that was found while the vault is locked.
pub(crate) const SEALED: &str = "Nothing is lost: it is sealed, and offered when you unlock: countersign unlock.";

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(outcome: &str, titles: &[&str]) -> Kept {
        let titles = titles.iter().map(|title| (*title).to_owned()).collect();
        Kept { outcome: outcome.into(), titles, ..Kept::default() }
    }

    #[test]
    fn each_outcome_has_its_sentence() {
        let one = ["GitHub – octo"];
        assert_eq!(outcome(&kept("kept", &one)), "Kept GitHub – octo");
        assert_eq!(outcome(&kept("kept", &["a", "b"])), "Kept 2 accounts");
        assert!(outcome(&kept("kept-both", &one)).ends_with("both are kept."));
        assert!(outcome(&kept("replaced", &one)).contains("30 days"));
        assert!(outcome(&kept("already-kept", &one)).contains("already"));
        // A part that came from a pipe was told to be one of 0.
        let waiting = Kept { parts: 3, missing_parts: vec![1, 3], ..kept("waiting", &[]) };
        assert!(outcome(&waiting).ends_with("Of 3 parts, missing: parts 1, 3."));
        assert!(outcome(&kept("waiting", &[])).contains("sealed"));
    }

    #[test]
    fn the_first_code_says_how_long_it_lives() {
        let details = CodeDetails { expires: 1024, period: 30, account: String::new() };
        assert_eq!(code_line("123456", &details, 1000, true), "123 456 — 24 s left. Type this on the page to finish.");
        assert_eq!(code_line("123456", &details, 1000, false), "123 456 — 24 s left");
        assert_eq!(code_line("123456", &CodeDetails::default(), 1000, false), "123 456");
    }
}
