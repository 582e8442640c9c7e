//! `countersign type`: a fresh code goes into the window that had the keyboard, on X11 and on Wayland, or nowhere.

use std::{fs, io::Write, os::unix::fs::symlink, path::PathBuf};

use harness::{
    Process, World, programs,
    samples::Account,
    tests, until,
    wait::{LIMIT, unix_now},
};

use crate::clipboard::{account, oathtool};

tests![
    the_code_is_typed_into_the_window,
    enter_is_pressed_only_where_it_is_asked_for,
    a_code_that_dies_soon_is_not_typed,
    another_window_gets_nothing,
    a_window_that_comes_back_gets_the_code,
    a_counter_is_not_used_up_for_another_window,
    held_keys_are_waited_for,
    a_latched_shift_is_waited_for,
    each_layout_gives_the_same_code,
    a_keyboard_that_is_taken_is_waited_for,
    an_overlay_gets_nothing,
    what_is_picked_goes_into_the_window_from_before_the_menu,
    what_is_picked_on_wayland_goes_into_the_window_too,
    what_is_picked_goes_into_no_other_window,
    picking_to_type_opens_no_terminal_window,
    where_nothing_can_be_typed_that_is_said,
];

/// A session with an X server, and one with a Wayland compositor alone.
fn sessions() -> [World; 2] {
    programs::ours("countersign-type");
    [World::build().display().vault().start(), World::build().wayland().vault().start()]
}

/// A terminal window that waits for one line and writes it down.
struct Window {
    _process: Process,
    title: String,
    file: PathBuf,
}

impl Window {
    /// Opens it; it has the keyboard.
    fn open(world: &World, title: &str) -> Self {
        let file = world.dir().join(format!("tmp/{title}.line"));
        // The name is there when the line is.
        let script =
            format!("stty -echo; IFS= read -r line; printf %s \"$line\" >{0}.new; mv {0}.new {0}", file.display());
        let show = if world.environment().contains_key("WAYLAND_DISPLAY") {
            world.cmd("foot").args(["-c", "/dev/null", "-T", title])
        } else {
            world.cmd("xterm").args(["-T", title, "-geometry", "60x10", "-e"])
        };
        let process = show.args(["sh", "-c", &script]).spawn();
        let window = Self { _process: process, title: title.to_owned(), file };
        window.focus(world);
        window
    }

    /// Gives it the keyboard.
    fn focus(&self, world: &World) {
        world.window(&format!("^{}$", self.title));
    }

    /// Waits for the line.
    fn line(&self) -> String {
        until("the line in the window", LIMIT, || fs::read_to_string(&self.file).ok())
    }
}

/// Adds an account whose codes live an hour: no test has to wait for the next.
fn slow(world: &World) -> Account {
    let account = Account::new("Slow", "alice");
    world.witness().plant_key("the key of Slow", &account.secret);
    world.add_uri(&account.uri_with("&period=3600"));
    account
}

/// Asserts that a line is the code of now, or was while the test ran.
fn assert_code(world: &World, account: &Account, line: &str) {
    let at = |time: u64| {
        let args = ["-b", "--totp", "-s", "3600s", "-N", &format!("@{time}"), "-"].map(str::to_owned);
        world.cmd("oathtool").args(args).stdin(account.secret.as_str()).ok().trim().to_owned()
    };
    let codes = [at(unix_now()), at(unix_now() - 60)];
    assert!(codes.contains(&line.to_owned()), "{line} is none of {codes:?}");
}

/// Starts what types, and waits until it has noted the window.
fn begin(world: &World) -> Process {
    let typing = world.cmd(&programs::ours("countersign-type")).arg("--enter").spawn_piped();
    typing.out.wait_for("`ready`", LIMIT, |text| text.contains("ready\n").then_some(()));
    typing
}

/// Names it the account.
fn finish(typing: &mut Process, account: &str) {
    typing.stdin().write_all(format!("{account}\n").as_bytes()).unwrap();
}

fn the_code_is_typed_into_the_window() {
    for world in sessions() {
        let account = slow(&world);
        let window = Window::open(&world, "target");
        world.cli(&["type", "--enter", "slow"]).ok();
        assert_code(&world, &account, &window.line());
    }
}

fn enter_is_pressed_only_where_it_is_asked_for() {
    for world in sessions() {
        let account = slow(&world);
        let window = Window::open(&world, "target");
        world.cli(&["type", "slow"]).ok();
        // What follows the code is in the same line.
        world.type_text("x");
        world.press("Return");
        let line = window.line();
        assert_code(&world, &account, line.strip_suffix('x').unwrap_or(&line));
    }
}

fn a_code_that_dies_soon_is_not_typed() {
    let world = World::build().display().vault().start();
    let quick = account(&world, "Quick", 11);
    let window = Window::open(&world, "target");
    until("the last seconds of a code", LIMIT, || (unix_now() % 11 >= 8).then_some(()));
    let step = unix_now() / 11;
    world.cli(&["type", "--enter", "quick"]).ok();
    let line = window.line();
    let later: Vec<_> = (step + 1..=unix_now() / 11).map(|step| oathtool(&world, &quick, 11, step * 11)).collect();
    assert!(later.contains(&line), "{line} is none of {later:?}");
}

fn another_window_gets_nothing() {
    for world in sessions() {
        slow(&world);
        let window = Window::open(&world, "target");
        let mut typing = begin(&world);
        let other = Window::open(&world, "other");
        finish(&mut typing, "slow");
        assert_eq!(typing.exit_code(LIMIT), 1);
        assert!(typing.err.to_end(LIMIT).contains("the window that had the keyboard has it no longer"));
        for window in [other, window] {
            window.focus(&world);
            world.press("Return");
            assert_eq!(window.line(), "", "{} got something", window.title);
        }
    }
}

fn a_window_that_comes_back_gets_the_code() {
    for world in sessions() {
        let account = slow(&world);
        let window = Window::open(&world, "target");
        let mut typing = begin(&world);
        let menu = Window::open(&world, "menu");
        drop(menu);
        // Both desktops go back to the window before by themselves.
        finish(&mut typing, "slow");
        assert_eq!(typing.exit_code(LIMIT), 0, "{}", typing.err.text());
        assert_code(&world, &account, &window.line());
    }
}

fn a_counter_is_not_used_up_for_another_window() {
    let world = World::build().display().vault().start();
    let account = Account::new("Counted", "alice");
    world.witness().plant_key("the key of Counted", &account.secret);
    world.add_uri(&account.uri_with("&counter=7").replace("totp", "hotp"));
    let window = Window::open(&world, "target");
    let mut typing = begin(&world);
    let other = Window::open(&world, "other");
    finish(&mut typing, "counted");
    assert_eq!(typing.exit_code(LIMIT), 1);
    drop(other);
    window.focus(&world);
    world.cli(&["type", "--enter", "counted"]).ok();
    let expected = world.cmd("oathtool").args(["-b", "-c", "7", "-"]).stdin(account.secret.as_str()).ok();
    assert_eq!(window.line(), expected.trim());
}

/// Typed while Ctrl is down, digits are other signs.
fn held_keys_are_waited_for() {
    let world = World::build().display().vault().start();
    let account = slow(&world);
    let window = Window::open(&world, "target");
    world.xdotool(&["keydown", "ctrl"]);
    let mut typing = begin(&world);
    finish(&mut typing, "slow");
    // The daemon is asked for a code when nothing is held, and not before.
    world.cli(&["list"]).ok();
    assert!(typing.runs(), "{}", typing.err.text());
    world.xdotool(&["keyup", "ctrl"]);
    assert_eq!(typing.exit_code(LIMIT), 0, "{}", typing.err.text());
    assert_code(&world, &account, &window.line());
}

/// Sticky keys latch a modifier: the next key takes it for held. A key that does nothing else ends that.
fn a_latched_shift_is_waited_for() {
    let world = World::build().display().vault().start();
    let account = slow(&world);
    let keys = ["keycode 248 = ISO_Level2_Latch", "keycode 249 =", "add Shift = ISO_Level2_Latch"];
    world.cmd("xmodmap").args(keys.into_iter().flat_map(|key| ["-e", key])).ok();
    let window = Window::open(&world, "target");
    world.xdotool(&["key", "248"]);
    let mut typing = begin(&world);
    finish(&mut typing, "slow");
    world.cli(&["list"]).ok();
    assert!(typing.runs(), "{}{}", typing.out.text(), typing.err.text());
    world.xdotool(&["key", "249"]);
    assert_eq!(typing.exit_code(LIMIT), 0, "{}", typing.err.text());
    assert_code(&world, &account, &window.line());
}

fn each_layout_gives_the_same_code() {
    let world = World::build().display().vault().start();
    let account = slow(&world);
    let letters = Account::new("Steam", "alice");
    world.witness().plant_key("the key of Steam", &letters.secret);
    world.add_uri(&letters.uri_with("&encoder=steam"));
    for (number, (layout, variant, press)) in LAYOUTS.iter().enumerate() {
        world
            .cmd("setxkbmap")
            .args(["-layout", layout, "-variant", variant, "-option", "", "-option", "grp:menu_toggle"])
            .ok();
        if !press.is_empty() {
            world.xdotool(&["key", press]);
        }
        let window = Window::open(&world, &format!("digits-{number}"));
        world.cli(&["type", "--enter", "slow"]).ok();
        assert_code(&world, &account, &window.line());
        let window = Window::open(&world, &format!("letters-{number}"));
        let code = || world.cli(&["code", "steam"]).reveals().ok();
        let before = code();
        world.cli(&["type", "--enter", "steam"]).ok();
        let line = window.line();
        assert!([before, code()].contains(&line), "{line}: {layout} {variant} {press}");
        if !press.is_empty() {
            world.xdotool(&["key", press]);
        }
    }
    // No key of it has a Latin letter: that is said, and half a code is not typed.
    world.cmd("setxkbmap").args(["-layout", "ru", "-option", ""]).ok();
    let window = Window::open(&world, "russian");
    let run = world.cli(&["type", "--enter", "steam"]).fails(1);
    assert!(run.err.contains("no layout of this keyboard has a key for it"), "{run:?}");
    world.cli(&["type", "--enter", "slow"]).ok();
    assert_code(&world, &account, &window.line());
}

/// Layout, variant, and a key that is pressed first and after.
const LAYOUTS: &[(&str, &str, &str)] = &[
    ("us", "", ""),
    ("us", "", "Caps_Lock"),
    ("de", "", ""),
    ("de", "", "Caps_Lock"),
    ("us", "dvorak", ""),
    ("fr", "", ""),
    ("fr", "", "Caps_Lock"),
    ("ru,us", ",", ""),
    ("us,ru", ",", "Menu"),
];

/// An open menu or a locked screen has the keyboard although the window has the focus. Here a terminal takes it (*Secure
/// Keyboard* of xterm), as long as it runs.
fn a_keyboard_that_is_taken_is_waited_for() {
    let world = World::build().display().vault().start();
    let account = slow(&world);
    let window = Window::open(&world, "target");
    let secure = "*VT100.translations: #override <Key>F5: secure()";
    let mut taker =
        world.cmd("xterm").args(["-T", "taker", "-geometry", "60x10", "-xrm", secure]).args(["-e", "cat"]).spawn();
    world.window("^taker$");
    let before = world.still_picture("before");
    world.press("F5");
    // It shows that in other colours.
    world.until_picture_differs(&before, "taken");
    window.focus(&world);
    let mut typing = begin(&world);
    finish(&mut typing, "slow");
    world.cli(&["--no-prompt", "list"]).ok();
    assert!(typing.runs(), "{}{}", typing.out.text(), typing.err.text());
    taker.kill();
    assert_eq!(typing.exit_code(LIMIT), 0, "{}", typing.err.text());
    assert_code(&world, &account, &window.line());
}

/// Sway gives an overlay the keyboard, and may give it back to the window while the overlay stands: either is well, as long
/// as the window gets what was typed.
fn an_overlay_gets_nothing() {
    let world = World::build().wayland().vault().start();
    let account = slow(&world);
    let window = Window::open(&world, "target");
    let mut typing = begin(&world);
    let before = world.still_picture("before");
    let mut overlay = world.cmd("slurp").spawn();
    world.until_picture_differs(&before, "overlay");
    finish(&mut typing, "slow");
    if typing.exit_code(LIMIT) != 0 {
        assert!(typing.err.to_end(LIMIT).contains("has it no longer"), "{}", typing.err.text());
        overlay.kill();
        window.focus(&world);
        world.cli(&["type", "--enter", "slow"]).ok();
    }
    assert_code(&world, &account, &window.line());
}

/// Begins to pick what is typed, as a hotkey does, and waits for the menu.
fn pick(world: &World, menu: &str) -> Process {
    programs::ours("countersign-type");
    programs::require(menu);
    let pick = world.cli(&["pick", "--type", &format!("--menu={menu}")]).spawn();
    until(&format!("{menu}'s window"), LIMIT, || {
        let found = world.cmd("xdotool").args(["search", "--onlyvisible", "--class", menu]).run();
        (!found.out.is_empty()).then_some(())
    });
    pick
}

fn what_is_picked_goes_into_the_window_from_before_the_menu() {
    let world = World::build().display().vault().start();
    let account = slow(&world);
    world.add(&Account::new("Other", "bob"));
    for menu in ["rofi", "dmenu"] {
        let window = Window::open(&world, &format!("before-{menu}"));
        let mut pick = pick(&world, menu);
        world.type_text("slow");
        world.press("Return");
        assert_eq!(pick.exit_code(LIMIT), 0, "{menu}: {}", pick.err.text());
        world.press("Return");
        assert_code(&world, &account, &window.line());
    }
}

fn what_is_picked_on_wayland_goes_into_the_window_too() {
    programs::require("wofi");
    let world = World::build().wayland().vault().start();
    let account = slow(&world);
    world.add(&Account::new("Other", "bob"));
    let window = Window::open(&world, "before");
    let before = world.still_picture("before");
    let mut pick = world.cli(&["pick", "--type", "--menu=wofi"]).spawn();
    world.until_picture_differs(&before, "menu");
    let open = world.still_picture("menu");
    world.type_text("slow");
    world.until_picture_differs(&open, "chosen");
    world.press("Return");
    assert_eq!(pick.exit_code(LIMIT), 0, "{}", pick.err.text());
    world.press("Return");
    assert_code(&world, &account, &window.line());
}

fn what_is_picked_goes_into_no_other_window() {
    let world = World::build().display().vault().start();
    slow(&world);
    let window = Window::open(&world, "before");
    let mut pick = pick(&world, "rofi");
    let other = Window::open(&world, "after");
    // The menu has the keys as long as it is there.
    world.type_text("slow");
    world.press("Return");
    assert_eq!(pick.exit_code(LIMIT), 1, "{}", pick.err.text());
    let said = pick.err.to_end(LIMIT);
    assert!(said.contains("nothing was typed: the window that had the keyboard has it no longer"), "{said}");
    for window in [other, window] {
        window.focus(&world);
        world.press("Return");
        assert_eq!(window.line(), "", "{} got something", window.title);
    }
}

fn picking_to_type_opens_no_terminal_window() {
    let world = World::build().display().vault().start();
    slow(&world);
    let window = Window::open(&world, "before");
    // Where nothing is installed but a terminal program.
    let bin = world.dir().join("few");
    fs::create_dir(&bin).unwrap();
    for program in ["sh", "xterm"] {
        symlink(format!("/usr/bin/{program}"), bin.join(program)).unwrap();
    }
    let path = format!("PATH={}", bin.display());
    let pick = || world.cmd("env").args([path.as_str(), &programs::ours("countersign"), "pick", "--type"]);
    let refused = pick().fails(2);
    assert!(refused.err.contains("typing needs a menu program"), "{}", refused.err);
    world.cli(&["lock"]).ok();
    let locked = world.cli(&["pick", "--type"]).fails(4);
    assert!(locked.err.contains("the vault is locked"), "{}", locked.err);
    world.press("Return");
    assert_eq!(window.line(), "", "it still has the keyboard, and got nothing");
}

fn where_nothing_can_be_typed_that_is_said() {
    let world = World::build().vault().start();
    slow(&world);
    let run = world.cli(&["type", "slow"]).fails(1);
    assert!(run.err.contains("nothing was typed") && run.err.contains("countersign copy"), "{run:?}");
    let world = World::build().display().vault().start();
    slow(&world);
    let _window = Window::open(&world, "target");
    world.cli(&["type", "nobody"]).fails(3);
    world.cli(&["lock"]).ok();
    world.cli(&["--no-prompt", "type", "slow"]).fails(4);
}
