//! A frame that the person draws: what mouse and keys make of it. No display here.
//!
//! A drag draws it, and letting go accepts it. The keyboard alone does as well: an arrow key brings a frame up, arrows move
//! it, with Shift they change its size, Return accepts; without a frame Return takes the whole monitor.

use crate::canvas::Area;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// The left button went down.
    Press,
    /// The mouse moved to a point.
    Move(i32, i32),
    /// The left button was let go.
    Release,
    /// An arrow key: its direction, whether Shift was held (size instead of place), and whether Control (finer).
    Arrow {
        /// Where it points.
        to: (i32, i32),
        /// Whether it changes the size instead of the place.
        size: bool,
        /// Whether it goes by single pixels.
        fine: bool,
    },
    /// Return.
    Accept,
    /// Escape, or another button than the left.
    Cancel,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing to see.
    Nothing,
    /// There is something to draw.
    Changed,
    /// This is the frame.
    Accepted(Area),
    /// There is none.
    Cancelled,
}

/// The frame in the making.
#[derive(Debug)]
pub(crate) struct Frame {
    /// The size of the desktop.
    size: (u32, u32),
    monitors: Vec<Area>,
    scale: f32,
    mouse: (i32, i32),
    /// Where the button went down.
    anchor: Option<(i32, i32)>,
    drawn: Option<Area>,
}

impl Frame {
    /// Begins without a frame, on a desktop of this size with these monitors, and with the mouse there.
    pub(crate) fn new(size: (u32, u32), monitors: Vec<Area>, scale: f32, mouse: (i32, i32)) -> Self {
        Self { size, monitors, scale, mouse, anchor: None, drawn: None }
    }

    /// Returns what is framed now.
    pub(crate) fn area(&self) -> Option<Area> {
        self.drawn
    }

    /// Takes what was done.
    pub(crate) fn take(&mut self, input: Input) -> Outcome {
        match input {
            Input::Press => self.anchor = Some(self.mouse),
            Input::Move(x, y) => {
                self.mouse = (x, y);
                let Some(anchor) = self.anchor else { return Outcome::Nothing };
                let drawn = self.between(anchor, (x, y));
                let changed = drawn != self.drawn;
                self.drawn = drawn.or(self.drawn);
                if !changed {
                    return Outcome::Nothing;
                }
            }
            // A click draws nothing: it was none, or slipped.
            Input::Release => {
                let drawn = self.anchor.take().and_then(|anchor| self.between(anchor, self.mouse));
                return drawn.map_or(Outcome::Nothing, Outcome::Accepted);
            }
            Input::Arrow { to, size, fine } => self.drawn = Some(self.pushed(to, size, fine)),
            Input::Accept => return Outcome::Accepted(self.drawn.unwrap_or_else(|| self.monitor())),
            Input::Cancel => return Outcome::Cancelled,
        }
        Outcome::Changed
    }

    /// Returns the area between two points, if it is one.
    fn between(&self, one: (i32, i32), other: (i32, i32)) -> Option<Area> {
        let span = |one: i32, other: i32, whole: u32| {
            let (from, to) = (one.min(other).max(0) as u32, one.max(other).max(0) as u32);
            (from.min(whole), to.saturating_add(1).min(whole))
        };
        let (left, right) = span(one.0, other.0, self.size.0);
        let (top, bottom) = span(one.1, other.1, self.size.1);
        let area = Area { x: left, y: top, width: right.saturating_sub(left), height: bottom.saturating_sub(top) };
        (area.width >= SMALLEST && area.height >= SMALLEST).then_some(area)
    }

    /// Returns the frame after an arrow key; the first one only brings it up, in the middle of the mouse's monitor.
    fn pushed(&self, (dx, dy): (i32, i32), size: bool, fine: bool) -> Area {
        let Some(frame) = self.drawn else {
            let monitor = self.monitor();
            let edge = ((FIRST * self.scale) as u32).min(monitor.width).min(monitor.height);
            let middle = |from: u32, whole: u32| from + (whole - edge) / 2;
            let (x, y) = (middle(monitor.x, monitor.width), middle(monitor.y, monitor.height));
            return Area { x, y, width: edge, height: edge };
        };
        let step = if fine { 1 } else { (STEP * self.scale) as i32 };
        let push = |value: u32, by: i32, least: u32, most: u32| {
            value.saturating_add_signed(by * step).clamp(least, most.max(least))
        };
        if size {
            let width = push(frame.width, dx, SMALLEST, self.size.0 - frame.x);
            Area { width, height: push(frame.height, dy, SMALLEST, self.size.1 - frame.y), ..frame }
        } else {
            let x = push(frame.x, dx, 0, self.size.0.saturating_sub(frame.width));
            Area { x, y: push(frame.y, dy, 0, self.size.1.saturating_sub(frame.height)), ..frame }
        }
    }

    /// Returns the monitor on which the mouse is.
    fn monitor(&self) -> Area {
        let (x, y) = (self.mouse.0.max(0) as u32, self.mouse.1.max(0) as u32);
        let whole = Area { x: 0, y: 0, width: self.size.0, height: self.size.1 };
        self.monitors.iter().copied().find(|monitor| monitor.contains(x, y)).unwrap_or(whole)
    }
}

/// Pixels a side below which nothing can be seen in it.
const SMALLEST: u32 = 8;
/// Pixels at 96 dpi a side of the frame that the first key brings up.
const FIRST: f32 = 360.0;
/// Pixels at 96 dpi that a key moves it by.
const STEP: f32 = 20.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn area(x: u32, y: u32, width: u32, height: u32) -> Area {
        Area { x, y, width, height }
    }

    fn frame() -> Frame {
        Frame::new((1600, 1000), vec![area(0, 0, 600, 1000), area(600, 0, 1000, 1000)], 1.0, (700, 10))
    }

    fn arrow(to: (i32, i32), size: bool, fine: bool) -> Input {
        Input::Arrow { to, size, fine }
    }

    #[test]
    fn a_drag_in_any_direction_is_a_frame() {
        for (from, to) in [((100, 50), (300, 250)), ((300, 250), (100, 50)), ((100, 250), (300, 50))] {
            let mut frame = frame();
            frame.take(Input::Move(from.0, from.1));
            assert_eq!(frame.take(Input::Press), Outcome::Changed);
            assert_eq!(frame.take(Input::Move(to.0, to.1)), Outcome::Changed);
            assert_eq!(frame.take(Input::Release), Outcome::Accepted(area(100, 50, 201, 201)));
        }
    }

    #[test]
    fn a_drag_over_the_edge_ends_there() {
        let mut frame = frame();
        frame.take(Input::Move(1500, 900));
        frame.take(Input::Press);
        frame.take(Input::Move(9000, -5));
        assert_eq!(frame.take(Input::Release), Outcome::Accepted(area(1500, 0, 100, 901)));
    }

    #[test]
    fn a_click_is_no_frame() {
        let mut frame = frame();
        frame.take(Input::Press);
        assert_eq!((frame.take(Input::Release), frame.area()), (Outcome::Nothing, None));
        assert_eq!(frame.take(Input::Move(800, 800)), Outcome::Nothing);
    }

    #[test]
    fn keys_alone_do() {
        let mut frame = frame();
        frame.take(arrow((1, 0), false, false));
        assert_eq!(frame.area(), Some(area(920, 320, 360, 360)));
        frame.take(arrow((1, 0), false, false));
        frame.take(arrow((0, -1), false, true));
        frame.take(arrow((-1, 0), true, false));
        assert_eq!(frame.area(), Some(area(940, 319, 340, 360)));
        assert_eq!(frame.take(Input::Accept), Outcome::Accepted(area(940, 319, 340, 360)));
        assert_eq!(frame.take(Input::Cancel), Outcome::Cancelled);
    }

    #[test]
    fn keys_keep_the_frame_on_the_desktop() {
        let mut frame = frame();
        for _ in 0..200 {
            frame.take(arrow((1, 1), false, false));
        }
        assert_eq!(frame.area(), Some(area(1240, 640, 360, 360)));
        for _ in 0..200 {
            frame.take(arrow((-1, -1), true, false));
        }
        assert_eq!(frame.area(), Some(area(1240, 640, SMALLEST, SMALLEST)));
    }

    #[test]
    fn return_without_a_frame_takes_the_monitor() {
        assert_eq!(frame().take(Input::Accept), Outcome::Accepted(area(600, 0, 1000, 1000)));
    }
}
