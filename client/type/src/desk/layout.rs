//! Which keys of an X11 keyboard give a text: its layouts are the person's, and digits need Shift on some.

use x11rb::protocol::{xkb::GetMapMap, xproto::ModMask};

/// A key to press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stroke {
    /// Its key code.
    pub(crate) code: u8,
    /// Whether Shift has to be held.
    pub(crate) shift: bool,
}

/// The layouts of a keyboard, up to four.
pub(crate) struct Layouts {
    keys: Vec<Key>,
}

/// A key, as [`GetMapMap`] tells it.
struct Key {
    code: u8,
    groups: u8,
    beyond: Beyond,
    /// Of each layout, whether Shift alone gives the second sign.
    shifts: [bool; 4],
    /// How many signs it has in each layout.
    width: usize,
    signs: Vec<u32>,
}

/// What a key does in a layout that it does not have.
enum Beyond {
    Wraps,
    Stays,
    Redirects(u8),
}

impl Layouts {
    /// Reads the answer to a question for types and symbols, from the first key code on.
    pub(crate) fn new(first: u8, map: &GetMapMap) -> Self {
        let types = map.types_rtrn.as_deref().unwrap_or_default();
        let by_shift = |index: u8| {
            types.get(usize::from(index)).is_some_and(|kind| {
                let shift = u16::from(kind.mods_mask) & u16::from(ModMask::SHIFT) != 0;
                shift
                    && kind
                        .map
                        .iter()
                        .any(|entry| entry.active && entry.level == 1 && entry.mods_mask == ModMask::SHIFT)
            })
        };
        let keys = map.syms_rtrn.iter().flatten().zip(first..=u8::MAX).map(|(key, code)| Key {
            code,
            groups: key.group_info & 0x0f,
            beyond: match key.group_info >> 6 {
                1 => Beyond::Stays,
                2 => Beyond::Redirects((key.group_info >> 4) & 3),
                _ => Beyond::Wraps,
            },
            shifts: key.kt_index.map(by_shift),
            width: usize::from(key.width),
            signs: key.syms.clone(),
        });
        Self { keys: keys.collect() }
    }

    /// Returns the layout that has all of these signs, the present one if it does, and how to press each.
    pub(crate) fn strokes(&self, signs: &[u32], present: u8) -> Option<(u8, Vec<Stroke>)> {
        let layouts = [present].into_iter().chain((0..4).filter(|layout| *layout != present));
        layouts.into_iter().find_map(|layout| {
            let strokes: Option<Vec<_>> = signs.iter().map(|sign| self.stroke(*sign, layout)).collect();
            Some((layout, strokes?))
        })
    }

    /// Returns how to press a sign in a layout: without Shift rather than with.
    pub(crate) fn stroke(&self, sign: u32, layout: u8) -> Option<Stroke> {
        let with = |shift: bool| {
            let key = self.keys.iter().find(|key| key.sign(layout, shift) == Some(sign))?;
            Some(Stroke { code: key.code, shift })
        };
        with(false).or_else(|| with(true))
    }
}

impl Key {
    fn sign(&self, layout: u8, shift: bool) -> Option<u32> {
        if self.groups == 0 {
            return None;
        }
        let layout = match self.beyond {
            _ if layout < self.groups => layout,
            Beyond::Wraps => layout % self.groups,
            Beyond::Stays => self.groups - 1,
            Beyond::Redirects(other) if other < self.groups => other,
            Beyond::Redirects(_) => 0,
        };
        let layout = usize::from(layout);
        if shift && (self.width < 2 || !self.shifts[layout]) {
            return None;
        }
        self.signs.get(layout * self.width + usize::from(shift)).copied()
    }
}

/// Returns the keysym of a letter or digit, which is its place in ASCII.
pub(crate) fn sign(letter: char) -> u32 {
    letter.into()
}

/// The keysym of Enter.
pub(crate) const ENTER: u32 = 0xff0d;
/// The keysym of the left Shift.
pub(crate) const SHIFT: u32 = 0xffe1;

#[cfg(test)]
mod tests {
    use super::*;

    /// A keyboard of one key for each text, which holds the two signs of each of its layouts.
    fn keyboard(keys: &[&str]) -> Layouts {
        let key = |(place, signs): (usize, &&str)| {
            let groups = signs.len() as u8 / 2;
            let signs = signs.chars().map(sign).collect();
            Key { code: 10 + place as u8, groups, beyond: Beyond::Wraps, shifts: [true; 4], width: 2, signs }
        };
        Layouts { keys: keys.iter().enumerate().map(key).collect() }
    }

    fn presses(layouts: &Layouts, text: &str, present: u8) -> Option<(u8, Vec<(u8, bool)>)> {
        let signs: Vec<_> = text.chars().map(sign).collect();
        let (layout, strokes) = layouts.strokes(&signs, present)?;
        Some((layout, strokes.iter().map(|stroke| (stroke.code, stroke.shift)).collect()))
    }

    #[test]
    fn digits_that_need_shift_get_it() {
        let french = keyboard(&["&1", "é2"]);
        assert_eq!(presses(&french, "121", 0), Some((0, vec![(10, true), (11, true), (10, true)])));
    }

    #[test]
    fn a_letter_that_only_another_layout_has_is_typed_in_that() {
        let both = keyboard(&["1!1!", "йЙqQ"]);
        assert_eq!(presses(&both, "11", 0), Some((0, vec![(10, false), (10, false)])));
        assert_eq!(presses(&both, "1Q", 0), Some((1, vec![(10, false), (11, true)])));
        assert_eq!(presses(&both, "1Q", 1), Some((1, vec![(10, false), (11, true)])));
    }

    #[test]
    fn a_letter_that_no_layout_has_is_not_typed() {
        assert_eq!(presses(&keyboard(&["1!", "йЙ"]), "1Q", 0), None);
    }

    #[test]
    fn a_key_with_fewer_layouts_is_the_same_in_all() {
        let layouts = keyboard(&["1!", "йЙqQ"]);
        assert_eq!(presses(&layouts, "1q", 0), Some((1, vec![(10, false), (11, false)])));
    }
}
