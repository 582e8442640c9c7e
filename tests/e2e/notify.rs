//! A hotkey: a real key press starts a scan, and the result is a notification with buttons.

use std::fs;

use harness::{World, samples, site::Site, tests, until, wait::LIMIT};

tests![a_key_press_keeps_the_account_on_the_screen, a_key_press_explains_a_one_time_qr, a_held_key_starts_one_scan];

/// A world with a hotkey daemon that starts the scan on Ctrl+Alt+Q.
fn world_with_hotkey() -> World {
    let mut world = World::build().notifications().vault().start();
    let rc = world.dir().join("config/sxhkdrc");
    let code = world.dir().join("tmp/codes");
    fs::write(&rc, format!("ctrl + alt + q\n  countersign scan --notify; echo $? >>{}\n", code.display())).unwrap();
    let hotkeys = world.cmd("sxhkd").arg("-c").arg(&rc).spawn();
    world.keep(hotkeys);
    world
}

fn shown(world: &World) -> String {
    let history = world.cmd("dunstctl").args(["history"]).run().out;
    let count = world.cmd("dunstctl").args(["count"]).run().out;
    format!("{history}{count}")
}

/// Presses the key until `sxhkd` has it and the scan has ended, and returns the exit codes.
fn press(world: &World, count: usize) -> Vec<String> {
    let codes = || fs::read_to_string(world.dir().join("tmp/codes")).unwrap_or_default();
    until("the hotkey's scan", LIMIT, || {
        if codes().lines().count() < count {
            world.press("ctrl+alt+q");
        }
        (codes().lines().count() >= count).then_some(())
    });
    codes().lines().map(str::to_owned).collect()
}

fn a_key_press_keeps_the_account_on_the_screen() {
    let world = world_with_hotkey();
    let github = samples::github();
    world.witness().plant_key("the key on the screen", &github.secret);
    let picture = world.dir().join("tmp/shown.png");
    world.cmd("qrencode").args(["-s", "6", "-o"]).arg(&picture).stdin(github.uri()).ok();
    let _viewer = world.show_picture(&picture);
    let codes = press(&world, 1);
    assert!(codes.contains(&"0".to_owned()), "{codes:?}");
    assert_eq!(world.cli(&["code", "github", "--at", "59"]).ok(), world.oathtool(&github.secret, 59));
    let code = world.oathtool(&github.secret, harness::wait::unix_now());
    // Closed ones lie in the history, where their text can be read.
    world.cmd("dunstctl").arg("close-all").ok();
    let told = until("the notification", LIMIT, || Some(shown(&world)).filter(|text| text.contains("GitHub")));
    assert!(!told.contains(&code), "a code stands in a notification");
    world.picture("notification-kept");
}

fn a_key_press_explains_a_one_time_qr() {
    let world = world_with_hotkey();
    let secret = samples::secret();
    world.witness().plant_key("the key of the page", &secret);
    let mut site = Site::start(&world, &secret, "mfa");
    let _browser = world.browse(&site.url);
    site.next_page();
    let codes = press(&world, 1);
    assert!(codes.contains(&"11".to_owned()), "{codes:?}");
    world.picture("notification-one-time");
    world.cmd("dunstctl").arg("close-all").ok();
    let told = until("the notification", LIMIT, || Some(shown(&world)).filter(|text| text.contains("Microsoft")));
    assert!(!told.contains("314159265") && !told.contains("activatev2"), "the link stands in a notification:\n{told}");
    assert_eq!(world.cli(&["list"]).ok(), "");
}

fn a_held_key_starts_one_scan() {
    let world = world_with_hotkey();
    let github = samples::github();
    world.witness().plant_key("the key on the screen", &github.secret);
    let picture = world.dir().join("tmp/shown.png");
    world.cmd("qrencode").args(["-s", "6", "-o"]).arg(&picture).stdin(github.uri()).ok();
    let _viewer = world.show_picture(&picture);
    for _ in 0..6 {
        world.press("ctrl+alt+q");
    }
    press(&world, 1);
    let list = world.cli(&["list"]).ok();
    assert_eq!(list.lines().count(), 1, "one QR, one account, however long the key is held:\n{list}");
}
