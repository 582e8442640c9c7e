//! The tray in a real panel: an icon that shows the state, a menu that a hand opens, a click that copies a code.

use harness::{
    World,
    notifications::Notifications,
    programs,
    samples::{self, Account},
    tests, until,
    wait::{LIMIT, unix_now},
};

tests![a_click_in_the_panel_copies_a_code, the_menu_follows_the_vault, a_second_tray_says_so_and_ends];

fn a_click_in_the_panel_copies_a_code() {
    let mut world = World::build().display().vault().start();
    let github = samples::github();
    world.add(&github);
    let mut told = Notifications::start(&world);
    world.start_panel();
    let menu = world.open_tray_menu("GitHub");
    let step = unix_now() / 30;
    world.click_first_entry(&menu);
    let copied = world.pasted_code();
    let around = [step, step + 1, step + 2].map(|step| world.oathtool(&github.secret, step * 30));
    assert!(around.contains(&copied), "{copied} is no code of now: {around:?}");
    let hint = ["-o", "-selection", "clipboard", "-t", "x-kde-passwordManagerHint"];
    assert_eq!(world.cmd("xclip").args(hint).ok(), "secret", "clipboard histories are told to leave it out");
    assert!(!world.tray_menu(&menu.tray).contains(&copied), "a label holds a code");
    let told = told.expect("Code for ").text;
    let words = format!("Code for {} – {} copied, ", github.issuer, github.name);
    let (_, left) = told.split_once(&words).unwrap_or_else(|| panic!("{told}"));
    let left: u64 = left.split_once(" s\"").unwrap_or_else(|| panic!("{told}")).0.parse().unwrap();
    assert!((1..=30).contains(&left) && !told.contains(&copied), "{told}");
    world.picture("tray-copied");
}

fn the_menu_follows_the_vault() {
    let mut world = World::build().display().start();
    world.start_panel();
    let tray = world.start_tray();
    let becomes = |world: &World, what: &str, there: &[&str], gone: &[&str]| {
        until(what, LIMIT, || {
            let menu = world.tray_menu(&tray);
            (there.iter().all(|word| menu.contains(word)) && !gone.iter().any(|word| menu.contains(word))).then_some(())
        });
    };
    world.make_vault();
    world.add(&Account::new("Confidential Bank", "someone"));
    becomes(&world, "the account in the menu", &["Confidential Bank", "Lock"], &[]);
    world.cli(&["lock"]).ok();
    becomes(&world, "a locked menu without names", &["Unlock…"], &["Confidential"]);
    world.unlock();
    becomes(&world, "the account again", &["Confidential Bank"], &["Unlock…"]);
    for number in 0..40 {
        world.add(&Account::new(&format!("Site {number:02}"), "alice"));
    }
    becomes(&world, "submenus by issuer", &["submenu", "Site 39", " … Site "], &[]);
    world.stop_daemon();
    becomes(&world, "a menu without a daemon", &[], &["Confidential", "Site 39"]);
    world.start_daemon();
    becomes(&world, "the daemon is found again", &["Unlock…"], &[]);
}

fn a_second_tray_says_so_and_ends() {
    let world = World::build().display().start();
    let _first = world.start_tray();
    let second = world.cmd(&programs::ours("countersign-tray")).fails(1);
    assert!(second.err.contains("already running"), "{second:?}");
}
