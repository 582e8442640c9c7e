//! Second step: dark is what is darker than its neighbourhood.
//!
//! Reads what stands pale or small on a busy page.

use super::{Found, Look, finder, local_mean, view::both};

/// Reads the codes of a picture.
pub(super) fn read(look: &Look) -> Vec<Found> {
    let picture = look.picture.grey();
    match local_mean::threshold(picture, RADIUS) {
        Some(bitmaps) => both(picture, &bitmaps, |view, bitmap| finder::read_all(view, bitmap, look)),
        None => Vec::new(),
    }
}

/// Half the neighbourhood: it is 25 pixels wide and high.
const RADIUS: usize = 12;
