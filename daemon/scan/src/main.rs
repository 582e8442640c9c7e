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
    capture::{
        self, Look, Shot, Wanted,
        clipboard::{self, Clip},
        doctor,
    },
    decode::{self, Content, Effort, Found, MAX_CODES},
    limits::LIMITS,
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
        Ok(Task::Doctor { json }) => doctor(json),
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
    Doctor { json: bool },
    SelfTest,
    Scan(Source, Effort),
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
        Some("--doctor") => Task::Doctor { json: arguments.next().is_some_and(|argument| argument == "--json") },
        Some("--self-test") => Task::SelfTest,
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

/// Reports a text as if a code had said it.
fn report_text(text: &Zeroizing<String>) -> io::Result<usize> {
    let found = [Found { content: Content::Text(text.clone()), corners: Default::default() }];
    let mut room = MAX_REPORT;
    report::write(&mut io::stdout().lock(), &found, None, &mut room)
}

/// Tells how the screen can be looked at here.
fn doctor(json: bool) -> Exit {
    let diagnosis = doctor::examine();
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

const HELP: &str = "\
Read every QR code off the screen or a picture

Usage: countersign-scan [--harder] [--looks-on]
                        [--screen N | --region | --window WORDS]
       countersign-scan [--harder] --clipboard
       countersign-scan [--harder] FILE | -
       countersign-scan --doctor [--json]
       countersign-scan --self-test

Without an argument the screens are looked at, with FILE or - (standard input)
one picture is read: PNG, JPEG, WebP, GIF, BMP or PNM, at most 64 MiB and
64 million pixels. Each code is one line of JSON:

  {\"text\": …, \"corners\": [[x,y], …], \"screen\": {\"name\": …, …} or null}

Bytes that are no text have one character each (\"binary\": true). text is null
where a code is one part of a longer text (\"part\": [number, of]). The text may
be a secret.

Options:
      --harder        Walk all decoding steps, even when one has read something
      --looks-on      This is one look of many: have the desktop ask only once
      --screen N      Look at one screen: its number from the left, or its name
      --region        Look at a frame that you draw
      --window WORDS  Look at the windows with these words in their titles
      --clipboard     Look at the clipboard instead: a picture or a text
      --doctor        Tell how the screen is looked at here, and why so
      --self-test     Say how well a scan is shut in here, and prove it
  -h, --help          Print this help
  -V, --version       Print the version

Exit codes: 0 found, 1 none, 2 the display server refuses, 3 no display,
4 bad picture, 5 the person said no, 6 no portal, 7 the display server ended,
8 no picture for another reason, 64 wrong usage or not possible here,
70 the report could not be written, or the self-test failed
";
