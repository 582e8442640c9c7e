//! The dictionaries of accounts on their way in and out.

use crate::dict::{options, record};

options! {
    /// Options of `Import`.
    pub struct ImportOptions {
        /// Only tell what it would do.
        dry_run: bool,
        /// For a name that is there with another secret: `replace` (the old one stays in the history) or `keep-both`.
        if_exists: String,
        /// A label that all of them get.
        tag: String,
    }
}

record! {
    /// What became of one account of an import: nothing secret.
    pub struct Imported {
        /// `kept`, `already-kept`, `counter-raised` (there already, with a lower counter), `repeated` (it came twice in this
        /// call), `replaced` or `kept-both`.
        outcome: String,
        /// Id of the account; empty where it was only to be told.
        account: String,
        /// Its title.
        title: String,
        /// Whether it lies in the trash, as it did where it came from.
        trashed: bool,
        /// Whether it was there already, and the note that came with it is not kept.
        leaves_note: bool,
    }
}

options! {
    /// Options of `Export`.
    pub struct ExportOptions {
        /// Only accounts with this label.
        tag: String,
        /// Those in the trash too.
        trashed: bool,
    }
}

record! {
    /// An export that other authenticators read from QR codes.
    pub struct MigrationExport {
        /// What each QR says: `otpauth-migration` URIs.
        parts: Vec<String>,
        /// How many accounts each of them holds.
        counts: Vec<u32>,
        /// Ids of the accounts that they hold, in their order.
        accounts: Vec<String>,
        /// What the format can't carry, and why.
        skipped: Vec<String>,
    }
}

options! {
    /// Options of `EditChecklist`.
    pub struct ChecklistOptions {
        /// The app that the new sites are to leave.
        program: String,
    }
}

record! {
    /// A site to enrol again: nothing secret.
    pub struct SiteInfo {
        /// What the person calls it, perhaps with the account's name after a colon.
        site: String,
        /// The app that it is to leave; may be empty.
        program: String,
        /// Unix time at which it was put on the list.
        created: u64,
        /// `open`, `before` (an account of it was there before the list), `unproven` (one was kept since, and no site is known
        /// to accept its codes), `unused` (one came from elsewhere since, and no code of it was used here) or `done` (one was kept since, and is in use).
        state: String,
        /// Id of that account; empty where it is open.
        account: String,
        /// Title of that account.
        title: String,
    }
}
