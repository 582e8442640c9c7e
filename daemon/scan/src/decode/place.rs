//! Tells whether two findings are one code on the picture.
//!
//! By place, not by text: two decoders may spell one code differently, and two codes may say the same.

use super::{Found, Point};

/// Adds those findings that stand where none stood yet.
pub(super) fn merge(found: &mut Vec<Found>, more: Vec<Found>) {
    for code in more {
        if !found.iter().any(|known| same_place(&known.corners, &code.corners)) {
            found.push(code);
        }
    }
}

/// Says whether a point lies within the four corners.
pub(super) fn is_inside((x, y): Point, corners: &[Point; 4]) -> bool {
    let sides = (0..4).map(|i| {
        let (from, to) = (corners[i], corners[(i + 1) % 4]);
        (to.0 - from.0) * (y - from.1) - (to.1 - from.1) * (x - from.0)
    });
    // On the same side of all four edges, whichever way round they go.
    let (left, right) = sides.fold((true, true), |(left, right), side| (left && side <= 0.0, right && side >= 0.0));
    left || right
}

/// Two squares of like size whose middles are close: a code drawn inside another one is a code of its own.
fn same_place(one: &[Point; 4], other: &[Point; 4]) -> bool {
    let (one_side, other_side) = (side(one), side(other));
    let (small, big) = (one_side.min(other_side), one_side.max(other_side));
    distance(middle(one), middle(other)) < small / 2.0 && big < small * 1.5
}

fn middle(corners: &[Point; 4]) -> Point {
    let (x, y) = corners.iter().fold((0.0, 0.0), |sum, corner| (sum.0 + corner.0, sum.1 + corner.1));
    (x / 4.0, y / 4.0)
}

/// The length of a side, as the mean of all four.
fn side(corners: &[Point; 4]) -> f32 {
    (0..4).map(|i| distance(corners[i], corners[(i + 1) % 4])).sum::<f32>() / 4.0
}

fn distance(a: Point, b: Point) -> f32 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f32, y: f32, side: f32) -> [Point; 4] {
        [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
    }

    #[test]
    fn one_code_read_twice_is_one() {
        assert!(same_place(&square(10.0, 10.0, 100.0), &square(12.0, 9.0, 104.0)));
    }

    #[test]
    fn a_point_is_inside_or_not_however_the_code_is_turned() {
        let mut corners = [(0.0, 10.0), (10.0, 0.0), (20.0, 10.0), (10.0, 20.0)];
        for _ in 0..2 {
            assert!(is_inside((10.0, 10.0), &corners) && is_inside((4.0, 9.0), &corners));
            assert!(!is_inside((2.0, 2.0), &corners) && !is_inside((10.0, 21.0), &corners));
            corners.reverse();
        }
    }

    #[test]
    fn a_neighbour_and_a_code_in_a_code_are_others() {
        assert!(!same_place(&square(0.0, 0.0, 100.0), &square(104.0, 0.0, 100.0)));
        assert!(!same_place(&square(0.0, 0.0, 100.0), &square(40.0, 40.0, 20.0)));
    }
}
