//! `countersign-scan`: reads every QR code off the screen, or off one picture, and exits.

use std::{
    alloc::System,
    ffi::OsString,
    fs::File,
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use countersign_sandbox::{Attempt, Inflow, Level};
use countersign_scan::{
    camera,
    capture::{
        self, Look, Shot, Wanted,
        clipboard::{self, Clip},
        doctor,
    },
    decode::{self, Content, Effort, Found, MAX_CODES},
    limits::{self, LIMITS},
    outcome::{Exit, ScanError},
    picture,
    pixels::Pixels,
    report::{self, MAX_REPORT, Screen},
    wipe,
};
use zeroize::Zeroizing;
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
        Ok(Task::Doctor { cameras, json }) => doctor(cameras, json),
        Ok(Task::SelfTest { camera }) => self_test(camera),
        Ok(Task::Scan(source, effort)) => scan(&source, effort),
        Ok(Task::Watch(camera, time, effort)) => watch(camera.as_deref(), time, effort),
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
    Doctor { cameras: bool, json: bool },
    SelfTest { camera: bool },
    Scan(Source, Effort),
    Watch(Option<PathBuf>, Duration, Effort),
}

/// Where the pixels come from.
enum Source {
    Desktop { wanted: Wanted, looks_on: bool },
    Clipboard,
    Input,
    File(PathBuf),
}

fn parse(arguments: Vec<OsString>) -> Result<Task, &'static str> {
    let mut arguments = arguments.into_iter().peekable();
    let harder = arguments.next_if(|first| first == "--harder").is_some();
    let effort = if harder { Effort::Whole } else { Effort::First };
    let looks_on = arguments.next_if(|next| next == "--looks-on").is_some();
    let scan = |source| Task::Scan(source, effort);
    let desktop = |wanted| scan(Source::Desktop { wanted, looks_on });
    let Some(first) = arguments.next() else { return Ok(desktop(Wanted::Screens)) };
    let mut value = || arguments.next().and_then(|text| text.into_string().ok()).ok_or("that option needs a value");
    let task = match first.to_str() {
        Some("-") if io::stdin().is_terminal() => {
            return Err("standard input is a terminal; a picture is expected there");
        }
        Some("-") => scan(Source::Input),
        Some("--help" | "-h") => Task::Help,
        Some("--version" | "-V") => Task::Version,
        Some("--doctor") => Task::Doctor {
            cameras: arguments.next_if(|next| next == "--screens").is_none(),
            json: arguments.next_if(|next| next == "--json").is_some(),
        },
        Some("--self-test") => {
            Task::SelfTest { camera: arguments.next().is_some_and(|argument| argument == "--camera") }
        }
        Some("--camera") => return camera(&arguments.collect::<Vec<_>>(), effort),
        Some("--clipboard") => scan(Source::Clipboard),
        Some("--screen") => desktop(Wanted::Screen(value()?)),
        Some("--region") => desktop(Wanted::Region),
        Some("--window") => desktop(Wanted::Window(value()?)),
        Some("--") => arguments.next().map_or_else(|| desktop(Wanted::Screens), |path| scan(Source::File(path.into()))),
        Some(option) if option.starts_with('-') => return Err("unknown option; see countersign-scan --help"),
        _ => scan(Source::File(first.into())),
    };
    if arguments.next().is_some() { Err("more than one argument; see countersign-scan --help") } else { Ok(task) }
}

/// Reads what follows `--camera`: `[--seconds N] [DEVICE]`.
fn camera(arguments: &[OsString], effort: Effort) -> Result<Task, &'static str> {
    let (seconds, device) = match arguments {
        [option, seconds, rest @ ..] if option == "--seconds" => {
            let seconds =
                seconds.to_str().and_then(|text| text.parse().ok()).filter(|seconds| (1..=3600).contains(seconds));
            (seconds.ok_or("--seconds needs a number from 1 to 3600")?, rest)
        }
        rest => (USUAL_SECONDS, rest),
    };
    match device {
        [] => Ok(Task::Watch(None, Duration::from_secs(seconds), effort)),
        [device] if device.as_encoded_bytes().starts_with(b"-") => Err("--camera takes a device, or a film"),
        [device] => Ok(Task::Watch(Some(device.into()), Duration::from_secs(seconds), effort)),
        _ => Err("more than one camera; see countersign-scan --help"),
    }
}

/// Looks through a camera, or at a film in its place, and reports each code when it is first seen.
fn watch(path: Option<&Path>, time: Duration, effort: Effort) -> Exit {
    let mut count = 0;
    match watched(path, time, effort, &mut count) {
        Err(error) => {
            complain(&error.to_string());
            error.exit()
        }
        Ok(()) if count == 0 => Exit::Nothing,
        Ok(()) => Exit::Found,
    }
}

fn watched(path: Option<&Path>, time: Duration, effort: Effort, count: &mut usize) -> Result<(), ScanError> {
    let source = camera::Source::open(path)?;
    let until = Instant::now() + time;
    report::write_camera(&mut io::stdout().lock(), &source.name())
        .map_err(|error| ScanError::Report(error.to_string()))?;
    let restricted = countersign_sandbox::restrict_but_for(source.inflow(), &limits::for_camera(time));
    restricted.map_err(|error| ScanError::Sandbox(error.to_string()))?;
    let mut frames = source.frames()?;
    let mut room = MAX_REPORT;
    let a_look = if effort == Effort::Whole { time } else { camera::watch::A_LOOK };
    camera::watch::watch(frames.as_mut(), a_look, until, |found| {
        let written = report::write_picture(&mut io::stdout().lock(), &found, &mut room);
        *count += written.map_err(|error| ScanError::Report(error.to_string()))?;
        Ok(())
    })
}

fn scan(source: &Source, effort: Effort) -> Exit {
    let seen = match seen(source) {
        Ok(seen) => seen,
        Err(error) => {
            complain(&error.to_string());
            return error.exit();
        }
    };
    let reported = match &seen {
        Seen::Pictures(pictures) => report_codes(pictures, effort),
        Seen::Text(text) => report_text(text),
    };
    match reported {
        Ok(0) => Exit::Nothing,
        Ok(_) => Exit::Found,
        Err(error) => {
            complain(&format!("the report can't be written: {error}"));
            Exit::Failed
        }
    }
}

/// What there is to look for codes in.
enum Seen {
    Pictures(Vec<(Pixels, Option<Screen>)>),
    Text(Zeroizing<String>),
}

/// Takes the pictures, and lets go of what decoding does not need before the first foreign byte is looked at.
fn seen(source: &Source) -> Result<Seen, ScanError> {
    let (bytes, whole_desktop) = match source {
        Source::Desktop { wanted, looks_on } => match capture::look(wanted, *looks_on)? {
            Look::File(bytes) => (bytes, true),
            Look::Shots(shots) => {
                restrict()?;
                let pictures = shots.into_iter().map(|Shot { screen, picture }| (picture, Some(screen))).collect();
                return Ok(Seen::Pictures(pictures));
            }
        },
        Source::Clipboard => match clipboard::read()? {
            Clip::Picture(bytes) => (bytes, false),
            Clip::Text(text) => return Ok(Seen::Text(text)),
            Clip::Nothing => return Ok(Seen::Pictures(Vec::new())),
        },
        Source::Input => (picture::read_all(io::stdin().lock(), 0)?, false),
        Source::File(path) => (picture::read_file(path)?, false),
    };
    restrict()?;
    let picture = picture::decode(&bytes)?;
    let screen = whole_desktop.then(|| Screen::whole(picture.grey().width() as u32, picture.grey().height() as u32));
    Ok(Seen::Pictures(vec![(picture, screen)]))
}

/// Gives up files, network, other programs and more for good: foreign bytes are parsed after this, and only then.
fn restrict() -> Result<Level, ScanError> {
    countersign_sandbox::restrict(&LIMITS).map_err(|error| ScanError::Sandbox(error.to_string()))
}

/// Restricts itself as for a scan, or as with a camera, says what was reached, and tries what must be refused.
fn self_test(camera: bool) -> Exit {
    // Any device does: what is refused is refused to all of them.
    let device = camera.then(|| File::open("/dev/null")).transpose();
    let restricted = device.map_err(|error| ScanError::Capture(error.to_string())).and_then(|device| {
        let inflow = device.as_ref().map_or(Inflow::Nothing, |device| Inflow::Camera(device.as_fd()));
        let level = countersign_sandbox::restrict_but_for(inflow, &LIMITS);
        level.map(|level| (level, device)).map_err(|error| ScanError::Sandbox(error.to_string()))
    });
    let (level, device) = match restricted {
        Ok(restricted) => restricted,
        Err(error) => {
            complain(&error.to_string());
            return error.exit();
        }
    };
    let mut tried: Vec<Attempt> = device.iter().flat_map(countersign_sandbox::attempts_on).collect();
    tried.extend(countersign_sandbox::attempts());
    let told = |attempt: &Attempt| format!("{}: {}", attempt.what, if attempt.refused { "refused" } else { "allowed" });
    let lines: Vec<String> = tried.iter().map(told).collect();
    match print(&format!("{level}\n{}\n", lines.join("\n"))) {
        Exit::Found if !tried.iter().all(|attempt| attempt.refused) => Exit::Failed,
        exit => exit,
    }
}

/// Decodes each picture in its share of the time, and writes what was found.
fn report_codes(pictures: &[(Pixels, Option<Screen>)], effort: Effort) -> io::Result<usize> {
    let end = Instant::now() + BUDGET;
    let (mut count, mut room) = (0, MAX_REPORT);
    let screens: Vec<&Screen> = pictures.iter().filter_map(|(_, screen)| screen.as_ref()).collect();
    for (done, (picture, screen)) in pictures.iter().enumerate() {
        let left = end.saturating_duration_since(Instant::now());
        let share = left / (pictures.len() - done) as u32;
        let mut found = decode::scan(picture, effort, Instant::now() + share);
        found.truncate(MAX_CODES - count);
        let written = match screen {
            Some(screen) => report::write_of(&mut io::stdout().lock(), &found, screen, &screens, &mut room)?,
            None => report::write(&mut io::stdout().lock(), &found, None, &mut room)?,
        };
        if written < found.len() {
            complain(&format!("{} codes did not fit into the report", found.len() - written));
        }
        count += written;
    }
    Ok(count)
}

/// Reports a text as if a code had said it.
fn report_text(text: &Zeroizing<String>) -> io::Result<usize> {
    let found = [Found { content: Content::Text(text.clone()), corners: Default::default() }];
    let mut room = MAX_REPORT;
    report::write(&mut io::stdout().lock(), &found, None, &mut room)
}

/// Tells how the screen can be looked at here, and through which cameras.
fn doctor(cameras: bool, json: bool) -> Exit {
    let diagnosis = doctor::examine(cameras);
    match print(&if json { diagnosis.as_json() } else { diagnosis.to_string() }) {
        Exit::Found if diagnosis.uses.is_none() => Exit::NoCapture,
        exit => exit,
    }
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

/// How long a camera is looked through.
const USUAL_SECONDS: u64 = 120;

const HELP: &str = "\
Read every QR code off the screen or a picture

Usage: countersign-scan [--harder] [--looks-on]
                        [--screen N | --region | --window WORDS]
       countersign-scan [--harder] --clipboard
       countersign-scan [--harder] FILE | -
       countersign-scan [--harder] --camera [--seconds N] [DEVICE]
       countersign-scan --doctor [--screens] [--json]
       countersign-scan --self-test [--camera]

Without an argument the screens are looked at, with FILE or - (standard input)
one picture is read: PNG, JPEG, WebP, GIF, BMP or PNM, at most 64 MiB and
64 million pixels. Each code is one line of JSON:

  {\"text\": …, \"corners\": [[x,y], …], \"screen\": {\"name\": …, …} or null}

Bytes that are no text have one character each (\"binary\": true). text is null
where a code is one part of a longer text (\"part\": [number, of]). The text may
be a secret.

A camera is looked through until the time is over. Its name is told first,
{\"camera\": …}, then each code once, when it is first seen; an empty line
ends the codes of one picture. DEVICE is /dev/video0 and the like, or a film
in its place (YUV4MPEG2: ffmpeg writes it as FILM.y4m); without it the first
camera is taken.

Options:
      --harder        Walk all decoding steps, even when one has read something;
                      of a camera, take for each picture the time that it needs
      --looks-on      This is one look of many: have the desktop ask only once
      --screen N      Look at one screen: its number from the left, or its name
      --region        Look at a frame that you draw
      --window WORDS  Look at the windows with these words in their titles
      --clipboard     Look at the clipboard instead: a picture or a text
      --camera        Look through a camera
      --seconds N     For so long: 1 to 3600, 120 unless told
      --doctor        Tell how the screen is looked at here, and why so; with
                      --screens no camera is touched
      --self-test     Say how well a scan is shut in here, and prove it
  -h, --help          Print this help
  -V, --version       Print the version

Exit codes: 0 found, 1 none, 2 the display server refuses, 3 no display, 4 bad
picture, 5 the person said no, 6 no portal, 7 the display server ended, 8 no
picture for another reason, 9 no camera, 10 the system refuses the camera, 11
another program uses it, 12 it went away, 64 wrong usage or not possible here,
70 the report could not be written, or the self-test failed
";
