//! Screens of an X server, through `countersign-capture-x11`.
//!
//! The capture library needs shared libraries without which a program does not even start. It therefore has a program of
//! its own, so that reading a file works everywhere.

use std::{
    env,
    io::{self, Read},
    os::{fd::AsFd, unix::process::ExitStatusExt},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{Capture, Shot, frames};
use crate::outcome::ScanError;

/// The X server in `DISPLAY`.
pub(super) struct X11;

impl Capture for X11 {
    fn screens(&self) -> Result<Vec<Shot>, ScanError> {
        screens()
    }
}

fn screens() -> Result<Vec<Shot>, ScanError> {
    let mut child = Running(start()?);
    let until = Instant::now() + DEADLINE;
    let shots = frames::read(&mut Timed { from: child.0.stdout.take().expect("the output is piped"), until });
    if let Err(error) = &shots
        && error.kind() == io::ErrorKind::InvalidData
    {
        return Err(ScanError::Capture(format!("the capture program wrote {error}")));
    }
    let (told, status) = child.end(until).map_err(|error| ScanError::Capture(error.to_string()))?;
    if !status.success() {
        return Err(judge(status, &told));
    }
    match shots {
        Ok(shots) if shots.is_empty() => Err(ScanError::Capture("the X server names no screen".into())),
        Ok(shots) => Ok(shots),
        Err(error) => Err(ScanError::Capture(error.to_string())),
    }
}

fn start() -> Result<Child, ScanError> {
    let program = beside_us().map_err(|error| ScanError::Capture(error.to_string()))?;
    let mut command = Command::new(&program);
    // A closed list: above all nothing of Wayland, for which the capture library would go other ways.
    command.env_clear().envs(KEPT.iter().filter_map(|name| Some((name, env::var_os(name)?))));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            ScanError::Capture(format!("{} is missing; install countersign again", program.display()))
        }
        _ => ScanError::Capture(format!("{} does not start: {error}", program.display())),
    })
}

/// Returns the path of the capture program, which lies in the folder of this one.
fn beside_us() -> io::Result<PathBuf> {
    Ok(env::current_exe()?.with_file_name(PROGRAM))
}

/// Says what the end of the capture program means.
fn judge(status: ExitStatus, told: &str) -> ScanError {
    match (status.code(), status.signal()) {
        (Some(NO_LIBRARY), _) => ScanError::Libraries,
        (Some(code), _) if code == i32::from(XWAYLAND) => ScanError::Wayland,
        _ if REFUSALS.iter().any(|refusal| told.contains(refusal)) => ScanError::Permission,
        (None, Some(signal)) => ScanError::Capture(format!("the capture program was killed by signal {signal}")),
        _ => ScanError::Capture(last_line(told)),
    }
}

fn last_line(told: &str) -> String {
    let line = told.lines().last().unwrap_or("the capture program gave no reason");
    line.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// The capture program; killed and buried when dropped.
struct Running(Child);

impl Running {
    /// Waits for its end; returns what it said on standard error.
    fn end(mut self, until: Instant) -> io::Result<(String, ExitStatus)> {
        let mut told = Vec::new();
        let stderr = self.0.stderr.take().expect("the errors are piped");
        Timed { from: stderr, until }.take(MAX_TOLD).read_to_end(&mut told)?;
        Ok((String::from_utf8_lossy(&told).into_owned(), self.0.wait()?))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only for a child that is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads a pipe, and gives up when the time is over.
struct Timed<P> {
    from: P,
    until: Instant,
}

impl<P: Read + AsFd> Read for Timed<P> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        let left = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        if poll(&mut [PollFd::new(&self.from, PollFlags::IN)], Some(&left))? == 0 {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the X server did not answer in time"));
        }
        self.from.read(buffer)
    }
}

/// The name of the capture program.
const PROGRAM: &str = "countersign-capture-x11";
/// Its exit code when the X server turns out to be Xwayland.
pub const XWAYLAND: u8 = 5;
/// What the loader exits with when a shared library is missing.
const NO_LIBRARY: i32 = 127;
const KEPT: &[&str] = &["DISPLAY", "XAUTHORITY", "HOME", "LD_LIBRARY_PATH"];
/// What libxcb and X servers say to a program without the right cookie.
const REFUSALS: &[&str] = &["Authorization required", "No protocol specified", "MAGIC-COOKIE"];
const DEADLINE: Duration = Duration::from_secs(10);
const MAX_TOLD: u64 = 4096;

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
        assert!(judged(XWAYLAND.into(), "").contains("Wayland"));
    }

    #[test]
    fn a_reason_is_one_harmless_line() {
        assert_eq!(judged(3, "x\nno \u{1b}[2Jdisplay"), "the screen can't be captured: no [2Jdisplay");
    }

    #[test]
    fn a_silent_pipe_is_given_up_on() {
        let (reader, _writer) = io::pipe().unwrap();
        let error = Timed { from: reader, until: Instant::now() }.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
