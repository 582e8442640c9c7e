//! An account between the vault and a foreign file, with what belongs to it there: one line of JSON.
//!
//! The line has the members of an entry (`FORMAT.md` §4) without `id`, `version` and history, and one of its own: `trashed`.

use std::io::{self, Write};

use super::{
    change::check,
    content::{Details, Entry, duplicate},
    error::VaultError,
    json::{Object, ObjectWriter, Odd},
    record::{read_details, write_details},
};
use crate::account::Account;

/// An account, and what belongs to it.
#[derive(Debug, PartialEq, Eq)]
pub struct Portable {
    /// The account.
    pub account: Account,
    /// The person's note.
    pub note: String,
    /// The person's labels: groups, folders and categories are those too.
    pub tags: Vec<String>,
    /// Whether it stands at the head of lists.
    pub pinned: bool,
    /// Whether it lay in a trash.
    pub trashed: bool,
    /// How often its codes were used; 0 where that is not known.
    pub uses: u64,
}

impl Portable {
    /// Returns an account with nothing beside it.
    pub fn new(account: Account) -> Self {
        Self { account, note: String::new(), tags: Vec::new(), pinned: false, trashed: false, uses: 0 }
    }

    /// Writes it, without a line's end.
    ///
    /// # Errors
    /// Whatever the writer says.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let details = self.details();
        let mut object = ObjectWriter::open(out)?;
        write_details(&mut object, &details)?;
        object.maybe("trashed", self.trashed.then_some(true))?;
        object.close(&details.extras)
    }

    /// Reads one back.
    ///
    /// # Errors
    /// [`NotPortable`] names the member that is missing or not of its form.
    pub fn read(line: &[u8]) -> Result<Self, NotPortable> {
        Self::read_members(line).map_err(|Odd(member)| NotPortable(member))
    }

    fn read_members(line: &[u8]) -> Result<Self, Odd> {
        let mut object = Object::parse(line)?;
        let trashed = object.maybe("trashed")?.unwrap_or_default();
        let Details { account, note, tags, pinned, uses, .. } = read_details(object)?;
        Ok(Self { account, note, tags, pinned, trashed, uses })
    }

    /// Says why no vault keeps it: of an import it would take all the others with it.
    ///
    /// # Errors
    /// [`VaultError::Invalid`] names what is too long, or can't be.
    pub fn check(&self) -> Result<(), VaultError> {
        check(&self.account)?;
        if self.tags.len() > MAX_TAGS {
            return Err(VaultError::Invalid { field: "the list of labels", why: "has more than 1000" });
        }
        Ok(())
    }

    /// Returns a second holder of the same, for the places that must keep one.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        let (note, tags) = (self.note.clone(), self.tags.clone());
        Self { account: duplicate(&self.account), note, tags, ..*self }
    }

    pub(super) fn details(&self) -> Details {
        let own = Details::new(duplicate(&self.account));
        Details { note: self.note.clone(), tags: self.tags.clone(), pinned: self.pinned, uses: self.uses, ..own }
    }
}

impl Entry {
    /// Returns a copy of it for a foreign file: without id, version and history.
    pub fn portable(&self) -> Portable {
        let Details { account, note, tags, pinned, uses, deleted, .. } = &self.details;
        Portable {
            account: duplicate(account),
            note: note.clone(),
            tags: tags.clone(),
            pinned: *pinned,
            trashed: deleted.is_some(),
            uses: *uses,
        }
    }
}

/// The line is not an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an account: {0}")]
pub struct NotPortable(&'static str);

/// How many labels an account of an import may have.
pub(super) const MAX_TAGS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uri;

    fn line(portable: &Portable) -> Vec<u8> {
        let mut line = Vec::new();
        portable.write(&mut line).unwrap();
        line
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in [
            "otpauth://totp/Acme:me?secret=JBSWY3DPEHPK3PXP&issuer=Acme&digits=8&period=60&algorithm=SHA512",
            "otpauth://hotp/x?secret=JBSWY3DPEHPK3PXP&counter=18446744073709551614",
            "steam://JBSWY3DPEHPK3PXP",
            "motp://Site:me?secret=0123456789abcdef",
        ] {
            let bare = Portable::new(uri::parse(text).unwrap().account);
            assert_eq!(Portable::read(&line(&bare)).unwrap(), bare);
            let tags = vec!["work".into(), "a \"b\"".into()];
            let whole = Portable { note: "n\n".into(), tags, pinned: true, trashed: true, uses: 7, ..bare };
            assert_eq!(Portable::read(&line(&whole)).unwrap(), whole);
        }
    }

    #[test]
    fn what_is_no_account_is_refused_without_its_text() {
        for bad in ["", "{}", "[]", "{\"type\":\"totp\"}", "{\"type\":\"totp\",\"secret\":\"hush\"}", "nonsense"] {
            let error = Portable::read(bad.as_bytes()).unwrap_err();
            assert!(!error.to_string().contains("hush"), "{error}");
        }
    }
}
