//! What can go wrong with a vault. No message holds a secret, a passphrase or an account's name.

use std::{io, path::PathBuf};

use crate::account::AccountId;

/// Why no vault folder could be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another daemon holds the lock file.
    #[error("already running{}", .pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    AlreadyRunning {
        /// Its process id, where the lock file tells.
        pid: Option<u32>,
    },
    /// Others could change what lies in the folder.
    #[error("{} {why}; correct that, then start again", .path.display())]
    Unsafe {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The folder could not be made or locked.
    #[error("{} can't be used", .path.display())]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Why the vault that is there can't be used. It is kept as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unusable {
    /// Something of it was changed or broken.
    #[error("damaged: {what}")]
    Damaged {
        /// Which file or part.
        what: String,
    },
    /// It ends too early.
    #[error("cut short: {what}")]
    Truncated {
        /// Which file.
        what: String,
    },
    /// A later version wrote it.
    #[error("newer: it has format {version}, this program knows {}", super::FORMAT)]
    Newer {
        /// The format it names.
        version: u64,
    },
    /// It is not ours, or parts of two vaults are mixed.
    #[error("foreign: {what}")]
    Foreign {
        /// Which file does not belong.
        what: String,
    },
    /// This machine has seen a later one.
    #[error(
        "rolled back: this machine last saw generation {seen}, the vault has {found}; to go on with it, take the generation \"{}\"",
        super::PRESENT
    )]
    RolledBack {
        /// The generation last seen.
        seen: u64,
        /// The generation found.
        found: u64,
    },
    /// A part of it is gone while others are there.
    #[error("incomplete: {what} is missing")]
    Missing {
        /// Which file.
        what: String,
    },
    /// The system does not let it be read.
    #[error("unreadable: {what}: {why}")]
    Unreadable {
        /// Which file.
        what: String,
        /// What the system says.
        why: String,
    },
}

impl Unusable {
    /// Returns the stable word for the reason, such as `damaged`.
    pub fn id(&self) -> &'static str {
        match self {
            Self::Damaged { .. } => "damaged",
            Self::Truncated { .. } => "truncated",
            Self::Newer { .. } => "newer",
            Self::Foreign { .. } => "foreign",
            Self::RolledBack { .. } => "rolled-back",
            Self::Missing { .. } => "incomplete",
            Self::Unreadable { .. } => "unreadable",
        }
    }

    pub(super) fn unreadable(what: &str, why: &io::Error) -> Self {
        Self::Unreadable { what: what.to_owned(), why: why.to_string() }
    }
}

/// Why a request to the vault failed. Nothing has changed then, in memory or on disk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// There is no vault yet.
    #[error("there is no vault yet")]
    NoVault,
    /// A vault is there already.
    #[error("a vault is there already")]
    AlreadyExists,
    /// The passphrase, recovery key or vault key is not the right one.
    #[error("the passphrase or key is wrong")]
    WrongPassphrase,
    /// The passphrase can't be taken.
    #[error("the passphrase is {0}")]
    PassphraseRefused(&'static str),
    /// What is there can't be used.
    #[error("the vault can't be used: {0}")]
    Unusable(#[from] Unusable),
    /// The vault's folder can only be read.
    #[error("the vault can only be read: {0}")]
    ReadOnly(String),
    /// The change could not be put on disk.
    #[error("the change could not be saved: {0}")]
    NotSaved(#[source] io::Error),
    /// Another program changed or removed the vault since it was opened.
    #[error("the vault was changed or removed by another program since it was opened; nothing was saved")]
    ChangedOutside,
    /// No such account.
    #[error("there is no account {0}")]
    NoSuchAccount(AccountId),
    /// No such slot, generation or sealed scan.
    #[error("there is no {what} of that name")]
    NoSuch {
        /// `key slot`, `recovery key`, `generation`, `sealed scan` or `earlier secret`.
        what: &'static str,
    },
    /// There is nothing to take back.
    #[error("there is nothing to take back")]
    NothingToUndo,
    /// A value does not fit the account or its limits.
    #[error("{field} {why}")]
    Invalid {
        /// Which value.
        field: &'static str,
        /// Why it does not fit.
        why: &'static str,
    },
    /// The vault or the inbox would grow beyond its limit.
    #[error("{0} is full")]
    Full(&'static str),
    /// The last way to open the vault by heart stays.
    #[error("the {0} slot can't be taken away")]
    SlotStays(&'static str),
}
