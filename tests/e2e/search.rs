//! Search boxes, asked as GNOME Shell and `KRunner` ask: names of accounts and nothing else, ids that are good once, and a code
//! only for what was chosen. The same in a real GNOME Shell is in `gnome_search.rs`.

use std::{collections::HashSet, fs, path::PathBuf, time::Instant};

use countersign_api::{BUS_NAME, ROOT};
use harness::{
    Client, Monitor, Process, Run, World, bus,
    notifications::Notifications,
    programs,
    samples::{self, Account},
    tests, until,
    wait::{LIMIT, unix_now},
};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::timeout};
use zbus::Connection;

tests![
    gnome_finds_an_account_and_copies_its_code,
    krunner_finds_an_account_and_copies_its_code,
    a_result_is_a_name_and_nothing_else,
    a_result_is_good_once,
    a_lock_takes_all_results_back,
    while_locked_there_is_but_unlock,
    a_dismissed_question_leaves_it_locked,
    without_a_vault_only_who_looks_for_us_finds_something,
    a_counter_advances_on_activation_only,
    all_search_boxes_together_are_slowed_down,
    nothing_secret_is_heard_while_somebody_searches,
    the_bus_starts_the_daemon_for_a_search,
    who_wants_to_see_more_gets_the_picker,
    a_daemon_without_a_screen_asks_the_user_manager,
    search_is_not_served_on_the_private_socket,
];

const PATH: &str = "/org/countersign/Countersign1/Search";
const GNOME: &str = "org.gnome.Shell.SearchProvider2";
const KRUNNER: &str = "org.kde.krunner1";

/// Calls a method as a search box does, by busctl.
fn call(world: &World, interface: &str, method: &str, args: &[&str]) -> Run {
    let call = ["--user", "--json=short", "call", BUS_NAME, PATH, interface, method];
    world.cmd("busctl").args(call).args(args).run()
}

/// Returns what it answers.
fn answer(world: &World, interface: &str, method: &str, args: &[&str]) -> Value {
    let run = call(world, interface, method, args);
    assert_eq!(run.code, 0, "{method}: {}", run.err);
    serde_json::from_str::<Value>(&run.out).unwrap()["data"][0].clone()
}

/// Types words into the overview, and returns the ids of what is found.
fn typed(world: &World, words: &[&str]) -> Vec<String> {
    let count = words.len().to_string();
    let found = answer(world, GNOME, "GetInitialResultSet", &[&["as", &count], words].concat());
    serde_json::from_value(found).unwrap()
}

/// Returns the only one found.
fn found(world: &World, beginning: &str) -> String {
    let ids = typed(world, &[beginning]);
    assert_eq!(ids.len(), 1, "{beginning} finds {ids:?}");
    ids[0].clone()
}

fn metas(world: &World, ids: &[String]) -> Vec<Value> {
    let count = ids.len().to_string();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let metas = answer(world, GNOME, "GetResultMetas", &[&["as", count.as_str()], ids.as_slice()].concat());
    serde_json::from_value(metas).unwrap()
}

fn names(world: &World, ids: &[String]) -> Vec<String> {
    metas(world, ids).iter().map(|meta| meta["name"]["data"].as_str().unwrap().to_owned()).collect()
}

fn activate(world: &World, id: &str) -> Run {
    call(world, GNOME, "ActivateResult", &["sasu", id, "1", "gith", "0"])
}

/// A world with a screen, buttons to press, and these accounts, the last 30 seconds of whose codes are watched for.
fn world_with(issuers: &[&str]) -> (World, Notifications, Vec<Account>) {
    programs::ours("countersign-clip");
    let world = World::build().display().vault().start();
    let notifications = Notifications::start(&world);
    let accounts: Vec<Account> = issuers.iter().map(|issuer| Account::new(issuer, "alice")).collect();
    for account in &accounts {
        world.add(account);
    }
    (world, notifications, accounts)
}

/// Fails unless this is a code of the account, of now or of a moment ago.
fn assert_is_code_of(world: &World, account: &Account, code: &str) {
    let step = unix_now() / 30;
    let codes = [step - 1, step, step + 1].map(|step| world.oathtool(&account.secret, step * 30));
    assert!(codes.iter().any(|known| known == code), "what was pasted is no code of {}", account.issuer);
}

fn gnome_finds_an_account_and_copies_its_code() {
    let (world, mut notifications, accounts) = world_with(&["GitHub", "GitLab", "AWS"]);
    assert_eq!(names(&world, &typed(&world, &["git"])), ["GitHub – alice", "GitLab – alice"]);
    let ids = typed(&world, &["git"]);
    let more = ["asas", "2", &ids[0], &ids[1], "1", "gith"];
    let narrowed: Vec<String> = serde_json::from_value(answer(&world, GNOME, "GetSubsearchResultSet", &more)).unwrap();
    assert_eq!(names(&world, &narrowed), ["GitHub – alice"]);
    assert_eq!(activate(&world, &narrowed[0]).code, 0);
    assert_is_code_of(&world, &accounts[0], &world.pasted_code());
    let told = notifications.expect("GitHub – alice");
    assert!(told.text.contains("copied"), "{told:?}");
    // What is used more comes first.
    assert_eq!(names(&world, &typed(&world, &["alice"]))[0], "GitHub – alice");
}

fn krunner_finds_an_account_and_copies_its_code() {
    let (world, mut notifications, accounts) = world_with(&["GitHub", "AWS"]);
    let matches = answer(&world, KRUNNER, "Match", &["s", "gith"]);
    let [one] = matches.as_array().unwrap().as_slice() else { panic!("{matches}") };
    let id = one[0].as_str().unwrap();
    assert_eq!(
        &one.as_array().unwrap()[1..],
        &[json!("GitHub – alice"), json!("org.countersign.Tray"), json!(30), json!(0.9), json!({})]
    );
    assert_eq!(answer(&world, KRUNNER, "Match", &["s", "github"])[0][3], 100, "an exact match");
    assert_eq!(answer(&world, KRUNNER, "Actions", &[]), json!([]));
    assert_eq!(answer(&world, KRUNNER, "Config", &[])["MinLetterCount"]["data"], 2);
    assert_eq!(call(&world, KRUNNER, "Run", &["ss", id, ""]).code, 0);
    assert_is_code_of(&world, &accounts[0], &world.pasted_code());
    notifications.expect("GitHub – alice");
    assert_eq!(call(&world, KRUNNER, "Teardown", &[]).code, 0);
    assert_ne!(call(&world, KRUNNER, "Run", &["ss", id, ""]).code, 0);
}

fn a_result_is_a_name_and_nothing_else() {
    let (world, _notifications, _accounts) = world_with(&["GitHub"]);
    let one = found(&world, "gith");
    assert!(one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_hexdigit()), "{one} has no 128 bits");
    assert_ne!(one, found(&world, "gith"), "an id tells nothing of the account");
    let told = &metas(&world, std::slice::from_ref(&one))[0];
    let expected = json!({
        "id": {"type": "s", "data": one},
        "name": {"type": "s", "data": "GitHub – alice"},
        "gicon": {"type": "s", "data": "org.countersign.Tray"},
    });
    assert_eq!(*told, expected);
    for too_little in ["g", "", "-", "zzz"] {
        assert_eq!(typed(&world, &[too_little]), Vec::<String>::new(), "`{too_little}` finds something");
    }
    assert_eq!(metas(&world, &["0".repeat(32)]), Vec::<Value>::new());
}

fn a_result_is_good_once() {
    let (world, _notifications, _accounts) = world_with(&["GitHub"]);
    let one = found(&world, "gith");
    assert_eq!(activate(&world, &one).code, 0);
    let log = || world.cli(&["log"]).ok().lines().count();
    until("the code is given", LIMIT, || (log() == 1).then_some(()));
    for spent in [one.as_str(), &"0".repeat(32), "", "GitHub"] {
        let again = activate(&world, spent);
        assert!(again.code != 0 && again.err.contains("search again"), "{again:?}");
    }
    assert_eq!(metas(&world, &[one]), Vec::<Value>::new());
    assert_eq!(log(), 1);
}

fn a_lock_takes_all_results_back() {
    let (world, _notifications, _accounts) = world_with(&["GitHub"]);
    let one = found(&world, "gith");
    world.cli(&["lock"]).ok();
    assert_ne!(activate(&world, &one).code, 0);
    assert_eq!(metas(&world, std::slice::from_ref(&one)), Vec::<Value>::new());
    world.unlock();
    assert_ne!(activate(&world, &one).code, 0, "what was found before the lock is gone for good");
}

/// Puts a stand-in for pinentry in front of the real ones, with these answers; returns what it is asked.
pub(crate) fn pinentry(world: &World, answers: &str) -> PathBuf {
    let (file, log) = (world.dir().join("tmp/answers"), world.dir().join("tmp/asked"));
    fs::write(&file, answers).unwrap();
    world.witness().exempt(&file);
    let line = format!("exec /usr/bin/python3 {} {} {}", programs::data("pinentry.py"), file.display(), log.display());
    for name in ["pinentry-gnome3", "pinentry-qt", "pinentry-qt5", "pinentry-gtk-2", "pinentry-x11", "pinentry"] {
        world.write_program(name, &line);
    }
    log
}

fn while_locked_there_is_but_unlock() {
    let (world, mut notifications, _accounts) = world_with(&["GitHub", "AWS"]);
    let asked = pinentry(&world, &format!("{}\n", world.passphrase()));
    world.cli(&["lock"]).ok();
    let one = found(&world, "gith");
    assert_eq!(names(&world, std::slice::from_ref(&one)), ["Unlock countersign"]);
    assert_eq!(answer(&world, KRUNNER, "Match", &["s", "aws"])[0][1], "Unlock countersign");
    assert_eq!(typed(&world, &["g"]), Vec::<String>::new());
    assert!(!asked.exists(), "a search asks nothing");
    assert_eq!(activate(&world, &one).code, 0);
    let told = notifications.expect("countersign is unlocked");
    assert!(!told.text.contains("GitHub"), "{told:?}");
    assert_eq!(world.vault_property("State"), "unlocked");
    assert_eq!(names(&world, &typed(&world, &["gith"])), ["GitHub – alice"]);
    assert_ne!(activate(&world, &one).code, 0);
    world.cli(&["lock"]).ok();
    notifications.expect_withdrawn(&told);
}

fn a_dismissed_question_leaves_it_locked() {
    let (world, _notifications, _accounts) = world_with(&["GitHub"]);
    let asked = pinentry(&world, "-\n");
    world.cli(&["lock"]).ok();
    assert_eq!(activate(&world, &found(&world, "gith")).code, 0);
    until("the question", LIMIT, || fs::read_to_string(&asked).ok().filter(|text| text.contains("SETDESC")));
    assert_eq!(world.vault_property("State"), "locked");
}

fn without_a_vault_only_who_looks_for_us_finds_something() {
    let world = World::build().display().start();
    let mut notifications = Notifications::start(&world);
    assert_eq!(typed(&world, &["gith"]), Vec::<String>::new());
    let one = found(&world, "counters");
    assert_eq!(names(&world, std::slice::from_ref(&one)), ["Set up countersign"]);
    assert_eq!(activate(&world, &one).code, 0);
    let told = notifications.expect("There is nothing to search yet");
    assert!(told.text.contains("countersign init"), "{told:?}");
}

fn a_counter_advances_on_activation_only() {
    let (world, _notifications, _accounts) = world_with(&[]);
    let account = Account::new("Counted", "alice");
    world.witness().plant_key("the key of Counted", &account.secret);
    world.add_uri(&account.uri_with("&counter=7").replace("totp", "hotp"));
    let counter = || {
        let uri = world.cli_present(&["uri", "counted"]).reveals().ok();
        uri.split("counter=").nth(1).unwrap().split('&').next().unwrap().parse::<u64>().unwrap()
    };
    let one = found(&world, "counted");
    metas(&world, std::slice::from_ref(&one));
    answer(&world, KRUNNER, "Match", &["s", "counted"]);
    assert_eq!(counter(), 7, "looking costs nothing");
    assert_eq!(activate(&world, &one).code, 0);
    let expected = world.cmd("oathtool").args(["-b", "-c", "7", "-"]).stdin(account.secret.as_str()).ok();
    assert_eq!(world.pasted_code(), expected.trim());
    assert_eq!(counter(), 8);
}

/// Two callers at once: a budget each would let through twice as many.
fn all_search_boxes_together_are_slowed_down() {
    let (world, _notifications, _accounts) = world_with(&["GitHub"]);
    let clients = [Client::bus(&world), Client::bus(&world)];
    let search = |connection: Connection| async move {
        let args = (vec!["gith"],);
        connection.call_method(Some(BUS_NAME), PATH, Some(GNOME), "GetInitialResultSet", &args).await.map(drop)
    };
    let since = Instant::now();
    let answers = clients[0].wait(async {
        let mut all = JoinSet::new();
        for number in 0..60 {
            all.spawn(search(clients[number % 2].connection().clone()));
        }
        all.join_all().await
    });
    let most = 10 + (since.elapsed().as_secs_f64() * 5.0).ceil() as usize;
    let given = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!((10..=most).contains(&given), "{given} of 60 were answered, and {most} may be");
    let limited = format!("{ROOT}.Error.LimitsExceeded");
    for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(matches!(refused, zbus::Error::MethodError(name, ..) if name.as_str() == limited), "{refused}");
    }
    until("a search is answered again", LIMIT, || {
        clients[1].wait(search(clients[1].connection().clone())).is_ok().then_some(())
    });
}

fn nothing_secret_is_heard_while_somebody_searches() {
    let (world, _notifications, accounts) = world_with(&["GitHub", "GitLab"]);
    let monitor = Monitor::start(&world);
    let first = unix_now() / 30;
    let ids = typed(&world, &["git"]);
    metas(&world, &ids);
    answer(&world, KRUNNER, "Match", &["s", "git"]);
    assert_eq!(activate(&world, &ids[0]).code, 0);
    world.pasted_code();
    until("the notification is heard", LIMIT, || {
        String::from_utf8_lossy(&monitor.heard().bytes).contains("copied").then_some(())
    });
    let heard = monitor.heard().bytes;
    assert_eq!(world.witness().secrets_in(&heard), Vec::<String>::new());
    for (account, step) in
        accounts.iter().flat_map(|account| (first..=unix_now() / 30 + 1).map(move |step| (account, step)))
    {
        let code = world.oathtool(&account.secret, step * 30);
        assert!(!heard.windows(code.len()).any(|part| part == code.as_bytes()), "a code is on the bus");
    }
    let hits: HashSet<&String> = ids.iter().collect();
    assert_eq!(hits.len(), 2);
}

fn the_bus_starts_the_daemon_for_a_search() {
    let world = World::build().activation().start();
    assert!(!bus::has_owner(&world, BUS_NAME));
    assert_eq!(typed(&world, &["gith"]), Vec::<String>::new());
    assert!(bus::has_owner(&world, BUS_NAME));
}

fn who_wants_to_see_more_gets_the_picker() {
    let (world, _notifications, _accounts) = world_with(&["GitHub"]);
    let picked = world.dir().join("tmp/picked");
    let environment = "echo \"$DISPLAY\"";
    // The daemon looks for the program beside itself first: the arguments tell that it was found.
    world.write_program(
        "systemd-run",
        &format!("for word in \"$@\"; do last=$word; done; ({environment}; echo $last) >{}", picked.display()),
    );
    assert_eq!(call(&world, GNOME, "LaunchSearch", &["asu", "1", "git", "0"]).code, 0);
    let picked =
        until("the picker", LIMIT, || fs::read_to_string(&picked).ok().filter(|text| text.ends_with("pick\n")));
    assert_eq!(picked, format!("{}\npick\n", world.display().name));
}

/// Starts a stand-in for the user manager, which knows these variables.
fn start_user_manager(world: &World, variables: &[String]) -> Process {
    let (name, path, interface) =
        ("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager");
    let mock = world.cmd("/usr/bin/python3").args(["-m", "dbusmock", "--session", name, path, interface]).spawn();
    world.wait_for_name(name);
    let count = variables.len().to_string();
    let add = ["--user", "call", name, path, "org.freedesktop.DBus.Mock", "AddProperty", "ssv", interface];
    world.cmd("busctl").args(add).args(["Environment", "as", &count]).args(variables).ok();
    mock
}

/// A daemon that was started before the desktop, asked by a search box, and by a program that says nothing of a screen.
fn a_daemon_without_a_screen_asks_the_user_manager() {
    programs::ours("countersign-clip");
    let mut world = World::build().display().without_daemon().start();
    let display = world.display().name.clone();
    world.set("DISPLAY", "");
    world.start_daemon();
    world.make_vault();
    world.set("DISPLAY", &display);
    let mut notifications = Notifications::start(&world);
    let github = samples::github();
    world.add(&github);
    let scan = || {
        let args = ["--user", "--timeout=60", "call", BUS_NAME, countersign_api::PATH, &format!("{ROOT}.Scanner1")];
        world.cmd("busctl").args(args).args(["ScanScreen", "a{sv}", "0"]).run()
    };
    let blind = scan();
    assert!(blind.code != 0 && blind.err.contains("display"), "{blind:?}");
    assert_eq!(activate(&world, &found(&world, "gith")).code, 0);
    notifications.expect("Nothing was copied");
    // Where the bus is, and where sockets lie, is nothing to be told.
    let variables = [
        format!("DISPLAY={display}"),
        "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent".into(),
        "XDG_RUNTIME_DIR=/nonexistent".into(),
    ];
    let mut manager = start_user_manager(&world, &variables);
    let seen = scan();
    assert_eq!(seen.code, 0, "{}", seen.err);
    assert_eq!(activate(&world, &found(&world, "gith")).code, 0);
    assert_is_code_of(&world, &github, &world.pasted_code());
    // It is asked each time: what it said once may have changed since.
    manager.kill();
    assert_ne!(scan().code, 0);
}

fn search_is_not_served_on_the_private_socket() {
    let world = World::build().vault().start();
    let client = Client::private(&world);
    let words = (vec!["gith"],);
    let call = client.connection().call_method(None::<&str>, PATH, Some(GNOME), "GetInitialResultSet", &words);
    let refused = client.wait(async { timeout(LIMIT, call).await.unwrap() });
    assert!(refused.is_err(), "{refused:?}");
}
