//! A map of texts as Java serialises it: Object Serialization Stream Protocol, version 5, no more of it than that.

/// How such a stream begins.
pub const MAGIC: &[u8] = &[0xac, 0xed, 0, 5];

/// Returns the names and texts of a serialised `HashMap<String, String>`; `None` where it is anything else.
pub fn strings(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let mut stream = Stream { rest: bytes.strip_prefix(MAGIC)?, seen: Vec::new() };
    stream.map_head()?;
    let mut pairs = Vec::new();
    // Each pair takes some bytes: a stream that ends too early ends this.
    loop {
        match stream.item()? {
            Item::Text(name) => match stream.item()? {
                Item::Text(text) => pairs.push((name, text)),
                Item::End => return None,
            },
            Item::End => return Some(pairs),
        }
    }
}

enum Item {
    Text(String),
    End,
}

struct Stream<'a> {
    rest: &'a [u8],
    /// Texts that later ones may point back to, from the first handle after the class and the object on.
    seen: Vec<String>,
}

impl<'a> Stream<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(head)
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn short(&mut self) -> Option<usize> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?).into())
    }

    /// Passes an object of the class `HashMap` over, up to its first entry.
    fn map_head(&mut self) -> Option<()> {
        let is = |byte: u8, expected: u8| (byte == expected).then_some(());
        is(self.byte()?, OBJECT)?;
        is(self.byte()?, CLASS)?;
        let length = self.short()?;
        if self.take(length)? != b"java.util.HashMap" {
            return None;
        }
        // The class's version, its flags, then its fields: one on old phones, two on others.
        self.take(8 + 1)?;
        let fields = self.short()?;
        for _ in 0..fields {
            if !matches!(self.byte()?, b'F' | b'I') {
                return None;
            }
            let length = self.short()?;
            self.take(length)?;
        }
        is(self.byte()?, END)?;
        is(self.byte()?, NULL)?;
        self.take(fields * 4)?;
        // Buckets and size.
        is(self.byte()?, BLOCK)?;
        let length = self.byte()?;
        self.take(length.into()).map(drop)
    }

    /// Returns the next text, or the map's end.
    fn item(&mut self) -> Option<Item> {
        let length = match self.byte()? {
            STRING => self.short()?,
            LONG_STRING => usize::try_from(u64::from_be_bytes(self.take(8)?.try_into().ok()?)).ok()?,
            REFERENCE => {
                let handle = u32::from_be_bytes(self.take(4)?.try_into().ok()?);
                let at = usize::try_from(handle.checked_sub(FIRST_TEXT)?).ok()?;
                return self.seen.get(at).cloned().map(Item::Text);
            }
            END => return Some(Item::End),
            _ => return None,
        };
        let text = text(self.take(length)?)?;
        self.seen.push(text.clone());
        Some(Item::Text(text))
    }
}

/// Reads Java's own UTF-8: NUL in two bytes, and beyond three bytes the two halves of UTF-16, each in three.
fn text(bytes: &[u8]) -> Option<String> {
    let mut units = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, more @ ..] = rest {
        let (bits, count) = match first {
            ..0x80 => (*first, 0),
            0xc0..0xe0 => (first & 0x1f, 1),
            0xe0..0xf0 => (first & 0x0f, 2),
            _ => return None,
        };
        let (more, after) = more.split_at_checked(count)?;
        units.push(more.iter().fold(u16::from(bits), |unit, byte| unit << 6 | u16::from(byte & 0x3f)));
        rest = after;
    }
    Some(String::from_utf16_lossy(&units))
}

const NULL: u8 = 0x70;
const REFERENCE: u8 = 0x71;
const CLASS: u8 = 0x72;
const OBJECT: u8 = 0x73;
const STRING: u8 = 0x74;
const BLOCK: u8 = 0x77;
const END: u8 = 0x78;
const LONG_STRING: u8 = 0x7c;
/// The handle of what comes after the class and the object.
const FIRST_TEXT: u32 = 0x7e_0002;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_in_javas_own_utf_8() {
        for (bytes, expected) in [
            (&b"plain"[..], "plain"),
            (b"\xc3\xbc \xe4\xbd\xa0", "ü 你"),
            (b"\xed\xa0\xbe\xed\xb6\x8a", "🦊"),
            (b"a\xc0\x80b", "a\0b"),
            (b"half \xed\xa0\xbe", "half \u{fffd}"),
        ] {
            assert_eq!(text(bytes).as_deref(), Some(expected));
        }
        assert_eq!([text(b"cut \xed\xa0"), text(b"\xff")], [None, None]);
    }
}
