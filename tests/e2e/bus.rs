//! What the session bus hears: codes and states, never a secret, neither in a message nor behind a descriptor.

use std::{fs, io::Write};

use countersign_api::{BUS_NAME, PATH, ROOT};
use harness::{Client, Monitor, World, client::none, samples, tests, until, wait::LIMIT};
use zbus::zvariant::Fd;

tests![
    a_monitor_hears_messages_and_descriptors,
    no_secret_is_heard_while_all_commands_run,
    secrets_are_not_served_on_the_bus,
    the_scanner_answers_no_text_on_the_bus,
    unknown_options_are_refused_by_name,
    oversized_arguments_are_refused,
    names_of_accounts_are_heard_only_while_unlocked,
];

/// The listener of the next test hears: else it would find nothing whatever was said.
fn a_monitor_hears_messages_and_descriptors() {
    let world = World::build().without_daemon().start();
    let monitor = Monitor::start(&world);
    let client = Client::bus(&world);
    let mut file =
        fs::File::options().read(true).write(true).create_new(true).open(world.dir().join("tmp/passed")).unwrap();
    file.write_all(b"said behind a descriptor").unwrap();
    let connection = client.connection();
    let message = ("said in a message", Fd::from(&file));
    client.wait(connection.emit_signal(None::<()>, "/test", "test.Said", "Said", &message)).unwrap();
    until("the listener hears both", LIMIT, || {
        let heard = monitor.heard();
        let text = String::from_utf8_lossy(&heard.bytes).into_owned();
        (text.contains("said in a message") && text.contains("said behind a descriptor") && heard.descriptors == 1)
            .then_some(())
    });
}

fn no_secret_is_heard_while_all_commands_run() {
    let world = World::build().keyring().start();
    let monitor = Monitor::start(&world);
    let github = samples::github();
    let (passphrase, png) = (format!("{}\n", world.passphrase()), world.dir().join("tmp/qr.png"));
    world.cli(&["init", "--keyring", "--no-recovery", "--passphrase-fd", "0"]).stdin(passphrase).ok();
    world.add(&github);
    world.cli(&["code", "github"]).ok();
    world.cli_present(&["uri", "github"]).reveals().ok();
    world.cli_present(&["show", "--secret", "github"]).reveals().ok();
    world.cli_present(&["qr", "github", "--png", png.to_str().unwrap()]).ok();
    world.cli(&["check", "-"]).stdin(github.uri()).reveals().ok();
    world.cli(&["scan", "--image", png.to_str().unwrap(), "--json"]).ok();
    let recovery = world.cli_present(&["recovery"]).reveals().ok();
    for line in recovery.lines().filter(|line| line.starts_with("AGE-SECRET-KEY-1")) {
        world.witness().plant("the recovery key", line);
    }
    world.cli(&["lock"]).ok();
    world.unlock();
    let heard = monitor.heard();
    assert!(heard.messages > 20, "the listener heard only {} messages", heard.messages);
    // The keyring's own item crosses the bus encrypted by a session key.
    assert_eq!(world.witness().secrets_in(&heard.bytes), Vec::<String>::new());
    assert!(!String::from_utf8_lossy(&heard.bytes).contains("AGE-SECRET-KEY-1"), "a key in age's form was heard");
    drop(monitor);
}

fn secrets_are_not_served_on_the_bus() {
    let world = World::build().vault().start();
    let tree = world.cmd("busctl").args(["--user", "introspect", BUS_NAME, PATH]).ok();
    assert!(tree.contains(&format!("{ROOT}.Accounts1")) && !tree.contains("Secrets1"), "{tree}");
    let client = Client::bus(&world);
    let refused = client.wait(client.secrets().slots(none())).unwrap_err();
    assert!(format!("{refused:?}").contains("UnknownInterface"), "{refused:?}");
}

fn the_scanner_answers_no_text_on_the_bus() {
    let world = World::build().display().vault().start();
    let github = samples::github();
    world.witness().plant_key("the key on the screen", &github.secret);
    let picture = world.dir().join("tmp/shown.png");
    world.cmd("qrencode").args(["-s", "6", "-o"]).arg(&picture).stdin(github.uri()).ok();
    let _viewer = world.show_picture(&picture);
    let monitor = Monitor::start(&world);
    let scanner = format!("{ROOT}.Scanner1");
    let display = world.display().name.clone();
    let scan = ["--user", "call", BUS_NAME, PATH, &scanner, "ScanScreen", "a{sv}", "1", "display", "s", &display];
    let found = until("the picture is seen", LIMIT, || {
        let found = world.cmd("busctl").args(scan).ok();
        found.contains("GitHub").then_some(found)
    });
    assert!(!found.to_lowercase().contains("secret=") && !found.contains("otpauth://"), "{found}");
    assert_eq!(world.witness().secrets_in(&monitor.heard().bytes), Vec::<String>::new());
}

fn unknown_options_are_refused_by_name() {
    let world = World::build().vault().start();
    let accounts = format!("{ROOT}.Accounts1");
    let call = ["--user", "call", BUS_NAME, PATH, &accounts, "CodeWith", "sa{sv}", "github", "1", "frehs", "u", "5"];
    let refused = world.cmd("busctl").args(call).run();
    assert!(refused.code != 0 && refused.err.contains("frehs"), "{refused:?}");
    let call = ["--user", "call", BUS_NAME, PATH, &accounts, "CodeWith", "sa{sv}", "github", "1", "fresh", "s", "x"];
    assert_ne!(world.cmd("busctl").args(call).run().code, 0);
}

fn oversized_arguments_are_refused() {
    let world = World::build().vault().start();
    let client = Client::bus(&world);
    let long = "x".repeat(1 << 20);
    let refused = client.wait(client.accounts().code(&long)).unwrap_err();
    assert!(refused.message().len() < 1000, "the answer repeats what was asked");
    let private = Client::private(&world);
    let refused = private.wait(private.secrets().check(&long, none())).unwrap_err();
    assert!(refused.message().len() < 1000 && !refused.message().contains("xxxx"), "{refused:?}");
    world.cli(&["unlocked"]).ok();
}

fn names_of_accounts_are_heard_only_while_unlocked() {
    let world = World::build().vault().start();
    world.add(&samples::Account::new("Confidential Bank", "someone"));
    world.cli(&["lock"]).ok();
    let monitor = Monitor::start(&world);
    let accounts = format!("{ROOT}.Accounts1");
    for (method, rest) in
        [("Code", vec!["s", "bank"]), ("List", vec!["a{sv}", "0"]), ("Find", vec!["sa{sv}", "b", "0"])]
    {
        let refused = world.cmd("busctl").args(["--user", "call", BUS_NAME, PATH, &accounts, method]).args(rest).run();
        assert!(refused.code != 0 && refused.err.contains("locked"), "{method}: {refused:?}");
    }
    assert_eq!(world.vault_property("State"), "locked");
    let heard = monitor.heard();
    assert!(heard.messages > 5);
    assert!(!String::from_utf8_lossy(&heard.bytes).contains("Confidential"));
}
