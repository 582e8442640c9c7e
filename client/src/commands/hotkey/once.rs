//! `countersign hotkey run`: what a hotkey does, once however long it is held.
//!
//! KDE and sxhkd start a command anew as often as a held key repeats. So each start leaves a mark, and one that comes while
//! the last still runs, or soon after the last mark, does nothing but leave its own.

use std::{
    env,
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

use countersign_api::connect;
use countersign_keys::Action;
use rustix::fs::{FlockOperation, flock};

use crate::error::Error;

/// Runs the command line of an action, unless this is the same press as before.
pub(super) fn run(action: Action) -> Result<(), Error> {
    let mark = mark(action).map_err(Error::io("the mark of the last hotkey"))?;
    let Some(_running) = begin(mark, SystemTime::now()).map_err(Error::io("the mark of the last hotkey"))? else {
        return Ok(());
    };
    let program = env::current_exe().map_err(Error::io("this program"))?;
    let status = Command::new(program).args(action.arguments()).stdin(Stdio::null()).status();
    let code = status.map_err(Error::io("countersign"))?.code().and_then(|code| u8::try_from(code).ok());
    match code {
        Some(0) => Ok(()),
        code => Err(Error::Said(code.unwrap_or(1))),
    }
}

/// Leaves a mark, and returns what has to be held while the action runs; `None` where the key is only still held.
fn begin(mark: File, now: SystemTime) -> io::Result<Option<File>> {
    let last = mark.metadata()?;
    // Just made, it is the first.
    let soon = last.len() > 0 && now.duration_since(last.modified()?).is_ok_and(|since| since < REPEAT);
    rustix::io::pwrite(&mark, b"1", 0)?;
    mark.set_modified(now)?;
    if soon || flock(&mark, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Ok(None);
    }
    Ok(Some(mark))
}

fn mark(action: Action) -> io::Result<File> {
    // The folder of the private socket: made as that wants it, whoever comes first.
    let folder = connect::runtime_dir()?;
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).to_owned();
    open.open(folder.join(format!("hotkey-{action}")))
}

/// A held key is repeated sooner than this, the first time too; a person who means it twice is slower.
const REPEAT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_key_starts_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mark");
        let open = || OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).unwrap();
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_764_000_000);
        let at = |milliseconds| begin(open(), start + Duration::from_millis(milliseconds)).unwrap();
        let first = at(0).expect("the first press starts");
        // Repeated for three seconds; it ends meanwhile.
        assert!((1..20).all(|n| at(n * 40 + 600).is_none()));
        drop(first);
        assert!((20..60).all(|n| at(n * 40 + 600).is_none()));
        let second = at(5000).expect("another press starts");
        assert!(at(7000).is_none(), "it still runs");
        drop(second);
        assert!(at(9000).is_some());
    }
}
