//! Locking and unlocking: by hand, by idleness, by signals; presence; what a locked vault tells nobody.

use std::time::{Duration, Instant};

use countersign_api::{
    Error, ROOT,
    types::{KeepOptions, Status},
};
use harness::{
    Client, World,
    client::none,
    samples::{self, Account},
    tests, until,
    wait::LIMIT,
};

tests![
    a_locked_vault_gives_no_code_and_no_name,
    unlocking_needs_the_right_passphrase,
    a_wrong_passphrase_holds_nobody_else_up,
    idleness_locks,
    looking_at_lists_does_not_keep_it_open,
    a_code_keeps_it_open,
    idle_lock_can_be_off,
    anyone_may_lock_by_the_bus,
    a_lock_ends_private_connections,
    presence_is_good_for_one_connection,
    codes_and_adding_need_no_presence,
    the_end_of_the_daemon_locks_and_is_quick,
    a_second_daemon_says_so_and_ends,
    a_taken_name_is_not_taken_away,
    the_state_signal_is_the_last_word,
    the_passphrase_can_be_changed,
    the_recovery_key_opens_the_vault,
    logind_locks_and_sleep_waits_for_it,
    a_broken_configuration_is_told_everywhere,
];

fn world_with_github() -> World {
    let world = World::build().vault().start();
    world.add(&samples::github());
    world
}

fn a_locked_vault_gives_no_code_and_no_name() {
    let world = world_with_github();
    world.cli(&["lock"]).ok();
    let refused = world.cli(&["--no-prompt", "code", "github"]).fails(4);
    assert!(refused.err.contains("countersign unlock"), "{refused:?}");
    world.cli(&["--no-prompt", "list"]).fails(4);
    world.cli(&["unlocked"]).fails(1);
    // Neither an answer nor the introspection of the bus knows a name.
    let tree = ["--user", "introspect", countersign_api::BUS_NAME, countersign_api::PATH];
    let told = world.cmd("busctl").args(tree).ok();
    assert!(told.contains("Accounts1") && !told.contains("GitHub") && !told.contains("alice"), "{told}");
    world.unlock();
    world.cli(&["unlocked"]).ok();
    world.cli(&["code", "github"]).ok();
}

fn unlocking_needs_the_right_passphrase() {
    let world = world_with_github();
    world.cli(&["lock"]).ok();
    let wrong = world.cli(&["unlock", "--passphrase-fd", "0"]).stdin("not the passphrase\n").fails(7);
    assert!(!wrong.err.contains("not the passphrase"), "{wrong:?}");
    assert_eq!(world.vault_property("State"), "locked");
    let passphrase = world.passphrase().to_owned();
    world.tty(&["unlock"]).expect("assphrase").secret(&passphrase).ends(0);
    assert_eq!(world.vault_property("State"), "unlocked");
}

/// A guess costs its own caller time, and nobody else.
fn a_wrong_passphrase_holds_nobody_else_up() {
    let world = world_with_github();
    let guess = world.cli(&["unlock", "--passphrase-fd", "0"]).stdin("a wrong guess\n").spawn();
    world.cli(&["code", "github"]).limit(Duration::from_secs(3)).ok();
    drop(guess);
}

fn idleness_locks() {
    let world = World::build().config("idle-lock = \"2s\"").vault().start();
    until("the idle lock", Duration::from_secs(20), || (world.vault_property("State") == "locked").then_some(()));
    assert_eq!(world.vault_property("Why"), "idle");
}

fn looking_at_lists_does_not_keep_it_open() {
    let world = World::build().config("idle-lock = \"3s\"").vault().start();
    until("the idle lock", Duration::from_secs(20), || {
        (world.cli(&["--no-prompt", "list"]).run().code == 4).then_some(())
    });
}

fn a_code_keeps_it_open() {
    let world = World::build().config("idle-lock = \"6s\"").vault().start();
    world.add(&samples::github());
    let begin = Instant::now();
    until("twice the idle time", Duration::from_secs(40), || {
        world.cli(&["--no-prompt", "code", "github"]).ok();
        (begin.elapsed() > Duration::from_secs(12)).then_some(())
    });
    until("the idle lock", Duration::from_secs(20), || (world.vault_property("State") == "locked").then_some(()));
}

fn idle_lock_can_be_off() {
    let world = World::build().config("idle-lock = \"off\"").vault().start();
    let client = Client::private(&world);
    let status = Status::from(client.wait(client.vault().status(none())).unwrap());
    assert_eq!((status.idle_lock, status.state.as_str()), (0, "unlocked"));
}

fn anyone_may_lock_by_the_bus() {
    let world = world_with_github();
    let interface = format!("{ROOT}.Vault1");
    let call = ["--user", "call", countersign_api::BUS_NAME, countersign_api::PATH, &interface, "Lock", "a{sv}", "0"];
    world.cmd("busctl").args(call).ok();
    assert_eq!(world.vault_property("State"), "locked");
}

/// A connection that was open before the lock is shut at its socket, so that nothing waits in it.
fn a_lock_ends_private_connections() {
    let world = world_with_github();
    let bystander = Client::private(&world);
    bystander.wait(bystander.accounts().code("github")).unwrap();
    world.cli(&["lock"]).ok();
    let answer = bystander.wait(bystander.accounts().code("github"));
    assert!(answer.is_err(), "the connection outlived the lock");
    world.unlock();
    let answer = bystander.wait(bystander.accounts().code("github"));
    assert!(matches!(answer, Err(Error::ZBus(_))), "the connection outlived the lock: {answer:?}");
}

fn presence_is_good_for_one_connection() {
    let world = world_with_github();
    let (present, absent) = (Client::private(&world), Client::private(&world));
    let refused = present.wait(present.secrets().reveal("github", none())).unwrap_err();
    assert!(matches!(refused, Error::PresenceNeeded(_)), "{refused:?}");
    let wrong = present.wait(present.secrets().prove("a wrong guess", none())).unwrap_err();
    assert!(matches!(wrong, Error::WrongPassphrase(_)), "{wrong:?}");
    present.wait(present.secrets().prove(world.passphrase(), none())).unwrap();
    present.wait(present.secrets().reveal("github", none())).unwrap();
    let refused = absent.wait(absent.secrets().reveal("github", none())).unwrap_err();
    assert!(matches!(refused, Error::PresenceNeeded(_)), "{refused:?}");
    // And so on the command line: one command, one proof.
    world.cli_present(&["uri", "github"]).reveals().ok();
    world.cli(&["--no-prompt", "uri", "github"]).fails(5);
}

fn codes_and_adding_need_no_presence() {
    let world = world_with_github();
    let client = Client::private(&world);
    let another = Account::new("Another", "bob");
    world.witness().plant_key("the key of Another", &another.secret);
    client.wait(client.secrets().add(&another.uri(), KeepOptions::default().into())).unwrap();
    client.wait(client.accounts().code("another")).unwrap();
}

fn the_end_of_the_daemon_locks_and_is_quick() {
    let mut world = world_with_github();
    let begin = Instant::now();
    assert_eq!(world.stop_daemon(), 0);
    assert!(begin.elapsed() < Duration::from_secs(2), "it took {:?}", begin.elapsed());
    assert!(!world.socket().exists(), "the socket is taken away");
    world.start_daemon();
    assert_eq!(world.vault_property("State"), "locked");
}

fn a_second_daemon_says_so_and_ends() {
    let world = world_with_github();
    let second = world.cmd(&harness::programs::ours("countersignd")).run();
    assert_ne!(second.code, 0);
    assert!(second.err.contains("already"), "{second:?}");
    world.cli(&["code", "github"]).ok();
}

fn a_taken_name_is_not_taken_away() {
    let world = world_with_github();
    // A thief asks for the name with every flag there is, and a daemon that finds it taken does not serve.
    let theft = world.cmd("/usr/bin/python3").args(["-c", THIEF, countersign_api::BUS_NAME]).ok();
    assert_eq!(theft, "3", "the name could be taken over");
    let world = World::build().without_daemon().start();
    let thief = world.cmd("/usr/bin/python3").args(["-c", &format!("{THIEF}\ninput()"), countersign_api::BUS_NAME]);
    let thief = thief.spawn_piped();
    thief.out.wait_for("the thief", LIMIT, |text| text.contains("1\n").then_some(()));
    let daemon = world.cmd(&harness::programs::ours("countersignd")).run();
    assert!(daemon.code != 0 && daemon.err.contains("another program answers"), "{daemon:?}");
}

/// Asks for a name: replacing, and ready to be replaced. 1: owned, 3: somebody has it.
const THIEF: &str = "import dbus,sys\nprint(dbus.SessionBus().request_name(sys.argv[1], 1|2|4), flush=True)";

/// After `locked` was signalled, no code follows, however many are under way.
fn the_state_signal_is_the_last_word() {
    let world = world_with_github();
    let script = harness::programs::data("code_after_lock.py");
    let told =
        world.cmd("/usr/bin/python3").args([&script, countersign_api::BUS_NAME, countersign_api::PATH, ROOT]).ok();
    assert!(told.starts_with("none of "), "{told}");
}

fn the_passphrase_can_be_changed() {
    let world = world_with_github();
    let new = samples::passphrase();
    world.witness().plant("the new passphrase", &new);
    let both = format!("{}\n{new}\n", world.passphrase());
    world.cli(&["passphrase", "--passphrase-fd", "0"]).stdin(both).ok();
    world.cli(&["lock"]).ok();
    world.cli_present(&["unlock"]).fails(7);
    world.cli(&["unlock", "--passphrase-fd", "0"]).stdin(format!("{new}\n")).ok();
    world.cli(&["code", "github"]).ok();
}

fn the_recovery_key_opens_the_vault() {
    let world = world_with_github();
    let told = world.cli_present(&["recovery"]).reveals().ok();
    let key = told.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).expect("it prints an age identity");
    world.witness().plant("the recovery key", key);
    world.cli(&["lock"]).ok();
    world.cli(&["unlock", "--recovery", "--passphrase-fd", "0"]).stdin(format!("{key}\n")).ok();
    assert_eq!(world.vault_property("State"), "unlocked");
    // Another key does not.
    world.cli(&["lock"]).ok();
    let other = "AGE-SECRET-KEY-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0SWNF0Y7";
    world.cli(&["unlock", "--recovery", "--passphrase-fd", "0"]).stdin(format!("{other}\n")).fails(7);
}

/// By a stand-in for logind: `Lock` of the session locks; sleep is delayed until the keys are gone.
fn logind_locks_and_sleep_waits_for_it() {
    let mut world = World::build().without_daemon().start();
    world.start_logind();
    world.start_daemon();
    world.make_vault();
    let held = |world: &World| -> bool { world.logind_inhibitors().contains("delay") };
    until("the delay inhibitor", LIMIT, || held(&world).then_some(()));
    world.logind_emit("Lock");
    until("the lock", LIMIT, || (world.vault_property("State") == "locked").then_some(()));
    world.unlock();
    world.logind_emit("PrepareForSleep");
    until("the lock before sleep", LIMIT, || (world.vault_property("State") == "locked").then_some(()));
    assert_eq!(world.vault_property("Why"), "sleep");
}

fn a_broken_configuration_is_told_everywhere() {
    let mut world = World::build().config("idel-lock = \"off\"").without_daemon().start();
    // The strict defaults hold then, and don't allow root: it has to be said on the command line.
    world.start_daemon_with(&["--allow-root"]);
    let status = world.cli(&["status"]).ok();
    assert!(status.contains("config.toml") && status.contains("idel-lock"), "{status}");
    world.make_vault();
    let list = world.cli(&["list"]).run();
    assert!(list.err.contains("config.toml") && list.err.contains("idel-lock"), "{list:?}");
}
