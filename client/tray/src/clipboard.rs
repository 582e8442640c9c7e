//! A code on the clipboard: there until it has expired, or until something else is copied.
//!
//! The clipboard of X11 and Wayland lives in the program that copied. So a thread serves it and ends when somebody else
//! owns the clipboard: as long as it runs, the clipboard is ours, and only then may it be cleared.

use std::{
    io::{self, Read, Write},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use arboard::{Clipboard, Error, SetExtLinux};
use zeroize::Zeroizing;

/// How long a code stays on the clipboard after it has expired: sites take it a little longer too.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// Puts the code on the clipboard, with the hint that no history shall keep it. Calls `lost` when it is there no more,
/// for whatever reason.
pub(crate) fn hold(code: Zeroizing<String>, lost: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let mut clipboard = Clipboard::new().map_err(why)?;
    // Waiting for the loss does not tell whether the copying worked, so that comes first.
    clipboard.set().exclude_from_history().text(code.as_str()).map_err(why)?;
    let serve = move || {
        let _ = clipboard.set().exclude_from_history().wait().text(code.as_str());
        drop(clipboard);
        lost();
    };
    let thread = thread::Builder::new().name("clipboard".into()).spawn(serve);
    thread.map(drop).map_err(|error| format!("the clipboard can't be served: {error}"))
}

/// Says it in the person's words: the library's own speak of sockets.
fn why(error: Error) -> String {
    match error {
        Error::Unknown { .. } => {
            "no clipboard: neither an X server nor a Wayland compositor with data control answers".into()
        }
        error => format!("the clipboard can't be used: {error}"),
    }
}

/// Empties the clipboard. To be called only while it is ours.
pub(crate) fn clear() {
    // Where the display is gone, its clipboard is gone too.
    let _ = Clipboard::new().and_then(|mut clipboard| clipboard.clear());
}

/// Plays `--clip`: reads a code and the seconds it lives from standard input, says `ok` once the clipboard has it, and
/// stays until the code has expired or something else has been copied.
pub(crate) fn serve_stdin() -> Result<(), String> {
    let mut text = Zeroizing::new(String::with_capacity(INPUT));
    io::stdin().take(INPUT as u64).read_to_string(&mut text).map_err(|error| format!("no code to copy: {error}"))?;
    let (code, lives) = parse(&text).ok_or("expects two lines: the code, and the seconds it lives")?;
    let (sender, lost) = mpsc::channel();
    let send = move || {
        // The receiver is gone when the time was up first.
        let _ = sender.send(());
    };
    hold(Zeroizing::new(code.to_owned()), send)?;
    drop(text);
    let mut out = io::stdout();
    // Who started this may have ended already; the code stays all the same.
    let _ = out.write_all(b"ok\n").and_then(|()| out.flush());
    if lost.recv_timeout(lives + GRACE) == Err(RecvTimeoutError::Timeout) {
        clear();
        // The clipboard has really been given up when its thread says so.
        let _ = lost.recv_timeout(GRACE);
    }
    Ok(())
}

fn parse(text: &str) -> Option<(&str, Duration)> {
    let mut lines = text.lines();
    let (code, seconds) = (lines.next()?, lines.next()?.trim().parse().ok()?);
    let fits = (1..=MAX_CODE).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (fits && lines.next().is_none() && seconds <= DAY).then(|| (code, Duration::from_secs(seconds)))
}

/// The most bytes of standard input that are looked at.
const INPUT: usize = 256;
const MAX_CODE: usize = 32;
/// The longest period that a code can have.
const DAY: u64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_lines_are_a_code_and_its_life() {
        assert_eq!(parse("755224\n30\n"), Some(("755224", Duration::from_secs(30))));
        assert_eq!(parse("K7PQ2\n0"), Some(("K7PQ2", Duration::ZERO)));
        for bad in [
            "",
            "755224",
            "755224\n",
            "755224\nsoon\n",
            "\n30\n",
            "75 24\n30\n",
            "755224\n30\n1\n",
            "1\n86401\n",
            "1\n-1\n",
        ] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
        assert_eq!(parse(&format!("{}\n30\n", "1".repeat(33))), None);
    }
}
