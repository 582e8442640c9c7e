//! What the pipe says: what to show or to ask, and until when.
//!
//! Lines of UTF-8, each a word and what belongs to it, ended by an empty line. The pipe then stays open: the window closes
//! with it. So nothing that is shown stands in an argument or in the environment.
//!
//! ```text
//! show qr
//! title GitHub – octo
//! note Scan it with the other device.
//! seconds 60
//! row 111111100101…
//! row 100000101101…
//! ```
//!
//! `show` comes first and says what follows: `qr` or `code`. A `qr` has as many `row` lines as modules a side, `1` is dark; the light
//! margin is not among them. `title` may be missing, `note` come up to four times, `seconds` be 1 to 600, else 60.
//!
//! A `code` has the lines that [`crate::code`] tells of in the place of `row`, and further ones after the empty line.
//!
//! `ask frame` in its place lets the person draw a frame on the screen; no `row` may follow.

use std::{
    io::{self, Read},
    time::Duration,
};

use zeroize::Zeroizing;

use crate::{
    code::{Codes, Draft},
    surface::overlay::Hint,
};

/// What the pipe wants.
#[derive(Debug)]
pub(crate) enum Order {
    /// Something is to be shown.
    Show(Request),
    /// The person is to draw a frame, and told how; within this time.
    AskFrame {
        /// How it is done.
        hint: Hint,
        /// How long the person has.
        time: Duration,
    },
}

/// What to show, and until when.
#[derive(Debug)]
pub(crate) struct Request {
    /// What it is.
    pub(crate) show: Show,
    /// Whose it is; empty where the pipe says nothing of it.
    pub(crate) title: String,
    /// What to do with it, a paragraph each.
    pub(crate) notes: Vec<String>,
    /// How long it is shown.
    pub(crate) time: Duration,
}

/// What a window can show: one variant a kind.
#[derive(Debug)]
pub(crate) enum Show {
    /// A QR code.
    Qr(Modules),
    /// A code that goes over into the next.
    Code(Codes),
}

impl Show {
    /// Returns what the desktop calls the window. No account's name: lists of windows are read by many a program.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Qr(_) => "QR code – countersign",
            Self::Code(_) => "Code – countersign",
        }
    }
}

/// The modules of a QR, without its margin.
pub(crate) struct Modules {
    side: usize,
    dark: Zeroizing<Vec<bool>>,
}

/// Why a request is refused. What the pipe said is never repeated: it may be a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    /// The pipe can't be read.
    #[error("standard input can't be read")]
    Unreadable(#[source] io::Error),
    /// It ended too early.
    #[error("standard input ended before the empty line that ends a request")]
    Unfinished,
    /// There is more of it than there can be.
    #[error("the request is longer than {MAX_REQUEST} bytes")]
    TooLong,
    /// A line makes no sense.
    #[error("line {0} of the request is not understood; see countersign-window --help")]
    Line(usize),
    /// What came after the request makes no sense.
    #[error("a line after the request is not understood; see countersign-window --help")]
    Later,
    /// The lines make no whole.
    #[error("{0}")]
    Incomplete(&'static str),
}

impl Order {
    /// Reads an order up to its empty line, and no byte beyond what came with it; that is heard by what is shown.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub(crate) fn read(mut from: impl Read) -> Result<Self, RequestError> {
        // One allocation, so that no copy is left behind by growing.
        let mut bytes = Zeroizing::new(vec![0_u8; MAX_REQUEST]);
        let mut length = 0;
        loop {
            match from.read(&mut bytes[length..]) {
                Ok(0) if length == MAX_REQUEST => return Err(RequestError::TooLong),
                Ok(0) => return Err(RequestError::Unfinished),
                Ok(count) => length += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(RequestError::Unreadable(error)),
            }
            if let Some(end) = bytes[..length].windows(2).position(|pair| pair == b"\n\n") {
                return Self::parse(&bytes[..end], &bytes[end + 2..length]);
            }
        }
    }

    fn parse(bytes: &[u8], rest: &[u8]) -> Result<Self, RequestError> {
        let (mut kind, mut title, mut notes, mut time) = (None, None, Vec::new(), None);
        let (mut rows, mut code) = (Rows::default(), Draft::default());
        for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            let wrong = || RequestError::Line(number);
            let line = str::from_utf8(line).map_err(|_| wrong())?;
            let (word, text) = line.split_once(' ').ok_or_else(wrong)?;
            let short = text.chars().count() <= MAX_TEXT;
            match (kind, word) {
                (None, _) => kind = Some(Kind::of(line).ok_or_else(wrong)?),
                (_, "title") if title.is_none() && short => title = Some(text.to_owned()),
                (_, "note") if notes.len() < MAX_NOTES && short => notes.push(text.to_owned()),
                (_, "seconds") if time.is_none() => time = Some(seconds(text).ok_or_else(wrong)?),
                (Some(Kind::Qr), "row") => rows.take(text).ok_or_else(wrong)?,
                (Some(Kind::Code), _) => code.take(word, text).ok_or_else(wrong)?,
                _ => return Err(wrong()),
            }
        }
        let (title, time) = (title.unwrap_or_default(), time.unwrap_or(USUAL_TIME));
        let missing = |what| move || RequestError::Incomplete(what);
        let show = match kind {
            Some(Kind::Frame) => return Ok(Self::AskFrame { hint: Hint { title, note: notes.join(" ") }, time }),
            Some(Kind::Code) => Show::Code(Codes::new(code.finish().ok_or_else(missing("there is no code"))?, rest)?),
            _ => Show::Qr(rows.finish().ok_or_else(missing("a QR is as wide as it is high"))?),
        };
        Ok(Self::Show(Request { show, title, notes, time }))
    }
}

/// What the first line says.
#[derive(Clone, Copy)]
enum Kind {
    Qr,
    Code,
    Frame,
}

impl Kind {
    fn of(line: &str) -> Option<Self> {
        match line {
            "show qr" => Some(Self::Qr),
            "show code" => Some(Self::Code),
            "ask frame" => Some(Self::Frame),
            _ => None,
        }
    }
}

/// The rows of a QR, as they come.
struct Rows {
    count: usize,
    dark: Zeroizing<Vec<bool>>,
}

impl Default for Rows {
    fn default() -> Self {
        // Room for all of them, so that no copy is left behind by growing.
        Self { count: 0, dark: Zeroizing::new(Vec::with_capacity(MAX_SIDE * MAX_SIDE)) }
    }
}

impl Rows {
    /// Takes a row, as long as those before it; `None` where it makes no sense.
    fn take(&mut self, modules: &str) -> Option<()> {
        if self.count == MAX_SIDE || modules.len() > MAX_SIDE {
            return None;
        }
        self.count += 1;
        for module in modules.bytes() {
            self.dark.push(match module {
                b'0' => false,
                b'1' => true,
                _ => return None,
            });
        }
        (modules.len() * self.count == self.dark.len()).then_some(())
    }

    fn finish(self) -> Option<Modules> {
        let Self { count: side, dark } = self;
        (side > 0 && dark.len() == side * side).then_some(Modules { side, dark })
    }
}

impl Request {
    /// Takes what the pipe says after the request; true when there is something new to show.
    pub(crate) fn hear(&mut self, said: &[u8]) -> Result<bool, RequestError> {
        match &mut self.show {
            Show::Code(codes) => codes.hear(said),
            // A QR stays as it is.
            Show::Qr(_) => Ok(false),
        }
    }
}

impl Modules {
    /// Returns the number of modules a side, without the margin.
    pub(crate) fn side(&self) -> usize {
        self.side
    }

    /// Whether a module is dark.
    pub(crate) fn is_dark(&self, x: usize, y: usize) -> bool {
        self.dark[y * self.side + x]
    }
}

impl std::fmt::Debug for Modules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{0}x{0} modules", self.side)
    }
}

fn seconds(text: &str) -> Option<Duration> {
    let seconds = text.parse().ok().filter(|seconds| (1..=MAX_SECONDS).contains(seconds))?;
    Some(Duration::from_secs(seconds))
}

/// The largest request: a QR of version 40 with all that may stand beside it.
const MAX_REQUEST: usize = 64 * 1024;
/// Modules a side of the largest QR, version 40.
const MAX_SIDE: usize = 177;
const MAX_TEXT: usize = 500;
const MAX_NOTES: usize = 4;
const MAX_SECONDS: u64 = 600;
const USUAL_TIME: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Request, RequestError> {
        match Order::read(text.as_bytes())? {
            Order::Show(request) => Ok(request),
            order @ Order::AskFrame { .. } => panic!("{order:?}"),
        }
    }

    #[test]
    fn a_frame_is_asked_for_with_a_hint_and_nothing_else() {
        let text = "ask frame\ntitle Drag.\nnote One.\nnote Two.\nseconds 9\n\n";
        let Order::AskFrame { hint, time } = Order::read(text.as_bytes()).unwrap() else {
            panic!("it is no frame that is asked for")
        };
        assert_eq!((hint.title.as_str(), hint.note.as_str(), time), ("Drag.", "One. Two.", Duration::from_secs(9)));
        assert!(Order::read(&b"ask frame\n\n"[..]).is_ok());
        for wrong in ["ask frame\nrow 1\n\n", "show qr\nask frame\n\n", "ask page\n\n"] {
            assert!(matches!(Order::read(wrong.as_bytes()), Err(RequestError::Line(_))), "{wrong}");
        }
    }

    #[test]
    fn a_qr_is_read_whole() {
        let request =
            read("show qr\ntitle GitHub – octo\nnote One.\nnote Two.\nseconds 5\nrow 10\nrow 01\n\nmore").unwrap();
        let Show::Qr(modules) = &request.show else { panic!("{request:?}") };
        assert_eq!((modules.side(), request.time), (2, Duration::from_secs(5)));
        assert_eq!([(0, 0), (1, 0), (0, 1), (1, 1)].map(|(x, y)| modules.is_dark(x, y)), [true, false, false, true]);
        assert_eq!((request.title.as_str(), request.notes.len()), ("GitHub – octo", 2));
    }

    #[test]
    fn a_code_is_read_with_what_follows_it() {
        let code = |text| match read(text).unwrap().show {
            Show::Code(mut codes) => {
                let code = codes.at(70);
                (code.groups.to_string(), code.left(70), code.next.as_ref().map(|next| next.to_string()))
            }
            other @ Show::Qr(_) => panic!("{other:?}"),
        };
        let first = "show code\ntitle Bank\nseconds 300\ncode 123 456\nuntil 90 30\nnext 654 321\n\n";
        assert_eq!(code(first), ("123 456".into(), 20, Some("654 321".into())));
        assert_eq!(code(&format!("{first}code 7\n\nco")), ("7".into(), 0, None));
    }

    #[test]
    fn a_code_has_no_rows_and_a_qr_no_code() {
        for (wrong, why) in [
            ("show code\nrow 1\n\n", "line 2 "),
            ("show code\ncode 1\ncode 2\n\n", "line 3 "),
            ("show qr\ncode 1\nrow 1\n\n", "line 2 "),
            ("ask frame\ncode 1\n\n", "line 2 "),
            ("show code\ntitle x\n\n", "no code"),
            ("show code\ncode 1\nnext 2\n\n", "no code"),
            ("show code\ncode 1\n\ncode HUSH!\n\n", "after the request"),
        ] {
            let error = Order::read(wrong.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("HUSH"), "{wrong:?}: {error}");
        }
    }

    #[test]
    fn what_may_be_missing_is_filled_in() {
        let request = read("show qr\nrow 1\n\n").unwrap();
        assert_eq!((request.title.as_str(), request.notes.len(), request.time), ("", 0, USUAL_TIME));
    }

    #[test]
    fn the_largest_qr_fits() {
        let row = format!("row {}\n", "1".repeat(MAX_SIDE));
        let text = "é".repeat(MAX_TEXT);
        let all =
            format!("show qr\ntitle {text}\n{}{}\n", format!("note {text}\n").repeat(MAX_NOTES), row.repeat(MAX_SIDE));
        assert_eq!(read(&all).unwrap().notes.len(), MAX_NOTES);
    }

    #[test]
    fn a_request_comes_in_pieces() {
        let (one, two) = ("show qr\nrow 10\nro", "w 01\n\n");
        assert!(Order::read(one.as_bytes().chain(two.as_bytes())).is_ok());
    }

    #[test]
    fn nonsense_is_refused_and_not_repeated() {
        let long = format!("show qr\nrow {}\n\n", "1".repeat(MAX_SIDE + 1));
        let rows = [
            ("", "ended"),
            ("show qr\nrow 1\n", "ended"),
            ("row 1\nshow qr\n\n", "line 1 "),
            ("show HUSH\n\n", "line 1 "),
            ("show qr\nrow HUSH\n\n", "line 2 "),
            ("show qr\nHUSH\n\n", "line 2 "),
            ("show qr\nrow 10\nrow 101\n\n", "line 3 "),
            ("show qr\nseconds 0\nrow 1\n\n", "line 2 "),
            ("show qr\nrow 10\n\n", "as wide as"),
            ("show qr\ntitle x\n\n", "as wide as"),
            (&long, "line 2 "),
        ];
        for (text, expected) in rows {
            let error = read(text).unwrap_err();
            assert!(error.to_string().contains(expected), "{text:?}: {error}");
            assert!(!format!("{error} {error:?}").contains("HUSH"), "{error} repeats it");
        }
        let endless = read(&"x".repeat(MAX_REQUEST + 1)).unwrap_err();
        assert!(matches!(endless, RequestError::TooLong), "{endless:?}");
    }
}
