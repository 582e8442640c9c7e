//! A QR code drawn again for the next device: as a picture of half blocks on a terminal, or as a PNG file.
//!
//! The terminal's own colours are never trusted: a QR is dark on light with a light margin, also where the theme is dark
//! and with `NO_COLOR`, since here the two colours are what is to be read.

use std::{
    env,
    fs::{self, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use qrcode::{EcLevel, QrCode};
use zeroize::Zeroizing;

use crate::error::Error;

/// The dark and light modules of a QR, margin included.
pub(crate) struct Matrix {
    side: usize,
    dark: Zeroizing<Vec<bool>>,
}

impl Matrix {
    /// Returns the QR of a text, as small as can be, with as much error correction as that size has room for.
    pub(crate) fn of(text: &str) -> Result<Self, Error> {
        let too_long = |_| Error::Usage("this account is too long for a QR code".into());
        let smallest = QrCode::with_error_correction_level(text, EcLevel::L).map_err(too_long)?;
        let (version, inner) = (smallest.version(), smallest.width());
        let firmer = [EcLevel::H, EcLevel::Q, EcLevel::M];
        let best = firmer.into_iter().find_map(|level| QrCode::with_version(text, version, level).ok());
        let modules = best.unwrap_or(smallest).into_colors();

        let side = inner + 2 * MARGIN;
        let mut dark = Zeroizing::new(vec![false; side * side]);
        for (i, module) in modules.into_iter().enumerate() {
            dark[(i / inner + MARGIN) * side + i % inner + MARGIN] = module == qrcode::Color::Dark;
        }
        Ok(Self { side, dark })
    }

    /// Returns columns and rows that [`Self::drawn`] takes on a terminal.
    pub(crate) fn size(&self, drawing: Drawing) -> (usize, usize) {
        match drawing {
            Drawing::HalfBlocks => (self.side, self.side.div_ceil(2)),
            Drawing::Blocks(_) => (2 * self.side, self.side),
        }
    }

    /// Returns the QR as lines for a terminal, black on white.
    pub(crate) fn drawn(&self, drawing: Drawing, palette: Palette) -> Zeroizing<String> {
        // Room for all of it, so that no half-written copy is left behind by growing.
        let mut text = Zeroizing::new(String::with_capacity(self.side * self.side * MAX_CELL));
        let step = if drawing == Drawing::HalfBlocks { 2 } else { 1 };
        for y in (0..self.side).step_by(step) {
            let mut colours = "";
            for x in 0..self.side {
                let (cell, wanted) = match drawing {
                    Drawing::HalfBlocks => self.half_blocks(x, y, palette),
                    Drawing::Blocks(block) if self.is_dark(x, y) => (block, palette.black),
                    Drawing::Blocks(_) => ("  ", palette.black_on_white),
                };
                if wanted != colours {
                    text.push_str(wanted);
                    colours = wanted;
                }
                text.push_str(cell);
            }
            text.push_str("\x1b[0m\n");
        }
        text
    }

    /// Returns the character and the colours for two modules, one above the other.
    ///
    /// The lower one is the background, always: many fonts' lower half and full block leave a line free at the bottom of
    /// their cell, and a decoder takes such lines for modules.
    fn half_blocks(&self, x: usize, y: usize, palette: Palette) -> (&'static str, &'static str) {
        match (self.is_dark(x, y), self.is_dark(x, y + 1)) {
            (false, false) => (" ", palette.black_on_white),
            (true, false) => ("▀", palette.black_on_white),
            (false, true) => ("▀", palette.white_on_black),
            (true, true) => ("█", palette.black),
        }
    }

    /// Whether a module is dark; below the last row all is light.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        self.dark.get(y * self.side + x).copied().unwrap_or(false)
    }

    /// Returns its rows without the margin, `1` for dark.
    pub(crate) fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = char>> {
        let inside = MARGIN..self.side - MARGIN;
        let cell = |x, y| if self.is_dark(x, y) { '1' } else { '0' };
        inside.clone().map(move |y| inside.clone().map(move |x| cell(x, y)))
    }

    /// Writes the QR as a PNG: grey, one bit a pixel.
    pub(crate) fn write_png(&self, out: impl Write) -> io::Result<()> {
        let pixels = self.side * PIXELS;
        let mut rows = Zeroizing::new(Vec::with_capacity(pixels.div_ceil(8) * pixels));
        for y in 0..self.side {
            let row: Zeroizing<Vec<u8>> = Zeroizing::new((0..pixels).step_by(8).map(|x| self.byte(x, y)).collect());
            for _ in 0..PIXELS {
                rows.extend_from_slice(&row);
            }
        }
        let mut encoder = png::Encoder::new(out, pixels as u32, pixels as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&rows)?;
        writer.finish()?;
        Ok(())
    }

    /// Returns eight pixels of a row; a set bit is light.
    fn byte(&self, x: usize, y: usize) -> u8 {
        (0..8).fold(0, |byte, bit| {
            let module = (x + bit) / PIXELS;
            (byte << 1) | u8::from(module >= self.side || !self.is_dark(module, y))
        })
    }

    /// Writes the QR into a new file that only this user can read.
    ///
    /// # Errors
    /// A file that is there already is never overwritten.
    pub(crate) fn save_png(&self, path: &Path) -> Result<(), Error> {
        let shown = path.display();
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = opened.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Error::io(format!("{shown} is there already and is not overwritten"))(error)
            }
            _ => Error::io(format!("{shown} can't be written"))(error),
        })?;
        let mut out = BufWriter::new(file);
        let written = self.write_png(&mut out).and_then(|()| out.flush()).and_then(|()| out.get_ref().sync_all());
        written.map_err(|error| {
            let _ = fs::remove_file(path); // a torn picture of a secret is of no use to anybody
            Error::io(format!("{shown} can't be written"))(error)
        })
    }
}

/// What a module is drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drawing {
    /// Two modules a character: the upper one as its half block, the lower one as its background.
    HalfBlocks,
    /// Two characters a module, and for a dark one these; all is background, so that no font can spoil it.
    Blocks(&'static str),
}

impl Drawing {
    /// Returns what there is to try on this terminal, the best first.
    pub(crate) fn all() -> &'static [Self] {
        let set = |name| env::var(name).ok().filter(|value: &String| !value.is_empty());
        Self::of(set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).as_deref())
    }

    /// Without a locale in UTF-8 there are no block characters.
    fn of(locale: Option<&str>) -> &'static [Self] {
        let locale = locale.unwrap_or("C").to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        if utf8 { &[Self::Blocks("██"), Self::HalfBlocks] } else { &[Self::Blocks("  ")] }
    }
}

/// The escape sequences for black and white.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    black_on_white: &'static str,
    white_on_black: &'static str,
    /// Black on black.
    black: &'static str,
}

impl Palette {
    /// Returns the colours that this terminal understands, or `None` where it knows none.
    pub(crate) fn of_terminal() -> Option<Self> {
        Self::of(env::var("TERM").ok().as_deref())
    }

    fn of(term: Option<&str>) -> Option<Self> {
        match term.unwrap_or("") {
            "" | "dumb" => None,
            // No palette of 256 there, and 5 alone would blink.
            term if term == "linux" || term == "ansi" || term.starts_with("vt") => Some(Self::SIXTEEN),
            _ => Some(Self::FIXED),
        }
    }

    /// Two of the 256 colours, which no theme changes.
    const FIXED: Self = Self {
        black_on_white: "\x1b[38;5;16;48;5;231m",
        white_on_black: "\x1b[38;5;231;48;5;16m",
        black: "\x1b[38;5;16;48;5;16m",
    };
    /// The bright white comes second, for terminals that know only the first eight.
    const SIXTEEN: Self = Self {
        black_on_white: "\x1b[0;30;47m\x1b[107m",
        white_on_black: "\x1b[0;37;40m\x1b[97m",
        black: "\x1b[0;30;40m",
    };
}

/// Light modules around the QR: four, by the standard.
const MARGIN: usize = 4;
/// Pixels of a module in a picture.
const PIXELS: usize = 8;
/// The most bytes that a module takes on a terminal, escape sequences included.
const MAX_CELL: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "otpauth://totp/GitHub:octo?secret=JBSWY3DPEHPK3PXP&issuer=GitHub";

    /// Reads a drawing back: per line the characters, each with its colours as `w` (black on white), `i` or `b`.
    fn cells(text: &str, palette: Palette) -> Vec<Vec<(char, char)>> {
        let line = |line: &str| {
            let marked = line.replace(palette.black_on_white, "w").replace(palette.white_on_black, "i");
            let (mut colours, mut cells) = ('?', Vec::new());
            for c in marked.replace(palette.black, "b").strip_suffix("\x1b[0m").unwrap().chars() {
                match c {
                    'w' | 'i' | 'b' => colours = c,
                    c => cells.push((c, colours)),
                }
            }
            cells
        };
        text.lines().map(line).collect()
    }

    fn read_half_blocks(text: &str) -> Vec<Vec<bool>> {
        let mut rows = Vec::new();
        for line in cells(text, Palette::FIXED) {
            rows.push(line.iter().map(|cell| matches!(cell, ('▀', 'w') | ('█', 'b'))).collect());
            rows.push(line.iter().map(|(_, colours)| *colours != 'w').collect());
        }
        rows
    }

    fn read_blocks(text: &str) -> Vec<Vec<bool>> {
        let cells = cells(text, Palette::SIXTEEN);
        cells.into_iter().map(|line| line.into_iter().step_by(2).map(|(_, colours)| colours == 'b').collect()).collect()
    }

    fn modules(matrix: &Matrix) -> Vec<Vec<bool>> {
        matrix.dark.chunks(matrix.side).map(<[bool]>::to_vec).collect()
    }

    #[test]
    fn the_margin_is_four_light_modules_wide() {
        let matrix = Matrix::of(URI).unwrap();
        let inside = MARGIN..matrix.side - MARGIN;
        for y in 0..matrix.side {
            for x in 0..matrix.side {
                assert!(!matrix.is_dark(x, y) || (inside.contains(&x) && inside.contains(&y)), "{x},{y} is dark");
            }
        }
        assert!(matrix.is_dark(MARGIN, MARGIN), "the finder's corner is light");
    }

    #[test]
    fn both_drawings_show_every_module() {
        for text in [URI, "a", &"long ".repeat(60)] {
            let matrix = Matrix::of(text).unwrap();
            let mut halves = read_half_blocks(&matrix.drawn(Drawing::HalfBlocks, Palette::FIXED));
            assert_eq!(halves.split_off(matrix.side), [vec![false; matrix.side]], "a light row fills the last line");
            assert_eq!(halves, modules(&matrix));
            assert_eq!(read_blocks(&matrix.drawn(Drawing::Blocks("  "), Palette::SIXTEEN)), modules(&matrix));
        }
    }

    #[test]
    fn a_drawing_is_as_large_as_it_says() {
        let matrix = Matrix::of(URI).unwrap();
        let drawn = matrix.drawn(Drawing::HalfBlocks, Palette::FIXED);
        let (columns, rows) = matrix.size(Drawing::HalfBlocks);
        assert_eq!(drawn.lines().count(), rows);
        assert_eq!(read_half_blocks(&drawn)[0].len(), columns);
        assert!(drawn.capacity() >= drawn.len() && drawn.capacity() == matrix.side * matrix.side * MAX_CELL, "it grew");
    }

    #[test]
    fn a_usual_account_fits_a_terminal_of_24_rows() {
        let uri =
            "otpauth://totp/Microsoft:somebody%40contoso.onmicrosoft.com?secret=ABCDEFGHIJKLMNOP&issuer=Microsoft";
        let (columns, rows) = Matrix::of(uri).unwrap().size(Drawing::HalfBlocks);
        assert!(columns <= 80 && rows <= 23, "{columns} x {rows}");
    }

    #[test]
    fn the_picture_holds_the_same_modules() {
        let matrix = Matrix::of(URI).unwrap();
        let mut file = Vec::new();
        matrix.write_png(&mut file).unwrap();
        let mut reader = png::Decoder::new(io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width as usize, info.bit_depth), (matrix.side * PIXELS, png::BitDepth::One));
        let dark = |x: usize, y: usize| (pixels[y * info.line_size + x / 8] >> (7 - x % 8)) & 1 == 0;
        for y in 0..info.height as usize {
            for x in 0..info.width as usize {
                assert_eq!(dark(x, y), matrix.is_dark(x / PIXELS, y / PIXELS), "pixel {x},{y}");
            }
        }
    }

    #[test]
    fn the_rows_are_the_modules_within_the_margin() {
        let matrix = Matrix::of(URI).unwrap();
        let rows: Vec<Vec<bool>> = matrix.rows().map(|row| row.map(|cell| cell == '1').collect()).collect();
        let inside = |line: &[bool]| line[MARGIN..matrix.side - MARGIN].to_vec();
        let expected: Vec<Vec<bool>> =
            modules(&matrix)[MARGIN..matrix.side - MARGIN].iter().map(|row| inside(row)).collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_file_is_for_this_user_only_and_never_overwritten() {
        use std::os::unix::fs::MetadataExt;
        let path = env::temp_dir().join(format!("countersign-qr-test-{}.png", std::process::id()));
        let _ = fs::remove_file(&path);
        Matrix::of(URI).unwrap().save_png(&path).unwrap();
        let first = fs::read(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(matches!(Matrix::of("other").unwrap().save_png(&path), Err(Error::Io { .. })));
        assert_eq!(fs::read(&path).unwrap(), first);
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn what_fits_no_qr_is_refused() {
        assert!(Matrix::of(&"x".repeat(2954)).is_err());
        assert!(Matrix::of(&"x".repeat(2953)).is_ok());
    }

    #[test]
    fn a_terminal_gets_what_it_can_show() {
        assert!(Palette::of(Some("dumb")).is_none() && Palette::of(None).is_none());
        assert_eq!(Palette::of(Some("linux")).unwrap().black_on_white, Palette::SIXTEEN.black_on_white);
        assert_eq!(Palette::of(Some("xterm")).unwrap().black_on_white, Palette::FIXED.black_on_white);
        for utf8 in ["de_DE.UTF-8", "C.utf8"] {
            assert_eq!(Drawing::of(Some(utf8)), [Drawing::Blocks("██"), Drawing::HalfBlocks], "{utf8}");
        }
        for plain in [None, Some("C"), Some("POSIX"), Some("de_DE@euro")] {
            assert_eq!(Drawing::of(plain), [Drawing::Blocks("  ")], "{plain:?}");
        }
    }
}
