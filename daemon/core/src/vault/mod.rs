//! The vault on disk: age files, and nothing of our own invention around them. `FORMAT.md` describes them for strangers.
//!
//! [`Store`] is the folder: it holds the lock file, knows no key, and says what is there. [`Vault`] is the opened vault:
//! it holds the key and the entries until it is dropped, and answers a change only when that is on disk.
//!
//! Reading order: `content` (what is inside) → `history` (undo, trash and replaced secrets: one mechanism) → `unlocked`
//! (changes and saves) → `store` → `envelope`, `record` (the bytes).

mod backup;
mod backup_name;
mod change;
mod content;
mod drift;
mod envelope;
mod error;
mod file;
mod generations;
mod history;
mod inbox;
mod json;
mod keys;
mod portable;
mod record;
mod save;
mod seen;
mod slots;
mod store;
mod unlocked;

use std::path::PathBuf;

pub use backup::{BackedUp, Backup, BackupError, Snapshot, is_backup, open_backup, restore_backup};
pub use change::{Added, Edit, IfExists, Outcome, Similar};
pub use content::{Change, Entry, Replaced, Version};
pub use drift::Drift;
pub use error::{StoreError, Unusable, VaultError};
pub use file::{Disk, RealDisk};
pub use generations::Generation;
pub use history::Undone;
pub use inbox::{Inbox, Sealed};
pub use portable::{NotPortable, Portable};
pub use slots::{NewPassphrase, Opener, RecoveryState, Slot};
pub use store::{Look, Store, Surroundings};
pub use unlocked::Vault;

/// Where a vault lies.
#[derive(Debug, Clone)]
pub struct VaultDirs {
    /// The vault's folder, such as `$XDG_DATA_HOME/countersign`.
    pub data: PathBuf,
    /// Where this machine remembers which generation it saw last, such as `$XDG_STATE_HOME/countersign`.
    pub state: PathBuf,
}

/// The name that stands for the vault itself where an earlier generation is asked for: "go on with what is there".
pub const PRESENT: &str = "present";

/// The format that this version writes and reads.
const FORMAT: u64 = 1;
/// The largest vault file, in bytes.
const VAULT_LIMIT: u64 = 64 * 1024 * 1024;
/// How long replaced secrets, undo and the trash last.
const HISTORY_SECONDS: u64 = 30 * DAY;
/// How long a tombstone lasts.
const TOMBSTONE_SECONDS: u64 = 365 * DAY;
const DAY: u64 = 24 * 60 * 60;
