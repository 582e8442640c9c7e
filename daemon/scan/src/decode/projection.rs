//! Geometry of a code on a picture: where a module's middle lies.

use super::Point;

/// Maps the unit square onto a quadrilateral as a camera would.
pub(super) struct Projection([f32; 8]);

impl Projection {
    /// Makes the projection that puts the corners (0,0), (1,0), (1,1), (0,1) on these points.
    pub(super) fn onto([p0, p1, p2, p3]: [Point; 4]) -> Self {
        let bend = (p0.0 - p1.0 + p2.0 - p3.0, p0.1 - p1.1 + p2.1 - p3.1);
        if bend.0.abs() < FLAT && bend.1.abs() < FLAT {
            return Self([p1.0 - p0.0, p2.0 - p1.0, p0.0, p1.1 - p0.1, p2.1 - p1.1, p0.1, 0.0, 0.0]);
        }
        let (a, b) = ((p1.0 - p2.0, p1.1 - p2.1), (p3.0 - p2.0, p3.1 - p2.1));
        let determinant = a.0 * b.1 - b.0 * a.1;
        let g = (bend.0 * b.1 - b.0 * bend.1) / determinant;
        let h = (a.0 * bend.1 - bend.0 * a.1) / determinant;
        Self([
            p1.0 - p0.0 + g * p1.0,
            p3.0 - p0.0 + h * p3.0,
            p0.0,
            p1.1 - p0.1 + g * p1.1,
            p3.1 - p0.1 + h * p3.1,
            p0.1,
            g,
            h,
        ])
    }

    /// Returns where a point of the unit square (or beside it) lies.
    pub(super) fn at(&self, u: f32, v: f32) -> Point {
        let m = &self.0;
        let depth = m[6] * u + m[7] * v + 1.0;
        ((m[0] * u + m[1] * v + m[2]) / depth, (m[3] * u + m[4] * v + m[5]) / depth)
    }
}

/// Below this many pixels a quadrilateral counts as a parallelogram.
const FLAT: f32 = 1e-4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_fall_on_corners() {
        for corners in
            [[(1.0, 2.0), (11.0, 2.0), (11.0, 12.0), (1.0, 12.0)], [(0.0, 0.0), (9.0, 1.0), (7.0, 8.0), (1.0, 10.0)]]
        {
            let projection = Projection::onto(corners);
            for ((u, v), corner) in [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].into_iter().zip(corners) {
                let (x, y) = projection.at(u, v);
                assert!((x - corner.0).abs() < 1e-3 && (y - corner.1).abs() < 1e-3, "{x},{y} is not {corner:?}");
            }
        }
    }
}
