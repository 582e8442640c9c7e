//! `countersign-type`: types one account's fresh code into the window that had the keyboard when this program was started.
//!
//! It is started before anything else is asked (a passphrase, which account), takes note of that window, and is told the
//! account on its standard input. Right before it types it looks again: a code goes into that window, or nowhere.
//!
//! The map: [`codes`] asks the daemon, [`desk`] is a keyboard on X11 or Wayland.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod codes;
mod desk;

use std::{
    alloc::System,
    env, fmt,
    io::{self, BufRead, Write},
    process::ExitCode,
    time::{Duration, Instant},
};

use codes::Codes;
use countersign_api::Error as Answer;
use desk::{Desk, DeskError, Ready};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use tokio::{runtime, time::sleep};
use zeroize::Zeroizing;
use zeroizing_alloc::ZeroAlloc;

/// What the libraries copy of a code on its way is wiped too.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    let result = match words.as_slice() {
        ["--version" | "-V"] => print(concat!("countersign-type ", env!("CARGO_PKG_VERSION"), "\n")),
        ["--help" | "-h"] => print(HELP),
        [] => run(false),
        ["--enter"] => run(true),
        _ => Err(Fault::Usage),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("countersign-type: {fault}");
            ExitCode::from(fault.exit_code())
        }
    }
}

fn run(enter: bool) -> Result<(), Fault> {
    harden()?;
    let mut desk = desk::open()?;
    tell(Word::Ready);
    let (account, pin) = read_request()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut codes = Codes::connect(&account, pin).await?;
        loop {
            // First the window: where it has gone, no counter is advanced in vain.
            settle(&mut *desk).await?;
            let code = codes.fresh(|| tell(Word::Waiting)).await?;
            if desk.type_text(&code, enter)? == Ready::Yes {
                tell(Word::Typed);
                return Ok(());
            }
        }
    })
}

/// Waits until what is typed goes into the window: a menu or a dialog may be closing, a hotkey still be held.
///
/// No desktop tells a program without a window when that is so: it has to be asked again and again.
async fn settle(desk: &mut dyn Desk) -> Result<(), Fault> {
    let begun = Instant::now();
    loop {
        match desk.ready()? {
            Ready::Yes => return Ok(()),
            Ready::Elsewhere if begun.elapsed() > RETURN_LIMIT => return Err(Fault::Elsewhere),
            Ready::Busy if begun.elapsed() > BUSY_LIMIT => return Err(Fault::Busy),
            Ready::Elsewhere | Ready::Busy => sleep(BETWEEN_LOOKS).await,
        }
    }
}

/// Reads the account, and its PIN where the vault does not keep it, a line each.
fn read_request() -> Result<(String, Option<Zeroizing<String>>), Fault> {
    let mut lines = io::stdin().lock();
    let mut account = String::new();
    lines.read_line(&mut account)?;
    let mut pin = Zeroizing::new(String::with_capacity(LONGEST_PIN));
    lines.read_line(&mut pin)?;
    let account = account.trim_end_matches('\n');
    if account.is_empty() {
        return Err(Fault::Nobody);
    }
    let pin = Some(Zeroizing::new(pin.trim_end_matches('\n').to_owned())).filter(|pin| !pin.is_empty());
    Ok((account.to_owned(), pin))
}

/// Makes the process unreadable for other programs of the user: no ptrace, no `/proc/PID/mem`, no core file.
fn harden() -> io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // One byte: at 0 the kernel would still hand the memory to a crash handler that it pipes core files to.
    setrlimit(Resource::Core, Rlimit { current: Some(1), maximum: Some(1) })?;
    Ok(())
}

/// What whoever started this is told, a line each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// The window that has the keyboard is noted.
    Ready,
    /// The code of now dies too soon; the next one is waited for.
    Waiting,
    /// The code was typed.
    Typed,
}

impl fmt::Display for Word {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&format!("{self:?}").to_lowercase())
    }
}

fn tell(word: Word) {
    // Who started this may have ended already.
    let mut out = io::stdout();
    let _ = writeln!(out, "{word}").and_then(|()| out.flush());
}

#[allow(clippy::unnecessary_wraps)] // so that it fits beside what can fail
fn print(text: &str) -> Result<(), Fault> {
    // Who asked may have stopped reading.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(())
}

/// Why nothing was typed.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("it takes --enter or nothing; see countersign-type --help")]
    Usage,
    #[error("nothing was typed: no account was named")]
    Nobody,
    #[error("nothing was typed: the window that had the keyboard has it no longer; start it again in the right one")]
    Elsewhere,
    #[error(
        "nothing was typed: keys are held or latched, or a menu or a locked screen has the keyboard; let go and try again"
    )]
    Busy,
    #[error("the program can't start: {0}")]
    Start(#[from] io::Error),
    #[error("{}", .0.message())]
    Daemon(#[from] Answer),
    #[error(transparent)]
    Desk(#[from] DeskError),
}

impl Fault {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Start(_) | Self::Desk(_) | Self::Elsewhere | Self::Busy => 1,
            Self::Usage | Self::Nobody => 2,
            Self::Daemon(answer) => answer.exit_code(),
        }
    }
}

/// How long the window may take to get the keyboard back from a menu or a dialog.
const RETURN_LIMIT: Duration = Duration::from_secs(2);
/// How long a person may take to let go of the keys.
const BUSY_LIMIT: Duration = Duration::from_secs(10);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
const LONGEST_PIN: usize = 256;

const HELP: &str = "\
Type one account's fresh code into the window that has the keyboard

Usage: countersign-type [--enter]

The window is the one that has the keyboard when this program is started. The
account, by its id or name, is read from standard input, and after it the PIN
where the vault does not keep it, a line each: so it can be started before the
account is chosen. The code is typed when that window has the keyboard again and
no key is held, and else nothing. What happens is told on standard output:

  ready            the window is noted
  waiting          the code of now lives less than 5 s: the next one is taken
  typed            the code was typed

Options:
      --enter    Press Enter after it
  -V, --version  Print the version
  -h, --help     Print this help

Exit codes: 0 typed, 1 not typed, 2 wrong usage; else those of countersign
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_one_that_the_help_explains() {
        for word in [Word::Ready, Word::Waiting, Word::Typed] {
            assert!(HELP.contains(&format!("\n  {word} ")), "{word}");
        }
    }
}
