//! Tells dark from light block by block, by zxing's rule.
//!
//! A pixel is dark that is no lighter than the mean of the 5 × 5 blocks of 8 × 8 pixels around it. A block without
//! contrast counts as half its darkest pixel, that is as light, unless blocks above and to the left of it say that it lies
//! inside something dark. So the two readings of a picture differ, and each has its own levels.

use zeroize::{Zeroize, Zeroizing};

use super::bitmap::Bitmaps;
use crate::grey::Grey;

/// Returns both readings of a picture; `None` where it is smaller than five blocks.
pub(super) fn threshold(picture: &Grey) -> Option<Bitmaps> {
    let (width, height) = (picture.width(), picture.height());
    if width.min(height) < REACH * BLOCK {
        return None;
    }
    let across = width.div_ceil(BLOCK);
    let blocks = measure(picture);
    let dark = smooth(&levels(&blocks, across), across);
    let negative = Zeroizing::new(blocks.iter().map(Block::inverted).collect::<Vec<_>>());
    let light = smooth(&levels(&negative, across), across);
    Bitmaps::by_rows(width, height, |y, dark_row, light_row| {
        let from = y / BLOCK * across;
        let pixels = picture.row(y).chunks(BLOCK);
        let rows = dark_row.chunks_mut(BLOCK).zip(light_row.chunks_mut(BLOCK));
        for ((pixels, (darks, lights)), (dark, light)) in pixels.zip(rows).zip(dark[from..].iter().zip(&light[from..]))
        {
            mark(pixels, *dark, darks, *light, lights);
        }
    })
}

/// Marks the pixels of one row of a block.
fn mark(pixels: &[u8], dark: u8, darks: &mut [u8], light: u8, lights: &mut [u8]) {
    for (pixel, (to_dark, to_light)) in pixels.iter().zip(darks.iter_mut().zip(lights)) {
        *to_dark = u8::from(*pixel <= dark);
        *to_light = u8::from(255 - *pixel <= light);
    }
}

/// What is to know of the 64 pixels of a block.
#[derive(Zeroize)]
struct Block {
    sum: u16,
    min: u8,
    max: u8,
}

impl Block {
    /// The same of the negative.
    fn inverted(&self) -> Self {
        Self { sum: 255 * AREA - self.sum, min: 255 - self.max, max: 255 - self.min }
    }
}

/// Returns the blocks row by row; the last ones of a row and column are moved inwards to be whole.
fn measure(picture: &Grey) -> Zeroizing<Vec<Block>> {
    let (width, height) = (picture.width(), picture.height());
    let mut blocks = Zeroizing::new(Vec::with_capacity(width.div_ceil(BLOCK) * height.div_ceil(BLOCK)));
    let mut columns = Columns { sums: vec![0; width], mins: vec![0; width], maxs: vec![0; width] };
    for top in (0..height).step_by(BLOCK) {
        columns.measure(picture, top.min(height - BLOCK));
        blocks.extend((0..width).step_by(BLOCK).map(|left| columns.block(left.min(width - BLOCK))));
    }
    blocks
}

/// A row of blocks, column by column.
struct Columns {
    sums: Vec<u16>,
    mins: Vec<u8>,
    maxs: Vec<u8>,
}

impl Columns {
    fn measure(&mut self, picture: &Grey, top: usize) {
        self.sums.fill(0);
        self.mins.fill(255);
        self.maxs.fill(0);
        for y in top..top + BLOCK {
            let to = self.sums.iter_mut().zip(self.mins.iter_mut().zip(&mut self.maxs));
            for (pixel, (sum, (min, max))) in picture.row(y).iter().zip(to) {
                *sum = sum.wrapping_add(u16::from(*pixel)); // 8 · 255 fits; the check would cost
                *min = (*min).min(*pixel);
                *max = (*max).max(*pixel);
            }
        }
    }

    fn block(&self, left: usize) -> Block {
        let columns = left..left + BLOCK;
        Block {
            sum: self.sums[columns.clone()].iter().sum(),
            min: self.mins[columns.clone()].iter().copied().min().unwrap_or(0),
            max: self.maxs[columns].iter().copied().max().unwrap_or(0),
        }
    }
}

/// Returns the level below which a block's pixels are dark, as the block alone has it.
fn levels(blocks: &[Block], across: usize) -> Zeroizing<Vec<u8>> {
    let mut levels = Zeroizing::new(vec![0u8; blocks.len()]);
    for (place, block) in blocks.iter().enumerate() {
        levels[place] = if block.max - block.min > LEAST_CONTRAST {
            (block.sum / AREA) as u8
        } else if place < across || place % across == 0 {
            block.min / 2
        } else {
            let [above, left, corner] = [place - across, place - 1, place - across - 1].map(|at| u16::from(levels[at]));
            let near = ((above + 2 * left + corner) / 4) as u8;
            if block.min < near { near } else { block.min / 2 }
        };
    }
    levels
}

/// Returns the means of 5 × 5 levels each; at an edge those of the block two steps inside.
fn smooth(levels: &[u8], across: usize) -> Zeroizing<Vec<u8>> {
    let down = levels.len() / across;
    let mut means = Zeroizing::new(Vec::with_capacity(levels.len()));
    let mut columns = vec![0u16; across];
    for y in 0..down {
        columns.fill(0);
        let top = y.clamp(2, down - 3) - 2;
        for row in levels[top * across..(top + REACH) * across].chunks_exact(across) {
            for (column, level) in columns.iter_mut().zip(row) {
                *column += u16::from(*level);
            }
        }
        means.extend((0..across).map(|x| {
            let left = x.clamp(2, across - 3) - 2;
            (columns[left..left + REACH].iter().sum::<u16>() / (REACH * REACH) as u16) as u8
        }));
    }
    means
}

/// Side of a block in pixels.
const BLOCK: usize = 8;
/// Pixels of a block.
const AREA: u16 = (BLOCK * BLOCK) as u16;
/// Side in blocks of what a block's level is the mean of.
const REACH: usize = 5;
/// A block whose lightest pixel is no more than this lighter than its darkest has no contrast.
const LEAST_CONTRAST: u8 = 24;

#[cfg(test)]
mod tests {
    use rxing::{Binarizer, Luma8Source, common::HybridBinarizer};

    use super::*;

    /// A page with flat parts, steep parts and noise.
    fn page(width: usize, height: usize) -> Grey {
        let pixel = |i: usize| {
            let (x, y) = (i % width, i / width);
            match (x / 30 + y / 25) % 4 {
                0 => 250,
                1 => 20,
                2 => ((x * 7919 + y * 104_729 + x * y * 31) % 256) as u8,
                _ => ((x * 3 + y * 2) % 256) as u8,
            }
        };
        Grey::new(width, height, (0..width * height).map(pixel).collect()).unwrap()
    }

    #[test]
    fn the_rule_is_zxings() {
        let (width, height) = (160, 120);
        let picture = page(width, height);
        let bitmaps = threshold(&picture).unwrap();
        for (picture, bitmap) in [(&picture, &bitmaps.dark), (&picture.inverted(), &bitmaps.light)] {
            let binarizer = HybridBinarizer::new(
                Luma8Source::new_with_slice(picture.pixels(), width as u32, height as u32).unwrap(),
            );
            assert!(binarizer.get_black_matrix().unwrap() == bitmap.matrix());
        }
    }

    #[test]
    fn sizes_that_are_no_whole_blocks_are_taken_too() {
        for (width, height) in [(41, 47), (40, 40), (100, 63)] {
            let bitmaps = threshold(&page(width, height)).unwrap();
            assert_eq!((bitmaps.dark.width(), bitmaps.light.height()), (width, height));
        }
        assert!(threshold(&page(39, 400)).is_none());
    }
}
