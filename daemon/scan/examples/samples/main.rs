//! Draws pictures of codes as they stand on screens, in all the ways that make them hard to read, with a manifest.
//!
//! `cargo run -p countersign-scan --example samples -- FOLDER [PICTURES A CATEGORY] [SEED]`. The same numbers give the same
//! pictures; `tests/data` is what 2 and 1 give, the defaults. All secrets are made up.

#![allow(missing_docs)]

mod canvas;
mod categories;
mod code;
mod random;

use std::{
    fmt::Write,
    fs::{self, File},
    io::BufWriter,
    path::PathBuf,
};

use canvas::Canvas;
use categories::CATEGORIES;
use image::{
    DynamicImage, ExtendedColorType, ImageEncoder,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
    },
};
use random::Random;

/// A picture and the texts of its codes.
pub(crate) struct Sample {
    canvas: Canvas,
    texts: Vec<String>,
    /// Kept as JPEG: noise makes a large PNG.
    photo: bool,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = PathBuf::from(arguments.first().expect("a folder"));
    let number = |at: usize, usual| arguments.get(at).map_or(usual, |text| text.parse().expect("a number"));
    let (count, seed) = (number(1, 2), number(2, 1));
    fs::create_dir_all(&folder).expect("the folder can be made");
    let mut manifest = "file\tcategory\tpayloads\n".to_owned();
    for (category, draw) in CATEGORIES {
        for place in 0..count {
            let sample = draw(&mut Random::new(seed, &format!("{category} {place}")));
            let file = format!("{category}-{place:02}.{}", if sample.photo { "jpeg" } else { "png" });
            save(&sample, &folder.join(&file));
            let payloads = serde_json::to_string(&sample.texts).expect("texts");
            writeln!(manifest, "{file}\t{category}\t{payloads}").expect("a string takes all");
        }
    }
    fs::write(folder.join("manifest.tsv"), manifest).expect("the manifest is written");
}

fn save(sample: &Sample, path: &std::path::Path) {
    let image = sample.canvas.to_image();
    let file = BufWriter::new(File::create(path).expect("the picture can be made"));
    let is_grey = image.pixels().all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]);
    if sample.photo {
        JpegEncoder::new_with_quality(file, 60).encode_image(&image).expect("it encodes");
        return;
    }
    let encoder = PngEncoder::new_with_quality(file, CompressionType::Best, FilterType::Adaptive);
    let (width, height) = image.dimensions();
    if is_grey {
        let grey = DynamicImage::ImageRgb8(image).into_luma8();
        encoder.write_image(&grey, width, height, ExtendedColorType::L8).expect("it encodes");
    } else {
        encoder.write_image(&image, width, height, ExtendedColorType::Rgb8).expect("it encodes");
    }
}
