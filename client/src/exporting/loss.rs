//! What a format can't hold: found by comparing each account with what `countersign-import` says would become of it.
//!
//! So nothing is dropped that nobody thought of: whatever differs is told.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::{
    candidate::Page,
    error::{Error, exit},
    output,
};

/// What of the accounts goes into the file.
#[derive(Debug, Default)]
pub(crate) struct Fitting {
    /// The accounts as the file will hold them.
    pub(crate) held: Vec<Value>,
    /// The accounts that it can't hold at all.
    pub(crate) left_out: Vec<LeftOut>,
    /// What it can't hold of those that it holds.
    pub(crate) lost: Vec<Lost>,
}

/// An account that a format can't hold.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LeftOut {
    /// Its title.
    pub(crate) account: String,
    /// Why.
    pub(crate) reason: String,
}

/// What a format can't hold of an account.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Lost {
    /// Its title.
    pub(crate) account: String,
    /// The members that go missing or change, as FORMAT.md names them.
    pub(crate) parts: Vec<String>,
}

impl Fitting {
    /// Takes what becomes of an account.
    ///
    /// # Errors
    /// Where its codes would be others: that is a fault of the worker, and not to be agreed to.
    pub(crate) fn take(&mut self, account: &Value, becomes: Result<Value, String>) -> Result<(), Error> {
        let title = title(account);
        match becomes {
            Err(reason) => self.left_out.push(LeftOut { account: title, reason }),
            Ok(held) => {
                let parts = differing(account, &held);
                if parts.iter().any(|part| CODES.contains(&part.as_str())) {
                    output::say(&format!("countersign: {title}: its codes would be others; nothing was written"));
                    return Err(Error::Said(exit::FAILURE));
                }
                if !parts.is_empty() {
                    self.lost.push(Lost { account: title, parts });
                }
                self.held.push(held);
            }
        }
        Ok(())
    }

    /// Whether something is left out.
    pub(crate) fn loses(&self) -> bool {
        !self.left_out.is_empty() || !self.lost.is_empty()
    }

    /// Says what to mind of codes that follow a counter, of which another program has one of its own from now on.
    pub(crate) fn counters(&self) -> Option<String> {
        let titles: Vec<String> = self.held.iter().filter(|held| held["type"] == "hotp").map(title).collect();
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        let what = output::count(titles.len(), "account makes codes", "accounts make codes");
        let rest =
            "Each app counts on by itself, and the one that lags behind is refused: take these codes in one app only.";
        (!titles.is_empty()).then(|| format!("{what} by a counter: {}. {rest}", listed(&titles)))
    }

    /// Says what is left out.
    pub(crate) fn told(&self, format: &str, width: usize) -> String {
        let mut page = Page::of(width);
        if !self.loses() {
            return page.into_text();
        }
        page.text("", &format!("Not all of it goes into that file ({format}):"));
        for left in &self.left_out {
            page.item("  ", "-", &format!("{} is left out: {}", left.account, left.reason));
        }
        let parts: BTreeSet<&String> = self.lost.iter().flat_map(|lost| &lost.parts).collect();
        for part in parts {
            let of = |lost: &&Lost| lost.parts.contains(part);
            let titles: Vec<&str> = self.lost.iter().filter(of).map(|lost| lost.account.as_str()).collect();
            // One that is not thought of here is told by its own name.
            let words = PARTS.iter().find(|(name, _)| name == part).map_or(part.as_str(), |(_, words)| words);
            page.item("  ", "-", &format!("{words} of {}", listed(&titles)));
        }
        page.into_text()
    }
}

/// Returns the title of an account: its issuer and name, on one line.
pub(crate) fn title(account: &Value) -> String {
    let text = |name: &str| account[name].as_str().unwrap_or_default();
    let issuer = match (text("issuer"), text("prefix")) {
        (issuer, "") => issuer.to_owned(),
        ("", prefix) => prefix.to_owned(),
        (issuer, prefix) => format!("{issuer} ({prefix})"),
    };
    let title = match (issuer.as_str(), text("name")) {
        ("", "") => "(unnamed)".to_owned(),
        ("", name) => name.to_owned(),
        (issuer, "") => issuer.to_owned(),
        (issuer, name) => format!("{issuer} – {name}"),
    };
    output::one_line(&title)
}

/// Returns the members that differ. How often codes were used is nothing that a person misses.
fn differing(account: &Value, held: &Value) -> Vec<String> {
    let names = account.as_object().into_iter().chain(held.as_object()).flat_map(|object| object.keys());
    let mut parts: Vec<String> =
        names.filter(|name| *name != "uses" && account[*name] != held[*name]).cloned().collect();
    parts.sort();
    parts.dedup();
    parts
}

/// Returns titles in a row: so many that nobody reads them all are counted.
fn listed(titles: &[&str]) -> String {
    match titles.len() {
        0..=MOST => titles.join(", "),
        count if count == MOST + 1 => format!("{} and 1 other", titles[..MOST].join(", ")),
        count => format!("{} and {} others", titles[..MOST].join(", "), count - MOST),
    }
}

/// Members that make the codes.
const CODES: [&str; 6] = ["type", "secret", "algorithm", "digits", "period", "counter"];

/// All other members, as they are told.
const PARTS: [(&str, &str); 9] = [
    ("pin", "The PIN"),
    ("pin_length", "The length of the PIN"),
    ("issuer", "The issuer as it is written here"),
    ("name", "The name as it is written here"),
    ("prefix", "What stood before the name"),
    ("note", "The note"),
    ("tags", "Some of the labels"),
    ("pinned", "The place at the head of lists"),
    ("trashed", "That it lay in the trash,"),
];
const MOST: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whatever_differs_is_told() {
        let account = json!({"type": "totp", "secret": "A", "issuer": "Git", "name": "al", "note": "n", "uses": 9,
            "tags": ["a", "b"], "pinned": true});
        let held = json!({"type": "totp", "secret": "A", "issuer": "Git", "name": "al", "tags": ["a"]});
        let mut fitting = Fitting::default();
        fitting.take(&account, Ok(held.clone())).unwrap();
        fitting.take(&json!({"type": "motp", "name": "bob"}), Err("no".into())).unwrap();
        assert_eq!(fitting.held, [held]);
        assert_eq!(
            fitting.lost,
            [Lost { account: "Git – al".into(), parts: ["note", "pinned", "tags"].map(str::to_owned).to_vec() }]
        );
        let text = fitting.told("2fas", 80);
        for line in ["- bob is left out: no", "- The note of Git – al", "- Some of the labels of Git – al"] {
            assert!(text.contains(line), "{text}");
        }
    }

    #[test]
    fn nothing_is_said_where_nothing_is_lost() {
        let mut fitting = Fitting::default();
        fitting.take(&json!({"name": "a", "uses": 3}), Ok(json!({"name": "a"}))).unwrap();
        assert!(!fitting.loses() && fitting.told("x", 80).is_empty());
    }

    #[test]
    fn counters_are_told_of_what_the_file_holds() {
        let of = |held: Value| Fitting { held: vec![held], ..Fitting::default() }.counters();
        let told = of(json!({"type": "hotp", "issuer": "Bank"})).unwrap();
        assert!(told.starts_with("1 account makes codes by a counter: Bank. Each app"), "{told}");
        assert_eq!(of(json!({"type": "totp", "issuer": "Bank"})), None);
    }

    #[test]
    fn other_codes_are_refused() {
        for member in CODES {
            let (account, held) = (json!({member: 1}), json!({member: 2}));
            assert!(Fitting::default().take(&account, Ok(held)).is_err(), "{member}");
        }
    }

    #[test]
    fn every_member_of_an_export_has_its_words() {
        let schema: Value = serde_json::from_str(include_str!("../../../daemon/import/export.schema.json")).unwrap();
        let members = schema["$defs"]["account"]["properties"].as_object().unwrap();
        let told = |name: &&String| CODES.contains(&name.as_str()) || PARTS.iter().any(|(known, _)| known == name);
        let untold: Vec<&String> = members.keys().filter(|name| !told(name) && *name != "uses").collect();
        assert!(members.len() > PARTS.len() && untold.is_empty(), "{untold:?}");
    }

    #[test]
    fn many_are_counted() {
        let titles = ["x"; 11];
        assert!(listed(&titles).ends_with("x and 3 others"));
    }

    #[test]
    fn a_title_is_issuer_and_name_on_one_line() {
        for (account, expected) in [
            (json!({"issuer": "A", "name": "b"}), "A – b"),
            (json!({"issuer": "A", "prefix": "T", "name": "b"}), "A (T) – b"),
            (json!({"name": "b\nc"}), "b\\nc"),
            (json!({}), "(unnamed)"),
        ] {
            assert_eq!(title(&account), expected);
        }
    }
}
