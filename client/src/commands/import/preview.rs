//! What is in the files and what would become of it, or has: a line of numbers, then the names by what happens to them.

use std::fmt::Write as _;

use countersign_api::types::Imported;
use serde::Serialize;
use serde_json::Value;

use super::reading::{Found, Read};
use crate::{
    foreign::LeftOut,
    output::{self, count},
};

/// How many there are of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Numbers {
    /// All accounts, with those that can't be read, can't be exported, or lie in a recycle bin.
    found: usize,
    kept: usize,
    replaced: usize,
    kept_both: usize,
    already_kept: usize,
    /// There already, with a lower counter.
    counter_raised: usize,
    repeated: usize,
    /// What should be an account and can't be read.
    pub(super) bad: usize,
    not_exportable: usize,
    /// In the other program's recycle bin, and left there.
    deleted: usize,
    /// Entries of a password manager that have no code: no accounts, and only told.
    no_code: usize,
}

impl Numbers {
    /// Counts.
    pub(super) fn of(accounts: &[Imported], found: &Found) -> Self {
        let of = |outcome: &str| accounts.iter().filter(|one| one.outcome == outcome).count();
        let left = |why: &str| found.left_out.iter().filter(|left| left.why == why).count();
        let (bad, not_exportable, deleted) = (left("bad"), left("not-exportable"), left("deleted"));
        Self {
            found: accounts.len() + bad + not_exportable + deleted,
            kept: of("kept"),
            replaced: of("replaced"),
            kept_both: of("kept-both"),
            already_kept: of("already-kept"),
            counter_raised: of("counter-raised"),
            repeated: of("repeated"),
            bad,
            not_exportable,
            deleted,
            no_code: left("no-code"),
        }
    }

    /// How many accounts would be kept, or were.
    pub(super) fn fresh(self) -> usize {
        self.kept + self.replaced + self.kept_both
    }

    /// How many were there before.
    pub(super) fn already_there(self) -> usize {
        self.already_kept + self.counter_raised
    }

    /// How many accounts there would be something to do for, or was.
    pub(super) fn changes(self) -> usize {
        self.fresh() + self.counter_raised
    }

    fn line(self, found: &Found) -> String {
        let parts = [
            (self.kept, "new"),
            (self.kept_both, "there with another secret (both are kept)"),
            (self.replaced, "there with another secret (replaced)"),
            (self.counter_raised, "already there with a lower counter"),
            (self.already_kept, "already there"),
            (self.repeated, "more than once in it"),
            (self.bad, "unreadable"),
            (self.not_exportable, "not exportable"),
            (self.deleted, "in the recycle bin"),
        ];
        let told: Vec<String> =
            parts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect();
        let told = if told.is_empty() { "no account".to_owned() } else { told.join(", ") };
        let place = match found.files.as_slice() {
            [one] => one.title.clone(),
            several => format!("{} files", several.len()),
        };
        let beside = match self.no_code {
            0 => String::new(),
            number => format!(" Beside them {} without a code.", count(number, "entry", "entries")),
        };
        format!("Found {} ({}): {told}.{beside}", self.found, output::one_line(&place))
    }
}

/// Says what is in the files and what would become of it.
pub(super) fn text(preview: &[Imported], found: &Found, columns: usize) -> String {
    let numbers = Numbers::of(preview, found);
    let mut text = output::wrap(&numbers.line(found), columns, "");
    let rows = |outcome: &str, most: usize| {
        let all = preview.iter().zip(&found.accounts).filter(|(one, _)| one.outcome == outcome);
        first(all.map(|(one, account)| row(one, account)).collect(), most)
    };
    let left = |why: &str| found.left_out.iter().filter(|left| left.why == why).map(left_row).collect::<Vec<_>>();
    for (head, rows) in [
        ("New", rows("kept", usize::MAX)),
        ("There with another secret; both are kept", rows("kept-both", usize::MAX)),
        ("There with another secret, which stays in the history", rows("replaced", usize::MAX)),
        ("Already there; the counter is moved on", rows("counter-raised", usize::MAX)),
        ("Already there", rows("already-kept", FEW)),
        ("More than once in it, and kept once", rows("repeated", FEW)),
        // Of a password manager these are hundreds, of a list or a picture the one that was not looked for.
        ("Without a code", Some(left("no-code")).filter(|rows| rows.len() <= FEW).unwrap_or_default()),
        ("Unreadable", left("bad")),
        ("Not exportable", left("not-exportable")),
        ("In the recycle bin, and left there", first(left("deleted"), FEW)),
    ] {
        text += &section(head, &rows, columns);
    }
    let notes = found.notes.iter().map(|note| output::wrap(&output::one_line(note), columns, ""));
    let notes: String = notes.collect();
    if !notes.is_empty() {
        text += "\n";
        text += &notes;
    }
    text + "\n"
}

/// Returns the first rows, and how many more there are.
fn first(mut rows: Vec<Vec<String>>, most: usize) -> Vec<Vec<String>> {
    let more = rows.len().saturating_sub(most);
    rows.truncate(most);
    rows.extend((more > 0).then(|| vec![format!("and {more} more")]));
    rows
}

fn section(head: &str, rows: &[Vec<String>], columns: usize) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let table = output::table(rows, columns.saturating_sub(2));
    let mut text = format!("\n{head}:\n");
    for line in table.lines() {
        text.extend(["  ", line, "\n"]);
    }
    text
}

/// Returns an account's title, its labels, and what else comes along.
fn row(one: &Imported, account: &Value) -> Vec<String> {
    let tags = tags(account).join(", ");
    let pinned = account["pinned"].as_bool().unwrap_or_default().then_some("pinned");
    let trashed = one.trashed.then_some("in the trash");
    let counter = account["counter"].as_u64().filter(|_| one.outcome == "counter-raised");
    let counter = counter.map(|counter| format!("to {counter}"));
    let more: Vec<&str> = pinned.into_iter().chain(trashed).chain(counter.as_deref()).collect();
    vec![one.title.clone(), tags, more.join(", ")]
}

fn tags(account: &Value) -> Vec<&str> {
    account["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn left_row(left: &LeftOut) -> Vec<String> {
    let name = match (left.name.trim(), left.user.trim()) {
        ("", "") => "(unnamed)".to_owned(),
        ("", name) => name.to_owned(),
        (name, user) if user.is_empty() || name == user => name.to_owned(),
        (name, user) => format!("{name} – {user}"),
    };
    // Of what lies in a bin the heading says it.
    let reason = if left.why == "deleted" { String::new() } else { left.reason.clone() };
    vec![name, reason]
}

/// Says what was done. A counter never goes back, so that no undo is about it.
pub(super) fn kept(numbers: Numbers) -> String {
    let beside = [
        (numbers.counter_raised, "there already, the counter moved on"),
        (numbers.already_kept, "there already"),
        (numbers.repeated, "more than once in it"),
        (numbers.bad, "skipped as unreadable"),
    ];
    let mut text = format!("Kept {}", count(numbers.fresh(), "account", "accounts"));
    for (number, what) in beside.into_iter().filter(|(number, _)| *number > 0) {
        let _ = write!(text, ", {number} {what}");
    }
    text + if numbers.fresh() > 0 { ". Take it all back by: countersign undo" } else { "." }
}

/// Says that a label was not given to what was there before.
pub(super) fn without_label(tag: &str, numbers: Numbers) -> String {
    let there =
        count(numbers.already_there(), "account was there already and has", "accounts were there already and have");
    format!("{there} not been given the label \"{}\"", output::one_line(tag))
}

/// What `--json` prints.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    dry_run: bool,
    numbers: Numbers,
    files: &'a [Read],
    accounts: Vec<Account<'a>>,
    left_out: &'a [LeftOut],
    notes: &'a [String],
}

#[derive(Serialize)]
struct Account<'a> {
    #[serde(flatten)]
    one: &'a Imported,
    tags: Vec<&'a str>,
}

impl<'a> Report<'a> {
    /// Makes a report; `accounts` are in the order of those found.
    pub(super) fn new(dry_run: bool, accounts: &'a [Imported], found: &'a Found, numbers: Numbers) -> Self {
        let accounts = accounts.iter().zip(&found.accounts).map(|(one, found)| Account { one, tags: tags(found) });
        let Found { files, left_out, notes, .. } = found;
        Self { dry_run, numbers, files, accounts: accounts.collect(), left_out, notes }
    }
}

/// How many of what nothing happens to are named.
const FEW: usize = 20;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(outcome: &str, title: &str) -> Imported {
        Imported { outcome: outcome.into(), title: title.into(), ..Imported::default() }
    }

    fn found(accounts: usize) -> Found {
        let left = |name: &str, why: &str| LeftOut {
            name: name.into(),
            why: why.into(),
            reason: "it has no key".into(),
            ..LeftOut::default()
        };
        Found {
            accounts: vec![json!({"tags": ["work"]}); accounts],
            left_out: vec![
                left("Old", "bad"),
                left("Push", "not-exportable"),
                left("Login", "no-code"),
                left("Gone", "deleted"),
            ],
            notes: vec!["Mind this.".into()],
            ..Found::default()
        }
    }

    #[test]
    fn the_first_line_has_the_numbers_and_the_rest_the_names() {
        let all = [one("kept", "GitHub – alice"), one("already-kept", "Bank"), one("kept-both", "Shop")];
        let text = text(&all, &found(3), 200);
        assert_eq!(
            text.lines().next().unwrap(),
            "Found 6 (0 files): 1 new, 1 there with another secret (both are kept), 1 already there, 1 unreadable, 1 not \
             exportable, 1 in the recycle bin. Beside them 1 entry without a code."
        );
        for part in [
            "New:\n  GitHub – alice  work\n",
            "Already there:\n  Bank",
            "Unreadable:\n  Old   it has no key",
            "In the recycle bin, and left there:\n  Gone\n",
            "Mind this.",
        ] {
            assert!(text.contains(&part.replace("Old   ", "Old  ")), "{part}: {text}");
        }
        assert!(text.contains("Without a code:\n  Login"), "{text}");
    }

    #[test]
    fn what_nothing_happens_to_is_not_told_without_end() {
        let all: Vec<Imported> = (0..500).map(|number| one("already-kept", &number.to_string())).collect();
        let mut found = found(500);
        for why in ["no-code", "deleted"] {
            let left = found.left_out.iter().find(|left| left.why == why).unwrap().clone();
            found.left_out.extend(vec![left; FEW]);
        }
        let text = text(&all, &found, 80);
        assert!(text.contains("and 480 more") && text.contains("and 1 more") && text.lines().count() < 60, "{text}");
        assert!(!text.contains("Login"), "a password manager's entries without a code are only counted: {text}");
    }

    #[test]
    fn what_was_done_is_told_with_the_way_back() {
        let done = [one("kept", "a"), one("kept-both", "b"), one("already-kept", "c"), one("repeated", "d")];
        assert_eq!(
            kept(Numbers::of(&done, &found(4))),
            "Kept 2 accounts, 1 there already, 1 more than once in it, 1 skipped as unreadable. Take it all back by: \
             countersign undo"
        );
    }

    #[test]
    fn a_counter_that_is_moved_on_is_told_and_nothing_to_take_back() {
        let all = [one("counter-raised", "a")];
        let found = Found { accounts: vec![json!({"counter": 50})], ..Found::default() };
        let told = text(&all, &found, 80);
        assert!(told.contains("Already there; the counter is moved on:\n  a    to 50\n"), "{told}");
        let numbers = Numbers::of(&all, &found);
        assert_eq!((numbers.fresh(), numbers.changes()), (0, 1));
        assert_eq!(kept(numbers), "Kept 0 accounts, 1 there already, the counter moved on.");
    }

    #[test]
    fn the_help_has_the_members_of_json() {
        let paths = vec!["a".into()];
        let (format, title) = ("aegis".into(), "Aegis".into());
        let file = Read { paths, format, title, encrypted: false, accounts: 1, others: 0, without_code: 0 };
        let found = Found { files: vec![file], ..found(1) };
        let all = [one("kept", "a")];
        let mut told = serde_json::to_value(Report::new(true, &all, &found, Numbers::default())).unwrap();
        told["numbers"] = json!(1);
        crate::help::assert_has_members(crate::help::IMPORT_ABOUT, &told);
    }

    #[test]
    fn json_has_no_secret() {
        let found = Found { accounts: vec![json!({"secret": "HUSH", "tags": ["work"]})], ..Found::default() };
        let all = [one("kept", "a")];
        let text = serde_json::to_string(&Report::new(true, &all, &found, Numbers::of(&all, &found))).unwrap();
        assert!(
            text.contains("\"tags\":[\"work\"]") && text.contains("\"found\":1") && !text.contains("HUSH"),
            "{text}"
        );
    }
}
