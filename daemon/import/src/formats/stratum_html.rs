//! Stratum's backup as a page, and any other page that shows URIs of accounts. Its pictures hold the same once more.

use std::collections::HashSet;

use countersign_core::secret::SecretText;

use super::{Confidence, Format, uris};
use crate::{
    file::File,
    import::{Import, ImportError},
};

/// The format.
pub(super) struct StratumHtml;

impl Format for StratumHtml {
    fn name(&self) -> &'static str {
        "stratum-html"
    }

    fn title(&self) -> &'static str {
        "Stratum or another page (HTML)"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Settings, Backup, Back up to HTML", "Copy the file here: backup-….html"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let text = file.text().unwrap_or_default();
        let head: String = text.trim_start().chars().take(15).collect::<String>().to_ascii_lowercase();
        let is_page = head.starts_with("<!doctype html") || head.starts_with("<html");
        if is_page && (uris_in(text).next().is_some() || text.contains(AEGIS)) {
            Confidence::Sure
        } else {
            Confidence::No
        }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let text = file.text().ok_or_else(|| ImportError::damaged("it is not text"))?;
        // A link and its text say the same.
        let mut seen = HashSet::new();
        let lines: Vec<String> = uris_in(text).map(plain).filter(|uri| seen.insert(uri.clone())).collect();
        if lines.is_empty() && text.contains(AEGIS) {
            let how = "a page of Aegis says only in its pictures how long codes live: let Aegis export JSON";
            return Err(ImportError::Restricted(how.into()));
        }
        Ok(uris::read(&lines.join("\n")))
    }
}

/// Returns what begins as a URI of an account, up to the next tag, quote or line's end; a name may have an apostrophe, where
/// none stands before it.
fn uris_in(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.match_indices("://").filter_map(|(at, _)| {
        let scheme = SCHEMES.iter().find(|scheme| text[..at].ends_with(**scheme))?;
        let start = at - scheme.len();
        // `otpauth` is also the end of another word.
        let is_word = text[..start].chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric() || c == '-');
        (!is_word).then_some(start)
    });
    starts.map(|start| {
        let (before, rest) = text.split_at(start);
        let is_end = |c| matches!(c, '<' | '"' | '\n' | '\r') || c == '\'' && before.ends_with('\'');
        rest[..rest.find(is_end).unwrap_or(rest.len())].trim()
    })
}

/// Takes the entities away.
pub(super) fn plain(text: &str) -> String {
    let text = text.replace("&#39;", "'").replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">");
    text.replace("&amp;", "&")
}

/// The head of Aegis' table.
const AEGIS: &str = "<th>Issuer</th><th>Name</th><th>Type</th><th>QR Code</th>";
const SCHEMES: [&str; 4] = ["otpauth", "otpauth-migration", "motp", "steam"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_aegis_is_told_what_to_do_instead() {
        let row = "<td>Shop</td><td>me</td><td>totp</td><td class='qr'><img src=\"data:image/png;base64,AAAA\"/></td>";
        let file = File::new(format!("<html><body><table><tr>{AEGIS}</tr><tr>{row}</tr></table></body></html>").into());
        assert_eq!(StratumHtml.detect(&file), Confidence::Sure);
        assert!(StratumHtml.read(&file, None).map(drop).unwrap_err().to_string().contains("Aegis export JSON"));
    }

    #[test]
    fn a_link_ends_with_its_quote_whichever_that_is() {
        let uri = "otpauth://totp/O'Hara:me?secret=JBSWY3DPEHPK3PXP&amp;issuer=O'Hara";
        for (link, issuer) in [
            (format!("<a href=\"{uri}\">x</a>"), "O'Hara"),
            (format!("<a href='{}'>x</a>", uri.replace('\'', "&#39;")), "O'Hara"),
            (format!("<code>{uri}</code>"), "O'Hara"),
        ] {
            let file = File::new(format!("<!DOCTYPE html><html>{link}</html>").into());
            assert_eq!(StratumHtml.detect(&file), Confidence::Sure, "{link}");
            let issuers: Vec<_> =
                StratumHtml.read(&file, None).unwrap().accounts.into_iter().map(|one| one.account.issuer).collect();
            assert_eq!(issuers, [issuer], "{link}");
        }
    }
}
