//! The pictures in the panel, drawn from simple shapes: the corner marks of a QR code, and a sign in the fourth corner.
//!
//! Each shape only says which points it covers; a pixel is the mean of 16 points. That is enough for anti-aliasing, and
//! there is no picture file to install or to find.

use crate::menu::{Face, State};

/// Returns the picture of a face: rows of RGBA pixels, not premultiplied.
pub(crate) fn rgba(face: Face, size: u32) -> Vec<u8> {
    let layers = layers(face);
    let mut pixels = Vec::with_capacity((size * size * 4) as usize);
    for y in 0..size {
        for x in 0..size {
            pixels.extend(pixel(&layers, x, y, size));
        }
    }
    pixels
}

/// Something that covers points of the unit square.
enum Shape {
    /// A filled square with rounded corners: left, top, right, bottom, radius.
    Block(f32, f32, f32, f32, f32),
    /// The rim of a block, and its thickness.
    Rim(f32, f32, f32, f32, f32),
    /// A thick line with round ends: from, to, thickness.
    Line((f32, f32), (f32, f32), f32),
    /// The upper half of a ring: middle, radius, thickness.
    Arch((f32, f32), f32, f32),
}

impl Shape {
    fn covers(&self, x: f32, y: f32) -> bool {
        match *self {
            Self::Block(left, top, right, bottom, radius) => in_block(x, y, [left, top, right, bottom], radius),
            Self::Rim(left, top, right, bottom, t) => {
                let inner = [left + t, top + t, right - t, bottom - t];
                in_block(x, y, [left, top, right, bottom], t) && !in_block(x, y, inner, t / 3.0)
            }
            Self::Line((ax, ay), (bx, by), thickness) => {
                let (dx, dy) = (bx - ax, by - ay);
                let along = (((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
                (x - ax - along * dx).hypot(y - ay - along * dy) <= thickness / 2.0
            }
            Self::Arch((mx, my), radius, thickness) => {
                y <= my && ((x - mx).hypot(y - my) - radius).abs() <= thickness / 2.0
            }
        }
    }
}

fn in_block(x: f32, y: f32, [left, top, right, bottom]: [f32; 4], radius: f32) -> bool {
    let near = (x.clamp(left + radius, right - radius), y.clamp(top + radius, bottom - radius));
    (x - near.0).hypot(y - near.1) <= radius
}

/// A shape and its colour; later ones lie on top.
type Layer = (Shape, [u8; 3]);

fn layers(face: Face) -> Vec<Layer> {
    let (ground, marks, sign) = match face {
        Face::Copied => return copied(),
        Face::Awaited => (Some(TEAL), PAPER, clock(GOLD)),
        Face::State(State::Unlocked) => (Some(TEAL), PAPER, check(GOLD)),
        Face::State(State::Locked) => (Some(SLATE), FADED, padlock(PAPER)),
        Face::State(State::NoVault) => (Some(TEAL), FADED, plus(GOLD)),
        Face::State(State::Unusable) => (Some(RED), FADED, exclamation(PAPER)),
        // No ground: the marks alone must be seen on a dark panel and on a light one.
        Face::State(State::NoDaemon) => (None, GREY, cross(GREY)),
    };
    let mut layers: Vec<Layer> = ground.map(|colour| (GROUND, colour)).into_iter().collect();
    for (x, y) in [(0.11, 0.11), (0.55, 0.11), (0.11, 0.55)] {
        layers.push((Shape::Rim(x, y, x + 0.34, y + 0.34, 0.075), marks));
        layers.push((Shape::Block(x + 0.12, y + 0.12, x + 0.22, y + 0.22, 0.02), marks));
    }
    layers.extend(sign);
    layers
}

fn check(colour: [u8; 3]) -> Vec<Layer> {
    vec![
        (Shape::Line((0.57, 0.75), (0.68, 0.86), 0.12), colour),
        (Shape::Line((0.68, 0.86), (0.88, 0.60), 0.12), colour),
    ]
}

fn clock(colour: [u8; 3]) -> Vec<Layer> {
    vec![
        (Shape::Rim(0.55, 0.55, 0.91, 0.91, 0.075), colour),
        (Shape::Line((0.73, 0.63), (0.73, 0.74), 0.07), colour),
        (Shape::Line((0.73, 0.74), (0.80, 0.78), 0.07), colour),
    ]
}

fn padlock(colour: [u8; 3]) -> Vec<Layer> {
    vec![
        (Shape::Arch((0.73, 0.68), 0.11, 0.075), colour),
        (Shape::Block(0.55, 0.67, 0.91, 0.91, 0.04), colour),
        (Shape::Line((0.73, 0.76), (0.73, 0.83), 0.07), SLATE),
    ]
}

fn plus(colour: [u8; 3]) -> Vec<Layer> {
    vec![
        (Shape::Line((0.60, 0.73), (0.86, 0.73), 0.11), colour),
        (Shape::Line((0.73, 0.60), (0.73, 0.86), 0.11), colour),
    ]
}

fn cross(colour: [u8; 3]) -> Vec<Layer> {
    vec![
        (Shape::Line((0.61, 0.61), (0.85, 0.85), 0.10), colour),
        (Shape::Line((0.85, 0.61), (0.61, 0.85), 0.10), colour),
    ]
}

fn exclamation(colour: [u8; 3]) -> Vec<Layer> {
    vec![
        (Shape::Line((0.73, 0.58), (0.73, 0.73), 0.12), colour),
        (Shape::Line((0.73, 0.88), (0.73, 0.881), 0.13), colour),
    ]
}

fn copied() -> Vec<Layer> {
    vec![
        (GROUND, GREEN),
        (Shape::Line((0.24, 0.54), (0.43, 0.73), 0.15), PAPER),
        (Shape::Line((0.43, 0.73), (0.77, 0.29), 0.15), PAPER),
    ]
}

fn pixel(layers: &[Layer], x: u32, y: u32, size: u32) -> [u8; 4] {
    let mut sum = [0u32; 3];
    let mut hits = 0u32;
    for point in 0..POINTS * POINTS {
        let at = |pixel: u32, step: u32| (pixel as f32 + (step as f32 + 0.5) / POINTS as f32) / size as f32;
        let (px, py) = (at(x, point % POINTS), at(y, point / POINTS));
        if let Some((_, colour)) = layers.iter().rev().find(|(shape, _)| shape.covers(px, py)) {
            hits += 1;
            sum.iter_mut().zip(colour).for_each(|(sum, part)| *sum += u32::from(*part));
        }
    }
    let mean = |sum: u32| sum.checked_div(hits).unwrap_or(0) as u8;
    [mean(sum[0]), mean(sum[1]), mean(sum[2]), (hits * 255 / (POINTS * POINTS)) as u8]
}

const POINTS: u32 = 4;
const GROUND: Shape = Shape::Block(0.02, 0.02, 0.98, 0.98, 0.18);
const PAPER: [u8; 3] = [0xf4, 0xf1, 0xe8];
const FADED: [u8; 3] = [0xa9, 0xb8, 0xbd];
const GOLD: [u8; 3] = [0xf2, 0xb3, 0x3d];
const TEAL: [u8; 3] = [0x1c, 0x4f, 0x5e];
const SLATE: [u8; 3] = [0x47, 0x50, 0x59];
const GREEN: [u8; 3] = [0x2a, 0x7d, 0x46];
const RED: [u8; 3] = [0xa3, 0x2c, 0x2c];
const GREY: [u8; 3] = [0x8a, 0x94, 0x9c];

#[cfg(test)]
mod tests {
    use super::*;

    const FACES: [Face; 7] = [
        Face::State(State::NoDaemon),
        Face::State(State::NoVault),
        Face::State(State::Locked),
        Face::State(State::Unlocked),
        Face::State(State::Unusable),
        Face::Copied,
        Face::Awaited,
    ];

    /// How much of the picture differs, in percent.
    fn difference(a: &[u8], b: &[u8]) -> usize {
        let differs = |(p, q): (&[u8], &[u8])| p.iter().zip(q).any(|(x, y)| x.abs_diff(*y) > 48);
        a.chunks(4).zip(b.chunks(4)).filter(|pair| differs(*pair)).count() * 100 / (a.len() / 4)
    }

    #[test]
    fn faces_differ_at_a_glance_at_the_sizes_of_panels() {
        for size in [22, 32, 44] {
            for (index, face) in FACES.iter().enumerate() {
                let picture = rgba(*face, size);
                assert_eq!(picture.len(), (size * size * 4) as usize);
                for other in &FACES[index + 1..] {
                    let percent = difference(&picture, &rgba(*other, size));
                    assert!(percent >= 8, "{face:?} and {other:?} differ in {percent} % at {size} px");
                }
            }
        }
    }

    #[test]
    fn corners_are_clear_and_the_ground_is_not() {
        for face in FACES {
            let picture = rgba(face, 22);
            assert_eq!(picture[3], 0, "{face:?}");
        }
        let middle = (11 * 22 + 11) * 4;
        assert_eq!(rgba(Face::State(State::Locked), 22)[middle..middle + 4], [0x47, 0x50, 0x59, 255]);
        assert_eq!(rgba(Face::State(State::NoDaemon), 22)[middle + 3], 0);
    }
}
