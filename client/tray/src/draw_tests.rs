//! The icons can be read and told apart at 16 pixels, on light panels and on dark ones: as drawn, and as our own pixels.

use std::{fs, path::Path};

use super::*;

type Colour = [f32; 3];

/// The grounds of panels: GNOME's, waybar's and Xfce's dark ones, a middle one, Adwaita's and Breeze's light ones, white.
const GROUNDS: [[u8; 3]; 7] = [
    [0, 0, 0],
    [0x24, 0x24, 0x24],
    [0x30, 0x30, 0x30],
    [0x55, 0x57, 0x61],
    [0xde, 0xdd, 0xda],
    [0xef, 0xf0, 0xf1],
    [0xff, 0xff, 0xff],
];
/// The grounds that a panel has which leaves a named icon in the colour of its drawing.
const PLAIN_GROUNDS: [[u8; 3]; 5] = [GROUNDS[0], GROUNDS[1], GROUNDS[2], GROUNDS[5], GROUNDS[6]];
const SMALL: usize = 16;

/// Relative luminance, WCAG 2.
fn luminance(colour: Colour) -> f32 {
    let linear = colour.map(|part| {
        let part = part / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

/// Contrast of two luminances, WCAG 2: from 1 to 21; what a picture needs to be seen is 3.
fn contrast(one: f32, other: f32) -> f32 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Lays RGBA pixels over a ground and scales them down; returns luminances, row by row.
fn seen(pixels: &[u8], ground: [u8; 3]) -> Vec<f32> {
    let over = |pixel: &[u8]| -> Colour {
        let alpha = f32::from(pixel[3]) / 255.0;
        [0, 1, 2].map(|part| f32::from(pixel[part]) * alpha + f32::from(ground[part]) * (1.0 - alpha))
    };
    let step = EDGE / SMALL;
    let mut small = Vec::new();
    for y in 0..SMALL {
        for x in 0..SMALL {
            let mut sum = [0.0; 3];
            for part in 0..step * step {
                let at = (y * step + part / step) * EDGE + x * step + part % step;
                over(&pixels[4 * at..4 * at + 4]).iter().zip(&mut sum).for_each(|(colour, sum)| *sum += colour);
            }
            small.push(luminance(sum.map(|sum| sum / (step * step) as f32)));
        }
    }
    small
}

/// The drawing in the one colour that it has in its file.
fn as_drawn(face: Face) -> Vec<u8> {
    let colour = colour_of(face);
    covered(face).iter().flat_map(|alpha| [colour[0], colour[1], colour[2], *alpha]).collect()
}

fn file(face: Face) -> String {
    let icons = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/icons");
    fs::read_to_string(icons.join(format!("{}.svg", face.icon_name()))).expect("each face has its drawing")
}

fn colour_of(face: Face) -> [u8; 3] {
    let text = file(face);
    let (_, rest) = text.split_once("fill=\"#").expect("it has a colour");
    [0, 2, 4].map(|at| u8::from_str_radix(&rest[at..at + 2], 16).unwrap())
}

/// How many pixels of the picture stand out from the ground beside them.
fn ink(picture: &[f32], ground: [u8; 3]) -> usize {
    let ground = luminance(ground.map(f32::from));
    picture.iter().filter(|pixel| contrast(**pixel, ground) >= 3.0).count()
}

/// The most contrast across an edge, which may itself be a pixel of a shade between: what the eye reads a shape by.
fn sharpest(picture: &[f32]) -> f32 {
    let pairs = (0..SMALL).flat_map(|y| (2..SMALL).map(move |x| (y * SMALL + x - 2, y * SMALL + x)));
    pairs.map(|(one, other)| contrast(picture[one], picture[other])).fold(1.0, f32::max)
}

/// How many pixels two pictures differ in so that it is seen.
fn difference(one: &[f32], other: &[f32]) -> usize {
    one.iter().zip(other).filter(|(one, other)| contrast(**one, **other) >= 3.0).count()
}

fn check(picture: impl Fn(Face) -> Vec<u8>, grounds: &[[u8; 3]]) {
    for ground in grounds {
        let seen: Vec<(Face, Vec<f32>)> = Face::ALL.map(|face| (face, seen(&picture(face), *ground))).into();
        for (index, (face, one)) in seen.iter().enumerate() {
            assert!(ink(one, *ground) >= 25, "{face:?} on {ground:x?}: {} pixels stand out", ink(one, *ground));
            assert!(sharpest(one) >= 3.0, "{face:?} on {ground:x?}: {}", sharpest(one));
            for (other, another) in &seen[index + 1..] {
                let pixels = difference(one, another);
                assert!(pixels >= 20, "{face:?} and {other:?} differ in {pixels} of 256 pixels on {ground:x?}");
            }
        }
    }
}

#[test]
fn our_pixels_are_read_and_told_apart_on_every_ground() {
    check(rgba, &GROUNDS);
}

#[test]
fn a_drawing_is_read_and_told_apart_where_the_panel_does_not_colour_it() {
    check(as_drawn, &PLAIN_GROUNDS);
}

#[test]
fn a_drawing_can_be_coloured_by_a_panel() {
    for face in Face::ALL {
        let text = file(face);
        // What panels set is the colour that shapes are filled with; a stroke or a second colour would stay as it is.
        assert_eq!(text.matches("fill=").count(), 1, "{face:?}");
        for word in ["stroke", "style", "opacity", "gradient", "url(", "<text", "<image", "<mask"] {
            assert!(!text.to_lowercase().contains(word), "{face:?} has {word}");
        }
        assert!(text.contains("viewBox=\"0 0 16 16\""), "{face:?}");
    }
}

#[test]
fn there_is_no_drawing_without_a_face() {
    let icons = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/icons");
    let names = fs::read_dir(icons).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let known: Vec<String> = Face::ALL.map(|face| format!("{}.svg", face.icon_name())).into();
    for name in names.filter(|name| name.ends_with("-symbolic.svg")) {
        assert!(known.contains(&name), "{name}");
    }
}
