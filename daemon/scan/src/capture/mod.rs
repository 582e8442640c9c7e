//! Takes pictures of the screens.
//!
//! One back end a file, each a [`Capture`]; [`choose`] says which ones fit the session, [`select`] what of the screens is
//! wanted. The first back end that can see the session wins; one that finds itself in the wrong place hands over to the
//! next. A session that none of them can see is refused.

mod cast;
pub mod choose;
pub mod clipboard;
pub mod doctor;
pub mod frames;
mod permission;
mod pixels;
mod portal;
mod program;
pub mod select;
mod sway;
mod wlroots;
mod x11;

use std::{env, future::Future, io, path::PathBuf, time::Duration};

use tokio::runtime;
use zeroize::Zeroizing;

pub use select::Wanted;
pub use x11::{NO_WINDOW, XWAYLAND};

use crate::{outcome::ScanError, pixels::Pixels, report::Screen};
use choose::{Backend, Session};

/// One captured screen.
pub struct Shot {
    /// Where it stands among the others.
    pub screen: Screen,
    /// What it shows.
    pub picture: Pixels,
}

/// What a back end has seen.
pub enum Look {
    /// A picture of each screen.
    Shots(Vec<Shot>),
    /// A picture file of all screens; not decoded yet.
    File(Zeroizing<Vec<u8>>),
}

/// A way to take pictures of the screens.
pub trait Capture {
    /// Takes the pictures that are wanted.
    ///
    /// # Errors
    /// [`ScanError::Unfit`] where this way does not exist in the session; the next one is tried then.
    fn take(&self, wanted: &Wanted) -> Result<Look, ScanError>;

    /// Takes the pictures for one look of many, and asks the person at the first one at most where that can be done.
    ///
    /// # Errors
    /// As for a single one.
    fn look_on(&self, wanted: &Wanted) -> Result<Look, ScanError> {
        self.take(wanted)
    }

    /// Says whether looking on asks the person.
    fn asks(&self) -> Asks {
        Asks::Never("nobody is asked here")
    }

    /// Says in words what this way sees, without asking anybody.
    fn probe(&self) -> Result<String, ScanError>;
}

/// Whether the desktop asks the person when the screens are looked at again and again; and why so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// Not at all.
    Never(&'static str),
    /// At the first look.
    Once,
    /// At each look.
    Each(&'static str),
}

/// Takes the pictures that are wanted, by the best way there is; for a single look, or for one of many.
pub fn look(wanted: &Wanted, looks_on: bool) -> Result<Look, ScanError> {
    let session = Session::of_environment();
    let mut missing = None;
    for backend in session.backends() {
        let way = way(backend);
        match if looks_on { way.look_on(wanted) } else { way.take(wanted) } {
            Err(ScanError::Unfit(why)) => missing = Some(why),
            other => return other,
        }
    }
    Err(missing.map_or_else(|| ScanError::NoDisplay(NONE_NAMED.into()), ScanError::NoPortal))
}

fn way(backend: Backend) -> &'static dyn Capture {
    match backend {
        Backend::X11 => &x11::X11,
        Backend::Wlroots => &wlroots::Wlroots,
        Backend::Portal => &portal::Portal,
    }
}

/// Returns the path of a program of ours, which lies in the folder of this one.
fn beside_us(program: &str) -> io::Result<PathBuf> {
    Ok(env::current_exe()?.with_file_name(program))
}

/// Names the screens that pictures were taken of.
fn names(shots: &[Shot]) -> String {
    let name = |Shot { screen, .. }: &Shot| {
        format!("{} ({} × {}, scale {:.2})", screen.name, screen.width, screen.height, screen.scale)
    };
    shots.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Runs what asks another program, and gives up when the time is over. No thread is left behind.
fn wait<T>(limit: Duration, whom: &str, ask: impl Future<Output = Result<T, ScanError>>) -> Result<T, ScanError> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| ScanError::Capture(error.to_string()))?;
    let late = || ScanError::Late(format!("{whom} did not answer within {} s", limit.as_secs()));
    runtime.block_on(async { tokio::time::timeout(limit, ask).await.unwrap_or_else(|_| Err(late())) })
}

const NO_SUCH_WINDOW: &str = "no window that can be seen has these words in its title";
const NONE_NAMED: &str = "neither WAYLAND_DISPLAY nor DISPLAY is set";
