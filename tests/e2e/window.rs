//! The QR window on real desktops: read back from the very screen it stands on, and gone when it has to be.

use std::{fs, io::Write, time::Duration};

use harness::{Process, World, programs, samples, tests, until, wait::LIMIT};
use serde_json::Value;

tests![
    a_window_is_read_back_from_the_screen_it_stands_on,
    a_window_closes_by_its_key,
    a_window_closes_when_the_vault_locks,
    a_window_goes_with_the_program_that_opened_it,
    a_window_closes_when_its_time_is_over,
    a_window_is_read_back_at_every_size,
    a_window_is_as_much_larger_as_the_desktop_is,
    without_a_display_it_says_what_else_there_is,
    the_tray_shows_a_qr_after_a_dialog,
    the_tray_takes_a_terminal_where_nothing_asks,
    the_tray_unlocks_in_a_terminal_where_nothing_asks,
    a_window_on_wayland_is_read_back_and_closes,
];

/// Opens the window of an account, after the passphrase.
fn open(world: &World, account: &str) -> Process {
    // Found by the command line itself, beside it.
    programs::ours("countersign-window");
    world.cli_present(&["qr", "--window", account]).spawn()
}

/// Waits for a window, gives it the keyboard and returns its id.
fn window(world: &World) -> String {
    world.window(TITLE)
}

fn until_gone(world: &World) {
    until("the window is gone", LIMIT, || {
        (world.cmd("xdotool").args(["search", "--onlyvisible", "--name", TITLE]).run().code == 1).then_some(())
    });
}

/// Reads the only QR that our own scan sees: on the screen, or in a picture of it.
fn read_by_scan(world: &World, picture: Option<&std::path::Path>) -> Option<String> {
    let scan = world.cmd(&programs::ours("countersign-scan")).reveals();
    let run = picture.into_iter().fold(scan, harness::Cmd::arg).run();
    let line = run.out.lines().next()?;
    assert_eq!(run.out.lines().count(), 1, "there is more than one QR");
    let line: Value = serde_json::from_str(line).unwrap();
    line["text"].as_str().map(str::to_owned)
}

fn uri(world: &World, account: &str) -> String {
    world.cli_present(&["uri", account]).reveals().ok()
}

fn a_window_is_read_back_from_the_screen_it_stands_on() {
    let world = World::build().display().vault().start();
    world.add(&samples::github());
    let _shown = open(&world, "github");
    window(&world);
    let read = until("a QR on the screen", LIMIT, || read_by_scan(&world, None));
    assert_eq!(read, uri(&world, "github"));
    world.picture("qr-window");
}

fn a_window_closes_by_its_key() {
    let world = World::build().display().vault().start();
    world.add(&samples::github());
    for key in ["Escape", "q", "Return"] {
        let mut shown = open(&world, "github");
        window(&world);
        world.press("x");
        assert!(shown.runs(), "any key closes it");
        world.press(key);
        assert_eq!(shown.exit_code(LIMIT), 0, "{key}");
        until_gone(&world);
    }
    assert_eq!(world.cli(&["code", "github"]).ok().len(), 6, "the vault stays open");
}

fn a_window_closes_when_the_vault_locks() {
    let world = World::build().display().vault().start();
    world.add(&samples::github());
    let mut shown = open(&world, "github");
    window(&world);
    world.cli(&["lock"]).ok();
    assert_eq!(shown.exit_code(LIMIT), 4);
    assert!(shown.err.to_end(LIMIT).contains("locked"));
    until_gone(&world);
}

fn a_window_goes_with_the_program_that_opened_it() {
    let world = World::build().display().vault().start();
    world.add(&samples::github());
    let shown = open(&world, "github");
    window(&world);
    // As `kill -9` does: nothing is left that could tell the window anything.
    shown.signal(rustix::process::Signal::KILL);
    until_gone(&world);
}

/// Returns what the window is to be told for a QR of 21 modules without content.
fn request(seconds: u32) -> String {
    let row = format!("row {}\n", "10".repeat(10) + "1");
    format!("show qr\ntitle A title\nnote A note.\nseconds {seconds}\n{}\n", row.repeat(21))
}

fn a_window_closes_when_its_time_is_over() {
    let world = World::build().display().start();
    let mut process = world.cmd(&programs::ours("countersign-window")).spawn_piped();
    let mut pipe = process.stdin();
    pipe.write_all(request(1).as_bytes()).unwrap();
    assert_eq!(process.exit_code(LIMIT), 0, "{}", process.err.text());
    // The pipe was open all the while.
    drop(pipe);
    let mut waits = world.cmd(&programs::ours("countersign-window")).spawn_piped();
    let mut pipe = waits.stdin();
    pipe.write_all(request(600).as_bytes()).unwrap();
    window(&world);
    drop(pipe);
    assert_eq!(waits.exit_code(LIMIT), 0, "it closes with the pipe");
}

fn a_window_is_read_back_at_every_size() {
    let world = World::build().display().vault().start();
    world.add(&samples::github());
    let uri = uri(&world, "github");
    let _shown = open(&world, "github");
    let id = window(&world);
    for (width, height) in [(240, 240), (300, 700), (1200, 400), (1500, 900)] {
        world.xdotool(&["windowsize", "--sync", &id, &width.to_string(), &height.to_string()]);
        let read = || read_by_scan(&world, None).filter(|read| *read == uri);
        until(&format!("the QR at {width}x{height}"), LIMIT, read);
        world.picture(&format!("qr-window-{width}x{height}"));
    }
}

fn a_window_is_as_much_larger_as_the_desktop_is() {
    let world = World::build().display().start();
    let size = || {
        let mut process = world.cmd(&programs::ours("countersign-window")).spawn_piped();
        let mut pipe = process.stdin();
        pipe.write_all(request(60).as_bytes()).unwrap();
        let geometry = world.xdotool(&["getwindowgeometry", "--shell", &window(&world)]);
        world.still_picture("qr-window-scaled");
        let number = |name| geometry.lines().find_map(|line| line.strip_prefix(name)).unwrap().parse::<u32>().unwrap();
        (number("WIDTH="), number("HEIGHT="))
    };
    let (width, height) = size();
    until_gone(&world);
    // As desktops tell it.
    world
        .cmd("xprop")
        .args(["-root", "-f", "RESOURCE_MANAGER", "8s", "-set", "RESOURCE_MANAGER", "Xft.dpi:\t144\n"])
        .ok();
    let (scaled_width, scaled_height) = size();
    let near = |scaled: u32, plain: u32| scaled.abs_diff(plain * 3 / 2) <= 2 || scaled == 900;
    assert!(near(scaled_width, width) && near(scaled_height, height), "{scaled_width} x {scaled_height}");
}

fn without_a_display_it_says_what_else_there_is() {
    let world = World::build().vault().start();
    world.add(&samples::github());
    programs::ours("countersign-window");
    let run = world.cli_present(&["qr", "--window", "github"]).fails(2);
    assert!(run.err.contains("leave out --window"), "{run:?}");
    let refused = world.cmd(&programs::ours("countersign-window")).fails(2);
    assert!(refused.err.contains("ended before"), "{refused:?}");
}

/// Puts these lines in the place of every program that asks for a passphrase.
pub(crate) fn pinentry(world: &World, lines: &str) {
    for name in ["pinentry-gnome3", "pinentry-qt", "pinentry-qt5", "pinentry-gtk-2", "pinentry-x11", "pinentry"] {
        world.write_program(name, lines);
    }
}

fn the_tray_shows_a_qr_after_a_dialog() {
    let mut world = World::build().display().vault().start();
    world.add(&samples::github());
    let (answers, asked) = (world.dir().join("tmp/answers"), world.dir().join("tmp/asked"));
    world.witness().exempt(&answers);
    fs::write(&answers, format!("{}\n", world.passphrase())).unwrap();
    let script = programs::data("pinentry.py");
    pinentry(&world, &format!("exec /usr/bin/python3 {script} {} {}", answers.display(), asked.display()));
    programs::ours("countersign");
    programs::ours("countersign-window");
    world.start_panel();
    let tray = world.start_tray();
    world.click_in_tray_menu(&tray, &["More", "GitHub", "another device"]);
    window(&world);
    let read = until("a QR on the screen", LIMIT, || read_by_scan(&world, None));
    assert_eq!(read, uri(&world, "github"));
    let asked = fs::read_to_string(asked).unwrap();
    assert!(asked.contains("countersign-tray"), "the question does not say who asks: {asked}");
    world.picture("tray-qr-window");
    world.cli(&["lock"]).ok();
    until_gone(&world);
}

fn the_tray_takes_a_terminal_where_nothing_asks() {
    let mut world = World::build().display().vault().start();
    world.add(&samples::github());
    pinentry(&world, "exit 1");
    let log = world.dir().join("tmp/terminal");
    world.write_program("xdg-terminal-exec", &format!("echo \"$@\" >{}", log.display()));
    programs::ours("countersign");
    world.start_panel();
    let tray = world.start_tray();
    world.click_in_tray_menu(&tray, &["More", "GitHub", "another device"]);
    let ran = until("a terminal", LIMIT, || fs::read_to_string(&log).ok().filter(|text| text.ends_with('\n')));
    assert!(ran.contains("countersign qr ") && !ran.contains("--window"), "{ran}");
}

/// A desktop with a pinentry for terminals only, as a small Debian has it.
fn the_tray_unlocks_in_a_terminal_where_nothing_asks() {
    let world = World::build().display().vault().start();
    pinentry(&world, "exit 1");
    let log = world.dir().join("tmp/terminal");
    world.write_program("xdg-terminal-exec", &format!("echo \"$@\" >>{}", log.display()));
    programs::ours("countersign");
    world.cli(&["lock"]).ok();
    let ran = |times: usize| {
        until("a terminal", LIMIT, || {
            fs::read_to_string(&log).ok().filter(|text| text.matches("countersign unlock\n").count() == times)
        })
    };
    let tray = world.start_tray();
    world.click_in_tray_menu(&tray, &["Unlock"]);
    ran(1);
    world.cmd(&programs::ours("countersign-tray")).arg("--open").ok();
    ran(2);
}

fn a_window_on_wayland_is_read_back_and_closes() {
    let world = World::build().wayland().vault().start();
    world.add(&samples::github());
    let uri = uri(&world, "github");
    for (screen, floats) in [("HEADLESS-1", false), ("HEADLESS-2", false), ("HEADLESS-2", true)] {
        world.sway(&format!(
            "for_window [app_id=org.countersign.Window] floating {}",
            ["disable", "enable"][usize::from(floats)]
        ));
        world.sway(&format!("focus output {screen}"));
        let mut shown = open(&world, "github");
        until(&format!("a QR on {screen}"), LIMIT, || {
            read_by_scan(&world, Some(&world.picture_of_screen(screen))).filter(|read| *read == uri)
        });
        let name = world.picture_of_screen(screen);
        fs::rename(&name, name.with_file_name(format!("qr-window-{screen}-{floats}.png"))).unwrap();
        // A keyboard comes and goes with each wtype; the window may not have met it yet.
        until("Escape closes it", Duration::from_secs(30), || {
            world.cmd("wtype").args(["-k", "Escape"]).ok();
            (!shown.runs()).then_some(())
        });
        assert_eq!(shown.exit_code(LIMIT), 0);
    }
    let mut shown = open(&world, "github");
    until("a QR on a screen", LIMIT, || read_by_scan(&world, Some(&world.picture_of_screen("HEADLESS-2"))));
    world.cli(&["lock"]).ok();
    assert_eq!(shown.exit_code(LIMIT), 4);
    until("no QR on the screen", LIMIT, || {
        read_by_scan(&world, Some(&world.picture_of_screen("HEADLESS-2"))).is_none().then_some(())
    });
}

const TITLE: &str = "^QR code";
