//! The login keyring opens the vault, and whatever is wrong with it, the passphrase still does.

use std::{fs, time::Duration};

use harness::{
    Completion, World,
    keyring::{holds_a_key, is_locked},
    samples, tests, until,
    wait::LIMIT,
};

use crate::trouble::{mount, start_with_mounts_of_its_own};

tests![
    the_keyring_opens_the_vault_without_a_question,
    after_a_lock_by_hand_the_keyring_does_not_open_it,
    after_an_idle_lock_the_keyring_opens_it,
    a_locked_keyring_leaves_the_passphrase,
    an_emptied_keyring_leaves_the_passphrase_and_the_vault,
    a_killed_keyring_leaves_the_passphrase,
    a_missing_keyring_is_said_and_nothing_is_lost,
    the_keyring_slot_can_be_added_and_removed,
    a_slot_that_cant_be_noted_leaves_no_key_in_the_keyring,
];

/// A vault that the keyring opens too, with one account.
fn world_with_slot(config: &str) -> World {
    let world = World::build().keyring().config(config).start();
    world.make_vault_with_keyring();
    world.add(&samples::github());
    world
}

/// Starts the daemon anew: locked, but not by hand.
fn restart(world: &mut World) {
    world.stop_daemon();
    world.start_daemon();
    assert_eq!(world.vault_property("State"), "locked");
}

fn code(world: &World) -> harness::Run {
    world.cli(&["--no-prompt", "code", "github"]).limit(Duration::from_secs(15)).run()
}

fn the_keyring_opens_the_vault_without_a_question() {
    let mut world = world_with_slot("");
    restart(&mut world);
    assert_eq!(code(&world).code, 0);
    assert_eq!(world.vault_property("State"), "unlocked");
}

fn after_a_lock_by_hand_the_keyring_does_not_open_it() {
    let world = world_with_slot("");
    world.cli(&["lock"]).ok();
    assert_eq!(code(&world).code, 4);
    world.unlock();
    assert_eq!(code(&world).code, 0);
}

fn after_an_idle_lock_the_keyring_opens_it() {
    let world = world_with_slot("idle-lock = \"2s\"");
    until("the idle lock", Duration::from_secs(20), || (world.vault_property("State") == "locked").then_some(()));
    assert_eq!(code(&world).code, 0);
}

/// The passphrase opens it where the keyring does not, and no other vault was made meanwhile.
fn falls_back(world: &mut World) {
    let recipient = |world: &World| fs::read_to_string(world.vault_dir().join("recipient")).unwrap();
    let before = recipient(world);
    let refused = code(world);
    assert_eq!(refused.code, 4, "{refused:?}");
    let passphrase = world.passphrase().to_owned();
    world.tty(&["code", "github"]).expect("assphrase").secret(&passphrase).ends(0);
    assert_eq!(recipient(world), before, "another vault was made");
}

fn a_locked_keyring_leaves_the_passphrase() {
    let mut world = world_with_slot("");
    restart(&mut world);
    world.lock_keyring();
    falls_back(&mut world);
    assert_eq!(is_locked(&world), Some(true));
}

fn an_emptied_keyring_leaves_the_passphrase_and_the_vault() {
    let mut world = world_with_slot("");
    restart(&mut world);
    let items = ["--user", "get-property", "org.freedesktop.secrets", "/org/freedesktop/secrets/collection/login"];
    let items = world.cmd("busctl").args(items).args(["org.freedesktop.Secret.Collection", "Items"]).ok();
    let item = items.split('"').nth(1).expect("the keyring holds the item").to_owned();
    let delete = ["--user", "call", "org.freedesktop.secrets", &item, "org.freedesktop.Secret.Item", "Delete"];
    world.cmd("busctl").args(delete).ok();
    falls_back(&mut world);
}

fn a_killed_keyring_leaves_the_passphrase() {
    let mut world = world_with_slot("");
    restart(&mut world);
    world.login_keyring().kill();
    falls_back(&mut world);
    let status = world.cli(&["status"]).limit(Duration::from_secs(15)).ok();
    assert!(status.contains("keyring"), "`status` says what is missing:\n{status}");
}

fn a_missing_keyring_is_said_and_nothing_is_lost() {
    let world = World::build().start();
    let run = world.cli_present(&["init", "--keyring", "--no-recovery"]).run();
    assert!(run.err.contains("keyring"), "it says that there is no keyring: {run:?}");
    if run.code != 0 {
        world.make_vault();
    }
    world.add(&samples::github());
    world.cli(&["lock"]).ok();
    world.unlock();
    assert_eq!(code(&world).code, 0);
}

fn the_keyring_slot_can_be_added_and_removed() {
    let mut world = World::build().keyring().vault().start();
    world.add(&samples::github());
    world.cli(&["--no-prompt", "slots", "add", "keyring"]).fails(5);
    world.cli_present(&["slots", "add", "keyring"]).ok();
    assert!(world.cli(&["slots"]).ok().contains("keyring"));
    restart(&mut world);
    assert_eq!(code(&world).code, 0);
    world.cli_present(&["slots", "remove", "keyring"]).ok();
    assert!(!world.cli(&["slots"]).ok().contains("keyring"));
    restart(&mut world);
    assert_eq!(code(&world).code, 4);
    world.cli_present(&["slots", "remove", "passphrase"]).run();
    world.unlock();
    until("open", LIMIT, || (world.vault_property("State") == "unlocked").then_some(()));
}

/// The keyring takes the key, and the disk does not take the note of it: the person is told that there is no slot.
fn a_slot_that_cant_be_noted_leaves_no_key_in_the_keyring() -> Completion {
    let mut world = World::build().keyring().vault().start();
    if let Err(reason) = start_with_mounts_of_its_own(&mut world) {
        return Completion::ignored_with(reason);
    }
    mount(&mut world, "ro");
    let refused = world.cli_present(&["slots", "add", "keyring"]).fails(1);
    assert!(refused.err.contains("Read-only file system"), "{refused:?}");
    assert!(!holds_a_key(&world), "the vault key stayed in the keyring");
    mount(&mut world, "rw");
    world.cli_present(&["slots", "add", "keyring"]).ok();
    assert!(holds_a_key(&world));
    // One that is there already stays what it was.
    mount(&mut world, "ro");
    world.cli_present(&["slots", "add", "keyring"]).fails(1);
    assert!(holds_a_key(&world), "the slot that was there lost its key");
    Completion::Completed
}
