//! The icon and its menu in the panel: the only file that knows the toolkit.
//!
//! The trap: it must be built where no tokio runtime runs. Inside one, the toolkit's connection registers with the
//! reactor that `build` is blocking, and `build` never returns.

use std::{
    env,
    time::{Duration, Instant},
};

use countersign_api::connect;
use tokio::sync::mpsc::UnboundedSender;
use tray_icon::{
    MouseButton, NativeIcon, TrayIcon, TrayIconBuilder, TrayIconEvent,
    menu::{ContextMenu, IsMenuItem, Menu, MenuEvent, MenuItem, PredefinedMenuItem, Submenu},
};

use crate::{
    draw,
    menu::{Action, Entry, Face, Model, Room},
};

/// What the person did.
#[derive(Debug)]
pub(crate) enum Click {
    /// Chose an entry of the menu.
    Entry(Action),
    /// Chose hotkeys: these can't be had, a line each.
    Hotkeys(Vec<String>),
    /// Clicked on the icon, in a panel that does not open the menu by it.
    Icon,
    /// Clicked on the icon with the middle button.
    Middle,
}

/// The icon in the panel.
pub(crate) struct Icon {
    tray: TrayIcon,
    face: Face,
    menu: Vec<Entry>,
}

/// What the toolkit says when it fails.
pub(crate) type Fault = Box<dyn std::error::Error>;

impl Icon {
    /// Puts the icon into the panel; clicks go to the channel.
    pub(crate) fn new(model: &Model, clicks: UnboundedSender<Click>) -> Result<Self, Fault> {
        let (face, menu) = (model.face(), model.menu());
        let of_icon = clicks.clone();
        MenuEvent::set_event_handler(Some(move |event: MenuEvent| {
            if let Some(action) = Action::from_id(&event.id.0) {
                // The tray is ending if nobody listens.
                let _ = clicks.send(Click::Entry(action));
            }
        }));
        TrayIconEvent::set_event_handler(Some(move |event| {
            let click = match event {
                TrayIconEvent::Click { button: MouseButton::Left, .. } => Click::Icon,
                TrayIconEvent::Click { button: MouseButton::Middle, .. } => Click::Middle,
                _ => return,
            };
            let _ = of_icon.send(click);
        }));
        let begun = Instant::now();
        let mut tray = registered(face, &menu)?;
        if begun.elapsed() > AT_ONCE && desktop_is_of(&["GNOME"]) {
            // The shell answers when it has started up. What it was told before then may come to nothing, and nobody is
            // told (see `host::Drops`).
            tray = registered(face, &menu).unwrap_or(tray);
        }
        Ok(Self { tray, face, menu })
    }

    /// Shows what has changed.
    pub(crate) fn show(&mut self, model: &Model) -> Result<(), Fault> {
        let (face, menu) = (model.face(), model.menu());
        if face != self.face {
            self.face = face;
            match named(face) {
                Some(name) => self.tray.set_native_icon(Some(name))?,
                None => self.tray.set_icon(Some(pixels(face)?))?,
            }
            self.tray.set_tooltip(Some(face.words()))?;
        }
        if menu != self.menu {
            self.tray.set_menu(Some(built(&menu)?));
            self.menu = menu;
        }
        Ok(())
    }
}

/// Puts an icon into the panel, and waits for the panel's answer; where there is no panel, it gets the icon when it comes.
fn registered(face: Face, menu: &[Entry]) -> Result<TrayIcon, Fault> {
    let builder = TrayIconBuilder::new()
        .with_id("org.countersign.Tray")
        .with_title("countersign")
        .with_tooltip(face.words())
        .with_menu(built(menu)?);
    let builder = match named(face) {
        Some(name) => builder.with_native_icon(name),
        None => builder.with_icon(pixels(face)?),
    };
    Ok(builder.build()?)
}

/// Returns the icon by its name, where it is installed and the panel is known to give it the colour of its own icons.
///
/// Others, such as waybar, show it in the one grey of its drawing, which is worse than our own pixels.
fn named(face: Face) -> Option<NativeIcon> {
    if !desktop_is_of(&COLOURING) {
        return None;
    }
    let file = format!("icons/hicolor/symbolic/apps/{}.svg", face.icon_name());
    let own = connect::xdg_dir("XDG_DATA_HOME", ".local/share").ok();
    let of_all = env::var_os("XDG_DATA_DIRS").filter(|dirs| !dirs.is_empty());
    let of_all = of_all.unwrap_or_else(|| "/usr/local/share:/usr/share".into());
    let installed = own.into_iter().chain(env::split_paths(&of_all)).any(|dir| dir.join(&file).is_file());
    installed.then(|| NativeIcon::from_name(face.icon_name()))
}

/// Returns how much of a menu the panel has room for.
pub(crate) fn room() -> Room {
    if desktop_is_of(&["GNOME"]) { Room::GNOME } else { Room::USUAL }
}

/// Whether the desktop goes by one of these names.
fn desktop_is_of(names: &[&str]) -> bool {
    env::var("XDG_CURRENT_DESKTOP").unwrap_or_default().split(':').any(|name| names.contains(&name))
}

fn pixels(face: Face) -> Result<tray_icon::Icon, Fault> {
    Ok(tray_icon::Icon::from_rgba(draw::rgba(face), draw::SIZE, draw::SIZE)?)
}

fn built(entries: &[Entry]) -> Result<Box<dyn ContextMenu>, Fault> {
    let menu = Menu::new();
    for entry in entries {
        menu.append(item(entry)?.as_ref())?;
    }
    Ok(Box::new(menu))
}

fn item(entry: &Entry) -> Result<Box<dyn IsMenuItem>, Fault> {
    Ok(match entry {
        Entry::Item(action, label) => Box::new(MenuItem::with_id(action.id(), escaped(label), true, None)),
        Entry::Note(label) => Box::new(MenuItem::new(escaped(label), false, None)),
        Entry::Separator => Box::new(PredefinedMenuItem::separator()),
        Entry::Submenu(label, entries) => {
            let submenu = Submenu::new(escaped(label), true);
            for entry in entries {
                submenu.append(item(entry)?.as_ref())?;
            }
            Box::new(submenu)
        }
    })
}

/// Returns the label so that nothing in it underlines a letter: `&` does so in the toolkit, which itself sees to the
/// `_` that does so in a D-Bus menu.
fn escaped(label: &str) -> String {
    label.replace('&', "&&")
}

/// Desktops whose panels colour symbolic icons: GNOME by its extension `AppIndicator`.
const COLOURING: [&str; 2] = ["GNOME", "XFCE"];

/// How soon a panel answers that is not just starting up.
const AT_ONCE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ampersands_stay_ampersands() {
        assert_eq!(escaped("R&D & _x_ &&"), "R&&D && _x_ &&&&");
    }
}
