//! A code on the clipboard: `countersign-clip` offers it, one process an offer, and says how that goes.

use std::process::Stdio;

use countersign_api::connect;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use crate::{actions, heap};

/// How an offer goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    /// The code of now dies too soon; the next one is waited for.
    Waiting,
    /// It can be pasted.
    Copied,
    /// It is over, or there never was one; with a text where the person should know why.
    Over(Option<String>),
}

/// Offers the account's code, or the one after it, and tells how it goes; the last word is [`Word::Over`].
pub(crate) async fn offer(account: &str, next: bool, tell: impl Fn(Word)) {
    let mut copied = false;
    let heard = |word| {
        copied |= word == Word::Copied;
        tell(word);
    };
    let why = match talk(account, next, heard).await {
        Ok(why) => why,
        Err(error) => Some(format!("countersign-clip: {error}")),
    };
    let failed = why.clone().filter(|_| !copied);
    tell(Word::Over(why));
    if let Some(why) = failed {
        // The menu says it too, and is closed by now.
        let _ = actions::tell_not_copied(&why).await;
    }
}

async fn talk(account: &str, next: bool, mut tell: impl FnMut(Word)) -> std::io::Result<Option<String>> {
    let Some(program) = connect::program("countersign-clip") else {
        return Ok(Some("countersign-clip is not installed".into()));
    };
    let mut command = heap::command(program);
    // The daemon says that a code was copied, and never which.
    command.arg("--notify").args(next.then_some("--next")).arg(account);
    // It outlives a tray that is quit: what was copied can still be pasted.
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().expect("the output is piped")).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(word) = word(&line) {
            tell(word);
        }
    }
    let mut errors = String::new();
    child.stderr.take().expect("the errors are piped").take(LONGEST).read_to_string(&mut errors).await?;
    let status = child.wait().await?;
    Ok((!status.success() && status.code() != Some(CANCELLED)).then(|| said(&errors)))
}

fn word(line: &str) -> Option<Word> {
    match line.split(' ').next() {
        Some("waiting") => Some(Word::Waiting),
        Some("copied") => Some(Word::Copied),
        _ => None,
    }
}

/// Returns what was said of a failure, without the program's name.
fn said(errors: &str) -> String {
    let line = errors.lines().next().unwrap_or("countersign-clip ended without a word");
    line.trim_start_matches("countersign-clip: ").to_owned()
}

/// Exit code: the question was dismissed.
const CANCELLED: i32 = 5;
/// The most bytes of a failure that are read.
const LONGEST: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_icon_shows_is_heard() {
        assert_eq!(word("waiting"), Some(Word::Waiting));
        assert_eq!(word("copied 1764012330"), Some(Word::Copied));
        for other in ["pasted", "ended expired", "", "a word of a later version"] {
            assert_eq!(word(other), None, "{other}");
        }
    }

    #[test]
    fn a_failure_is_told_without_the_programs_name() {
        assert_eq!(said("countersign-clip: nothing was copied\n"), "nothing was copied");
        assert_eq!(said(""), "countersign-clip ended without a word");
    }

    #[test]
    fn the_exit_code_is_that_of_the_contract() {
        assert_eq!(i32::from(countersign_api::Error::Cancelled(String::new()).exit_code()), CANCELLED);
    }
}
