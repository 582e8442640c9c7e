//! What is written about a code: one line of JSON.
//!
//! `{"text": …, "corners": [[x,y],[x,y],[x,y],[x,y]], "screen": …}`: Beside the text of a code that
//! holds bytes, each of them one character, stands `"binary": true`; `text` is null for one part of a longer text
//! (`"part": [number, of]`). The corners are in pixels of
//! the picture, top left first, clockwise as the code sees itself. `screen` is null for a file, else
//! `{"name","x","y","width","height","scale"}`: its place among all screens, in pixels; and where it is one of two or
//! three in a row, `"side"`: `left`, `middle`, `right`, `upper` or `lower`.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::decode::{Content, Found};

/// One screen: where it stands, in pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Screen {
    /// Its name, such as `HDMI-1`.
    pub name: String,
    /// Left edge.
    pub x: i32,
    /// Upper edge.
    pub y: i32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
    /// How much larger than at 96 dpi things are drawn on it.
    pub scale: f32,
}

impl Screen {
    /// Returns what is said of a picture of all screens whose places nobody told.
    pub fn whole(width: u32, height: u32) -> Self {
        Self { name: "screen".into(), x: 0, y: 0, width, height, scale: 1.0 }
    }

    /// Whether both show the same part of the desktop: mirrored screens.
    pub fn same_area(&self, other: &Self) -> bool {
        (self.x, self.y, self.width, self.height) == (other.x, other.y, other.width, other.height)
    }

    /// Returns where a person sees it among all screens, which it is one of: names like `HDMI-1` stand on no frame.
    pub fn side(&self, all: &[&Self]) -> Option<&'static str> {
        let spread = |of: fn(&Self) -> i32| {
            let mut edges: Vec<i32> = all.iter().map(|screen| of(screen)).collect();
            edges.sort_unstable();
            let apart = edges.windows(2).all(|pair| pair[0] < pair[1]);
            let wide = edges.last()?.checked_sub(*edges.first()?)?;
            let place = edges.iter().position(|edge| *edge == of(self))?;
            apart.then_some((wide, place))
        };
        let (across, down) = (spread(|screen| screen.x), spread(|screen| screen.y));
        let in_a_row = across.filter(|(wide, _)| down.is_none_or(|(high, _)| wide >= &high));
        match (all.len(), in_a_row, down) {
            (2, Some((_, place)), _) => Some(["left", "right"][place]),
            (3, Some((_, place)), _) => Some(["left", "middle", "right"][place]),
            (2, None, Some((_, place))) => Some(["upper", "lower"][place]),
            (3, None, Some((_, place))) => Some(["upper", "middle", "lower"][place]),
            _ => None,
        }
    }
}

/// Writes a line for each code of one picture, within what is left of `room`; returns how many were written.
///
/// A code whose line is too long is left out, and the rest still written.
pub fn write(to: &mut impl Write, found: &[Found], screen: Option<&Screen>, room: &mut usize) -> io::Result<usize> {
    let placed = screen.map(|screen| Placed { screen, side: None });
    write_lines(to, found, placed.as_ref(), room)
}

/// The same for one of these screens, told with its side.
pub fn write_of(
    to: &mut impl Write,
    found: &[Found],
    screen: &Screen,
    all: &[&Screen],
    room: &mut usize,
) -> io::Result<usize> {
    write_lines(to, found, Some(&Placed { screen, side: screen.side(all) }), room)
}

fn write_lines(to: &mut impl Write, found: &[Found], screen: Option<&Placed>, room: &mut usize) -> io::Result<usize> {
    let mut written = 0;
    for code in found {
        let line = line(code, screen)?;
        if line.len() <= *room {
            *room -= line.len();
            to.write_all(&line)?;
            written += 1;
        }
    }
    to.flush()?;
    Ok(written)
}

/// Writes the codes of one picture of many: behind the last one stands an empty line.
pub fn write_picture(to: &mut impl Write, found: &[Found], room: &mut usize) -> io::Result<usize> {
    let written = write(to, found, None, room)?;
    writeln!(to)?;
    to.flush()?;
    Ok(written)
}

/// Writes the line that says which camera looks, before the first code: `{"camera": …}`.
pub fn write_camera(to: &mut impl Write, name: &str) -> io::Result<()> {
    writeln!(to, "{}", serde_json::json!({ "camera": name }))?;
    to.flush()
}

/// Most bytes of a whole report.
pub const MAX_REPORT: usize = 64 * 1024;

/// A screen, and where it stands for a person.
#[derive(Serialize)]
struct Placed<'a> {
    #[serde(flatten)]
    screen: &'a Screen,
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<&'static str>,
}

#[derive(Serialize)]
struct Line<'a> {
    text: Option<&'a str>,
    corners: [[i32; 2]; 4],
    screen: Option<&'a Placed<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    binary: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<[u8; 2]>,
}

fn line(code: &Found, screen: Option<&Placed>) -> io::Result<Zeroizing<Vec<u8>>> {
    let line = Line {
        text: match &code.content {
            Content::Text(text) | Content::Bytes(text) => Some(text),
            Content::Part { .. } => None,
        },
        corners: code.corners.map(|(x, y)| [x.round() as i32, y.round() as i32]),
        screen,
        binary: matches!(code.content, Content::Bytes(_)),
        part: if let Content::Part { number, of } = code.content { Some([number, of]) } else { None },
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_REPORT)); // one allocation, so that no copy stays
    serde_json::to_writer(&mut *bytes, &line)?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(content: Content) -> Found {
        Found { content, corners: [(0.4, 0.6), (9.0, 0.0), (9.0, 9.0), (-1.0, 9.0)] }
    }

    fn written(content: Content, screen: Option<&Screen>) -> String {
        let mut out = Vec::new();
        write(&mut out, &[found(content)], screen, &mut MAX_REPORT.clone()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_text_is_one_line() {
        let text = Content::Text(Zeroizing::new("a\nb\"c".to_owned()));
        let expected = r#"{"text":"a\nb\"c","corners":[[0,1],[9,0],[9,9],[-1,9]],"screen":null}"#;
        assert_eq!(written(text, None), format!("{expected}\n"));
    }

    #[test]
    fn bytes_are_told_as_such_and_parts_have_no_text() {
        let bytes = || Content::Bytes(Zeroizing::new("\u{1}ÿ".to_owned()));
        let binary: serde_json::Value = serde_json::from_str(&written(bytes(), None)).unwrap();
        assert_eq!((&binary["text"], &binary["binary"]), (&"\u{1}ÿ".into(), &true.into()));
        let part: serde_json::Value = serde_json::from_str(&written(Content::Part { number: 2, of: 3 }, None)).unwrap();
        assert_eq!((&part["text"], &part["part"]), (&serde_json::Value::Null, &serde_json::json!([2, 3])));
    }

    #[test]
    fn the_screen_stands_beside_the_code() {
        let screen = Screen { name: "DP-1".into(), x: -1920, y: 0, width: 1920, height: 1080, scale: 1.5 };
        let line: serde_json::Value =
            serde_json::from_str(&written(Content::Part { number: 1, of: 2 }, Some(&screen))).unwrap();
        assert_eq!(line["screen"]["x"], -1920);
        assert_eq!(line["screen"]["scale"], 1.5);
    }

    #[test]
    fn a_screen_is_told_by_its_side() {
        let at = |x: i32, y: i32| Screen { name: "X".into(), x, y, width: 1920, height: 1080, scale: 1.0 };
        let sides = |screens: &[Screen]| {
            let all: Vec<&Screen> = screens.iter().collect();
            screens.iter().map(|screen| screen.side(&all).unwrap_or("")).collect::<Vec<_>>()
        };
        assert_eq!(sides(&[at(0, 0), at(-1920, 40)]), ["right", "left"]);
        assert_eq!(sides(&[at(0, 0), at(1920, 0), at(3840, 0)]), ["left", "middle", "right"]);
        assert_eq!(sides(&[at(0, 0), at(200, -1080)]), ["lower", "upper"]);
        assert_eq!(sides(&[at(0, 0)]), [""]);
        assert_eq!(sides(&[at(0, 0), at(0, 0)]), ["", ""], "mirrored");
        assert_eq!(sides(&[at(0, 0), at(1920, 0), at(0, 1080), at(1920, 1080)]), [""; 4]);
        let (left, right) = (at(0, 0), at(1920, 0));
        let mut out = Vec::new();
        let codes = [found(Content::Part { number: 1, of: 2 })];
        write_of(&mut out, &codes, &right, &[&left, &right], &mut MAX_REPORT.clone()).unwrap();
        let line: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!((&line["screen"]["side"], &line["screen"]["x"]), (&"right".into(), &1920.into()));
    }

    #[test]
    fn a_report_keeps_to_its_room() {
        let long = || found(Content::Text(Zeroizing::new("\u{1}".repeat(2900))));
        let codes: Vec<Found> = (0..32).map(|_| long()).collect();
        let (mut out, mut room) = (Vec::new(), MAX_REPORT);
        let count = write(&mut out, &codes, None, &mut room).unwrap();
        assert!(out.len() <= MAX_REPORT);
        assert_eq!(String::from_utf8(out).unwrap().lines().count(), count);
        assert!((1..32).contains(&count));
    }
}
