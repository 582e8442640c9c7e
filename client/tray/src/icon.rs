//! The icon and its menu in the panel: the only file that knows the toolkit.
//!
//! The trap: it must be built where no tokio runtime runs. Inside one, the toolkit's connection registers with the
//! reactor that `build` is blocking, and `build` never returns.

use tokio::sync::mpsc::UnboundedSender;
use tray_icon::{
    MouseButton, TrayIcon, TrayIconBuilder, TrayIconEvent,
    menu::{ContextMenu, IsMenuItem, Menu, MenuEvent, MenuItem, PredefinedMenuItem, Submenu},
};

use crate::{
    draw,
    menu::{Action, Entry, Face, Model},
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
            if matches!(event, TrayIconEvent::Click { button: MouseButton::Left, .. }) {
                let _ = of_icon.send(Click::Icon);
            }
        }));
        let tray = TrayIconBuilder::new()
            .with_id("org.countersign.Tray")
            .with_title("countersign")
            .with_tooltip(model.tooltip())
            .with_icon(picture(face)?)
            .with_menu(built(&menu)?)
            .build()?;
        Ok(Self { tray, face, menu })
    }

    /// Shows what has changed.
    pub(crate) fn show(&mut self, model: &Model) -> Result<(), Fault> {
        let (face, menu) = (model.face(), model.menu());
        if face != self.face {
            self.tray.set_icon(Some(picture(face)?))?;
            self.tray.set_tooltip(Some(model.tooltip()))?;
            self.face = face;
        }
        if menu != self.menu {
            self.tray.set_menu(Some(built(&menu)?));
            self.menu = menu;
        }
        Ok(())
    }
}

fn picture(face: Face) -> Result<tray_icon::Icon, Fault> {
    Ok(tray_icon::Icon::from_rgba(draw::rgba(face, SIZE), SIZE, SIZE)?)
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

/// Pixels each way. The toolkit offers a panel one size only: this is twice the most usual one, and scales down well.
const SIZE: u32 = 44;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ampersands_stay_ampersands() {
        assert_eq!(escaped("R&D & _x_ &&"), "R&&D && _x_ &&&&");
    }
}
