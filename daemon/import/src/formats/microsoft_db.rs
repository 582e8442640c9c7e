//! Microsoft Authenticator's own database, which only a rooted phone gives.

use countersign_core::secret::SecretText;

use super::{Confidence, Format};
use crate::{
    database::{Database, has_table},
    fields::{Fields, Given, Key},
    file::File,
    import::{Import, ImportError, Why},
};

/// The format.
pub(super) struct MicrosoftDatabase;

impl Format for MicrosoftDatabase {
    fn name(&self) -> &'static str {
        "microsoft-authenticator-db"
    }

    fn title(&self) -> &'static str {
        "Microsoft Authenticator (database)"
    }

    fn steps(&self) -> &'static [&'static str] {
        &[
            "A rooted phone: /data/data/com.azure.authenticator/databases/PhoneFactor, PhoneFactor-wal and -shm beside it",
        ]
    }

    fn detect(&self, file: &File) -> Confidence {
        if has_table(file, "accounts", "oath_secret_key") { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let database = Database::open(file)?;
        let sealed = if database.has_column("accounts", "encrypted_oath_secret_key") { SEALED } else { "NULL" };
        let query = format!("SELECT account_type, name, username, oath_secret_key, {sealed} FROM accounts");
        let mut import = Import::default();
        database.say_what_is_missing(&mut import);
        for row in database.rows(&query)? {
            let text = |at: usize| row[at].as_deref().unwrap_or_default();
            let (issuer, name, secret) = (text(1), text(2), text(3));
            let title = if issuer.is_empty() { name } else { issuer };
            let fields = Fields { kind: "totp", issuer, name, ..Fields::default() };
            match text(0) {
                "0" | "1" if secret.is_empty() && !text(4).is_empty() => {
                    let how = "its key is encrypted by the phone itself: enrol it again at the site";
                    import.leave_out((title, name), Why::NotExportable, how);
                }
                "0" => import.take(title, Fields { key: Key::Base32(secret), ..fields }.account()),
                "1" => {
                    let fields = Fields { key: Key::Base64(secret), digits: Given::Is(8), ..fields };
                    import.take(title, fields.account());
                }
                _ => {
                    import.leave_out((title, name), Why::NotExportable, "a work account: its key never leaves the app");
                }
            }
        }
        Ok(import)
    }
}

const SEALED: &str = "encrypted_oath_secret_key";
