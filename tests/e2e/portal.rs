//! Seeing through the desktop's portal: the real frontend, over the real back end of wlroots and over a stand-in for the
//! desktop that denies, delays, never answers and dies.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    time::{Duration, Instant},
};

use countersign_api::types::ScanOptions;
use harness::{Client, Process, World, portal::Desktop, programs, samples::Account, tests, until, wait::LIMIT};

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
    looking_on_asks_once,
    a_cast_tells_where_the_screen_stands,
    a_token_of_another_time_only_asks_again,
    a_no_to_a_cast_is_told_and_not_remembered,
    a_desktop_that_forgets_is_said_to_ask_each_time,
    a_cast_without_pictures_is_followed_by_screenshots,
    allowed_screenshots_need_no_cast,
    each_look_that_asks_is_announced_once_and_has_its_time,
    without_its_program_nothing_is_cast,
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

/// Makes a world whose desktop casts its screen in that way and allows no screenshots.
fn casting(cast: &'static str) -> (World, Process) {
    let mut world = World::build().vault().start();
    let picture = page(&world);
    let stand_in = world.start_casting_portal(Desktop { access: "no", ..GOOD }, cast, &picture);
    (world, stand_in)
}

/// Looks once, as one look of many.
fn look_on(world: &World) -> Result<usize, &'static str> {
    scan(world, ScanOptions { looks_on: Some(true), ..caller() })
}

fn asked(stand_in: &Process) -> Vec<String> {
    stand_in.out.text().lines().filter(|line| *line != "ready").map(str::to_owned).collect()
}

fn remembered(world: &World) -> PathBuf {
    world.dir().join("state/countersign/screen-cast")
}

/// Returns what the examination says of looking on.
fn looking_on(world: &World) -> String {
    let told = world.cli(&["doctor", "capture"]).ok();
    told.lines().find_map(|line| line.strip_prefix("Looking on (scan --wait): ")).unwrap().to_owned()
}

fn looking_on_asks_once() {
    let (mut world, stand_in) = casting("token");
    assert!(looking_on(&world).starts_with("asks once"));
    assert_eq!((look_on(&world), look_on(&world)), (Ok(1), Ok(1)));
    assert_eq!(asked(&stand_in), ["cast asked token", "cast closed", "cast restored token", "cast closed"]);
    assert_eq!(fs::metadata(remembered(&world)).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(looking_on(&world).starts_with("asks nothing"));
    let token = fs::read_to_string(remembered(&world)).unwrap();
    let told = world.cli(&["scan", "--wait", "--json"]).run();
    assert!(told.code == 0 && told.err.is_empty(), "nothing is asked, so nothing is said: {told:?}");
    assert!(!world.daemon().err.text().contains(&token), "the token is logged");
    assert_eq!(left_behind(&world), 0, "no screenshot was taken");
}

fn a_cast_tells_where_the_screen_stands() {
    let (world, _stand_in) = casting("token");
    let run = world.cmd(&programs::ours("countersign-scan")).arg("--looks-on").reveals().run();
    let told: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let screen = &told["screen"];
    // The stand-in's screen is 400 units wide, and begins at 100.
    let scale = screen["width"].as_f64().unwrap() / 400.0;
    assert_eq!((screen["x"].as_i64(), screen["scale"].as_f64().unwrap() as f32), (Some(100), scale as f32), "{told}");
}

fn a_token_of_another_time_only_asks_again() {
    let (world, stand_in) = casting("token");
    for token in ["no token of this portal", "1b4e28ba-2fa1-11d2-883f-0016d3cca427"] {
        fs::create_dir_all(remembered(&world).parent().unwrap()).unwrap();
        fs::write(remembered(&world), token).unwrap();
        assert_eq!(look_on(&world), Ok(1), "{token}");
        assert_ne!(fs::read_to_string(remembered(&world)).unwrap(), token);
    }
    assert_eq!(asked(&stand_in).iter().filter(|line| *line == "cast asked token").count(), 2);
}

fn a_no_to_a_cast_is_told_and_not_remembered() {
    let (world, stand_in) = casting("cancel");
    assert_eq!(look_on(&world), Err("CaptureDenied"));
    assert_eq!(asked(&stand_in)[0], "cast asked cancel");
    assert!(!asked(&stand_in).iter().any(|line| line.starts_with("screenshot")), "a no is not asked about twice");
    assert!(!remembered(&world).exists());
}

fn a_desktop_that_forgets_is_said_to_ask_each_time() {
    let (world, stand_in) = casting("forgets");
    assert_eq!((look_on(&world), look_on(&world)), (Ok(1), Ok(1)));
    let casts = asked(&stand_in).iter().filter(|line| *line == "cast asked forgets").count();
    assert_eq!(casts, 2);
    assert!(looking_on(&world).starts_with("asks at each look"));
}

fn a_cast_without_pictures_is_followed_by_screenshots() {
    let (world, stand_in) = casting("broken");
    assert_eq!((look_on(&world), look_on(&world)), (Ok(1), Ok(1)));
    let asked = asked(&stand_in);
    assert_eq!(
        asked.iter().filter(|line| line.starts_with("cast asked")).count(),
        1,
        "it is not tried again: {asked:?}"
    );
    assert_eq!(asked.iter().filter(|line| *line == "screenshot dialog picture").count(), 2, "{asked:?}");
    assert!(looking_on(&world).contains("gave no picture"));
}

fn allowed_screenshots_need_no_cast() {
    let mut world = World::build().vault().start();
    let picture = page(&world);
    let stand_in = world.start_casting_portal(GOOD, "token", &picture);
    assert_eq!((scan(&world, caller()), look_on(&world)), (Ok(1), Ok(1)));
    assert_eq!(asked(&stand_in), ["access yes", "screenshot quiet picture", "screenshot quiet picture"]);
    assert!(looking_on(&world).contains("screenshots are allowed"));
}

fn each_look_that_asks_is_announced_once_and_has_its_time() {
    let mut world = World::build().vault().start();
    let blank = world.dir().join("tmp/blank.png");
    world.cmd("convert").args(["-size", "400x300", "xc:white"]).arg(&blank).ok();
    let stand_in = world.start_portal(Desktop { access: "no", ..GOOD }, &blank);
    let begun = Instant::now();
    let mut scan = world.tty(&["scan", "--wait=600"]);
    scan.expect("Each look asks you anew here (the desktop's portal has no screen casts)").expect("10 s between");
    let dialogs = || asked(&stand_in).iter().filter(|line| *line == "screenshot dialog picture").count();
    until("the second dialog", LIMIT, || (dialogs() == 2).then_some(()));
    assert!(begun.elapsed() >= Duration::from_secs(10), "{:?}", begun.elapsed());
    scan.interrupt().ends(130);
    assert_eq!(scan.shown().matches("Each look asks").count(), 1);
}

fn without_its_program_nothing_is_cast() {
    let (world, stand_in) = casting("token");
    let alone = world.dir().join("bin/countersign-scan");
    world.cmd("cp").arg(programs::ours("countersign-scan")).arg(&alone).ok();
    let doctor = || world.cmd(alone.to_str().unwrap()).arg("--doctor").ok();
    assert!(doctor().contains("asks at each look (countersign-capture-pipewire is missing"), "{}", doctor());
    world.write_program("countersign-capture-pipewire", "exit 127");
    assert!(doctor().contains("install libpipewire-0.3-0"), "{}", doctor());
    assert_eq!(world.cmd(alone.to_str().unwrap()).arg("--looks-on").reveals().run().code, 0);
    assert!(!asked(&stand_in).iter().any(|line| line.starts_with("cast")), "{:?}", asked(&stand_in));
}
