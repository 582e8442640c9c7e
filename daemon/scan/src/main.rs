//! `countersign-scan`: reads every QR code off the screen, or off one picture, and exits.

use std::{
    alloc::System,
    ffi::OsString,
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use countersign_sandbox::{Attempt, Level};
use countersign_scan::{
    capture::{self, Shot},
    decode::{self, Effort, MAX_CODES},
    limits::LIMITS,
    outcome::{Exit, ScanError},
    picture,
    pixels::Pixels,
    report::{self, MAX_REPORT, Screen},
    wipe,
};
use zeroizing_alloc::ZeroAlloc;

/// Wipes what is freed: pixels and texts pass through the buffers of several decoders.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    // The message of a panic may quote what was being decoded.
    std::panic::set_hook(Box::new(|_| {}));
    let exit = match parse(std::env::args_os().skip(1).collect()) {
        Ok(Task::Help) => print(HELP),
        Ok(Task::Version) => print(concat!("countersign-scan ", env!("CARGO_PKG_VERSION"), "\n")),
        Ok(Task::SelfTest) => self_test(),
        Ok(Task::Scan(source, effort)) => scan(&source, effort),
        Err(why) => {
            complain(why);
            Exit::Usage
        }
    };
    wipe::scrub_stack();
    ExitCode::from(exit as u8)
}

enum Task {
    Help,
    Version,
    SelfTest,
    Scan(Source, Effort),
}

/// Where the pixels come from.
enum Source {
    Screen,
    Input,
    File(PathBuf),
}

fn parse(mut arguments: Vec<OsString>) -> Result<Task, &'static str> {
    let mut take = |option: &str| {
        let is_there = arguments.first().is_some_and(|first| first == option);
        if is_there {
            arguments.remove(0);
        }
        is_there
    };
    let effort = if take("--harder") { Effort::Whole } else { Effort::First };
    let plain = take("--");
    if arguments.len() > 1 {
        return Err("more than one argument; see countersign-scan --help");
    }
    let Some(argument) = arguments.pop() else { return Ok(Task::Scan(Source::Screen, effort)) };
    match argument.to_str() {
        Some("-") if io::stdin().is_terminal() => Err("standard input is a terminal; a picture is expected there"),
        Some("-") => Ok(Task::Scan(Source::Input, effort)),
        Some("--help" | "-h") if !plain => Ok(Task::Help),
        Some("--version" | "-V") if !plain => Ok(Task::Version),
        Some("--self-test") if !plain => Ok(Task::SelfTest),
        Some(option) if option.starts_with('-') && !plain => Err("unknown option; see countersign-scan --help"),
        _ => Ok(Task::Scan(Source::File(argument.into()), effort)),
    }
}

fn scan(source: &Source, effort: Effort) -> Exit {
    let pictures = match pictures(source) {
        Ok(pictures) => pictures,
        Err(error) => {
            complain(&error.to_string());
            return error.exit();
        }
    };
    match report_codes(&pictures, effort) {
        Ok(0) => Exit::Nothing,
        Ok(_) => Exit::Found,
        Err(error) => {
            complain(&format!("the report can't be written: {error}"));
            Exit::Failed
        }
    }
}

/// Takes the pictures, and lets go of what decoding does not need before the first foreign byte is looked at.
fn pictures(source: &Source) -> Result<Vec<(Pixels, Option<Screen>)>, ScanError> {
    let bytes = match source {
        Source::Screen => {
            let shots = capture::screens()?;
            restrict()?;
            return Ok(shots.into_iter().map(|Shot { screen, picture }| (picture, Some(screen))).collect());
        }
        Source::Input => picture::read_all(io::stdin().lock(), 0)?,
        Source::File(path) => picture::read_file(path)?,
    };
    restrict()?;
    Ok(vec![(picture::decode(&bytes)?, None)])
}

/// Gives up files, network, other programs and more for good: foreign bytes are parsed after this, and only then.
fn restrict() -> Result<Level, ScanError> {
    countersign_sandbox::restrict(&LIMITS).map_err(|error| ScanError::Sandbox(error.to_string()))
}

/// Restricts itself as for a scan, says what was reached, and tries what must be refused.
fn self_test() -> Exit {
    let level = match restrict() {
        Ok(level) => level,
        Err(error) => {
            complain(&error.to_string());
            return error.exit();
        }
    };
    let tried = countersign_sandbox::attempts();
    let lines =
        tried.map(|Attempt { what, refused }| format!("{what}: {}", if refused { "refused" } else { "allowed" }));
    match print(&format!("{level}\n{}\n", lines.join("\n"))) {
        Exit::Found if !tried.iter().all(|attempt| attempt.refused) => Exit::Failed,
        exit => exit,
    }
}

/// Decodes each picture in its share of the time, and writes what was found.
fn report_codes(pictures: &[(Pixels, Option<Screen>)], effort: Effort) -> io::Result<usize> {
    let end = Instant::now() + BUDGET;
    let (mut count, mut room) = (0, MAX_REPORT);
    for (done, (picture, screen)) in pictures.iter().enumerate() {
        let left = end.saturating_duration_since(Instant::now());
        let share = left / (pictures.len() - done) as u32;
        let mut found = decode::scan(picture, effort, Instant::now() + share);
        found.truncate(MAX_CODES - count);
        let written = report::write(&mut io::stdout().lock(), &found, screen.as_ref(), &mut room)?;
        if written < found.len() {
            complain(&format!("{} codes did not fit into the report", found.len() - written));
        }
        count += written;
    }
    Ok(count)
}

fn print(text: &str) -> Exit {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => Exit::Found,
        Err(_) => Exit::Failed,
    }
}

fn complain(what: &str) {
    eprintln!("countersign-scan: {what}");
}

/// How long decoding may take, all pictures together.
const BUDGET: Duration = Duration::from_secs(3);

const HELP: &str = "\
Read every QR code off the screen or a picture

Usage: countersign-scan [--harder] [FILE | -]

Without an argument the screens are captured, with FILE or - (standard input)
one picture is read: PNG, JPEG, WebP, GIF, BMP or PNM, at most 64 MiB and
64 million pixels. Each code is one line of JSON:

  {\"text\": …, \"corners\": [[x,y], …], \"screen\": {\"name\": …, …} or null}

Bytes that are no text have one character each (\"binary\": true). text is null
where a code is one part of a longer text (\"part\": [number, of]). The text may
be a secret.

Options:
      --harder     Walk all decoding steps, even when one has read something
      --self-test  Say how well a scan is shut in on this kernel, and prove it
  -h, --help       Print this help
  -V, --version    Print the version

Exit codes: 0 found, 1 none, 2 no permission, 3 no capture possible,
4 bad picture, 64 wrong usage, 70 the report could not be written, or the
self-test failed
";
