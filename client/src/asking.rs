//! Whom to ask for what only the person knows: a descriptor, the terminal, or nobody.

use std::{
    fs::File,
    io::{self, Read},
};

use countersign_api::Error as Answer;
use zeroize::Zeroizing;

use crate::{args::Global, error::Error, keeping, prompt::Tty};

/// Whom to ask, and what has been answered: the descriptor, the terminal, or nobody.
pub(crate) struct Asking {
    /// `--no-prompt` was given.
    pub(crate) forbidden: bool,
    /// `--no-tty` was given.
    by_dialog: bool,
    fd: Option<u32>,
    opened: Option<File>,
    tty: Option<Tty>,
    passphrase: Option<Zeroizing<String>>,
}

impl Asking {
    /// Returns whom the global flags allow to be asked.
    pub(crate) fn new(global: &Global) -> Self {
        Self {
            forbidden: global.no_prompt,
            by_dialog: global.no_tty,
            fd: global.passphrase_fd,
            opened: None,
            tty: None,
            passphrase: None,
        }
    }

    /// Returns the terminal; `None` where there is none or nothing may be asked.
    pub(crate) fn tty(&mut self) -> Option<&mut Tty> {
        if self.tty.is_none() && !self.forbidden && !self.by_dialog {
            self.tty = Tty::open();
        }
        self.tty.as_mut()
    }

    /// Returns the terminal, or the error that says what it would have been needed for.
    pub(crate) fn need_tty(&mut self, what_for: &str) -> Result<&mut Tty, Error> {
        self.tty().ok_or_else(|| Error::NoTerminal(format!("no terminal to ask {what_for} on")))
    }

    /// Returns the error for an answer that a dialog led to.
    ///
    /// Whoever asked for dialogs only, and gets none, is told so by the exit code of a missing terminal: that is where to
    /// turn to.
    pub(crate) fn unasked(&self, answer: Answer) -> Error {
        match answer {
            Answer::PresenceNeeded(text) | Answer::Locked(text) if self.by_dialog => Error::NoTerminal(text),
            answer => answer.into(),
        }
    }

    /// Asks whether the person means it, where `--yes` has not said so; `otherwise` says what the answer no leaves.
    pub(crate) async fn meant(&mut self, yes: bool, question: &str, otherwise: &str) -> Result<(), Error> {
        if yes {
            return Ok(());
        }
        let nobody = || Error::Usage("there is no terminal to ask on: say that you mean it by --yes".into());
        let agreed = self.tty().ok_or_else(nobody)?.yes(question, false).await?;
        agreed.then_some(()).ok_or_else(|| keeping::declined(otherwise))
    }

    /// Whether a dialog is to ask for a passphrase that is not there yet.
    pub(crate) fn wants_dialog(&self) -> bool {
        self.by_dialog && !self.forbidden && !self.has_fd()
    }

    /// Whether the passphrase comes from a descriptor.
    pub(crate) fn has_fd(&self) -> bool {
        self.fd.is_some()
    }

    /// Whether the passphrase has been given already.
    pub(crate) fn has_passphrase(&self) -> bool {
        self.passphrase.is_some()
    }

    /// Returns the passphrase: the one given before, the descriptor's first line, or what the terminal answers.
    pub(crate) async fn passphrase(&mut self, question: &str) -> Result<Zeroizing<String>, Error> {
        if let Some(given) = &self.passphrase {
            return Ok(given.clone());
        }
        let given =
            if self.has_fd() { self.fd_line()? } else { self.need_tty("the passphrase")?.ask_secret(question).await? };
        self.passphrase = Some(given.clone());
        Ok(given)
    }

    /// Takes a passphrase that has proved right, so that it is not asked again.
    pub(crate) fn remember(&mut self, passphrase: &Zeroizing<String>) {
        self.passphrase = Some(passphrase.clone());
    }

    /// Forgets a passphrase that was wrong, and says so.
    pub(crate) fn forget(&mut self, text: &str) -> Result<(), Error> {
        self.passphrase = None;
        self.tty().map_or(Ok(()), |tty| tty.show(text))
    }

    /// Returns the descriptor's next line, without its end.
    pub(crate) fn fd_line(&mut self) -> Result<Zeroizing<String>, Error> {
        let number = self.fd.ok_or_else(|| Error::Usage("--passphrase-fd is missing".into()))?;
        read_line(self.descriptor(number)?).map_err(Error::io(format!("--passphrase-fd {number} can't be read")))
    }

    /// Returns the lines of a descriptor, a password each. Where it is the passphrase's too, that is its first line.
    pub(crate) fn file_lines(&mut self, number: u32) -> Result<FileLines, Error> {
        let unread = || Error::io(format!("--file-passphrase-fd {number} can't be read"));
        let path = format!("/proc/self/fd/{number}");
        let shared = self.fd == Some(number);
        if shared && self.passphrase.is_none() {
            self.passphrase = Some(self.fd_line()?);
        }
        // A file that is opened twice is read from its start twice; a copy of the descriptor reads on.
        let file = if shared { self.descriptor(number)?.try_clone() } else { File::open(path) };
        Ok(FileLines { number, file: file.map_err(unread())? })
    }

    fn descriptor(&mut self, number: u32) -> Result<&mut File, Error> {
        if self.opened.is_none() {
            let path = format!("/proc/self/fd/{number}");
            let opened = File::open(path).map_err(Error::io(format!("--passphrase-fd {number} can't be read")))?;
            self.opened = Some(opened);
        }
        Ok(self.opened.as_mut().expect("opened above"))
    }
}

/// A descriptor that holds a password a line, of files that are encrypted.
pub(crate) struct FileLines {
    number: u32,
    file: File,
}

impl FileLines {
    /// Returns its next line, without its end.
    pub(crate) fn next(&mut self) -> Result<Zeroizing<String>, Error> {
        read_line(&mut self.file).map_err(Error::io(format!("--file-passphrase-fd {} can't be read", self.number)))
    }
}

/// Reads up to the next line feed, byte for byte so that nothing beyond it is taken.
fn read_line(file: &mut impl Read) -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST_PASSPHRASE));
    let mut byte = Zeroizing::new([0_u8]);
    loop {
        match file.read(&mut byte[..]) {
            Ok(0) if line.is_empty() => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "no line in it")),
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) if line.len() >= LONGEST_PASSPHRASE => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the line is too long"));
            }
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    let text = str::from_utf8(&line).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the line is no UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// The longest passphrase, in bytes.
const LONGEST_PASSPHRASE: usize = 4096;

#[cfg(test)]
mod tests {
    use std::{io::Write as _, os::fd::AsRawFd as _};

    use super::*;

    #[test]
    fn a_descriptor_is_read_line_by_line() {
        let mut file = io::Cursor::new(b"first\r\nsecond\nthird".to_vec());
        for line in ["first", "second", "third"] {
            assert_eq!(*read_line(&mut file).unwrap(), line);
        }
        assert_eq!(read_line(&mut file).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn passphrase_and_password_may_be_lines_of_one_file() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"passphrase\npassword\n").unwrap();
        let number = file.as_raw_fd().unsigned_abs();
        let none = Asking { forbidden: true, by_dialog: false, fd: None, opened: None, tty: None, passphrase: None };
        let mut asking = Asking { fd: Some(number), ..none };
        assert_eq!(*asking.file_lines(number).unwrap().next().unwrap(), "password");
        assert_eq!(*asking.passphrase.unwrap(), "passphrase", "whichever is asked for first");
    }

    #[test]
    fn a_passphrase_without_end_is_refused() {
        let mut endless = io::repeat(b'x');
        assert_eq!(read_line(&mut endless).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
