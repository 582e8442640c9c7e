//! What a hotkey starts.

use std::{fmt, str::FromStr};

use crate::Keys;

/// What a hotkey starts: one command line each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Looks for a QR code on the screen.
    Scan,
    /// Opens the picker.
    Pick,
    /// Copies the code that was used last.
    Copy,
    /// Locks the vault.
    Lock,
}

impl Action {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Scan, Self::Pick, Self::Copy, Self::Lock];

    /// Returns its name, one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Pick => "pick",
            Self::Copy => "copy",
            Self::Lock => "lock",
        }
    }

    /// Returns what it does, for a person.
    pub fn about(self) -> &'static str {
        match self {
            Self::Scan => "Look for a QR code on the screen",
            Self::Pick => "Pick an account",
            Self::Copy => "Copy the code used last",
            Self::Lock => "Lock the vault",
        }
    }

    /// Returns the arguments of `countersign` that do it.
    pub fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Scan => &["scan", "--notify"],
            Self::Pick => &["pick"],
            Self::Copy => &["copy", "--last", "--notify"],
            Self::Lock => &["lock"],
        }
    }

    /// Returns the keys it has unless the person chooses others.
    ///
    /// Super and Ctrl together are in few desktops' own lists and in fewer programs'.
    pub fn usual_keys(self) -> Keys {
        let letter = match self {
            Self::Scan => 'Q',
            Self::Pick => 'P',
            Self::Copy => 'C',
            Self::Lock => 'L',
        };
        format!("Super+Ctrl+{letter}").parse().expect("the usual keys are well written")
    }
}

impl fmt::Display for Action {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.name())
    }
}

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        Self::ALL.into_iter().find(|action| action.name() == text).ok_or_else(|| UnknownAction(text.to_owned()))
    }
}

/// There is no such action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no hotkey for \"{0}\": they are scan, pick, copy and lock")]
pub struct UnknownAction(String);
