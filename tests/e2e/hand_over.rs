//! Accounts on the next device: what a person is told, and exports that carry several of them into another program.

use std::{
    fs,
    path::{Path, PathBuf},
};

use harness::{
    World, programs,
    samples::{self, Account},
    tests, until,
    wait::LIMIT,
};
use serde_json::Value;

use crate::scan::export_part;

tests![
    an_export_gives_another_countersign_the_same_codes,
    an_export_is_shown_part_by_part_on_a_terminal,
    an_export_is_shown_part_by_part_in_windows,
    an_export_takes_the_passphrase_and_the_private_socket,
    what_no_export_carries_is_an_error_when_nothing_is_left,
    each_app_has_its_taps_and_its_limits,
    a_microsoft_account_is_told_what_its_person_needs,
    parts_come_from_several_pictures_in_any_order,
    two_exports_are_never_mixed,
];

fn account(world: &World, issuer: &str) -> Account {
    let account = Account::new(issuer, "alice");
    world.witness().plant_key(&format!("the key of {issuer}"), &account.secret);
    account
}

/// Keeps so many accounts; returns them with what `oathtool` is to be told of each.
fn keep_many(world: &World, count: usize) -> Vec<(Account, &'static str)> {
    let ways = [("", "totp"), ("&digits=8", "totp-8"), ("&algorithm=SHA256", "totp-sha256")];
    let keep = |number: usize| {
        let (more, way) = ways[number % ways.len()];
        let account = account(world, &format!("Site{number:02}"));
        world.add_uri(&account.uri_with(more));
        (account, way)
    };
    (0..count).map(keep).collect()
}

fn oathtool(world: &World, account: &Account, way: &str) -> String {
    let how: &[&str] = match way {
        "totp" => &["--totp"],
        "totp-8" => &["--totp", "--digits=8"],
        _ => &["--totp=sha256"],
    };
    let now = ["--base32", "--now", "@59", "-"];
    world.cmd("oathtool").args(how).args(now).stdin(account.secret.as_str()).ok()
}

fn pictures(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn an_export_gives_another_countersign_the_same_codes() {
    let world = World::build().vault().start();
    let accounts = keep_many(&world, 14);
    let counter = account(&world, "Counter");
    world.add_uri(&counter.uri_with("&counter=7").replace("://totp/", "://hotp/"));
    world.add_uri(&account(&world, "Slow").uri_with("&period=60"));
    world.add_uri(&account(&world, "Seven").uri_with("&digits=7"));
    world.add_uri(&account(&world, "Steam").uri_with("&encoder=steam"));
    let folder = world.dir().join("tmp/export");
    fs::create_dir(&folder).unwrap();
    let run = world.cli_present(&["qr", "--all", "--migration", "--png", folder.to_str().unwrap()]).fails(0);
    for left_out in
        ["Slow – alice: its codes live 60 seconds", "Seven – alice: its codes have 7 digits", "Steam – alice: "]
    {
        assert!(run.err.contains(left_out), "{left_out}: {run:?}");
    }
    for said in ["Import accounts", "follow a counter", "some versions of Google Authenticator", "It holds the secret"]
    {
        assert!(run.err.contains(said), "{said}: {run:?}");
    }
    let files = pictures(&folder);
    assert!((2..=4).contains(&files.len()), "{files:?}");
    for file in &files {
        harness::world::assert_private(file);
        assert!(world.zbarimg(file).starts_with("otpauth-migration://offline?data="), "zbarimg reads it");
    }

    let other = World::build().vault().start();
    for (file, left) in files.iter().rev().zip((0..files.len()).rev()) {
        let told = other.cli(&["scan", "--yes", "--image"]).arg(file).ok();
        assert!(left == 0 || told.contains(&format!("Of {} parts", files.len())), "{told}");
    }
    assert_eq!(other.cli(&["list"]).ok().lines().count(), accounts.len() + 1);
    for (account, way) in &accounts {
        assert_eq!(other.cli(&["code", &account.issuer, "--at", "59"]).ok(), oathtool(&other, account, way), "{way}");
    }
    let theirs = other.cmd("oathtool").args(["--hotp", "--counter=7", "--base32", "-"]).stdin(counter.secret.as_str());
    assert_eq!(other.cli(&["code", "Counter"]).ok(), theirs.ok());
}

fn an_export_is_shown_part_by_part_on_a_terminal() {
    let world = World::build().vault().start();
    keep_many(&world, 12);
    let passphrase = world.passphrase().to_owned();
    let mut qr = world.tty(&["qr", "--all", "--migration"]);
    qr.resize(220, 120).expect("assphrase").secret(&passphrase);
    qr.expect("Import accounts").expect("Enter: show the QR code").line("");
    qr.expect("1 of 2. Enter: next. Part 1 of 2: ").line("");
    qr.expect("2 of 2. Enter: close. Part 2 of 2: ").line("");
    qr.expect("one secret").ends(0);
    // A pipe has room for one picture.
    let refused = world.cli_present(&["qr", "--all", "--migration", "--png", "-"]).fails(2);
    assert!(refused.err.contains("these are 2"), "{refused:?}");
}

/// Reads the only QR on the screen, by our own scan.
fn on_screen(world: &World) -> Option<String> {
    let run = world.cmd(&programs::ours("countersign-scan")).reveals().run();
    let lines: Vec<&str> = run.out.lines().collect();
    let [line] = lines.as_slice() else { return None };
    Some(serde_json::from_str::<Value>(line).unwrap()["text"].as_str().unwrap().to_owned())
}

fn an_export_is_shown_part_by_part_in_windows() {
    programs::ours("countersign-window");
    let world = World::build().display().vault().start();
    keep_many(&world, 12);
    let mut shown = world.cli_present(&["qr", "--all", "--migration", "--window"]).spawn();
    world.window("countersign");
    let first = until("a part on the screen", LIMIT, || on_screen(&world));
    world.picture("export-window");
    world.press("Return");
    let second = until("the next part", LIMIT, || on_screen(&world).filter(|text| *text != first));
    world.press("Return");
    assert_eq!(shown.exit_code(LIMIT), 0);
    let other = World::build().vault().start();
    for (text, told) in [(second, "part 1"), (first, "Kept 12 accounts")] {
        let run = other.cli(&["add", "-"]).stdin(text).ok();
        assert!(run.contains(told), "{run}");
    }
}

fn an_export_takes_the_passphrase_and_the_private_socket() {
    let world = World::build().vault().start();
    let github = samples::github();
    world.add(&github);
    let refused = world.cli(&["--no-prompt", "qr", "github", "--migration", "--png", "x.png"]).fails(5);
    assert!(refused.err.contains("passphrase"), "{refused:?}");
    let call = ["--user", "call", "org.countersign.Countersign1", "/org/countersign/Countersign1"];
    let method = ["org.countersign.Secrets1", "ExportMigration", "asa{sv}", "1", "github", "0"];
    let on_the_bus = world.cmd("busctl").args(call).args(method).run();
    assert!(on_the_bus.code != 0 && on_the_bus.out.is_empty(), "{on_the_bus:?}");
}

fn what_no_export_carries_is_an_error_when_nothing_is_left() {
    let world = World::build().vault().start();
    world.add_uri(&account(&world, "Slow").uri_with("&period=60"));
    let refused = world.cli_present(&["qr", "slow", "--migration", "--png", "x.png"]).fails(2);
    assert!(refused.err.contains("Slow – alice: its codes live 60 seconds"), "{refused:?}");
    let refused =
        world.cli_present(&["qr", "slow", "--migration", "--for", "microsoft-authenticator", "--png", "x.png"]);
    assert!(refused.fails(2).err.contains("reads no exports"));
}

fn each_app_has_its_taps_and_its_limits() {
    let world = World::build().vault().start();
    world.add_uri(&account(&world, "Plain").uri());
    world.add_uri(&account(&world, "Odd").uri_with("&algorithm=SHA256&period=60"));
    let steam = account(&world, "Steam");
    world.add_uri(&steam.uri_with("&encoder=steam"));
    let told = |name: &str, app: &str| {
        let file = world.dir().join(format!("tmp/{name}-{app}.png"));
        let run = world.cli_present(&["qr", name, "--for", app, "--png", file.to_str().unwrap()]).fails(0);
        (run.err, world.zbarimg(&file))
    };
    for (app, tap) in [
        ("google-authenticator", "Scan a QR code"),
        ("microsoft-authenticator", "Other account"),
        ("aegis", "Scan QR code"),
        ("countersign", "countersign scan --image FILE"),
    ] {
        let (said, _) = told("plain", app);
        assert!(said.contains("  1. ") && said.contains(tap) && !said.contains("Careful"), "{app}: {said}");
        let (said, _) = told("odd", app);
        let careful = said.contains("Careful: Odd – alice") && said.contains("SHA256 and codes of 60 seconds");
        assert_eq!(careful, app.ends_with("authenticator"), "{app}: {said}");
    }
    let (said, _) = told("steam", "google-authenticator");
    assert!(said.contains("makes no Steam codes"), "{said}");
    // Aegis goes by the type, others by the parameter.
    let (_, text) = told("steam", "aegis");
    assert!(text.starts_with("otpauth://steam/") && text.contains("encoder=steam"), "the type is Steam");
}

fn a_microsoft_account_is_told_what_its_person_needs() {
    let world = World::build().vault().start();
    let key = || {
        let secret = samples::secret();
        world.witness().plant_key("a key of Microsoft", &secret);
        secret
    };
    let (work, personal) = ("mysignins.microsoft.com/security-info", "account.live.com/proofs/manage/additional");
    for (label, pages) in [
        ("Contoso%3Aalice%40contoso.example", [true, false]),
        ("Microsoft%3Aalice%40outlook.com", [false, true]),
        ("Microsoft%3Aalice%40contoso.example", [true, true]),
    ] {
        let told =
            world.cli(&["add", "-"]).stdin(format!("otpauth://totp/{label}?secret={}&issuer=Microsoft", key())).ok();
        let said = [
            "countersign qr microsoft",
            "one secret",
            "Push approval stays",
            "verification code",
            "--for microsoft-authenticator",
        ];
        for words in said {
            assert!(told.contains(words), "{words}: {told}");
        }
        assert_eq!([told.contains(work), told.contains(personal)], pages, "{told}");
        assert_eq!(told.contains("five"), pages[0], "{told}");
    }
}

fn picture(world: &World, text: &str, name: &str) -> String {
    let path = world.dir().join(format!("tmp/{name}.png"));
    world.cmd("qrencode").args(["-s", "5", "-o"]).arg(&path).stdin(text).ok();
    path.to_str().unwrap().to_owned()
}

fn parts_come_from_several_pictures_in_any_order() {
    let world = World::build().vault().start();
    let accounts: Vec<Account> = (0..3).map(|number| account(&world, &format!("Site {number}"))).collect();
    let part = |index: u8| {
        picture(&world, &export_part(&accounts[usize::from(index)..][..1], index, 3), &format!("part-{index}"))
    };
    let [one, two, three] = [part(0), part(1), part(2)];
    let told = world.cli(&["scan", "--json", "--image", &three, &one]).ok();
    let told: Value = serde_json::from_str(&told).unwrap();
    for part in told["candidates"].as_array().unwrap() {
        assert_eq!(part["missing_parts"], serde_json::json!([2]), "{part}");
    }
    assert_eq!(told["candidates"][0]["screen"], three.as_str(), "which picture it is in");
    // The same part twice is one; all of them are one decision.
    let told = world.cli(&["scan", "--yes", "--image", &three, &one, &three, &two]).ok();
    assert!(told.contains("Kept 3 accounts"), "{told}");
    assert_eq!(world.cli(&["list"]).ok().lines().count(), 3);
    let refused = world.cli(&["scan", "--yes", "--image", &one, "/nonexistent.png"]).fails(1);
    assert!(refused.err.contains("/nonexistent.png"), "{refused:?}");
}

fn two_exports_are_never_mixed() {
    let world = World::build().vault().start();
    let [one, other] = ["One", "Other"].map(|issuer| account(&world, issuer));
    let (first, impostor) = (export_part(&[one], 0, 2), export_part(&[other], 0, 2));
    let files = [picture(&world, &first, "first"), picture(&world, &impostor, "impostor")];
    let refused = world.cli(&["scan", "--yes", "--image", &files[0], &files[1]]).fails(13);
    assert!(refused.err.contains("none was"), "{refused:?}");
    assert_eq!(world.cli(&["list"]).ok(), "");
    // Ours have numbers: parts of two of them find their own others.
    let made = World::build().vault().start();
    keep_many(&made, 12);
    let exports = ["a", "b"].map(|name| {
        let folder = made.dir().join(format!("tmp/{name}"));
        fs::create_dir(&folder).unwrap();
        made.cli_present(&["qr", "--all", "--migration", "--png", folder.to_str().unwrap()]).fails(0);
        pictures(&folder)
    });
    let scan = |file: &PathBuf| world.cli(&["scan", "--yes", "--image"]).arg(file).ok();
    let told = scan(&exports[0][0]);
    assert!(told.contains("missing: part 2"), "{told}");
    let told = scan(&exports[1][1]);
    assert!(told.contains("missing: part 1"), "{told}");
    let told = scan(&exports[0][1]);
    assert!(told.contains("Kept 12 accounts"), "{told}");
}
