//! Hotkeys: real keys, in each desktop's own way. `lock` is what is pressed: a lock shows, and costs nothing.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, time::Instant};

use harness::{Client, Process, World, programs, tests, until, wait::LIMIT};
use tokio::time::timeout;
use zbus::{fdo::DBusProxy, names::BusName};

tests![
    a_hotkey_may_be_the_first_of_a_session,
    a_hotkey_is_off_until_it_is_turned_on,
    the_tray_hears_keys_on_x11_until_they_are_taken_away,
    a_tray_answers_from_its_first_moment_on,
    a_held_key_starts_one,
    a_taken_key_is_said_and_another_one_offered,
    a_choice_that_cant_be_read_is_said,
    the_portal_gives_the_tray_keys,
    a_portal_that_refuses_is_told,
    a_desktop_without_the_portal_is_told,
    the_lines_for_sway_work,
    the_lines_for_i3_work,
    the_lines_for_sxhkd_work_and_a_held_key_starts_one,
    gnomes_shortcuts_are_written_and_taken_back,
    keys_that_gnome_needs_are_refused,
    kdes_keyboard_service_starts_them_until_they_are_taken_back,
];

fn a_hotkey_may_be_the_first_of_a_session() {
    let world = World::build().without_daemon().start();
    world.cli(&["hotkey", "run", "lock"]).run();
    let folder = fs::metadata(world.dir().join("run/countersign")).unwrap();
    assert_eq!(folder.permissions().mode() & 0o777, 0o700, "no other command takes such a folder");
    assert!(world.cli(&["status"]).run().code != 2, "{:?}", world.cli(&["status"]).run());
}

fn locked(world: &World) -> bool {
    world.vault_property("State") == "locked"
}

fn until_locked(world: &World) {
    until("a locked vault", LIMIT, || locked(world).then_some(()));
}

/// Presses the key until it locks the vault: what hears it may have only begun to. Nothing that a press started runs afterwards.
fn until_it_locks(world: &World, key: &str) {
    until(&format!("{key} locks"), LIMIT, || {
        world.press(key);
        // Time for one press to do it: what is started by another would lock it later.
        (0..20).any(|_| world.cli(&["status"]).run().out.contains("locked") && locked(world)).then_some(())
    });
    until_quiet(world);
}

/// Unlocks the vault; nothing locks it again.
fn unlock_for_good(world: &World) {
    // Unlocking takes far longer than a repeat of a key, and than what a repeat has started.
    for _ in 0..3 {
        world.unlock();
        world.cli(&["--no-prompt", "list"]).ok();
        assert!(!locked(world), "a held key has started several");
    }
}

/// Holds a key until it has locked the vault and has been repeated often since; then nothing has locked it again.
fn hold(world: &World, key: &str) {
    until_quiet(world);
    world.cmd("xset").args(["r", "rate", "100", "100"]).ok();
    let keys: Vec<&str> = key.split('+').collect();
    world.xdotool(&[&["keydown"], &keys[..1]].concat());
    for key in &keys[1..] {
        world.xdotool(&["keydown", key]);
    }
    until_locked(world);
    unlock_for_good(world);
    for key in keys.iter().rev() {
        world.xdotool(&["keyup", key]);
    }
    until_quiet(world);
    world.press(key);
    until_locked(world);
}

/// Waits until the next press counts as another one, where presses soon after each other count as the same.
fn until_quiet(world: &World) {
    let mark = world.dir().join("run/countersign/hotkey-lock");
    until("a second without a press", LIMIT, || {
        let Ok(mark) = fs::metadata(&mark) else { return Some(()) };
        mark.modified().unwrap().elapsed().is_ok_and(|age| age.as_millis() >= 1100).then_some(())
    });
}

fn a_hotkey_is_off_until_it_is_turned_on() {
    let world = World::build().display().vault().start();
    let _tray = world.start_tray();
    let told = world.cli(&["hotkey"]).ok();
    assert!(told.contains("No hotkey is in force") && told.contains("Super+Ctrl+Q"), "{told}");
    // Whoever else wants them gets them.
    let _other = sxhkd(&world, "super + ctrl + l\n  countersign lock\n");
    until_it_locks(&world, "super+ctrl+l");
    assert_eq!(world.cli(&["hotkey", "remove"]).ok(), "No hotkey was installed.");
}

/// Starts another program that hears keys.
fn sxhkd(world: &World, lines: &str) -> Process {
    let rc = world.dir().join("config/sxhkdrc");
    fs::write(&rc, lines).unwrap();
    world.cmd("sxhkd").arg("-c").arg(&rc).spawn()
}

fn the_tray_hears_keys_on_x11_until_they_are_taken_away() {
    let world = World::build().display().vault().start();
    // Before the tray runs, it is told.
    let told = world.cli(&["hotkey", "install", "--key", "lock=Ctrl+Alt+K", "--key", "pick=none"]).ok();
    assert!(told.contains("when the tray runs") && told.contains("Ctrl+Alt+K") && !told.contains("pick"), "{told}");
    let _tray = world.start_tray();
    until_it_locks(&world, "ctrl+alt+k");
    let told = world.cli(&["hotkey"]).ok();
    assert!(told.contains("In force by the tray") && told.contains("Ctrl+Alt+K\tlock"), "{told}");
    // While it runs, at once.
    world.cli(&["hotkey", "install"]).ok();
    world.unlock();
    world.press("super+ctrl+l");
    until_locked(&world);
    // What would turn on nothing changes nothing.
    let none = ["scan=none", "pick=none", "copy=none", "lock=none"].map(|key| format!("--key={key}"));
    let refused = world.cli(&["hotkey", "install"]).args(none).fails(2);
    assert!(refused.err.contains("countersign hotkey remove"), "{refused:?}");
    let gone = world.cli(&["hotkey", "remove"]).ok();
    assert_eq!(gone, "The hotkeys are gone from the tray.");
    assert!(!world.dir().join("config/countersign/hotkeys").exists());
    assert!(world.cli(&["hotkey"]).ok().contains("No hotkey is in force"));
    let mut other = sxhkd(&world, "super + ctrl + l\n  countersign unlocked\n");
    world.unlock();
    world.press("super+ctrl+l");
    world.cli(&["--no-prompt", "list"]).ok();
    assert!(!locked(&world) && other.runs() && !other.err.text().contains("grab"), "{}", other.err.text());
}

fn a_tray_answers_from_its_first_moment_on() {
    let world = World::build().vault().start();
    let client = Client::bus(&world);
    let names = client.wait(DBusProxy::new(client.connection())).unwrap();
    let name = BusName::try_from(TRAY).unwrap();
    for _ in 0..3 {
        let tray = world.cmd(&programs::ours("countersign-tray")).spawn();
        // Without a rest between: it is asked as soon as it can be.
        let start = Instant::now();
        while !client.wait(names.name_has_owner(name.clone())).unwrap() {
            assert!(start.elapsed() < LIMIT, "there is no tray");
        }
        let path = "/org/countersign/Tray1";
        let answer = client.connection().call_method(Some(TRAY), path, Some(TRAY), "ReadHotkeys", &());
        client.wait(async { timeout(LIMIT, answer).await }).expect("an answer in time").unwrap();
        drop(tray);
        until("the end of its name", LIMIT, || {
            (!client.wait(names.name_has_owner(name.clone())).unwrap()).then_some(())
        });
    }
}

fn a_held_key_starts_one() {
    let world = World::build().display().vault().start();
    let _tray = world.start_tray();
    world.cli(&["hotkey", "install"]).ok();
    hold(&world, "super+ctrl+l");
}

fn a_taken_key_is_said_and_another_one_offered() {
    let world = World::build().display().vault().start();
    let _other = sxhkd(&world, "super + ctrl + q\n  true\n\nctrl + F12\n  countersign lock\n");
    until_it_locks(&world, "ctrl+F12");
    world.unlock();
    let tray = world.start_tray();
    let refused = world.cli(&["hotkey", "install"]).fails(1);
    assert!(refused.err.contains("Super+Ctrl+Q (scan): another program has taken it"), "{refused:?}");
    assert!(refused.err.contains("install --key scan=Super+Ctrl+Shift+Q"), "{refused:?}");
    // The others are in force.
    world.press("super+ctrl+l");
    until_locked(&world);
    drop(tray);
    let again = world.start_tray();
    until("the tray says it too", LIMIT, || {
        world.tray_menu(&again).contains("Hotkey Super+Ctrl+Q (scan): another program has taken it").then_some(())
    });
    world.cli(&["hotkey", "install", "--key", "scan=Super+Ctrl+Shift+Q"]).ok();
}

fn a_choice_that_cant_be_read_is_said() {
    let world = World::build().display().vault().start();
    let file = world.dir().join("config/countersign/hotkeys");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "lock Super+Ctrl+L\nlock Ctrl+Nothing\n").unwrap();
    let tray = world.start_tray();
    until("the tray says it", LIMIT, || world.tray_menu(&tray).contains("Hotkeys: line 2 of ").then_some(()));
    for command in [&["hotkey"][..], &["hotkey", "install"]] {
        let refused = world.cli(command).fails(2);
        assert!(refused.err.contains("line 2 of ") && refused.err.contains("hotkey remove"), "{refused:?}");
    }
    assert!(fs::read_to_string(&file).unwrap().contains("Ctrl+Nothing"), "it is not written over");
    world.cli(&["hotkey", "remove"]).ok();
    world.cli(&["hotkey", "install"]).ok();
    until("the tray says no more", LIMIT, || {
        let menu = world.tray_menu(&tray);
        (menu.contains("Lock") && !menu.contains("Hotkeys: ")).then_some(())
    });
    until_it_locks(&world, "super+ctrl+l");
}

fn the_portal_gives_the_tray_keys() {
    let mut world = World::build().vault().start();
    let desktop = world.start_shortcuts_portal("yes");
    world.set("WAYLAND_DISPLAY", "wayland-of-nobody");
    let _tray = world.start_tray();
    let told = world.cli(&["hotkey", "install", "--key", "pick=none"]).ok();
    assert!(told.contains("Hyper+lock\tlock"), "the keys are those that the desktop gave: {told}");
    desktop.out.wait_for("the keys", LIMIT, |text| text.contains("asked lock LOGO+CTRL+l\n").then_some(()));
    let press = |world: &World, releases: &str| {
        let object = ["org.freedesktop.impl.portal.desktop.shortcuts", "/org/freedesktop/portal/desktop"];
        let call = ["org.countersign.StandIn", "Press", "sub", "lock", "20", releases];
        world.cmd("busctl").args(["--user", "call"]).args(object).args(call).ok();
    };
    press(&world, "true");
    until_locked(&world);
    unlock_for_good(&world);
    until("another press", LIMIT, || {
        press(&world, "true");
        locked(&world).then_some(())
    });
    world.cli(&["hotkey", "remove"]).ok();
    desktop.out.wait_for("the session's end", LIMIT, |text| text.contains("closed\n").then_some(()));
}

fn a_portal_that_refuses_is_told() {
    let mut world = World::build().start();
    let desktop = world.start_shortcuts_portal("no");
    world.set("WAYLAND_DISPLAY", "wayland-of-nobody");
    let _tray = world.start_tray();
    let refused = world.cli(&["hotkey", "install"]).fails(1);
    assert!(refused.err.contains("the desktop did not give it"), "{refused:?}");
    desktop.out.wait_for("the session's end", LIMIT, |text| text.contains("closed\n").then_some(()));
}

fn a_desktop_without_the_portal_is_told() {
    let mut world = World::build().start();
    world.set("WAYLAND_DISPLAY", "wayland-of-nobody");
    let _tray = world.start_tray();
    let refused = world.cli(&["hotkey", "install"]).fails(1);
    assert!(refused.err.contains("this desktop's portal has no hotkeys"), "{refused:?}");
}

/// Returns the lines for a desktop as it is told to a person.
fn lines(world: &World, desktop: &str) -> String {
    let told = world.cli(&["hotkey", "--for", desktop]).ok();
    told.split_once("\n\n").unwrap_or_else(|| panic!("no lines in {told}")).1.to_owned()
}

/// Sway runs as another user, who may not call our daemon: what it starts writes down how it was called.
fn the_lines_for_sway_work() {
    let mut world = World::build().wayland().vault().start();
    let folder: PathBuf = world.wayland().socket().parent().unwrap().to_path_buf();
    let called = folder.join("called");
    fs::write(&called, "").unwrap();
    fs::set_permissions(&called, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let program = programs::ours("countersign");
    for line in lines(&world, "sway").lines() {
        let (keys, command) = line.split_once(&format!(" {program} ")).unwrap_or_else(|| panic!("{line}"));
        world.sway(&format!("{keys} echo {command} >>{}", called.display()));
    }
    for (key, command) in [("q", "scan --notify"), ("p", "pick"), ("c", "copy --last --notify"), ("l", "lock")] {
        // Held for as long as a key is before it is repeated, and longer.
        world.cmd("wtype").args(["-M", "logo", "-M", "ctrl", "-P", key, "-s", "1000", "-p", key]).ok();
        until(&format!("{command} is started"), LIMIT, || {
            fs::read_to_string(&called).unwrap().lines().any(|line| line == command).then_some(())
        });
    }
    assert_eq!(fs::read_to_string(&called).unwrap().lines().count(), 4, "a held key has started several");
}

fn the_lines_for_i3_work() {
    let mut world = World::build().display().vault().start();
    let config = world.dir().join("config/i3");
    fs::write(&config, format!("# i3 config file (v4)\nfont pango:monospace 8\n{}", lines(&world, "i3"))).unwrap();
    let manager = world.cmd("i3").arg("-c").arg(&config).arg("--replace").spawn();
    world.keep(manager);
    until_it_locks(&world, "super+ctrl+l");
    unlock_for_good(&world);
    world.cmd("xset").args(["r", "rate", "100", "100"]).ok();
    for key in ["super", "ctrl", "l"] {
        world.xdotool(&["keydown", key]);
    }
    // Started when it is let go of: so held keys don't get into what it types.
    world.cli(&["--no-prompt", "list"]).ok();
    assert!(!locked(&world), "it is started too early");
    for key in ["l", "ctrl", "super"] {
        world.xdotool(&["keyup", key]);
    }
    until_locked(&world);
    unlock_for_good(&world);
}

fn the_lines_for_sxhkd_work_and_a_held_key_starts_one() {
    let mut world = World::build().display().vault().start();
    let hotkeys = sxhkd(&world, &lines(&world, "sxhkd"));
    world.keep(hotkeys);
    until_it_locks(&world, "super+ctrl+l");
    world.unlock();
    hold(&world, "super+ctrl+l");
}

/// A world with GNOME's settings, and somebody else's shortcut in them.
fn with_gnome() -> World {
    let world = World::build().env("GSETTINGS_BACKEND", "keyfile").env("XDG_CURRENT_DESKTOP", "GNOME").start();
    let theirs = format!("{CUSTOM}/custom0/");
    gsettings(&world, &["set", MEDIA_KEYS, "custom-keybindings", &format!("['{theirs}']")]);
    let schema = format!("{MEDIA_KEYS}.custom-keybinding:{theirs}");
    for (key, value) in
        [("name", "'it\\'s mine'"), ("command", "'xterm -e \"a b\"'"), ("binding", "'<Primary><Super>p'")]
    {
        gsettings(&world, &["set", &schema, key, value]);
    }
    world
}

fn gsettings(world: &World, args: &[&str]) -> String {
    world.cmd("gsettings").args(args).ok()
}

fn gnomes_shortcuts_are_written_and_taken_back() {
    let world = with_gnome();
    let all = || fs::read_to_string(world.dir().join("config/glib-2.0/settings/keyfile")).unwrap();
    let before = all();
    world.cli(&["hotkey", "install", "--key", "pick=Ctrl+Alt+K"]).ok();
    let first = all();
    world.cli(&["hotkey", "install", "--key", "pick=Ctrl+Alt+K"]).ok();
    assert_eq!(all(), first, "twice is once");
    let list = gsettings(&world, &["get", MEDIA_KEYS, "custom-keybindings"]);
    let wanted = ["custom0", "countersign-scan", "countersign-pick", "countersign-copy", "countersign-lock"];
    assert_eq!(list, format!("[{}]", wanted.map(|name| format!("'{CUSTOM}/{name}/'")).join(", ")));
    let of = |name: &str, key: &str| {
        gsettings(&world, &["get", &format!("{MEDIA_KEYS}.custom-keybinding:{CUSTOM}/countersign-{name}/"), key])
    };
    assert_eq!(of("scan", "binding"), "'<Super><Control>q'");
    assert_eq!(of("pick", "binding"), "'<Control><Alt>k'");
    assert_eq!(of("lock", "command"), format!("'{} hotkey run lock'", programs::ours("countersign")));
    let told = world.cli(&["hotkey"]).ok();
    assert!(told.contains("In force by GNOME's custom shortcuts") && told.contains("Ctrl+Alt+K\tpick"), "{told}");
    assert_eq!(world.cli(&["hotkey", "remove"]).ok(), "The hotkeys are gone from GNOME's custom shortcuts.");
    // This kind of store keeps the heads of empty sections.
    let empty = |line: &str| line.is_empty() || line.contains("/countersign-");
    let lines = |text: &str| text.lines().filter(|line| !empty(line)).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&all()), lines(&before), "everything is as it was");
    assert_eq!(world.cli(&["hotkey", "remove"]).ok(), "No hotkey was installed.");
}

fn keys_that_gnome_needs_are_refused() {
    let world = with_gnome();
    let refused = world.cli(&["hotkey", "install", "--key", "lock=Super+L"]).fails(1);
    assert!(refused.err.contains("Super+L (lock): taken by GNOME (screensaver)"), "{refused:?}");
    assert!(refused.err.contains("Super+Ctrl+P (pick): taken by another shortcut of yours, it's mine"), "{refused:?}");
    assert!(refused.err.contains("--key pick=Super+Ctrl+Shift+P"), "{refused:?}");
    let list = gsettings(&world, &["get", MEDIA_KEYS, "custom-keybindings"]);
    assert!(list.contains("countersign-scan") && !list.contains("countersign-lock"), "{list}");
}

fn kdes_keyboard_service_starts_them_until_they_are_taken_back() {
    let mut world = World::build().display().vault().env("XDG_CURRENT_DESKTOP", "KDE").start();
    let told = world.cli(&["hotkey", "install"]).ok();
    assert!(told.contains("from your next login"), "{told}");
    let file = world.dir().join("data/kglobalaccel/org.countersign.Hotkeys.desktop");
    world.cmd("desktop-file-validate").arg(&file).ok();
    let service = world.cmd("kglobalaccel5").spawn();
    world.keep(service);
    world.wait_for_name("org.kde.kglobalaccel");
    until_it_locks(&world, "super+ctrl+l");
    world.unlock();
    hold(&world, "super+ctrl+l");
    world.unlock();
    assert!(world.cli(&["hotkey"]).ok().contains("In force by KDE's shortcuts"));
    assert_eq!(world.cli(&["hotkey", "remove"]).ok(), "The hotkeys are gone from KDE's shortcuts.");
    assert!(!file.exists());
    // Given back at once: another program gets them.
    let _other = sxhkd(&world, "super + ctrl + l\n  countersign lock\n");
    until_it_locks(&world, "super+ctrl+l");
}

const MEDIA_KEYS: &str = "org.gnome.settings-daemon.plugins.media-keys";
const CUSTOM: &str = "/org/gnome/settings-daemon/plugins/media-keys/custom-keybindings";

/// The tray's name on the bus, and that of its interface.
const TRAY: &str = "org.countersign.Tray1";
