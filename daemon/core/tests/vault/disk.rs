//! A disk that fails: the vault is as before, in memory and on disk, and the caller is told.

use std::{fs, io::ErrorKind};

use countersign_core::{
    secret::SecretText,
    vault::{IfExists, Look, NewPassphrase, Opener, VaultError},
};

use crate::world::{Fault, PASSPHRASE, World, account, counter_based, names, reopen, state};

/// The steps of a save, in their order: the fifth is the reading back.
const STEPS: [&str; 5] = ["link", "write", "rename", "sync", "read"];

#[test]
fn whichever_step_of_a_save_fails_the_vault_is_as_before() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&["alice"]);
    let counter = vault.add(counter_based("bob", 5), IfExists::KeepBoth).unwrap().id;
    let (before, generation) = (state(&vault), vault.generation());
    let errors = [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::ReadOnlyFilesystem, ErrorKind::Other];
    let faults = errors.map(Fault::Error).into_iter().chain([Fault::Half, Fault::Late, Fault::Flip]);
    for fault in faults {
        for (index, step) in STEPS.iter().enumerate() {
            // A turned bit only shows where something is read; a read has no "done, but failed".
            if (fault == Fault::Flip) != (*step == "read") && (fault == Fault::Flip || fault == Fault::Late) {
                continue;
            }
            world.faults.arm(index + 1, fault);
            let result = vault.advance(counter);
            assert_eq!(world.faults.disarm(), Some(*step));
            assert!(matches!(result, Err(VaultError::NotSaved(_))), "{step} {fault:?}: {result:?}");
            assert_eq!(state(&vault), before, "{step} {fault:?}: in memory");
            let again = reopen(&store, &key);
            assert_eq!(state(&again), before, "{step} {fault:?}: on disk");
        }
    }
    // And then it works again, with the same vault in memory.
    assert_eq!(vault.advance(counter).unwrap(), 5);
    drop(vault);
    assert_eq!(reopen(&store, &key).generation(), generation + 1);
}

#[test]
fn no_litter_is_left_by_failed_saves_and_that_of_a_killed_one_is_swept() {
    let world = World::new();
    let (store, mut vault, _) = world.vault(&["alice"]);
    let generations = store.generations().len();
    for n in 1..=3 {
        world.faults.arm(n, Fault::Error(ErrorKind::StorageFull));
        vault.add(account("Example", "bob"), IfExists::KeepBoth).unwrap_err();
    }
    world.faults.disarm();
    let hidden = |dir: &str| {
        let names = fs::read_dir(world.path(dir)).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().starts_with('.')).count()
    };
    assert_eq!(hidden(""), 0);
    assert_eq!(store.generations().len(), generations);
    drop((vault, store));
    fs::write(world.path(".vault.age.tmp-0011223344556677"), "killed").unwrap();
    fs::write(world.path("slots/.passphrase.age.tmp-0011223344556677"), "killed").unwrap();
    let _store = world.store();
    assert_eq!((hidden(""), hidden("slots")), (0, 0));
}

#[test]
fn a_vault_whose_making_was_interrupted_can_be_made_anew() {
    for n in 1..=20 {
        let world = World::new();
        let store = world.store();
        world.faults.arm(n, Fault::Error(ErrorKind::StorageFull));
        let made = store.create(&SecretText::from(PASSPHRASE));
        if world.faults.disarm().is_none() {
            assert!(n > 8, "making a vault has at least 8 steps");
            return;
        }
        assert!(matches!(made, Err(VaultError::NotSaved(_))), "{n}: {made:?}");
        assert_eq!(store.look(), Look::Absent, "{n}");
        if n % 4 == 0 {
            store.create(&SecretText::from(PASSPHRASE)).unwrap();
        }
    }
    panic!("making a vault has more steps than thought");
}

#[test]
fn a_passphrase_change_interrupted_anywhere_leaves_one_that_works() {
    let world = World::new();
    let (store, mut vault, _) = world.vault(&[]);
    let (old, new) = (SecretText::from(PASSPHRASE), SecretText::from("another one"));
    for n in 1..=2 {
        world.faults.arm(n, Fault::Half);
        vault.change_passphrase(NewPassphrase::derive(&new).unwrap()).unwrap_err();
        world.faults.disarm();
        store.check_passphrase(&old).unwrap();
    }
    vault.change_passphrase(NewPassphrase::derive(&new).unwrap()).unwrap();
    store.check_passphrase(&new).unwrap();
    assert!(matches!(store.check_passphrase(&old), Err(VaultError::WrongPassphrase)));
}

#[test]
fn a_recovery_key_that_could_not_be_saved_leaves_the_old_paper_good() {
    let world = World::new();
    let (store, mut vault, _) = world.vault(&[]);
    let paper = vault.make_recovery().unwrap();
    for n in 1..=20 {
        world.faults.arm(n, Fault::Error(ErrorKind::StorageFull));
        let made = vault.make_recovery();
        match world.faults.disarm() {
            // The very first read is of the slot that is there; the rest of the disk is fine then.
            Some("read") if made.is_ok() => return,
            Some(_) => {
                made.unwrap_err();
                store.open(Opener::Recovery(&paper)).unwrap();
            }
            None => return assert!(n > 5, "{n}"),
        }
    }
}

#[test]
fn a_disk_that_may_only_be_read_still_gives_codes_and_refuses_changes() {
    let world = World::new();
    let (store, vault, key) = world.vault(&["alice"]);
    drop(vault);
    assert_eq!(store.read_only(), None);
    *world.faults.read_only.lock().unwrap() = true;
    let mut vault = reopen(&store, &key);
    assert_eq!(names(&vault), ["alice"]);
    assert!(vault.read_only().is_some());
    let id = vault.entries().next().unwrap().id();
    let refused = [
        vault.add(account("Example", "bob"), IfExists::KeepBoth).err(),
        vault.remove(id).err(),
        vault.change_passphrase(NewPassphrase::derive(&SecretText::from("new")).unwrap()).err(),
        vault.make_recovery().err(),
        vault.mark_keyring(true).err(),
        store.seal(&SecretText::from("text")).err(),
    ];
    for refusal in refused {
        assert!(matches!(refusal, Some(VaultError::ReadOnly(_))), "{refusal:?}");
    }
    assert_eq!(names(&vault), ["alice"]);
    // Remounted: no restart is needed.
    *world.faults.read_only.lock().unwrap() = false;
    vault.remove(id).unwrap();
}

#[test]
fn a_file_in_the_place_of_the_generations_folder_fails_the_save_and_changes_nothing() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&["alice"]);
    fs::remove_dir_all(world.path("generations")).unwrap();
    fs::write(world.path("generations"), "in the way").unwrap();
    let before = fs::read(world.path("vault.age")).unwrap();
    let refused = vault.add(account("Example", "bob"), IfExists::KeepBoth);
    assert!(matches!(refused, Err(VaultError::NotSaved(_))), "{refused:?}");
    assert_eq!(names(&vault), ["alice"]);
    assert_eq!(fs::read(world.path("vault.age")).unwrap(), before);
}

#[test]
fn a_lost_state_folder_costs_the_warning_only() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&["alice"]);
    fs::remove_dir_all(world.dirs().state).unwrap();
    fs::write(world.dirs().state, "in the way").unwrap();
    vault.add(account("Example", "bob"), IfExists::KeepBoth).unwrap();
    drop(vault);
    assert_eq!(names(&reopen(&store, &key)), ["alice", "bob"]);
}
