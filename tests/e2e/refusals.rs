//! What a refused look says: each reason its own error name, exit code and next step; and what the doctor says of it.

use std::{fs, os::unix::net::UnixListener, thread};

use countersign_api::types::ScanOptions;
use harness::{Client, Process, World, tests, wait::LIMIT};
use serde_json::Value;

tests![
    without_a_display_that_is_told,
    an_x_server_that_refuses_is_told,
    a_compositor_that_dies_is_told,
    a_screen_without_a_code_says_what_to_try,
    the_doctor_knows_each_session,
];

/// Asks over the bus; returns the name of the error.
fn refused(world: &World, options: ScanOptions) -> &'static str {
    let client = Client::bus(world);
    client.wait(client.scanner().scan_screen(options.into())).expect_err("it is refused").id()
}

fn without_a_display_that_is_told() {
    let world = World::build().vault().start();
    assert_eq!(refused(&world, ScanOptions::default()), "NoDisplay");
    let run = world.cli(&["scan", "--no-wait"]).fails(12);
    assert!(run.err.contains("no display") && run.err.contains("--image FILE"), "{run:?}");
    for (name, value) in [("DISPLAY", ":4711"), ("WAYLAND_DISPLAY", "wayland-4711")] {
        let run = world.cli(&["scan", "--no-wait"]).env(name, value).fails(12);
        assert!(run.err.contains("no display") && run.err.contains(name), "{run:?}");
    }
}

/// Starts an X server that lets nobody in without a cookie; returns it with its name.
fn guarded_server(world: &World) -> (Process, String) {
    let cookies = world.dir().join("tmp/cookies");
    fs::write(&cookies, "").unwrap();
    world.cmd("xauth").arg("-f").arg(&cookies).args(["add", ":0", ".", "0123456789abcdef0123456789abcdef"]).ok();
    let args = ["-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp", "-noreset", "-auth"];
    let server = world.cmd("Xvfb").args(args).arg(&cookies).spawn();
    let number = server.out.wait_for("the screen's number", LIMIT, |text| text.strip_suffix('\n').map(str::to_owned));
    (server, format!(":{number}"))
}

fn an_x_server_that_refuses_is_told() {
    let world = World::build().vault().start();
    let (_server, name) = guarded_server(&world);
    assert_eq!(refused(&world, ScanOptions { display: Some(name.clone()), ..ScanOptions::default() }), "ScreenRefused");
    let run = world.cli(&["scan", "--no-wait"]).env("DISPLAY", &name).fails(12);
    assert!(run.err.contains("refuses") && run.err.contains("session that owns the screen"), "{run:?}");
}

fn a_compositor_that_dies_is_told() {
    let world = World::build().vault().start();
    let path = world.dir().join("run/wayland-9");
    let socket = UnixListener::bind(&path).unwrap();
    let dies = thread::spawn(move || [(); 2].map(|()| drop(socket.accept().unwrap())));
    let display = Some(path.to_str().unwrap().to_owned());
    assert_eq!(refused(&world, ScanOptions { wayland_display: display, ..ScanOptions::default() }), "DisplayLost");
    let run = world.cli(&["scan", "--no-wait"]).env("WAYLAND_DISPLAY", &path).fails(12);
    assert!(run.err.contains("ended while") && run.err.contains("scan again"), "{run:?}");
    dies.join().unwrap();
}

fn a_screen_without_a_code_says_what_to_try() {
    let world = World::build().wayland().vault().start();
    let client = Client::bus(&world);
    let display = world.environment()["WAYLAND_DISPLAY"].clone();
    let options = ScanOptions { wayland_display: Some(display), ..ScanOptions::default() };
    assert_eq!(client.wait(client.scanner().scan_screen(options.into())).map(|found| found.len()), Ok(0));
    let run = world.cli(&["scan", "--no-wait"]).fails(10);
    for step in ["enlarge", "whole QR", "--region", "--harder"] {
        assert!(run.err.contains(step), "{step}: {run:?}");
    }
}

fn the_doctor_knows_each_session() {
    let asked = |world: &World, code: i32, env: &[(&str, &str)]| {
        let doctor = world.cli(&["doctor", "capture", "--json"]);
        let run = env.iter().fold(doctor, |doctor, (name, value)| doctor.env(name, value)).run();
        assert_eq!(run.code, code, "{run:?}");
        let told: Value = serde_json::from_str(&run.out).unwrap();
        let advice = told["advice"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned());
        (told["uses"].as_str().unwrap_or("nothing").to_owned(), advice.collect::<Vec<_>>().join("\n"))
    };
    let bare = World::build().without_daemon().start();
    let (uses, advice) = asked(&bare, 12, &[]);
    assert!(uses == "nothing" && advice.contains("inside a desktop session"), "{advice}");
    let (_, advice) = asked(&bare, 12, &[("SSH_CONNECTION", "192.0.2.1 5 192.0.2.2 22")]);
    assert!(advice.contains("over SSH"), "{advice}");
    for (desktop, package) in [("GNOME", "xdg-desktop-portal-gnome"), ("KDE", "xdg-desktop-portal-kde")] {
        let (uses, advice) = asked(&bare, 12, &[("XDG_SESSION_TYPE", "wayland"), ("XDG_CURRENT_DESKTOP", desktop)]);
        assert!(uses == "nothing" && advice.contains(package), "{advice}");
    }
    let x11 = World::build().display().without_daemon().start();
    assert_eq!(asked(&x11, 0, &[]), ("x11".into(), String::new()));
    let wayland = World::build().wayland().without_daemon().start();
    assert_eq!(asked(&wayland, 0, &[]), ("wlroots".into(), String::new()));
    let told = wayland.cli(&["doctor", "capture"]).ok();
    assert!(told.contains("by: wlroots") && told.contains("HEADLESS-2 (2560 × 1440, scale 1.50)"), "{told}");
}
