//! `countersign import` of what is no single file: a password store by the person's own gpg, pictures, a vault of another
//! machine, a folder of maFiles.

use std::fs;

use harness::{
    Completion, World, programs,
    samples::{self, Account},
    tests,
    wait::unix_now,
};

tests![
    a_password_store_is_opened_by_ones_own_gpg,
    codes_on_pictures_are_kept_and_activations_told,
    a_picture_that_gives_nothing_is_told_why_and_takes_no_other_file_with_it,
    a_vault_of_another_machine_is_a_folder,
    encrypted_mafiles_open_by_their_manifest,
    what_is_nothing_known_is_refused_with_words,
];

fn account(world: &World, issuer: &str) -> Account {
    let account = Account::new(issuer, "alice");
    world.witness().plant_key(&format!("the key of {issuer}"), &account.secret);
    account
}

/// Asserts that the vault gives the codes of an account.
fn gives(world: &World, account: &Account) {
    let began = unix_now();
    let code = world.cli(&["code", &account.issuer]).ok();
    let right = [began, unix_now()].map(|at| world.oathtool(&account.secret, at));
    assert!(right.contains(&code), "another code than oathtool's for {}", account.issuer);
}

/// Ends the agents of gpg that work for this world: they outlive what started them.
struct Agents<'a>(&'a World);

impl Drop for Agents<'_> {
    fn drop(&mut self) {
        self.0.cmd("gpgconf").args(["--kill", "all"]).run();
    }
}

fn a_password_store_is_opened_by_ones_own_gpg() {
    for program in ["gpg", "pass"] {
        programs::require(program);
    }
    let world = World::build().vault().start();
    let _agents = Agents(&world);
    let (site, bare, lost) = (account(&world, "Site"), account(&world, "web"), account(&world, "Lost"));
    fs::create_dir(world.dir().join("home/.gnupg")).unwrap();
    world.cmd("chmod").args(["700", ".gnupg"]).run();
    let key = |name: &str| {
        world.cmd("gpg").args(["--batch", "--passphrase", "", "--quick-generate-key", name, "default", "default"]).ok();
    };
    key("mine@example.com");
    key("other@example.com");
    world.cmd("pass").args(["init", "mine@example.com"]).ok();
    let insert = |name: &str, text: String| drop(world.cmd("pass").args(["insert", "-m", name]).stdin(text).ok());
    let hush = samples::passphrase();
    world.witness().plant("a password of the store", &hush);
    insert("example.com/alice", format!("{hush}\n{}\n", site.uri()));
    insert("web/alice", format!("{hush}\ntotp: {}\n", bare.secret));
    insert("wifi", format!("{hush}\n"));
    let store = world.dir().join("home/.password-store");
    // An entry for a key that is gone.
    let seal = ["--batch", "--trust-model", "always", "--encrypt", "-r", "other@example.com", "-o"];
    world.cmd("gpg").args(seal).arg(store.join("lost.gpg")).stdin(lost.uri()).ok();
    let listed = world.cmd("gpg").args(["--list-secret-keys", "--with-colons", "other@example.com"]).ok();
    let print = listed.lines().find_map(|line| line.strip_prefix("fpr:")).unwrap().trim_matches(':');
    world.cmd("gpg").args(["--batch", "--yes", "--delete-secret-keys", print]).ok();

    let run = world.cli(&["import", "--yes", store.to_str().unwrap()]).fails(23);
    assert!(run.out.contains("lost") && run.out.contains("gpg has no key for it"), "{}", run.out);
    let out = world.cli(&["import", "--yes", "--skip-bad", store.to_str().unwrap()]).ok();
    assert!(out.contains("Kept 2 accounts") && out.contains("One other entry holds no code."), "{out}");
    assert!(!out.contains("wifi"), "entries without a code are only counted:\n{out}");
    gives(&world, &site);
    gives(&world, &bare);
}

fn codes_on_pictures_are_kept_and_activations_told() {
    programs::require("qrencode");
    let world = World::build().vault().start();
    let (one, two) = (account(&world, "One"), account(&world, "Two"));
    let draw = |name: &str, text: String| {
        let path = world.dir().join(name);
        world.cmd("qrencode").arg("-o").arg(&path).stdin(text).ok();
        path.to_str().unwrap().to_owned()
    };
    let pictures = [
        draw("one.png", one.uri()),
        draw("two.png", two.uri()),
        draw("work.png", "phonefactor://activate_account?code=123456789&url=https%3A%2F%2Fpad.example".into()),
    ];
    let out = world.cli(&["import", "--yes", &pictures[0], &pictures[1], &pictures[2]]).ok();
    assert!(
        out.contains("Kept 2 accounts") && out.contains("1 not exportable") && out.contains("Microsoft Authenticator"),
        "{out}"
    );
    gives(&world, &one);
    gives(&world, &two);
    let empty = draw("none.png", "nothing of that sort".into());
    assert!(world.cli(&["import", "--yes", &empty]).ok().contains("Without a code"));
}

fn a_picture_that_gives_nothing_is_told_why_and_takes_no_other_file_with_it() {
    let world = World::build().vault().start();
    let site = account(&world, "Site");
    let file = |name: &str, bytes: &[u8]| {
        let path = world.dir().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let damaged = file("damaged.png", b"\x89PNG\r\n\x1a\n and no more");
    let white = file("white.pbm", format!("P1 64 64 {}", "0 ".repeat(64 * 64)).as_bytes());
    for (pictures, code, words) in [
        (&[&damaged][..], 18, "damaged.png: it is damaged"),
        (&[&white], 10, "white.pbm: no QR code"),
        (&[&white, &damaged], 10, "damaged.png: it is damaged"),
    ] {
        let run = world.cli(&["import"]).args(pictures).fails(code);
        assert!(run.err.contains(words) && run.err.contains("  hint: "), "{pictures:?}: {run:?}");
    }
    let list = file("list.txt", site.uri().as_bytes());
    world.witness().exempt(&world.dir().join("list.txt"));
    assert!(world.cli(&["import", &damaged, &list]).fails(23).out.contains("damaged.png"));
    assert!(world.cli(&["import", "--skip-bad", &damaged, &list]).ok().contains("Kept 1 account, 1 skipped"));
    gives(&world, &site);
}

fn a_vault_of_another_machine_is_a_folder() {
    let world = World::build().vault().start();
    let github = samples::github();
    world.add(&github);
    let copy = world.dir().join("copy");
    let copy = copy.to_str().unwrap();
    world.cmd("cp").args(["-r", world.vault_dir().to_str().unwrap(), copy]).ok();
    world.cli(&["remove", "--yes", "GitHub"]).ok();
    let wrong = world.cli(&["import", "--yes", "--file-passphrase-fd", "0", copy]).stdin("another\n").run();
    assert!(wrong.code != 0 && wrong.err.contains("that is not its password"), "{}", wrong.err);
    let password = format!("{}\n", world.passphrase());
    let out = world.cli(&["import", "--yes", "--file-passphrase-fd", "0", copy]).stdin(password).ok();
    assert!(out.contains("Kept 1 account"), "{out}");
    gives(&world, &github);
}

fn encrypted_mafiles_open_by_their_manifest() -> Completion {
    let folder = programs::root().join("daemon/import/samples/steam/encrypted");
    if !folder.is_dir() {
        return Completion::ignored_with("the samples of the sources are not here");
    }
    let world = World::build().vault().start();
    let args = ["import", "--yes", "--file-passphrase-fd", "0", folder.to_str().unwrap()];
    let out = world.cli(&args).stdin("correct horse ü\n").ok();
    assert!(out.contains("Kept 3 accounts") && out.contains("heidi"), "{out}");
    Completion::Completed
}

fn what_is_nothing_known_is_refused_with_words() {
    let world = World::build().vault().start();
    let folder = world.dir().join("folder");
    fs::create_dir(&folder).unwrap();
    let run = world.cli(&["import", folder.to_str().unwrap()]).fails(2);
    assert!(run.err.contains("neither a password store"), "{}", run.err);
}
