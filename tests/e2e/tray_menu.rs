//! The tray's menu in a real panel, gone through by a hand: what a click does there, and what leaves the tray meanwhile.

use std::{fs, slice::from_ref};

use harness::{
    Monitor, World, programs,
    samples::{self, Account},
    tests, until,
    wait::{LIMIT, unix_now},
};

use crate::clipboard::oathtool;

tests![
    search_in_the_menu_opens_the_picker,
    start_in_the_menu_starts_the_daemon,
    the_next_code_is_copied_by_the_menu,
    an_account_is_pinned_and_unpinned_by_the_menu,
    a_qr_is_shown_by_the_menu,
    a_code_is_shown_large_by_the_menu,
    a_code_is_typed_by_the_menu,
    a_middle_click_copies_the_account_used_last,
    a_middle_click_copies_nothing_while_locked,
    no_name_on_the_bus_while_locked_and_no_code_ever,
    a_code_that_dies_soon_is_waited_for_and_the_menu_says_so,
    three_accounts_are_a_short_menu_and_200_fit_on_the_screen,
];

fn panel(accounts: &[Account]) -> World {
    let mut world = World::build().display().vault().start();
    for account in accounts {
        world.add(account);
    }
    world.start_panel();
    world
}

/// The codes that may be on the clipboard now, or in the step after.
fn codes(world: &World, account: &Account, from: u64) -> Vec<String> {
    (from..from + 2).map(|step| world.oathtool(&account.secret, step * 30)).collect()
}

/// Keeps this many accounts of several issuers.
pub(crate) fn some_accounts(world: &World, count: usize) {
    const ISSUERS: [&str; 40] = [
        "Dropbox",
        "GitHub",
        "Bank of Springfield",
        "GitLab",
        "Amazon",
        "Google",
        "Microsoft",
        "Proton",
        "Slack",
        "Zoom",
        "Discord",
        "Twitch",
        "Reddit",
        "PayPal",
        "Stripe",
        "Heroku",
        "Hetzner",
        "OVH",
        "Gandi",
        "Cloudflare",
        "Fastly",
        "npm",
        "PyPI",
        "crates.io",
        "Docker",
        "Figma",
        "Notion",
        "Nextcloud",
        "Matrix",
        "Mastodon",
        "Wikipedia",
        "eBay",
        "Etsy",
        "Steam",
        "Epic",
        "Ubisoft",
        "Nintendo",
        "Bitwarden",
        "Tailscale",
        "University",
    ];
    for number in 0..count {
        world.add(&Account::new(ISSUERS[number % ISSUERS.len()], &format!("u{:02}", number / ISSUERS.len())));
    }
}

fn three_accounts_are_a_short_menu_and_200_fit_on_the_screen() {
    let mut world = World::build().display().vault().start();
    some_accounts(&world, 3);
    world.start_panel();
    let menu = world.open_tray_menu("GitHub");
    world.picture("tray-menu-3");
    let short = menu.area.height;
    world.press("Escape");
    some_accounts(&world, 197);
    until("submenus", LIMIT, || world.tray_menu(&menu.tray).contains("Search").then_some(()));
    let before = world.still_picture("tray-no-menu");
    world.press_button(3, menu.icon.middle());
    let area = world.until_menu(&before, "tray-menu-200");
    assert!(short < 300, "{short}");
    // On a screen of 720 pixels with a panel of 28.
    assert!(area.height > short && area.height <= 690, "{}", area.height);
}

fn the_next_code_is_copied_by_the_menu() {
    let github = samples::github();
    let world = panel(from_ref(&github));
    let menu = world.open_tray_menu("GitHub");
    let step = unix_now() / 30;
    // The account, More, the account in it, Copy, and the next one.
    world.choose_by_keys("Down Down Right Right Down");
    let copied = world.pasted_code();
    let next = codes(&world, &github, step + 1);
    assert!(next.contains(&copied), "{copied} is not the code after the one of now: {next:?}");
    drop(menu);
}

fn an_account_is_pinned_and_unpinned_by_the_menu() {
    let world = panel(&[samples::github()]);
    let menu = world.open_tray_menu("GitHub");
    world.choose_by_keys("Down Down Right Right Down Down Down Down Down");
    until("the account is pinned", LIMIT, || world.tray_menu(&menu.tray).contains("Unpin").then_some(()));
    let listed: serde_json::Value = serde_json::from_str(&world.cli(&["list", "--json"]).ok()).unwrap();
    assert_eq!(listed[0]["pinned"], true, "{listed}");
    world.click_in_tray_menu(&menu.tray, &["More", "GitHub", "Unpin"]);
    until("it is no longer", LIMIT, || world.tray_menu(&menu.tray).contains("Pin to the top").then_some(()));
}

fn a_qr_is_shown_by_the_menu() {
    let world = panel(&[samples::github()]);
    let (answers, asked) = (world.dir().join("tmp/answers"), world.dir().join("tmp/asked"));
    world.witness().exempt(&answers);
    fs::write(&answers, format!("{}\n", world.passphrase())).unwrap();
    let line =
        format!("exec /usr/bin/python3 {} {} {}", programs::data("pinentry.py"), answers.display(), asked.display());
    for name in ["pinentry-gnome3", "pinentry-qt", "pinentry-qt5", "pinentry-gtk-2", "pinentry-x11", "pinentry"] {
        world.write_program(name, &line);
    }
    for name in ["countersign", "countersign-window"] {
        programs::ours(name);
    }
    let _menu = world.open_tray_menu("GitHub");
    world.choose_by_keys("Down Down Right Right Down Down Down Down");
    world.window("^QR code");
    let uri = until("a QR on the screen", LIMIT, || world.zbarimg_tries(&world.picture("tray-qr")));
    assert!(uri.contains("GitHub"), "the QR of the account is shown");
}

fn a_code_is_shown_large_by_the_menu() {
    programs::ours("countersign-window");
    let world = panel(&[samples::github()]);
    let tray = world.start_tray();
    world.click_in_tray_menu(&tray, &["More", "GitHub", "Show large"]);
    let window = world.window("^Code");
    world.picture_of(&window, "tray-large");
    world.cli(&["lock"]).ok();
    until("the window closes at a lock", LIMIT, || {
        world.cmd("xdotool").args(["search", "--name", "^Code"]).run().out.is_empty().then_some(())
    });
}

fn a_code_is_typed_by_the_menu() {
    programs::ours("countersign-type");
    let github = samples::github();
    let world = panel(from_ref(&github));
    let tray = world.start_tray();
    let file = world.dir().join("tmp/typed");
    let script = format!("stty -echo -icanon; head -c 6 >{0}.new; mv {0}.new {0}; read -r _", file.display());
    let terminal = world.cmd("xterm").args(["-T", "typed-into", "-e", "sh", "-c", &script]).spawn();
    world.window("^typed-into$");
    let step = unix_now() / 30;
    world.click_in_tray_menu(&tray, &["More", "GitHub", "Type"]);
    let typed = until("the code in the window", LIMIT, || fs::read_to_string(&file).ok());
    assert!(codes(&world, &github, step).contains(&typed), "{typed} is no code of now");
    drop(terminal);
}

fn a_middle_click_copies_the_account_used_last() {
    let (github, gitlab) = (samples::github(), Account::new("GitLab", "bob"));
    let world = panel(&[github.clone(), gitlab.clone()]);
    let menu = world.open_tray_menu("GitLab");
    world.press("Escape");
    // By another program: the tray asks who was used last when it has to know it.
    world.cli(&["code", "gitlab"]).ok();
    let step = unix_now() / 30;
    world.press_button(2, menu.icon.middle());
    let copied = world.pasted_code();
    let (last, other) = (codes(&world, &gitlab, step), codes(&world, &github, step));
    assert!(last.contains(&copied) && !other.contains(&copied), "{copied} is no code of GitLab: {last:?}");
}

fn a_middle_click_copies_nothing_while_locked() {
    let github = samples::github();
    let world = panel(from_ref(&github));
    let menu = world.open_tray_menu("GitHub");
    world.press("Escape");
    world.cli(&["code", "github"]).ok();
    world.cli(&["lock"]).ok();
    until("a locked menu", LIMIT, || world.tray_menu(&menu.tray).contains("Unlock…").then_some(()));
    world.press_button(2, menu.icon.middle());
    world.unlock();
    until("an open one", LIMIT, || world.tray_menu(&menu.tray).contains("GitHub").then_some(()));
    let paste = world.cmd("xclip").args(["-o", "-selection", "clipboard"]).run();
    assert_eq!(paste.out, "", "a click while locked copied something");
}

fn a_code_that_dies_soon_is_waited_for_and_the_menu_says_so() {
    let mut world = World::build().display().vault().start();
    let quick = Account::new("Quick", "alice");
    world.witness().plant_key("the key of Quick", &quick.secret);
    world.add_uri(&quick.uri_with("&period=10"));
    world.start_panel();
    let menu = world.open_tray_menu("Quick");
    world.press("Escape");
    let mut clicked = 0;
    until("the next code is waited for", LIMIT, || {
        if unix_now() % 10 >= 5 {
            clicked = unix_now() / 10;
            world.click_in_tray_menu(&menu.tray, &["Quick"]);
        }
        world.tray_menu(&menu.tray).contains("Waiting for the next code").then_some(())
    });
    world.picture("tray-waiting");
    let pasted = world.pasted_code();
    let possible: Vec<_> =
        (clicked + 1..=unix_now() / 10).map(|step| oathtool(&world, &quick, 10, step * 10)).collect();
    assert!(possible.contains(&pasted), "{pasted} is none of {possible:?}");
}

fn search_in_the_menu_opens_the_picker() {
    let world = World::build().display().vault().start();
    world.add(&samples::github());
    let tray = world.start_tray();
    world.click_in_tray_menu(&tray, &["Search"]);
    until("a menu program with the accounts", LIMIT, || {
        let windows = world.cmd("xdotool").args(["search", "--onlyvisible", "--class", "rofi"]).run();
        (windows.code == 0).then_some(())
    });
}

fn start_in_the_menu_starts_the_daemon() {
    let mut world = World::build().vault().start();
    let tray = world.start_tray();
    until("the menu", LIMIT, || world.tray_menu(&tray).contains("\"Lock\"").then_some(()));
    world.stop_daemon();
    world.click_in_tray_menu(&tray, &["Start"]);
    until("the daemon in the menu", LIMIT, || world.tray_menu(&tray).contains("Unlock…").then_some(()));
}

/// The state as a text of D-Bus: its length, itself, a zero.
const LOCKED: &[u8] = b"\x06\0\0\0locked\0";
/// The signal by which the tray says that its menu is another one.
const CHANGED: &[u8] = b"LayoutUpdated\0";

fn no_name_on_the_bus_while_locked_and_no_code_ever() {
    let bank = Account::new("Confidential Bank", "someone");
    let mut world = World::build().display().vault().start();
    world.add(&bank);
    world.cli(&["lock"]).ok();
    let monitor = Monitor::start(&world);
    world.start_panel();
    let menu = world.open_tray_menu("Unlock…");
    world.press("Escape");
    let locked = monitor.heard();
    let says = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(
        says(&locked.bytes, "Unlock…") && !says(&locked.bytes, "Confidential"),
        "a name left the tray while locked"
    );
    world.unlock();
    until("the account", LIMIT, || world.tray_menu(&menu.tray).contains("Confidential").then_some(()));
    let step = unix_now() / 30;
    world.click_in_tray_menu(&menu.tray, &["Confidential Bank"]);
    let copied = world.pasted_code();
    assert!(codes(&world, &bank, step).contains(&copied) || codes(&world, &bank, step + 1).contains(&copied));
    let heard = monitor.heard();
    assert!(says(&heard.bytes, "A code is on the clipboard"), "the tray says in words what its icon shows");
    assert!(!says(&heard.bytes, &copied), "a code was on the bus");
    let before = heard.bytes.len();
    world.cli(&["lock"]).ok();
    // What was asked before may be answered still, until the tray has heard of the lock and says that its menu is another.
    let place = |heard: &[u8], word: &[u8]| heard.windows(word.len()).position(|part| part == word);
    let changed = until("the changed menu", LIMIT, || {
        let heard = &monitor.heard().bytes[before..];
        let locked = place(heard, LOCKED)?;
        Some(before + locked + place(&heard[locked..], CHANGED)?)
    });
    until("a locked menu", LIMIT, || world.tray_menu(&menu.tray).contains("Unlock…").then_some(()));
    assert!(!says(&monitor.heard().bytes[changed..], "Confidential"), "a name left the tray after the lock");
}
