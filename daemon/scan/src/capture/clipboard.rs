//! What lies in the clipboard: a picture, such as one that somebody sent, or a text.
//!
//! Read by the small programs that every desktop has for it, so that this one need not speak their protocols.

use std::{
    io::ErrorKind,
    process::Command,
    time::{Duration, Instant},
};

use zeroize::Zeroizing;

use super::{choose::Session, program};
use crate::outcome::ScanError;

/// What was in the clipboard.
pub enum Clip {
    /// A picture file, not decoded yet.
    Picture(Zeroizing<Vec<u8>>),
    /// A text, without the white space around it.
    Text(Zeroizing<String>),
    /// Nothing that could hold a code.
    Nothing,
}

/// Reads the clipboard of this session.
pub fn read() -> Result<Clip, ScanError> {
    let tool = Tool::of(&Session::of_environment())?;
    let Some(types) = tool.run(tool.list, 64 * 1024)? else { return Ok(Clip::Nothing) };
    let types = String::from_utf8_lossy(&types).into_owned();
    let offered =
        |wanted: &[&'static str]| wanted.iter().find(|kind| types.lines().any(|line| line == **kind)).copied();
    if let Some(kind) = offered(PICTURES) {
        return Ok(tool.fetch(kind, MAX_PICTURE)?.map_or(Clip::Nothing, Clip::Picture));
    }
    let Some(kind) = offered(TEXTS) else { return Ok(Clip::Nothing) };
    let text = tool
        .fetch(kind, MAX_TEXT)?
        .and_then(|bytes| Some(Zeroizing::new(str::from_utf8(&bytes).ok()?.trim().to_owned())));
    Ok(text.filter(|text| !text.is_empty()).map_or(Clip::Nothing, Clip::Text))
}

/// A program that reads the clipboard.
#[derive(Debug, PartialEq)]
struct Tool {
    program: &'static str,
    package: &'static str,
    /// Arguments that make it list what is offered.
    list: &'static [&'static str],
    /// Arguments before the kind that is wanted.
    fetch: &'static [&'static str],
}

impl Tool {
    fn of(session: &Session) -> Result<&'static Self, ScanError> {
        match (session.is_wayland(), &session.x11) {
            (true, _) => Ok(&WAYLAND),
            (false, Some(_)) => Ok(&X11),
            (false, None) => Err(ScanError::NoDisplay(super::NONE_NAMED.into())),
        }
    }

    fn fetch(&self, kind: &str, most: u64) -> Result<Option<Zeroizing<Vec<u8>>>, ScanError> {
        self.run(&[self.fetch, &[kind]].concat(), most)
    }

    /// Runs it; `None` where the clipboard is empty.
    fn run(&self, arguments: &[&str], most: u64) -> Result<Option<Zeroizing<Vec<u8>>>, ScanError> {
        let run = program::run(Command::new(self.program).args(arguments), Instant::now() + LIMIT, most);
        let (written, told, status) = run.map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                ScanError::Choice(format!("--clipboard needs {} here: install {}", self.program, self.package))
            }
            ErrorKind::TimedOut => ScanError::Late("the clipboard's owner did not answer in time".into()),
            _ => ScanError::Capture(format!("{}: {error}", self.program)),
        })?;
        if told.contains("onnect") || told.contains("open display") {
            return Err(ScanError::NoDisplay(format!("{} finds none", self.program)));
        }
        Ok(status.success().then_some(written).filter(|written| !written.is_empty()))
    }
}

const WAYLAND: Tool =
    Tool { program: "wl-paste", package: "wl-clipboard", list: &["--list-types"], fetch: &["--no-newline", "--type"] };
const X11: Tool = Tool {
    program: "xclip",
    package: "xclip",
    list: &["-selection", "clipboard", "-out", "-target", "TARGETS"],
    fetch: &["-selection", "clipboard", "-out", "-target"],
};
/// The best first.
const PICTURES: &[&str] = &["image/png", "image/webp", "image/jpeg", "image/bmp", "image/gif"];
const TEXTS: &[&str] = &["text/plain;charset=utf-8", "UTF8_STRING", "text/plain", "STRING"];
const MAX_PICTURE: u64 = (64 << 20) + 1;
const MAX_TEXT: u64 = 16 * 1024;
const LIMIT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_chooses_the_program() {
        let x11 = Some(":1".to_owned());
        let of = |session: &Session| Tool::of(session).map(|tool| tool.program).ok();
        assert_eq!(of(&Session { x11: x11.clone(), ..Session::default() }), Some("xclip"));
        assert_eq!(of(&Session { x11, kind: "wayland".into(), ..Session::default() }), Some("wl-paste"));
        assert_eq!(of(&Session::default()), None);
    }
}
