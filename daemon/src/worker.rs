//! Runs a worker: pixels and foreign bytes are read there, never here.
//!
//! The environment is a closed list, the output is capped, and the worker is killed at its deadline or when the caller
//! gives up.

use std::{
    os::{fd::OwnedFd, unix::process::ExitStatusExt},
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use countersign_api::{
    connect::program,
    types::{ImageOptions, ScanOptions},
};
use serde::Deserialize;
use tokio::{
    io::AsyncReadExt,
    process::{Child, Command},
    time::timeout,
};
use zeroize::Zeroizing;

use crate::screen::{Environment, MAX_VALUE};

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
    /// Where a person sees it among two or three.
    #[serde(default)]
    pub side: String,
}

/// Why a worker gave nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// The program is not there or does not start.
    #[error("the scan program can't be started: {0}")]
    Start(String),
    /// The display server refuses it.
    #[error("{0}")]
    Refused(String),
    /// There is no display.
    #[error("{0}")]
    NoDisplay(String),
    /// The person did not allow it.
    #[error("{0}")]
    Denied(String),
    /// There is no portal, and no other way.
    #[error("{0}")]
    NoPortal(String),
    /// The display server ended.
    #[error("{0}")]
    Lost(String),
    /// It could not look for another reason.
    #[error("{0}")]
    Capture(String),
    /// There is no such camera.
    #[error("{0}")]
    NoCamera(String),
    /// The system refuses the camera.
    #[error("{0}")]
    CameraRefused(String),
    /// Another program uses the camera.
    #[error("{0}")]
    CameraBusy(String),
    /// The camera went away.
    #[error("{0}")]
    CameraLost(String),
    /// What was asked for can't be had.
    #[error("{0}")]
    Choice(String),
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
    /// A picture behind a descriptor, and how hard to look.
    Picture(OwnedFd, ImageOptions),
}

/// Runs `countersign-scan` and returns every QR it found; the environment is that of the screen it looks at.
pub async fn scan(target: Target, environment: Environment) -> Result<Vec<FoundQr>, WorkerError> {
    let path = installed()?;
    let limit = if matches!(target, Target::Screen(_)) { PERSON } else { DEADLINE };
    let child = start(path, target, environment)?;
    let (status, out, err) = timeout(limit, finish(child))
        .await
        .map_err(|_| WorkerError::Decode(format!("it took longer than {} s", limit.as_secs())))??;
    judge(status, &out, err)
}

/// Returns where the scan program is.
pub(crate) fn installed() -> Result<PathBuf, WorkerError> {
    program("countersign-scan").ok_or_else(|| WorkerError::Start("countersign-scan is not installed".into()))
}

/// Says what the end of the worker means: `Exit` of `countersign-scan`.
pub(crate) fn judge(status: ExitStatus, out: &[u8], err: String) -> Result<Vec<FoundQr>, WorkerError> {
    Err(match status.code() {
        Some(code @ (0 | 1)) => {
            if !err.is_empty() {
                tracing::warn!("{err}");
            }
            return if code == 0 { read_lines(out) } else { Ok(Vec::new()) };
        }
        Some(2) => WorkerError::Refused(err),
        Some(3) => WorkerError::NoDisplay(err),
        Some(4) => WorkerError::BadPicture(err),
        Some(5) => WorkerError::Denied(err),
        Some(6) => WorkerError::NoPortal(err),
        Some(7) => WorkerError::Lost(err),
        Some(8) => WorkerError::Capture(err),
        Some(9) => WorkerError::NoCamera(err),
        Some(10) => WorkerError::CameraRefused(err),
        Some(11) => WorkerError::CameraBusy(err),
        Some(12) => WorkerError::CameraLost(err),
        Some(64) => WorkerError::Choice(err),
        Some(other) => WorkerError::Decode(format!("the decoder ended with {other}: {err}")),
        None => {
            let signal = status.signal().unwrap_or_default();
            WorkerError::Decode(format!("the decoder was killed by signal {signal}"))
        }
    })
}

/// Returns a worker that sees nothing of the daemon's environment, and ends with whoever asked for it.
pub(crate) fn command(path: PathBuf) -> Command {
    let mut command = Command::new(path);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

fn start(path: PathBuf, target: Target, environment: Environment) -> Result<Child, WorkerError> {
    let mut command = command(path);
    match target {
        Target::Screen(options) => {
            command.args(options.harder.unwrap_or(false).then_some(HARDER));
            command.args(options.looks_on.unwrap_or(false).then_some(LOOKS_ON));
            command.args(choice(&options)?);
            command.envs(environment);
        }
        Target::Picture(picture, options) => {
            command.args(options.harder.unwrap_or(false).then_some(HARDER));
            command.arg("-").stdin(Stdio::from(picture));
        }
    }
    command.spawn().map_err(|error| WorkerError::Start(error.to_string()))
}

/// Returns the worker's arguments for what the caller wants to have looked at.
fn choice(options: &ScanOptions) -> Result<Vec<String>, WorkerError> {
    let words = |name: &str, value: &Option<String>| Some(vec![name.to_owned(), value.clone()?]);
    let flag = |name: &str, value: Option<bool>| value.unwrap_or(false).then(|| vec![name.to_owned()]);
    let asked = [
        words("--screen", &options.screen),
        flag("--region", options.region),
        words("--window", &options.window),
        flag("--clipboard", options.clipboard),
    ];
    let mut asked: Vec<Vec<String>> = asked.into_iter().flatten().collect();
    let arguments = asked.pop().unwrap_or_default();
    if !asked.is_empty() {
        return Err(WorkerError::Choice("of screen, region, window and clipboard only one can be asked for".into()));
    }
    if arguments.iter().any(|value| value.is_empty() || value.contains('\0') || value.len() > MAX_VALUE) {
        return Err(WorkerError::Choice("the name of the screen or window is none".into()));
    }
    Ok(arguments)
}

type Output = (ExitStatus, Zeroizing<Vec<u8>>, String);

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
    Ok((status, out, last_words(&err)))
}

/// Returns the last line that the worker wrote on standard error, without its name.
pub(crate) fn last_words(err: &[u8]) -> String {
    let err = String::from_utf8_lossy(err).lines().last().unwrap_or_default().to_owned();
    countersign_core::text::visible(err.strip_prefix("countersign-scan: ").unwrap_or(&err))
}

fn read_lines(out: &[u8]) -> Result<Vec<FoundQr>, WorkerError> {
    let lines = out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    // What a line holds may be a secret: the parser's own message would quote it.
    lines
        .map(|line| serde_json::from_slice(line).map_err(|_| WorkerError::Decode("its report is malformed".into())))
        .collect()
}

/// For a picture that is there.
const DEADLINE: Duration = Duration::from_secs(20);
/// For a screen, where a person may have to answer the desktop or to draw a frame. The worker gives up by itself before:
/// at the latest after three questions without a dialog (15 s each) beside a screen cast that fails (105 s) and the dialog
/// of a screenshot (60 s).
const PERSON: Duration = Duration::from_secs(240);
const LOOKS_ON: &str = "--looks-on";
pub(crate) const HARDER: &str = "--harder";
pub(crate) const MAX_OUTPUT: u64 = 256 * 1024;
pub(crate) const MAX_ERROR: u64 = 4 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert;

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
    fn each_end_of_the_worker_has_its_error() {
        let ended = |code: Option<i32>| {
            let status = ExitStatus::from_raw(code.map_or(9, |code| code << 8));
            judge(status, b"", "why".into())
                .map(|found| found.len())
                .map_err(|error| convert::worker_error(&error).id())
        };
        let rows = [
            (Some(0), Ok(0)),
            (Some(1), Ok(0)),
            (Some(2), Err("ScreenRefused")),
            (Some(3), Err("NoDisplay")),
            (Some(4), Err("CaptureNotPossible")),
            (Some(5), Err("CaptureDenied")),
            (Some(6), Err("NoPortal")),
            (Some(7), Err("DisplayLost")),
            (Some(8), Err("CaptureNotPossible")),
            (Some(9), Err("NoCamera")),
            (Some(10), Err("CameraRefused")),
            (Some(11), Err("CameraBusy")),
            (Some(12), Err("CameraLost")),
            (Some(64), Err("InvalidArgument")),
            (Some(101), Err("NotDecoded")),
            (None, Err("NotDecoded")),
        ];
        for (code, expected) in rows {
            assert_eq!(ended(code), expected, "{code:?}");
        }
    }

    #[test]
    fn one_choice_is_one_argument_list() {
        let of = |options: ScanOptions| choice(&options).map_err(|error| error.to_string());
        let screen = |name: &str| ScanOptions { screen: Some(name.into()), ..ScanOptions::default() };
        assert_eq!(of(ScanOptions::default()), Ok(vec![]));
        assert_eq!(of(screen("2")), Ok(vec!["--screen".into(), "2".into()]));
        assert_eq!(of(ScanOptions { region: Some(true), ..Default::default() }), Ok(vec!["--region".into()]));
        assert!(of(ScanOptions { region: Some(true), ..screen("2") }).unwrap_err().contains("only one"));
        assert!(of(screen("")).is_err() && of(screen("a\0b")).is_err() && of(screen(&"x".repeat(5000))).is_err());
    }
}
