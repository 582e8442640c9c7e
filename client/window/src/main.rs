//! `countersign-window`: shows a QR code or a large code in a window, until its time is over, a key is pressed, or the pipe closes; or lets
//! the person draw a frame on an X11 screen, and says where it is.
//!
//! It knows neither vault nor daemon: what is to be shown comes on standard input, and is wiped when it goes.
//!
//! The map: [`request`] is what the pipe says, [`code`] the codes in it, [`page`] how a QR looks, [`large`] how a code does, [`surface`] a window on X11 or Wayland, [`window`]
//! the loop between them; [`frame`] is a frame in the making; [`canvas`] and [`text`] draw.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod canvas;
mod code;
mod frame;
mod large;
mod page;
mod request;
mod surface;
mod text;
mod window;

use std::{
    alloc::System,
    env,
    fs::File,
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
    process::ExitCode,
};

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use zeroizing_alloc::ZeroAlloc;

use crate::{
    canvas::Area,
    request::{Order, RequestError},
    surface::SurfaceError,
};

/// What the libraries copy on its way to the screen is wiped too.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    let result = match words.as_slice() {
        [] => harden().map_err(Fault::Start).and_then(|()| run()),
        ["--version" | "-V"] => say(concat!("countersign-window ", env!("CARGO_PKG_VERSION"), "\n")),
        ["--help" | "-h"] => say(HELP),
        _ => Err(Fault::Usage("there are no arguments: what to show comes on standard input; see --help")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("countersign-window: {fault}");
            ExitCode::from(fault.exit_code())
        }
    }
}

fn run() -> Result<(), Fault> {
    let input = io::stdin();
    if input.is_terminal() {
        return Err(Fault::Usage("standard input is a terminal; a pipe is expected there; see --help"));
    }
    // Past the standard library's buffer, which is not wiped.
    let mut pipe = File::from(input.as_fd().try_clone_to_owned().map_err(Fault::Start)?);
    match Order::read(&mut pipe)? {
        Order::Show(mut request) => {
            let mut surface = surface::open(page::preferred(&request), request.show.name())?;
            window::show(&mut request, &mut *surface, pipe)?;
        }
        Order::AskFrame { hint, time } => {
            let Area { x, y, width, height } = window::ask_frame(&hint, time, pipe)?.ok_or(Fault::NoFrame)?;
            return say(&format!("{x} {y} {width} {height}\n"));
        }
    }
    Ok(())
}

/// Makes the process unreadable for other programs of the user: no ptrace, no `/proc/PID/mem`, no core file.
fn harden() -> io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // One byte: at 0 the kernel would still hand the memory to a crash handler that it pipes core files to.
    setrlimit(Resource::Core, Rlimit { current: Some(1), maximum: Some(1) })?;
    Ok(())
}

/// Why nothing was shown, or no longer.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Usage(&'static str),
    #[error("the program can't start: {0}")]
    Start(#[source] io::Error),
    #[error("no frame was drawn: the person cancelled it")]
    NoFrame,
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Surface(#[from] SurfaceError),
}

impl Fault {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Start(_) => 1,
            Self::Usage(_) | Self::Request(_) => 2,
            Self::Surface(SurfaceError::NoDisplay(_)) => 3,
            Self::Surface(SurfaceError::Lost(_)) => 4,
            Self::NoFrame => 5,
            Self::Surface(SurfaceError::Late) => 6,
        }
    }
}

#[allow(clippy::unnecessary_wraps)] // so that it fits beside what can fail
fn say(text: &str) -> Result<(), Fault> {
    // Who asked may have stopped reading.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(())
}

const HELP: &str = "\
Show a QR code or a large code in a window, until its time is over or a key is
pressed

Usage: countersign-window < PIPE

What to show is read from standard input: lines of UTF-8, ended by an empty
one. The pipe then stays open: when it closes, so does the window.

  show qr          what follows; always the first line: qr or code
  title TEXT       whose it is
  note TEXT        what to do with it; up to four of these
  seconds N        how long it is shown, 1 to 600; 60 without this line
  row 1101…        of a qr: one row of modules, 1 is dark; as many rows as
                   modules in each, without the light margin
  code 123 456     of a code: its digits or letters in groups
  until TIME N     when it dies, in Unix time, and how many seconds it lives in
                   all; not for one that follows a counter
  next 654 321     the one that follows it: shown in the last 5 seconds, and in
                   its place when they are over

After a code's empty line, further lines code, until and next tell the later
ones, each ended by an empty line.

Escape, Enter and q close the window.

On X11, `ask frame' as the first line lets the person draw a frame on the
screen, which stands still meanwhile; `title' and `note' are the hint, `seconds'
the time for it. The frame's left and upper edge, width and height are written in pixels.

Options:
  -h, --help     Print this help
  -V, --version  Print the version

Exit codes: 0 closed by a key, its time or the pipe, 1 it can't start,
2 the request is wrong, 3 no display, 4 the display went away, 5 the person
drew no frame, 6 nor in time
";
