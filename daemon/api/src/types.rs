//! The dictionaries of the contract.

mod backup;
mod exchange;
mod scan;

pub use backup::{BackedUp, BackupLook, BackupOptions, VerifyOptions};
pub use exchange::{ChecklistOptions, ExportOptions, ImportOptions, Imported, MigrationExport, SiteInfo};
pub use scan::{CameraOptions, Candidate, ImageOptions, KeepOptions, Kept, ScanOptions, TextOptions};

use crate::dict::{options, record};

options! {
    /// Options of a method that has none yet.
    pub struct NoOptions {}
}

options! {
    /// Options of `CodeWith`.
    pub struct CodeOptions {
        /// Seconds that the code must still live; else the next one is waited for.
        fresh: u32,
        /// Never the same code twice: waits for the next one if this one was given already.
        unused: bool,
        /// The most seconds to wait; more needed answers `WouldWait`. Unset: up to one period.
        max_wait: u32,
        /// The code at this Unix time, in seconds, instead of now.
        at: u64,
        /// The code after the one of now.
        next: bool,
        /// While locked: ask the person to unlock.
        prompt: bool,
        /// Counter-based account: use the next code up.
        advance: bool,
        /// The code as a site may compute it instead: an id that `Variations` answers.
        variation: String,
        /// It is tried on a page that may refuse it: that it was asked for proves nothing.
        trial: bool,
    }
}

record! {
    /// What is said of a code beside it.
    pub struct CodeDetails {
        /// Unix time at which the code dies, in seconds; 0 where codes follow a counter.
        expires: u64,
        /// Seconds that a code lives; 0 where codes follow a counter.
        period: u32,
        /// Id of the account.
        account: String,
    }
}

options! {
    /// Options of `List` and `Find`.
    pub struct ListOptions {
        /// How many to leave out at the start.
        offset: u32,
        /// How many to answer at the most; 1,000 at the very most.
        limit: u32,
        /// `use` (pinned ones first, then the most used, the default of `Find`) or `name` (the default of `List`).
        order: String,
    }
}

record! {
    /// An account as lists show it: nothing secret.
    pub struct AccountInfo {
        /// 32 hex characters; stable.
        id: String,
        /// Who the account is with.
        issuer: String,
        /// The account's name there.
        name: String,
        /// What the QR's label said before the colon where it differs from the issuer.
        prefix: String,
        /// Issuer and name in one, hostile characters made visible.
        title: String,
        /// `totp`, `hotp`, `steam`, `motp` or `yandex`.
        kind: String,
        /// `SHA1`, `SHA256` or `SHA512`; empty where the kind has but one.
        algorithm: String,
        /// Length of a code.
        digits: u32,
        /// Seconds that a code lives; 0 where codes follow a counter.
        period: u32,
        /// Whether the site is taken to accept its codes. Not so when a scan kept it, until `Confirm`, or until a code is
        /// asked for more than ten minutes later.
        confirmed: bool,
        /// Whether the person wants it at the head of lists.
        pinned: bool,
        /// Whether a PIN is needed that the vault does not keep.
        pin_needed: bool,
        /// Unix time at which it was kept.
        created: u64,
        /// Unix time of the last code; 0 for never.
        last_used: u64,
        /// Unix time at which it was removed; 0 for accounts that are not in the trash.
        deleted: u64,
        /// The person's note.
        note: String,
    }
}

record! {
    /// What a site may compute instead where it refuses the codes of an account: nothing secret.
    pub struct Variation {
        /// Stable word for it, such as `sha1`: what `CodeWith` and `Confirm` take.
        variation: String,
        /// What is different about its code, in English, to be read after "the code".
        text: String,
        /// Seconds by which the site's clock would be ahead of this one; 0 where it is the account that would be different.
        shift: i32,
    }
}

options! {
    /// Options of `Confirm`.
    pub struct ConfirmOptions {
        /// The site accepted a code of this variation: codes are computed so from now on.
        variation: String,
    }
}

options! {
    /// Options of `Pin`.
    pub struct PinOptions {
        /// Takes it back among the others instead.
        unpin: bool,
    }
}

options! {
    /// Options of `Copied`.
    pub struct CopiedOptions {
        /// Unix time at which the copied code dies; unset where codes follow a counter.
        expires: u64,
        /// Why nothing was copied, where it came to that.
        failed: String,
    }
}

record! {
    /// What became of an account by `Confirm`.
    pub struct Confirmed {
        /// Id of the account.
        account: String,
        /// Its title.
        title: String,
        /// Whether its codes are computed in another way from now on, which undo takes back.
        changed: bool,
        /// What there is to know or to do now, in English; may be empty.
        text: String,
    }
}

record! {
    /// How the daemon and its vault are.
    pub struct Status {
        /// `absent`, `locked`, `unlocked` or `unusable`.
        state: String,
        /// Id of the reason for the state, such as `idle`, `by-hand`, `sleep`, `damaged`, `newer`.
        why: String,
        /// The reason in English.
        why_text: String,
        /// Unix time of the state's beginning.
        since: u64,
        /// The daemon's own version.
        version: String,
        /// The vault's folder.
        vault: String,
        /// Accounts in the vault; 0 while it is locked.
        accounts: u32,
        /// Accounts that no site is known to accept the codes of; 0 while it is locked.
        unconfirmed: u32,
        /// Entries that this version can't understand; they are kept as they are.
        quarantined: u32,
        /// Scans that lie sealed: found while locked, or parts of an export that wait for the others.
        inbox: u32,
        /// Of these, parts of exports that wait for others; 0 while it is locked.
        inbox_incomplete: u32,
        /// Of these, those that can't be read; 0 while it is locked.
        inbox_unreadable: u32,
        /// Why the vault can only be read; empty where it can be written.
        read_only: String,
        /// Whether there is a recovery key: `none`, `unconfirmed` or `made`.
        recovery: String,
        /// Names of the key slots.
        slots: Vec<String>,
        /// Seconds of idleness after which the vault locks; 0 for never.
        idle_lock: u32,
        /// What is missing on this desktop and what it means, a line each.
        missing: Vec<String>,
        /// What is wrong with the configuration; empty where nothing is.
        config_error: String,
        /// Unix time of the last backup; 0 for never.
        last_backup: u64,
        /// The folder that backups go to where no other is named; empty where none is known.
        backup_folder: String,
        /// Unix time at which a backup was last restored for trial; 0 for never.
        last_drill: u64,
        /// Days after which a backup is old; 0 for never.
        backup_reminder: u32,
    }
}

options! {
    /// Options of `Unlock` and `ProveByPrompt`: the caller's screen and terminal, for the prompt.
    pub struct PromptOptions {
        /// The caller's `DISPLAY`.
        display: String,
        /// The caller's `WAYLAND_DISPLAY`.
        wayland_display: String,
        /// The caller's `XAUTHORITY`.
        xauthority: String,
        /// The caller's `XDG_SESSION_TYPE`.
        session_type: String,
        /// The caller's `XDG_CURRENT_DESKTOP`.
        current_desktop: String,
        /// False forbids asking the person: the keyring or nothing.
        prompt: bool,
    }
}

options! {
    /// Options of `Init`.
    pub struct InitOptions {
        /// Also lets the login keyring open the vault.
        keyring: bool,
    }
}

options! {
    /// Options of `Edit`: what is given changes.
    pub struct EditOptions {
        /// Who the account is with.
        issuer: String,
        /// The account's name there.
        name: String,
        /// The person's note.
        note: String,
        /// The PIN to keep; an empty one is forgotten.
        pin: String,
        /// Length of a code.
        digits: u32,
        /// Seconds that a code lives.
        period: u32,
        /// `SHA1`, `SHA256` or `SHA512`.
        algorithm: String,
        /// The counter of the next code.
        counter: u64,
    }
}

record! {
    /// The secret of an account.
    pub struct Revealed {
        /// The base32 key, without padding; hex text for mOTP.
        secret: String,
        /// The URI that other authenticators read from a QR.
        uri: String,
    }
}

record! {
    /// A way to open the vault.
    pub struct SlotInfo {
        /// `passphrase`, `recovery`, `keyring`, or a name.
        name: String,
        /// What it is, in English.
        what: String,
        /// Unix time at which it was made; 0 where unknown.
        created: u64,
    }
}

record! {
    /// An earlier vault.
    pub struct GenerationInfo {
        /// What to give to `TakeGeneration`.
        name: String,
        /// Its generation number; 0 where only the key tells.
        number: u64,
        /// Unix time at which it was put aside.
        created: u64,
        /// Why it was put aside.
        why: String,
    }
}

options! {
    /// Options of `Log`.
    pub struct LogOptions {
        /// How many lines at the most, the newest first.
        limit: u32,
    }
}

record! {
    /// A code or an export that was given: to whom and when, never which code.
    pub struct LogLine {
        /// Unix time.
        time: u64,
        /// Path of the program that asked; for the command line its parents', outermost last.
        program: String,
        /// Id of the account; empty for an export of several.
        account: String,
        /// Its title, while it is still there; of an export the titles of the first accounts.
        title: String,
        /// How many accounts were exported; 0 where a code was given.
        exported: u32,
    }
}
