//! Which keys close the window on Wayland: read off the keymap that the desktop sends, as text.
//!
//! Only four symbols are looked for. A keyboard library would know them all, and be C.

/// The keys that close the window, by their number at the kernel.
#[derive(Debug, Default)]
pub(crate) struct ClosingKeys(Vec<u32>);

impl ClosingKeys {
    /// Reads a keymap (XKB v1): names of keys with their numbers, then what stands on each, in every layout.
    pub(crate) fn of(keymap: &str) -> Self {
        let numbers: Vec<(&str, u32)> = keymap.split(';').filter_map(number).collect();
        let symbols = keymap.find("xkb_symbols").map_or("", |at| &keymap[at..]);
        let closing = symbols.split("key <").skip(1).filter_map(|part| {
            let (name, rest) = part.split_once('>')?;
            let body = rest.split('}').next()?;
            body.split([' ', '\t', '\n', ',', '[', ']']).any(|word| SYMBOLS.contains(&word)).then_some(name)
        });
        let number_of = |name| numbers.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
        Self(closing.filter_map(number_of).collect())
    }

    /// Whether a key closes the window. Escape does, whatever the keymap says.
    pub(crate) fn contain(&self, key: u32) -> bool {
        key == ESCAPE || self.0.contains(&key)
    }
}

/// Reads `<AD01> = 24`: XKB counts eight higher than the kernel.
fn number(line: &str) -> Option<(&str, u32)> {
    let (name, number) = line.rsplit_once('<')?.1.split_once('>')?;
    let number: u32 = number.trim().strip_prefix('=')?.trim().parse().ok()?;
    Some((name, number.checked_sub(8)?))
}

const SYMBOLS: [&str; 4] = ["Escape", "Return", "KP_Enter", "q"];
/// The kernel's `KEY_ESC`.
const ESCAPE: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    const KEYMAP: &str = "xkb_keymap {
xkb_keycodes \"(unnamed)\" {
	minimum = 8;
	maximum = 255;
	<ESC>                = 9;
	<AE01>               = 10;
	<AD01>               = 24;
	<RTRN>               = 36;
	<AC01>               = 38;
	<KPEN>               = 104;
	alias <LatQ>         = <AD01>;
};
xkb_types \"(unnamed)\" {
	type \"ONE_LEVEL\" { modifiers= none; level_name[Level1]= \"Any\"; };
};
xkb_symbols \"(unnamed)\" {
	name[1]=\"French\";
	key <ESC>                {	[          Escape ] };
	key <AE01>               {	[       ampersand,               1 ] };
	key <AD01>               {	[               a,               A ] };
	key <RTRN>               {	[          Return ] };
	key <AC01>               {
		type= \"ALPHABETIC\",
		symbols[Group1]= [ Cyrillic_shorti, Cyrillic_SHORTI ],
		symbols[Group2]= [ q, Q ]
	};
	key <KPEN>               {	[        KP_Enter ] };
};
};";

    #[test]
    fn keys_close_by_what_stands_on_them() {
        let keys = ClosingKeys::of(KEYMAP);
        let closing: Vec<u32> = (0..256).filter(|key| keys.contain(*key)).collect();
        // Escape, Return, the key with the q of a French layout, the keypad's Enter; not the first letter of an English one.
        assert_eq!(closing, [1, 28, 30, 96]);
    }

    #[test]
    fn escape_closes_without_a_keymap() {
        for broken in ["", "xkb_symbols", "<AD01 = 24; key <", "<X> = 3; xkb_symbols key <X> [ q ]"] {
            let keys = ClosingKeys::of(broken);
            assert!(keys.contain(1) && !keys.contain(16), "{broken}");
        }
    }
}
