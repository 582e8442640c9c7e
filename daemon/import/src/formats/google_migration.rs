//! Google Authenticator's transfer: `otpauth-migration` URIs, one a QR, of ten accounts each.
//!
//! As a file they are a list of URIs, which [`super::uris`] reads; pictures of them are drawn and read elsewhere.

use countersign_core::{payload::migration, secret::SecretText, vault::Portable};
use zeroize::Zeroizing;

use super::{Confidence, Format, uris};
use crate::{
    export::{self, Beside, ExportError, Sealing, Writer},
    file::File,
    import::{Import, ImportError},
};

/// The format.
pub(super) struct GoogleMigration;

impl Format for GoogleMigration {
    fn name(&self) -> &'static str {
        "google-migration"
    }

    fn title(&self) -> &'static str {
        "Google Authenticator (QR)"
    }

    fn steps(&self) -> &'static [&'static str] {
        &[
            "☰ or ⋮, Transfer accounts, Export accounts",
            "Hold each QR to a camera: countersign scan --camera",
            "Or take a picture of each: countersign scan --image FILES",
        ]
    }

    fn detect(&self, _: &File) -> Confidence {
        // A list of such URIs is one of URIs.
        Confidence::No
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        uris::Uris.read(file, passphrase)
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }
}

impl Writer for GoogleMigration {
    fn sealing(&self) -> Sealing {
        Sealing::Never
    }

    fn fit(&self, account: Portable) -> Result<Portable, String> {
        let account = export::with(Beside::default(), account)?;
        let written = migration::write(std::iter::once(&account.account), 0);
        match (written.left_out.into_iter().next(), written.parts.first()) {
            (Some((_, why)), _) => Err(why),
            (None, Some(part)) => {
                let mut read = uris::read(part.text.expose()).accounts;
                let back = read.pop().ok_or("no reader takes it back")?;
                export::same_codes(account, back)
            }
            (None, None) => Err("no QR holds it".into()),
        }
    }

    fn write(&self, accounts: &[Portable], _: Option<&SecretText>) -> Result<Zeroizing<Vec<u8>>, ExportError> {
        let batch = i32::from_ne_bytes(export::random());
        let written = migration::write(accounts.iter().map(|one| &one.account), batch);
        if let Some((place, why)) = written.left_out.into_iter().next() {
            return Err(ExportError::Unfit(place + 1, why));
        }
        let mut text = Zeroizing::new(Vec::new());
        for part in &written.parts {
            text.extend_from_slice(part.text.expose().as_bytes());
            text.push(b'\n');
        }
        Ok(text)
    }
}
