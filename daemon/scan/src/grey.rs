//! A grey picture: what every step of the decoder looks at.
//!
//! Its pixels may show a secret, so they are wiped when it is dropped.

use std::ops::Range;

use zeroize::Zeroizing;

/// A picture of 8-bit grey, row by row, 0 is black.
pub struct Grey {
    width: usize,
    height: usize,
    pixels: Zeroizing<Vec<u8>>,
}

impl Grey {
    /// Makes a picture of pixels in rows; `None` where their number is not `width × height`, or is 0.
    pub fn new(width: usize, height: usize, pixels: Vec<u8>) -> Option<Self> {
        let pixels = Zeroizing::new(pixels);
        (pixels.len() == width.checked_mul(height)? && !pixels.is_empty()).then_some(Self { width, height, pixels })
    }

    /// Makes a picture of RGB triples.
    pub fn from_rgb(width: usize, height: usize, rgb: &[u8]) -> Option<Self> {
        Self::new(width, height, rgb.chunks_exact(3).map(luma).collect())
    }

    /// Makes a picture of RGBA quadruples, laid on the ground that what is drawn on it stands out from.
    ///
    /// A black code on transparency wants a white page, a white one a black page.
    pub fn from_rgba(width: usize, height: usize, rgba: &[u8]) -> Option<Self> {
        if rgba.iter().skip(3).step_by(4).all(|alpha| *alpha == 255) {
            return Self::new(width, height, rgba.chunks_exact(4).map(luma).collect());
        }
        let ground = ground_for(rgba);
        let over = |pixel: &[u8]| {
            let alpha = u32::from(pixel[3]);
            ((u32::from(luma(pixel)) * alpha + ground * (255 - alpha)) / 255) as u8
        };
        Self::new(width, height, rgba.chunks_exact(4).map(over).collect())
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// All pixels, row by row.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Returns the row `y`.
    pub fn row(&self, y: usize) -> &[u8] {
        &self.pixels[y * self.width..(y + 1) * self.width]
    }

    /// Returns a part of it, by columns and rows; `None` where there is nothing of it.
    pub fn cut(&self, columns: Range<usize>, rows: Range<usize>) -> Option<Self> {
        let inside = columns.end <= self.width && rows.end <= self.height && !columns.is_empty();
        let pixels = inside.then(|| rows.clone().flat_map(|y| &self.row(y)[columns.clone()]).copied().collect())?;
        Self::new(columns.len(), rows.len(), pixels)
    }

    /// Returns the same picture with light and dark exchanged.
    #[must_use]
    pub fn inverted(&self) -> Self {
        let pixels = self.pixels.iter().map(|pixel| 255 - pixel).collect();
        Self { width: self.width, height: self.height, pixels: Zeroizing::new(pixels) }
    }

    /// Returns the picture at `1/factor` of its size, each pixel the mean of those it stands for; `None` where
    /// nothing would be left.
    pub fn shrunk(&self, factor: usize) -> Option<Self> {
        let (width, height) = (self.width / factor, self.height / factor);
        let area = (factor * factor) as u32;
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = Zeroizing::new(vec![0u32; width]);
        for y in 0..height {
            sums.fill(0);
            for row in y * factor..(y + 1) * factor {
                for (sum, block) in sums.iter_mut().zip(self.row(row).chunks_exact(factor)) {
                    *sum += block.iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
                }
            }
            pixels.extend(sums.iter().map(|sum| (sum / area) as u8));
        }
        Self::new(width, height, pixels)
    }
}

/// Returns how light a colour is (ITU-R BT.601, in 1/1024).
fn luma(rgb: &[u8]) -> u8 {
    ((u32::from(rgb[0]) * 306 + u32::from(rgb[1]) * 601 + u32::from(rgb[2]) * 117 + 512) >> 10) as u8
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

    #[test]
    fn a_picture_needs_exactly_its_pixels() {
        assert!(Grey::new(2, 2, vec![0; 3]).is_none());
        assert!(Grey::new(0, 0, Vec::new()).is_none());
        assert!(Grey::new(usize::MAX, 2, vec![0; 2]).is_none());
        assert!(Grey::new(2, 2, vec![0; 4]).is_some());
    }

    #[test]
    fn white_stays_white_and_black_black() {
        let grey = Grey::from_rgb(2, 1, &[255, 255, 255, 0, 0, 0]).unwrap();
        assert_eq!(grey.pixels(), [255, 0]);
    }

    #[test]
    fn what_is_drawn_on_transparency_stands_out() {
        let black = Grey::from_rgba(2, 1, &[0, 0, 0, 255, 0, 0, 0, 0]).unwrap();
        assert_eq!(black.pixels(), [0, 255]);
        let white = Grey::from_rgba(2, 1, &[255, 255, 255, 255, 255, 255, 255, 0]).unwrap();
        assert_eq!(white.pixels(), [255, 0]);
    }

    #[test]
    fn a_part_lies_within_the_picture() {
        let grey = Grey::new(3, 2, vec![1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(grey.cut(1..3, 0..2).unwrap().pixels(), [2, 3, 5, 6]);
        for (columns, rows) in [(1..4, 0..2), (0..3, 1..3), (1..1, 0..2), (0..3, 2..2)] {
            assert!(grey.cut(columns, rows).is_none());
        }
    }

    #[test]
    fn a_shrunk_pixel_is_the_mean_of_its_block() {
        let grey = Grey::new(5, 2, vec![0, 100, 255, 255, 9, 100, 200, 255, 255, 9]).unwrap();
        assert_eq!(grey.shrunk(2).unwrap().pixels(), [100, 255]);
        assert!(grey.shrunk(4).is_none());
    }
}
