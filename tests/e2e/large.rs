//! The large code on real desktops: read off the screen by OCR, as a person across the room would.

use std::{io::Write, path::Path, time::Duration};

use harness::{
    Process, World, programs,
    samples::Account,
    tests, until,
    wait::{LIMIT, unix_now},
};

tests![
    a_large_code_is_read_off_the_screen_and_goes_over_into_the_next,
    a_large_code_fills_windows_of_any_shape,
    a_large_code_closes_by_a_key_at_a_lock_and_with_its_time,
    a_large_code_of_a_counter_is_used_up_once,
    a_large_code_asks_for_a_pin_that_is_not_kept,
    without_a_display_no_counter_is_advanced,
];

/// A session with an X server, and one with a Wayland compositor alone.
fn sessions() -> [World; 2] {
    programs::ours("countersign-window");
    [World::build().display().vault().start(), World::build().wayland().vault().start()]
}

/// Adds an account whose key is watched for.
fn account(world: &World, issuer: &str, more: &str) -> Account {
    let account = Account::new(issuer, "alice");
    world.witness().plant_key(&format!("the key of {issuer}"), &account.secret);
    world.add_uri(&account.uri_with(more));
    account
}

fn open(world: &World, name: &str) -> Process {
    programs::ours("countersign-window");
    world.cli(&["code", "--large", name]).spawn()
}

/// Returns the code of a time as oathtool has it.
fn oathtool(world: &World, account: &Account, period: u64, step: u64) -> String {
    let args = ["-b".to_owned(), "--totp".into(), "-s".into(), format!("{period}s"), "-N".into()];
    let at = format!("@{}", step * period);
    world.cmd("oathtool").args(args).args([&at, "-"]).stdin(account.secret.as_str()).ok().trim().to_owned()
}

/// Takes a picture of the window, or of the screen that it fills.
fn picture(world: &World, name: &str) -> std::path::PathBuf {
    if world.environment().contains_key("WAYLAND_DISPLAY") {
        return world.picture(name);
    }
    world.picture_of(&world.window(TITLE), name)
}

/// Reads what is written in a part of a picture, shrunk to that width: letters of some 20 to 40 pixels are read best.
fn read(world: &World, picture: &Path, part: &str, width: u32) -> String {
    let small = picture.with_extension("small.png");
    let resize = ["-gravity", "South", "-crop", part, "+repage", "-resize", &format!("{width}x")];
    world.cmd("convert").arg(picture).args(resize).arg(&small).ok();
    let reader = world.cmd("tesseract").reveals().env("OMP_THREAD_LIMIT", "1");
    reader.arg(&small).args(["-", "--psm", "6"]).ok()
}

/// Whether a code stands there in large letters.
fn shows(world: &World, picture: &Path, code: &str) -> bool {
    [300, 200, 150, 600]
        .into_iter()
        .any(|width| read(world, picture, "100%x100%", width).replace(GAPS, "").contains(code))
}

fn a_large_code_is_read_off_the_screen_and_goes_over_into_the_next() {
    for world in sessions() {
        let quick = account(&world, "Quick", "&period=30");
        let mut shown = open(&world, "quick");
        // Read within one step, it is the code of that step and no other.
        let code_of_now = || {
            let step = unix_now() / 30;
            let shown = shows(&world, &picture(&world, "large-code"), &oathtool(&world, &quick, 30, step));
            (shown && step == unix_now() / 30).then_some(step)
        };
        let first = until("the code", PATIENCE, code_of_now);
        let words = until("the time in words", PATIENCE, || {
            let words = read(&world, &picture(&world, "large-words"), "100%x100%", 600);
            words.contains("seconds left").then_some(words)
        });
        assert!(words.contains("Quick") && words.contains("alice"), "{words}");
        until("the next one, in the last seconds", PATIENCE, || {
            let step = unix_now() / 30;
            let words = read(&world, &picture(&world, "large-next"), "100%x30%", 600);
            let next = words.split_once("next")?.1.lines().next()?.replace(GAPS, "");
            (next == oathtool(&world, &quick, 30, step + 1) && step == unix_now() / 30).then_some(())
        });
        until("a later code", PATIENCE, || (code_of_now()? > first).then_some(()));
        assert!(shown.runs());
    }
}

fn a_large_code_fills_windows_of_any_shape() {
    let world = World::build().display().vault().start();
    let slow = account(&world, "Slow", "&period=86400&digits=8");
    let code = oathtool_of_day(&world, &slow);
    let _shown = open(&world, "slow");
    let id = world.window(TITLE);
    for (width, height) in [(200, 200), (300, 900), (1000, 180), (1600, 1000)] {
        let size = [width, height].map(|pixels: i32| pixels.to_string());
        world.xdotool(&["windowmove", &id, "0", "0", "windowsize", "--sync", &id, &size[0], &size[1]]);
        let name = format!("large-code-{width}x{height}");
        until(&name, PATIENCE, || shows(&world, &picture(&world, &name), &code).then_some(()));
    }
}

fn oathtool_of_day(world: &World, account: &Account) -> String {
    let at = format!("@{}", unix_now());
    let args = ["-b", "--totp", "-d", "8", "-s", "86400s", "-N", &at, "-"];
    world.cmd("oathtool").args(args).stdin(account.secret.as_str()).ok().trim().to_owned()
}

fn a_large_code_closes_by_a_key_at_a_lock_and_with_its_time() {
    let world = World::build().display().vault().start();
    account(&world, "Slow", "&period=3600");
    for key in ["Escape", "q"] {
        let mut shown = open(&world, "slow");
        world.window(TITLE);
        world.press(key);
        assert_eq!(shown.exit_code(LIMIT), 0, "{key}");
    }
    let mut shown = open(&world, "slow");
    world.window(TITLE);
    world.cli(&["lock"]).ok();
    assert_eq!(shown.exit_code(LIMIT), 4);
    assert!(shown.err.to_end(LIMIT).contains("locked"));

    let mut window = world.cmd(&programs::ours("countersign-window")).spawn_piped();
    let mut pipe = window.stdin();
    pipe.write_all(b"show code\nseconds 1\ncode 123 456\n\n").unwrap();
    assert_eq!(window.exit_code(LIMIT), 0, "{}", window.err.text());
    let mut window = world.cmd(&programs::ours("countersign-window")).spawn_piped();
    let mut pipe = window.stdin();
    pipe.write_all(b"show code\ncode 123 456\n\n").unwrap();
    world.window(TITLE);
    pipe.write_all(b"code nonsense!\n\n").unwrap();
    assert_eq!(window.exit_code(LIMIT), 2);
    assert!(!window.err.to_end(LIMIT).contains("nonsense"), "it repeats what may be a secret");
}

fn a_large_code_of_a_counter_is_used_up_once() {
    let world = World::build().display().vault().start();
    let counted = Account::new("Counted", "alice");
    world.witness().plant_key("the key of Counted", &counted.secret);
    world.add_uri(&counted.uri_with("&counter=7&digits=8").replace("totp", "hotp"));
    let of = |counter: &str| {
        let args = ["-b", "-d", "8", "-c", counter, "-"];
        world.cmd("oathtool").args(args).stdin(counted.secret.as_str()).reveals().ok().trim().to_owned()
    };
    // No output, argument or environment holds it: only the picture.
    world.witness().plant("the code of the counter", &of("7"));
    let mut shown = open(&world, "counted");
    world.window(TITLE);
    until("the code", PATIENCE, || shows(&world, &picture(&world, "large-counter"), &of("7")).then_some(()));
    world.press("q");
    assert_eq!(shown.exit_code(LIMIT), 0);
    assert_eq!(world.cli(&["code", "counted"]).ok(), of("8"));
}

fn a_large_code_asks_for_a_pin_that_is_not_kept() {
    let world = World::build().display().vault().start();
    programs::ours("countersign-window");
    world.witness().plant("the key of mOTP", "e3152afee62599c8");
    world.add_uri("motp://Acme:alice?secret=e3152afee62599c8");
    let mut tty = world.tty(&["code", "--large", "acme"]);
    tty.expect("PIN of this account");
    tty.secret("1234");
    world.window(TITLE);
    until("a code", LIMIT, || {
        let read = read(&world, &picture(&world, "large-pin"), "100%x100%", 300);
        (read.chars().filter(char::is_ascii_alphanumeric).count() == 6).then_some(())
    });
    world.press("Escape");
    tty.ends(0);
}

fn without_a_display_no_counter_is_advanced() {
    let world = World::build().vault().start();
    programs::ours("countersign-window");
    let counted = Account::new("Counted", "alice");
    world.witness().plant_key("the key of Counted", &counted.secret);
    world.add_uri(&counted.uri_with("&counter=7").replace("totp", "hotp"));
    let run = world.cli(&["code", "--large", "counted"]).fails(2);
    assert!(run.err.contains("leave out --large") && run.out.is_empty(), "{run:?}");
    let expected = world.cmd("oathtool").args(["-b", "-c", "7", "-"]).stdin(counted.secret.as_str()).ok();
    assert_eq!(world.cli(&["code", "counted"]).ok(), expected.trim());
}

const TITLE: &str = "^Code";
/// Several codes long: reading a picture takes seconds on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);
const GAPS: [char; 2] = [' ', '\n'];
