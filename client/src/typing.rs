//! `countersign-type`: types a code into the window that had the keyboard when it was begun.
//!
//! Whoever opens a menu, a dialog or a terminal first begins the typing, then chooses, then finishes it: so the window is
//! the one that the person was in, and a code goes there or nowhere.

use std::{io, process::Stdio};

use countersign_api::{connect, types::AccountInfo};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};
use zeroize::Zeroizing;

use crate::{error::Error, output, session::Session};

/// A window that is noted, and what will type into it. Dropped, it types nothing.
pub(crate) struct Typing {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Typing {
    /// Takes note of the window that has the keyboard; Enter is pressed after the code where asked.
    ///
    /// # Errors
    /// This desktop lets no program type, or does not tell the window: it is said, and the exit code is left.
    pub(crate) async fn begin(enter: bool) -> Result<Self, Error> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "it is not installed beside this program");
        let program = connect::program("countersign-type").ok_or_else(missing).map_err(failed())?;
        let mut command = Command::new(program);
        command.args(enter.then_some("--enter")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().map_err(failed())?;
        let lines = BufReader::new(child.stdout.take().expect("the output is piped")).lines();
        let mut typing = Self { child, lines };
        match typing.word().await?.as_deref() {
            Some("ready") => Ok(typing),
            _ => Err(typing.why_not().await),
        }
    }

    /// Types a fresh code of the account; its PIN is asked on the terminal where the vault does not keep it.
    ///
    /// # Errors
    /// The window has the keyboard no longer, or no code is given: it is said, and the exit code is left.
    pub(crate) async fn finish(mut self, account: &AccountInfo, session: &mut Session) -> Result<(), Error> {
        let pin = match session.asking.tty().filter(|_| account.pin_needed) {
            Some(tty) => tty.ask_secret("PIN of this account: ").await?,
            None => Zeroizing::default(),
        };
        let request = Zeroizing::new(format!("{}\n{}\n", account.id, pin.as_str()));
        let mut input = self.child.stdin.take().expect("the input is piped");
        input.write_all(request.as_bytes()).await.map_err(failed())?;
        drop(input);
        while let Some(word) = self.word().await? {
            match word.as_str() {
                "waiting" => remark("The code of now lives less than 5 s: the next one is typed …"),
                "typed" => return Ok(()),
                _ => {}
            }
        }
        Err(self.why_not().await)
    }

    async fn word(&mut self) -> Result<Option<String>, Error> {
        self.lines.next_line().await.map_err(failed())
    }

    /// Says why nothing was typed.
    async fn why_not(self) -> Error {
        let ended = match self.child.wait_with_output().await {
            Ok(ended) => ended,
            Err(error) => return failed()(error),
        };
        let why = String::from_utf8_lossy(&ended.stderr);
        output::say(&format!("countersign: {}", output::one_line(why.trim().trim_start_matches("countersign-type: "))));
        let code = ended.status.code().and_then(|code| u8::try_from(code).ok());
        Error::Said(code.filter(|code| *code != 0).unwrap_or(1))
    }
}

fn failed() -> impl FnOnce(io::Error) -> Error {
    Error::io("countersign-type")
}

/// Says something to a person; a script has the exit code.
fn remark(text: &str) {
    if output::is_terminal_err() {
        output::say(text);
    }
}
