//! A file of pictures in a camera's place: YUV4MPEG2, also called Y4M.
//!
//! `ffmpeg -i FILM.mp4 -pix_fmt yuv420p FILM.y4m` makes one of any film. It is plain: a line with the size,
//! `YUV4MPEG2 W1280 H720 F30:1 C420jpeg`, then for each picture a line `FRAME` and its planes, the light first.
//! Eight bits a pixel are read. Its bytes are hostile.

use std::{
    io::{self, BufRead, BufReader, ErrorKind, Read},
    time::Instant,
};

use super::Frames;
use crate::{grey::Grey, outcome::ScanError};

/// A file of pictures.
pub struct Film<R> {
    from: BufReader<R>,
    width: usize,
    height: usize,
    /// Bytes of a picture behind its light.
    colours: u64,
}

impl<R: Read> Film<R> {
    /// Reads the line with the size.
    pub fn new(from: R) -> Result<Self, ScanError> {
        let mut from = BufReader::new(from);
        let head = line(&mut from).map_err(|error| unreadable(&error))?.ok_or_else(|| bad(NO_FILM))?;
        let (width, height, chroma) = parse(&head)?;
        let colours = chroma.bytes(width as u64, height as u64);
        Ok(Self { from, width, height, colours })
    }

    /// Reads the next picture; one that is cut off is none.
    fn read(&mut self) -> io::Result<Option<Result<Grey, ScanError>>> {
        let Some(head) = line(&mut self.from)? else { return Ok(None) };
        if head.split(' ').next() != Some("FRAME") {
            return Ok(Some(Err(bad("the film is damaged: a picture does not begin where it should"))));
        }
        let mut light = vec![0; self.width * self.height];
        self.from.read_exact(&mut light)?;
        let skipped = io::copy(&mut self.from.by_ref().take(self.colours), &mut io::sink())?;
        let whole = Grey::new(self.width, self.height, light).filter(|_| skipped == self.colours);
        Ok(whole.map(Ok))
    }
}

impl<R: Read> Frames for Film<R> {
    fn next(&mut self, until: Instant) -> Result<Option<Grey>, ScanError> {
        if Instant::now() >= until {
            return Ok(None);
        }
        match self.read() {
            Ok(picture) => picture.transpose(),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(unreadable(&error)),
        }
    }

    fn is_live(&self) -> bool {
        false
    }
}

/// How the colours of a picture are laid out, behind its light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chroma {
    None,
    Quarter,
    Half,
    Narrow,
    Full,
    FullAndAlpha,
}

impl Chroma {
    fn bytes(self, width: u64, height: u64) -> u64 {
        match self {
            Self::None => 0,
            Self::Quarter => 2 * width.div_ceil(2) * height.div_ceil(2),
            Self::Half => 2 * width.div_ceil(2) * height,
            Self::Narrow => 2 * width.div_ceil(4) * height,
            Self::Full => 2 * width * height,
            Self::FullAndAlpha => 3 * width * height,
        }
    }
}

fn parse(head: &str) -> Result<(usize, usize, Chroma), ScanError> {
    let mut words = head.split(' ');
    if words.next() != Some("YUV4MPEG2") {
        return Err(bad(NO_FILM));
    }
    let (mut width, mut height, mut chroma) = (0, 0, Chroma::Quarter);
    for word in words.filter(|word| !word.is_empty()) {
        let (key, value) = word.split_at_checked(1).ok_or_else(|| bad(NO_FILM))?;
        match key {
            "W" => width = value.parse().unwrap_or(0),
            "H" => height = value.parse().unwrap_or(0),
            "C" => chroma = chroma_of(value).ok_or_else(|| bad(DEPTH))?,
            _ => {}
        }
    }
    let is_size = |side: usize| (1..=MAX_SIDE).contains(&side);
    if is_size(width) && is_size(height) { Ok((width, height, chroma)) } else { Err(bad(SIZE)) }
}

fn chroma_of(value: &str) -> Option<Chroma> {
    Some(match value {
        "mono" => Chroma::None,
        "420" | "420jpeg" | "420paldv" | "420mpeg2" => Chroma::Quarter,
        "422" => Chroma::Half,
        "411" => Chroma::Narrow,
        "444" => Chroma::Full,
        "444alpha" => Chroma::FullAndAlpha,
        _ => return None,
    })
}

/// Reads a line, of which there is not much; `None` at the end, or where it is cut off. What is no text or too long is an
/// empty line.
fn line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut text = Vec::new();
    from.take(MAX_LINE).read_until(b'\n', &mut text)?;
    Ok(match text.strip_suffix(b"\n") {
        Some(text) => Some(String::from_utf8(text.to_vec()).unwrap_or_default()),
        None if text.len() as u64 == MAX_LINE => Some(String::new()),
        None => None,
    })
}

fn unreadable(error: &io::Error) -> ScanError {
    bad(format!("the film can't be read: {error}"))
}

fn bad(why: impl Into<String>) -> ScanError {
    ScanError::Picture(why.into())
}

const NO_FILM: &str = "the file is no camera and no film that can be read; YUV4MPEG2 is (ffmpeg writes it: FILM.y4m)";
const DEPTH: &str = "the film has colours of a kind that is not read; make it anew with: ffmpeg -pix_fmt yuv420p";
const SIZE: &str = "the film's pictures have no size that is read: 1 to 4096 pixels a side are";
const MAX_SIDE: usize = 4096;
const MAX_LINE: u64 = 256;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn pictures(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        let mut film = Film::new(bytes).map_err(|error| error.to_string())?;
        let until = Instant::now() + Duration::from_secs(60);
        let mut all = Vec::new();
        while let Some(picture) = film.next(until).map_err(|error| error.to_string())? {
            all.push(picture.pixels().to_vec());
        }
        Ok(all)
    }

    #[test]
    fn the_light_of_each_picture_is_read() {
        let film = b"YUV4MPEG2 W2 H2 F30:1 Ip A1:1 C420jpeg XANY\nFRAME\n1234uvFRAME Ix\n5678uv";
        assert_eq!(pictures(film).unwrap(), [b"1234", b"5678"]);
        assert_eq!(pictures(b"YUV4MPEG2 W2 H1 Cmono\nFRAME\n12FRAME\n34").unwrap(), [b"12", b"34"]);
    }

    #[test]
    fn each_layout_of_colours_is_skipped() {
        // 3 × 3 pixels: odd sides are rounded up.
        for (name, bytes) in [("420", 8), ("422", 12), ("411", 6), ("444", 18), ("444alpha", 27), ("mono", 0)] {
            let mut film = format!("YUV4MPEG2 W3 H3 C{name}\n").into_bytes();
            for _ in 0..2 {
                film.extend(b"FRAME\n123456789");
                film.extend(vec![b'c'; bytes]);
            }
            assert_eq!(pictures(&film).unwrap(), [b"123456789"; 2], "{name}");
        }
    }

    #[test]
    fn a_picture_that_is_cut_off_ends_the_film() {
        for end in ["FRA", "FRAME\n", "FRAME\n12", "FRAME\n1234", "FRAME\n1234u"] {
            let film = format!("YUV4MPEG2 W2 H2\nFRAME\n1234uv{end}");
            assert_eq!(pictures(film.as_bytes()).map(|all| all.len()), Ok(1), "{end}");
        }
    }

    #[test]
    fn what_is_no_film_or_damaged_is_refused() {
        let long = format!("YUV4MPEG2 W2 H2 {}\nFRAME\n1234uv", "X".repeat(1000));
        let rows: [(&[u8], &str); 10] = [
            (b"", "no film"),
            (b"\x89PNG\r\n", "no film"),
            (b"YUV4MPEG2", "no film"),
            (long.as_bytes(), "no film"),
            (b"YUV4MPEG2 W2\n", "no size"),
            (b"YUV4MPEG2 W0 H2\n", "no size"),
            (b"YUV4MPEG2 W99999999999999999999 H2\n", "no size"),
            (b"YUV4MPEG2 W4097 H2\n", "no size"),
            (b"YUV4MPEG2 W2 H2 C420p10\n", "-pix_fmt"),
            (b"YUV4MPEG2 W2 H2\nNOISE\n1234uv", "damaged"),
        ];
        for (film, why) in rows {
            let told = pictures(film).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(
            width in "[0-9]{0,3}",
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
        ) {
            let _ = pictures(&bytes);
            let _ = pictures(&[format!("YUV4MPEG2 W{width} H1 C").as_bytes(), &bytes].concat());
            let _ = pictures(&[format!("YUV4MPEG2 W{width} H1\nFRAME\n").as_bytes(), &bytes].concat());
        }
    }

    #[test]
    fn an_endless_one_ends_with_its_time() {
        let head: &[u8] = b"YUV4MPEG2 W1 H6 Cmono\n";
        // Each picture reads FRAME\n too.
        let mut film = Film::new(head.chain(b"FRAME\nFRAME\nFRAME\nFRAME\n".as_slice())).unwrap();
        assert!(film.next(Instant::now() + Duration::from_secs(60)).unwrap().is_some());
        assert!(film.next(Instant::now()).unwrap().is_none());
    }
}
