//! Google Authenticator's own database, which only a rooted phone gives.

use countersign_core::secret::SecretText;

use super::{Confidence, Format};
use crate::{
    database::{Database, has_table},
    fields::{Fields, Given, Key},
    file::File,
    import::{Import, ImportError},
};

/// The format.
pub(super) struct GoogleDatabase;

impl Format for GoogleDatabase {
    fn name(&self) -> &'static str {
        "google-authenticator-db"
    }

    fn title(&self) -> &'static str {
        "Google Authenticator (database)"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["A rooted phone: /data/data/com.google.android.apps.authenticator2/databases/databases"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let is_ours = has_table(file, "accounts", "email") && has_table(file, "accounts", "secret");
        if is_ours { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let database = Database::open(file)?;
        let column = |name: &'static str| if database.has_column("accounts", name) { name } else { "NULL" };
        let query = format!(
            "SELECT {}, email, secret, type, counter, {} FROM accounts",
            column("issuer"),
            column("isencrypted")
        );
        let mut import = Import::default();
        database.say_what_is_missing(&mut import);
        for row in database.rows(&query)? {
            let text = |at: usize| row[at].as_deref().unwrap_or_default();
            let (issuer, email) = (text(0), text(1));
            let name = if issuer.is_empty() { email } else { issuer };
            if text(5) == "1" {
                let how = "it is encrypted by the phone: use Transfer accounts in the app instead";
                import.leave_behind(name, email, how);
                continue;
            }
            // What a label's prefix says is the issuer once more.
            let own = email.split_once(':').filter(|(prefix, _)| issuer.is_empty() || *prefix == issuer);
            let (prefix, account) = own.unwrap_or(("", email));
            let kind = if text(3) == "1" { "hotp" } else { "totp" };
            let fields = Fields {
                kind,
                key: Key::Base32(text(2)),
                issuer: if issuer.is_empty() { prefix } else { issuer },
                name: account,
                counter: Given::of_text(text(4)),
                ..Fields::default()
            };
            import.take(name, fields.account());
        }
        Ok(import)
    }
}
