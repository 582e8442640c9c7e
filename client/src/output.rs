//! Standard output and standard error: plain in a pipe, quiet when the reader has gone, no control characters.

use std::{
    env,
    io::{self, IsTerminal, Write},
};

use serde::Serialize;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use zeroize::Zeroizing;

use crate::error::Error;

/// Prints text to standard output as it is.
///
/// Where nobody reads any more it is lost, and the command goes on: what was asked for is more than the words about it.
///
/// # Errors
/// A full disk, and whatever else hinders it.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    match deliver(text) {
        Err(source) if source.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Error::io("standard output")),
    }
}

/// The same for what there is only once.
///
/// # Errors
/// Whatever hinders it; also that nobody reads any more.
pub(crate) fn deliver(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Prints a line to standard output, control characters taken out.
pub(crate) fn line(text: &str) -> Result<(), Error> {
    print(&format!("{}\n", visible(text)))
}

/// Prints a line for a person, and nothing into a pipe.
pub(crate) fn line_for_person(text: &str) -> Result<(), Error> {
    if is_terminal() { line(text) } else { Ok(()) }
}

/// Prints a value as JSON on one line.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string(value).expect("records and texts can always be written as JSON");
    print(&format!("{text}\n"))
}

/// Prints a line that holds a secret or a code to standard output.
pub(crate) fn secret_line(text: &str) -> Result<(), Error> {
    let mut line = Zeroizing::new(String::with_capacity(text.len() + 1));
    line.push_str(text);
    line.push('\n');
    print(&line)
}

/// Prints a value that holds a secret or a code as JSON on one line.
pub(crate) fn secret_json(value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string(value).expect("records and texts can always be written as JSON");
    secret_line(&Zeroizing::new(text))
}

/// Says something to a person; a script has the exit code.
pub(crate) fn remark(text: &str) {
    if is_terminal_err() {
        say(&one_line(text));
    }
}

/// Returns rows as a table on a terminal, and in a pipe as lines with cells parted by tabs.
pub(crate) fn listing(rows: &[Vec<String>]) -> String {
    if is_terminal() {
        return table(rows, columns());
    }
    let line = |row: &Vec<String>| row.iter().map(|cell| one_line(cell)).collect::<Vec<_>>().join("\t") + "\n";
    rows.iter().map(line).collect()
}

/// Returns the row of a table that tells one thing.
pub(crate) fn fact(name: &str, value: &str) -> Vec<String> {
    vec![format!("{name}:"), value.to_owned()]
}

/// Says a line on standard error; when that is closed there is nobody to tell.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", visible(text));
}

/// Prints text that is laid out to standard error; when that is closed there is nobody to tell.
pub(crate) fn print_error(text: &str) {
    let _ = io::stderr().lock().write_all(visible(text).as_bytes());
}

/// Returns the text with every control character but the line feed made visible, so that no text steers the terminal.
pub(crate) fn visible(text: &str) -> String {
    let unsafe_here = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}')
    };
    if !text.contains(unsafe_here) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if unsafe_here(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// Returns a number and what there are so many of.
pub(crate) fn count(number: usize, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

/// Returns the text on one line of its own: line feeds made visible too.
pub(crate) fn one_line(text: &str) -> String {
    visible(text).replace('\n', "\\n")
}

/// Whether a person looks at standard output.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether a person looks at standard error.
pub(crate) fn is_terminal_err() -> bool {
    io::stderr().is_terminal()
}

/// Whether a person is at a terminal: a program that a hotkey starts may have inherited one that nobody looks at.
pub(crate) fn person_is_here() -> bool {
    io::stdin().is_terminal() || is_terminal() || is_terminal_err()
}

/// Returns how many columns the terminal has; 80 where it doesn't tell.
pub(crate) fn columns() -> usize {
    let told = env::var("COLUMNS").ok().and_then(|text| text.parse().ok()).filter(|&columns| columns > 0);
    let asked = || rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col));
    told.or_else(asked).filter(|&columns| columns > 0).unwrap_or(80)
}

/// Returns how wide lines of text may be: as wide as the terminal; in a pipe nothing is broken.
pub(crate) fn width() -> usize {
    if is_terminal() { columns() } else { usize::MAX }
}

/// Returns how wide lines of text may be on standard error.
pub(crate) fn width_err() -> usize {
    if is_terminal_err() { columns() } else { usize::MAX }
}

/// Whether the terminal says that it can't move its cursor.
pub(crate) fn is_dumb() -> bool {
    env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// Returns rows as a table of aligned columns, no line wider than the width.
///
/// Where that is too little for the columns, each row's cells stand below each other.
pub(crate) fn table(rows: &[Vec<String>], width: usize) -> String {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| one_line(cell)).collect()).collect();
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|i| rows.iter().filter_map(|row| row.get(i)).map(|cell| cell.width()).max().unwrap_or(0))
        .collect();
    let fits = widths.iter().sum::<usize>() + 2 * count.saturating_sub(1) <= width;
    let mut text = String::new();
    for row in &rows {
        if fits {
            let padded =
                row.iter().zip(&widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
            text.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
            text.push('\n');
        } else {
            for (i, cell) in row.iter().filter(|cell| !cell.is_empty()).enumerate() {
                let indent = if i == 0 { "" } else { "  " };
                text.push_str(&wrap(cell, width, indent));
            }
        }
    }
    text
}

/// Returns the text in lines no wider than the width, each with this in front; words are parted only when they must be.
pub(crate) fn wrap(text: &str, width: usize, indent: &str) -> String {
    let room = width.saturating_sub(indent.width()).max(8);
    let mut out = String::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            for piece in pieces(word, room) {
                if !line.is_empty() && line.width() + 1 + piece.width() > room {
                    out += &[indent, &line, "\n"].concat();
                    line.clear();
                }
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(&piece);
            }
        }
        out.push_str(format!("{indent}{line}").trim_end());
        out.push('\n');
    }
    out
}

/// Parts a word that no line has room for.
fn pieces(word: &str, room: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut used = 0;
    for c in word.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > room {
            parts.push(String::new());
            used = 0;
        }
        used += wide;
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect()
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(visible("a\x1b[31mb\u{202e}c\td\n"), "a\\u{1b}[31mb\\u{202e}c\\u{9}d\n");
        assert_eq!(one_line("a\nb\r"), "a\\nb\\u{d}");
        assert_eq!(visible("Ärger 日本"), "Ärger 日本");
    }

    #[test]
    fn columns_stand_below_each_other() {
        let text = table(&rows(&[&["日本", "alice", "totp"], &["GitHub", "bob", ""]]), 80);
        assert_eq!(text, "日本    alice  totp\nGitHub  bob\n");
    }

    #[test]
    fn twenty_columns_are_enough() {
        let text = table(&rows(&[&["Microsoft", "somebody@example.com", "totp"]]), 20);
        assert_eq!(text, "Microsoft\n  somebody@example.c\n  om\n  totp\n");
        for line in wrap("a sentence of several words and one_that_is_too_long_for_it", 20, "  ").lines() {
            assert!(line.width() <= 20, "{line}");
        }
    }

    #[test]
    fn a_text_keeps_its_paragraphs() {
        assert_eq!(wrap("one two\n\nthree", 80, "  "), "  one two\n\n  three\n");
    }
}
