//! First step: the picture at its own size, thresholded block by block.

use super::{Found, Look, blocks, finder, view::both};
use crate::grey::Grey;

/// Reads the codes of a picture.
pub(super) fn read(look: &Look) -> Vec<Found> {
    read_grey(look.picture.grey(), look)
}

/// Reads the codes of a picture that was made from the one looked at.
pub(super) fn read_grey(picture: &Grey, look: &Look) -> Vec<Found> {
    match blocks::threshold(picture) {
        Some(bitmaps) => both(picture, &bitmaps, |view, bitmap| finder::read_all(view, bitmap, look)),
        None => Vec::new(),
    }
}
