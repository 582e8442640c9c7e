//! A code in large digits, made of blocks.

use zeroize::Zeroizing;

/// How large the pixels of a digit are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pixel {
    /// This many rows high, and twice as many columns wide.
    Blocks(usize),
    /// One column wide, half a row high.
    Half,
}

impl Pixel {
    fn width(self) -> usize {
        match self {
            Self::Blocks(scale) => 2 * scale,
            Self::Half => 1,
        }
    }

    fn rows(self) -> usize {
        match self {
            Self::Blocks(scale) => HIGH * scale,
            Self::Half => HIGH.div_ceil(2),
        }
    }
}

/// Returns a grouped code in lines, as large as fits: in blocks, else spaced, else as it is.
pub(super) fn large(code: &str, columns: usize, rows: usize) -> Zeroizing<Vec<String>> {
    if code.chars().all(|c| c == ' ' || c.is_ascii_digit()) {
        let sizes = [Pixel::Blocks(4), Pixel::Blocks(3), Pixel::Blocks(2), Pixel::Blocks(1), Pixel::Half];
        let fits = |pixel: &&Pixel| width(code, **pixel) <= columns && pixel.rows() <= rows;
        if let Some(pixel) = sizes.iter().find(fits) {
            return drawn(code, *pixel);
        }
    }
    let spaced: Zeroizing<String> = Zeroizing::new(code.chars().flat_map(|c| [c, ' ']).collect());
    let line = if spaced.trim_end().len() <= columns { spaced.trim_end() } else { code };
    Zeroizing::new(vec![line.to_owned()])
}

/// Returns a line with its whole blocks as spaces in reverse: not every font has blocks.
pub(super) fn solid(line: &str) -> Zeroizing<String> {
    let mut drawn = Zeroizing::new(String::with_capacity(4 * line.len()));
    for part in line.split_inclusive(|c| c != '█') {
        let blocks = part.chars().filter(|c| *c == '█').count();
        if blocks > 0 {
            drawn.push_str("\x1b[7m");
            drawn.extend(std::iter::repeat_n(' ', blocks));
            drawn.push_str("\x1b[27m");
        }
        drawn.push_str(part.trim_start_matches('█'));
    }
    drawn
}

fn width(code: &str, pixel: Pixel) -> usize {
    let pixels: usize = code.chars().map(|c| if c == ' ' { GAP } else { WIDE + 1 }).sum();
    pixels.saturating_sub(1) * pixel.width()
}

fn drawn(code: &str, pixel: Pixel) -> Zeroizing<Vec<String>> {
    let line = |lit: &dyn Fn(u16, usize) -> char| -> String {
        let mut line = String::new();
        for c in code.chars() {
            let Some(digit) = c.to_digit(10) else {
                line.extend(std::iter::repeat_n(' ', GAP * pixel.width()));
                continue;
            };
            for x in 0..=WIDE {
                let c = if x < WIDE { lit(FONT[digit as usize], x) } else { ' ' };
                line.extend(std::iter::repeat_n(c, pixel.width()));
            }
        }
        line.trim_end().to_owned()
    };
    let lines = match pixel {
        Pixel::Blocks(scale) => (0..HIGH * scale)
            .map(|row| line(&|digit, x| if is_lit(digit, x, row / scale) { '█' } else { ' ' }))
            .collect(),
        Pixel::Half => (0..HIGH.div_ceil(2))
            .map(|row| {
                line(&|digit, x| match (is_lit(digit, x, 2 * row), is_lit(digit, x, 2 * row + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                })
            })
            .collect(),
    };
    Zeroizing::new(lines)
}

fn is_lit(digit: u16, x: usize, y: usize) -> bool {
    y < HIGH && digit >> (WIDE * HIGH - 1 - (y * WIDE + x)) & 1 == 1
}

/// Columns and rows of a digit, in pixels, and what stands between two groups.
const WIDE: usize = 3;
const HIGH: usize = 5;
const GAP: usize = 2;

/// The digits, three pixels a row.
const FONT: [u16; 10] = [
    0b111_101_101_101_111,
    0b010_110_010_010_111,
    0b111_001_111_100_111,
    0b111_001_111_001_111,
    0b101_101_111_001_001,
    0b111_100_111_001_111,
    0b111_100_111_101_111,
    0b111_001_001_010_010,
    0b111_101_111_101_111,
    0b111_101_111_001_111,
];

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn a_code_is_as_large_as_fits() {
        let rows = [
            ((220, 40), 20),
            ((160, 40), 15),
            ((110, 40), 10),
            ((60, 40), 5),
            ((60, 4), 3),
            ((30, 9), 3),
            ((20, 9), 1),
        ];
        for ((columns, rows), high) in rows {
            let lines = large("123 456", columns, rows);
            assert_eq!(lines.len(), high, "{columns} × {rows}");
            assert!(lines.iter().all(|line| line.width() <= columns), "{columns} × {rows}: {lines:?}");
        }
    }

    #[test]
    fn small_ones_are_spaced_and_letters_too() {
        assert_eq!(*large("123 456", 20, 1), ["1 2 3   4 5 6"]);
        assert_eq!(*large("123 456", 8, 1), ["123 456"]);
        assert_eq!(*large("AB2CD", 80, 20), ["A B 2 C D"]);
    }

    #[test]
    fn blocks_need_no_font() {
        assert_eq!(*solid("██ █a"), "\x1b[7m  \x1b[27m \x1b[7m \x1b[27ma");
        assert_eq!(*solid("██"), "\x1b[7m  \x1b[27m");
        assert_eq!(*solid("GitHub – alice"), "GitHub – alice");
    }

    #[test]
    fn a_digit_is_drawn_as_it_is_written() {
        assert_eq!(*large("4", 6, 5), ["██  ██", "██  ██", "██████", "    ██", "    ██"]);
        assert_eq!(*large("7", 3, 3), ["▀▀█", " ▄▀", " ▀"]);
    }
}
