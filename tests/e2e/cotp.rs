//! cotp, an authenticator of the terminal: takes our Aegis file over, makes the same codes, and gives all of it back.
//!
//! Not in the run of all tests: no system packs it, and `tests/run cotp` builds it.

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
    // Its plain export and its own database.
    let mut out = cotp(&["export", "-c", "-p", world.dir().to_str().unwrap()]);
    let exported = world.dir().join("exported.cotp");
    world.witness().exempt(&exported);
    out.expect("Password").line(PASSWORD).ends(0);
    for (file, more) in [(exported.to_str().unwrap(), &[][..]), (database, &["--file-passphrase-fd", "0"])] {
        let args = [&["import", file, "--dry-run", "--json"], more].concat();
        let told = world.cli(&args).stdin(format!("{PASSWORD}\n")).ok();
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["files"][0]["format"], "cotp");
        assert_eq!(told["numbers"]["already_kept"], accounts.len(), "{told}");
        assert_eq!(told["numbers"]["found"], accounts.len(), "{told}");
    }
}

/// Where `tests/run cotp` puts it.
fn program() -> String {
    programs::bin_dir().join("../cotp/bin/cotp").to_str().unwrap().to_owned()
}

fn cells(one: &Value) -> [&str; 3] {
    ["issuer", "label", "otp_code"].map(|name| one[name].as_str().unwrap())
}
