//! One picture out of a file or standard input. Its bytes are hostile.
//!
//! | limit | value |
//! |---|---|
//! | bytes of the file | 64 MiB |
//! | pixels | 64 million, judged by the header before anything is decoded |
//! | memory of the decoder | 512 MiB |
//! | formats | PNG, JPEG, WebP, GIF and BMP (first picture), PNM |

use std::{
    fs::{File, OpenOptions},
    io::{self, Cursor, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use rustix::fs::OFlags;
use zeroize::Zeroizing;

use crate::{grey::Grey, outcome::ScanError, pixels::Pixels};

/// Most pixels of a picture or screen.
pub const MAX_PIXELS: u64 = 64_000_000;

/// Reads a regular file.
///
/// A pipe, a device or a folder is refused, and opening one does not wait.
pub fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, ScanError> {
    let (file, length) = open(path)?;
    read_all(file, length)
}

/// Opens a regular file, and returns its length beside it.
pub(crate) fn open(path: &Path) -> Result<(File, u64), ScanError> {
    let unreadable = |error: io::Error| bad(format!("the picture can't be read: {error}"));
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(bad("the picture is not a regular file; give one, or - for standard input"));
    }
    Ok((file, metadata.len()))
}

/// Reads a picture to its end, at most 64 MiB; `expected` is a guess of its length.
pub fn read_all<R: Read>(source: R, expected: u64) -> Result<Zeroizing<Vec<u8>>, ScanError> {
    // Grown in one go: each reallocation would leave a copy behind that nobody wipes.
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected.clamp(64 * 1024, MAX_BYTES + 1) as usize));
    source
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| bad(format!("the picture can't be read: {error}")))?;
    match bytes.len() as u64 {
        0 => Err(bad("the picture is empty")),
        length if length > MAX_BYTES => Err(bad("the picture is larger than 64 MiB; cut it to the part with the code")),
        _ => Ok(bytes),
    }
}

/// Decodes a picture.
pub fn decode(bytes: &[u8]) -> Result<Pixels, ScanError> {
    let damaged = |error: image::ImageError| bad(format!("the picture is damaged: {error}"));
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| unknown())?;
    if !reader.format().is_some_and(|format| FORMATS.contains(&format)) {
        return Err(unknown());
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODER_MEMORY);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(bad(format!(
            "the picture is too big: {width} × {height} pixels, at most 64 million are read; cut it to the part with \
             the code"
        )));
    }
    to_pixels(DynamicImage::from_decoder(decoder).map_err(damaged)?).ok_or_else(|| bad("the picture has no pixels"))
}

fn to_pixels(picture: DynamicImage) -> Option<Pixels> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    match picture {
        DynamicImage::ImageLuma8(grey) => Grey::new(width, height, grey.into_raw()).map(Pixels::from),
        DynamicImage::ImageRgb8(rgb) => Pixels::from_rgb(width, height, Zeroizing::new(rgb.into_raw())),
        other => Pixels::from_rgba(width, height, &Zeroizing::new(other.into_rgba8().into_raw())),
    }
}

fn unknown() -> ScanError {
    bad("the file is no picture that can be read; PNG, JPEG, WebP, GIF, BMP and PNM are")
}

fn bad(why: impl Into<String>) -> ScanError {
    ScanError::Picture(why.into())
}

const FORMATS: &[ImageFormat] =
    &[ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::Pnm];
const MAX_BYTES: u64 = 64 << 20;
const MAX_DECODER_MEMORY: u64 = 512 << 20;
