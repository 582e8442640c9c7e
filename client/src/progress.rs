//! A line on standard error that is written over again and again; on a dumb terminal or in a pipe it is said once.

use std::io::{self, Write};

use unicode_width::UnicodeWidthChar;

use crate::output;

/// The line.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    shown: bool,
}

impl Progress {
    /// Shows this text in the place of the one before.
    pub(crate) fn show(&mut self, text: &str) {
        if output::is_terminal_err() && !output::is_dumb() {
            let line = cut(&output::one_line(text), output::columns().saturating_sub(1));
            let _ = write!(io::stderr().lock(), "\r{line}\x1b[K"); // nobody is there to be told
        } else if !self.shown {
            output::say(text);
        }
        self.shown = true;
    }

    /// Shows a text that is worth a line of its own where none is written over.
    pub(crate) fn show_news(&mut self, text: &str) {
        self.shown = false;
        self.show(text);
    }

    /// Takes the line away, so that something else can be said.
    pub(crate) fn clear(&mut self) {
        if self.shown && output::is_terminal_err() && !output::is_dumb() {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
        // In a pipe it was said and need not be said again.
        self.shown &= !output::is_terminal_err();
    }
}

/// Returns as much of a text's beginning as these columns have room for, so that the line does not break.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    let mut used = 0;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= columns
    };
    text.chars().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_never_breaks() {
        assert_eq!(cut("Looking for the reusable QR", 7), "Looking");
        assert_eq!(cut("日本語", 5), "日本");
    }
}
