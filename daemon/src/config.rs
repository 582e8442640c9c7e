//! What the user wrote in `config.toml`, and every default.

use std::{fs, io, path::Path, time::Duration};

use serde::Deserialize;

/// The settings in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Idleness after which the vault locks; `None` for never.
    pub idle_lock: Option<Duration>,
    /// Whether root may keep a vault of its own.
    pub allow_root: bool,
    /// What is wrong with the file, with line and key; the strict defaults hold then.
    pub error: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self { idle_lock: Some(Duration::from_secs(15 * 60)), allow_root: false, error: None }
    }
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[derive(Default)]
struct File {
    idle_lock: Option<String>,
    allow_root: bool,
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
        Ok(Self { idle_lock, allow_root: file.allow_root, error: None })
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
    fn a_broken_file_is_told_and_strict() {
        for text in ["idle-lock = \"0s\"", "idle-lock = 5", "idel-lock = \"off\"", "= x", "idle-lock = \"99999h\""] {
            let config = read(text);
            assert!(config.error.is_some(), "{text} passed");
            assert_eq!(config.idle_lock, Config::default().idle_lock);
        }
        assert!(read("\n\nidel-lock = \"off\"").error.unwrap().contains("line 3"));
    }
}
