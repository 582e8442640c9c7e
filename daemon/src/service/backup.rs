//! Backups: made of the vault's files as they lie there, tried from the copy alone, and asked for where there is none.

use std::{
    fs::{self, DirBuilder},
    io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::{DirBuilderExt, MetadataExt},
    },
    path::{Path, PathBuf},
    sync::Arc,
};

use countersign_api::{
    Error,
    types::{BackedUp, BackupLook},
};
use countersign_core::{
    text::visible,
    vault::{Backup, Drift, Entry, Opener, Snapshot, Store, Vault, VaultError, is_backup, open_backup, restore_backup},
};
use rustix::fs::{FileType, fstat};

use super::{Service, unlocking::Given};
use crate::{
    backup_notes::Notes,
    convert, harden,
    notify::{About, Message},
    vault_state::{Phase, now},
};

impl Service {
    /// Makes a backup in a folder. Where nobody looks on, a failure is told on the desktop.
    pub(super) async fn back_up(self: &Arc<Self>, folder: OwnedFd, scheduled: bool) -> Result<BackedUp, Error> {
        let made = self.try_back_up(folder, scheduled).await;
        if let (true, Err(error)) = (scheduled, &made) {
            self.show_no_backup(&error.message());
        }
        made
    }

    async fn try_back_up(self: &Arc<Self>, folder: OwnedFd, scheduled: bool) -> Result<BackedUp, Error> {
        let folder = Folder::of(folder)?;
        if fs::canonicalize(&self.paths.data).is_ok_and(|vault| folder.path.starts_with(vault)) {
            return Err(Error::InvalidArgument("a backup inside of the vault's own folder is none".into()));
        }
        let busy = |_| Error::LimitsExceeded("a backup is being made already: try again in a moment".into());
        let _one = self.backing_up.try_acquire().map_err(busy)?;
        let (snapshot, accounts) = self.snapshot().await?;
        let same_disk = folder.lies_beside(&self.paths.data);
        let (slots, store) = (snapshot.slots(), self.store.clone());
        let place = folder.path.to_string_lossy().into_owned();
        let proven = self.backup_notes().proven.remove(&place).unwrap_or_default();
        // On a thread of its own: a slow disk holds nobody up.
        let (folder, made) = harden::aside(move || {
            if scheduled && store.backups(&folder.here()).is_empty() {
                let made = Err(Error::NotBackedUp(format!("{} holds no earlier backup of this vault", folder.shown())));
                return (folder, made);
            }
            let made = store.back_up(&snapshot, &folder.here(), &proven);
            let made = made.map_err(|error| convert::backup_error(&error, &folder.shown()));
            (folder, made)
        })
        .await;
        let made = made?;
        self.note_backup(|notes| {
            if accounts.is_some() {
                notes.proven.insert(place.clone(), made.name.clone());
            }
            (notes.made, notes.folder) = (now(), place);
        });
        self.notifier.withdraw(|about| *about == About::NoBackup);
        Ok(BackedUp {
            made: Backup::named(made.name.clone()).map_or(0, |backup| backup.made),
            path: visible(&folder.path.join(&made.name).to_string_lossy()),
            name: made.name,
            decrypted: accounts.is_some(),
            accounts: accounts.unwrap_or_default(),
            slots,
            same_disk,
            removed: made.removed,
        })
    }

    /// Reads the vault's files; of an open vault, makes sure that they are what it holds, and counts its accounts.
    async fn snapshot(self: &Arc<Self>) -> Result<(Snapshot, Option<u32>), Error> {
        // Whoever derives a key may be putting another vault in its place.
        let _one = self.deriving.acquire().await.expect("the semaphore is never closed");
        let state = self.state();
        let taken = match state.phase() {
            Phase::Locked => self.store.snapshot().map(|snapshot| (snapshot, None)),
            Phase::Unlocked(vault) => match self.store.snapshot() {
                Ok(snapshot) if !vault.is_copied_by(&snapshot) => Err(VaultError::ChangedOutside),
                taken => taken.map(|snapshot| (snapshot, Some(vault.entries().count() as u32))),
            },
            phase => return Err(convert::not_open(phase)),
        };
        drop(state);
        harden::scrub();
        taken.map_err(|error| convert::vault_error(&error))
    }

    /// Opens a backup, in its own folder or restored elsewhere, and compares it with the vault.
    pub(super) async fn verify_backup(
        self: &Arc<Self>,
        folder: OwnedFd,
        given: Given,
        drill: bool,
    ) -> Result<BackupLook, Error> {
        let folder = Folder::of(folder)?;
        let (store, by_paper) = (self.store.clone(), matches!(given, Given::Recovery(_)));
        // On a thread of its own, as all that reads a disk which may be slow.
        let found = harden::aside(move || newest_in(&store, &folder, by_paper).map(|found| (folder, found)));
        let (folder, found) = found.await?;
        let Found { backup, path, passed_over } = found;
        let (store, place) = (self.store.clone(), drill.then(|| self.paths.drill()));
        let looked = self.derive(move || {
            let looked = look(&store, &backup, place, given.opener());
            // Its descriptor was the way to the backup.
            drop(folder);
            looked
        });
        let look = looked.await?.map_err(|error| convert::backup_key_error(&error));
        harden::scrub();
        let look = look?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let named = Backup::named(name.clone().into_owned());
        self.note_backup(|notes| {
            if drill {
                notes.drilled = now();
            }
            let place = path.parent().unwrap_or(&path).to_string_lossy().into_owned();
            let known = notes.proven.get(&place);
            // Names are in the order of time.
            let newer = |backup: &&Backup| look.compared && known.is_none_or(|known| backup.name > *known);
            if let Some(backup) = named.as_ref().filter(newer) {
                notes.proven.insert(place, backup.name.clone());
            }
        });
        let made = named.map_or(0, |backup| backup.made);
        let passed_over = passed_over.iter().map(|name| visible(name)).collect();
        Ok(BackupLook { name: visible(&name), path: visible(&path.to_string_lossy()), made, passed_over, ..look })
    }

    /// Tells the person that a scheduled backup was not made.
    pub(super) fn show_no_backup(self: &Arc<Self>, why: &str) {
        self.tell_of_backups("No backup was made", format!("{}. By hand: countersign backup", visible(why)));
    }

    fn tell_of_backups(self: &Arc<Self>, title: &str, body: String) {
        let message =
            Message { topic: "backup", title: title.into(), body, about: About::NoBackup, ..Message::default() };
        let service = self.clone();
        tokio::spawn(async move { service.notifier.show(message).await });
    }

    /// Reminds the person where there has been no backup for long, once a month at the most.
    pub(super) fn remind_of_backup(self: &Arc<Self>) {
        let Some(limit) = self.config.borrow().backup_reminder else { return };
        let first = self.state().vault().and_then(|vault| vault.entries().map(Entry::created).min());
        let (Some(first), notes, now) = (first, self.backup_notes(), now()) else { return };
        if !is_due(&notes, first, u64::from(limit) * DAY, now) {
            return;
        }
        self.note_backup(|notes| notes.reminded = now);
        let title = match notes.made {
            0 => "There is no backup of your codes yet".to_owned(),
            made => format!("The last backup of your codes is {} days old", now.saturating_sub(made) / DAY),
        };
        let body = "By hand: countersign backup DIR. By itself from now on: countersign backup schedule DIR";
        self.tell_of_backups(&title, body.into());
    }

    /// Returns what is remembered of this vault's backups.
    pub(super) fn backup_notes(&self) -> Notes {
        self.backups.lock().expect("no holder panics").of(self.store.recipient().as_deref())
    }

    fn note_backup(&self, change: impl FnOnce(&mut Notes)) {
        if let Some(vault) = self.store.recipient() {
            self.backups.lock().expect("no holder panics").note(&vault, change);
        }
    }
}

/// The backup that is meant.
struct Found {
    /// The way to it.
    backup: PathBuf,
    /// Its path for people.
    path: PathBuf,
    /// The names of those of a time to come.
    passed_over: Vec<String>,
}

/// Returns the backup that is meant: the folder itself, or the newest of this vault in it.
fn newest_in(store: &Store, folder: &Folder, by_paper: bool) -> Result<Found, Error> {
    let own_name = folder.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let found = if is_backup(&folder.here()) || Backup::named(own_name).is_some() {
        Found { backup: folder.here(), path: folder.path.clone(), passed_over: Vec::new() }
    } else {
        if let Some(damaged) = store.damaged_backup(&folder.here()) {
            let text =
                "is damaged: its file recipient is missing or can't be read. Of an older one give the folder itself";
            return Err(Error::BackupUnusable(format!("the newest backup, {}, {text}", visible(&damaged.name))));
        }
        let none = || format!("there is no backup of this vault in {}: countersign backup DIR", folder.shown());
        let mut all = store.backups(&folder.here()).into_iter();
        let name = all.next().ok_or_else(|| Error::NotFound(none()))?.name;
        let passed_over = all.filter(|backup| backup.name > name).map(|backup| backup.name).collect();
        Found { backup: folder.here().join(&name), path: folder.path.join(name), passed_over }
    };
    if by_paper && !found.backup.join("slots/recovery.age").exists() {
        return Err(Error::NotFound("the backup was made without a recovery key: try its passphrase".into()));
    }
    Ok(found)
}

/// Whether to remind: neither a backup nor a reminder was lately, and the first account is old enough to be missed.
fn is_due(notes: &Notes, first: u64, limit: u64, now: u64) -> bool {
    let since = |time: u64| now.saturating_sub(time);
    since(notes.made.max(first)) >= limit && since(notes.reminded) >= 30 * DAY
}

/// Opens a backup by what was given, in its own folder or restored into a place, and puts the vault beside it.
fn look(store: &Store, backup: &Path, place: Option<PathBuf>, opener: Opener<'_>) -> Result<BackupLook, VaultError> {
    let place = place.map(Place::make).transpose().map_err(VaultError::NotSaved)?;
    let copy = match &place {
        None => open_backup(backup, opener)?,
        Some(place) => restore_backup(backup, &place.0, opener)?,
    };
    let mut look = BackupLook { accounts: copy.entries().count() as u32, ..BackupLook::default() };
    // Whoever opens the backup has the key of the vault: that one may be locked, and stays so.
    match store.open(Opener::VaultKey(&copy.key_text())) {
        Ok(vault) if vault.id() == copy.id() => compare(&vault, &copy, &mut look),
        Ok(_) => look.why_not = "it is of another vault".into(),
        Err(VaultError::WrongPassphrase) => look.why_not = "the vault here has another key".into(),
        Err(error) => look.why_not = error.to_string(),
    }
    Ok(look)
}

fn compare(vault: &Vault, copy: &Vault, look: &mut BackupLook) {
    let drift = Drift::between(vault, copy, now());
    let titles = |list: &[&Entry]| list.iter().map(|entry| visible(&entry.account().title())).collect();
    look.compared = true;
    look.same = drift.same.len() as u32;
    look.missing = titles(&drift.missing);
    look.changed = titles(&drift.changed);
    look.counters = titles(&drift.counters);
    look.removed = titles(&drift.removed);
    look.beside = drift.beside.iter().map(|what| (*what).to_owned()).collect();
}

/// A folder that a caller has opened: they name none that only this process could write.
struct Folder {
    held: OwnedFd,
    /// Where it lies, for people.
    path: PathBuf,
}

impl Folder {
    fn of(held: OwnedFd) -> Result<Self, Error> {
        let wrong = |_| Error::InvalidArgument("the descriptor is not of a folder".into());
        if FileType::from_raw_mode(fstat(&held).map_err(wrong)?.st_mode) != FileType::Directory {
            return Err(wrong(rustix::io::Errno::NOTDIR));
        }
        let mut folder = Self { held, path: PathBuf::new() };
        folder.path = fs::read_link(folder.here()).unwrap_or_default();
        Ok(folder)
    }

    /// The way to it that no renaming leads elsewhere.
    fn here(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.held.as_raw_fd()).into()
    }

    fn shown(&self) -> String {
        visible(&self.path.to_string_lossy())
    }

    /// Whether it lies on the same file system as another folder.
    fn lies_beside(&self, other: &Path) -> bool {
        let device = fs::metadata(other).map(|found| found.dev()).ok();
        device.is_some() && device == fs::metadata(self.here()).map(|found| found.dev()).ok()
    }
}

/// Where a backup is restored for trial: in the runtime folder, which is in memory; gone when it is dropped.
struct Place(PathBuf);

impl Place {
    fn make(path: PathBuf) -> io::Result<Self> {
        // A trial that was killed leaves its own behind.
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        DirBuilder::new().mode(0o700).create(&path).map(|()| Self(path))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!("{} is still there: {error}", self.0.display());
        }
    }
}

const DAY: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use countersign_api::{
        secrets::SecretsBackend,
        types::{BackupOptions, KeepOptions, VerifyOptions},
        vault::VaultBackend,
    };
    use tempfile::TempDir;

    use super::*;
    use crate::service::{
        Door,
        testing::{caller, with_vault, without_vault},
    };

    fn opened(path: &Path) -> OwnedFd {
        fs::File::open(path).unwrap().into()
    }

    async fn back_up(door: &Door, to: &TempDir) -> Result<BackedUp, Error> {
        door.backup(caller(), opened(to.path()), BackupOptions::default()).await
    }

    async fn try_it(door: &Door, folder: &Path, key: &str, drill: bool) -> Result<BackupLook, Error> {
        let options = VerifyOptions { drill: Some(drill) };
        SecretsBackend::verify_backup(door, caller(), opened(folder), "passphrase", key, options).await
    }

    async fn add(door: &Door, name: &str) {
        let uri = format!("otpauth://totp/GitHub:{name}?secret=JBSWY3DPEHPK3PXP&issuer=GitHub");
        door.add(caller(), &uri, KeepOptions::default()).await.unwrap();
    }

    #[tokio::test]
    async fn an_open_vault_is_decrypted_for_proof_and_a_locked_one_needs_not_be() {
        let (_home, door) = with_vault().await;
        let to = tempfile::tempdir().unwrap();
        add(&door, "alice").await;
        let made = back_up(&door, &to).await.unwrap();
        assert_eq!((made.accounts, made.decrypted, made.slots), (1, true, vec!["passphrase".to_owned()]));
        assert!(Path::new(&made.path).join("vault.age").is_file() && made.made > 0);
        door.lock(caller()).await.unwrap();
        let made = back_up(&door, &to).await.unwrap();
        assert_eq!((made.accounts, made.decrypted), (0, false));
        let status = door.status(caller()).await.unwrap();
        assert_eq!(status.state, "locked");
        assert_eq!(status.backup_folder, fs::canonicalize(to.path()).unwrap().display().to_string());
        assert!(status.last_backup > 0 && status.last_drill == 0);
    }

    #[tokio::test]
    async fn a_backup_is_compared_with_a_vault_that_stays_locked() {
        let (_home, door) = with_vault().await;
        let to = tempfile::tempdir().unwrap();
        add(&door, "alice").await;
        let made = back_up(&door, &to).await.unwrap();
        add(&door, "bob").await;
        door.lock(caller()).await.unwrap();
        for (folder, drill) in [(to.path(), false), (Path::new(&made.path), true)] {
            let look = try_it(&door, folder, "old", drill).await.unwrap();
            assert_eq!((look.accounts, look.compared, look.same), (1, true, 1));
            assert_eq!((look.missing, look.name), (vec!["GitHub – bob".to_owned()], made.name.clone()));
        }
        assert!(matches!(try_it(&door, to.path(), "wrong", true).await, Err(Error::WrongBackupKey(_))));
        let status = door.status(caller()).await.unwrap();
        assert!(status.state == "locked" && status.last_drill > 0);
        assert!(!door.paths.drill().exists());
    }

    #[tokio::test]
    async fn what_can_not_be_backed_up_or_tried_is_refused_by_name() {
        let (_home, door) = without_vault();
        let to = tempfile::tempdir().unwrap();
        assert!(matches!(back_up(&door, &to).await, Err(Error::NoVault(_))));
        let (_home, door) = with_vault().await;
        assert!(matches!(try_it(&door, to.path(), "old", false).await, Err(Error::NotFound(_))));
        let of = |path: PathBuf| door.backup(caller(), opened(&path), BackupOptions::default());
        for path in [door.paths.data.join("slots"), door.paths.data.join("vault.age")] {
            assert!(matches!(of(path.clone()).await, Err(Error::InvalidArgument(_))), "{}", path.display());
        }
        let scheduled = BackupOptions { scheduled: Some(true) };
        let away = door.backup(caller(), opened(to.path()), scheduled.clone()).await;
        assert!(matches!(&away, Err(Error::NotBackedUp(text)) if text.contains("no earlier backup")), "{away:?}");
        let one = door.backing_up.try_acquire().unwrap();
        assert!(matches!(back_up(&door, &to).await, Err(Error::LimitsExceeded(_))));
        drop(one);
        back_up(&door, &to).await.unwrap();
        door.backup(caller(), opened(to.path()), scheduled).await.unwrap();
        fs::write(door.paths.data.join("recipient"), "age1another\n").unwrap();
        assert!(matches!(back_up(&door, &to).await, Err(Error::ChangedOutside(_))));
        door.lock(caller()).await.unwrap();
        fs::write(door.paths.data.join("vault.age"), "").unwrap();
        assert!(matches!(back_up(&door, &to).await, Err(Error::Unusable(_))));
    }

    #[tokio::test]
    async fn a_newest_backup_that_is_damaged_is_not_passed_over() {
        let (_home, door) = with_vault().await;
        let to = tempfile::tempdir().unwrap();
        add(&door, "alice").await;
        let (first, second) = (back_up(&door, &to).await.unwrap(), back_up(&door, &to).await.unwrap());
        fs::remove_file(Path::new(&second.path).join("recipient")).unwrap();
        let refused = try_it(&door, to.path(), "old", false).await;
        assert!(matches!(&refused, Err(Error::BackupUnusable(text)) if text.contains(&second.name)), "{refused:?}");
        fs::remove_file(Path::new(&second.path).join("vault.age")).unwrap();
        let refused = try_it(&door, Path::new(&second.path), "old", false).await;
        assert!(matches!(&refused, Err(Error::BackupUnusable(text)) if text.contains("vault.age")), "{refused:?}");
        let look = try_it(&door, Path::new(&first.path), "old", false).await.unwrap();
        assert_eq!(look.name, first.name);
        let future = to.path().join("countersign-2999-01-01T000000Z");
        fs::rename(&second.path, &future).unwrap();
        fs::copy(Path::new(&first.path).join("recipient"), future.join("recipient")).unwrap();
        let look = try_it(&door, to.path(), "old", false).await.unwrap();
        assert_eq!((look.name, look.passed_over), (first.name, vec!["countersign-2999-01-01T000000Z".to_owned()]));
    }

    #[tokio::test]
    async fn memory_is_no_place_for_a_backup() {
        let (home, door) = with_vault().await;
        let of = |path: &Path| fs::metadata(path).unwrap().dev();
        let Ok(memory) = tempfile::tempdir_in("/dev/shm") else { return };
        // Where the vault itself is in memory, nothing is promised of it either.
        let mounts = fs::read_to_string("/proc/mounts").unwrap();
        let is_memory = mounts.lines().any(|line| line.contains(" /dev/shm tmpfs "));
        if !is_memory || of(home.path()) == of(memory.path()) || mounts.contains(" /tmp tmpfs ") {
            return;
        }
        let refused = back_up(&door, &memory).await;
        assert!(matches!(&refused, Err(Error::NotBackedUp(text)) if text.contains("in memory")), "{refused:?}");
        assert_eq!(fs::read_dir(memory.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_vault_that_is_put_there_later_is_seen() {
        let (_home, door) = with_vault().await;
        let to = tempfile::tempdir().unwrap();
        let made = back_up(&door, &to).await.unwrap();
        let (_new, new) = without_vault();
        assert_eq!(new.status(caller()).await.unwrap().state, "absent");
        for folder in ["", "slots"] {
            let folder = Path::new(&made.path).join(folder);
            for file in fs::read_dir(&folder).unwrap().map(Result::unwrap).filter(|file| file.path().is_file()) {
                let below = file.path().strip_prefix(&made.path).unwrap().to_owned();
                fs::create_dir_all(new.paths.data.join("slots")).unwrap();
                fs::copy(file.path(), new.paths.data.join(below)).unwrap();
            }
        }
        assert_eq!(new.status(caller()).await.unwrap().state, "locked");
        SecretsBackend::unlock_with(&new, caller(), "passphrase", "old").await.unwrap();
    }

    #[test]
    fn a_reminder_is_due_after_the_time_and_once_a_month() {
        let days = |made, first, reminded| {
            let notes = Notes { made: made * DAY, reminded: reminded * DAY, ..Notes::default() };
            is_due(&notes, first * DAY, 90 * DAY, 1000 * DAY)
        };
        let rows = [
            ((0, 910, 0), true),
            ((0, 911, 0), false),
            ((910, 500, 0), true),
            ((911, 500, 0), false),
            ((800, 500, 971), false),
            ((800, 500, 970), true),
            // A clock that went back is no reason to say anything.
            ((1100, 500, 0), false),
        ];
        for ((made, first, reminded), due) in rows {
            assert_eq!(days(made, first, reminded), due, "{made} {first} {reminded}");
        }
    }
}
