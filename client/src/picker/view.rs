//! The list as it is drawn: pure text for a terminal of any size, from one column and one row up.

use std::fmt::Write;

use countersign_api::types::AccountInfo;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::list::List;
use crate::{codes, time};

/// Returns how many rows the list has in a terminal of this size.
pub(crate) fn rows_of_list((_, rows): (usize, usize)) -> usize {
    match rows {
        0..=1 => 1,
        2..=3 => rows - 1,
        _ => rows - 2,
    }
}

/// Returns what draws the list: what was typed above it, what is left of the chosen code and the keys below it.
///
/// Each row begins with where it stands, and nothing wraps: where the terminal counts the columns of a foreign script
/// otherwise, that row alone is uneven. No colours; without `styled` nothing but text.
pub(crate) fn frame(list: &mut List, size: (usize, usize), now: u64, styled: bool) -> String {
    let (columns, rows) = size;
    let mut frame = String::from(NO_WRAP);
    let mut cursor = (1, 1);
    let mut row = 1;
    if rows >= 2 {
        let prompt = if columns < 2 * PROMPT.width() { "" } else { PROMPT };
        let prompt = format!("{prompt}{}", tail(list.typed(), columns.saturating_sub(prompt.width() + 1)));
        let count = format!("{} of {}", list.count(), list.all());
        cursor = (1, prompt.width() + 1);
        put(&mut frame, row, &prompt);
        if prompt.width() + count.width() + 2 <= columns {
            put_right(&mut frame, row, columns, &count);
        }
        row += 1;
    }
    for place in list.shown(rows_of_list(size)) {
        if row > rows {
            break;
        }
        draw_row(&mut frame, row, (list, place), (columns, now), styled);
        row += 1;
    }
    let _ = write!(frame, "\x1b[{row};1H");
    if row <= rows {
        frame.push_str("\x1b[J");
    }
    if rows >= 4 {
        put(&mut frame, rows, &status(list, columns, now));
    }
    let _ = write!(frame, "\x1b[{};{}H{SHOW_CURSOR}", cursor.0, cursor.1.min(columns.max(1)));
    frame
}

/// Draws one account: the mark of the chosen one, its title, and where there is room what is left of its code.
fn draw_row(
    frame: &mut String,
    row: usize,
    (list, place): (&mut List, usize),
    (columns, now): (usize, u64),
    styled: bool,
) {
    let chosen = place == list.chosen_place();
    let left = list.account(place).map(|account| left(account, now)).filter(|_| columns >= WIDE).unwrap_or_default();
    let mark = if columns < 3 { "" } else { MARK };
    let mark = if chosen { mark } else { &"  "[..mark.len()] };
    let room = columns.saturating_sub(mark.width() + if left.is_empty() { 0 } else { left.width() + 2 });
    let marks = if styled { list.marks(place) } else { Vec::new() };
    let reverse = styled && chosen;
    let style = if reverse { "\x1b[7m" } else { "" };
    let (title, width) = marked(list.title(place), room, &marks, reverse);
    let gap = " ".repeat(room.saturating_sub(width) + if left.is_empty() { 0 } else { 2 });
    put(frame, row, &format!("{style}{mark}{title}{}", if reverse { &gap } else { "" }));
    if !left.is_empty() {
        put_right(frame, row, columns, &left);
    }
    frame.push_str(if styled { RESET } else { "" });
}

/// Returns a title that fits, these characters of it underlined, and how wide it is.
fn marked(title: &str, room: usize, marks: &[usize], reverse: bool) -> (String, usize) {
    let fits = title.width() <= room;
    let room_here = if fits { room } else { room.saturating_sub(1) };
    let (mut text, mut width) = (String::new(), 0);
    for (index, grapheme) in title.graphemes(true).enumerate() {
        if width + grapheme.width() > room_here {
            break;
        }
        width += grapheme.width();
        if marks.contains(&index) {
            let back = if reverse { "\x1b[0;7m" } else { RESET };
            let _ = write!(text, "\x1b[1;4m{grapheme}{back}");
        } else {
            text.push_str(grapheme);
        }
    }
    if !fits && room > 0 {
        text.push('…');
        width += 1;
    }
    (text, width)
}

/// Returns the last line: what is left of the chosen code in words, and what the keys do.
fn status(list: &List, columns: usize, now: u64) -> String {
    let (first, keys) = match list.chosen() {
        Some(account) => (left(account, now), [". Enter copies, Tab shows it large, Esc ends", ". Enter copies", ""]),
        None => ("Nothing fits".to_owned(), [". Backspace takes a letter back, Esc ends", ". Esc ends", ""]),
    };
    let whole = keys.iter().map(|keys| format!("{first}{keys}")).find(|line| line.width() <= columns);
    whole.unwrap_or_else(|| cut(&first, columns))
}

/// Returns what is left of an account's code of now, in words.
pub(super) fn left(account: &AccountInfo, now: u64) -> String {
    let left = match codes::left(account.period, now) {
        Some(seconds) => format!("{seconds} s left"),
        None => "by counter".to_owned(),
    };
    if account.pin_needed { format!("needs its PIN, {left}") } else { left }
}

/// Returns a text that is no wider than this, with a mark where something was cut off.
pub(super) fn cut(text: &str, columns: usize) -> String {
    marked(text, columns, &[], false).0
}

/// Returns the end of a text that is no wider than this.
fn tail(text: &str, columns: usize) -> &str {
    let mut width = 0;
    let mut start = text.len();
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        width += grapheme.width();
        if width > columns {
            break;
        }
        start = at;
    }
    &text[start..]
}

/// Puts a text at the beginning of a row, and nothing else there.
pub(super) fn put(frame: &mut String, row: usize, text: &str) {
    let _ = write!(frame, "\x1b[{row};1H\x1b[2K{text}");
}

fn put_right(frame: &mut String, row: usize, columns: usize, text: &str) {
    let _ = write!(frame, "\x1b[{row};{}H{text}", (columns + 1).saturating_sub(text.width()).max(1));
}

/// Seconds as a phrase, for the large view.
pub(super) fn in_words(seconds: u64) -> String {
    format!("{} left", time::seconds(seconds))
}

const PROMPT: &str = "Code of: ";
const MARK: &str = "> ";
/// From so many columns on, each row has room for what is left of its code.
const WIDE: usize = 40;
const RESET: &str = "\x1b[0m";
/// Cursor hidden while it moves; no line goes on in the next.
const NO_WRAP: &str = "\x1b[?25l\x1b[?7l";
const SHOW_CURSOR: &str = "\x1b[?25h";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picker::{keys::Key, list::tests::list};

    /// What a terminal of this size shows of a frame: rows of cells, a wide character followed by an empty one.
    fn screen(frame: &str, (columns, rows): (usize, usize)) -> Vec<String> {
        let mut cells = vec![vec![" ".to_owned(); columns]; rows];
        let (mut row, mut column) = (1, 1);
        let mut rest = frame;
        while !rest.is_empty() {
            if let Some(control) = rest.strip_prefix("\x1b[") {
                let end = control.find(|c: char| c.is_ascii_alphabetic()).unwrap();
                let numbers: Vec<usize> = control[..end].split(';').filter_map(|number| number.parse().ok()).collect();
                match &control[end..=end] {
                    "H" => (row, column) = (numbers[0], numbers[1]),
                    "K" => cells[row - 1].fill(" ".into()),
                    "J" => cells[row - 1..].iter_mut().for_each(|row| row.fill(" ".into())),
                    "m" | "h" | "l" => {}
                    other => panic!("{other} is no control that is used"),
                }
                rest = &control[end + 1..];
                continue;
            }
            let grapheme = rest.graphemes(true).next().unwrap();
            assert!(!grapheme.contains(char::is_control), "{grapheme:?}");
            assert!(row <= rows && column + grapheme.width() <= columns + 1, "{grapheme} at {row}, {column}");
            cells[row - 1][column - 1] = grapheme.to_owned();
            if grapheme.width() == 2 {
                cells[row - 1][column] = String::new();
            }
            column += grapheme.width();
            rest = &rest[grapheme.len()..];
        }
        cells.into_iter().map(|row| row.concat().trim_end().to_owned()).collect()
    }

    const NOW: u64 = 1_111_111_093; // 17 seconds before a step's end

    #[test]
    fn a_wide_terminal_shows_all_in_words() {
        let mut list = list(&["GitHub – alice", "日本 – bob"]);
        let size = (60, 6);
        let shown = screen(&frame(&mut list, size, NOW, true), size);
        let expected = [
            "Code of:                                              2 of 2",
            "> GitHub – alice                                   17 s left",
            "  日本 – bob                                       17 s left",
            "",
            "",
            "17 s left. Enter copies, Tab shows it large, Esc ends",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn twenty_columns_are_enough() {
        let mut list = list(&["Microsoft – somebody@example.com", "b"]);
        let size = (20, 5);
        let shown = screen(&frame(&mut list, size, NOW, true), size);
        assert_eq!(shown, ["Code of:      2 of 2", "> Microsoft – someb…", "  b", "", "17 s left"]);
    }

    #[test]
    fn every_size_shows_the_chosen_one_and_overflows_nowhere() {
        let hostile = [
            "e\u{301}\u{301}\u{301}x – a",
            "👩‍💻日本語の名前 – とても長い",
            "\u{5d0}\u{5d1} – \u{5d2}",
            "a\u{1b}[31m\u{202e}\n\tb",
        ];
        for columns in 1..70 {
            for rows in 1..9 {
                for styled in [false, true] {
                    let mut list = list(&hostile);
                    list.press(Key::Down, 1);
                    let frame = frame(&mut list, (columns, rows), NOW, styled);
                    let shown = screen(&frame, (columns, rows));
                    assert!(
                        columns < 3 || shown.iter().any(|line| line.starts_with('>')),
                        "{columns} × {rows}: {shown:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn without_styles_there_is_nothing_but_text() {
        let mut list = list(&["GitHub – alice"]);
        list.search("git");
        assert!(frame(&mut list, (60, 6), NOW, true).contains('m'));
        assert!(
            !frame(&mut list, (60, 6), NOW, false).contains("m\x1b")
                && !frame(&mut list, (60, 6), NOW, false).contains("[7m")
        );
    }

    #[test]
    fn the_end_of_a_long_search_is_seen() {
        let mut list = list(&["a"]);
        list.search("abcdefghijklmnopqrstuvwxyz");
        let shown = screen(&frame(&mut list, (20, 5), NOW, false), (20, 5));
        assert_eq!((shown[0].as_str(), shown[4].as_str()), ("Code of: qrstuvwxyz", "Nothing fits"));
    }

    #[test]
    fn a_counter_and_a_pin_are_said() {
        let account = AccountInfo { pin_needed: true, ..AccountInfo::default() };
        assert_eq!(left(&account, NOW), "needs its PIN, by counter");
    }
}
