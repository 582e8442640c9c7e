//! Text from a QR is hostile: what people see of it, and when one issuer only looks like another.

use unicode_segmentation::UnicodeSegmentation;

/// The most graphemes of an issuer or a name.
pub const MAX_GRAPHEMES: usize = 256;
/// The most bytes of an issuer or a name: a grapheme can pile up marks without end.
pub const MAX_BYTES: usize = 1024;

/// Returns the text as it may be shown anywhere: control, bidirectional, zero-width and other invisible characters stand
/// as `\u{202e}`, the rest as it is.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_invisible(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Says whether a character shows nothing by itself, or changes how others show.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0e}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Says whether a label is short enough to be kept.
pub fn fits(text: &str) -> bool {
    text.len() <= MAX_BYTES && text.graphemes(true).nth(MAX_GRAPHEMES).is_none()
}

/// Returns what a reader takes the text for at a glance: two texts with the same skeleton look alike.
///
/// The frequent cases of UTS 39 only: Cyrillic and Greek letters like Latin ones, full-width forms, digits like letters,
/// case, marks that show nothing.
pub fn skeleton(text: &str) -> String {
    let lowered = text.chars().filter(|c| !is_invisible(*c)).map(narrow).flat_map(char::to_lowercase);
    let latin: String =
        lowered.map(|c| LIKE_LATIN.iter().find(|(other, _)| *other == c).map_or(c, |(_, latin)| *latin)).collect();
    latin.split_whitespace().collect::<Vec<_>>().join(" ").replace("rn", "m").replace("vv", "w")
}

/// Returns the known issuer that this one looks like without being it.
pub fn look_alike<'a>(issuer: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let same_letters = |other: &str| other.to_lowercase() == issuer.to_lowercase();
    let own = skeleton(issuer);
    let known: Vec<&str> = known.collect();
    if own.is_empty() || known.iter().any(|other| same_letters(other)) {
        return None;
    }
    known.into_iter().find(|other| skeleton(other) == own)
}

/// Returns the narrow form of a full-width character.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    }
}

const LIKE_LATIN: &[(char, char)] = &[
    ('а', 'a'),
    ('ɑ', 'a'),
    ('α', 'a'),
    ('в', 'b'),
    ('ь', 'b'),
    ('β', 'b'),
    ('с', 'c'),
    ('ϲ', 'c'),
    ('ԁ', 'd'),
    ('е', 'e'),
    ('ё', 'e'),
    ('є', 'e'),
    ('ε', 'e'),
    ('ɡ', 'g'),
    ('һ', 'h'),
    ('н', 'h'),
    ('і', 'i'),
    ('ї', 'i'),
    ('ι', 'i'),
    ('ı', 'i'),
    ('l', 'i'),
    ('1', 'i'),
    ('|', 'i'),
    ('ӏ', 'i'),
    ('ј', 'j'),
    ('к', 'k'),
    ('κ', 'k'),
    ('м', 'm'),
    ('μ', 'm'),
    ('п', 'n'),
    ('η', 'n'),
    ('о', 'o'),
    ('ο', 'o'),
    ('σ', 'o'),
    ('0', 'o'),
    ('օ', 'o'),
    ('р', 'p'),
    ('ρ', 'p'),
    ('ԛ', 'q'),
    ('г', 'r'),
    ('ѕ', 's'),
    ('5', 's'),
    ('т', 't'),
    ('τ', 't'),
    ('υ', 'u'),
    ('ν', 'v'),
    ('ѵ', 'v'),
    ('ѡ', 'w'),
    ('ω', 'w'),
    ('х', 'x'),
    ('χ', 'x'),
    ('у', 'y'),
    ('γ', 'y'),
    ('ү', 'y'),
    ('ζ', 'z'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_shown() {
        assert_eq!(visible("a\u{202e}b\u{200b}\n\x1b[2J"), "a\\u{202e}b\\u{200b}\\u{a}\\u{1b}[2J");
        assert_eq!(visible("Grüße – 你好 😀"), "Grüße – 你好 😀");
    }

    #[test]
    fn look_alikes_are_found_and_the_same_is_none() {
        let known = || ["Google", "PayPal"].into_iter();
        assert_eq!(look_alike("Gооgle", known()), Some("Google"));
        assert_eq!(look_alike("PayPa1", known()), Some("PayPal"));
        assert_eq!(look_alike("ＧＯＯＧＬＥ", known()), Some("Google"));
        assert_eq!(look_alike("google", known()), None);
        assert_eq!(look_alike("GitHub", known()), None);
    }

    #[test]
    fn labels_have_an_end() {
        assert!(fits(&"é".repeat(MAX_GRAPHEMES)));
        assert!(!fits(&"a".repeat(MAX_GRAPHEMES + 1)));
        assert!(!fits(&format!("a{}", "\u{301}".repeat(10_000))));
    }
}
