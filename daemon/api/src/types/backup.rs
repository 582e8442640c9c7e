//! The dictionaries of backups.

use crate::dict::{options, record};

options! {
    /// Options of `Backup`.
    pub struct BackupOptions {
        /// Nobody looks on: a failure is told by a notification, and a folder without an earlier backup of this vault is
        /// refused, since its disk may be away.
        scheduled: bool,
    }
}

record! {
    /// A backup that was made, read back and compared.
    pub struct BackedUp {
        /// The name of its folder, such as `countersign-2026-11-30T014500Z`.
        name: String,
        /// The whole path.
        path: String,
        /// Unix time at which it was made.
        made: u64,
        /// Accounts in it; 0 while the vault is locked.
        accounts: u32,
        /// Whether it was decrypted too, and is the vault's present state; not so while that is locked.
        decrypted: bool,
        /// Names of the key slots that open it.
        slots: Vec<String>,
        /// Whether it lies on the same disk as the vault, as far as that can be told.
        same_disk: bool,
        /// Names of older backups that were removed.
        removed: Vec<String>,
    }
}

options! {
    /// Options of `VerifyBackup`.
    pub struct VerifyOptions {
        /// Restore it into a private place first, all as on a new computer, and remember that.
        drill: bool,
    }
}

record! {
    /// What is in a backup, beside what is in the vault.
    pub struct BackupLook {
        /// The name of its folder.
        name: String,
        /// The whole path.
        path: String,
        /// Unix time at which it was made; 0 where its name does not tell.
        made: u64,
        /// Accounts in it.
        accounts: u32,
        /// Whether it could be compared with the vault.
        compared: bool,
        /// Why it could not; else empty.
        why_not: String,
        /// Accounts that are the same in both, their codes of this moment too.
        same: u32,
        /// Titles of accounts that were kept later.
        missing: Vec<String>,
        /// Titles of accounts that were changed later.
        changed: Vec<String>,
        /// Titles of counter-based accounts whose counter has moved on.
        counters: Vec<String>,
        /// Titles of accounts that were removed later.
        removed: Vec<String>,
        /// What else would be lost, in words.
        beside: Vec<String>,
        /// Names of backups in the folder that say they are of a time to come: a clock was wrong, and they were passed over.
        passed_over: Vec<String>,
    }
}
