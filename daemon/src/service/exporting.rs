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
    // What becomes of them the client decides: it may only look at what would fit.
    let accounts = if count == 1 { "1 account was".into() } else { format!("{count} accounts were") };
    let title = format!("{accounts} given out for an export");
    let body = format!(
        "By {program}, after the passphrase was given. If that was not you: enrol these accounts anew. countersign log \
         shows which they are."
    );
    Message { topic: "export", title, body, about: About::Nobody, ..Message::default() }
}

/// Bytes of a usual line.
const LINE: usize = 256;

#[cfg(test)]
mod tests {
    use std::io::Read;

    use countersign_api::{
        secrets::SecretsBackend,
        types::{EditOptions, KeepOptions, LogOptions},
    };
    use countersign_core::vault::Portable;

    use super::*;
    use crate::service::{
        Door,
        testing::{caller, with_vault},
    };

    async fn add(door: &Door, issuer: &str) -> String {
        let uri = format!("otpauth://totp/{issuer}:me?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer={issuer}");
        door.add(caller(), &uri, KeepOptions::default()).await.unwrap().accounts.remove(0)
    }

    async fn export(door: &Door, ids: &[&String], options: ExportOptions) -> Result<Vec<Portable>, Error> {
        let ids = ids.iter().map(|id| (*id).clone()).collect();
        let lines = door.export(caller(), ids, options).await?;
        let mut text = Vec::new();
        File::from(lines).read_to_end(&mut text).unwrap();
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        Ok(lines.map(|line| Portable::read(line).unwrap()).collect())
    }

    fn issuers(accounts: &[Portable]) -> Vec<&str> {
        accounts.iter().map(|one| one.account.issuer.as_str()).collect()
    }

    #[tokio::test]
    async fn nothing_goes_out_before_the_person_has_shown_to_be_there() {
        let (_home, door) = with_vault().await;
        add(&door, "A").await;
        // Making the vault has shown it.
        door.callers.forget_presence();
        let refused = export(&door, &[], ExportOptions::default()).await;
        assert!(matches!(refused, Err(Error::PresenceNeeded(_))), "{refused:?}");
        door.prove(caller(), "old").await.unwrap();
        assert_eq!(export(&door, &[], ExportOptions::default()).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_is_named_goes_out_and_all_where_nothing_is() {
        let (_home, door) = with_vault().await;
        let (a, b) = (add(&door, "A").await, add(&door, "B").await);
        door.edit(caller(), &b, EditOptions { note: Some("n".into()), ..EditOptions::default() }).await.unwrap();
        let all = export(&door, &[], ExportOptions::default()).await.unwrap();
        assert_eq!((issuers(&all), all[1].note.as_str()), (vec!["A", "B"], "n"));
        assert_eq!(issuers(&export(&door, &[&b, &a], ExportOptions::default()).await.unwrap()), ["B", "A"]);
        for none in ["", "x", "00112233445566778899aabbccddeeff"] {
            let refused = export(&door, &[&none.to_owned()], ExportOptions::default()).await;
            assert!(matches!(refused, Err(Error::NotFound(_))), "{none}: {refused:?}");
        }
        let labelled = ExportOptions { tag: Some("work".into()), ..ExportOptions::default() };
        assert!(matches!(export(&door, &[], labelled).await, Err(Error::NotFound(_))));
    }

    #[tokio::test]
    async fn the_trash_goes_out_only_when_it_is_asked_for() {
        let (_home, door) = with_vault().await;
        add(&door, "A").await;
        let gone = add(&door, "B").await;
        door.remove(caller(), &gone).await.unwrap();
        assert_eq!(issuers(&export(&door, &[], ExportOptions::default()).await.unwrap()), ["A"]);
        let with_trash = ExportOptions { trashed: Some(true), ..ExportOptions::default() };
        let all = export(&door, &[], with_trash).await.unwrap();
        assert_eq!(all.iter().map(|one| one.trashed).collect::<Vec<_>>(), [false, true]);
        assert!(export(&door, &[&gone], ExportOptions::default()).await.is_err());
    }

    #[tokio::test]
    async fn nobody_changes_what_went_out_and_the_log_has_it() {
        let (_home, door) = with_vault().await;
        for issuer in ["A", "B", "C", "D", "E", "F", "G"] {
            add(&door, issuer).await;
        }
        let lines = door.export(caller(), Vec::new(), ExportOptions::default()).await.unwrap();
        assert!(File::from(lines).write_all(b"x").is_err());
        let log = door.log(caller(), LogOptions::default()).await.unwrap();
        assert_eq!((log[0].exported, log[0].account.as_str()), (7, ""));
        assert_eq!(log[0].title, "A – me, B – me, C – me, D – me, E – me, 2 others");
    }

    #[test]
    fn what_the_desktop_shows_names_nobody() {
        let message = told(2, "/usr/bin/bash");
        assert_eq!(
            (message.title.as_str(), &message.about),
            ("2 accounts were given out for an export", &About::Nobody)
        );
        assert!(message.body.starts_with("By /usr/bin/bash,"), "{}", message.body);
    }
}
