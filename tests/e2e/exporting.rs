//! Accounts on their way out: each format written, read by programs of other people, and what is refused.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use harness::{
    Completion, World,
    notifications::Notifications,
    programs,
    samples::{self, Account},
    tests,
    world::assert_private,
};
use serde_json::Value;

tests![
    every_format_is_read_by_readers_that_know_nothing_of_us,
    the_independent_reader_is_right_about_other_peoples_files,
    a_backup_opens_by_the_stock_age_and_its_json_fits_its_schema,
    codes_of_exported_uris_are_those_of_oathtool,
    keepassxc_makes_the_same_codes,
    another_countersign_takes_all_of_it_over,
    a_sheet_is_printed_and_read_off_the_paper,
    a_google_export_is_read_by_zbarimg,
    what_does_not_fit_is_told_and_asked_about,
    nothing_is_overwritten_shown_or_written_without_the_person,
    an_export_is_seen_on_the_desktop_and_in_the_log,
];

/// Keeps an account of each kind; returns what an independent reader is to find, sorted.
pub(super) fn keep_all_kinds(world: &World) -> Vec<Account> {
    let accounts: Vec<Account> =
        ["GitHub", "Microsoft", "Bank", "=SUM(1)", "Steam"].map(|issuer| Account::new(issuer, "@alice")).into();
    let more = ["", "&algorithm=SHA256&digits=8&period=60", "&counter=7", "&period=15", "&encoder=steam"];
    for (account, more) in accounts.iter().zip(more) {
        world.witness().plant_key(&format!("the key of {}", account.issuer), &account.secret);
        let uri = account.uri_with(more);
        world.add_uri(&if more.contains("counter") { uri.replace("/totp/", "/hotp/") } else { uri });
    }
    accounts
}

/// Exports, and lets the file hold secrets; the passphrase and the file's password come on descriptor 0.
pub(super) fn export(world: &World, format: &str, name: &str, more: &[&str]) -> PathBuf {
    let file = world.dir().join(name);
    world.witness().exempt(&file);
    let args = [&["export", "--format", format, name, "--passphrase-fd", "0", "--skip-unfit"], more].concat();
    let told = world.cli(&args).stdin(format!("{}\n{PASSWORD}\n", world.passphrase())).ok();
    assert!(told.contains("read back, and equal"), "{told}");
    assert_private(&file);
    file
}

/// Returns what `exports.py` reads: issuer, name, kind and code at a time, of each account.
fn read(world: &World, format: &str, file: &Path) -> Vec<[String; 4]> {
    let reader = programs::data("exports.py");
    let told = world.cmd("python3").args([&reader, format]).arg(file).stdin(format!("{PASSWORD}\n")).reveals().ok();
    let cells = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        [cells[1], cells[2], cells[0], cells[10]].map(str::to_owned)
    };
    let mut all: Vec<[String; 4]> = told.lines().map(cells).collect();
    all.sort();
    all
}

/// Returns the same as countersign itself tells it; codes that follow a counter are as `oathtool` makes them.
pub(super) fn own(world: &World, accounts: &[Account]) -> Vec<[String; 4]> {
    let listed: Value = serde_json::from_str(&world.cli(&["list", "--json"]).ok()).unwrap();
    let one = |account: &Value| {
        let text = |name: &str| account[name].as_str().unwrap().to_owned();
        let code = if text("kind") == "hotp" {
            let key = &accounts.iter().find(|own| own.issuer == text("issuer")).unwrap().secret;
            world.cmd("oathtool").args(["--hotp", "-b", "-c", "7", "-"]).stdin(key.as_str()).ok()
        } else {
            world.cli(&["code", &text("id"), "--at", "59"]).ok()
        };
        [text("issuer"), text("name"), text("kind"), code]
    };
    let mut all: Vec<[String; 4]> = listed.as_array().unwrap().iter().map(one).collect();
    all.sort();
    all
}

fn every_format_is_read_by_readers_that_know_nothing_of_us() {
    let world = World::build().vault().start();
    let accounts = keep_all_kinds(&world);
    let known = own(&world, &accounts);
    let sealed = ["--file-passphrase-fd", "0"];
    for (format, name, more) in [
        ("uris", "u.txt", &[][..]),
        ("2fas", "2.2fas", &[]),
        ("countersign-json", "c.json", &[]),
        ("aegis", "a.json", &["--plain"]),
        ("aegis", "a-encrypted.json", &sealed),
        ("bitwarden", "b.json", &["--plain"]),
        ("bitwarden", "b-encrypted.json", &sealed),
        ("keepassxc-csv", "k.csv", &[]),
    ] {
        let found = read(&world, format, &export(&world, format, name, more));
        // The one of 15 seconds is nothing for 2FAS.
        let unfit = |one: &[String; 4]| match format {
            "bitwarden" | "keepassxc-csv" => one[2] == "hotp",
            "2fas" => one[0] == "=SUM(1)",
            _ => false,
        };
        let wanted: Vec<_> = known.iter().filter(|one| !unfit(one)).cloned().collect();
        assert_eq!(found, wanted, "{name}");
    }
}

fn the_independent_reader_is_right_about_other_peoples_files() -> Completion {
    let Some(shared) = programs::shared() else {
        return Completion::ignored_with("no shared samples here: COUNTERSIGN_SHARED");
    };
    let world = World::build().without_daemon().start();
    let reader = programs::data("exports.py");
    let checked = world.cmd("python3").args([&reader, "--fixtures"]).arg(shared.join("fixtures")).reveals().ok();
    assert!(checked.parse::<u32>().unwrap() > 50, "{checked}");
    Completion::Completed
}

fn a_backup_opens_by_the_stock_age_and_its_json_fits_its_schema() {
    let world = World::build().vault().start();
    keep_all_kinds(&world);
    export(&world, "countersign-backup", "backup.age", &["--file-passphrase-fd", "0"]);
    let plain = world.dir().join("plain.json");
    world.witness().exempt(&plain);
    let mut age = world.tty_of("age", &["-d", "-o", "plain.json", "backup.age"]);
    age.expect("passphrase").line(PASSWORD).ends(0);
    let exported = export(&world, "countersign-json", "c.json", &[]);
    let accounts = |file: &Path| serde_json::from_slice::<Value>(&fs::read(file).unwrap()).unwrap()["accounts"].take();
    assert_eq!(accounts(&plain), accounts(&exported));
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../daemon/import/export.schema.json");
    let check = "import json, sys, jsonschema\njsonschema.validate(*(json.load(open(path)) for path in sys.argv[1:]))";
    world.cmd("/usr/bin/python3").args(["-c", check]).arg(&exported).arg(schema).ok();
}

fn codes_of_exported_uris_are_those_of_oathtool() {
    let world = World::build().vault().start();
    let github = samples::github();
    world.add(&github);
    let uris = world.cli_present(&["export", "--format", "uris", "-", "github"]).reveals().ok();
    let key = uris.split("secret=").nth(1).unwrap().split('&').next().unwrap();
    assert_eq!(key, github.secret);
    assert!(uris.ends_with("&algorithm=SHA1&digits=6&period=30"), "nothing is left to a reader's defaults");
    assert_eq!(world.oathtool(key, 59), world.cli(&["code", "github", "--at", "59"]).ok());
}

/// Its table is imported by its window only; its command line takes the same URIs as XML, and makes the codes.
fn keepassxc_makes_the_same_codes() {
    let world = World::build().vault().start();
    let accounts = keep_all_kinds(&world);
    let table = export(&world, "keepassxc-csv", "k.csv", &[]);
    let (xml, database) = (world.dir().join("k.xml"), world.dir().join("k.kdbx"));
    world.witness().exempt(&xml);
    let convert = "import csv, sys\nfrom xml.sax.saxutils import escape\n\
        print('<KeePassFile><Meta/><Root><Group><Name>Root</Name>')\n\
        for row in csv.DictReader(open(sys.argv[1])):\n\
        \x20for part in [('Title', row['Title']), ('otp', row['TOTP'])]:\n\
        \x20 print('<Entry>' * (part[0] == 'Title') + '<String><Key>%s</Key><Value>%s</Value></String>' % (part[0], escape(part[1])) + '</Entry>' * (part[0] == 'otp'))\n\
        print('</Group></Root></KeePassFile>')";
    fs::write(&xml, world.cmd("python3").args(["-c", convert]).arg(&table).reveals().ok()).unwrap();
    let kdbx = |args: &[&str], input: String| {
        world.cmd("keepassxc-cli").env("QT_QPA_PLATFORM", "offscreen").args(args).stdin(input)
    };
    let database = database.to_str().unwrap();
    kdbx(&["import", "-q", "-p", xml.to_str().unwrap(), database], format!("{PASSWORD}\n{PASSWORD}\n")).ok();
    for account in accounts.iter().filter(|account| ["GitHub", "Microsoft", "Steam"].contains(&account.issuer.as_str()))
    {
        let id = account.issuer.to_lowercase();
        // The code of now, which may change between two looks.
        let same = (0..5).any(|_| {
            let before = world.cli(&["code", &id]).ok();
            kdbx(&["show", "-q", "-t", database, &account.issuer], format!("{PASSWORD}\n")).ok() == before
        });
        assert!(same, "{}", account.issuer);
    }
}

fn another_countersign_takes_all_of_it_over() {
    let (from, to) = (World::build().vault().start(), World::build().vault().start());
    let accounts = keep_all_kinds(&from);
    from.cli(&["edit", "github", "--note", "in the safe"]).ok();
    from.cli(&["pin", "bank"]).ok();
    let file = export(&from, "countersign-backup", "backup.age", &["--file-passphrase-fd", "0"]);
    let args = ["import", file.to_str().unwrap(), "--yes", "--file-passphrase-fd", "0"];
    to.cli(&args).stdin(format!("{PASSWORD}\n")).ok();
    assert_eq!(own(&from, &accounts), own(&to, &accounts));
    let kept = to.cli(&["list", "--json"]).ok();
    assert!(kept.contains("in the safe") && kept.contains("\"pinned\":true"), "{kept}");
}

fn a_sheet_is_printed_and_read_off_the_paper() {
    let world = World::build().vault().start();
    let accounts = keep_all_kinds(&world);
    let known = own(&world, &accounts);
    let sheet = export(&world, "sheet", "sheet.html", &[]);
    let back = world.cli(&["import", "--dry-run", "sheet.html"]).ok();
    assert!(back.starts_with("Found 5 (Stratum or another page (HTML)): 5 already there."), "{back}");
    let (pdf, texts) = (world.dir().join("sheet.pdf"), world.dir().join("read.txt"));
    for file in [&pdf, &texts] {
        world.witness().exempt(file);
    }
    let quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"];
    let profile = format!("--user-data-dir={}", world.dir().join("profile").display());
    let print = world.cmd("chromium").args(quiet).arg(profile).arg(format!("--print-to-pdf={}", pdf.display()));
    print.arg(format!("file://{}", sheet.display())).limit(Duration::from_secs(120)).ok();
    // What a scanner makes of paper.
    let pages = world.dir().join("pages");
    fs::create_dir(&pages).unwrap();
    world.cmd("pdftoppm").args(["-r", "150", "-gray", "-png"]).arg(&pdf).arg(pages.join("page")).ok();
    let mut read_off = String::new();
    for page in fs::read_dir(&pages).unwrap() {
        let scan = world.cmd(&programs::ours("countersign-scan")).arg(page.unwrap().path()).reveals().ok();
        for line in scan.lines() {
            read_off += serde_json::from_str::<Value>(line).unwrap()["text"].as_str().unwrap();
            read_off.push('\n');
        }
    }
    fs::write(&texts, read_off).unwrap();
    assert_eq!(read(&world, "uris", &texts), known);
    let words = world.cmd("pdftotext").args(["-layout"]).arg(&pdf).arg("-").reveals().ok();
    let groups: Vec<&str> = accounts[0].secret.as_bytes().chunks(4).map(|four| str::from_utf8(four).unwrap()).collect();
    let key = groups.join(" ");
    let plain = words.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [&*key, "GitHub", "Whoever has this sheet", "SHA256 · 8 digits · every 60 seconds"] {
        assert!(plain.contains(part), "{part}: {plain}");
    }
}

fn a_google_export_is_read_by_zbarimg() {
    let world = World::build().vault().start();
    for number in 0..13 {
        world.add(&Account::new(&format!("Site{number:02}"), "alice"));
    }
    let folder = world.dir().join("parts");
    fs::create_dir(&folder).unwrap();
    let files = [1, 2].map(|number| folder.join(format!("countersign-{number}-of-2.png")));
    for file in &files {
        world.witness().exempt(file);
    }
    let told = world.cli_present(&["export", "--format", "google-migration", "parts"]).ok();
    assert!(told.contains("to parts/countersign-1-of-2.png … parts/countersign-2-of-2.png ("), "{told}");
    for file in &files {
        let text = world.cmd("zbarimg").args(["-q", "--raw"]).arg(file).reveals().ok();
        assert!(text.starts_with("otpauth-migration://offline?data="), "{text}");
        assert_private(file);
    }
}

fn what_does_not_fit_is_told_and_asked_about() {
    let world = World::build().vault().start();
    keep_all_kinds(&world);
    let file = world.dir().join("b.json");
    world.witness().exempt(&world.dir().join("c.json"));
    let refused = world.cli_present(&["export", "--format", "bitwarden", "--plain", "b.json"]).fails(23);
    for part in ["Bank – @alice is left out: Bitwarden makes no counter-based codes", "--skip-unfit"] {
        assert!(refused.err.contains(part), "{part}: {}", refused.err);
    }
    world.cli(&["edit", "github", "--note", "mine"]).ok();
    let told = world.cli_present(&["export", "--format", "2fas", "--dry-run", "b.json"]).run();
    assert!(told.out.contains("note of GitHub") || told.err.contains("note of GitHub"), "{told:?}");
    assert!(!file.exists());
    let report = world.cli_present(&["export", "--format", "bitwarden", "--plain", "b.json", "--json"]).fails(23);
    let report: Value = serde_json::from_str(&report.out).unwrap();
    assert_eq!(report["left_out"][0]["account"], "Bank – @alice");
    assert!(report["files"].as_array().unwrap().is_empty() && !file.exists(), "{report}");
    let passphrase = world.passphrase().to_owned();
    let mut no = world.tty(&["export", "--format", "bitwarden", "b.json"]);
    no.expect("Passphrase").line(&passphrase).expect("left out").expect("all the same? [y/N]").line("").ends(5);
    assert!(!file.exists());
    world.witness().exempt(&file);
    let mut yes = world.tty(&["export", "--format", "bitwarden", "b.json"]);
    yes.expect("Passphrase").line(&passphrase).expect("all the same?").line("y");
    yes.expect("A password for the file").line(PASSWORD).expect("The same again").line("other").expect("differ");
    yes.expect("A password for the file").line(PASSWORD).expect("The same again").line(PASSWORD);
    yes.expect("4 accounts").expect("read back").ends(0);
    let counters = world.cli_present(&["export", "--format", "2fas", "c.json", "--skip-unfit", "bank"]).fails(0);
    assert!(counters.err.contains("1 account makes codes by a counter: Bank – @alice."), "{}", counters.err);
    assert_eq!(read(&world, "bitwarden", &file).len(), 4);
}

fn nothing_is_overwritten_shown_or_written_without_the_person() {
    let world = World::build().vault().start();
    world.add(&samples::github());
    let file = world.dir().join("there");
    fs::write(&file, "mine").unwrap();
    let refused = world.cli_present(&["export", "--format", "uris", "there"]).fails(2);
    assert!(refused.err.contains("others can read it"), "{}", refused.err);
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    let unproved = world.cli(&["export", "--format", "uris", "new", "--no-prompt"]).run();
    assert!(unproved.code == 5 && !world.dir().join("new").exists(), "{unproved:?}");
    world.tty(&["export", "--format", "uris", "-"]).expect("--show").ends(2);
    let meant = world.cli_present(&["export", "--format", "uris", "github"]).fails(2);
    assert!(meant.err.contains("github is an account too") && !world.dir().join("github").exists(), "{}", meant.err);
    let page = world.cli_present(&["export", "--format", "sheet", "new"]).fails(2);
    assert!(page.err.contains(".html"), "{}", page.err);
    let unasked = world.cli_present(&["export", "--format", "aegis", "new"]).fails(2);
    assert!(unasked.err.contains("--plain"), "{}", unasked.err);
    let formats: Value = serde_json::from_str(&world.cli(&["export", "--list-formats", "--json"]).ok()).unwrap();
    assert_eq!(formats[1], serde_json::json!({"format": "aegis", "title": "Aegis", "encrypts": "optional"}));
    world.cli(&["export", "--list-formats", "new"]).fails(2);
    let none = world.cli_present(&["export", "--format", "uris", "new", "--tag", "work"]).fails(3);
    assert!(none.err.contains("no account to export"), "{}", none.err);
    assert!(!world.dir().join("new").exists());
}

fn an_export_is_seen_on_the_desktop_and_in_the_log() {
    let world = World::build().vault().start();
    let mut desktop = Notifications::start(&world);
    world.add(&samples::github());
    world.add(&Account::new("Bank", "alice"));
    export(&world, "uris", "u.txt", &["--only", "github"]);
    desktop.expect("1 account was given out for an export");
    export(&world, "uris", "all.txt", &[]);
    desktop.expect("2 accounts were given out for an export");
    let log = world.cli(&["log"]).ok();
    assert!(log.contains("given out for an export: GitHub – alice\t"), "{log}");
    let used = world.cli(&["list", "--json"]).ok();
    assert!(!used.contains("\"last_used\":1"), "to be exported is no use: {used}");
}

pub(super) const PASSWORD: &str = "another horse of battery";
