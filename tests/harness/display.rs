//! A real screen (Xvfb) with a window manager, hands (xdotool), terminals (xterm) and a picture viewer; the same hands and
//! eyes in a Wayland session, where the world has one.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{Process, World, tty::plain, until, wait::LIMIT, wayland::FIRST_SCREEN};

/// A screen of 1600 × 1000 pixels and its window manager.
pub struct Display {
    // The order in which they end.
    _window_manager: Process,
    _server: Process,
    /// Its name, such as `:7`.
    pub name: String,
}

impl Display {
    pub(crate) fn start(world: &World) -> Self {
        let args = ["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-noreset"];
        let server = world.cmd("Xvfb").args(args).spawn();
        let number =
            server.out.wait_for("the screen's number", LIMIT, |text| text.strip_suffix('\n').map(str::to_owned));
        let name = format!(":{number}");
        let window_manager = world.cmd("openbox").arg("--sm-disable").env("DISPLAY", &name).spawn();
        until("the window manager", LIMIT, || {
            let asked = world.cmd("xdotool").arg("get_num_desktops").env("DISPLAY", &name).run();
            (asked.code == 0).then_some(())
        });
        Self { _window_manager: window_manager, _server: server, name }
    }
}

impl World {
    /// Runs one `xdotool` command line.
    pub fn xdotool(&self, args: &[&str]) -> String {
        self.cmd("xdotool").args(args).ok()
    }

    /// Clicks with the left button at a point of the screen.
    pub fn click(&self, x: i32, y: i32) {
        self.press_button(1, (x, y));
    }

    /// Types a text into the window that has the keyboard. It goes by standard input: it may be a passphrase.
    pub fn type_text(&self, text: &str) {
        if self.on_wayland() {
            self.cmd("wtype").args(["-d", "15", "-"]).stdin(text).ok();
        } else {
            self.cmd("xdotool").args(["type", "--delay", "15", "--file", "-"]).stdin(text).ok();
        }
    }

    /// Presses a key, such as `Return` or `ctrl+alt+q`.
    pub fn press(&self, key: &str) {
        if self.on_wayland() {
            let (held, key) = key.rsplit_once('+').unwrap_or(("", key));
            let held = held.split('+').filter(|name| !name.is_empty()).flat_map(|name| ["-M", name]);
            self.cmd("wtype").args(held).args(["-k", key]).ok();
        } else {
            self.xdotool(&["key", key]);
        }
    }

    /// Waits for a visible window by its title, gives it the keyboard and returns its id.
    pub fn window(&self, title: &str) -> String {
        if self.on_wayland() {
            return self.sway_window(title.trim_start_matches('^').trim_end_matches('$'));
        }
        let id = until(&format!("a window `{title}`"), LIMIT, || {
            let found = self.cmd("xdotool").args(["search", "--onlyvisible", "--name", title]).run();
            found.out.lines().next().map(str::to_owned)
        });
        self.xdotool(&["windowactivate", "--sync", &id]);
        id
    }

    /// Gives a window the keyboard.
    fn activate(&self, window: &str) {
        if self.on_wayland() {
            self.sway(&format!("[con_id={window}] focus"));
        } else {
            self.xdotool(&["windowactivate", "--sync", window]);
        }
    }

    /// Presses a mouse button at a point of the screen.
    pub fn press_button(&self, button: u8, (x, y): (i32, i32)) {
        if self.on_wayland() {
            return self.sway_press(button, (x, y));
        }
        self.xdotool(&["mousemove", &x.to_string(), &y.to_string(), "click", &button.to_string()]);
    }

    /// Takes a picture of the screen when two in a row are the same.
    pub fn still_picture(&self, name: &str) -> PathBuf {
        let first = self.picture(&format!("{name}-before"));
        until("the screen is still", LIMIT, || {
            let second = self.picture(name);
            let still = self.difference(&first, &second).is_none();
            fs::copy(&second, &first).unwrap();
            still.then_some(())
        });
        first
    }

    /// Waits until the screen shows something else than a picture, and is still; returns its picture and what changed.
    pub fn until_picture_differs(&self, before: &Path, name: &str) -> (PathBuf, Area) {
        until("the screen changes", LIMIT, || {
            let after = self.picture(name);
            self.difference(before, &after)
        });
        let after = self.still_picture(name);
        let area = self.difference(before, &after).expect("the change stays");
        (after, area)
    }

    /// Returns the smallest area outside which two pictures are the same; `None` where they are.
    pub fn difference(&self, one: &Path, other: &Path) -> Option<Area> {
        let compare = self.cmd("convert").arg(one).arg(other);
        let compare = compare.args(["-alpha", "off", "-compose", "difference", "-composite", "-threshold", "4%"]);
        let box_of = compare.args(["-format", "%[fx:maxima] %@", "info:"]).ok();
        let (maximum, area) = box_of.split_once(' ').unwrap();
        if maximum == "0" {
            return None;
        }
        let numbers: Vec<i32> = area.split(['x', '+']).map(|number| number.parse().unwrap()).collect();
        Some(Area { width: numbers[0], height: numbers[1], x: numbers[2], y: numbers[3] })
    }

    /// Takes a picture of one window.
    pub fn picture_of(&self, window: &str, name: &str) -> PathBuf {
        let path = self.dir().join(format!("pictures/{name}.png"));
        if self.on_wayland() {
            let Area { x, y, width, height } = self.sway_area(window);
            self.cmd("grim").args(["-g", &format!("{x},{y} {width}x{height}")]).arg(&path).ok();
        } else {
            self.cmd("import").args(["-window", window]).arg(&path).ok();
        }
        path
    }

    /// Shows a picture in a window, unscaled, until the process is dropped.
    pub fn show_picture(&self, picture: &Path) -> Process {
        if self.on_wayland() {
            return self.hang_up(FIRST_SCREEN, picture);
        }
        let viewer = self.cmd("feh").args(["--title", "a picture", "--image-bg", "white"]).arg(picture).spawn();
        self.window("^a picture$");
        viewer
    }

    /// Reads the QR codes of a picture by `zbarimg`: the oracle for ours.
    pub fn zbarimg(&self, picture: &Path) -> String {
        self.zbarimg_tries(picture).expect("zbarimg finds a QR in it")
    }

    /// The same; `None` where it finds none.
    pub fn zbarimg_tries(&self, picture: &Path) -> Option<String> {
        let read = ["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"];
        let run = self.cmd("zbarimg").args(read).arg(picture).reveals().run();
        (run.code == 0).then(|| run.out.trim_end().to_owned())
    }

    /// Runs `countersign` in a real terminal window of that size (`90x40+780+10`).
    pub fn terminal(&self, title: &str, geometry: &str, args: &[&str]) -> Terminal<'_> {
        let file = title.replace(' ', "-");
        let log = self.dir().join(format!("tmp/{file}.log"));
        let code = self.dir().join(format!("tmp/{file}.code"));
        let words: Vec<String> = args.iter().map(|word| format!("'{word}'")).collect();
        // `script` writes down what the terminal is shown; the last line keeps the window open.
        let shell = format!(
            "script -qefc \"countersign {}\" {}; echo $? >{}; read -r _",
            words.join(" "),
            log.display(),
            code.display()
        );
        let show = if self.on_wayland() {
            let size = geometry.split_once('+').map_or(geometry, |(size, _)| size);
            let look = ["-f", "DejaVu Sans Mono:size=10", "-o", "colors.background=202124", "-o", "dpi-aware=no"];
            self.cmd("foot").args(["-c", "/dev/null", "-T", title, "-W", size]).args(look)
        } else {
            let look = ["-fa", "DejaVu Sans Mono", "-fs", "10", "-bg", "#202124", "-fg", "#e8eaed"];
            let show = self.cmd("xterm").args(["-T", title, "-geometry", geometry]).args(look);
            show.env("TERM", "xterm-256color").arg("-e")
        };
        let process = show.args(["sh", "-c", &shell]).spawn();
        let window = self.window(&format!("^{title}$"));
        Terminal { world: self, log, code, window, _process: process }
    }
}

/// An area of the screen, in pixels.
#[derive(Debug, Clone, Copy)]
pub struct Area {
    /// Its left edge.
    pub x: i32,
    /// Its upper edge.
    pub y: i32,
    /// Its width.
    pub width: i32,
    /// Its height.
    pub height: i32,
}

impl Area {
    /// Returns its middle.
    pub fn middle(&self) -> (i32, i32) {
        (self.x + self.width / 2, self.y + self.height / 2)
    }
}

/// Returns a text with every gap as one space: what it says, however its lines are broken.
pub fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A terminal window in which `countersign` runs.
pub struct Terminal<'w> {
    world: &'w World,
    log: PathBuf,
    code: PathBuf,
    _process: Process,
    /// The id of its window.
    pub window: String,
}

impl Terminal<'_> {
    /// Returns all that it showed so far, without control sequences.
    pub fn shown(&self) -> String {
        let log = plain(&String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()));
        // `script` adds a line of its own at both ends.
        let lines =
            log.lines().filter(|line| !line.starts_with("Script started on") && !line.starts_with("Script done on"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Waits until these words are shown, however the lines are broken.
    pub fn expect(&self, text: &str) {
        self.expect_within(text, LIMIT);
    }

    /// The same, with another limit.
    pub fn expect_within(&self, text: &str, limit: Duration) {
        until(&format!("`{text}` in the terminal"), limit, || {
            let ended = self.code.exists();
            let shown = self.shown();
            let there = words(&shown).contains(text);
            assert!(there || !ended, "it ended without `{text}`:\n{shown}");
            there.then_some(())
        });
    }

    /// Types into its window.
    pub fn type_line(&self, text: &str) {
        self.world.activate(&self.window);
        self.world.type_text(text);
        self.world.press("Return");
    }

    /// Waits for the end of `countersign` and returns its exit code.
    pub fn exit_code(&self) -> i32 {
        until("the end of the command in the terminal", LIMIT, || {
            fs::read_to_string(&self.code).ok().and_then(|text| text.trim().parse().ok())
        })
    }
}
