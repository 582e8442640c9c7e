//! The icon: one for each state, in a picture and in words.

/// Which icon stands in the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    /// Nobody answers.
    NoDaemon,
    /// There is no vault yet.
    NoVault,
    /// The vault is locked.
    Locked,
    /// The vault is open.
    Unlocked,
    /// It is open, and no site is known to accept the codes of one of its accounts.
    Unconfirmed,
    /// It is open, and can't be written.
    ReadOnly,
    /// The vault is there and can't be used.
    Unusable,
    /// The next code is waited for, to be copied.
    Waiting,
    /// A code is on the clipboard.
    Copied,
}

impl Face {
    /// All of them.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 9] = [
        Self::NoDaemon,
        Self::NoVault,
        Self::Locked,
        Self::Unlocked,
        Self::Unconfirmed,
        Self::ReadOnly,
        Self::Unusable,
        Self::Waiting,
        Self::Copied,
    ];

    /// Returns the name under which the icon is installed, for panels that find it by its name and colour it.
    pub(crate) fn icon_name(self) -> &'static str {
        match self {
            Self::NoDaemon => "org.countersign.Tray-no-daemon-symbolic",
            Self::NoVault => "org.countersign.Tray-no-vault-symbolic",
            Self::Locked => "org.countersign.Tray-locked-symbolic",
            Self::Unlocked => "org.countersign.Tray-unlocked-symbolic",
            Self::Unconfirmed => "org.countersign.Tray-unconfirmed-symbolic",
            Self::ReadOnly => "org.countersign.Tray-read-only-symbolic",
            Self::Unusable => "org.countersign.Tray-unusable-symbolic",
            Self::Waiting => "org.countersign.Tray-waiting-symbolic",
            Self::Copied => "org.countersign.Tray-copied-symbolic",
        }
    }

    /// Returns the same in words: never a name, never a code.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::NoDaemon => "countersignd is not running",
            Self::NoVault => "Not set up yet",
            Self::Locked => "Locked",
            Self::Unlocked => "Unlocked",
            Self::Unconfirmed => "Unlocked; an account is unconfirmed",
            Self::ReadOnly => "Unlocked; the disk can only be read, changes fail",
            Self::Unusable => "The vault can't be used",
            Self::Waiting => "Waiting for the next code, to copy it",
            Self::Copied => "A code is on the clipboard until it has expired",
        }
    }
}
