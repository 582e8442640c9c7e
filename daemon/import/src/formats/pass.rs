//! pass and gopass: what their files say once the person's own `gpg` has opened them, a JSON line each: `{"name", "text"}`.
//!
//! A password stands in the first line and is passed over. Of the rest count the lines `otpauth://…` (pass-otp) and `totp: …`
//! (gopass).

use countersign_core::{secret::SecretText, vault::Portable};
use serde::Deserialize;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Confidence, Format};
use crate::{
    fields::{self, Fields},
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
        let is_entry = first.is_some_and(|line| serde_json::from_str::<Entry>(line).is_ok());
        if is_entry { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let text = file.text().ok_or_else(|| ImportError::damaged("it is not text"))?;
        let mut import = Import::default();
        let mut without = 0_usize;
        for line in text.lines() {
            let entry: Entry = serde_json::from_str(line).map_err(|_| ImportError::damaged("a line is no entry"))?;
            let codes: Vec<&str> = entry.text.lines().filter_map(code).collect();
            without += usize::from(codes.is_empty());
            for code in codes {
                import.take(&entry.name, account(&entry.name, code));
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

/// Returns what a line says of codes: a URI, or a bare key.
fn code(line: &str) -> Option<&str> {
    let line = line.trim();
    let is = |prefix: &str| line.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    if is("otpauth://") || is("motp://") || is("steam://") {
        return Some(line);
    }
    let value =
        ["totp:", "otp:", "otpauth:"].into_iter().find(|name| is(name)).map(|name| line[name.len()..].trim())?;
    (!value.is_empty()).then_some(value)
}

/// Makes the account; what the code does not tell is in the entry's path, `folder/site/user`.
fn account(path: &str, code: &str) -> Result<Portable, String> {
    let (folders, last) = path.rsplit_once('/').unwrap_or(("", path));
    let (issuer, name) = match folders.rsplit('/').next() {
        Some(site) if !site.is_empty() => (site, last),
        _ => (last, ""),
    };
    let mut account = fields::from_uri(code, &Fields { issuer, name, ..Fields::default() })?;
    if account.account.issuer.is_empty() {
        issuer.clone_into(&mut account.account.issuer);
    }
    Ok(account)
}
