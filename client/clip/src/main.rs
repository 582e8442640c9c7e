//! `countersign-clip`: offers one account's code on the clipboard until it has expired.
//!
//! What is on the clipboard of X11 or Wayland lives in the program that offers it, so that one has to stay: the command
//! line ends too soon, and the tray need not run. This one stays for one offer. It asks the daemon for the code as it is
//! pasted, so a paste just after the code has changed gives the new one.
//!
//! The map: [`codes`] asks the daemon, [`board`] is a clipboard on X11 or Wayland, [`policy`] who gets an answer,
//! [`offer`] the loop between them.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod board;
mod codes;
mod offer;
mod policy;

use std::{
    alloc::System,
    env, fmt,
    io::{self, Read, Write},
    process::ExitCode,
};

use board::BoardError;
use codes::Codes;
use countersign_api::Error as Answer;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use tokio::runtime;
use zeroize::Zeroizing;
use zeroizing_alloc::ZeroAlloc;

/// What the libraries copy of a code on its way is wiped too.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    let result = match words.as_slice() {
        ["--version" | "-V"] => print(concat!("countersign-clip ", env!("CARGO_PKG_VERSION"), "\n")),
        ["--help" | "-h"] => print(HELP),
        words => Request::parse(words).ok_or(Fault::Usage).and_then(|request| run(&request)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("countersign-clip: {fault}");
            ExitCode::from(fault.exit_code())
        }
    }
}

/// What the command line asks for.
#[derive(Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // each is a flag of the command line
struct Request<'a> {
    account: &'a str,
    once: bool,
    pin: bool,
    variation: Option<&'a str>,
    trial: bool,
    next: bool,
    notify: bool,
}

impl<'a> Request<'a> {
    fn parse(words: &[&'a str]) -> Option<Self> {
        let (account, options) = words.split_last().filter(|(account, _)| !account.starts_with('-'))?;
        let mut request = Self { account, ..Self::default() };
        let mut options = options.iter();
        while let Some(option) = options.next() {
            match *option {
                "--paste-once" => request.once = true,
                "--pin" => request.pin = true,
                "--trial" => request.trial = true,
                "--next" => request.next = true,
                "--notify" => request.notify = true,
                "--variation" => request.variation = Some(options.next()?),
                _ => return None,
            }
        }
        Some(request)
    }
}

fn run(request: &Request) -> Result<(), Fault> {
    harden()?;
    let pin = request.pin.then(read_pin).transpose()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let codes = Codes::connect(request, pin).await?;
        // First the clipboard: where there is none, no counter is advanced in vain.
        let board = board::open()?;
        offer::serve(board, &codes, request.once).await
    })
}

/// Reads one line of standard input.
fn read_pin() -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(LONGEST_PIN));
    io::stdin().take(LONGEST_PIN as u64).read_to_string(&mut text)?;
    Ok(Zeroizing::new(text.trim_end_matches('\n').to_owned()))
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
    /// The code of now dies too soon; the next one is waited for.
    Waiting,
    /// The clipboard is ours; the code of now dies at this Unix time, or follows a counter (0).
    Copied(u64),
    /// A code was pasted.
    Pasted,
    /// Something asked for the code before it was there, or sooner than a person can, and got none.
    Refused,
    /// The offer is over, and why.
    Ended(End),
}

/// Why an offer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The code has expired.
    Expired,
    /// It was pasted, and that once was asked for.
    Once,
    /// Something else was copied.
    Replaced,
    /// The vault was locked, or its daemon ended.
    Locked,
    /// Whoever started this asked it to end.
    Told,
}

impl fmt::Display for Word {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => write!(to, "waiting"),
            Self::Copied(expires) => write!(to, "copied {expires}"),
            Self::Pasted => write!(to, "pasted"),
            Self::Refused => write!(to, "refused"),
            Self::Ended(end) => write!(to, "ended {}", format!("{end:?}").to_lowercase()),
        }
    }
}

fn tell(word: Word) {
    // Who started this may have ended already; the offer stays all the same.
    let mut out = io::stdout();
    let _ = writeln!(out, "{word}").and_then(|()| out.flush());
}

#[allow(clippy::unnecessary_wraps)] // so that it fits beside what can fail
fn print(text: &str) -> Result<(), Fault> {
    // Who asked may have stopped reading.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(())
}

/// Why nothing is offered, or no longer.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("one account is expected; see countersign-clip --help")]
    Usage,
    #[error("the program can't start: {0}")]
    Start(#[from] io::Error),
    #[error("{}", .0.message())]
    Daemon(#[from] Answer),
    #[error(transparent)]
    Board(#[from] BoardError),
}

impl Fault {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Start(_) | Self::Board(_) => 1,
            Self::Usage => 2,
            Self::Daemon(answer) => answer.exit_code(),
        }
    }
}

const LONGEST_PIN: usize = 256;

const HELP: &str = "\
Offer one account's code on the clipboard until it has expired

Usage: countersign-clip [--paste-once] [--next] [--notify] [--pin] [--trial]
                        [--variation WORD] ACCOUNT

The code is computed as it is pasted: a paste just after it has changed gives
the new one. The offer ends 5 seconds after the code, at a lock, and when
something else is copied. What happens is told on standard output, a line each:

  waiting          the code of now lives less than 5 s: the next one is taken
  copied TIME      it can be pasted; Unix time at which the code of now dies,
                   0 where codes follow a counter
  pasted           it was pasted
  refused          nothing was given: it can't be pasted yet (a desktop may read at
                   once to keep what is copied; with --paste-once all do that read
                   sooner than a person can), or a program says that it keeps a
                   history of what is copied, or was not the one that pasted first
  ended WHY        expired, once, replaced, locked or told

Options:
      --paste-once      End the offer when it has been pasted
      --next            Begin with the code after the one of now
      --notify          Have the daemon tell on the desktop that it was copied
      --pin             Read the account's PIN from standard input, one line
      --trial           Its use proves nothing yet: the page may refuse the code
      --variation WORD  The code as a site may compute it instead
  -V, --version         Print the version
  -h, --help            Print this help

Exit codes: 0 the offer is over, 1 no clipboard, 2 wrong usage; else those of
countersign
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_comes_last() {
        let once = Request { account: "ab", once: true, variation: Some("sha1"), ..Request::default() };
        assert_eq!(Request::parse(&["--paste-once", "--variation", "sha1", "ab"]), Some(once));
        for bad in [&[][..], &["--paste-once"], &["ab", "--paste-once"], &["--twice", "ab"], &["--variation", "ab"]] {
            assert_eq!(Request::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn each_word_is_one_line_that_the_help_explains() {
        let ends = [End::Expired, End::Once, End::Replaced, End::Locked, End::Told];
        for word in
            [Word::Waiting, Word::Copied(0), Word::Pasted, Word::Refused].into_iter().chain(ends.map(Word::Ended))
        {
            let text = word.to_string();
            assert!(!text.contains('\n') && HELP.contains(text.split(' ').next().unwrap()), "{text}");
        }
        assert_eq!(Word::Ended(End::Replaced).to_string(), "ended replaced");
    }
}
