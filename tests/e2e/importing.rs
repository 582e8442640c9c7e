//! Moving in: what a person sees and says from another program's file to the moment when the old app may go.

use std::{fmt::Write as _, fs, path::PathBuf, time::Duration};

use harness::{
    World,
    samples::{self, Account},
    tests,
};
use serde_json::{Value, json};

tests![
    an_import_is_told_first_kept_in_one_change_and_taken_back_by_one_undo,
    the_same_file_again_and_the_same_account_twice_are_kept_once,
    an_import_is_kept_though_nobody_reads_what_it_says,
    what_can_not_be_read_holds_the_rest_back_until_the_person_says_otherwise,
    a_wrong_password_is_told_and_asked_again,
    ctrl_c_ends_a_long_opening_and_nothing_is_kept,
    what_is_no_export_is_refused_each_in_its_own_words,
    every_way_out_that_people_ask_for_is_told,
    a_checklist_goes_from_the_first_site_to_the_old_app_may_go,
    what_can_not_be_exported_is_offered_for_the_checklist,
    ten_thousand_accounts_come_in_one_go_and_leave_in_one,
];

/// Writes a file of the world; what is in it are the secrets that it holds.
fn write(world: &World, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = world.dir().join("home").join(name);
    fs::write(&path, text).unwrap();
    world.witness().exempt(&path);
    path
}

/// Returns accounts as Aegis exports them in the clear.
fn aegis(world: &World, accounts: &[Account], group: &str) -> Value {
    let entry = |account: &Account| {
        world.witness().plant_key(&format!("the key of {} {}", account.issuer, account.name), &account.secret);
        let info = json!({"secret": account.secret, "algo": "SHA1", "digits": 6, "period": 30});
        json!({"type": "totp", "name": account.name, "issuer": account.issuer, "group": group, "info": info})
    };
    let entries: Vec<Value> = accounts.iter().map(entry).collect();
    json!({"version": 1, "header": {"slots": null, "params": null}, "db": {"version": 2, "entries": entries}})
}

fn some() -> [Account; 3] {
    [samples::github(), Account::new("Bank", "alice"), Account::new("Shop", "bob")]
}

/// Returns an export of Ente whose password costs this much to try; no password opens it.
fn sealed(mebibytes: u64, rounds: u64) -> String {
    let params = json!({"memLimit": mebibytes << 20, "opsLimit": rounds, "salt": "AAAAAAAAAAAAAAAAAAAAAA=="});
    let nonce = "A".repeat(32);
    json!({"version": 1, "kdfParams": params, "encryptedData": "A".repeat(64), "encryptionNonce": nonce}).to_string()
}

fn an_import_is_told_first_kept_in_one_change_and_taken_back_by_one_undo() {
    let world = World::build().vault().start();
    let accounts = some();
    let path = write(&world, "aegis.json", aegis(&world, &accounts, "work").to_string());
    let path = path.to_str().unwrap();
    let told = world.cli(&["import", "--dry-run", path]).ok();
    assert!(told.starts_with("Found 3 (Aegis): 3 new.\n\nNew:\n  GitHub – alice  work\n"), "{told}");
    assert_eq!(world.cli(&["list"]).ok(), "", "telling keeps nothing");

    let mut tty = world.tty(&["import", "--tag", "moved", path]);
    tty.expect("Found 3").expect("Keep 3 accounts? [Y/n]").line("");
    tty.expect("Kept 3 accounts").expect("in the clear").expect(&format!("rm -- {path}")).expect("SSDs");
    tty.ends(0);
    for account in &accounts {
        let at = harness::wait::unix_now();
        let code = world.cli(&["code", "--at", &at.to_string(), &account.issuer]).ok();
        assert_eq!(code, world.oathtool(&account.secret, at), "{}", account.issuer);
    }
    assert!(world.cli(&["generations", "list"]).ok().contains("import"));
    assert!(world.cli(&["undo"]).ok().contains("3 accounts were added"));
    assert_eq!(world.cli(&["list"]).ok(), "");
}

fn the_same_file_again_and_the_same_account_twice_are_kept_once() {
    let world = World::build().vault().start();
    let all = some();
    let one = write(&world, "one.json", aegis(&world, &all, "").to_string());
    let two = write(&world, "two.txt", format!("{}\n{}\n", all[0].uri(), samples::github().uri()));
    let args = |more: &[&str]| {
        let files = [one.to_str().unwrap().to_owned(), two.to_str().unwrap().to_owned()];
        ["import".to_owned()]
            .into_iter()
            .chain(more.iter().map(|word| (*word).to_owned()))
            .chain(files)
            .collect::<Vec<_>>()
    };
    let told: Value = serde_json::from_str(&world.cli(&args(&["--dry-run", "--json"])).ok()).unwrap();
    let numbers = |told: &Value, name: &str| told["numbers"][name].as_u64().unwrap();
    assert_eq!(["found", "kept", "repeated", "kept_both"].map(|name| numbers(&told, name)), [5, 3, 1, 1]);
    let done: Value = serde_json::from_str(&world.cli(&args(&["--json"])).ok()).unwrap();
    assert_eq!(done["dry_run"], false);
    let again: Value = serde_json::from_str(&world.cli(&args(&["--json"])).ok()).unwrap();
    assert_eq!(["kept", "already_kept"].map(|name| numbers(&again, name)), [0, 5]);
    assert_eq!(world.cli(&["list"]).ok().lines().count(), 4);
    let tagged = world.cli(&args(&["--tag", "late"])).fails(0);
    assert!(tagged.err.contains("not been given the label \"late\""), "{tagged:?}");
    // By standard input, and only what is asked for.
    let new = Account::new("Mail", "carol");
    world.witness().plant_key("the key of Mail", &new.secret);
    let lines = format!("{}\n{}\n", new.uri(), samples::github().uri());
    let run = world.cli(&["import", "-", "--only", "mail CAROL"]).stdin(lines).fails(0);
    assert!(
        run.out.contains("Found 1") && run.out.contains("Kept 1 account") && !run.err.contains("in the clear"),
        "{run:?}"
    );
}

/// It ended with 0 and had kept nothing: `countersign import --yes FILE | head -1` may be that.
fn an_import_is_kept_though_nobody_reads_what_it_says() {
    let world = World::build().vault().start();
    let path = write(&world, "aegis.json", aegis(&world, &some(), "").to_string());
    let script = r#"mkfifo gone; { read -r _ < gone; countersign import --yes "$1"; } | { exec <&-; : > gone; }"#;
    let run = world.cmd("sh").args(["-c", script, "sh"]).arg(&path).run();
    assert!(run.code == 0 && run.err.contains("in the clear"), "{run:?}");
    assert_eq!(world.cli(&["list"]).ok().lines().count(), 3);
}

fn what_can_not_be_read_holds_the_rest_back_until_the_person_says_otherwise() {
    let world = World::build().vault().start();
    let mut file = aegis(&world, &some(), "");
    file["db"]["entries"][1]["info"]["secret"] = json!("not base32!");
    let path = write(&world, "aegis.json", file.to_string());
    let path = path.to_str().unwrap();
    for more in [&[][..], &["--yes"], &["--json"]] {
        let run = world.cli(&["import", path]).args(more).fails(23);
        assert!(
            run.err.contains("nothing was kept: 1 entry can't be read") && run.err.contains("--skip-bad"),
            "{run:?}"
        );
    }
    assert_eq!(world.cli(&["list"]).ok(), "");
    let mut tty = world.tty(&["import", path]);
    tty.expect("Unreadable:").expect("Keep the other 2? [y/N]").line("").ends(5);
    assert_eq!(world.cli(&["list"]).ok(), "");
    let run = world.cli(&["import", "--skip-bad", path]).fails(0);
    assert!(run.out.contains("Bank") && run.out.contains("Kept 2 accounts, 1 skipped as unreadable"), "{run:?}");
    assert_eq!(world.cli(&["list"]).ok().lines().count(), 2);
    let told = run.err.replace('\n', " ");
    assert!(told.contains("1 account is in it and not kept here") && !told.contains("rm --"), "{run:?}");
    // A whole file that gives nothing is skipped likewise, but not where there is nothing else.
    let (mail, noise) = (Account::new("Mail", "carol"), write(&world, "noise", "hello, world\n"));
    world.witness().plant_key("the key of Mail", &mail.secret);
    let list = write(&world, "list.txt", mail.uri());
    assert!(world.cli(&["import"]).args([&noise, &list]).fails(15).out.is_empty());
    assert!(world.cli(&["import", "--skip-bad"]).arg(&noise).fails(15).out.is_empty());
    let run = world.cli(&["import", "--skip-bad"]).args([&noise, &list]).fails(0);
    assert!(run.out.contains("no export that is known") && run.out.contains("Kept 1 account, 1 skipped"), "{run:?}");
    let again = world.cli(&["import", path]).fails(23);
    assert!(!again.err.contains("--skip-bad"), "there are no others to keep: {again:?}");
    let named = world.cli(&["import", "--dry-run", "--only", "nonesuch", path]).ok();
    assert!(named.contains("1 unreadable"), "it may be the one that was asked for: {named}");
}

fn a_wrong_password_is_told_and_asked_again() {
    let world = World::build().vault().start();
    let path = write(&world, "ente.json", sealed(64, 1));
    let path = path.to_str().unwrap();
    let mut tty = world.tty(&["import", path]);
    for _ in 0..2 {
        tty.expect("Password of ").secret("not the password").expect("That is not its password.");
    }
    tty.expect("Password of ").secret("nor is this one");
    tty.expect("that is not its password").ends(17);
    world.cli(&["import", "--file-passphrase-fd", "0", path]).stdin("wrong\n").fails(17);
    let none = world.cli(&["import", path]).fails(16);
    assert!(none.err.contains("--file-passphrase-fd"), "{none:?}");
    world.cli(&["import", "--file-passphrase-fd", "0", path]).stdin("").fails(16);
    // Of some formats the two look the same.
    let old = concat!(env!("CARGO_MANIFEST_DIR"), "/../daemon/import/samples/stratum/legacy.authpro");
    let run = world.cli(&["import", "--file-passphrase-fd", "0", old]).stdin("wrong\n").fails(17);
    assert!(run.err.contains("that is not its password, or it is damaged"), "{run:?}");
    assert_eq!(world.cli(&["list"]).ok(), "");
}

fn ctrl_c_ends_a_long_opening_and_nothing_is_kept() {
    let world = World::build().vault().start();
    let path = write(&world, "ente.json", sealed(1000, 8));
    let mut tty = world.tty(&["import", path.to_str().unwrap()]);
    tty.expect("Password of ").secret("whatever it may be");
    tty.expect("Opening ").expect("Ctrl-C ends it").interrupt();
    tty.expect_within("cancelled; nothing was kept", Duration::from_secs(5)).ends(130);
    assert_eq!(world.cli(&["list"]).ok(), "");
    let mut tty = world.tty(&["import", path.to_str().unwrap()]);
    tty.expect("Password of ").interrupt().expect("cancelled; nothing was kept").ends(130);
}

fn what_is_no_export_is_refused_each_in_its_own_words() {
    let world = World::build().vault().start();
    let rows = [
        ("empty", Vec::new(), 18, "nothing is in it"),
        ("noise", b"hello, world\n".to_vec(), 15, "no export that is known"),
        (
            "newer.json",
            br#"{"version":9,"header":{"slots":null,"params":null},"db":{"version":3,"entries":[]}}"#.to_vec(),
            19,
            "version",
        ),
        ("costly.json", sealed(1 << 20, 1).into_bytes(), 21, "too much"),
        ("damaged.json", br#"{"version":1,"header":{},"db":"AAAA"}"#.to_vec(), 18, "damaged"),
        (
            "bomb.xml",
            format!("<!DOCTYPE x [<!ENTITY a \"{}\">]><KeePassFile/>", "b".repeat(4096)).into(),
            18,
            "document type",
        ),
    ];
    for (name, bytes, code, words) in rows {
        let path = write(&world, name, bytes);
        let run = world.cli(&["import", "--file-passphrase-fd", "0"]).arg(&path).stdin("a password\n").fails(code);
        assert!(run.err.contains(words) && run.err.contains(name), "{name}: {run:?}");
        assert!(run.err.contains("  hint: "), "{name} says what to do next: {run:?}");
    }
    let huge = world.dir().join("home/huge");
    fs::File::create(&huge).unwrap().set_len(2 << 30).unwrap();
    assert!(world.cli(&["import"]).arg(&huge).fails(22).err.contains("too large"));
    fs::remove_file(&huge).unwrap();
    assert!(world.cli(&["import", "/dev/zero"]).fails(22).err.contains("too large"));
    let fifo = world.dir().join("home/fifo");
    world.cmd("mkfifo").arg(&fifo).ok();
    assert!(world.cli(&["import"]).arg(&fifo).fails(18).err.contains("nobody writes into this pipe"));
    assert!(!world.cli(&["import"]).arg(world.dir().join("home/none")).fails(1).err.is_empty());
    let unknown = world.cli(&["import", "--format", "nonesuch", "/dev/null"]).fails(2);
    assert!(unknown.err.contains("countersign import --list-formats"), "{unknown:?}");
    world.cli(&["import"]).fails(2);
    assert_eq!(world.cli(&["list"]).ok(), "");
}

fn every_way_out_that_people_ask_for_is_told() {
    let world = World::build().without_daemon().start();
    for program in [
        "Aegis",
        "andOTP",
        "Stratum",
        "Authenticator Pro",
        "2FAS",
        "Ente",
        "Proton Authenticator",
        "Proton Pass",
        "Bitwarden",
        "Bitwarden Authenticator",
        "LastPass Authenticator",
        "FreeOTP",
        "FreeOTP+",
        "FreeOTP 2",
        "google",
        "Google Authenticator",
        "ms authenticator",
        "Microsoft Authenticator",
        "Authenticator Plus",
        "Authy",
        "Battle.net",
        "Duo",
        "Steam",
        "SDA",
        "steamguard-cli",
        "TOTP Authenticator",
        "WinAuth",
        "KeePass",
        "KeePassXC",
        "1Password",
        "Raivo",
        "OTPClient",
        "cotp",
        "Authenticator extension",
        "Keysmith",
        "pass-otp",
        "gopass",
        "GNOME Authenticator",
        "Yubico",
        "YubiKey",
        "Apple Passwords",
        "Okta Verify",
        "Symantec VIP",
        "Entrust",
        "RSA",
        "Samsung Pass",
        "Dashlane",
        "NordPass",
        "Zoho OneAuth",
        "Salesforce",
    ] {
        let told = world.cli(&["import", "--from", program]).ok();
        assert!(told.contains("  1. "), "{program}: {told}");
        let json: Value = serde_json::from_str(&world.cli(&["import", "--json", "--from", program]).ok()).unwrap();
        assert_eq!(json.as_array().unwrap().len(), 1, "{program} is one program: {told}");
    }
    let aegis: Value = serde_json::from_str(&world.cli(&["import", "--json", "--from", "aegis"]).ok()).unwrap();
    assert_eq!(aegis[0]["formats"][0]["encrypts"], "optional", "as --list-formats has it: {aegis}");
    let authy = world.cli(&["import", "--from", "authy"]).ok();
    assert!(authy.contains("nothing gets out") && authy.contains("--checklist --from authy"), "{authy}");
    let unknown = world.cli(&["import", "--from", "Nonesuch"]).fails(3);
    assert!(unknown.err.contains("\"Nonesuch\"") && unknown.err.contains("--checklist"), "{unknown:?}");
    world.cli(&["import", "--from", "aegis", "file"]).fails(2);
}

fn a_checklist_goes_from_the_first_site_to_the_old_app_may_go() {
    let world = World::build().vault().start();
    assert!(world.cli(&["import", "--checklist"]).ok().contains("No site is on the list"));
    let mut tty = world.tty(&["import", "--checklist", "--from", "authy"]);
    tty.expect("The sites in Authy").expect("1. ").line("github.com").expect("2. ").line("Bank").expect("3. ").line("");
    tty.expect("To enrol again, out of Authy:").expect("0 of 2 sites done. Keep Authy until all are.").ends(0);
    let list = |world: &World| -> Value {
        serde_json::from_str(&world.cli(&["import", "--checklist", "--json"]).ok()).unwrap()
    };
    // The list is in the vault, and nowhere in the clear.
    for entry in fs::read_dir(world.vault_dir()).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        assert!(!String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).contains("github.com"), "{entry:?}");
    }
    let github = samples::github();
    world.witness().plant_key("the key of GitHub", &github.secret);
    let picture = world.dir().join("tmp/enrol.png");
    world.cmd("qrencode").args(["-s", "6", "-o"]).arg(&picture).stdin(github.uri()).ok();
    world.cli(&["scan", "--yes", "--image"]).arg(&picture).ok();
    assert_eq!(list(&world)["sites"][0]["state"], "unproven", "{}", list(&world));
    world.cli(&["scan", "--accepted", "github"]).ok();
    assert_eq!(list(&world)["sites"][0]["state"], "done");
    assert_eq!(list(&world)["may_go"], false);
    world.cli(&["import", "--checklist", "--remove", "bank"]).ok();
    let told = world.cli(&["import", "--checklist"]).ok();
    assert!(told.contains("[x] github.com") && told.contains("Authy may go"), "{told}");
    assert_eq!(list(&world)["may_go"], true);
    assert!(world.cli(&["undo"]).ok().contains("the list of sites to enrol again was changed: Bank"));
    assert_eq!(list(&world)["may_go"], false);
    world.cli(&["import", "--checklist", "-"]).stdin("Shop\n\n Mail \n").ok();
    assert_eq!(list(&world)["sites"].as_array().unwrap().len(), 4);
    let missing = world.cli(&["import", "--checklist", "--remove", "shop", "Nonesuch"]).fails(3);
    assert!(missing.err.contains("not on the list of sites: Nonesuch;"), "{missing:?}");
    let unknown = world.cli(&["import", "--checklist", "--from", "Nonesuch"]).fails(0);
    assert!(unknown.err.contains("no program is known as \"Nonesuch\""), "{unknown:?}");
    world.cli(&["import", "--checklist", "--remove"]).fails(2);
    let none = world.cli(&["import", "--checklist", "-"]).stdin("").fails(1);
    assert!(none.err.contains("pipe in the sites, one a line"), "{none:?}");
}

fn what_can_not_be_exported_is_offered_for_the_checklist() {
    let world = World::build().vault().start();
    let duo =
        json!([{"name": "University", "pkey": "x"}, {"name": "Bank", "otpGenerator": {"otpSecret": some()[1].secret}}]);
    let path = write(&world, "accounts.json", duo.to_string());
    let mut tty = world.tty(&["import", "--yes", path.to_str().unwrap()]);
    tty.expect("1 not exportable").expect("Kept 1 account").expect("--checklist SITES").ends(0);
    world.cli(&["undo"]).ok();
    let mut tty = world.tty(&["import", path.to_str().unwrap()]);
    tty.expect("Keep 1 account? [Y/n]").line("y").expect("on the list of sites to enrol again? [Y/n]").line("");
    tty.expect("out of Duo Mobile").expect("University").expect("the accounts by another one").ends(0);
    let list: Value = serde_json::from_str(&world.cli(&["import", "--checklist", "--json"]).ok()).unwrap();
    assert_eq!((&list["sites"][0]["site"], &list["sites"][0]["state"]), (&json!("University"), &json!("open")));
    // What an import brings is not in use here before a code of it was.
    let shop = &some()[2];
    world.witness().plant_key("the key of Shop", &shop.secret);
    let path = write(&world, "shop.txt", shop.uri());
    world.cli(&["import", "--checklist", "Shop"]).ok();
    world.cli(&["import", "--yes", path.to_str().unwrap()]).ok();
    assert!(world.cli(&["import", "--checklist"]).ok().contains("[~] Shop"));
    world.cli(&["code", "shop"]).ok();
    assert!(world.cli(&["import", "--checklist"]).ok().contains("[x] Shop"));
}

fn ten_thousand_accounts_come_in_one_go_and_leave_in_one() {
    let world = World::build().vault().start();
    let mut lines = String::new();
    for number in 0..10_000 {
        writeln!(lines, "{}", Account::new("Example", &format!("user{number}")).uri()).unwrap();
    }
    let path = write(&world, "uris.txt", lines);
    let run = world.cli(&["import", "--yes", path.to_str().unwrap()]).fails(0);
    assert!(run.out.starts_with("Found 10000 (otpauth URIs): 10000 new."), "{}", &run.out[..200]);
    assert!(run.out.ends_with("Kept 10000 accounts. Take it all back by: countersign undo\n"));
    let again = world.cli(&["import", "--yes", path.to_str().unwrap()]).fails(0);
    assert!(again.out.contains("10000 already there") && again.err.contains("nothing new"), "{again:?}");
    for (format, name) in [("aegis", "out.json"), ("uris", "out.txt")] {
        let out = world.dir().join(name);
        world.witness().exempt(&out);
        let plain: &[&str] = if format == "aegis" { &["--plain"] } else { &[] };
        let args = [&["export", "--format", format, out.to_str().unwrap()], plain].concat();
        let told = world.cli_present(&args).ok();
        assert!(told.contains("Exported 10000 accounts") && told.contains("read back, and equal"), "{told}");
    }
    assert!(world.cli(&["undo"]).ok().contains("and 9990 more"));
}
