//! Ways to open a vault.

use std::fs;

use countersign_core::{
    secret::SecretText,
    vault::{IfExists, Opener, RecoveryState, VaultError},
};

use crate::world::{Fault, PASSPHRASE, World, account, names, reopen};

fn passphrase() -> SecretText {
    SecretText::from(PASSPHRASE)
}

#[test]
fn the_recovery_key_opens_however_it_is_typed() {
    let world = World::new();
    let (store, mut vault, _) = world.vault(&["alice"]);
    let paper = vault.make_recovery().unwrap();
    assert!(paper.expose().starts_with("AGE-SECRET-KEY-1"));
    drop(vault);
    let data = paper.expose().strip_prefix("AGE-SECRET-KEY-1").unwrap();
    let grouped = data.as_bytes().chunks(6).map(|group| std::str::from_utf8(group).unwrap()).collect::<Vec<_>>();
    for typed in [
        paper.expose().to_owned(),
        paper.expose().to_lowercase(),
        format!(" {}\n", grouped.join(" ")),
        format!("age-secret-key-1{}", grouped.join("-")),
    ] {
        assert_eq!(names(&store.open(Opener::Recovery(&SecretText::new(typed))).unwrap()), ["alice"]);
    }
    for wrong in ["", "AGE-SECRET-KEY-1", &data[..40], &"Ü".repeat(100), &"A".repeat(5000)] {
        let refused = store.open(Opener::Recovery(&SecretText::from(wrong))).err();
        assert!(matches!(refused, Some(VaultError::WrongPassphrase)), "{refused:?}");
    }
    let mut typo = data.to_owned();
    typo.replace_range(10..11, if &data[10..11] == "Q" { "P" } else { "Q" });
    let refused = store.open(Opener::Recovery(&SecretText::new(typo))).err();
    assert!(matches!(refused, Some(VaultError::WrongPassphrase)), "its checksum finds the typo: {refused:?}");
}

#[test]
fn the_recovery_key_counts_as_written_down_when_its_end_was_typed() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&[]);
    assert_eq!(vault.recovery(), RecoveryState::None);
    assert!(matches!(vault.confirm_recovery(&SecretText::from("x")), Err(VaultError::NoSuch { .. })));
    let paper = vault.make_recovery().unwrap();
    drop(vault);
    let mut vault = reopen(&store, &key);
    assert_eq!(vault.recovery(), RecoveryState::Unconfirmed);
    let end = paper.expose()[paper.expose().len() - 6..].to_owned();
    for wrong in ["", "abc", "ABCDEF", &end[3..], &end[..5]] {
        assert!(!vault.confirm_recovery(&SecretText::from(wrong)).unwrap());
    }
    assert_eq!(vault.recovery(), RecoveryState::Unconfirmed);
    assert!(vault.confirm_recovery(&SecretText::new(format!(" {}", end.to_lowercase()))).unwrap());
    drop(vault);
    let mut vault = reopen(&store, &key);
    assert_eq!(vault.recovery(), RecoveryState::Made);

    let second = vault.make_recovery().unwrap();
    assert_eq!(vault.recovery(), RecoveryState::Unconfirmed);
    assert!(vault.confirm_recovery(&second).unwrap(), "the whole key has the right end too");
    drop(vault);
    assert!(store.open(Opener::Recovery(&paper)).is_err(), "the earlier paper is void");
    let mut vault = store.open(Opener::Recovery(&second)).unwrap();
    vault.remove_slot("recovery").unwrap();
    assert_eq!(vault.recovery(), RecoveryState::None);
    assert!(store.open(Opener::Recovery(&second)).is_err());
}

#[test]
fn slots_are_listed_and_the_passphrase_always_stays() {
    let world = World::new();
    let (store, mut vault, _) = world.vault(&[]);
    vault.make_recovery().unwrap();
    vault.mark_keyring(true).unwrap();
    let other = age::x25519::Identity::generate();
    vault.add_slot("yubikey", &other.to_public().to_string()).unwrap();
    fs::write(world.path("slots/fido2.age"), "age-encryption.org/v1\n-> fido2-hmac …").unwrap();
    let all: Vec<_> = store.slots().into_iter().map(|slot| slot.name).collect();
    assert_eq!(all, ["fido2", "passphrase", "recovery", "yubikey", "keyring"]);
    assert!(store.slots().iter().all(|slot| slot.created > 0));

    let slot = fs::read(world.path("slots/yubikey.age")).unwrap();
    let text = SecretText::new(String::from_utf8(age::decrypt(&other, &slot).unwrap()).unwrap());
    vault.add(account("Example", "alice"), IfExists::KeepBoth).unwrap();
    assert_eq!(names(&store.open(Opener::VaultKey(&text)).unwrap()), ["alice"]);

    assert!(matches!(vault.remove_slot("passphrase"), Err(VaultError::SlotStays(_))));
    assert!(matches!(vault.remove_slot("nothing"), Err(VaultError::NoSuch { .. })));
    assert!(matches!(vault.remove_slot("../recipient"), Err(VaultError::NoSuch { .. })));
    for name in ["", "passphrase", "a/b", "..", "Upper", "keyring", "yubikey", &"x".repeat(33)] {
        assert!(
            matches!(vault.add_slot(name, &other.to_public().to_string()), Err(VaultError::Invalid { .. })),
            "{name}"
        );
    }
    for name in ["keyring", "recovery", "yubikey", "fido2"] {
        vault.remove_slot(name).unwrap();
    }
    assert_eq!(store.slots().len(), 1);
}

#[test]
fn a_key_that_is_not_the_vaults_opens_nothing() {
    let world = World::new();
    let (store, vault, key) = world.vault(&["alice"]);
    drop(vault);
    let other = World::new().own_vault(&[]).2;
    for text in ["", "junk", "AGE-SECRET-KEY-1", other.expose()] {
        let refused = store.open(Opener::VaultKey(&SecretText::from(text))).err();
        assert!(matches!(refused, Some(VaultError::WrongPassphrase)), "{refused:?}");
    }
    let newline = SecretText::new(format!("{}\n", key.expose()));
    assert_eq!(names(&store.open(Opener::VaultKey(&newline)).unwrap()), ["alice"]);
}

#[test]
fn another_vault_key_leaves_passphrase_paper_generations_and_inbox_good() {
    let world = World::new();
    let (store, mut vault, old_key) = world.vault(&["alice"]);
    let paper = vault.make_recovery().unwrap();
    vault.mark_keyring(true).unwrap();
    store.seal(&SecretText::from("sealed before")).unwrap();
    let earlier = vault.generations()[0].name.clone();
    vault.change_key(&passphrase()).unwrap();
    assert!(!store.slots().iter().any(|slot| slot.name == "keyring"), "the keyring holds the old key");
    assert_eq!(vault.generations()[0].why, "key");
    drop(vault);

    let refused = store.open(Opener::VaultKey(&old_key)).err();
    assert!(matches!(refused, Some(VaultError::WrongPassphrase)), "{refused:?}");
    drop(store.open(Opener::Recovery(&paper)).unwrap());
    let mut vault = store.open(Opener::Passphrase(&passphrase())).unwrap();
    assert_eq!(vault.inbox().sealed.len(), 1);
    vault.take_generation(&earlier).unwrap();
    vault.change_key(&passphrase()).unwrap();
    drop(vault);
    let mut vault = store.open(Opener::Passphrase(&passphrase())).unwrap();
    assert_eq!(vault.inbox().sealed.len(), 1);
    vault.take_generation(&earlier).unwrap();
    assert!(matches!(vault.change_key(&SecretText::from("wrong")), Err(VaultError::WrongPassphrase)));
}

#[test]
fn a_key_change_interrupted_anywhere_leaves_a_vault_that_opens() {
    for n in 1..=30 {
        let world = World::new();
        let (store, mut vault, _) = world.vault(&["alice"]);
        let paper = vault.make_recovery().unwrap();
        world.faults.arm(n, Fault::Error(std::io::ErrorKind::StorageFull));
        let changed = vault.change_key(&passphrase());
        let failed = world.faults.disarm();
        drop(vault);
        let mut vault = store.open(Opener::Recovery(&paper)).unwrap();
        assert_eq!(names(&vault), ["alice"], "{n} {failed:?}");
        vault.add(account("Example", "bob"), IfExists::KeepBoth).unwrap();
        if n % 3 == 0 || failed.is_none() {
            assert_eq!(names(&store.open(Opener::Passphrase(&passphrase())).unwrap()), ["alice", "bob"]);
        }
        if failed.is_none() {
            changed.unwrap();
            assert!(n > 10);
            return;
        }
    }
}
