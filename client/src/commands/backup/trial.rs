//! A backup is tried: opened by what the person types, and put beside the vault.

use std::{fmt::Write as _, path::Path};

use countersign_api::{
    Error as Answer,
    types::{BackupLook, VerifyOptions},
};
use zbus::zvariant::Fd;

use super::{open, shown};
use crate::{
    error::Error,
    output::{self, count},
    session::Session,
    time,
};

/// Opens a backup where it lies.
pub(super) async fn verify(folder: &Path, recovery: bool, json: bool, session: &mut Session) -> Result<(), Error> {
    let look = look(folder, recovery, false, session).await?;
    if json { output::json(&look) } else { output::print(&told(&look, time::now(), "opened from its own files alone")) }
}

/// Restores a backup into a private place, as on a new computer.
pub(super) async fn drill(folder: &Path, recovery: bool, json: bool, session: &mut Session) -> Result<(), Error> {
    let look = look(folder, recovery, true, session).await?;
    let how = "restored into a private place, opened there, and removed again";
    if json { output::json(&look) } else { output::print(&told(&look, time::now(), how)) }
}

/// Asks for the key until it is right, three times at the most.
async fn look(folder: &Path, recovery: bool, drill: bool, session: &mut Session) -> Result<BackupLook, Error> {
    let (way, question, wrong) = if recovery {
        ("recovery", "Recovery key: ", "That is not the recovery key of this backup.\n")
    } else {
        ("passphrase", "Passphrase of the backup: ", "That is not the passphrase of this backup.\n")
    };
    let opened = || open(folder).map_err(Error::io(format!("{} can't be opened", shown(folder))));
    // Before anybody types anything.
    opened()?;
    let tries = if session.asking.has_fd() { 1 } else { TRIES };
    for left in (0..tries).rev() {
        let key = session.asking.passphrase(question).await?;
        output::remark("Opening the backup …");
        let options = VerifyOptions { drill: drill.then_some(true) };
        let secrets = session.secrets().await?;
        match secrets.verify_backup(Fd::from(opened()?), way, &key, options.into()).await {
            Err(Answer::WrongBackupKey(_)) if left > 0 => session.asking.forget(wrong)?,
            answer => return Ok(answer?.into()),
        }
    }
    unreachable!("the last try returns")
}

/// Says what is in the backup, and what is not.
fn told(look: &BackupLook, now: u64, how: &str) -> String {
    let when = if look.made == 0 { String::new() } else { format!(", made {}", time::ago(look.made, now)) };
    let mut text = format!("{}{when}: {how}.\n", output::one_line(&look.path));
    if !look.passed_over.is_empty() {
        let names = look.passed_over.iter().map(|name| output::one_line(name)).collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "Passed over, since a wrong clock dated it in a time to come: {names}.");
    }
    let _ = write!(text, "{} in it. ", count(look.accounts as usize, "account", "accounts"));
    if !look.compared {
        let _ = writeln!(text, "Not compared with the vault: {}.", output::one_line(&look.why_not));
        return text;
    }
    let _ = writeln!(text, "{} the vault, codes and all.", agree(look.same));
    let groups = [
        ("Kept since then; lost if only this were left", &look.missing),
        ("Changed since then; as before in this one", &look.changed),
        ("Counters that moved on since then; to be set again by countersign edit NAME --counter", &look.counters),
        ("Removed since then; there again in this one", &look.removed),
    ];
    let differs = groups.iter().any(|(_, titles)| !titles.is_empty()) || !look.beside.is_empty();
    for (what, titles) in groups.into_iter().filter(|(_, titles)| !titles.is_empty()) {
        let _ = writeln!(text, "{what}: {}", titles.len());
        text.extend(titles.iter().map(|title| format!("  {}\n", output::one_line(title))));
    }
    if !look.beside.is_empty() {
        let _ = writeln!(text, "Beside the accounts differs: {}", look.beside.join(", "));
    }
    text += if differs { "A new one has it all: countersign backup\n" } else { "Nothing would be lost.\n" };
    text
}

fn agree(same: u32) -> String {
    if same == 1 { "1 agrees with".into() } else { format!("{same} agree with") }
}

/// How often the key may be typed.
const TRIES: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn look() -> BackupLook {
        let path = "/media/usb/countersign-2026-11-30T014500Z".into();
        BackupLook { path, made: 1_000, accounts: 3, compared: true, same: 3, ..BackupLook::default() }
    }

    #[test]
    fn what_would_be_lost_is_named() {
        let whole = told(&look(), 1_000 + 2 * 86_400, "opened");
        assert!(whole.contains("made 2 days ago: opened.\n3 accounts in it. 3 agree"), "{whole}");
        assert!(whole.ends_with("Nothing would be lost.\n"), "{whole}");
        let behind = BackupLook {
            same: 1,
            missing: vec!["GitHub – alice".into()],
            counters: vec!["VPN".into()],
            removed: vec!["Old".into()],
            changed: vec!["Bank".into()],
            ..look()
        };
        let behind = told(&behind, 2_000, "opened");
        for words in
            ["1 agrees", "lost if only this were left: 1\n  GitHub – alice", "--counter: 1\n  VPN", "  Old", "  Bank"]
        {
            assert!(behind.contains(words), "{words}: {behind}");
        }
        assert!(!behind.contains("Nothing would be lost"));
        let list = BackupLook { beside: vec!["what lies in the trash".into()], ..look() };
        let list = told(&list, 2_000, "opened");
        assert!(list.contains("differs: what lies in the trash\nA new one"), "{list}");
        let odd = BackupLook { passed_over: vec!["countersign-2999-01-01T000000Z".into()], ..look() };
        assert!(told(&odd, 2_000, "opened").contains("time to come: countersign-2999-01-01T000000Z.\n"));
    }

    #[test]
    fn why_nothing_was_compared_is_said() {
        let alone = BackupLook { compared: false, why_not: "there is no vault yet".into(), ..look() };
        let text = told(&alone, 2_000, "opened");
        assert!(
            text.contains("Not compared with the vault: there is no vault yet.") && !text.contains("agree"),
            "{text}"
        );
    }
}
