//! How a capture program hands pictures over on its standard output.
//!
//! For each screen: one line of JSON, `{"name","x","y","width","height","scale"}` with place and size in pixels, then
//! `width × height × 4` bytes, RGBA row by row. The stream ends after the last picture. Header lines have at most 1 KiB,
//! there are at most 16 screens, and 64 million pixels in one.

use std::io::{self, Read, Write};

use zeroize::Zeroizing;

use super::Shot;
use crate::{picture::MAX_PIXELS, pixels::Pixels, report::Screen};

/// Writes one screen; `rgba` must have its size.
pub fn write(to: &mut impl Write, screen: &Screen, rgba: &[u8]) -> io::Result<()> {
    if rgba.len() as u64 != u64::from(screen.width) * u64::from(screen.height) * 4 {
        return Err(malformed("a picture has another size than its screen"));
    }
    let mut header = serde_json::to_vec(screen)?;
    header.push(b'\n');
    to.write_all(&header)?;
    to.write_all(rgba)
}

/// Reads all screens up to the end of the stream.
pub fn read(from: &mut impl Read) -> io::Result<Vec<Shot>> {
    let mut shots = Vec::new();
    while let Some(screen) = read_header(from)? {
        if shots.len() == MAX_SCREENS {
            return Err(malformed("more than 16 screens"));
        }
        let (width, height) = (screen.width as usize, screen.height as usize);
        if u64::from(screen.width) * u64::from(screen.height) > MAX_PIXELS {
            return Err(malformed("a screen of more than 64 million pixels"));
        }
        let mut rgba = Zeroizing::new(vec![0; width * height * 4]);
        from.read_exact(&mut rgba)?;
        let picture = Pixels::from_rgba(width, height, &rgba).ok_or_else(|| malformed("a screen without pixels"))?;
        shots.push(Shot { screen, picture });
    }
    Ok(shots)
}

/// Reads a header line, byte by byte so that nothing of the pixels is taken; `None` at the end of the stream.
#[expect(clippy::unbuffered_bytes, reason = "a buffer would keep pixels, and a header has a hundred bytes")]
fn read_header(from: &mut impl Read) -> io::Result<Option<Screen>> {
    let mut line = Vec::new();
    for byte in from.bytes().take(MAX_HEADER) {
        match byte? {
            b'\n' => return serde_json::from_slice(&line).map(Some).map_err(|_| malformed("a broken header")),
            byte => line.push(byte),
        }
    }
    if line.is_empty() { Ok(None) } else { Err(malformed("a cut or endless header")) }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

const MAX_HEADER: usize = 1024;
const MAX_SCREENS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(width: u32, height: u32) -> Screen {
        Screen { name: "DP-1".into(), x: -7, y: 3, width, height, scale: 1.0, side: String::new() }
    }

    fn error(stream: &[u8]) -> String {
        read(&mut &*stream).err().expect("refused").to_string()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut stream = Vec::new();
        write(&mut stream, &screen(2, 1), &[0, 0, 0, 255, 255, 255, 255, 255]).unwrap();
        write(&mut stream, &screen(1, 1), b"\n\n\n\xff").unwrap();
        let shots = read(&mut &*stream).unwrap();
        assert_eq!(shots[0].screen, screen(2, 1));
        assert_eq!(shots[0].picture.grey().pixels(), [0, 255]);
        assert_eq!(shots[1].picture.grey().pixels(), [10]);
        assert_eq!(shots.len(), 2);
    }

    #[test]
    fn a_cut_or_boundless_stream_is_refused() {
        let mut stream = Vec::new();
        write(&mut stream, &screen(2, 2), &[9; 16]).unwrap();
        assert_eq!(error(&stream[..9]), "a cut or endless header");
        assert!(read(&mut &stream[..stream.len() - 1]).is_err());
        assert_eq!(error(&[b'x'; 2000]), "a cut or endless header");
        assert_eq!(error(b"{}\n"), "a broken header");
        let huge = serde_json::to_string(&screen(u32::MAX, u32::MAX)).unwrap() + "\n";
        assert_eq!(error(huge.as_bytes()), "a screen of more than 64 million pixels");
        let flat = serde_json::to_string(&screen(0, 9)).unwrap() + "\n";
        assert_eq!(error(flat.as_bytes()), "a screen without pixels");
        let mut many = Vec::new();
        for _ in 0..17 {
            write(&mut many, &screen(1, 1), &[0; 4]).unwrap();
        }
        assert_eq!(error(&many), "more than 16 screens");
    }

    #[test]
    fn a_picture_must_fit_its_header() {
        assert!(write(&mut Vec::new(), &screen(2, 2), &[0; 15]).is_err());
    }
}
