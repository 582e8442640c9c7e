//! Finds the cores of corner squares on a bitmap: 3 × 3 dark modules in a light ring.

use super::{Look, Point, bitmap::Bitmap};

/// What may be the core of a corner square.
#[derive(Clone, Copy)]
pub(super) struct Core {
    /// Its middle.
    pub(super) middle: Point,
    /// Side of a module in pixels, as the core has it.
    pub(super) module: f32,
}

/// Returns the cores on a bitmap; those that were found until then when the time is over.
pub(super) fn cores(bitmap: &Bitmap, look: &Look) -> Vec<Core> {
    let mut seen: Vec<Sightings> = Vec::new();
    let mut runs = Vec::new();
    for y in (0..bitmap.height()).step_by(ROWS) {
        if look.is_over() {
            break;
        }
        bitmap.runs(y, &mut runs);
        let mut at = 0; // of the light run before a dark one
        while let Some([before, dark, light, after]) = runs.get(at..at + 4) {
            let [gap, width, next] = [dark - before, light - dark, after - light].map(|run| run as f32);
            if may_be_core(gap, width, next) {
                let middle = ((dark + light) as f32 / 2.0, y as f32 + 0.5);
                if let Some(core) = measure(bitmap, middle, width) {
                    note(&mut seen, core);
                }
            }
            at += 2;
        }
    }
    seen.into_iter().map(Sightings::mean).collect()
}

/// Says whether a dark run between two light ones may cross a core: on one side at least, the light ends soon.
fn may_be_core(gap: f32, width: f32, next: f32) -> bool {
    let module = width / 3.0;
    width >= 3.0
        && gap.min(next) > LEAST_RING * module
        && (gap < MOST_RING * module + 1.0 || next < MOST_RING * module + 1.0)
}

/// Checks a core along both axes and both diagonals, and finds its middle.
fn measure(bitmap: &Bitmap, middle: Point, width: f32) -> Option<Core> {
    let reach = width * 1.1 + 3.0;
    let arm = |from, direction| arm(bitmap, from, direction, reach);
    let (up, down) = (arm(middle, (0.0, -1.0))?, arm(middle, (0.0, 1.0))?);
    let height = up.dark + down.dark - 1.0;
    if !(width * 0.6 - 1.0..=width * 1.6 + 1.0).contains(&height) {
        return None;
    }
    let middle = (middle.0, middle.1 + (down.dark - up.dark) / 2.0);
    let (left, right) = (arm(middle, (-1.0, 0.0))?, arm(middle, (1.0, 0.0))?);
    let width = left.dark + right.dark - 1.0;
    let module = (width + height) / 6.0;
    let middle = (middle.0 + (right.dark - left.dark) / 2.0, middle.1);
    let is_square = (width - height).abs() <= 0.35 * width.max(height) + 1.0;
    let is_core =
        is_square && is_ring([up, down, left, right], module) && is_square_along(bitmap, middle, module, reach);
    is_core.then_some(Core { middle, module })
}

/// Says whether there is light on all four sides, and not too much on three: one may be open to the page.
fn is_ring(arms: [Arm; 4], module: f32) -> bool {
    let narrow = arms.iter().filter(|arm| arm.light < MOST_RING * module + 1.0).count();
    narrow >= 3 && arms.iter().all(|arm| arm.light > LEAST_RING * module)
}

/// Says whether the diagonals fit a core of that size: from a disc to a square that stands on its corner.
fn is_square_along(bitmap: &Bitmap, middle: Point, module: f32, reach: f32) -> bool {
    const D: f32 = std::f32::consts::FRAC_1_SQRT_2;
    [(D, D), (D, -D), (-D, D), (-D, -D)].into_iter().all(|direction| {
        arm(bitmap, middle, direction, reach * 1.5).is_some_and(|arm| {
            (1.05 * module - 0.5..=2.6 * module + 1.0).contains(&arm.dark) && arm.light >= 0.4 * module
        })
    })
}

/// What lies on a line from a point within a core outwards, in pixels: first dark, then light.
#[derive(Clone, Copy)]
struct Arm {
    dark: f32,
    light: f32,
}

/// Measures along a direction; `None` where the dark goes on for longer than `reach`, or to the picture's edge.
fn arm(bitmap: &Bitmap, from: Point, direction: Point, reach: f32) -> Option<Arm> {
    let is_dark = |along: f32| {
        let (x, y) = (from.0 + direction.0 * along, from.1 + direction.1 * along);
        let inside = x >= 0.0 && y >= 0.0 && x < bitmap.width() as f32 && y < bitmap.height() as f32;
        inside.then(|| bitmap.is_dark(x as usize, y as usize))
    };
    let mut dark = 0.0;
    while is_dark(dark)? {
        dark += 1.0;
        if dark > reach {
            return None;
        }
    }
    let mut light = 0.0;
    while light <= reach && is_dark(dark + light) == Some(false) {
        light += 1.0;
    }
    Some(Arm { dark, light })
}

/// One core as the rows that cross it see it.
struct Sightings {
    x: f32,
    y: f32,
    module: f32,
    count: f32,
}

impl Sightings {
    fn mean(self) -> Core {
        Core { middle: (self.x / self.count, self.y / self.count), module: self.module / self.count }
    }
}

/// Adds a core to those seen, or to the sightings of the one that stands there.
fn note(seen: &mut Vec<Sightings>, core: Core) {
    let (x, y) = core.middle;
    let near = |one: &&mut Sightings| (one.x / one.count - x).hypot(one.y / one.count - y) < 1.3 * core.module;
    match seen.iter_mut().rev().find(near) {
        Some(one) => {
            one.x += x;
            one.y += y;
            one.module += core.module;
            one.count += 1.0;
        }
        None => seen.push(Sightings { x, y, module: core.module, count: 1.0 }),
    }
}

/// Each second row is looked at.
const ROWS: usize = 2;
/// How wide a core's light ring is at least and at most, in modules.
const LEAST_RING: f32 = 0.45;
const MOST_RING: f32 = 1.9;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::tests::{bitmap_of, look};

    /// A core of this module with its ring, the ring's outside being dark.
    fn drawn(module: usize, is_dark: impl Fn(usize, usize) -> bool) -> Vec<Core> {
        let size = 9 * module;
        let bitmap = bitmap_of(size, size, |x, y| is_dark(x / module, y / module));
        cores(&bitmap, &look())
    }

    #[test]
    fn a_core_is_found_whatever_lies_around_its_ring() {
        for module in [2, 3, 8] {
            let ring = |x: usize, y: usize| x.abs_diff(4).max(y.abs_diff(4));
            for (outside, is_dark) in [("dark", true), ("light", false)] {
                let found = drawn(module, |x, y| ring(x, y) <= 1 || (ring(x, y) >= 3 && (is_dark || ring(x, y) == 3)));
                assert_eq!(found.len(), 1, "module {module}, {outside} outside");
                let (x, y) = found[0].middle;
                let middle = 4.5 * module as f32;
                assert!((x - middle).hypot(y - middle) < 1.0, "{x},{y} is not {middle}");
                assert!((found[0].module - module as f32).abs() < 0.5);
            }
        }
    }

    #[test]
    fn bars_and_blots_are_no_cores() {
        let is_bar = |x: usize, _: usize| x.abs_diff(4) <= 1;
        let is_open = |x: usize, y: usize| x.abs_diff(4).max(y.abs_diff(4)) <= 1;
        assert!(drawn(4, is_bar).is_empty());
        assert!(drawn(4, is_open).is_empty(), "light all around and no end of it");
        assert!(drawn(4, |_, _| true).is_empty());
    }
}
