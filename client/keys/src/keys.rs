//! A key and what is held with it: read as people write it, written as each desktop wants it.

use std::{fmt, str::FromStr};

/// A key and the modifiers held with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Keys {
    /// Whether each of [`MODIFIERS`] is held.
    held: [bool; 4],
    /// The key's place in [`KEYS`].
    key: usize,
}

/// How desktops write keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `Super+Ctrl+Q`, as we do.
    Ours,
    /// `Mod4+Ctrl+q`: sway and i3.
    Sway,
    /// `SUPER CTRL, q`.
    Hyprland,
    /// `super + ctrl + q`.
    Sxhkd,
    /// `<Super><Control>q`.
    Gnome,
    /// `Meta+Ctrl+Q`.
    Kde,
    /// `LOGO+CTRL+q`: the shortcuts specification of freedesktop.org.
    Portal,
}

impl Keys {
    /// Returns them as a desktop writes them.
    pub fn written(&self, dialect: Dialect) -> String {
        let Key { ours, x11, qt, .. } = &KEYS[self.key];
        let key = match dialect {
            Dialect::Ours => ours,
            Dialect::Kde => qt,
            _ => x11,
        };
        let modifiers = self.held.iter().zip(MODIFIERS).filter(|(held, _)| **held).map(|(_, names)| names);
        let modifiers: Vec<&str> = modifiers.map(|modifier| modifier.written(dialect)).collect();
        match dialect {
            Dialect::Gnome => modifiers.concat() + key,
            Dialect::Hyprland => format!("{}, {key}", modifiers.join(" ")),
            Dialect::Sxhkd => [&modifiers[..], &[key]].concat().join(" + "),
            _ => [&modifiers[..], &[key]].concat().join("+"),
        }
    }

    /// Reads keys as GNOME's settings hold them, `<Super><Control>q`; `None` where we have no name for them.
    pub fn from_gnome(text: &str) -> Option<Self> {
        text.replace('<', "").replace('>', "+").parse().ok()
    }

    /// Returns the keysym of the key, as X11 numbers them.
    pub fn keysym(&self) -> u32 {
        KEYS[self.key].keysym
    }

    /// Returns the modifiers as X11 has them in an event's state: Shift 1, Control 4, Mod1 (Alt) 8, Mod4 (Super) 64.
    pub fn x11_modifiers(&self) -> u16 {
        self.held.iter().zip(MODIFIERS).filter(|(held, _)| **held).map(|(_, names)| names.x11).sum()
    }

    /// Returns other presses of the same key, the closest first: what to try where this one is taken.
    pub fn others(&self) -> impl Iterator<Item = Self> {
        let tried = [[true, true, false, true], [true, true, true, false], [false, true, true, true], [true; 4]];
        let own = self.clone();
        tried.into_iter().map(move |held| Self { held, key: own.key }).filter({
            let own = self.clone();
            move |other| *other != own
        })
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.written(Dialect::Ours))
    }
}

impl FromStr for Keys {
    type Err = KeysError;

    fn from_str(text: &str) -> Result<Self, KeysError> {
        let mut words: Vec<&str> = text.split('+').map(str::trim).collect();
        let last = words.pop().unwrap_or_default();
        let key = KEYS.iter().position(|key| key.is(last)).ok_or_else(|| KeysError::Key(last.to_owned()))?;
        let mut held = [false; 4];
        for word in words {
            let place = MODIFIERS.iter().position(|modifier| modifier.is(word));
            held[place.ok_or_else(|| KeysError::Modifier(word.to_owned()))?] = true;
        }
        let [superior, control, alt, _] = held;
        if !(superior || control || alt || KEYS[key].alone) {
            return Err(KeysError::Bare(KEYS[key].ours.clone()));
        }
        Ok(Self { held, key })
    }
}

/// Why a text names no keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// No such key.
    #[error("there is no key \"{0}\": write it as in Super+Ctrl+Q or Ctrl+F12")]
    Key(String),
    /// No such modifier.
    #[error("there is no modifier \"{0}\": they are Super, Ctrl, Alt and Shift")]
    Modifier(String),
    /// The key would be lost for typing.
    #[error("{0} alone is needed for typing: add Super, Ctrl or Alt")]
    Bare(String),
}

/// A modifier's names.
struct Modifier {
    /// As people write it, ours first; compared without case.
    names: &'static [&'static str],
    sway: &'static str,
    hyprland: &'static str,
    sxhkd: &'static str,
    gnome: &'static str,
    kde: &'static str,
    portal: &'static str,
    x11: u16,
}

impl Modifier {
    fn is(&self, name: &str) -> bool {
        self.names.iter().any(|own| own.eq_ignore_ascii_case(name))
    }

    fn written(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Ours => self.names[0],
            Dialect::Sway => self.sway,
            Dialect::Hyprland => self.hyprland,
            Dialect::Sxhkd => self.sxhkd,
            Dialect::Gnome => self.gnome,
            Dialect::Kde => self.kde,
            Dialect::Portal => self.portal,
        }
    }
}

/// A key's names and number.
struct Key {
    ours: String,
    x11: String,
    qt: String,
    keysym: u32,
    /// Whether it may be a hotkey without a modifier.
    alone: bool,
}

impl Key {
    fn is(&self, name: &str) -> bool {
        [&self.ours, &self.x11, &self.qt].iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

const MODIFIERS: [Modifier; 4] = [
    Modifier {
        names: &["Super", "Meta", "Win", "Logo", "Mod4"],
        sway: "Mod4",
        hyprland: "SUPER",
        sxhkd: "super",
        gnome: "<Super>",
        kde: "Meta",
        portal: "LOGO",
        x11: 64,
    },
    Modifier {
        names: &["Ctrl", "Control", "Primary"],
        sway: "Ctrl",
        hyprland: "CTRL",
        sxhkd: "ctrl",
        gnome: "<Control>",
        kde: "Ctrl",
        portal: "CTRL",
        x11: 4,
    },
    Modifier {
        names: &["Alt", "Mod1"],
        sway: "Mod1",
        hyprland: "ALT",
        sxhkd: "alt",
        gnome: "<Alt>",
        kde: "Alt",
        portal: "ALT",
        x11: 8,
    },
    Modifier {
        names: &["Shift"],
        sway: "Shift",
        hyprland: "SHIFT",
        sxhkd: "shift",
        gnome: "<Shift>",
        kde: "Shift",
        portal: "SHIFT",
        x11: 1,
    },
];

/// Letters, digits, function keys, and what else is on every keyboard.
static KEYS: std::sync::LazyLock<Vec<Key>> = std::sync::LazyLock::new(|| {
    let same = |name: String, x11: String, keysym, alone| Key { qt: name.clone(), ours: name, x11, keysym, alone };
    let letters = ('a'..='z').map(|c| same(c.to_ascii_uppercase().into(), c.into(), c.into(), false));
    let digits = ('0'..='9').map(|c| same(c.into(), c.into(), c.into(), false));
    let functions = (1..=24_u32).map(|n| same(format!("F{n}"), format!("F{n}"), 0xffbd + n, true));
    let named = NAMED.iter().map(|(ours, x11, qt, keysym, alone)| Key {
        ours: (*ours).into(),
        x11: (*x11).into(),
        qt: (*qt).into(),
        keysym: *keysym,
        alone: *alone,
    });
    letters.chain(digits).chain(functions).chain(named).collect()
});

/// Our name, that of X11, that of Qt, the keysym, and whether it needs no modifier.
const NAMED: &[(&str, &str, &str, u32, bool)] = &[
    ("Space", "space", "Space", 0x20, false),
    ("Return", "Return", "Return", 0xff0d, false),
    ("Escape", "Escape", "Esc", 0xff1b, false),
    ("Tab", "Tab", "Tab", 0xff09, false),
    ("Delete", "Delete", "Del", 0xffff, false),
    ("Insert", "Insert", "Ins", 0xff63, false),
    ("Home", "Home", "Home", 0xff50, false),
    ("End", "End", "End", 0xff57, false),
    ("PageUp", "Prior", "PgUp", 0xff55, false),
    ("PageDown", "Next", "PgDown", 0xff56, false),
    ("Print", "Print", "Print", 0xff61, true),
    ("Pause", "Pause", "Pause", 0xff13, true),
    ("Menu", "Menu", "Menu", 0xff67, true),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_desktop_has_its_own_spelling() {
        let keys: Keys = "ctrl+Super+shift+q".parse().unwrap();
        let rows = [
            (Dialect::Ours, "Super+Ctrl+Shift+Q"),
            (Dialect::Sway, "Mod4+Ctrl+Shift+q"),
            (Dialect::Hyprland, "SUPER CTRL SHIFT, q"),
            (Dialect::Sxhkd, "super + ctrl + shift + q"),
            (Dialect::Gnome, "<Super><Control><Shift>q"),
            (Dialect::Kde, "Meta+Ctrl+Shift+Q"),
            (Dialect::Portal, "LOGO+CTRL+SHIFT+q"),
        ];
        for (dialect, text) in rows {
            assert_eq!(keys.written(dialect), text, "{dialect:?}");
        }
        assert_eq!((keys.keysym(), keys.x11_modifiers()), (0x71, 64 | 4 | 1));
    }

    #[test]
    fn what_is_written_is_read_again() {
        for key in KEYS.iter() {
            for modifiers in ["Ctrl+", "Super+Alt+Shift+"] {
                let text = format!("{modifiers}{}", key.ours);
                let keys: Keys = text.parse().unwrap();
                assert_eq!(keys.to_string(), text);
                assert_eq!(keys.written(Dialect::Sway).parse(), Ok(keys.clone()));
                assert_eq!(keys.written(Dialect::Kde).parse(), Ok(keys.clone()));
                assert_eq!(Keys::from_gnome(&keys.written(Dialect::Gnome)), Some(keys));
            }
        }
    }

    #[test]
    fn what_would_be_lost_for_typing_is_refused() {
        let parse = |text: &str| text.parse::<Keys>();
        assert_eq!(parse("q"), Err(KeysError::Bare("Q".into())));
        assert_eq!(parse("Shift+Return"), Err(KeysError::Bare("Return".into())));
        assert_eq!(parse("Hyper+q"), Err(KeysError::Modifier("Hyper".into())));
        assert_eq!(parse("Ctrl+ß"), Err(KeysError::Key("ß".into())));
        assert_eq!(parse(""), Err(KeysError::Key(String::new())));
        assert!(parse("Print").is_ok() && parse("F13").is_ok());
        assert_eq!(parse("F12").unwrap().keysym(), 0xffc9);
    }

    #[test]
    fn other_presses_of_the_key_are_at_hand() {
        let keys: Keys = "Super+Ctrl+Q".parse().unwrap();
        let others: Vec<_> = keys.others().map(|keys| keys.to_string()).collect();
        assert_eq!(others[0], "Super+Ctrl+Shift+Q");
        assert!(others.len() == 4 && !others.contains(&keys.to_string()), "{others:?}");
    }
}
