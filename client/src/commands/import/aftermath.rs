//! What is left to do after an import: the files that still hold the secrets, and the traps of counters.
//!
//! Only a file all of which is kept here is said to be of no more use: in any other lies the only copy of something, be it
//! the logins of a password manager.

use std::{fmt::Write as _, path::PathBuf};

use countersign_api::types::Imported;

use super::reading::{Found, Read};
use crate::{
    foreign,
    output::{self, count},
};

/// Says what is left to do, no line wider than the width.
pub(super) fn text(done: &[Imported], found: &Found, width: usize) -> String {
    let of_use = |file: &Read| file.accounts > 0 && !file.paths.is_empty() && !IN_USE.contains(&file.format.as_str());
    let (mut of_steam, mut parts, mut sealed, mut plain) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (file, done) in found.by_file(done).filter(|(file, _)| of_use(file)) {
        let only_there = only_there(file, done);
        match only_there.is_empty() {
            _ if file.format == STEAM => of_steam.push(file),
            false => parts.push((file, only_there)),
            true if file.encrypted => sealed.push(file),
            true => plain.push(file),
        }
    }
    let wrapped = |text: &str| format!("\n{}", output::wrap(text, width, ""));
    let mut text: String = counters(done, found).as_deref().map(wrapped).unwrap_or_default();
    if !of_steam.is_empty() {
        text += &wrapped(&format!("{}: {OF_STEAM}", paths(&of_steam).join(", ")));
    }
    for (file, only_there) in parts {
        let how = if file.encrypted { ENCRYPTED } else { OPEN };
        let place = paths(&[file]).join(", ");
        text += &wrapped(&format!("{place} still holds these secrets, {how}. {only_there} {ONLY_THERE}"));
    }
    if !sealed.is_empty() {
        text += &wrapped(&format!("{} {SEALED}", paths(&sealed).join(", ")));
    }
    if !plain.is_empty() {
        let words: Vec<String> = paths(&plain).iter().map(|path| quoted(path)).collect();
        text += &wrapped(&format!("{} {IN_THE_CLEAR}", paths(&plain).join(", ")));
        // In one line, however long, so that it can be copied.
        let _ = write!(text, "  rm -- {}\n{}", words.join(" "), output::wrap(OVERWRITING, width, ""));
    }
    text
}

/// Returns what is in a file alone, as the beginning of a sentence; empty where it is nothing.
fn only_there(file: &Read, done: &[Imported]) -> String {
    let notes = done.iter().filter(|one| one.leaves_note).count();
    let parts = [
        (file.others, "account", "accounts"),
        (file.without_code, "entry without a code", "entries without a code"),
        (notes, "note of an account that was here before", "notes of accounts that were here before"),
    ];
    let parts = parts.into_iter().filter(|(number, ..)| *number > 0);
    let told: Vec<String> = parts.map(|(number, one, several)| count(number, one, several)).collect();
    match (told.is_empty(), file.others + file.without_code + notes) {
        (true, _) => String::new(),
        (_, 1) => format!("{} is", told[0]),
        _ => format!("{} are", told.join(" and ")),
    }
}

/// Returns where files lie.
fn paths(files: &[&Read]) -> Vec<String> {
    let whole = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    files.iter().flat_map(|file| &file.paths).map(whole).map(|path| foreign::shown(&path)).collect()
}

/// Says what to mind of codes that follow a counter.
fn counters(done: &[Imported], found: &Found) -> Option<String> {
    let is_new = |one: &Imported| !matches!(one.outcome.as_str(), "already-kept" | "repeated" | "counter-raised");
    let all = done.iter().zip(&found.accounts).filter(|(one, account)| is_new(one) && account["type"] == "hotp");
    let titles: Vec<String> = all.map(|(one, _)| output::one_line(&one.title)).collect();
    let named = titles.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = titles.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!titles.is_empty()).then(|| {
        format!(
            "{} by a counter: {named}{more}. Each app counts on by itself, and the one that lags behind is refused: from now on \
             take these codes here only. If one is refused, ask for the next.",
            count(titles.len(), "account makes codes", "accounts make codes")
        )
    })
}

/// Returns a word as a shell reads it again.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

const SEALED: &str = "still holds these secrets, encrypted by its password: it is as safe as that password. Remove it when it is \
                      of no more use.";
const ENCRYPTED: &str = "encrypted by its password";
const OPEN: &str = "in the clear: whoever gets at it can make your codes";
const ONLY_THERE: &str = "in it and not kept here: remove it only when nothing else in it is needed.";
const OF_STEAM: &str = "not to be removed. Only there is Steam's revocation code, by which you get your account back, and what \
                        confirms trades.";
const IN_THE_CLEAR: &str = "holds your secrets in the clear: whoever gets at it can make your codes. Once the codes work here, \
                            remove it, and every copy on the telephone, in mails and in clouds:";
const OVERWRITING: &str = "To overwrite it first (shred) promises little on SSDs, on file systems that copy on write, and in \
                           backups. If somebody may have read it, enrol those accounts anew.";

const STEAM: &str = "steam";
/// Formats of what is in use where it lies: no export that has done its service.
const IN_USE: [&str; 4] = ["kdbx", "pass", "countersign-vault", "countersign-backup"];

/// How many accounts a sentence names.
const NAMED: usize = 3;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(path: &str, encrypted: bool) -> Read {
        let (format, title) = ("aegis".into(), "Aegis".into());
        Read { paths: vec![path.into()], format, title, encrypted, accounts: 1, others: 0, without_code: 0 }
    }

    fn told(files: Vec<Read>) -> String {
        text(&[], &Found { files, ..Found::default() }, 80)
    }

    #[test]
    fn only_a_file_in_the_clear_is_told_so_and_how_it_goes() {
        let plain = told(vec![read("/tmp/my export.json", false)]);
        assert!(plain.contains("in the clear") && plain.contains("SSDs"), "{plain}");
        assert!(plain.contains("\n  rm -- '/tmp/my export.json'\n"), "{plain}");
        let sealed = told(vec![read("/tmp/x.json", true)]);
        assert!(sealed.contains("encrypted by") && !sealed.contains("in the clear"), "{sealed}");
        let both = told(vec![read("/a", false), read("/b", true), read("/c", false)]);
        assert!(both.contains("rm -- /a /c\n"), "{both}");
    }

    #[test]
    fn a_file_that_holds_the_only_copy_of_something_is_not_to_be_removed() {
        for encrypted in [false, true] {
            let part = Read { others: 2, ..read("/tmp/x", encrypted) };
            let told = text(&[], &Found { files: vec![part, read("/tmp/y", false)], ..Found::default() }, 500);
            assert!(
                told.contains("2 accounts are in it and not kept here") && told.contains("rm -- /tmp/y\n"),
                "{told}"
            );
            assert_eq!(told.contains("secrets, encrypted by"), encrypted, "{told}");
        }
        let logins = told(vec![Read { without_code: 1, ..read("/tmp/x", false) }]);
        assert!(logins.contains("1 entry without a code is in it and not kept here"), "{logins}");
        assert!(!logins.contains("rm --"), "{logins}");
        let done = [Imported { leaves_note: true, ..Imported::default() }];
        let note = text(&done, &Found { files: vec![read("/tmp/x", false)], ..Found::default() }, 500);
        assert!(
            note.contains("1 note of an account that was here before is in it") && !note.contains("rm --"),
            "{note}"
        );
        let of = |format: &str| told(vec![Read { format: format.into(), ..read("/tmp/x", false) }]);
        let steam = of("steam");
        assert!(steam.contains("revocation code") && !steam.contains("rm --"), "{steam}");
        assert_eq!(IN_USE.map(of), [""; 4], "nobody removes a database in use");
    }

    #[test]
    fn standard_input_and_a_file_without_accounts_are_passed_over() {
        let mut files = vec![read("/tmp/x", false), read("/tmp/y", false)];
        files[0].paths.clear();
        files[1].accounts = 0;
        assert_eq!(told(files), "");
    }

    #[test]
    fn the_trap_of_counters_is_told_of_what_is_new() {
        let one = |outcome: &str, title: &str| Imported {
            outcome: outcome.into(),
            title: title.into(),
            ..Imported::default()
        };
        let accounts = vec![json!({"type": "hotp"}), json!({"type": "totp"}), json!({"type": "hotp"})];
        let found = Found { accounts, ..Found::default() };
        let told = counters(&[one("kept", "A"), one("kept", "B"), one("already-kept", "C")], &found).unwrap();
        assert!(told.starts_with("1 account makes codes by a counter: A."), "{told}");
        assert_eq!(counters(&[one("already-kept", "A")], &found), None);
    }
}
