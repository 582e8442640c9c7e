//! A window on a desktop: one file a display protocol.

mod keymap;
pub(crate) mod overlay;
mod wayland;
mod x11;

use std::{env, ops::Range, os::fd::BorrowedFd};

use crate::{canvas::Canvas, page::View};

/// What happened to a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// It has to be drawn anew: it is new, of another size, or was covered.
    Changed,
    /// The person closed it.
    Close,
}

/// A window.
pub(crate) trait Surface {
    /// Returns what becomes readable when something happens.
    fn descriptor(&self) -> BorrowedFd<'_>;

    /// Returns what happened, without waiting, and sends what is to be sent.
    fn events(&mut self) -> Result<Vec<Event>, SurfaceError>;

    /// Returns what there is to draw on; `None` as long as the desktop has not said how large it is.
    fn view(&self) -> Option<View>;

    /// Shows a picture of the view's size, of which these rows have changed.
    fn show(&mut self, canvas: &Canvas, rows: Range<u32>) -> Result<(), SurfaceError>;
}

/// Why there is no window, or no longer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SurfaceError {
    /// There is none to be had.
    #[error("no window can be opened: {0}")]
    NoDisplay(String),
    /// The desktop went away, or does not go on with it.
    #[error("the display is gone: {0}")]
    Lost(String),
    /// The person did not do in time what was asked.
    #[error("no frame was drawn in time")]
    Late,
}

/// Opens a window of this size, in pixels at 96 dpi, and with this title: on Wayland where there is one, else on X11.
pub(crate) fn open(size: (u32, u32), title: &str) -> Result<Box<dyn Surface>, SurfaceError> {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let (wayland, x11) = (set("WAYLAND_DISPLAY") || set("WAYLAND_SOCKET"), set("DISPLAY"));
    if wayland {
        match wayland::Window::open(size, title) {
            Ok(window) => return Ok(Box::new(window)),
            Err(error) if !x11 => return Err(error),
            Err(_) => {}
        }
    }
    if x11 {
        return Ok(Box::new(x11::Window::open(size, title)?));
    }
    Err(SurfaceError::NoDisplay("neither WAYLAND_DISPLAY nor DISPLAY is set".into()))
}

/// The name that rules of a desktop know the window by.
const APP_ID: &str = "org.countersign.Window";
