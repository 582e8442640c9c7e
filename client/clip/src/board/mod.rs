//! A clipboard: one file a display protocol.

mod wayland;
mod x11;

use std::{
    env,
    os::fd::{BorrowedFd, OwnedFd},
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

/// Opens the clipboard: Wayland's where its desktop lets programs without a window use it, else that of X11, which
/// desktops with both keep in step.
pub(crate) fn open() -> Result<Box<dyn Board>, BoardError> {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let x11 = set("DISPLAY");
    if set("WAYLAND_DISPLAY") || set("WAYLAND_SOCKET") {
        match wayland::Clipboard::open() {
            Ok(board) => return Ok(Box::new(board)),
            Err(error) if !x11 => return Err(error),
            Err(_) => {}
        }
    }
    if x11 {
        return Ok(Box::new(x11::Clipboard::open()?));
    }
    Err(BoardError::None("neither WAYLAND_DISPLAY nor DISPLAY is set".into()))
}

/// The forms that a text is offered in.
const TEXT: [&str; 5] = ["text/plain;charset=utf-8", "text/plain", "UTF8_STRING", "STRING", "TEXT"];
/// What `KeePassXC` offers beside a password; histories of several desktops leave out what has it.
const HINT: (&str, &str) = ("x-kde-passwordManagerHint", "secret");
