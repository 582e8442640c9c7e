//! What the person has allowed the desktop's portal to give us, so that looking again need not ask again.
//!
//! Screenshots allowed for good are written down by the portal itself. Of a screen cast it gives a token, which opens the
//! next one without a question, once; the cast then opened gives the next token. It is kept in a file that only its owner
//! can read. It opens nothing for other programs that they could not ask for themselves, and its loss only asks again.

use std::{
    collections::HashMap,
    env,
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use zbus::{Connection, zvariant::OwnedValue};

/// What the last screen cast left behind.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Remembered {
    /// There was none yet.
    Nothing,
    /// What opens the next one without a question.
    Token(String),
    /// Nothing: the desktop asks again.
    NoToken,
    /// It gave no picture.
    Failed,
}

/// The file that remembers it: `$XDG_STATE_HOME/countersign/screen-cast`.
pub(super) struct Memory(Option<PathBuf>);

impl Memory {
    pub(super) fn of_environment() -> Self {
        let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let state = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")));
        Self(state.map(|state| state.join("countersign/screen-cast")))
    }

    pub(super) fn read(&self) -> Remembered {
        let Some(path) = &self.0 else { return Remembered::Nothing };
        let mut text = String::new();
        let read = fs::File::open(path).and_then(|file| file.take(MAX_TOKEN).read_to_string(&mut text));
        let fresh = || path.metadata().and_then(|about| about.modified()).ok()?.elapsed().ok();
        match text.trim_end() {
            _ if read.is_err() => Remembered::Nothing,
            NO_TOKEN => Remembered::NoToken,
            // PipeWire may have been out of order only then.
            FAILED if fresh().is_some_and(|age| age < FORGIVEN) => Remembered::Failed,
            FAILED | "" => Remembered::Nothing,
            token => Remembered::Token(token.into()),
        }
    }

    /// Writes it down. A failure asks the person once more, and is said.
    pub(super) fn write(&self, remembered: &Remembered) {
        let written = match (&self.0, remembered) {
            (None, _) => Ok(()),
            (Some(path), Remembered::Nothing) => fs::remove_file(path).or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            }),
            (Some(path), Remembered::Token(token)) => replace(path, token),
            (Some(path), Remembered::NoToken) => replace(path, NO_TOKEN),
            (Some(path), Remembered::Failed) => replace(path, FAILED),
        };
        if let Err(error) = written {
            eprintln!("countersign-scan: the desktop's permission to look on could not be written down: {error}");
        }
    }
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().expect("it lies in a folder");
    DirBuilder::new().mode(0o700).recursive(true).create(folder)?;
    let new = path.with_extension("new");
    let _ = fs::remove_file(&new); // what an earlier one left may have other rights
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    fs::rename(&new, path)
}

/// Whether this program may take screenshots for good. `false` too where nobody knows.
pub(super) async fn screenshots_allowed(bus: &Connection, app_id: &str) -> bool {
    let name = "org.freedesktop.impl.portal.PermissionStore";
    let path = "/org/freedesktop/impl/portal/PermissionStore";
    let asked = bus.call_method(Some(name), path, Some(name), "Lookup", &("screenshot", "screenshot")).await;
    let told =
        asked.ok().and_then(|answer| answer.body().deserialize::<(HashMap<String, Vec<String>>, OwnedValue)>().ok());
    told.is_some_and(|(allowed, _)| allowed.get(app_id).is_some_and(|words| words == &["yes"]))
}

const NO_TOKEN: &str = "none";
const FAILED: &str = "failed";
const MAX_TOKEN: u64 = 1024;
/// After so long a screen cast that gave no picture is tried again.
const FORGIVEN: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_written_is_remembered_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/countersign/screen-cast");
        let memory = Memory(Some(path.clone()));
        assert_eq!(memory.read(), Remembered::Nothing);
        for one in [Remembered::Token("1-2-3".into()), Remembered::NoToken, Remembered::Failed] {
            memory.write(&one);
            assert_eq!(memory.read(), one);
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        memory.write(&Remembered::Nothing);
        memory.write(&Remembered::Nothing);
        assert_eq!(memory.read(), Remembered::Nothing);
        assert_eq!(path.parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_failure_is_forgiven_after_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("screen-cast");
        let memory = Memory(Some(path.clone()));
        memory.write(&Remembered::Failed);
        let yesterday = std::time::SystemTime::now() - FORGIVEN;
        fs::File::options().write(true).open(&path).unwrap().set_modified(yesterday).unwrap();
        assert_eq!(memory.read(), Remembered::Nothing);
    }

    #[test]
    fn what_is_no_token_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("screen-cast");
        for junk in [&b""[..], b"\n", b"\xff\xfe"] {
            fs::write(&path, junk).unwrap();
            assert_eq!(Memory(Some(path.clone())).read(), Remembered::Nothing, "{junk:?}");
        }
        assert_eq!(Memory(None).read(), Remembered::Nothing);
    }
}
