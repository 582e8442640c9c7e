//! A terminal window for what needs one: the recovery key of the set-up, advice, and a QR where there is no window for it.
//!
//! The tray never sees a passphrase; the command line asks for it there.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
};

use countersign_api::connect;
use tokio::process::{Child, Command};

/// What runs in a terminal window.
pub(crate) struct Job {
    /// Lines of a shell: `$0` is `countersign`, `$1` what was given beside them.
    script: &'static str,
    /// What a person without a terminal program may do instead.
    by_hand: &'static str,
}

/// The passphrase is asked by a dialog, or here where there is none; the recovery key stays until it is read.
pub(crate) const SET_UP: Job = Job {
    script: r#""$0" --no-tty init; if [ $? = 2 ]; then "$0" init; fi; printf '\nPress Enter to close. '; read -r _"#,
    by_hand: "countersign init",
};
/// What is wrong with the vault, and a shell to do something about it.
pub(crate) const EXPLAIN: Job = Job {
    script: r#""$0" status; printf '\nEarlier vaults:\n'; "$0" generations list; exec "${SHELL:-sh}""#,
    by_hand: "countersign status",
};
/// An account's QR; the window stays open where there is an error to read.
pub(crate) const SHOW_QR: Job =
    Job { script: r#""$0" qr "$1" || { printf '\nPress Enter to close. '; read -r _; }"#, by_hand: "countersign qr" };
/// A text, where nothing else shows it.
pub(crate) const TELL: Job =
    Job { script: r#"printf '%s\n\nPress Enter to close. ' "$1"; read -r _"#, by_hand: "countersign status" };

/// Runs a job in a terminal window. No secret may be among what is given to it.
pub(crate) fn run(job: &Job, given: &str) -> Result<Child, String> {
    let (terminal, flags) = find(&|name| env::var_os(name))
        .ok_or_else(|| format!("no terminal program found: set TERMINAL, or run by hand: {}", job.by_hand))?;
    Command::new(&terminal)
        .args(flags)
        .args(["sh", "-c", job.script])
        .arg(countersign())
        .arg(given)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| format!("{} does not start: {error}", terminal.display()))
}

/// Returns the command line that belongs to this tray.
pub(crate) fn countersign() -> PathBuf {
    connect::program("countersign").unwrap_or_else(|| "countersign".into())
}

/// Returns the terminal program to use, and what stands between it and the command to run.
fn find(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<(PathBuf, &'static [&'static str])> {
    let on_path = |name: &Path| {
        let path = variable("PATH")?;
        env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
    };
    let wayland = variable("WAYLAND_DISPLAY").is_some_and(|display| !display.is_empty());
    let wanted = variable("TERMINAL").filter(|name| !name.is_empty()).and_then(|name| on_path(Path::new(&name)));
    let usual = || TERMINALS.iter().filter(|(name, ..)| wayland || *name != "foot");
    wanted.or_else(|| usual().find_map(|(name, _)| on_path(Path::new(name)))).map(|program| {
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

    /// What is found where only these programs are installed, with these variables set.
    fn found(programs: &[&str], variables: &[(&str, &str)]) -> Option<(String, &'static [&'static str])> {
        let folder =
            env::temp_dir().join(format!("countersign-terminals-{}-{}", std::process::id(), programs.join("-")));
        std::fs::create_dir_all(&folder).unwrap();
        for program in programs {
            std::fs::write(folder.join(program), "").unwrap();
        }
        let variable = |name: &str| match name {
            "PATH" => Some(folder.clone().into_os_string()),
            _ => variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value)),
        };
        let found = find(&variable);
        std::fs::remove_dir_all(&folder).unwrap();
        found.map(|(program, flags)| (program.file_name().unwrap().to_str().unwrap().to_owned(), flags))
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
