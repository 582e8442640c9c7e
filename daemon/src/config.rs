//! What the user wrote in `config.toml`, and every default.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

/// The settings in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Idleness after which the vault locks; `None` for never.
    pub idle_lock: Option<Duration>,
    /// Whether root may keep a vault of its own.
    pub allow_root: bool,
    /// Where backups go if no other folder is named; `None` for where the last one went.
    pub backup_folder: Option<PathBuf>,
    /// Days without a backup after which the person is reminded; `None` for never.
    pub backup_reminder: Option<u32>,
    /// What is wrong with the file, with line and key; the strict defaults hold then.
    pub error: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            idle_lock: Some(Duration::from_secs(15 * 60)),
            allow_root: false,
            backup_folder: None,
            backup_reminder: Some(90),
            error: None,
        }
    }
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[derive(Default)]
struct File {
    idle_lock: Option<String>,
    allow_root: bool,
    backup_folder: Option<PathBuf>,
    backup_reminder: Option<Reminder>,
}

/// After how long a reminder comes, as it is written.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reminder {
    Days(u32),
    Word(String),
}

impl Config {
    /// Reads the file; a broken one gives the strict defaults and says what is wrong with it.
    pub fn read(path: &Path) -> Self {
        match Self::try_read(path) {
            Ok(config) => config,
            Err(error) => Self { error: Some(format!("{}: {error}", path.display())), ..Self::default() },
        }
    }

    fn try_read(path: &Path) -> Result<Self, String> {
        let text = match fs::metadata(path) {
            Ok(found) if found.is_file() && found.len() <= MAX_SIZE => fs::read_to_string(path),
            Ok(_) => return Err(format!("must be a file of at most {MAX_SIZE} bytes")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => Err(error),
        };
        let file: File =
            toml::from_str(&text.map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
        let idle_lock = file.idle_lock.as_deref().map_or(Ok(Self::default().idle_lock), idle_lock)?;
        let backup_folder = file.backup_folder.map(backup_folder).transpose()?;
        let backup_reminder = file.backup_reminder.map_or(Ok(Self::default().backup_reminder), backup_reminder)?;
        Ok(Self { idle_lock, allow_root: file.allow_root, backup_folder, backup_reminder, error: None })
    }
}

/// Reads `"off"` or a number of seconds, minutes or hours: `"90s"`, `"15min"`, `"2h"`.
fn idle_lock(text: &str) -> Result<Option<Duration>, String> {
    if text == "off" {
        return Ok(None);
    }
    let wrong = || "idle-lock is \"off\" or a time such as \"90s\", \"15min\", \"2h\"".to_owned();
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let factor = match unit.trim() {
        "s" => 1,
        "min" => 60,
        "h" => 3600,
        _ => return Err(wrong()),
    };
    match number.parse::<u64>().map(|number| number.checked_mul(factor)) {
        Ok(Some(seconds @ 1..=MAX_IDLE)) => Ok(Some(Duration::from_secs(seconds))),
        _ => Err(wrong()),
    }
}

/// Reads a whole path, or one below `~/`.
fn backup_folder(path: PathBuf) -> Result<PathBuf, String> {
    let path = match (path.strip_prefix("~"), env::var_os("HOME")) {
        (Ok(below), Some(home)) => PathBuf::from(home).join(below),
        _ => path,
    };
    path.is_absolute().then_some(path).ok_or_else(|| "backup-folder is a whole path, or begins with ~/".into())
}

/// Reads `"off"` or a number of days.
fn backup_reminder(written: Reminder) -> Result<Option<u32>, String> {
    match written {
        Reminder::Days(days @ 1..=3650) => Ok(Some(days)),
        Reminder::Word(word) if word == "off" => Ok(None),
        _ => Err("backup-reminder is \"off\" or a number of days, such as 90".into()),
    }
}

const MAX_SIZE: u64 = 64 * 1024;
const MAX_IDLE: u64 = 7 * 24 * 3600;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Config {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        fs::write(&path, text).unwrap();
        Config::read(&path)
    }

    #[test]
    fn no_file_gives_the_defaults() {
        assert_eq!(Config::read(Path::new("/nonexistent/config.toml")), Config::default());
    }

    #[test]
    fn idle_lock_takes_times_and_off() {
        assert_eq!(read("idle-lock = \"off\"").idle_lock, None);
        assert_eq!(read("idle-lock = \"90s\"").idle_lock, Some(Duration::from_secs(90)));
        assert_eq!(read("idle-lock = \"2 h\"").idle_lock, Some(Duration::from_secs(7200)));
    }

    #[test]
    fn backups_have_a_folder_and_a_reminder_that_may_be_off() {
        assert_eq!(read("backup-folder = \"/media/usb\"").backup_folder, Some("/media/usb".into()));
        let home = env::var_os("HOME").unwrap();
        assert_eq!(read("backup-folder = \"~/b c\"").backup_folder, Some(Path::new(&home).join("b c")));
        let rows = [("", Some(90)), ("backup-reminder = \"off\"", None), ("backup-reminder = 30", Some(30))];
        for (text, days) in rows {
            assert_eq!(read(text).backup_reminder, days, "{text}");
        }
    }

    #[test]
    fn a_broken_file_is_told_and_strict() {
        let wrong = ["idle-lock = \"0s\"", "idle-lock = 5", "idel-lock = \"off\"", "= x", "idle-lock = \"99999h\""];
        let backups = ["backup-folder = \"usb\"", "backup-reminder = 0", "backup-reminder = \"never\""];
        for text in wrong.into_iter().chain(backups) {
            let config = read(text);
            assert!(config.error.is_some(), "{text} passed");
            assert_eq!(config.idle_lock, Config::default().idle_lock);
        }
        assert!(read("\n\nidel-lock = \"off\"").error.unwrap().contains("line 3"));
    }
}
