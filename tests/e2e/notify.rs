//! A hotkey: a real key press starts a scan, and the result is a notification with buttons.

use std::fs;

use harness::{World, samples, site::Site, tests, until, wait::LIMIT};

tests![a_key_press_keeps_the_account_on_the_screen, a_key_press_explains_a_one_time_qr, a_held_key_starts_one_scan];

/// A world with a hotkey daemon that starts the scan on Ctrl+Alt+Q.
fn world_with_hotkey() -> World {
    let mut world = World::build().notifications().vault().start();
    let rc = world.dir().join("config/sxhkdrc");
    let tmp = world.dir().join("tmp");
    let line = format!("cd {}; echo x >>begun; countersign scan --notify; echo $? >>codes", tmp.display());
    fs::write(&rc, format!("ctrl + alt + q\n  {line}\n")).unwrap();
    let hotkeys = world.cmd("sxhkd").arg("-c").arg(&rc).spawn();
    world.keep(hotkeys);
    world
}

fn shown(world: &World) -> String {
    let history = world.cmd("dunstctl").args(["history"]).run().out;
    let count = world.cmd("dunstctl").args(["count"]).run().out;
    format!("{history}{count}")
}

/// Presses the key until `sxhkd` has it, and waits for a scan that ends with this.
fn press(world: &World, wanted: &str) {
    let lines = |name: &str| fs::read_to_string(world.dir().join(name)).unwrap_or_default();
    until("the hotkey to be taken", LIMIT, || {
        world.press("ctrl+alt+q");
        (!lines("tmp/begun").is_empty()).then_some(())
    });
    until(&format!("a scan that ends with {wanted}"), LIMIT, || {
        let codes = lines("tmp/codes");
        let all_ended = codes.lines().count() == lines("tmp/begun").lines().count();
        assert!(!all_ended || codes.lines().any(|code| code == wanted), "they ended with {codes}");
        codes.lines().any(|code| code == wanted).then_some(())
    });
}

fn a_key_press_keeps_the_account_on_the_screen() {
    let world = world_with_hotkey();
    let github = samples::github();
    world.witness().plant_key("the key on the screen", &github.secret);
    let picture = world.dir().join("tmp/shown.png");
    world.cmd("qrencode").args(["-s", "6", "-o"]).arg(&picture).stdin(github.uri()).ok();
    let _viewer = world.show_picture(&picture);
    press(&world, "0");
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
    press(&world, "11");
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
    press(&world, "0");
    let list = world.cli(&["list"]).ok();
    assert_eq!(list.lines().count(), 1, "one QR, one account, however long the key is held:\n{list}");
}
