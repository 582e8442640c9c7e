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
        fs::create_dir_all(self.screenshots()).unwrap();
        let stand_in =
            self.cmd("/usr/bin/python3").arg(programs::data("portal.py")).arg(picture).arg(self.screenshots());
        let stand_in = stand_in.args([desktop.access, desktop.quiet, desktop.dialog]).spawn();
        stand_in.out.wait_for("the stand-in's `ready`", LIMIT, |text| text.contains("ready\n").then_some(()));
        self.set("XDG_SESSION_TYPE", "wayland");
        self.set("XDG_CURRENT_DESKTOP", "standin");
        self.start_frontend("standin", &[("standin", "Screenshot;org.freedesktop.impl.portal.Access")]);
        stand_in
    }

    /// Starts the portal with the back end of wlroots, in the world's Wayland session.
    pub fn start_wlroots_portal(&mut self) {
        let pipewire = self.cmd("pipewire").spawn();
        self.keep(pipewire);
        // The back end exits where this is not there.
        let socket = self.dir().join("run/pipewire-0");
        until("pipewire", LIMIT, || socket.exists().then_some(()));
        let backend = self.cmd("/usr/libexec/xdg-desktop-portal-wlr").spawn();
        self.keep(backend);
        self.wait_for_name("org.freedesktop.impl.portal.desktop.wlr");
        // The frontend offers screenshots only where somebody could ask about them; this back end never does.
        self.start_frontend("sway", &[("wlr", "Screenshot"), ("nobody", "Access")]);
    }

    /// Returns the folder in which the stand-in leaves its pictures.
    pub fn screenshots(&self) -> std::path::PathBuf {
        self.dir().join("home/Pictures")
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
        let store = self.cmd("/usr/libexec/xdg-permission-store").spawn();
        self.keep(store);
        self.wait_for_name("org.freedesktop.impl.portal.PermissionStore");
        let frontend = self.cmd("/usr/libexec/xdg-desktop-portal").env("XDG_DESKTOP_PORTAL_DIR", &folder).spawn();
        self.keep(frontend);
        self.wait_for_name("org.freedesktop.portal.Desktop");
    }
}
