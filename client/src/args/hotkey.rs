//! The arguments of `hotkey` and `type`.

use clap::{Args, Subcommand, ValueEnum};
use countersign_keys::{Action, Keys};

use super::Name;

/// Arguments of `type`.
#[derive(Debug, Args)]
pub(crate) struct Type {
    #[command(flatten)]
    pub(crate) name: Name,
    /// Press Enter after it
    #[arg(long)]
    pub(crate) enter: bool,
}

/// Arguments of `hotkey`.
#[derive(Debug, Args)]
pub(crate) struct Hotkey {
    #[command(subcommand)]
    pub(crate) action: Option<HotkeyAction>,
    #[command(flatten)]
    pub(crate) how: How,
}

/// What to do with the hotkeys.
#[derive(Debug, Subcommand)]
pub(crate) enum HotkeyAction {
    /// Turn them on
    Install(How),
    /// Take away what install did
    Remove(Where),
    /// Do what a hotkey does, once however long it is held
    Run {
        /// scan, pick, copy or lock
        #[arg(value_name = "ACTION", value_parser = one_action)]
        action: Action,
    },
}

/// Where hotkeys are kept, and which.
#[derive(Debug, Default, Args)]
pub(crate) struct How {
    #[command(flatten)]
    pub(crate) place: Where,
    /// Other keys for scan, pick, copy or lock, such as scan=Ctrl+Alt+Q; or
    /// none: lock=none
    #[arg(long = "key", value_name = "ACTION=KEYS", value_parser = one_key)]
    pub(crate) keys: Vec<(Action, Option<Keys>)>,
}

/// Where hotkeys are kept.
#[derive(Debug, Default, Args)]
pub(crate) struct Where {
    /// For this desktop or program instead of the one that runs
    #[arg(long = "for", value_enum, value_name = "DESKTOP")]
    pub(crate) desktop: Option<Desktop>,
}

/// What hears keys, and keeps which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Desktop {
    /// GNOME's own shortcuts
    Gnome,
    /// KDE's own shortcuts
    Kde,
    /// The tray: on X11 itself, on Wayland by the desktop's portal
    Tray,
    /// The configuration of sway
    Sway,
    /// The configuration of i3
    I3,
    /// The configuration of Hyprland
    Hyprland,
    /// The configuration of sxhkd, on X11
    Sxhkd,
}

fn one_action(text: &str) -> Result<Action, String> {
    text.parse().map_err(|error| format!("{error}"))
}

fn one_key(text: &str) -> Result<(Action, Option<Keys>), String> {
    let (action, keys) = text.split_once('=').ok_or("it is written as in scan=Ctrl+Alt+Q")?;
    let action = action.parse().map_err(|error| format!("{error}"))?;
    if keys.eq_ignore_ascii_case("none") {
        return Ok((action, None));
    }
    Ok((action, Some(keys.parse().map_err(|error| format!("{error}"))?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_with_its_action() {
        assert_eq!(one_key("scan=ctrl+alt+q"), Ok((Action::Scan, Some("Ctrl+Alt+Q".parse().unwrap()))));
        assert_eq!(one_key("lock=none"), Ok((Action::Lock, None)));
        for (wrong, why) in [("Ctrl+Alt+Q", "written"), ("open=Ctrl+A", "open"), ("scan=A", "typing"), ("scan=", "key")]
        {
            assert!(one_key(wrong).unwrap_err().contains(why), "{wrong}");
        }
    }
}
