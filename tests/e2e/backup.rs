//! Backups: made open and locked, opened by other people's programs, tried, kept apart, by themselves, and missed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use harness::{
    Completion, Process, World,
    notifications::Notifications,
    programs,
    samples::{self, Account},
    tests, until,
    wait::{LIMIT, unix_now},
    world::assert_private,
};
use serde_json::Value;

use crate::vault::files;

tests![
    a_locked_vault_is_backed_up_and_opens_by_age_and_the_passphrase,
    age_and_the_recovery_key_open_a_backup,
    a_backup_copied_to_a_new_computer_is_the_vault,
    a_backup_is_verified_from_its_own_files_alone,
    a_damaged_backup_is_told_and_left_alone,
    a_drill_says_what_would_have_been_lost,
    the_last_ten_and_one_a_day_stay,
    a_place_that_is_not_fit_is_refused_and_left_empty,
    what_can_not_be_meant_is_said,
    a_schedule_is_what_systemd_reads,
    a_scheduled_backup_that_fails_is_told_on_the_desktop,
    a_reminder_comes_once_a_month_and_may_be_off,
];

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn status(world: &World) -> Value {
    json(&world.cli(&["status", "--json"]).ok())
}

/// Makes a backup, and returns its folder.
fn back_up(world: &World) -> PathBuf {
    let made = json(&world.cli(&["backup", "--json", place(world).to_str().unwrap()]).ok());
    PathBuf::from(made["path"].as_str().unwrap())
}

/// Where the backups of a world go.
fn place(world: &World) -> PathBuf {
    world.dir().join("home/backups")
}

/// The accounts that a shell line finds in a folder, by age, jq and the passphrase that is typed.
fn a_locked_vault_is_backed_up_and_opens_by_age_and_the_passphrase() {
    let world = World::build().vault().start();
    world.add(&samples::github());
    world.cli(&["lock"]).ok();
    let told = world.cli(&["backup", place(&world).to_str().unwrap()]).ok();
    assert!(told.contains("The vault is locked, so nothing was decrypted"), "{told}");
    assert!(told.contains("same disk") && told.contains("no recovery key") && told.contains("drill"), "{told}");
    assert_eq!(status(&world)["state"], "locked");
    let backup = PathBuf::from(told.lines().next().unwrap());
    for path in [&place(&world), &backup, &backup.join("slots"), &backup.join("vault.age"), &backup.join("README.txt")]
    {
        assert_private(path);
    }
    assert_eq!(fs::read(backup.join("vault.age")).unwrap(), fs::read(world.vault_dir().join("vault.age")).unwrap());
    let line = "age -d -i slots/passphrase.age vault.age | head -1 | jq -r '.entries[].issuer'";
    let mut shell = world.tty_of("sh", &["-c", &format!("cd '{}' && {line}", backup.display())]);
    shell.expect("passphrase").secret(world.passphrase());
    let shown = shell.ends(0);
    assert!(shown.trim_end().ends_with("GitHub"), "{shown}");
}

fn age_and_the_recovery_key_open_a_backup() {
    let world = World::build().vault().start();
    world.add(&samples::github());
    let paper = world.cli_present(&["recovery"]).reveals().ok();
    let key = paper.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).unwrap();
    world.witness().plant("the recovery key", key);
    let backup = back_up(&world);
    let line = "age -d -i - slots/recovery.age | age -d -i - vault.age | head -1 | jq -r '.entries[].issuer'";
    let shell = world.cmd("sh").args(["-c", &format!("cd '{}' && {line}", backup.display())]);
    assert_eq!(shell.stdin(format!("{key}\n")).ok(), "GitHub");
    let by_paper = ["backup", "--verify", "--recovery", "--passphrase-fd", "0"];
    let told = world.cli(&by_paper).stdin(format!("{}\n", key.to_ascii_lowercase())).ok();
    assert!(told.contains("Nothing would be lost"), "{told}");
}

fn a_backup_copied_to_a_new_computer_is_the_vault() {
    let world = World::build().vault().start();
    let github = samples::github();
    world.add(&github);
    let backup = back_up(&world);
    let new = World::build().start();
    new.witness().plant("the passphrase of the backup", world.passphrase());
    // Whoever looks around first has the daemon make its folder.
    new.cli(&["list"]).fails(4);
    let place = new.vault_dir().display().to_string();
    // A copy that ended up one folder too deep is found.
    new.cmd("cp").arg("-r").arg(&backup).arg(&place).ok();
    let nested = new.cli(&["list"]).fails(4);
    assert!(nested.err.contains("a backup lies in"), "{nested:?}");
    // As its README.txt says.
    let readme = fs::read_to_string(backup.join("README.txt")).unwrap();
    let lines: Vec<&str> =
        readme.lines().filter(|line| line.starts_with("    mkdir") || line.starts_with("    chmod")).collect();
    let shell = lines.join("\n").replace("FOLDER", &format!("'{}'", backup.display()));
    new.cmd("sh").args(["-ec", &shell.replace("~/.local/share/countersign", &format!("'{place}'"))]).ok();
    new.cli(&["unlock", "--passphrase-fd", "0"]).stdin(format!("{}\n", world.passphrase())).ok();
    assert_eq!(new.cli(&["code", "github", "--at", "59"]).ok(), new.oathtool(&github.secret, 59));
}

fn a_backup_is_verified_from_its_own_files_alone() {
    let mut world = World::build().vault().start();
    world.add(&samples::github());
    let backup = back_up(&world);
    let whole = files(&backup);
    let told = world.cli_present(&["backup", "--verify"]).ok();
    assert!(
        told.contains("1 account in it. 1 agrees with the vault") && told.contains("Nothing would be lost"),
        "{told}"
    );
    world.cli(&["lock"]).ok();
    let told = world.cli_present(&["backup", "--verify", backup.to_str().unwrap()]).ok();
    assert!(told.contains("1 agrees with the vault"), "the vault may be locked: {told}");
    assert_eq!(status(&world)["state"], "locked");
    let wrong = world.cli(&["backup", "--verify", "--passphrase-fd", "0"]).stdin("wrong\n").fails(7);
    assert!(wrong.err.contains("--recovery"), "{wrong:?}");
    let mut person = world.tty(&["backup", "--verify"]);
    person.expect("Passphrase of the backup").secret("wrong");
    person.expect("That is not the passphrase of this backup").expect("Passphrase of the backup");
    person.secret(world.passphrase()).expect("Nothing would be lost").ends(0);
    // The vault is gone for good: the backup still opens, and says that there is nothing to compare it with.
    world.stop_daemon();
    fs::remove_dir_all(world.vault_dir()).unwrap();
    world.start_daemon();
    let told = world.cli_present(&["backup", "--verify", place(&world).to_str().unwrap()]).ok();
    assert!(
        told.contains("1 account in it") && told.contains("Not compared with the vault: there is no vault yet"),
        "{told}"
    );
    assert_eq!(files(&backup), whole, "nothing of the backup was touched");
}

fn a_damaged_backup_is_told_and_left_alone() {
    let world = World::build().vault().start();
    world.add(&samples::github());
    let backup = back_up(&world);
    let file = backup.join("vault.age");
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, &bytes).unwrap();
    for command in [&["backup", "--verify"][..], &["drill"]] {
        let told = world.cli_present(command).fails(8);
        assert!(told.err.contains("the backup can't be used: damaged: vault.age"), "{told:?}");
    }
    assert_eq!(fs::read(&file).unwrap(), bytes);
    assert_eq!(status(&world)["state"], "unlocked", "the vault itself is in order");
    fs::remove_file(backup.join("recipient")).unwrap();
    world.cli_present(&["drill", backup.to_str().unwrap()]).fails(8);
}

fn a_drill_says_what_would_have_been_lost() {
    let world = World::build().vault().start();
    world.add(&Account::new("Kept", "alice"));
    world.add(&Account::new("Removed", "alice"));
    let counter = Account::new("Counter", "alice");
    world.witness().plant_key("the key of the counter", &counter.secret);
    world.add_uri(&format!("otpauth://hotp/Counter:alice?secret={}&counter=5", counter.secret));
    let backup = back_up(&world);
    let mut person = world.tty(&["drill"]);
    person.expect("Passphrase of the backup").secret(world.passphrase());
    let all_there = person.ends(0);
    assert!(all_there.contains("3 agree") && all_there.contains("Nothing would be lost"), "{all_there}");
    let later = Account::new("Later", "bob");
    world.add(&later);
    world.cli(&["code", "counter"]).ok();
    world.cli(&["remove", "--yes", "removed"]).ok();
    world.cli(&["lock"]).ok();
    let told = world.cli_present(&["drill"]).ok();
    let part = |head: &str, title: &str| {
        let (_, rest) = told.split_once(head).unwrap_or_else(|| panic!("{head}: {told}"));
        assert!(rest.lines().nth(1).unwrap().contains(title), "{head}: {told}");
    };
    part("lost if only this were left: 1", "Later");
    part("Counters that moved on", "Counter");
    part("Removed since then", "Removed");
    assert!(told.contains("3 accounts in it. 1 agrees") && !told.contains("Nothing would be lost"), "{told}");
    let look = json(&world.cli_present(&["drill", "--json"]).ok());
    assert_eq!(
        (&look["compared"], &look["same"], &look["missing"][0]),
        (&true.into(), &1.into(), &"Later – bob".into())
    );
    assert_eq!(look["path"], backup.to_str().unwrap());
    assert!(!world.dir().join("run/countersign/drill").exists(), "the private place is gone");
    assert!(status(&world)["last_drill"].as_u64().unwrap() + 60 > unix_now());
    let shown = world.cli(&["status"]).ok();
    assert!(shown.contains("drill: just now"), "{shown}");
}

fn the_last_ten_and_one_a_day_stay() {
    let world = World::build().vault().start();
    world.add(&samples::github());
    let first = back_up(&world);
    let place = place(&world);
    // As if they had been made on these days: a backup's time is its name.
    let copy = |name: &str| {
        world.cmd("cp").arg("-r").arg(&first).arg(place.join(name)).ok();
    };
    for day in 1..=28 {
        copy(&format!("countersign-2024-02-{day:02}T120000Z"));
    }
    copy("countersign-2024-02-28T130000Z.kept");
    fs::create_dir(place.join("countersign-2024-01-01T000000Z")).unwrap();
    fs::write(place.join("notes.txt"), "mine").unwrap();
    let made = json(&world.cli(&["backup", "--json"]).ok());
    // Two of today and the last eight of then.
    assert_eq!(made["removed"].as_array().unwrap().len(), 20, "{made}");
    let mut names: Vec<String> =
        fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let days: Vec<String> = (21..=28).map(|day| format!("countersign-2024-02-{day}T120000Z")).collect();
    assert_eq!(names[0], "countersign-2024-01-01T000000Z");
    assert_eq!(names[1..9], days);
    assert_eq!(names[9], "countersign-2024-02-28T130000Z.kept");
    assert_eq!((names.len(), names[12].as_str()), (13, "notes.txt"));
}

fn a_place_that_is_not_fit_is_refused_and_left_empty() -> Completion {
    let world = World::build().vault().start();
    world.add(&samples::github());
    let refused = |place: &Path, why: &str| {
        let told = world.cli(&["backup", place.to_str().unwrap()]).fails(1);
        assert!(told.err.contains(why) && told.err.contains("no backup was made"), "{told:?}");
        assert_eq!(fs::read_dir(place).unwrap().count(), 0, "{why}");
    };
    if !rustix::process::geteuid().is_root() || !Path::new("/dev/fuse").exists() {
        return Completion::ignored_with("only root may mount, and /dev/fuse is needed");
    }
    for (fault, why) in [("no-fsync", "does not promise"), ("full", "No space left")] {
        let mounted = Mounted::refusing(&world, fault);
        refused(&mounted.place, why);
        // An export promises less: it only leaves nothing torn behind.
        let file = mounted.place.join("uris.txt");
        world.witness().exempt(&file);
        let told = world.cli_present(&["export", "--format", "uris", file.to_str().unwrap()]);
        if fault == "full" {
            let told = told.fails(1);
            assert!(told.err.contains("can't be written") && told.err.contains(why), "{told:?}");
            assert_eq!(fs::read_dir(&mounted.place).unwrap().count(), 0, "a torn file of secrets");
        } else {
            assert!(told.ok().contains("read back, and equal"));
        }
    }
    // Its own daemon sees it too: they share the mounts.
    let read_only = Mounted::by(&world, "read-only", |place| {
        world.cmd("mount").args(["-t", "tmpfs", "-o", "ro", "none"]).arg(place).ok();
        None
    });
    refused(&read_only.place, "Read-only");
    Completion::Completed
}

/// A file system that is mounted until it is dropped.
struct Mounted<'a> {
    world: &'a World,
    place: PathBuf,
    _server: Option<Process>,
}

impl<'a> Mounted<'a> {
    fn refusing(world: &'a World, fault: &str) -> Self {
        Self::by(world, fault, |place| {
            let script = programs::data("no_fsync.py");
            Some(world.cmd("/usr/bin/python3").arg(script).arg(place).arg(fault).spawn())
        })
    }

    fn by(world: &'a World, name: &str, mount: impl FnOnce(&Path) -> Option<Process>) -> Self {
        let place = world.dir().join("tmp").join(name);
        fs::create_dir(&place).unwrap();
        let server = mount(&place);
        let shown = place.to_str().unwrap().to_owned();
        let mounted = Self { world, place, _server: server };
        until("the file system", LIMIT, || fs::read_to_string("/proc/mounts").unwrap().contains(&shown).then_some(()));
        mounted
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        self.world.cmd("umount").arg("-l").arg(&self.place).run();
    }
}

fn what_can_not_be_meant_is_said() {
    let world = World::build().start();
    let place = place(&world);
    let place = place.to_str().unwrap();
    world.cli(&["backup", place]).fails(4);
    assert!(!Path::new(place).exists(), "without a vault no folder is made");
    world.make_vault();
    let told = world.cli(&["backup"]).fails(2);
    assert!(told.err.contains("countersign backup DIR") && told.err.contains("backup-folder"), "{told:?}");
    world.cli(&["backup", "--verify"]).fails(2);
    world.cli_present(&["backup", "--verify", world.dir().to_str().unwrap()]).fails(3);
    world.cli(&["backup", "/nonexistent/deep/folder"]).fails(1);
    let own = world.vault_dir().join("slots");
    world.cli(&["backup", own.to_str().unwrap()]).fails(2);
    let file = world.vault_dir().join("vault.age");
    world.cli(&["backup", file.to_str().unwrap()]).fails(1);
    world.cli(&["backup", place, "--recovery"]).fails(2);
    back_up(&world);
    let no_paper = world.cli_present(&["drill", "--recovery"]).fails(3);
    assert!(no_paper.err.contains("without a recovery key"), "{no_paper:?}");
    assert_eq!(fs::read_dir(world.vault_dir().join("slots")).unwrap().count(), 1);
}

/// The units are written, and read by systemd itself; whether it would take them from this world's manager is not asked.
fn a_schedule_is_what_systemd_reads() {
    let world = World::build().vault().start();
    let odd = world.dir().join("home/50% \"of\" $HOME");
    // A systemd that takes all and says what it was told.
    world.write_program("systemctl", "echo \"$@\" >> \"$HOME/told\"");
    let told = world.cli(&["backup", "schedule", "--weekly", odd.to_str().unwrap()]).ok();
    assert!(told.contains("From now on by itself, every week"), "{told}");
    assert_eq!(fs::read_dir(&odd).unwrap().count(), 1, "one is made at once");
    let said = fs::read_to_string(world.dir().join("home/told")).unwrap();
    assert_eq!(said, "--user daemon-reload\n--user enable --now countersign-backup.timer\n");
    let units = world.dir().join("config/systemd/user");
    let (service, timer) = (units.join("countersign-backup.service"), units.join("countersign-backup.timer"));
    let checked = world.cmd("systemd-analyze").args(["--user", "--man=no", "verify"]).arg(&timer).arg(&service).run();
    assert!(checked.code == 0 && !checked.err.contains("countersign-backup"), "{checked:?}");
    let line = fs::read_to_string(&service).unwrap();
    assert!(line.contains(r#""backup" "--scheduled" ""#) && line.contains(r#"50%% \"of\" $$HOME""#), "{line}");
    // As `systemctl enable` does.
    fs::create_dir_all(units.join("timers.target.wants")).unwrap();
    std::os::unix::fs::symlink(&timer, units.join("timers.target.wants/countersign-backup.timer")).unwrap();
    let shown = world.cli(&["status"]).ok();
    assert!(shown.contains("by itself every week"), "{shown}");
    world.cli(&["backup", "schedule", "--off"]).ok();
    assert!(!service.exists() && !timer.exists());
    assert!(!world.cli(&["status"]).ok().contains("by itself"));
    assert_eq!(world.cli(&["backup", "schedule", "--off"]).ok(), "Nothing was scheduled.");
    // Where systemd does not answer, the same as a line for cron.
    world.write_program("systemctl", "echo 'Failed to connect to bus' >&2; exit 1");
    let told = world.cli(&["backup", "schedule", odd.to_str().unwrap()]).fails(1);
    assert!(told.err.contains("Failed to connect to bus") && told.err.contains("0 12 * * * '"), "{told:?}");
    assert!(!service.exists() && !timer.exists(), "nothing half is left");
    // A schedule that was there stays.
    fs::write(&service, "mine").unwrap();
    fs::write(&timer, "mine too").unwrap();
    world.cli(&["backup", "schedule", odd.to_str().unwrap()]).fails(1);
    assert_eq!(fs::read_to_string(&timer).unwrap(), "mine too");
    assert_eq!(fs::read_to_string(&service).unwrap(), "mine");
}

fn a_scheduled_backup_that_fails_is_told_on_the_desktop() {
    let world = World::build().vault().start();
    let mut notifications = Notifications::start(&world);
    let place = place(&world);
    let scheduled = ["backup", "--scheduled", place.to_str().unwrap()];
    let gone = world.cli(&scheduled).fails(1);
    assert!(gone.err.contains("No such file"), "{gone:?}");
    assert!(!place.exists(), "the place of a disk that is away stays empty");
    notifications.expect("No backup was made");
    // The disk is away, and the folder where it was is there.
    fs::create_dir(&place).unwrap();
    let empty = world.cli(&scheduled).fails(1);
    assert!(empty.err.contains("holds no earlier backup of this vault"), "{empty:?}");
    let told = notifications.expect("holds no earlier backup");
    back_up(&world);
    notifications.expect_withdrawn(&told);
    world.cli(&["lock"]).ok();
    world.cli(&scheduled).ok();
    assert_eq!(fs::read_dir(&place).unwrap().count(), 2);
}

/// The daemon's clock is moved by libfaketime; its file says when the person was reminded.
fn a_reminder_comes_once_a_month_and_may_be_off() {
    let mut world = World::build().vault().start();
    let mut notifications = Notifications::start(&world);
    world.add(&samples::github());
    let notes = world.dir().join("state/countersign/backups");
    let reminded_at = || {
        let text = fs::read_to_string(&notes).unwrap_or_default();
        text.lines().find_map(|line| line.strip_prefix("reminded ")?.parse::<u64>().ok()).unwrap_or(0)
    };
    // A new account needs no backup to be missed.
    assert_eq!(reminded_at(), 0);
    later(&mut world, 80);
    assert_eq!(reminded_at(), 0);
    later(&mut world, 100);
    notifications.expect("There is no backup of your codes yet");
    let first = reminded_at();
    later(&mut world, 120);
    assert_eq!(reminded_at(), first, "not twice in a month");
    later(&mut world, 135);
    assert!(reminded_at() > first);
    notifications.expect("There is no backup of your codes yet");
    let second = reminded_at();
    back_up(&world);
    later(&mut world, 200);
    assert_eq!(reminded_at(), second, "there is one of 65 days ago");
    later(&mut world, 230);
    notifications.expect("The last backup of your codes is 95 days old");
    let third = reminded_at();
    let config = world.dir().join("config/countersign/config.toml");
    let before = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{before}backup-reminder = \"off\"\n")).unwrap();
    later(&mut world, 400);
    assert_eq!(reminded_at(), third);
}

/// Starts the daemon anew, so many days later, and unlocks.
fn later(world: &mut World, days: u32) {
    world.stop_daemon();
    let ahead = format!("+{days}d");
    let daemon = programs::ours("countersignd");
    world.start_daemon_by(&["faketime", "--exclude-monotonic", "-f", &ahead, &daemon], &[]);
    world.unlock();
}
