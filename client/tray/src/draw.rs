//! The icons as pixels, for panels that don't find and colour them by name: light, with a dark edge, so that they are seen on any
//! ground. How they look is drawn in `packaging/icons`; see `build.rs`.

use crate::menu::Face;

/// Pixels each way. The toolkit offers a panel one size only; this one scales to 16 and 24 without a blur.
pub(crate) const SIZE: u32 = EDGE as u32;

/// Returns the picture of a face: rows of RGBA pixels, not premultiplied.
pub(crate) fn rgba(face: Face) -> Vec<u8> {
    let covered = covered(face);
    let at = |x: usize, y: usize| u32::from(covered[y * EDGE + x]);
    let mut pixels = Vec::with_capacity(4 * covered.len());
    for y in 0..EDGE {
        for x in 0..EDGE {
            let (shape, edge) = (at(x, y), widest(x, y, &at));
            let behind = edge * (255 - shape) / 255;
            let alpha = shape + behind;
            let part = |light: u8, dark: u8| {
                (u32::from(light) * shape + u32::from(dark) * behind).checked_div(alpha).unwrap_or(0) as u8
            };
            pixels.extend([part(LIGHT[0], DARK[0]), part(LIGHT[1], DARK[1]), part(LIGHT[2], DARK[2]), alpha as u8]);
        }
    }
    pixels
}

/// Returns how much of a pixel the shape covers or its edge does.
fn widest(x: usize, y: usize, at: &impl Fn(usize, usize) -> u32) -> u32 {
    let around = |middle: usize| middle.saturating_sub(RIM)..(middle + RIM + 1).min(EDGE);
    let near = |(px, py): &(usize, usize)| px.abs_diff(x).pow(2) + py.abs_diff(y).pow(2) <= RIM * RIM + 1;
    around(y)
        .flat_map(|py| around(x).map(move |px| (px, py)))
        .filter(near)
        .map(|(px, py)| at(px, py))
        .max()
        .unwrap_or(0)
}

/// Returns how much of each pixel the drawing covers.
fn covered(face: Face) -> &'static [u8; EDGE * EDGE] {
    macro_rules! drawing {
        ($name:literal) => {
            include_bytes!(concat!(env!("OUT_DIR"), "/", $name))
        };
    }
    match face {
        Face::NoDaemon => drawing!("no-daemon"),
        Face::NoVault => drawing!("no-vault"),
        Face::Locked => drawing!("locked"),
        Face::Unlocked => drawing!("unlocked"),
        Face::Unconfirmed => drawing!("unconfirmed"),
        Face::ReadOnly => drawing!("read-only"),
        Face::Unusable => drawing!("unusable"),
        Face::Waiting => drawing!("waiting"),
        Face::Copied => drawing!("copied"),
    }
}

/// As `build.rs` draws them; another size would not compile.
const EDGE: usize = 48;
/// How wide the dark edge is: a pixel of sixteen.
const RIM: usize = 3;
const LIGHT: [u8; 3] = [0xf6, 0xf5, 0xf4];
const DARK: [u8; 3] = [0x2a, 0x2d, 0x30];

#[cfg(test)]
#[path = "draw_tests.rs"]
mod tests;
