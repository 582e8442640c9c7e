//! What a click asks for, and the names by which the toolkit reports it.

/// What a click on an entry asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    /// Do this with the account of this id.
    With(Deed, String),
    /// Choose an account by typing.
    Search,
    /// Look for QR codes on the screen.
    Scan,
    /// Lock the vault.
    Lock,
    /// Unlock the vault.
    Unlock,
    /// Make a vault.
    SetUp,
    /// Say why the vault can't be used, and what to do.
    Explain,
    /// Start the daemon.
    Start,
    /// End the tray.
    Quit,
}

/// What can be done with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Deed {
    /// Copy a code that lives for a while still.
    Copy,
    /// Copy the code after the one of now.
    CopyNext,
    /// Show the code across the room.
    Large,
    /// Type a code into the window that has the keyboard.
    Type,
    /// Draw its QR for another device.
    ShowQr,
    /// Put it first for good.
    Pin,
    /// Put it first no longer.
    Unpin,
    /// The site accepted a code of it.
    Accept,
}

impl Action {
    /// Returns the name under which the toolkit reports a click.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::With(deed, account) => format!("{} {account}", deed.word()),
            plain => plain.word().into(),
        }
    }

    /// Reads such a name back.
    pub(crate) fn from_id(id: &str) -> Option<Self> {
        match id.split_once(' ') {
            Some((word, account)) => {
                let deed = Deed::ALL.into_iter().find(|deed| deed.word() == word)?;
                Some(Self::With(deed, account.into()))
            }
            None => Self::PLAIN.into_iter().find(|action| action.word() == id),
        }
    }

    const PLAIN: [Self; 8] =
        [Self::Search, Self::Scan, Self::Lock, Self::Unlock, Self::SetUp, Self::Explain, Self::Start, Self::Quit];

    fn word(&self) -> &'static str {
        match self {
            Self::With(deed, _) => deed.word(),
            Self::Search => "search",
            Self::Scan => "scan",
            Self::Lock => "lock",
            Self::Unlock => "unlock",
            Self::SetUp => "set-up",
            Self::Explain => "explain",
            Self::Start => "start",
            Self::Quit => "quit",
        }
    }
}

impl Deed {
    /// All of them.
    pub(crate) const ALL: [Self; 8] =
        [Self::Copy, Self::CopyNext, Self::Large, Self::Type, Self::ShowQr, Self::Pin, Self::Unpin, Self::Accept];

    fn word(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::CopyNext => "copy-next",
            Self::Large => "large",
            Self::Type => "type",
            Self::ShowQr => "qr",
            Self::Pin => "pin",
            Self::Unpin => "unpin",
            Self::Accept => "accept",
        }
    }

    /// Returns what the menu says of it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Copy => "Copy",
            Self::CopyNext => "Copy the next code",
            Self::Large => "Show large",
            Self::Type => "Type into the window",
            Self::ShowQr => "Show QR for another device",
            Self::Pin => "Pin to the top",
            Self::Unpin => "Unpin",
            Self::Accept => "The site accepted a code",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_clicks_read_back() {
        let id = format!("{:032x}", 5);
        let with = Deed::ALL.into_iter().map(|deed| Action::With(deed, id.clone()));
        for action in with.chain(Action::PLAIN) {
            assert_eq!(Action::from_id(&action.id()), Some(action));
        }
        for unknown in ["delete everything", "copy", "", "delete"] {
            assert_eq!(Action::from_id(unknown), None, "{unknown}");
        }
    }
}
