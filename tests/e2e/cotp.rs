//! cotp, an authenticator of the terminal: takes our Aegis file over, makes the same codes, and gives all of it back.
//!
//! Not in the run of all tests: no system packs it, and `tests/run cotp` builds it.

use std::fs;

use harness::{World, programs, tests};
use serde_json::Value;

use crate::exporting::{PASSWORD, export, keep_all_kinds, own};

tests![cotp_takes_an_aegis_file_over_and_gives_it_back];

fn cotp_takes_an_aegis_file_over_and_gives_it_back() {
    let world = World::build().vault().start();
    let accounts = keep_all_kinds(&world);
    let file = export(&world, "aegis", "a.json", &["--plain"]);
    let database = world.dir().join("cotp");
    let database = database.to_str().unwrap();
    let cotp = |args: &[&str]| world.tty_of(&program(), &[&["-d", database], args].concat());
    let mut first = cotp(&["import", "-a", "-p", file.to_str().unwrap()]);
    first.expect("Choose a password").line(PASSWORD).expect("Retype").line(PASSWORD).ends(0);
    // Its codes of the 59th second of time.
    let mut listed = world.tty_of("faketime", &["1970-01-01 00:00:59 UTC", &program(), "-d", database, "list", "-e"]);
    let listed = listed.expect("Password").line(PASSWORD).ends(0);
    let codes: Value = serde_json::from_str(&listed[listed.find('[').unwrap()..]).unwrap();
    let mut codes: Vec<[&str; 3]> = codes.as_array().unwrap().iter().map(cells).collect();
    codes.sort_unstable();
    let known = own(&world, &accounts);
    let known: Vec<[&str; 3]> = known.iter().map(|[issuer, name, _, code]| [&**issuer, &**name, &**code]).collect();
    assert_eq!(codes, known);
    // Its own database, its export, and its list of URIs.
    let is_whole = |file: &str, more: &[&str]| {
        let args = [&["import", file, "--dry-run", "--json"], more].concat();
        let told: Value = serde_json::from_str(&world.cli(&args).stdin(format!("{PASSWORD}\n")).ok()).unwrap();
        assert_eq!(told["files"][0]["format"], "cotp");
        assert_eq!(told["numbers"]["already_kept"], accounts.len(), "{told}");
        assert_eq!(told["numbers"]["found"], accounts.len(), "{told}");
    };
    is_whole(database, &["--file-passphrase-fd", "0"]);
    for kind in ["-c", "-o"] {
        let folder = world.dir().join(format!("of{kind}"));
        fs::create_dir(&folder).unwrap();
        let exported = folder.join("exported.cotp");
        world.witness().exempt(&exported);
        let mut out = cotp(&["export", kind, "-p", &format!("{}/", folder.display())]);
        out.expect("Password").line(PASSWORD).ends(0);
        is_whole(exported.to_str().unwrap(), &[]);
    }
}

/// Where `tests/run cotp` puts it.
fn program() -> String {
    programs::bin_dir().join("../cotp/bin/cotp").to_str().unwrap().to_owned()
}

fn cells(one: &Value) -> [&str; 3] {
    ["issuer", "label", "otp_code"].map(|name| one[name].as_str().unwrap())
}
