//! Google Authenticator's own database, which only a rooted phone gives.

use countersign_core::secret::SecretText;

use super::{Confidence, Format};
use crate::{
    database::{Database, has_table},
    fields::{Fields, Given, Key},
    file::File,
    import::{Import, ImportError, Why},
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
            if text(5) == "1" {
                let how = "it is encrypted by the phone: use Transfer accounts in the app instead";
                import.leave_out((issuer, email), Why::NotExportable, how);
                continue;
            }
            // What a label's prefix says is the issuer once more.
            let own = email.split_once(':').filter(|(prefix, _)| issuer.is_empty() || *prefix == issuer);
            let (prefix, account) = own.unwrap_or(("", email));
            let kind = match text(3) {
                "" | "0" => "totp",
                "1" => "hotp",
                _ => {
                    import.leave_out((issuer, email), Why::Bad, "codes of its type are not known here");
                    continue;
                }
            };
            let fields = Fields {
                kind,
                key: Key::Base32(text(2)),
                issuer: if issuer.is_empty() { prefix } else { issuer },
                name: account,
                counter: Given::of_text(text(4)),
                ..Fields::default()
            };
            import.take((issuer, email), fields.account());
        }
        Ok(import)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_one_of_two() {
        let mut connection = rusqlite::Connection::open_in_memory().unwrap();
        let table = "CREATE TABLE accounts (email TEXT, secret TEXT, counter INTEGER, type INTEGER)";
        let rows =
            "('a', 'JBSWY3DP', 0, 0), ('b', 'JBSWY3DP', 7, 1), ('c', 'JBSWY3DP', 0, NULL), ('d', 'JBSWY3DP', 0, 2)";
        connection.execute_batch(&format!("{table}; INSERT INTO accounts VALUES {rows}")).unwrap();
        let file = File::new(connection.serialize(rusqlite::MAIN_DB).unwrap().to_vec());
        let import = GoogleDatabase.read(&file, None).unwrap();
        let kinds: Vec<_> = import.accounts.iter().map(|one| one.account.kind.name()).collect();
        assert_eq!((kinds, import.left_out[0].name.as_str()), (vec!["totp", "hotp", "totp"], "d"));
    }
}
