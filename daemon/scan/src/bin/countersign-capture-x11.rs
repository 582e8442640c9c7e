//! Writes a picture of every monitor of the X server to standard output, for `countersign-scan`.
//!
//! The format is that of `capture/frames.rs`. Exit codes: 0 all written, 3 nothing could be captured, 5 the X server is
//! Xwayland, 127 (the loader's) a shared library is missing.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use countersign_scan::{
    capture::{XWAYLAND, frames},
    report::Screen,
};
use rustix::process::{Signal, set_parent_process_death_signal};
use xcap::{Monitor, XCapResult};
use zeroize::Zeroizing;

fn main() -> ExitCode {
    // A hung X server must not leave this program behind when the one that asked is killed.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    if io::stdout().is_terminal() {
        eprintln!("countersign-capture-x11 writes pictures for countersign-scan; run that one");
        return ExitCode::from(NOTHING);
    }
    match run() {
        Ok(code) => code,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(NOTHING)
        }
    }
}

fn run() -> Result<ExitCode, String> {
    let monitors = Monitor::all().map_err(|error| format!("the display can't be opened: {error}"))?;
    let mut written: Vec<Screen> = Vec::new();
    let mut failed = None;
    for monitor in monitors {
        let (screen, rgba) = match capture(&monitor) {
            Ok(captured) => captured,
            Err(error) => {
                failed = Some(format!("a monitor can't be captured: {error}"));
                continue;
            }
        };
        if screen.name.starts_with("XWAYLAND") {
            return Ok(ExitCode::from(XWAYLAND));
        }
        // Mirrored outputs are one picture.
        if written.iter().any(|other| other.same_area(&screen)) {
            continue;
        }
        frames::write(&mut io::stdout().lock(), &screen, &rgba).map_err(|error| error.to_string())?;
        written.push(screen);
    }
    io::stdout().flush().map_err(|error| error.to_string())?;
    match failed {
        Some(why) if written.is_empty() => Err(why),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn capture(monitor: &Monitor) -> XCapResult<(Screen, Zeroizing<Vec<u8>>)> {
    let scale = monitor.scale_factor()?;
    // The library divides places by the scale; pixels are what the pictures are in.
    let pixels = |place: i32| (place as f32 * scale).round() as i32;
    let picture = monitor.capture_image()?;
    let screen = Screen {
        name: monitor.name()?,
        x: pixels(monitor.x()?),
        y: pixels(monitor.y()?),
        width: picture.width(),
        height: picture.height(),
        scale,
    };
    Ok((screen, Zeroizing::new(picture.into_raw())))
}

const NOTHING: u8 = 3;
