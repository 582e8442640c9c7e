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
    let mut before = ' ';
    for c in text.chars() {
        if is_invisible(c) && !colours(before, c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
        before = c;
    }
    out
}

/// Says whether this is the selector that makes the symbol before it a coloured picture; after a letter it would only hide.
fn colours(before: char, c: char) -> bool {
    c == '\u{fe0f}' && before >= '\u{203c}' && !before.is_alphabetic() && !is_invisible(before)
}

/// Says whether a character shows nothing by itself, or changes how others show.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Says whether a label is short enough to be kept.
pub fn fits(text: &str) -> bool {
    text.len() <= MAX_BYTES && text.graphemes(true).nth(MAX_GRAPHEMES).is_none()
}

/// Returns what a reader takes the text for at a glance: two texts with the same skeleton look alike.
///
/// The frequent cases of UTS 39 only: Cyrillic and Greek letters like Latin ones, full-width and mathematical forms,
/// digits like letters, case, marks that show nothing. Accents are kept: é is no e.
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

/// Returns the plain form of a full-width, mathematical or circled character.
fn narrow(c: char) -> char {
    let (first, count, start) = match c {
        '\u{ff01}'..='\u{ff5e}' => (0xff01, 94, '!'),
        '\u{3000}' => return ' ',
        // Thirteen alphabets, capitals before small letters in each; and five rows of digits.
        '\u{1d400}'..='\u{1d6a3}' if (u32::from(c) - 0x1d400) % 52 < 26 => (0x1d400, 52, 'A'),
        '\u{1d400}'..='\u{1d6a3}' => (0x1d400 + 26, 52, 'a'),
        '\u{1d7ce}'..='\u{1d7ff}' => (0x1d7ce, 10, '0'),
        '\u{24b6}'..='\u{24cf}' => (0x24b6, 26, 'A'),
        '\u{24d0}'..='\u{24e9}' => (0x24d0, 26, 'a'),
        other => return other,
    };
    char::from_u32(u32::from(start) + (u32::from(c) - first) % count).unwrap_or(c)
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
        for same in ["Grüße – 你好 😀", "❤\u{fe0f} Bank", "a\u{a0}b", ""] {
            assert_eq!(visible(same), same);
        }
        for hidden in [
            "\0",
            "\u{7f}",
            "\u{9b}31m",
            "\u{ad}",
            "\u{200d}",
            "\u{2066}",
            "\u{3164}",
            "\u{feff}",
            "\u{e0041}",
            "\u{2800}",
            "\u{fe0f}",
        ] {
            let shown = visible(&format!("a{hidden}b"));
            assert!(shown.starts_with("a\\u{") && shown.ends_with('b'), "{shown}");
        }
    }

    #[test]
    fn look_alikes_are_found_and_the_same_is_none() {
        let known = || ["Google", "PayPal"].into_iter();
        assert_eq!(look_alike("Gооgle", known()), Some("Google"));
        assert_eq!(look_alike("PayPa1", known()), Some("PayPal"));
        assert_eq!(look_alike("ＧＯＯＧＬＥ", known()), Some("Google"));
        for text in
            ["𝐆𝐨𝐨𝐠𝐥𝐞", "𝙶𝚘𝚘𝚐𝚕𝚎", "Ⓖⓞⓞⓖⓛⓔ", "G00gle", "GoogIe", "Goo\u{200b}gle", "Google\u{fe0f}", "Gοοgle", " Google "]
        {
            assert_eq!(look_alike(text, known()), Some("Google"), "{text}");
        }
        assert_eq!(look_alike("rnail", ["Mail"].into_iter()), Some("Mail"));
        assert_eq!(look_alike("google", known()), None);
        assert_eq!(look_alike("", ["\u{200b}"].into_iter()), None);
        assert_eq!(look_alike("GitHub", known()), None);
    }

    #[test]
    fn labels_have_an_end() {
        assert!(fits(&"é".repeat(MAX_GRAPHEMES)));
        assert!(!fits(&"a".repeat(MAX_GRAPHEMES + 1)));
        assert!(!fits(&format!("a{}", "\u{301}".repeat(10_000))));
    }
}
