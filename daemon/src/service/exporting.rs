//! Accounts on their way out, with their secrets: whole lines in a sealed file in memory, told on the desktop and logged.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Seek, Write},
    os::fd::OwnedFd,
    sync::Arc,
};

use countersign_api::{Error, types::ExportOptions};
use countersign_core::{
    account::AccountId,
    vault::{Entry, Vault},
};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use zeroize::Zeroizing;

use super::Service;
use crate::{
    access_log::{Access, Given},
    harden,
    notify::{About, Message},
    vault_state::now,
};

impl Service {
    /// Returns the accounts of these ids, or all, a line each as `countersign-import` reads and tells them.
    pub(super) fn export_lines(
        self: &Arc<Self>,
        ids: &[String],
        options: &ExportOptions,
        program: String,
    ) -> Result<OwnedFd, Error> {
        self.idle.touch();
        let made = self.with_vault(|vault| {
            let chosen = chosen(vault, ids, options)?;
            let lines = lines(&chosen).map_err(|error| Error::Failed(format!("no export could be made: {error}")))?;
            Ok((chosen.iter().map(|entry| entry.id()).collect::<Vec<_>>(), lines))
        });
        harden::scrub();
        let (accounts, lines) = made?;
        let message = told(accounts.len(), &program);
        self.note_access(Access { time: now(), given: Given::Export(accounts), program });
        let service = self.clone();
        tokio::spawn(async move { service.notifier.show(message).await });
        Ok(lines)
    }
}

/// Returns the accounts that are meant: in the order of the ids, or of the vault.
fn chosen<'a>(vault: &'a Vault, ids: &[String], options: &ExportOptions) -> Result<Vec<&'a Entry>, Error> {
    let with_trash = options.trashed.unwrap_or(false);
    let all = || vault.entries().chain(vault.trash().filter(|_| with_trash));
    let mut chosen: Vec<&Entry> = if ids.is_empty() {
        all().collect()
    } else {
        let known: HashMap<AccountId, &Entry> = all().map(|entry| (entry.id(), entry)).collect();
        let named = |id: &String| known.get(&id.parse().ok()?).copied();
        ids.iter().map(|id| named(id).ok_or_else(gone)).collect::<Result<_, _>>()?
    };
    chosen.retain(|entry| options.tag.as_ref().is_none_or(|tag| entry.tags().contains(tag)));
    if chosen.is_empty() {
        return Err(Error::NotFound("there is no account to export: countersign list shows what is there".into()));
    }
    Ok(chosen)
}

fn gone() -> Error {
    Error::NotFound("an account is not there (any more): countersign list shows what is".into())
}

/// Returns a file in memory that nobody can change any more.
fn lines(entries: &[&Entry]) -> io::Result<OwnedFd> {
    // Of a size that few exceed: text that grows leaves pieces of itself behind, which the allocator wipes.
    let mut text = Zeroizing::new(Vec::with_capacity(entries.len() * LINE));
    for entry in entries {
        entry.portable().write(&mut *text)?;
        text.push(b'\n');
    }
    let memory = memfd_create("export", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    let mut memory = File::from(memory);
    memory.write_all(&text)?;
    memory.rewind()?;
    fcntl_add_seals(&memory, SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok(memory.into())
}

/// Says that accounts went out, and to whom: it names none of them, and so stays when the vault locks.
fn told(count: usize, program: &str) -> Message {
    let accounts = if count == 1 { "1 account was exported".into() } else { format!("{count} accounts were exported") };
    let body = format!(
        "By {program}, after the passphrase was given. If that was not you: enrol these accounts anew. countersign log \
         shows which they are."
    );
    Message { topic: "export", title: accounts, body, about: About::Nobody, ..Message::default() }
}

/// Bytes of a usual line.
const LINE: usize = 256;
