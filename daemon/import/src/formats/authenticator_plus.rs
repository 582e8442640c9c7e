//! Authenticator Plus (Android): a zip with a password and a list of URIs in it, or its encrypted database.

use countersign_core::{secret::SecretText, vault::Portable};

use super::{Confidence, Format, uris};
use crate::{
    archive::Archive,
    database::Database,
    fields::{Fields, Given, Key},
    file::File,
    import::{Import, ImportError},
    keys, sqlcipher,
};

/// The format.
pub(super) struct AuthenticatorPlus;

impl Format for AuthenticatorPlus {
    fn name(&self) -> &'static str {
        "authenticator-plus"
    }

    fn title(&self) -> &'static str {
        "Authenticator Plus"
    }

    fn steps(&self) -> &'static [&'static str] {
        &[
            "Settings, Backup & Restore, Export as text and HTML: copy authplus-….zip here",
            "Or its backup: authplus.db, with the master password",
        ]
    }

    fn detect(&self, file: &File) -> Confidence {
        let has_list = Archive::open(file).is_some_and(|archive| list_in(&archive).is_some());
        match has_list {
            true => Confidence::Sure,
            false if file.is_unmarked() && sqlcipher::is_possible(file.bytes()) => Confidence::Perhaps,
            false => Confidence::No,
        }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let Some(mut archive) = Archive::open(file) else {
            return database(file.bytes(), keys::needed(passphrase)?);
        };
        let name = list_in(&archive).ok_or_else(|| ImportError::damaged("there is no list in its archive"))?;
        let list = archive.unpack(&name, passphrase)?;
        Ok(uris::read(str::from_utf8(&list).map_err(|_| ImportError::damaged("its list is not text"))?))
    }
}

/// Returns the name of the list, in whichever folder it is.
fn list_in(archive: &Archive<'_>) -> Option<String> {
    archive.find(|name| name.rsplit('/').next() == Some("Accounts.txt"))
}

fn database(bytes: &[u8], passphrase: &[u8]) -> Result<Import, ImportError> {
    let database = Database::of(sqlcipher::decrypt(bytes, passphrase)?)?;
    let column = |name: &'static str| if database.has_column("accounts", name) { name } else { "NULL" };
    let query = format!(
        "SELECT type, issuer, email, secret, counter, {}, {} FROM accounts",
        column("original_name"),
        column("category")
    );
    let mut import = Import::default();
    for row in database.rows(&query)? {
        let text = |at: usize| row[at].as_deref().unwrap_or_default();
        let tags = Some(text(6)).filter(|tag| !tag.is_empty() && *tag != ALL).map(str::to_owned);
        let account = account(text).map(|account| Portable { tags: tags.into_iter().collect(), ..account });
        import.take((text(1), text(2)), account);
    }
    Ok(import)
}

fn account<'a>(text: impl Fn(usize) -> &'a str) -> Result<Portable, String> {
    // An account without issuer has it in its first name, as a label has.
    let of_label = text(5).split_once(':').map(|(issuer, _)| issuer).unwrap_or_default();
    let issuer = if text(1).is_empty() { of_label } else { text(1) };
    let fields = Fields { issuer, name: text(2), ..Fields::default() };
    match text(0) {
        "0" => Fields { kind: "totp", key: Key::Base32(text(3)), ..fields },
        "1" => Fields { kind: "hotp", key: Key::Base32(text(3)), counter: Given::of_text(text(4)), ..fields },
        "2" => Fields { kind: "totp", key: Key::Hex(text(3)), digits: Given::Is(8), ..fields },
        _ => return Err("codes of its type are not known here".into()),
    }
    .account()
}

/// The category that every account is in.
const ALL: &str = "All Accounts";
