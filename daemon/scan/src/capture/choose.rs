//! Which back ends can see this session, the best one first: by what its environment says, without trying anything.

use std::env;

use serde::Serialize;

/// A way to take pictures of the screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// An X server, by `countersign-capture-x11`.
    X11,
    /// A Wayland compositor that gives pictures to its clients (wlr-screencopy): sway, Hyprland, niri, Wayfire, …
    Wlroots,
    /// The Screenshot portal of the desktop: GNOME, KDE, and all others that have one.
    Portal,
}

impl Backend {
    /// Returns its stable word.
    pub fn id(self) -> &'static str {
        match self {
            Self::X11 => "x11",
            Self::Wlroots => "wlroots",
            Self::Portal => "portal",
        }
    }
}

/// What the environment says of the session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Session {
    /// `WAYLAND_DISPLAY`.
    pub wayland: Option<String>,
    /// `DISPLAY`.
    pub x11: Option<String>,
    /// `XDG_SESSION_TYPE`.
    pub kind: String,
    /// `XDG_CURRENT_DESKTOP`: names, parted by colons.
    pub desktop: String,
    /// Whether somebody sits at another machine: `SSH_CONNECTION`.
    pub remote: bool,
}

impl Session {
    /// Reads the environment of this process.
    pub fn of_environment() -> Self {
        let of = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            wayland: of("WAYLAND_DISPLAY"),
            x11: of("DISPLAY"),
            kind: of("XDG_SESSION_TYPE").unwrap_or_default(),
            desktop: of("XDG_CURRENT_DESKTOP").unwrap_or_default(),
            remote: of("SSH_CONNECTION").is_some(),
        }
    }

    /// Whether a Wayland compositor owns the screen: either sign is enough.
    pub fn is_wayland(&self) -> bool {
        self.wayland.is_some() || self.kind.eq_ignore_ascii_case("wayland")
    }

    /// Returns the back ends to try, in order.
    ///
    /// A Wayland session often has an X server too, but that one shows X programs only: a scan of it would answer "no
    /// code" in front of a code. So it is never looked at. An X server whose session says nothing may still turn out to be
    /// such a one; hence the portal behind it.
    pub fn backends(&self) -> Vec<Backend> {
        match (self.is_wayland(), &self.wayland, &self.x11) {
            (true, Some(_), _) => vec![Backend::Wlroots, Backend::Portal],
            (true, None, _) => vec![Backend::Portal],
            (false, _, Some(_)) => vec![Backend::X11, Backend::Portal],
            (false, _, None) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(wayland: &str, x11: &str, kind: &str) -> Session {
        let of = |value: &str| Some(value.to_owned()).filter(|value| !value.is_empty());
        Session { wayland: of(wayland), x11: of(x11), kind: kind.into(), ..Session::default() }
    }

    #[test]
    fn the_best_way_comes_first_and_xwayland_never() {
        let rows: [(Session, &[Backend]); 7] = [
            (session("wayland-1", "", ""), &[Backend::Wlroots, Backend::Portal]),
            (session("wayland-1", ":0", "x11"), &[Backend::Wlroots, Backend::Portal]),
            (session("", ":0", "x11"), &[Backend::X11, Backend::Portal]),
            (session("", ":0", "tty"), &[Backend::X11, Backend::Portal]),
            (session("", ":0", "Wayland"), &[Backend::Portal]),
            (session("", "", "wayland"), &[Backend::Portal]),
            (session("", "", ""), &[]),
        ];
        for (session, backends) in rows {
            assert_eq!(session.backends(), backends, "{session:?}");
        }
    }
}
