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
    } else if sort != Sort::Keepable {
        // A notification says it too, where something shows those.
        output::print_error(&candidate::describe(found, output::width_err()));
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
    let place = match links(&arguments)[..] {
        [] => return Ok(()),
        [place] => place,
        // What was typed is not repeated: it is no business of a log.
        _ => return Err(Error::Usage("open takes one link at a time".into())),
    };
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

/// Returns which arguments are links of an `open`: its words that are no options.
fn links(arguments: &[OsString]) -> Vec<usize> {
    let is_value = |place: usize| place > 0 && arguments[place - 1] == OsStr::new("--passphrase-fd");
    let is_word = |place: &usize| !arguments[*place].as_bytes().starts_with(b"-") && !is_value(*place);
    let mut words = (0..arguments.len()).filter(is_word);
    match words.next() {
        Some(command) if arguments[command] == OsStr::new("open") => words.collect(),
        _ => Vec::new(),
    }
}

/// What a pipe surely holds.
const LONGEST: usize = 32 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_links_of_an_open_are_hidden() {
        let of = |line: &str| links(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of("open otpauth://totp/a"), [1]);
        assert_eq!(of("open --notify otpauth://totp/a"), [2]);
        assert_eq!(of("--no-prompt open otpauth://totp/a --notify"), [2]);
        assert_eq!(of("--passphrase-fd 3 open otpauth://totp/a"), [3]);
        assert_eq!(of("--passphrase-fd=3 open otpauth://totp/a"), [2]);
        assert_eq!(of("open --passphrase-fd 3 otpauth://totp/a"), [3]);
        assert_eq!(of("open otpauth://totp/a --passphrase-fd 3"), [1]);
        assert_eq!(of("open otpauth://totp/a --notify phonefactor://b"), [1, 3]);
        for line in [
            "open -",
            "open --notify -",
            "open --help",
            "open - --passphrase-fd 3",
            "code open otpauth://x",
            "--passphrase-fd 3 add otpauth://x",
            "--passphrase-fd open code otpauth://x",
            "",
        ] {
            assert_eq!(of(line), [0; 0], "{line}");
        }
    }
}
