//! `countersign backup`: copies the vault into a folder, opens such a copy as a stranger would, and has it done by itself.

mod schedule;
mod trial;

use std::{
    env,
    fmt::Write as _,
    fs, io,
    os::{fd::OwnedFd, unix::fs::DirBuilderExt},
    path::{Path, PathBuf},
};

use countersign_api::{
    Error as Answer,
    types::{BackedUp, BackupOptions},
};
use rustix::fs::{Mode, OFlags};
use zbus::zvariant::Fd;

use crate::{
    args::{Backup, BackupAction, Drill},
    error::Error,
    output::{self, count},
    session::{Session, none},
};

pub(crate) use schedule::scheduled;

/// Tells what needs no daemon: that there shall be no more of them.
pub(crate) async fn ended(args: &Backup) -> Option<Result<(), Error>> {
    match &args.action {
        Some(BackupAction::Schedule(args)) if args.off => Some(schedule::off().await),
        _ => None,
    }
}

/// Runs `backup`.
pub(crate) async fn run(args: Backup, session: &mut Session) -> Result<(), Error> {
    match args.action {
        Some(BackupAction::Schedule(args)) => schedule::run(args, session).await,
        None if args.verify => {
            let folder = folder(args.folder.as_deref(), session)?;
            trial::verify(&folder, args.recovery, args.json, session).await
        }
        None => {
            let made = if args.scheduled {
                make_unseen(&folder(args.folder.as_deref(), session)?, session).await?
            } else {
                make(args.folder.as_deref(), session).await?
            };
            if args.json { output::json(&made) } else { output::print(&told(&made, session)) }
        }
    }
}

/// Runs `drill`.
pub(crate) async fn drill(args: Drill, session: &mut Session) -> Result<(), Error> {
    let folder = folder(args.folder.as_deref(), session)?;
    trial::drill(&folder, args.recovery, args.json, session).await
}

/// Makes a backup in a folder; in one that is named, where only it itself is missing, makes that first.
async fn make(named: Option<&Path>, session: &Session) -> Result<BackedUp, Error> {
    let folder = folder(named, session)?;
    if session.status.state == "absent" {
        return Err(session.no_vault());
    }
    let is_new = named.is_some()
        && match fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(not_made(&folder, &error)),
            made => made.is_ok(),
        };
    let made = make_in(&folder, session).await;
    if made.is_err() && is_new {
        // It is empty, or it stays.
        let _ = fs::remove_dir(&folder);
    }
    made
}

async fn make_in(folder: &Path, session: &Session) -> Result<BackedUp, Error> {
    let opened = open(folder).map_err(|error| not_made(folder, &error))?;
    Ok(session.secrets().await?.backup(Fd::from(opened), none()).await?.into())
}

/// Makes a backup that nobody looks at; that its folder is not there is told on the desktop.
async fn make_unseen(folder: &Path, session: &Session) -> Result<BackedUp, Error> {
    let secrets = session.secrets().await?;
    match open(folder) {
        Ok(opened) => {
            let options = BackupOptions { scheduled: Some(true) };
            Ok(secrets.backup(Fd::from(opened), options.into()).await?.into())
        }
        Err(error) => {
            secrets.no_backup(&folder.to_string_lossy(), none()).await?;
            Err(not_made(folder, &error))
        }
    }
}

fn not_made(folder: &Path, error: &io::Error) -> Error {
    Answer::NotBackedUp(format!("no backup was made in {}: {error}", shown(folder))).into()
}

/// Returns the folder that is meant.
fn folder(named: Option<&Path>, session: &Session) -> Result<PathBuf, Error> {
    let known = || Some(session.status.backup_folder.as_str()).filter(|known| !known.is_empty()).map(PathBuf::from);
    let folder = named.map(Path::to_owned).or_else(known).ok_or_else(|| {
        let text = "say which folder, best one on another disk: countersign backup DIR (it is remembered; \
                    backup-folder in the settings names one for good)";
        Error::Usage(text.into())
    })?;
    let here = env::current_dir().map_err(Error::io("the folder that this runs in"))?;
    let whole = here.join(folder);
    if whole.to_str().is_none() {
        let text =
            "its name is no text (UTF-8), so that it can't be remembered or scheduled: give a folder of another name";
        return Err(Error::Usage(format!("{}: {text}", shown(&whole))));
    }
    Ok(whole)
}

/// Opens a folder for the daemon.
fn open(folder: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(folder, OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
}

fn shown(folder: &Path) -> String {
    output::one_line(&folder.display().to_string())
}

/// Says what was made, and what it is worth.
fn told(made: &BackedUp, session: &Session) -> String {
    let mut text = format!("{}\n", output::one_line(&made.path));
    let checked = if made.decrypted {
        format!(
            "{}, read back from the disk, decrypted and compared.",
            count(made.accounts as usize, "account", "accounts")
        )
    } else {
        "Read back from the disk and compared. The vault is locked, so nothing was decrypted.".into()
    };
    let _ = writeln!(text, "{checked} Opened by: {}.", made.slots.join(", "));
    if !made.removed.is_empty() {
        let _ = writeln!(text, "{} of older days removed.", count(made.removed.len(), "backup", "backups"));
    }
    for advice in advice(made, session.status.last_drill) {
        text += &output::wrap(advice, output::width(), "  ").replacen("  ", "* ", 1);
    }
    text
}

fn advice(made: &BackedUp, last_drill: u64) -> Vec<&'static str> {
    let mut lines = Vec::new();
    if made.same_disk {
        lines.push(
            "It lies on the same disk as the vault: that helps after a mistake, and not when the disk is lost. Copy it \
             to another one, or name a folder there.",
        );
    }
    if !made.slots.iter().any(|slot| slot == "recovery") {
        lines.push(
            "There is no recovery key: if the passphrase is forgotten, nobody can open the backup either. \
             countersign recovery makes one; then make a backup again.",
        );
    }
    if last_drill == 0 {
        lines.push("A backup is as good as its last trial: countersign drill");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_a_backup_worth_less_is_said() {
        let good = BackedUp { slots: vec!["passphrase".into(), "recovery".into()], ..BackedUp::default() };
        assert!(advice(&good, 5).is_empty());
        let same = BackedUp { same_disk: true, ..good.clone() };
        assert!(advice(&same, 5)[0].contains("same disk"));
        let no_paper = BackedUp { slots: vec!["passphrase".into()], ..good.clone() };
        assert!(advice(&no_paper, 5)[0].contains("countersign recovery"));
        assert!(advice(&good, 0)[0].contains("countersign drill"));
    }
}
