//! The vault on disk, through the daemon: nothing acknowledged is lost, nothing unusable is touched, earlier ones come back.

use std::{
    collections::BTreeSet,
    env, fs,
    path::Path,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use countersign_api::types::{AccountInfo, KeepOptions, ListOptions, PromptOptions};
use harness::{
    Client, World,
    samples::{self, Account},
    tests,
    world::assert_private,
};
use serde_json::Value;

tests![
    what_was_acknowledged_survives_kill_9,
    an_unusable_vault_is_refused_kept_and_told,
    a_foreign_vault_is_unusable,
    a_rolled_back_vault_is_told_and_can_be_taken_on_purpose,
    an_earlier_vault_can_be_taken_back,
    no_new_vault_over_an_existing_one,
    everything_on_disk_is_for_its_owner_only,
    age_and_jq_alone_read_the_vault,
    a_removed_account_lies_in_the_trash_and_comes_back,
    undo_takes_back_the_last_change,
    another_secret_of_the_same_name_replaces_or_stands_beside,
];

/// Saves are interrupted at any point by `kill -9`, again and again. `COUNTERSIGN_KILLS` says how often (200).
fn what_was_acknowledged_survives_kill_9() {
    let kills: u64 = env::var("COUNTERSIGN_KILLS").map_or(200, |text| text.parse().unwrap());
    let mut world = World::build().keyring().start();
    world.make_vault_with_keyring();
    let key = samples::secret();
    world.witness().plant_key("the key of all", &key);
    let mut kept = BTreeSet::new();
    let mut a_save = Duration::from_millis(10);
    let mut interrupted = 0;
    for round in 0..kills {
        let client = Client::private(&world);
        // The keyring opens it: no passphrase is needed, and none of the time that it takes.
        client
            .wait(client.vault().unlock(PromptOptions { prompt: Some(false), ..PromptOptions::default() }.into()))
            .unwrap();
        let found = names(&client);
        assert!(found.is_superset(&kept), "round {round} lost {:?}", kept.difference(&found));
        kept = found;
        let (tell, told) = mpsc::channel();
        let uri = |n: u64| format!("otpauth://totp/Round%20{round}:{n}?secret={key}");
        let uris = [uri(0), uri(1), uri(2)];
        let adder = thread::spawn(move || {
            for (n, uri) in uris.iter().enumerate() {
                let begin = Instant::now();
                if client.wait(client.secrets().add(uri, KeepOptions::default().into())).is_err() {
                    return;
                }
                let _ = tell.send((format!("{n}"), begin.elapsed()));
            }
        });
        // The moment of death, by chance within the three saves: a stimulus, not a wait.
        let moment = Duration::from_micros(samples::chance(3 * a_save.as_micros() as u64 + 1));
        let _ = mpsc::channel::<()>().1.recv_timeout(moment);
        world.kill_daemon();
        adder.join().unwrap();
        let acknowledged: Vec<(String, Duration)> = told.iter().collect();
        interrupted += u64::from(acknowledged.len() < 3);
        a_save = acknowledged.first().map_or(a_save, |(_, took)| *took);
        kept.extend(acknowledged.into_iter().map(|(n, _)| format!("Round {round}:{n}")));
        world.start_daemon();
    }
    assert!(interrupted * 4 > kills, "only {interrupted} of {kills} kills fell into a save");
    assert!(!kept.is_empty());
}

/// Returns `issuer:name` of all accounts.
fn names(client: &Client) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    loop {
        let options = ListOptions { offset: Some(names.len() as u32), ..ListOptions::default() };
        let page = client.wait(client.accounts().list(options.into())).unwrap();
        if page.is_empty() {
            return names;
        }
        names.extend(page.into_iter().map(AccountInfo::from).map(|account| {
            let issuer = if account.issuer.is_empty() { account.prefix } else { account.issuer };
            format!("{issuer}:{}", account.name)
        }));
    }
}

fn an_unusable_vault_is_refused_kept_and_told() {
    let mut world = World::build().vault().start();
    world.add(&samples::github());
    let file = world.vault_dir().join("vault.age");
    let good = fs::read(&file).unwrap();
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for (what, bytes) in
        [("empty", &[][..]), ("cut", &good[..good.len() / 2]), ("flipped", &flipped), ("text", b"hello\n")]
    {
        world.stop_daemon();
        fs::write(&file, bytes).unwrap();
        world.start_daemon();
        let refused = world.cli_present(&["unlock"]).run();
        assert_eq!(refused.code, 8, "{what}: {refused:?}");
        let status = status(&world);
        assert_eq!(status["state"], "unusable", "{what}: {status}");
        assert!(
            !status["why"].as_str().unwrap().is_empty() && !status["why_text"].as_str().unwrap().is_empty(),
            "{status}"
        );
        world.cli(&["code", "github"]).fails(8);
        world.cli(&["add", "-"]).stdin(samples::github().uri()).fails(8);
        world.cli_present(&["init", "--no-keyring", "--no-recovery"]).run();
        assert_eq!(fs::read(&file).unwrap(), bytes, "{what}: the file was changed");
        assert!(!world.cli(&["generations", "list"]).ok().is_empty(), "{what}: earlier vaults are offered");
    }
    world.stop_daemon();
    fs::write(&file, &good).unwrap();
    world.start_daemon();
    world.unlock();
    world.cli(&["code", "github"]).ok();
}

fn status(world: &World) -> Value {
    serde_json::from_str(&world.cli(&["status", "--json"]).ok()).unwrap()
}

fn a_foreign_vault_is_unusable() {
    let mut world = World::build().vault().start();
    let other = World::build().vault().start();
    world.stop_daemon();
    fs::copy(other.vault_dir().join("vault.age"), world.vault_dir().join("vault.age")).unwrap();
    world.start_daemon();
    world.cli_present(&["unlock"]).fails(8);
    assert_eq!(status(&world)["state"], "unusable");
}

fn a_rolled_back_vault_is_told_and_can_be_taken_on_purpose() {
    let mut world = World::build().vault().start();
    world.add(&Account::new("First", "alice"));
    let file = world.vault_dir().join("vault.age");
    let earlier = fs::read(&file).unwrap();
    world.add(&Account::new("Second", "alice"));
    world.stop_daemon();
    fs::write(&file, &earlier).unwrap();
    world.start_daemon();
    let told = world.cli_present(&["unlock"]).fails(8);
    assert!(told.err.contains("roll") || told.err.contains("older"), "{told:?}");
    assert_eq!(fs::read(&file).unwrap(), earlier, "it was kept as it was");
}

fn an_earlier_vault_can_be_taken_back() {
    let world = World::build().vault().start();
    world.add(&Account::new("First", "alice"));
    world.add(&Account::new("Second", "alice"));
    world.cli(&["remove", "--yes", "first"]).ok();
    let list: Value = serde_json::from_str(&world.cli(&["generations", "list", "--json"]).ok()).unwrap();
    let newest = list[0]["name"].as_str().expect("there are earlier vaults").to_owned();
    world.cli_present(&["generations", "take", "--yes", &newest]).ok();
    if world.cli(&["unlocked"]).run().code != 0 {
        world.unlock();
    }
    world.cli(&["code", "first"]).ok();
    let after: Value = serde_json::from_str(&world.cli(&["generations", "list", "--json"]).ok()).unwrap();
    assert!(after.as_array().unwrap().len() > list.as_array().unwrap().len(), "the present one became a generation");
}

fn no_new_vault_over_an_existing_one() {
    let mut world = World::build().vault().start();
    let before = files(&world.vault_dir());
    world.cli_present(&["init", "--no-keyring", "--no-recovery"]).fails(1);
    world.cli(&["lock"]).ok();
    world.cli_present(&["init", "--no-keyring", "--no-recovery"]).fails(1);
    world.stop_daemon();
    // Nor where half of it is missing.
    fs::remove_file(world.vault_dir().join("vault.age")).unwrap();
    world.start_daemon();
    let refused = world.cli_present(&["init", "--no-keyring", "--no-recovery"]).run();
    assert!(refused.code == 1 || refused.code == 8, "{refused:?}");
    assert!(world.vault_dir().join("slots/passphrase.age").exists());
    let after = files(&world.vault_dir());
    let slot = |files: &[(String, Vec<u8>)]| files.iter().find(|(name, _)| name == "passphrase.age").cloned();
    assert_eq!(slot(&before), slot(&after));
}

/// Returns names and contents of all files in a folder and one below.
pub(crate) fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push((entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap()));
        }
    }
    found.sort();
    found
}

fn everything_on_disk_is_for_its_owner_only() {
    let world = World::build().vault().start();
    world.add(&samples::github());
    world.cli(&["code", "github"]).ok();
    for dir in ["data/countersign", "state/countersign", "run/countersign"] {
        all_private(&world.dir().join(dir));
    }
}

fn all_private(path: &Path) {
    assert_private(path);
    if path.is_dir() {
        fs::read_dir(path).unwrap().flatten().for_each(|entry| all_private(&entry.path()));
    }
}

/// The disaster recovery that the format promises: none of our code, no key on disk, the passphrase typed.
fn age_and_jq_alone_read_the_vault() {
    let mut world = World::build().vault().start();
    let github = samples::github();
    world.add(&github);
    world.stop_daemon();
    let passphrase = world.passphrase().to_owned();
    let line = "age -d -i slots/passphrase.age vault.age | head -1 | jq -r 'keys | length'";
    let dir = world.vault_dir();
    let mut shell = world.tty_of("sh", &["-c", &format!("cd '{}' && {line}", dir.display())]);
    shell.expect("passphrase").secret(&passphrase);
    let shown = shell.ends(0);
    let keys: u32 = shown.lines().last().unwrap().trim().parse().unwrap();
    assert!(keys > 1, "{shown}");
}

fn a_removed_account_lies_in_the_trash_and_comes_back() {
    let world = World::build().vault().start();
    world.add(&samples::github());
    let code = |world: &World| world.cli(&["code", "github", "--at", "59"]).run();
    let before = code(&world).out;
    world.cli(&["remove", "--yes", "github"]).ok();
    assert_eq!(code(&world).code, 3);
    assert!(world.cli(&["trash"]).ok().contains("GitHub"));
    world.cli(&["restore", "github"]).ok();
    assert_eq!(code(&world).out, before);
    assert!(!world.cli(&["trash"]).ok().contains("GitHub"));
}

fn undo_takes_back_the_last_change() {
    let world = World::build().vault().start();
    world.add(&samples::github());
    world.cli(&["edit", "github", "--name", "bob"]).ok();
    assert!(world.cli(&["list"]).ok().contains("bob"));
    assert_eq!(world.cli(&["undo"]).ok(), "Undone: GitHub – alice was edited");
    assert!(world.cli(&["list"]).ok().contains("alice"));
    world.cli(&["remove", "--yes", "github"]).ok();
    world.cli(&["undo"]).ok();
    world.cli(&["code", "github"]).ok();
    let told: Value = serde_json::from_str(&world.cli(&["undo", "--json"]).ok()).unwrap();
    assert_eq!(told["undone"], "GitHub – alice was added");
    assert!(world.cli(&["list"]).ok().is_empty());
}

fn another_secret_of_the_same_name_replaces_or_stands_beside() {
    let world = World::build().vault().start();
    let (first, second, third) = (samples::github(), samples::github(), samples::github());
    let oath = |account: &Account| world.oathtool(&account.secret, 59);
    let codes = || {
        let list: Value = serde_json::from_str(&world.cli(&["list", "--json"]).ok()).unwrap();
        let ids = list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned());
        ids.map(|id| world.cli(&["code", &id, "--at", "59"]).ok()).collect::<BTreeSet<_>>()
    };
    world.add(&first);
    world.add(&first);
    assert_eq!(codes(), [oath(&first)].into(), "the same again is kept once");
    for account in [&second, &third] {
        world.witness().plant_key("another key of GitHub", &account.secret);
    }
    world.cli(&["add", "-", "--replace"]).stdin(second.uri()).ok();
    assert_eq!(codes(), [oath(&second)].into());
    world.cli(&["add", "-", "--keep-both"]).stdin(third.uri()).ok();
    assert_eq!(codes(), [oath(&second), oath(&third)].into());
}
