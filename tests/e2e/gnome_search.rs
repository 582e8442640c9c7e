//! The search of a real GNOME Shell, typed into its overview: the results are seen, one is chosen, and its code pasted. Only by
//! `tests/run gnome`, which keeps the pictures.

use std::{
    fs,
    time::{Duration, Instant},
};

use harness::{
    Monitor, World, programs,
    samples::Account,
    tests, until,
    wait::{LIMIT, unix_now},
};

tests![gnomes_overview_finds_an_account_and_its_code_is_pasted, gnomes_overview_has_but_unlock_while_locked];

/// A GNOME session whose shell knows our search provider, as packages install it, and these accounts.
fn session(issuers: &[&str]) -> (World, Vec<Account>) {
    programs::ours("countersign-clip");
    let mut world = World::build().without_daemon().start();
    let share = world.dir().join("share");
    for (from, to) in [
        ("packaging/org.countersign.Search.ini", "gnome-shell/search-providers/org.countersign.Search.ini"),
        ("packaging/org.countersign.Tray.desktop", "applications/org.countersign.Tray.desktop"),
        ("packaging/icons/org.countersign.Tray.svg", "icons/hicolor/scalable/apps/org.countersign.Tray.svg"),
    ] {
        let text = fs::read_to_string(programs::root().join(from)).unwrap();
        fs::create_dir_all(share.join(to).parent().unwrap()).unwrap();
        fs::write(share.join(to), text.replace("@bindir@", &programs::bin_dir().display().to_string())).unwrap();
    }
    // The shell takes providers from these folders only.
    world.set("XDG_DATA_DIRS", &format!("{}:/usr/local/share:/usr/share", share.display()));
    world.start_gnome();
    world.start_gnomes_notifications();
    world.start_daemon();
    world.make_vault();
    let accounts: Vec<Account> = issuers.iter().map(|issuer| Account::new(issuer, "alice")).collect();
    for account in &accounts {
        world.add(account);
    }
    (world, accounts)
}

/// Opens the overview and types, a key at a time.
/// Types into the overview. On a busy machine the shell now and then takes the words in and searches for nothing: then it is
/// closed and opened again, as a person does.
fn type_into_overview(world: &World, typed: &str) {
    until("a search in the overview", LIMIT, || {
        world.open_gnomes_overview();
        for key in typed.chars() {
            world.press_in_gnome(&key.to_string());
        }
        let end = Instant::now() + Duration::from_secs(5);
        while Instant::now() < end {
            // What is searched for stands there in any case; all else is of the search.
            if world.gnomes_overview().split("; ").any(|text| !text.contains(typed)) {
                return Some(());
            }
        }
        world.close_gnomes_overview();
        None
    });
}

fn gnomes_overview_finds_an_account_and_its_code_is_pasted() {
    let (world, accounts) = session(&["GitHub", "GitLab", "AWS"]);
    let _terminal = world.gnomes_terminal("typed");
    let monitor = Monitor::start(&world);
    let first = unix_now() / 30;
    type_into_overview(&world, "gith");
    // busctl writes the dash between issuer and name as its bytes.
    world.expect_in_gnomes_overview("GitHub ");
    world.still_picture_of_gnome("gnome-search-1-found");
    assert!(!world.gnomes_overview().contains("AWS"), "{}", world.gnomes_overview());
    world.press_in_gnome("Return");
    let is_copied = || String::from_utf8_lossy(&monitor.heard().bytes).contains("copied");
    until("the code to be told as copied", LIMIT, || is_copied().then_some(()));
    until("the terminal has the keyboard again", LIMIT, || (world.focus_in_gnome() == "foot").then_some(()));
    world.still_picture_of_gnome("gnome-search-2-copied");
    let told =
        until("the notification", LIMIT, || Some(world.gnomes_notifications()).filter(|all| all.contains("GitHub ")));
    world.press_in_gnome("Control_L+Shift_L+v");
    world.press_in_gnome("Return");
    let typed = || fs::read_to_string(world.dir().join("home/typed")).ok().filter(|text| text.ends_with('\n'));
    let pasted = until("the pasted line", LIMIT, typed);
    let codes = (first..=unix_now() / 30).map(|step| world.oathtool(&accounts[0].secret, step * 30));
    let codes: Vec<String> = codes.collect();
    assert!(codes.iter().any(|code| code == pasted.trim()), "what was pasted is no code of GitHub");
    let heard = monitor.heard().bytes;
    for code in &codes {
        assert!(!heard.windows(code.len()).any(|part| part == code.as_bytes()), "a code is on the bus");
        assert!(!told.contains(code), "a code is in a notification: {told}");
    }
    world.cli(&["lock"]).ok();
    until("the notification goes", LIMIT, || (!world.gnomes_notifications().contains("GitHub ")).then_some(()));
}

fn gnomes_overview_has_but_unlock_while_locked() {
    let (world, _accounts) = session(&["GitHub"]);
    world.cli(&["lock"]).ok();
    type_into_overview(&world, "gith");
    world.expect_in_gnomes_overview("Unlock countersign");
    world.still_picture_of_gnome("gnome-search-3-locked");
    assert!(!world.gnomes_overview().contains("GitHub"), "{}", world.gnomes_overview());
}
