//! The large code on real desktops: read off the screen by OCR, as a person across the room would.

use std::{io::Write, path::Path};

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
    match world.environment().contains_key("WAYLAND_DISPLAY") {
        true => world.picture(name),
        false => world.picture_of(&world.window(TITLE), name),
    }
}

/// Reads what is written in letters of that many pixels or so; what is much larger or smaller is not seen.
fn read(world: &World, picture: &Path, width: u32) -> String {
    let small = picture.with_extension("small.png");
    world.cmd("convert").arg(picture).args(["-resize", &format!("{width}x")]).arg(&small).ok();
    world.cmd("tesseract").arg(&small).args(["-", "--psm", "6"]).env("OMP_THREAD_LIMIT", "1").ok()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn a_large_code_is_read_off_the_screen_and_goes_over_into_the_next() {
    for world in sessions() {
        let quick = account(&world, "Quick", "&period=20");
        let mut shown = open(&world, "quick");
        // Read within one step, it is the code of that step and no other.
        let code_of_now = || {
            let before = unix_now() / 20;
            let read = digits(&read(&world, &picture(&world, "large-code"), 300));
            (before == unix_now() / 20 && read == oathtool(&world, &quick, 20, before)).then_some(before)
        };
        let first = until("the code", LIMIT, code_of_now);
        let words = until("the time in words", LIMIT, || {
            let words = read(&world, &picture(&world, "large-words"), 600);
            words.contains("seconds left").then_some(words)
        });
        assert!(words.contains("Quick") && words.contains("alice"), "{words}");
        until("the next one, in the last seconds", LIMIT, || {
            let before = unix_now() / 20;
            let words = read(&world, &picture(&world, "large-next"), 600);
            let next = digits(words.split_once("next")?.1);
            (before == unix_now() / 20 && next == oathtool(&world, &quick, 20, before + 1)).then_some(())
        });
        until("a later code", LIMIT, || (code_of_now()? > first).then_some(()));
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
        world.xdotool(&[
            "windowmove",
            &id,
            "0",
            "0",
            "windowsize",
            "--sync",
            &id,
            &width.to_string(),
            &height.to_string(),
        ]);
        let name = format!("large-code-{width}x{height}");
        // As wide as tesseract likes its digits: some 40 pixels high.
        let pixels = if width > 3 * height { 600 } else { 200 };
        until(&name, LIMIT, || digits(&read(&world, &picture(&world, &name), pixels)).starts_with(&code).then_some(()));
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
    let code = || {
        let read = world.cmd("tesseract").reveals().env("OMP_THREAD_LIMIT", "1");
        let small = world.dir().join("pictures/small.png");
        let large = picture(&world, "large-counter");
        world.cmd("convert").arg(large).args(["-resize", "300x"]).arg(&small).ok();
        digits(&read.arg(&small).args(["-", "--psm", "6"]).ok())
    };
    until("the code", LIMIT, || (code() == of("7")).then_some(()));
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
        let read = read(&world, &picture(&world, "large-pin"), 300);
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
