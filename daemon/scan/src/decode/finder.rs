//! Finds codes on a bitmap by their three corner squares, and samples their modules.
//!
//! The finder and the sampler are rxing's; the calls are its low-level ones, since its reader gives no way to decode
//! the sampled modules oneself, and they may change with any version: rxing is pinned.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use rxing::{
    common::{BitMatrix, DetectorRXingResult},
    qrcode::cpp_port::detector::{FindFinderPatterns, FinderPatternSet, GenerateFinderPatternSets, SampleQR},
};

use super::{Found, MAX_CODES, bits};

/// Reads every code of a bitmap in which set pixels are dark.
pub(super) fn read_all(bitmap: &BitMatrix, until: Instant) -> Vec<Found> {
    let mut squares = FindFinderPatterns(bitmap, true, 0);
    let mut used = Vec::new();
    let mut found = Vec::new();
    for set in GenerateFinderPatternSets(&mut squares) {
        if found.len() == MAX_CODES || Instant::now() >= until {
            break;
        }
        let corners = [set.tl, set.tr, set.bl];
        if corners.iter().any(|square| used.contains(square)) {
            continue;
        }
        // Caught here too, so that one set that trips the sampler does not cost the codes beside it.
        if let Ok(Some(code)) = catch_unwind(AssertUnwindSafe(|| read_one(bitmap, &set))) {
            used.extend(corners);
            found.push(code);
        }
    }
    found
}

fn read_one(bitmap: &BitMatrix, set: &FinderPatternSet) -> Option<Found> {
    let sampled = SampleQR(bitmap, set).ok()?;
    let content = bits::decode(sampled.getBits())?;
    let [top_left, top_right, bottom_left, bottom_right] = sampled.getPoints() else { return None };
    let corners = [top_left, top_right, bottom_right, bottom_left].map(|point| (point.x, point.y));
    Some(Found { content, corners })
}
