//! Questions on the person's own terminal, `/dev/tty`, so that they work inside `$(…)` and never mix with the output.
//!
//! Lines are read key by key with the terminal's own echo and signals off: Ctrl-C, or a signal from outside, ends the
//! question and leaves the terminal as it was found.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
};

use rustix::{
    fs::OFlags,
    termios::{self, LocalModes, OptionalActions, SpecialCodeIndex, Termios},
};
use tokio::io::unix::AsyncFd;
use zeroize::Zeroizing;

use crate::{error::Error, output};

/// The terminal.
pub(crate) struct Tty {
    keys: AsyncFd<File>,
    screen: File,
    /// Typed ahead and not asked for yet.
    ahead: Zeroizing<Vec<u8>>,
}

impl Tty {
    /// Opens the terminal; `None` where the process has none.
    pub(crate) fn open() -> Option<Self> {
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let keys = OpenOptions::new().read(true).custom_flags(flags).open("/dev/tty").ok()?;
        let screen = OpenOptions::new().write(true).open("/dev/tty").ok()?;
        #[allow(deprecated)]
        // sound for a `File`, which keeps its descriptor; what follows it may only be called unsafely
        let keys = AsyncFd::new(keys).ok()?;
        Some(Self { keys, screen, ahead: Zeroizing::default() })
    }

    /// Shows text, control characters taken out.
    pub(crate) fn show(&mut self, text: &str) -> Result<(), Error> {
        self.write(output::visible(text).as_bytes())
    }

    /// Asks for a line that is shown while it is typed.
    pub(crate) async fn ask(&mut self, question: &str) -> Result<Zeroizing<String>, Error> {
        self.read(question, true).await
    }

    /// Asks for a line that nobody sees.
    pub(crate) async fn ask_secret(&mut self, question: &str) -> Result<Zeroizing<String>, Error> {
        self.read(question, false).await
    }

    /// Asks a question with yes or no; Enter alone answers what is told.
    pub(crate) async fn yes(&mut self, question: &str, enter: bool) -> Result<bool, Error> {
        let choice = if enter { "[Y/n]" } else { "[y/N]" };
        loop {
            let answer = self.ask(&format!("{question} {choice} ")).await?;
            match answer.trim().to_ascii_lowercase().as_str() {
                "" => return Ok(enter),
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => self.show("Please type y or n.\n")?,
            }
        }
    }

    /// Lets one of the items be chosen by its number; Enter alone, or `q`, is no choice and answers `None`.
    pub(crate) async fn choose(&mut self, question: &str, items: &[String]) -> Result<Option<usize>, Error> {
        for (number, item) in (1..).zip(items) {
            self.show(&format!("{number:>3}  {}\n", output::one_line(item)))?;
        }
        loop {
            let answer = self.ask(&format!("{question} [1-{}, Enter for none] ", items.len())).await?;
            match answer.trim() {
                "" | "q" => return Ok(None),
                text => match text.parse::<usize>() {
                    Ok(number) if (1..=items.len()).contains(&number) => return Ok(Some(number - 1)),
                    _ => self.show(&format!("There is no number {} here.\n", output::one_line(text)))?,
                },
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.screen.write_all(bytes).map_err(Error::io("the terminal"))
    }

    async fn read(&mut self, question: &str, echo: bool) -> Result<Zeroizing<String>, Error> {
        // Before the question shows, so that an answer typed at once is not echoed by the terminal itself.
        let _raw = Raw::begin(&self.screen)?;
        self.show(question)?;
        let mut line = Line::default();
        loop {
            while !self.ahead.is_empty() {
                let key = self.ahead.remove(0);
                match line.press(key) {
                    Pressed::Added if echo => self.write(&[key])?,
                    Pressed::Erased(columns) if echo => {
                        let back = "\x08 \x08".repeat(columns);
                        self.write(back.as_bytes())?;
                    }
                    Pressed::Nothing | Pressed::Added | Pressed::Erased(_) => {}
                    Pressed::Done => {
                        self.write(b"\n")?;
                        return Ok(line.text());
                    }
                    Pressed::Interrupt => {
                        self.write(b"\n")?;
                        return Err(Error::Interrupted);
                    }
                }
            }
            self.wait_for_keys().await?;
        }
    }

    async fn wait_for_keys(&mut self) -> Result<(), Error> {
        let mut chunk = Zeroizing::new([0_u8; 512]);
        loop {
            let mut ready = self.keys.readable().await.map_err(Error::io("the terminal"))?;
            match ready.try_io(|keys| keys.get_ref().read(&mut chunk[..])) {
                Ok(Ok(0)) => return Err(Error::NoTerminal("the terminal was closed".into())),
                Ok(Ok(count)) => {
                    self.ahead.extend_from_slice(&chunk[..count]);
                    return Ok(());
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Err(Error::io("the terminal")(error)),
                Err(_not_ready) => {}
            }
        }
    }
}

/// The terminal without its own echo, line editing and signals, until it is dropped.
struct Raw {
    screen: File,
    before: Termios,
}

impl Raw {
    fn begin(screen: &File) -> Result<Self, Error> {
        let failed = |errno: rustix::io::Errno| Error::io("the terminal")(errno.into());
        let before = termios::tcgetattr(screen).map_err(failed)?;
        let mut now = before.clone();
        now.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN;
        now.special_codes[SpecialCodeIndex::VMIN] = 1;
        now.special_codes[SpecialCodeIndex::VTIME] = 0;
        let screen = screen.try_clone().map_err(Error::io("the terminal"))?;
        // Not `Flush`: what was typed ahead stays.
        termios::tcsetattr(&screen, OptionalActions::Drain, &now).map_err(failed)?;
        Ok(Self { screen, before })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = termios::tcsetattr(&self.screen, OptionalActions::Drain, &self.before);
    }
}

/// A line while it is typed.
#[derive(Default)]
struct Line {
    bytes: Zeroizing<Vec<u8>>,
    escape: Escape,
}

/// Whether the keys of an arrow or a function key are passing: they belong to no line.
#[derive(Default, PartialEq)]
enum Escape {
    #[default]
    No,
    Begun,
    Inside,
}

/// What a key did.
#[derive(Debug, PartialEq)]
enum Pressed {
    Nothing,
    Added,
    Erased(usize),
    Done,
    Interrupt,
}

impl Line {
    fn press(&mut self, key: u8) -> Pressed {
        match (&self.escape, key) {
            (Escape::Begun, b'[' | b'O') => self.escape = Escape::Inside,
            (Escape::Inside, b'@'..=b'~') => self.escape = Escape::No,
            (Escape::Inside, b' '..=b'?') => {}
            _ => {
                self.escape = Escape::No;
                return self.press_plain(key);
            }
        }
        Pressed::Nothing
    }

    fn press_plain(&mut self, key: u8) -> Pressed {
        match key {
            b'\n' | b'\r' => Pressed::Done,
            CTRL_C | CTRL_BACKSLASH => Pressed::Interrupt,
            CTRL_D if self.bytes.is_empty() => Pressed::Interrupt,
            BACKSPACE | DELETE => Pressed::Erased(self.erase()),
            CTRL_U => {
                let mut count = 0;
                while !self.bytes.is_empty() {
                    count += self.erase();
                }
                Pressed::Erased(count)
            }
            ESCAPE => {
                self.escape = Escape::Begun;
                Pressed::Nothing
            }
            0..b' ' => Pressed::Nothing,
            _ if self.bytes.len() >= LONGEST => Pressed::Nothing,
            _ => {
                self.reserve();
                self.bytes.push(key);
                Pressed::Added
            }
        }
    }

    /// Takes one character away and returns how many columns it stood on.
    fn erase(&mut self) -> usize {
        let start = self.bytes.iter().rposition(|byte| byte & 0xc0 != 0x80);
        let Some(start) = start else { return 0 };
        let columns = str::from_utf8(&self.bytes[start..]).map_or(1, unicode_width::UnicodeWidthStr::width);
        self.bytes[start..].fill(0);
        self.bytes.truncate(start);
        columns
    }

    /// Makes room once, so that no copy of a half-typed line stays behind.
    fn reserve(&mut self) {
        if self.bytes.capacity() == 0 {
            self.bytes.reserve_exact(LONGEST);
        }
    }

    fn text(self) -> Zeroizing<String> {
        Zeroizing::new(String::from_utf8_lossy(&self.bytes).into_owned())
    }
}

/// The longest line that is taken, in bytes: a URI of 8 KiB has room.
const LONGEST: usize = 8 * 1024;
const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;
const BACKSPACE: u8 = 8;
const CTRL_U: u8 = 21;
const ESCAPE: u8 = 27;
const CTRL_BACKSLASH: u8 = 28;
const DELETE: u8 = 127;

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> (String, Pressed) {
        let mut line = Line::default();
        for &key in keys {
            let pressed = line.press(key);
            if matches!(pressed, Pressed::Done | Pressed::Interrupt) {
                return (line.text().to_string(), pressed);
            }
        }
        (line.text().to_string(), Pressed::Nothing)
    }

    #[test]
    fn a_line_is_what_was_typed_and_not_taken_back() {
        let rows: [(&[u8], &str); 6] = [
            (b"correct horse\n", "correct horse"),
            (b"ab\x7fc\r", "ac"),
            ("x\u{e9}\u{65e5}\x08\x08y\n".as_bytes(), "xy"),
            (b"wrong\x15right\n", "right"),
            (b"a\x1b[Db\x1b[1;5Cc\x1bOPd\n", "abcd"),
            (b"\x7f\x7f\n", ""),
        ];
        for (keys, text) in rows {
            assert_eq!(typed(keys), (text.to_owned(), Pressed::Done));
        }
    }

    #[test]
    fn control_c_and_the_end_of_input_interrupt() {
        assert_eq!(typed(b"abc\x03").1, Pressed::Interrupt);
        assert_eq!(typed(b"\x04").1, Pressed::Interrupt);
        assert_eq!(typed(b"a\x04\n"), ("a".into(), Pressed::Done));
    }

    #[test]
    fn a_wide_character_takes_two_columns_back() {
        let mut line = Line::default();
        for &byte in "日".as_bytes() {
            line.press(byte);
        }
        assert_eq!(line.press(DELETE), Pressed::Erased(2));
    }
}
