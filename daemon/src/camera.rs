//! Runs the scan worker on a camera: it reports codes as they come, and goes on until it is dropped or its time is over.

use std::time::Duration;

use countersign_api::types::CameraOptions;
use countersign_core::text::visible;
use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Take, copy, sink},
    process::{Child, ChildStderr, ChildStdout},
    task::JoinHandle,
};
use zeroize::Zeroizing;

use crate::{
    screen::MAX_VALUE,
    worker::{self, FoundQr, MAX_ERROR, MAX_OUTPUT, WorkerError},
};

/// A worker that looks through a camera. The worker dies, and the camera goes off, when this is dropped.
pub struct Watch {
    child: Child,
    out: BufReader<Take<ChildStdout>>,
    err: JoinHandle<Vec<u8>>,
}

/// What the worker reports.
#[derive(Debug)]
pub enum Sight {
    /// This camera looks.
    Camera(String),
    /// All codes of one picture that were not seen before.
    Codes(Vec<FoundQr>),
}

impl Watch {
    /// Starts the worker.
    pub fn start(options: &CameraOptions) -> Result<Self, WorkerError> {
        let mut command = worker::command(worker::installed()?);
        command.args(options.harder.unwrap_or(false).then_some(worker::HARDER));
        command.args(["--camera", "--seconds"]).arg(time(options).as_secs().to_string());
        if let Some(device) = &options.device {
            // A path, and never an option.
            let is_path = device.starts_with('/') && !device.contains('\0') && device.len() <= MAX_VALUE;
            command.arg(is_path.then_some(device).ok_or_else(|| WorkerError::Choice(NO_PATH.into()))?);
        }
        let mut child = command.spawn().map_err(|error| WorkerError::Start(error.to_string()))?;
        let out = child.stdout.take().expect("the output is piped");
        let err = child.stderr.take().expect("the errors are piped");
        let out = BufReader::new(out.take(MAX_OUTPUT));
        Ok(Self { child, out, err: tokio::spawn(listen(err)) })
    }

    /// Waits for what it reports next; `None` when its time was over or the film at its end.
    pub async fn next(&mut self) -> Result<Option<Sight>, WorkerError> {
        let mut codes = Vec::new();
        loop {
            let mut line = Zeroizing::new(Vec::new());
            self.out.read_until(b'\n', &mut line).await.map_err(|error| broken(&error))?;
            match line.strip_suffix(b"\n") {
                Some(b"") => return Ok(Some(Sight::Codes(codes))),
                Some(line) => match read(line)? {
                    Line::Camera { camera } => return Ok(Some(Sight::Camera(visible(&camera)))),
                    Line::Code(code) => codes.push(code),
                },
                None if self.out.get_ref().limit() == 0 => return Err(WorkerError::Decode("it wrote too much".into())),
                None => return self.end().await.map(|()| None),
            }
        }
    }

    async fn end(&mut self) -> Result<(), WorkerError> {
        let status = self.child.wait().await.map_err(|error| broken(&error))?;
        let err = (&mut self.err).await.unwrap_or_default();
        worker::judge(status, b"", worker::last_words(&err)).map(drop)
    }
}

/// Returns how long the camera is looked through.
pub fn time(options: &CameraOptions) -> Duration {
    Duration::from_secs(options.seconds.unwrap_or(USUAL).clamp(1, MOST).into())
}

/// A line of the report.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Camera { camera: String },
    Code(FoundQr),
}

fn read(line: &[u8]) -> Result<Line, WorkerError> {
    // What a line holds may be a secret: the parser's own message would quote it.
    serde_json::from_slice(line).map_err(|_| WorkerError::Decode("its report is malformed".into()))
}

/// Keeps the last words of what is said on standard error, however much it is: a full pipe would stop the worker.
async fn listen(mut err: ChildStderr) -> Vec<u8> {
    let mut told = Vec::new();
    let _ = (&mut err).take(MAX_ERROR).read_to_end(&mut told).await;
    let _ = copy(&mut err, &mut sink()).await;
    told
}

fn broken(error: &std::io::Error) -> WorkerError {
    WorkerError::Decode(error.to_string())
}

const USUAL: u32 = 120;
const MOST: u32 = 600;
const NO_PATH: &str = "the camera is named by an absolute path, such as /dev/video2";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_has_its_bounds() {
        let of = |seconds| time(&CameraOptions { seconds, ..CameraOptions::default() }).as_secs();
        assert_eq!([None, Some(0), Some(5), Some(u32::MAX)].map(of), [120, 1, 5, 600]);
    }

    #[test]
    fn a_report_names_the_camera_and_then_codes() {
        assert!(matches!(read(br#"{"camera":"/dev/video0"}"#), Ok(Line::Camera { camera }) if camera == "/dev/video0"));
        let code = read(br#"{"text":"a","corners":[[0,0]],"screen":null}"#);
        assert!(matches!(code, Ok(Line::Code(code)) if code.text.as_deref().map(String::as_str) == Some("a")));
        let error = read(br#"{"text":"otpauth://totp/x?secret=HUSH""#).err().unwrap();
        assert!(!error.to_string().contains("HUSH"));
    }
}
