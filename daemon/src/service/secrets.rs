//! `Secrets1`: everything that carries a secret; reached by private connections only.

use std::{collections::HashSet, os::fd::OwnedFd, sync::Arc};

use countersign_api::{
    Caller, Error,
    secrets::SecretsBackend,
    types::{
        AccountInfo, BackedUp, BackupLook, BackupOptions, Candidate, ChecklistOptions, CodeDetails, CodeOptions,
        EditOptions, ExportOptions, GenerationInfo, ImageOptions, ImportOptions, Imported, InitOptions, KeepOptions,
        Kept, LogLine, LogOptions, MigrationExport, PromptOptions, Revealed, SiteInfo, SlotInfo, TextOptions,
        VerifyOptions,
    },
};
use countersign_core::{
    account::AccountId,
    payload::migration,
    secret::SecretText,
    text::visible,
    uri,
    vault::{NewPassphrase, Opener, PRESENT, Vault},
};

use super::{
    Door, Service,
    accounts::{entry, the_one, the_one_in_trash},
    keeping::Came,
    unlocking::{Given, Purpose},
};
use crate::{
    candidates::Place,
    convert, harden,
    unlock::keyring,
    vault_state::{Why, now},
    worker::Target,
};

impl SecretsBackend for Door {
    async fn init(&self, caller: Caller, passphrase: &str, options: InitOptions) -> Result<(), Error> {
        self.admit(&caller, &[passphrase])?;
        self.make(SecretText::from(passphrase)).await?;
        self.callers_proved(&caller);
        if options.keyring.unwrap_or(false)
            && let Err(error) = self.add_keyring_slot().await
        {
            let text = format!("the vault is made, but {}; later: countersign slots add keyring", error.message());
            return Err(Error::Failed(text));
        }
        Ok(())
    }

    async fn init_by_prompt(&self, caller: Caller, options: PromptOptions) -> Result<(), Error> {
        self.admit(&caller, &[])?;
        if options.prompt == Some(false) {
            return Err(Error::PresenceNeeded("a new vault wants a passphrase first".into()));
        }
        self.make_by_prompt(options).await?;
        self.callers_proved(&caller);
        Ok(())
    }

    async fn unlock_with(&self, caller: Caller, way: &str, key: &str) -> Result<(), Error> {
        self.admit(&caller, &[way, key])?;
        self.open(given(way, key)?).await
    }

    async fn prove(&self, caller: Caller, passphrase: &str) -> Result<(), Error> {
        self.admit(&caller, &[passphrase])?;
        self.check_passphrase(passphrase.into()).await?;
        self.callers_proved(&caller);
        Ok(())
    }

    async fn prove_by_prompt(&self, caller: Caller, options: PromptOptions) -> Result<(), Error> {
        self.admit(&caller, &[])?;
        if options.prompt == Some(false) {
            return Err(Error::PresenceNeeded("this needs the passphrase first".into()));
        }
        let program = self.callers.program(&caller).await;
        self.ask(Purpose::Presence { program }, options).await?;
        self.callers_proved(&caller);
        Ok(())
    }

    async fn add(&self, caller: Caller, text: &str, options: KeepOptions) -> Result<Kept, Error> {
        self.admit(&caller, &[text])?;
        self.ensure_open(None, false).await?;
        self.keep_text(text, Came::ByHand, &options)
    }

    async fn import(&self, caller: Caller, accounts: OwnedFd, options: ImportOptions) -> Result<Vec<Imported>, Error> {
        self.admit(&caller, &[options.tag.as_deref().unwrap_or_default()])?;
        self.ensure_open(None, false).await?;
        self.import_lines(accounts, &options)
    }

    async fn checklist(&self, caller: Caller) -> Result<Vec<SiteInfo>, Error> {
        self.admit(&caller, &[])?;
        self.ensure_open(None, false).await?;
        self.sites()
    }

    async fn edit_checklist(
        &self,
        caller: Caller,
        add: Vec<String>,
        remove: Vec<String>,
        options: ChecklistOptions,
    ) -> Result<Vec<SiteInfo>, Error> {
        let texts: Vec<&str> = add.iter().chain(&remove).chain(&options.program).map(String::as_str).collect();
        self.admit(&caller, &texts)?;
        self.ensure_open(None, false).await?;
        self.edit_sites(add, remove, options)
    }

    async fn export(&self, caller: Caller, accounts: Vec<String>, options: ExportOptions) -> Result<OwnedFd, Error> {
        self.admit(&caller, &[])?;
        self.callers.require_presence(&caller)?;
        self.ensure_open(None, false).await?;
        let program = self.callers.program(&caller).await;
        self.export_lines(&accounts, &options, program)
    }

    async fn check(&self, caller: Caller, text: &str) -> Result<Candidate, Error> {
        self.admit(&caller, &[text])?;
        let place = Place { origin: "text", ..Place::default() };
        Ok(convert::candidate("", text, &place, self.state().vault(), &[]))
    }

    async fn scan_text(&self, caller: Caller, text: &str, options: TextOptions) -> Result<Vec<Candidate>, Error> {
        self.admit(&caller, &[text])?;
        self.look_at_text(text, options)
    }

    async fn scan_image(
        &self,
        caller: Caller,
        picture: OwnedFd,
        options: ImageOptions,
    ) -> Result<Vec<Candidate>, Error> {
        self.admit(&caller, &[])?;
        self.look(Target::Picture(picture, options)).await
    }

    async fn edit(&self, caller: Caller, account: &str, options: EditOptions) -> Result<AccountInfo, Error> {
        let id = self.find_to_change(&caller, account).await?;
        let edit = convert::edit(options)?;
        self.change_vault(|vault| vault.edit(id, edit))?;
        self.info(id)
    }

    async fn remove(&self, caller: Caller, account: &str) -> Result<AccountInfo, Error> {
        let id = self.find_to_change(&caller, account).await?;
        let info = self.info(id)?;
        self.change_vault(|vault| vault.remove(id))?;
        Ok(info)
    }

    async fn restore(&self, caller: Caller, account: &str) -> Result<AccountInfo, Error> {
        self.admit(&caller, &[account])?;
        self.ensure_open(None, false).await?;
        let id = self.with_vault(|vault| Ok(the_one_in_trash(vault, account)?.id()))?;
        self.change_vault(|vault| vault.restore(id))?;
        self.info(id)
    }

    async fn trash(&self, caller: Caller) -> Result<Vec<AccountInfo>, Error> {
        self.admit(&caller, &[])?;
        self.ensure_open(None, false).await?;
        self.with_vault(|vault| Ok(vault.trash().map(convert::trash_info).collect()))
    }

    async fn undo(&self, caller: Caller) -> Result<String, Error> {
        self.admit(&caller, &[])?;
        self.ensure_open(None, false).await?;
        let undone = self.change_vault(Vault::undo)?;
        self.with_vault(|vault| {
            let accounts: HashSet<AccountId> = undone.accounts.iter().copied().collect();
            // What was added lies in the trash now.
            let touched = vault.entries().chain(vault.trash()).filter(|entry| accounts.contains(&entry.id()));
            let titles: Vec<String> = touched.map(|entry| visible(&entry.account().title())).collect();
            Ok(convert::undone(&undone, &titles))
        })
    }

    async fn code_with_pin(
        &self,
        caller: Caller,
        account: &str,
        pin: &str,
        options: CodeOptions,
    ) -> Result<(String, CodeDetails), Error> {
        self.admit(&caller, &[pin])?;
        self.give_code(caller, account, Some(pin.into()), options).await
    }

    async fn reveal(&self, caller: Caller, account: &str) -> Result<Revealed, Error> {
        self.admit(&caller, &[account])?;
        self.callers.require_presence(&caller)?;
        self.ensure_open(None, false).await?;
        self.idle.touch();
        self.with_vault(|vault| {
            let account = the_one(vault, account)?.account();
            let (secret, uri) = (uri::secret_text(account), uri::print(account));
            Ok(Revealed { secret: secret.expose().to_owned(), uri: uri.expose().to_owned() })
        })
    }

    async fn export_migration(&self, caller: Caller, accounts: Vec<String>) -> Result<MigrationExport, Error> {
        let names: Vec<&str> = accounts.iter().map(String::as_str).collect();
        self.admit(&caller, &names)?;
        self.callers.require_presence(&caller)?;
        self.ensure_open(None, false).await?;
        self.idle.touch();
        let export = self.with_vault(|vault| {
            let entries = names.iter().map(|name| the_one(vault, name)).collect::<Result<Vec<_>, _>>()?;
            let export = migration::write(entries.iter().map(|entry| entry.account()), super::random_number());
            convert::export(&export, &entries)
        });
        harden::scrub();
        export
    }

    async fn change_passphrase(&self, caller: Caller, passphrase: &str) -> Result<(), Error> {
        self.admit(&caller, &[passphrase])?;
        self.callers.require_presence(&caller)?;
        self.ensure_open(None, false).await?;
        let passphrase = SecretText::from(passphrase);
        let epoch = self.state().epoch();
        let new = self.derive(move || NewPassphrase::derive(&passphrase)).await?;
        harden::scrub();
        let new = new.map_err(|error| convert::vault_error(&error))?;
        if self.state().epoch() != epoch {
            return Err(Error::Locked("the vault was locked meanwhile, and the passphrase is as it was".into()));
        }
        self.change_vault(|vault| vault.change_passphrase(new))
    }

    async fn make_recovery(&self, caller: Caller) -> Result<String, Error> {
        self.admit(&caller, &[])?;
        self.callers.require_presence(&caller)?;
        self.ensure_open(None, false).await?;
        let key = self.change_vault(Vault::make_recovery)?;
        harden::scrub();
        Ok(key.expose().to_owned())
    }

    async fn confirm_recovery(&self, caller: Caller, group: &str) -> Result<bool, Error> {
        self.admit(&caller, &[group])?;
        self.ensure_open(None, false).await?;
        let group = SecretText::from(group);
        self.change_vault(|vault| vault.confirm_recovery(&group))
    }

    async fn slots(&self, caller: Caller) -> Result<Vec<SlotInfo>, Error> {
        self.admit(&caller, &[])?;
        Ok(convert::slots(&self.store))
    }

    async fn add_slot(&self, caller: Caller, name: &str) -> Result<(), Error> {
        self.admit(&caller, &[name])?;
        self.callers.require_presence(&caller)?;
        match name {
            "keyring" => self.add_keyring_slot().await,
            _ => Err(Error::InvalidArgument("the slot that can be added is `keyring`".into())),
        }
    }

    async fn remove_slot(&self, caller: Caller, name: &str) -> Result<(), Error> {
        self.admit(&caller, &[name])?;
        self.callers.require_presence(&caller)?;
        self.ensure_open(None, false).await?;
        if name == "keyring"
            && let Some(vault) = self.keyring_name()
            && let Err(error) = keyring::remove(&vault).await
        {
            return Err(Error::Failed(format!("{error}; the slot is still there")));
        }
        if name == "keyring" {
            self.change_vault(|vault| vault.mark_keyring(false))
        } else {
            self.change_vault(|vault| vault.remove_slot(name))
        }
    }

    async fn generations(&self, caller: Caller) -> Result<Vec<GenerationInfo>, Error> {
        self.admit(&caller, &[])?;
        Ok(self.store.generations().into_iter().map(convert::generation).collect())
    }

    async fn take_generation(&self, caller: Caller, name: &str, passphrase: &str) -> Result<(), Error> {
        self.admit(&caller, &[name, passphrase])?;
        let (name, passphrase) = (name.to_owned(), SecretText::from(passphrase));
        let store = self.store.clone();
        if name != PRESENT && !store.generations().iter().any(|known| known.name == name) {
            let text =
                format!("there is no generation \"{}\": countersign generations list shows them", visible(&name));
            return Err(Error::NotFound(text));
        }
        // An open vault would go on from what it was: it is locked first, and stays so after a wrong passphrase.
        self.wipe(Why::ByHand, super::connection_of(&caller));
        let epoch = self.state().epoch();
        let taken = self.derive(move || store.take_generation(&name, Opener::Passphrase(&passphrase))).await?;
        let vault = taken.map_err(|error| convert::vault_error(&error))?;
        self.open_written(vault, epoch, "the generation is taken")?;
        harden::scrub();
        self.announce_accounts();
        Ok(())
    }

    async fn log(&self, caller: Caller, options: LogOptions) -> Result<Vec<LogLine>, Error> {
        self.admit(&caller, &[])?;
        self.ensure_open(None, false).await?;
        let log = self.log.lock().expect("no holder panics");
        self.with_vault(|vault| {
            let lines = log.newest().take(options.limit.unwrap_or(DEFAULT_LINES).min(MAX_LINES) as usize);
            Ok(lines.map(|line| convert::log_line(line, vault)).collect())
        })
    }

    async fn backup(&self, caller: Caller, folder: OwnedFd, options: BackupOptions) -> Result<BackedUp, Error> {
        self.admit(&caller, &[])?;
        self.back_up(folder, options.scheduled.unwrap_or(false)).await
    }

    async fn no_backup(&self, caller: Caller, folder: &str) -> Result<(), Error> {
        self.admit(&caller, &[folder])?;
        self.show_no_backup(&format!("{folder} is not there"));
        Ok(())
    }

    async fn verify_backup(
        &self,
        caller: Caller,
        folder: OwnedFd,
        way: &str,
        key: &str,
        options: VerifyOptions,
    ) -> Result<BackupLook, Error> {
        self.admit(&caller, &[way, key])?;
        self.0.verify_backup(folder, given(way, key)?, options.drill.unwrap_or(false)).await
    }
}

/// Takes a key for what it is said to be.
fn given(way: &str, key: &str) -> Result<Given, Error> {
    match way {
        "passphrase" => Ok(Given::Passphrase(key.into())),
        "recovery" => Ok(Given::Recovery(key.trim().into())),
        _ => Err(Error::InvalidArgument("the way is `passphrase` or `recovery`".into())),
    }
}

impl Service {
    fn callers_proved(&self, caller: &Caller) {
        if let Some(connection) = super::connection_of(caller) {
            self.callers.prove(connection);
        }
    }

    async fn find_to_change(self: &Arc<Self>, caller: &Caller, account: &str) -> Result<AccountId, Error> {
        self.admit(caller, &[account])?;
        self.ensure_open(None, false).await?;
        self.with_vault(|vault| Ok(the_one(vault, account)?.id()))
    }

    fn info(&self, id: AccountId) -> Result<AccountInfo, Error> {
        let used = self.log.lock().expect("no holder panics").uses(now()).get(&id).copied().unwrap_or_default();
        self.with_vault(|vault| Ok(convert::account_info(entry(vault, id)?, used)))
    }

    async fn add_keyring_slot(self: &Arc<Self>) -> Result<(), Error> {
        self.ensure_open(None, false).await?;
        let key = self.with_vault(|vault| Ok(vault.key_text()))?;
        let is_there = self.keyring_name().is_some();
        let vault = self.store.recipient().ok_or_else(|| Error::Failed("the vault's recipient is gone".into()))?;
        keyring::store(&vault, &key).await.map_err(|error| Error::Failed(format!("{error}; no slot was added")))?;
        drop(key);
        harden::scrub();
        let marked = self.change_vault(|vault| vault.mark_keyring(true));
        if marked.is_err() && !is_there {
            // Locked meanwhile, or on a disk that can't be written: a key that no slot tells of must not stay there.
            if let Err(error) = keyring::remove(&vault).await {
                tracing::warn!("the vault key is in the login keyring, and no slot tells of it: {error}");
            }
        }
        marked
    }
}

const DEFAULT_LINES: u32 = 50;
const MAX_LINES: u32 = 1000;

#[cfg(test)]
mod tests {
    use std::{future::Future, pin::Pin};

    use super::*;
    use crate::service::testing::{caller, with_vault};
    use countersign_api::{
        accounts::AccountsBackend, scanner::ScannerBackend, types::ListOptions, vault::VaultBackend,
    };
    use futures_util::poll;

    /// Begins a change of the passphrase, as far as it goes while another key is being derived.
    async fn begun(door: &Door) -> Pin<Box<dyn Future<Output = Result<(), Error>>>> {
        let door = door.clone();
        let mut change = Box::pin(async move { door.change_passphrase(caller(), "new").await });
        assert!(poll!(&mut change).is_pending());
        change
    }

    /// Each says what is not there, and which command shows what is.
    #[tokio::test]
    async fn what_is_not_there_is_told_in_its_own_words() {
        let (_home, door) = with_vault().await;
        door.prove(caller(), "old").await.unwrap();
        let rows = [
            (door.remove(caller(), "none").await.map(drop), "account fits \"none\": countersign list"),
            (door.restore(caller(), "none").await.map(drop), "account in the trash fits \"none\": countersign trash"),
            (door.remove_slot(caller(), "none").await, "key slot of that name: countersign slots"),
            (door.confirm_recovery(caller(), "none").await.map(drop), "recovery key: countersign recovery"),
            (door.discard(caller(), "none").await, "candidate \"none\" (any more): scan again"),
            (door.take_generation(caller(), "none", "old").await, "generation \"none\": countersign generations list"),
        ];
        for (answer, words) in rows {
            assert!(matches!(&answer, Err(Error::NotFound(text)) if text.contains(words)), "{words}: {answer:?}");
        }
    }

    #[tokio::test]
    async fn an_undo_says_what_was_taken_back() {
        let (_home, door) = with_vault().await;
        let uri = "otpauth://totp/GitHub:alice?secret=JBSWY3DPEHPK3PXP&issuer=GitHub";
        door.add(caller(), uri, KeepOptions::default()).await.unwrap();
        let renamed = EditOptions { name: Some("bob".into()), ..EditOptions::default() };
        door.edit(caller(), "github", renamed).await.unwrap();
        door.remove(caller(), "github").await.unwrap();
        for told in ["GitHub – bob was removed", "GitHub – alice was edited", "GitHub – alice was added"] {
            assert_eq!(door.undo(caller()).await.unwrap(), told);
        }
    }

    #[tokio::test]
    async fn others_are_answered_while_the_passphrase_changes() {
        let (_home, door) = with_vault().await;
        let other = door.deriving.acquire().await.unwrap();
        let change = begun(&door).await;
        door.list(caller(), ListOptions::default()).await.unwrap();
        drop(other);
        change.await.unwrap();
        assert!(matches!(door.prove(caller(), "old").await, Err(Error::WrongPassphrase(_))));
        door.prove(caller(), "new").await.unwrap();
    }

    #[tokio::test]
    async fn a_lock_while_the_passphrase_changes_leaves_the_old_one() {
        let (_home, door) = with_vault().await;
        let other = door.deriving.acquire().await.unwrap();
        let change = begun(&door).await;
        door.lock(caller()).await.unwrap();
        drop(other);
        let refused = change.await;
        assert!(matches!(&refused, Err(Error::Locked(text)) if text.contains("as it was")), "{refused:?}");
        assert!(matches!(door.unlock_with(caller(), "passphrase", "new").await, Err(Error::WrongPassphrase(_))));
        door.unlock_with(caller(), "passphrase", "old").await.unwrap();
    }
}
