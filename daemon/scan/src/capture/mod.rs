//! Takes a picture of every screen.
//!
//! One back end a file, each a [`Capture`]; [`choose`] says which ones fit the session. The first that can see it wins;
//! one that finds itself in the wrong place hands over to the next. A session that none of them can see is refused with
//! what to do instead.

pub mod choose;
pub mod frames;
mod pixels;
mod wlroots;
mod x11;

use std::{future::Future, time::Duration};

use tokio::runtime;

pub use x11::XWAYLAND;

use crate::{grey::Grey, outcome::ScanError, report::Screen};
use choose::{Backend, Session};

/// One captured screen.
pub struct Shot {
    /// Where it stands among the others.
    pub screen: Screen,
    /// What it shows.
    pub picture: Grey,
}

/// A way to take pictures of the screens.
pub trait Capture {
    /// Returns a picture of each screen.
    ///
    /// # Errors
    /// [`ScanError::Unfit`] where this way does not exist in the session; the next one is tried then.
    fn screens(&self) -> Result<Vec<Shot>, ScanError>;
}

/// Returns a picture of each screen.
pub fn screens() -> Result<Vec<Shot>, ScanError> {
    let session = Session::of_environment();
    for backend in session.backends() {
        match way(backend).screens() {
            Err(ScanError::Unfit(_)) => {}
            other => return other,
        }
    }
    Err(if session.is_wayland() { ScanError::Wayland } else { ScanError::NoDisplay })
}

fn way(backend: Backend) -> &'static dyn Capture {
    match backend {
        Backend::X11 => &x11::X11,
        Backend::Wlroots => &wlroots::Wlroots,
    }
}

/// Runs what asks another program, and gives up when the time is over. No thread is left behind.
fn wait<T>(limit: Duration, whom: &str, ask: impl Future<Output = Result<T, ScanError>>) -> Result<T, ScanError> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| ScanError::Capture(error.to_string()))?;
    let late = || ScanError::Capture(format!("{whom} did not answer within {} s", limit.as_secs()));
    runtime.block_on(async { tokio::time::timeout(limit, ask).await.unwrap_or_else(|_| Err(late())) })
}
