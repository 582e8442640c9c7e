//! The tray in a real panel: an icon that shows the state, a menu that a hand opens, a click that copies a code.

use std::fs;

use harness::{
    Process, World, programs,
    samples::{self, Account},
    tests, until,
    wait::{LIMIT, unix_now},
};

tests![a_click_in_the_panel_copies_a_code, the_menu_follows_the_vault, a_second_tray_says_so_and_ends];

/// Starts xfce4-panel, which shows tray icons.
fn start_panel(world: &mut World) {
    let channels = world.dir().join("config/xfce4/xfconf/xfce-perchannel-xml");
    fs::create_dir_all(&channels).unwrap();
    fs::copy(programs::data("xfce4-panel.xml"), channels.join("xfce4-panel.xml")).unwrap();
    let settings = world.cmd(XFCONFD).spawn();
    world.keep(settings);
    world.wait_for_name("org.xfce.Xfconf");
    let panel = world.cmd("xfce4-panel").arg("--disable-wm-check").spawn();
    world.keep(panel);
    world.wait_for_name("org.kde.StatusNotifierWatcher");
}

fn start_tray(world: &World) -> Process {
    let tray = world.cmd(&programs::ours("countersign-tray")).spawn();
    world.wait_for_name("org.countersign.Tray1");
    tray
}

/// Returns the tray's menu as the panel gets it: labels and what they do.
fn menu(world: &World, tray: &Process) -> String {
    let item = format!("org.kde.StatusNotifierItem-{}-1", tray.pid());
    let layout = ["--user", "--json=short", "call", &item, "/MenuBar", "com.canonical.dbusmenu", "GetLayout", "iias"];
    world.cmd("busctl").args(layout).args(["--", "0", "-1", "0"]).run().out
}

fn a_click_in_the_panel_copies_a_code() {
    let mut world = World::build().display().vault().start();
    let github = samples::github();
    world.add(&github);
    start_panel(&mut world);
    let without = world.still_picture("panel");
    let tray = start_tray(&world);
    until("the account in the menu", LIMIT, || menu(&world, &tray).contains("GitHub").then_some(()));
    let (with, icon) = world.until_picture_differs(&without, "panel-with-icon");
    world.press_button(3, icon.middle());
    let (_, open) = world.until_picture_differs(&with, "tray-menu");
    // The first entry, below the panel, is the account that is used most.
    let step = unix_now() / 30;
    world.press_button(1, (open.x + 40, open.y.max(PANEL_HEIGHT) + 16));
    let copied = until("a code on the clipboard", LIMIT, || {
        let run = world.cmd("xclip").args(["-o", "-selection", "clipboard"]).run();
        (run.code == 0 && run.out.len() == 6).then_some(run.out)
    });
    let around = [step, step + 1, step + 2].map(|step| world.oathtool(&github.secret, step * 30));
    assert!(around.contains(&copied), "{copied} is no code of now: {around:?}");
    let hint = ["-o", "-selection", "clipboard", "-t", "x-kde-passwordManagerHint"];
    assert_eq!(world.cmd("xclip").args(hint).ok(), "secret", "clipboard histories are told to leave it out");
    assert!(!menu(&world, &tray).contains(&copied), "a label holds a code");
    world.picture("tray-copied");
}

fn the_menu_follows_the_vault() {
    let mut world = World::build().display().start();
    start_panel(&mut world);
    let tray = start_tray(&world);
    let becomes = |world: &World, what: &str, there: &[&str], gone: &[&str]| {
        until(what, LIMIT, || {
            let menu = menu(world, &tray);
            (there.iter().all(|word| menu.contains(word)) && !gone.iter().any(|word| menu.contains(word))).then_some(())
        });
    };
    world.make_vault();
    world.add(&Account::new("Confidential Bank", "someone"));
    becomes(&world, "the account in the menu", &["Confidential Bank", "Lock"], &[]);
    world.cli(&["lock"]).ok();
    becomes(&world, "a locked menu without names", &["Unlock"], &["Confidential"]);
    world.unlock();
    becomes(&world, "the account again", &["Confidential Bank"], &["Unlock"]);
    for number in 0..40 {
        world.add(&Account::new(&format!("Site {number:02}"), "alice"));
    }
    becomes(&world, "submenus beyond 25", &["submenu", "Site 39"], &[]);
    world.stop_daemon();
    becomes(&world, "a menu without a daemon", &[], &["Confidential", "Site 39"]);
    world.start_daemon();
    becomes(&world, "the daemon is found again", &["Unlock"], &[]);
}

fn a_second_tray_says_so_and_ends() {
    let world = World::build().display().start();
    let _first = start_tray(&world);
    let second = world.cmd(&programs::ours("countersign-tray")).fails(1);
    assert!(second.err.contains("already running"), "{second:?}");
}

/// As `data/xfce4-panel.xml` has it.
const PANEL_HEIGHT: i32 = 28;
const XFCONFD: &str = "/usr/lib/x86_64-linux-gnu/xfce4/xfconf/xfconfd";
