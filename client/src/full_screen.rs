//! The alternate screen of a terminal: what is drawn there is in no scrollback, and gone when it is left.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    time::Duration,
};

use rustix::{
    fs::OFlags,
    termios::{self, LocalModes, OptionalActions, SpecialCodeIndex, Termios},
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    signal::unix::{Signal, SignalKind, signal},
    time::{Instant, sleep_until},
};

use crate::error::Error;

/// The alternate screen, until it is dropped: then the terminal is as it was before, whatever happened.
pub(crate) struct FullScreen {
    terminal: AsyncFd<File>,
    before: Termios,
    /// Listens from before the size is first asked: none of the changes after that is missed.
    resized: Signal,
}

/// What happens at a terminal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Keys were pressed: the bytes that they send.
    Keys(Vec<u8>),
    /// The terminal has another size now.
    Resized,
    /// What was waited until has come.
    Time,
    /// The terminal has gone.
    Gone,
    /// A signal that ends the program; that of Ctrl-C too, if another program sends it.
    Signal(u8),
}

/// Why the person, or the clock, went on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Enter, q, or the time is over.
    Closed,
    /// Ctrl-C.
    Interrupted,
    /// The terminal has another size now.
    Resized,
    /// A signal that ends the program.
    Signal(u8),
}

impl FullScreen {
    /// Enters the alternate screen of the terminal that this process belongs to.
    pub(crate) fn enter() -> Result<Self, Error> {
        let failed = || Error::io("the terminal can't be used");
        let resized = signal(SignalKind::window_change()).map_err(failed())?;
        // An open file of its own, so that nobody else's becomes non-blocking.
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC).bits().cast_signed();
        let tty = OpenOptions::new().read(true).write(true).custom_flags(flags).open("/dev/tty").map_err(failed())?;
        let before = termios::tcgetattr(&tty).map_err(|error| failed()(error.into()))?;
        let mut raw = before.clone();
        raw.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        termios::tcsetattr(&tty, OptionalActions::Flush, &raw).map_err(|error| failed()(error.into()))?;
        #[allow(deprecated)]
        // sound for a `File`, which keeps its descriptor; what follows it may only be called unsafely
        let terminal = AsyncFd::new(tty).map_err(failed())?;
        Ok(Self { terminal, before, resized })
    }

    /// Returns columns and rows.
    pub(crate) fn size(&self) -> (usize, usize) {
        let told =
            termios::tcgetwinsize(self.terminal.get_ref()).ok().filter(|size| size.ws_col > 0 && size.ws_row > 0);
        told.map_or((80, 24), |size| (size.ws_col.into(), size.ws_row.into()))
    }

    /// Shows this text alone.
    pub(crate) async fn show(&mut self, text: &str) -> Result<(), Error> {
        self.write(ENTER).await?;
        self.write(text).await
    }

    async fn write(&mut self, text: &str) -> Result<(), Error> {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let write = |mut file: &File| file.write(rest);
            let written = self.terminal.async_io(Interest::WRITABLE, |file| write(file)).await;
            rest = &rest[written.map_err(Error::io("the terminal can't be written to"))?..];
        }
        Ok(())
    }

    /// Draws over what is shown.
    pub(crate) async fn draw(&mut self, text: &str) -> Result<(), Error> {
        self.write(text).await
    }

    /// Waits for what happens next.
    pub(crate) async fn event(&mut self, until: Instant) -> Result<Event, Error> {
        let on = |kind| signal(kind).map_err(Error::io("signals can't be waited for"));
        let mut interrupt = on(SignalKind::interrupt())?;
        let (mut terminate, mut hang_up) = (on(SignalKind::terminate())?, on(SignalKind::hangup())?);
        tokio::select! {
            () = sleep_until(until) => Ok(Event::Time),
            _ = self.resized.recv() => Ok(Event::Resized),
            _ = interrupt.recv() => Ok(Event::Signal(2)),
            _ = terminate.recv() => Ok(Event::Signal(15)),
            _ = hang_up.recv() => Ok(Event::Signal(1)),
            keys = keys(&self.terminal) => {
                let keys = keys.map_err(Error::io("the terminal can't be read"))?;
                Ok(if keys.is_empty() { Event::Gone } else { Event::Keys(keys) })
            }
        }
    }

    /// Waits until a key or a signal ends it, or the time is over.
    pub(crate) async fn wait(&mut self, until: Instant) -> Result<Left, Error> {
        loop {
            match self.event(until).await? {
                Event::Time | Event::Gone => return Ok(Left::Closed),
                Event::Resized => return Ok(Left::Resized),
                Event::Signal(2) => return Ok(Left::Interrupted),
                Event::Signal(number) => return Ok(Left::Signal(number)),
                Event::Keys(keys) => {
                    let ends = |key: &u8| match key {
                        b'\r' | b'\n' | b'q' | b'Q' => Some(Left::Closed),
                        &CTRL_C => Some(Left::Interrupted),
                        _ => None,
                    };
                    if let Some(left) = keys.iter().find_map(ends) {
                        return Ok(left);
                    }
                }
            }
        }
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        let mut tty = self.terminal.get_ref();
        // Nobody is left to be told when this fails: the terminal has gone.
        let _ = tty.write_all(LEAVE.as_bytes());
        let _ = termios::tcsetattr(tty, OptionalActions::Flush, &self.before);
    }
}

/// Returns the next keys; none when the terminal has gone.
async fn keys(terminal: &AsyncFd<File>) -> io::Result<Vec<u8>> {
    let mut bytes = [0; 64];
    let read = terminal.async_io(Interest::READABLE, |mut file| file.read(&mut bytes)).await?;
    Ok(bytes[..read].to_vec())
}

/// Alternate screen, cursor hidden, colours reset, all cleared.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[0m\x1b[H\x1b[2J";
/// All cleared first, for terminals without an alternate screen; then back.
const LEAVE: &str = "\x1b[0m\x1b[H\x1b[2J\x1b[?25h\x1b[?1049l";
const CTRL_C: u8 = 3;

/// How long a QR stays on the screen.
pub(crate) const SHOWN_FOR: Duration = Duration::from_secs(60);
