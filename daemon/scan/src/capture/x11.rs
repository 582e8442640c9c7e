//! Screens of an X server, through `countersign-capture-x11`.
//!
//! The capture library needs shared libraries without which a program does not even start. It therefore has a program of
//! its own, so that reading a file works everywhere.

use std::{
    env,
    io::{self, ErrorKind},
    os::unix::process::ExitStatusExt,
    process::{Command, ExitStatus},
    time::{Duration, Instant},
};

use super::{
    Capture, Look, Shot, Wanted, frames,
    program::{self, Running},
    select,
};
use crate::outcome::ScanError;

/// The X server in `DISPLAY`.
pub(super) struct X11;

impl Capture for X11 {
    fn take(&self, wanted: &Wanted) -> Result<Look, ScanError> {
        Ok(Look::Shots(match wanted {
            Wanted::Screens => shots(None)?,
            Wanted::Screen(wanted) => select::one_screen(shots(None)?, wanted)?,
            Wanted::Window(words) => shots(Some(words))?,
            Wanted::Region => {
                // What is framed is what the person sees: the screen as it was before.
                let shots = shots(None)?;
                select::cut(shots, &[select::frame_on_x11()?], |_| 1.0)
            }
        }))
    }

    fn probe(&self) -> Result<String, ScanError> {
        Ok(super::names(&shots(None)?))
    }
}

/// Returns a picture of each monitor, or of each window with these words.
fn shots(window: Option<&String>) -> Result<Vec<Shot>, ScanError> {
    let mut child = start(window)?;
    let until = Instant::now() + DEADLINE;
    let shots = frames::read(&mut child.output(until));
    if let Err(error) = &shots
        && error.kind() == ErrorKind::InvalidData
    {
        return Err(ScanError::Capture(format!("the capture program wrote {error}")));
    }
    let (told, status) = child.end(until).map_err(|error| unanswered(&error))?;
    if !status.success() {
        return Err(judge(status, &told));
    }
    match shots {
        Ok(shots) if shots.is_empty() => Err(ScanError::Capture("the X server names no screen".into())),
        Ok(shots) => Ok(shots),
        Err(error) => Err(unanswered(&error)),
    }
}

fn unanswered(error: &io::Error) -> ScanError {
    match error.kind() {
        ErrorKind::TimedOut => ScanError::Late("the X server did not answer in time".into()),
        _ => ScanError::Capture(error.to_string()),
    }
}

fn start(window: Option<&String>) -> Result<Running, ScanError> {
    let program = super::beside_us(PROGRAM).map_err(|error| ScanError::Capture(error.to_string()))?;
    let mut command = Command::new(&program);
    command.args(window);
    // A closed list: above all nothing of Wayland, for which the capture library would go other ways.
    command.env_clear().envs(KEPT.iter().filter_map(|name| Some((name, env::var_os(name)?))));
    Running::start(&mut command).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            ScanError::Capture(format!("{} is missing; install countersign again", program.display()))
        }
        _ => ScanError::Capture(format!("{} does not start: {error}", program.display())),
    })
}

/// Says what the end of the capture program means.
fn judge(status: ExitStatus, told: &str) -> ScanError {
    match (status.code(), status.signal()) {
        (Some(NO_LIBRARY), _) => ScanError::Libraries,
        (Some(code), _) if code == i32::from(XWAYLAND) => ScanError::Unfit(BEHIND_XWAYLAND),
        (Some(code), _) if code == i32::from(NO_WINDOW) => ScanError::Choice(super::NO_SUCH_WINDOW.into()),
        _ if REFUSALS.iter().any(|refusal| told.contains(refusal)) => ScanError::Permission,
        _ if told.contains(UNOPENED) => ScanError::NoDisplay("no X server answers at DISPLAY".into()),
        _ if told.contains(BROKEN) => ScanError::Lost,
        (None, Some(signal)) => ScanError::Capture(format!("the capture program was killed by signal {signal}")),
        _ => ScanError::Capture(program::last_line(told, "the capture program gave no reason")),
    }
}

/// The name of the capture program.
const PROGRAM: &str = "countersign-capture-x11";
/// Its exit code when the X server turns out to be Xwayland.
pub const XWAYLAND: u8 = 5;
/// Its exit code when no window has the words that are wanted.
pub const NO_WINDOW: u8 = 6;
/// What the loader exits with when a shared library is missing.
const NO_LIBRARY: i32 = 127;
const KEPT: &[&str] = &["DISPLAY", "XAUTHORITY", "HOME", "LD_LIBRARY_PATH"];
/// What libxcb and X servers say to a program without the right cookie.
const REFUSALS: &[&str] = &["Authorization required", "No protocol specified", "MAGIC-COOKIE"];
const DEADLINE: Duration = Duration::from_secs(10);
/// What the capture program says first when there is no X server to talk to.
const UNOPENED: &str = "the display can't be opened";
/// What it says when the connection breaks later.
const BROKEN: &str = "onnection error";
const BEHIND_XWAYLAND: &str = "the X server there shows X programs only";

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(code: i32, told: &str) -> String {
        judge(ExitStatus::from_raw(code << 8), told).to_string()
    }

    #[test]
    fn a_missing_library_names_its_packages() {
        assert!(judged(127, "error while loading shared libraries").contains("install libgbm1"));
    }

    #[test]
    fn a_refused_cookie_is_a_matter_of_permission() {
        let told = "Authorization required, but no authorization protocol specified\n\ncan't open";
        assert!(matches!(judge(ExitStatus::from_raw(3 << 8), told), ScanError::Permission));
    }

    #[test]
    fn xwayland_is_no_screen() {
        assert!(matches!(judge(ExitStatus::from_raw(i32::from(XWAYLAND) << 8), ""), ScanError::Unfit(_)));
    }

    #[test]
    fn a_server_that_is_not_there_differs_from_one_that_ends() {
        let unopened = "the display can't be opened: Connection error, possible I/O error";
        assert!(matches!(judge(ExitStatus::from_raw(3 << 8), unopened), ScanError::NoDisplay(_)));
        let ended = "a monitor can't be captured: Connection error, possible I/O error";
        assert!(matches!(judge(ExitStatus::from_raw(3 << 8), ended), ScanError::Lost));
    }

    #[test]
    fn a_reason_is_one_harmless_line() {
        assert_eq!(judged(3, "x\nno \u{1b}[2Jdisplay"), "the screen can't be captured: no [2Jdisplay");
    }
}
