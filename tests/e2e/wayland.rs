//! Seeing in a Wayland session: a real sway with two screens of different scale, and no X server.

use std::{fs, path::PathBuf};

use harness::{Process, World, samples::Account, tests, until, wait::LIMIT};
use serde_json::Value;

tests![
    wayland_screens_of_different_scale_are_both_read,
    a_screen_with_a_negative_place_is_read,
    a_screen_on_its_side_is_read_where_it_stands,
    a_daemon_older_than_the_session_sees_it,
    one_screen_is_looked_at_by_number_or_name,
    only_what_lies_in_the_frame_is_read,
    a_frame_is_drawn_by_hand,
    a_compositor_that_dies_while_a_frame_is_drawn_is_told,
    a_window_is_looked_at_by_words_of_its_title,
    the_clipboard_gives_a_picture_or_a_text,
];

/// Makes an account whose key is watched for, and a picture of its QR on white paper of that size.
fn page(world: &World, issuer: &str, size: &str, place: &str) -> PathBuf {
    let account = Account::new(issuer, "alice");
    world.witness().plant_key(&format!("the key of {issuer}"), &account.secret);
    let (code, page) = (world.dir().join("tmp/code.png"), world.dir().join(format!("tmp/{issuer}.png")));
    world.cmd("qrencode").args(["-s", "5", "-o"]).arg(&code).stdin(account.uri()).ok();
    let paper = world.cmd("convert").args(["-size", size, "xc:white"]).arg(&code);
    paper.args(["-geometry", place, "-composite"]).arg(&page).ok();
    page
}

/// Returns what a scan found: issuer, screen and place of each, by issuer.
fn found(world: &World) -> Vec<(String, String, String)> {
    let told: Value = serde_json::from_str(&world.cli(&["scan", "--json"]).ok()).unwrap();
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let candidates = told["candidates"].as_array().unwrap().iter();
    let mut found: Vec<_> =
        candidates.map(|one| (text(one, "issuer"), text(one, "screen"), text(one, "place"))).collect();
    found.sort();
    found
}

fn stands(issuer: &str, screen: &str, place: &str) -> (String, String, String) {
    (issuer.into(), screen.into(), place.into())
}

fn wayland_screens_of_different_scale_are_both_read() {
    let world = World::build().wayland().vault().start();
    let _left = world.hang_up("HEADLESS-1", &page(&world, "Left", "1920x1080", "+60+60"));
    let _right = world.hang_up("HEADLESS-2", &page(&world, "Right", "1700x960", "+1450+700"));
    let expected = [stands("Left", "HEADLESS-1", "top left"), stands("Right", "HEADLESS-2", "bottom right")];
    assert_eq!(found(&world), expected);
    // Two are chosen from by what a person sees.
    let refused = world.cli(&["scan", "--yes"]).fails(13);
    for place in
        ["Left – alice (on the left monitor (HEADLESS-1), top left)", "on the right monitor (HEADLESS-2), bottom right"]
    {
        assert!(refused.err.contains(place), "{refused:?}");
    }
}

/// Left of the first and above it there are places below zero.
fn a_screen_with_a_negative_place_is_read() {
    let world = World::build().wayland().vault().start();
    world.sway("output HEADLESS-2 transform 270");
    world.sway("output HEADLESS-2 position -960 -400");
    let _first = world.hang_up("HEADLESS-1", &page(&world, "First", "1920x1080", "+900+60"));
    let _left = world.hang_up("HEADLESS-2", &page(&world, "Beside", "960x1700", "+60+700"));
    let expected = [stands("Beside", "HEADLESS-2", "middle"), stands("First", "HEADLESS-1", "top")];
    assert_eq!(found(&world), expected);
    assert!(world.cli(&["scan", "--json", "--screen", "1"]).ok().contains("Beside"));
}

fn a_screen_on_its_side_is_read_where_it_stands() {
    let world = World::build().wayland().vault().start();
    world.sway("output HEADLESS-1 transform 90");
    let _page = world.hang_up("HEADLESS-1", &page(&world, "Turned", "1080x1920", "+60+60"));
    let expected = [stands("Turned", "HEADLESS-1", "top left")];
    assert_eq!(found(&world), expected);
    world.sway("output HEADLESS-1 transform flipped-270");
    assert_eq!(found(&world), expected);
}

fn a_daemon_older_than_the_session_sees_it() {
    let mut world = World::build().vault().start();
    world.start_wayland();
    let _page = world.hang_up("HEADLESS-1", &page(&world, "GitHub", "800x600", "+60+60"));
    assert_eq!(found(&world).len(), 1);
    assert!(world.cli(&["scan", "--yes"]).ok().contains("Kept GitHub"));
}

fn one_screen_is_looked_at_by_number_or_name() {
    let world = World::build().wayland().vault().start();
    let _left = world.hang_up("HEADLESS-1", &page(&world, "Left", "800x600", "+60+60"));
    let _right = world.hang_up("HEADLESS-2", &page(&world, "Right", "800x600", "+60+60"));
    for (screen, issuer) in [("1", "Left"), ("2", "Right"), ("headless-2", "Right")] {
        let told = world.cli(&["scan", "--json", "--screen", screen]).ok();
        assert!(told.contains(issuer) && told.matches("\"issuer\"").count() == 1, "{screen}: {told}");
    }
    let run = world.cli(&["scan", "--screen", "3"]).fails(2);
    assert!(run.err.contains("1 (HEADLESS-1), 2 (HEADLESS-2)"), "{run:?}");
}

/// A program in slurp's place is the person: it draws, or presses Escape.
fn only_what_lies_in_the_frame_is_read() {
    let world = World::build().wayland().vault().start();
    let _left = world.hang_up("HEADLESS-1", &page(&world, "Left", "1920x1080", "+60+60"));
    let _right = world.hang_up("HEADLESS-2", &page(&world, "Right", "2560x1440", "+60+60"));
    let read = |frame: &str| {
        world.write_program("slurp", &format!("echo {frame}"));
        let run = world.cli(&["scan", "--json", "--region"]).run();
        ["Left", "Right"].map(|issuer| run.out.contains(issuer))
    };
    // In sway's units the right screen, scaled by 1.5, begins at 1920 and is 1707 wide.
    assert_eq!(read("0 0 400 400"), [true, false]);
    assert_eq!(read("1920 0 400 400"), [false, true]);
    assert_eq!(read("0 0 3627 1080"), [true, true]);
    assert_eq!(read("600 400 300 300"), [false, false]);
    world.write_program("slurp", "echo selection cancelled >&2; exit 1");
    let run = world.cli(&["scan", "--region"]).fails(12);
    assert!(run.err.contains("was not allowed"), "{run:?}");
}

/// Starts a scan that asks for a frame, and waits until slurp's shade lies on the screen.
fn ask_frame(world: &World, name: &str) -> Process {
    let before = world.still_picture(&format!("{name}-before"));
    let scan = world.cli(&["scan", "--json", "--region"]).spawn();
    world.until_picture_differs(&before, &format!("{name}-asked"));
    scan
}

/// The real slurp, a real mouse; the right screen is scaled by 1.5 and begins at 1920.
fn a_frame_is_drawn_by_hand() {
    let world = World::build().wayland().vault().start();
    let _left = world.hang_up("HEADLESS-1", &page(&world, "Left", "1920x1080", "+60+60"));
    let _right = world.hang_up("HEADLESS-2", &page(&world, "Right", "2560x1440", "+60+60"));
    let found = |mut scan: Process| {
        assert_eq!(scan.exit_code(LIMIT), 0, "{}", scan.err.text());
        let told = scan.out.to_end(LIMIT);
        ["Left", "Right"].map(|issuer| told.contains(issuer))
    };
    let scan = ask_frame(&world, "slurp");
    world.sway_drag((20, 20), (500, 480));
    world.picture("slurp-drawn");
    world.sway_let_go();
    assert_eq!(found(scan), [true, false]);
    let scan = ask_frame(&world, "slurp");
    world.sway_drag((2300, 400), (1930, 10));
    world.sway_let_go();
    assert_eq!(found(scan), [false, true]);
    let mut scan = ask_frame(&world, "slurp");
    world.press("Escape");
    assert_eq!(scan.exit_code(LIMIT), 12);
    assert!(scan.err.to_end(LIMIT).contains("was not allowed"), "{}", scan.err.text());
}

fn a_compositor_that_dies_while_a_frame_is_drawn_is_told() {
    let mut world = World::build().wayland().vault().start();
    let mut scan = ask_frame(&world, "dying");
    world.wayland().compositor().kill();
    assert_eq!(scan.exit_code(LIMIT), 12);
    assert!(scan.err.to_end(LIMIT).contains("ended while"), "{}", scan.err.text());
}

fn a_window_is_looked_at_by_words_of_its_title() {
    let world = World::build().wayland().vault().start();
    world.sway("focus output HEADLESS-2");
    // Its title has the file's name in it.
    let show = |issuer: &str| {
        let code = page(&world, issuer, "400x400", "+40+40");
        world.cmd("imv-wayland").args(["-s", "none"]).arg(code).spawn()
    };
    let _viewers = [show("First"), show("Second")];
    until("both codes", LIMIT, || {
        let told = world.cli(&["scan", "--json"]).run().out;
        (told.contains("First") && told.contains("Second")).then_some(())
    });
    let told = world.cli(&["scan", "--json", "--window", "imv SECOND"]).ok();
    assert!(told.contains("Second") && !told.contains("First"), "{told}");
    let run = world.cli(&["scan", "--window", "third"]).fails(2);
    assert!(run.err.contains("no window that can be seen has these words"), "{run:?}");
}

fn the_clipboard_gives_a_picture_or_a_text() {
    let wayland = World::build().wayland().vault().start();
    let x11 = World::build().display().vault().start();
    for (world, copy) in [(&wayland, &["wl-copy", "-f", "-t"][..]), (&x11, &["xclip", "-sel", "clip", "-quiet", "-t"])]
    {
        world.cli(&["scan", "--clipboard"]).fails(10);
        let copied = |kind: &str, what: Vec<u8>| {
            let process = world.cmd(copy[0]).args(&copy[1..]).arg(kind).stdin(what).reveals().spawn();
            let title = until("the clipboard is read", LIMIT, || {
                let run = world.cli(&["scan", "--clipboard", "--json"]).run();
                let told: Value = serde_json::from_str(&run.out).ok()?;
                let found = told["candidates"].get(0)?;
                assert_eq!(found["origin"], "clipboard");
                Some(found["title"].as_str().unwrap().to_owned())
            });
            drop(process);
            title
        };
        let picture = fs::read(page(world, "Picture", "400x400", "+60+60")).unwrap();
        assert_eq!(copied("image/png", picture), "Picture – alice");
        let account = Account::new("Text", "bob");
        world.witness().plant_key("the key of Text", &account.secret);
        let text = if copy[0] == "xclip" { "UTF8_STRING" } else { "text/plain" };
        assert_eq!(copied(text, format!("  {}\n", account.uri()).into_bytes()), "Text – bob");
    }
}
