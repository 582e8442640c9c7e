//! The categories, in the order of what goes wrong: the page, the code's own look, its size, what lies over it, what
//! happened to the picture.

use qrcode::{EcLevel, QrCode, Version, bits::Bits};

use crate::{
    Sample,
    canvas::{Canvas, Colour, grey},
    code::{Code, Look, PLAIN, Place, Shape, dark_page, like_in_light},
    random::Random,
};

/// Draws one picture of a category.
type Draw = fn(&mut Random) -> Sample;

/// All categories.
pub(crate) const CATEGORIES: &[(&str, Draw)] = &[
    ("plain-light", plain_light),
    ("plain-dark", plain_dark),
    ("no-quiet-zone", no_quiet_zone),
    ("inverted", inverted),
    ("multi", multi),
    ("easy-and-hard", easy_and_hard),
    ("clutter", clutter),
    ("coloured", coloured),
    ("hue-only", hue_only),
    ("low-contrast", low_contrast),
    ("logo", logo),
    ("styled-dots", styled_dots),
    ("styled-rounded", styled_rounded),
    ("version-20", version_20),
    ("character-sets", character_sets),
    ("tiny-2px", tiny_2px),
    ("tiny-frac", tiny_frac),
    ("huge", huge),
    ("scale-1.25", |random| fractional_scale(random, 1.25)),
    ("scale-1.5", |random| fractional_scale(random, 1.5)),
    ("scale-1.75", |random| fractional_scale(random, 1.75)),
    ("subpixel", subpixel),
    ("turned", turned),
    ("perspective", perspective),
    ("mirrored", mirrored),
    ("cursor", cursor),
    ("window-edge", window_edge),
    ("blot", blot),
    ("glare", glare),
    ("shade", shade),
    ("jpeg-call", jpeg_call),
    ("blur-upscaled", blur_upscaled),
    ("noise", noise),
    ("none", none),
];

/// An account as a page shows it.
fn text(random: &mut Random) -> String {
    let issuer = random.one(&["GitHub", "Example", "Contoso", "Hetzner", "Mastodon", "Bank"]);
    let name = random.one(&["alice", "bob@example.org", "carol.mustermann", "root%40cluster"]);
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let length = random.one(&[16, 16, 26, 32]);
    let secret: String = (0..length).map(|_| char::from(random.one(letters))).collect();
    format!("otpauth://totp/{issuer}:{name}?secret={secret}&issuer={issuer}")
}

fn level(random: &mut Random) -> EcLevel {
    random.one(&[EcLevel::L, EcLevel::M, EcLevel::M, EcLevel::Q])
}

/// A page with a code in its middle.
fn page(random: &mut Random, ground: Colour, look: Look, module: f32) -> Sample {
    let level = level(random);
    page_of(random, ground, level, look, module)
}

fn page_of(random: &mut Random, ground: Colour, level: EcLevel, look: Look, module: f32) -> Sample {
    let text = text(random);
    let code = Code::new(text.as_bytes(), level, look);
    let side = ((code.size as f32 + 2.0 * look.margin) * module).ceil() as usize + 40;
    let (width, height) = (side + random.below(40), side + random.below(20));
    let mut canvas = Canvas::new(width, height, ground);
    let corner = 20.0 + look.margin * module;
    code.draw(&mut canvas, Place::at(corner, corner, module));
    Sample { canvas, texts: vec![text], photo: false }
}

fn plain_light(random: &mut Random) -> Sample {
    let module = random.one(&[3.0, 4.0, 5.0]);
    page(random, grey(255.0), PLAIN, module)
}

fn plain_dark(random: &mut Random) -> Sample {
    let module = random.one(&[3.0, 4.0, 5.0]);
    page(random, dark_page(), PLAIN, module)
}

fn no_quiet_zone(random: &mut Random) -> Sample {
    let module = random.between(3.0, 6.0);
    let ground = random.one(&[dark_page(), grey(0.0), [30.0, 35.0, 60.0], grey(50.0)]);
    let margin = random.one(&[0.0, 0.0, 0.3]);
    page(random, ground, Look { margin, ..PLAIN }, module)
}

fn inverted(random: &mut Random) -> Sample {
    let look = Look { dark: grey(random.between(200.0, 255.0)), light: grey(random.between(0.0, 40.0)), ..PLAIN };
    let module = random.between(3.0, 5.0);
    page(random, look.light, look, module)
}

fn multi(random: &mut Random) -> Sample {
    let mut canvas = Canvas::new(620, 320, grey(245.0));
    let texts: Vec<String> = (0..3).map(|_| text(random)).collect();
    for (place, text) in texts.iter().enumerate() {
        let look = if place == 1 { Look { dark: PLAIN.light, light: PLAIN.dark, ..PLAIN } } else { PLAIN };
        let code = Code::new(text.as_bytes(), EcLevel::L, look);
        code.draw(&mut canvas, Place::at(20.0 + 200.0 * place as f32, 40.0 + 30.0 * place as f32, 3.5));
    }
    Sample { canvas, texts, photo: false }
}

/// An ordinary code, and one beside it that the first step does not read.
fn easy_and_hard(random: &mut Random) -> Sample {
    let mut canvas = Canvas::new(560, 280, grey(255.0));
    let (easy, hard) = (text(random), text(random));
    Code::new(easy.as_bytes(), EcLevel::M, PLAIN).draw(&mut canvas, Place::at(25.0, 30.0, 4.0));
    canvas.rectangle([270.0, 0.0, 560.0, 280.0], dark_page());
    let pale = Look { dark: grey(60.0), light: grey(78.0), ..PLAIN };
    let look = random.one(&[Look { margin: 0.0, ..PLAIN }, pale]);
    Code::new(hard.as_bytes(), EcLevel::M, look).draw(&mut canvas, Place::at(320.0, 40.0, 4.0));
    Sample { canvas, texts: vec![easy, hard], photo: false }
}

fn clutter(random: &mut Random) -> Sample {
    let mut canvas = Canvas::new(460, 380, grey(252.0));
    canvas.print([8.0, 8.0, 452.0, 372.0], grey(70.0), random);
    for row in 0..6 {
        for column in 0..4 {
            let (x, y) = (8.0 + 13.0 * column as f32, 40.0 + 13.0 * row as f32);
            canvas.rectangle([x, y, x + 9.0, y + 9.0], grey(20.0));
            canvas.rectangle([x + 2.0, y + 2.0, x + 7.0, y + 7.0], grey(240.0));
            canvas.rectangle([x + 3.0, y + 3.0, x + 6.0, y + 6.0], grey(20.0));
        }
    }
    let text = text(random);
    Code::new(text.as_bytes(), EcLevel::M, PLAIN).draw(&mut canvas, Place::at(170.0, 90.0, 4.0));
    Sample { canvas, texts: vec![text], photo: false }
}

fn coloured(random: &mut Random) -> Sample {
    let (dark, light) = random.one(&[
        ([20.0, 40.0, 160.0], [250.0, 230.0, 90.0]),
        ([130.0, 0.0, 120.0], [180.0, 240.0, 200.0]),
        ([0.0, 110.0, 90.0], [255.0, 190.0, 160.0]),
        ([200.0, 30.0, 30.0], [255.0, 255.0, 255.0]),
    ]);
    let module = random.between(3.0, 5.0);
    page(random, grey(255.0), Look { dark, light, ..PLAIN }, module)
}

fn hue_only(random: &mut Random) -> Sample {
    let (red, green) = like_in_light(random.between(150.0, 255.0));
    let look = Look { dark: red, light: green, ..PLAIN };
    page(random, green, look, 4.0)
}

fn low_contrast(random: &mut Random) -> Sample {
    let middle = random.between(40.0, 220.0);
    let depth = random.between(4.0, 9.0);
    let look = Look { dark: grey(middle - depth), light: grey(middle + depth), ..PLAIN };
    let module = random.between(3.0, 5.0);
    let ground = random.one(&[grey(255.0), dark_page()]);
    page(random, ground, look, module)
}

fn logo(random: &mut Random) -> Sample {
    let look = Look { logo: random.between(0.18, 0.26), ..PLAIN };
    page_of(random, grey(255.0), EcLevel::H, look, 4.0)
}

fn styled_dots(random: &mut Random) -> Sample {
    let module = random.between(3.0, 6.0);
    page_of(random, grey(255.0), EcLevel::Q, Look { shape: Shape::Dot, ..PLAIN }, module)
}

fn styled_rounded(random: &mut Random) -> Sample {
    let module = random.between(3.5, 6.0);
    let dark = random.one(&[grey(0.0), [80.0, 30.0, 140.0], [0.0, 90.0, 120.0]]);
    page_of(random, grey(255.0), EcLevel::Q, Look { shape: Shape::Round, dark, ..PLAIN }, module)
}

fn version_20(random: &mut Random) -> Sample {
    let data: String = (0..560).map(|_| char::from(random.one(b"ABCDEFGHabcdefgh0123456789%+"))).collect();
    let text = format!("otpauth-migration://offline?data={data}");
    let code = QrCode::with_version(text.as_bytes(), Version::Normal(20), EcLevel::M).expect("it fits");
    let mut canvas = Canvas::new(340, 340, grey(255.0));
    Code::of(&code, PLAIN).draw(&mut canvas, Place::at(20.0, 20.0, random.between(2.9, 3.0)));
    Sample { canvas, texts: vec![text], photo: false }
}

/// Bytes, Kanji, and character sets that are named.
fn character_sets(random: &mut Random) -> Sample {
    let rows: [(Option<u32>, &[u8], &str); 3] = [
        (Some(20), b"\x93\xfa\x96\x7b", "日本"),
        (Some(9), b"\xc1\xe2\xe3", "Αβγ"),
        (None, b"\x01\xff\xfe\x80\x81\x02", "\u{1}ÿþ\u{80}\u{81}\u{2}"),
    ];
    let mut canvas = Canvas::new(560, 200, grey(255.0));
    for (place, (set, bytes, _)) in rows.into_iter().enumerate() {
        let mut bits = Bits::new(Version::Normal(2));
        if let Some(set) = set {
            bits.push_eci_designator(set).expect("a set");
        }
        bits.push_byte_data(bytes).expect("it fits");
        bits.push_terminator(EcLevel::M).expect("it fits");
        let code = QrCode::with_bits(bits, EcLevel::M).expect("it fits");
        let x = 25.0 + 180.0 * place as f32;
        Code::of(&code, PLAIN).draw(&mut canvas, Place::at(x, 25.0, random.between(4.0, 5.0)));
    }
    Sample { canvas, texts: rows.map(|(_, _, text)| text.to_owned()).to_vec(), photo: false }
}

fn tiny_2px(random: &mut Random) -> Sample {
    page(random, grey(255.0), PLAIN, 2.0)
}

fn tiny_frac(random: &mut Random) -> Sample {
    let module = random.between(1.5, 1.9);
    page(random, grey(255.0), PLAIN, module)
}

fn huge(random: &mut Random) -> Sample {
    let module = random.between(24.0, 32.0);
    page(random, grey(255.0), PLAIN, module)
}

/// A page that was drawn at its own size and blown up by the compositor.
fn fractional_scale(random: &mut Random, factor: f32) -> Sample {
    let module = random.one(&[2.0, 3.0]);
    let mut sample = page(random, grey(255.0), Look { smooth: false, ..PLAIN }, module);
    let smooth = random.below(2) == 0;
    sample.canvas.scale(factor, smooth);
    sample
}

fn subpixel(random: &mut Random) -> Sample {
    let text = text(random);
    let code = Code::new(text.as_bytes(), EcLevel::M, PLAIN);
    let module = random.between(1.9, 3.2);
    let side = ((code.size + 8) as f32 * module).ceil() as usize + 20;
    let mut canvas = Canvas::new(side * 3, side * 3, grey(255.0));
    code.draw(&mut canvas, Place::at(30.0 + 12.0 * module, 30.0 + 12.0 * module, module * 3.0));
    Sample { canvas: canvas.to_subpixels(), texts: vec![text], photo: false }
}

fn turned(random: &mut Random) -> Sample {
    let angle = random.one(&[5.0, 15.0, 30.0, 45.0, 80.0, 180.0]) + random.between(-3.0, 3.0);
    let text = text(random);
    let code = Code::new(text.as_bytes(), EcLevel::M, PLAIN);
    let module = random.between(3.0, 5.0);
    let side = (code.size + 8) as f32 * module * 1.5;
    let mut canvas = Canvas::new(side as usize, side as usize, grey(255.0));
    let corner = (side - code.size as f32 * module) / 2.0;
    code.draw(&mut canvas, Place { angle, ..Place::at(corner, corner, module) });
    Sample { canvas, texts: vec![text], photo: false }
}

fn perspective(random: &mut Random) -> Sample {
    let text = text(random);
    let code = Code::new(text.as_bytes(), EcLevel::M, PLAIN);
    let side = (code.size + 8) as f32 * 5.0 * 1.5;
    let mut canvas = Canvas::new(side as usize, side as usize, grey(230.0));
    let corner = (side - code.size as f32 * 5.0) / 2.0;
    let (tilt, angle) = (random.between(0.15, 0.3) * random.one(&[1.0, -1.0]), random.between(-10.0, 10.0));
    code.draw(&mut canvas, Place { angle, tilt, ..Place::at(corner, corner, 5.0) });
    Sample { canvas, texts: vec![text], photo: false }
}

/// As a camera shows to the person in front of it.
fn mirrored(random: &mut Random) -> Sample {
    let mut sample = page(random, grey(255.0), PLAIN, 4.0);
    sample.canvas.mirror();
    sample
}

/// An arrow over one of the corner squares.
fn cursor(random: &mut Random) -> Sample {
    let level = random.one(&[EcLevel::M, EcLevel::Q]);
    let mut sample = page_of(random, grey(255.0), level, PLAIN, 5.0);
    let far = (sample.canvas.width.min(sample.canvas.height)) as f32 - 80.0;
    let (x, y) = random.one(&[(50.0, 46.0), (far, 50.0), (46.0, far)]);
    let (x, y) = (x + random.between(-6.0, 8.0), y + random.between(-6.0, 8.0));
    sample.canvas.paint(true, |px, py| arrow(px - x, py - y, 1.4));
    sample
}

/// A pointer as desktops draw it: black with a white rim, its tip at the origin.
fn arrow(x: f32, y: f32, scale: f32) -> Option<Colour> {
    let (x, y) = (x / scale, y / scale);
    let inside = |rim: f32| {
        let head = x >= -rim && y >= x - rim * 1.5 && y <= 17.0 + rim && x + y * 0.9 <= 17.5 + rim;
        let tail = (x - y * 0.42 + 1.0).abs() <= 1.6 + rim && (9.0..=20.0 + rim).contains(&y);
        head || tail
    };
    if inside(0.0) {
        Some(grey(0.0))
    } else if inside(1.2) {
        Some(grey(255.0))
    } else {
        None
    }
}

/// A window over one side, down to the middle of a corner square.
fn window_edge(random: &mut Random) -> Sample {
    let module = random.between(4.0, 5.0);
    let mut sample = page_of(random, grey(255.0), EcLevel::H, PLAIN, module);
    let (width, height) = (sample.canvas.width as f32, sample.canvas.height as f32);
    let depth = 20.0 + (4.0 + random.between(1.0, 2.4)) * module;
    let side = random.one(&[[0.0, 0.0, depth, height], [0.0, 0.0, width, depth]]);
    sample.canvas.rectangle(side, random.one(&[grey(60.0), grey(225.0)]));
    sample
}

/// Something over the middle.
fn blot(random: &mut Random) -> Sample {
    let mut sample = page_of(random, grey(255.0), EcLevel::Q, PLAIN, 4.0);
    let (x, y) = (sample.canvas.width as f32 * random.between(0.45, 0.7), sample.canvas.height as f32 * 0.55);
    let colour = random.one(&[grey(128.0), grey(255.0), [240.0, 180.0, 40.0]]);
    sample.canvas.paint(true, |px, py| ((px - x).hypot(py - y) < 18.0).then_some(colour));
    sample
}

/// A lamp in a shiny screen.
fn glare(random: &mut Random) -> Sample {
    let mut sample = page(random, grey(235.0), Look { dark: grey(30.0), light: grey(220.0), ..PLAIN }, 5.0);
    let (width, height) = (sample.canvas.width as f32, sample.canvas.height as f32);
    let (x, y) = (width * random.between(0.25, 0.75), height * random.between(0.25, 0.75));
    let (reach, strength) = (width * random.between(0.2, 0.3), random.between(170.0, 220.0));
    sample.canvas.map(|px, py, value| {
        (value + strength * (-((px - x).powi(2) + (py - y).powi(2)) / reach.powi(2)).exp()).min(255.0)
    });
    sample.canvas.blur(0.6);
    sample
}

/// A shadow across the picture of a screen.
fn shade(random: &mut Random) -> Sample {
    let mut sample = page(random, grey(255.0), PLAIN, 4.0);
    let (slope, edge) = (random.between(0.3, 1.0), sample.canvas.width as f32 * random.between(0.7, 1.0));
    sample.canvas.map(|x, y, value| if x + y * slope < edge { value } else { value * 0.3 + 8.0 });
    sample.canvas.blur(0.8);
    sample
}

fn jpeg_call(random: &mut Random) -> Sample {
    let module = random.between(3.5, 5.0);
    let mut sample = page(random, grey(240.0), PLAIN, module);
    sample.canvas.scale(random.between(0.7, 0.85), true);
    sample.canvas.jpeg(random.one(&[15, 20, 30]));
    sample
}

fn blur_upscaled(random: &mut Random) -> Sample {
    let module = random.between(2.2, 2.8);
    let mut sample = page(random, grey(255.0), PLAIN, module);
    sample.canvas.blur(random.between(0.7, 1.0));
    sample.canvas.scale(random.between(1.5, 2.2), true);
    sample
}

fn noise(random: &mut Random) -> Sample {
    let mut sample = page(random, grey(200.0), Look { dark: grey(50.0), light: grey(190.0), ..PLAIN }, 4.0);
    sample.canvas.noise(random.between(60.0, 95.0), random);
    Sample { photo: true, ..sample }
}

/// What looks like a code and is none.
fn none(random: &mut Random) -> Sample {
    let mut sample = page(random, grey(255.0), PLAIN, 4.0);
    sample.texts.clear();
    match random.below(3) {
        0 => sample.canvas.blur(7.0), // the code that a page shows when it has expired
        1 => {
            // Corner squares with noise between them.
            let (width, height) = (sample.canvas.width as f32, sample.canvas.height as f32);
            for _ in 0..900 {
                let (x, y) = (random.between(70.0, width - 30.0), random.between(70.0, height - 30.0));
                let ink = random.one(&[grey(0.0), grey(255.0)]);
                sample.canvas.rectangle([x, y, x + 4.0, y + 4.0], ink);
            }
        }
        _ => {
            // A page of small print, and of squares as icons have them.
            sample.canvas = Canvas::new(240, 200, grey(255.0));
            sample.canvas.print([4.0, 4.0, 236.0, 196.0], grey(0.0), random);
            for (x, y) in [(20.0, 20.0), (160.0, 20.0), (20.0, 130.0), (160.0, 130.0)] {
                for (rim, ink) in [(0.0, grey(0.0)), (4.0, grey(255.0)), (8.0, grey(0.0))] {
                    sample.canvas.rectangle([x + rim, y + rim, x + 28.0 - rim, y + 28.0 - rim], ink);
                }
            }
        }
    }
    sample
}
