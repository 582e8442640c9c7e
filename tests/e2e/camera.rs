//! Through the camera: films in its place, and a stand-in for its driver, over the real command line, daemon and worker.

use std::{
    fs,
    path::{Path, PathBuf},
};

use countersign_api::types::{CameraOptions, ScanOptions};
use harness::{
    Client, World, client::none, notifications::Notifications, programs, samples::Account, tests, until, wait::LIMIT,
};

use crate::scan::export_part;

tests![
    a_qr_held_to_the_camera_is_kept,
    the_parts_of_an_export_are_held_to_it_in_turn,
    parts_that_never_show_are_named,
    a_part_that_waits_from_an_earlier_scan_is_counted,
    a_locked_vault_gets_what_the_camera_saw_at_unlock,
    several_qrs_before_it_are_chosen_from,
    a_one_time_qr_before_it_is_explained,
    nothing_held_to_it_ends_with_10,
    each_refusal_of_a_camera_says_what_to_do,
    every_format_of_a_driver_is_read_by_a_restricted_worker,
    ctrl_c_ends_with_130_and_the_camera_goes_off,
    parts_seen_before_it_ended_early_wait,
    the_desktop_shows_that_a_camera_looks,
    the_doctor_tells_of_cameras,
];

const SIZE: &str = "640x480";

/// Makes what a camera sees of a QR; of none, an empty page.
fn seen(world: &World, text: Option<&str>, name: &str) -> PathBuf {
    let path = world.dir().join(format!("tmp/{name}.png"));
    match text {
        Some(text) => world.cmd("qrencode").args(["-s", "4", "-o"]).arg(&path).stdin(text).ok(),
        None => world.cmd("convert").args(["-size", SIZE, "xc:#666"]).arg(&path).ok(),
    };
    path
}

/// Makes a film of what is shown one after the other, a few pictures each.
fn film(world: &World, shown: &[Option<&str>]) -> PathBuf {
    let path = world.dir().join("tmp/film.y4m");
    let mut bytes = b"YUV4MPEG2 W640 H480 F30:1 Cmono\n".to_vec();
    for (number, text) in shown.iter().enumerate() {
        let raw = world.dir().join("tmp/raw");
        let page = seen(world, *text, &format!("shown-{number}"));
        let convert = world.cmd("convert").arg(page).args(["-background", "#666", "-gravity", "center"]);
        convert.args(["-extent", SIZE, "-depth", "8"]).arg(format!("gray:{}", raw.display())).ok();
        for _ in 0..3 {
            bytes.extend(b"FRAME\n");
            bytes.extend(fs::read(&raw).unwrap());
        }
    }
    fs::write(&path, bytes).unwrap();
    path
}

fn account(world: &World, issuer: &str) -> Account {
    let account = Account::new(issuer, "alice");
    world.witness().plant_key(&format!("the key of {issuer}"), &account.secret);
    account
}

/// Makes six accounts, and the three parts of their export.
fn export(world: &World) -> (Vec<Account>, Vec<String>) {
    let accounts: Vec<Account> = (0..6).map(|n| account(world, &format!("Site {n}"))).collect();
    let parts = accounts.chunks(2).zip(0..).map(|(pair, index)| export_part(pair, index, 3)).collect();
    (accounts, parts)
}

fn list(world: &World) -> String {
    world.cli(&["list"]).ok()
}

/// Starts a daemon to whose workers /dev/zero is a camera.
fn start_before_camera(world: &mut World, format: &str, fault: &str, film: &Path) {
    let (driver, daemon) = (programs::data("camera.py"), programs::ours("countersignd"));
    let words = ["python3", &driver, format, fault, film.to_str().unwrap(), &daemon];
    world.start_daemon_by(&words, &[]);
}

fn a_qr_held_to_the_camera_is_kept() {
    let world = World::build().vault().start();
    let github = account(&world, "GitHub");
    let film = film(&world, &[None, Some(&github.uri()), None]);
    let mut scan = world.tty(&["scan", "--camera", film.to_str().unwrap()]);
    scan.expect("Hold the QR to the camera").expect("before the camera").expect("Keep it?").line("y");
    scan.expect("Did the page accept it?").line("").ends(0);
    assert_eq!(world.cli(&["code", "github", "--at", "59"]).ok(), world.oathtool(&github.secret, 59));
    // In a pipe, and named from its own folder.
    world.cli(&["remove", "--yes", "github"]).ok();
    let run = world.cli(&["scan", "--yes", "--camera", film.to_str().unwrap()]).run();
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.err.contains("Hold the QR to the camera, ") && run.out.contains("GitHub"), "{run:?}");
}

fn the_parts_of_an_export_are_held_to_it_in_turn() {
    let world = World::build().vault().start();
    let (accounts, parts) = export(&world);
    // The last one is seen first, and the first one twice.
    let shown = [Some(&*parts[2]), None, Some(&*parts[0]), Some(&*parts[2]), Some(&*parts[1]), None];
    let film = film(&world, &shown);
    let mut scan = world.tty(&["scan", "--camera", film.to_str().unwrap()]);
    scan.expect("1 of 3 parts seen").expect("2 of 3 parts seen");
    scan.expect("Keep it?").line("y").expect("Kept 6 accounts").ends(0);
    for account in &accounts {
        assert_eq!(world.cli(&["code", &account.issuer, "--at", "59"]).ok(), world.oathtool(&account.secret, 59));
    }
    world.cli(&["undo"]).ok();
    assert_eq!(list(&world), "", "one decision, one undo");
}

fn parts_that_never_show_are_named() {
    let world = World::build().vault().start();
    let (_, parts) = export(&world);
    let film = film(&world, &[Some(&parts[0]), Some(&parts[2])]);
    let run = world.cli(&["scan", "--yes", "--camera"]).arg(&film).fails(10);
    assert!(run.err.contains("2 of 3 parts seen"), "{run:?}");
    assert!(run.out.contains("part 2") && run.err.contains("stay sealed"), "{run:?}");
    assert_eq!(list(&world), "");
}

fn a_part_that_waits_from_an_earlier_scan_is_counted() {
    let world = World::build().vault().start();
    let (_, parts) = export(&world);
    world.cli(&["add", "-"]).stdin(parts[1].as_str()).ok();
    let film = film(&world, &[Some(&parts[0]), Some(&parts[2]), None]);
    let run = world.cli(&["scan", "--yes", "--camera"]).arg(&film).run();
    assert!(run.code == 0 && run.err.contains("2 of 3 parts seen"), "{run:?}");
    assert_eq!(list(&world).lines().count(), 6);
}

fn a_locked_vault_gets_what_the_camera_saw_at_unlock() {
    let world = World::build().vault().start();
    let github = account(&world, "GitHub");
    let film = film(&world, &[Some(&github.uri())]);
    world.cli(&["lock"]).ok();
    let run = world.cli(&["--no-prompt", "scan", "--yes", "--camera"]).arg(&film).fails(4);
    assert!(run.out.contains("sealed"), "{run:?}");
    world.tty(&["unlock"]).expect("assphrase").secret(world.passphrase()).expect("Keep it?").line("y").ends(0);
    assert!(list(&world).contains("GitHub"));
}

fn several_qrs_before_it_are_chosen_from() {
    let world = World::build().vault().start();
    let (one, two) = (account(&world, "GitHub"), account(&world, "GitLab"));
    let (left, right) = (seen(&world, Some(&one.uri()), "left"), seen(&world, Some(&two.uri()), "right"));
    let raw = world.dir().join("tmp/raw");
    let both = world.cmd("convert").args([left, right]).args(["+append", "-background", "#666", "-gravity", "center"]);
    both.args(["-extent", SIZE, "-depth", "8"]).arg(format!("gray:{}", raw.display())).ok();
    let film = world.dir().join("tmp/film.y4m");
    fs::write(&film, [b"YUV4MPEG2 W640 H480 Cmono\nFRAME\n", fs::read(raw).unwrap().as_slice()].concat()).unwrap();
    let run = world.cli(&["scan", "--yes", "--camera"]).arg(&film).fails(13);
    assert!(run.err.contains("GitHub") && run.err.contains("GitLab"), "{run:?}");
    assert_eq!(list(&world), "", "with several nothing is kept without a choice");
}

fn a_one_time_qr_before_it_is_explained() {
    let world = World::build().vault().start();
    let link = "https://login.microsoftonline.com/authenticatorApp/activateAccount?source=qrCode&code=314159265&url=x";
    let film = film(&world, &[Some(link)]);
    let run = world.cli(&["scan", "--camera"]).arg(&film).fails(11);
    assert!(run.out.contains("one-time"), "{run:?}");
}

fn nothing_held_to_it_ends_with_10() {
    let world = World::build().vault().start();
    let film = film(&world, &[None]);
    let run = world.cli(&["scan", "--camera"]).arg(&film).fails(10);
    assert!(run.err.contains("no QR code was seen") && run.err.contains("--wait"), "{run:?}");
    let run = world.cli(&["scan", "--json", "--camera"]).arg(&film).fails(10);
    assert!(run.out.contains(r#""candidates""#), "{run:?}");
}

fn each_refusal_of_a_camera_says_what_to_do() {
    let mut world = World::build().vault().start();
    let film = film(&world, &[None]);
    let client = Client::bus(&world);
    let refused = |client: &Client, device: &str| {
        let (_ours, theirs) = std::io::pipe().unwrap();
        let options = CameraOptions { device: Some(device.into()), ..CameraOptions::default() };
        let answer =
            client.wait(client.scanner().scan_camera(std::os::fd::AsFd::as_fd(&theirs).into(), options.into()));
        answer.unwrap_err().id()
    };
    assert_eq!(refused(&client, "/dev/video9999"), "NoCamera");
    assert_eq!(refused(&client, "--self-test"), "InvalidArgument", "a device is never an option of the worker's");
    assert_eq!(refused(&client, film.with_extension("png").to_str().unwrap()), "NoCamera");
    let run = world.cli(&["scan", "--camera", "/dev/video9999"]).fails(12);
    assert!(run.err.contains("/dev/video9999 is not there") && run.err.contains("doctor capture"), "{run:?}");
    let run = world.cli(&["scan", "--camera", &programs::data("site.py")]).fails(12);
    assert!(run.err.contains("no film"), "{run:?}");
    for (fault, id, what, next) in [
        ("refused", "CameraRefused", "may not use", "usermod -aG video"),
        ("busy", "CameraBusy", "another program uses", "--camera /dev/video2"),
        ("unplugged", "CameraLost", "unplugged", "plug it in again"),
    ] {
        world.stop_daemon();
        start_before_camera(&mut world, "YUYV", fault, &film);
        assert_eq!(refused(&Client::bus(&world), "/dev/zero"), id);
        let run = world.cli(&["scan", "--camera", "/dev/zero"]).fails(12);
        assert!(run.err.contains(what) && run.err.contains(next), "{run:?}");
    }
}

/// The driver is a stand-in, the calls are real: opening, mapping, requests through the worker's own filter, waiting.
fn every_format_of_a_driver_is_read_by_a_restricted_worker() {
    let mut world = World::build().vault().start();
    for format in ["GREY", "YUYV", "NV12", "MJPG"] {
        let site = account(&world, format);
        let film = if format == "MJPG" {
            let picture = world.dir().join("tmp/page.jpg");
            let page = seen(&world, Some(&site.uri()), "page");
            let convert = world.cmd("convert").arg(page).args(["-background", "#666", "-gravity", "center"]);
            convert.args(["-extent", SIZE]).arg(&picture).ok();
            picture
        } else {
            film(&world, &[None, Some(&site.uri())])
        };
        world.stop_daemon();
        start_before_camera(&mut world, format, "none", &film);
        world.unlock();
        let run = world.cli(&["scan", "--yes", "--camera", "/dev/zero"]).run();
        assert!(run.code == 0 && run.err.contains("/dev/zero, 640 × 480"), "{run:?}");
        assert_eq!(world.cli(&["code", format, "--at", "59"]).ok(), world.oathtool(&site.secret, 59));
    }
}

fn ctrl_c_ends_with_130_and_the_camera_goes_off() {
    let mut world = World::build().vault().start();
    let film = film(&world, &[None]);
    world.stop_daemon();
    start_before_camera(&mut world, "GREY", "none", &film);
    let mut scan = world.tty(&["scan", "--camera", "/dev/zero", "--wait=600"]);
    scan.expect("Hold the QR to the camera");
    let client = Client::bus(&world);
    let another = || client.wait(client.scanner().scan_screen(ScanOptions::default().into()));
    let busy = another().unwrap_err();
    assert!(busy.id() == "LimitsExceeded" && busy.message().contains("through the camera"), "{busy:?}");
    scan.interrupt().ends(130);
    until("the camera is off", LIMIT, || (another().unwrap_err().id() == "NoDisplay").then_some(()));
}

fn parts_seen_before_it_ended_early_wait() {
    let mut world = World::build().vault().start();
    let (_, parts) = export(&world);
    for (fault, part, there) in [("none", &parts[0], 1), ("unplugged", &parts[2], 2)] {
        let film = film(&world, &[Some(part)]);
        world.stop_daemon();
        start_before_camera(&mut world, "GREY", fault, &film);
        world.unlock();
        // A camera that is unplugged shows it only twice: each picture gets the time that it needs.
        let mut scan = world.tty(&["scan", "--harder", "--camera", "/dev/zero", "--wait=600"]);
        scan.expect(&format!("{there} of 3 parts seen"));
        if fault == "none" {
            scan.interrupt().ends(130);
        } else {
            scan.expect("unplugged").ends(12);
        }
        let client = Client::bus(&world);
        let waiting = || client.wait(client.scanner().candidates(none())).unwrap().len();
        until("the part waits", LIMIT, || (waiting() == there).then_some(()));
    }
}

/// A program that looks behind the person's back is seen, whatever becomes of its look.
fn the_desktop_shows_that_a_camera_looks() {
    let world = World::build().vault().start();
    let film = film(&world, &[None; 20]);
    let mut notifications = Notifications::start(&world);
    world.cli(&["scan", "--camera"]).arg(&film).fails(10);
    let looks = notifications.expect("The camera looks for QR codes");
    notifications.expect_withdrawn(&looks);
}

fn the_doctor_tells_of_cameras() {
    let world = World::build().without_daemon().start();
    let told = world.cli(&["doctor", "capture"]).run();
    assert!(told.out.contains("Cameras:"), "{told:?}");
    let told: serde_json::Value = serde_json::from_str(&world.cli(&["doctor", "capture", "--json"]).run().out).unwrap();
    assert!(told["cameras"].is_array(), "{told}");
}
