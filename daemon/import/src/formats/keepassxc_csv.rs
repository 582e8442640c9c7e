//! `KeePassXC`'s CSV export, its column TOTP.
//!
//! A cell that begins like a formula would be computed by a spreadsheet that opens the file: it gets an apostrophe in front,
//! which is taken away when it is read.

use std::borrow::Cow;

use countersign_core::{account::Kind, secret::SecretText, vault::Portable};
use zeroize::Zeroizing;

use super::{Confidence, Format, uris};
use crate::{
    export::{self, Beside, ExportError, Sealing, Writer},
    fields::{Fields, from_uri},
    file::File,
    import::{Import, ImportError, Why},
    table::{self, Table},
};

/// The format.
pub(super) struct KeepassXcCsv;

impl Format for KeepassXcCsv {
    fn name(&self) -> &'static str {
        "keepassxc-csv"
    }

    fn title(&self) -> &'static str {
        "KeePassXC (CSV)"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Database, Export, To CSV file", "Or the database itself, which stays encrypted: ….kdbx"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let is_ours = table::has_columns(file, &["Group", "Title", "Username", "TOTP"]);
        if is_ours { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let mut import = Import::default();
        for row in Table::read(file)?.rows() {
            let (title, user, totp) = (unescaped(row.cell("Title")), unescaped(row.cell("Username")), row.cell("TOTP"));
            if totp.trim().is_empty() {
                import.leave_out((title, user), Why::NoCode, "it has no code");
                continue;
            }
            // The first part is the database's own name.
            let tags: Vec<String> = row.cell("Group").split('/').skip(1).map(str::to_owned).collect();
            if tags.first().is_some_and(|tag| tag == BIN) {
                import.leave_deleted((title, user));
                continue;
            }
            let fields = Fields { issuer: title, name: user, ..Fields::default() };
            let note = unescaped(row.cell("Notes")).to_owned();
            let account = from_uri(totp, &fields).map(|account| Portable { note, tags, ..account });
            import.take((title, user), account);
        }
        Ok(import)
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }
}

impl Writer for KeepassXcCsv {
    fn sealing(&self) -> Sealing {
        Sealing::Never
    }

    fn fit(&self, account: Portable) -> Result<Portable, String> {
        let mut account = export::with(Beside { note: true, tags: usize::MAX, ..Beside::default() }, account)?;
        // They become groups, one in the other; what lies in that of the bin is not read again.
        account.tags.retain(|tag| !tag.contains('/') && tag != BIN);
        match account.account.kind {
            Kind::Totp { digits: 10, .. } => Err("KeePassXC makes no codes of 10 digits".into()),
            Kind::Totp { .. } | Kind::Steam => uris::fit(account),
            _ => Err(export::no_codes("KeePassXC", &account.account.kind)),
        }
    }

    fn write(&self, accounts: &[Portable], _: Option<&SecretText>) -> Result<Zeroizing<Vec<u8>>, ExportError> {
        let mut out = Zeroizing::new(Vec::new());
        let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(&mut *out);
        let failed = |error: csv::Error| ExportError::Failed(error.to_string());
        writer.write_record(COLUMNS).map_err(failed)?;
        for account in accounts {
            let own = &account.account;
            let group: Vec<&str> = std::iter::once(ROOT).chain(account.tags.iter().map(String::as_str)).collect();
            let title = if own.issuer.is_empty() { &own.name } else { &own.issuer };
            let (group, title, user) = (group.join("/"), escaped(title), escaped(&own.name));
            let note = escaped(&account.note);
            let totp = uris::print(own);
            let cells = [&*group, &*title, &*user, "", "", &*note, totp.expose(), "0", "", ""];
            writer.write_record(cells).map_err(failed)?;
        }
        writer.flush()?;
        drop(writer);
        Ok(out)
    }
}

/// Returns a cell that no spreadsheet takes for a formula.
fn escaped(cell: &str) -> Cow<'_, str> {
    if is_formula(cell) { format!("'{cell}").into() } else { cell.into() }
}

/// Undoes [`escaped`].
fn unescaped(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

/// Says whether a cell is a formula, or one that was escaped.
fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

/// The columns of `KeePassXC` 2.7.
const COLUMNS: [&str; 10] =
    ["Group", "Title", "Username", "Password", "URL", "Notes", "TOTP", "Icon", "Last Modified", "Created"];
const ROOT: &str = "Root";
const BIN: &str = "Recycle Bin";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_escaped_and_comes_back_as_it_was() {
        for cell in ["=1+1", "+49", "-x", "@me", "\tx", "'=x", "''=x", "'", "'x", "", "plain", "a=b", "O'Neill"] {
            let written = escaped(cell);
            assert!(!written.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{written:?}");
            assert_eq!(unescaped(&written), cell);
        }
        assert_eq!((&*escaped("plain"), &*escaped("=1")), ("plain", "'=1"));
    }
}
