//! The desktop portal: the real frontend, with a real back end or one that a test pulls the strings of.

use std::{fs, path::Path};

use crate::{Process, World, programs, until, wait::LIMIT};

/// How the stand-in of the desktop's side behaves; see `data/portal.py`.
#[derive(Debug, Clone, Copy)]
pub struct Desktop {
    /// Whether the person allows screenshots for good: `yes` or `no`.
    pub access: &'static str,
    /// What becomes of a screenshot without a dialog: `picture`, `cancel`, `fail`, `second`, `silent`, `die` or `late5`
    /// (after so many seconds).
    pub quiet: &'static str,
    /// What becomes of one with a dialog.
    pub dialog: &'static str,
}

impl World {
    /// Starts the portal over a stand-in for the desktop, which gives this picture; returns the stand-in.
    ///
    /// Programs started from now on are told of a Wayland session that only the portal sees.
    pub fn start_portal(&mut self, desktop: Desktop, picture: &Path) -> Process {
        self.start_portal_of(desktop, None, picture)
    }

    /// The same, with screen casts too: of this picture, over a real `PipeWire`. `cast` is what comes of one: `token`,
    /// `forgets`, `broken`, `cancel`, `fail` or `silent`.
    pub fn start_casting_portal(&mut self, desktop: Desktop, cast: &'static str, picture: &Path) -> Process {
        self.start_pipewire();
        let size = self.cmd("identify").args(["-format", "%w %h"]).arg(picture).ok();
        let pixels = self.dir().join("tmp/screen.bgra");
        self.cmd("convert").arg(picture).arg(format!("bgra:{}", pixels.display())).ok();
        let screen =
            self.cmd(&programs::stand_in("countersign-stand-in-screen")).arg(pixels).args(size.split(' ')).spawn();
        self.keep(screen);
        until("the stream", LIMIT, || self.cmd("pw-dump").run().out.contains("\"screen\"").then_some(()));
        self.start_portal_of(desktop, Some(cast), picture)
    }

    fn start_portal_of(&mut self, desktop: Desktop, cast: Option<&'static str>, picture: &Path) -> Process {
        fs::create_dir_all(self.screenshots()).unwrap();
        let stand_in =
            self.cmd("/usr/bin/python3").arg(programs::data("portal.py")).arg(picture).arg(self.screenshots());
        let stand_in = stand_in.args([desktop.access, desktop.quiet, desktop.dialog]).args(cast).spawn();
        stand_in.out.wait_for("the stand-in's `ready`", LIMIT, |text| text.contains("ready\n").then_some(()));
        self.set("XDG_SESSION_TYPE", "wayland");
        self.set("XDG_CURRENT_DESKTOP", "standin");
        let casts = if cast.is_some() { ";org.freedesktop.impl.portal.ScreenCast" } else { "" };
        let interfaces = format!("Screenshot;org.freedesktop.impl.portal.Access{casts}");
        self.start_frontend("standin", &[("standin", &interfaces)]);
        stand_in
    }

    /// Starts the portal with the back end of wlroots, in the world's Wayland session.
    pub fn start_wlroots_portal(&mut self) {
        // The back end exits where this is not there.
        self.start_pipewire();
        let backend = self.cmd("/usr/libexec/xdg-desktop-portal-wlr").spawn();
        self.keep(backend);
        self.wait_for_name("org.freedesktop.impl.portal.desktop.wlr");
        // The frontend offers screenshots only where somebody could ask about them; this back end never does.
        self.start_frontend("sway", &[("wlr", "Screenshot"), ("nobody", "Access")]);
    }

    /// Starts the portal over a stand-in for a desktop that gives hotkeys, or where `answer` is not `yes` refuses them;
    /// returns the stand-in.
    pub fn start_shortcuts_portal(&mut self, answer: &str) -> Process {
        let stand_in = self.cmd("/usr/bin/python3").arg(programs::data("shortcuts.py")).arg(answer).spawn();
        stand_in.out.wait_for("the stand-in's `ready`", LIMIT, |text| text.contains("ready\n").then_some(()));
        self.set("XDG_CURRENT_DESKTOP", "shortcuts");
        self.start_frontend("shortcuts", &[("shortcuts", "GlobalShortcuts")]);
        stand_in
    }

    /// Returns the folder in which the stand-in leaves its pictures.
    pub fn screenshots(&self) -> std::path::PathBuf {
        self.dir().join("home/Pictures")
    }

    /// Starts `PipeWire`, and what joins its streams to their readers.
    pub fn start_pipewire(&mut self) {
        let pipewire = self.cmd("pipewire").spawn();
        self.keep(pipewire);
        let socket = self.dir().join("run/pipewire-0");
        until("pipewire", LIMIT, || socket.exists().then_some(()));
        let manager = self.cmd("wireplumber").spawn();
        self.keep(manager);
        until("wireplumber", LIMIT, || self.cmd("pw-dump").run().out.contains("WirePlumber").then_some(()));
    }

    fn start_frontend(&mut self, desktop: &str, backends: &[(&str, &str)]) {
        let folder = self.dir().join("portals");
        fs::create_dir_all(&folder).unwrap();
        for (name, interface) in backends {
            let text = format!(
                "[portal]\nDBusName=org.freedesktop.impl.portal.desktop.{name}\n\
                 Interfaces=org.freedesktop.impl.portal.{interface}\nUseIn={desktop}\n"
            );
            fs::write(folder.join(format!("{name}.portal")), text).unwrap();
        }
        self.set("XDG_DESKTOP_PORTAL_DIR", folder.to_str().unwrap());
        self.start_the_frontend();
    }

    /// Starts the frontend with the back ends that are there, and what keeps permissions for it.
    pub(crate) fn start_the_frontend(&mut self) {
        let store = self.cmd("/usr/libexec/xdg-permission-store").spawn();
        self.keep(store);
        self.wait_for_name("org.freedesktop.impl.portal.PermissionStore");
        let frontend = self.cmd("/usr/libexec/xdg-desktop-portal").spawn();
        self.keep(frontend);
        self.wait_for_name("org.freedesktop.portal.Desktop");
    }
}
