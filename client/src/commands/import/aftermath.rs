//! What is left to do after an import: the files that still hold the secrets, and the traps of counters.

use std::path::Path;

use countersign_api::types::Imported;

use super::{count, reading::Found};
use crate::{foreign, output};

/// Says what is left to do, no line wider than the width.
pub(super) fn text(done: &[Imported], found: &Found, width: usize) -> String {
    let files = found.files.iter().filter(|file| file.accounts > 0);
    let files = files.flat_map(|file| file.paths.iter().map(|path| of_file(path, file.encrypted)));
    let paragraphs = counters(done, found).into_iter().chain(files);
    paragraphs.map(|text| format!("\n{}", output::wrap(&output::visible(&text), width, ""))).collect()
}

/// Says what a file still is, where it lies and how it goes.
fn of_file(path: &Path, encrypted: bool) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let shown = foreign::shown(&path);
    if encrypted {
        return format!(
            "{shown} is encrypted by its password, and still holds these secrets: it is as safe as that password. Remove it \
             when it is of no more use."
        );
    }
    format!(
        "{shown} holds your secrets in the clear: whoever gets at it can make your codes. Once the codes work here, remove it, and \
         every copy on the telephone, in mails and in clouds:\n  rm -- {}\nTo overwrite it first (shred) promises little on SSDs, \
         on file systems that copy on write, and in backups: if somebody may have read it, enrol those accounts anew.",
        quoted(&shown)
    )
}

/// Says what to mind of codes that follow a counter.
fn counters(done: &[Imported], found: &Found) -> Option<String> {
    let is_new = |one: &Imported| !matches!(one.outcome.as_str(), "already-kept" | "repeated");
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

/// How many accounts a sentence names.
const NAMED: usize = 3;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::commands::import::reading::Read;

    #[test]
    fn only_a_file_in_the_clear_is_told_so_and_how_it_goes() {
        let plain = of_file(Path::new("/tmp/my export.json"), false);
        assert!(
            plain.contains("in the clear") && plain.contains("rm -- '/tmp/my export.json'") && plain.contains("SSDs")
        );
        let sealed = of_file(Path::new("/tmp/x.json"), true);
        assert!(sealed.contains("encrypted by its password") && !sealed.contains("in the clear"), "{sealed}");
    }

    #[test]
    fn standard_input_and_a_file_without_accounts_are_passed_over() {
        let read = |paths, accounts| Read { paths, title: "Aegis".into(), encrypted: false, accounts };
        let files = vec![read(Vec::new(), 1), read(vec!["/tmp/x".into()], 0)];
        assert_eq!(text(&[], &Found { files, ..Found::default() }, 80), "");
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
