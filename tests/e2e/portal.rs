//! Seeing through the desktop's portal: the real frontend, over the real back end of wlroots and over a stand-in for the
//! desktop that denies, delays, never answers and dies.

use std::{fs, path::PathBuf};

use countersign_api::types::ScanOptions;
use harness::{Client, World, portal::Desktop, samples::Account, tests, wait::LIMIT};

tests![
    the_portal_of_wlroots_shows_all_screens,
    the_portals_picture_is_deleted_at_once,
    a_broken_picture_is_deleted_too,
    a_refusal_is_followed_by_the_dialog,
    a_no_in_the_dialog_is_told_as_one,
    a_portal_that_fails_is_told,
    a_portal_that_dies_is_told,
    a_portal_that_never_answers_is_given_up_on,
    a_slow_answer_is_waited_for,
    an_answer_after_the_deadline_is_not_waited_for,
    an_answer_at_the_second_time_is_taken,
    a_frame_is_drawn_in_the_dialog,
    without_a_portal_the_error_says_so,
];

const GOOD: Desktop = Desktop { access: "yes", quiet: "picture", dialog: "picture" };

fn page(world: &World) -> PathBuf {
    let account = Account::new("GitHub", "alice");
    world.witness().plant_key("the key of GitHub", &account.secret);
    let path = world.dir().join("tmp/page.png");
    world.cmd("qrencode").args(["-s", "5", "-o"]).arg(&path).stdin(account.uri()).ok();
    path
}

/// Returns the options of a caller whose session only a portal can see.
fn caller() -> ScanOptions {
    let text = |value: &str| Some(value.to_owned());
    ScanOptions { session_type: text("wayland"), current_desktop: text("standin"), ..ScanOptions::default() }
}

/// Asks over the bus; returns how many QRs were found, or the name of the error.
fn scan(world: &World, options: ScanOptions) -> Result<usize, &'static str> {
    let client = Client::bus(world);
    client.wait(client.scanner().scan_screen(options.into())).map(|found| found.len()).map_err(|error| error.id())
}

fn left_behind(world: &World) -> usize {
    fs::read_dir(world.screenshots()).unwrap().count()
}

/// Makes a world with such a desktop, scans in it, and returns what came of it and what the desktop was asked.
fn scan_on(desktop: Desktop) -> (Result<usize, &'static str>, Vec<String>) {
    let mut world = World::build().vault().start();
    let picture = page(&world);
    let mut stand_in = world.start_portal(desktop, &picture);
    let found = scan(&world, caller());
    assert_eq!(left_behind(&world), 0, "a picture of the screen was left behind");
    stand_in.kill();
    let asked = stand_in.out.to_end(LIMIT).lines().filter(|line| *line != "ready").map(str::to_owned).collect();
    (found, asked)
}

fn the_portal_of_wlroots_shows_all_screens() {
    let mut world = World::build().wayland().vault().start();
    let _page = world.hang_up("HEADLESS-2", &page(&world));
    world.start_wlroots_portal();
    // A caller that does not know the compositor: only the portal sees it.
    let told = world.cli(&["scan", "--yes"]).env_remove("WAYLAND_DISPLAY").ok();
    assert!(told.contains("Kept GitHub") && told.contains("on the screen"), "{told}");
    let doctor = world.cli(&["doctor", "capture"]).env_remove("WAYLAND_DISPLAY").ok();
    assert!(doctor.contains("by: portal") && doctor.contains("portal: works"), "{doctor}");
}

fn the_portals_picture_is_deleted_at_once() {
    let (found, asked) = scan_on(GOOD);
    assert_eq!((found, asked), (Ok(1), vec!["access yes".to_owned(), "screenshot quiet picture".into()]));
}

fn a_broken_picture_is_deleted_too() {
    let mut world = World::build().vault().start();
    let no_picture = world.dir().join("tmp/no-picture.png");
    fs::write(&no_picture, "no picture").unwrap();
    let _stand_in = world.start_portal(GOOD, &no_picture);
    assert_eq!(scan(&world, caller()), Err("CaptureNotPossible"));
    assert_eq!(left_behind(&world), 0);
    let run = world.cli(&["scan", "--no-wait"]).fails(12);
    assert!(!run.err.contains("Screenshot from"), "the name of the file is told: {run:?}");
    assert_eq!(left_behind(&world), 0);
    let log = world.daemon().err.text();
    assert!(!log.contains("Screenshot from"), "the name of the file is logged: {log}");
}

fn a_refusal_is_followed_by_the_dialog() {
    let (found, asked) = scan_on(Desktop { access: "no", ..GOOD });
    assert_eq!((found, asked), (Ok(1), vec!["access no".to_owned(), "screenshot dialog picture".into()]));
}

fn a_no_in_the_dialog_is_told_as_one() {
    let mut world = World::build().vault().start();
    let picture = page(&world);
    let _stand_in = world.start_portal(Desktop { access: "no", quiet: "picture", dialog: "cancel" }, &picture);
    assert_eq!(scan(&world, caller()), Err("CaptureDenied"));
    let run = world.cli(&["scan", "--no-wait"]).fails(12);
    assert!(run.err.contains("was not allowed") && run.err.contains("allow it when the desktop asks"), "{run:?}");
}

fn a_portal_that_fails_is_told() {
    let (found, asked) = scan_on(Desktop { quiet: "fail", dialog: "fail", ..GOOD });
    assert_eq!(found, Err("CaptureNotPossible"));
    assert_eq!(asked[1..], ["screenshot quiet fail", "screenshot dialog fail"]);
}

fn a_portal_that_dies_is_told() {
    let (found, asked) = scan_on(Desktop { quiet: "die", ..GOOD });
    assert_eq!((found, asked.len()), (Err("CaptureNotPossible"), 2));
}

fn a_portal_that_never_answers_is_given_up_on() {
    let (found, asked) = scan_on(Desktop { quiet: "silent", ..GOOD });
    assert_eq!(found, Err("CaptureNotPossible"));
    assert_eq!(asked[1..], ["screenshot quiet silent", "screenshot quiet silent"], "it is asked twice");
}

fn a_slow_answer_is_waited_for() {
    let (found, asked) = scan_on(Desktop { quiet: "late5", ..GOOD });
    assert_eq!((found, asked.len()), (Ok(1), 2), "it is asked once");
}

fn an_answer_after_the_deadline_is_not_waited_for() {
    let (found, asked) = scan_on(Desktop { quiet: "late60", ..GOOD });
    assert_eq!(found, Err("CaptureNotPossible"));
    assert_eq!(asked[1..], ["screenshot quiet late60", "screenshot quiet late60"], "it is asked twice");
}

/// A portal that was only just starting has been seen never to answer.
fn an_answer_at_the_second_time_is_taken() {
    let (found, asked) = scan_on(Desktop { quiet: "second", ..GOOD });
    assert_eq!((found, asked.len()), (Ok(1), 3));
}

fn a_frame_is_drawn_in_the_dialog() {
    let mut world = World::build().vault().start();
    let picture = page(&world);
    let stand_in = world.start_portal(Desktop { dialog: "picture", quiet: "fail", access: "no" }, &picture);
    assert_eq!(scan(&world, ScanOptions { region: Some(true), ..caller() }), Ok(1));
    let asked = "ready\nscreenshot dialog picture\n";
    stand_in.out.wait_for("only the dialog", LIMIT, |text| (text == asked).then_some(()));
    let one = ScanOptions { screen: Some("1".into()), ..caller() };
    assert_eq!(scan(&world, one), Err("InvalidArgument"), "it gives one picture of all screens");
}

fn without_a_portal_the_error_says_so() {
    let world = World::build().vault().start();
    assert_eq!(scan(&world, caller()), Err("NoPortal"));
    let scan = world.cli(&["scan", "--no-wait"]).env("XDG_SESSION_TYPE", "wayland").env("XDG_CURRENT_DESKTOP", "KDE");
    let run = scan.fails(12);
    assert!(run.err.contains("through a portal only") && run.err.contains("countersign doctor capture"), "{run:?}");
}
