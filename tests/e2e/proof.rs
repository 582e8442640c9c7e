//! From a scan to a proven account: the page says yes, or it computes its codes in another way than its QR declares, and
//! the way is found. `oathtool` is the page's server.

use harness::{
    Tty, World,
    samples::Account,
    tests,
    wait::{unix_now, within_one_step},
};
use serde_json::Value;

use crate::scan::picture;

tests![
    a_scan_is_unconfirmed_until_the_person_says_so,
    a_server_that_ignores_its_own_hash_is_found,
    a_server_that_wants_eight_digits_is_found,
    a_server_of_half_the_period_is_found,
    a_clock_a_step_off_is_found_and_the_account_left_alone,
    a_question_left_open_says_how_to_answer_it_later,
    where_nothing_fits_nothing_changes,
    a_pipe_gets_all_that_can_be_tried,
    a_scan_without_a_terminal_says_how_to_prove_it,
];

/// An account whose QR says this too; its key is watched for.
fn enrolment(world: &World, more: &str) -> (Account, String) {
    let account = Account::new("Example", "alice");
    world.witness().plant_key("the key of the page", &account.secret);
    let file = picture(world, &account.uri_with(more), "page");
    (account, file.to_str().unwrap().to_owned())
}

/// Returns the only account as `list --json` tells it.
fn told(world: &World) -> Value {
    let list: Value = serde_json::from_str(&world.cli(&["list", "--json"]).ok()).unwrap();
    list[0].clone()
}

/// Scans on a terminal, and keeps.
fn scan(world: &World, file: &str) -> Tty {
    let mut scan = world.tty(&["scan", "--image", file]);
    scan.expect("Keep it?").line("y").expect("Type this on the page").expect("Did the page accept it?");
    scan
}

/// Returns the code that is shown last, its groups joined.
fn last_code(terminal: &Tty) -> String {
    let shown = terminal.shown();
    let line = shown.lines().rev().find(|line| line.contains(" s left")).unwrap_or_else(|| panic!("no code:\n{shown}"));
    line.split('—').next().unwrap().chars().filter(char::is_ascii_digit).collect()
}

/// The server: accepts the codes of now and of a step before, as `oathtool` computes them by these arguments.
fn accepts(world: &World, account: &Account, how: &[&str], period: u64, code: &str) -> bool {
    [0, period].into_iter().any(|ago| {
        let at = format!("@{}", unix_now() - ago);
        let right = world.cmd("oathtool").args(how).args(["-b", "--now", &at, "-"]).stdin(account.secret.clone()).ok();
        right == code
    })
}

/// Tries one code after the other on the server, as a person does, until one is accepted.
fn try_them_all(world: &World, account: &Account, file: &str, how: &[&str], period: u64) -> String {
    let mut terminal = scan(world, file);
    assert!(!accepts(world, account, how, period, &last_code(&terminal)), "the server is no odd one");
    terminal.line("n");
    for _ in 0..10 {
        terminal.expect("Accepted? [y/N/q]");
        if accepts(world, account, how, period, &last_code(&terminal)) {
            terminal.line("y").expect("Confirmed: Example – alice.");
            return terminal.ends(0);
        }
        assert_eq!(told(world)["confirmed"], false);
        terminal.line("");
    }
    panic!("none was accepted:\n{}", terminal.shown());
}

fn a_scan_is_unconfirmed_until_the_person_says_so() {
    let world = World::build().vault().start();
    let (_, file) = enrolment(&world, "");
    let mut terminal = scan(&world, &file);
    assert_eq!(told(&world)["confirmed"], false);
    let told_by = |args: &[&str], words: &str| world.tty(args).expect(words).ends(0);
    told_by(&["list"], "unconfirmed");
    told_by(&["show", "example"], "countersign scan --accepted NAME");
    told_by(&["status"], "Unconfirmed accounts: 1");
    world.cli(&["code", "example"]).ok();
    assert_eq!(told(&world)["confirmed"], false, "a code that is asked for at once is one more try");
    terminal.line("y").expect("Confirmed: Example – alice.").ends(0);
    assert_eq!(told(&world)["confirmed"], true);
    for (args, words) in [(&["list"][..], "unconfirmed"), (&["show", "example"], "--accepted"), (&["status"], "Unconf")]
    {
        assert!(!world.cli(args).ok().contains(words), "{args:?}");
    }
    assert!(world.cli(&["undo"]).ok().contains("added"), "to confirm is no change that undo takes back");
}

fn a_server_that_ignores_its_own_hash_is_found() {
    let world = World::build().vault().start();
    let (account, file) = enrolment(&world, "&algorithm=SHA256");
    let shown = try_them_all(&world, &account, &file, &["--totp=sha1"], 30);
    assert!(
        shown.contains("computed with SHA-1") && !shown.contains("digits, as some"),
        "the likely one first:\n{shown}"
    );
    let told = told(&world);
    assert_eq!((told["algorithm"].as_str(), told["confirmed"].as_bool()), (Some("SHA1"), Some(true)));
    let (ours, theirs) =
        within_one_step(|| (world.cli(&["code", "example"]).ok(), world.oathtool(&account.secret, unix_now())));
    assert_eq!(ours, theirs);
    assert!(world.cli(&["undo"]).ok().contains("edited"));
    let told = self::told(&world);
    assert_eq!((told["algorithm"].as_str(), told["confirmed"].as_bool()), (Some("SHA256"), Some(false)));
}

fn a_server_that_wants_eight_digits_is_found() {
    let world = World::build().vault().start();
    let (account, file) = enrolment(&world, "");
    try_them_all(&world, &account, &file, &["--totp=sha1", "-d", "8"], 30);
    assert_eq!(told(&world)["digits"], 8);
}

fn a_server_of_half_the_period_is_found() {
    let world = World::build().vault().start();
    let (account, file) = enrolment(&world, "&period=60&algorithm=SHA512");
    try_them_all(&world, &account, &file, &["--totp=sha1", "-s", "30s"], 30);
    let told = told(&world);
    assert_eq!((told["period"].as_u64(), told["algorithm"].as_str()), (Some(30), Some("SHA1")));
}

fn a_clock_a_step_off_is_found_and_the_account_left_alone() {
    let world = World::build().vault().start();
    let (account, file) = enrolment(&world, "");
    world.cli(&["scan", "--yes", "--image", &file]).ok();
    // The code and the server's answer have to fall into one step.
    for _ in 0..5 {
        let mut terminal = world.tty(&["scan", "--refused", "example"]);
        terminal.expect("A code that comes late").expect("Accepted? [y/N/q]").line("n");
        terminal.expect("of 8 digits").expect("Accepted? [y/N/q]").line("n");
        let step = unix_now() / 30;
        terminal.expect("as if this computer's clock were fast").expect("Accepted? [y/N/q]");
        let code = last_code(&terminal);
        if unix_now() / 30 != step {
            terminal.line("q").expect("Nothing has changed.").ends(0);
            continue;
        }
        assert_eq!(code, world.oathtool(&account.secret, (step - 1) * 30));
        let shown = terminal.line("y").expect("Confirmed").ends(0);
        assert!(harness::display::words(&shown).contains("clock is about 30 seconds fast"), "{shown}");
        assert_eq!(told(&world)["confirmed"], true);
        let run = world.cli(&["undo"]).ok();
        assert!(run.contains("added"), "the account itself did not change: {run}");
        return;
    }
    panic!("no step was long enough");
}

fn a_question_left_open_says_how_to_answer_it_later() {
    let world = World::build().vault().start();
    let (_, file) = enrolment(&world, "");
    scan(&world, &file).line("").expect("--accepted NAME").expect("--refused NAME").ends(0);
    world.cli(&["remove", "--yes", "example"]).ok();
    let (_, file) = enrolment(&world, "&digits=8");
    scan(&world, &file).interrupt().expect("--refused NAME").ends(0);
    world.cli(&["restore", "example"]).ok();
    world.cli(&["scan", "--accepted", "nobody"]).fails(3);
    world.cli(&["scan", "--accepted", "example"]).fails(13);
}

fn where_nothing_fits_nothing_changes() {
    let world = World::build().vault().start();
    let (_, file) = enrolment(&world, "&algorithm=SHA256");
    world.cli(&["scan", "--yes", "--image", &file]).ok();
    let before = told(&world);
    let mut terminal = world.tty(&["scan", "--refused", "example"]);
    for _ in 0..5 {
        terminal.expect("Accepted? [y/N/q]").line("no");
    }
    let shown = harness::display::words(&terminal.ends(1));
    assert!(shown.contains("None of these fits") && shown.contains("scan --replace"), "{shown}");
    let after = told(&world);
    assert_eq!((&after["algorithm"], &after["confirmed"]), (&before["algorithm"], &Value::Bool(false)));
}

fn a_pipe_gets_all_that_can_be_tried() {
    let world = World::build().vault().start();
    let (account, file) = enrolment(&world, "&algorithm=SHA256&period=60");
    world.cli(&["scan", "--yes", "--image", &file]).ok();
    let (all, theirs) = within_one_step(|| {
        let all = world.cli(&["scan", "--refused", "example", "--json"]).ok();
        (serde_json::from_str::<Value>(&all).unwrap(), world.oathtool(&account.secret, unix_now()))
    });
    let words: Vec<&str> = all.as_array().unwrap().iter().map(|one| one["variation"].as_str().unwrap()).collect();
    assert_eq!(words, ["sha1", "period-30", "sha1-period-30", "digits-8", "clock-fast", "clock-slow"]);
    assert_eq!(all[2]["code"].as_str(), Some(theirs.as_str()));
    let lines = world.cli(&["scan", "--refused", "example"]).ok();
    assert!(lines.lines().nth(2).unwrap().starts_with("sha1-period-30\t"), "{lines}");
    assert_eq!(told(&world)["confirmed"], false, "nothing is changed by looking");

    world.cli(&["scan", "--accepted", "example", "--variation", "digits-6"]).fails(2);
    let done = world.cli(&["scan", "--accepted", "example", "--variation", "sha1-period-30", "--json"]).ok();
    assert_eq!(serde_json::from_str::<Value>(&done).unwrap()["changed"], true);
    assert_eq!(told(&world)["period"], 30);
    for wrong in [&["--variation", "sha1"][..], &["--refused", "a", "--accepted", "a"], &["--refused", "a", "--yes"]] {
        world.cli(&[&["scan"], wrong].concat()).fails(2);
    }
}

fn a_scan_without_a_terminal_says_how_to_prove_it() {
    let world = World::build().vault().start();
    let (_, file) = enrolment(&world, "");
    let told = world.cli(&["scan", "--yes", "--image", &file]).ok();
    assert!(told.contains("scan --accepted NAME") && told.contains("scan --refused NAME"), "{told}");
    let again = world.cli(&["scan", "--yes", "--image", &file]).ok();
    assert!(!again.contains("--accepted"), "what is kept already is no enrolment: {again}");
    let added = world.cli(&["add", "-"]).stdin(Account::new("Other", "bob").uri()).ok();
    assert!(!added.contains("--accepted"), "{added}");
}
