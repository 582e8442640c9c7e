//! Accounts that `countersign-import` has read out of a foreign file: whole lines in memory, kept in one change.

use std::{fs::File, io::Read, os::fd::OwnedFd, sync::Arc};

use countersign_api::{
    Error,
    types::{ImportOptions, Imported},
};
use countersign_core::{
    text::visible,
    vault::{Added, Outcome, Portable},
};
use rustix::fs::{FileType, SealFlags, fcntl_add_seals, fstat};
use zeroize::Zeroizing;

use super::{Service, keeping};
use crate::{convert, harden};

impl Service {
    /// Keeps the accounts of a file in memory, or only says what that would do.
    pub(super) fn import_lines(
        self: &Arc<Self>,
        lines: OwnedFd,
        options: &ImportOptions,
    ) -> Result<Vec<Imported>, Error> {
        let mut accounts = read(lines)?;
        let tag = options.tag.as_deref().map(str::trim).filter(|tag| !tag.is_empty());
        for account in &mut accounts {
            account.tags.extend(tag.filter(|tag| account.tags.iter().all(|own| own != tag)).map(str::to_owned));
        }
        let if_exists = keeping::if_exists(options.if_exists.as_deref())?;
        let added = if options.dry_run.unwrap_or(false) {
            self.with_vault(|vault| vault.preview(&accounts, if_exists).map_err(|error| convert::vault_error(&error)))
        } else {
            self.idle.touch();
            self.change_vault(|vault| vault.import(&accounts, if_exists))
        };
        harden::scrub();
        let told = |(added, one): (&Added, &Portable)| imported(added, one, options.dry_run.unwrap_or(false));
        added.map(|added| added.iter().zip(&accounts).map(told).collect())
    }
}

fn imported(added: &Added, one: &Portable, dry: bool) -> Imported {
    let outcome = match added.outcome {
        Outcome::Kept => "kept",
        Outcome::AlreadyKept => "already-kept",
        Outcome::Repeated => "repeated",
        Outcome::Replaced => "replaced",
        Outcome::KeptBoth => "kept-both",
        Outcome::CounterRaised => "counter-raised",
    };
    Imported {
        outcome: outcome.into(),
        account: if dry { String::new() } else { added.id.to_string() },
        title: visible(&one.account.title()),
        trashed: one.trashed,
        leaves_note: added.leaves_note,
    }
}

/// Reads all lines of a file in memory, which nobody can change or shorten meanwhile.
fn read(lines: OwnedFd) -> Result<Vec<Portable>, Error> {
    let odd = |_| Error::InvalidArgument("the accounts come in a file in memory (memfd)".into());
    let found = fstat(&lines).map_err(odd)?;
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
        return Err(odd(rustix::io::Errno::INVAL));
    }
    fcntl_add_seals(&lines, SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW).map_err(odd)?;
    let size = usize::try_from(found.st_size).unwrap_or(usize::MAX);
    if size > MAX_LINES {
        return Err(Error::LimitsExceeded(format!("the accounts are more than {} MiB", MAX_LINES >> 20)));
    }
    // Of its full length at once: text that grows leaves pieces of itself behind.
    let mut text = Zeroizing::new(Vec::with_capacity(size + 1));
    let mut file = File::from(lines);
    let failed = |error: std::io::Error| Error::Failed(format!("the accounts can't be read: {error}"));
    std::io::Seek::rewind(&mut file).map_err(failed)?;
    file.take(size as u64).read_to_end(&mut text).map_err(failed)?;
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let account = |(number, line)| {
        Portable::read(line).map_err(|error| Error::InvalidArgument(format!("line {}: {error}", number + 1)))
    };
    lines.enumerate().map(account).collect()
}

/// The most that all lines may be, in bytes.
const MAX_LINES: usize = 64 << 20;
