//! A GNOME session without hardware: the real GNOME Shell and its portal, with hands and eyes of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{Process, World, until, wait::LIMIT};

impl World {
    /// Starts GNOME Shell with a screen of 1280 × 720 pixels, and the portal over its real back end.
    ///
    /// Programs started from now on are told of that session.
    pub fn start_gnome(&mut self) {
        self.start_gnome_shell(&["--no-x11"]);
        let backend = self.cmd("/usr/libexec/xdg-desktop-portal-gnome").spawn();
        self.keep(backend);
        self.wait_for_name("org.freedesktop.impl.portal.desktop.gnome");
        self.start_the_frontend();
    }

    /// Starts GNOME Shell alone, with the X server that it brings for older programs.
    pub fn start_gnome_with_x11(&mut self) {
        self.start_gnome_shell(&[]);
        for name in ["DISPLAY", "XAUTHORITY"] {
            let told = self.eval(&format!("imports.gi.GLib.getenv('{name}')"));
            let value = told.rsplit("\\\"").nth(1).unwrap_or_else(|| panic!("no {name}: {told}")).to_owned();
            self.set(name, &value);
        }
    }

    fn start_gnome_shell(&mut self, options: &[&str]) {
        let settings = self.dir().join("config/glib-2.0/settings");
        fs::create_dir_all(&settings).unwrap();
        fs::write(settings.join("keyfile"), SETTINGS).unwrap();
        for (name, value) in [
            ("GSETTINGS_BACKEND", "keyfile"),
            ("LIBGL_ALWAYS_SOFTWARE", "1"),
            ("XDG_CURRENT_DESKTOP", "GNOME"),
            ("XDG_SESSION_TYPE", "wayland"),
        ] {
            self.set(name, value);
        }
        self.start_logind();
        self.start_pipewire();
        let headless = ["--headless", "--wayland", "--virtual-monitor", "1280x720", "--unsafe-mode"];
        let shell = self.cmd("gnome-shell").args(headless).args(options).spawn();
        self.keep(shell);
        until("GNOME Shell", LIMIT, || self.in_gnome("1").then_some(()));
        self.set("WAYLAND_DISPLAY", "wayland-0");
        until("the desktop", LIMIT, || {
            // The shell opens it by itself somewhat later.
            self.in_gnome("Main.overview.hide()");
            self.in_gnome_is("!Main.layoutManager._startingUp && !Main.overview.visible", "true").then_some(())
        });
        // Every desktop has a keyboard; without one, no program is given the clipboard.
        assert!(self.in_gnome(KEYBOARD), "there is no keyboard");
    }

    /// Returns the class of the window that has the keyboard.
    pub fn focus_in_gnome(&self) -> String {
        let focus = self.eval("global.display.focus_window ? global.display.focus_window.get_wm_class() : ''");
        focus.rsplit("\\\"").nth(1).unwrap_or_default().to_owned()
    }

    /// Opens GNOME's box for commands, which keeps the keyboard to itself.
    pub fn open_gnomes_run_dialog(&self) {
        assert!(self.in_gnome("Main.openRunDialog()"));
        until("the box", LIMIT, || self.in_gnome_is("Main.modalCount > 0", "true").then_some(()));
    }

    /// Opens a page in a browser, and waits until its window is there.
    pub fn browse_in_gnome(&self, url: &str) -> Process {
        let browser = self.browse(url);
        until("the browser's window", LIMIT, || self.in_gnome_is(&windows(), "true").then_some(()));
        browser
    }

    /// Waits for a question of GNOME Shell itself; returns a picture of what the person sees.
    pub fn gnomes_question(&self, name: &str) -> PathBuf {
        until("a question of GNOME Shell", LIMIT, || self.in_gnome_is("Main.modalCount > 0", "true").then_some(()));
        self.still_picture_of_gnome(name)
    }

    /// Waits for a dialog of the portal; returns a picture of what the person sees.
    pub fn gnomes_dialog(&self, name: &str) -> PathBuf {
        let has_it =
            "(global.display.focus_window ? global.display.focus_window.get_wm_class() : '').includes('portal')";
        until("a dialog of GNOME's portal", LIMIT, || self.in_gnome_is(has_it, "true").then_some(()));
        self.still_picture_of_gnome(name)
    }

    /// Presses a key, such as `Tab`, `Return`, `Control_L+Shift_L+v`; returns when the screen shows what came of it.
    pub fn press_in_gnome(&self, key: &str) {
        let press = |(key, state): (&str, u8)| {
            format!(
                "global.keys.notify_keyval(imports.gi.GLib.get_monotonic_time(), imports.gi.Clutter.KEY_{key}, {state});"
            )
        };
        let down = key.split('+').map(|key| (key, 1));
        let all: String = down.chain(key.rsplit('+').map(|key| (key, 0))).map(press).collect();
        assert!(self.in_gnome(&all), "{key} can't be pressed");
        // A passing one, in a folder that no other world has.
        self.until_gnome_is_still(&self.dir().join("pictures/after-a-key.png"));
    }

    /// Starts what hears the media keys and custom shortcuts of a GNOME session.
    pub fn start_gnomes_keys(&mut self) {
        let keys = self.cmd("/usr/libexec/gsd-media-keys").spawn();
        self.keep(keys);
        self.wait_for_name("org.gnome.SettingsDaemon.MediaKeys");
    }

    /// Starts the program by which the shell takes notifications; the bus of a world starts nothing by itself.
    pub fn start_gnomes_notifications(&mut self) {
        let server = self.cmd("gjs").arg("/usr/share/gnome-shell/org.gnome.Shell.Notifications").spawn();
        self.keep(server);
        self.wait_for_name("org.freedesktop.Notifications");
    }

    /// Returns the titles of the notifications that the shell has.
    pub fn gnomes_notifications(&self) -> String {
        self.eval(
            "Main.messageTray.getSources().flatMap(source => source.notifications.map(one => one.title)).join('; ')",
        )
    }

    /// Opens the overview, where what is typed is searched for.
    pub fn open_gnomes_overview(&self) {
        assert!(self.in_gnome("Main.overview.show()"));
        until("the overview", LIMIT, || {
            self.in_gnome_is("Main.overview.visible && !Main.overview.animationInProgress", "true").then_some(())
        });
    }

    /// Closes it.
    pub fn close_gnomes_overview(&self) {
        assert!(self.in_gnome("Main.overview.hide()"));
        until("no overview", LIMIT, || {
            self.in_gnome_is("!Main.overview.visible && !Main.overview.animationInProgress", "true").then_some(())
        });
    }

    /// Returns every text that the overview shows.
    pub fn gnomes_overview(&self) -> String {
        self.eval(
            "(() => { const found = []; const walk = actor => { if (!actor.mapped) return; \
             if (typeof actor.text === 'string') found.push(actor.text); actor.get_children().forEach(walk); }; \
             walk(Main.layoutManager.overviewGroup); return found.join('; '); })()",
        )
    }

    /// Waits until the overview shows this.
    pub fn expect_in_gnomes_overview(&self, text: &str) {
        until(&format!("`{text}` in the overview"), LIMIT, || self.gnomes_overview().contains(text).then_some(()));
    }

    /// Opens a terminal that writes what is typed into this file of the home, and waits until it has the keyboard.
    pub fn gnomes_terminal(&self, file: &str) -> Process {
        let line = format!("stty -echo; cat > \"$HOME/{file}\"");
        let foot = self.cmd("foot").args(["--log-level=error", "sh", "-c", &line]).spawn();
        until("the terminal", LIMIT, || (self.focus_in_gnome() == "foot").then_some(()));
        foot
    }

    /// Waits for a tray icon in the top bar that the shell has all it needs of, and returns its name there.
    pub fn ready_tray_icon_in_gnome(&self) -> String {
        let ready = format!("{TRAY_ICONS}[0] ?? ''");
        until("a tray icon that is ready", LIMIT, || {
            let told = self.eval(&ready);
            told.rsplit("\\\"").nth(1).filter(|name| !name.is_empty()).map(str::to_owned)
        })
    }

    /// Takes a tray icon out of the top bar, as the shell's extension does with one that it can't make out.
    pub fn drop_tray_icon_in_gnome(&self, name: &str) {
        assert!(self.in_gnome(&format!("Main.panel.statusArea['{name}']._indicator.destroy()")), "{name} stays");
    }

    /// Waits for a tray icon in the top bar, and clicks it with this button: 1 opens its menu, 2 is the middle one.
    pub fn click_tray_icon_in_gnome(&self, button: u32) {
        let icon = format!("Main.panel.statusArea[{TRAY_ICONS}[0]]");
        until("a tray icon in the top bar", LIMIT, || self.in_gnome_is(&format!("!!({icon})"), "true").then_some(()));
        let device = "if (!global.mouse) global.mouse = imports.gi.Clutter.get_default_backend().get_default_seat()\
                      .create_virtual_device(imports.gi.Clutter.InputDeviceType.POINTER_DEVICE);";
        let there = format!("const one = {icon}; const [x, y] = one.get_transformed_position();");
        let now = "imports.gi.GLib.get_monotonic_time()";
        let way = format!("global.mouse.notify_absolute_motion({now}, x + one.width / 2, y + one.height / 2);");
        let press = |state: u8| format!("global.mouse.notify_button({now}, {button}, {state});");
        assert!(
            self.in_gnome(&format!("{device} {there} {way} {} {}", press(1), press(0))),
            "the icon can't be clicked"
        );
    }

    /// Opens the tray's menu by a click, and waits until an entry says this: the shell asks for the labels after it has opened
    /// it. A click on an icon that is just being put up goes astray; a person clicks again.
    pub fn open_tray_menu_in_gnome(&self, says: &str) {
        let menu = format!("Main.panel.statusArea[{TRAY_ICONS}[0]].menu");
        until("the tray's menu", LIMIT, || {
            self.click_tray_icon_in_gnome(1);
            let end = Instant::now() + Duration::from_secs(2);
            while Instant::now() < end {
                if self.in_gnome_is(&format!("{menu}.isOpen"), "true") {
                    return Some(());
                }
            }
            None
        });
        let says = format!("{menu}._getMenuItems().some(one => one.label && one.label.text.includes('{says}'))");
        until("the labels of the tray's menu", LIMIT, || self.in_gnome_is(&says, "true").then_some(()));
    }

    /// Says whether all of the open tray menu stands on the screen.
    pub fn gnomes_tray_menu_fits(&self) -> bool {
        let last =
            format!("Main.panel.statusArea[{TRAY_ICONS}[0]].menu._getMenuItems().filter(one => one.visible).pop()");
        let end = format!("(one => one.get_transformed_position()[1] + one.height)({last})");
        self.in_gnome_is(&format!("{end} <= global.stage.height"), "true")
    }

    /// Takes a picture when two in a row are the same.
    pub fn still_picture_of_gnome(&self, name: &str) -> PathBuf {
        let path = self.picture_file(name);
        self.until_gnome_is_still(&path);
        path
    }

    fn until_gnome_is_still(&self, path: &Path) {
        let before = self.dir().join("pictures/before.png");
        self.picture_of_gnome(&before);
        until("the screen is still", LIMIT, || {
            self.picture_of_gnome(path);
            let still = self.difference(&before, path).is_none();
            fs::copy(path, &before).unwrap();
            still.then_some(())
        });
    }

    fn picture_of_gnome(&self, path: &Path) {
        let (service, object) = ("org.gnome.Shell.Screenshot", "/org/gnome/Shell/Screenshot");
        let call = self.cmd("busctl").args(["--user", "call", service, object, service, "Screenshot", "bbs"]);
        call.args(["false", "false"]).arg(path).ok();
    }

    fn in_gnome_is(&self, script: &str, value: &str) -> bool {
        self.eval(script) == format!("bs true \"{value}\"")
    }

    fn in_gnome(&self, script: &str) -> bool {
        self.eval(script).starts_with("bs true")
    }

    fn eval(&self, script: &str) -> String {
        let call = ["--user", "call", "org.gnome.Shell", "/org/gnome/Shell", "org.gnome.Shell", "Eval", "s", script];
        self.cmd("busctl").args(call).run().out.trim_end().to_owned()
    }
}

/// Makes one, to be pressed by name.
const KEYBOARD: &str = "global.keys = imports.gi.Clutter.get_default_backend().get_default_seat()\
                        .create_virtual_device(imports.gi.Clutter.InputDeviceType.KEYBOARD_DEVICE); 1";

/// The tray icons in the top bar that the shell has all it needs of, in its words: their names there.
const TRAY_ICONS: &str = "Object.keys(Main.panel.statusArea).filter(name => name.startsWith('appindicator') \
                          && Main.panel.statusArea[name]._indicator?.isReady && Main.panel.statusArea[name].width > 0)";

fn windows() -> String {
    "global.get_window_actors().some(one => one.meta_window.get_wm_class().startsWith('chrom'))".into()
}

/// No tour, and nothing that moves; the extension that shows tray icons.
const SETTINGS: &str = "\
[org/gnome/shell]
welcome-dialog-last-shown-version='99'
enabled-extensions=['ubuntu-appindicators@ubuntu.com']

[org/gnome/desktop/interface]
enable-animations=false
";
