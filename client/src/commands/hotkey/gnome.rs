//! GNOME's custom shortcuts, by the person's own `gsettings`: a list of paths, and under each a name, a command and keys.

use std::{io, process::Command};

use countersign_keys::{Action, Choice, Dialect, Keys};

use super::{Bound, command_line};
use crate::error::Error;

/// What they are called.
pub(super) const NAME: &str = "GNOME's custom shortcuts";

/// Returns our shortcuts that are there; none where there are no such settings.
pub(super) fn bound() -> Vec<Bound> {
    let paths = paths().unwrap_or_default();
    let here = Action::ALL.into_iter().filter(|action| paths.contains(&path(*action)));
    here.filter_map(|action| {
        let keys = get(&schema_at(&path(action)), "binding").ok()?;
        Some(Bound::fine(action, &Keys::from_gnome(bare(&keys))?))
    })
    .collect()
}

/// Writes the shortcuts whose keys are free; those of other people stay as they are.
pub(super) fn install(choice: &Choice) -> Result<Vec<Bound>, Error> {
    let taken = taken()?;
    let owner = |keys: &Keys| taken.iter().find(|(other, _)| other == keys).map(|(_, owner)| owner.clone());
    let mut bound = Vec::new();
    let mut ours = Vec::new();
    for (action, keys) in choice.iter() {
        let mut one = Bound::fine(action, keys);
        if let Some(owner) = owner(keys) {
            one.wrong = format!("taken by {owner}");
            one.instead = keys.others().find(|other| owner_free(other, &taken, choice));
        } else {
            let schema = schema_at(&path(action));
            set(&schema, "name", &text(&format!("countersign: {}", action.about())))?;
            set(&schema, "command", &text(&command_line(action, true)))?;
            set(&schema, "binding", &text(&keys.written(Dialect::Gnome)))?;
            ours.push(path(action));
        }
        bound.push(one);
    }
    // Last: what is in the list is whole.
    let (before, theirs) = parted(paths()?);
    write_paths(&[&theirs[..], &ours[..]].concat())?;
    before.iter().filter(|path| !ours.contains(path)).try_for_each(|path| forget(path))?;
    Ok(bound)
}

/// Takes our shortcuts away; returns whether there were any.
pub(super) fn remove() -> Result<bool, Error> {
    let Ok(list) = paths() else { return Ok(false) };
    let (ours, theirs) = parted(list);
    if ours.is_empty() {
        return Ok(false);
    }
    write_paths(&theirs)?;
    ours.iter().try_for_each(|path| forget(path))?;
    Ok(true)
}

/// Parts our shortcuts from those of other people.
fn parted(list: Vec<String>) -> (Vec<String>, Vec<String>) {
    let all = Action::ALL.map(path);
    list.into_iter().partition(|path| all.contains(path))
}

fn forget(path: &str) -> Result<(), Error> {
    gsettings(&["reset-recursively", &schema_at(path)]).map(drop)
}

fn owner_free(keys: &Keys, taken: &[(Keys, String)], choice: &Choice) -> bool {
    !taken.iter().any(|(other, _)| other == keys) && !choice.iter().any(|(_, other)| other == keys)
}

/// Returns all keys that GNOME listens to, and for what.
fn taken() -> Result<Vec<(Keys, String)>, Error> {
    let mut taken = Vec::new();
    for schema in SCHEMAS {
        // Older and newer desktops lack one or the other.
        let all = gsettings(&["list-recursively", schema]).unwrap_or_default();
        for line in all.lines() {
            let mut words = line.splitn(3, ' ');
            let (Some(_), Some(key), Some(value)) = (words.next(), words.next(), words.next()) else { continue };
            taken.extend(strings(value).filter_map(|keys| Some((Keys::from_gnome(keys)?, format!("GNOME ({key})")))));
        }
    }
    for path in parted(paths()?).1 {
        let schema = schema_at(&path);
        if let (Ok(keys), Ok(name)) = (get(&schema, "binding"), get(&schema, "name"))
            && let Some(keys) = Keys::from_gnome(bare(&keys))
        {
            taken.push((keys, format!("another shortcut of yours, {}", bare(&name))));
        }
    }
    Ok(taken)
}

/// Returns the paths of all custom shortcuts.
fn paths() -> Result<Vec<String>, Error> {
    Ok(strings(&get(MEDIA_KEYS, LIST)?).map(str::to_owned).collect())
}

/// Writes the list; an empty one is the settings' own.
fn write_paths(list: &[String]) -> Result<(), Error> {
    if list.is_empty() {
        return gsettings(&["reset", MEDIA_KEYS, LIST]).map(drop);
    }
    let quoted: Vec<_> = list.iter().map(|path| text(path)).collect();
    set(MEDIA_KEYS, LIST, &format!("[{}]", quoted.join(", ")))
}

fn get(schema: &str, key: &str) -> Result<String, Error> {
    gsettings(&["get", schema, key])
}

fn set(schema: &str, key: &str, value: &str) -> Result<(), Error> {
    gsettings(&["set", schema, key, value]).map(drop)
}

fn gsettings(args: &[&str]) -> Result<String, Error> {
    let run = Command::new("gsettings").args(args).output().map_err(Error::io("gsettings"))?;
    if !run.status.success() {
        let why = String::from_utf8_lossy(&run.stderr).trim().to_owned();
        return Err(Error::io("gsettings")(io::Error::other(why)));
    }
    Ok(String::from_utf8_lossy(&run.stdout).trim().to_owned())
}

/// Returns the texts in a value as `gsettings` prints it; paths and keys hold no quotes.
fn strings(value: &str) -> impl Iterator<Item = &str> {
    value.split('\'').skip(1).step_by(2)
}

/// Returns a text without the quotes that `gsettings` prints around it, of either kind.
fn bare(text: &str) -> &str {
    text.get(1..text.len().saturating_sub(1)).unwrap_or_default()
}

/// Returns a text as `gsettings` reads it.
fn text(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

fn path(action: Action) -> String {
    format!("/org/gnome/settings-daemon/plugins/media-keys/custom-keybindings/countersign-{action}/")
}

fn schema_at(path: &str) -> String {
    format!("{MEDIA_KEYS}.custom-keybinding:{path}")
}

const MEDIA_KEYS: &str = "org.gnome.settings-daemon.plugins.media-keys";
const LIST: &str = "custom-keybindings";
/// Where else GNOME keeps keys.
const SCHEMAS: [&str; 5] = [
    MEDIA_KEYS,
    "org.gnome.desktop.wm.keybindings",
    "org.gnome.shell.keybindings",
    "org.gnome.mutter.keybindings",
    "org.gnome.mutter.wayland.keybindings",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_paths_is_read_as_gsettings_prints_it() {
        assert_eq!(strings("@as []").count(), 0);
        assert_eq!(strings("['/a/custom0/', '/b/']").collect::<Vec<_>>(), ["/a/custom0/", "/b/"]);
    }

    #[test]
    fn a_text_is_quoted() {
        assert_eq!(text(r"it's \n"), r"'it\'s \\n'");
    }
}
