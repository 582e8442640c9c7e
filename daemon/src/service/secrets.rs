//! `Secrets1`: everything that carries a secret; reached by private connections only.

use std::{os::fd::OwnedFd, sync::Arc};

use countersign_api::{
    Caller, Error,
    secrets::SecretsBackend,
    types::{
        AccountInfo, Candidate, CodeDetails, CodeOptions, EditOptions, GenerationInfo, InitOptions, KeepOptions, Kept,
        LogLine, LogOptions, Revealed, SlotInfo,
    },
};
use countersign_core::{
    account::AccountId,
    secret::SecretText,
    text::visible,
    uri,
    vault::{Opener, PRESENT, Vault},
};

use super::{
    Door, Service,
    accounts::{entry, the_one},
    unlocking::Given,
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
        let passphrase = SecretText::from(passphrase);
        let epoch = self.state().epoch();
        let store = self.store.clone();
        let vault =
            self.derive(move || store.create(&passphrase)).await?.map_err(|error| convert::vault_error(&error))?;
        self.open_written(vault, epoch, "the vault is made")?;
        harden::scrub();
        self.callers_proved(&caller);
        if options.keyring.unwrap_or(false)
            && let Err(error) = self.add_keyring_slot().await
        {
            let text = format!("the vault is made, but {}; later: countersign slots add keyring", error.message());
            return Err(Error::Failed(text));
        }
        Ok(())
    }

    async fn unlock_with(&self, caller: Caller, way: &str, key: &str) -> Result<(), Error> {
        self.admit(&caller, &[way, key])?;
        let given = match way {
            "passphrase" => Given::Passphrase(key.into()),
            "recovery" => Given::Recovery(key.trim().into()),
            _ => return Err(Error::InvalidArgument("the way is `passphrase` or `recovery`".into())),
        };
        self.open(given).await
    }

    async fn prove(&self, caller: Caller, passphrase: &str) -> Result<(), Error> {
        self.admit(&caller, &[passphrase])?;
        let passphrase = SecretText::from(passphrase);
        let store = self.store.clone();
        let right = self.derive(move || store.check_passphrase(&passphrase)).await?;
        harden::scrub();
        right.map_err(|error| convert::vault_error(&error))?;
        self.callers_proved(&caller);
        Ok(())
    }

    async fn add(&self, caller: Caller, text: &str, options: KeepOptions) -> Result<Kept, Error> {
        self.admit(&caller, &[text])?;
        self.ensure_open(None, false).await?;
        self.keep_text(text, &options)
    }

    async fn check(&self, caller: Caller, text: &str) -> Result<Candidate, Error> {
        self.admit(&caller, &[text])?;
        let place = Place { origin: "text", ..Place::default() };
        Ok(convert::candidate("", text, &place, self.state().vault(), &[]))
    }

    async fn scan_image(&self, caller: Caller, picture: OwnedFd) -> Result<Vec<Candidate>, Error> {
        self.admit(&caller, &[])?;
        self.look(Target::Picture(picture)).await
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
        let id = self.with_vault(|vault| one_in_trash(vault, account))?;
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
            let title = |id: &AccountId| vault.entry(*id).map(|entry| visible(&entry.account().title()));
            let titles: Vec<String> = undone.accounts.iter().filter_map(title).collect();
            Ok(convert::undone(undone.what, &titles))
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

    async fn change_passphrase(&self, caller: Caller, passphrase: &str) -> Result<(), Error> {
        self.admit(&caller, &[passphrase])?;
        self.callers.require_presence(&caller)?;
        let passphrase = SecretText::from(passphrase);
        self.with_slots(move |vault| vault.change_passphrase(&passphrase)).await
    }

    async fn make_recovery(&self, caller: Caller) -> Result<String, Error> {
        self.admit(&caller, &[])?;
        self.callers.require_presence(&caller)?;
        let key = self.with_slots(Vault::make_recovery).await?;
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
            return Err(Error::NotFound(format!("there is no generation \"{}\"", visible(&name))));
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
            Ok(lines.map(|line| convert::log_line(line, vault.entry(line.account))).collect())
        })
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

    /// Runs a change of key slots. Nobody else is served while it derives a key: about a second.
    async fn with_slots<T: Send + 'static>(
        self: &Arc<Self>,
        change: impl FnOnce(&mut Vault) -> Result<T, countersign_core::vault::VaultError> + Send + 'static,
    ) -> Result<T, Error> {
        self.ensure_open(None, false).await?;
        let result = self.change_vault(change);
        harden::scrub();
        result
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

fn one_in_trash(vault: &Vault, name: &str) -> Result<AccountId, Error> {
    let wanted = name.trim().to_lowercase();
    let fits = |entry: &&countersign_core::vault::Entry| {
        entry.id().to_string() == wanted || entry.account().title().to_lowercase().contains(&wanted)
    };
    let found: Vec<_> = vault.trash().filter(fits).collect();
    match found.as_slice() {
        [one] => Ok(one.id()),
        [] => Err(Error::NotFound(format!("nothing in the trash fits \"{}\"", visible(name)))),
        several => Err(Error::Ambiguous(format!(
            "\"{}\" fits {} accounts in the trash: {}",
            visible(name),
            several.len(),
            several.iter().map(|entry| entry.id().to_string()).collect::<Vec<_>>().join(", ")
        ))),
    }
}

const DEFAULT_LINES: u32 = 50;
const MAX_LINES: u32 = 1000;
