//! Links that set up an account: followed in a terminal or on the desktop, they are asked about, and never stay among the
//! arguments of a program.

use std::fs;

use harness::{
    Client, World,
    client::none,
    notifications::Notifications,
    programs,
    samples::{self, Account},
    tests, until,
    wait::LIMIT,
};

use crate::{scan::export_part, search::pinentry};

tests![
    a_link_is_gone_from_the_arguments_while_the_person_decides,
    on_the_desktop_a_link_is_asked_about_by_a_notification,
    a_link_that_nobody_wants_is_dropped,
    a_link_in_a_locked_vault_waits_for_the_passphrase,
    the_export_behind_a_link_is_kept_whole,
    a_one_time_link_is_explained,
    an_impostors_link_is_warned_of,
    what_is_no_link_is_said_and_never_repeated,
    desktops_hand_links_over,
];

/// What a page of Microsoft's has behind "pair by clicking this link".
const PHONEFACTOR: &str = "phonefactor://activate_account?code=314159265&url=https%3A%2F%2Fmobileappcommunicator.auth.microsoft.com%2Factivatev2%2F1234";

/// The key is told to the witness late: a desktop's own call of the program has it among its arguments, for a moment.
fn a_link_is_gone_from_the_arguments_while_the_person_decides() {
    let world = World::build().vault().start();
    let github = samples::github();
    let mut tty = world.tty(&["open", &github.uri()]);
    tty.expect("GitHub – alice").expect("Keep it?");
    let arguments = fs::read(format!("/proc/{}/cmdline", tty.process().pid())).unwrap();
    let arguments: Vec<&[u8]> = arguments.split(|byte| *byte == 0).collect();
    assert_eq!(arguments[1..], [&b"open"[..], b"-", b""], "the arguments of the program that asks");
    world.witness().plant_key("the key of the link", &github.secret);
    tty.line("y").expect("Kept GitHub");
    tty.ends(0);
    assert_eq!(world.cli(&["code", "github", "--at", "59"]).ok(), world.oathtool(&github.secret, 59));
    // Where a number stands before the command, too.
    let gitlab = Account::new("GitLab", "bob");
    let mut tty = world.tty(&["--passphrase-fd", "9", "open", &gitlab.uri()]);
    tty.expect("GitLab – bob").expect("Keep it?");
    let arguments = fs::read_to_string(format!("/proc/{}/cmdline", tty.process().pid())).unwrap();
    assert!(arguments.ends_with("\0open\0-\0"), "the arguments of the program that asks");
    tty.line("n").ends(5);
}

/// A world where a notification's buttons can be pressed.
fn desktop() -> (World, Notifications) {
    let world = World::build().display().vault().start();
    let notifications = Notifications::start(&world);
    (world, notifications)
}

/// Follows a link as a desktop does, but over a pipe: the witness knows its key already.
fn follow(world: &World, account: &Account) {
    world.witness().plant_key(&format!("the key of {}", account.issuer), &account.secret);
    world.cli(&["open", "--notify", "-"]).stdin(account.uri()).ok();
}

fn on_the_desktop_a_link_is_asked_about_by_a_notification() {
    let (world, mut notifications) = desktop();
    let github = samples::github();
    follow(&world, &github);
    let asked = notifications.expect("Keep GitHub – alice?");
    assert!(!asked.text.contains("\"default\""), "a click beside the buttons keeps nothing: {asked:?}");
    assert_eq!(world.cli(&["list"]).ok(), "", "nothing is kept unasked");
    notifications.press(&world, &asked, "Keep it");
    let kept = notifications.expect("Kept GitHub – alice");
    assert!(kept.text.contains("\"Copy code\"") && kept.text.contains("\"It was refused\""), "{kept:?}");
    assert_eq!(world.cli(&["code", "github", "--at", "59"]).ok(), world.oathtool(&github.secret, 59));
    world.cli(&["open", "-"]).stdin(github.uri()).ok();
    notifications.expect("GitHub – alice is kept already");
}

fn a_link_that_nobody_wants_is_dropped() {
    let (world, mut notifications) = desktop();
    let github = samples::github();
    follow(&world, &github);
    let asked = notifications.expect("Keep GitHub – alice?");
    notifications.press(&world, &asked, "Drop it");
    let client = Client::private(&world);
    until("nothing waits", LIMIT, || {
        client.wait(client.scanner().candidates(none())).unwrap().is_empty().then_some(())
    });
    assert_eq!(world.cli(&["list"]).ok(), "");
}

fn a_link_in_a_locked_vault_waits_for_the_passphrase() {
    let (world, mut notifications) = desktop();
    let asked_for = pinentry(&world, &format!("{}\n", world.passphrase()));
    world.cli(&["lock"]).ok();
    let github = samples::github();
    follow(&world, &github);
    let asked = notifications.expect("Keep GitHub – alice?");
    assert!(!asked_for.exists(), "a link alone asks for no passphrase");
    notifications.press(&world, &asked, "Keep it");
    notifications.expect("Kept GitHub – alice");
    assert_eq!(world.cli(&["code", "github", "--at", "59"]).ok(), world.oathtool(&github.secret, 59));
}

fn the_export_behind_a_link_is_kept_whole() {
    let (world, mut notifications) = desktop();
    let accounts = ["One", "Two"].map(|issuer| Account::new(issuer, "alice"));
    for one in &accounts {
        world.witness().plant_key("a key of an export", &one.secret);
    }
    world.cli(&["open", "--notify", "-"]).stdin(export_part(&accounts, 0, 1)).ok();
    let asked = notifications.expect("Keep Google Authenticator export");
    notifications.press(&world, &asked, "Keep it");
    notifications.expect("Kept 2 accounts");
    assert_eq!(world.cli(&["list"]).ok().lines().count(), 2);
}

fn a_one_time_link_is_explained() {
    let (world, mut notifications) = desktop();
    let opened = world.dir().join("tmp/opened");
    world.write_program("xdg-open", &format!("echo \"$@\" >{}", opened.display()));
    world.cli(&["open", "--notify", PHONEFACTOR]).fails(11);
    let told = notifications.expect("one-time activation of Microsoft Authenticator");
    assert!(!told.text.contains("314159265") && !told.text.contains("activatev2"), "{told:?}");
    notifications.click(&world, &told);
    let page = until("the page", LIMIT, || fs::read_to_string(&opened).ok().filter(|text| text.ends_with('\n')));
    assert!(page.starts_with("https://") && !page.contains("314159265"), "the plain page: {page}");
    let explained = world.tty(&["open", PHONEFACTOR]).ends(11);
    assert!(explained.contains("one-time activation of Microsoft Authenticator"), "{explained}");
    assert!(!explained.contains("314159265"), "{explained}");
    // What a page of Microsoft's own app has.
    world.cli(&["open", "--notify", "microsoft-authenticator://activate?code=314159265"]).fails(11);
    notifications.expect("Microsoft");
}

fn an_impostors_link_is_warned_of() {
    let (world, mut notifications) = desktop();
    let impostor = Account::new("Micr\u{43e}soft", "alice");
    follow(&world, &impostor);
    let asked = notifications.expect("Careful: it looks like Microsoft, and is not.");
    assert!(asked.text.contains("Keep Micr"), "{asked:?}");
}

fn what_is_no_link_is_said_and_never_repeated() {
    let (world, mut notifications) = desktop();
    let broken = "otpauth://totp/Broken:alice?secret=not-a-key-1890&issuer=Broken";
    let said = world.cli(&["open", "--notify", broken]).fails(10);
    assert!(said.err.contains("can't be read") && !said.err.contains("not-a-key"), "{said:?}");
    let told = notifications.expect("Nothing to keep in that link");
    assert!(!told.text.contains("not-a-key"), "{told:?}");
    assert_eq!(world.cli(&["open"]).run().code, 2);
    let long = format!("otpauth://totp/a?secret={}", "A".repeat(40_000));
    let refused = world.cli(&["open", &long]).fails(2);
    assert!(!refused.err.contains("AAAA"), "{refused:?}");
    let two = world.cli(&["open", broken, "--notify", broken]).fails(2);
    assert!(two.err.contains("open takes one link at a time") && !two.err.contains("not-a-key"), "{two:?}");
    let elsewhere = world.cli(&["code", "open", broken]).fails(2);
    assert!(!elsewhere.err.contains("not-a-key"), "the one place for a link is after `open`");
}

/// The desktop file as it is installed, and the ways by which browsers and other programs go.
fn desktops_hand_links_over() {
    let (mut world, mut notifications) = desktop();
    let folder = world.dir().join("data/applications");
    fs::create_dir_all(&folder).unwrap();
    let root = programs::root();
    let file = fs::read_to_string(root.join("packaging/org.countersign.Open.desktop")).unwrap();
    let bin = programs::bin_dir().display().to_string();
    // Quotes only where a space wants them, as packaging/install does.
    let file = file.replace("\"@bindir@/countersign\"", &format!("{bin}/countersign")).replace("@bindir@", &bin);
    fs::write(folder.join("org.countersign.Open.desktop"), file).unwrap();
    world.set("XDG_DATA_DIRS", "/nonexistent");
    world.cmd("update-desktop-database").arg(&folder).ok();
    for scheme in ["otpauth", "otpauth-migration", "phonefactor", "microsoft-authenticator"] {
        let opener = world.cmd("xdg-mime").args(["query", "default", &format!("x-scheme-handler/{scheme}")]).ok();
        assert_eq!(opener, "org.countersign.Open.desktop", "{scheme}");
    }
    for (number, opener) in [["gio", "open"].as_slice(), &["xdg-open"]].into_iter().enumerate() {
        // A key that the witness does not know: these programs' own arguments have it.
        let account = Account::new(&format!("Site{number}"), "alice");
        world.cmd(opener[0]).args(&opener[1..]).arg(account.uri()).ok();
        notifications.expect(&format!("Keep Site{number} – alice?"));
    }
}
