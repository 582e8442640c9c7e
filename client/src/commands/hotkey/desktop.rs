//! Which desktop this is, by what it says of itself in the environment.

use crate::args::Desktop;

/// Returns what hears keys here.
pub(super) fn detect(variable: &dyn Fn(&str) -> Option<String>) -> Desktop {
    let set = |name| variable(name).is_some_and(|value| !value.is_empty());
    let names = variable("XDG_CURRENT_DESKTOP").unwrap_or_default().to_ascii_lowercase();
    let is = |name| names.split(':').any(|own| own == name);
    if is("kde") {
        Desktop::Kde
    } else if is("gnome") || is("unity") {
        Desktop::Gnome
    } else if is("hyprland") || set("HYPRLAND_INSTANCE_SIGNATURE") {
        Desktop::Hyprland
    } else if is("sway") || set("SWAYSOCK") {
        Desktop::Sway
    } else if is("i3") || set("I3SOCK") {
        Desktop::I3
    } else {
        Desktop::Tray
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_desktop_is_known_by_what_it_says() {
        let rows = [
            ("XDG_CURRENT_DESKTOP", "GNOME", Desktop::Gnome),
            ("XDG_CURRENT_DESKTOP", "ubuntu:GNOME", Desktop::Gnome),
            ("XDG_CURRENT_DESKTOP", "Budgie:GNOME", Desktop::Gnome),
            ("XDG_CURRENT_DESKTOP", "KDE", Desktop::Kde),
            ("XDG_CURRENT_DESKTOP", "sway", Desktop::Sway),
            ("SWAYSOCK", "/run/user/1000/sway-ipc.sock", Desktop::Sway),
            ("I3SOCK", "/run/user/1000/i3/ipc-socket", Desktop::I3),
            ("XDG_CURRENT_DESKTOP", "Hyprland", Desktop::Hyprland),
            ("XDG_CURRENT_DESKTOP", "XFCE", Desktop::Tray),
            ("XDG_CURRENT_DESKTOP", "X-Cinnamon", Desktop::Tray),
            ("SWAYSOCK", "", Desktop::Tray),
        ];
        for (name, value, desktop) in rows {
            let variable = |asked: &str| (asked == name).then(|| value.to_owned());
            assert_eq!(detect(&variable), desktop, "{name}={value}");
        }
    }
}
