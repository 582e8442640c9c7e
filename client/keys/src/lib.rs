//! The hotkeys of countersign: what each starts ([`Action`]), how a press is written ([`Keys`]), and which the person has
//! chosen for the tray ([`Choice`]). The command line and the tray share it; it knows no desktop.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod action;
mod choice;
mod keys;

pub use action::Action;
pub use choice::{Choice, ChoiceError};
pub use keys::{Dialect, Keys, KeysError};

/// The tray's name on the session bus, and that of the interface by which it is asked for its hotkeys.
pub const TRAY_NAME: &str = "org.countersign.Tray1";
/// The object that has the interface.
pub const TRAY_PATH: &str = "/org/countersign/Tray1";

/// What the tray answers: how it hears keys (`x11`, `portal` or nothing), and of each hotkey its action, its keys, what is
/// wrong with it (or nothing), and which keys are free instead (or nothing).
pub type Answer = (String, Vec<(String, String, String, String)>);
