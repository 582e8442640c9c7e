//! Runs a worker: pixels and foreign bytes are read there, never here.
//!
//! The environment is a closed list, the output is capped, and the worker is killed at its deadline or when the caller
//! gives up.

use std::{os::fd::OwnedFd, path::PathBuf, process::Stdio, time::Duration};

use countersign_api::{connect::program, types::ScanOptions};
use serde::Deserialize;
use tokio::{
    io::AsyncReadExt,
    process::{Child, Command},
    time::timeout,
};
use zeroize::Zeroizing;

/// One QR as the scan worker reports it.
#[derive(Debug, Deserialize)]
pub struct FoundQr {
    /// What the QR says; `None` where that is no text.
    pub text: Option<Zeroizing<String>>,
    /// Its corners, in pixels of the screen or picture.
    pub corners: Vec<(f64, f64)>,
    /// The screen it stood on; `None` in a picture.
    pub screen: Option<Screen>,
    /// Which part of a text on several QR codes it is, from 1, and of how many; such a part has no text of its own.
    #[serde(default)]
    pub part: Option<(u8, u8)>,
    /// Whether it holds bytes; `text` is then one character a byte.
    #[serde(default)]
    pub binary: bool,
}

/// A screen as the scan worker reports it.
#[derive(Debug, Deserialize)]
pub struct Screen {
    /// Its name, such as `HDMI-1`.
    pub name: String,
    /// Its left edge among all screens, in pixels.
    pub x: i32,
    /// Its upper edge among all screens, in pixels.
    pub y: i32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// Why a worker gave nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// The program is not there or does not start.
    #[error("the scan program can't be started: {0}")]
    Start(String),
    /// It says why it could not look.
    #[error("{0}")]
    Capture(String),
    /// The picture is none, or damaged.
    #[error("{0}")]
    BadPicture(String),
    /// It crashed, hung or wrote too much.
    #[error("the picture could not be decoded: {0}")]
    Decode(String),
}

/// What the scan worker looks at.
pub enum Target {
    /// The caller's screen.
    Screen(ScanOptions),
    /// A picture behind a descriptor.
    Picture(OwnedFd),
}

/// Runs `countersign-scan` and returns every QR it found.
pub async fn scan(target: Target) -> Result<Vec<FoundQr>, WorkerError> {
    let path =
        program("countersign-scan").ok_or_else(|| WorkerError::Start("countersign-scan is not installed".into()))?;
    let child = start(path, target).map_err(|error| WorkerError::Start(error.to_string()))?;
    let (status, out, err) = timeout(DEADLINE, finish(child))
        .await
        .map_err(|_| WorkerError::Decode(format!("it took longer than {} s", DEADLINE.as_secs())))??;
    match status {
        Some(0) => read_lines(&out),
        Some(1) => Ok(Vec::new()),
        Some(2 | 3) => Err(WorkerError::Capture(err)),
        Some(4) => Err(WorkerError::BadPicture(err)),
        Some(other) => Err(WorkerError::Decode(format!("the decoder ended with {other}"))),
        None => Err(WorkerError::Decode("the decoder was killed".into())),
    }
}

fn start(path: PathBuf, target: Target) -> std::io::Result<Child> {
    let mut command = Command::new(path);
    command.env_clear().stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    match target {
        Target::Screen(options) => {
            command.stdin(Stdio::null()).envs(screen_environment(options));
        }
        Target::Picture(picture) => {
            command.arg("-").stdin(Stdio::from(picture));
        }
    }
    command.spawn()
}

/// Returns the environment of a program that shows or sees the caller's screen: what the caller says of it, else what the
/// daemon was started with. Bus address and runtime folder never come from a caller.
pub fn screen_environment(options: ScanOptions) -> Vec<(&'static str, String)> {
    let told = [
        ("DISPLAY", options.display),
        ("WAYLAND_DISPLAY", options.wayland_display),
        ("XAUTHORITY", options.xauthority),
        ("XDG_SESSION_TYPE", options.session_type),
        ("XDG_CURRENT_DESKTOP", options.current_desktop),
    ];
    let any = told.iter().any(|(_, value)| value.as_ref().is_some_and(|value| !value.is_empty()));
    let own = |name: &str| std::env::var(name).ok();
    let mut environment: Vec<(&'static str, String)> = told
        .into_iter()
        .filter_map(|(name, value)| Some((name, if any { value? } else { own(name)? })))
        .filter(|(_, value)| !value.is_empty() && !value.contains('\0') && value.len() <= MAX_VALUE)
        .collect();
    for name in ["HOME", "PATH", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "LANG", "LC_ALL"] {
        environment.extend(own(name).map(|value| (name, value)));
    }
    environment
}

type Output = (Option<i32>, Zeroizing<Vec<u8>>, String);

async fn finish(mut child: Child) -> Result<Output, WorkerError> {
    let broken = |error: std::io::Error| WorkerError::Decode(error.to_string());
    let (mut out, mut err) = (Zeroizing::new(Vec::new()), Vec::new());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = (stdout.expect("the output is piped"), stderr.expect("the errors are piped"));
    let (mut stdout, mut stderr) = (stdout.take(MAX_OUTPUT + 1), stderr.take(MAX_ERROR));
    let (read, told) = tokio::join!(stdout.read_to_end(&mut out), stderr.read_to_end(&mut err));
    read.and(told).map_err(broken)?;
    if out.len() as u64 > MAX_OUTPUT {
        return Err(WorkerError::Decode("it wrote too much".into()));
    }
    let status = child.wait().await.map_err(broken)?;
    let err = String::from_utf8_lossy(&err).lines().last().unwrap_or("the scan gave no reason").to_owned();
    Ok((status.code(), out, countersign_core::text::visible(&err)))
}

fn read_lines(out: &[u8]) -> Result<Vec<FoundQr>, WorkerError> {
    let lines = out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    // What a line holds may be a secret: the parser's own message would quote it.
    lines
        .map(|line| serde_json::from_slice(line).map_err(|_| WorkerError::Decode("its report is malformed".into())))
        .collect()
}

const DEADLINE: Duration = Duration::from_secs(20);
const MAX_OUTPUT: u64 = 256 * 1024;
const MAX_ERROR: u64 = 4 * 1024;
const MAX_VALUE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_line_by_line() {
        let out = b"{\"text\":\"a\",\"corners\":[[0,0],[1.5,0],[1,1],[0,1]],\"screen\":null}\n{\"text\":null,\"corners\":[],\"screen\":{\"name\":\"X\",\"x\":-5,\"y\":0,\"width\":10,\"height\":10,\"scale\":1.0},\"binary\":true}\n";
        let found = read_lines(out).unwrap();
        assert_eq!(found[0].text.as_deref().map(String::as_str), Some("a"));
        assert_eq!(found[1].screen.as_ref().unwrap().x, -5);
    }

    #[test]
    fn a_part_of_a_longer_text_is_told_and_has_no_text() {
        let found = read_lines(b"{\"text\":null,\"corners\":[],\"screen\":null,\"part\":[1,3]}\n").unwrap();
        assert_eq!((found[0].part, found[0].text.is_none()), (Some((1, 3)), true));
    }

    #[test]
    fn a_malformed_report_is_not_quoted() {
        let error = read_lines(b"{\"text\":\"otpauth://totp/x?secret=HUSH\"").unwrap_err();
        assert!(!error.to_string().contains("HUSH"));
    }

    #[test]
    fn the_callers_screen_is_taken_whole_or_not_at_all() {
        let options = ScanOptions { display: Some(":7".into()), ..ScanOptions::default() };
        let environment = screen_environment(options);
        assert!(environment.contains(&("DISPLAY", ":7".into())));
        assert!(!environment.iter().any(|(name, _)| *name == "WAYLAND_DISPLAY"));
    }
}
