//! Making, opening, keeping.

use std::os::unix::fs::PermissionsExt;

use countersign_core::{
    account::{Account, Algorithm, Kind},
    secret::SecretText,
    vault::{Entry, IfExists, Look, Opener, Outcome, RecoveryState, Similar, Store, StoreError, VaultError},
};

use crate::world::{PASSPHRASE, World, account, counter_based, names, reopen, with_secret};

#[test]
fn what_is_kept_is_there_after_locking_and_unlocking_by_passphrase() {
    let world = World::new();
    let store = world.store();
    assert_eq!(store.look(), Look::Absent);
    let mut vault = store.create(&SecretText::from(PASSPHRASE)).unwrap();
    let added = vault.add(account("GitHub", "alice"), IfExists::KeepBoth).unwrap();
    assert_eq!(added.outcome, Outcome::Kept);
    drop(vault);

    assert_eq!(store.look(), Look::Present);
    let vault = store.open(Opener::Passphrase(&SecretText::from(PASSPHRASE))).unwrap();
    assert_eq!(vault.entry(added.id).unwrap().account(), &account("GitHub", "alice"));
    assert_eq!(vault.recovery(), RecoveryState::None);
    vault.check_passphrase(&SecretText::from(PASSPHRASE)).unwrap();
    store.check_passphrase(&SecretText::from(PASSPHRASE)).unwrap();
    let wrong = SecretText::from("correct house");
    assert!(matches!(store.open(Opener::Passphrase(&wrong)), Err(VaultError::WrongPassphrase)));
    assert!(matches!(vault.check_passphrase(&wrong), Err(VaultError::WrongPassphrase)));
}

#[test]
fn every_kind_of_account_comes_back_as_it_was() {
    let all = || {
        let base = |kind| Account { prefix: Some("Contoso \"\u{202e}\n\0".to_owned()), kind, ..account("Ü\\", "名") };
        let pin = || Some(SecretText::from("12\"34"));
        [
            Kind::Totp { algorithm: Algorithm::Sha512, digits: 10, period: 86_400 },
            Kind::Hotp { algorithm: Algorithm::Sha256, digits: 4, counter: u64::MAX },
            Kind::Steam,
            Kind::Motp { pin: None },
            Kind::Motp { pin: pin() },
            Kind::Yandex { pin: pin(), pin_length: Some(4) },
            Kind::Yandex { pin: None, pin_length: None },
        ]
        .into_iter()
        .map(base)
        .collect::<Vec<_>>()
    };
    let world = World::new();
    let (store, mut vault, key) = world.vault(&[]);
    for account in all() {
        vault.add(account, IfExists::KeepBoth).unwrap();
    }
    drop(vault);
    let vault = reopen(&store, &key);
    let kept: Vec<_> = vault.entries().map(Entry::account).collect();
    // The same secret and name: mOTP with and without PIN is one account, and so is Yandex.
    assert_eq!(kept, all().iter().enumerate().filter(|(n, _)| *n != 4 && *n != 6).map(|(_, a)| a).collect::<Vec<_>>());
}

#[test]
fn the_folders_and_files_are_for_the_owner_only() {
    let world = World::new();
    let (_store, _vault, _) = world.vault(&["alice"]);
    for path in ["", "slots", "inbox", "generations"] {
        assert_eq!(world.path(path).metadata().unwrap().permissions().mode() & 0o777, 0o700, "{path}");
    }
    for path in ["vault.age", "slots/passphrase.age", "recipient", "lock"] {
        assert_eq!(world.path(path).metadata().unwrap().permissions().mode() & 0o777, 0o600, "{path}");
    }
}

#[test]
fn a_folder_that_others_may_write_is_refused() {
    let world = World::new();
    std::fs::create_dir_all(world.path("")).unwrap();
    std::fs::set_permissions(world.path(""), PermissionsExt::from_mode(0o770)).unwrap();
    assert!(matches!(Store::take(world.dirs()), Err(StoreError::Unsafe { .. })));
}

#[test]
fn a_second_store_is_told_who_holds_the_folder() {
    let world = World::new();
    let store = world.store();
    match Store::take(world.dirs()).err() {
        Some(StoreError::AlreadyRunning { pid }) => assert_eq!(pid, Some(std::process::id())),
        other => panic!("{other:?}"),
    }
    drop(store);
    Store::take(world.dirs()).unwrap();
}

#[test]
fn an_opened_vault_holds_the_folder_too() {
    let world = World::new();
    let (store, vault, _) = world.vault(&[]);
    drop(store);
    assert!(Store::take(world.dirs()).is_err());
    drop(vault);
    assert!(Store::take(world.dirs()).is_ok());
}

#[test]
fn the_same_account_is_kept_once() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&["alice"]);
    let before = vault.generation();
    let again = vault.add(account(" example", "ALICE "), IfExists::KeepBoth);
    // another secret (it is made of the name), so it is another account of the same name
    assert_eq!(again.unwrap().outcome, Outcome::KeptBoth);
    let same = vault.add(with_secret("EXAMPLE", "Alice", b"secret of Example alice"), IfExists::Replace).unwrap();
    assert_eq!(same.outcome, Outcome::AlreadyKept);
    assert_eq!(vault.generation(), before + 1);
    assert_eq!(vault.entries().count(), 2);
}

#[test]
fn the_same_name_with_another_secret_is_replaced_or_kept_beside() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&["alice"]);
    let id = vault.entries().next().unwrap().id();
    assert_eq!(vault.similar(&with_secret("Example", "alice", b"new")), Similar::SameNameOtherSecret(id));
    assert_eq!(vault.similar(&with_secret("Example", "bob", b"secret of Example alice")), Similar::New);
    assert_eq!(vault.add(with_secret("Example", "alice", b"new"), IfExists::Replace).unwrap().id, id);
    assert_eq!(vault.entry(id).unwrap().account().secret.expose(), b"new");
    drop(vault);

    let mut vault = reopen(&store, &key);
    let entry = vault.entry(id).unwrap();
    let replaced: Vec<_> = entry.replaced().collect();
    assert_eq!(replaced.len(), 1);
    assert_eq!(replaced[0].account.secret.expose(), b"secret of Example alice");
    let change = replaced[0].change;
    vault.take_back(id, change).unwrap();
    assert_eq!(vault.entry(id).unwrap().account().secret.expose(), b"secret of Example alice");
    assert_eq!(vault.entry(id).unwrap().replaced().next().unwrap().account.secret.expose(), b"new");
}

#[test]
fn accounts_without_any_name_are_different_accounts() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&[]);
    vault.add(with_secret("", "", b"one"), IfExists::Replace).unwrap();
    let second = vault.add(with_secret("", "", b"two"), IfExists::Replace).unwrap();
    assert_eq!(second.outcome, Outcome::Kept);
    assert_eq!(vault.add(with_secret("", "", b"one"), IfExists::Replace).unwrap().outcome, Outcome::AlreadyKept);
}

#[test]
fn a_counter_is_on_disk_before_its_code_can_be_shown() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&[]);
    let id = vault.add(counter_based("alice", 7), IfExists::KeepBoth).unwrap().id;
    assert_eq!(vault.advance(id).unwrap(), 7);
    assert_eq!(vault.advance(id).unwrap(), 8);
    drop(vault);
    let mut vault = reopen(&store, &key);
    assert_eq!(vault.advance(id).unwrap(), 9);
    let last = vault.add(counter_based("bob", u64::MAX), IfExists::KeepBoth).unwrap().id;
    assert!(matches!(vault.advance(last), Err(VaultError::Invalid { .. })));
    let totp = vault.add(account("Time", "based"), IfExists::KeepBoth).unwrap().id;
    assert!(matches!(vault.advance(totp), Err(VaultError::Invalid { .. })));
}

#[test]
fn passphrases_that_are_none_are_refused_before_anything_is_made() {
    let world = World::new();
    let store = world.store();
    for bad in ["", "two\nlines", "nul\0", &"x".repeat(1025)] {
        let refused = store.create(&SecretText::from(bad)).err();
        assert!(matches!(refused, Some(VaultError::PassphraseRefused(_))), "{refused:?}");
    }
    assert_eq!(store.look(), Look::Absent);
    assert!(matches!(store.open(Opener::Passphrase(&SecretText::from("x"))), Err(VaultError::NoVault)));
}

#[test]
fn sealed_texts_wait_until_they_are_discarded() {
    let world = World::new();
    let (store, vault, key) = world.vault(&[]);
    drop(vault);
    let first = store.seal(&SecretText::from("otpauth://one")).unwrap();
    world.pass(1);
    store.seal(&SecretText::from("otpauth://two")).unwrap();
    std::fs::write(world.path("inbox/zz.age"), "age-encryption.org/v1\n-> junk").unwrap();
    assert_eq!(store.sealed(), 3);

    let mut vault = reopen(&store, &key);
    let inbox = vault.inbox();
    assert_eq!(inbox.sealed.iter().map(|s| s.text.expose()).collect::<Vec<_>>(), ["otpauth://one", "otpauth://two"]);
    assert_eq!(inbox.unreadable, ["zz"]);
    assert!(store.is_sealed(&first) && store.recipient().unwrap().starts_with("age1"));
    vault.discard_inbox(&first).unwrap();
    assert!(!store.is_sealed(&first) && !store.is_sealed("../recipient"));
    assert_eq!(vault.inbox().sealed.len(), 1);
    assert!(matches!(vault.discard_inbox("../recipient"), Err(VaultError::NoSuch { .. })));
    let long = SecretText::new("x".repeat(8 * 1024 + 1));
    assert!(matches!(store.seal(&long), Err(VaultError::Invalid { .. })));
    assert!(names(&vault).is_empty(), "nothing is merged silently");
}

#[test]
fn store_and_vault_may_cross_threads() {
    fn crosses<T: Send + Sync>() {}
    crosses::<Store>();
    crosses::<countersign_core::vault::Vault>();
}

#[test]
fn a_thousand_accounts_are_kept_and_found_again_in_one_change() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&[]);
    let batch = || (0..1000).map(|n| account("Example", &format!("account number {n}"))).collect::<Vec<_>>();
    let generation = vault.generation();
    assert!(vault.add_all(batch(), IfExists::KeepBoth).unwrap().iter().all(|added| added.outcome == Outcome::Kept));
    assert_eq!(vault.generation(), generation + 1);
    let again = vault.add_all(batch(), IfExists::KeepBoth).unwrap();
    assert!(again.iter().all(|added| added.outcome == Outcome::AlreadyKept));
    assert_eq!(reopen(&store, &key).entries().count(), 1000);
    vault.undo().unwrap();
    assert_eq!(reopen(&store, &key).entries().count(), 0);
}

#[test]
fn without_a_vault_there_is_nothing_to_seal_to() {
    let world = World::new();
    assert!(matches!(world.store().seal(&SecretText::from("x")), Err(VaultError::NoVault)));
}
