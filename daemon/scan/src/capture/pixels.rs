//! From a buffer that a Wayland compositor has filled to a grey picture that stands upright.

use wayrs_client::protocol::{wl_output::Transform, wl_shm::Format};
use zeroize::Zeroizing;

use crate::grey::Grey;

/// A buffer of pixels as the compositor describes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// How a pixel is written.
    pub(super) format: Format,
    /// Pixels in a row.
    pub(super) width: u32,
    /// Rows.
    pub(super) height: u32,
    /// Bytes from one row to the next.
    pub(super) stride: u32,
}

impl Layout {
    /// Returns how many bytes it needs; `None` for a form that is not understood.
    pub(super) fn bytes(&self) -> Option<usize> {
        let row = (self.width as usize).checked_mul(4)?;
        let fits = channels(self.format).is_some() && self.stride as usize >= row && row > 0;
        fits.then(|| (self.stride as usize).checked_mul(self.height as usize))?
    }
}

/// Makes a grey picture of a filled buffer.
pub(super) fn grey(layout: Layout, mut bytes: Zeroizing<Vec<u8>>) -> Option<Grey> {
    let colours = channels(layout.format)?;
    let (row, stride, rows) = (layout.width as usize * 4, layout.stride as usize, layout.height as usize);
    if bytes.len() < stride * rows {
        return None;
    }
    // In place: a second buffer of this size would be as large as all the rest of the program.
    for y in 0..rows {
        bytes.copy_within(y * stride..y * stride + row, y * row);
    }
    bytes.truncate(row * rows);
    for pixel in bytes.chunks_exact_mut(4) {
        let [red, green, blue] = colours([pixel[0], pixel[1], pixel[2], pixel[3]]);
        pixel.copy_from_slice(&[red, green, blue, 255]);
    }
    Grey::from_rgba(layout.width as usize, rows, &bytes)
}

/// Returns how to read red, green and blue out of the four bytes of a pixel (little-endian, as all formats here are).
fn channels(format: Format) -> Option<fn([u8; 4]) -> [u8; 3]> {
    // The upper 8 of the 10 bits that begin at this one.
    fn ten(pixel: [u8; 4], shift: u32) -> u8 {
        (u32::from_le_bytes(pixel) >> (shift + 2)) as u8
    }
    Some(match format {
        Format::Argb8888 | Format::Xrgb8888 => |[blue, green, red, _]| [red, green, blue],
        Format::Abgr8888 | Format::Xbgr8888 => |[red, green, blue, _]| [red, green, blue],
        Format::Rgba8888 | Format::Rgbx8888 => |[_, blue, green, red]| [red, green, blue],
        Format::Bgra8888 | Format::Bgrx8888 => |[_, red, green, blue]| [red, green, blue],
        Format::Argb2101010 | Format::Xrgb2101010 => |pixel| [ten(pixel, 20), ten(pixel, 10), ten(pixel, 0)],
        Format::Abgr2101010 | Format::Xbgr2101010 => |pixel| [ten(pixel, 0), ten(pixel, 10), ten(pixel, 20)],
        _ => return None,
    })
}

/// Turns a picture the way the screen stands.
///
/// The buffer is in the order of the screen's lines; a screen on its side has the picture on its side in it, and a
/// mirrored code is none.
pub(super) fn upright(picture: Grey, transform: Transform, upside_down: bool) -> Grey {
    let (width, height) = (picture.width(), picture.height());
    let swaps = matches!(transform, Transform::_90 | Transform::_270 | Transform::Flipped90 | Transform::Flipped270);
    if matches!(transform, Transform::Normal) && !upside_down {
        return picture;
    }
    let (new_width, new_height) = if swaps { (height, width) } else { (width, height) };
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..new_height {
        for x in 0..new_width {
            let (across, down) = source(transform, (x, y), (width - 1, height - 1));
            let down = if upside_down { height - 1 - down } else { down };
            pixels.push(picture.row(down)[across]);
        }
    }
    Grey::new(new_width, new_height, pixels).unwrap_or(picture)
}

/// Returns which pixel of the buffer stands at a place of the screen; `last` is the buffer's last column and row.
fn source(transform: Transform, (x, y): (usize, usize), (right, bottom): (usize, usize)) -> (usize, usize) {
    match transform {
        Transform::_90 => (y, bottom - x),
        Transform::_180 => (right - x, bottom - y),
        Transform::_270 => (right - y, x),
        Transform::Flipped => (right - x, y),
        Transform::Flipped90 => (y, x),
        Transform::Flipped180 => (x, bottom - y),
        Transform::Flipped270 => (right - y, bottom - x),
        _ => (x, y),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(format: Format, width: u32, height: u32, stride: u32) -> Layout {
        Layout { format, width, height, stride }
    }

    #[test]
    fn every_format_reads_a_red_pixel_as_the_same_grey() {
        let rows = [
            (Format::Xrgb8888, [0, 0, 255, 9]),
            (Format::Xbgr8888, [255, 0, 0, 9]),
            (Format::Rgbx8888, [9, 0, 0, 255]),
            (Format::Bgrx8888, [9, 255, 0, 0]),
            (Format::Xrgb2101010, (0x3ff_u32 << 20).to_le_bytes()),
            (Format::Xbgr2101010, 0x3ff_u32.to_le_bytes()),
        ];
        let expected = Grey::from_rgb(1, 1, &[255, 0, 0]).unwrap();
        for (format, pixel) in rows {
            let grey = grey(layout(format, 1, 1, 4), Zeroizing::new(pixel.to_vec())).unwrap();
            assert_eq!(grey.pixels(), expected.pixels(), "{format:?}");
        }
    }

    #[test]
    fn the_gap_behind_each_row_is_left_out() {
        let bytes = [[7; 4], [99; 4], [8; 4], [99; 4]].concat();
        let grey = grey(layout(Format::Xrgb8888, 1, 2, 8), Zeroizing::new(bytes)).unwrap();
        assert_eq!(grey.pixels(), [7, 8]);
    }

    #[test]
    fn a_form_that_is_not_understood_needs_no_bytes() {
        assert_eq!(layout(Format::Xrgb8888, 2, 3, 8).bytes(), Some(24));
        assert_eq!(layout(Format::Xrgb8888, 2, 3, 7).bytes(), None);
        assert_eq!(layout(Format::Xrgb8888, 0, 3, 8).bytes(), None);
        assert_eq!(layout(Format::Nv12, 2, 3, 8).bytes(), None);
        assert!(grey(layout(Format::Xrgb8888, 2, 2, 8), Zeroizing::new(vec![0; 15])).is_none());
    }

    /// What the compositor writes for a screen that is turned is what `wl_output.transform` says, undone here.
    #[test]
    fn a_turned_screen_is_turned_back() {
        let buffer = || Grey::new(3, 2, vec![1, 2, 3, 4, 5, 6]).unwrap();
        let rows = [
            (Transform::Normal, (3, vec![1, 2, 3, 4, 5, 6])),
            (Transform::_90, (2, vec![4, 1, 5, 2, 6, 3])),
            (Transform::_180, (3, vec![6, 5, 4, 3, 2, 1])),
            (Transform::_270, (2, vec![3, 6, 2, 5, 1, 4])),
            (Transform::Flipped, (3, vec![3, 2, 1, 6, 5, 4])),
            (Transform::Flipped90, (2, vec![1, 4, 2, 5, 3, 6])),
            (Transform::Flipped180, (3, vec![4, 5, 6, 1, 2, 3])),
            (Transform::Flipped270, (2, vec![6, 3, 5, 2, 4, 1])),
        ];
        for (transform, (width, pixels)) in rows {
            let turned = upright(buffer(), transform, false);
            assert_eq!((turned.width(), turned.pixels()), (width, pixels.as_slice()), "{transform:?}");
        }
        assert_eq!(upright(buffer(), Transform::Normal, true).pixels(), [4, 5, 6, 1, 2, 3]);
    }
}
