//! Codes as they stand on screens, and what is read off them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod drawing;

use std::time::{Duration, Instant};

use countersign_scan::{
    decode::{Content, Effort, Found, MAX_CODES, scan},
    grey::Grey,
    picture,
    pixels::Pixels,
};
use drawing::{BLACK, PEN, Pen, WHITE, draw, file, page, with_code};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, RgbaImage, imageops};
use qrcode::{
    EcLevel, QrCode, Version,
    bits::{Bits, ExtendedMode},
    types::Mode,
};
use zeroize::Zeroizing;

const URI: &str = "otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example";

fn pixels(picture: &RgbImage) -> Pixels {
    let rgb = Zeroizing::new(picture.as_raw().clone());
    Pixels::from_rgb(picture.width() as usize, picture.height() as usize, rgb).expect("it has pixels")
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn found(picture: &RgbImage) -> Vec<Found> {
    scan(&pixels(picture), Effort::First, soon())
}

fn texts(picture: &RgbImage) -> Vec<String> {
    let text = |code: Found| match code.content {
        Content::Text(text) => text.to_string(),
        _ => "(no text)".to_owned(),
    };
    found(picture).into_iter().map(text).collect()
}

fn code(text: &str) -> QrCode {
    QrCode::new(text).expect("it fits")
}

fn drawn(code: &QrCode, ground: Rgb<u8>, pen: Pen) -> RgbImage {
    let size = pen.x * 2 + (code.width() as u32 + 2 * pen.margin) * pen.module;
    let mut picture = page(size, size, ground);
    draw(&mut picture, code, pen);
    picture
}

#[test]
fn a_plain_code_is_read_with_its_corners() {
    let codes = found(&with_code(URI));
    assert_eq!(codes.len(), 1);
    let near = |corner: (f32, f32), x: f32, y: f32| (corner.0 - x).hypot(corner.1 - y) < 4.0;
    let (left, top) = (40.0 + 16.0, 30.0 + 16.0);
    let side = code(URI).width() as f32 * 4.0;
    let [a, b, c, d] = codes[0].corners;
    assert!(near(a, left, top) && near(b, left + side, top), "{:?}", codes[0].corners);
    assert!(near(c, left + side, top + side) && near(d, left, top + side), "{:?}", codes[0].corners);
}

/// Lays a shine over the picture, darkest at the left.
fn slope(picture: &RgbImage) -> RgbImage {
    let shine = |x: u32, value: u8| value.saturating_add((x * 150 / picture.width()) as u8);
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| Rgb(picture.get_pixel(x, y).0.map(|v| shine(x, v))))
}

#[test]
fn every_look_of_a_screen_is_read() {
    let grey = |value: u8| Rgb([value, value, value]);
    let rows = [
        ("inverted", drawn(&code(URI), BLACK, Pen { dark: WHITE, light: BLACK, ..PEN })),
        ("white on a dark card, light page", drawn(&code(URI), WHITE, Pen { dark: WHITE, light: grey(30), ..PEN })),
        ("no margin on white", drawn(&code(URI), WHITE, Pen { margin: 0, ..PEN })),
        ("one module of margin on a dark page", drawn(&code(URI), grey(32), Pen { margin: 1, ..PEN })),
        ("pale", drawn(&code(URI), WHITE, Pen { dark: grey(214), light: grey(236), ..PEN })),
        ("dim", drawn(&code(URI), BLACK, Pen { dark: grey(8), light: grey(40), ..PEN })),
        (
            "blue on yellow",
            drawn(&code(URI), WHITE, Pen { dark: Rgb([20, 40, 160]), light: Rgb([250, 230, 90]), ..PEN }),
        ),
        ("two pixels a module", drawn(&code(URI), WHITE, Pen { module: 2, ..PEN })),
        ("huge", drawn(&code(URI), WHITE, Pen { module: 23, ..PEN })),
        ("a quarter turn", imageops::rotate90(&with_code(URI))),
        ("on its head", imageops::rotate180(&with_code(URI))),
        ("three quarters of a turn", imageops::rotate270(&with_code(URI))),
        ("mirrored", imageops::flip_horizontal(&with_code(URI))),
        ("blurred", imageops::blur(&with_code(URI), 1.6)),
        ("1.9 pixels a module", imageops::resize(&with_code(URI), 190, 142, imageops::FilterType::Triangle)),
        ("very pale, on a slope", slope(&drawn(&code(URI), WHITE, Pen { dark: grey(60), light: grey(80), ..PEN }))),
        ("at 1.25 of its size", imageops::resize(&with_code(URI), 500, 375, imageops::FilterType::Triangle)),
    ];
    let unread: Vec<&str> = rows.iter().filter(|(_, picture)| texts(picture) != [URI]).map(|(look, _)| *look).collect();
    assert!(unread.is_empty(), "not read: {unread:?}");
}

#[test]
fn a_code_survives_a_video_call() {
    let mut jpeg = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 25);
    DynamicImage::ImageRgb8(with_code(URI)).write_with_encoder(encoder).unwrap();
    let picture = picture::decode(&jpeg).expect("a picture");
    assert_eq!(scan(&picture, Effort::First, soon()).len(), 1);
}

#[test]
fn two_codes_are_two_also_of_both_polarities() {
    let mut picture = page(900, 400, WHITE);
    draw(&mut picture, &code("first"), PEN);
    draw(&mut picture, &code("second"), Pen { x: 300, ..PEN });
    draw(&mut picture, &code("third"), Pen { x: 600, dark: WHITE, light: BLACK, ..PEN });
    let mut all = texts(&picture);
    all.sort();
    assert_eq!(all, ["first", "second", "third"]);
}

#[test]
fn the_same_text_in_two_places_is_two_codes() {
    let mut picture = page(700, 300, WHITE);
    draw(&mut picture, &code(URI), PEN);
    draw(&mut picture, &code(URI), Pen { x: 350, ..PEN });
    assert_eq!(texts(&picture), [URI, URI]);
}

#[test]
fn a_wall_of_codes_is_read_up_to_the_cap() {
    let mut picture = page(1260, 1260, WHITE);
    for n in 0..36 {
        draw(&mut picture, &code(&format!("wall {n:02}")), Pen { x: n % 6 * 205, y: n / 6 * 205, module: 6, ..PEN });
    }
    assert_eq!(found(&picture).len(), MAX_CODES);
}

#[test]
fn the_time_is_kept() {
    let grey = Grey::new(200, 200, (0..40_000).map(|i| (i * 7 % 256) as u8).collect()).unwrap();
    assert!(scan(&grey.into(), Effort::Whole, Instant::now()).is_empty());
}

#[test]
fn a_page_without_a_code_says_nothing() {
    let noise = |x: u32, y: u32| ((x * 7919 + y * 104_729 + x * y * 31) % 256) as u8;
    let mut picture = RgbImage::from_fn(400, 400, |x, y| Rgb([noise(x, y), noise(y, x), noise(x + y, x)]));
    assert!(texts(&picture).is_empty());
    picture = RgbImage::from_fn(400, 400, |x, y| if (x / 8 + y / 8) % 2 == 0 { BLACK } else { WHITE });
    assert!(texts(&picture).is_empty());
}

#[test]
fn three_squares_with_noise_between_them_say_nothing() {
    let mut picture = with_code(URI);
    let side = code(URI).width() as u32 * 4;
    for y in 0..side {
        for x in 0..side {
            let inside = |at: u32| (32..side - 32).contains(&at);
            if inside(x) || inside(y) || (x >= 32 && y >= 32) {
                let noise = (x / 4 * 7919 + y / 4 * 104_729 + x * y / 16 * 31) % 2;
                picture.put_pixel(56 + x, 46 + y, if noise == 0 { BLACK } else { WHITE });
            }
        }
    }
    assert!(texts(&picture).is_empty());
}

#[test]
fn the_largest_code_is_read() {
    let text = "0123456789abcdef".repeat(184) + "12345678"; // 2,952 bytes, version 40
    let code = QrCode::with_version(text.as_bytes(), Version::Normal(40), EcLevel::L).unwrap();
    assert_eq!(texts(&drawn(&code, WHITE, PEN)), [text]);
}

#[test]
fn other_character_sets_become_text() {
    assert_eq!(texts(&drawn(&code("ÅÄÖ – 日本"), WHITE, PEN)), ["ÅÄÖ – 日本"]);
    let named: [(u32, &[u8], &str); 4] = [
        (20, b"\x93\xfa\x96\x7b", "日本"),  // Shift-JIS
        (25, b"\0a\0\xe5\x65\xe5", "aå日"), // UTF-16, which is no worse as UTF-8
        (26, "å日".as_bytes(), "å日"),      // UTF-8
        (7, b"\xc2\xb5\xb6", "ТЕЖ"),        // ISO 8859-5
    ];
    for (set, bytes, text) in named {
        let mut bits = Bits::new(Version::Normal(3));
        bits.push_eci_designator(set).unwrap();
        bits.push_byte_data(bytes).unwrap();
        bits.push_terminator(EcLevel::M).unwrap();
        assert_eq!(texts(&drawn(&QrCode::with_bits(bits, EcLevel::M).unwrap(), WHITE, PEN)), [text], "set {set}");
    }
    let mut kanji = Bits::new(Version::Normal(3));
    kanji.push_kanji_data(b"\x93\xfa\x96\x7b").unwrap();
    kanji.push_terminator(EcLevel::M).unwrap();
    assert_eq!(texts(&drawn(&QrCode::with_bits(kanji, EcLevel::M).unwrap(), WHITE, PEN)), ["日本"]);
}

#[test]
fn bytes_are_one_character_each() {
    let code = QrCode::new([0u8, 0xff, 0xfe, 1, 2, 0x80, 0x81, 0]).unwrap();
    let expected = Content::Bytes(Zeroizing::new("\0ÿþ\u{1}\u{2}\u{80}\u{81}\0".to_owned()));
    assert!(found(&drawn(&code, WHITE, PEN))[0].content == expected);
}

#[test]
fn a_part_of_a_text_is_not_given_as_the_text() {
    // Its header is the mode and four more nibbles: this is part 2 of 2, then two of parity.
    let mut bits = Bits::new(Version::Normal(3));
    for nibble in [ExtendedMode::StructuredAppend, ONE, ONE, ONE, ONE] {
        bits.push_mode_indicator(nibble).unwrap();
    }
    bits.push_byte_data(b"otpauth://totp/x?secret=JBSW").unwrap();
    bits.push_terminator(EcLevel::M).unwrap();
    let codes = found(&drawn(&QrCode::with_bits(bits, EcLevel::M).unwrap(), WHITE, PEN));
    assert!(codes[0].content == Content::Part { number: 2, of: 2 });
}

const ONE: ExtendedMode = ExtendedMode::Data(Mode::Numeric);

#[test]
fn every_format_is_read_and_transparency_is_seen_through() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Pnm] {
        let picture = picture::decode(&file(&with_code(URI), format)).expect("a picture");
        assert_eq!(scan(&picture, Effort::First, soon()).len(), 1, "{format:?}");
    }
    for ink in [0, 255] {
        let opaque = with_code(URI);
        let clear = |x, y| image::Rgba([ink, ink, ink, 255 - opaque.get_pixel(x, y)[0]]);
        let clear = RgbaImage::from_fn(opaque.width(), opaque.height(), clear);
        let picture = Pixels::from_rgba(clear.width() as usize, clear.height() as usize, &clear).unwrap();
        assert_eq!(scan(&picture, Effort::First, soon()).len(), 1, "ink {ink}");
    }
}
