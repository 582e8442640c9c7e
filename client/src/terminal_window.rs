//! A terminal window for what needs one: the questions of the set-up, the picker of a hotkey, a QR without a window.
//!
//! The only place that knows terminal programs. The tray and others reach it as `countersign __terminal ARGUMENTS`; no secret
//! may be among them.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs::OpenOptions,
    io::{self, Read, Write},
    os::unix::{fs::OpenOptionsExt, process::CommandExt},
    path::PathBuf,
    process::{Command, Stdio},
};

use clap::ValueEnum;
use countersign_api::connect;

use crate::{error::Error, output, path};

/// What happens in a terminal window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Job {
    /// This program with these arguments; the window stays open where there is an error to read, but not after a question
    /// that the person dismissed.
    #[default]
    Run,
    /// The passphrase is asked by a dialog, or here where there is none; the recovery key stays until it is read.
    SetUp,
    /// What is wrong with the vault, and a shell to do something about it.
    Explain,
    /// A text from standard input, where nothing else shows it. It may name accounts, so it stands in no argument.
    Tell,
}

impl Job {
    /// Returns lines of a shell: `$1` is this program, and its arguments follow.
    fn script(self) -> &'static str {
        match self {
            Self::Run => r#""$@"; case $? in 0 | 5 | 130) ;; *) printf '\nPress Enter to close. '; read -r _ ;; esac"#,
            Self::SetUp => {
                r#""$1" --no-tty init; if [ $? = 2 ]; then "$1" init; fi; printf '\nPress Enter to close. '; read -r _"#
            }
            Self::Explain => r#""$1" status; printf '\nEarlier vaults:\n'; "$1" generations list; exec "${SHELL:-sh}""#,
            Self::Tell => r#"cat "$2"; rm -f "$2"; printf '\n\nPress Enter to close. '; read -r _"#,
        }
    }

    /// Returns what a person without a terminal program may do instead.
    fn by_hand(self, arguments: &[OsString]) -> String {
        match self {
            Self::Run => {
                let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
                format!("countersign {}", output::one_line(&words.join(" ")))
            }
            Self::SetUp => "countersign init".into(),
            Self::Explain | Self::Tell => "countersign status".into(),
        }
    }
}

/// Becomes a terminal window in which this happens.
///
/// # Errors
/// Returns only if that can't be.
pub(crate) fn run(job: Job, arguments: &[OsString]) -> Result<(), Error> {
    let variable = |name: &str| env::var_os(name);
    let Some((terminal, flags)) = find(&variable) else {
        let by_hand = job.by_hand(arguments);
        return Err(Error::NoTerminal(format!("no terminal program found: set TERMINAL, or run by hand: {by_hand}")));
    };
    let own = env::current_exe().map_err(Error::io("countersign"))?;
    let mut command = Command::new(&terminal);
    command.args(flags).args(["sh", "-c", job.script(), "countersign"]).arg(own).args(arguments);
    if job == Job::Tell {
        command.arg(text_in_a_file().map_err(Error::io("the text"))?);
    }
    let failed = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).exec();
    Err(Error::io(format!("{} does not start", terminal.display()))(failed))
}

/// Puts standard input into a file that only this user reads; who shows it removes it.
fn text_in_a_file() -> io::Result<PathBuf> {
    let mut text = String::new();
    io::stdin().lock().take(MAX_TEXT).read_to_string(&mut text)?;
    let path = connect::runtime_dir()?.join(format!("text-{}", std::process::id()));
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?.write_all(text.as_bytes())?;
    Ok(path)
}

const MAX_TEXT: u64 = 4096;

/// Returns the terminal program to use, and what stands between it and the command to run.
fn find(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<(PathBuf, &'static [&'static str])> {
    let on_path = |name: &OsStr| path::find(name, &variable("PATH")?);
    let wayland = variable("WAYLAND_DISPLAY").is_some_and(|display| !display.is_empty());
    let wanted = variable("TERMINAL").filter(|name| !name.is_empty()).and_then(|name| on_path(&name));
    let usual = || TERMINALS.iter().filter(|(name, ..)| wayland || *name != "foot");
    wanted.or_else(|| usual().find_map(|(name, _)| on_path(OsStr::new(name)))).map(|program| {
        let name = program.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let known = TERMINALS.iter().find(|(known, _)| *known == name);
        (program.clone(), known.map_or(DASH_E, |(_, flags)| *flags))
    })
}

const DASH_E: &[&str] = &["-e"];

/// The person's choice first, then what desktops bring along.
const TERMINALS: &[(&str, &[&str])] = &[
    ("xdg-terminal-exec", &[]),
    ("x-terminal-emulator", DASH_E),
    ("foot", &[]),
    ("kitty", &[]),
    ("alacritty", DASH_E),
    ("wezterm", &["start", "--"]),
    ("konsole", DASH_E),
    ("gnome-terminal", &["--"]),
    ("kgx", &["--"]),
    ("ptyxis", &["--"]),
    ("xfce4-terminal", &["-x"]),
    ("mate-terminal", &["-x"]),
    ("terminator", &["-x"]),
    ("qterminal", DASH_E),
    ("tilix", DASH_E),
    ("urxvt", DASH_E),
    ("st", DASH_E),
    ("xterm", DASH_E),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    /// What is found where only these programs are installed, with these variables set.
    fn found(programs: &[&str], variables: &[(&str, &str)]) -> Option<(String, &'static [&'static str])> {
        let folder = tempfile::tempdir().unwrap();
        for program in programs {
            fs::write(folder.path().join(program), "").unwrap();
            fs::set_permissions(folder.path().join(program), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let variable = |name: &str| match name {
            "PATH" => Some(folder.path().into()),
            _ => variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value)),
        };
        find(&variable).map(|(program, flags)| (program.file_name().unwrap().to_str().unwrap().to_owned(), flags))
    }

    #[test]
    fn the_person_s_own_choice_goes_first() {
        let both = ["gnome-terminal", "xterm"];
        assert_eq!(found(&both, &[]), Some(("gnome-terminal".into(), &["--"][..])));
        assert_eq!(found(&both, &[("TERMINAL", "xterm")]), Some(("xterm".into(), DASH_E)));
        assert_eq!(found(&both, &[("TERMINAL", "gone")]), Some(("gnome-terminal".into(), &["--"][..])));
        assert_eq!(found(&["own-term"], &[("TERMINAL", "own-term")]), Some(("own-term".into(), DASH_E)));
    }

    #[test]
    fn foot_is_for_wayland_only() {
        assert_eq!(found(&["foot", "st"], &[]), Some(("st".into(), DASH_E)));
        assert_eq!(found(&["foot", "xterm"], &[("WAYLAND_DISPLAY", "wayland-1")]), Some(("foot".into(), &[][..])));
    }

    #[test]
    fn without_a_terminal_nothing_is_found() {
        assert_eq!(found(&["ls"], &[]), None);
    }
}
