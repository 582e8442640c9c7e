//! Third step: codes are looked for by the cores of their corner squares.
//!
//! A core is a dark square of 3 × 3 modules in a light ring; nothing is asked of the dark ring around that. So this reads
//! what the finder of the first steps can't: a code without a margin on a dark page, whose outer ring runs into the page,
//! and one whose corner lies below a cursor or the edge of a window.

use super::{
    Found, Look, MAX_CODES,
    bitmap::Bitmap,
    core_search::{self, Core},
    local_mean, sampler, triples,
    view::{View, both},
};

/// Reads the codes of a picture.
pub(super) fn read(look: &Look) -> Vec<Found> {
    let picture = look.picture.grey();
    match local_mean::threshold(picture, RADIUS) {
        Some(bitmaps) => both(picture, &bitmaps, |view, bitmap| {
            read_cores(view, &unknown_cores(bitmap, look, 1.0), MAX_SAMPLED, look)
        }),
        None => Vec::new(),
    }
}

/// Reads the codes whose cores show at half the picture's size, which takes a quarter of the time; they are sampled at
/// full size.
pub(super) fn read_coarsely(look: &Look) -> Vec<Found> {
    let picture = look.picture.grey();
    match picture.shrunk::<2>().and_then(|small| local_mean::threshold(&small, RADIUS / 2)) {
        Some(bitmaps) => both(picture, &bitmaps, |view, bitmap| {
            read_cores(view, &unknown_cores(bitmap, look, 2.0), MAX_COARSE, look)
        }),
        None => Vec::new(),
    }
}

/// Returns the cores on a bitmap that is this many times smaller than the picture, but for those of known codes.
pub(super) fn unknown_cores(bitmap: &Bitmap, look: &Look, scale: f32) -> Vec<Core> {
    let mut cores = core_search::cores(bitmap, look);
    for core in &mut cores {
        core.middle = (core.middle.0 * scale, core.middle.1 * scale);
        core.module *= scale;
    }
    cores.retain(|core| !look.is_known(core.middle));
    cores
}

fn read_cores(view: View, cores: &[Core], most: usize, look: &Look) -> Vec<Found> {
    let mut used = vec![false; cores.len()];
    let mut found = Vec::new();
    for triple in triples::likeliest(cores).into_iter().take(most) {
        if found.len() == MAX_CODES || look.is_over() {
            break;
        }
        if triple.iter().any(|core| used[*core]) {
            continue;
        }
        if let Some(code) = sampler::read(view, triples::squares(cores, triple)) {
            for core in triple {
                used[core] = true;
            }
            found.push(code);
        }
    }
    found
}

/// Half the neighbourhood whose mean parts dark from light: larger than a core's 3 modules on all but huge codes.
pub(super) const RADIUS: usize = 30;
/// How many sets of three cores are sampled, likeliest first.
const MAX_SAMPLED: usize = 150;
/// The same where it shall be quick.
const MAX_COARSE: usize = 50;
