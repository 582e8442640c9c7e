//! Lines for the configuration of what hears keys by a file: sway, i3, Hyprland, sxhkd.

use countersign_keys::{Action, Choice, Dialect, Keys};

use super::command_line;
use crate::args::Desktop;

/// Returns the lines; `None` where a desktop has settings instead.
pub(super) fn of(desktop: Desktop, choice: &Choice) -> Option<String> {
    let line = match desktop {
        Desktop::Sway => sway,
        Desktop::I3 => i3,
        Desktop::Hyprland => hyprland,
        Desktop::Sxhkd => sxhkd,
        Desktop::Gnome | Desktop::Kde | Desktop::Tray => return None,
    };
    Some(choice.iter().map(|(action, keys)| line(action, keys) + "\n").collect())
}

/// Returns the file into which they belong.
pub(super) fn file(desktop: Desktop) -> &'static str {
    match desktop {
        Desktop::Sway => "~/.config/sway/config",
        Desktop::I3 => "~/.config/i3/config",
        Desktop::Hyprland => "~/.config/hypr/hyprland.conf",
        Desktop::Sxhkd => "~/.config/sxhkd/sxhkdrc",
        Desktop::Gnome | Desktop::Kde | Desktop::Tray => "",
    }
}

/// On release: a held key is repeated otherwise.
fn sway(action: Action, keys: &Keys) -> String {
    format!("bindsym --release {} exec {}", keys.written(Dialect::Sway), command_line(action, false))
}

fn i3(action: Action, keys: &Keys) -> String {
    let keys = keys.written(Dialect::Sway);
    format!("bindsym --release {keys} exec --no-startup-id {}", command_line(action, false))
}

fn hyprland(action: Action, keys: &Keys) -> String {
    format!("bind = {}, exec, {}", keys.written(Dialect::Hyprland), command_line(action, false))
}

/// It repeats a held key in any case.
fn sxhkd(action: Action, keys: &Keys) -> String {
    format!("{}\n    {}", keys.written(Dialect::Sxhkd), command_line(action, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_as_its_program_documents_it() {
        let program = std::env::current_exe().unwrap();
        let program = super::super::quoted(program.to_str().unwrap());
        let first = |desktop| of(desktop, &Choice::usual()).unwrap().replace(&program, "countersign");
        let rows = [
            (Desktop::Sway, "bindsym --release Mod4+Ctrl+q exec countersign scan --notify\n"),
            (Desktop::I3, "bindsym --release Mod4+Ctrl+q exec --no-startup-id countersign scan --notify\n"),
            // https://wiki.hypr.land/Configuring/Binds: bind = MODS, key, dispatcher, params
            (Desktop::Hyprland, "bind = SUPER CTRL, q, exec, countersign scan --notify\n"),
            (Desktop::Sxhkd, "super + ctrl + q\n    countersign hotkey run scan\n"),
        ];
        for (desktop, line) in rows {
            assert!(first(desktop).starts_with(line), "{}", first(desktop));
            assert!(file(desktop).starts_with("~/.config/"));
        }
        assert_eq!(of(Desktop::Gnome, &Choice::usual()), None);
    }
}
