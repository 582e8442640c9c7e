//! The end-to-end tests: one program, one file for each thing that is hooked up. `tests/run` builds and runs it.

#![allow(clippy::unwrap_used)] // a test fails by panicking
#![allow(clippy::print_stdout)] // the story is told aloud

mod backup;
mod bus;
mod camera;
mod cli;
mod clipboard;
mod codes;
mod cotp;
mod desktop;
mod exporting;
mod gnome;
mod gnome_clipboard;
mod gnome_keys;
mod gnome_search;
mod gnome_tray;
mod hand_over;
mod hotkey;
mod import_formats;
mod importing;
mod keyring;
mod large;
mod layering;
mod links;
mod lock;
mod measure;
mod measure_tray;
mod memory;
mod notifications;
mod notify;
mod pick;
mod portal;
mod proof;
mod refusals;
mod run_otp;
mod sandbox;
mod scan;
mod search;
mod socket;
mod story;
mod tray;
mod tray_menu;
mod tray_states;
mod trouble;
mod typing;
mod vault;
mod watch;
mod wayland;
mod window;
mod witness;
mod x11;

use std::panic;

use libtest_mimic::Arguments;
use story::Stage;

fn main() {
    // Where and why, without the way there: the runner catches it and goes on.
    panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    if std::env::args().nth(1).as_deref() == Some("--tell-the-story") {
        let wayland = std::env::args().nth(2).as_deref() == Some("--wayland");
        return story::play(if wayland { Stage::Wayland } else { Stage::X11 }, true);
    }
    if std::env::args().nth(1).as_deref() == Some("--measure") {
        let tray_only = std::env::args().nth(2).as_deref() == Some("tray");
        return if tray_only { measure_tray::run() } else { measure::run() };
    }
    let mut tests = Vec::new();
    tests.extend(backup::tests());
    tests.extend(bus::tests());
    tests.extend(desktop::tests());
    tests.extend(exporting::tests());
    tests.extend(hand_over::tests());
    tests.extend(hotkey::tests());
    tests.extend(import_formats::tests());
    tests.extend(importing::tests());
    tests.extend(keyring::tests());
    tests.extend(camera::tests());
    tests.extend(cli::tests());
    tests.extend(clipboard::tests());
    tests.extend(notifications::tests());
    tests.extend(notify::tests());
    tests.extend(codes::tests());
    tests.extend(layering::tests());
    tests.extend(links::tests());
    tests.extend(large::tests());
    tests.extend(lock::tests());
    tests.extend(memory::tests());
    tests.extend(pick::tests());
    tests.extend(portal::tests());
    tests.extend(proof::tests());
    tests.extend(refusals::tests());
    tests.extend(run_otp::tests());
    tests.extend(sandbox::tests());
    tests.extend(scan::tests());
    tests.extend(search::tests());
    tests.extend(socket::tests());
    tests.extend(story::tests());
    tests.extend(tray::tests());
    tests.extend(tray_menu::tests());
    tests.extend(tray_states::tests());
    tests.extend(trouble::tests());
    tests.extend(typing::tests());
    tests.extend(vault::tests());
    tests.extend(watch::tests());
    tests.extend(wayland::tests());
    tests.extend(window::tests());
    tests.extend(witness::tests());
    tests.extend(x11::tests());
    let arguments = Arguments::from_args();
    // A program that has to be built, and a whole desktop more, which most machines lack: only where they are asked for.
    if arguments.filter.as_deref().is_some_and(|filter| filter.starts_with("cotp")) {
        tests.extend(cotp::tests());
    }
    if arguments.filter.as_deref().is_some_and(|filter| filter.starts_with("gnome")) {
        tests.extend(gnome::tests());
        tests.extend(gnome_clipboard::tests());
        tests.extend(gnome_search::tests());
        tests.extend(gnome_keys::tests());
        tests.extend(gnome_tray::tests());
    }
    libtest_mimic::run(&arguments, tests).exit();
}
