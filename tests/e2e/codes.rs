//! Codes come out, the same ones everywhere: the command line, busctl, gdbus, dbus-send, Python, and without environment.

use std::{fs, path::Path, time::Duration};

use countersign_api::{BUS_NAME, PATH, ROOT};
use harness::{
    Completion, World, programs,
    samples::{self, Account},
    tests,
    wait::{unix_now, within_one_step},
};

tests![
    the_command_line_prints_what_oathtool_prints,
    any_shell_gets_a_code_from_the_bus,
    a_code_comes_without_any_environment,
    without_a_runtime_folder_the_state_folder_holds_the_socket,
    the_fast_path_answers_like_the_ordinary_client,
    kinds_lengths_and_periods_agree_with_oathtool,
    a_code_in_use_is_logged_without_its_name,
    pinned_accounts_come_first_then_the_most_used,
    counter_based_codes_are_used_up_only_when_asked_to,
    the_bus_answers_with_the_errors_of_the_contract,
    the_client_starts_the_daemon_itself,
    clients_that_begin_at_once_start_one_daemon,
    the_bus_starts_the_daemon,
    without_a_bus_the_private_socket_serves,
];

/// A vault with one account.
fn world_with(account: &Account) -> World {
    let world = World::build().vault().start();
    world.add(account);
    world
}

fn the_command_line_prints_what_oathtool_prints() {
    let github = samples::github();
    let world = world_with(&github);
    let (ours, theirs) =
        within_one_step(|| (world.cli(&["code", "github"]).ok(), world.oathtool(&github.secret, unix_now())));
    assert_eq!(ours, theirs);
    for alias in ["otp", "totp", "get"] {
        let (ours, theirs) =
            within_one_step(|| (world.cli(&[alias, "alice"]).ok(), world.oathtool(&github.secret, unix_now())));
        assert_eq!(ours, theirs, "by `{alias}`");
    }
    assert_eq!(world.cli(&["code", "github", "--at", "59"]).ok(), world.oathtool(&github.secret, 59));
}

fn any_shell_gets_a_code_from_the_bus() {
    let github = samples::github();
    let world = world_with(&github);
    let accounts = format!("{ROOT}.Accounts1");
    let busctl = ["--user", "call", BUS_NAME, PATH, &accounts, "Code", "s", "github"];
    let gdbus_method = format!("{accounts}.Code");
    let gdbus = ["call", "--session", "-d", BUS_NAME, "-o", PATH, "-m", &gdbus_method, "github"];
    let destination = format!("--dest={BUS_NAME}");
    let send = ["--session", "--print-reply=literal", &destination, PATH, &gdbus_method, "string:github"];
    let python = format!(
        "import dbus; print(dbus.Interface(dbus.SessionBus().get_object('{BUS_NAME}', '{PATH}'), '{accounts}').Code('github'))"
    );
    within_one_step(|| {
        let code = world.oathtool(&github.secret, unix_now());
        let answers = [
            ("busctl", world.cmd("busctl").args(busctl).ok(), format!("s \"{code}\"")),
            ("gdbus", world.cmd("gdbus").args(gdbus).ok(), format!("('{code}',)")),
            ("dbus-send", world.cmd("dbus-send").args(send).ok().trim().to_owned(), code.clone()),
            ("python", world.cmd("/usr/bin/python3").args(["-c", &python]).ok(), code.clone()),
        ];
        let right = world.oathtool(&github.secret, unix_now()) == code;
        (right, answers)
    })
    .1
    .into_iter()
    .for_each(|(program, answer, wanted)| assert_eq!(answer, wanted, "by {program}"));
}

fn a_code_comes_without_any_environment() {
    let github = samples::github();
    let world = world_with(&github);
    let program = programs::ours("countersign");
    let runtime = format!("XDG_RUNTIME_DIR={}/run", world.dir().display());
    let (ours, theirs) = within_one_step(|| {
        let ours = world.cmd("env").args(["-i", &runtime, &program, "code", "github"]).ok();
        (ours, world.oathtool(&github.secret, unix_now()))
    });
    assert_eq!(ours, theirs);
}

/// As from cron, or by `su`: no runtime folder is told, and the usual one is not there.
fn without_a_runtime_folder_the_state_folder_holds_the_socket() -> Completion {
    let usual = format!("/run/user/{}", rustix::process::geteuid().as_raw());
    if Path::new(&usual).exists() {
        return Completion::ignored_with(format!("{usual} is there: it is another countersign's"));
    }
    let world = World::build().without_bus().without_daemon().start();
    let home = world.dir().join("home");
    fs::create_dir_all(home.join(".config/countersign")).unwrap();
    fs::copy(world.dir().join("config/countersign/config.toml"), home.join(".config/countersign/config.toml")).unwrap();
    let (program, home_is) = (programs::ours("countersign"), format!("HOME={}", home.display()));
    let bare = |args: &[&str]| world.cmd("env").args(["-i", &home_is, &program]).args(args);
    let passphrase = format!("{}\n", world.passphrase());
    bare(&["init", "--no-keyring", "--no-recovery", "--passphrase-fd", "0"]).stdin(passphrase).ok();
    assert!(home.join(".local/state/countersign/run/countersign/private").exists());
    bare(&["unlocked"]).ok();
    Completion::Completed
}

fn the_fast_path_answers_like_the_ordinary_client() {
    let github = samples::github();
    let world = world_with(&github);
    let (fast, ordinary, json) = within_one_step(|| {
        let fast = world.cli(&["code", "github"]).ok();
        let ordinary = world.cli(&["--no-prompt", "code", "--max-wait", "30", "github"]).ok();
        (fast, ordinary, world.cli(&["code", "--json", "github"]).ok())
    });
    assert_eq!(fast, ordinary);
    let told: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(told["code"], fast.as_str());
    assert_eq!(told["period"], 30);
    assert!(told["expires"].as_u64().unwrap() > unix_now() - 31);
    // What goes wrong goes wrong in the same words.
    let fast = world.cli(&["code", "nobody"]).fails(3);
    let ordinary = world.cli(&["--no-prompt", "code", "nobody"]).fails(3);
    assert_eq!((fast.out, fast.err), (ordinary.out, ordinary.err));
}

fn kinds_lengths_and_periods_agree_with_oathtool() {
    let world = World::build().vault().start();
    for (hash, digits, period) in [("SHA1", 8, 60), ("SHA256", 6, 30), ("SHA512", 8, 15), ("SHA1", 7, 1)] {
        let account = Account::new(&format!("{hash} {digits} {period}"), "alice");
        world.witness().plant_key(&account.issuer, &account.secret);
        world.add_uri(&account.uri_with(&format!("&algorithm={hash}&digits={digits}&period={period}")));
        for at in ["59", "1111111109", "20000000000"] {
            let ours = world.cli(&["code", &account.issuer, "--at", at]).ok();
            let mode = format!("--totp={hash}");
            let (digits, period) = (digits.to_string(), format!("{period}s"));
            let args = [&mode, "-b", "-d", &digits, "-s", &period, "--now", &format!("@{at}"), "-"];
            let theirs = world.cmd("oathtool").args(args).stdin(account.secret.clone()).ok();
            assert_eq!(ours, theirs, "{hash}, {digits} digits, {period} at {at}");
        }
    }
}

fn pinned_accounts_come_first_then_the_most_used() {
    let world = World::build().vault().start();
    for name in ["alice", "bob", "carol"] {
        world.add(&Account::new("Shop", name));
    }
    world.cli(&["code", "carol"]).ok();
    let order = || {
        let list = world.cli(&["list", "--order", "use"]).ok();
        list.lines().map(|line| line.split('\t').nth(2).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(order(), ["carol", "alice", "bob"]);
    assert_eq!(world.cli(&["pin", "bob"]).ok(), "Shop – bob stands at the head of menus and lists by use");
    assert_eq!(order(), ["bob", "carol", "alice"]);
    assert!(world.cli(&["show", "bob"]).ok().contains("pinned"), "that it is so is not to be seen");
    world.cli(&["undo"]).ok();
    assert_eq!(order(), ["bob", "alice"], "a pin is no change to undo: the last one was to add carol");
    world.cli(&["pin", "alice"]).ok();
    world.cli(&["pin", "--remove", "bob"]).ok();
    assert_eq!(order(), ["alice", "bob"]);
}

fn a_code_in_use_is_logged_without_its_name() {
    let world = world_with(&Account::new("Confidential Bank", "someone"));
    let list =
        |world: &World| -> serde_json::Value { serde_json::from_str(&world.cli(&["list", "--json"]).ok()).unwrap() };
    let code = world.cli(&["code", "bank"]).ok();
    let log = fs::read_to_string(world.dir().join("state/countersign/access.log")).unwrap();
    assert!(!log.contains("Confidential") && !log.contains("someone"), "a name stands in the log:\n{log}");
    assert!(!log.contains(&code), "a code stands in the log");
    assert!(
        log.contains(list(&world)[0]["id"].as_str().unwrap()),
        "the account's id does not stand in the log:\n{log}"
    );
    assert!(world.cli(&["log"]).ok().contains("Confidential Bank"), "`log` names the account while unlocked");
}

fn counter_based_codes_are_used_up_only_when_asked_to() {
    let world = World::build().vault().start();
    let account = Account::new("Counter", "alice");
    world.witness().plant_key("the key of Counter", &account.secret);
    world.add_uri(&account.uri_with("&counter=5").replace("totp", "hotp"));
    let accounts = format!("{ROOT}.Accounts1");
    let refused = world.cmd("busctl").args(["--user", "call", BUS_NAME, PATH, &accounts, "Code", "s", "counter"]).run();
    assert!(refused.code != 0 && refused.err.contains("counter"), "{refused:?}");
    for counter in ["5", "6", "7"] {
        let theirs = world.cmd("oathtool").args(["-b", "-c", counter, "-"]).stdin(account.secret.clone()).ok();
        assert_eq!(world.cli(&["code", "counter"]).ok(), theirs, "at {counter}");
        world.cli(&["list"]).ok();
    }
}

fn the_bus_answers_with_the_errors_of_the_contract() {
    let world = world_with(&samples::github());
    world.add(&Account::new("GitHub", "bob"));
    let method = format!("{ROOT}.Accounts1.Code");
    let call = |name: &str| {
        let args = ["call", "--session", "-d", BUS_NAME, "-o", PATH, "-m", &method, name];
        world.cmd("gdbus").args(args).fails(1).err
    };
    assert!(call("nobody").contains(&format!("{ROOT}.Error.NotFound")));
    let ambiguous = call("github");
    assert!(ambiguous.contains(&format!("{ROOT}.Error.Ambiguous")) && ambiguous.contains("bob"), "{ambiguous}");
    world.cli(&["lock"]).ok();
    let locked = call("github");
    assert!(locked.contains(&format!("{ROOT}.Error.Locked")) && !locked.contains("bob"), "{locked}");
}

fn the_client_starts_the_daemon_itself() {
    let world = World::build().without_bus().without_daemon().start();
    assert!(!world.socket().exists());
    world.cli_present(&["init", "--no-keyring", "--no-recovery"]).ok();
    assert!(world.socket().exists(), "a daemon serves the private socket");
    assert_eq!(world.cli(&["unlocked"]).run().code, 0);
}

fn clients_that_begin_at_once_start_one_daemon() {
    let world = World::build().without_bus().without_daemon().start();
    let four = "for n in 1 2 3 4; do \"$0\" list & done; wait";
    let run = world.cmd("sh").args(["-c", four, &harness::programs::ours("countersign")]).run();
    assert_eq!(run.err.matches("there is no vault yet").count(), 4, "{run:?}");
}

fn the_bus_starts_the_daemon() {
    let world = World::build().activation().start();
    assert_eq!(world.vault_property("State"), "absent");
    world.make_vault();
    assert_eq!(world.vault_property("State"), "unlocked");
}

fn without_a_bus_the_private_socket_serves() {
    let github = samples::github();
    let world = World::build().without_bus().vault().start();
    world.add(&github);
    let (ours, theirs) =
        within_one_step(|| (world.cli(&["code", "github"]).ok(), world.oathtool(&github.secret, unix_now())));
    assert_eq!(ours, theirs);
    let status = world.cli(&["status"]).limit(Duration::from_secs(5)).ok();
    assert!(status.contains("no session bus"), "`status` says that there is no bus:\n{status}");
}
