//! Which three cores may be the corners of one code.

use super::{core_search::Core, sampler::Squares};

/// Three cores by their places: top left, top right, bottom left.
pub(super) type Triple = [usize; 3];

/// Returns the sets of three that span about a square, the likeliest first.
pub(super) fn likeliest(cores: &[Core]) -> Vec<Triple> {
    let cores = &cores[..cores.len().min(MAX_CORES)];
    let mut triples = Vec::new();
    for (corner, core) in cores.iter().enumerate() {
        let arms: Vec<Arm> =
            cores.iter().enumerate().filter_map(|(end, other)| Arm::between(core, end, other)).collect();
        for right in &arms {
            for down in &arms {
                if let Some(score) = right.likeness_to(down, core.module) {
                    triples.push((score, [corner, right.end, down.end]));
                }
            }
        }
    }
    triples.sort_by(|one, other| one.0.total_cmp(&other.0));
    triples.into_iter().map(|(_, triple)| triple).collect()
}

/// Returns what the sampler wants to know of three cores.
pub(super) fn squares(cores: &[Core], triple: Triple) -> Squares {
    let [top_left, top_right, bottom_left] = triple.map(|core| cores[core]);
    let module = (top_left.module + top_right.module + bottom_left.module) / 3.0;
    Squares { top_left: top_left.middle, top_right: top_right.middle, bottom_left: bottom_left.middle, module }
}

/// The way from one core to another of like size.
struct Arm {
    end: usize,
    x: f32,
    y: f32,
    length: f32,
}

impl Arm {
    /// `None` where the two can't be corners of one code.
    fn between(from: &Core, end: usize, to: &Core) -> Option<Self> {
        let (small, big) = (from.module.min(to.module), from.module.max(to.module));
        let (x, y) = (to.middle.0 - from.middle.0, to.middle.1 - from.middle.1);
        let length = x.hypot(y);
        let fits = big <= 1.5 * small && (SHORTEST * from.module..=LONGEST * from.module).contains(&length);
        fits.then_some(Self { end, x, y, length })
    }

    /// Says how little this and another arm look like the upper and the left edge of a square: 0 is exactly. `None` for
    /// what is none, or its mirror image, which comes with the arms exchanged.
    fn likeness_to(&self, down: &Self, module: f32) -> Option<f32> {
        let (short, long) = (self.length.min(down.length), self.length.max(down.length));
        let cross = self.x * down.y - self.y * down.x;
        let cosine = ((self.x * down.x + self.y * down.y) / (self.length * down.length)).abs();
        let fits = long <= 1.4 * short && cross > 0.0 && cosine <= 0.35;
        // A small square before a large one: that is more likely to span several codes.
        fits.then(|| (long - short) / self.length + cosine + self.length * 0.001 / module)
    }
}

/// From middle to middle of two squares, in modules: 14 in version 1, 170 in version 40, and what a slant makes of it.
const SHORTEST: f32 = 12.0;
const LONGEST: f32 = 175.0;
/// Most cores that are put together.
const MAX_CORES: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;

    fn core(x: f32, y: f32) -> Core {
        Core { middle: (x, y), module: 2.0 }
    }

    #[test]
    fn the_corner_and_its_two_ends_are_told_apart() {
        let cores = [core(10.0, 110.0), core(10.0, 10.0), core(110.0, 10.0)];
        assert_eq!(likeliest(&cores), [[1, 2, 0]]);
    }

    #[test]
    fn a_line_and_unlike_sizes_are_no_corners() {
        assert!(likeliest(&[core(0.0, 0.0), core(50.0, 0.0), core(100.0, 0.0)]).is_empty());
        let big = Core { module: 4.0, ..core(100.0, 0.0) };
        assert!(likeliest(&[core(0.0, 0.0), big, core(0.0, 100.0)]).is_empty());
        assert!(likeliest(&[core(0.0, 0.0), core(9.0, 0.0), core(0.0, 9.0)]).is_empty(), "too close");
    }
}
