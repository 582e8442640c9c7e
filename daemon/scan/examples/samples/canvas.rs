//! A picture in the making, and what screens, cameras and codecs do to one.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, codecs::jpeg::JpegEncoder, imageops};

use crate::random::Random;

/// A colour, each channel from 0 to 255.
pub(crate) type Colour = [f32; 3];

/// A picture whose channels are not rounded yet.
#[derive(Clone)]
pub(crate) struct Canvas {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pixels: Vec<Colour>,
}

/// A grey.
pub(crate) fn grey(value: f32) -> Colour {
    [value; 3]
}

impl Canvas {
    pub(crate) fn new(width: usize, height: usize, ground: Colour) -> Self {
        Self { width, height, pixels: vec![ground; width * height] }
    }

    fn from_image(image: &RgbImage) -> Self {
        let pixels = image.pixels().map(|pixel| pixel.0.map(f32::from)).collect();
        Self { width: image.width() as usize, height: image.height() as usize, pixels }
    }

    pub(crate) fn to_image(&self) -> RgbImage {
        RgbImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            Rgb(self.pixels[y as usize * self.width + x as usize].map(|value| value.round().clamp(0.0, 255.0) as u8))
        })
    }

    /// Draws what has a colour at a point; edges are smooth where `smooth`, else each pixel is what its middle is.
    pub(crate) fn paint(&mut self, smooth: bool, colour: impl Fn(f32, f32) -> Option<Colour>) {
        let steps = if smooth { 4 } else { 1 };
        for (place, pixel) in self.pixels.iter_mut().enumerate() {
            let (x, y) = ((place % self.width) as f32, (place / self.width) as f32);
            let mut sum = [0.0; 3];
            for step in 0..steps * steps {
                let offset = |at: usize| (at as f32 + 0.5) / steps as f32;
                let part = colour(x + offset(step % steps), y + offset(step / steps)).unwrap_or(*pixel);
                sum = [sum[0] + part[0], sum[1] + part[1], sum[2] + part[2]];
            }
            *pixel = sum.map(|value| value / (steps * steps) as f32);
        }
    }

    /// Draws a rectangle.
    pub(crate) fn rectangle(&mut self, [left, top, right, bottom]: [f32; 4], colour: Colour) {
        for y in top as usize..(bottom as usize).min(self.height) {
            let row = y * self.width;
            self.pixels[row + left as usize..row + (right as usize).min(self.width)].fill(colour);
        }
    }

    /// Writes lines of something like small print into a rectangle.
    pub(crate) fn print(&mut self, [left, top, right, bottom]: [f32; 4], ink: Colour, random: &mut Random) {
        let mut y = top;
        while y + 9.0 < bottom {
            let mut x = left;
            while x + 8.0 < right {
                if random.below(6) > 0 {
                    let (stem, bar) = (random.below(4) as f32, random.below(7) as f32);
                    self.rectangle([x + stem, y, x + stem + 1.0, y + 8.0], ink);
                    self.rectangle([x, y + bar, x + 5.0, y + bar + 1.0], ink);
                }
                x += 6.0;
            }
            y += 15.0;
        }
    }

    /// Changes each channel by itself.
    pub(crate) fn map(&mut self, change: impl Fn(f32, f32, f32) -> f32) {
        for (place, pixel) in self.pixels.iter_mut().enumerate() {
            let (x, y) = ((place % self.width) as f32, (place / self.width) as f32);
            *pixel = pixel.map(|value| change(x, y, value));
        }
    }

    /// Adds noise.
    pub(crate) fn noise(&mut self, amplitude: f32, random: &mut Random) {
        for pixel in &mut self.pixels {
            *pixel = pixel.map(|value| value + random.between(-amplitude, amplitude));
        }
    }

    pub(crate) fn blur(&mut self, sigma: f32) {
        *self = Self::from_image(&imageops::blur(&self.to_image(), sigma));
    }

    /// Scales by a factor, as a compositor (smooth) or a careless one (hard) does.
    pub(crate) fn scale(&mut self, factor: f32, smooth: bool) {
        let size = |pixels: usize| (pixels as f32 * factor).round() as u32;
        let filter = if smooth { imageops::FilterType::Triangle } else { imageops::FilterType::Nearest };
        *self = Self::from_image(&imageops::resize(&self.to_image(), size(self.width), size(self.height), filter));
    }

    /// Encodes and decodes it, as a video call does.
    pub(crate) fn jpeg(&mut self, quality: u8) {
        let mut bytes = Cursor::new(Vec::new());
        let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
        DynamicImage::ImageRgb8(self.to_image()).write_with_encoder(encoder).expect("it encodes");
        let decoded = image::load_from_memory_with_format(bytes.get_ref(), ImageFormat::Jpeg).expect("it decodes");
        *self = Self::from_image(&decoded.into_rgb8());
    }

    /// Turns left and right round.
    pub(crate) fn mirror(&mut self) {
        for row in self.pixels.chunks_exact_mut(self.width) {
            row.reverse();
        }
    }

    /// Shows a picture of three times the size on an LCD, whose red, green and blue stand side by side.
    pub(crate) fn to_subpixels(&self) -> Self {
        let (width, height) = (self.width / 3, self.height / 3);
        let stripe = |x: usize, y: usize, channel: usize| {
            let near = (x.saturating_sub(1)..=(x + 1).min(self.width - 1))
                .map(|x| (0..3).map(|row| self.pixels[(y * 3 + row) * self.width + x][channel]).sum::<f32>() / 3.0);
            let (sum, count) = near.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
            sum / count // over three stripes: the filter that takes the worst of the fringes
        };
        let pixel = |place: usize| {
            let (x, y) = (place % width, place / width);
            [stripe(x * 3, y, 0), stripe(x * 3 + 1, y, 1), stripe(x * 3 + 2, y, 2)]
        };
        Self { width, height, pixels: (0..width * height).map(pixel).collect() }
    }
}
