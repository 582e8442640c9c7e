//! pass and gopass: what their files say once the person's own `gpg` has opened them, a JSON line each: `{"name", "text"}`.
//!
//! A password stands in the first line and is passed over. Of the rest count the lines `otpauth://…` (pass-otp), and `totp: …`,
//! `hotp: …` and `counter: …` (gopass, which keeps the counter there whatever a URI says).

use countersign_core::{account::Kind, secret::SecretText, vault::Portable};
use serde::Deserialize;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Confidence, Format};
use crate::{
    fields::{self, Fields, Given, Key},
    file::File,
    import::{Import, ImportError},
};

/// The format.
pub(super) struct Pass;

impl Format for Pass {
    fn name(&self) -> &'static str {
        "pass"
    }

    fn title(&self) -> &'static str {
        "pass, gopass"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["countersign import ~/.password-store", "Its files are opened by your own gpg, which asks as it always does"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let first = file.text().and_then(|text| text.lines().next());
        let is_entry = first.is_some_and(|line| entry(line).is_some());
        if is_entry { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let text = file.text().ok_or_else(|| ImportError::damaged("it is not text"))?;
        let mut import = Import::default();
        let mut without = 0_usize;
        for line in text.lines() {
            let entry = entry(line).ok_or_else(|| ImportError::damaged("a line is no entry"))?;
            let codes: Vec<Code<'_>> = entry.text.lines().filter_map(code).collect();
            without += usize::from(codes.is_empty());
            let counter = entry.text.lines().find_map(|line| value(line, "counter:")).map(Given::of_text);
            for code in codes {
                import.take(&entry.name, account(&entry.name, &code, counter.unwrap_or_default()));
            }
        }
        match without {
            0 => {}
            1 => import.note("One other entry holds no code."),
            some => import.note(&format!("{some} other entries hold no code.")),
        }
        Ok(import)
    }
}

#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    text: String,
}

/// Reads an entry; a list of two texts would be one too, and is a list of URIs.
fn entry(line: &str) -> Option<Entry> {
    line.starts_with('{').then(|| serde_json::from_str(line).ok()).flatten()
}

/// What a line says of codes.
enum Code<'a> {
    /// A URI, or a bare key of codes by the time.
    Own(&'a str),
    /// A bare key of codes by a counter.
    Counted(&'a str),
}

/// Reads a line.
fn code(line: &str) -> Option<Code<'_>> {
    let line = line.trim();
    if ["otpauth://", "motp://", "steam://"].iter().any(|scheme| after(line, scheme).is_some()) {
        return Some(Code::Own(line));
    }
    let own = ["totp:", "otp:", "otpauth:"].into_iter().find_map(|name| value(line, name)).map(Code::Own);
    own.or_else(|| {
        value(line, "hotp:").map(|key| if key.contains("://") { Code::Own(key) } else { Code::Counted(key) })
    })
}

/// Returns what a line says behind a name.
fn value<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    after(line.trim(), name).map(str::trim).filter(|value| !value.is_empty())
}

fn after<'a>(line: &'a str, start: &str) -> Option<&'a str> {
    line.split_at_checked(start.len()).filter(|(head, _)| head.eq_ignore_ascii_case(start)).map(|(_, rest)| rest)
}

/// Makes the account; what the code does not tell is in the entry's path, `folder/site/user`. The folders are its labels.
fn account(path: &str, code: &Code<'_>, counter: Given<u64>) -> Result<Portable, String> {
    let (above, last) = path.rsplit_once('/').unwrap_or(("", path));
    let (folders, site) = above.rsplit_once('/').unwrap_or(("", above));
    let (issuer, name) = if site.is_empty() { (last, "") } else { (site, last) };
    let login = Fields { issuer, name, ..Fields::default() };
    let mut account = match code {
        Code::Own(code) => fields::from_uri(code, &login)?,
        Code::Counted(key) => {
            // Its first counter is 1.
            let counter = if counter == Given::Missing { Given::Is(1) } else { counter };
            Fields { kind: "hotp", key: Key::Base32(key), counter, ..login }.account()?
        }
    };
    if let (Kind::Hotp { counter: own, .. }, Some(counter)) =
        (&mut account.account.kind, counter.filter(|counter| *counter < u64::MAX).known())
    {
        *own = counter;
    }
    if account.account.issuer.is_empty() {
        issuer.clone_into(&mut account.account.issuer);
    }
    account.tags = folders.split('/').filter(|folder| !folder.is_empty()).map(str::to_owned).collect();
    Ok(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(text: &str) -> Vec<Option<u64>> {
        let line = serde_json::json!({"name": "site/me", "text": text}).to_string();
        let import = Pass.read(&File::new(line.into()), None).unwrap();
        let counter = |one: Portable| match one.account.kind {
            Kind::Hotp { counter, .. } => Some(counter),
            _ => None,
        };
        import.accounts.into_iter().map(counter).collect()
    }

    #[test]
    fn the_folders_above_a_site_are_labels() {
        let uri = "otpauth://totp/Shop:me?secret=JBSWY3DPEHPK3PXP";
        let tags = |path: &str| {
            let line = serde_json::json!({"name": path, "text": uri}).to_string();
            Pass.read(&File::new(line.into()), None).unwrap().accounts.remove(0).tags
        };
        assert_eq!(tags("work/clients/shop.example/me"), ["work", "clients"]);
        assert_eq!(tags("work/shop.example/me"), ["work"]);
        assert!(tags("shop.example/me").is_empty() && tags("shop").is_empty());
    }

    #[test]
    fn gopass_keeps_the_counter_in_a_line_of_its_own() {
        let uri = "otpauth://hotp/a?secret=JBSWY3DPEHPK3PXP&counter=3";
        for (text, expected) in [
            ("password\nhotp: JBSWY3DPEHPK3PXP".to_owned(), vec![Some(1)]),
            ("password\nhotp: JBSWY3DPEHPK3PXP\ncounter: 7".to_owned(), vec![Some(7)]),
            ("password\n---\ncounter: 7\nHOTP: JBSWY3DPEHPK3PXP".to_owned(), vec![Some(7)]),
            (uri.to_owned(), vec![Some(3)]),
            (format!("password\n{uri}\ncounter: 7"), vec![Some(7)]),
            (format!("password\nhotp: {uri}"), vec![Some(3)]),
            ("password\ntotp: JBSWY3DPEHPK3PXP\ncounter: 7".to_owned(), vec![None]),
            ("hotp".to_owned(), vec![]),
        ] {
            assert_eq!(counters(&text), expected, "{text}");
        }
    }
}
