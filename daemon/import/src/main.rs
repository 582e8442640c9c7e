//! `countersign-import`: reads the accounts in a file of another authenticator, or writes such a file, and exits.

use std::{
    alloc::System,
    fs,
    io::{self, Read, Write},
    process::ExitCode,
};

use countersign_core::{secret::SecretText, text::visible, vault::Portable};
use countersign_import::{
    ExportError, File, Format, Import, ImportError, REGISTRY, Writer, candidates, export, keys::MAX_MEMORY, named,
};
use countersign_sandbox::Limits;
use serde_json::json;
use zeroize::Zeroizing;
use zeroizing_alloc::ZeroAlloc;

/// Wipes what is freed: keys pass through the buffers of several parsers.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    // The message of a panic may quote what was being read.
    std::panic::set_hook(Box::new(|_| {}));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["--version" | "-V"] => print(concat!("countersign-import ", env!("CARGO_PKG_VERSION"), "\n")),
        ["--help" | "-h"] => print(HELP),
        ["--list-formats"] => list(),
        ["--ways"] => ways(),
        ["--self-test"] => self_test(),
        words => Request::parse(words).ok_or(Fault::Usage).and_then(|request| run(&request)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("countersign-import: {fault}");
            ExitCode::from(fault.exit_code())
        }
    }
}

/// What the command line asks for.
#[derive(Default)]
struct Request<'a> {
    task: Task,
    format: Option<&'a str>,
    passphrase: Option<u32>,
    /// The file's own name.
    name: Option<&'a str>,
    /// Names and descriptors of what lies beside the file.
    beside: Vec<(&'a str, u32)>,
}

#[derive(Default, PartialEq)]
enum Task {
    #[default]
    Read,
    Fit,
    Write,
}

impl<'a> Request<'a> {
    fn parse(words: &[&'a str]) -> Option<Self> {
        let mut request = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--format" => request.take(Task::Read, words.next()?)?,
                "--fit" => request.take(Task::Fit, words.next()?)?,
                "--write" => request.take(Task::Write, words.next()?)?,
                "--passphrase-fd" => request.passphrase = Some(words.next()?.parse().ok()?),
                "--name" => request.name = Some(words.next()?),
                "--beside" => request.beside.push(named_descriptor(words.next()?)?),
                _ => return None,
            }
        }
        Some(request)
    }

    /// Takes what is to be done with which format: only once.
    fn take(&mut self, task: Task, format: &'a str) -> Option<()> {
        self.task = task;
        self.format.replace(format).map_or(Some(()), |_| None)
    }
}

/// Reads `NAME:N`.
fn named_descriptor(word: &str) -> Option<(&str, u32)> {
    let (name, number) = word.rsplit_once(':')?;
    Some((name, number.parse().ok()?))
}

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("wrong usage; see countersign-import --help")]
    Usage,
    #[error("there is no format {0}; see countersign-import --list-formats")]
    NoFormat(String),
    #[error("{0} files are read only; see countersign-import --list-formats")]
    NoWriter(String),
    #[error("the file can't be read, or the answer not be written: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Sandbox(#[from] countersign_sandbox::Error),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error("the walls don't hold")]
    Walls,
    #[error(transparent)]
    Export(#[from] ExportError),
}

impl Fault {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Usage | Self::NoFormat(_) | Self::NoWriter(_) => 64,
            Self::Io(_) | Self::Sandbox(_) | Self::Walls => 70,
            Self::Import(error) => error.exit_code(),
            Self::Export(error) => error.exit_code(),
        }
    }
}

fn run(request: &Request<'_>) -> Result<(), Fault> {
    let format = match request.format {
        Some(name) => Some(named(name).ok_or_else(|| Fault::NoFormat(visible(name)))?),
        None => None,
    };
    let passphrase = request.passphrase.map(read_passphrase).transpose()?;
    let input = read_all(io::stdin().lock())?;
    let mut beside = Vec::new();
    for (name, descriptor) in &request.beside {
        beside.push((*name, read_all(fs::File::open(format!("/proc/self/fd/{descriptor}"))?)?));
    }
    // From here on foreign bytes are looked at, and nothing but memory and the outputs is left.
    countersign_sandbox::restrict(&LIMITS)?;
    match (&request.task, format) {
        (Task::Read, format) => {
            let file = request.name.into_iter().fold(File::new(input), File::called);
            let file = beside.into_iter().fold(file, |file, (name, bytes)| file.with(name, bytes));
            read(&file, format, passphrase.as_ref())
        }
        (_, None) => Err(Fault::Usage),
        (Task::Fit, Some(format)) => fit(&input, writer(format)?),
        (Task::Write, Some(format)) => {
            let accounts = export::accounts(&Zeroizing::new(input))?;
            let file = export::file(writer(format)?, &accounts, passphrase.as_ref())?;
            let mut out = io::stdout().lock();
            Ok(out.write_all(&file).and_then(|()| out.flush())?)
        }
    }
}

fn writer(format: &'static dyn Format) -> Result<&'static dyn Writer, Fault> {
    format.writer().ok_or_else(|| Fault::NoWriter(format.title().to_owned()))
}

/// Says of each account what a file would hold of it.
fn fit(lines: &[u8], writer: &dyn Writer) -> Result<(), Fault> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for account in export::accounts(lines)? {
        match writer.fit(account) {
            Ok(account) => write_account(&mut out, &account)?,
            Err(why) => writeln!(out, "{}", json!({"unfit": why}))?,
        }
    }
    Ok(out.flush()?)
}

fn read(file: &File, format: Option<&'static dyn Format>, passphrase: Option<&SecretText>) -> Result<(), Fault> {
    // Of a database, all may still be in its log.
    if file.bytes().is_empty() && file.beside("-wal").is_none_or(<[u8]>::is_empty) {
        return Err(ImportError::damaged("nothing is in it").into());
    }
    let formats = match format {
        Some(format) => vec![format],
        None => candidates(file),
    };
    if formats.is_empty() {
        return Err(file.unrecognised().into());
    }
    say_format(&formats)?;
    let (_, import) = countersign_import::read(&formats, file, passphrase)?;
    Ok(write(&import)?)
}

fn read_all(from: impl Read) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    from.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(ImportError::TooLarge(format!("more than {} MiB", MAX_FILE >> 20)).into());
    }
    Ok(bytes)
}

/// Reads one line of a descriptor.
fn read_passphrase(descriptor: u32) -> io::Result<SecretText> {
    let mut text = Zeroizing::new(String::with_capacity(MAX_PASSPHRASE as usize));
    fs::File::open(format!("/proc/self/fd/{descriptor}"))?.take(MAX_PASSPHRASE).read_to_string(&mut text)?;
    let line = text.split('\n').next().unwrap_or_default();
    Ok(SecretText::from(line.trim_end_matches('\r')))
}

/// Says what the file is, before a derivation that may take its time.
fn say_format(formats: &[&dyn Format]) -> io::Result<()> {
    let name = formats.first().map(|format| format.name());
    let titles: Vec<&str> = formats.iter().map(|format| format.title()).collect();
    let mut out = io::stdout().lock();
    writeln!(out, "{}", json!({"format": name, "title": titles.join(" or ")}))?;
    out.flush()
}

fn write(import: &Import) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for account in &import.accounts {
        write_account(&mut out, account)?;
    }
    for left in &import.left_out {
        let (name, user, why) = (visible(&left.name), visible(&left.user), left.why.word());
        writeln!(out, "{}", json!({"left_out": name, "user": user, "why": why, "reason": left.reason}))?;
    }
    for note in &import.notes {
        writeln!(out, "{}", json!({"note": note}))?;
    }
    writeln!(out, "{}", json!({"end": import.accounts.len()}))?;
    out.flush()
}

fn write_account(out: &mut impl Write, account: &Portable) -> io::Result<()> {
    out.write_all(b"{\"account\":")?;
    account.write(out)?;
    out.write_all(b"}\n")
}

fn list() -> Result<(), Fault> {
    let mut out = io::stdout().lock();
    for format in REGISTRY {
        writeln!(out, "{}", countersign_import::ways::told(*format))?;
    }
    Ok(())
}

fn ways() -> Result<(), Fault> {
    let mut out = io::stdout().lock();
    for way in countersign_import::ways::all() {
        writeln!(out, "{way}")?;
    }
    Ok(())
}

/// Shuts this process in as for a file, and tries what must be refused then.
fn self_test() -> Result<(), Fault> {
    let level = countersign_sandbox::restrict(&LIMITS)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{level}")?;
    out.flush()?;
    let attempts = countersign_sandbox::attempts();
    for attempt in attempts {
        writeln!(out, "{}: {}", attempt.what, if attempt.refused { "refused" } else { "allowed" })?;
    }
    if attempts.iter().all(|attempt| attempt.refused) { Ok(()) } else { Err(Fault::Walls) }
}

fn print(text: &str) -> Result<(), Fault> {
    Ok(io::stdout().write_all(text.as_bytes())?)
}

/// The limits once foreign bytes are looked at: the memory of the costliest derivation beside a file and what is made of it;
/// the time of that derivation on a slow machine.
const LIMITS: Limits = Limits { memory: MAX_MEMORY + (1 << 30), seconds: 60, output: 64 << 20 };
/// The largest file, in bytes.
const MAX_FILE: u64 = 64 << 20;
const MAX_PASSPHRASE: u64 = 4096;

const HELP: &str = "\
Read the accounts in a file of another authenticator, or write such a file

Usage: countersign-import [--format F] [--passphrase-fd N] [--name NAME]
                          [--beside NAME:N]… < FILE
       countersign-import --fit F < ACCOUNTS
       countersign-import --write F [--passphrase-fd N] < ACCOUNTS > FILE
       countersign-import --list-formats | --ways | --self-test

The file comes on standard input; it is recognised by what is in it. It is
read without access to files, network or other programs. What is found is
told on standard output, a JSON object a line:

  {\"format\": …, \"title\": …}                 what the file is
  {\"account\": {…}}                          as FORMAT.md describes an entry
  {\"left_out\": …, \"user\": …, \"why\": …, \"reason\": …}
                                            why: bad, no-code, deleted,
                                                 not-exportable
  {\"note\": …}                               what to know of all of it
  {\"end\": N}                                that is all: N accounts

The accounts hold their secrets.

The way out begins with --fit: of each account (a line each, as above without
its \"account\") what a file of the format can hold of it is told, or
{\"unfit\": why}. What came out of that is what --write takes.

Options:
      --format F          Read it as this format
      --fit F             Tell what such a file can hold
      --write F           Write such a file
      --passphrase-fd N   Read the file's password from this descriptor
      --name NAME         The file's own name, by which manifest.json lists it
      --beside NAME:N     Read what lies beside the file from this descriptor:
                          …-wal of a database, manifest.json of a maFile,
                          slots/passphrase.age and slots/recovery.age of a vault
      --list-formats      List the formats, with the steps to such a file, and
                          whether one can be written: encrypted never, optional
                          or always
      --ways              List the ways out of other programs
      --self-test         Say how well a reading is shut in here, and prove it
  -h, --help              Print this help
  -V, --version           Print the version

Exit codes: 0 read, 3 not recognised, 4 its password is needed, 5 wrong
password, 6 damaged, 7 of a newer version, 8 can't be opened outside the other
program, 9 opening it would take too much, 10 too large, 64 wrong usage, 70
another failure
";
