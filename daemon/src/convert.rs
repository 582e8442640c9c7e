//! Core types ↔ contract types, core errors → contract errors: the only place that knows both.

mod candidates;

use countersign_api::{
    Error,
    types::{AccountInfo, EditOptions, GenerationInfo, LogLine, PromptOptions, ScanOptions, SlotInfo, Status},
};
use countersign_core::{
    account::{Account, Algorithm, Kind},
    code::CodeError,
    secret::SecretText,
    text::visible,
    variation::Variation,
    vault::{BackupError, Edit, Entry, Generation, RecoveryState, Store, Undone, Vault, VaultError},
};

pub use candidates::{
    all_left_out, candidate, export, missing_parts, not_kept, page_of, part_of_text, parts, parts_of_two_exports,
    unreadable,
};

use crate::{
    access_log::{Access, Given, Use},
    vault_state::{Phase, VaultState},
    worker::WorkerError,
};

/// Returns the error of somebody who needs an open vault.
pub fn not_open(phase: &Phase) -> Error {
    match phase {
        Phase::Absent => Error::NoVault("there is no vault yet".into()),
        Phase::Locked | Phase::Unlocked(_) => Error::Locked("the vault is locked".into()),
        Phase::Unusable(what) => Error::Unusable(format!("the vault can't be used: {what}")),
    }
}

/// Returns the contract's error for one of the vault.
pub fn vault_error(error: &VaultError) -> Error {
    let text = error.to_string();
    match error {
        VaultError::NoVault => Error::NoVault(text),
        VaultError::AlreadyExists => Error::AlreadyExists(text),
        VaultError::WrongPassphrase => Error::WrongPassphrase(text),
        VaultError::PassphraseRefused(_) | VaultError::Invalid { .. } | VaultError::SlotStays(_) => {
            Error::InvalidArgument(text)
        }
        VaultError::Unusable(_) => Error::Unusable(text),
        VaultError::ReadOnly(_) => Error::ReadOnly(text),
        VaultError::NotSaved(cause) => Error::NotSaved(format!("{text}: {cause}")),
        VaultError::ChangedOutside => Error::ChangedOutside(text),
        VaultError::NoSuchAccount(_) => Error::NotFound(format!("{text}: countersign list shows what is there")),
        VaultError::NoSuch { what } => Error::NotFound(not_there(what)),
        VaultError::NothingToUndo => Error::NothingToUndo(text),
        VaultError::Full(what) => Error::LimitsExceeded(format!("{text}: {}", make_room(what))),
        _ => Error::Failed(text),
    }
}

/// Returns the contract's error for a backup that was not made in this folder.
pub fn backup_error(error: &BackupError, folder: &str) -> Error {
    Error::NotBackedUp(format!("no backup was made in {folder}: {error}"))
}

/// Returns the contract's error for a backup that does not open.
pub fn backup_key_error(error: &VaultError) -> Error {
    match error {
        VaultError::WrongPassphrase => Error::WrongBackupKey("that does not open the backup".into()),
        VaultError::Unusable(what) => Error::BackupUnusable(format!("the backup can't be used: {what}")),
        VaultError::NotSaved(cause) => Error::Failed(format!("there is no private place to restore it into: {cause}")),
        error => vault_error(error),
    }
}

/// Says how to make room in what is full.
fn make_room(what: &str) -> &'static str {
    match what {
        "the list of sites" => "take those off it that are done: countersign import --checklist --remove SITE",
        "the inbox" => "have what waits there offered, and keep or discard it: countersign unlock",
        _ => "remove what is of no use any more; there is room again when the trash has been emptied, after 30 days",
    }
}

/// Says that something of the vault is not there, and what to do about it.
fn not_there(what: &str) -> String {
    match what {
        "key slot" => "there is no key slot of that name: countersign slots shows them".into(),
        "recovery key" => "there is no recovery key: countersign recovery makes one".into(),
        "generation" => "there is no generation of that name: countersign generations list shows them".into(),
        "sealed scan" => "that scan is kept or discarded already: scan again".into(),
        "site on the list" => "one of these sites is not on the list: countersign import --checklist shows it".into(),
        other => format!("there is no such {other}"),
    }
}

/// Returns the contract's error for a code that can't be made.
pub fn code_error(error: &CodeError) -> Error {
    match error {
        CodeError::PinNeeded => Error::PinNeeded(error.to_string()),
        _ => Error::Failed(error.to_string()),
    }
}

/// Returns the contract's error for a worker that gave nothing.
pub fn worker_error(error: &WorkerError) -> Error {
    let text = error.to_string();
    match error {
        WorkerError::Decode(_) => Error::NotDecoded(text),
        WorkerError::Refused(_) => Error::ScreenRefused(text),
        WorkerError::NoDisplay(_) => Error::NoDisplay(text),
        WorkerError::Denied(_) => Error::CaptureDenied(text),
        WorkerError::NoPortal(_) => Error::NoPortal(text),
        WorkerError::Lost(_) => Error::DisplayLost(text),
        WorkerError::NoCamera(_) => Error::NoCamera(text),
        WorkerError::CameraRefused(_) => Error::CameraRefused(text),
        WorkerError::CameraBusy(_) => Error::CameraBusy(text),
        WorkerError::CameraLost(_) => Error::CameraLost(text),
        WorkerError::Choice(_) => Error::InvalidArgument(text),
        _ => Error::CaptureNotPossible(text),
    }
}

/// Returns the state as `Status` tells it, as far as it is the vault's.
pub fn status(state: &VaultState, store: &Store) -> Status {
    let mut status = Status {
        state: state.name().into(),
        why: state.why().id().into(),
        why_text: state.why().text().into(),
        since: state.since(),
        read_only: store.read_only().unwrap_or_default(),
        slots: store.slots().into_iter().map(|slot| slot.name).collect(),
        ..Status::default()
    };
    match state.phase() {
        Phase::Unlocked(vault) => {
            status.accounts = vault.entries().count() as u32;
            status.unconfirmed = vault.entries().filter(|entry| entry.confirmed().is_none()).count() as u32;
            status.quarantined = vault.quarantined() as u32;
            status.recovery = match vault.recovery() {
                RecoveryState::None => "none",
                RecoveryState::Unconfirmed => "unconfirmed",
                RecoveryState::Made => "made",
            }
            .into();
        }
        Phase::Unusable(what) => {
            status.why = what.id().into();
            status.why_text = what.to_string();
        }
        Phase::Absent => status.read_only.clear(),
        Phase::Locked => {}
    }
    status
}

/// Returns an account as lists show it.
pub fn account_info(entry: &Entry, used: Use) -> AccountInfo {
    let account = entry.account();
    AccountInfo {
        id: entry.id().to_string(),
        issuer: visible(&account.issuer),
        name: visible(&account.name),
        prefix: visible(account.prefix.as_deref().unwrap_or("")),
        title: visible(&account.title()),
        kind: account.kind.name().into(),
        algorithm: algorithm(&account.kind).map_or("", Algorithm::name).into(),
        digits: account.kind.digits().into(),
        period: account.kind.period().unwrap_or(0),
        confirmed: entry.confirmed().is_some(),
        pinned: entry.pinned(),
        pin_needed: matches!(account.kind, Kind::Motp { pin: None } | Kind::Yandex { pin: None, .. }),
        created: entry.created(),
        last_used: used.last,
        deleted: entry.deleted().unwrap_or(0),
        note: visible(entry.note()),
    }
}

/// Returns what a site may compute instead.
pub fn variation(variation: &Variation, account: &Account) -> countersign_api::types::Variation {
    let shift = i32::try_from(variation.shift(account)).unwrap_or_default();
    countersign_api::types::Variation { variation: variation.id.into(), text: variation.text.into(), shift }
}

/// Returns an account of the trash as lists show it.
pub fn trash_info(entry: &Entry) -> AccountInfo {
    account_info(entry, Use::default())
}

fn algorithm(kind: &Kind) -> Option<Algorithm> {
    match kind {
        Kind::Totp { algorithm, .. } | Kind::Hotp { algorithm, .. } => Some(*algorithm),
        _ => None,
    }
}

/// Reads what is to change of an account.
pub fn edit(options: EditOptions) -> Result<Edit, Error> {
    let algorithm = match options.algorithm.as_deref().map(str::to_ascii_uppercase).as_deref() {
        None => None,
        Some("SHA1") => Some(Algorithm::Sha1),
        Some("SHA256") => Some(Algorithm::Sha256),
        Some("SHA512") => Some(Algorithm::Sha512),
        Some(_) => return Err(Error::InvalidArgument("the algorithm is SHA1, SHA256 or SHA512".into())),
    };
    let digits = options.digits.map(u8::try_from).transpose();
    Ok(Edit {
        issuer: options.issuer,
        name: options.name,
        note: options.note,
        pin: options.pin.map(SecretText::new),
        digits: digits.map_err(|_| Error::InvalidArgument("a code has 4 to 10 digits".into()))?,
        period: options.period,
        algorithm,
        counter: options.counter,
        ..Edit::default()
    })
}

/// Says in words what an undo took back: `GitHub – alice was added`.
pub fn undone(undone: &Undone, titles: &[String]) -> String {
    let did = undone.what.word();
    match titles {
        [] if !undone.sites.is_empty() => {
            let sites: Vec<String> = undone.sites.iter().map(|site| visible(site)).collect();
            format!("the list of sites to enrol again was changed: {}", named(&sites, ", "))
        }
        [] => format!("an account was {did}"),
        [one] => format!("{one} was {did}"),
        several => format!("{} accounts were {did}: {}", several.len(), named(several, ", ")),
    }
}

/// Returns the ways to open the vault.
pub fn slots(store: &Store) -> Vec<SlotInfo> {
    let slots = store.slots().into_iter();
    slots.map(|slot| SlotInfo { name: slot.name, what: slot.what.into(), created: slot.created }).collect()
}

/// Returns an earlier vault.
pub fn generation(generation: Generation) -> GenerationInfo {
    GenerationInfo {
        name: generation.name,
        number: generation.number,
        created: generation.until,
        why: generation.why.into(),
    }
}

/// Returns a line of the access log, with the titles of accounts that are still there.
pub fn log_line(access: &Access, vault: &Vault) -> LogLine {
    let (accounts, exported) = match &access.given {
        Given::Code(account) => (std::slice::from_ref(account), 0),
        Given::Export(accounts) => (accounts.as_slice(), accounts.len() as u32),
    };
    let entries = accounts.iter().filter_map(|id| vault.entry(*id));
    let mut titles: Vec<String> = entries.take(MAX_TITLES).map(|entry| visible(&entry.account().title())).collect();
    if accounts.len() > MAX_TITLES {
        let others = accounts.len() - titles.len();
        titles.push(if others == 1 { "1 other".into() } else { format!("{others} others") });
    }
    LogLine {
        time: access.time,
        program: visible(&access.program),
        account: if let [account] = accounts { account.to_string() } else { String::new() },
        title: titles.join(", "),
        exported,
    }
}

/// Returns the caller's screen out of the options of a prompt.
pub fn screen_of(options: PromptOptions) -> ScanOptions {
    ScanOptions {
        display: options.display,
        wayland_display: options.wayland_display,
        xauthority: options.xauthority,
        session_type: options.session_type,
        current_desktop: options.current_desktop,
        ..ScanOptions::default()
    }
}

/// Names things, parted by this, but not without end.
fn named(things: &[String], parted: &str) -> String {
    let some = things[..things.len().min(NAMED)].join(parted);
    match things.len().saturating_sub(NAMED) {
        0 => some,
        more => format!("{some}{parted}and {more} more"),
    }
}

/// How many things a text names.
const NAMED: usize = 10;
/// How many accounts of an export a line of the access log names.
const MAX_TITLES: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_full_says_how_to_make_room() {
        for (what, step) in [("the vault", "trash"), ("the inbox", "countersign unlock")] {
            let error = vault_error(&VaultError::Full(what));
            assert!(error.message().starts_with(what) && error.message().contains(step), "{error:?}");
            assert_eq!(error.hint(), "", "no other hint beside it");
        }
    }
}
