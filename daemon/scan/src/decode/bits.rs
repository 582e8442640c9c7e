//! Turns a square of modules into what it says.
//!
//! rqrr corrects the errors and reads the data. rxing is asked where rqrr refuses, and for the character set of what is
//! not plain ASCII:
//!
//! | data | text |
//! |---|---|
//! | a character set is named (ECI), or it is Kanji | read as that |
//! | bytes that are UTF-8 | read as that |
//! | other bytes | in the character set that they seem to have |
//! | bytes that no character set fits | one character a byte (Latin-1): nothing is lost, and they count as bytes |
//! | one of several codes (structured append) | none: part of a text would pass for the text |
//! | no data at all | no code: noise is sometimes corrected into that, and nobody prints it |

use rqrr::{DeQRError, Grid, SimpleGrid};
use rxing::{
    common::{BitMatrix, cpp_essentials::DecoderResult},
    qrcode::cpp_port::decoder::Decode,
};
use zeroize::{Zeroize, Zeroizing};

use super::Content;

/// Returns what a square of modules says; `None` where it is no code, or too damaged.
pub(super) fn decode(modules: &BitMatrix) -> Option<Content> {
    let content = match read_bytes(modules) {
        Ok(bytes) => tell(bytes, modules),
        Err(_) => second_opinion(modules)?.content,
    };
    Some(content).filter(says_something)
}

/// The same without a second opinion on what is damaged, for guesses of which most are wrong.
pub(super) fn decode_quickly(modules: &BitMatrix) -> Option<Content> {
    let content = match read_bytes(modules) {
        Ok(bytes) => tell(bytes, modules),
        // Structured append and other modes: whole, and rqrr knows them not.
        Err(DeQRError::UnknownDataType) => second_opinion(modules)?.content,
        Err(_) => return None,
    };
    Some(content).filter(says_something)
}

fn says_something(content: &Content) -> bool {
    match content {
        Content::Text(text) | Content::Bytes(text) => !text.is_empty(),
        Content::Part { .. } => true,
    }
}

/// Reads the data as they stand there.
fn read_bytes(modules: &BitMatrix) -> Result<Zeroizing<Vec<u8>>, DeQRError> {
    let size = modules.width() as usize;
    let grid = Grid::new(SimpleGrid::from_func(size, |x, y| modules.get(x as u32, y as u32)));
    let mut bytes = Zeroizing::new(Vec::with_capacity(rqrr::MAX_PAYLOAD_SIZE));
    grid.decode_to(&mut *bytes).map(|_| bytes)
}

/// Finds the character set of data.
fn tell(mut bytes: Zeroizing<Vec<u8>>, modules: &BitMatrix) -> Content {
    // A zero is a letter's other half where the text is UTF-16.
    let is_plain = bytes.is_ascii() && !bytes.contains(&0);
    let opinion = if is_plain { None } else { second_opinion(modules) };
    let is_better = |opinion: &Opinion| {
        opinion.is_certain || (std::str::from_utf8(&bytes).is_err() && !matches!(opinion.content, Content::Bytes(_)))
    };
    if let Some(opinion) = opinion.filter(is_better) {
        return opinion.content;
    }
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Content::Text(Zeroizing::new(text)),
        Err(error) => {
            let mut bytes = error.into_bytes();
            let text = bytes.iter().copied().map(char::from).collect();
            bytes.zeroize();
            Content::Bytes(Zeroizing::new(text))
        }
    }
}

/// What rxing makes of a code.
struct Opinion {
    content: Content,
    /// Whether the code says so itself, by a named character set or by being a part.
    is_certain: bool,
}

fn second_opinion(modules: &BitMatrix) -> Option<Opinion> {
    let result = Decode(modules).ok().filter(DecoderResult::isValid)?;
    let part = result.structuredAppend();
    if part.count > 1 {
        let number = u8::try_from(part.index + 1).unwrap_or(0);
        let content = Content::Part { number, of: u8::try_from(part.count).unwrap_or(0) };
        return Some(Opinion { content, is_certain: true });
    }
    let text = Zeroizing::new(result.text());
    let is_certain = result.content().has_eci && !text.contains(char::REPLACEMENT_CHARACTER);
    let content = if text.chars().all(belongs_in_text) { Content::Text(text) } else { Content::Bytes(text) };
    Some(Opinion { content, is_certain })
}

/// Tells text from bytes that a guessed character set made letters of: no text has controls from beyond ASCII.
fn belongs_in_text(c: char) -> bool {
    !matches!(c, '\u{80}'..='\u{9f}' | char::REPLACEMENT_CHARACTER)
}
