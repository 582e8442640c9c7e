//! An entry of `KeePass` and its kin, in whatever file it lies.

use countersign_core::{uri, vault::Portable};

use crate::{
    fields::complete,
    import::{Import, Why},
};

/// What a file says of an entry.
pub struct Entry<'a> {
    /// Names and values; `Title`, `UserName` and `Notes` are among them.
    pub attributes: Vec<(&'a str, &'a str)>,
    /// The groups that it lies in and its own labels.
    pub tags: Vec<String>,
    /// Whether it lies in the recycle bin.
    pub deleted: bool,
}

impl Entry<'_> {
    /// Takes the entry's codes.
    pub fn take(self, import: &mut Import) {
        let value =
            |name: &str| self.attributes.iter().find(|(other, _)| *other == name).map_or("", |(_, value)| value);
        let (title, user) = (value("Title"), value("UserName"));
        let codes = uri::from_attributes(self.attributes.iter().copied());
        if codes.is_empty() {
            import.leave_out((title, user), Why::NoCode, "it has no code");
        }
        for code in codes {
            if self.deleted {
                import.leave_deleted((title, user));
                continue;
            }
            let account = code.map(|parsed| {
                let mut account = parsed.account;
                complete(&mut account, title, user);
                // A group may be without a name.
                let tags = self.tags.iter().filter(|tag| !tag.is_empty()).cloned().collect();
                let note = value("Notes").to_owned();
                Portable { note, tags, ..Portable::new(account) }
            });
            import.take((title, user), account.map_err(|error| error.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_the_bin_is_left_there_and_never_bad() {
        let why = |attribute: (&'static str, &'static str)| {
            let mut import = Import::default();
            let attributes = vec![("Title", "Gone"), attribute];
            Entry { attributes, tags: Vec::new(), deleted: true }.take(&mut import);
            assert!(import.accounts.is_empty(), "{attribute:?}");
            import.left_out.remove(0).why
        };
        assert_eq!(why(("otp", "otpauth://totp/a?secret=JBSWY3DPEHPK3PXP")), Why::Deleted);
        assert_eq!(why(("otp", "otpauth://totp/a?secret=!")), Why::Deleted);
        assert_eq!(why(("URL", "https://example.com")), Why::NoCode);
    }
}
