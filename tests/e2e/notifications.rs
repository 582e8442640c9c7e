//! Notifications on the real servers (dunst, mako) and on a stand-in that can be stopped: they stand in one place, go when
//! they stop being true, name nothing on a locked screen, and hold nobody up.

use countersign_api::types::{CopiedOptions, KeepOptions, ScanOptions};
use harness::{
    Client, World,
    client::none,
    notifications::Notifications,
    samples::{self, Account},
    tests, until,
    wait::{LIMIT, unix_now},
};
use rustix::process::Signal;
use serde_json::Value;

tests![
    dunst_shows_one_in_the_place_of_another,
    dunst_shows_a_name_as_it_is,
    a_click_on_dunst_copies_the_code,
    mako_shows_one_in_the_place_of_another,
    mako_shows_a_name_as_it_is_and_has_buttons,
    markup_is_escaped_only_where_it_is_read,
    a_server_without_buttons_gets_none,
    what_was_copied_goes_when_it_has_expired,
    the_question_about_a_link_goes_when_it_is_answered_elsewhere,
    the_question_about_a_code_goes_when_it_is_answered_elsewhere,
    what_waits_for_the_vault_goes_when_it_is_open,
    the_end_of_the_daemon_takes_all_with_it,
    on_a_locked_screen_there_are_no_names,
    a_daemon_that_begins_on_a_locked_screen_knows_it,
    a_server_that_hangs_holds_nobody_up,
    a_server_that_comes_back_is_used_again,
];

/// Has it told that a code was copied, as `countersign-clip` does.
fn copied(world: &World, account: &str, lives: u64) {
    let client = Client::private(world);
    let options = CopiedOptions { expires: Some(unix_now() + lives), ..CopiedOptions::default() };
    client.wait(client.accounts().copied(account, options.into())).unwrap();
}

/// Adds an account that has proved itself: what is copied is told without a question.
fn proven(world: &World, issuer: &str) {
    world.add(&Account::new(issuer, "alice"));
    let client = Client::private(world);
    client.wait(client.accounts().code(issuer)).unwrap();
    world.cli(&["scan", "--accepted", issuer]).run();
}

fn displayed(world: &World) -> u32 {
    world.cmd("dunstctl").args(["count", "displayed"]).ok().trim().parse().unwrap()
}

fn dunst_history(world: &World) -> String {
    world.cmd("dunstctl").arg("history").ok()
}

fn until_displayed(world: &World, count: u32) {
    until(&format!("{count} notifications on the screen"), LIMIT, || (displayed(world) == count).then_some(()));
}

fn dunst_shows_one_in_the_place_of_another() {
    let world = World::build().notifications().vault().start();
    proven(&world, "GitHub");
    proven(&world, "AWS");
    copied(&world, "github", 60);
    until_displayed(&world, 1);
    copied(&world, "aws", 60);
    // The picture comes when the second is there; that there is but one is the rule.
    world.still_picture("notification-copied");
    until_displayed(&world, 1);
    world.cli(&["lock"]).ok();
    until_displayed(&world, 0);
    let history = dunst_history(&world);
    assert!(history.contains("Code for AWS"), "{history}");
}

/// Shows a QR of an account called like this, and has it told of by a scan that any program could make.
fn scanned(world: &World, name: &str) {
    let account = Account::new(name, "alice");
    world.witness().plant_key("the key on the screen", &account.secret);
    let picture = world.dir().join("tmp/shown.png");
    world.cmd("qrencode").args(["-s", "6", "-o"]).arg(&picture).stdin(account.uri()).ok();
    let viewer = world.show_picture(&picture);
    let client = Client::bus(world);
    let of = |name: &str| world.environment().get(name).filter(|value| !value.is_empty()).cloned();
    let screen = || ScanOptions {
        display: of("DISPLAY"),
        wayland_display: of("WAYLAND_DISPLAY"),
        session_type: of("XDG_SESSION_TYPE"),
        ..ScanOptions::default()
    };
    until("the picture is seen", LIMIT, || {
        let found = client.wait(client.scanner().scan_screen(screen().into())).unwrap();
        (!found.is_empty()).then_some(())
    });
    drop(viewer);
}

const MARKUP: &str = "<b>Fish</b> & <i>Chips</i>";

fn dunst_shows_a_name_as_it_is() {
    let world = World::build().notifications().vault().start();
    scanned(&world, MARKUP);
    until_displayed(&world, 1);
    world.still_picture("notification-markup");
    world.cmd("dunstctl").arg("close-all").ok();
    let history: Value = serde_json::from_str(&dunst_history(&world)).unwrap();
    let body = history["data"][0][0]["body"]["data"].as_str().unwrap().to_owned();
    assert!(body.contains("&lt;b&gt;Fish&lt;/b&gt; &amp; &lt;i&gt;Chips&lt;/i&gt;"), "{body}");
}

fn a_click_on_dunst_copies_the_code() {
    let world = World::build().notifications().vault().start();
    let github = samples::github();
    world.witness().plant_key("the key of the link", &github.secret);
    world.cli(&["open", "--notify", "-"]).stdin(github.uri()).ok();
    until_displayed(&world, 1);
    world.still_picture("notification-link");
    // No default action: dunst would open its menu of buttons.
    let client = Client::private(&world);
    let waiting = client.wait(client.scanner().candidates(none())).unwrap();
    let id = String::try_from(waiting[0]["id"].try_clone().unwrap()).unwrap();
    let bus = Client::bus(&world);
    bus.wait(bus.scanner().keep(&id, KeepOptions::default().into())).unwrap();
    let kept = || dunst_history(&world).contains("Keep GitHub") && displayed(&world) == 1;
    until("the question is answered, and what was kept is told", LIMIT, || kept().then_some(()));
    world.still_picture("notification-kept-by-link");
    world.cmd("dunstctl").args(["action", "0"]).ok();
    let code = world.pasted_code();
    let step = unix_now() / 30;
    assert!([step - 1, step, step + 1].map(|step| world.oathtool(&github.secret, step * 30)).contains(&code));
    until_displayed(&world, 1);
    world.still_picture("notification-what-did-the-page-say");
}

/// A Wayland session with mako.
fn with_mako() -> World {
    let mut world = World::build().wayland().vault().start();
    let mako = world.cmd("mako").args(["--default-timeout", "0", "--font", "DejaVu Sans 10"]).spawn();
    world.keep(mako);
    world.wait_for_name("org.freedesktop.Notifications");
    world
}

/// Returns what mako shows.
fn mako_list(world: &World) -> Vec<Value> {
    let list: Value = serde_json::from_str(&world.cmd("makoctl").arg("list").ok()).unwrap();
    list["data"][0].as_array().unwrap().clone()
}

fn field<'a>(one: &'a Value, name: &str) -> &'a str {
    one[name]["data"].as_str().unwrap()
}

/// Waits until mako shows exactly this one.
fn mako_shows(world: &World, title: &str) -> Value {
    until(&format!("`{title}` alone"), LIMIT, || {
        let list = mako_list(world);
        (list.len() == 1 && field(&list[0], "summary").contains(title)).then(|| list[0].clone())
    })
}

fn mako_shows_one_in_the_place_of_another() {
    let world = with_mako();
    proven(&world, "GitHub");
    proven(&world, "AWS");
    copied(&world, "github", 60);
    let first = mako_shows(&world, "Code for GitHub");
    copied(&world, "aws", 60);
    let second = mako_shows(&world, "Code for AWS");
    assert_eq!(first["id"], second["id"]);
    world.still_picture("mako-copied");
    world.cli(&["lock"]).ok();
    until("an empty screen", LIMIT, || mako_list(&world).is_empty().then_some(()));
}

fn mako_shows_a_name_as_it_is_and_has_buttons() {
    let world = with_mako();
    let account = Account::new(MARKUP, "alice");
    let picture = world.dir().join("tmp/shown.png");
    world.witness().plant_key("the key on the screen", &account.secret);
    world.cmd("qrencode").args(["-s", "6", "-o"]).arg(&picture).stdin(account.uri()).ok();
    let _wall = world.hang_up("HEADLESS-1", &picture);
    world.cli(&["scan", "--notify"]).ok();
    let kept = mako_shows(&world, "Kept <b>Fish</b>");
    world.still_picture("mako-kept");
    let actions = kept["actions"]["data"].as_object().unwrap();
    let refused = actions.iter().find(|(_, label)| *label == "It was refused").unwrap().0;
    assert!(actions.contains_key("default") && actions.len() == 3, "{actions:?}");
    world.cmd("makoctl").args(["invoke", "-n", &kept["id"]["data"].to_string(), refused]).ok();
    mako_shows(&world, "Try another code");
    // Kept in the vault now: the summary of any program's scan has it in its body.
    world.cli(&["lock"]).ok();
    until("an empty screen", LIMIT, || mako_list(&world).is_empty().then_some(()));
    let client = Client::bus(&world);
    let screen = ScanOptions {
        wayland_display: world.environment().get("WAYLAND_DISPLAY").cloned(),
        session_type: Some("wayland".into()),
        ..ScanOptions::default()
    };
    client.wait(client.scanner().scan_screen(screen.into())).unwrap();
    let told = mako_shows(&world, "The screen was looked at");
    world.still_picture("mako-markup");
    assert!(field(&told, "body").contains("&lt;b&gt;Fish&lt;/b&gt; &amp;"), "{told}");
}

fn markup_is_escaped_only_where_it_is_read() {
    for (capabilities, expected) in [("actions body body-markup", "&lt;b&gt;Fish"), ("actions body", "<b>Fish")] {
        let world = World::build().display().vault().start();
        let mut notifications = Notifications::start_that_can(&world, capabilities);
        scanned(&world, MARKUP);
        notifications.expect(expected);
    }
}

fn a_server_without_buttons_gets_none() {
    let world = World::build().display().vault().start();
    let mut notifications = Notifications::start_that_can(&world, "body");
    world.cli(&["open", "--notify", "-"]).stdin(samples::github().uri()).ok();
    let asked = notifications.expect("Keep GitHub");
    assert!(!asked.text.contains("Keep it\""), "{asked:?}");
    world.cli(&["lock"]).ok();
    notifications.expect_withdrawn(&asked);
}

/// A world with a stand-in server, and a proven account.
fn with_stand_in() -> (World, Notifications) {
    let world = World::build().vault().start();
    let notifications = Notifications::start(&world);
    proven(&world, "GitHub");
    (world, notifications)
}

fn what_was_copied_goes_when_it_has_expired() {
    let (world, mut notifications) = with_stand_in();
    copied(&world, "github", 2);
    let told = notifications.expect("Code for GitHub – alice copied");
    notifications.expect_withdrawn(&told);
}

fn the_question_about_a_link_goes_when_it_is_answered_elsewhere() {
    let (world, mut notifications) = with_stand_in();
    let aws = Account::new("AWS", "alice");
    world.witness().plant_key("the key of AWS", &aws.secret);
    for _ in 0..2 {
        world.cli(&["open", "--notify", "-"]).stdin(aws.uri()).ok();
        let asked = notifications.expect("Keep AWS");
        let client = Client::private(&world);
        let waiting = client.wait(client.scanner().candidates(none())).unwrap();
        let id = String::try_from(waiting[0]["id"].try_clone().unwrap()).unwrap();
        client.wait(client.scanner().discard(&id, none())).unwrap();
        notifications.expect_withdrawn(&asked);
    }
}

fn the_question_about_a_code_goes_when_it_is_answered_elsewhere() {
    let (world, mut notifications) = with_stand_in();
    let fresh = Account::new("Fresh", "alice");
    world.witness().plant_key("the key of Fresh", &fresh.secret);
    world.cli(&["open", "--notify", "-"]).stdin(fresh.uri()).ok();
    let asked = notifications.expect("Keep Fresh");
    notifications.press(&world, &asked, "Keep it");
    notifications.expect("Kept Fresh");
    copied(&world, "fresh", 60);
    let asked = notifications.expect("What did the page say?");
    world.cli(&["scan", "--accepted", "fresh"]).ok();
    notifications.expect_withdrawn(&asked);
}

fn what_waits_for_the_vault_goes_when_it_is_open() {
    let (world, mut notifications) = with_stand_in();
    let aws = Account::new("AWS", "alice");
    world.witness().plant_key("the key of AWS", &aws.secret);
    world.cli(&["lock"]).ok();
    world.cli(&["open", "--notify", "-"]).stdin(aws.uri()).ok();
    let asked = notifications.expect("Keep AWS");
    notifications.press(&world, &asked, "Keep it");
    let failed = notifications.expect("the vault is locked");
    world.unlock();
    notifications.expect_withdrawn(&failed);
}

fn the_end_of_the_daemon_takes_all_with_it() {
    let (mut world, mut notifications) = with_stand_in();
    copied(&world, "github", 60);
    let told = notifications.expect("Code for GitHub – alice copied");
    world.cli(&["open", "--notify", "phonefactor://activate_account?code=1"]).fails(11);
    let advice = notifications.expect("Microsoft");
    world.stop_daemon();
    notifications.expect_withdrawn(&told);
    notifications.expect_withdrawn(&advice);
}

/// What a screen saver of GNOME says.
fn screen_saver_says(world: &World, active: bool) {
    let path = "/org/gnome/ScreenSaver";
    let signal = ["--session", "--object-path", path, "--signal", "org.gnome.ScreenSaver.ActiveChanged"];
    world.cmd("gdbus").arg("emit").args(signal).arg(active.to_string()).ok();
}

fn on_a_locked_screen_there_are_no_names() {
    let (world, mut notifications) = with_stand_in();
    copied(&world, "github", 60);
    let told = notifications.expect("Code for GitHub – alice copied");
    screen_saver_says(&world, true);
    notifications.expect_withdrawn(&told);
    // Somebody unlocks the vault from elsewhere, over SSH say, while nobody sits at the screen.
    until("the lock", LIMIT, || (world.vault_property("State") == "locked").then_some(()));
    world.unlock();
    copied(&world, "github", 60);
    let discreet = notifications.expect("unlocked the screen");
    assert!(!discreet.text.contains("GitHub") && !discreet.text.contains("alice"), "{discreet:?}");
    screen_saver_says(&world, false);
    notifications.expect("Code for GitHub – alice copied");
}

fn a_daemon_that_begins_on_a_locked_screen_knows_it() {
    let mut world = World::build().without_daemon().start();
    let saver = ["-m", "dbusmock", "--session", "--template", "gnome_screensaver"];
    let saver = world.cmd("/usr/bin/python3").args(saver).spawn();
    world.keep(saver);
    world.wait_for_name("org.gnome.ScreenSaver");
    let call = ["--user", "call", "org.gnome.ScreenSaver", "/org/gnome/ScreenSaver", "org.gnome.ScreenSaver"];
    world.cmd("busctl").args(call).args(["SetActive", "b", "true"]).ok();
    let mut notifications = Notifications::start(&world);
    world.start_daemon();
    world.make_vault();
    proven(&world, "GitHub");
    // What it was at the start is asked for beside all else, and there is nothing to see when that is known.
    until("a notification without a name", LIMIT, || {
        copied(&world, "github", 60);
        let told = notifications.expect("Notify");
        (!told.text.contains("GitHub") && told.text.contains("unlocked the screen")).then_some(())
    });
    world.cmd("busctl").args(call).args(["SetActive", "b", "false"]).ok();
    notifications.expect("Code for GitHub – alice copied");
}

fn a_server_that_hangs_holds_nobody_up() {
    let (mut world, mut notifications) = with_stand_in();
    notifications.process().signal(Signal::STOP);
    copied(&world, "github", 60);
    world.cli(&["open", "--notify", "-"]).stdin(Account::new("AWS", "alice").uri()).ok();
    world.cli(&["code", "github"]).ok();
    world.cli(&["lock"]).ok();
    assert_eq!(world.stop_daemon(), 0);
    notifications.process().signal(Signal::CONT);
}

fn a_server_that_comes_back_is_used_again() {
    let (world, mut notifications) = with_stand_in();
    copied(&world, "github", 60);
    notifications.expect("Code for GitHub");
    notifications.process().kill();
    until("the name to be free", LIMIT, || {
        (!harness::bus::has_owner(&world, "org.freedesktop.Notifications")).then_some(())
    });
    copied(&world, "github", 60);
    let mut notifications = Notifications::start(&world);
    copied(&world, "github", 60);
    let told = notifications.expect("Code for GitHub");
    assert!(
        told.text.contains("Notify \"countersign\" 0 "),
        "the number of another server's means nothing here: {told:?}"
    );
}
