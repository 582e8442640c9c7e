//! Which programs the tests run: ours, and other people's with the Debian package that brings each.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock},
    time::SystemTime,
};

/// Returns the folder of our programs: `COUNTERSIGN_BIN_DIR` (an installed package, say), else that of this test.
pub fn bin_dir() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| match env::var_os("COUNTERSIGN_BIN_DIR") {
        Some(dir) => fs::canonicalize(&dir).expect("COUNTERSIGN_BIN_DIR is a folder"),
        None => env::current_exe().unwrap().parent().unwrap().to_path_buf(),
    })
}

/// Returns the path of one of our programs.
///
/// # Panics
/// A program in the build folder that is older than its sources is refused: it would prove nothing.
pub fn ours(name: &str) -> String {
    static CHECKED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let path = bin_dir().join(name);
    assert!(path.is_file(), "{} is not there: cargo build --workspace", path.display());
    if env::var_os("COUNTERSIGN_BIN_DIR").is_none() && !CHECKED.lock().unwrap().contains(name) {
        let sources = OURS.iter().find(|(program, _)| *program == name).expect("each of our programs has its sources");
        refuse_older(&path, sources.1);
        CHECKED.lock().unwrap().insert(name.to_owned());
    }
    path.to_str().unwrap().to_owned()
}

/// Returns the path of a stand-in that is built with these tests: always from their own folder.
pub fn stand_in(name: &str) -> String {
    let path = env::current_exe().unwrap().with_file_name(name);
    assert!(path.is_file(), "{} is not there: cargo build -p countersign-tests", path.display());
    refuse_older(&path, &["tests/stand_ins"]);
    path.to_str().unwrap().to_owned()
}

/// Returns the path of the daemon as it is installed: optimised, without what a debug build leaves in memory.
pub fn release_daemon() -> String {
    if env::var_os("COUNTERSIGN_BIN_DIR").is_some() {
        return ours("countersignd");
    }
    let path = bin_dir().join("../release/countersignd");
    assert!(path.is_file(), "{} is not there: cargo build --release -p countersignd", path.display());
    let sources = OURS.iter().find(|(program, _)| *program == "countersignd").expect("the daemon has its sources");
    refuse_older(&path, sources.1);
    path.to_str().unwrap().to_owned()
}

/// Returns the root of the project.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Returns the folder of shared samples, where there is one: `COUNTERSIGN_SHARED`, else `../shared` beside the project.
pub fn shared() -> Option<PathBuf> {
    let dir = env::var_os("COUNTERSIGN_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    dir.is_dir().then_some(dir)
}

/// Returns the path of a file in `tests/data`.
pub fn data(name: &str) -> String {
    let path = root().join("tests/data").join(name);
    assert!(path.is_file(), "{} is missing", path.display());
    path.to_str().unwrap().to_owned()
}

/// Fails with the Debian package of a tool that is not there.
pub fn require(tool: &str) {
    let name = Path::new(tool).file_name().unwrap().to_str().unwrap();
    if tool.contains('/') && Path::new(tool).is_file() {
        return;
    }
    let found = PATH.split(':').any(|dir| Path::new(dir).join(name).is_file());
    let package = PACKAGES.iter().find(|(tools, _)| tools.split(' ').any(|tool| tool == name));
    let package = package.map_or("of that name", |(_, package)| package);
    assert!(found, "{name} is missing: apt-get install --no-install-recommends {package}");
}

fn refuse_older(program: &Path, sources: &[&str]) {
    let built = fs::metadata(program).unwrap().modified().unwrap();
    for source in sources {
        if let Some((path, _)) = newest(&root().join(source)).filter(|(_, changed)| *changed > built) {
            panic!("{} is older than {}: cargo build --workspace", program.display(), path.display());
        }
    }
}

fn newest(dir: &Path) -> Option<(PathBuf, SystemTime)> {
    let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let times = entries.flatten().filter_map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return newest(&path);
        }
        Some((path, entry.metadata().ok()?.modified().ok()?))
    });
    times.max_by_key(|(_, time)| *time)
}

/// The search path of every program in a world, after our own folder.
pub const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

/// Our programs and where their code lies.
const OURS: &[(&str, &[&str])] = &[
    ("countersignd", &["daemon/src", "daemon/api/src", "daemon/core/src"]),
    ("countersign-import", &["daemon/import/src", "daemon/core/src", "daemon/sandbox/src"]),
    ("countersign-scan", &["daemon/scan/src", "daemon/sandbox/src"]),
    ("countersign", &["client/src", "client/keys/src", "daemon/api/src"]),
    ("countersign-clip", &["client/clip/src", "daemon/api/src"]),
    ("countersign-tray", &["client/tray", "client/keys/src", "packaging/icons", "daemon/api/src"]),
    ("countersign-type", &["client/type/src", "daemon/api/src"]),
    ("countersign-window", &["client/window/src", "client/window/font"]),
    ("countersign-e2e", &["tests/harness", "tests/e2e"]),
];

/// Other people's programs, by Debian package where the name differs.
const PACKAGES: &[(&str, &str)] = &[
    ("Xvfb", "xvfb"),
    ("busctl systemd-analyze", "systemd"),
    ("gdbus gsettings", "libglib2.0-bin"),
    ("dbus-send dbus-monitor dbus-update-activation-environment", "dbus-bin"),
    ("secret-tool", "libsecret-tools"),
    ("gnome-keyring-daemon", "gnome-keyring"),
    ("zbarimg", "zbar-tools"),
    ("import convert identify", "imagemagick"),
    ("notify-send", "libnotify-bin"),
    ("dunstctl", "dunst"),
    ("swaymsg", "sway"),
    ("imv-wayland", "imv"),
    ("xdg-permission-store", "xdg-desktop-portal"),
    ("wl-copy wl-paste", "wl-clipboard"),
    ("dmenu", "suckless-tools"),
    ("pw-dump", "pipewire-bin"),
    ("gsd-media-keys", "gnome-settings-daemon"),
    ("gnome-shell", "gnome-shell xdg-desktop-portal-gnome libgl1-mesa-dri"),
    ("script", "bsdutils"),
    ("setsid setpriv", "util-linux"),
    ("xprop xwininfo", "x11-utils"),
    ("xrandr", "x11-xserver-utils"),
    ("xfconfd", "xfconf"),
    ("xset setxkbmap", "x11-xserver-utils x11-xkb-utils"),
    ("i3", "i3-wm"),
    ("kglobalaccel5", "libkf5globalaccel-bin"),
];
