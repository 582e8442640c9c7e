//! Seeing in a real GNOME session, where the person is asked in its real dialogs. Only by `tests/run gnome`, which keeps
//! pictures of what the person sees.

use std::{
    fs,
    path::{Path, PathBuf},
};

use harness::{World, samples::Account, tests, until, wait::LIMIT};

tests![gnome_asks_once_whether_screenshots_are_allowed, a_no_to_gnome_is_told_as_one, looking_on_in_gnome_asks_once,];

fn gnome() -> World {
    let mut world = World::build().without_daemon().start();
    world.start_gnome();
    world.start_daemon();
    world.make_vault();
    world
}

fn page(world: &World) -> PathBuf {
    let account = Account::new("GitHub", "alice");
    world.witness().plant_key("the key of GitHub", &account.secret);
    let path = world.dir().join("tmp/page.png");
    world.cmd("qrencode").args(["-s", "6", "-o"]).arg(&path).stdin(account.uri()).ok();
    path
}

fn url(page: &Path) -> String {
    format!("file://{}", page.display())
}

/// Returns how many pictures the portal left in the person's folders.
fn left_behind(world: &World) -> usize {
    let home = ["home", "home/Pictures"].map(|folder| world.dir().join(folder));
    let files = home.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    files.filter(|file| file.path().extension().is_some_and(|extension| extension == "png")).count()
}

fn gnome_asks_once_whether_screenshots_are_allowed() {
    let world = gnome();
    let _page = world.browse_in_gnome(&url(&page(&world)));
    let mut scan = world.cli(&["scan", "--yes"]).spawn();
    world.gnomes_question("gnome-1-may-screenshots-be-taken");
    world.press_in_gnome("Tab");
    world.press_in_gnome("Return");
    assert_eq!(scan.exit_code(LIMIT), 0, "{} {}", scan.out.text(), scan.err.text());
    assert!(scan.out.text().contains("Kept GitHub"), "{}", scan.out.text());
    world.still_picture_of_gnome("gnome-2-after-the-scan");
    assert_eq!(left_behind(&world), 0, "a picture of the screen was left behind");
    let doctor = world.cli(&["doctor", "capture"]).ok();
    assert!(doctor.contains("asks nothing (screenshots are allowed for good)"), "{doctor}");
    world.cli(&["scan", "--json", "--wait=30"]).ok();
}

fn a_no_to_gnome_is_told_as_one() {
    let world = gnome();
    let _page = world.browse_in_gnome(&url(&page(&world)));
    let mut scan = world.cli(&["scan", "--no-wait"]).spawn();
    world.gnomes_question("gnome-3-may-screenshots-be-taken");
    world.press_in_gnome("Return");
    // What is not allowed for good may still be given this once.
    world.gnomes_dialog("gnome-4-a-screenshot-by-hand");
    world.press_in_gnome("Escape");
    assert_eq!(scan.exit_code(LIMIT), 12, "{} {}", scan.out.text(), scan.err.text());
    assert!(scan.err.text().contains("was not allowed"), "{}", scan.err.text());
    assert_eq!(left_behind(&world), 0);
}

fn looking_on_in_gnome_asks_once() {
    let world = gnome();
    let mut scan = world.cli(&["scan", "--wait=120", "--yes"]).spawn();
    scan.err.wait_for("what is asked", LIMIT, |text| text.contains("asks once which screens").then_some(()));
    world.gnomes_dialog("gnome-5-which-screen-to-share");
    for key in ["Tab", "Tab"] {
        world.press_in_gnome(key);
    }
    world.press_in_gnome("Tab");
    world.still_picture_of_gnome("gnome-6-share");
    world.press_in_gnome("Return");
    let token = world.dir().join("state/countersign/screen-cast");
    until("the permission is remembered", LIMIT, || token.is_file().then_some(()));
    assert!(scan.runs(), "{} {}", scan.out.text(), scan.err.text());
    // It shows only now: a later look finds it, and nobody presses a key.
    let browser = world.browse_in_gnome(&url(&page(&world)));
    assert_eq!(scan.exit_code(LIMIT), 0, "{} {}", scan.out.text(), scan.err.text());
    assert!(scan.out.text().contains("Kept GitHub"), "{}", scan.out.text());
    assert_eq!(scan.err.text().matches("asks").count(), 2, "it is said once: {}", scan.err.text());
    let doctor = world.cli(&["doctor", "capture"]).ok();
    assert!(doctor.contains("asks nothing (the screens to look at were chosen earlier)"), "{doctor}");
    drop(browser);
}
