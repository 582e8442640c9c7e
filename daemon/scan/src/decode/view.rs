//! A picture in one of its two readings: as it is, or with light and dark exchanged.

use super::{
    Found, Point,
    bitmap::{Bitmap, Bitmaps},
    place,
};
use crate::grey::Grey;

/// A picture in which dark modules are dark.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    picture: &'a Grey,
    inverted: bool,
}

/// Has both readings of a picture read, and returns what either gave.
pub(super) fn both(picture: &Grey, bitmaps: &Bitmaps, read: impl Fn(View, &Bitmap) -> Vec<Found>) -> Vec<Found> {
    let mut found = read(View { picture, inverted: false }, &bitmaps.dark);
    place::merge(&mut found, read(View { picture, inverted: true }, &bitmaps.light));
    found
}

impl View<'_> {
    /// Returns the light at a point between pixels; outside the picture, that of its edge.
    pub(super) fn light(self, (x, y): Point) -> f32 {
        let (width, height) = (self.picture.width(), self.picture.height());
        // The middle of a pixel is at half. No `clamp`: it panics for a picture one pixel wide.
        let x = (x - 0.5).min(width as f32 - 1.001).max(0.0);
        let y = (y - 0.5).min(height as f32 - 1.001).max(0.0);
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
        let (along, down) = (x - left as f32, y - top as f32);
        let between = |row: &[u8]| f32::from(row[left]) * (1.0 - along) + f32::from(row[right]) * along;
        let light = between(self.picture.row(top)) * (1.0 - down) + between(self.picture.row(bottom)) * down;
        if self.inverted { 255.0 - light } else { light }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn light(picture: &Grey, point: Point) -> f32 {
        View { picture, inverted: false }.light(point)
    }

    #[test]
    fn light_is_between_that_of_the_pixels_around() {
        let picture = Grey::new(2, 2, vec![0, 100, 100, 200]).unwrap();
        assert!((light(&picture, (0.5, 0.5)) - 0.0).abs() < 0.5);
        assert!((light(&picture, (1.0, 1.0)) - 100.0).abs() < 0.5);
        assert!((light(&picture, (99.0, 99.0)) - 200.0).abs() < 0.5);
        assert!(light(&picture, (f32::NAN, -9.0)).is_finite());
        assert!(light(&Grey::new(1, 1, vec![7]).unwrap(), (5.0, 5.0)).is_finite());
    }

    #[test]
    fn the_other_reading_is_the_negative() {
        let picture = Grey::new(2, 1, vec![0, 200]).unwrap();
        let negative = View { picture: &picture, inverted: true };
        assert!((negative.light((0.5, 0.5)) - 255.0).abs() < 0.5);
        assert!((negative.light((1.5, 0.5)) - 55.0).abs() < 0.5);
    }
}
