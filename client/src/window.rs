//! A window of its own for a QR or a large code: `countersign-window` shows what a pipe says for as long as that is open.
//!
//! So the window goes with this program, however it ends; and at a lock, when the daemon ends the connection.

use std::{io, process::Stdio};

use countersign_api::{Error as Answer, connect};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdin, Command},
};
use zeroize::Zeroizing;

use crate::{error::Error, full_screen::SHOWN_FOR, output, session::Session, sheet::Sheet};

/// A window; it closes when this is dropped.
pub(crate) struct Window {
    child: Child,
    pipe: ChildStdin,
    /// The option that asked for it, and is to be left out where there can be none.
    option: &'static str,
}

impl Window {
    /// Opens a window for a request; `countersign-window --help` has the words.
    ///
    /// # Errors
    /// [`Error::Usage`] where there is no such program.
    pub(crate) async fn open(request: &str, option: &'static str) -> Result<Self, Error> {
        let program = connect::program("countersign-window")
            .ok_or_else(|| Error::Usage(format!("countersign-window is not installed: leave out {option}")))?;
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed())?;
        let pipe = child.stdin.take().expect("the input is piped");
        let mut window = Self { child, pipe, option };
        window.tell(request).await?;
        Ok(window)
    }

    /// Tells it more.
    pub(crate) async fn tell(&mut self, text: &str) -> Result<(), Error> {
        match self.pipe.write_all(text.as_bytes()).await {
            // One that ends at once says why itself.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(failed()),
        }
    }

    /// Waits until it is closed: by the person, by its time.
    ///
    /// # Errors
    /// [`Error::Usage`] where there is no display.
    pub(crate) async fn ended(&mut self) -> Result<(), Error> {
        let mut said = String::new();
        let errors = self.child.stderr.as_mut().expect("the errors are piped");
        errors.take(MAX_ERROR).read_to_string(&mut said).await.map_err(failed())?;
        let status = self.child.wait().await.map_err(failed())?;
        let why = output::one_line(said.trim().trim_start_matches("countersign-window: "));
        match status.code() {
            Some(0) => Ok(()),
            Some(NO_DISPLAY) => Err(Error::Usage(format!("{why}: leave out {}", self.option))),
            _ => Err(failed()(io::Error::other(if why.is_empty() { status.to_string() } else { why }))),
        }
    }

    /// Closes it because the vault was locked, which is the answer.
    pub(crate) async fn close_at_lock(self) -> Result<(), Error> {
        let Self { mut child, pipe, .. } = self;
        drop(pipe);
        child.wait().await.map_err(failed())?;
        Err(Answer::Locked("the vault was locked, and the window closed with it".into()).into())
    }
}

/// Shows a QR in a window until the person closes it, its time is over, or the vault is locked.
///
/// # Errors
/// [`Error::Usage`] where there is no such program or no display; [`Answer::Locked`] when it was closed by a lock.
pub(crate) async fn show(sheet: &Sheet, session: &Session) -> Result<(), Error> {
    let mut window = Window::open(&request(sheet), "--window").await?;
    tokio::select! {
        result = window.ended() => return result,
        () = session.closed() => {}
    }
    window.close_at_lock().await
}

/// Returns what the window is told; `countersign-window --help` has the words.
fn request(sheet: &Sheet) -> Zeroizing<String> {
    // Room for all of it, so that no half-written copy is left behind by growing.
    let mut text = Zeroizing::new(String::with_capacity(MAX_REQUEST));
    text.push_str("show qr\n");
    let seconds = SHOWN_FOR.as_secs().to_string();
    let notes = sheet.notes.iter().take(MAX_NOTES).map(|note| ("note", note.as_str()));
    for (word, value) in [("title", &*sheet.title), ("seconds", &seconds)].into_iter().chain(notes) {
        text.push_str(&line(word, value));
    }
    for row in sheet.matrix.rows() {
        text.push_str("row ");
        text.extend(row);
        text.push('\n');
    }
    text.push('\n');
    text
}

/// Returns a line with a text, as the window takes it.
pub(crate) fn line(word: &str, text: &str) -> String {
    let text: String = output::one_line(text).chars().take(MAX_TEXT).collect();
    format!("{word} {text}\n")
}

fn failed() -> impl FnOnce(io::Error) -> Error {
    Error::io("countersign-window")
}

/// The window's exit code for "no display".
const NO_DISPLAY: i32 = 3;
/// The longest request and the longest text in it that the window takes.
const MAX_REQUEST: usize = 64 * 1024;
const MAX_TEXT: usize = 500;
/// The most notes that it takes.
const MAX_NOTES: usize = 4;
const MAX_ERROR: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{handing_over, qr::Matrix};
    use countersign_api::types::AccountInfo;

    fn sheet(text: &str, account: &AccountInfo) -> Sheet {
        Sheet {
            matrix: Matrix::of(text).unwrap(),
            title: account.title.clone(),
            notes: handing_over::notes(account, None),
        }
    }

    #[test]
    fn the_request_says_all_and_ends_with_an_empty_line() {
        let account =
            AccountInfo { title: "Evil\nshow – x".into(), issuer: "Microsoft".into(), ..AccountInfo::default() };
        let sheet = sheet("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP", &account);
        let text = request(&sheet);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "show qr");
        assert!(lines[1].starts_with("title Evil") && lines[2] == "seconds 60", "{}", lines[1]);
        assert!(lines[3].contains("Other account") && lines[4].contains("one secret"));
        assert_eq!(lines.iter().filter(|line| line.starts_with("show")).count(), 1, "a name steers the window");
        assert_eq!(lines[5..lines.len() - 1].len(), sheet.matrix.rows().count());
        assert!(lines[5].starts_with("row 1111111") && lines.last() == Some(&""));
        assert_eq!(text.capacity(), MAX_REQUEST, "it grew");
    }

    #[test]
    fn the_largest_request_fits() {
        let account = AccountInfo { title: "é".repeat(2000), ..AccountInfo::default() };
        let text = request(&sheet(&"x".repeat(2953), &account));
        assert_eq!(text.capacity(), MAX_REQUEST, "it grew");
    }
}
