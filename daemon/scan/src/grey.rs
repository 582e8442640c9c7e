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

    /// Returns the picture at `1/FACTOR` of its size, each pixel the mean of those it stands for; `None` where
    /// nothing would be left.
    pub fn shrunk<const FACTOR: usize>(&self) -> Option<Self> {
        let (width, height) = (self.width / FACTOR, self.height / FACTOR);
        let area = (FACTOR * FACTOR) as u32; // known when it is compiled: a division for each pixel would cost
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = Zeroizing::new(vec![0u32; width * FACTOR]); // a sum for each column of a row of blocks
        for top in (0..height).map(|y| y * FACTOR) {
            sums.fill(0);
            for y in top..top + FACTOR {
                for (sum, pixel) in sums.iter_mut().zip(self.row(y)) {
                    *sum = sum.wrapping_add(u32::from(*pixel)); // a few of 255
                }
            }
            pixels.extend(sums.as_chunks::<FACTOR>().0.iter().map(|block| (block.iter().sum::<u32>() / area) as u8));
        }
        Self::new(width, height, pixels)
    }
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
        assert_eq!(grey.shrunk::<2>().unwrap().pixels(), [100, 255]);
        assert!(grey.shrunk::<4>().is_none());
    }
}
