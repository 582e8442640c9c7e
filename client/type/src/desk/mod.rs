//! A keyboard, and the window that has it: one file a display protocol.

mod layout;
mod wayland;
mod x11;

use std::env;

/// A desktop on which something can be typed into the window that had the keyboard when it was opened.
pub(crate) trait Desk {
    /// Tells whether what is typed now goes into that window.
    fn ready(&mut self) -> Result<Ready, DeskError>;

    /// Types the text, and Enter where asked, unless it would go elsewhere at this very moment.
    fn type_text(&mut self, text: &str, enter: bool) -> Result<Ready, DeskError>;
}

/// Whether what is typed goes into the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ready {
    /// It does.
    Yes,
    /// Another window has the keyboard.
    Elsewhere,
    /// Keys are held that would change what is typed, or another program has taken the keyboard for a while.
    Busy,
}

/// Why nothing can be typed here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeskError {
    /// No desktop, or one that lets nobody type.
    #[error("nothing was typed: {0}; countersign copy puts the code on the clipboard instead")]
    None(String),
    /// No window has the keyboard.
    #[error("nothing was typed: no window has the keyboard")]
    NoWindow,
    /// The keyboard's layouts lack a letter of the code.
    #[error("nothing was typed: no layout of this keyboard has a key for it; use countersign copy")]
    NoKey,
    /// The desktop went away.
    #[error("the display is gone: {0}")]
    Lost(String),
}

/// Takes note of the window that has the keyboard.
///
/// Where there is Wayland, only by Wayland: the keys of an X server beside it reach its own windows alone.
pub(crate) fn open() -> Result<Box<dyn Desk>, DeskError> {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    if set("WAYLAND_DISPLAY") || set("WAYLAND_SOCKET") {
        return Ok(Box::new(wayland::Keyboard::open()?));
    }
    if set("DISPLAY") {
        return Ok(Box::new(x11::Keyboard::open()?));
    }
    Err(DeskError::None("neither WAYLAND_DISPLAY nor DISPLAY is set".into()))
}
