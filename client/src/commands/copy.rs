//! `countersign copy`: the code of an account on the clipboard, held there by `countersign-clip` until it has expired.

use std::{io, mem, process::Stdio};

use countersign_api::{
    Error as Answer, connect,
    types::{AccountInfo, CopiedOptions},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
};
use zeroize::Zeroizing;

use super::list;
use crate::{
    args::{Copy, Order},
    error::Error,
    output,
    session::Session,
    time,
};

/// Runs the command: it ends when the clipboard has the code, and `countersign-clip` stays.
pub(crate) async fn run(args: Copy, session: &mut Session) -> Result<(), Error> {
    let Err(failure) = copy(&args, session).await else { return Ok(()) };
    if args.notify {
        tell(session, &failure).await;
    }
    match failure {
        Failure::Clip { why, code } => {
            output::say(&format!("countersign: {why}"));
            Err(Error::Said(code))
        }
        Failure::Own(error) => Err(error),
    }
}

/// Why nothing was copied.
enum Failure {
    /// What `countersign-clip` said.
    Clip { why: String, code: u8 },
    /// It did not come to that.
    Own(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

/// Has the daemon tell of a failure on the desktop, since nobody reads what a hotkey's command says; whoever dismissed a
/// question knows.
async fn tell(session: &Session, failure: &Failure) {
    let failed = match failure {
        Failure::Clip { code, .. } if *code == Answer::Cancelled(String::new()).exit_code() => return,
        Failure::Own(Error::Daemon(Answer::Cancelled(_)) | Error::Interrupted | Error::Signal(_)) => return,
        Failure::Clip { why, .. } => why.clone(),
        Failure::Own(error) => format!("{error}\n{}", error.hint()),
    };
    let options = CopiedOptions { failed: Some(failed), ..CopiedOptions::default() };
    if let Ok(accounts) = session.accounts().await {
        // It is said on standard error all the same.
        let _ = accounts.copied("", options.into()).await;
    }
}

async fn copy(args: &Copy, session: &mut Session) -> Result<(), Failure> {
    let account = if args.last { last_used(session).await? } else { session.account(&args.words.join(" ")).await? };
    let pin = match session.asking.tty().filter(|_| account.pin_needed) {
        Some(tty) => Some(tty.ask_secret("PIN of this account: ").await?),
        None => None,
    };
    let mut clip = start(&account, args, pin.as_deref().map(String::as_str)).await.map_err(failed())?;
    let mut lines = BufReader::new(clip.stdout.take().expect("the output is piped")).lines();
    let (mut refused, mut replaced) = (false, false);
    while let Some(line) = lines.next_line().await.map_err(failed())? {
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("waiting", _) => remark(&format!("The code of now lives less than {SOON} s: waiting for the next one …")),
            ("copied", expires) => {
                remark(&copied(&account.title, expires.parse().unwrap_or(0), time::now(), args.paste_once));
                if refused && args.paste_once {
                    remark(KEPT_OUT);
                }
                // From here on it lives by itself.
                mem::forget(clip);
                return Ok(());
            }
            ("refused", _) => refused = true,
            ("ended", why) => replaced = why == "replaced",
            _ => {}
        }
    }
    if replaced {
        return Err(Failure::Clip { why: REPLACED.into(), code: 1 });
    }
    let ended = clip.wait_with_output().await.map_err(failed())?;
    let why = String::from_utf8_lossy(&ended.stderr);
    let why = output::one_line(why.trim().trim_start_matches("countersign-clip: "));
    let code = ended.status.code().and_then(|code| u8::try_from(code).ok());
    Err(Failure::Clip { why, code: code.filter(|code| *code != 0).unwrap_or(1) })
}

/// Returns the account whose code was asked for last.
async fn last_used(session: &mut Session) -> Result<AccountInfo, Error> {
    session.unlock().await?;
    let all = list::accounts(session, "", Order::Use).await?;
    let used = all.into_iter().filter(|account| account.last_used > 0).max_by_key(|account| account.last_used);
    used.ok_or_else(|| Answer::NotFound("no code has been asked for yet: countersign copy NAME".into()).into())
}

async fn start(account: &AccountInfo, args: &Copy, pin: Option<&str>) -> io::Result<Child> {
    let missing = || io::Error::new(io::ErrorKind::NotFound, "it is not installed beside this program");
    let mut command = Command::new(connect::program("countersign-clip").ok_or_else(missing)?);
    let flags =
        [(args.paste_once, "--paste-once"), (args.next, "--next"), (args.notify, "--notify"), (pin.is_some(), "--pin")];
    command.args(flags.into_iter().filter_map(|(set, flag)| set.then_some(flag))).arg(&account.id);
    // A terminal that closes is not to end it, and whoever reads what this program says is not to wait for its end. As long
    // as nothing is copied, it ends with this program.
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let mut child = command.spawn()?;
    let mut input = child.stdin.take().expect("the input is piped");
    if let Some(pin) = pin {
        input.write_all(Zeroizing::new(format!("{pin}\n")).as_bytes()).await?;
    }
    Ok(child)
}

fn failed() -> impl FnOnce(io::Error) -> Error {
    Error::io("countersign-clip")
}

/// Says something to a person; a script has the exit code.
fn remark(text: &str) {
    if output::is_terminal_err() {
        output::say(&output::one_line(text));
    }
}

fn copied(title: &str, expires: u64, now: u64, once: bool) -> String {
    let left = match expires {
        0 => String::new(),
        expires => format!(", {} s", expires.saturating_sub(now)),
    };
    let once = if once { ", for one paste" } else { "" };
    format!("Code for {title} copied{left}{once}.")
}

const KEPT_OUT: &str = "What reads the clipboard at once, to keep what is copied, was given nothing.";
const REPLACED: &str =
    "nothing was copied: something else was copied meanwhile, by you or by a program that keeps what is copied";
/// Seconds that a copied code must still live.
const SOON: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_copied_is_said_without_the_code() {
        assert_eq!(copied("GitHub – alice", 124, 100, false), "Code for GitHub – alice copied, 24 s.");
        assert_eq!(copied("Bank", 0, 100, true), "Code for Bank copied, for one paste.");
    }
}
