//! Takes a picture of every screen.
//!
//! One back end a file. A session that none of them can see is refused with what to do instead.

pub mod frames;
mod x11;

use std::env;

pub use x11::XWAYLAND;

use crate::{outcome::ScanError, pixels::Pixels, report::Screen};

/// One captured screen.
pub struct Shot {
    /// Where it stands among the others.
    pub screen: Screen,
    /// What it shows.
    pub picture: Pixels,
}

/// Returns a picture of each screen.
pub fn screens() -> Result<Vec<Shot>, ScanError> {
    // First of all: a Wayland session has an X server too, but that one shows X programs only, so a scan of it would
    // answer "no code" in front of a code.
    if is_wayland(set("WAYLAND_DISPLAY"), &env::var("XDG_SESSION_TYPE").unwrap_or_default()) {
        return Err(ScanError::Wayland);
    }
    if !set("DISPLAY") {
        return Err(ScanError::NoDisplay);
    }
    x11::screens()
}

fn is_wayland(has_display: bool, session_type: &str) -> bool {
    has_display || session_type.eq_ignore_ascii_case("wayland")
}

fn set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_sign_of_wayland_is_enough() {
        assert!(is_wayland(true, ""));
        assert!(is_wayland(true, "x11"));
        assert!(is_wayland(false, "wayland"));
        assert!(!is_wayland(false, "x11"));
        assert!(!is_wayland(false, "tty"));
    }
}
