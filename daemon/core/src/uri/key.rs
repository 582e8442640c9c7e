//! Keys as people and pages write them: base32 in any case, spaced, dashed, padded, cut short.

use data_encoding::{Encoding, Specification};
use zeroize::Zeroizing;

use super::{Note, UriError};
use crate::secret::Secret;

/// The longest key, in characters.
pub const MAX_KEY: usize = 4 * 1024;
/// The longest group in which a page shows a key.
const GROUP: usize = 8;

/// Reads base32, and says what is odd about how it is written.
pub(super) fn read(text: &str) -> Result<(Secret, Vec<Note>), UriError> {
    if text.len() > MAX_KEY {
        return Err(UriError::TooLong { what: "key", most: MAX_KEY });
    }
    let (plain, mut notes) = clean(text)?;
    // One or a few characters at the end can be too few for a byte: they are dropped.
    let whole = plain.len() - usize::from(matches!(plain.len() % 8, 1 | 3 | 6));
    let bytes = lenient_base32().decode(&plain.as_bytes()[..whole]);
    let bytes = bytes.map_err(|error| UriError::NotBase32 { position: error.position + 1, hint: "" })?;
    if bytes.is_empty() {
        return Err(UriError::NoSecret);
    }
    let again = Zeroizing::new(data_encoding::BASE32_NOPAD.encode(&bytes));
    notes.extend((*again != *plain).then_some(Note::LooseBits));
    notes.extend(weak(bytes.len() * 8));
    Ok((Secret::new(bytes), notes))
}

/// Returns the note that a key of so few bits deserves.
pub(super) fn weak(bits: usize) -> Option<Note> {
    (bits < 128).then_some(Note::WeakKey { bits })
}

/// Checks a Yandex key: 16 bytes, or 26 that end in a checksum of twelve bits; of others the first 16 are used.
pub(super) fn check_yandex(key: &[u8]) -> Result<Option<Note>, UriError> {
    match key.len() {
        0..16 => Err(UriError::KeyTooShort { least: 16 }),
        16 => Ok(None),
        26 if yandex_remainder(key) == u16::from_be_bytes([key[24] & 15, key[25]]) => Ok(None),
        26 => Err(UriError::Checksum),
        _ => Ok(Some(Note::OddKeyLength)),
    }
}

/// Returns the remainder of all bits but the last twelve, divided by x¹² + x¹¹ + x⁷ + x⁶ + x⁵ + x⁴ + x + 1.
fn yandex_remainder(key: &[u8]) -> u16 {
    let bits = key.iter().flat_map(|byte| (0..8).rev().map(move |place| u16::from(byte >> place & 1)));
    bits.take(key.len() * 8 - 12).fold(0, |rest, bit| {
        let next = rest << 1 | bit;
        if next & 0x1000 == 0 { next } else { next ^ 0x18f3 }
    })
}

/// Says whether a key, as it stands in a URI, has no text behind it. Blanks that nobody escaped may be those of its groups,
/// as pages show them: equal ones, short, and in one case.
pub(super) fn stands_alone(text: &str) -> bool {
    !text.trim().contains(char::is_whitespace) || in_groups(text) && in_one_case(text)
}

/// Says the same of a key that stands for itself: people set its blanks as they like, but not in the middle of a change from
/// capitals to small letters.
pub(super) fn is_alone(text: &str) -> bool {
    !text.trim().contains(char::is_whitespace) || in_groups(text) || in_one_case(text)
}

fn in_groups(text: &str) -> bool {
    let is_gap = |c: char| c == '-' || c.is_whitespace();
    let lengths: Vec<usize> = text.split(is_gap).map(str::len).filter(|length| *length > 0).collect();
    let most = lengths.first().map_or(0, |first| GROUP.min(*first));
    lengths.iter().rev().skip(1).all(|length| *length == most) && lengths.last() <= Some(&most)
}

fn in_one_case(text: &str) -> bool {
    let has = |case: fn(&char) -> bool| text.chars().any(|c| case(&c));
    !(has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase))
}

/// Leaves the letters of the alphabet only, in upper case.
fn clean(text: &str) -> Result<(Zeroizing<String>, Vec<Note>), UriError> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let (mut lower, mut padded, mut spaced) = (false, false, false);
    let text = text.trim();
    for (place, c) in text.chars().enumerate() {
        let hint = match c.to_ascii_uppercase() {
            letter @ ('A'..='Z' | '2'..='7') => {
                lower |= c.is_ascii_lowercase();
                plain.push(letter);
                continue;
            }
            '=' => {
                padded = true;
                continue;
            }
            c if c == '-' || c.is_whitespace() => {
                spaced = true;
                continue;
            }
            '0' => " (is it the letter O?)",
            '1' => " (is it the letter I or L?)",
            '8' => " (is it the letter B?)",
            _ => "",
        };
        return Err(UriError::NotBase32 { position: place + 1, hint });
    }
    let notes = [(lower, Note::LowerCaseKey), (padded, Note::PaddedKey), (spaced, Note::SpacedKey)];
    Ok((plain, notes.into_iter().filter_map(|(is, note)| is.then_some(note)).collect()))
}

/// Base32 that ignores the bits at the end that make no byte.
fn lenient_base32() -> Encoding {
    let mut specification = Specification::new();
    specification.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    specification.check_trailing_bits = false;
    specification.encoding().expect("the alphabet is sound")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_key_is_written_is_noted() {
        for (text, expected) in [
            ("MFZWIZLTOQQGK43UMFZWIZLTOQQGK43U", vec![]),
            ("mfzwizltoqqgk43umfzwizltoqqgk43u", vec!["lower-case-key"]),
            ("MFZW IZLT-OQQGK43UMFZWIZLTOQQGK43U==", vec!["padded-key", "spaced-key"]),
            ("mfzw", vec!["lower-case-key", "loose-bits", "weak-key"]),
        ] {
            let ids: Vec<&str> = read(text).unwrap().1.into_iter().map(Note::id).collect();
            assert_eq!(ids, expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "=", "A", "- -", "MFZW8ZLT", "QWERT!£$%^)*(", "ключ"] {
            assert!(read(text).is_err(), "{text} was taken");
        }
    }

    #[test]
    fn a_yandex_key_is_checked_by_its_own_sum() {
        let mut key: Vec<u8> = (0..26).map(|place| place * 7).collect();
        let sum = yandex_remainder(&key).to_be_bytes();
        (key[24], key[25]) = (key[24] & 0xf0 | sum[0], sum[1]);
        assert_eq!(check_yandex(&key), Ok(None));
        for place in 0..26 * 8 {
            let mut broken = key.clone();
            broken[place / 8] ^= 128 >> (place % 8);
            assert_eq!(check_yandex(&broken), Err(UriError::Checksum), "bit {place}");
        }
        assert_eq!(check_yandex(&key[..16]), Ok(None));
        assert_eq!(check_yandex(&key[..19]), Ok(Some(Note::OddKeyLength)));
        assert!(check_yandex(&key[..15]).is_err());
    }
}
