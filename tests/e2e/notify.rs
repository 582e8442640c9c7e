//! A hotkey: a real key press starts a scan, and the result is a notification with buttons.

use std::fs;

use countersign_api::{
    BUS_NAME, PATH, ROOT,
    types::{Candidate, KeepOptions, ScanOptions},
};
use harness::{
    Client, Process, World,
    notifications::{Notification, Notifications},
    samples::{self, Account},
    site::Site,
    tests, until,
    wait::{LIMIT, unix_now},
};
use serde_json::Value;

use crate::scan::export_part;

tests![
    a_key_press_keeps_the_account_on_the_screen,
    a_key_press_explains_a_one_time_qr,
    a_held_key_starts_one_scan,
    the_buttons_of_kept_copy_and_confirm,
    it_was_refused_leads_to_the_code_that_the_site_wants,
    when_all_was_refused_nothing_has_changed,
    what_is_gone_or_locked_away_has_no_buttons_left,
    undo_takes_back_what_its_notification_showed_and_nothing_else,
    a_lock_undoes_nothing_and_leaves_nothing_to_undo,
    undo_leaves_a_secret_that_took_the_place_of_the_kept_one,
    undo_of_an_export_leaves_what_was_there_before,
    the_buttons_of_a_one_time_qr_open_the_page_and_look_on,
    a_scan_by_any_program_is_shown,
    a_program_that_keeps_is_seen,
    an_impostor_is_told_and_not_kept,
    the_parts_of_an_export_on_one_screen_are_kept_as_one,
];

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

/// Returns the notifications that were closed.
fn history(world: &World) -> String {
    world.cmd("dunstctl").args(["history"]).run().out
}

/// Waits until a notification stands on the screen, and takes a picture.
fn shown_on_screen(world: &World, name: &str) {
    until("a notification on the screen", LIMIT, || {
        let count = world.cmd("dunstctl").args(["count", "displayed"]).run().out;
        count.trim().parse::<u32>().ok().filter(|count| *count > 0)
    });
    world.still_picture(name);
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
    let _viewer = show(&world, &github.uri());
    press(&world, "0");
    assert_eq!(world.cli(&["code", "github", "--at", "59"]).ok(), world.oathtool(&github.secret, 59));
    let code = world.oathtool(&github.secret, harness::wait::unix_now());
    // Closed ones lie in the history, where their text can be read.
    shown_on_screen(&world, "notification-kept");
    world.cmd("dunstctl").arg("close-all").ok();
    let told = until("the notification", LIMIT, || Some(history(&world)).filter(|text| text.contains("GitHub")));
    assert!(!told.contains(&code), "a code stands in a notification");
}

fn a_key_press_explains_a_one_time_qr() {
    let world = world_with_hotkey();
    let secret = samples::secret();
    world.witness().plant_key("the key of the page", &secret);
    let mut site = Site::start(&world, &secret, "mfa");
    let _browser = world.browse(&site.url);
    site.next_page();
    press(&world, "11");
    shown_on_screen(&world, "notification-one-time");
    world.cmd("dunstctl").arg("close-all").ok();
    let told = until("the notification", LIMIT, || Some(history(&world)).filter(|text| text.contains("Microsoft")));
    assert!(!told.contains("314159265") && !told.contains("activatev2"), "the link stands in a notification:\n{told}");
    assert_eq!(world.cli(&["list"]).ok(), "");
}

fn a_held_key_starts_one_scan() {
    let world = world_with_hotkey();
    let github = samples::github();
    world.witness().plant_key("the key on the screen", &github.secret);
    let _viewer = show(&world, &github.uri());
    for _ in 0..6 {
        world.press("ctrl+alt+q");
    }
    press(&world, "0");
    let list = world.cli(&["list"]).ok();
    assert_eq!(list.lines().count(), 1, "one QR, one account, however long the key is held:\n{list}");
}

/// Shows a QR on the screen.
fn show(world: &World, text: &str) -> Process {
    let picture = world.dir().join("tmp/shown.png");
    world.cmd("qrencode").args(["-s", "6", "-o"]).arg(&picture).stdin(text).ok();
    world.show_picture(&picture)
}

/// The buttons of a notification, at most two.
fn buttons(notification: &Notification) -> Vec<&'static str> {
    let all = ["Copy code", "It was refused", "It was accepted", "Undo", "Keep looking", "Open security page"];
    let found: Vec<&str> =
        all.into_iter().filter(|label| notification.text.contains(&format!("\"{label}\""))).collect();
    assert!(found.len() <= 2, "{notification:?}");
    found
}

/// Returns what `list --json` tells of the only account.
fn told(world: &World) -> Value {
    let list: Value = serde_json::from_str(&world.cli(&["list", "--json"]).ok()).unwrap();
    list[0].clone()
}

fn the_buttons_of_kept_copy_and_confirm() {
    let world = World::build().display().vault().start();
    let mut notifications = Notifications::start(&world);
    let github = planted(&world, "GitHub");
    let kept = keep(&world, &mut notifications, &github.uri(), "Kept GitHub – alice");
    assert_eq!(buttons(&kept), ["Copy code", "It was refused"]);
    let step = unix_now() / 30;
    notifications.press(&world, &kept, "Copy code");
    let copied = world.pasted_code();
    assert!([step, step + 1, step + 2].map(|step| world.oathtool(&github.secret, step * 30)).contains(&copied));
    let asked = notifications.expect("Code copied: GitHub – alice");
    assert_eq!(buttons(&asked), ["It was refused", "It was accepted"]);
    assert!(!kept.text.contains(&copied) && !asked.text.contains(&copied), "a code stands in a notification");
    assert_eq!(told(&world)["confirmed"], false);
    notifications.press(&world, &asked, "It was accepted");
    notifications.expect("Confirmed: GitHub – alice");
    assert_eq!(told(&world)["confirmed"], true);
    // What is proven has nothing to be asked about.
    let again = keep(&world, &mut notifications, &github.uri(), "GitHub – alice is kept already");
    assert_eq!(buttons(&again), ["Copy code"]);
}

/// The server behind the page takes SHA-1, whatever its QR says.
fn it_was_refused_leads_to_the_code_that_the_site_wants() {
    let world = World::build().display().vault().start();
    let mut notifications = Notifications::start(&world);
    let github = planted(&world, "GitHub");
    let uri = github.uri_with("&algorithm=SHA256");
    let kept = keep(&world, &mut notifications, &uri, "Kept GitHub – alice");
    notifications.press(&world, &kept, "Copy code");
    let first = world.pasted_code();
    let asked = notifications.expect("Code copied");
    notifications.press(&world, &asked, "It was refused");
    let another = notifications.expect("Try another code: GitHub – alice");
    assert!(another.text.contains("computed with SHA-1"), "{another:?}");
    assert_eq!(buttons(&another), ["Copy code", "It was refused"]);
    let step = unix_now() / 30;
    notifications.press(&world, &another, "Copy code");
    let asked = notifications.expect("Code copied");
    let copied = world.pasted_code();
    assert!([step, step + 1, step + 2].map(|step| world.oathtool(&github.secret, step * 30)).contains(&copied));
    assert_ne!(copied, first);
    assert_eq!(told(&world)["algorithm"], "SHA256", "nothing changes before the page has said so");
    notifications.press(&world, &asked, "It was accepted");
    notifications.expect("countersign undo takes that back");
    assert_eq!((&told(&world)["algorithm"], &told(&world)["confirmed"]), (&"SHA1".into(), &true.into()));
}

fn when_all_was_refused_nothing_has_changed() {
    let world = World::build().display().vault().start();
    let mut notifications = Notifications::start(&world);
    let github = planted(&world, "GitHub");
    let mut shown = keep(&world, &mut notifications, &github.uri(), "Kept GitHub – alice");
    for words in ["of 8 digits", "clock were fast", "clock were slow"] {
        notifications.press(&world, &shown, "It was refused");
        shown = notifications.expect(words);
        assert_eq!(buttons(&shown), ["Copy code", "It was refused"]);
    }
    notifications.press(&world, &shown, "It was refused");
    let end = notifications.expect("No other code to try: GitHub – alice");
    assert!(buttons(&end).is_empty() && end.text.contains("timedatectl"), "{end:?}");
    let told = told(&world);
    assert_eq!((&told["digits"], &told["confirmed"]), (&6.into(), &false.into()));
}

/// The name of an account on the screen, and a button that leads nowhere, were there until somebody closed them.
fn what_is_gone_or_locked_away_has_no_buttons_left() {
    let world = World::build().display().vault().start();
    let mut notifications = Notifications::start(&world);
    let github = planted(&world, "GitHub");
    let kept = keep(&world, &mut notifications, &github.uri(), "Kept GitHub");
    world.cli(&["remove", "--yes", "github"]).ok();
    notifications.expect_withdrawn(&kept);
    let kept = keep(&world, &mut notifications, &github.uri(), "Kept GitHub");
    world.cli(&["lock"]).ok();
    notifications.expect_withdrawn(&kept);
}

/// Keeps the account on the screen by a hotkey's scan, and returns the notification that says so.
fn keep(world: &World, notifications: &mut Notifications, uri: &str, says: &str) -> Notification {
    let _viewer = show(world, uri);
    until("the picture is seen", LIMIT, || (world.cli(&["scan", "--notify"]).run().code == 0).then_some(()));
    notifications.expect(says)
}

fn issuers(world: &World) -> String {
    let list: Value = serde_json::from_str(&world.cli(&["list", "--json"]).ok()).unwrap();
    let issuers: Vec<&str> = list.as_array().unwrap().iter().map(|one| one["issuer"].as_str().unwrap()).collect();
    issuers.join(" ")
}

/// The second notification takes the place of the first, and both wait for their buttons under one number.
fn undo_takes_back_what_its_notification_showed_and_nothing_else() {
    let world = World::build().display().vault().start();
    let mut notifications = Notifications::start(&world);
    let [first, second, third] = ["First", "Second", "Third"].map(|issuer| planted(&world, issuer));
    keep(&world, &mut notifications, &export_of(&first), "Kept First");
    let kept = keep(&world, &mut notifications, &export_of(&second), "Kept Second");
    // What else is done meanwhile is not what the button stands for, not even to the same account.
    world.add(&third);
    world.cli(&["edit", "second", "--name", "bob"]).ok();
    notifications.press(&world, &kept, "Undo");
    until("the undoing", LIMIT, || (!issuers(&world).contains("Second")).then_some(()));
    world.cli(&["restore", "second"]).ok();
    assert_eq!(issuers(&world), "First Second Third");
    assert!(world.cli(&["list"]).ok().contains("bob"));
}

fn a_lock_undoes_nothing_and_leaves_nothing_to_undo() {
    let world = World::build().display().vault().start();
    let mut notifications = Notifications::start(&world);
    let github = planted(&world, "GitHub");
    let kept = keep(&world, &mut notifications, &export_of(&github), "Kept GitHub");
    world.cli(&["lock"]).ok();
    notifications.expect_withdrawn(&kept);
    // A server that is slow to withdraw: the button leads nowhere.
    notifications.press_withdrawn(&world, &kept, "Undo");
    world.unlock();
    assert_eq!(issuers(&world), "GitHub");
}

fn undo_leaves_a_secret_that_took_the_place_of_the_kept_one() {
    let world = World::build().display().vault().start();
    let mut notifications = Notifications::start(&world);
    let (first, second) = (planted(&world, "GitHub"), planted(&world, "GitHub"));
    let kept = keep(&world, &mut notifications, &export_of(&first), "Kept GitHub");
    world.cli(&["add", "-", "--replace"]).stdin(second.uri()).ok();
    notifications.press(&world, &kept, "Undo");
    let told = notifications.expect("That did not work");
    assert!(told.text.contains("another secret"), "{told:?}");
    assert_eq!(world.cli(&["code", "github", "--at", "59"]).ok(), world.oathtool(&second.secret, 59));
}

fn undo_of_an_export_leaves_what_was_there_before() {
    let world = World::build().display().vault().start();
    let mut notifications = Notifications::start(&world);
    let accounts = ["Old", "New", "Newer"].map(|issuer| planted(&world, issuer));
    world.add(&accounts[0]);
    let kept = keep(&world, &mut notifications, &export_part(&accounts, 0, 1), "Kept 3 accounts");
    assert_eq!(issuers(&world), "New Newer Old");
    notifications.press(&world, &kept, "Undo");
    until("the undoing", LIMIT, || (issuers(&world) == "Old").then_some(()));
    world.cli(&["undo"]).ok();
    assert_eq!(issuers(&world), "New Newer Old", "what one button did is one change");
}

/// An export of one account: what it holds has been in use, and needs no proof.
fn export_of(account: &Account) -> String {
    export_part(std::slice::from_ref(account), 0, 1)
}

fn planted(world: &World, issuer: &str) -> Account {
    let account = Account::new(issuer, "alice");
    world.witness().plant_key(&format!("the key of {issuer}"), &account.secret);
    account
}

fn the_buttons_of_a_one_time_qr_open_the_page_and_look_on() {
    let world = World::build().display().vault().start();
    let opened = world.dir().join("tmp/opened");
    world.write_program("xdg-open", &format!("echo \"$@\" >{}", opened.display()));
    let mut notifications = Notifications::start(&world);
    let secret = samples::secret();
    world.witness().plant_key("the key of the page", &secret);
    let mut site = Site::start(&world, &secret, "mfa");
    let _browser = world.browse(&site.url);
    let first = site.next_page();
    world.cli(&["scan", "--notify"]).fails(11);
    let told = notifications.expect("Microsoft");
    assert!(!told.text.contains("314159265") && !told.text.contains("activatev2"), "{told:?}");
    notifications.press(&world, &told, "Open security page");
    let page = until("the page", LIMIT, || fs::read_to_string(&opened).ok().filter(|text| text.ends_with('\n')));
    assert_eq!(page, "https://mysignins.microsoft.com/security-info\n", "the plain page, and nothing from the QR");

    world.cli(&["scan", "--notify"]).fails(11);
    let told = notifications.expect("Microsoft");
    notifications.press(&world, &told, "Keep looking");
    world.click(first.button.0, first.button.1);
    site.next_page();
    notifications.expect("Kept Microsoft");
    assert_eq!(world.cli(&["code", "microsoft", "--at", "59"]).ok(), world.oathtool(&secret, 59));
}

/// A program that scans behind the person's back is seen.
fn a_scan_by_any_program_is_shown() {
    let world = World::build().display().vault().start();
    let mut notifications = Notifications::start(&world);
    let scanner = format!("{ROOT}.Scanner1");
    let display = world.display().name.clone();
    let scan = ["--user", "call", BUS_NAME, PATH, &scanner, "ScanScreen", "a{sv}", "1", "display", "s", &display];
    world.cmd("busctl").args(scan).ok();
    notifications.expect("The screen was looked at");
}

/// What a program keeps over the bus has no terminal to be told on.
fn a_program_that_keeps_is_seen() {
    let world = World::build().display().vault().start();
    let mut notifications = Notifications::start(&world);
    let github = planted(&world, "GitHub");
    let _viewer = show(&world, &github.uri());
    let client = Client::bus(&world);
    let screen = || ScanOptions { display: Some(world.display().name.clone()), ..ScanOptions::default() };
    let id = until("the picture is seen", LIMIT, || {
        let found = client.wait(client.scanner().scan_screen(screen().into())).unwrap();
        found.into_iter().map(Candidate::from).next().map(|one| one.id)
    });
    client.wait(client.scanner().keep(&id, KeepOptions::default().into())).unwrap();
    let kept = notifications.expect("Kept GitHub – alice");
    assert_eq!(buttons(&kept), ["Copy code", "It was refused"]);
    notifications.press(&world, &kept, "It was refused");
    notifications.expect("Try another code: GitHub – alice");
}

/// A QR in an advertisement beside the real page, say: what only looks like Microsoft is never kept unasked.
fn an_impostor_is_told_and_not_kept() {
    let world = World::build().display().vault().start();
    let mut notifications = Notifications::start(&world);
    let impostor = Account::new("Micr\u{43e}soft", "alice");
    world.witness().plant_key("the key of the impostor", &impostor.secret);
    let viewer = show(&world, &impostor.uri());
    world.cli(&["scan", "--notify"]).fails(5);
    assert!(notifications.expect("looks like Microsoft").text.contains("Not kept"));
    // Asked on a terminal the person is warned, and decides.
    world.tty(&["scan"]).expect("looks like Microsoft, and is not").expect("Keep it?").line("n").ends(5);
    drop(viewer);
    let export = [Account::new("GitHub", "alice"), Account::new("Paypa1", "alice")];
    for one in &export {
        world.witness().plant_key("a key of an export", &one.secret);
    }
    let _viewer = show(&world, &export_part(&export, 0, 1));
    world.cli(&["scan", "--notify"]).fails(5);
    notifications.expect("looks like PayPal");
    world.tty(&["scan"]).expect("this looks like PayPal").expect("Keep it?").line("n").ends(5);
    assert_eq!(world.cli(&["list"]).ok(), "");
}

fn the_parts_of_an_export_on_one_screen_are_kept_as_one() {
    let world = World::build().display().vault().start();
    let mut notifications = Notifications::start(&world);
    let accounts = ["One", "Two"].map(|issuer| Account::new(issuer, "alice"));
    for one in &accounts {
        world.witness().plant_key("a key of an export", &one.secret);
    }
    let code = |index: u8, name: &str| {
        let path = world.dir().join(format!("tmp/{name}.png"));
        let text = export_part(&accounts[usize::from(index)..][..1], index, 2);
        world.cmd("qrencode").args(["-s", "4", "-o"]).arg(&path).stdin(text).ok();
        path
    };
    let both = world.dir().join("tmp/both.png");
    let (first, second) = (code(0, "first"), code(1, "second"));
    let joined =
        world.cmd("convert").args([&second, &first]).args(["+append", "-bordercolor", "white", "-border", "40"]);
    joined.arg(&both).ok();
    let _viewer = world.show_picture(&both);
    world.cli(&["scan", "--notify"]).ok();
    notifications.expect("Kept 2 accounts");
    assert_eq!(world.cli(&["list"]).ok().lines().count(), 2);
}
