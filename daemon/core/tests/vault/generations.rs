//! Earlier vaults.

use std::fs;

use countersign_core::{
    secret::SecretText,
    vault::{IfExists, Opener, VaultError},
};

use crate::world::{DAY, PASSPHRASE, World, account, counter_based, names, reason, reopen, state};

#[test]
fn each_save_keeps_the_vault_before_it_and_the_last_ten_stay() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&[]);
    let id = vault.add(counter_based("alice", 0), IfExists::KeepBoth).unwrap().id;
    for _ in 0..20 {
        world.pass(60);
        vault.advance(id).unwrap();
    }
    let numbers: Vec<_> = vault.generations().iter().map(|generation| generation.number).collect();
    let last = vault.generation();
    assert_eq!(numbers, (last - 10..last).rev().collect::<Vec<_>>());
    assert!(vault.generations().iter().all(|generation| generation.why == "save" && generation.until > 1_800_000_000));
}

#[test]
fn one_a_day_stays_for_two_weeks() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&[]);
    let id = vault.add(counter_based("alice", 0), IfExists::KeepBoth).unwrap().id;
    for _ in 0..20 {
        for _ in 0..12 {
            world.pass(DAY / 12);
            vault.advance(id).unwrap();
        }
    }
    let mut days: Vec<_> = vault.generations().iter().map(|generation| generation.until / DAY).collect();
    days.dedup();
    assert_eq!(days.len(), 14);
    assert!(vault.generations().len() <= 10 + 14);
}

#[test]
fn a_generation_taken_is_a_change_and_the_present_one_becomes_a_generation() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&["alice"]);
    let before = state(&vault);
    vault.add(account("Example", "bob"), IfExists::KeepBoth).unwrap();
    let after = state(&vault);
    let number = vault.generation();
    let name = vault.generations()[0].name.clone();
    vault.take_generation(&name).unwrap();
    assert_eq!(state(&vault), before);
    assert_eq!(vault.generation(), number + 1);
    let kept = vault.generations()[0].clone();
    assert_eq!((kept.number, kept.why), (number, "restore"));
    drop(vault);
    let mut vault = reopen(&store, &key);
    assert_eq!(state(&vault), before);
    vault.take_generation(&kept.name).unwrap();
    assert_eq!(state(&vault), after);
}

#[test]
fn a_generation_taken_brings_no_used_code_back() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&[]);
    let id = vault.add(counter_based("alice", 5), IfExists::KeepBoth).unwrap().id;
    let used: Vec<u64> = (0..3).map(|_| vault.advance(id).unwrap()).collect();
    assert_eq!(used, [5, 6, 7]);
    let first = vault.generations().last().unwrap().name.clone();
    let early = vault.generations().iter().rev().nth(1).unwrap().name.clone();
    assert_ne!(first, early);
    vault.take_generation(&early).unwrap();
    assert_eq!(vault.advance(id).unwrap(), 8);
    drop(vault);
    let mut vault = store.take_generation(&early, Opener::VaultKey(&key)).unwrap();
    assert_eq!(vault.advance(id).unwrap(), 9);
}

#[test]
fn only_what_is_listed_can_be_taken() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&["alice"]);
    fs::copy(world.path("vault.age"), world.path("generations/mine.age")).unwrap();
    for name in ["mine", "../vault", "", "0000000001-1-save"] {
        assert!(matches!(vault.take_generation(name), Err(VaultError::NoSuch { .. })), "{name}");
        assert!(matches!(store.take_generation(name, Opener::VaultKey(&key)), Err(VaultError::NoSuch { .. })));
    }
    assert!(world.path("generations/mine.age").exists());
}

#[test]
fn a_damaged_generation_is_refused_and_nothing_changes() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&["alice"]);
    let before = state(&vault);
    let newest = vault.generations()[0].name.clone();
    let path = world.path(&format!("generations/{newest}.age"));
    let mut bytes = fs::read(&path).unwrap();
    bytes[2000] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!(matches!(vault.take_generation(&newest), Err(VaultError::Unusable(_))));
    assert_eq!(reason(store.take_generation(&newest, Opener::VaultKey(&key))), "damaged");
    assert_eq!(state(&vault), before);
}

#[test]
fn a_wrong_passphrase_takes_no_generation() {
    let world = World::new();
    let (store, vault, _) = world.vault(&["alice", "bob"]);
    drop(vault);
    let newest = store.generations().remove(0).name;
    let wrong = store.take_generation(&newest, Opener::Passphrase(&SecretText::from("wrong"))).err();
    assert!(matches!(wrong, Some(VaultError::WrongPassphrase)), "{wrong:?}");
    let right = store.take_generation(&newest, Opener::Passphrase(&SecretText::from(PASSPHRASE))).unwrap();
    assert_eq!(names(&right), ["alice"]);
}
