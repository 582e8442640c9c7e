//! `Vault1`: status, lock, unlock.

use countersign_api::{
    Caller, Error,
    types::{PromptOptions, Status},
    vault::VaultBackend,
};
use tokio::time::timeout;
use zbus::{Connection, fdo};

use super::{Door, PATIENCE, Service, connection_of};
use crate::{
    convert,
    vault_state::{Phase, Why},
};

impl VaultBackend for Door {
    fn state(&self) -> &'static str {
        self.0.state().name()
    }

    fn why(&self) -> &'static str {
        self.0.state().why().id()
    }

    fn since(&self) -> u64 {
        self.0.state().since()
    }

    async fn status(&self, caller: Caller) -> Result<Status, Error> {
        self.admit(&caller, &[])?;
        self.look_for_parts().await;
        let mut status = convert::status(&self.0.state(), &self.store);
        self.count_sealed(&mut status);
        status.version = env!("CARGO_PKG_VERSION").into();
        status.vault = self.paths.data.display().to_string();
        let config = self.config.borrow();
        status.idle_lock = config.idle_lock.map_or(0, |limit| limit.as_secs() as u32);
        status.config_error = config.error.clone().unwrap_or_default();
        let backups = self.backup_notes();
        (status.last_backup, status.last_drill) = (backups.made, backups.drilled);
        status.backup_reminder = config.backup_reminder.unwrap_or_default();
        let folder = config.backup_folder.as_ref().map(|folder| folder.to_string_lossy().into_owned());
        status.backup_folder = folder.unwrap_or(backups.folder);
        status.missing = self.missing.lock().expect("no holder panics").values().cloned().collect();
        Ok(status)
    }

    async fn lock(&self, caller: Caller) -> Result<(), Error> {
        self.admit(&caller, &[])?;
        let absent = matches!(self.0.state().phase(), Phase::Absent);
        // Where there is none yet, one may be in the making: that one is not opened then.
        self.wipe(Why::ByHand, connection_of(&caller));
        if absent { Err(Error::NoVault("there is no vault to lock yet".into())) } else { Ok(()) }
    }

    async fn no_tray(&self, caller: Caller) -> Result<(), Error> {
        self.admit(&caller, &[])?;
        self.show_no_tray()
    }

    async fn unlock(&self, caller: Caller, options: PromptOptions) -> Result<(), Error> {
        self.admit(&caller, &[])?;
        self.ensure_open(options.prompt.unwrap_or(true).then_some(options), true).await
    }
}

impl Service {
    /// Takes note of which parts of the desktop answer.
    async fn look_for_parts(&self) {
        let Some(bus) = self.bus.get() else { return };
        let answered = timeout(PATIENCE, self.ask_for_parts(bus)).await.is_ok();
        let text = "the session bus does not answer: only countersign itself reaches the daemon";
        self.note_missing("bus", (!answered).then(|| text.to_owned()));
    }

    async fn ask_for_parts(&self, bus: &Connection) {
        let Ok(proxy) = fdo::DBusProxy::new(bus).await else { return };
        let startable = proxy.list_activatable_names().await.unwrap_or_default();
        for (part, name, meaning) in PARTS {
            let owned = proxy.name_has_owner((*name).try_into().expect("a constant name is valid")).await;
            let there = owned.unwrap_or(false) || startable.iter().any(|known| known.as_str() == *name);
            self.note_missing(part, (!there).then(|| (*meaning).to_owned()));
        }
    }
}

const PARTS: &[(&str, &str, &str)] = &[
    ("keyring", "org.freedesktop.secrets", "no login keyring: the vault is opened by passphrase only"),
    (
        "notifications",
        "org.freedesktop.Notifications",
        "no notification server: scans are not shown on the desktop, and a hotkey's result is not seen",
    ),
];
