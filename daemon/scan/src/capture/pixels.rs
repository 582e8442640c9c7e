//! From a buffer that a Wayland compositor has filled to a picture that stands upright.

use wayrs_client::protocol::{wl_output::Transform, wl_shm::Format};
use zeroize::Zeroizing;

use crate::pixels::Pixels;

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

/// Makes a picture of a filled buffer, standing upright.
///
/// The buffer is in the order of the screen's lines; a screen on its side has the picture on its side in it, and a
/// mirrored code is none.
pub(super) fn picture(
    layout: Layout,
    bytes: &Zeroizing<Vec<u8>>,
    transform: Transform,
    upside_down: bool,
) -> Option<Pixels> {
    let colours = channels(layout.format)?;
    let (width, height, stride) = (layout.width as usize, layout.height as usize, layout.stride as usize);
    if bytes.len() < stride.checked_mul(height)? || width == 0 || height == 0 {
        return None;
    }
    let swaps = matches!(transform, Transform::_90 | Transform::_270 | Transform::Flipped90 | Transform::Flipped270);
    let (new_width, new_height) = if swaps { (height, width) } else { (width, height) };
    let mut rgb = Zeroizing::new(Vec::with_capacity(width * height * 3));
    for y in 0..new_height {
        for x in 0..new_width {
            let (across, down) = source(transform, (x, y), (width - 1, height - 1));
            let down = if upside_down { height - 1 - down } else { down };
            let at = down * stride + across * 4;
            rgb.extend(colours([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]));
        }
    }
    Pixels::from_rgb(new_width, new_height, rgb)
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
    use crate::pixels::Channel;

    fn layout(format: Format, width: u32, height: u32, stride: u32) -> Layout {
        Layout { format, width, height, stride }
    }

    fn as_it_is(layout: Layout, bytes: &[u8]) -> Option<Pixels> {
        picture(layout, &Zeroizing::new(bytes.to_vec()), Transform::Normal, false)
    }

    #[test]
    fn every_format_reads_a_red_pixel_as_red() {
        let rows = [
            (Format::Xrgb8888, [0, 0, 255, 9]),
            (Format::Xbgr8888, [255, 0, 0, 9]),
            (Format::Rgbx8888, [9, 0, 0, 255]),
            (Format::Bgrx8888, [9, 255, 0, 0]),
            (Format::Xrgb2101010, (0x3ff_u32 << 20).to_le_bytes()),
            (Format::Xbgr2101010, 0x3ff_u32.to_le_bytes()),
        ];
        for (format, pixel) in rows {
            let picture = as_it_is(layout(format, 1, 1, 4), &pixel).unwrap();
            let of = |channel| picture.channel(channel).unwrap().pixels()[0];
            assert_eq!((of(Channel::Red), of(Channel::Blue)), (255, 0), "{format:?}");
        }
    }

    #[test]
    fn the_gap_behind_each_row_is_left_out() {
        let bytes = [[7; 4], [99; 4], [8; 4], [99; 4]].concat();
        let picture = as_it_is(layout(Format::Xrgb8888, 1, 2, 8), &bytes).unwrap();
        assert_eq!(picture.grey().pixels(), [7, 8]);
    }

    #[test]
    fn a_form_that_is_not_understood_needs_no_bytes() {
        assert_eq!(layout(Format::Xrgb8888, 2, 3, 8).bytes(), Some(24));
        assert_eq!(layout(Format::Xrgb8888, 2, 3, 7).bytes(), None);
        assert_eq!(layout(Format::Xrgb8888, 0, 3, 8).bytes(), None);
        assert_eq!(layout(Format::Nv12, 2, 3, 8).bytes(), None);
        assert!(as_it_is(layout(Format::Xrgb8888, 2, 2, 8), &[0; 15]).is_none());
    }

    /// What the compositor writes for a screen that is turned is what `wl_output.transform` says, undone here.
    #[test]
    fn a_turned_screen_is_turned_back() {
        let bytes: Vec<u8> = (1..=6).flat_map(|grey| [grey; 4]).collect();
        let turned = |transform, upside_down| {
            picture(layout(Format::Xrgb8888, 3, 2, 12), &Zeroizing::new(bytes.clone()), transform, upside_down).unwrap()
        };
        let rows = [
            (Transform::Normal, (3, [1, 2, 3, 4, 5, 6])),
            (Transform::_90, (2, [4, 1, 5, 2, 6, 3])),
            (Transform::_180, (3, [6, 5, 4, 3, 2, 1])),
            (Transform::_270, (2, [3, 6, 2, 5, 1, 4])),
            (Transform::Flipped, (3, [3, 2, 1, 6, 5, 4])),
            (Transform::Flipped90, (2, [1, 4, 2, 5, 3, 6])),
            (Transform::Flipped180, (3, [4, 5, 6, 1, 2, 3])),
            (Transform::Flipped270, (2, [6, 3, 5, 2, 4, 1])),
        ];
        for (transform, (width, pixels)) in rows {
            let picture = turned(transform, false);
            assert_eq!((picture.grey().width(), picture.grey().pixels()), (width, &pixels[..]), "{transform:?}");
        }
        assert_eq!(turned(Transform::Normal, true).grey().pixels(), [4, 5, 6, 1, 2, 3]);
    }
}
