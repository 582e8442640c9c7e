//! Which hotkeys the tray is to hear: a file of one line each, beside the daemon's settings.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
};

use crate::{Action, Keys};

/// Which actions have hotkeys, and which: none unless the person turned them on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice(BTreeMap<Action, Keys>);

impl Choice {
    /// Every action with its usual keys.
    pub fn usual() -> Self {
        Self(Action::ALL.map(|action| (action, action.usual_keys())).into())
    }

    /// Gives an action these keys, or none.
    pub fn set(&mut self, action: Action, keys: Option<Keys>) {
        match keys {
            Some(keys) => drop(self.0.insert(action, keys)),
            None => drop(self.0.remove(&action)),
        }
    }

    /// Returns the keys of an action.
    pub fn keys(&self, action: Action) -> Option<&Keys> {
        self.0.get(&action)
    }

    /// Returns all that is chosen.
    pub fn iter(&self) -> impl Iterator<Item = (Action, &Keys)> {
        self.0.iter().map(|(action, keys)| (*action, keys))
    }

    /// Whether nothing is chosen.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns two actions that have the same keys, if there are any.
    pub fn clash(&self) -> Option<(Action, Action)> {
        let mut seen = BTreeMap::new();
        self.iter().find_map(|(action, keys)| seen.insert(keys, action).map(|first| (first, action)))
    }

    /// Reads the person's choice; none is made where there is no file.
    ///
    /// # Errors
    /// The file can't be read, or a line of it not be understood.
    pub fn read() -> Result<Self, ChoiceError> {
        let path = path()?;
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map_err(|(line, why)| ChoiceError::Line(path, line, why)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(ChoiceError::File(path, error)),
        }
    }

    /// Writes the choice down; an empty one takes the file away. Returns whether anything changed.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn write(&self) -> Result<bool, ChoiceError> {
        let path = path()?;
        let lines: Vec<String> = self.iter().map(|(action, keys)| format!("{action} {keys}\n")).collect();
        let text = lines.concat();
        let before = fs::read_to_string(&path).unwrap_or_default();
        let written = if text.is_empty() { remove(&path) } else { replace(&path, &(HEAD.to_owned() + &text)) };
        written.map_err(|error| ChoiceError::File(path, error))?;
        Ok(before.strip_prefix(HEAD).unwrap_or(&before) != text)
    }

    fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut choice = Self::default();
        let lines = text.lines().map(str::trim).enumerate();
        for (number, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let (action, keys) = line.split_once(' ').unwrap_or((line, ""));
            let action = action.parse().map_err(|error| (number + 1, format!("{error}")))?;
            let keys = keys.parse().map_err(|error| (number + 1, format!("{error}")))?;
            choice.set(action, Some(keys));
        }
        Ok(choice)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Puts a file in the place of another, whole: the tray may be reading it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::create_dir_all(path.parent().expect("the file lies in a folder"))?;
    fs::write(&new, text)?;
    fs::rename(&new, path)
}

/// Returns where the choice is kept.
fn path() -> Result<PathBuf, ChoiceError> {
    let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let config = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
    Ok(config.ok_or(ChoiceError::NoHome)?.join("countersign/hotkeys"))
}

/// Why the choice is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChoiceError {
    /// No folder of the person's.
    #[error("neither XDG_CONFIG_HOME nor HOME is set")]
    NoHome,
    /// The file can't be read or written.
    #[error("{0}: {1}")]
    File(PathBuf, #[source] io::Error),
    /// A line can't be understood.
    #[error("line {1} of {0}: {2}")]
    Line(PathBuf, usize, String),
}

const HEAD: &str = "# Written by `countersign hotkey install`; `countersign hotkey remove` takes it away.\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_a_line_each() {
        let text = "# mine\nscan Super+Ctrl+Q\n\n lock  ctrl+alt+l \n";
        let choice = Choice::parse(text).unwrap();
        let lines: Vec<String> = choice.iter().map(|(action, keys)| format!("{action} {keys}")).collect();
        assert_eq!(lines, ["scan Super+Ctrl+Q", "lock Ctrl+Alt+L"]);
    }

    #[test]
    fn a_wrong_line_is_named() {
        for (text, line, why) in [("scan Ctrl+A\nopen Ctrl+B", 2, "open"), ("scan", 1, "key"), ("scan Q", 1, "typing")]
        {
            let (found, said) = Choice::parse(text).unwrap_err();
            assert!(found == line && said.contains(why), "{text}: {found} {said}");
        }
    }

    #[test]
    fn two_actions_with_the_same_keys_clash() {
        let mut choice = Choice::usual();
        assert_eq!(choice.clash(), None);
        choice.set(Action::Lock, Some(Action::Scan.usual_keys()));
        assert_eq!(choice.clash(), Some((Action::Scan, Action::Lock)));
        choice.set(Action::Scan, None);
        assert_eq!(choice.clash(), None);
    }

    #[test]
    fn a_file_is_replaced_whole_and_removed_without_a_trace() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("countersign/hotkeys");
        replace(&path, "one").unwrap();
        replace(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
    }
}
