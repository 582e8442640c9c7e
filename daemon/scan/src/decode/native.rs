//! First step: the picture at its own size, thresholded block by block.

use std::time::Instant;

use rxing::{Binarizer, Luma8Source, common::HybridBinarizer};

use super::{Found, finder};
use crate::grey::Grey;

/// Reads the codes of a picture in which dark is dark.
pub(super) fn read(picture: &Grey, until: Instant) -> Vec<Found> {
    let (width, height) = (picture.width() as u32, picture.height() as u32);
    let Ok(source) = Luma8Source::new_with_slice(picture.pixels(), width, height) else { return Vec::new() };
    let binarizer = HybridBinarizer::new(source);
    match binarizer.get_black_matrix() {
        Ok(bitmap) => finder::read_all(picture, bitmap, until),
        Err(_) => Vec::new(), // a flat picture has no threshold
    }
}
