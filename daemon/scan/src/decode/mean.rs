//! Second step: dark is what is darker than its neighbourhood.
//!
//! Reads what stands pale or small on a busy page. Flat areas stay light, so they make no noise for the finder.

use std::time::Instant;

use rxing::common::BitMatrix;
use zeroize::Zeroizing;

use super::{Found, finder};
use crate::grey::Grey;

/// Reads the codes of a picture in which dark is dark.
pub(super) fn read(picture: &Grey, until: Instant) -> Vec<Found> {
    match threshold(picture) {
        Some(bitmap) => finder::read_all(picture, &bitmap, until),
        None => Vec::new(),
    }
}

/// Marks each pixel that is more than [`MARGIN`] darker than the mean of the window around it.
fn threshold(picture: &Grey) -> Option<BitMatrix> {
    let (width, height) = (picture.width(), picture.height());
    let mut bitmap = BitMatrix::new(width as u32, height as u32).ok()?;
    let mut window = Window::above(picture);
    for y in 0..height {
        window.move_to(picture, y);
        for (x, pixel) in picture.row(y).iter().enumerate() {
            let (sum, count) = window.around(x);
            if (u32::from(*pixel) + MARGIN) * count < sum {
                bitmap.set(x as u32, y as u32);
            }
        }
    }
    Some(bitmap)
}

/// Sums over a window that moves down the picture: one sum a column, and their running total along the row.
struct Window {
    columns: Zeroizing<Vec<u32>>,
    totals: Zeroizing<Vec<u32>>,
    rows: u32,
}

impl Window {
    /// Starts just above the picture, holding the rows that the window's lower half reaches.
    fn above(picture: &Grey) -> Self {
        let mut columns = Zeroizing::new(vec![0; picture.width()]);
        for y in 0..RADIUS.min(picture.height()) {
            add(&mut columns, picture.row(y));
        }
        Self { columns, totals: Zeroizing::new(vec![0; picture.width() + 1]), rows: 0 }
    }

    /// Moves the centre to row `y`, which is one below the last.
    fn move_to(&mut self, picture: &Grey, y: usize) {
        if y + RADIUS < picture.height() {
            add(&mut self.columns, picture.row(y + RADIUS));
        }
        if y > RADIUS {
            for (column, pixel) in self.columns.iter_mut().zip(picture.row(y - RADIUS - 1)) {
                *column -= u32::from(*pixel);
            }
        }
        self.rows = ((y + RADIUS).min(picture.height() - 1) - y.saturating_sub(RADIUS) + 1) as u32;
        let mut total = 0;
        for (to, column) in self.totals[1..].iter_mut().zip(self.columns.iter()) {
            total += column; // at most 25 rows of 255 times the width: fits for every picture we take
            *to = total;
        }
    }

    /// Returns the sum and the number of pixels in the window around column `x`.
    fn around(&self, x: usize) -> (u32, u32) {
        let (from, to) = (x.saturating_sub(RADIUS), (x + RADIUS + 1).min(self.columns.len()));
        (self.totals[to] - self.totals[from], self.rows * (to - from) as u32)
    }
}

fn add(columns: &mut [u32], row: &[u8]) {
    for (column, pixel) in columns.iter_mut().zip(row) {
        *column += u32::from(*pixel);
    }
}

/// Half the window: it is 25 pixels wide and high.
const RADIUS: usize = 12;
/// How much darker than its window a pixel must be.
const MARGIN: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    /// The same rule, written the slow way.
    fn dark(picture: &Grey, x: usize, y: usize) -> bool {
        let (mut sum, mut count) = (0, 0);
        for row in y.saturating_sub(RADIUS)..(y + RADIUS + 1).min(picture.height()) {
            for pixel in &picture.row(row)[x.saturating_sub(RADIUS)..(x + RADIUS + 1).min(picture.width())] {
                sum += u32::from(*pixel);
                count += 1;
            }
        }
        (u32::from(picture.row(y)[x]) + MARGIN) * count < sum
    }

    #[test]
    fn running_sums_are_the_sums() {
        for (width, height) in [(1, 1), (5, 60), (60, 5), (40, 33)] {
            let pixels = (0..width * height).map(|i| ((i * i * 37 + i * 11) % 251) as u8).collect();
            let picture = Grey::new(width, height, pixels).unwrap();
            let bitmap = threshold(&picture).unwrap();
            for y in 0..height {
                for x in 0..width {
                    assert_eq!(bitmap.get(x as u32, y as u32), dark(&picture, x, y), "{x},{y} of {width}x{height}");
                }
            }
        }
    }
}
