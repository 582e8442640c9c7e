//! Backups: whole or not there, opened by what opens the vault, never more than their folder's own business.

use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use countersign_core::{
    secret::SecretText,
    vault::{
        Backup, BackupError, ChecklistEdit, Drift, Edit, Entry, IfExists, Look, Opener, Store, Vault, VaultError,
        is_backup, open_backup, restore_backup,
    },
};
use tempfile::TempDir;

use crate::world::{DAY, Fault, PASSPHRASE, World, account, counter_based, files, names, reason, state};

fn back_up(store: &Store, to: &Path) -> Result<String, BackupError> {
    store.back_up(&store.snapshot().unwrap(), to, "").map(|made| made.name)
}

fn listed(store: &Store, folder: &Path) -> Vec<String> {
    store.backups(folder).into_iter().map(|backup| backup.name).collect()
}

fn passphrase() -> SecretText {
    SecretText::from(PASSPHRASE)
}

#[test]
fn a_backup_is_the_vault_word_for_word() {
    let world = World::new();
    let (store, mut vault, _) = world.vault(&["alice"]);
    vault.make_recovery().unwrap();
    vault.mark_keyring(true).unwrap();
    store.seal(&SecretText::from("what a QR said")).unwrap();
    // Nobody needs it open.
    drop(vault);
    let to = TempDir::new().unwrap();
    let name = back_up(&store, to.path()).unwrap();
    assert_eq!(store.backups(to.path()), [Backup { name: name.clone(), made: 1_800_000_000 }]);
    let copied = files(&to.path().join(&name));
    let mut expected = files(&world.dirs().data);
    expected.retain(|(name, _)| name != "slots/keyring" && !name.starts_with("generations"));
    let readme = copied.iter().position(|(name, _)| name == "README.txt").unwrap();
    let (mut copied, readme) = (copied.clone(), copied[readme].1.clone());
    copied.retain(|(name, _)| name != "README.txt");
    assert_eq!(copied, expected);
    let readme = String::from_utf8(readme).unwrap();
    for line in ["age -d -i slots/passphrase.age vault.age", "age -d -i recovery.txt slots/recovery.age", "import"] {
        assert!(readme.contains(line), "{readme}");
    }
    for path in ["", "slots", "vault.age", "slots/passphrase.age", "README.txt"] {
        let mode = fs::metadata(to.path().join(&name).join(path)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{path}: {mode:o}");
    }
}

#[test]
fn whichever_step_fails_nothing_is_left_and_the_older_one_stays() {
    let world = World::new();
    let (store, _vault, _) = world.vault(&["alice"]);
    let to = TempDir::new().unwrap();
    let older = back_up(&store, to.path()).unwrap();
    let before = files(to.path());
    let mut failed = Vec::new();
    let kinds = [Fault::Error(ErrorKind::StorageFull), Fault::Half, Fault::Late, Fault::Flip];
    for fault in kinds {
        for n in 1.. {
            let snapshot = store.snapshot().unwrap();
            world.faults.arm(n, fault);
            let made = store.back_up(&snapshot, to.path(), "");
            let Some(step) = world.faults.disarm() else {
                // All that can fail has: this one is whole.
                fs::remove_dir_all(to.path().join(made.unwrap().name)).unwrap();
                break;
            };
            failed.push(step);
            // A turned bit shows where something is read only; and when the older ones are looked at, this one is made.
            match made {
                Err(_) => assert_eq!(files(to.path()), before, "step {n}, {step}, {fault:?}"),
                Ok(made) => {
                    assert!(fault == Fault::Flip || step == "read", "step {n}, {step}, {fault:?}");
                    fs::remove_dir_all(to.path().join(made.name)).unwrap();
                }
            }
            assert_eq!(listed(&store, to.path()), [older.as_str()]);
        }
    }
    for step in ["sync", "write", "rename", "read"] {
        assert!(failed.contains(&step), "{step} never failed");
    }
}

#[test]
fn a_folder_that_promises_nothing_is_refused_before_anything_is_there() {
    let world = World::new();
    let (store, _vault, _) = world.vault(&["alice"]);
    let to = TempDir::new().unwrap();
    let snapshot = store.snapshot().unwrap();
    world.faults.arm(1, Fault::Error(ErrorKind::InvalidInput));
    let refused = store.back_up(&snapshot, to.path(), "");
    assert_eq!(world.faults.disarm(), Some("sync"));
    assert!(matches!(refused, Err(BackupError::NotDurable(_))), "{refused:?}");
    assert!(files(to.path()).is_empty());
    *world.faults.read_only.lock().unwrap() = true;
    assert!(matches!(store.back_up(&snapshot, to.path(), ""), Err(BackupError::NotWritable(_))));
}

#[test]
fn what_reads_back_differently_is_no_backup() {
    let world = World::new();
    let (store, _vault, _) = world.vault(&["alice"]);
    let to = TempDir::new().unwrap();
    let snapshot = store.snapshot().unwrap();
    // One step after the other, up to the first that reads.
    for n in 1.. {
        world.faults.arm(n, Fault::Flip);
        let made = store.back_up(&snapshot, to.path(), "");
        if world.faults.disarm() == Some("read") {
            assert!(matches!(made, Err(BackupError::Differs)), "{made:?}");
            break;
        }
    }
}

#[test]
fn an_interrupted_backup_is_cleared_away_by_the_next() {
    let world = World::new();
    let (store, _vault, _) = world.vault(&["alice"]);
    let to = TempDir::new().unwrap();
    let snapshot = store.snapshot().unwrap();
    let hidden = || {
        let names = fs::read_dir(to.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with('.')).collect::<Vec<_>>()
    };
    let name = store.back_up(&snapshot, to.path(), "").unwrap().name;
    let recipient = store.recipient().unwrap();
    let unfinished = to.path().join(format!(".countersign-{}.tmp", &recipient[recipient.len() - 16..]));
    fs::rename(to.path().join(&name), &unfinished).unwrap();
    fs::create_dir(to.path().join(".countersign-another-vault.tmp")).unwrap();
    assert!(listed(&store, to.path()).is_empty(), "half a backup is none");
    store.back_up(&snapshot, to.path(), "").unwrap();
    assert_eq!(hidden(), [".countersign-another-vault.tmp"]);
}

#[test]
fn the_one_that_was_seen_to_open_outlives_the_others() {
    let world = World::new();
    let (store, _vault, _) = world.vault(&["alice"]);
    let to = TempDir::new().unwrap();
    let old = ["countersign-2001-01-01T000000Z", "countersign-2001-01-02T000000Z"];
    for name in old {
        let made = back_up(&store, to.path()).unwrap();
        fs::rename(to.path().join(made), to.path().join(name)).unwrap();
    }
    let snapshot = store.snapshot().unwrap();
    let made = (0..10).map(|_| store.back_up(&snapshot, to.path(), old[0]).unwrap());
    let removed: Vec<String> = made.flat_map(|made| made.removed).collect();
    assert_eq!(removed, [old[1]]);
    assert!(to.path().join(old[0]).is_dir());
}

#[test]
fn an_unusable_vault_gets_no_backup() {
    let world = World::new();
    let store = world.store();
    assert!(matches!(store.snapshot().err(), Some(VaultError::NoVault)));
    let (store, vault, _) = {
        drop(store);
        world.vault(&["alice"])
    };
    drop(vault);
    let whole = fs::read(world.path("vault.age")).unwrap();
    let faults: [(&str, &[u8]); 3] = [("vault.age", &whole[..whole.len() - 7]), ("vault.age", b""), ("recipient", b"")];
    for (file, bytes) in faults {
        let before = fs::read(world.path(file)).unwrap();
        fs::write(world.path(file), bytes).unwrap();
        // An empty recipient is told by the open vault only.
        assert!(store.snapshot().is_err() || file == "recipient", "{file}");
        fs::write(world.path(file), before).unwrap();
    }
    for file in ["recipient", "slots/passphrase.age"] {
        let before = fs::read(world.path(file)).unwrap();
        fs::remove_file(world.path(file)).unwrap();
        let refused = store.snapshot().err();
        let Some(VaultError::Unusable(why)) = &refused else { panic!("{file}: {refused:?}") };
        assert_eq!(why.id(), "incomplete");
        fs::write(world.path(file), before).unwrap();
    }
    store.snapshot().unwrap();
}

#[test]
fn an_open_vault_knows_whether_a_copy_is_of_it() {
    let world = World::new();
    let (store, mut vault, _) = world.vault(&["alice"]);
    let snapshot = store.snapshot().unwrap();
    assert!(vault.is_copied_by(&snapshot));
    vault.add(account("Example", "bob"), IfExists::KeepBoth).unwrap();
    assert!(!vault.is_copied_by(&snapshot), "a generation behind");
    assert!(vault.is_copied_by(&store.snapshot().unwrap()));
    fs::write(world.path("recipient"), "age1another\n").unwrap();
    assert!(!vault.is_copied_by(&store.snapshot().unwrap()), "the recipient is another's");
}

#[test]
fn ten_stay_and_one_a_day_and_nothing_else_is_touched() {
    let world = World::new();
    let (store, _vault, _) = world.vault(&["alice"]);
    let other = World::new();
    let (foreign, _theirs, _) = other.own_vault(&["mallory"]);
    let to = TempDir::new().unwrap();
    let path = |name: &str| to.path().join(name);
    other.clock.store(1_700_000_000, std::sync::atomic::Ordering::SeqCst);
    let theirs: Vec<String> = (0..9).map(|_| back_up(&foreign, to.path()).unwrap()).collect();
    fs::create_dir(path("countersign-2001-01-01T000000Z")).unwrap();
    fs::create_dir(path("photos")).unwrap();
    fs::write(path("countersign-2002-02-02T000000Z"), "a file").unwrap();
    let elsewhere = TempDir::new().unwrap();
    let linked = back_up(&store, elsewhere.path()).unwrap();
    symlink(elsewhere.path().join(&linked), path("countersign-2003-03-03T000000Z")).unwrap();
    for _ in 0..40 {
        back_up(&store, to.path()).unwrap();
        back_up(&store, to.path()).unwrap();
        world.pass(DAY);
    }
    let kept = store.backups(to.path());
    assert_eq!(kept.len(), 19, "{kept:?}"); // ten within five days, one of each of the nine before
    let newest = back_up(&store, to.path()).unwrap();
    assert_eq!(listed(&store, to.path())[0], newest);
    assert_eq!(listed(&foreign, to.path()).len(), 9);
    for name in theirs.iter().map(String::as_str).chain(["countersign-2001-01-01T000000Z", "photos"]) {
        assert!(path(name).is_dir(), "{name}");
    }
    assert!(path("countersign-2002-02-02T000000Z").is_file());
    assert!(path("countersign-2003-03-03T000000Z").is_symlink());
    assert!(is_backup(&elsewhere.path().join(linked)));
}

/// Made while the clock was some hours ahead, they look newer than those of later that day.
#[test]
fn backups_of_the_future_do_not_take_the_place_of_the_one_just_made() {
    let world = World::new();
    let (store, _vault, _) = world.vault(&["alice"]);
    let to = TempDir::new().unwrap();
    world.pass(5 * 3600);
    (0..12).for_each(|_| drop(back_up(&store, to.path()).unwrap()));
    world.clock.store(1_800_000_000, std::sync::atomic::Ordering::SeqCst);
    let made = back_up(&store, to.path()).unwrap();
    assert!(listed(&store, to.path()).contains(&made));
}

#[test]
fn a_backup_opens_by_its_own_files_alone_and_stays_as_it_is() {
    let world = World::new();
    let (store, mut vault, _) = world.vault(&["alice"]);
    let paper = vault.make_recovery().unwrap();
    let to = TempDir::new().unwrap();
    let backup = to.path().join(back_up(&store, to.path()).unwrap());
    let before = (state(&vault), files(&backup));
    drop((vault, store));
    fs::remove_dir_all(world.dirs().data).unwrap();
    for opener in [Opener::Passphrase(&passphrase()), Opener::Recovery(&paper)] {
        let mut copy = open_backup(&backup, opener).unwrap();
        assert_eq!(state(&copy), before.0);
        let changed = copy.add(account("Example", "bob"), IfExists::KeepBoth);
        assert!(matches!(changed, Err(VaultError::ReadOnly(_))), "{changed:?}");
    }
    let wrong = open_backup(&backup, Opener::Passphrase(&SecretText::from("wrong")));
    assert!(matches!(wrong, Err(VaultError::WrongPassphrase)));
    assert_eq!(files(&backup), before.1);
}

#[test]
fn a_damaged_backup_is_told() {
    let world = World::new();
    let (store, _vault, _) = world.vault(&["alice"]);
    let to = TempDir::new().unwrap();
    let backup = to.path().join(back_up(&store, to.path()).unwrap());
    let open = || open_backup(&backup, Opener::Passphrase(&passphrase()));
    let rows = [("vault.age", "damaged"), ("recipient", "foreign"), ("slots/passphrase.age", "truncated")];
    for (file, why) in rows {
        let whole = fs::read(backup.join(file)).unwrap();
        let mut flipped = whole.clone();
        let end = flipped.len() - 2;
        flipped[end] ^= 1;
        fs::write(backup.join(file), flipped).unwrap();
        assert_eq!(reason(open()), why, "{file}");
        fs::remove_file(backup.join(file)).unwrap();
        assert_eq!(reason(open()), "incomplete", "{file}");
        fs::write(backup.join(file), whole).unwrap();
    }
    open().unwrap();
}

#[test]
fn an_old_backup_can_be_restored_as_on_a_new_computer() {
    let world = World::new();
    let (store, mut vault, _) = world.vault(&["alice"]);
    let to = TempDir::new().unwrap();
    let backup = to.path().join(back_up(&store, to.path()).unwrap());
    vault.add(account("Example", "bob"), IfExists::KeepBoth).unwrap();
    let place = TempDir::new().unwrap();
    let mut restored = restore_backup(&backup, place.path(), Opener::Passphrase(&passphrase())).unwrap();
    assert_eq!(names(&restored), ["alice"]);
    restored.add(account("Example", "carol"), IfExists::KeepBoth).unwrap();
    assert_eq!(names(&vault), ["alice", "bob"], "the vault is another one");
    drop((vault, store));
    assert_eq!(world.store().look(), Look::Present);
}

#[test]
fn what_would_be_lost_is_told_account_by_account() {
    let world = World::new();
    let (store, mut vault, _) = world.vault(&["same", "renamed", "removed", "resealed", "pinned"]);
    for name in ["counter", "both", "another"] {
        vault.add(counter_based(name, 5), IfExists::KeepBoth).unwrap();
    }
    let id = |vault: &Vault, name: &str| vault.entries().find(|one| one.account().name == name).unwrap().id();
    let to = TempDir::new().unwrap();
    let backup = to.path().join(back_up(&store, to.path()).unwrap());
    let note = || Edit { note: Some("a note".into()), ..Edit::default() };
    vault.add(account("Example", "new"), IfExists::KeepBoth).unwrap();
    for name in ["counter", "both"] {
        vault.advance(id(&vault, name)).unwrap();
    }
    vault.remove(id(&vault, "removed")).unwrap();
    vault.edit(id(&vault, "renamed"), note()).unwrap();
    vault.edit(id(&vault, "both"), note()).unwrap();
    vault.pin(id(&vault, "pinned"), true).unwrap();
    let mut another = counter_based("another", 9);
    another.secret = countersign_core::secret::Secret::new(vec![9; 20]);
    vault.add(another, IfExists::Replace).unwrap();
    let replaced = crate::world::with_secret("Example", "resealed", b"another secret");
    vault.add(replaced, IfExists::Replace).unwrap();
    let copy = open_backup(&backup, Opener::Passphrase(&passphrase())).unwrap();
    let drift = Drift::between(&vault, &copy, 1_800_000_000);
    let told = |list: &[&Entry]| {
        let mut names: Vec<String> = list.iter().map(|one| one.account().name.clone()).collect();
        names.sort();
        names.join(" ")
    };
    assert_eq!(told(&drift.same), "same");
    assert_eq!(told(&drift.missing), "new");
    assert_eq!(told(&drift.changed), "another both pinned renamed resealed");
    assert_eq!(told(&drift.counters), "both counter");
    assert_eq!(told(&drift.removed), "removed");
    assert!(drift.beside.is_empty(), "what was removed is in both: {:?}", drift.beside);
    let itself = Drift::between(&vault, &vault, 1_800_000_000);
    assert_eq!((itself.same.len(), itself.missing.len(), itself.removed.len()), (8, 0, 0));
}

#[test]
fn what_would_be_lost_beside_the_accounts_is_told() {
    let world = World::new();
    let (store, mut vault, _) = world.vault(&[]);
    let to = TempDir::new().unwrap();
    let backup = to.path().join(back_up(&store, to.path()).unwrap());
    let gone = vault.add(account("Example", "gone"), IfExists::KeepBoth).unwrap().id;
    vault.remove(gone).unwrap();
    vault.edit_checklist(&ChecklistEdit { add: vec!["GitHub".into()], ..ChecklistEdit::default() }).unwrap();
    let copy = open_backup(&backup, Opener::Passphrase(&passphrase())).unwrap();
    let drift = Drift::between(&vault, &copy, 1_800_000_000);
    assert_eq!(drift.beside, ["the list of sites to enrol again", "what lies in the trash"]);
}
