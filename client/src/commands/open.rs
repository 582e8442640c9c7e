//! `countersign open`: takes a link that the person followed for what a QR says, and asks whether to keep it.
//!
//! Desktops hand a link over as an argument, which every program of the machine can read. So [`hide_link`] is the first
//! thing that happens: the program starts itself anew, with the link in a pipe.

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, Write},
    os::unix::{ffi::OsStrExt, process::CommandExt},
    process::{Command, Stdio},
};

use countersign_api::types::{Candidate, ScanOptions, TextOptions};

use crate::{
    args::{Keep, Open},
    candidate::{self, Sort},
    error::{Error, exit},
    input,
    keeping::{self, Keeper},
    output,
    session::{Session, screen_options},
};

/// Runs the command.
pub(crate) async fn run(args: Open, session: &mut Session) -> Result<(), Error> {
    input::only_dash(Some(&args.input))?;
    let text = input::all("the link")?;
    let notify = args.notify || session.asking.tty().is_none();
    let found = session.secrets().await?.scan_text(text.trim(), options(notify).into()).await?;
    let found: Vec<Candidate> = found.into_iter().map(Candidate::from).collect();
    let [found] = found.as_slice() else { return Err(Error::Said(exit::NO_QR)) };
    let sort = Sort::of(found);
    if !notify {
        output::print(&candidate::describe(found, output::width()))?;
    }
    match sort {
        Sort::Keepable if notify => Ok(()),
        Sort::Keepable => {
            let kept = Keeper { keep: &Keep::default(), yes: false }.keep(session, found).await?;
            keeping::tell(session, &kept).await.map(drop)
        }
        Sort::OneTime => Err(Error::Said(exit::ONE_TIME)),
        Sort::Other => Err(Error::Said(exit::NO_QR)),
    }
}

fn options(notify: bool) -> TextOptions {
    let ScanOptions { display, wayland_display, xauthority, session_type, current_desktop, .. } = screen_options();
    TextOptions { display, wayland_display, xauthority, session_type, current_desktop, notify: notify.then_some(true) }
}

/// Starts this program anew where its arguments are `open` and a link: then they say `open -`, and a pipe has the link.
pub(crate) fn hide_link() -> Result<(), Error> {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let Some(place) = link(&arguments) else { return Ok(()) };
    let text = arguments[place].as_bytes();
    if text.len() > LONGEST {
        return Err(Error::Usage(format!("a link of more than {} KiB is none", LONGEST >> 10)));
    }
    let again = || -> io::Result<io::Error> {
        let (reader, mut writer) = io::pipe()?;
        // All of it fits into a pipe that nobody reads yet.
        writer.write_all(text)?;
        drop(writer);
        let mut command = Command::new("/proc/self/exe");
        command.arg0(env::args_os().next().unwrap_or_else(|| "countersign".into()));
        command.args(&arguments[..place]).arg("-").args(&arguments[place + 1..]);
        Ok(command.stdin(Stdio::from(reader)).exec())
    };
    let failed = again().unwrap_or_else(|error| error);
    Err(Error::io("the link can't be hidden from other programs")(failed))
}

/// Returns which argument is the link of an `open`.
fn link(arguments: &[OsString]) -> Option<usize> {
    let is_option = |argument: &OsString| argument.as_bytes().starts_with(b"-");
    let command = arguments.iter().position(|argument| !is_option(argument))?;
    if arguments[command] != OsStr::new("open") {
        return None;
    }
    arguments.iter().skip(command + 1).position(|argument| !is_option(argument)).map(|place| place + command + 1)
}

/// What a pipe surely holds.
const LONGEST: usize = 32 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_link_of_an_open_is_hidden() {
        let of = |line: &str| link(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of("open otpauth://totp/a"), Some(1));
        assert_eq!(of("open --notify otpauth://totp/a"), Some(2));
        assert_eq!(of("--no-prompt open otpauth://totp/a --notify"), Some(2));
        for line in ["open -", "open --notify -", "open --help", "code open otpauth://x", "add otpauth://x", ""] {
            assert_eq!(of(line), None, "{line}");
        }
    }
}
