//! Scans: of a real screen and of pictures; what is found is explained, chosen, kept, or waits, and is never lost.

use std::{fs, path::PathBuf};

use data_encoding::BASE64;
use harness::{
    World, programs,
    samples::{self, Account},
    tests, until,
    wait::LIMIT,
};
use serde_json::Value;

tests![
    the_screen_is_read_with_the_place_of_each_qr,
    a_window_is_looked_at_by_words_of_its_title,
    several_qrs_are_all_reported_and_none_is_kept_unasked,
    several_qrs_are_chosen_from_on_a_terminal,
    a_picture_comes_from_a_file_or_standard_input,
    an_inverted_qr_is_read,
    a_no_keeps_nothing,
    a_scan_while_locked_is_sealed_and_offered_at_unlock,
    a_scan_before_there_is_a_vault_waits_for_it,
    the_parts_of_an_export_come_in_any_order_and_are_one_undo,
    the_parts_of_an_export_wait_over_locks_and_restarts,
    the_parts_of_an_export_in_one_picture_are_one_decision,
    a_part_that_waits_is_shown_and_can_be_discarded,
    a_personal_account_gets_its_own_way_and_no_word_of_it,
    a_government_account_gets_its_own_page,
    an_unknown_account_type_gets_both_ways,
    ctrl_c_after_an_explanation_ends_with_11,
    the_other_vendors_are_named_and_nothing_is_kept,
    the_worker_speaks_json_to_a_shell,
    every_shared_payload_gets_its_class,
];

/// Makes a picture of a QR.
pub(crate) fn picture(world: &World, text: &str, name: &str) -> PathBuf {
    let path = world.dir().join(format!("tmp/{name}.png"));
    world.cmd("qrencode").args(["-s", "5", "-o"]).arg(&path).stdin(text).ok();
    path
}

/// Makes an account whose key is watched for.
fn account(world: &World, issuer: &str, name: &str) -> Account {
    let account = Account::new(issuer, name);
    world.witness().plant_key(&format!("the key of {issuer}"), &account.secret);
    account
}

/// Puts two QRs into one picture.
fn two_in_one(world: &World, one: &Account, other: &Account) -> PathBuf {
    both_in_one(world, &one.uri(), &other.uri())
}

fn both_in_one(world: &World, one: &str, other: &str) -> PathBuf {
    let (left, right) = (picture(world, one, "left"), picture(world, other, "right"));
    let both = world.dir().join("tmp/both.png");
    world
        .cmd("convert")
        .args([&left, &right])
        .args(["+append", "-bordercolor", "white", "-border", "60"])
        .arg(&both)
        .ok();
    both
}

fn list(world: &World) -> String {
    world.cli(&["list"]).ok()
}

fn the_screen_is_read_with_the_place_of_each_qr() {
    let world = World::build().display().vault().start();
    let github = account(&world, "GitHub", "alice");
    let _viewer = world.show_picture(&picture(&world, &github.uri(), "shown"));
    let found: Value = serde_json::from_str(&world.cli(&["scan", "--json"]).ok()).unwrap();
    let one = &found["candidates"][0];
    assert_eq!((one["title"].as_str(), one["class"].as_str()), (Some("GitHub – alice"), Some("otpauth")));
    assert!(!one["place"].as_str().unwrap().is_empty() && one["x"].as_i64().unwrap() > 0, "{one}");
    assert!(!found.to_string().contains("otpauth://"), "the text of a QR is never answered");
    assert_eq!(list(&world), "", "nothing is kept without --yes");
    world.cli(&["scan", "--yes"]).ok();
    assert_eq!(world.cli(&["code", "github", "--at", "59"]).ok(), world.oathtool(&github.secret, 59));
    let again = world.cli(&["scan", "--yes"]).ok();
    assert!(again.contains("already"), "{again}");
    assert_eq!(list(&world).lines().count(), 1);
}

fn a_window_is_looked_at_by_words_of_its_title() {
    let world = World::build().display().vault().start();
    let picture_of = |issuer: &str| picture(&world, &account(&world, issuer, "alice").uri(), issuer);
    let (github, gitlab) = (picture_of("GitHub"), picture_of("GitLab"));
    let show = |title: &str, file: &PathBuf| {
        let viewer = world.cmd("feh").args(["--title", title, "--image-bg", "white"]).arg(file).spawn();
        world.window(&format!("^{title}$"));
        viewer
    };
    let _viewers = (show("First page", &github), show("Second page", &gitlab));
    let told = world.cli(&["scan", "--json", "--window", "page SECOND"]).ok();
    assert!(told.contains("GitLab") && !told.contains("GitHub"), "{told}");
    let run = world.cli(&["scan", "--window", "third"]).fails(2);
    assert!(run.err.contains("no window that can be seen has these words"), "{run:?}");
}

fn several_qrs_are_all_reported_and_none_is_kept_unasked() {
    let world = World::build().vault().start();
    let (github, gitlab) = (account(&world, "GitHub", "alice"), account(&world, "GitLab", "alice"));
    let both = two_in_one(&world, &github, &gitlab);
    let refused = world.cli(&["scan", "--yes", "--image"]).arg(&both).fails(13);
    assert!(refused.err.contains("GitHub") && refused.err.contains("GitLab"), "{refused:?}");
    assert_eq!(list(&world), "");
}

fn several_qrs_are_chosen_from_on_a_terminal() {
    let world = World::build().vault().start();
    let (github, gitlab) = (account(&world, "GitHub", "alice"), account(&world, "GitLab", "alice"));
    let both = two_in_one(&world, &github, &gitlab);
    let mut scan = world.tty(&["scan", "--image", both.to_str().unwrap()]);
    scan.expect("Keep which?");
    let shown = scan.shown();
    let number = shown.lines().find(|line| line.contains("GitLab")).unwrap().trim().chars().next().unwrap();
    scan.line(&number.to_string()).expect("Keep it?").line("y").expect("accept it?").line("").ends(0);
    assert!(list(&world).contains("GitLab") && !list(&world).contains("GitHub"));
}

fn a_picture_comes_from_a_file_or_standard_input() {
    let world = World::build().vault().start();
    for (format, issuer) in
        [("png", "Png"), ("jpg", "Jpeg"), ("webp", "Webp"), ("ppm", "Ppm"), ("gif", "Gif"), ("bmp", "Bmp")]
    {
        let png = picture(&world, &account(&world, issuer, "alice").uri(), format);
        let file = world.dir().join(format!("tmp/{format}.other.{format}"));
        world.cmd("convert").arg(&png).arg(&file).ok();
        world.cli(&["scan", "--yes", "--image", "-"]).stdin(fs::read(&file).unwrap()).ok();
        assert!(list(&world).contains(issuer), "{format}");
    }
}

fn an_inverted_qr_is_read() {
    let world = World::build().vault().start();
    let normal = picture(&world, &account(&world, "GitHub", "alice").uri(), "normal");
    let inverted = world.dir().join("tmp/inverted.png");
    world.cmd("convert").arg(&normal).arg("-negate").arg(&inverted).ok();
    world.cli(&["scan", "--yes", "--image"]).arg(&inverted).ok();
    assert!(list(&world).contains("GitHub"));
}

fn a_no_keeps_nothing() {
    let world = World::build().vault().start();
    let file = picture(&world, &account(&world, "GitHub", "alice").uri(), "shown");
    world.tty(&["scan", "--image", file.to_str().unwrap()]).expect("Keep it?").line("n").ends(5);
    assert_eq!(list(&world), "");
}

fn a_scan_while_locked_is_sealed_and_offered_at_unlock() {
    let mut world = World::build().vault().start();
    let github = account(&world, "GitHub", "alice");
    let file = picture(&world, &github.uri(), "shown");
    world.cli(&["lock"]).ok();
    let sealed = world.cli(&["--no-prompt", "scan", "--yes", "--image"]).arg(&file).fails(4);
    assert!(sealed.out.contains("sealed"), "{sealed:?}");
    assert_eq!(fs::read_dir(world.vault_dir().join("inbox")).unwrap().count(), 1);
    // It outlives the daemon, and the page.
    world.kill_daemon();
    world.start_daemon();
    let passphrase = world.passphrase().to_owned();
    let mut unlock = world.tty(&["unlock"]);
    unlock.expect("assphrase").secret(&passphrase).expect("GitHub").expect("Keep it?").line("y").ends(0);
    assert_eq!(world.cli(&["code", "github", "--at", "59"]).ok(), world.oathtool(&github.secret, 59));
    assert_eq!(fs::read_dir(world.vault_dir().join("inbox")).unwrap().count(), 0);
}

fn a_scan_before_there_is_a_vault_waits_for_it() {
    let world = World::build().start();
    let github = account(&world, "GitHub", "alice");
    let file = picture(&world, &github.uri(), "shown");
    let waits = world.cli(&["--no-prompt", "scan", "--yes", "--image"]).arg(&file).fails(4);
    assert!(waits.err.contains("countersign init"), "{waits:?}");
    let passphrase = world.passphrase().to_owned();
    let mut init = world.tty(&["init", "--no-keyring", "--no-recovery"]);
    init.expect("New passphrase:").secret(&passphrase).expect("once more:").secret(&passphrase);
    init.expect("GitHub").expect("Keep it?").line("y").ends(0);
    assert_eq!(world.cli(&["code", "github", "--at", "59"]).ok(), world.oathtool(&github.secret, 59));
}

/// Returns a part of a Google export: protobuf, base64, percent signs.
pub(crate) fn export_part(accounts: &[Account], index: u8, size: u8) -> String {
    let mut message = Vec::new();
    let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat();
    for account in accounts {
        let key = samples::decode_base32(&account.secret);
        let mut one = [field(1, &key), field(2, account.name.as_bytes()), field(3, account.issuer.as_bytes())].concat();
        one.extend([4 << 3, 1, 5 << 3, 1, 6 << 3, 2]);
        message.extend(field(1, &one));
    }
    message.extend([2 << 3, 2, 3 << 3, size, 4 << 3, index]);
    let data = BASE64.encode(&message).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    format!("otpauth-migration://offline?data={data}")
}

/// Makes six accounts, and pictures of an export's three parts with two of them each.
fn export_of_three_parts(world: &World) -> (Vec<Account>, Vec<PathBuf>) {
    let accounts: Vec<Account> = (0..6).map(|n| account(world, &format!("Site {n}"), "alice")).collect();
    let part = |(pair, index)| picture(world, &export_part(pair, index, 3), &format!("part-{index}"));
    let parts = accounts.chunks(2).zip(0..).map(part).collect();
    (accounts, parts)
}

fn the_parts_of_an_export_come_in_any_order_and_are_one_undo() {
    let world = World::build().vault().start();
    let (accounts, parts) = export_of_three_parts(&world);
    let scan = |index: usize| world.cli(&["scan", "--yes", "--image"]).arg(&parts[index]).run();
    let told = scan(2);
    assert!(told.out.contains("parts 1, 2"), "the missing ones are named: {told:?}");
    assert_eq!(list(&world), "");
    scan(2);
    let told = scan(0);
    assert!(told.out.contains("part 2"), "{told:?}");
    assert_eq!(scan(1).code, 0);
    assert_eq!(list(&world).lines().count(), 6);
    for account in &accounts {
        assert_eq!(world.cli(&["code", &account.issuer, "--at", "59"]).ok(), world.oathtool(&account.secret, 59));
    }
    world.cli(&["undo"]).ok();
    assert_eq!(list(&world), "", "one decision, one undo");
}

/// Days may lie between two parts, and the vault is locked when one comes: still one decision.
fn the_parts_of_an_export_wait_over_locks_and_restarts() {
    let mut world = World::build().vault().start();
    world.add(&samples::github());
    let (accounts, parts) = export_of_three_parts(&world);
    let scan =
        |world: &World, index: usize| world.cli(&["--no-prompt", "scan", "--yes", "--image"]).arg(&parts[index]).run();
    let told = scan(&world, 0);
    assert!(told.out.contains("parts 2, 3"), "{told:?}");
    world.cli(&["lock"]).ok();
    world.unlock();
    world.stop_daemon();
    world.start_daemon();
    let told = scan(&world, 1);
    assert!(told.code == 4 && told.out.contains("sealed"), "{told:?}");
    world.kill_daemon();
    world.start_daemon();
    world.unlock();
    assert_eq!(list(&world).lines().count(), 1, "nothing of it is kept before it is whole");
    let told = scan(&world, 2);
    assert_eq!(told.code, 0, "{told:?}");
    for account in &accounts {
        assert_eq!(world.cli(&["code", &account.issuer, "--at", "59"]).ok(), world.oathtool(&account.secret, 59));
    }
    assert_eq!(fs::read_dir(world.vault_dir().join("inbox")).unwrap().count(), 0, "nothing waits any more");
    world.cli(&["undo"]).ok();
    let left = list(&world);
    assert!(left.contains("GitHub") && left.lines().count() == 1, "one decision, one undo:\n{left}");
}

/// The second was asked about, and then was not there any more: all was kept, and the scan ended with 3.
fn the_parts_of_an_export_in_one_picture_are_one_decision() {
    let world = World::build().vault().start();
    let accounts: Vec<Account> = (0..4).map(|n| account(&world, &format!("Site {n}"), "alice")).collect();
    let export = |accounts: &[Account]| {
        both_in_one(&world, &export_part(&accounts[..1], 0, 2), &export_part(&accounts[1..], 1, 2))
    };
    let file = export(&accounts[..2]);
    let mut scan = world.tty(&["scan", "--image", file.to_str().unwrap()]);
    scan.expect("Keep it?").line("y").expect("Kept 2 accounts").ends(0);
    let file = export(&accounts[2..]);
    let told = world.cli(&["scan", "--yes", "--json", "--image"]).arg(&file).ok();
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["kept"].as_array().unwrap().last().unwrap()["outcome"].as_str(), Some("kept"), "{told}");
    assert_eq!(list(&world).lines().count(), 4);
}

/// It was counted for ever, and no command showed it.
fn a_part_that_waits_is_shown_and_can_be_discarded() {
    let world = World::build().vault().start();
    let one = account(&world, "Site", "alice");
    world.cli(&["add", "-"]).stdin(export_part(&[one], 0, 2)).ok();
    let status = world.cli(&["status"]).ok();
    assert!(harness::display::words(&status).contains("waiting for the others: 1"), "{status}");
    world.tty(&["unlock"]).expect("Part 1 of 2").expect("Discard it?").line("y").ends(0);
    let status = world.cli(&["status"]).ok();
    assert!(!status.contains("Sealed"), "{status}");
}

/// Returns what `scan` says of a one-time QR.
fn explained(world: &World, text: &str) -> String {
    let run = world.cli(&["scan", "--image"]).arg(picture(world, text, "one-time")).fails(11);
    assert_eq!(list(world), "", "nothing is stored");
    harness::display::words(&format!("{} {}", run.out, run.err))
}

fn activation(host: &str, kind: &str) -> String {
    let path = "authenticatorApp/activateAccount?source=qrCode";
    format!(
        "https://{host}/{path}{kind}&code=314159265&url=https%3A%2F%2Fmobileappcommunicator.auth.example%2Factivatev2%2F2%2FX"
    )
}

fn a_personal_account_gets_its_own_way_and_no_word_of_it() {
    let world = World::build().vault().start();
    let told = explained(&world, &activation("login.microsoftonline.com", "&accountType=msa"));
    assert!(told.contains("https://account.live.com/proofs/manage/additional"), "{told}");
    assert!(told.to_lowercase().contains("set up a different authenticator app"), "{told}");
    assert!(!told.contains("ask IT") && !told.contains("Third-party software OATH"), "{told}");
    assert!(told.contains("not spent"), "{told}");
    assert!(!told.contains("314159265") && !told.contains("activatev2"), "the link was printed: {told}");
}

fn a_government_account_gets_its_own_page() {
    let world = World::build().vault().start();
    let told = explained(&world, &activation("login.microsoftonline.us", "&accountType=mfa"));
    assert!(told.contains("MySecurityInfo-us") || told.contains("mysignins.microsoft.us"), "{told}");
    assert!(!told.contains("https://mysignins.microsoft.com"), "{told}");
}

fn an_unknown_account_type_gets_both_ways() {
    let world = World::build().vault().start();
    for kind in ["", "&accountType=something"] {
        let told = explained(&world, &activation("login.microsoftonline.com", kind));
        assert!(told.contains("https://mysignins.microsoft.com/security-info"), "{told}");
        assert!(told.contains("https://account.live.com/proofs/manage/additional"), "{told}");
    }
}

fn ctrl_c_after_an_explanation_ends_with_11() {
    let world = World::build().display().vault().start();
    let text = activation("login.microsoftonline.com", "&accountType=mfa");
    let _viewer = world.show_picture(&picture(&world, &text, "one-time"));
    let mut scan = world.tty(&["scan"]);
    scan.expect("looking for the reusable QR").interrupt().ends(11);
    // In a pipe, with --json and with --no-wait it ends at once; --wait makes a pipe look on, too.
    world.cli(&["scan"]).fails(11);
    world.cli(&["scan", "--json"]).fails(11);
    world.tty(&["scan", "--no-wait"]).ends(11);
    let github = account(&world, "GitHub", "alice");
    let waiting = world.cli(&["scan", "--wait=60", "--yes"]).spawn();
    waiting.out.wait_for("the explanation", LIMIT, |text| text.contains("one-time").then_some(()));
    let _second = world.show_picture(&picture(&world, &github.uri(), "reusable"));
    waiting.out.wait_for("the account", LIMIT, |text| text.contains("Kept GitHub").then_some(()));
}

fn the_other_vendors_are_named_and_nothing_is_kept() {
    let world = World::build().vault().start();
    for (text, vendor) in [
        (
            "phonefactor://activate_account?code=518227904&url=https%3A%2F%2Fexample.phonefactor.net%2Fpad%2F123",
            "Microsoft",
        ),
        ("oktaverify://alice@example.com/?t=EXAMPLETOKEN&f=auf123&s=https://example.okta.com", "Okta"),
        ("duo://EXAMPLECODE123456789-YXBpLWV4YW1wbGUuZHVvc2VjdXJpdHkuY29t", "Duo"),
    ] {
        let told = explained(&world, text);
        assert!(told.contains(vendor), "{text}: {told}");
        assert!(!told.contains("EXAMPLE") && !told.contains("518227904"), "the token was printed: {told}");
    }
    let wifi = picture(&world, "WIFI:S:home;T:WPA;P:its password;;", "wifi");
    let run = world.cli(&["scan", "--image"]).arg(&wifi).fails(10);
    assert!(run.err.contains("not an authenticator enrolment") && !run.err.contains("its password"), "{run:?}");
}

fn the_worker_speaks_json_to_a_shell() {
    let world = World::build().without_daemon().without_bus().start();
    let worker = programs::ours("countersign-scan");
    let file = picture(&world, "only a text", "text");
    let told: Value = serde_json::from_str(&world.cmd(&worker).arg(&file).ok()).unwrap();
    assert_eq!(told["text"], "only a text");
    assert_eq!(told["corners"].as_array().unwrap().len(), 4);
    assert!(world.cmd(&worker).arg("-").stdin(fs::read(&file).unwrap()).ok().contains("only a text"));
    let plain = world.dir().join("tmp/plain.png");
    world.cmd("convert").args(["-size", "200x200", "xc:gray"]).arg(&plain).ok();
    world.cmd(&worker).arg(&plain).fails(1);
    world.cmd(&worker).fails(3);
    world.cmd(&worker).arg("-").stdin("no picture").fails(4);
}

/// By the shared samples, where they are; the core's own tests have a sample of each class without them.
fn every_shared_payload_gets_its_class() -> harness::Completion {
    let file =
        programs::shared().map(|dir| dir.join("fixtures/qr-payloads/payloads.json")).filter(|file| file.is_file());
    let Some(file) = file else {
        return harness::Completion::ignored_with("no shared samples here: COUNTERSIGN_SHARED");
    };
    println!("shared samples: {}", file.display());
    let world = World::build().vault().start();
    let samples: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    for sample in samples["payloads"].as_array().unwrap() {
        let (text, class) = (sample["text"].as_str().unwrap(), sample["kind"].as_str().unwrap());
        let run = world.cli(&["check", "-", "--json"]).stdin(text).reveals().run();
        let told: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{text}: {run:?}"));
        assert_eq!(told["class"], class, "{text}: {told}");
    }
    until("nothing is kept", LIMIT, || list(&world).is_empty().then_some(()));
    harness::Completion::Completed
}
