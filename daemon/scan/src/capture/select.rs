//! Which part of the screens is wanted: all of them, one, or a frame that the person draws.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use super::{Shot, program};
use crate::{outcome::ScanError, report::Screen};

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Every screen.
    Screens,
    /// One screen: its number from the left, beginning with 1, or its name.
    Screen(String),
    /// A frame that the person draws.
    Region,
    /// The windows whose titles hold these words.
    Window(String),
}

/// An area of the desktop, in the units in which the screens stand beside each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    /// Left edge.
    pub(super) x: f32,
    /// Upper edge.
    pub(super) y: f32,
    /// Width.
    pub(super) width: f32,
    /// Height.
    pub(super) height: f32,
}

/// Keeps the one screen that is meant.
pub(super) fn one_screen(mut shots: Vec<Shot>, wanted: &str) -> Result<Vec<Shot>, ScanError> {
    shots.sort_by_key(|shot| (shot.screen.x, shot.screen.y));
    let by_name = shots.iter().position(|shot| shot.screen.name.eq_ignore_ascii_case(wanted));
    let by_number = || wanted.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let index = by_name.or_else(by_number).filter(|index| *index < shots.len());
    let Some(index) = index else {
        let there = (1..).zip(&shots).map(|(number, shot)| format!("{number} ({})", shot.screen.name));
        let there = there.collect::<Vec<_>>().join(", ");
        return Err(ScanError::Choice(format!("there is no such screen; there are {there}")));
    };
    Ok(vec![shots.swap_remove(index)])
}

/// Cuts the pictures down to areas; screens that none of them touches are left out. `scale` says how many pixels of a
/// screen one unit is in which the screens stand beside each other.
pub(super) fn cut(shots: Vec<Shot>, areas: &[Area], scale: fn(&Screen) -> f32) -> Vec<Shot> {
    let pieces = |shot: Shot| areas.iter().filter_map(move |area| shot.cut(*area, scale)).collect::<Vec<_>>();
    shots.into_iter().flat_map(pieces).collect()
}

impl Shot {
    /// Returns the part of it that lies in an area.
    fn cut(&self, area: Area, scale: fn(&Screen) -> f32) -> Option<Self> {
        let (mut screen, scale) = (self.screen.clone(), scale(&self.screen));
        // In pixels of this screen, within its bounds.
        let span = |from: f32, length: f32, origin: i32, size: u32| {
            let begin = (from - origin as f32) * scale;
            let end = (begin + length * scale).ceil().clamp(0.0, size as f32);
            (begin.floor().clamp(0.0, size as f32) as usize, end as usize)
        };
        let (left, right) = span(area.x, area.width, screen.x, screen.width);
        let (top, bottom) = span(area.y, area.height, screen.y, screen.height);
        let picture = self.picture.cut(left..right, top..bottom)?;
        screen.x += (left as f32 / scale) as i32;
        screen.y += (top as f32 / scale) as i32;
        screen.width = (right - left) as u32;
        screen.height = (bottom - top) as u32;
        Some(Self { screen, picture })
    }
}

/// Lets the person draw a frame on an X server's screens, by `countersign-window`; in pixels.
pub(super) fn frame_on_x11() -> Result<Area, ScanError> {
    let program = super::beside_us(WINDOW).map_err(|error| ScanError::Capture(error.to_string()))?;
    // Wayland has nothing to do with it: the window is to open on the X server.
    let mut command = Command::new(&program);
    command.env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET");
    let order = format!("ask frame\ntitle {TITLE}\nnote {HINT}\nseconds {}\n\n", DRAWING.as_secs());
    let run = program::run_told(&mut command, &order, Instant::now() + DRAWING + SPARE, 200);
    let (written, told, status) = run.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => ScanError::Choice(NO_WINDOW_PROGRAM.into()),
        std::io::ErrorKind::TimedOut => ScanError::Late(NOT_DRAWN.into()),
        _ => ScanError::Capture(format!("countersign-window: {error}")),
    })?;
    match (status.code(), area(&String::from_utf8_lossy(&written))) {
        (Some(0), Some(area)) => Ok(area),
        (Some(4), _) => Err(ScanError::Lost),
        (Some(5), _) => Err(ScanError::Denied),
        (Some(6), _) => Err(ScanError::Late(NOT_DRAWN.into())),
        _ => Err(ScanError::Capture(program::last_line(&told, "countersign-window gave no frame"))),
    }
}

/// Lets the person draw a frame, by `slurp`.
pub(super) fn frame() -> Result<Area, ScanError> {
    let until = Instant::now() + DRAWING;
    let run = program::run(Command::new("slurp").args(SLURP), until, 200);
    let (written, told, status) = run.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => ScanError::Choice(NO_SLURP.into()),
        std::io::ErrorKind::TimedOut => ScanError::Late(NOT_DRAWN.into()),
        _ => ScanError::Capture(format!("slurp: {error}")),
    })?;
    match area(&String::from_utf8_lossy(&written)) {
        Some(area) if status.success() => Ok(area),
        _ if told.contains("cancelled") => Err(ScanError::Denied),
        _ => Err(ScanError::Capture("slurp gave no frame".into())),
    }
}

fn area(text: &str) -> Option<Area> {
    let mut numbers = text.split_whitespace().map(str::parse::<f32>);
    let mut next = || numbers.next()?.ok();
    let area = Area { x: next()?, y: next()?, width: next()?, height: next()? };
    (area.width >= 1.0 && area.height >= 1.0).then_some(area)
}

const NO_SLURP: &str = "--region needs slurp here: install it, or use --screen N";
const NO_WINDOW_PROGRAM: &str = "--region needs countersign-window here; use --window WORDS or --screen N";
const NOT_DRAWN: &str = "no frame was drawn in time";
const WINDOW: &str = "countersign-window";
/// Dims the screen but for what is framed, as countersign-window does.
const SLURP: [&str; 10] = ["-f", "%x %y %w %h", "-b", "0609109c", "-s", "00000000", "-c", "2f6fdeff", "-w", "3"];
const TITLE: &str = "Drag a frame around the QR code";
const HINT: &str = "Enter takes this monitor  ·  arrow keys move a frame, with Shift its size  ·  Esc cancels";
const DRAWING: Duration = Duration::from_secs(60);
/// What the other program may take longer, so that it is the one that ends first.
const SPARE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{grey::Grey, pixels::Pixels};

    fn shot(name: &str, x: i32, scale: f32) -> Shot {
        let (width, height) = ((40.0 * scale) as usize, (30.0 * scale) as usize);
        let pixels = (0..width * height).map(|index| (index % width) as u8).collect();
        let screen = Screen { name: name.into(), x, scale, ..Screen::whole(width as u32, height as u32) };
        Shot { screen, picture: Pixels::from(Grey::new(width, height, pixels).unwrap()) }
    }

    fn chosen(wanted: &str) -> String {
        match one_screen(vec![shot("DP-2", 0, 1.0), shot("DP-1", -40, 1.0)], wanted) {
            Ok(shots) => shots[0].screen.name.clone(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_screen_is_named_or_counted_from_the_left() {
        assert_eq!([chosen("1"), chosen("2"), chosen("dp-2")], ["DP-1", "DP-2", "DP-2"]);
        for wrong in ["0", "3", "-1", "HDMI-1", ""] {
            assert_eq!(chosen(wrong), "there is no such screen; there are 1 (DP-1), 2 (DP-2)", "{wrong}");
        }
    }

    #[test]
    fn an_area_is_cut_out_of_each_screen_in_its_own_pixels() {
        let area = Area { x: 30.0, y: 10.0, width: 20.0, height: 5.0 };
        let shots = || vec![shot("one", 0, 1.0), shot("two", 40, 1.5), shot("far", 80, 1.0)];
        let in_pixels = cut(shots(), &[area], |_| 1.0);
        assert_eq!(in_pixels.iter().map(|shot| shot.screen.width).collect::<Vec<_>>(), [10, 10]);
        let cut = cut(shots(), &[area], |screen| screen.scale);
        let told: Vec<_> = cut.iter().map(|shot| (&*shot.screen.name, shot.screen.x, shot.screen.y)).collect();
        assert_eq!(told, [("one", 30, 10), ("two", 40, 10)]);
        let sizes: Vec<_> = cut.iter().map(|shot| (shot.screen.width, shot.screen.height)).collect();
        assert_eq!(sizes, [(10, 5), (15, 8)]);
        assert_eq!((cut[0].picture.grey().pixels()[0], cut[1].picture.grey().pixels()[0]), (30, 0));
    }

    #[test]
    fn what_slurp_writes_is_an_area_or_nothing() {
        assert_eq!(area("-5 7 100 80\n"), Some(Area { x: -5.0, y: 7.0, width: 100.0, height: 80.0 }));
        for wrong in ["", "1 2 3", "1 2 0 4", "a b c d", "1 2 nan 4"] {
            assert_eq!(area(wrong), None, "{wrong}");
        }
    }
}
