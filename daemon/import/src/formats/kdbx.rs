//! `KeePass` databases (KDBX 3 and 4), of `KeePass`, `KeePassXC` and their kin.

use countersign_core::secret::SecretText;

use super::{Confidence, Format, keepass_xml::Walk};
use crate::{
    file::File,
    import::{Import, ImportError},
    kdbx, keys,
};

/// The format.
pub(super) struct Kdbx;

impl Format for Kdbx {
    fn name(&self) -> &'static str {
        "kdbx"
    }

    fn title(&self) -> &'static str {
        "KeePass, KeePassXC (database)"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["The database itself: ….kdbx, with its password (a key file is not read: export CSV or XML then)"]
    }

    fn detect(&self, file: &File) -> Confidence {
        if file.bytes().starts_with(SIGNATURE) { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        match file.bytes().get(10..12) {
            // Those of KeePass 1 begin alike.
            _ if !file.bytes().starts_with(SIGNATURE) => return Err(ImportError::damaged("its header")),
            Some([3 | 4, 0]) => {}
            Some([version, _]) => return Err(ImportError::Newer(format!("KDBX {version}"))),
            _ => return Err(ImportError::damaged("its header")),
        }
        let passphrase = keys::needed(passphrase)?;
        let opened = kdbx::open(file.bytes(), passphrase).map_err(|error| match error {
            ImportError::WrongPassphrase | ImportError::WrongOrDamaged if passphrase.is_empty() => {
                ImportError::Restricted(KEY_FILE.into())
            }
            other => other,
        })?;
        let text = str::from_utf8(&opened.xml).map_err(|_| ImportError::damaged("its database"))?;
        Walk::showing(opened.stream).through(text.trim_start_matches('\u{feff}'))
    }
}

/// What to do about a database without a password.
const KEY_FILE: &str = "it has no password: it opens by a key file or a security key, which are not read here. Give a copy of it a \
                        password and nothing else (Database, Database Security), or export it as XML";
const SIGNATURE: &[u8] = &[0x03, 0xd9, 0xa2, 0x9a, 0x67, 0xfb, 0x4b, 0xb5];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_of_keepass_1_is_none() {
        let mut older = [SIGNATURE, &[0; 200]].concat();
        (older[4], older[10]) = (0x65, 3);
        let refused = Kdbx.read(&File::new(older), Some(&"x".into())).map(drop);
        assert_eq!(refused, Err(ImportError::damaged("its header")));
    }
}
