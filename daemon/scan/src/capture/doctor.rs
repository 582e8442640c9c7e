//! Which way the screen is looked at here, why so, and what would make it better.

use std::{env, fmt, path::PathBuf};

use serde::Serialize;

use super::{
    Asks,
    choose::{Backend, Session},
    way,
};
use crate::{camera::device, outcome::ScanError};

/// What an examination found.
#[derive(Debug, Serialize)]
pub struct Diagnosis {
    /// What the environment says of the session.
    pub session: Session,
    /// The back end that a scan uses; `None` where there is none.
    pub uses: Option<&'static str>,
    /// The back ends that fit, in the order in which they are tried.
    pub ways: Vec<Way>,
    /// The cameras that could be looked through; `None` where that was not asked.
    pub cameras: Option<Vec<device::Found>>,
    /// Whether looking on asks the person; `None` where nothing is seen.
    pub looking_on: Option<LookingOn>,
    /// What would make it better, a line each.
    pub advice: Vec<String>,
}

/// A back end, and what became of it.
#[derive(Debug, Serialize)]
pub struct Way {
    /// Its stable word.
    pub backend: &'static str,
    /// Whether it sees this session.
    pub works: bool,
    /// What it sees, or why it doesn't.
    pub told: String,
}

/// Whether the person is asked while `scan --wait` looks on.
#[derive(Debug, Serialize)]
pub struct LookingOn {
    /// `never`, `once` or `each`.
    pub asks: &'static str,
    /// Why so.
    pub told: &'static str,
}

impl From<Asks> for LookingOn {
    fn from(asks: Asks) -> Self {
        match asks {
            Asks::Never(told) => Self { asks: "never", told },
            Asks::Once => Self { asks: "once", told: "which screens to look at, and the desktop remembers it" },
            Asks::Each(told) => Self { asks: "each", told },
        }
    }
}

/// Tries all ways that fit this session, without asking the person anything; and cameras, whose lights may go on.
pub fn examine(cameras: bool) -> Diagnosis {
    let session = Session::of_environment();
    let mut uses = None;
    let mut ways = Vec::new();
    for backend in session.backends() {
        let seen = way(backend).probe();
        let works = seen.is_ok();
        // What a scan does: it goes on to the next only where this one does not exist here.
        if uses.is_none() && !matches!(seen, Err(ScanError::Unfit(_))) {
            uses = Some((backend, works));
        }
        let told = seen.unwrap_or_else(|error| error.to_string());
        ways.push(Way { backend: backend.id(), works, told });
    }
    let uses = uses.filter(|(_, works)| *works).map(|(backend, _)| backend);
    let looking_on = uses.map(|backend| way(backend).asks().into());
    let cameras = cameras.then(device::list);
    let mut advice = advice(&session, uses, is_there);
    if cameras.iter().flatten().any(|camera| camera.refused) {
        advice.push(JOIN_VIDEO.into());
    }
    Diagnosis { session, uses: uses.map(Backend::id), ways, looking_on, cameras, advice }
}

impl Diagnosis {
    /// Returns it as one line of JSON.
    pub fn as_json(&self) -> String {
        serde_json::to_string(self).expect("a diagnosis is plain") + "\n"
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".into());
        let or_unknown = |value: &str| if value.is_empty() { "not set".to_owned() } else { value.to_owned() };
        let Session { wayland, x11, kind, desktop, remote } = &self.session;
        writeln!(f, "Session: {} (desktop: {})", or_unknown(kind), or_unknown(desktop))?;
        writeln!(f, "  WAYLAND_DISPLAY {}, DISPLAY {}", named(wayland), named(x11))?;
        if *remote {
            writeln!(f, "  over SSH")?;
        }
        writeln!(f, "Looks at the screen by: {}", self.uses.unwrap_or("nothing"))?;
        for Way { backend, works, told } in &self.ways {
            writeln!(f, "  {backend}: {} ({told})", if *works { "works" } else { "does not work" })?;
        }
        if let Some(LookingOn { asks, told }) = &self.looking_on {
            let asks = match *asks {
                "each" => "asks at each look",
                "once" => "asks once",
                _ => "asks nothing",
            };
            writeln!(f, "Looking on (scan --wait): {asks} ({told})")?;
        }
        match self.cameras.as_deref() {
            None => {}
            Some([]) => writeln!(f, "Cameras: none found; plug one in, for: countersign scan --camera")?,
            Some(_) => writeln!(f, "Cameras:")?,
        }
        for device::Found { name, works, told, .. } in self.cameras.iter().flatten() {
            writeln!(f, "  {name}: {} ({told})", if *works { "works" } else { "does not work" })?;
        }
        for line in &self.advice {
            writeln!(f, "To do: {line}")?;
        }
        Ok(())
    }
}

/// Says what would make it better; `has` tells whether a program is installed.
fn advice(session: &Session, uses: Option<Backend>, has: impl Fn(&str) -> bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut say = |line: &str| lines.push(line.to_owned());
    match uses {
        None if session.wayland.is_none() && session.x11.is_none() && session.remote => {
            say("this is a session over SSH: run it in the desktop of that machine, or give a picture over:");
            say("countersign scan --image - < PICTURE");
        }
        None if session.backends().is_empty() => {
            say("run it inside a desktop session, or give a picture over: countersign scan --image FILE");
        }
        None if session.is_wayland() => {
            say(&format!("install {} and xdg-desktop-portal, and log in again", portal_of(&session.desktop)));
            say("until then save a screenshot and use: countersign scan --image FILE");
        }
        None => say(
            "run it inside the session that owns the X server, or save a screenshot and use: countersign scan --image FILE",
        ),
        Some(Backend::Portal) => {
            say("the desktop may ask once whether screenshots are allowed: say yes, and later scans ask nothing");
        }
        Some(Backend::Wlroots) if !has("slurp") => say("install slurp, for: countersign scan --region"),
        Some(Backend::Wlroots | Backend::X11) => {}
    }
    let (paste, package) = if session.is_wayland() { ("wl-paste", "wl-clipboard") } else { ("xclip", "xclip") };
    if uses.is_some() && !has(paste) {
        lines.push(format!("install {package}, for: countersign scan --clipboard"));
    }
    lines
}

/// Returns the package that brings the portal of a desktop, by the names in `XDG_CURRENT_DESKTOP`.
fn portal_of(desktop: &str) -> &'static str {
    let names = desktop.to_ascii_lowercase();
    let row = PORTALS.iter().find(|(name, _)| names.split(':').any(|own| own == *name));
    row.map_or("the portal of your desktop (xdg-desktop-portal-gnome, -kde, -wlr, …)", |(_, package)| package)
}

fn is_there(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder: PathBuf| folder.join(program).is_file())
}

const JOIN_VIDEO: &str =
    "for the camera join the group that may use it, and log in again: sudo usermod -aG video \"$USER\"";

/// Name of the desktop, and the package of its portal.
const PORTALS: &[(&str, &str)] = &[
    ("gnome", "xdg-desktop-portal-gnome"),
    ("kde", "xdg-desktop-portal-kde"),
    ("hyprland", "xdg-desktop-portal-hyprland"),
    ("cosmic", "xdg-desktop-portal-cosmic"),
    ("x-cinnamon", "xdg-desktop-portal-xapp"),
    ("lxqt", "xdg-desktop-portal-lxqt"),
    ("pantheon", "xdg-desktop-portal-pantheon"),
    ("sway", "xdg-desktop-portal-wlr"),
    ("wlroots", "xdg-desktop-portal-wlr"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn told(session: &Session, uses: Option<Backend>, has: bool) -> String {
        advice(session, uses, |_| has).join("\n")
    }

    fn wayland(desktop: &str) -> Session {
        Session {
            kind: "wayland".into(),
            desktop: desktop.into(),
            wayland: Some("wayland-0".into()),
            ..Session::default()
        }
    }

    #[test]
    fn each_desktop_without_a_portal_is_told_its_package() {
        let rows = [
            ("GNOME", "xdg-desktop-portal-gnome and"),
            ("ubuntu:GNOME", "xdg-desktop-portal-gnome and"),
            ("KDE", "xdg-desktop-portal-kde and"),
            ("X-Cinnamon", "xdg-desktop-portal-xapp and"),
            ("Unheard-of", "the portal of your desktop"),
        ];
        for (desktop, package) in rows {
            assert!(told(&wayland(desktop), None, true).contains(package), "{desktop}");
        }
    }

    #[test]
    fn cameras_are_told_with_what_is_wrong_with_them() {
        let found = |name: &str, works, told: &str| device::Found {
            name: name.into(),
            works,
            told: told.into(),
            refused: !works,
        };
        let cameras = [found("/dev/video0 (Front)", true, "1280 × 720"), found("/dev/video2", false, "refused")];
        let cameras = Some(cameras.into());
        let (session, ways, advice) = (Session::default(), Vec::new(), Vec::new());
        let mut diagnosis = Diagnosis { session, uses: None, ways, looking_on: None, cameras, advice };
        let told = diagnosis.to_string();
        assert!(told.contains("/dev/video0 (Front): works (1280 × 720)\n"), "{told}");
        assert!(told.contains("/dev/video2: does not work (refused)\n"), "{told}");
        assert!(diagnosis.as_json().contains(r#""cameras":[{"name":"/dev/video0 (Front)","works":true,"#));
        diagnosis.cameras = Some(Vec::new());
        assert!(diagnosis.to_string().contains("Cameras: none found"));
        diagnosis.cameras = None;
        assert!(!diagnosis.to_string().contains("Cameras"), "of the screens only: {diagnosis}");
    }

    #[test]
    fn without_a_display_ssh_is_told_apart() {
        let local = told(&Session::default(), None, true);
        assert!(local.contains("inside a desktop session") && !local.contains("SSH"), "{local}");
        let remote = told(&Session { remote: true, ..Session::default() }, None, true);
        assert!(remote.contains("over SSH") && remote.contains("--image -"), "{remote}");
    }

    #[test]
    fn what_works_is_told_only_what_is_missing_beside_it() {
        assert_eq!(told(&wayland("sway"), Some(Backend::Wlroots), true), "");
        let bare = told(&wayland("sway"), Some(Backend::Wlroots), false);
        assert!(bare.contains("install slurp") && bare.contains("install wl-clipboard"), "{bare}");
        let x11 = Session { x11: Some(":0".into()), ..Session::default() };
        assert_eq!(told(&x11, Some(Backend::X11), true), "");
        assert!(told(&x11, Some(Backend::X11), false).contains("install xclip"));
        assert!(told(&wayland("GNOME"), Some(Backend::Portal), true).contains("say yes"));
    }
}
