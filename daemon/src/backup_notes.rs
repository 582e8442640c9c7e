//! When the last backup was made, where, and when one was last tried: lines of a file in the state folder.
//!
//! Nothing of it is secret, and losing it costs a reminder too many.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::PathBuf};

/// What is remembered of the backups of one vault. Times are Unix seconds, 0 for never.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// When the last backup was made.
    pub made: u64,
    /// The folder that it was made in.
    pub folder: String,
    /// Of each folder the name of the newest backup in it that was seen to open; it outlives the others there.
    pub proven: BTreeMap<String, String>,
    /// When one was last restored for trial.
    pub drilled: u64,
    /// When the person was last reminded.
    pub reminded: u64,
}

/// The file. It is about one vault, the one that is named in it.
#[derive(Debug)]
pub struct BackupNotes {
    path: PathBuf,
    vault: String,
    notes: Notes,
}

impl BackupNotes {
    /// Reads the file; what can't be understood counts as never.
    pub fn open(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let time = |name: &str| value(name).and_then(|text| text.parse().ok()).unwrap_or_default();
        let proven = text.lines().filter_map(|line| line.strip_prefix("proven ")?.split_once(' '));
        let proven = proven.map(|(name, folder)| (folder.to_owned(), name.to_owned()));
        let notes = Notes {
            made: time("made"),
            folder: value("folder").unwrap_or_default().to_owned(),
            proven: proven.collect(),
            drilled: time("drilled"),
            reminded: time("reminded"),
        };
        Self { vault: value("vault").unwrap_or_default().to_owned(), notes, path }
    }

    /// Returns what is remembered of this vault, named by its recipient.
    pub fn of(&self, vault: Option<&str>) -> Notes {
        if vault == Some(&self.vault) { self.notes.clone() } else { Notes::default() }
    }

    /// Remembers something of this vault.
    pub fn note(&mut self, vault: &str, change: impl FnOnce(&mut Notes)) {
        self.notes = self.of(Some(vault));
        vault.clone_into(&mut self.vault);
        change(&mut self.notes);
        let Notes { made, folder, proven, drilled, reminded } = &self.notes;
        // A folder is one line, or is not remembered.
        let folder = if folder.contains('\n') { "" } else { folder };
        let mut text = format!("vault {vault}\nmade {made}\nfolder {folder}\ndrilled {drilled}\nreminded {reminded}\n");
        for (folder, name) in proven.iter().filter(|(folder, _)| !folder.contains('\n')) {
            let _ = writeln!(text, "proven {name} {folder}");
        }
        let temp = self.path.with_extension("tmp");
        if let Err(error) = fs::write(&temp, text).and_then(|()| fs::rename(&temp, &self.path)) {
            tracing::warn!("{} can't be written: {error}", self.path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_read_again_and_belongs_to_one_vault() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("backups");
        let mut notes = BackupNotes::open(path.clone());
        assert_eq!(notes.of(Some("age1a")), Notes::default());
        notes.note("age1a", |notes| (notes.made, notes.folder) = (5, "/media/a b".into()));
        let proven = BTreeMap::from([("/media/a b", "countersign-x"), ("/b", "countersign-y")]);
        let proven: BTreeMap<String, String> = proven.into_iter().map(|(a, b)| (a.into(), b.into())).collect();
        notes.note("age1a", |notes| (notes.drilled, notes.proven) = (6, proven.clone()));
        let again = BackupNotes::open(path.clone());
        let expected = Notes { made: 5, folder: "/media/a b".into(), proven, drilled: 6, reminded: 0 };
        assert_eq!((again.of(Some("age1a")), again.of(Some("age1b"))), (expected, Notes::default()));
        assert_eq!(again.of(None), Notes::default());
        notes.note("age1b", |notes| notes.reminded = 7);
        assert_eq!(BackupNotes::open(path).of(Some("age1b")), Notes { reminded: 7, ..Notes::default() });
    }

    #[test]
    fn a_file_that_says_nothing_is_never() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("backups");
        fs::write(&path, "vault age1a\nmade soon\nfolder\n\u{0}").unwrap();
        assert_eq!(BackupNotes::open(path).of(Some("age1a")), Notes::default());
    }
}
