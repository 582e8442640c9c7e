//! Makes a grey picture of what a camera sends: of most formats the light is a plane of its own, or every other byte.

use super::choice::Size;
use crate::grey::Grey;

/// Where the light is in a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One byte a pixel, before all else.
    Plane,
    /// Two bytes a pixel, the light first.
    EvenBytes,
    /// Two bytes a pixel, the light second.
    OddBytes,
    /// A JPEG picture.
    Jpeg,
}

impl Layout {
    /// Returns the layout of a format, by its four characters; `None` where it can't be read.
    pub fn of(format: [u8; 4]) -> Option<Self> {
        Some(match &format {
            b"GREY" | b"NV12" | b"NV21" | b"YU12" | b"YV12" => Self::Plane,
            b"YUYV" | b"YVYU" => Self::EvenBytes,
            b"UYVY" | b"VYUY" => Self::OddBytes,
            b"MJPG" | b"JPEG" => Self::Jpeg,
            _ => return None,
        })
    }

    /// Returns the light of a picture whose rows begin `stride` bytes apart (0: they follow at once); `None` where there
    /// are too few bytes, or where they are not laid out in rows at all.
    pub fn light(self, (width, height): Size, stride: u32, bytes: &[u8]) -> Option<Grey> {
        let (width, height) = (width as usize, height as usize);
        let (step, first) = match self {
            Self::Plane => (1, 0),
            Self::EvenBytes => (2, 0),
            Self::OddBytes => (2, 1),
            Self::Jpeg => return None,
        };
        let row = width.checked_mul(step)?;
        let stride = (stride as usize).max(row);
        if width == 0 || height == 0 || bytes.len() < stride.checked_mul(height - 1)?.checked_add(row)? {
            return None;
        }
        let mut light = Vec::with_capacity(width * height); // one allocation: it is wiped as a whole
        for row in bytes.chunks(stride).take(height).map(|line| &line[..row]) {
            light.extend(row[first..].iter().step_by(step));
        }
        Grey::new(width, height, light)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::choice::FORMATS, *};

    fn light(format: [u8; 4], stride: u32, bytes: &[u8]) -> Option<Vec<u8>> {
        Some(Layout::of(format)?.light((2, 2), stride, bytes)?.pixels().to_vec())
    }

    #[test]
    fn every_format_that_is_asked_for_can_be_read() {
        for format in FORMATS {
            assert!(Layout::of(*format).is_some(), "{format:?}");
        }
        assert_eq!(Layout::of(*b"H264"), None);
    }

    #[test]
    fn the_light_is_taken_out_of_each_format() {
        let expected = Some(vec![1, 2, 3, 4]);
        assert_eq!(light(*b"GREY", 2, &[1, 2, 3, 4]), expected);
        assert_eq!(light(*b"NV12", 2, &[1, 2, 3, 4, 128, 128]), expected);
        assert_eq!(light(*b"YU12", 2, &[1, 2, 3, 4, 128, 128]), expected);
        assert_eq!(light(*b"YUYV", 4, &[1, 128, 2, 128, 3, 128, 4, 128]), expected);
        assert_eq!(light(*b"UYVY", 4, &[128, 1, 128, 2, 128, 3, 128, 4]), expected);
    }

    #[test]
    fn rows_may_lie_apart() {
        assert_eq!(light(*b"GREY", 3, &[1, 2, 9, 3, 4, 9]), Some(vec![1, 2, 3, 4]));
        assert_eq!(light(*b"GREY", 3, &[1, 2, 9, 3, 4]), Some(vec![1, 2, 3, 4]), "the last row needs no end");
        assert_eq!(light(*b"YUYV", 5, &[1, 128, 2, 128, 9, 3, 128, 4, 128]), Some(vec![1, 2, 3, 4]));
        assert_eq!(light(*b"GREY", 0, &[1, 2, 3, 4]), Some(vec![1, 2, 3, 4]), "a driver that says nothing");
    }

    #[test]
    fn too_few_bytes_are_no_picture() {
        assert_eq!(light(*b"GREY", 2, &[1, 2, 3]), None);
        assert_eq!(light(*b"YUYV", 4, &[1, 128, 2, 128, 3, 128, 4]), None);
        assert_eq!(light(*b"GREY", u32::MAX, &[1, 2, 3, 4]), None);
        assert!(Layout::Plane.light((0, 5), 0, &[]).is_none());
        assert!(Layout::EvenBytes.light((u32::MAX, u32::MAX), u32::MAX, &[1, 2]).is_none());
    }
}
