//! The tray in a real GNOME session, by its extension for tray icons. Only by `tests/run gnome`, which keeps pictures.

use std::{fs, path::PathBuf};

use harness::{World, programs, tests, until, wait::LIMIT};

use crate::{tray_menu::some_accounts, tray_states::keep_unconfirmed};

tests![
    gnome_shows_each_state_by_an_icon_of_its_own,
    gnome_opens_the_menu_of_many_accounts,
    gnome_keeps_the_icon,
    gnome_shows_the_icon_of_a_tray_that_starts_with_it,
];

fn gnome() -> World {
    let mut world = World::build().without_daemon().start();
    world.install_icons();
    world.start_gnome();
    world.start_daemon();
    world
}

fn gnome_shows_each_state_by_an_icon_of_its_own() {
    let mut world = gnome();
    let tray = world.start_tray();
    let mut pictures: Vec<PathBuf> = Vec::new();
    let mut shows = |world: &World, words: &str, state: &str| {
        until(&format!("`{words}` in the menu"), LIMIT, || world.tray_menu(&tray).contains(words).then_some(()));
        // The shell takes its time with a new icon.
        let picture = until(&format!("an icon of its own for `{words}`"), LIMIT, || {
            let picture = world.still_picture_of_gnome(&format!("gnome-tray-{}-{state}", pictures.len() + 1));
            // Of the pixels: the shell writes the time into its pictures.
            let is = |other: &PathBuf| world.difference(other, &picture).is_none();
            (!pictures.iter().any(is)).then_some(picture)
        });
        pictures.push(picture);
    };
    shows(&world, "Not set up yet", "no-vault");
    world.make_vault();
    shows(&world, "\"Unlocked\"", "unlocked");
    keep_unconfirmed(&world);
    shows(&world, "an account is unconfirmed", "unconfirmed");
    world.cli(&["lock"]).ok();
    shows(&world, "\"Locked\"", "locked");
    world.stop_daemon();
    shows(&world, "countersignd is not running", "no-daemon");
    fs::write(world.vault_dir().join("vault.age"), "what a broken disk left of it").unwrap();
    world.start_daemon();
    shows(&world, "What now?", "unusable");
}

fn gnome_opens_the_menu_of_many_accounts() {
    for count in [3, 200] {
        let world = gnome();
        world.make_vault();
        some_accounts(&world, count);
        let tray = world.start_tray();
        until("the accounts", LIMIT, || world.tray_menu(&tray).contains("Search").then_some(()));
        world.open_tray_menu_in_gnome("Search");
        world.still_picture_of_gnome(&format!("gnome-tray-menu-{count}"));
        // The shell may be building it anew just then.
        let fits = || world.gnomes_tray_menu_fits().then_some(());
        until(&format!("all of the menu of {count} accounts on the screen"), LIMIT, fits);
    }
}

fn gnome_keeps_the_icon() {
    let world = gnome();
    world.make_vault();
    some_accounts(&world, 3);
    let tray = world.start_tray();
    let first = world.ready_tray_icon_in_gnome();
    // About every other time the shell's extension has dropped it already, and it is there under its connection's name.
    if first.contains("StatusNotifierItem-") {
        world.drop_tray_icon_in_gnome(&first);
        until("the icon again", LIMIT, || (world.ready_tray_icon_in_gnome() != first).then_some(()));
    }
    world.open_tray_menu_in_gnome("Search");
    drop(tray);
}

fn gnome_shows_the_icon_of_a_tray_that_starts_with_it() {
    let mut world = World::build().without_daemon().start();
    world.install_icons();
    world.set("XDG_CURRENT_DESKTOP", "GNOME");
    // As a session starts it: as soon as the shell has its icons' keeper on the bus.
    let wait = "until busctl --user list --acquired | grep -q StatusNotifierWatcher; do :; done; exec \"$0\"";
    let tray = world.cmd("sh").args(["-c", wait, &programs::ours("countersign-tray")]).spawn();
    world.start_gnome();
    world.ready_tray_icon_in_gnome();
    drop(tray);
}
