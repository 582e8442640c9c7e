//! A real panel (xfce4-panel; waybar on Wayland) and our tray in it, with a hand that opens the menu.

use std::{fs, os::unix::fs::symlink, path::Path};

use serde_json::Value;

use crate::{Process, World, display::Area, programs, until, wait::LIMIT};

impl World {
    /// Starts a panel along the upper edge, with nothing in it but tray icons.
    pub fn start_panel(&mut self) {
        if self.on_wayland() {
            return self.start_waybar();
        }
        let channels = self.dir().join("config/xfce4/xfconf/xfce-perchannel-xml");
        fs::create_dir_all(&channels).unwrap();
        fs::copy(programs::data("xfce4-panel.xml"), channels.join("xfce4-panel.xml")).unwrap();
        let settings = self.cmd(XFCONFD).spawn();
        self.keep(settings);
        self.wait_for_name("org.xfce.Xfconf");
        let panel = self.cmd("xfce4-panel").arg("--disable-wm-check").spawn();
        self.keep(panel);
        self.wait_for_name("org.kde.StatusNotifierWatcher");
    }

    fn start_waybar(&mut self) {
        let (config, style) = (self.dir().join("config/waybar.json"), self.dir().join("config/waybar.css"));
        fs::write(&config, format!("{{\"height\": {PANEL_HEIGHT}, \"modules-right\": [\"tray\"]}}")).unwrap();
        fs::write(&style, "window { background: #303030; } #tray { padding: 0 8px; }").unwrap();
        let panel = self.cmd("waybar").arg("-c").arg(&config).arg("-s").arg(&style).spawn();
        self.keep(panel);
        self.wait_for_name("org.kde.StatusNotifierWatcher");
    }

    /// Starts our tray.
    pub fn start_tray(&self) -> Process {
        programs::ours("countersign-clip");
        let tray = self.cmd(&programs::ours("countersign-tray")).spawn();
        self.wait_for_name("org.countersign.Tray1");
        tray
    }

    /// Returns the tray's menu as the panel gets it: labels and what they do.
    pub fn tray_menu(&self, tray: &Process) -> String {
        let item = self.tray_item(tray);
        let layout =
            ["--user", "--json=short", "call", &item, "/MenuBar", "com.canonical.dbusmenu", "GetLayout", "iias"];
        self.cmd("busctl").args(layout).args(["--", "0", "-1", "0"]).run().out
    }

    /// Waits for the tray's icon on the bus and returns its name: a tray may have made it again.
    fn tray_item(&self, tray: &Process) -> String {
        let prefix = format!("org.kde.StatusNotifierItem-{}-", tray.pid());
        until("the tray's icon on the bus", LIMIT, || {
            let names = self.cmd("busctl").args(["--user", "list", "--acquired", "--no-legend"]).ok();
            names.split_whitespace().find(|word| word.starts_with(&prefix)).map(str::to_owned)
        })
    }

    /// Puts our icons where a panel finds them by their names, as `packaging/install` does. Before the panel starts.
    pub fn install_icons(&self) {
        let folder = self.dir().join("data/icons/hicolor/symbolic");
        fs::create_dir_all(&folder).unwrap();
        symlink(programs::root().join("packaging/icons"), folder.join("apps")).unwrap();
    }

    /// Clicks an entry of the tray's menu as a panel tells it: by parts of the labels on the way there.
    pub fn click_in_tray_menu(&self, tray: &Process, way: &[&str]) {
        self.click_tray_entry(tray, self.tray_entry(tray, way));
    }

    /// Waits for an entry of the tray's menu and returns its number.
    pub fn tray_entry(&self, tray: &Process, way: &[&str]) -> i64 {
        until(&format!("{way:?} in the menu"), LIMIT, || {
            let menu: Value = serde_json::from_str(&self.tray_menu(tray)).ok()?;
            let found = way.iter().try_fold(&menu["data"][1], |below, label| entry_below(below, label))?;
            found[0].as_i64()
        })
    }

    /// Clicks the entry of that number.
    pub fn click_tray_entry(&self, tray: &Process, number: i64) {
        let item = self.tray_item(tray);
        let event = ["--user", "call", &item, "/MenuBar", "com.canonical.dbusmenu", "Event", "isvu"];
        self.cmd("busctl").args(event).args([&number.to_string(), "clicked", "i", "0", "0"]).ok();
    }

    /// Starts our tray in the panel, waits until its menu says this, and opens it by hand.
    pub fn open_tray_menu(&self, says: &str) -> TrayMenu {
        let without = self.still_picture("panel");
        let tray = self.start_tray();
        until(&format!("`{says}` in the menu"), LIMIT, || self.tray_menu(&tray).contains(says).then_some(()));
        let (mut with, icon) = self.until_picture_differs(&without, "tray-icon");
        if self.on_wayland() {
            // The mouse stands in the pictures: its way there is no part of the menu.
            self.sway_point(icon.middle());
            with = self.until_picture_differs(&with, "tray-mouse").0;
        }
        self.press_button(3, icon.middle());
        let area = self.until_menu(&with, "tray-menu");
        TrayMenu { tray, area, icon }
    }

    /// Waits until a menu stands on the screen where a picture shows none, and returns its place; the icon may light up before.
    pub fn until_menu(&self, before: &Path, name: &str) -> Area {
        until("a menu on the screen", LIMIT, || {
            Some(self.until_picture_differs(before, name).1).filter(|area| area.height > PANEL_HEIGHT)
        })
    }

    /// Goes through an open menu of the tray by these keys, and chooses where they lead to.
    pub fn choose_by_keys(&self, keys: &str) {
        for key in keys.split(' ').chain(["Return"]) {
            self.press(key);
        }
    }

    /// Clicks the first entry of an open menu: the account that is used most.
    pub fn click_first_entry(&self, menu: &TrayMenu) {
        // A menu of xfce4-panel hangs below the panel, one of waybar at the mouse.
        let top = if self.on_wayland() { menu.area.y + 4 } else { menu.area.y.max(PANEL_HEIGHT) };
        self.click(menu.area.x + 40, top + 16);
    }

    /// Waits for a code on the clipboard and returns it.
    pub fn pasted_code(&self) -> String {
        until("a code on the clipboard", LIMIT, || {
            let paste = if self.on_wayland() {
                self.cmd("wl-paste").arg("--no-newline")
            } else {
                self.cmd("xclip").args(["-o", "-selection", "clipboard"])
            };
            let run = paste.run();
            let code = run.code == 0 && run.out.len() == 6 && run.out.bytes().all(|byte| byte.is_ascii_digit());
            code.then_some(run.out)
        })
    }
}

/// The tray's menu, open.
pub struct TrayMenu {
    /// The tray itself.
    pub tray: Process,
    /// Where the menu stands.
    pub area: Area,
    /// Where the icon stands.
    pub icon: Area,
}

/// Finds an entry below another by a part of its label: number, properties, entries below it.
fn entry_below<'m>(menu: &'m Value, label: &str) -> Option<&'m Value> {
    let below = menu[2].as_array()?;
    let named = |one: &Value| one[1]["label"]["data"].as_str().is_some_and(|text| text.contains(label));
    let first = below.iter().map(|one| &one["data"]).find(|one| named(one));
    first.or_else(|| below.iter().find_map(|one| entry_below(&one["data"], label)))
}

/// As `data/xfce4-panel.xml` has it.
const PANEL_HEIGHT: i32 = 28;
const XFCONFD: &str = "/usr/lib/x86_64-linux-gnu/xfce4/xfconf/xfconfd";
