//! A clipboard: one file a display protocol.

mod focus;
mod wayland;
mod x11;

use std::{
    env, io,
    os::fd::{BorrowedFd, OwnedFd},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use x11rb::protocol::xproto::SelectionRequestEvent;

use crate::policy::Reader;

/// What happened to a clipboard.
pub(crate) enum Event {
    /// A program wants the text.
    Asked(Asked, Reader),
    /// Something else was copied.
    Replaced,
}

/// Where the answer goes.
pub(crate) enum Asked {
    /// Into a property of a window.
    Property(SelectionRequestEvent),
    /// Into a pipe.
    Pipe(OwnedFd),
}

/// A clipboard, with the hint for histories that what is on it is a secret.
pub(crate) trait Board {
    /// Takes the clipboard over, and comes back when it is ours.
    fn offer(&mut self) -> Result<(), BoardError>;

    /// Returns what becomes readable when something happens.
    fn descriptor(&self) -> BorrowedFd<'_>;

    /// Returns what happened, without waiting. What asks for no text is answered here.
    fn events(&mut self) -> Result<Vec<Event>, BoardError>;

    /// Gives a program the text; `None` refuses.
    fn answer(&mut self, asked: Asked, text: Option<&str>) -> Result<(), BoardError>;

    /// Leaves the clipboard empty. To be called only while it is ours.
    fn withdraw(&mut self) -> Result<(), BoardError>;
}

/// Why there is no clipboard, or no longer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BoardError {
    /// There is none that this program may use.
    #[error("nothing was copied: {0}; what is on the clipboard is something else")]
    None(String),
    /// Another program took it at that very moment.
    #[error("nothing was copied: another program took the clipboard at that moment; try again")]
    Taken,
    /// The desktop went away.
    #[error("the display is gone: {0}")]
    Lost(String),
}

/// Opens the clipboard: Wayland's where its desktop lets programs without a window use it; else that of X11, which desktops
/// with both keep in step; else Wayland's by a window of ours, which takes the keyboard away from another for a moment.
pub(crate) fn open() -> Result<Box<dyn Board>, BoardError> {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let (wayland, x11) = (set("WAYLAND_DISPLAY") || set("WAYLAND_SOCKET"), set("DISPLAY"));
    if wayland && let Ok(board) = wayland::Clipboard::open() {
        return Ok(Box::new(board));
    }
    if x11 {
        match x11::Clipboard::open(wayland) {
            Ok(board) => return Ok(Box::new(board)),
            Err(error) if !wayland => return Err(error),
            Err(_) => {}
        }
    }
    if wayland {
        return Ok(Box::new(focus::Clipboard::open()?));
    }
    Err(BoardError::None("neither WAYLAND_DISPLAY nor DISPLAY is set".into()))
}

/// Waits until there is something to read, or the time is over.
fn wait(descriptor: BorrowedFd<'_>, time: Duration) -> io::Result<()> {
    let limit = Timespec { tv_sec: time.as_secs().cast_signed(), tv_nsec: time.subsec_nanos().into() };
    match poll(&mut [PollFd::new(&descriptor, PollFlags::IN)], Some(&limit)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The forms that a text is offered in.
const TEXT: [&str; 5] = ["text/plain;charset=utf-8", "text/plain", "UTF8_STRING", "STRING", "TEXT"];
/// What `KeePassXC` offers beside a password; histories of several desktops leave out what has it.
const HINT: (&str, &str) = ("x-kde-passwordManagerHint", "secret");
