//! Third and fourth step: the picture at half and a quarter of its size.
//!
//! Reads codes whose modules are so big, so rough or so blurred that their edges hide the shape.

use std::time::Instant;

use super::{Found, native};
use crate::grey::Grey;

/// Reads the codes of the picture at half its size.
pub(super) fn read_half(picture: &Grey, until: Instant) -> Vec<Found> {
    read_shrunk(picture, 2, until)
}

/// Reads the codes of the picture at a quarter of its size.
pub(super) fn read_quarter(picture: &Grey, until: Instant) -> Vec<Found> {
    read_shrunk(picture, 4, until)
}

fn read_shrunk(picture: &Grey, factor: u8, until: Instant) -> Vec<Found> {
    let Some(small) = picture.shrunk(usize::from(factor)) else { return Vec::new() };
    let mut found = native::read(&small, until);
    for (x, y) in found.iter_mut().flat_map(|code| &mut code.corners) {
        *x *= f32::from(factor);
        *y *= f32::from(factor);
    }
    found
}
