//! Fourth and fifth step: the picture at half and at a quarter of its size.
//!
//! Reads codes whose modules are so big, so rough or so blurred that their edges hide the shape.

use super::{Found, Look, native};

/// Reads the codes of the picture at half its size.
pub(super) fn read_half(look: &Look) -> Vec<Found> {
    read_shrunk::<2>(look)
}

/// Reads the codes of the picture at a quarter of its size.
pub(super) fn read_quarter(look: &Look) -> Vec<Found> {
    read_shrunk::<4>(look)
}

fn read_shrunk<const FACTOR: usize>(look: &Look) -> Vec<Found> {
    let Some(small) = look.picture.grey().shrunk::<FACTOR>() else { return Vec::new() };
    let factor = FACTOR as f32;
    let look = Look { scale: factor, ..*look };
    let mut found = native::read_grey(&small, &look);
    for (x, y) in found.iter_mut().flat_map(|code| &mut code.corners) {
        *x *= factor;
        *y *= factor;
    }
    found
}
