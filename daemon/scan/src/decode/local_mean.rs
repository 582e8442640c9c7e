//! Tells dark from light pixel by pixel: dark is what is darker than the mean of the window around it.
//!
//! Flat areas are light in both readings, so they make no noise for the finder.

use zeroize::Zeroizing;

use super::bitmap::Bitmaps;
use crate::grey::Grey;

/// Marks each pixel that is more than [`MARGIN`] darker (lighter, in the other reading) than the mean of the window that
/// reaches this far from it.
pub(super) fn threshold(picture: &Grey, radius: usize) -> Option<Bitmaps> {
    let mut window = Window::above(picture, radius);
    let width = picture.width();
    Bitmaps::by_rows(width, picture.height(), |y, dark, light| {
        window.move_to(picture, y);
        let row = picture.row(y);
        // Most of a row lies further from the edges than the window reaches: there the number of pixels is the same.
        let middle = radius..width.saturating_sub(radius).max(radius);
        if !middle.is_empty() {
            let sums = window.totals[2 * radius + 1..].iter().zip(&window.totals[..]);
            let count = window.rows * (2 * radius + 1) as u32;
            let rows = dark[middle.clone()].iter_mut().zip(&mut light[middle.clone()]);
            for ((pixel, (to, from)), marks) in row[middle.clone()].iter().zip(sums).zip(rows) {
                mark(*pixel, to.wrapping_sub(*from), count, marks);
            }
        }
        for x in (0..middle.start.min(width)).chain(middle.end..width) {
            let (sum, count) = window.around(x);
            mark(row[x], sum, count, (&mut dark[x], &mut light[x]));
        }
    })
}

/// Marks a pixel in both readings.
fn mark(pixel: u8, sum: u32, count: u32, (dark, light): (&mut u8, &mut u8)) {
    let (scaled, margin) = (u32::from(pixel).wrapping_mul(count), MARGIN.wrapping_mul(count));
    *dark = u8::from(scaled.wrapping_add(margin) < sum);
    *light = u8::from(scaled > sum.wrapping_add(margin));
}

/// Sums over a window that moves down the picture: one sum a column, and their running total along the row.
struct Window {
    radius: usize,
    columns: Zeroizing<Vec<u32>>,
    totals: Zeroizing<Vec<u32>>,
    rows: u32,
}

impl Window {
    /// Starts just above the picture, holding the rows that the window's lower half reaches.
    fn above(picture: &Grey, radius: usize) -> Self {
        let mut columns = Zeroizing::new(vec![0; picture.width()]);
        for y in 0..radius.min(picture.height()) {
            add(&mut columns, picture.row(y));
        }
        Self { radius, columns, totals: Zeroizing::new(vec![0; picture.width() + 1]), rows: 0 }
    }

    /// Moves the centre to row `y`, which is one below the last.
    fn move_to(&mut self, picture: &Grey, y: usize) {
        let radius = self.radius;
        if y + radius < picture.height() {
            add(&mut self.columns, picture.row(y + radius));
        }
        if y > radius {
            for (column, pixel) in self.columns.iter_mut().zip(picture.row(y - radius - 1)) {
                *column = column.wrapping_sub(u32::from(*pixel)); // it was added before
            }
        }
        self.rows = ((y + radius).min(picture.height() - 1) - y.saturating_sub(radius) + 1) as u32;
        let mut total = 0u32;
        for (to, column) in self.totals[1..].iter_mut().zip(self.columns.iter()) {
            total = total.wrapping_add(*column); // only differences count, and those fit
            *to = total;
        }
    }

    /// Returns the sum and the number of pixels in the window around column `x`.
    fn around(&self, x: usize) -> (u32, u32) {
        let (from, to) = (x.saturating_sub(self.radius), (x + self.radius + 1).min(self.columns.len()));
        (self.totals[to].wrapping_sub(self.totals[from]), self.rows * (to - from) as u32)
    }
}

fn add(columns: &mut [u32], row: &[u8]) {
    for (column, pixel) in columns.iter_mut().zip(row) {
        *column = column.wrapping_add(u32::from(*pixel)); // some rows of 255: it fits
    }
}

/// How much darker than its window a pixel must be.
const MARGIN: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    const RADIUS: usize = 12;

    /// The same rule, written the slow way: whether a pixel is dark, and whether it is in the other reading.
    fn dark(picture: &Grey, x: usize, y: usize) -> (bool, bool) {
        let (mut sum, mut count) = (0, 0);
        for row in y.saturating_sub(RADIUS)..(y + RADIUS + 1).min(picture.height()) {
            for pixel in &picture.row(row)[x.saturating_sub(RADIUS)..(x + RADIUS + 1).min(picture.width())] {
                sum += u32::from(*pixel);
                count += 1;
            }
        }
        let pixel = u32::from(picture.row(y)[x]);
        ((pixel + MARGIN) * count < sum, pixel * count > sum + MARGIN * count)
    }

    #[test]
    fn running_sums_are_the_sums() {
        for (width, height) in [(1, 1), (5, 60), (60, 5), (40, 33)] {
            let pixels = (0..width * height).map(|i| ((i * i * 37 + i * 11) % 251) as u8).collect();
            let picture = Grey::new(width, height, pixels).unwrap();
            let bitmaps = threshold(&picture, RADIUS).unwrap();
            for y in 0..height {
                for x in 0..width {
                    let found = (bitmaps.dark.is_dark(x, y), bitmaps.light.is_dark(x, y));
                    assert_eq!(found, dark(&picture, x, y), "{x},{y} of {width}x{height}");
                }
            }
        }
    }

    #[test]
    fn a_flat_picture_is_light_in_both_readings() {
        let bitmaps = threshold(&Grey::new(50, 50, vec![128; 2500]).unwrap(), RADIUS).unwrap();
        assert!((0..2500).all(|i| !bitmaps.dark.is_dark(i % 50, i / 50) && !bitmaps.light.is_dark(i % 50, i / 50)));
    }
}
