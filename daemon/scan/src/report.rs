//! What is written about a code: one line of JSON.
//!
//! `{"text": …, "corners": [[x,y],[x,y],[x,y],[x,y]], "screen": …}`: Beside the text of a code that
//! holds bytes, each of them one character, stands `"binary": true`; `text` is null for one part of a longer text
//! (`"part": [number, of]`). The corners are in pixels of
//! the picture, top left first, clockwise as the code sees itself. `screen` is null for a file, else
//! `{"name","x","y","width","height","scale"}`: its place among all screens, in pixels; `"side"` too where there are several.

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
    /// Which of several monitors it is, such as `left monitor`; nothing where it is the only one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub side: String,
}

impl Screen {
    /// Returns what is said of a picture of all screens whose places nobody told.
    pub fn whole(width: u32, height: u32) -> Self {
        Self { name: "screen".into(), x: 0, y: 0, width, height, scale: 1.0, side: String::new() }
    }

    /// Whether both show the same part of the desktop: mirrored screens.
    pub fn same_area(&self, other: &Self) -> bool {
        (self.x, self.y, self.width, self.height) == (other.x, other.y, other.width, other.height)
    }
}

/// Says of each screen which one of the monitors it is: they stand in a row, or above each other, or else have only names.
pub fn name_sides(screens: &mut [&mut Screen]) {
    let apart = |screens: &[&mut Screen], place: fn(&Screen) -> i32| {
        let mut places: Vec<i32> = screens.iter().map(|screen| place(screen)).collect();
        places.sort_unstable();
        places.windows(2).all(|pair| pair[0] < pair[1])
    };
    let (row, words): (fn(&Screen) -> i32, _) = if apart(screens, |screen| screen.x) {
        (|screen| screen.x, ["left", "middle", "right"])
    } else if apart(screens, |screen| screen.y) {
        (|screen| screen.y, ["upper", "middle", "lower"])
    } else {
        return;
    };
    screens.sort_by_key(|screen| row(screen));
    let count = screens.len();
    for (at, screen) in screens.iter_mut().enumerate() {
        screen.side = match (at, count) {
            (_, 0 | 1) => String::new(),
            (0, 2 | 3) => format!("{} monitor", words[0]),
            (1, 3) => format!("{} monitor", words[1]),
            (_, 2 | 3) => format!("{} monitor", words[2]),
            _ => format!("monitor {} of {count}", at + 1),
        };
    }
}

/// Writes a line for each code of one picture, within what is left of `room`; returns how many were written.
///
/// A code whose line is too long is left out, and the rest still written.
pub fn write(to: &mut impl Write, found: &[Found], screen: Option<&Screen>, room: &mut usize) -> io::Result<usize> {
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

/// Most bytes of a whole report.
pub const MAX_REPORT: usize = 64 * 1024;

#[derive(Serialize)]
struct Line<'a> {
    text: Option<&'a str>,
    corners: [[i32; 2]; 4],
    screen: Option<&'a Screen>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    binary: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<[u8; 2]>,
}

fn line(code: &Found, screen: Option<&Screen>) -> io::Result<Zeroizing<Vec<u8>>> {
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
        let screen =
            Screen { name: "DP-1".into(), x: -1920, y: 0, width: 1920, height: 1080, scale: 1.5, side: String::new() };
        let line: serde_json::Value =
            serde_json::from_str(&written(Content::Part { number: 1, of: 2 }, Some(&screen))).unwrap();
        assert_eq!(line["screen"]["x"], -1920);
        assert_eq!(line["screen"]["scale"], 1.5);
    }

    #[test]
    fn monitors_are_told_apart_by_where_they_stand() {
        let sides = |places: &[(i32, i32)]| {
            let at = |(x, y): &(i32, i32)| Screen { x: *x, y: *y, ..Screen::whole(100, 100) };
            let mut screens: Vec<Screen> = places.iter().map(at).collect();
            name_sides(&mut screens.iter_mut().collect::<Vec<_>>());
            screens.into_iter().map(|screen| screen.side).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(sides(&[(0, 0)]), "");
        assert_eq!(sides(&[(0, 0), (-1920, 40)]), "right monitor, left monitor");
        assert_eq!(sides(&[(0, 0), (100, 0), (200, 0)]), "left monitor, middle monitor, right monitor");
        assert_eq!(sides(&[(0, 100), (0, 0)]), "lower monitor, upper monitor");
        assert_eq!(sides(&[(0, 0), (9, 0), (18, 0), (27, 0)]).split(", ").nth(1), Some("monitor 2 of 4"));
        assert_eq!(sides(&[(0, 0), (100, 0), (0, 100), (100, 100)]), ", , , ");
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
