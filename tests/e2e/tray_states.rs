//! What the tray shows and offers where things are not in order: no daemon, no vault, one that can't be used or written, and
//! no panel at all.

use std::{fs, path::PathBuf, time::Duration};

use harness::{
    Process, World,
    notifications::Notifications,
    programs,
    samples::{self, Account},
    stand_in_panel::StandInPanel,
    tests, until,
    wait::LIMIT,
};

use crate::{
    trouble::{mount, start_with_mounts_of_its_own},
    window::pinentry,
};

tests![
    each_state_has_its_icon_in_a_panel,
    each_state_has_its_icon_on_wayland,
    icons_that_are_not_installed_are_seen_too,
    no_panel_is_told_once_ever,
    a_panel_that_comes_late_is_none_missing,
    a_panel_that_drops_the_icon_gets_it_back,
    a_shell_that_is_starting_up_gets_the_icon_again,
    the_launcher_sets_up_with_a_dialog_and_shows_the_recovery_key,
    without_a_dialog_the_terminal_asks,
    an_unusable_vault_is_explained,
    the_settings_of_its_heap_are_not_handed_on,
];

/// Goes through the states; each must look different from the one before. Keeps a picture of each.
fn walk_through_states(mut world: World, name: &str) {
    world.start_panel();
    let empty = world.still_picture(&format!("{name}-0"));
    let tray = world.start_tray();
    let says = |world: &World, words: &str| {
        until(&format!("`{words}` in the menu"), LIMIT, || world.tray_menu(&tray).contains(words).then_some(()));
    };
    says(&world, "Not set up yet");
    let (mut last, mut count) = (empty, 0);
    let mut looks = |world: &World, words: &str, state: &str| {
        says(world, words);
        count += 1;
        last = world.until_picture_differs(&last, &format!("{name}-{count}-{state}")).0;
    };
    looks(&world, "Set up", "no-vault");
    world.make_vault();
    looks(&world, "\"Unlocked\"", "unlocked");
    keep_unconfirmed(&world);
    looks(&world, "an account is unconfirmed", "unconfirmed");
    world.cli(&["lock"]).ok();
    looks(&world, "\"Locked\"", "locked");
    world.unlock();
    until("the vault is open", LIMIT, || world.tray_menu(&tray).contains("Lock").then_some(()));
    world.click_in_tray_menu(&tray, &["GitHub"]);
    looks(&world, "on the clipboard", "copied");
    world.cli(&["lock"]).ok();
    says(&world, "\"Locked\"");
    if start_with_mounts_of_its_own(&mut world).is_ok() {
        mount(&mut world, "ro");
        let pin = world.cli(&["pin", "github"]).run();
        assert!(pin.err.contains("can only be read"), "{pin:?}");
        looks(&world, "the disk can only be read", "read-only");
    }
    world.stop_daemon();
    looks(&world, "countersignd is not running", "no-daemon");
    fs::write(world.vault_dir().join("vault.age"), "what a broken disk left of it").unwrap();
    world.start_daemon();
    looks(&world, "What now?", "unusable");
}

/// A scan keeps an account that no site is known to accept.
pub(crate) fn keep_unconfirmed(world: &World) {
    let account = samples::github();
    world.witness().plant_key("the key of GitHub", &account.secret);
    let picture = world.dir().join("tmp/page.png");
    world.cmd("qrencode").args(["-s", "6", "-o"]).arg(&picture).stdin(account.uri()).ok();
    world.cli(&["scan", "--yes", "--image"]).arg(&picture).ok();
}

fn each_state_has_its_icon_in_a_panel() {
    let world = World::build().display().env("XDG_CURRENT_DESKTOP", "XFCE").start();
    world.install_icons();
    walk_through_states(world, "xfce");
}

fn each_state_has_its_icon_on_wayland() {
    let world = World::build().wayland().start();
    world.install_icons();
    walk_through_states(world, "waybar");
}

fn icons_that_are_not_installed_are_seen_too() {
    walk_through_states(World::build().display().start(), "xfce-pixels");
}

fn no_panel_is_told_once_ever() {
    let world = World::build().vault().start();
    let mut told = Notifications::start(&world);
    let tray = || world.cmd(&programs::ours("countersign-tray")).args(["--panel-wait", "0"]).spawn();
    let without = |tray: &Process| {
        tray.err.wait_for("that there is no panel", LIMIT, |text| text.contains("no panel here").then_some(()));
    };
    let first = tray();
    let told_what = told.expect("No panel shows the countersign tray").text;
    for instead in ["applications", "countersign hotkey", "AppIndicator"] {
        assert!(told_what.contains(instead), "{told_what}");
    }
    without(&first);
    drop(first);
    let second = tray();
    without(&second);
    // What comes next is not that again.
    world.add(&samples::github());
    let client = harness::Client::bus(&world);
    client.wait(client.accounts().copied("github", countersign_api::Dict::new())).unwrap();
    assert!(told.expect("").text.contains("Code for GitHub"), "it was told a second time");
}

fn a_panel_that_comes_late_is_none_missing() {
    let mut world = World::build().display().vault().start();
    world.add(&samples::github());
    let tray = world.start_tray();
    world.start_panel();
    let without = world.still_picture("late-panel");
    drop(without);
    until("the tray's menu", LIMIT, || world.tray_menu(&tray).contains("GitHub").then_some(()));
    let registered =
        ["--user", "get-property", WATCHER, "/StatusNotifierWatcher", WATCHER, "RegisteredStatusNotifierItems"];
    until("the panel shows it", LIMIT, || {
        world.cmd("busctl").args(registered).run().out.contains("StatusNotifierItem").then_some(())
    });
    assert!(!world.dir().join("state/countersign/no-tray-told").exists(), "a panel was there in time");
    assert!(!tray.err.text().contains("no panel here"));
}

fn a_panel_that_drops_the_icon_gets_it_back() {
    let world = World::build().vault().start();
    let panel = StandInPanel::start(&world, Duration::ZERO);
    let tray = world.start_tray();
    let name = panel.expect(0);
    assert_eq!(name, format!("org.kde.StatusNotifierItem-{}-1", tray.pid()));
    let connection = panel.owner(&name).expect("the icon is on the bus");
    // Of another program's icon the tray hears too.
    let other = "org.kde.StatusNotifierItem-1-1";
    panel.own(other);
    for again in 1..3 {
        panel.drop_icon(other);
        panel.drop_icon(&name);
        assert_eq!(panel.expect(again), connection);
    }
}

fn a_shell_that_is_starting_up_gets_the_icon_again() {
    let of_icon = |tray: &Process, number| format!("org.kde.StatusNotifierItem-{}-{number}", tray.pid());
    let starting_up = Duration::from_millis(300);
    let world = World::build().vault().env("XDG_CURRENT_DESKTOP", "ubuntu:GNOME").start();
    let panel = StandInPanel::start(&world, starting_up);
    let tray = world.start_tray();
    assert_eq!(panel.expect(0), of_icon(&tray, 1));
    assert_eq!(panel.expect(1), of_icon(&tray, 2));
    until("the end of the first icon", LIMIT, || panel.owner(&of_icon(&tray, 1)).is_none().then_some(()));
    drop((tray, panel));
    // Another panel, even if it is slow.
    let world = World::build().vault().env("XDG_CURRENT_DESKTOP", "KDE").start();
    let panel = StandInPanel::start(&world, starting_up);
    let tray = world.start_tray();
    until("the menu", LIMIT, || world.tray_menu(&tray).contains("Lock").then_some(()));
    assert!(panel.owner(&of_icon(&tray, 1)).is_some() && panel.owner(&of_icon(&tray, 2)).is_none());
}

/// A terminal program that writes down what it is shown; nobody sits in front of it.
fn terminal(world: &World) -> PathBuf {
    let log = world.dir().join("tmp/terminal");
    let show = "import os, pty, sys\n\
                log = open(sys.argv[1], 'wb', 0)\n\
                pty.spawn(sys.argv[2:], lambda fd: (lambda data: (log.write(data), data)[1])(os.read(fd, 1024)))";
    let script = world.dir().join("tmp/terminal.py");
    fs::write(&script, show).unwrap();
    // `-e` goes first: a terminal takes the rest as the command.
    world.write_program(
        "own-term",
        &format!("shift; exec /usr/bin/python3 {} {} \"$@\" >/dev/null </dev/null", script.display(), log.display()),
    );
    log
}

fn shows(log: &PathBuf, words: &str) -> String {
    until(&format!("`{words}` in the terminal"), LIMIT, || {
        fs::read_to_string(log).ok().filter(|text| text.contains(words))
    })
}

fn the_launcher_sets_up_with_a_dialog_and_shows_the_recovery_key() {
    let world = World::build().without_daemon().env("DISPLAY", ":99").env("TERMINAL", "own-term").start();
    let log = terminal(&world);
    let (answers, asked) = (world.dir().join("tmp/answers"), world.dir().join("tmp/asked"));
    world.witness().exempt(&answers);
    fs::write(&answers, format!("\n{}\n", world.passphrase())).unwrap();
    pinentry(
        &world,
        &format!("exec /usr/bin/python3 {} {} {}", programs::data("pinentry.py"), answers.display(), asked.display()),
    );
    let launcher = world.cmd(&programs::ours("countersign-tray")).arg("--open").spawn();
    let shown = shows(&log, "Press Enter to close");
    assert!(shown.contains("The vault is made") && shown.contains("AGE-SECRET-KEY-1"), "{shown}");
    let asked = fs::read_to_string(&asked).unwrap();
    assert!(asked.contains("SETREPEAT") && asked.contains("Choose the passphrase"), "{asked}");
    assert!(asked.contains("empty passphrase"), "an empty one is asked again: {asked}");
    assert_eq!(world.vault_property("State"), "unlocked");
    drop(launcher);
}

fn without_a_dialog_the_terminal_asks() {
    let world = World::build().env("DISPLAY", ":99").env("TERMINAL", "own-term").start();
    pinentry(&world, "exit 1");
    let log = terminal(&world);
    let set_up = world.cmd(&programs::ours("countersign-tray")).arg("--set-up").spawn();
    shows(&log, "New passphrase:");
    drop(set_up);
}

fn an_unusable_vault_is_explained() {
    let mut world = World::build().env("TERMINAL", "own-term").env("SHELL", "/bin/true").vault().start();
    world.add(&Account::new("Example", "alice"));
    world.stop_daemon();
    let file = world.vault_dir().join("vault.age");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    world.start_daemon();
    let log = terminal(&world);
    let tray = world.cmd(&programs::ours("countersign-tray")).args(["--panel-wait", "60"]).spawn();
    world.wait_for_name("org.countersign.Tray1");
    world.click_in_tray_menu(&tray, &["What now?"]);
    let shown = shows(&log, "Earlier vaults:\r\n");
    assert!(
        shown.contains("Nothing of the vault was changed") && shown.contains("Make a copy of the folder"),
        "{shown}"
    );
    until("the list of earlier vaults", LIMIT, || fs::read_to_string(&log).ok().filter(|text| text.contains("20")));
}

const WATCHER: &str = "org.kde.StatusNotifierWatcher";

fn the_settings_of_its_heap_are_not_handed_on() {
    let world = World::build().env("DISPLAY", ":99").env("TERMINAL", "own-term").start();
    let seen = world.dir().join("tmp/seen");
    world.write_program("own-term", &format!("echo ${{GLIBC_TUNABLES-none}} >{}", seen.display()));
    programs::ours("countersign");
    let tray = world.start_tray();
    // The tray starts itself anew with them.
    let environment = format!("/proc/{}/environ", tray.pid());
    until("the settings of its heap", LIMIT, || {
        fs::read_to_string(&environment).ok().filter(|own| own.contains("GLIBC_TUNABLES=glibc.malloc.arena_max=1"))
    });
    world.click_in_tray_menu(&tray, &["Set up"]);
    let handed = until("the terminal", LIMIT, || fs::read_to_string(&seen).ok().filter(|text| text.ends_with('\n')));
    assert_eq!(handed, "none\n");
}
