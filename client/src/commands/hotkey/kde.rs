//! KDE's shortcuts: a desktop file whose actions name their keys, in the folder that its keyboard service reads at login.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use countersign_api::connect;
use countersign_keys::{Action, Choice, Dialect, Keys};

use super::{Bound, command_line};
use crate::error::Error;

/// What they are called.
pub(super) const NAME: &str = "KDE's shortcuts";
/// When they come into force.
pub(super) const WHEN: &str = "They are in force from your next login; System Settings → Shortcuts shows them then.";

/// Returns our shortcuts that are there.
pub(super) fn bound() -> Vec<Bound> {
    let text = path().ok().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
    parse(&text).map(|(action, keys)| Bound::fine(action, &keys)).collect()
}

/// Writes the shortcuts. Whether keys are taken is known at the login only: KDE then leaves them to who had them first.
pub(super) async fn install(choice: &Choice) -> Result<Vec<Bound>, Error> {
    remove().await?;
    let path = path()?;
    let write = || {
        fs::create_dir_all(path.parent().expect("it lies in a folder")).and_then(|()| fs::write(&path, file(choice)))
    };
    write().map_err(Error::io(path.display().to_string()))?;
    Ok(choice.iter().map(|(action, keys)| Bound::fine(action, keys)).collect())
}

/// Takes our shortcuts away, at once where KDE runs; returns whether there were any.
pub(super) async fn remove() -> Result<bool, Error> {
    let path = path()?;
    match fs::remove_file(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        removed => removed.map_err(Error::io(path.display().to_string()))?,
    }
    // Else it would remember the keys, and give them to a later choice.
    for action in Action::ALL {
        forget(action).await;
    }
    Ok(true)
}

/// Asks the keyboard service to forget a shortcut. One that does not run has nothing to forget.
async fn forget(action: Action) {
    if let Ok(bus) = connect::session_bus().await {
        let body = (FILE, action.name());
        let _ =
            bus.call_method(Some(SERVICE), "/kglobalaccel", Some("org.kde.KGlobalAccel"), "unregister", &body).await;
    }
}

fn file(choice: &Choice) -> String {
    let names: Vec<_> = choice.iter().map(|(action, _)| format!("{action};")).collect();
    let names = names.concat();
    let action = |(action, keys): (Action, &Keys)| {
        let (about, keys) = (action.about(), keys.written(Dialect::Kde));
        let exec = exec(&command_line(action, true));
        format!("\n[Desktop Action {action}]\nName={about}\nExec={exec}\nX-KDE-Shortcuts={keys}\n")
    };
    let actions: Vec<_> = choice.iter().map(action).collect();
    let actions = actions.concat();
    format!(
        "# Written by `countersign hotkey install`; `countersign hotkey remove` takes it away.\n\
         [Desktop Entry]\nType=Application\nName=countersign\nIcon=org.countersign.Tray\nExec={}\nActions={names}\n{actions}",
        exec(&command_line(Action::Pick, true))
    )
}

/// Returns a command line as desktop files hold it: by a shell where it has quotes, which they write in another way.
fn exec(line: &str) -> String {
    let line = line.replace('%', "%%");
    if line.contains('\'') { format!("sh -c \"{}\"", line.replace('\\', r"\\\\")) } else { line }
}

fn parse(text: &str) -> impl Iterator<Item = (Action, Keys)> {
    text.split("\n[Desktop Action ").skip(1).filter_map(|section| {
        let (action, rest) = section.split_once(']')?;
        let keys = rest.lines().find_map(|line| line.strip_prefix("X-KDE-Shortcuts="))?;
        Some((action.parse().ok()?, keys.parse().ok()?))
    })
}

fn path() -> Result<PathBuf, Error> {
    let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")));
    let data = data.ok_or_else(|| Error::Usage("neither XDG_DATA_HOME nor HOME is set".into()))?;
    Ok(data.join(Path::new("kglobalaccel")).join(FILE))
}

const FILE: &str = "org.countersign.Hotkeys.desktop";
const SERVICE: &str = "org.kde.kglobalaccel";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut choice = Choice::usual();
        choice.set(Action::Lock, None);
        let written = file(&choice);
        assert!(written.contains("\nActions=scan;pick;copy;\n") && written.contains("X-KDE-Shortcuts=Meta+Ctrl+Q"));
        let read: Vec<_> = parse(&written).collect();
        assert_eq!(read, choice.iter().map(|(action, keys)| (action, keys.clone())).collect::<Vec<_>>());
        assert_eq!(parse("").count(), 0);
    }

    #[test]
    fn a_command_with_quotes_is_a_shells() {
        assert_eq!(exec("/usr/bin/x 100%"), "/usr/bin/x 100%%");
        assert_eq!(exec("'/a b/x' lock"), "sh -c \"'/a b/x' lock\"");
    }
}
