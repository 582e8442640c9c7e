//! `countersign status`: how the daemon and its vault are, and what is worth doing about it. Starts nothing.

use countersign_api::types::Status;
use serde::Serialize;

use super::backup;
use crate::{
    args::{self, Global},
    error::Error,
    output, proof,
    session::{Session, version_difference},
    time,
};

/// Runs the command.
pub(crate) async fn run(args: args::Status, global: &Global) -> Result<(), Error> {
    let session = match Session::open_running(global).await {
        Err(Error::NoDaemon(why)) if args.json => {
            output::json(&Absent { state: "no-daemon", why_text: why.to_string() })?;
            return Err(Error::NoDaemon(why));
        }
        session => session?,
    };
    if args.json {
        return output::json(&session.status);
    }
    output::print(&lines(&session.status, time::now(), output::columns()))
}

/// What `--json` prints where no daemon runs.
#[derive(Serialize)]
struct Absent {
    state: &'static str,
    why_text: String,
}

fn lines(status: &Status, now: u64, columns: usize) -> String {
    let mut rows = vec![output::fact("Vault", &state(status, now)), output::fact("Folder", &status.vault)];
    if status.state == "unlocked" {
        rows.push(output::fact("Accounts", &status.accounts.to_string()));
    }
    if !status.slots.is_empty() {
        rows.push(output::fact("Opened by", &status.slots.join(", ")));
    }
    if status.state != "absent" {
        rows.push(output::fact("Backup", &last_backup(status, backup::scheduled(), now)));
    }
    rows.push(output::fact("Idle lock", &idle_lock(status.idle_lock)));
    rows.push(output::fact("Daemon", &format!("version {}", status.version)));
    let mut text = output::table(&rows, columns);
    for advice in advice(status, now) {
        let lines = output::wrap(&output::one_line(&advice), columns, "  ");
        text.push_str(&lines.replacen("  ", "* ", 1));
    }
    text
}

fn state(status: &Status, now: u64) -> String {
    let why = if status.why_text.is_empty() { String::new() } else { format!(": {}", status.why_text) };
    let since = if status.since == 0 { String::new() } else { format!(" ({})", time::ago(status.since, now)) };
    match status.state.as_str() {
        "absent" => "none yet".to_owned(),
        state => format!("{state}{why}{since}"),
    }
}

fn last_backup(status: &Status, scheduled: Option<&str>, now: u64) -> String {
    let ago = |time: u64| if time == 0 { "never".to_owned() } else { time::ago(time, now) };
    let by_itself = scheduled.map_or(String::new(), |every| format!(", by itself {every}"));
    let folder = match (status.last_backup, status.backup_folder.as_str()) {
        (0, _) | (_, "") => String::new(),
        (_, folder) => format!(" in {folder}"),
    };
    format!("{}{folder}{by_itself}; drill: {}", ago(status.last_backup), ago(status.last_drill))
}

fn idle_lock(seconds: u32) -> String {
    match seconds {
        0 => "off".into(),
        seconds if seconds % 60 == 0 => format!("after {} min", seconds / 60),
        seconds => format!("after {seconds} s"),
    }
}

/// Returns what a person should know or do, the most pressing first.
fn advice(status: &Status, now: u64) -> Vec<String> {
    let mut lines = Vec::new();
    let mut when = |holds: bool, text: String| {
        if holds {
            lines.push(text);
        }
    };
    when(status.state == "absent", "There is no vault yet: countersign init".into());
    let days = now.saturating_sub(status.last_backup) / DAY;
    let old = format!("The last backup is {days} days old: countersign backup");
    let limit = u64::from(status.backup_reminder);
    when(status.state != "absent" && status.last_backup > 0 && limit > 0 && days >= limit, old);
    let unusable = status.state == "unusable";
    when(unusable, "Nothing of the vault was changed, and nothing will be by looking on.".into());
    when(unusable, what_now(&status.why).into());
    let earlier = "Earlier vaults: countersign generations list. To go on with one: countersign generations take NAME; the \
                   present one is then put aside, not lost";
    when(unusable, earlier.into());
    when(!status.config_error.is_empty(), status.config_error.clone());
    let read_only = format!("The vault can only be read, changes fail: {}", status.read_only);
    when(!status.read_only.is_empty(), read_only);
    let recovery = matches!(status.state.as_str(), "locked" | "unlocked");
    when(recovery && status.recovery == "none", "There is no recovery key: countersign recovery".into());
    // How many accounts there are in a locked one, nobody knows.
    let never = (status.accounts > 0 || status.state == "locked") && status.last_backup == 0;
    when(never, "There is no backup yet: countersign backup DIR".into());
    when(
        recovery && status.recovery == "unconfirmed",
        "Is the recovery key written down? Show it by its last group: countersign recovery --confirm".into(),
    );
    let ready = status.inbox.saturating_sub(status.inbox_incomplete).saturating_sub(status.inbox_unreadable);
    // What they are is known when they can be read.
    let kept = if status.state == "unlocked" { "to be kept" } else { "to be looked at" };
    when(ready > 0, format!("Sealed scans, waiting {kept}: {ready}: countersign unlock"));
    let parts = status.inbox_incomplete;
    let parts_wait =
        format!("Sealed parts of exports, waiting for the others: {parts}: scan those, or: countersign unlock");
    when(parts > 0, parts_wait);
    let unreadable = status.inbox_unreadable;
    when(unreadable > 0, format!("Sealed scans that can't be read: {unreadable}: countersign unlock"));
    let unconfirmed = format!("Unconfirmed accounts: {}: {}", status.unconfirmed, proof::HOW);
    when(status.unconfirmed > 0, unconfirmed);
    let odd = format!("Entries that this version can't understand, kept as they are: {}", status.quarantined);
    when(status.quarantined > 0, odd);
    lines.extend(version_difference(&status.version));
    lines.extend(status.missing.iter().cloned());
    lines
}

const DAY: u64 = 24 * 60 * 60;

/// Returns what helps a vault that can't be used, by the id of the reason.
fn what_now(why: &str) -> &'static str {
    match why {
        "newer" => "A later countersign wrote it: install that one here too, then: countersign restart",
        "rolled-back" => {
            "An older copy took its place, as a backup does that was put back: put the later one back, if there is one"
        }
        "foreign" => {
            "Parts of another vault lie in its folder: put the folder back as it was, from a backup if need be"
        }
        "unreadable" => {
            "The folder can't be read: look at its permissions and at the disk (dmesg), then: countersign restart"
        }
        _ => {
            "Make a copy of the folder before anything else, and look at the disk (dmesg). If you have a backup, put it back, then: countersign restart"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status() -> Status {
        Status {
            state: "locked".into(),
            why_text: "no code was asked for in 15 minutes".into(),
            since: 1_000,
            version: env!("CARGO_PKG_VERSION").into(),
            vault: "/home/u/.local/share/countersign".into(),
            idle_lock: 900,
            recovery: "made".into(),
            slots: vec!["passphrase".into(), "keyring".into()],
            last_backup: 1_000,
            backup_reminder: 90,
            ..Status::default()
        }
    }

    #[test]
    fn a_locked_vault_in_order_gets_no_advice() {
        let text = lines(&status(), 1_120, 100);
        assert!(text.contains("locked: no code was asked for in 15 minutes (2 minutes ago)"), "{text}");
        assert!(text.contains("after 15 min") && text.contains("passphrase, keyring"), "{text}");
        assert!(!text.contains('*'), "{text}");
    }

    #[test]
    fn what_needs_doing_is_said() {
        type Change = fn(&mut Status);
        let rows: [(Change, &str); 8] = [
            (|s| s.state = "absent".into(), "countersign init"),
            (|s| s.state = "unusable".into(), "generations list"),
            (|s| s.recovery = "none".into(), "countersign recovery"),
            (|s| s.recovery = "unconfirmed".into(), "recovery --confirm"),
            (|s| s.inbox = 2, "Sealed scans, waiting to be looked at: 2"),
            (|s| s.config_error = "config.toml, line 3: idle-lok".into(), "idle-lok"),
            (|s| s.version = "0.0.1".into(), "countersign restart"),
            (|s| s.missing = vec!["no login keyring".into()], "no login keyring"),
        ];
        for (change, words) in rows {
            let mut status = status();
            change(&mut status);
            assert!(lines(&status, 2_000, 200).contains(words), "{words}");
        }
    }

    #[test]
    fn the_last_backup_and_its_trial_are_told() {
        let made = Status { last_backup: 1_000, backup_folder: "/media/usb".into(), last_drill: 1_000, ..status() };
        let text = last_backup(&made, Some("every day"), 1_000 + 12 * 86_400);
        assert_eq!(text, "12 days ago in /media/usb, by itself every day; drill: 12 days ago");
        let never = Status { last_backup: 0, ..status() };
        assert_eq!(last_backup(&never, None, 2_000), "never; drill: never");
        assert!(lines(&never, 2_000, 200).contains("* There is no backup yet"), "locked, it is told too");
        let late = lines(&status(), 1_000 + 91 * DAY, 200);
        assert!(late.contains("* The last backup is 91 days old: countersign backup"), "{late}");
        assert!(!lines(&status(), 1_000 + 89 * DAY, 200).contains("days old"));
        let off = Status { backup_reminder: 0, ..status() };
        assert!(!lines(&off, 1_000 + 1_000 * DAY, 200).contains("days old"));
        let unlocked = Status { state: "unlocked".into(), accounts: 1, ..never };
        assert!(lines(&unlocked, 2_000, 200).contains("* There is no backup yet: countersign backup DIR"));
        assert!(!lines(&Status { accounts: 0, ..unlocked }, 2_000, 200).contains("no backup yet"));
    }

    #[test]
    fn what_lies_sealed_is_told_by_what_it_waits_for() {
        let unlocked = Status { state: "unlocked".into(), ..status() };
        let text =
            lines(&Status { inbox: 6, inbox_incomplete: 3, inbox_unreadable: 1, ..unlocked.clone() }, 2_000, 200);
        for words in ["waiting to be kept: 2:", "waiting for the others: 3:", "can't be read: 1:"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        let only_parts = lines(&Status { inbox: 1, inbox_incomplete: 1, ..unlocked }, 2_000, 200);
        assert!(!only_parts.contains("to be kept"), "{only_parts}");
    }

    #[test]
    fn twenty_columns_are_enough() {
        let mut status = status();
        status.missing = vec!["no login keyring: the vault is opened by passphrase only".into()];
        for line in lines(&status, 2_000, 20).lines() {
            assert!(line.chars().count() <= 20, "{line}");
        }
    }
}
