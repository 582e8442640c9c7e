//! In which format and size a camera is asked for its pictures.

/// A format that a camera has, by its four characters, and the sizes of its pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Such as `YUYV`.
    pub format: [u8; 4],
    /// Width and height of each.
    pub sizes: Vec<Size>,
}

/// Width and height in pixels.
pub type Size = (u32, u32);

/// A format and a size.
pub type Choice = ([u8; 4], Size);

/// Returns the best of what is offered; `None` where nothing can be read.
///
/// The size decides first: a full export of 10 accounts has 117 modules a side, which on a telephone held to a camera are
/// 4 to 5 pixels each at 720 lines, and below 2 at 480; more than 1080 lines cost time and give no more. Between formats of
/// one size, the one that needs the least work.
pub fn best(offers: &[Offer]) -> Option<Choice> {
    let all = offers.iter().flat_map(|offer| offer.sizes.iter().map(|size| (offer.format, *size)));
    let known = all.filter_map(|(format, size)| Some((place(format)?, (format, size))));
    known.min_by_key(|(place, (_, size))| (rank(*size), *place)).map(|(_, chosen)| chosen)
}

/// Returns the size nearest to the wanted one within a range that goes by steps.
pub fn within(min: Size, max: Size, step: Size) -> Size {
    let nearest = |wanted: u32, min: u32, max: u32, step: u32| {
        let clamped = wanted.clamp(min, max.max(min));
        min + (clamped - min) / step.max(1) * step.max(1)
    };
    (nearest(WANTED.0, min.0, max.0, step.0), nearest(WANTED.1, min.1, max.1, step.1))
}

/// The smaller the better.
fn rank((width, height): Size) -> (u8, i64) {
    let pixels = i64::from(width) * i64::from(height);
    match (width, height) {
        (0, _) | (_, 0) => (3, 0),
        _ if pixels > MOST_PIXELS => (2, pixels),
        _ if height < WANTED.1 => (1, -pixels),
        _ => (0, pixels),
    }
}

/// Returns where a format stands in the list; `None` where it is not in it.
fn place(format: [u8; 4]) -> Option<usize> {
    FORMATS.iter().position(|known| **known == format)
}

/// What is asked for where a camera does not say what it has.
pub const WANTED: Size = (1280, 720);
const MOST_PIXELS: i64 = 1920 * 1080;

/// All formats that can be read, the one with the least work first.
pub const FORMATS: [&[u8; 4]; 11] =
    [b"GREY", b"NV12", b"NV21", b"YU12", b"YV12", b"YUYV", b"YVYU", b"UYVY", b"VYUY", b"MJPG", b"JPEG"];

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(format: [u8; 4], sizes: &[Size]) -> Offer {
        Offer { format, sizes: sizes.to_vec() }
    }

    #[test]
    fn the_size_decides_and_then_the_format() {
        let (vga, hd, full, four_k) = ((640, 480), (1280, 720), (1920, 1080), (3840, 2160));
        let rows: [(&[Offer], Option<Choice>); 7] = [
            (&[], None),
            (&[offer(*b"H264", &[full]), offer(*b"BA10", &[hd])], None),
            (&[offer(*b"YUYV", &[vga, hd]), offer(*b"MJPG", &[full, vga, hd])], Some((*b"YUYV", hd))),
            (&[offer(*b"YUYV", &[vga]), offer(*b"MJPG", &[full, vga])], Some((*b"MJPG", full))),
            (&[offer(*b"YUYV", &[(320, 240), vga, (640, 360)]), offer(*b"H264", &[hd])], Some((*b"YUYV", vga))),
            (&[offer(*b"MJPG", &[four_k, (2592, 1944)])], Some((*b"MJPG", (2592, 1944)))),
            (&[offer(*b"GREY", &[(0, 0)]), offer(*b"MJPG", &[vga])], Some((*b"MJPG", vga))),
        ];
        for (offers, expected) in rows {
            assert_eq!(best(offers), expected, "{offers:?}");
        }
    }

    #[test]
    fn a_range_gives_the_size_that_lies_nearest() {
        assert_eq!(within((16, 16), (4096, 4096), (16, 16)), (1280, 720));
        assert_eq!(within((160, 120), (640, 480), (8, 8)), (640, 480));
        assert_eq!(within((2000, 1000), (4000, 3000), (8, 8)), (2000, 1000));
        assert_eq!(within((0, 0), (1920, 1080), (0, 0)), (1280, 720), "a driver that says nothing of steps");
        assert_eq!(within((10, 10), (5, 5), (1, 1)), (10, 10), "a driver that mixes up the ends");
    }
}
