//! Turns a square of modules into what it says.
//!
//! rqrr corrects the errors and reads the data; rxing is asked where rqrr refuses, and for the character set of what is
//! not UTF-8.

use rqrr::{Grid, SimpleGrid};
use rxing::{
    common::{BitMatrix, cpp_essentials::DecoderResult},
    qrcode::cpp_port::decoder::Decode,
};
use zeroize::Zeroizing;

use super::Content;

/// Returns what a square of modules says; `None` where it is no code, or too damaged.
pub(super) fn decode(modules: &BitMatrix) -> Option<Content> {
    decode_quickly(modules).or_else(|| read_text(modules))
}

/// The same without a second opinion, for guesses of which most are wrong.
pub(super) fn decode_quickly(modules: &BitMatrix) -> Option<Content> {
    let mut bytes = read_bytes(modules)?;
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Some(Content::Text(Zeroizing::new(text))),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            Some(read_text(modules).unwrap_or(Content::Binary))
        }
    }
}

/// Reads the data as they stand there.
fn read_bytes(modules: &BitMatrix) -> Option<Zeroizing<Vec<u8>>> {
    let size = modules.width() as usize;
    let grid = Grid::new(SimpleGrid::from_func(size, |x, y| modules.get(x as u32, y as u32)));
    let mut bytes = Zeroizing::new(Vec::with_capacity(rqrr::MAX_PAYLOAD_SIZE));
    grid.decode_to(&mut *bytes).ok().map(|_| bytes)
}

/// Reads the data as text in the character set that they name, or seem to have.
fn read_text(modules: &BitMatrix) -> Option<Content> {
    let result = Decode(modules).ok().filter(DecoderResult::isValid)?;
    let part = result.structuredAppend();
    if part.count > 1 {
        let number = u8::try_from(part.index + 1).unwrap_or(0);
        return Some(Content::Part { number, of: u8::try_from(part.count).unwrap_or(0) });
    }
    let text = Zeroizing::new(result.text());
    Some(if text.chars().all(belongs_in_text) { Content::Text(text) } else { Content::Binary })
}

/// Tells text from bytes that a guessed character set made letters of.
fn belongs_in_text(c: char) -> bool {
    matches!(c, '\t' | '\r' | '\n') || !(c.is_control() || c == char::REPLACEMENT_CHARACTER)
}
