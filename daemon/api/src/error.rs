//! What can go wrong, in one table: the D-Bus error name, the exit code of the command line, the hint.
//!
//! Names and exit codes are part of the contract and never change. The text of an error says what happened and to what,
//! and holds no secret and no code.

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident = $exit:literal, $hint:literal;)*) => {
        /// An error of the contract; each variant's text says what happened, to what.
        #[derive(Debug, Clone, PartialEq, zbus::DBusError)]
        #[zbus(prefix = "org.countersign.Error")]
        #[non_exhaustive]
        pub enum Error {
            /// The connection itself failed: no bus, no daemon, no answer.
            #[zbus(error)]
            ZBus(zbus::Error),
            $($(#[$doc])* $name(String),)*
        }

        impl Error {
            /// Every error that has a name of ours: (variant, exit code, hint).
            pub const TABLE: &'static [(&'static str, u8, &'static str)] = &[$((stringify!($name), $exit, $hint),)*];

            /// Returns the exit code that the command line gives for it.
            pub fn exit_code(&self) -> u8 {
                match self {
                    Self::ZBus(_) => UNREACHABLE,
                    $(Self::$name(_) => $exit,)*
                }
            }

            /// Returns what to do next, or an empty text where the message says it all.
            pub fn hint(&self) -> &'static str {
                match self {
                    Self::ZBus(_) => "start it with: systemctl --user start countersignd, or: countersignd",
                    $(Self::$name(_) => $hint,)*
                }
            }

            /// Returns the stable word for it, the last part of its D-Bus name.
            pub fn id(&self) -> &'static str {
                match self {
                    Self::ZBus(_) => "Unreachable",
                    $(Self::$name(_) => stringify!($name),)*
                }
            }

            /// Returns the text: what happened, to what.
            pub fn message(&self) -> String {
                match self {
                    Self::ZBus(error) => error.to_string(),
                    $(Self::$name(text) => text.clone(),)*
                }
            }
        }
    };
}

errors! {
    /// A fault that has no name of its own.
    Failed = 1, "";
    /// The change could not be put on disk; nothing has changed.
    NotSaved = 1, "free some space or make the folder writable, then try again";
    /// The vault's file is not the one that was opened; nothing has changed, there or in memory.
    ChangedOutside = 1, "look at the vault's folder before you lock: what only countersign still holds is lost then";
    /// The vault can only be read; nothing has changed.
    ReadOnly = 1, "make the vault's folder writable, then: countersign restart";
    /// Too many calls, too large an argument, one scan too many at a time, more found than can be held, or a full vault;
    /// each says itself what to do.
    LimitsExceeded = 1, "";
    /// A vault is there already.
    AlreadyExists = 1, "countersign status shows it";
    /// The text is no URI or key that can be kept.
    InvalidUri = 1, "look at it with: countersign check -";
    /// The account needs its PIN to make a code.
    PinNeeded = 1, "keep the PIN with: countersign edit NAME --pin";
    /// The account's codes follow a counter; each one asked for uses it up.
    CounterBased = 1, "ask for the next code with: countersign code NAME, or advance=true on the bus";
    /// There is nothing to take back.
    NothingToUndo = 1, "";
    /// An option is unknown or of the wrong type.
    InvalidOption = 2, "the options stand in: man countersign-dbus";
    /// An argument is not of the form asked for.
    InvalidArgument = 2, "";
    /// No such account, slot, generation or candidate.
    NotFound = 3, "";
    /// The vault is locked.
    Locked = 4, "countersign unlock";
    /// There is no vault yet.
    NoVault = 4, "make one with: countersign init";
    /// The answer is no: by a rule, or by the person.
    Denied = 5, "";
    /// The passphrase has to be given first, on this connection.
    PresenceNeeded = 5, "run it on a terminal, or give --passphrase-fd";
    /// The person dismissed the question.
    Cancelled = 5, "";
    /// The passphrase or recovery key is wrong.
    WrongPassphrase = 7, "try again, or, where there is a recovery key: countersign unlock --recovery";
    /// The vault is damaged, newer, foreign or rolled back; nothing of it was changed.
    Unusable = 8, "countersign status says more, countersign generations list shows earlier vaults";
    /// The code would come later than the caller will wait.
    WouldWait = 9, "allow more with --max-wait, or ask for less with --fresh";
    /// The QR is a one-time activation: there is nothing in it to keep.
    OneTime = 11, "the steps to a reusable QR are shown by: countersign scan";
    /// No backup was made: the folder is not there, or not fit for one. Nothing of it is left.
    NotBackedUp = 1, "is its disk there? Another folder, best on another disk: countersign backup DIR";
    /// The backup is damaged or incomplete; the vault itself is as it was.
    BackupUnusable = 8, "try an older one: countersign backup --verify DIR/countersign-...; then make a new one: countersign backup DIR";
    /// The passphrase or recovery key does not open the backup.
    WrongBackupKey = 7, "it is the passphrase that the vault had at that time; by the recovery key: --recovery";
    /// The screen could not be looked at, or the picture not be read.
    CaptureNotPossible = 12, "save a screenshot (PNG, JPEG, WebP, …) and use: countersign scan --image FILE";
    /// Several accounts fit.
    Ambiguous = 13, "give more of the name, or the id";
    /// The decoder crashed, hung or took too much; the next scan works all the same.
    NotDecoded = 14, "cut the picture to the part with the QR and use: countersign scan --image FILE";
    /// The display server refuses the program that looks at the screen.
    ScreenRefused = 12, "run it inside the session that owns the screen; countersign doctor capture tells more";
    /// There is no display to look at.
    NoDisplay = 12, "run it inside the desktop, or on a picture of it: countersign scan --image FILE";
    /// The person did not allow the picture of the screen.
    CaptureDenied = 12, "allow it when the desktop asks, or save a screenshot and use: countersign scan --image FILE";
    /// The desktop gives pictures of its screen through a portal only, and none answers for it.
    NoPortal = 12, "countersign doctor capture names what to install; until then: countersign scan --image FILE";
    /// The display server ended while the screen was looked at.
    DisplayLost = 12, "scan again once the desktop is back";
    /// There is no such camera, or none at all.
    NoCamera = 12, "countersign doctor capture lists the cameras; without one, use a picture: countersign scan --image FILE";
    /// The system does not let this user use the camera.
    CameraRefused = 12, "join the group that may, then log in again: sudo usermod -aG video \"$USER\"";
    /// Another program uses the camera.
    CameraBusy = 12, "end the program that uses it (a call, a browser's tab), or name another camera: --camera /dev/video2";
    /// The camera went away while it was looked through.
    CameraLost = 12, "plug it in again, then scan again";
}

/// The exit code for "no daemon answers".
pub const UNREACHABLE: u8 = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use zbus::DBusError;

    #[test]
    fn every_error_has_a_name_under_the_root() {
        let name = Error::Locked(String::new()).name().to_string();
        assert_eq!(name, format!("{}.Error.Locked", crate::ROOT));
    }

    /// Why the screen was not seen decides what to do: no two have the same next step.
    #[test]
    fn each_refused_look_has_its_own_name_and_next_step() {
        let looks: Vec<_> = Error::TABLE.iter().filter(|(_, exit, _)| *exit == 12).collect();
        for name in ["ScreenRefused", "NoDisplay", "CaptureDenied", "NoPortal", "DisplayLost"] {
            let (_, _, hint) = looks.iter().find(|(known, _, _)| *known == name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(looks.iter().filter(|(_, _, other)| other == hint).count(), 1, "{hint}");
            assert!(!hint.is_empty());
        }
    }

    #[test]
    fn exit_codes_are_those_of_the_manual() {
        let known = [1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 14];
        for (name, exit, _) in Error::TABLE {
            assert!(known.contains(exit), "{name} ends with {exit}");
        }
    }
}
