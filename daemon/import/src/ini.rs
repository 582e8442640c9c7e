//! INI files as Qt's settings write them: sections, names and values, with escapes in quotes.

/// A section.
pub struct Section {
    /// Its name, as it is written.
    pub name: String,
    values: Vec<(String, String)>,
}

impl Section {
    /// Returns a value; a missing one is empty.
    pub fn text(&self, name: &str) -> &str {
        self.values.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value)
    }

    /// Says whether there is such a value.
    pub fn has(&self, name: &str) -> bool {
        self.values.iter().any(|(other, _)| other == name)
    }
}

/// Reads the sections; what stands before the first one, and lines that are none, are passed over.
pub fn read(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            sections.push(Section { name: name.to_owned(), values: Vec::new() });
        } else if let (Some(section), Some((name, value))) = (sections.last_mut(), line.split_once('=')) {
            section.values.push((name.trim().to_owned(), value_of(value.trim())));
        }
    }
    sections
}

/// Takes quotes and escapes away: `\xHHHH`, `\n`, `\"` and the like.
fn value_of(text: &str) -> String {
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let mut value = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, if c == '\\' { rest.next() } else { None }) {
            ('\\', Some('x')) => {
                let mut number = 0;
                while let Some(digit) = rest.peek().and_then(|c| c.to_digit(16)).filter(|_| number < 0x1_0000) {
                    number = number * 16 + digit;
                    rest.next();
                }
                value.push(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            ('\\', Some('n')) => value.push('\n'),
            ('\\', Some('r')) => value.push('\r'),
            ('\\', Some('t')) => value.push('\t'),
            ('\\', Some(other)) => value.push(other),
            _ => value.push(c),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_and_values_are_read_as_qt_writes_them() {
        let text = "stray=1\n[General]\n[%7Bid%7D]\naccount=\"me; \\\"a\\\"\"\nissuer=x=y\n\nsalt=\"AA==\"\nnoise\n";
        let sections = read(text);
        assert_eq!(sections.len(), 2);
        assert_eq!(sections[1].name, "%7Bid%7D");
        assert_eq!(sections[1].text("account"), "me; \"a\"");
        assert_eq!(sections[1].text("issuer"), "x=y");
        assert_eq!(sections[1].text("salt"), "AA==");
        assert!(sections[1].has("account") && !sections[1].has("noise") && sections[0].text("salt").is_empty());
    }

    #[test]
    fn escapes_are_taken_away() {
        for (written, value) in [
            ("plain", "plain"),
            ("\"a\\\"b\"", "a\"b"),
            ("\\x263a!", "\u{263a}!"),
            ("a\\\\b\\n", "a\\b\n"),
            ("end\\", "end\\"),
        ] {
            assert_eq!(value_of(written), value, "{written}");
        }
    }
}
