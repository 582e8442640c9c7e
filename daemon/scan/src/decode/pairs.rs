//! Last step: codes of which one corner square is covered whole, by a cursor or the edge of a window.
//!
//! Two cores say where the third would be, if the code is not seen askew: there are six places for it, of which the timing
//! lines tell the right one.

use super::{
    Found, Look, MAX_CODES, Point,
    core_search::Core,
    cores, local_mean,
    sampler::{self, Squares},
    view::{View, both},
};

/// Reads the codes of a picture.
pub(super) fn read(look: &Look) -> Vec<Found> {
    let picture = look.picture.grey();
    match local_mean::threshold(picture, cores::RADIUS) {
        Some(bitmaps) => both(picture, &bitmaps, |view, bitmap| {
            let mut cores = cores::unknown_cores(bitmap, look, 1.0);
            cores.truncate(MAX_CORES);
            read_pairs(view, &cores, look)
        }),
        None => Vec::new(),
    }
}

fn read_pairs(view: View, cores: &[Core], look: &Look) -> Vec<Found> {
    let mut guesses: Vec<(f32, Squares)> = pairs(cores)
        .flat_map(|(one, other)| completed(one, other))
        .filter_map(|squares| Some((sampler::likelihood(view, squares)?, squares)))
        .collect();
    guesses.sort_by(|one, other| other.0.total_cmp(&one.0));
    let mut found: Vec<Found> = Vec::new();
    for (_, squares) in guesses.into_iter().take(MAX_SAMPLED) {
        if found.len() == MAX_CODES || look.is_over() {
            break;
        }
        let inside =
            |code: &Found| super::place::is_inside(middle(squares.top_right, squares.bottom_left), &code.corners);
        if !found.iter().any(inside) {
            found.extend(sampler::read(view, squares));
        }
    }
    found
}

/// Returns each two cores of like size that are as far apart as those of one code.
fn pairs(cores: &[Core]) -> impl Iterator<Item = (Core, Core)> {
    let both = cores.iter().enumerate().flat_map(|(place, one)| cores[place + 1..].iter().map(|other| (*one, *other)));
    both.filter(|(one, other)| {
        let (small, big) = (one.module.min(other.module), one.module.max(other.module));
        let distance = (one.middle.0 - other.middle.0).hypot(one.middle.1 - other.middle.1);
        big <= 1.25 * small && (SHORTEST * small..=LONGEST * big).contains(&distance)
    })
}

/// Returns the six codes that two of the corner squares may belong to.
fn completed(one: Core, other: Core) -> [Squares; 6] {
    let module = f32::midpoint(one.module, other.module);
    let (a, b) = (one.middle, other.middle);
    let (x, y) = (b.0 - a.0, b.1 - a.1);
    let squares = |top_left, top_right, bottom_left| Squares { top_left, top_right, bottom_left, module };
    let beside = |from: Point, sign: f32| (from.0 - sign * y, from.1 + sign * x);
    let (centre, half) = (middle(a, b), (-y / 2.0, x / 2.0));
    [
        squares(a, b, beside(a, 1.0)),
        squares(b, a, beside(b, -1.0)),
        squares(a, beside(a, -1.0), b),
        squares(b, beside(b, 1.0), a),
        squares((centre.0 + half.0, centre.1 + half.1), a, b),
        squares((centre.0 - half.0, centre.1 - half.1), b, a),
    ]
}

fn middle(a: Point, b: Point) -> Point {
    (f32::midpoint(a.0, b.0), f32::midpoint(a.1, b.1))
}

/// From middle to middle of two squares, in modules: 14 along a side of version 1, 70 on the diagonal of version 10.
/// Larger codes are rarely seen at such an angle that this reads them, and each makes more of the wrong guesses.
const SHORTEST: f32 = 13.0;
const LONGEST: f32 = 100.0;
/// Most cores that are paired.
const MAX_CORES: usize = 60;
/// How many guesses are sampled, likeliest first.
const MAX_SAMPLED: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whichever_square_is_covered_its_place_is_among_the_guesses() {
        let squares: [Point; 3] = [(50.0, 50.0), (150.0, 60.0), (40.0, 150.0)];
        for covered in 0..3 {
            let mut seen = squares.to_vec();
            let hidden = seen.remove(covered);
            let core = |middle| Core { middle, module: 4.0 };
            let near = |a: Point, b: Point| (a.0 - b.0).hypot(a.1 - b.1) < 0.1;
            for (one, other) in [(0, 1), (1, 0)] {
                let right = completed(core(seen[one]), core(seen[other])).into_iter().filter(|guess| {
                    let [a, b, c] = squares;
                    near(guess.top_left, a) && near(guess.top_right, b) && near(guess.bottom_left, c)
                });
                assert_eq!(right.count(), 1, "{hidden:?} is covered");
            }
        }
    }
}
