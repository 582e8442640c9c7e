//! A file of another authenticator, read by `countersign-import`: of what is in it this program sees the first bytes only.

mod given;
mod pictures;
mod store;

use std::{
    io::{self, Seek},
    os::fd::{AsRawFd, OwnedFd},
    path::{Path, PathBuf},
    process::Stdio,
};

use countersign_api::connect;
use serde::Deserialize;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{ChildStdout, Command},
};
use zeroize::Zeroizing;

pub(crate) use given::{Given, all};

use crate::{
    error::{Error, exit},
    exporting::Encrypts,
    memory, output,
};

/// What was in a file.
#[derive(Debug, Default)]
pub(crate) struct Foreign {
    /// The word for its format.
    pub(crate) format: String,
    /// What people call its format.
    pub(crate) title: String,
    /// The accounts, as `countersign-import` tells them.
    pub(crate) accounts: Vec<Value>,
    /// What was left out, and why.
    pub(crate) left_out: Vec<LeftOut>,
    /// What to know of all of it.
    pub(crate) notes: Vec<String>,
}

/// Something in a file that does not become an account.
#[derive(Debug, Clone, Default, Deserialize, serde::Serialize)]
pub(crate) struct LeftOut {
    /// What it is called there.
    #[serde(rename = "left_out")]
    pub(crate) name: String,
    /// Where the name is a site's, whose account it is; may be empty.
    #[serde(default)]
    pub(crate) user: String,
    /// `bad`, `no-code`, `deleted` or `not-exportable`.
    pub(crate) why: String,
    /// The reason.
    pub(crate) reason: String,
    /// The program whose file it was in, where that is known.
    #[serde(skip)]
    pub(crate) program: String,
}

/// Why a file gave nothing.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Its password is needed, or was not the right one.
    Password(Closed),
    /// Anything else.
    Failed(Error),
}

/// A file that its password has not opened.
#[derive(Debug)]
pub(crate) struct Closed {
    /// Whether one was given that was meant for it.
    pub(crate) wrong: bool,
    /// What the file is.
    pub(crate) title: String,
    /// What `countersign-import` says of it.
    pub(crate) why: String,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A line of `countersign-import`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Account { account: Value },
    LeftOut(LeftOut),
    Note { note: String },
    Format { format: String, title: String },
    End { end: usize },
}

/// Reads a file that is open, which is called `shown` in messages.
pub(crate) async fn read_from(
    file: OwnedFd,
    shown: &str,
    format: &str,
    passphrase: Option<&str>,
) -> Result<Foreign, Refusal> {
    read(&Given::in_memory(shown.to_owned(), format, file.into()), passphrase).await
}

/// Reads what was given, from its beginning.
pub(crate) async fn read(given: &Given, passphrase: Option<&str>) -> Result<Foreign, Refusal> {
    let shown = &given.shown;
    let passphrase = passphrase.map(|text| memory::inherited(text.as_bytes())).transpose()?;
    let mut command = Command::new(program()?);
    command.args(given.format.iter().flat_map(|format| ["--format", format]));
    if let Some(passphrase) = &passphrase {
        command.arg("--passphrase-fd").arg(passphrase.as_raw_fd().to_string());
    }
    if let [path] = given.paths.as_slice() {
        command.arg("--name").arg(path.file_name().unwrap_or_default().to_string_lossy().as_ref());
    }
    let beside = beside(given).map_err(failed())?;
    for (name, file) in &beside {
        command.arg("--beside").arg(format!("{name}:{}", file.as_raw_fd()));
    }
    let mut file = given.file.try_clone().map_err(failed())?;
    file.rewind().map_err(failed())?;
    command.stdin(file).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    // Ctrl-C is this program's: it ends that one, and says what that means.
    command.process_group(0);
    let mut child = command.spawn().map_err(failed())?;
    let (found, ended) = lines(child.stdout.take().expect("the output is piped")).await.map_err(failed())?;
    let mut errors = String::new();
    child
        .stderr
        .take()
        .expect("the errors are piped")
        .take(MAX_ERROR)
        .read_to_string(&mut errors)
        .await
        .map_err(failed())?;
    let status = child.wait().await.map_err(failed())?;
    let why = output::one_line(errors.trim().trim_start_matches("countersign-import: "));
    match status.code() {
        Some(0) if ended => Ok(found),
        Some(PASSWORD_NEEDED | PASSWORD_WRONG) => {
            let wrong = status.code() == Some(PASSWORD_WRONG);
            Err(Refusal::Password(Closed { wrong, title: found.title, why }))
        }
        Some(code @ FIRST..=TOO_LARGE) => {
            let hint = next_step(code, given.format.is_some());
            Err(Error::Foreign { shown: shown.clone(), why, code: exit::FOREIGN + (code - FIRST) as u8, hint }.into())
        }
        Some(64) => Err(Error::Usage(why.replace("countersign-import --", "countersign import --")).into()),
        _ => {
            let why = "it could not be read: what reads it ended before its time".into();
            Err(Error::Foreign { shown: shown.clone(), why, code: DAMAGED_EXIT, hint: "" }.into())
        }
    }
}

/// Returns what to do about a file that gives nothing; an empty text where that stands in its own words.
fn next_step(code: i32, format_is_given: bool) -> &'static str {
    match code {
        FIRST => "countersign import --list-formats has what can be read, --from PROGRAM the way to such a file",
        DAMAGED if format_is_given => "without --format it is found out what it is",
        DAMAGED => "export it once more, and see that all of it arrives here",
        NEWER => "a later version of countersign may know it; for other ways: countersign import --from PROGRAM",
        TOO_COSTLY => "in the other program, lower the costs of its key derivation and export it again",
        TOO_LARGE => SO_LARGE,
        _ => "",
    }
}

/// Returns the formats that there are: name, title, and the steps to such a file.
pub(crate) async fn formats() -> Result<Vec<Format>, Error> {
    let listed = Command::new(program()?).arg("--list-formats").output().await.map_err(failed())?;
    let text = String::from_utf8_lossy(&listed.stdout);
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// Returns the ways out of other programs.
pub(crate) async fn ways() -> Result<Vec<Way>, Error> {
    let listed = Command::new(program()?).arg("--ways").output().await.map_err(failed())?;
    let text = String::from_utf8_lossy(&listed.stdout);
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// The way out of another program.
#[derive(Debug, Deserialize, serde::Serialize)]
pub(crate) struct Way {
    /// The word by which it is chosen.
    pub(crate) program: String,
    /// What people call it.
    pub(crate) title: String,
    /// What else they call it.
    pub(crate) aliases: Vec<String>,
    /// `file`, `qr`, `keys` or `nothing`.
    pub(crate) out: String,
    /// The steps beside those of its formats.
    pub(crate) steps: Vec<String>,
    /// The formats of its files; where nothing or QR codes get out, what only a rooted telephone gives.
    pub(crate) formats: Vec<Format>,
}

/// A format of foreign files.
#[derive(Debug, Deserialize, serde::Serialize)]
pub(crate) struct Format {
    /// The word by which it is chosen.
    #[serde(rename = "format")]
    pub(crate) name: String,
    /// What people call it.
    pub(crate) title: String,
    /// The steps to such a file.
    pub(crate) steps: Vec<String>,
    /// Whether such a file is encrypted; `None` where none can be written.
    pub(crate) encrypts: Option<Encrypts>,
}

/// Has `countersign-import` do something else than read, and returns what it says.
pub(crate) async fn worker(
    arguments: &[&str],
    input: OwnedFd,
    passphrase: Option<&str>,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let passphrase = passphrase.map(|text| memory::inherited(text.as_bytes())).transpose()?;
    let mut command = Command::new(program()?);
    command.args(arguments);
    if let Some(passphrase) = &passphrase {
        command.arg("--passphrase-fd").arg(passphrase.as_raw_fd().to_string());
    }
    command.stdin(Stdio::from(input)).kill_on_drop(true);
    let output = command.output().await.map_err(failed())?;
    let told = Zeroizing::new(output.stdout);
    if output.status.success() {
        return Ok(told);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let why = output::one_line(errors.trim().trim_start_matches("countersign-import: "));
    Err(failed()(io::Error::other(if why.is_empty() { "it ended before its time".into() } else { why })))
}

fn program() -> Result<PathBuf, Error> {
    connect::program("countersign-import").ok_or_else(|| Error::Usage("countersign-import is not installed".into()))
}

/// Returns how a file is called in messages.
pub(crate) fn shown(path: &Path) -> String {
    if path == Path::new("-") { "standard input".into() } else { output::one_line(&path.display().to_string()) }
}

/// What to do about a file that is too large.
pub(crate) const SO_LARGE: &str = "no export is that large: is it the right file?";
/// The exit code for a file that gives nothing.
pub(crate) const DAMAGED_EXIT: u8 = exit::FOREIGN + (DAMAGED - FIRST) as u8;

/// Returns the exit code for a file whose password is missing or wrong.
pub(crate) fn password_exit(wrong: bool) -> u8 {
    exit::FOREIGN + ((if wrong { PASSWORD_WRONG } else { PASSWORD_NEEDED }) - FIRST) as u8
}

/// Returns accounts as a file in memory that the daemon reads.
pub(crate) fn to_memory(accounts: &[Value]) -> Result<OwnedFd, Error> {
    Ok(memory::file(&as_lines(accounts)?)?.into())
}

/// Returns accounts a line each.
pub(crate) fn as_lines(accounts: &[Value]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut text = Zeroizing::new(Vec::new());
    for account in accounts {
        serde_json::to_writer(&mut *text, account).map_err(|error| failed()(error.into()))?;
        text.push(b'\n');
    }
    Ok(text)
}

/// Returns what lies beside a file, each where the program that is started finds it, under the same number.
fn beside(given: &Given) -> io::Result<Vec<(&'static str, OwnedFd)>> {
    let again = |(name, file): &(&'static str, OwnedFd)| {
        rustix::fs::seek(file, rustix::fs::SeekFrom::Start(0))?;
        Ok((*name, rustix::io::dup(file)?))
    };
    given.beside.iter().map(again).collect()
}

/// Reads what is told, and whether that was all.
async fn lines(out: ChildStdout) -> io::Result<(Foreign, bool)> {
    let mut lines = BufReader::new(out).lines();
    let (mut found, mut ended) = (Foreign::default(), false);
    while let Some(line) = lines.next_line().await? {
        let line = Zeroizing::new(line);
        match serde_json::from_str(&line).map_err(io::Error::from)? {
            Line::Format { format, title } => (found.format, found.title) = (format, title),
            Line::Account { account } => found.accounts.push(account),
            Line::LeftOut(left) => found.left_out.push(left),
            Line::Note { note } => found.notes.push(note),
            Line::End { end } => ended = end == found.accounts.len(),
        }
    }
    Ok((found, ended))
}

fn failed() -> impl FnOnce(io::Error) -> Error {
    Error::io("countersign-import")
}

/// The exit codes of `countersign-import` for files that it can't read: from "not recognised" to "too large".
const FIRST: i32 = 3;
const PASSWORD_NEEDED: i32 = 4;
const PASSWORD_WRONG: i32 = 5;
const DAMAGED: i32 = 6;
const NEWER: i32 = 7;
const TOO_COSTLY: i32 = 9;
const TOO_LARGE: i32 = 10;
const MAX_ERROR: u64 = 4096;
