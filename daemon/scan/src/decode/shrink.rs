//! Fourth and fifth step: the picture at half and at a quarter of its size.
//!
//! Reads codes whose modules are so big, so rough or so blurred that their edges hide the shape.

use super::{Found, Look, native};

/// Reads the codes of the picture at half its size.
pub(super) fn read_half(look: &Look) -> Vec<Found> {
    read_shrunk(look, 2)
}

/// Reads the codes of the picture at a quarter of its size.
pub(super) fn read_quarter(look: &Look) -> Vec<Found> {
    read_shrunk(look, 4)
}

fn read_shrunk(look: &Look, factor: u8) -> Vec<Found> {
    let Some(small) = look.picture.grey().shrunk(usize::from(factor)) else { return Vec::new() };
    let look = Look { scale: f32::from(factor), ..*look };
    let mut found = native::read_grey(&small, &look);
    for (x, y) in found.iter_mut().flat_map(|code| &mut code.corners) {
        *x *= f32::from(factor);
        *y *= f32::from(factor);
    }
    found
}
