//! `Secrets1`: everything that carries a secret. Served on private connections only, never on the bus.

use std::{future::Future, os::fd::AsFd};

use zbus::{
    interface,
    message::Header,
    zvariant::{Fd, OwnedFd},
};

use crate::{Caller, Dict, Error, caller::Origin, types::*};

/// What the daemon must be able to do for [`Secrets`].
pub trait SecretsBackend: Send + Sync + 'static {
    /// Makes the vault; it is open then. Options: keyring b (lets the login keyring open it too).
    fn init(
        &self,
        caller: Caller,
        passphrase: &str,
        options: InitOptions,
    ) -> impl Future<Output = Result<(), Error>> + Send;
    /// The same with a passphrase that a dialog on the caller's display asks for, twice; this connection has shown then
    /// that the person is there. Options as of `Unlock`.
    fn init_by_prompt(&self, caller: Caller, options: PromptOptions) -> impl Future<Output = Result<(), Error>> + Send;
    /// Unlocks by a `passphrase` or by the `recovery` key.
    fn unlock_with(&self, caller: Caller, way: &str, key: &str) -> impl Future<Output = Result<(), Error>> + Send;
    /// Shows that the person is there: what needs presence works on this connection afterwards, and on no other.
    fn prove(&self, caller: Caller, passphrase: &str) -> impl Future<Output = Result<(), Error>> + Send;
    /// The same by a dialog on the caller's display, which names the program that asks. Options as of `Unlock`.
    fn prove_by_prompt(&self, caller: Caller, options: PromptOptions)
    -> impl Future<Output = Result<(), Error>> + Send;
    /// Keeps the account that an `otpauth` URI or a bare key describes. Options: if_exists s, issuer s, name s.
    fn add(&self, caller: Caller, text: &str, options: KeepOptions)
    -> impl Future<Output = Result<Kept, Error>> + Send;
    /// Keeps accounts that `countersign-import` has read, in one change or not at all. Options: dry_run b, if_exists s, tag s.
    fn import(
        &self,
        caller: Caller,
        accounts: std::os::fd::OwnedFd,
        options: ImportOptions,
    ) -> impl Future<Output = Result<Vec<Imported>, Error>> + Send;
    /// The sites to enrol again, and how far each is: site s, program s, created t, state s, account s, title s.
    fn checklist(&self, caller: Caller) -> impl Future<Output = Result<Vec<SiteInfo>, Error>> + Send;
    /// Puts sites on that list and takes others off it, in one change or not at all; answers the list. Options: program s.
    fn edit_checklist(
        &self,
        caller: Caller,
        add: Vec<String>,
        remove: Vec<String>,
        options: ChecklistOptions,
    ) -> impl Future<Output = Result<Vec<SiteInfo>, Error>> + Send;
    /// Accounts, by their ids, or all of them, as a file in memory. Options: tag s, trashed b. Needs presence.
    fn export(
        &self,
        caller: Caller,
        accounts: Vec<String>,
        options: ExportOptions,
    ) -> impl Future<Output = Result<std::os::fd::OwnedFd, Error>> + Send;
    /// What a URI or a QR's text is and what is odd about it; nothing is kept.
    fn check(&self, caller: Caller, text: &str) -> impl Future<Output = Result<Candidate, Error>> + Send;
    /// Takes a text, such as a link that was followed, for what a QR says; nothing is kept.
    fn scan_text(
        &self,
        caller: Caller,
        text: &str,
        options: TextOptions,
    ) -> impl Future<Output = Result<Vec<Candidate>, Error>> + Send;
    /// Looks for QR codes in a picture file (PNG, JPEG, WebP, PPM, …).
    fn scan_image(
        &self,
        caller: Caller,
        picture: std::os::fd::OwnedFd,
        options: ImageOptions,
    ) -> impl Future<Output = Result<Vec<Candidate>, Error>> + Send;
    /// Changes what is given: issuer s, name s, note s, pin s, digits u, period u, algorithm s, counter t.
    fn edit(
        &self,
        caller: Caller,
        account: &str,
        options: EditOptions,
    ) -> impl Future<Output = Result<AccountInfo, Error>> + Send;
    /// Moves an account to the trash, where it stays for 30 days.
    fn remove(&self, caller: Caller, account: &str) -> impl Future<Output = Result<AccountInfo, Error>> + Send;
    /// Takes an account back from the trash.
    fn restore(&self, caller: Caller, account: &str) -> impl Future<Output = Result<AccountInfo, Error>> + Send;
    /// What lies in the trash.
    fn trash(&self, caller: Caller) -> impl Future<Output = Result<Vec<AccountInfo>, Error>> + Send;
    /// Takes back the last change, and says which it was.
    fn undo(&self, caller: Caller) -> impl Future<Output = Result<String, Error>> + Send;
    /// The code of an account whose PIN the vault does not keep. Options and details as `Accounts1.CodeWith`.
    fn code_with_pin(
        &self,
        caller: Caller,
        account: &str,
        pin: &str,
        options: CodeOptions,
    ) -> impl Future<Output = Result<(String, CodeDetails), Error>> + Send;
    /// The secret of an account: secret s, uri s. Needs presence.
    fn reveal(&self, caller: Caller, account: &str) -> impl Future<Output = Result<Revealed, Error>> + Send;
    /// Accounts, by their ids, as QR codes of the kind that Google Authenticator exports: parts as, counts au (accounts in
    /// each part), accounts as, skipped as. Needs presence.
    fn export_migration(
        &self,
        caller: Caller,
        accounts: Vec<String>,
    ) -> impl Future<Output = Result<MigrationExport, Error>> + Send;
    /// Puts another passphrase in the place of the present one. Needs presence.
    fn change_passphrase(&self, caller: Caller, passphrase: &str) -> impl Future<Output = Result<(), Error>> + Send;
    /// Makes a recovery key, in the place of an earlier one, and answers it this once. Needs presence.
    fn make_recovery(&self, caller: Caller) -> impl Future<Output = Result<String, Error>> + Send;
    /// Whether this is the last group of the recovery key, as a sign that it was written down.
    fn confirm_recovery(&self, caller: Caller, group: &str) -> impl Future<Output = Result<bool, Error>> + Send;
    /// The ways to open the vault: name s, what s, created t.
    fn slots(&self, caller: Caller) -> impl Future<Output = Result<Vec<SlotInfo>, Error>> + Send;
    /// Adds a way to open the vault: `keyring`. Needs presence.
    fn add_slot(&self, caller: Caller, name: &str) -> impl Future<Output = Result<(), Error>> + Send;
    /// Takes a way to open the vault away; never the passphrase. Needs presence.
    fn remove_slot(&self, caller: Caller, name: &str) -> impl Future<Output = Result<(), Error>> + Send;
    /// Earlier vaults: name s, number t, created t, why s.
    fn generations(&self, caller: Caller) -> impl Future<Output = Result<Vec<GenerationInfo>, Error>> + Send;
    /// Puts an earlier vault in the place of the present one, which becomes a generation itself.
    fn take_generation(
        &self,
        caller: Caller,
        name: &str,
        passphrase: &str,
    ) -> impl Future<Output = Result<(), Error>> + Send;
    /// Codes and exports that were given, the newest first: time t, program s, account s, title s, exported u. Options:
    /// limit u.
    fn log(&self, caller: Caller, options: LogOptions) -> impl Future<Output = Result<Vec<LogLine>, Error>> + Send;
    /// Copies the vault into a folder, reads the copy back and compares it. Options: scheduled b.
    fn backup(
        &self,
        caller: Caller,
        folder: std::os::fd::OwnedFd,
        options: BackupOptions,
    ) -> impl Future<Output = Result<BackedUp, Error>> + Send;
    /// Tells the person by a notification that a scheduled backup found no folder of this path.
    fn no_backup(&self, caller: Caller, folder: &str) -> impl Future<Output = Result<(), Error>> + Send;
    /// Opens a backup by a `passphrase` or by the `recovery` key, and compares it with the vault. Options: drill b.
    fn verify_backup(
        &self,
        caller: Caller,
        folder: std::os::fd::OwnedFd,
        way: &str,
        key: &str,
        options: VerifyOptions,
    ) -> impl Future<Output = Result<BackupLook, Error>> + Send;
}

/// The service object of the interface.
pub struct Secrets<B> {
    /// Who does the work.
    pub backend: B,
    /// Where it is served: on a private connection.
    pub origin: Origin,
}

/// Everything that carries a secret. Private connections only.
#[interface(
    name = "org.countersign.Secrets1",
    proxy(
        default_service = "org.countersign.Countersign1",
        default_path = "/org/countersign/Countersign1",
        gen_blocking = false
    )
)]
impl<B: SecretsBackend> Secrets<B> {
    /// Makes the vault; it is open then. Options: keyring b (lets the login keyring open it too).
    async fn init(&self, passphrase: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<(), Error> {
        self.backend.init(self.origin.caller(&header)?, passphrase, options.try_into()?).await
    }

    /// The same with a passphrase that a dialog on the caller's display asks for, twice; this connection has shown then
    /// that the person is there. Options as of `Unlock`.
    async fn init_by_prompt(&self, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<(), Error> {
        self.backend.init_by_prompt(self.origin.caller(&header)?, options.try_into()?).await
    }

    /// Unlocks by a `passphrase` or by the `recovery` key.
    async fn unlock_with(
        &self,
        way: &str,
        key: &str,
        options: Dict,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        NoOptions::try_from(options)?;
        self.backend.unlock_with(self.origin.caller(&header)?, way, key).await
    }

    /// Shows that the person is there: what needs presence works on this connection afterwards, and on no other.
    async fn prove(&self, passphrase: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<(), Error> {
        NoOptions::try_from(options)?;
        self.backend.prove(self.origin.caller(&header)?, passphrase).await
    }

    /// The same by a dialog on the caller's display, which names the program that asks. Options as of `Unlock`.
    async fn prove_by_prompt(&self, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<(), Error> {
        self.backend.prove_by_prompt(self.origin.caller(&header)?, options.try_into()?).await
    }

    /// Keeps the account that an `otpauth` URI or a bare key describes. Options: if_exists s, issuer s, name s.
    #[zbus(out_args("kept"))]
    async fn add(&self, text: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Dict, Error> {
        Ok(self.backend.add(self.origin.caller(&header)?, text, options.try_into()?).await?.into())
    }

    /// Keeps accounts that `countersign-import` has read, in one change or not at all. The descriptor is a file in memory, a
    /// JSON object a line as FORMAT.md describes an entry. Options: dry_run b (only tell), if_exists s, tag s (a label that
    /// all of them get). Each answers outcome s, account s, title s, trashed b, leaves_note b, in the order
    /// of the lines.
    #[zbus(out_args("imported"))]
    async fn import(
        &self,
        accounts: Fd<'_>,
        options: Dict,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        let accounts = accounts
            .as_fd()
            .try_clone_to_owned()
            .map_err(|e| Error::InvalidArgument(format!("the descriptor can't be used: {e}")))?;
        let all = self.backend.import(self.origin.caller(&header)?, accounts, options.try_into()?).await?;
        Ok(all.into_iter().map(Dict::from).collect())
    }

    /// The sites to enrol again, since no export of another program brings them along. Each: site s, program s (the one that
    /// it is to leave), created t, state s (open; before: an account of it was there before the list; unproven: one was kept
    /// since, and no site is known to accept its codes; unused: one came from elsewhere since, and no code of it was used
    /// here; done: one was kept since, and is in use), account s (id of that account), title s.
    #[zbus(out_args("sites"))]
    async fn checklist(&self, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Vec<Dict>, Error> {
        NoOptions::try_from(options)?;
        Ok(self.backend.checklist(self.origin.caller(&header)?).await?.into_iter().map(Dict::from).collect())
    }

    /// Puts sites on that list and takes others off it, in one change or not at all; answers the list of afterwards.
    /// Options: program s (the one that the new sites are to leave).
    #[zbus(out_args("sites"))]
    async fn edit_checklist(
        &self,
        add: Vec<String>,
        remove: Vec<String>,
        options: Dict,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        let caller = self.origin.caller(&header)?;
        let list = self.backend.edit_checklist(caller, add, remove, options.try_into()?).await?;
        Ok(list.into_iter().map(Dict::from).collect())
    }

    /// Accounts, by their ids, or all of them where none is named, with their secrets: the counterpart of `Import`. The
    /// descriptor is a sealed file in memory, a JSON object a line as FORMAT.md describes an entry. Options: tag s (only
    /// those with this label), trashed b (those in the trash too). It is notified and logged. Needs presence.
    #[zbus(out_args("lines"))]
    async fn export(
        &self,
        accounts: Vec<String>,
        options: Dict,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<OwnedFd, Error> {
        let lines = self.backend.export(self.origin.caller(&header)?, accounts, options.try_into()?).await?;
        Ok(lines.into())
    }

    /// What a URI or a QR's text is and what is odd about it; nothing is kept.
    #[zbus(out_args("candidate"))]
    async fn check(&self, text: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Dict, Error> {
        NoOptions::try_from(options)?;
        Ok(self.backend.check(self.origin.caller(&header)?, text).await?.into())
    }

    /// Takes a text, such as a link that was followed, for what a QR says: the only candidate can be kept or discarded
    /// as after a scan. Options: notify b (ask by a notification with buttons what to do), display s, wayland_display s,
    /// xauthority s, session_type s, current_desktop s.
    #[zbus(out_args("candidates"))]
    async fn scan_text(
        &self,
        text: &str,
        options: Dict,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        let found = self.backend.scan_text(self.origin.caller(&header)?, text, options.try_into()?).await?;
        Ok(found.into_iter().map(Dict::from).collect())
    }

    /// Looks for QR codes in a picture file (PNG, JPEG, WebP, PPM, …). Options: harder b (walk all the decoder's steps).
    #[zbus(out_args("candidates"))]
    async fn scan_image(
        &self,
        picture: Fd<'_>,
        options: Dict,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        let picture = picture
            .as_fd()
            .try_clone_to_owned()
            .map_err(|e| Error::InvalidArgument(format!("the descriptor can't be used: {e}")))?;
        let found = self.backend.scan_image(self.origin.caller(&header)?, picture, options.try_into()?).await?;
        Ok(found.into_iter().map(Dict::from).collect())
    }

    /// Changes what is given: issuer s, name s, note s, pin s, digits u, period u, algorithm s, counter t.
    #[zbus(out_args("account"))]
    async fn edit(&self, account: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Dict, Error> {
        Ok(self.backend.edit(self.origin.caller(&header)?, account, options.try_into()?).await?.into())
    }

    /// Moves an account to the trash, where it stays for 30 days.
    #[zbus(out_args("account"))]
    async fn remove(&self, account: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Dict, Error> {
        NoOptions::try_from(options)?;
        Ok(self.backend.remove(self.origin.caller(&header)?, account).await?.into())
    }

    /// Takes an account back from the trash.
    #[zbus(out_args("account"))]
    async fn restore(&self, account: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Dict, Error> {
        NoOptions::try_from(options)?;
        Ok(self.backend.restore(self.origin.caller(&header)?, account).await?.into())
    }

    /// What lies in the trash.
    #[zbus(out_args("accounts"))]
    async fn trash(&self, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Vec<Dict>, Error> {
        NoOptions::try_from(options)?;
        Ok(self.backend.trash(self.origin.caller(&header)?).await?.into_iter().map(Dict::from).collect())
    }

    /// Takes back the last change, and says which it was.
    #[zbus(out_args("what"))]
    async fn undo(&self, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<String, Error> {
        NoOptions::try_from(options)?;
        self.backend.undo(self.origin.caller(&header)?).await
    }

    /// The code of an account whose PIN the vault does not keep. Options and details as `Accounts1.CodeWith`.
    #[zbus(out_args("code", "details"))]
    async fn code_with_pin(
        &self,
        account: &str,
        pin: &str,
        options: Dict,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(String, Dict), Error> {
        let caller = self.origin.caller(&header)?;
        let (code, details) = self.backend.code_with_pin(caller, account, pin, options.try_into()?).await?;
        Ok((code, details.into()))
    }

    /// The secret of an account: secret s, uri s. Needs presence.
    #[zbus(out_args("revealed"))]
    async fn reveal(&self, account: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Dict, Error> {
        NoOptions::try_from(options)?;
        Ok(self.backend.reveal(self.origin.caller(&header)?, account).await?.into())
    }

    /// Accounts, by their ids, as QR codes of the kind that Google Authenticator exports: parts as, counts au (accounts in
    /// each part), accounts as, skipped as. Needs presence.
    #[zbus(out_args("export"))]
    async fn export_migration(
        &self,
        accounts: Vec<String>,
        options: Dict,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        NoOptions::try_from(options)?;
        Ok(self.backend.export_migration(self.origin.caller(&header)?, accounts).await?.into())
    }

    /// Puts another passphrase in the place of the present one. Needs presence.
    async fn change_passphrase(
        &self,
        passphrase: &str,
        options: Dict,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        NoOptions::try_from(options)?;
        self.backend.change_passphrase(self.origin.caller(&header)?, passphrase).await
    }

    /// Makes a recovery key, in the place of an earlier one, and answers it this once. Needs presence.
    #[zbus(out_args("key"))]
    async fn make_recovery(&self, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<String, Error> {
        NoOptions::try_from(options)?;
        self.backend.make_recovery(self.origin.caller(&header)?).await
    }

    /// Whether this is the last group of the recovery key, as a sign that it was written down.
    #[zbus(out_args("right"))]
    async fn confirm_recovery(
        &self,
        group: &str,
        options: Dict,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<bool, Error> {
        NoOptions::try_from(options)?;
        self.backend.confirm_recovery(self.origin.caller(&header)?, group).await
    }

    /// The ways to open the vault: name s, what s, created t.
    #[zbus(out_args("slots"))]
    async fn slots(&self, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Vec<Dict>, Error> {
        NoOptions::try_from(options)?;
        Ok(self.backend.slots(self.origin.caller(&header)?).await?.into_iter().map(Dict::from).collect())
    }

    /// Adds a way to open the vault: `keyring`. Needs presence.
    async fn add_slot(&self, name: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<(), Error> {
        NoOptions::try_from(options)?;
        self.backend.add_slot(self.origin.caller(&header)?, name).await
    }

    /// Takes a way to open the vault away; never the passphrase. Needs presence.
    async fn remove_slot(&self, name: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<(), Error> {
        NoOptions::try_from(options)?;
        self.backend.remove_slot(self.origin.caller(&header)?, name).await
    }

    /// Earlier vaults: name s, number t, created t, why s.
    #[zbus(out_args("generations"))]
    async fn generations(&self, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Vec<Dict>, Error> {
        NoOptions::try_from(options)?;
        Ok(self.backend.generations(self.origin.caller(&header)?).await?.into_iter().map(Dict::from).collect())
    }

    /// Puts an earlier vault in the place of the present one, which becomes a generation itself.
    async fn take_generation(
        &self,
        name: &str,
        passphrase: &str,
        options: Dict,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        NoOptions::try_from(options)?;
        self.backend.take_generation(self.origin.caller(&header)?, name, passphrase).await
    }

    /// Codes that were given, the newest first: time t, program s, account s, title s. Options: limit u.
    #[zbus(out_args("lines"))]
    async fn log(&self, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Vec<Dict>, Error> {
        Ok(self
            .backend
            .log(self.origin.caller(&header)?, options.try_into()?)
            .await?
            .into_iter()
            .map(Dict::from)
            .collect())
    }

    /// Copies the vault into a folder: nothing is decrypted for that, so it may be locked. The copy is waited for until it
    /// is on disk, read back and compared; of older ones the last 10, the last of each of 14 days, and
    /// the newest that was seen to open stay. Options:
    /// scheduled b (nobody looks on: a failure is told by a notification, and a folder without an earlier backup of this
    /// vault is refused). Answers name s, path s, made t, accounts u, decrypted b, slots as, same_disk b, removed as.
    #[zbus(out_args("backup"))]
    async fn backup(&self, folder: Fd<'_>, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Dict, Error> {
        let folder = held(&folder)?;
        Ok(self.backend.backup(self.origin.caller(&header)?, folder, options.try_into()?).await?.into())
    }

    /// A scheduled backup found no folder of this path: the person is told by a notification.
    async fn no_backup(&self, folder: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<(), Error> {
        NoOptions::try_from(options)?;
        self.backend.no_backup(self.origin.caller(&header)?, folder).await
    }

    /// Opens a backup by its own files alone, by a `passphrase` or by the `recovery` key, and compares it with the vault,
    /// which may be locked. The folder is a backup, or holds some: then the newest of this vault. Options: drill b
    /// (restores it into a private place first, as on a new computer). Answers name s, path s, made t, accounts u,
    /// compared b, why_not s, same u, missing as, changed as, counters as, removed as, beside as, passed_over as.
    #[zbus(out_args("look"))]
    async fn verify_backup(
        &self,
        folder: Fd<'_>,
        way: &str,
        key: &str,
        options: Dict,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        let (caller, folder) = (self.origin.caller(&header)?, held(&folder)?);
        Ok(self.backend.verify_backup(caller, folder, way, key, options.try_into()?).await?.into())
    }
}

/// Returns a descriptor of our own for one that came with a call.
fn held(fd: &Fd<'_>) -> Result<std::os::fd::OwnedFd, Error> {
    let own = fd.as_fd().try_clone_to_owned();
    own.map_err(|error| Error::InvalidArgument(format!("the descriptor can't be used: {error}")))
}
