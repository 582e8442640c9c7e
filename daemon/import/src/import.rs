//! What a foreign file held: accounts, and what was left out and why.

use std::fmt;

use countersign_core::vault::Portable;

/// What came out of a file.
#[derive(Debug, Default)]
pub struct Import {
    /// What can be kept.
    pub accounts: Vec<Portable>,
    /// What can't, or is none.
    pub left_out: Vec<LeftOut>,
    /// What the person should know of all of it, a sentence each.
    pub notes: Vec<String>,
}

impl Import {
    /// Takes an account, or why one can't be read. One that the vault would refuse is none either.
    pub fn take(&mut self, called: impl Into<Called>, read: Result<Portable, String>) {
        let kept = read.and_then(|one| one.check().map(|()| one).map_err(|error| error.to_string()));
        match kept {
            Ok(account) => self.accounts.push(account),
            Err(reason) => self.leave_out(called, Why::Bad, reason),
        }
    }

    /// Leaves something out.
    pub fn leave_out(&mut self, called: impl Into<Called>, why: Why, reason: impl Into<String>) {
        let Called { name, user } = called.into();
        self.left_out.push(LeftOut { name, user, why, reason: reason.into() });
    }

    /// Leaves an account out that its program has thrown away.
    pub fn leave_deleted(&mut self, called: impl Into<Called>) {
        self.leave_out(called, Why::Deleted, "it lies in the recycle bin");
    }

    /// Says something once.
    pub fn note(&mut self, text: &str) {
        if !self.notes.iter().any(|note| note == text) {
            self.notes.push(text.to_owned());
        }
    }
}

/// How the person knows something in a file: by its name, or by its site and the account there, which may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    name: String,
    user: String,
}

impl From<(&str, &str)> for Called {
    fn from((name, user): (&str, &str)) -> Self {
        let (name, user) = if name.is_empty() || name == user { (user, "") } else { (name, user) };
        Self { name: name.to_owned(), user: user.to_owned() }
    }
}

impl From<&str> for Called {
    fn from(name: &str) -> Self {
        (name, "").into()
    }
}

impl From<&String> for Called {
    fn from(name: &String) -> Self {
        name.as_str().into()
    }
}

/// Something in a file that does not become an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// What it is called there.
    pub name: String,
    /// Where the name is a site's, whose account it is; may be empty.
    pub user: String,
    /// Of which sort the reason is.
    pub why: Why,
    /// The reason, to be read after a colon.
    pub reason: String,
}

/// Why something is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It should be an account, and can't be read or computed as one.
    Bad,
    /// It holds no code at all.
    NoCode,
    /// It has one, and lies in the recycle bin.
    Deleted,
    /// It holds one that by its nature can't leave the other program.
    NotExportable,
}

impl Why {
    /// Returns the word for it on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::NoCode => "no-code",
            Self::Deleted => "deleted",
            Self::NotExportable => "not-exportable",
        }
    }
}

/// Why nothing came out of a file. No text quotes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// No format fits.
    #[error("it is no export that is known here")]
    NotRecognised,
    /// It is encrypted, and no passphrase was given.
    #[error("it is encrypted: its password is needed")]
    PassphraseNeeded,
    /// The passphrase does not open it.
    #[error("that is not its password")]
    WrongPassphrase,
    /// The passphrase does not open it, in a format in which damage looks the same.
    #[error("that is not its password, or it is damaged")]
    WrongOrDamaged,
    /// It is of this format, and broken.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// A later version of the other program wrote it.
    #[error("it is of a version that is not known here: {0}")]
    Newer(String),
    /// It can't be opened outside the other program; the text says what to do instead.
    #[error("{0}")]
    Restricted(String),
    /// Opening it would take too much memory or time.
    #[error("opening it would take too much: {0}")]
    TooCostly(String),
    /// It is larger than such files are, packed or unpacked.
    #[error("it is too large: {0}")]
    TooLarge(String),
}

impl ImportError {
    /// Returns the program's exit code for it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotRecognised => 3,
            Self::PassphraseNeeded => 4,
            Self::WrongPassphrase | Self::WrongOrDamaged => 5,
            Self::Damaged(_) => 6,
            Self::Newer(_) => 7,
            Self::Restricted(_) => 8,
            Self::TooCostly(_) => 9,
            Self::TooLarge(_) => 10,
        }
    }

    /// Returns the error for a broken file; `what` names the part that is.
    pub fn damaged(what: impl fmt::Display) -> Self {
        Self::Damaged(what.to_string())
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::uri;

    use super::*;

    #[test]
    fn two_accounts_of_a_site_are_told_apart() {
        let told = |called: (&str, &str)| {
            let mut import = Import::default();
            import.take(called, Err("its key is not base32".into()));
            let LeftOut { name, user, .. } = import.left_out.remove(0);
            (name, user)
        };
        assert_eq!(told(("GitHub", "alice")), ("GitHub".into(), "alice".into()));
        assert_eq!(told(("", "alice")), ("alice".into(), String::new()));
        assert_eq!(told(("alice", "alice")), ("alice".into(), String::new()));
    }

    #[test]
    fn what_the_vault_would_refuse_is_left_out_and_takes_no_other_with_it() {
        let mut import = Import::default();
        for issuer in ["a".repeat(5000), "b".into()] {
            let mut account = uri::parse("steam://JBSWY3DPEHPK3PXP").unwrap().account;
            account.issuer = issuer;
            import.take("x", Ok(Portable::new(account)));
        }
        assert_eq!((import.accounts.len(), import.left_out.len()), (1, 1));
        assert_eq!(
            (import.left_out[0].why, import.left_out[0].reason.as_str()),
            (Why::Bad, "the name is longer than 4 KiB")
        );
    }
}
