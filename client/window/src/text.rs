//! Text: the two faces of the font that the program brings along, lines that fit, letters on a canvas.
//!
//! A letter that the font lacks is drawn as a box: a name that can't be shown is seen to be one. Nothing is ever taken
//! from the font folders of the machine, so that a window looks the same everywhere.

use ab_glyph::{Font, FontRef, Glyph, GlyphId, PxScale, ScaleFont, point};

use crate::canvas::{Canvas, Colour};

/// A weight of the font at a size.
pub(crate) struct Face {
    font: FontRef<'static>,
    scale: PxScale,
}

impl Face {
    /// Returns the usual weight; `size` is that of an em, in pixels.
    pub(crate) fn regular(size: f32) -> Self {
        Self::of(include_bytes!("../font/Inter-Regular.otf"), size)
    }

    /// Returns the weight for headings.
    pub(crate) fn semibold(size: f32) -> Self {
        Self::of(include_bytes!("../font/Inter-SemiBold.otf"), size)
    }

    fn of(file: &'static [u8], size: f32) -> Self {
        let font = FontRef::try_from_slice(file).expect("the font in the program is whole");
        let em = font.units_per_em().expect("a font has an em");
        let scale = PxScale::from(size * font.height_unscaled() / em);
        Self { font, scale }
    }

    /// Returns how wide a text is, in pixels.
    pub(crate) fn width(&self, text: &str) -> f32 {
        text.chars().map(|letter| self.advance(letter)).sum()
    }

    /// Draws one line; the point is its left end on the line that letters stand on.
    pub(crate) fn draw(&self, canvas: &mut Canvas, text: &str, (left, base): (f32, f32), colour: Colour) {
        let mut x = left;
        for letter in text.chars() {
            self.draw_letter(canvas, self.glyph_id(letter).with_scale_and_position(self.scale, point(x, base)), colour);
            x += self.advance(letter);
        }
    }

    fn draw_letter(&self, canvas: &mut Canvas, glyph: Glyph, colour: Colour) {
        let Some(outline) = self.font.outline_glyph(glyph) else { return };
        let corner = outline.px_bounds().min;
        outline.draw(|x, y, cover| {
            let (x, y) = (corner.x + x as f32, corner.y + y as f32);
            if x >= 0.0 && y >= 0.0 {
                canvas.blend(x as u32, y as u32, colour, cover);
            }
        });
    }

    /// Breaks a text into at most `most` lines of this width; where there is more of it, the last ends with `…`.
    pub(crate) fn lines(&self, text: &str, width: f32, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() && lines.len() < most {
            let end = self.line_end(rest, width);
            if lines.len() + 1 == most && end < rest.len() {
                lines.push(self.shortened(rest, width));
                break;
            }
            lines.push(rest[..end].trim_end().to_owned());
            rest = rest[end..].trim_start();
        }
        lines
    }

    /// Returns where the first line of a text ends: at a gap, or inside a word that is too long for a line of its own.
    fn line_end(&self, text: &str, width: f32) -> usize {
        let (mut taken, mut gap) = (0.0, None);
        for (at, letter) in text.char_indices() {
            if letter == ' ' {
                gap = Some(at);
            }
            taken += self.advance(letter);
            if taken > width && at > 0 && letter != ' ' {
                return gap.unwrap_or(at);
            }
        }
        text.len()
    }

    fn shortened(&self, text: &str, width: f32) -> String {
        let room = width - self.advance('…');
        let mut taken = 0.0;
        let fits = |(_, letter): &(usize, char)| {
            taken += self.advance(*letter);
            taken <= room
        };
        let end = text.char_indices().take_while(fits).last().map_or(0, |(at, letter)| at + letter.len_utf8());
        format!("{}…", text[..end].trim_end())
    }

    fn advance(&self, letter: char) -> f32 {
        self.font.as_scaled(self.scale).h_advance(self.glyph_id(letter))
    }

    /// A control character is as much of a box as any other that the font lacks.
    fn glyph_id(&self, letter: char) -> GlyphId {
        self.font.glyph_id(letter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_broken_at_its_gaps() {
        let face = Face::regular(16.0);
        let width = face.width("several words of");
        let lines = face.lines("several words of one text", width + 1.0, 5);
        assert_eq!(lines, ["several words of", "one text"]);
        assert!(lines.iter().all(|line| face.width(line) <= width + 1.0));
        assert_eq!(face.lines("  ", 100.0, 5), [""; 0]);
    }

    #[test]
    fn what_fits_no_line_is_broken_and_cut() {
        let face = Face::regular(16.0);
        let long = "abcdefghijklmnopqrstuvwxyz".repeat(9);
        for most in 1..4 {
            let lines = face.lines(&long, 120.0, most);
            assert_eq!(lines.len(), most);
            assert!(lines.iter().all(|line| face.width(line) <= 120.0), "{lines:?}");
            assert!(lines[most - 1].ends_with('…'));
        }
        // Narrower than any letter: it ends all the same.
        assert_eq!(face.lines("wide", 1.0, 9).concat(), "wide");
    }

    #[test]
    fn every_letter_leaves_ink() {
        let face = Face::semibold(40.0);
        for letter in ['A', 'ß', 'Ž', 'Ω', 'ж', 'ế', '–', '→', '…', '日', '\u{202e}', '\u{7f}'] {
            let mut canvas = Canvas::new(60, 60, 0);
            face.draw(&mut canvas, &letter.to_string(), (5.0, 45.0), 0xff_ff_ff);
            let ink = (0..3600).filter(|at| canvas.pixel(at % 60, at / 60) != 0).count();
            assert!(ink > 30, "{letter:?} is not seen");
        }
    }

    #[test]
    fn a_letter_over_the_edge_is_cut_off() {
        let mut canvas = Canvas::new(10, 10, 0);
        Face::regular(40.0).draw(&mut canvas, "WWW", (-20.0, 20.0), 1);
    }
}
