//! countersign's backup: an age file by passphrase, binary or as text, with an export in it. Any other export may be in it as well:
//! people seal those of other programs with age too.

use std::{borrow::Cow, io::Write as _};

use age::secrecy::SecretString;
use countersign_core::{
    secret::SecretText,
    vault::{Portable, Unusable, VaultError, open_by_passphrase},
};
use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::{Confidence, Format, countersign_json, detect};
use crate::{
    export::{ExportError, Sealing, Writer},
    file::File,
    import::{Import, ImportError},
    keys,
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
        let is_ours = sealed(file).is_some_and(|sealed| work_factor(&sealed).is_some());
        if is_ours { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let sealed = sealed(file).ok_or_else(|| ImportError::damaged("it is no age file"))?;
        if let Some(work) = work_factor(&sealed).filter(|work| *work > MAX_WORK) {
            return Err(ImportError::TooCostly(format!("scrypt's work factor is {work}, {MAX_WORK} at the most")));
        }
        keys::needed(passphrase)?;
        let passphrase = passphrase.ok_or(ImportError::PassphraseNeeded)?;
        let plain = open_by_passphrase(&sealed, passphrase).map_err(|error| as_import_error(&error))?;
        let inner = File::new(plain.to_vec());
        match detect(&inner).filter(|format| format.name() != self.name()) {
            Some(format) => format.read(&inner, None),
            None => Err(ImportError::damaged("what is sealed in it is no export")),
        }
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

/// Returns the age file as bytes, also of one that is written as text.
pub(super) fn sealed(file: &File) -> Option<Cow<'_, [u8]>> {
    if file.bytes().starts_with(b"age-encryption.org/v") {
        return Some(Cow::Borrowed(file.bytes()));
    }
    let text = file.text()?.trim().strip_prefix("-----BEGIN AGE ENCRYPTED FILE-----")?;
    let text = text.strip_suffix("-----END AGE ENCRYPTED FILE-----")?;
    let plain: String = text.split_ascii_whitespace().collect();
    BASE64.decode(plain.as_bytes()).ok().map(Cow::Owned)
}

/// Returns scrypt's work factor; `None` where the file is not encrypted by passphrase.
fn work_factor(sealed: &[u8]) -> Option<u32> {
    let head = sealed[..sealed.len().min(256)].split(|byte| *byte == b'\n').nth(1)?;
    let words = str::from_utf8(head).ok()?.strip_prefix("-> scrypt ")?;
    words.split(' ').nth(1)?.parse().ok()
}

/// Says what keeps a file of ours closed.
pub(super) fn as_import_error(error: &VaultError) -> ImportError {
    match error {
        VaultError::WrongPassphrase | VaultError::PassphraseRefused(_) => ImportError::WrongPassphrase,
        VaultError::Unusable(Unusable::Newer { version }) => ImportError::Newer(format!("countersign vault {version}")),
        VaultError::Unusable(why) => ImportError::damaged(why),
        other => ImportError::damaged(other),
    }
}

/// What a passphrase costs to try: 2^17, about 128 MiB and half a second.
const WORK: u8 = 17;
/// The most that is done for another's file: 1 GiB.
const MAX_WORK: u32 = 20;
