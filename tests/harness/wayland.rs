//! A Wayland session without hardware: sway with two screens of different scale, no X server beside it, and hands.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
};

use serde_json::Value;
use tempfile::TempDir;
use wayland_client::protocol::wl_pointer::ButtonState;

use crate::{Process, World, display::Area, mouse::Mouse, programs, until, wait::LIMIT};

/// A compositor with a screen of 1920 × 1080 pixels, and right of it one of 2560 × 1440 that is scaled by 1.5.
pub struct Wayland {
    mouse: Mouse,
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
        let compositor = sway.arg("-c").arg(&config).spawn();
        compositor.out.wait_for("sway's `ready`", LIMIT, |text| text.contains("ready\n").then_some(()));
        let mouse = Mouse::plug_in(&dir.path().join(SOCKET));
        Self { mouse, compositor, dir }
    }

    /// Returns the path of its socket: what `WAYLAND_DISPLAY` says here.
    pub fn socket(&self) -> PathBuf {
        self.dir.path().join(SOCKET)
    }

    /// Returns the path of sway's own socket, which has the usual name.
    pub fn control(&self) -> PathBuf {
        let entries = fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().path());
        let is_control = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("sway-ipc.");
        entries.into_iter().find(is_control).expect("sway has its socket")
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

impl World {
    /// Presses a mouse button at a point of the desktop, in sway's units.
    pub(crate) fn sway_press(&self, button: u8, point: (i32, i32)) {
        self.sway_point(point);
        self.mouse().button(button, ButtonState::Pressed);
        self.mouse().button(button, ButtonState::Released);
    }

    /// Moves the mouse to a point of the desktop, in sway's units.
    pub(crate) fn sway_point(&self, (x, y): (i32, i32)) {
        self.sway(&format!("seat - cursor set {x} {y}"));
    }

    /// Drags with the left button from one point of the desktop to another, in sway's units; not let go yet.
    pub fn sway_drag(&self, from: (i32, i32), to: (i32, i32)) {
        self.sway_point(from);
        self.mouse().button(1, ButtonState::Pressed);
        let half = ((to.0 - from.0) / 2, (to.1 - from.1) / 2);
        self.mouse().shift(half);
        self.mouse().shift((to.0 - from.0 - half.0, to.1 - from.1 - half.1));
    }

    /// Lets the left button go.
    pub fn sway_let_go(&self) {
        self.mouse().button(1, ButtonState::Released);
    }

    fn mouse(&self) -> &Mouse {
        &self.wayland.as_ref().expect("the world has a Wayland session").mouse
    }

    /// Waits for a window by its title, gives it the keyboard and returns its id.
    pub(crate) fn sway_window(&self, title: &str) -> String {
        let id = until(&format!("a window `{title}`"), LIMIT, || {
            let tree = self.sway_tree();
            let window = windows(&tree).into_iter().find(|window| window["name"].as_str() == Some(title))?;
            Some(window["id"].to_string())
        });
        self.sway(&format!("[con_id={id}] focus"));
        id
    }

    /// Returns where what a program draws stands, in sway's units.
    pub(crate) fn sway_area(&self, window: &str) -> Area {
        let tree = self.sway_tree();
        let id: i64 = window.parse().unwrap();
        let window = windows(&tree).into_iter().find(|one| one["id"].as_i64() == Some(id)).expect("it is there");
        let number = |area: &str, key: &str| i32::try_from(window[area][key].as_i64().unwrap()).unwrap();
        Area {
            x: number("rect", "x") + number("window_rect", "x"),
            y: number("rect", "y") + number("window_rect", "y"),
            width: number("window_rect", "width"),
            height: number("window_rect", "height"),
        }
    }

    fn sway_tree(&self) -> Value {
        serde_json::from_str(&self.cmd("swaymsg").args(["-r", "-t", "get_tree"]).ok()).unwrap()
    }
}

/// Returns all windows of sway's tree.
fn windows(node: &Value) -> Vec<&Value> {
    let below = ["nodes", "floating_nodes"].iter().filter_map(|key| node[*key].as_array()).flatten();
    let own = node["pid"].is_number().then_some(node);
    own.into_iter().chain(below.flat_map(windows)).collect()
}

/// The name of the left screen.
pub const FIRST_SCREEN: &str = "HEADLESS-1";
const SOCKET: &str = "wayland-1";
const NOBODY: u32 = 65534;
const CONFIG: &str = "\
xwayland disable
default_border pixel 2
default_floating_border pixel 2
output HEADLESS-1 mode 1920x1080 position 0 0 scale 1
output HEADLESS-2 mode 2560x1440 position 1920 0 scale 1.5
exec echo ready
";
