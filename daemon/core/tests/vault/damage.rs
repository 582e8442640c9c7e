//! What can't be used is refused, kept and told: never opened wrongly, never written over.

use std::{fs, os::unix::fs::symlink};

use countersign_core::{
    secret::SecretText,
    vault::{IfExists, Look, Opener, PRESENT, Store, Unusable, Vault, VaultError},
};

use crate::world::{PASSPHRASE, World, account, files, names, reason, reopen};

/// Opening must fail with one of these reasons, and leave every byte as it is.
fn refused(world: &World, store: &Store, key: &SecretText, reasons: &[&str], what: &str) {
    let before = files(&world.path(""));
    let found = reason(store.open(Opener::VaultKey(key)));
    assert!(reasons.contains(&found.as_str()), "{what}: {found}");
    match store.create(&SecretText::from(PASSPHRASE)) {
        Err(VaultError::AlreadyExists | VaultError::Unusable(_)) => {}
        other => panic!("{what}: {:?}", other.err()),
    }
    assert!(files(&world.path("")) == before, "{what}: something was changed");
}

/// The same for each place of a file: the costly look at all other files at some places only.
fn still_refused(world: &World, store: &Store, key: &SecretText, reasons: &[&str], place: usize) {
    if place.is_multiple_of(97) {
        return refused(world, store, key, reasons, &format!("at {place}"));
    }
    let before = fs::read(world.path("vault.age")).unwrap();
    let found = reason(store.open(Opener::VaultKey(key)));
    assert!(reasons.contains(&found.as_str()), "at {place}: {found}");
    assert!(fs::read(world.path("vault.age")).unwrap() == before, "at {place}: it was changed");
}

#[test]
fn a_vault_cut_at_any_place_is_refused_kept_and_told() {
    let world = World::new();
    let (store, vault, key) = world.vault(&["alice"]);
    drop(vault);
    let whole = fs::read(world.path("vault.age")).unwrap();
    for length in 0..whole.len() {
        fs::write(world.path("vault.age"), &whole[..length]).unwrap();
        assert!(matches!(store.look(), Look::Unusable(Unusable::Truncated { .. })), "{length}: {:?}", store.look());
        still_refused(&world, &store, &key, &["truncated"], length);
    }
}

#[test]
fn a_vault_with_any_bit_turned_is_refused_kept_and_told() {
    let world = World::new();
    let (store, vault, key) = world.vault(&["alice"]);
    drop(vault);
    let whole = fs::read(world.path("vault.age")).unwrap();
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << (place % 8);
        fs::write(world.path("vault.age"), &bytes).unwrap();
        // Turned header bits may also make the end of the header vanish, or the key not fit.
        let reasons: &[&str] = if place < 400 { &["damaged", "foreign", "truncated"] } else { &["damaged"] };
        still_refused(&world, &store, &key, reasons, place);
    }
    fs::write(world.path("vault.age"), &whole).unwrap();
    assert_eq!(names(&reopen(&store, &key)), ["alice"]);
}

#[test]
fn what_is_appended_is_refused() {
    let world = World::new();
    let (store, vault, key) = world.vault(&["alice"]);
    drop(vault);
    let mut bytes = fs::read(world.path("vault.age")).unwrap();
    bytes.push(0);
    fs::write(world.path("vault.age"), &bytes).unwrap();
    refused(&world, &store, &key, &["truncated", "damaged"], "appended");
}

#[test]
fn what_is_no_vault_is_foreign() {
    let world = World::new();
    let (store, vault, key) = world.vault(&[]);
    drop(vault);
    for (other, id) in [
        ("PK\u{3}\u{4}", "foreign"),
        ("{}", "foreign"),
        ("age-encryption.org/v9\n", "foreign"),
        ("-----BEGIN AGE ENCRYPTED FILE-----", "foreign"),
        ("age-encryption.org/v1\n-> X25519 x\n\n--- y\n", "truncated"),
    ] {
        fs::write(world.path("vault.age"), other).unwrap();
        refused(&world, &store, &key, &[id], other);
    }
}

#[test]
fn a_header_without_end_is_refused_in_no_time() {
    let world = World::new();
    let (store, vault, key) = world.vault(&[]);
    drop(vault);
    let mut bytes = b"age-encryption.org/v1\n-> X25519 ".to_vec();
    bytes.resize(8 * 1024 * 1024, b'x');
    fs::write(world.path("vault.age"), &bytes).unwrap();
    refused(&world, &store, &key, &["damaged"], "endless header");
}

#[test]
fn what_is_no_file_is_unreadable_and_holds_nobody_up() {
    let world = World::new();
    let (store, vault, key) = world.vault(&[]);
    drop(vault);
    fs::remove_file(world.path("vault.age")).unwrap();
    fs::create_dir(world.path("vault.age")).unwrap();
    assert_eq!(reason(store.open(Opener::VaultKey(&key))), "unreadable");
    fs::remove_dir(world.path("vault.age")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(world.path("vault.age")).status().unwrap();
    assert!(made.success());
    assert_eq!(reason(store.open(Opener::VaultKey(&key))), "unreadable");
}

#[test]
fn a_missing_vault_is_never_taken_for_no_vault() {
    let world = World::new();
    let (store, vault, key) = world.vault(&["alice"]);
    drop(vault);
    fs::remove_file(world.path("vault.age")).unwrap();
    let missing = Look::Unusable(Unusable::Missing { what: "vault.age".to_owned() });
    assert_eq!(store.look(), missing);
    refused(&world, &store, &key, &["incomplete"], "missing");
    for gone in ["generations", "recipient", "slots"] {
        assert_eq!(store.look(), missing, "before {gone}");
        fs::remove_dir_all(world.path(gone)).or_else(|_| fs::remove_file(world.path(gone))).unwrap();
    }
    assert_eq!(store.look(), Look::Absent);
    symlink("/nowhere/vault.age", world.path("vault.age")).unwrap();
    assert_eq!(store.look(), missing, "a link to a disk that is not there");
}

#[test]
fn a_missing_slot_is_told() {
    let world = World::new();
    let (store, vault, _) = world.vault(&[]);
    drop(vault);
    fs::remove_file(world.path("slots/passphrase.age")).unwrap();
    assert_eq!(store.look(), Look::Present, "another slot may still open it");
    assert_eq!(reason(store.open(Opener::Passphrase(&SecretText::from(PASSPHRASE)))), "incomplete");
}

/// Whoever knows the recipient can encrypt to it; only who has the key can write the MAC line.
#[test]
fn a_vault_written_by_someone_without_the_key_is_foreign() {
    let world = World::new();
    let (store, vault, key) = world.vault(&["alice"]);
    let id = vault.id().to_owned();
    drop(vault);
    let recipient: age::x25519::Recipient =
        fs::read_to_string(world.path("recipient")).unwrap().trim().parse().unwrap();
    let line = format!(r#"{{"countersign":1,"vault":"{id}","generation":99,"entries":[]}}"#);
    for text in [line.clone(), format!("{line}\n"), format!("{line}\nhmac-sha256 {}\n", "0".repeat(64))] {
        fs::write(world.path("vault.age"), age::encrypt(&recipient, text.as_bytes()).unwrap()).unwrap();
        let refused = store.open(Opener::VaultKey(&key)).err();
        assert!(
            matches!(refused, Some(VaultError::Unusable(Unusable::Foreign { .. } | Unusable::Truncated { .. }))),
            "{refused:?}"
        );
    }
    let padded = format!("{line:<width$}\nhmac-sha256 {}\n", "0".repeat(64), width = 4096 - 78);
    assert_eq!(padded.len(), 4096);
    fs::write(world.path("vault.age"), age::encrypt(&recipient, padded.as_bytes()).unwrap()).unwrap();
    refused(&world, &store, &key, &["foreign"], "forged MAC");
}

#[test]
fn parts_of_two_vaults_do_not_mix() {
    let (one, two) = (World::new(), World::new());
    let (store, vault, key) = one.vault(&["alice"]);
    let (_other_store, other_vault, other_key) = two.own_vault(&["mallory"]);
    drop((vault, other_vault));
    let take = |name: &str| fs::copy(two.path(name), one.path(name)).unwrap();
    let own = |name: &str| fs::read(one.path(name)).unwrap();
    let (vault, recipient) = (own("vault.age"), own("recipient"));

    take("recipient");
    refused(&one, &store, &key, &["the passphrase or key is wrong"], "other recipient, our key");
    assert_eq!(reason(store.open(Opener::Passphrase(&SecretText::from(PASSPHRASE)))), "foreign");
    fs::write(one.path("recipient"), &recipient).unwrap();

    take("vault.age");
    refused(&one, &store, &key, &["foreign"], "other vault");
    fs::write(one.path("vault.age"), &vault).unwrap();

    // The passphrase is the same, so the other slot opens; what is in it does not.
    take("slots/passphrase.age");
    assert_eq!(reason(store.open(Opener::Passphrase(&SecretText::from(PASSPHRASE)))), "foreign");
    assert!(store.check_passphrase(&SecretText::from(PASSPHRASE)).is_err(), "that is no proof of presence");
    take("recipient");
    assert_eq!(reason(store.open(Opener::VaultKey(&other_key))), "foreign");
    assert!(store.check_passphrase(&SecretText::from(PASSPHRASE)).is_err());
}

#[test]
fn an_opened_vault_does_not_take_another_slot_for_presence() {
    let (one, two) = (World::new(), World::new());
    let (_store, vault, _) = one.vault(&[]);
    let (_other_store, _other_vault, _) = two.own_vault(&[]);
    fs::copy(two.path("slots/passphrase.age"), one.path("slots/passphrase.age")).unwrap();
    let proof = vault.check_passphrase(&SecretText::from(PASSPHRASE));
    assert!(matches!(proof, Err(VaultError::WrongPassphrase)), "{proof:?}");
}

#[test]
fn a_missing_recipient_is_written_again() {
    let world = World::new();
    let (store, vault, key) = world.vault(&["alice"]);
    drop(vault);
    let recipient = fs::read(world.path("recipient")).unwrap();
    fs::remove_file(world.path("recipient")).unwrap();
    drop(reopen(&store, &key));
    assert_eq!(fs::read(world.path("recipient")).unwrap(), recipient);
}

#[test]
fn a_slot_that_asks_for_too_much_work_is_refused_before_the_work() {
    let world = World::new();
    let (store, vault, _) = world.vault(&[]);
    drop(vault);
    let slot = fs::read(world.path("slots/passphrase.age")).unwrap();
    let head = slot.iter().position(|&b| b == b'\n').unwrap() + 1;
    let line = head + slot[head..].iter().position(|&b| b == b'\n').unwrap();
    assert_eq!(&slot[line - 3..line], b" 17", "the work factor that is written");
    for factor in ["21", "63", "4294967295"] {
        let mut asks = slot[..line - 2].to_vec();
        asks.extend_from_slice(factor.as_bytes());
        asks.extend_from_slice(&slot[line..]);
        fs::write(world.path("slots/passphrase.age"), asks).unwrap();
        assert_eq!(reason(store.open(Opener::Passphrase(&SecretText::from(PASSPHRASE)))), "damaged", "{factor}");
    }
}

#[test]
fn a_damaged_slot_never_opens() {
    let world = World::new();
    let (store, mut vault, _) = world.vault(&[]);
    let recovery = vault.make_recovery().unwrap();
    drop(vault);
    let path = world.path("slots/recovery.age");
    let whole = fs::read(&path).unwrap();
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << (place % 8);
        fs::write(&path, &bytes).unwrap();
        let refused = store.open(Opener::Recovery(&recovery)).err();
        assert!(matches!(refused, Some(VaultError::WrongPassphrase | VaultError::Unusable(_))), "{place}: {refused:?}");
        fs::write(&path, &whole[..place]).unwrap();
        assert!(store.open(Opener::Recovery(&recovery)).is_err(), "cut at {place}");
    }
    // scrypt takes its time, so the passphrase's slot is sampled.
    let path = world.path("slots/passphrase.age");
    let whole = fs::read(&path).unwrap();
    for place in [5, 30, 60, 100, 150, 200, whole.len() - 80, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(store.open(Opener::Passphrase(&SecretText::from(PASSPHRASE))).is_err(), "{place}");
    }
}

#[test]
fn an_older_vault_put_back_is_noticed_and_the_person_decides() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&["alice"]);
    let older = fs::read(world.path("vault.age")).unwrap();
    vault.add(account("Example", "bob"), IfExists::KeepBoth).unwrap();
    let seen = vault.generation();
    drop(vault);
    fs::write(world.path("vault.age"), &older).unwrap();
    match store.open(Opener::VaultKey(&key)) {
        Err(VaultError::Unusable(Unusable::RolledBack { seen: s, found })) => assert_eq!((s, found), (seen, seen - 1)),
        other => panic!("{other:?}"),
    }
    refused(&world, &store, &key, &["rolled-back"], "rolled back");

    let went_on = store.take_generation(PRESENT, Opener::VaultKey(&key)).unwrap();
    assert_eq!(names(&went_on), ["alice"]);
    assert_eq!(went_on.generation(), seen + 1);
    drop(went_on);
    assert_eq!(names(&reopen(&store, &key)), ["alice"]);
}

#[test]
fn a_rolled_back_vault_can_be_left_for_a_later_generation() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&["alice"]);
    let older = fs::read(world.path("vault.age")).unwrap();
    vault.add(account("Example", "bob"), IfExists::KeepBoth).unwrap();
    vault.add(account("Example", "carol"), IfExists::KeepBoth).unwrap();
    drop(vault);
    fs::write(world.path("vault.age"), &older).unwrap();
    let newest = store.generations().remove(0).name;
    let vault = store.take_generation(&newest, Opener::VaultKey(&key)).unwrap();
    assert_eq!(names(&vault), ["alice", "bob"]);
}

#[test]
fn a_damaged_or_missing_vault_is_replaced_by_a_generation_and_kept_beside() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&["alice"]);
    vault.add(account("Example", "bob"), IfExists::KeepBoth).unwrap();
    let generation = vault.generation();
    drop(vault);
    let newest = store.generations().remove(0).name;

    let broken = b"age-encryption.org/v1\nbroken".to_vec();
    fs::write(world.path("vault.age"), &broken).unwrap();
    let vault = store.take_generation(&newest, Opener::Passphrase(&SecretText::from(PASSPHRASE))).unwrap();
    assert_eq!(names(&vault), ["alice"]);
    assert_eq!(vault.generation(), generation + 1);
    drop(vault);
    let kept = store.generations().into_iter().find(|generation| generation.why == "damaged").unwrap();
    assert_eq!(fs::read(world.path(&format!("generations/{}.age", kept.name))).unwrap(), broken);
    assert_eq!(reason(store.take_generation(&kept.name, Opener::VaultKey(&key))), "truncated");

    fs::remove_file(world.path("vault.age")).unwrap();
    let vault = store.take_generation(&newest, Opener::VaultKey(&key)).unwrap();
    assert_eq!(names(&vault), ["alice"]);
    drop(vault);
    assert_eq!(names(&reopen(&store, &key)), ["alice"]);
}

#[test]
fn another_program_that_changes_the_opened_vault_is_not_overwritten() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&["alice"]);
    let own = fs::read(world.path("vault.age")).unwrap();
    let outside: [(&str, &dyn Fn()); 3] = [
        ("written", &|| fs::write(world.path("vault.age"), b"not ours").unwrap()),
        ("removed", &|| fs::remove_file(world.path("vault.age")).unwrap()),
        ("moved", &|| fs::rename(world.path(""), world.dir.path().join("elsewhere")).unwrap()),
    ];
    for (how, change) in outside {
        fs::write(world.path("vault.age"), &own).unwrap();
        drop(vault);
        vault = reopen(&store, &key);
        change();
        let refused = vault.add(account("Example", "bob"), IfExists::KeepBoth);
        let told = matches!(refused, Err(VaultError::ChangedOutside | VaultError::ReadOnly(_)));
        assert!(told, "{how}: {refused:?}");
        assert_eq!(names(&vault), ["alice"], "{how}");
    }
    assert!(!world.path("vault.age").exists(), "nothing is made anew in the place of a folder that is gone");
}

#[test]
fn a_linked_vault_is_written_where_the_link_leads() {
    let world = World::new();
    let (store, vault, key) = world.vault(&["alice"]);
    drop(vault);
    let real = world.dir.path().join("dotfiles.age");
    fs::rename(world.path("vault.age"), &real).unwrap();
    symlink(&real, world.path("vault.age")).unwrap();
    let mut vault: Vault = reopen(&store, &key);
    vault.add(account("Example", "bob"), IfExists::KeepBoth).unwrap();
    assert!(fs::symlink_metadata(world.path("vault.age")).unwrap().is_symlink());
    drop(vault);
    assert_eq!(names(&reopen(&store, &key)), ["alice", "bob"]);
}
