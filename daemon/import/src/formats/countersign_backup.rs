//! Our own export, encrypted: an age file by passphrase around the JSON of [`super::countersign_json`]. The stock `age -d`
//! opens it.

use std::io::{Read, Write as _};

use age::secrecy::SecretString;
use countersign_core::{secret::SecretText, vault::Portable};
use zeroize::Zeroizing;

use super::{Confidence, Format, countersign_json};
use crate::{
    export::{ExportError, Sealing, Writer},
    file::File,
    import::{Import, ImportError},
};

/// The format.
pub(super) struct CountersignBackup;

impl Format for CountersignBackup {
    fn name(&self) -> &'static str {
        "countersign-backup"
    }

    fn title(&self) -> &'static str {
        "countersign (encrypted by age)"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["There: countersign export --format countersign-backup FILE", "Copy the file here"]
    }

    fn detect(&self, file: &File) -> Confidence {
        if file.bytes().starts_with(HEAD) { Confidence::Likely } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let passphrase = passphrase.ok_or(ImportError::PassphraseNeeded)?;
        countersign_json::read(&open(file.bytes(), passphrase)?)
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }
}

impl Writer for CountersignBackup {
    fn sealing(&self) -> Sealing {
        Sealing::Always
    }

    fn fit(&self, account: Portable) -> Result<Portable, String> {
        Ok(account)
    }

    fn write(&self, accounts: &[Portable], key: Option<&SecretText>) -> Result<Zeroizing<Vec<u8>>, ExportError> {
        let passphrase = key.ok_or(ExportError::PassphraseNeeded)?;
        let plain = countersign_json::write(accounts)?;
        let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.expose()));
        recipient.set_work_factor(WORK);
        let failed = |error: age::EncryptError| ExportError::Failed(error.to_string());
        let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as _)).map_err(failed)?;
        let mut sealed = Zeroizing::new(Vec::new());
        let mut out = encryptor.wrap_output(&mut *sealed)?;
        out.write_all(&plain)?;
        out.finish()?;
        Ok(sealed)
    }
}

fn open(bytes: &[u8], passphrase: &SecretText) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase.expose()));
    identity.set_max_work_factor(MAX_WORK);
    let refused = |error: age::DecryptError| match error {
        age::DecryptError::DecryptionFailed
        | age::DecryptError::KeyDecryptionFailed
        | age::DecryptError::NoMatchingKeys => ImportError::WrongPassphrase,
        age::DecryptError::ExcessiveWork { required, .. } => {
            ImportError::TooCostly(format!("scrypt of 2^{required}, 2^{MAX_WORK} at the most"))
        }
        _ => ImportError::damaged("its age header"),
    };
    let decryptor = age::Decryptor::new(bytes).map_err(refused)?;
    let mut reader = decryptor.decrypt(std::iter::once(&identity as _)).map_err(refused)?;
    let mut plain = Zeroizing::new(Vec::with_capacity(bytes.len()));
    reader.read_to_end(&mut plain).map_err(|_| ImportError::damaged("its age payload"))?;
    Ok(plain)
}

/// The head of an age file that one passphrase opens.
const HEAD: &[u8] = b"age-encryption.org/v1\n-> scrypt ";
/// What a passphrase costs to try: 2^17, about 128 MiB and half a second.
const WORK: u8 = 17;
/// The most that is done for another's file: 1 GiB.
const MAX_WORK: u8 = 20;
