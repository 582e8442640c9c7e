//! Reads the files, one after the other, and asks for their passwords.

use std::{io, path::PathBuf, time::Duration};

use countersign_api::types::Imported;
use serde::{Serialize, Serializer};
use serde_json::Value;
use tokio::time::{Instant, interval_at};
use zeroize::Zeroizing;

use crate::{
    args::Import,
    asking::FileLines,
    error::{Error, exit},
    foreign::{self, Closed, Foreign, Given, LeftOut, Refusal},
    output,
    progress::Progress,
    session::Session,
};

/// What was in all the files.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The files, in their order.
    pub(super) files: Vec<Read>,
    /// The accounts, as `countersign-import` tells them.
    pub(super) accounts: Vec<Value>,
    /// What was left out, and why.
    pub(super) left_out: Vec<LeftOut>,
    /// What to know of all of it.
    pub(super) notes: Vec<String>,
}

/// A file that was read.
#[derive(Debug, Serialize)]
pub(super) struct Read {
    /// Where it lies, as [`Given::paths`] has it.
    #[serde(serialize_with = "lossy")]
    pub(super) paths: Vec<PathBuf>,
    /// The word for its format.
    pub(super) format: String,
    /// What people call its format.
    pub(super) title: String,
    /// Whether it opened by a password.
    pub(super) encrypted: bool,
    /// How many accounts of it are taken.
    pub(super) accounts: usize,
    /// How many are in it beside those: unreadable, not exportable, in a recycle bin, or not asked for.
    pub(super) others: usize,
    /// How many entries without a code are in it: the logins of a password manager.
    pub(super) without_code: usize,
}

impl Found {
    /// Returns each file with what became of its accounts.
    pub(super) fn by_file<'a>(&'a self, mut done: &'a [Imported]) -> impl Iterator<Item = (&'a Read, &'a [Imported])> {
        self.files.iter().map(move |file| {
            let (own, others) = done.split_at(file.accounts.min(done.len()));
            done = others;
            (file, own)
        })
    }
}

/// Writes paths as texts, whatever bytes they are made of.
fn lossy<S: Serializer>(paths: &[PathBuf], out: S) -> Result<S::Ok, S::Error> {
    out.collect_seq(paths.iter().map(|path| path.to_string_lossy()))
}

impl Found {
    fn take(&mut self, paths: Vec<PathBuf>, one: Foreign, encrypted: bool, only: Option<&str>) {
        let Foreign { format, title, .. } = &one;
        let (format, title) = (format.clone(), title.clone());
        let without_code = one.left_out.iter().filter(|left| left.why == "no-code").count();
        let all = one.accounts.len() + one.left_out.len() - without_code;
        let one = match only {
            Some(words) => only_those(one, words),
            None => one,
        };
        let accounts = one.accounts.len();
        let others = all - accounts;
        self.files.push(Read { paths, format, title: title.clone(), encrypted, accounts, others, without_code });
        self.accounts.extend(one.accounts);
        let program = title.split(" (").next().unwrap_or_default().to_owned();
        self.left_out.extend(one.left_out.into_iter().map(|left| LeftOut { program: program.clone(), ..left }));
        self.notes.extend(one.notes.into_iter().filter(|note| !self.notes.contains(note)).collect::<Vec<_>>());
    }
}

/// Keeps what has all the words in its names. What can't be read stays: of its names only a part is known, so that it may be
/// what was asked for.
fn only_those(mut one: Foreign, words: &str) -> Foreign {
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let fits = |text: String| words.iter().all(|word| text.contains(word));
    one.accounts.retain(|account| {
        let text = |name: &str| account[name].as_str().unwrap_or_default().to_lowercase();
        fits(format!("{} {} {}", text("issuer"), text("name"), text("prefix")))
    });
    one.left_out.retain(|left| left.why == "bad" || fits(format!("{} {}", left.name, left.user).to_lowercase()));
    one
}

/// Reads all files; those that give nothing are left out where the person wants the rest.
pub(super) async fn all(args: &Import, session: &mut Session) -> Result<Found, Error> {
    let lines = args.file_passphrase_fd.map(|number| session.asking.file_lines(number)).transpose()?;
    let mut passwords = Passwords { lines, last: None };
    let all = foreign::all(&args.files, args.format.as_deref()).await.map_err(refused)?;
    let mut found = Found { left_out: all.left_out, ..Found::default() };
    let mut unread = None;
    for given in all.given {
        let error = match read(&given, &mut passwords, session).await {
            Ok((one, encrypted)) => {
                found.take(given.paths, one, encrypted, args.only.as_deref());
                continue;
            }
            Err(error) => error,
        };
        let Some(left) = skipped(&error).filter(|_| args.skip_bad) else { return Err(error) };
        found.left_out.push(left);
        unread.get_or_insert(error);
    }
    match unread {
        Some(error) if found.files.is_empty() => Err(error),
        _ => Ok(found),
    }
}

/// Returns what is told of a file that gives nothing, unless it is its password that is missing.
fn skipped(error: &Error) -> Option<LeftOut> {
    let Error::Foreign { shown, why, code, .. } = error else { return None };
    let is_closed = [true, false].map(foreign::password_exit).contains(code);
    let left = LeftOut { name: shown.clone(), why: "bad".into(), reason: why.clone(), ..LeftOut::default() };
    (!is_closed).then_some(left)
}

/// Reads a file; asks for its password where that is needed, three times at the most. Tells whether it opened by one.
async fn read(given: &Given, passwords: &mut Passwords, session: &mut Session) -> Result<(Foreign, bool), Error> {
    let shown = &given.shown;
    let mut refused = match with_progress(shown, SOON, foreign::read(given, None)).await {
        Err(Refusal::Password(closed)) => closed,
        Err(Refusal::Failed(error)) => return Err(error),
        Ok(found) => return Ok((found, false)),
    };
    let mut known = passwords.last.clone().filter(|_| passwords.lines.is_none());
    let mut tries = 0;
    while tries < TRIES {
        let is_known = known.is_some();
        tries += u32::from(!is_known);
        let next = match known.take() {
            None => passwords.next(shown, &refused, session).await?,
            known => known,
        };
        let Some(password) = next else { break };
        let opening = with_progress(shown, Duration::ZERO, foreign::read(given, Some(&password)));
        refused = match opening.await {
            // Of another file's password nobody said that it was this one's.
            Err(Refusal::Password(closed)) => Closed { wrong: closed.wrong && !is_known, ..closed },
            Err(Refusal::Failed(error)) => return Err(error),
            Ok(found) => {
                passwords.last = Some(password);
                return Ok((found, true));
            }
        };
    }
    let Closed { wrong, title, why } = refused;
    let why = if wrong { why } else { "it is encrypted: give its password by --file-passphrase-fd".into() };
    let (code, hint) = (foreign::password_exit(wrong), given.hint().unwrap_or_default());
    Err(Error::Foreign { shown: format!("{shown} ({title})"), why, code, hint })
}

impl Closed {
    /// Returns what it says as a sentence of its own.
    fn sentence(&self) -> String {
        let mut rest = self.why.chars();
        rest.next().into_iter().flat_map(char::to_uppercase).chain(rest).chain(".\n".chars()).collect()
    }
}

/// The passwords of files: from a descriptor, or asked for. Files of one program have the same, mostly.
struct Passwords {
    lines: Option<FileLines>,
    last: Option<Zeroizing<String>>,
}

impl Passwords {
    /// Returns the next password to try; `None` where there is nobody to ask, or nothing more to try.
    async fn next(
        &mut self,
        shown: &str,
        closed: &Closed,
        session: &mut Session,
    ) -> Result<Option<Zeroizing<String>>, Error> {
        if let Some(lines) = &mut self.lines {
            if closed.wrong {
                return Ok(None);
            }
            return match lines.next() {
                // Fewer lines than encrypted files: the last one is for the rest.
                Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::UnexpectedEof => Ok(self.last.clone()),
                line => line.map(Some),
            };
        }
        let Some(tty) = session.asking.tty() else { return Ok(None) };
        if closed.wrong {
            tty.show(&closed.sentence())?;
        }
        tty.ask_secret(&format!("Password of {shown} ({}): ", closed.title)).await.map(Some)
    }
}

/// A pipe with more in it than such a file has ends as a file of that size does, and one with nothing in it as an empty file.
fn refused(error: Error) -> Error {
    let Error::Io { what, source } = error else { return error };
    let (words, code, hint) = match source.kind() {
        io::ErrorKind::FileTooLarge => ("it is too large: ", exit::FOREIGN_TOO_LARGE, foreign::SO_LARGE),
        io::ErrorKind::UnexpectedEof => ("", foreign::DAMAGED_EXIT, ""),
        _ => return Error::Io { what, source },
    };
    Error::Foreign { shown: what, why: format!("{words}{source}"), code, hint }
}

/// Shows on the terminal how long a file has been being opened, once that takes longer than `after`.
async fn with_progress<T>(shown: &str, after: Duration, work: impl Future<Output = T>) -> T {
    let mut line = Shown(Progress::default());
    let start = Instant::now();
    let mut ticks = interval_at(start + after, Duration::from_secs(1));
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            result = &mut work => return result,
            _ = ticks.tick() => line.show(&format!("Opening it … {} s; Ctrl-C ends it: {shown}", start.elapsed().as_secs())),
        }
    }
}

/// A line that goes when it is over, or interrupted.
struct Shown(Progress);

impl Shown {
    fn show(&mut self, text: &str) {
        if output::is_terminal_err() {
            self.0.show(text);
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.0.clear();
    }
}

/// How often a password may be typed.
const TRIES: u32 = 3;
/// Files that need no password open at once, and need no word.
const SOON: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(names: &[&str]) -> Foreign {
        let accounts = names.iter().map(|name| serde_json::json!({"issuer": "GitHub", "name": name})).collect();
        let left = |name: &str| LeftOut {
            name: name.into(),
            why: "bad".into(),
            reason: "it has no key".into(),
            ..LeftOut::default()
        };
        Foreign { accounts, left_out: vec![left("Old")], notes: vec!["Mind this.".into()], ..Foreign::default() }
    }

    #[test]
    fn files_are_taken_together_and_a_note_is_told_once() {
        let mut found = Found::default();
        found.take(vec!["a".into()], foreign(&["alice", "bob"]), false, None);
        found.take(vec!["b".into()], foreign(&["carol"]), true, None);
        assert_eq!((found.accounts.len(), found.left_out.len(), found.notes.len()), (3, 2, 1));
        assert_eq!((found.files[0].accounts, found.files[1].encrypted), (2, true));
    }

    #[test]
    fn only_what_fits_is_taken_and_what_can_not_be_read_is_told() {
        let mut found = Found::default();
        let mut file = foreign(&["alice", "bob"]);
        for why in ["not-exportable", "deleted", "no-code"] {
            file.left_out.push(LeftOut { why: why.into(), ..file.left_out[0].clone() });
        }
        found.take(vec!["a".into()], file, false, Some("git ALICE"));
        assert_eq!((found.accounts.len(), found.left_out.len()), (1, 1));
        let file = &found.files[0];
        assert_eq!((found.left_out[0].why.as_str(), file.others, file.without_code), ("bad", 4, 1));
    }

    #[test]
    fn what_the_importer_says_of_a_password_is_a_sentence_on_the_terminal() {
        let closed = |why: &str| Closed { wrong: true, title: String::new(), why: why.into() };
        assert_eq!(closed("that is not its password").sentence(), "That is not its password.\n");
    }

    #[test]
    fn a_pipe_with_too_much_or_nothing_in_it_has_the_exit_code_of_a_file() {
        for (kind, code) in
            [(io::ErrorKind::FileTooLarge, 22), (io::ErrorKind::UnexpectedEof, 18), (io::ErrorKind::NotFound, 1)]
        {
            assert_eq!(refused(Error::io("x")(kind.into())).exit_code(), code, "{kind}");
        }
    }
}
