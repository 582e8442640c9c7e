//! A GNOME session without hardware: the real GNOME Shell and its portal, with hands and eyes of its own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{Process, World, until, wait::LIMIT};

impl World {
    /// Starts GNOME Shell with a screen of 1280 × 720 pixels, and the portal over its real back end.
    ///
    /// Programs started from now on are told of that session.
    pub fn start_gnome(&mut self) {
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
        let headless = ["--headless", "--wayland", "--no-x11", "--virtual-monitor", "1280x720", "--unsafe-mode"];
        let shell = self.cmd("gnome-shell").args(headless).spawn();
        self.keep(shell);
        until("GNOME Shell", LIMIT, || self.in_gnome("1").then_some(()));
        self.set("WAYLAND_DISPLAY", "wayland-0");
        until("the desktop", LIMIT, || {
            // The shell opens it by itself somewhat later.
            self.in_gnome("Main.overview.hide()");
            self.in_gnome_is("!Main.layoutManager._startingUp && !Main.overview.visible", "true").then_some(())
        });
        let backend = self.cmd("/usr/libexec/xdg-desktop-portal-gnome").spawn();
        self.keep(backend);
        self.wait_for_name("org.freedesktop.impl.portal.desktop.gnome");
        self.start_the_frontend();
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

    /// Presses a key: `Tab`, `Return` or `Escape`; returns when the screen shows what came of it.
    pub fn press_in_gnome(&self, key: &str) {
        let keyboard = "if (!global.keys) global.keys = imports.gi.Clutter.get_default_backend().get_default_seat()\
                        .create_virtual_device(imports.gi.Clutter.InputDeviceType.KEYBOARD_DEVICE);";
        let press = |state: u8| {
            format!(
                "global.keys.notify_keyval(imports.gi.GLib.get_monotonic_time(), imports.gi.Clutter.KEY_{key}, {state});"
            )
        };
        assert!(self.in_gnome(&format!("{keyboard} {} {}", press(1), press(0))), "{key} can't be pressed");
        // A passing one, in a folder that no other world has.
        self.until_gnome_is_still(&self.dir().join("pictures/after-a-key.png"));
    }

    /// Waits for a tray icon in the top bar, and clicks it with this button: 1 opens its menu, 2 is the middle one.
    pub fn click_tray_icon_in_gnome(&self, button: u32) {
        let icon = TRAY_ICON;
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

    /// Waits until an entry of the open tray menu says this: the shell asks for the labels after it has opened it.
    pub fn until_gnomes_tray_menu_says(&self, label: &str) {
        let says =
            format!("({TRAY_ICON}).menu._getMenuItems().some(one => one.label && one.label.text.includes('{label}'))");
        until("the labels of the tray's menu", LIMIT, || self.in_gnome_is(&says, "true").then_some(()));
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

/// The tray icon in the top bar, in the shell's words.
const TRAY_ICON: &str = "Object.keys(Main.panel.statusArea).filter(name => name.startsWith('appindicator'))\
                         .map(name => Main.panel.statusArea[name]).find(one => one.visible && one.width > 0)";

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
