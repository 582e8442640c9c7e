//! Draws codes for tests.

#![allow(dead_code, reason = "each test file uses its part")]

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use qrcode::{Color, QrCode};

pub(crate) const WHITE: Rgb<u8> = Rgb([255, 255, 255]);
pub(crate) const BLACK: Rgb<u8> = Rgb([0, 0, 0]);

/// A page of one colour.
pub(crate) fn page(width: u32, height: u32, colour: Rgb<u8>) -> RgbImage {
    RgbImage::from_pixel(width, height, colour)
}

/// How a code is drawn: where, how big a module, in which colours, with how many modules of margin.
#[derive(Clone, Copy)]
pub(crate) struct Pen {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) module: u32,
    pub(crate) dark: Rgb<u8>,
    pub(crate) light: Rgb<u8>,
    pub(crate) margin: u32,
}

/// Black on white, 4 pixels a module, with its margin.
pub(crate) const PEN: Pen = Pen { x: 40, y: 30, module: 4, dark: BLACK, light: WHITE, margin: 4 };

/// Draws a code with its upper left corner (that of the margin) at the pen's place.
pub(crate) fn draw(page: &mut RgbImage, code: &QrCode, pen: Pen) {
    let colours = code.to_colors();
    let width = code.width() as u32;
    let size = width + 2 * pen.margin;
    for y in 0..size * pen.module {
        for x in 0..size * pen.module {
            let (column, row) = (x / pen.module, y / pen.module);
            let module = (column.wrapping_sub(pen.margin), row.wrapping_sub(pen.margin));
            let dark =
                module.0 < width && module.1 < width && colours[(module.1 * width + module.0) as usize] == Color::Dark;
            page.put_pixel(pen.x + x, pen.y + y, if dark { pen.dark } else { pen.light });
        }
    }
}

/// A white page with one ordinary code.
pub(crate) fn with_code(text: &str) -> RgbImage {
    let mut picture = page(400, 300, WHITE);
    draw(&mut picture, &QrCode::new(text).expect("it fits"), PEN);
    picture
}

/// The picture as a file of that format.
pub(crate) fn file(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture.clone()).write_to(&mut bytes, format).expect("it encodes");
    bytes.into_inner()
}
