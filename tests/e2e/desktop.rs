//! The desktop around the daemon: what is there is used, what is missing is said, and nothing hangs.

use std::{fs, path::PathBuf, time::Duration};

use countersign_api::{BUS_NAME, PATH, ROOT};
use harness::{
    Completion, World, programs, samples, tests, until,
    wait::{LIMIT, within_one_step},
};
use serde_json::Value;

tests![
    what_is_missing_is_said_and_nothing_hangs,
    what_is_there_is_not_said_to_be_missing,
    root_has_to_be_told,
    a_bus_that_is_no_unix_socket_is_refused,
    pinentry_asks_on_the_callers_display,
    a_dismissed_question_is_a_no,
    a_dialog_shows_presence_where_there_is_no_terminal,
    a_code_on_the_clipboard_dies_with_it,
    the_log_names_the_programs_behind_the_command_line,
    restart_gives_a_new_daemon,
];

fn missing(world: &World) -> String {
    let status = world.cli(&["status", "--json"]).limit(Duration::from_secs(15)).ok();
    let status: Value = serde_json::from_str(&status).unwrap();
    status["missing"].to_string()
}

fn what_is_missing_is_said_and_nothing_hangs() {
    let with_a_bus = (World::build().vault().start(), vec!["logind", "keyring", "notification"]);
    let without = (World::build().without_bus().vault().start(), vec!["logind", "session bus"]);
    for (world, parts) in [with_a_bus, without] {
        let told = missing(&world);
        for part in parts {
            assert!(told.contains(part), "`{part}` is not among what is missing: {told}");
        }
        world.add(&samples::github());
        world.cli(&["code", "github"]).limit(Duration::from_secs(15)).ok();
    }
}

fn what_is_there_is_not_said_to_be_missing() {
    let mut world = World::build().notifications().keyring().without_daemon().start();
    world.start_logind();
    world.start_daemon();
    until("logind to be found", LIMIT, || (!missing(&world).contains("logind")).then_some(()));
    let told = missing(&world);
    for part in ["session bus", "keyring", "notification"] {
        assert!(!told.contains(part), "`{part}` is said to be missing: {told}");
    }
}

fn root_has_to_be_told() -> Completion {
    if !rustix::process::geteuid().is_root() {
        return Completion::ignored_with("not root here");
    }
    let world = World::build().without_daemon().start();
    fs::remove_file(world.dir().join("config/countersign/config.toml")).unwrap();
    let refused = world.cmd(&programs::ours("countersignd")).fails(1);
    assert!(refused.err.contains("--allow-root"), "{refused:?}");
    Completion::Completed
}

fn a_bus_that_is_no_unix_socket_is_refused() {
    let world = World::build().without_bus().without_daemon().start();
    for address in ["tcp:host=127.0.0.1,port=1", "unixexec:path=/bin/true", "autolaunch:"] {
        let daemon = world.cmd(&programs::ours("countersignd")).env("DBUS_SESSION_BUS_ADDRESS", address);
        let refused = daemon.limit(Duration::from_secs(15)).fails(1);
        assert!(refused.err.contains("no unix socket"), "{address}: {refused:?}");
    }
}

/// Puts a stand-in for pinentry in front of the real ones, with these answers; returns what it is asked.
fn pinentry(world: &World, answers: &str) -> PathBuf {
    let (file, log) = (world.dir().join("tmp/answers"), world.dir().join("tmp/asked"));
    world.witness().exempt(&file);
    fs::write(&file, answers).unwrap();
    let line = format!("exec /usr/bin/python3 {} {} {}", programs::data("pinentry.py"), file.display(), log.display());
    for name in ["pinentry-gnome3", "pinentry-qt", "pinentry-qt5", "pinentry-gtk-2", "pinentry-x11", "pinentry"] {
        world.write_program(name, &line);
    }
    log
}

/// Asks for the vault to be unlocked as a tray or a script does, from a screen of its own.
fn unlock_by_bus(world: &World) -> harness::Run {
    let vault = format!("{ROOT}.Vault1");
    let call = ["--user", "call", BUS_NAME, PATH, &vault, "Unlock", "a{sv}", "2"];
    let screen = ["display", "s", ":99", "prompt", "b", "true"];
    world.cmd("busctl").args(call).args(screen).run()
}

fn pinentry_asks_on_the_callers_display() {
    let world = World::build().vault().start();
    let asked = pinentry(&world, &format!("a wrong one\n{}\n", world.passphrase()));
    world.cli(&["lock"]).ok();
    let first = unlock_by_bus(&world);
    // It asks again after a wrong one, or says so and is asked again.
    if first.code != 0 {
        assert_eq!(unlock_by_bus(&world).code, 0);
    }
    assert_eq!(world.vault_property("State"), "unlocked");
    let asked = fs::read_to_string(asked).unwrap();
    assert!(asked.contains("display :99") && asked.contains("SETDESC"), "{asked}");
}

fn a_dismissed_question_is_a_no() {
    let world = World::build().vault().start();
    pinentry(&world, "-\n");
    world.cli(&["lock"]).ok();
    let refused = unlock_by_bus(&world);
    assert!(refused.code != 0 && refused.err.contains("dismissed"), "{refused:?}");
    assert_eq!(world.vault_property("State"), "locked");
}

fn a_dialog_shows_presence_where_there_is_no_terminal() {
    let world = World::build().env("DISPLAY", ":99").vault().start();
    world.add(&samples::github());
    let asked = pinentry(&world, &format!("a wrong one\n{}\n-\na\nb\nc\n", world.passphrase()));
    let uri = world.cli(&["uri", "github"]).reveals().ok();
    assert!(uri.starts_with("otpauth://"), "the second answer is right");
    let told = fs::read_to_string(&asked).unwrap();
    assert!(told.contains("display :99") && told.contains("SETERROR") && told.contains("Asked by"), "{told}");
    let dismissed = world.cli(&["uri", "github"]).fails(5);
    assert!(dismissed.err.contains("dismissed"), "{dismissed:?}");
    world.cli(&["uri", "github"]).fails(7);
    world.cli(&["--no-prompt", "uri", "github"]).fails(5);
    // On a terminal it is asked there, and with --no-tty by the dialog all the same.
    fs::write(world.dir().join("tmp/answers"), "-\n").unwrap();
    let mut tty = world.tty(&["--no-tty", "uri", "github"]);
    tty.expect("dismissed");
    tty.ends(5);
}

fn a_code_on_the_clipboard_dies_with_it() {
    let world = World::build().display().vault().start();
    let account = samples::Account::new("Quick", "alice");
    world.witness().plant_key("the key of Quick", &account.secret);
    world.add_uri(&account.uri_with("&period=8"));
    let run = world.cli(&["code", "--clip", "quick"]).fails(0);
    assert_eq!(run.out, "", "it is copied, not printed");
    world.pasted_code();
    until("the clipboard is empty", LIMIT, || {
        let paste = world.cmd("xclip").args(["-o", "-selection", "clipboard"]).run();
        (paste.code != 0 || paste.out.is_empty()).then_some(())
    });
    // What the person copies meanwhile is left alone.
    world.cli(&["code", "--clip", "quick"]).ok();
    world.pasted_code();
    let copy = world.cmd("xclip").args(["-i", "-selection", "clipboard"]).stdin("mine").spawn();
    until("the person's own text", LIMIT, || {
        (world.cmd("xclip").args(["-o", "-selection", "clipboard"]).run().out == "mine").then_some(())
    });
    let begin = std::time::Instant::now();
    until("the code is dead", LIMIT, || {
        let paste = world.cmd("xclip").args(["-o", "-selection", "clipboard"]).run();
        assert_eq!(paste.out, "mine");
        (begin.elapsed() > Duration::from_secs(10)).then_some(())
    });
    drop(copy);
}

fn the_log_names_the_programs_behind_the_command_line() {
    let world = World::build().vault().start();
    world.add(&samples::github());
    world.cmd("bash").args(["-c", "countersign code github; true"]).ok();
    let busctl = ["--user", "call", BUS_NAME, PATH, &format!("{ROOT}.Accounts1"), "Code", "s", "github"];
    world.cmd("busctl").args(busctl).ok();
    let log: Value = serde_json::from_str(&world.cli(&["log", "--json"]).ok()).unwrap();
    let program = |line: usize| log[line]["program"].as_str().unwrap().to_owned();
    assert!(program(0).contains("busctl"), "{log}");
    assert!(program(1).contains("bash"), "the shell behind the command line is named: {log}");
    assert!(!log.to_string().contains("github;"), "arguments are not logged: {log}");
}

fn restart_gives_a_new_daemon() {
    let mut world = World::build().vault().start();
    world.add(&samples::github());
    world.cli(&["restart"]).ok();
    assert_eq!(world.daemon().exit_code(LIMIT), 0, "the old one ends well");
    assert_eq!(world.cli(&["unlocked"]).run().code, 1, "the new one is locked");
    world.unlock();
    within_one_step(|| world.cli(&["code", "github"]).ok());
}
