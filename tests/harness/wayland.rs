//! A Wayland session without hardware: sway with two screens of different scale, no X server beside it.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{Process, World, programs, until, wait::LIMIT};

/// A compositor with a screen of 1920 × 1080 pixels, and right of it one of 2560 × 1440 that is scaled by 1.5.
pub struct Wayland {
    compositor: Process,
    dir: TempDir,
}

impl Wayland {
    pub(crate) fn start(world: &World) -> Self {
        let dir = tempfile::Builder::new().prefix("cs-sway-").tempdir().unwrap();
        let config = dir.path().join("config");
        fs::write(&config, CONFIG).unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
        // Sway refuses to run as root; another user's folders are open to root all the same.
        let sway = if rustix::process::geteuid().is_root() {
            for path in [dir.path(), &config] {
                chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
            let ids = [format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"), "--clear-groups".into()];
            world.cmd("setpriv").args(ids).arg("sway")
        } else {
            world.cmd("sway")
        };
        programs::require("sway");
        let headless = [
            ("WLR_BACKENDS", "headless"),
            ("WLR_RENDERER", "pixman"),
            ("WLR_LIBINPUT_NO_DEVICES", "1"),
            ("WLR_HEADLESS_OUTPUTS", "2"),
        ];
        let sway = headless.iter().fold(sway, |sway, (name, value)| sway.env(name, value));
        let sway = sway.env("HOME", dir.path()).env("XDG_RUNTIME_DIR", dir.path()).env("TMPDIR", dir.path());
        let sway = sway.env("SWAYSOCK", dir.path().join("ipc")).arg("-c").arg(&config);
        let compositor = sway.spawn();
        compositor.out.wait_for("sway's `ready`", LIMIT, |text| text.contains("ready\n").then_some(()));
        Self { compositor, dir }
    }

    /// Returns the path of its socket: what `WAYLAND_DISPLAY` says here.
    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("wayland-1")
    }

    /// Returns the path of sway's own socket.
    pub fn control(&self) -> PathBuf {
        self.dir.path().join("ipc")
    }

    /// Returns the compositor's process.
    pub fn compositor(&mut self) -> &mut Process {
        &mut self.compositor
    }
}

impl World {
    /// Lays a picture, unscaled, on a white screen, until the process is dropped; it is there when zbarimg reads it.
    pub fn hang_up(&self, screen: &str, picture: &Path) -> Process {
        let wall = self.cmd("swaybg").args(["-o", screen, "-m", "center", "-c", "ffffff", "-i"]).arg(picture).spawn();
        until(&format!("a picture on {screen}"), LIMIT, || self.zbarimg_tries(&self.picture_of_screen(screen)));
        wall
    }

    /// Takes a picture of one screen by `grim`: the oracle for ours.
    pub fn picture_of_screen(&self, screen: &str) -> PathBuf {
        let path = self.picture_file(screen);
        self.cmd("grim").args(["-o", screen]).arg(&path).ok();
        path
    }

    /// Runs a command of sway, such as `output HEADLESS-1 transform 90`.
    pub fn sway(&self, command: &str) {
        self.cmd("swaymsg").arg("--").args(command.split(' ')).ok();
    }
}

const NOBODY: u32 = 65534;
const CONFIG: &str = "\
xwayland disable
output HEADLESS-1 mode 1920x1080 position 0 0 scale 1
output HEADLESS-2 mode 2560x1440 position 1920 0 scale 1.5
exec echo ready
";
