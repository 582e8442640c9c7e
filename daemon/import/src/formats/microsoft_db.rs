//! Microsoft Authenticator's own database, which only a rooted phone gives.

use countersign_core::secret::SecretText;

use super::{Confidence, Format};
use crate::{
    database::{Database, has_table},
    fields::{Fields, Key},
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
            "Microsoft Authenticator lets nothing out: enrol each site again",
            "A rooted phone: /data/data/com.azure.authenticator/databases/PhoneFactor, PhoneFactor-wal and -shm beside it",
        ]
    }

    fn detect(&self, file: &File) -> Confidence {
        if has_table(file, "accounts", "oath_secret_key") { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let rows = Database::open(file)?.rows("SELECT account_type, name, username, oath_secret_key FROM accounts")?;
        let mut import = Import::default();
        if file.bytes().get(18) == Some(&WRITES_AHEAD) {
            import.note(LOG);
        }
        for row in rows {
            let text = |at: usize| row[at].as_deref().unwrap_or_default();
            let (issuer, name, secret) = (text(1), text(2), text(3));
            let fields = Fields { kind: "totp", issuer, name, ..Fields::default() };
            match text(0) {
                "0" => import.take(issuer, Fields { key: Key::Base32(secret), ..fields }.account()),
                "1" => {
                    let fields = Fields { key: Key::Base64(secret), digits: Some(8), ..fields };
                    import.take(issuer, fields.account());
                }
                _ => import.leave_out(issuer, Why::NotExportable, "a work account: its key never leaves the app"),
            }
        }
        Ok(import)
    }
}

/// The version in a database's head that says that a log may lie beside it.
const WRITES_AHEAD: u8 = 2;
const LOG: &str = "What the app added last may still stand in PhoneFactor-wal. Where accounts are missing, have the three files in one \
                   folder, run: sqlite3 PhoneFactor 'PRAGMA wal_checkpoint(TRUNCATE)', and import PhoneFactor again.";
