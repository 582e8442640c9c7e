//! Seeing on X servers with more than one screen: each monitor is looked at, whatever the server calls it.

use std::path::{Path, PathBuf};

use countersign_api::{BUS_NAME, PATH, ROOT};
use harness::{Process, World, programs, samples::Account, tests, until, wait::LIMIT};
use serde_json::Value;

tests![
    every_monitor_is_read_where_it_stands,
    a_monitor_without_an_output_is_read_too,
    every_screen_of_a_server_is_read,
    a_daemon_of_the_bus_sees_the_screen_that_the_bus_knows,
    heads_that_are_joined_are_all_read,
    only_what_is_framed_is_read,
    a_frame_is_drawn_by_keys_too,
    escape_draws_no_frame,
];

/// Makes an account whose key is watched for, and a picture of its QR.
fn code(world: &World, issuer: &str) -> PathBuf {
    let account = Account::new(issuer, "alice");
    world.witness().plant_key(&format!("the key of {issuer}"), &account.secret);
    let path = world.dir().join(format!("tmp/{issuer}.png"));
    world.cmd("qrencode").args(["-s", "5", "-o"]).arg(&path).stdin(account.uri()).ok();
    path
}

/// Shows a picture with its upper left corner at a point.
fn show(world: &World, picture: &Path, display: &str, (x, y): (i32, i32)) -> Process {
    let place = format!("+{x}+{y}");
    world.cmd("feh").args(["--borderless", "--geometry", &place]).arg(picture).env("DISPLAY", display).spawn()
}

/// Returns what our scan sees once it sees that many codes: screen, side and left edge of each, from the left.
fn seen(world: &World, display: &str, count: usize) -> Vec<(String, String, i64)> {
    until(&format!("{count} codes"), LIMIT, || {
        let run = world.cmd(&programs::ours("countersign-scan")).env("DISPLAY", display).reveals().run();
        let lines: Vec<Value> = run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let text = |line: &Value, key: &str| line["screen"][key].as_str().unwrap_or_default().to_owned();
        let place = |line: &Value| (text(line, "name"), text(line, "side"), line["screen"]["x"].as_i64().unwrap());
        let mut places: Vec<_> = lines.iter().map(place).collect();
        places.sort_by_key(|(.., x)| *x);
        (places.len() == count).then_some(places)
    })
}

fn stands(name: &str, side: &str, x: i64) -> (String, String, i64) {
    (name.into(), side.into(), x)
}

/// Divides the screen at a column; the server's one output goes to the right or the left part.
fn divide(world: &World, at: u32, output_is_right: bool) {
    let (left, right) = if output_is_right { ("none", "screen") } else { ("screen", "none") };
    for (name, width, x, output) in [("LEFT", at, 0, left), ("RIGHT", 1600 - at, at, right)] {
        let area = format!("{width}/{width}x1000/1000+{x}+0");
        world.cmd("xrandr").args(["--setmonitor", name, &area, output]).ok();
    }
}

/// The capture library divides places by the scale, and rounds them off.
fn every_monitor_is_read_where_it_stands() {
    let world = World::build().display().vault().start();
    let display = world.display().name.clone();
    let dpi = ["-root", "-f", "RESOURCE_MANAGER", "8s", "-set", "RESOURCE_MANAGER", "Xft.dpi:\t144\n"];
    world.cmd("xprop").args(dpi).ok();
    divide(&world, 601, true);
    let _left = show(&world, &code(&world, "Left"), &display, (90, 40));
    let _right = show(&world, &code(&world, "Right"), &display, (1300, 690));
    let expected = [stands("LEFT", "left", 0), stands("screen", "right", 601)];
    assert_eq!(seen(&world, &display, 2), expected);
    let told = world.cli(&["scan", "--yes"]).fails(13).err;
    for place in ["on the left monitor (LEFT), top left", "on the right monitor (screen), bottom right"] {
        assert!(told.contains(place), "{place}: {told}");
    }
    let one = world.cli(&["scan", "--json", "--screen", "2"]).ok();
    assert!(one.contains("Right") && !one.contains("\"Left\""), "{one}");
    let doctor = world.cli(&["doctor", "capture"]).ok();
    assert!(doctor.contains("LEFT (601 × 1000, scale 1.50)"), "{doctor}");
}

/// Half of a wide screen, as people divide it: the capture library does not know that there is more.
fn a_monitor_without_an_output_is_read_too() {
    let world = World::build().display().start();
    let display = world.display().name.clone();
    divide(&world, 800, false);
    let _right = show(&world, &code(&world, "Right"), &display, (1100, 300));
    assert_eq!(seen(&world, &display, 1), [stands("RIGHT", "right", 800)]);
}

/// Starts a scan that asks for a frame, and waits until the screen is dimmed.
fn ask_frame(world: &World, name: &str) -> Process {
    // Found by the worker itself, beside it.
    programs::ours("countersign-window");
    let before = world.still_picture(&format!("{name}-undimmed"));
    let scan = world.cli(&["scan", "--json", "--region"]).spawn();
    world.until_picture_differs(&before, &format!("{name}-asked"));
    scan
}

/// Waits for the end of a scan; returns the issuers that it found.
fn issuers(mut scan: Process) -> Vec<String> {
    assert_eq!(scan.exit_code(LIMIT), 0, "{}", scan.err.text());
    let told: Value = serde_json::from_str(&scan.out.to_end(LIMIT)).unwrap();
    let issuer = |one: &Value| one["issuer"].as_str().unwrap().to_owned();
    told["candidates"].as_array().unwrap().iter().map(issuer).collect()
}

/// Makes a world with two monitors and a code on each; the mouse is on the left one.
fn two_monitors() -> (World, [Process; 2]) {
    let world = World::build().display().vault().start();
    let display = world.display().name.clone();
    divide(&world, 700, false);
    let left = show(&world, &code(&world, "Left"), &display, (90, 240));
    let right = show(&world, &code(&world, "Right"), &display, (1060, 420));
    seen(&world, &display, 2);
    world.xdotool(&["mousemove", "300", "900"]);
    (world, [left, right])
}

fn only_what_is_framed_is_read() {
    let (world, _codes) = two_monitors();
    let scan = ask_frame(&world, "region");
    world.xdotool(&[
        "mousemove",
        "1500",
        "900",
        "mousedown",
        "1",
        "mousemove",
        "1200",
        "600",
        "mousemove",
        "1020",
        "380",
    ]);
    world.picture("region-drawn");
    world.xdotool(&["mouseup", "1"]);
    assert_eq!(issuers(scan), ["Right"]);
    let scan = ask_frame(&world, "region");
    world.xdotool(&["mousemove", "60", "200", "mousedown", "1", "mousemove", "300", "300", "mousemove", "1580", "950"]);
    world.xdotool(&["mouseup", "1"]);
    let mut both = issuers(scan);
    both.sort();
    assert_eq!(both, ["Left", "Right"], "a frame goes over monitors");
}

fn a_frame_is_drawn_by_keys_too() {
    let (world, _codes) = two_monitors();
    let scan = ask_frame(&world, "region-keys");
    world.press("Return");
    assert_eq!(issuers(scan), ["Left"], "Return takes the monitor");
    world.xdotool(&["mousemove", "1500", "900"]);
    let scan = ask_frame(&world, "region-keys");
    for key in ["Right", "Left", "shift+Right", "shift+Down"] {
        world.press(key);
    }
    world.picture("region-by-keys");
    world.press("Return");
    assert_eq!(issuers(scan), ["Right"]);
}

fn escape_draws_no_frame() {
    let (world, _codes) = two_monitors();
    let before = world.still_picture("region-before");
    for key in ["Escape", "button"] {
        let mut scan = ask_frame(&world, "region-escape");
        if key == "button" {
            world.press_button(3, (500, 500));
        } else {
            world.press(key);
        }
        assert_eq!(scan.exit_code(LIMIT), 12, "{key}");
        assert!(scan.err.to_end(LIMIT).contains("was not allowed"), "{}", scan.err.text());
    }
    until("the screen is as it was", LIMIT, || {
        let after = std::fs::read(world.still_picture("region-after")).unwrap();
        (after == std::fs::read(&before).unwrap()).then_some(())
    });
}

/// Starts an X server with two screens; returns it with its name.
fn server(world: &World, more: &[&str]) -> (Process, String) {
    let args = ["-displayfd", "1", "-screen", "0", "640x480x24", "-screen", "1", "1024x768x24", "-noreset"];
    let server = world.cmd("Xvfb").args(args).args(["-nolisten", "tcp"]).args(more).spawn();
    let number = server.out.wait_for("the screen's number", LIMIT, |text| text.strip_suffix('\n').map(str::to_owned));
    (server, format!(":{number}"))
}

/// The daemon is older than the X server: the caller tells it.
fn every_screen_of_a_server_is_read() {
    let world = World::build().vault().start();
    let (_server, display) = server(&world, &[]);
    let _first = show(&world, &code(&world, "First"), &display, (20, 20));
    let _second = show(&world, &code(&world, "Second"), &format!("{display}.1"), (500, 400));
    let places = seen(&world, &display, 2);
    assert_eq!(places.iter().map(|place| place.2).collect::<Vec<_>>(), [0, 640], "{places:?}");
    assert_eq!((&*places[0].1, &*places[1].1), ("left", "right"));
    let told = world.cli(&["scan", "--json"]).env("DISPLAY", &display).ok();
    assert!(told.contains("First") && told.contains("Second"), "{told}");
}

/// A caller who tells nothing, such as a line of a hotkey program.
fn a_daemon_of_the_bus_sees_the_screen_that_the_bus_knows() {
    let world = World::build().activation().start();
    let (_server, display) = server(&world, &[]);
    let _code = show(&world, &code(&world, "GitHub"), &display, (20, 20));
    seen(&world, &display, 1);
    world.cmd("dbus-update-activation-environment").arg(format!("DISPLAY={display}")).ok();
    let scanner = format!("{ROOT}.Scanner1");
    let line = ["--user", "call", BUS_NAME, PATH, &scanner, "ScanScreen", "a{sv}", "0"];
    let told = world.cmd("busctl").args(line).ok();
    assert!(told.contains("GitHub"), "{told}");
}

fn heads_that_are_joined_are_all_read() {
    let world = World::build().start();
    let (_server, display) = server(&world, &["+xinerama"]);
    // Only the larger of the two shows this place.
    let _code = show(&world, &code(&world, "Corner"), &display, (700, 500));
    assert_eq!(seen(&world, &display, 1).len(), 1);
}
