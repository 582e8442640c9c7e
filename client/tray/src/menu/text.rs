//! Text as a menu may show it.

/// Returns one line, of this many characters at the most, nothing invisible in it.
///
/// The daemon has made titles visible already; a panel is one more place where a forged name could play tricks.
pub(crate) fn shown(text: &str, most: usize) -> String {
    let mut out = String::new();
    for c in text.trim().chars() {
        if c.is_control() || is_invisible(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    match out.char_indices().nth(most) {
        Some(_) => out.chars().take(most - 1).chain(['…']).collect(),
        None => out,
    }
}

/// Says whether a character shows nothing by itself, or turns the direction of others.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn hostile_names_show_what_they_are() {
        let rows = [
            ("Git\u{202e}buH", "Git\\u{202e}buH"),
            ("a\nb\tc\u{0}", "a\\u{a}b\\u{9}c\\u{0}"),
            ("zero\u{200b}width\u{feff}", "zero\\u{200b}width\\u{feff}"),
            ("  padded  ", "padded"),
            ("\u{2066}\u{2069}", "\\u{2066}\\u{2069}"),
            ("R&D _dept_", "R&D _dept_"),
        ];
        for (title, label) in rows {
            assert_eq!(shown(title, 60), label, "{title:?}");
        }
        let long = shown(&"x".repeat(5000), 60);
        assert_eq!((long.chars().count(), long.ends_with('…')), (60, true));
    }
}
