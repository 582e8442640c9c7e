//! The way out: accounts as the file of another program. Each format's lies beside its way in.
//!
//! A file is never written with less than was asked for and without a word: [`Writer::fit`] says first what of an account a
//! file can hold, whoever asks compares, and only what fits is written. What is written then reads back as it was given.

use std::{collections::HashSet, io};

use aes_gcm::aead::{OsRng, rand_core::RngCore};
use countersign_core::{account::Kind, secret::SecretText, text, vault::Portable};
use zeroize::Zeroizing;

/// The way out of a format.
pub trait Writer: Sync {
    /// Says whether its files can be, or must be, encrypted by a passphrase.
    fn sealing(&self) -> Sealing;

    /// Returns the account as a file of this format holds it: what it can't hold of it is gone.
    ///
    /// # Errors
    /// Why such a file can't hold the account at all, to be read after a colon.
    fn fit(&self, account: Portable) -> Result<Portable, String>;

    /// Returns the file; the accounts are as [`Self::fit`] returned them.
    ///
    /// # Errors
    /// [`ExportError`]'s.
    fn write(&self, accounts: &[Portable], passphrase: Option<&SecretText>) -> Result<Zeroizing<Vec<u8>>, ExportError>;
}

/// Whether the files of a format are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealing {
    /// Never: whoever has the file has the secrets.
    Never,
    /// With a passphrase they are.
    Optional,
    /// Always.
    Always,
}

impl Sealing {
    /// Returns the word for it on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Optional => "optional",
            Self::Always => "always",
        }
    }
}

/// Why no file was written. No text quotes an account.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The format is encrypted, and there is no passphrase.
    #[error("it is encrypted: a password is needed")]
    PassphraseNeeded,
    /// The format has no encryption, and there is a passphrase.
    #[error("it can't be encrypted: a password is of no use")]
    NoPassphrase,
    /// A line of the input is no account.
    #[error("line {0} is not an account")]
    NotAnAccount(usize),
    /// An account does not fit as it is.
    #[error("account {0} does not fit: {1}")]
    Unfit(usize, String),
    /// Something failed that does not depend on the accounts.
    #[error("it can't be written: {0}")]
    Failed(String),
}

impl ExportError {
    /// Returns the program's exit code for it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::PassphraseNeeded => 4,
            Self::NoPassphrase => 64,
            Self::NotAnAccount(_) | Self::Unfit(..) => 6,
            Self::Failed(_) => 70,
        }
    }
}

impl From<io::Error> for ExportError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<serde_json::Error> for ExportError {
    fn from(error: serde_json::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Reads accounts, a line each.
///
/// # Errors
/// [`ExportError::NotAnAccount`] with the line's number.
pub fn accounts(lines: &[u8]) -> Result<Vec<Portable>, ExportError> {
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    (1..).zip(lines).map(|(number, line)| Portable::read(line).map_err(|_| ExportError::NotAnAccount(number))).collect()
}

/// Returns the file of accounts that all fit.
///
/// # Errors
/// [`ExportError::Unfit`] for the first that does not fit just as it is, and the writer's own.
pub fn file(
    writer: &dyn Writer,
    accounts: &[Portable],
    passphrase: Option<&SecretText>,
) -> Result<Zeroizing<Vec<u8>>, ExportError> {
    match (writer.sealing(), passphrase) {
        (Sealing::Always, None) => return Err(ExportError::PassphraseNeeded),
        (Sealing::Never, Some(_)) => return Err(ExportError::NoPassphrase),
        _ => {}
    }
    for (number, account) in (1..).zip(accounts) {
        match writer.fit(account.duplicate()) {
            Ok(fits) if fits == *account => {}
            Ok(_) => return Err(ExportError::Unfit(number, "a part of it would be lost".into())),
            Err(why) => return Err(ExportError::Unfit(number, why)),
        }
    }
    writer.write(accounts, passphrase)
}

/// What a format holds of an account beside issuer, name and key.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Beside {
    /// Notes.
    pub(crate) note: bool,
    /// So many labels.
    pub(crate) tags: usize,
    /// Whether it stands at the head of lists.
    pub(crate) pinned: bool,
}

/// Returns the account with nothing beside it but what a format holds, its names as every reader takes them.
///
/// # Errors
/// Names that no reader takes.
pub(crate) fn with(beside: Beside, mut account: Portable) -> Result<Portable, String> {
    let own = &mut account.account;
    for (what, text) in [("issuer", &mut own.issuer), ("name", &mut own.name)] {
        *text = text.trim().to_owned();
        if !text::fits(text) {
            return Err(format!("its {what} is longer than {} bytes", text::MAX_BYTES));
        }
    }
    own.prefix = own.prefix.take().map(|prefix| prefix.trim().to_owned()).filter(|prefix| !prefix.is_empty());
    let mut seen = HashSet::new();
    account.tags.retain(|tag| !tag.trim().is_empty() && seen.insert(tag.clone()));
    account.tags.truncate(beside.tags);
    if !beside.note {
        account.note.clear();
    }
    account.pinned &= beside.pinned;
    (account.trashed, account.uses) = (false, 0);
    Ok(account)
}

/// Returns the account as it came back from a writing, its PIN apart.
///
/// # Errors
/// Where its codes would be others: whoever reads that writing takes it for something else.
pub(crate) fn same_codes(account: Portable, back: Portable) -> Result<Portable, String> {
    let (kind, key) = (&account.account.kind, &account.account.secret);
    let same = match (kind, &back.account.kind) {
        (Kind::Motp { .. }, Kind::Motp { .. }) => true,
        (Kind::Yandex { pin_length, .. }, Kind::Yandex { pin_length: other, .. }) => pin_length == other,
        (own, other) => own == other,
    };
    if !same || *key != back.account.secret {
        return Err("its codes would be taken for others".into());
    }
    Ok(Portable { account: back.account, ..account })
}

/// Returns the reason why a format has no codes of this kind.
pub(crate) fn no_codes(program: &str, kind: &Kind) -> String {
    let name = match kind {
        Kind::Totp { .. } => "time-based",
        Kind::Hotp { .. } => "counter-based",
        Kind::Steam => "Steam",
        Kind::Motp { .. } => "mOTP",
        Kind::Yandex { .. } => "Yandex",
    };
    format!("{program} makes no {name} codes")
}

/// Returns random bytes.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

/// Returns a random UUID, RFC 9562 §5.4.
pub(crate) fn uuid() -> String {
    let mut bytes = random::<16>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = data_encoding::HEXLOWER.encode(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
