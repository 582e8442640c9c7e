//! A code and the ways a page may draw it.

use qrcode::{Color, EcLevel, QrCode};

use crate::canvas::{Canvas, Colour, grey};

/// A code to draw.
#[derive(Clone)]
pub(crate) struct Code {
    modules: Vec<bool>,
    pub(crate) size: usize,
    pub(crate) look: Look,
}

/// How it is drawn.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    pub(crate) dark: Colour,
    pub(crate) light: Colour,
    /// Modules of margin.
    pub(crate) margin: f32,
    pub(crate) shape: Shape,
    /// Side of a logo in the middle, as a share of the code's.
    pub(crate) logo: f32,
    pub(crate) smooth: bool,
}

/// The shape of a module.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    Square,
    /// Discs that do not touch.
    Dot,
    /// Round corners, also of the corner squares.
    Round,
}

/// Where it is drawn: how a point of the picture becomes one of the code, in modules.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// Upper left corner of the code, without its margin.
    pub(crate) x: f32,
    pub(crate) y: f32,
    /// Pixels a module.
    pub(crate) module: f32,
    /// Turned around the middle, in degrees.
    pub(crate) angle: f32,
    /// How much nearer the lower right corner is, as seen by a camera.
    pub(crate) tilt: f32,
}

/// Black on white as the standard has it.
pub(crate) const PLAIN: Look =
    Look { dark: [0.0; 3], light: [255.0; 3], margin: 4.0, shape: Shape::Square, logo: 0.0, smooth: true };

impl Place {
    pub(crate) fn at(x: f32, y: f32, module: f32) -> Self {
        Self { x, y, module, angle: 0.0, tilt: 0.0 }
    }

    fn to_modules(self, x: f32, y: f32, size: f32) -> (f32, f32) {
        let half = size / 2.0;
        let (x, y) = ((x - self.x) / self.module - half, (y - self.y) / self.module - half);
        let (sin, cos) = self.angle.to_radians().sin_cos();
        let (x, y) = (x * cos + y * sin, y * cos - x * sin);
        let depth = 1.0 + self.tilt * (x + y * 0.6) / size;
        (x / depth + half, y / depth + half)
    }
}

impl Code {
    pub(crate) fn new(text: &[u8], level: EcLevel, look: Look) -> Self {
        Self::of(&QrCode::with_error_correction_level(text, level).expect("it fits"), look)
    }

    pub(crate) fn of(code: &QrCode, look: Look) -> Self {
        let modules = code.to_colors().into_iter().map(|colour| colour == Color::Dark).collect();
        Self { modules, size: code.width(), look }
    }

    /// Draws it.
    pub(crate) fn draw(&self, canvas: &mut Canvas, place: Place) {
        let size = self.size as f32;
        canvas.paint(self.look.smooth, |x, y| {
            let (u, v) = place.to_modules(x, y, size);
            let margin = self.look.margin;
            let inside = u >= -margin && v >= -margin && u < size + margin && v < size + margin;
            inside.then(|| self.colour(u, v))
        });
    }

    /// The colour at a point, in modules.
    fn colour(&self, u: f32, v: f32) -> Colour {
        let from_middle = (u - self.size as f32 / 2.0).abs().max((v - self.size as f32 / 2.0).abs());
        let logo = self.look.logo * self.size as f32 / 2.0;
        if from_middle < logo {
            return if from_middle < logo * 0.8 { [200.0, 60.0, 40.0] } else { self.look.light };
        }
        if self.is_ink(u, v) { self.look.dark } else { self.look.light }
    }

    fn is_ink(&self, u: f32, v: f32) -> bool {
        if self.look.shape == Shape::Round
            && let Some((u, v)) = self.in_corner(u, v)
        {
            return is_round_square(u, v);
        }
        if !self.is_dark(u, v) {
            return false;
        }
        let (x, y) = (u - u.floor() - 0.5, v - v.floor() - 0.5);
        match self.look.shape {
            Shape::Square => true,
            Shape::Dot => self.in_corner(u, v).is_some() || x.hypot(y) < 0.43,
            Shape::Round => {
                let to_side = self.is_dark(u + x.signum(), v) || self.is_dark(u, v + y.signum());
                to_side || x.hypot(y) < 0.5
            }
        }
    }

    fn is_dark(&self, u: f32, v: f32) -> bool {
        let inside = u >= 0.0 && v >= 0.0 && u < self.size as f32 && v < self.size as f32;
        inside && self.modules[v as usize * self.size + u as usize]
    }

    /// The place within a corner square, from its middle.
    fn in_corner(&self, u: f32, v: f32) -> Option<(f32, f32)> {
        let far = self.size as f32 - 3.5;
        [(3.5, 3.5), (far, 3.5), (3.5, far)]
            .into_iter()
            .map(|(x, y)| (u - x, v - y))
            .find(|(x, y)| x.abs() < 3.5 && y.abs() < 3.5)
    }
}

/// A corner square whose ring and core have round corners.
fn is_round_square(u: f32, v: f32) -> bool {
    let within = |side: f32, radius: f32| {
        let (x, y) = ((u.abs() - side + radius).max(0.0), (v.abs() - side + radius).max(0.0));
        x.hypot(y) <= radius
    };
    within(1.5, 0.8) || (within(3.5, 1.8) && !within(2.5, 1.2))
}

/// A pair of inks that are as light as each other and differ in hue.
pub(crate) fn like_in_light(red: f32) -> (Colour, Colour) {
    // 306 R + 601 G is the same for both.
    ([red, 0.0, 40.0], [0.0, red * 306.0 / 601.0, 40.0])
}

/// The page of a dark theme.
pub(crate) fn dark_page() -> Colour {
    grey(24.0)
}
