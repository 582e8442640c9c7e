//! Foreign bytes and foreign pixels: whatever they are, the decoder ends well, and says nothing that is not there.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod drawing;

use std::{
    panic::catch_unwind,
    sync::LazyLock,
    time::{Duration, Instant},
};

use countersign_scan::{
    decode::{self, Content, Effort},
    picture,
    pixels::Pixels,
};
use drawing::{file, with_code};
use image::{ImageFormat, Rgb, RgbImage, imageops};
use proptest::prelude::*;
use zeroize::Zeroizing;

const TEXT: &str = "otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example";

const FORMATS: [ImageFormat; 6] =
    [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Pnm, ImageFormat::Bmp, ImageFormat::Gif];

/// A page with a code, as a file of each format.
static FILES: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| FORMATS.iter().map(|format| file(&with_code(TEXT), *format)).collect());

/// All texts on a picture.
fn texts(picture: &RgbImage, effort: Effort) -> Vec<String> {
    let rgb = Zeroizing::new(picture.as_raw().clone());
    let pixels = Pixels::from_rgb(picture.width() as usize, picture.height() as usize, rgb).unwrap();
    let found = decode::scan(&pixels, effort, Instant::now() + Duration::from_secs(60));
    let text = |content| match content {
        Content::Text(text) | Content::Bytes(text) => text.to_string(),
        Content::Part { .. } => "a part".to_owned(),
    };
    found.into_iter().map(|code| text(code.content)).collect()
}

/// Decodes bytes as the program does, and all that they give.
fn read(bytes: &[u8]) {
    if let Ok(pixels) = picture::decode(bytes) {
        assert!((pixels.grey().width() * pixels.grey().height()) as u64 <= picture::MAX_PIXELS);
        decode::scan(&pixels, Effort::First, Instant::now() + Duration::from_secs(60));
    }
}

/// The page with a code: without some of its left and top, scaled, turned by quarters, and noisy.
fn spoilt(left: u32, top: u32, factor: f32, turns: u32, noise: i32) -> RgbImage {
    let page = with_code(TEXT);
    let cut = imageops::crop_imm(&page, left, top, page.width() - left, page.height() - top).to_image();
    let size = |pixels: u32| ((pixels as f32 * factor) as u32).max(1);
    let mut picture = imageops::resize(&cut, size(cut.width()), size(cut.height()), imageops::FilterType::Triangle);
    for _ in 0..turns {
        picture = imageops::rotate90(&picture);
    }
    for (place, pixel) in picture.pixels_mut().enumerate() {
        let dice = (place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let shift = (dice % 201) as i32 * noise / 100 - noise;
        *pixel = Rgb(pixel.0.map(|value| (i32::from(value) + shift).clamp(0, 255) as u8));
    }
    picture
}

/// Three corner squares in a perspective whose horizon runs through the middle of a module: there rqrr's own finder divides
/// by zero and panics. Ours goes on; should rqrr be mended, this picture has done its work.
#[test]
fn a_picture_that_other_finders_panic_on_says_nothing() {
    let bytes = include_bytes!("data/division-by-zero.png");
    let picture = image::load_from_memory(bytes).unwrap();
    let grey = picture.to_luma8();
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    let theirs = catch_unwind(|| {
        let shade = |x, y| grey.get_pixel(x as u32, y as u32).0[0];
        rqrr::PreparedImage::prepare_from_greyscale(width, height, shade).detect_grids().len()
    });
    assert!(theirs.is_err(), "{theirs:?}");
    for effort in [Effort::First, Effort::Whole] {
        assert!(texts(&picture.to_rgb8(), effort).is_empty());
    }
    read(bytes);
}

/// Noise that error correction makes an empty code of.
#[test]
fn a_code_that_says_nothing_is_none() {
    for text in texts(&spoilt(0, 104, 0.350_968_84, 3, 80), Effort::First) {
        assert_eq!(text, TEXT);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_picture_or_refused(
        kind in 0..FORMATS.len(),
        head in 2usize..48,
        tail in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let start = &FILES[kind][..head];
        read(&[start, &tail].concat());
        read(&tail);
    }

    #[test]
    fn a_damaged_picture_is_read_or_refused(
        kind in 0..FORMATS.len(),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = FILES[kind].clone();
        for (place, value) in flips {
            let place = place.index(bytes.len().min(400)); // most of what matters stands at the head
            bytes[place] ^= value;
        }
        read(&bytes);
        read(&bytes[..cut.index(bytes.len())]);
    }

    #[test]
    fn a_size_is_judged_before_anything_is_decoded(width in 8001u32.., height in 8001u32..) {
        let refused = picture::decode(format!("P6 {width} {height} 255\n").as_bytes()).err().unwrap().to_string();
        prop_assert!(refused.contains("too big") || refused.contains("damaged"), "{refused}");
        let refused = picture::decode(format!("P5 {width} {height} 255\n\0").as_bytes()).err().unwrap().to_string();
        prop_assert!(refused.contains("too big") || refused.contains("damaged"), "{refused}");
    }

    #[test]
    fn cut_scaled_turned_and_noisy_the_text_is_right_or_missing(
        left in 0u32..200, top in 0u32..150,
        factor in 0.3f32..2.5,
        (turns, noise) in (0u32..4, 0i32..120),
        whole in any::<bool>(),
    ) {
        let picture = spoilt(left, top, factor, turns, noise);
        let effort = if whole { Effort::Whole } else { Effort::First };
        for text in texts(&picture, effort) {
            prop_assert_eq!(text, TEXT);
        }
    }

    #[test]
    fn noise_says_nothing(width in 1usize..160, height in 1usize..160, seed in any::<u64>(), levels in 2u64..256) {
        let value = |place: usize| {
            let mixed = (place as u64 ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            ((mixed >> 33) % levels * 255 / (levels - 1)) as u8
        };
        let picture = RgbImage::from_fn(width as u32, height as u32, |x, y| {
            let place = (y as usize * width + x as usize) * 3;
            Rgb([value(place), value(place + 1), value(place + 2)])
        });
        prop_assert!(texts(&picture, Effort::Whole).is_empty());
    }
}
