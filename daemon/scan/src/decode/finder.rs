//! Finds codes on a bitmap by their three corner squares, and has their modules sampled.
//!
//! Squares are looked for row by row here; whether a place is the middle of one, which three belong together and the
//! first sampler are rxing's. Its calls are the low-level ones, since its reader gives no way to decode the sampled
//! modules oneself, and they may change with any version: rxing is pinned.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rxing::{
    Point as RxingPoint,
    common::{
        DetectorRXingResult,
        cpp_essentials::{ConcentricPattern, LocateConcentricPattern},
    },
    qrcode::cpp_port::detector::{FinderPatternSet, GenerateFinderPatternSets, SampleQR},
};

use super::{
    Found, Look, MAX_CODES,
    bitmap::Bitmap,
    bits,
    sampler::{self, Squares},
    view::View,
};

/// Reads every code of a view whose dark pixels are set in `bitmap`, but for those that are known.
pub(super) fn read_all(view: View, bitmap: &Bitmap, look: &Look) -> Vec<Found> {
    let mut squares = squares(bitmap);
    squares.retain(|square| !look.is_known((square.p.x, square.p.y)));
    let mut used = Vec::new();
    let mut found = Vec::new();
    let mut sampled = 0;
    for set in GenerateFinderPatternSets(&mut squares).into_iter().take(MAX_SETS) {
        if found.len() == MAX_CODES || look.is_over() {
            break;
        }
        let corners = [set.tl, set.tr, set.bl];
        if corners.iter().any(|square| used.contains(square)) {
            continue;
        }
        let code = read_bitmap(bitmap, &set).or_else(|| {
            sampled += 1;
            (sampled <= MAX_SAMPLED).then(|| sampler::read(view, measure(&set))).flatten()
        });
        if let Some(code) = code {
            used.extend(corners);
            found.push(code);
        }
    }
    found
}

/// Returns what looks like a corner square: dark, light, dark, light, dark in 1 : 1 : 3 : 1 : 1, along both axes and both
/// diagonals.
fn squares(bitmap: &Bitmap) -> Vec<ConcentricPattern> {
    let mut squares: Vec<ConcentricPattern> = Vec::new();
    let mut runs = Vec::new();
    for y in (2..bitmap.height()).step_by(ROWS) {
        bitmap.runs(y, &mut runs);
        let mut at = 1; // of the first dark run
        while let Some(starts) = runs.get(at - 1..at + 6) {
            let widths: [u32; 6] = std::array::from_fn(|i| starts[i + 1] - starts[i]);
            let ([gap, square @ ..], first) = (widths, at == 1);
            if !is_square(square) || !(first || has_margin(gap, square)) {
                at += 2;
                continue;
            }
            at += 4;
            let middle = RxingPoint::new(starts[3] as f32 + square[2] as f32 / 2.0, y as f32 + 0.5);
            let is_known = |known: &ConcentricPattern| RxingPoint::distance(middle, known.p) < known.size as f32 / 2.0;
            if !squares.iter().any(is_known) {
                let reach = square.iter().sum::<u32>().cast_signed() * 3; // for very skew ones
                squares.extend(LocateConcentricPattern::<true, 5, 7>(bitmap.matrix(), &SQUARE, middle, reach));
            }
        }
    }
    squares
}

/// Says whether five runs are in about 1 : 1 : 3 : 1 : 1, dark and light by measures of their own: ink runs, and light
/// blooms.
fn is_square(runs: [u32; 5]) -> bool {
    let [a, b, middle, c, d] = runs;
    if middle < 3 || middle < 2 * a.max(d) || middle < b.max(c) {
        return false; // most runs end here
    }
    let (dark, light) = ((a + middle + d) as f32 / 5.0, (b + c) as f32 / 2.0);
    if dark.max(light) > 4.0 * dark.min(light) {
        return false;
    }
    let near = |run: u32, modules: f32, module: f32, slack: f32| (run as f32 - modules * module).abs() <= slack;
    let (dark_slack, light_slack) = (dark * 0.75 + 0.5, light / 3.0 + 0.5);
    near(a, 1.0, dark, dark_slack)
        && near(d, 1.0, dark, dark_slack)
        && near(middle, 3.0, dark, dark_slack)
        && near(b, 1.0, light, light_slack)
        && near(c, 1.0, light, light_slack)
}

/// Says whether there is some light before a square.
fn has_margin(gap: u32, square: [u32; 5]) -> bool {
    gap as f32 >= 0.1 * (square[1] + square[3]) as f32 / 2.0
}

/// Samples the bitmap.
fn read_bitmap(bitmap: &Bitmap, set: &FinderPatternSet) -> Option<Found> {
    // Caught here too, so that one set that trips the sampler does not cost the codes beside it.
    let sampled = catch_unwind(AssertUnwindSafe(|| SampleQR(bitmap.matrix(), set))).ok()?.ok()?;
    let content = bits::decode(sampled.getBits())?;
    let [top_left, top_right, bottom_left, bottom_right] = sampled.getPoints() else { return None };
    let corners = [top_left, top_right, bottom_right, bottom_left].map(|point| (point.x, point.y));
    Some(Found { content, corners })
}

/// A corner square is 7 modules wide.
fn measure(set: &FinderPatternSet) -> Squares {
    let [top_left, top_right, bottom_left] = [set.tl, set.tr, set.bl].map(|square| (square.p.x, square.p.y));
    let module = (set.tl.size + set.tr.size + set.bl.size) as f32 / 21.0;
    Squares { top_left, top_right, bottom_left, module }
}

/// The runs of a corner square, in modules.
const SQUARE: [u16; 5] = [1, 1, 3, 1, 1];
/// Each third row is looked at: the middle of a square is three modules high.
const ROWS: usize = 3;
/// Most sets of three squares that are looked at, likeliest first: a wall of squares has thousands.
const MAX_SETS: usize = 400;
/// Of those, how many the slower sampler tries.
const MAX_SAMPLED: usize = 120;
