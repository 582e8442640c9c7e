//! A picture of which only dark and light are left, in both readings: as it is, and with the two exchanged.
//!
//! A bitmap is rxing's `BitMatrix`, since its finder works on those; it is filled 64 pixels at a time.

use std::hint::black_box;

use rxing::common::{BitArray, BitMatrix};
use zeroize::Zeroizing;

/// One bit a pixel: set where a module may be dark.
///
/// It shows the code as well as the picture does, so it is wiped when it is dropped.
pub(super) struct Bitmap(BitMatrix);

impl Bitmap {
    /// Makes an all light bitmap; `None` for a size of 0.
    fn new(width: usize, height: usize) -> Option<Self> {
        BitMatrix::new(width as u32, height as u32).ok().map(Self)
    }

    /// The bits, for rxing.
    pub(super) fn matrix(&self) -> &BitMatrix {
        &self.0
    }

    /// Width in pixels.
    pub(super) fn width(&self) -> usize {
        self.0.width() as usize
    }

    /// Height in pixels.
    pub(super) fn height(&self) -> usize {
        self.0.height() as usize
    }

    /// Says whether a pixel is dark.
    pub(super) fn is_dark(&self, x: usize, y: usize) -> bool {
        self.0.get(x as u32, y as u32)
    }

    /// Writes where the runs of row `y` begin: the first dark one at the second place, then light and dark by turns,
    /// and the row's end at last.
    pub(super) fn runs(&self, y: usize, starts: &mut Vec<u32>) {
        starts.clear();
        starts.push(0);
        let row = self.0.getRow(y as u32);
        let mut before = 0; // the last bit of the word before
        for (place, word) in row.getBitArray().iter().enumerate() {
            let mut edges = word ^ (word << 1 | before);
            before = word >> (usize::BITS - 1);
            while edges != 0 {
                starts.push(place as u32 * usize::BITS + edges.trailing_zeros());
                edges &= edges - 1;
            }
        }
        let width = self.0.width();
        while starts.last().is_some_and(|last| *last >= width) {
            starts.pop(); // the bits after the row are light
        }
        starts.push(width);
    }
}

impl Drop for Bitmap {
    fn drop(&mut self) {
        self.0.clear();
        black_box(&self.0); // else the compiler leaves out what nobody reads
    }
}

/// The two readings of a picture.
pub(super) struct Bitmaps {
    /// Dark modules on light ground.
    pub(super) dark: Bitmap,
    /// Light modules on dark ground.
    pub(super) light: Bitmap,
}

impl Bitmaps {
    /// Makes both, row by row: `row` gets the number of a row and sets the pixels that are dark in each reading to 1.
    pub(super) fn by_rows(
        width: usize,
        height: usize,
        mut row: impl FnMut(usize, &mut [u8], &mut [u8]),
    ) -> Option<Self> {
        let mut bitmaps = Self { dark: Bitmap::new(width, height)?, light: Bitmap::new(width, height)? };
        let padded = width.next_multiple_of(WORD);
        let mut dark = Zeroizing::new(vec![0; padded]);
        let mut light = Zeroizing::new(vec![0; padded]);
        let mut bits = BitArray::with_size(width);
        for y in 0..height {
            row(y, &mut dark[..width], &mut light[..width]);
            for (bytes, bitmap) in [(&dark, &mut bitmaps.dark), (&light, &mut bitmaps.light)] {
                pack(bytes, &mut bits);
                bitmap.0.setRow(y as u32, &bits);
            }
        }
        Some(bitmaps)
    }
}

/// Packs bytes that are 0 or 1 into bits, the first into the lowest.
fn pack(bytes: &[u8], bits: &mut BitArray) {
    for (place, word) in bytes.chunks_exact(WORD).enumerate() {
        let packed = word.chunks_exact(8).enumerate().fold(0, |packed, (at, eight)| packed | gather(eight) << (at * 8));
        bits.setBulk(place * WORD, packed);
    }
}

/// Gathers eight bytes of 0 or 1 into the bits of one.
fn gather(eight: &[u8]) -> usize {
    let bytes = u64::from_le_bytes(eight.try_into().expect("chunks of eight"));
    // The product has byte k's bit at 56 + k, and all others elsewhere, without a carry.
    (bytes.wrapping_mul(0x0102_0408_1020_4080) >> 56) as usize
}

/// Pixels in a word of a bitmap.
const WORD: usize = usize::BITS as usize;

#[cfg(test)]
mod tests {
    use super::*;

    fn bitmap(row: &[u8]) -> Bitmap {
        Bitmaps::by_rows(row.len(), 1, |_, dark, _| dark.copy_from_slice(row)).unwrap().dark
    }

    #[test]
    fn bits_are_where_the_bytes_were() {
        for width in [1, 7, 63, 64, 65, 200] {
            let row: Vec<u8> = (0..width).map(|x| u8::from(x * x % 7 < 3)).collect();
            let bitmap = bitmap(&row);
            for (x, byte) in row.iter().enumerate() {
                assert_eq!(bitmap.is_dark(x, 0), *byte == 1, "{x} of {width}");
            }
        }
    }

    #[test]
    fn runs_begin_where_the_colour_changes() {
        let mut starts = Vec::new();
        for width in [1, 5, 64, 65, 130] {
            for step in [1, 2, 3, 64, 70] {
                let row: Vec<u8> = (0..width).map(|x| u8::from(x / step % 2 == 1)).collect();
                bitmap(&row).runs(0, &mut starts);
                let edges = (1..width).filter(|x| row[*x] != row[*x - 1]);
                let expected: Vec<u32> = [0].into_iter().chain(edges).chain([width]).map(|x| x as u32).collect();
                assert_eq!(starts, expected, "width {width}, step {step}");
            }
        }
        bitmap(&[1, 1, 0, 0]).runs(0, &mut starts);
        assert_eq!(starts, [0, 0, 2, 4], "a light run of no length comes first");
    }
}
