//! How files begin that are surely not encrypted from their first byte on: archives, pictures, films, documents, programs,
//! `KeePass`, Java, messages of `OpenPGP`.

/// Says whether a file is of a kind that has a mark.
pub fn is_marked(bytes: &[u8]) -> bool {
    MARKS.iter().any(|(at, mark)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(mark))) || is_openpgp(bytes)
}

/// Says whether these are packets of `OpenPGP`, RFC 9580 §4: first a session key, for a person or under a password, then more.
pub fn is_openpgp(bytes: &[u8]) -> bool {
    let Some((tag, body, rest)) = packet(bytes) else { return false };
    let is_session_key = match (tag, body) {
        (PUBLIC, [3, _, _, _, _, _, _, _, _, algorithm, ..]) => [1, 2, 16, 18].contains(algorithm),
        (PUBLIC, [6, ..]) | (PASSWORD, [4..=6, 1..=13, ..]) => true,
        _ => false,
    };
    is_session_key && rest.first().is_some_and(|next| next & 0x80 != 0)
}

/// Returns a packet's tag and body, and what follows; only lengths that such a first packet has.
fn packet(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first().filter(|(head, _)| **head & 0x80 != 0)?;
    let is_new = head & 0x40 != 0;
    let tag = if is_new { head & 0x3f } else { head >> 2 & 0x0f };
    let (length, rest) = match (is_new, head % 4, rest) {
        (true, _, [length @ 0..=191, rest @ ..]) | (false, 0, [length, rest @ ..]) => (usize::from(*length), rest),
        (true, _, [high @ 192..=223, low, rest @ ..]) => {
            (usize::from(high - 192) * 256 + usize::from(*low) + 192, rest)
        }
        (false, 1, [high, low, rest @ ..]) => (usize::from(*high) * 256 + usize::from(*low), rest),
        _ => return None,
    };
    let (body, rest) = rest.split_at_checked(length)?;
    Some((tag, body, rest))
}

/// The tags of session keys.
const PUBLIC: u8 = 1;
const PASSWORD: u8 = 3;

/// Where which bytes stand.
const MARKS: &[(usize, &[u8])] = &[
    (0, b"\x1f\x8b"),
    (0, b"7z\xbc\xaf"),
    (0, b"\xfd7zXZ"),
    (0, b"\x28\xb5\x2f\xfd"),
    (0, b"BZh"),
    (0, b"Rar!"),
    (257, b"ustar"),
    (0, b"\x89PNG"),
    (0, b"\xff\xd8\xff"),
    (0, b"GIF8"),
    (0, b"RIFF"),
    (0, b"II*\0"),
    (0, b"MM\0*"),
    (0, b"\0\0\x01\0"),
    (0, b"8BPS"),
    (4, b"ftyp"),
    (0, b"\x1a\x45\xdf\xa3"),
    (0, b"OggS"),
    (0, b"ID3"),
    (0, b"%PDF"),
    (0, b"\xd0\xcf\x11\xe0"),
    (0, b"\x7fELF"),
    (0, b"MZ"),
    (0, b"\xca\xfe\xba\xbe"),
    (0, b"\x03\xd9\xa2\x9a"),
    (0, b"\xac\xed\0\x05"),
    (0, b"OTPClient"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_openpgp_is_known_by_its_packets() {
        let mut message = vec![0x85, 0, 20, 3, 1, 2, 3, 4, 5, 6, 7, 8, 1];
        message.extend([9; 10]);
        message.extend([0xd2, 0xff, 7]);
        assert!(is_openpgp(&message));
        assert!(is_openpgp(&[0x8c, 4, 4, 9, 3, 8, 0xd2, 1, 0]));
        message[3] = 9;
        assert!(!is_openpgp(&message), "its version is none");
        assert!(!is_openpgp(&[0x85]) && !is_openpgp(b""));
    }

    #[test]
    fn what_has_a_mark_is_not_taken_for_encrypted() {
        for bytes in [&b"\0\0\0\x18ftypheic"[..], b"II*\0\x08", b"\0\0\x01\0\x01\0", b"\x7fELF\x02"] {
            assert!(is_marked(bytes), "{bytes:?}");
        }
        assert!(!is_marked(b"\0\x02\x2e\xe0 random"));
    }
}
