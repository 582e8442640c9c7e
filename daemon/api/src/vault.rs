//! `Vault1`: is it open, open it, lock it.

#![allow(missing_docs)] // the interface macros add items of their own
#![allow(clippy::unused_async)] // properties answer from memory; the macro wants them async

use std::future::Future;

use zbus::{interface, message::Header, object_server::SignalEmitter};

use crate::{Caller, Dict, Error, FEATURES, VERSION, caller::Origin, types::*};

/// What the daemon must be able to do for [`Vault`].
pub trait VaultBackend: Send + Sync + 'static {
    /// Returns `absent`, `locked`, `unlocked` or `unusable`.
    fn state(&self) -> &'static str;
    /// Returns the id of the reason for the state.
    fn why(&self) -> &'static str;
    /// Returns the Unix time of the state's beginning.
    fn since(&self) -> u64;
    /// Returns how the daemon and its vault are.
    fn status(&self, caller: Caller) -> impl Future<Output = Result<Status, Error>> + Send;
    /// Wipes the key and the entries.
    fn lock(&self, caller: Caller) -> impl Future<Output = Result<(), Error>> + Send;
    /// Tells the person, once ever, that no panel shows the tray.
    fn no_tray(&self, caller: Caller) -> impl Future<Output = Result<(), Error>> + Send;
    /// Opens the vault by the keyring, or asks the person.
    fn unlock(&self, caller: Caller, options: PromptOptions) -> impl Future<Output = Result<(), Error>> + Send;
}

/// The service object of the interface.
pub struct Vault<B> {
    /// Who does the work.
    pub backend: B,
    /// Where it is served.
    pub origin: Origin,
}

/// Is the vault open, open it, lock it.
#[interface(
    name = "org.countersign.Vault1",
    proxy(
        default_service = "org.countersign.Countersign1",
        default_path = "/org/countersign/Countersign1",
        gen_blocking = false
    )
)]
impl<B: VaultBackend> Vault<B> {
    /// Locks now. When this returns, no key and no account is in memory.
    async fn lock(&self, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<(), Error> {
        NoOptions::try_from(options)?;
        self.backend.lock(self.origin.caller(&header)?).await
    }

    /// Unlocks: by the login keyring, else by asking the person on the caller's display. Options: display s,
    /// wayland_display s, xauthority s, session_type s, current_desktop s, prompt b (false: the keyring or nothing).
    async fn unlock(&self, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<(), Error> {
        self.backend.unlock(self.origin.caller(&header)?, options.try_into()?).await
    }

    /// The tray says that no panel here shows it: the person is told by a notification, once ever, what to use instead.
    async fn no_tray(&self, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<(), Error> {
        NoOptions::try_from(options)?;
        self.backend.no_tray(self.origin.caller(&header)?).await
    }

    /// How the daemon and its vault are: state s, why s, why_text s, since t, version s, vault s, accounts u,
    /// unconfirmed u, quarantined u, inbox u, read_only s, recovery s, slots as, idle_lock u, missing as, config_error s,
    /// last_backup t, backup_folder s, last_drill t, backup_reminder u.
    #[zbus(out_args("status"))]
    async fn status(&self, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Dict, Error> {
        NoOptions::try_from(options)?;
        Ok(self.backend.status(self.origin.caller(&header)?).await?.into())
    }

    /// `absent`, `locked`, `unlocked` or `unusable`.
    #[zbus(property(emits_changed_signal = "false"))]
    async fn state(&self) -> String {
        self.backend.state().to_owned()
    }

    /// Id of the reason for the state.
    #[zbus(property(emits_changed_signal = "false"))]
    async fn why(&self) -> String {
        self.backend.why().to_owned()
    }

    /// Unix time of the state's beginning, in seconds.
    #[zbus(property(emits_changed_signal = "false"))]
    async fn since(&self) -> u64 {
        self.backend.since()
    }

    /// Version of this contract; what a version offers, later ones keep.
    #[zbus(property(emits_changed_signal = "const"))]
    async fn version(&self) -> u32 {
        VERSION
    }

    /// What this daemon offers beyond the bare contract.
    #[zbus(property(emits_changed_signal = "const"))]
    async fn features(&self) -> Vec<String> {
        FEATURES.iter().map(|feature| (*feature).to_owned()).collect()
    }

    /// The state became another one. After `locked`, no code follows.
    #[zbus(signal)]
    pub async fn state_changed(emitter: &SignalEmitter<'_>, state: &str, why: &str) -> zbus::Result<()>;
}
