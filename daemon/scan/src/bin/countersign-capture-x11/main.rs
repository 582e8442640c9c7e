//! Writes a picture of every monitor of the X server to standard output, for `countersign-scan`; with words as its argument,
//! of the windows that have them in their titles.
//!
//! The format is that of `capture/frames.rs`. Exit codes: 0 all written, 3 nothing could be captured, 5 the X server is
//! Xwayland, 6 no window has these words, 127 (the loader's) a shared library is missing.

mod rest;

use std::{
    env,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use countersign_scan::{
    capture::{NO_WINDOW, XWAYLAND, frames},
    report::Screen,
};
use rest::Rest;
use rustix::process::{Signal, set_parent_process_death_signal};
use xcap::{Monitor, Window, XCapResult};
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

/// Writes the monitors, or with words as argument the windows that have them in their titles.
fn run() -> Result<ExitCode, String> {
    let words = env::args().nth(1);
    let rest = if words.is_some() { None } else { Rest::of_server() };
    let captured = match &words {
        Some(words) => windows(words)?,
        None => monitors()?,
    };
    let mut written: Vec<Screen> = Vec::new();
    let mut failed = None;
    for captured in captured {
        let (mut screen, rgba) = match captured {
            Ok(captured) => captured,
            Err(error) => {
                failed = Some(format!("the X server gives no picture: {error}"));
                continue;
            }
        };
        if screen.name.starts_with("XWAYLAND") {
            return Ok(ExitCode::from(XWAYLAND));
        }
        if let Some(rest) = &rest {
            rest.straighten(&mut screen);
        }
        // Mirrored outputs are one picture.
        if written.iter().any(|other| other.same_area(&screen)) {
            continue;
        }
        frames::write(&mut io::stdout().lock(), &screen, &rgba).map_err(|error| error.to_string())?;
        written.push(screen);
    }
    if let Some(rest) = &rest {
        for (screen, rgba) in rest.beside(&written) {
            frames::write(&mut io::stdout().lock(), &screen, &rgba).map_err(|error| error.to_string())?;
            written.push(screen);
        }
    }
    io::stdout().flush().map_err(|error| error.to_string())?;
    match failed {
        Some(why) if written.is_empty() => Err(why),
        None if written.is_empty() && words.is_some() => Ok(ExitCode::from(NO_WINDOW)),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Pictures, each taken when it is asked for.
type Captured = Box<dyn Iterator<Item = XCapResult<(Screen, Zeroizing<Vec<u8>>)>>>;

fn monitors() -> Result<Captured, String> {
    let monitors = Monitor::all().map_err(|error| format!("the display can't be opened: {error}"))?;
    Ok(Box::new(monitors.into_iter().map(|monitor| capture(&monitor))))
}

fn windows(words: &str) -> Result<Captured, String> {
    let windows = Window::all().map_err(|error| match Monitor::all() {
        // The server answers: it is the list that nobody keeps.
        Ok(_) => "the window manager tells no list of windows; use --region or --screen N".into(),
        Err(_) => format!("the display can't be opened: {error}"),
    })?;
    let wanted: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let fits = move |window: &Window| {
        let title = window.title().unwrap_or_default().to_lowercase();
        wanted.iter().all(|word| title.contains(word.as_str())) && !window.is_minimized().unwrap_or(true)
    };
    Ok(Box::new(windows.into_iter().filter(fits).map(|window| capture_window(&window))))
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

/// A window is a screen of its own, with the name of the one it stands on.
fn capture_window(window: &Window) -> XCapResult<(Screen, Zeroizing<Vec<u8>>)> {
    let picture = window.capture_image()?;
    let screen = Screen {
        // It may stand on a monitor that the library does not know.
        name: window.current_monitor().and_then(|monitor| monitor.name()).unwrap_or_else(|_| "screen".into()),
        x: window.x()?,
        y: window.y()?,
        width: picture.width(),
        height: picture.height(),
        scale: 1.0,
    };
    Ok((screen, Zeroizing::new(picture.into_raw())))
}

const NOTHING: u8 = 3;
