//! Samples a code's modules on the grey picture, where a bit a pixel says too little: modules of two pixels or of a broken
//! number of them, pale ink, a logo in the way.
//!
//! All that is known are the middles of the three corner squares. The size is the one at which both timing lines
//! alternate best; the grid is the parallelogram that the squares span, and a bent one where the alignment pattern at the
//! fourth corner tells its place.

use rxing::common::BitMatrix;
use zeroize::Zeroizing;

use super::{Content, Found, Point, bits, projection::Projection, view::View};

/// The three corner squares of a code.
#[derive(Clone, Copy)]
pub(super) struct Squares {
    /// Middle of the top left one.
    pub(super) top_left: Point,
    /// Middle of the top right one.
    pub(super) top_right: Point,
    /// Middle of the bottom left one.
    pub(super) bottom_left: Point,
    /// Side of a module in pixels.
    pub(super) module: f32,
}

/// Reads the code with these squares.
pub(super) fn read(view: View, squares: Squares) -> Option<Found> {
    likely_sizes(view, squares).into_iter().find_map(|size| {
        let grids = grids(view, squares, size);
        grids.iter().find_map(|grid| {
            let modules = Modules::sample(view, grid, size, squares.module);
            let content = modules.decode(squares.module)?;
            Some(Found { content, corners: corners(grid, size) })
        })
    })
}

/// Says how well the timing lines of these squares alternate at the best size: 1 is perfectly, `None` not enough for a
/// code.
pub(super) fn likelihood(view: View, squares: Squares) -> Option<f32> {
    alternations(view, squares).first().map(|(score, _)| *score)
}

/// Returns the at most two sizes at which the timing lines alternate best, best first.
fn likely_sizes(view: View, squares: Squares) -> Vec<usize> {
    alternations(view, squares).into_iter().take(2).map(|(_, size)| size).collect()
}

/// Says whether two corners at least look like corner squares: the outer ring is about as dark as the core, the one
/// between is light. The third may be covered. Most wrong guesses end here, before they cost much.
fn are_squares(view: View, squares: Squares) -> bool {
    let Squares { top_left, top_right, bottom_left, module } = squares;
    let across = step(top_left, top_right, length(top_left, top_right) / module);
    let down = step(top_left, bottom_left, length(top_left, bottom_left) / module);
    let is_square = |corner: &Point| {
        let (mut core, mut ring, mut outer) = (0.0, 0.0, 0.0);
        for (i, j) in (-3i8..=3).flat_map(|i| (-3i8..=3).map(move |j| (i, j))) {
            let (x, y) = (f32::from(i), f32::from(j));
            let place = (corner.0 + across.0 * x + down.0 * y, corner.1 + across.1 * x + down.1 * y);
            let value = view.light(place);
            match i.abs().max(j.abs()) {
                0 | 1 => core += value / 9.0,
                2 => ring += value / 16.0,
                _ => outer += value / 24.0,
            }
        }
        ring > core && outer < core + (ring - core) * MOST_OUTER
    };
    [top_left, top_right, bottom_left].iter().filter(|corner| is_square(corner)).count() >= 2
}

/// Returns the sizes at which the timing lines alternate, and how well, best first.
fn alternations(view: View, squares: Squares) -> Vec<(f32, usize)> {
    if !are_squares(view, squares) {
        return Vec::new();
    }
    let arms = length(squares.top_left, squares.top_right) + length(squares.top_left, squares.bottom_left);
    let guess = arms / 2.0 / squares.module.max(0.5) + 7.0;
    let near = |size: &usize| (guess * 0.8 - 3.0..guess * 1.25 + 3.0).contains(&(*size as f32));
    let grid = parallelogram(squares);
    let mut sizes: Vec<(f32, usize)> = (1..=40)
        .map(|version| 17 + 4 * version)
        .filter(near)
        .map(|size| (alternation(view, &grid, size), size))
        .filter(|(score, _)| *score >= LEAST_ALTERNATION)
        .collect();
    sizes.sort_by(|one, other| other.0.total_cmp(&one.0));
    sizes
}

/// Says how well the two timing lines alternate at a size: 1 is perfectly.
fn alternation(view: View, grid: &Projection, size: usize) -> f32 {
    let (mut alternating, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for place in 8..size - 8 {
        for (x, y) in [(place, 6), (6, place)] {
            let value = view.light(middle(grid, size, x as f32, y as f32));
            alternating += if place % 2 == 0 { -value } else { value }; // even modules are dark
            sum += value;
            squares += value * value;
        }
    }
    let count = 2.0 * (size - 16) as f32;
    alternating / count / deviation(sum, squares, count).max(1.0)
}

/// Returns the grids to try: the bent one first, where there is one.
fn grids(view: View, squares: Squares, size: usize) -> Vec<Projection> {
    let plain = parallelogram(squares);
    let bent = (size > SMALLEST)
        .then(|| alignment(view, &plain, squares, size))
        .flatten()
        .map(|place| bend(squares, size, place));
    bent.into_iter().chain([plain]).collect()
}

fn parallelogram(squares: Squares) -> Projection {
    let Squares { top_left: a, top_right: b, bottom_left: c, .. } = squares;
    Projection::onto([a, b, (b.0 + c.0 - a.0, b.1 + c.1 - a.1), c])
}

/// Looks for the alignment pattern at the fourth corner: a dark module in a light ring in a dark one.
///
/// `None` where it stands where the plain grid has it, or nowhere near.
fn alignment(view: View, plain: &Projection, squares: Squares, size: usize) -> Option<Point> {
    let span = (size - 7) as f32;
    let across = step(squares.top_left, squares.top_right, span);
    let down = step(squares.top_left, squares.bottom_left, span);
    let at = |from: Point, x: f32, y: f32| (from.0 + across.0 * x + down.0 * y, from.1 + across.1 * x + down.1 * y);
    let expected = middle(plain, size, span, span);
    let reach = ((size as f32 * 0.12).clamp(2.0, 9.0) / SEARCH_STEP) as i32;
    let mut best = (LEAST_LIKENESS, None);
    for (row, column) in (-reach..=reach).flat_map(|row| (-reach..=reach).map(move |column| (row, column))) {
        let (x, y) = (column as f32 * SEARCH_STEP, row as f32 * SEARCH_STEP);
        let place = at(expected, x, y);
        let likeness = likeness(|i, j| view.light(at(place, i, j))) - 0.01 * x.hypot(y);
        if likeness > best.0 {
            best = (likeness, (x.hypot(y) > 0.3).then_some(place));
        }
    }
    best.1
}

/// Says how much 5 × 5 modules look like an alignment pattern: 1 is exactly.
fn likeness(module: impl Fn(f32, f32) -> f32) -> f32 {
    let (mut dark, mut bright, mut squares) = (0.0, 0.0, 0.0);
    for (i, j) in (-2i8..=2).flat_map(|i| (-2i8..=2).map(move |j| (i, j))) {
        let value = module(f32::from(i), f32::from(j));
        squares += value * value;
        if i.abs().max(j.abs()) == 1 { bright += value } else { dark += value }
    }
    (bright / 8.0 - dark / 17.0) / (2.0 * deviation(dark + bright, squares, 25.0).max(2.0))
}

/// Returns the grid whose alignment pattern lies at `place`.
fn bend(squares: Squares, size: usize, place: Point) -> Projection {
    let Squares { top_left: a, top_right: b, bottom_left: c, .. } = squares;
    let mut fourth = (b.0 + c.0 - a.0, b.1 + c.1 - a.1);
    let span = (size - 7) as f32;
    for _ in 0..12 {
        let now = middle(&Projection::onto([a, b, fourth, c]), size, span, span);
        fourth = (fourth.0 + place.0 - now.0, fourth.1 + place.1 - now.1);
    }
    Projection::onto([a, b, fourth, c])
}

/// How light each module is.
struct Modules {
    size: usize,
    light: Zeroizing<Vec<f32>>,
}

impl Modules {
    fn sample(view: View, grid: &Projection, size: usize, module: f32) -> Self {
        let points: &[(f32, f32)] = if module > 3.0 { &SPOT } else { &SPOT[..1] };
        let value = |place: usize| {
            let (x, y) = ((place % size) as f32, (place / size) as f32);
            let sum: f32 = points.iter().map(|(i, j)| view.light(middle(grid, size, x + i, y + j))).sum();
            sum / points.len() as f32
        };
        Self { size, light: Zeroizing::new((0..size * size).map(value).collect()) }
    }

    /// Tells dark from light in four ways, until one gives a code.
    fn decode(&self, module: f32) -> Option<Content> {
        let plane = self.plane();
        self.decode_below(&self.light, &plane)
            .or_else(|| self.decode_below(&self.light, |x, y| self.mean_around(x, y)))
            .or_else(|| self.decode_below(&self.light, |x, y| self.middle_around(x, y)))
            .or_else(|| (module < BLURRED).then(|| self.decode_below(&self.sharpened(), &plane)).flatten())
    }

    fn decode_below(&self, light: &[f32], threshold: impl Fn(usize, usize) -> f32) -> Option<Content> {
        let mut modules = BitMatrix::with_single_dimension(self.size as u32).ok()?;
        for (place, value) in light.iter().enumerate() {
            let (x, y) = (place % self.size, place / self.size);
            if *value < threshold(x, y) {
                modules.set(x as u32, y as u32);
            }
        }
        bits::decode_quickly(&modules)
    }

    /// Returns the plane through the middle levels of the three squares.
    fn plane(&self) -> impl Fn(usize, usize) -> f32 + use<> {
        let far = self.size - 4;
        let (a, b, c) = (self.level(3, 3), self.level(far, 3), self.level(3, far));
        let span = (self.size - 7) as f32;
        move |x, y| a + (b - a) * (x as f32 - 3.0) / span + (c - a) * (y as f32 - 3.0) / span
    }

    /// Returns the middle between the dark and the light of a corner square.
    fn level(&self, x: usize, y: usize) -> f32 {
        let (mut dark, mut bright) = (0.0, 0.0);
        for (row, column) in (y - 3..=y + 3).flat_map(|row| (x - 3..=x + 3).map(move |column| (row, column))) {
            let value = self.light[row * self.size + column];
            if row.abs_diff(y).max(column.abs_diff(x)) == 2 { bright += value / 16.0 } else { dark += value / 33.0 }
        }
        f32::midpoint(dark, bright)
    }

    /// Returns the mean of 9 × 9 modules.
    fn mean_around(&self, x: usize, y: usize) -> f32 {
        let near = |at: usize| at.saturating_sub(4)..(at + 5).min(self.size);
        let sum: f32 = near(y).map(|row| near(x).map(|column| self.light[row * self.size + column]).sum::<f32>()).sum();
        sum / (near(x).len() * near(y).len()) as f32
    }

    /// Returns the geometric middle of the darkest and the lightest of 7 × 7 modules: half in a shadow, light there is as
    /// dark as dark elsewhere, but no shadow makes light as dark as the dark in it.
    fn middle_around(&self, x: usize, y: usize) -> f32 {
        let near = |at: usize| at.saturating_sub(3)..(at + 4).min(self.size);
        let values = near(y).flat_map(|row| near(x).map(move |column| self.light[row * self.size + column]));
        let (low, high) = values.fold((255f32, 0f32), |(low, high), value| (low.min(value), high.max(value)));
        ((low + BLACK) * (high + BLACK)).sqrt() - BLACK
    }

    /// Takes back some of what a blur has given to the neighbours.
    fn sharpened(&self) -> Zeroizing<Vec<f32>> {
        let last = self.size - 1;
        let sharpen = |(place, value): (usize, &f32)| {
            let (x, y) = (place % self.size, place / self.size);
            let at = |x: usize, y: usize| self.light[y * self.size + x];
            let around = at((x + 1).min(last), y) + at(x.saturating_sub(1), y);
            value * 2.0 - (around + at(x, (y + 1).min(last)) + at(x, y.saturating_sub(1))) / 4.0
        };
        Zeroizing::new(self.light.iter().enumerate().map(sharpen).collect())
    }
}

/// Returns the middle of a module; the squares' middles are those of the modules 3 and size − 4.
fn middle(grid: &Projection, size: usize, x: f32, y: f32) -> Point {
    let span = (size - 7) as f32;
    grid.at((x - 3.0) / span, (y - 3.0) / span)
}

fn corners(grid: &Projection, size: usize) -> [Point; 4] {
    let (near, far) = (-0.5, size as f32 - 0.5);
    [(near, near), (far, near), (far, far), (near, far)].map(|(x, y)| middle(grid, size, x, y))
}

fn deviation(sum: f32, squares: f32, count: f32) -> f32 {
    (squares / count - (sum / count).powi(2)).max(0.0).sqrt()
}

fn length(a: Point, b: Point) -> f32 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

fn step(from: Point, to: Point, span: f32) -> Point {
    ((to.0 - from.0) / span, (to.1 - from.1) / span)
}

/// Where a module is looked at, in modules from its middle.
const SPOT: [(f32, f32); 6] = [(0.0, 0.0), (0.0, 0.0), (0.2, 0.0), (-0.2, 0.0), (0.0, 0.2), (0.0, -0.2)];
/// Timing lines that alternate less are those of no code.
const LEAST_ALTERNATION: f32 = 0.35;
/// How light a corner square's outer ring may be, between its core (0) and the ring between (1).
const MOST_OUTER: f32 = 0.65;
/// What looks less like an alignment pattern is none.
const LEAST_LIKENESS: f32 = 0.6;
/// How fine the alignment pattern is searched for, in modules.
const SEARCH_STEP: f32 = 0.34;
/// What is added to a level before ratios are taken, so that black has one.
const BLACK: f32 = 8.0;
/// Version 1, which has no alignment pattern.
const SMALLEST: usize = 21;
/// Pixels a module below which neighbours blur into one another.
const BLURRED: f32 = 2.6;
