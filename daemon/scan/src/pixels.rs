//! What a screen or a picture shows: its light, and its colours where it has any.
//!
//! Like every buffer here, they may show a secret and are wiped when they are dropped.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::grey::Grey;

/// A picture as it was taken.
pub struct Pixels {
    grey: Grey,
    /// RGB, row by row; `None` for a picture that came in grey.
    colours: Option<Zeroizing<Vec<u8>>>,
}

/// One colour of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// How red it is.
    Red,
    /// How blue it is.
    Blue,
    /// How much more red than green.
    RedFromGreen,
}

impl Pixels {
    /// Makes a picture of RGB triples in rows; `None` where their number is not `width × height`, or is 0.
    pub fn from_rgb(width: usize, height: usize, rgb: Zeroizing<Vec<u8>>) -> Option<Self> {
        if rgb.len() != width.checked_mul(height)?.checked_mul(3)? {
            return None;
        }
        let grey = Grey::new(width, height, rgb.chunks_exact(3).map(luma).collect())?;
        Some(Self { grey, colours: Some(rgb) })
    }

    /// Makes a picture of RGBA quadruples, laid on the ground that what is drawn on it stands out from.
    ///
    /// A black code on transparency wants a white page, a white one a black page.
    pub fn from_rgba(width: usize, height: usize, rgba: &[u8]) -> Option<Self> {
        if rgba.len() != width.checked_mul(height)?.checked_mul(4)? {
            return None;
        }
        let mut rgb = Zeroizing::new(Vec::with_capacity(rgba.len() / 4 * 3));
        if rgba.iter().skip(3).step_by(4).all(|alpha| *alpha == 255) {
            rgb.extend(rgba.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]));
        } else {
            let ground = ground_for(rgba);
            rgb.extend(rgba.chunks_exact(4).flat_map(|pixel| over(pixel, ground)));
        }
        Self::from_rgb(width, height, rgb)
    }

    /// Returns a part of it, by columns and rows; `None` where there is nothing of it.
    pub fn cut(&self, columns: Range<usize>, rows: Range<usize>) -> Option<Self> {
        let grey = self.grey.cut(columns.clone(), rows.clone())?;
        let colours = self.colours.as_ref().map(|rgb| {
            let lines = rgb.chunks_exact(self.grey.width() * 3).take(rows.end).skip(rows.start);
            let mut cut = Zeroizing::new(Vec::with_capacity(grey.pixels().len() * 3));
            lines.for_each(|row| cut.extend_from_slice(&row[columns.start * 3..columns.end * 3]));
            cut
        });
        Some(Self { grey, colours })
    }

    /// Its light.
    pub fn grey(&self) -> &Grey {
        &self.grey
    }

    /// Returns one colour as a picture of its own; `None` where there are no colours.
    pub fn channel(&self, channel: Channel) -> Option<Grey> {
        let value = |pixel: &[u8]| match channel {
            Channel::Red => pixel[0],
            Channel::Blue => pixel[2],
            Channel::RedFromGreen => ((i16::from(pixel[0]) - i16::from(pixel[1])) / 2 + 128) as u8,
        };
        let colours = self.colours.as_ref()?;
        if colours.chunks_exact(3).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]) {
            return None;
        }
        let pixels = colours.chunks_exact(3).map(value).collect();
        Grey::new(self.grey.width(), self.grey.height(), pixels)
    }
}

impl From<Grey> for Pixels {
    fn from(grey: Grey) -> Self {
        Self { grey, colours: None }
    }
}

/// Returns how light a colour is (ITU-R BT.601, in 1/1024).
fn luma(rgb: &[u8]) -> u8 {
    ((u32::from(rgb[0]) * 306 + u32::from(rgb[1]) * 601 + u32::from(rgb[2]) * 117 + 512) >> 10) as u8
}

/// Lays a pixel on a grey ground.
fn over(rgba: &[u8], ground: u32) -> [u8; 3] {
    let alpha = u32::from(rgba[3]);
    let mix = |colour: u8| ((u32::from(colour) * alpha + ground * (255 - alpha)) / 255) as u8;
    [mix(rgba[0]), mix(rgba[1]), mix(rgba[2])]
}

/// Returns white unless what is drawn is light itself.
fn ground_for(rgba: &[u8]) -> u32 {
    let (mut sum, mut weight) = (0u64, 0u64);
    for pixel in rgba.chunks_exact(4).filter(|pixel| pixel[3] > 0) {
        sum += u64::from(luma(pixel)) * u64::from(pixel[3]);
        weight += u64::from(pixel[3]);
    }
    if weight > 0 && sum / weight > 127 { 0 } else { 255 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rgb(width: usize, height: usize, bytes: &[u8]) -> Option<Pixels> {
        Pixels::from_rgb(width, height, Zeroizing::new(bytes.to_vec()))
    }

    #[test]
    fn white_stays_white_and_black_black() {
        assert_eq!(rgb(2, 1, &[255, 255, 255, 0, 0, 0]).unwrap().grey().pixels(), [255, 0]);
    }

    #[test]
    fn what_is_drawn_on_transparency_stands_out() {
        let black = Pixels::from_rgba(2, 1, &[0, 0, 0, 255, 0, 0, 0, 0]).unwrap();
        assert_eq!(black.grey().pixels(), [0, 255]);
        let white = Pixels::from_rgba(2, 1, &[255, 255, 255, 255, 255, 255, 255, 0]).unwrap();
        assert_eq!(white.grey().pixels(), [255, 0]);
    }

    #[test]
    fn a_picture_needs_exactly_its_pixels() {
        assert!(rgb(2, 2, &[0; 11]).is_none());
        assert!(rgb(0, 0, &[]).is_none());
        assert!(rgb(usize::MAX, 2, &[0; 6]).is_none());
        assert!(Pixels::from_rgba(2, 2, &[0; 15]).is_none());
        assert!(Pixels::from_rgba(usize::MAX, 2, &[0; 16]).is_none());
    }

    #[test]
    fn a_part_has_its_light_and_its_colours() {
        let whole = rgb(2, 2, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 200, 100, 50]).unwrap();
        let part = whole.cut(1..2, 1..2).unwrap();
        assert_eq!(part.grey().pixels(), &whole.grey().pixels()[3..]);
        assert_eq!(part.channel(Channel::Red).unwrap().pixels(), [200]);
        assert!(whole.cut(0..3, 0..1).is_none());
    }

    #[test]
    fn each_colour_is_a_picture_and_a_grey_one_has_none() {
        let picture = rgb(2, 1, &[200, 100, 50, 0, 250, 9]).unwrap();
        let channel = |channel| picture.channel(channel).unwrap().pixels().to_vec();
        assert_eq!(channel(Channel::Red), [200, 0]);
        assert_eq!(channel(Channel::Blue), [50, 9]);
        assert_eq!(channel(Channel::RedFromGreen), [178, 3]);
        assert!(rgb(1, 1, &[7, 7, 7]).unwrap().channel(Channel::Red).is_none());
    }
}
