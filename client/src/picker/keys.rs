//! Keys, out of the bytes that a terminal sends.

/// A key that means something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// A character of a word.
    Char(char),
    /// Enter.
    Enter,
    /// Tab.
    Tab,
    /// Esc.
    Escape,
    /// Ctrl-C, or Ctrl-D where nothing was typed.
    Interrupt,
    /// Arrow up, Ctrl-P, Shift-Tab.
    Up,
    /// Arrow down, Ctrl-N.
    Down,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Home.
    First,
    /// End.
    Last,
    /// Backspace.
    Erase,
    /// Ctrl-W.
    EraseWord,
    /// Ctrl-U.
    EraseAll,
}

/// What has come of a key that is not whole yet.
#[derive(Debug, Default)]
pub(crate) struct Keys(Vec<u8>);

impl Keys {
    /// Whether the rest of a key is waited for.
    pub(crate) fn is_open(&self) -> bool {
        !self.0.is_empty()
    }

    /// Reads bytes and returns the keys that are whole with them.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Vec<Key> {
        self.0.extend_from_slice(bytes);
        let mut keys = Vec::new();
        while let Some((length, key)) = first(&self.0) {
            self.0.drain(..length);
            keys.extend(key);
        }
        keys
    }

    /// Returns what the bytes so far mean when no more follow: Esc, where they begin so.
    pub(crate) fn end(&mut self) -> Vec<Key> {
        let bytes = std::mem::take(&mut self.0);
        if bytes == [ESCAPE] { vec![Key::Escape] } else { Vec::new() }
    }
}

/// Returns the length of the first key and what it is, if anything; `None` where it is not whole.
fn first(bytes: &[u8]) -> Option<(usize, Option<Key>)> {
    let (&byte, rest) = bytes.split_first()?;
    match byte {
        ESCAPE => sequence(rest),
        0..=0x1f | 0x7f => Some((1, control(byte))),
        _ => character(bytes),
    }
}

fn control(byte: u8) -> Option<Key> {
    let key = match byte {
        b'\r' | b'\n' => Key::Enter,
        b'\t' => Key::Tab,
        0x03 | 0x04 | 0x1c => Key::Interrupt,
        0x08 | 0x7f => Key::Erase,
        0x0e => Key::Down,
        0x10 => Key::Up,
        0x15 => Key::EraseAll,
        0x17 => Key::EraseWord,
        _ => return None,
    };
    Some(key)
}

/// Reads what follows Esc (ECMA-48 §5.4): `[` with numbers and a last letter, `O` with a letter, or a key held with Alt.
fn sequence(rest: &[u8]) -> Option<(usize, Option<Key>)> {
    match rest.first()? {
        b'[' => {
            let end = rest[1..].iter().position(|byte| (0x40..=0x7e).contains(byte))? + 1;
            Some((end + 2, arrow(&rest[1..end], rest[end])))
        }
        b'O' => Some((3, arrow(&[], *rest.get(1)?))),
        // Typed fast: Esc, and then another key.
        0..=0x1f | 0x7f => Some((1, Some(Key::Escape))),
        _ => Some((2, None)),
    }
}

fn arrow(numbers: &[u8], last: u8) -> Option<Key> {
    let key = match (numbers, last) {
        (_, b'A') | ([], b'Z') => Key::Up,
        (_, b'B') => Key::Down,
        (_, b'H') | (b"1" | b"7", b'~') => Key::First,
        (_, b'F') | (b"4" | b"8", b'~') => Key::Last,
        (b"5", b'~') => Key::PageUp,
        (b"6", b'~') => Key::PageDown,
        ([], b'M') => Key::Enter,
        _ => return None,
    };
    Some(key)
}

/// Reads a character of UTF-8; a byte that begins none is left out.
fn character(bytes: &[u8]) -> Option<(usize, Option<Key>)> {
    let length = match bytes[0] {
        0x20..=0x7e => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Some((1, None)),
    };
    match str::from_utf8(bytes.get(..length)?) {
        Ok(text) => Some((length, text.chars().next().filter(|c| !c.is_control()).map(Key::Char))),
        Err(_) => Some((1, None)),
    }
}

const ESCAPE: u8 = 0x1b;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_however_they_are_cut() {
        let typed = "aß日\x1b[A\x1bOB\x1b[5~\x1b[1;5H\x7f\x15\r\t\x1bx\x03".as_bytes();
        let keys = [
            Key::Char('a'),
            Key::Char('ß'),
            Key::Char('日'),
            Key::Up,
            Key::Down,
            Key::PageUp,
            Key::First,
            Key::Erase,
            Key::EraseAll,
            Key::Enter,
            Key::Tab,
            Key::Interrupt,
        ];
        for size in 1..=typed.len() {
            let mut reader = Keys::default();
            let read: Vec<Key> = typed.chunks(size).flat_map(|piece| reader.read(piece)).collect();
            assert_eq!(read, keys, "in pieces of {size}");
            assert!(!reader.is_open());
        }
    }

    #[test]
    fn escape_alone_is_known_when_nothing_follows() {
        let mut reader = Keys::default();
        assert_eq!(reader.read(b"\x1b"), []);
        assert!(reader.is_open());
        assert_eq!(reader.end(), [Key::Escape]);
        assert_eq!(reader.read(b"\x1b\x1b\r"), [Key::Escape, Key::Escape, Key::Enter]);
        assert_eq!(reader.read(b"\x1b"), []);
        assert_eq!(reader.end(), [Key::Escape]);
        assert_eq!(reader.end(), []);
    }

    #[test]
    fn what_is_no_text_is_left_out() {
        let mut reader = Keys::default();
        assert_eq!(reader.read(b"\xff\xc3\x28a\x00\x1b[200~b"), [Key::Char('('), Key::Char('a'), Key::Char('b')]);
    }
}
