//! Finds codes on a bitmap by their three corner squares, and has their modules sampled.
//!
//! The finder and the first sampler are rxing's; the calls are its low-level ones, since its reader gives no way to
//! decode the sampled modules oneself, and they may change with any version: rxing is pinned.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use rxing::{
    common::{BitMatrix, DetectorRXingResult},
    qrcode::cpp_port::detector::{FindFinderPatterns, FinderPatternSet, GenerateFinderPatternSets, SampleQR},
};

use super::{
    Found, MAX_CODES, bits,
    sampler::{self, Squares},
};
use crate::grey::Grey;

/// Reads every code of a picture whose dark pixels are set in `bitmap`.
pub(super) fn read_all(picture: &Grey, bitmap: &BitMatrix, until: Instant) -> Vec<Found> {
    let mut squares = FindFinderPatterns(bitmap, true, 0);
    let mut used = Vec::new();
    let mut found = Vec::new();
    let mut sampled = 0;
    for set in GenerateFinderPatternSets(&mut squares).into_iter().take(MAX_SETS) {
        if found.len() == MAX_CODES || Instant::now() >= until {
            break;
        }
        let corners = [set.tl, set.tr, set.bl];
        if corners.iter().any(|square| used.contains(square)) {
            continue;
        }
        let code = read_bitmap(bitmap, &set).or_else(|| {
            sampled += 1;
            (sampled <= MAX_SAMPLED).then(|| sampler::read(picture, measure(&set))).flatten()
        });
        if let Some(code) = code {
            used.extend(corners);
            found.push(code);
        }
    }
    found
}

/// Samples the bitmap.
fn read_bitmap(bitmap: &BitMatrix, set: &FinderPatternSet) -> Option<Found> {
    // Caught here too, so that one set that trips the sampler does not cost the codes beside it.
    let sampled = catch_unwind(AssertUnwindSafe(|| SampleQR(bitmap, set))).ok()?.ok()?;
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

/// Most sets of three squares that are looked at, likeliest first: a wall of squares has thousands.
const MAX_SETS: usize = 400;
/// Of those, how many the slower sampler tries.
const MAX_SAMPLED: usize = 120;
