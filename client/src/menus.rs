//! Menu programs of other people: what each is given, and how its answer is read.
//!
//! Names go in by standard input, a line each, and never as arguments, which other users could read. They are foreign text:
//! control characters are made visible before (so that no line feed, tab, NUL or escape sequence means anything), and every
//! program is told to take lines as they are, whatever its configuration says. What was chosen is told by its place in the
//! list, or by a label that no other one has; no label is ever read for what it says.

use std::{collections::HashSet, env, io, iter, process::Stdio};

use clap::ValueEnum;
use countersign_api::Error as Answer;
use tokio::{io::AsyncWriteExt, process::Command};

use crate::{error::Error, output, path};

/// A menu program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Menu {
    /// For X11, and by a fork for Wayland
    Rofi,
    /// For Wayland
    Wofi,
    /// For Wayland
    Fuzzel,
    /// For X11
    Dmenu,
    /// For X11 and Wayland
    Bemenu,
    /// In the terminal
    Fzf,
}

/// How a program tells what was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tells {
    /// By its place, counted from 0.
    Place,
    /// By its line as it was given.
    Line,
    /// By its line, which begins with its place and a tab: the program shows only what is behind it.
    HiddenPlace,
}

impl Menu {
    /// Returns the first one that is installed and fits the screen; in a terminal without a screen, fzf.
    pub(crate) fn find(terminal: bool) -> Option<Self> {
        let there = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let fitting = Self::fitting(there("WAYLAND_DISPLAY"), there("DISPLAY"), terminal);
        fitting.iter().copied().find(|menu| path::find_here(menu.program().as_ref()).is_some())
    }

    fn fitting(wayland: bool, x11: bool, terminal: bool) -> &'static [Self] {
        match (wayland, x11) {
            // Those of X11 only with a server for it beside.
            (true, true) => &[Self::Fuzzel, Self::Wofi, Self::Rofi, Self::Bemenu, Self::Dmenu],
            (true, false) => &[Self::Fuzzel, Self::Wofi, Self::Bemenu],
            (false, true) => &[Self::Rofi, Self::Dmenu, Self::Bemenu],
            (false, false) if terminal => &[Self::Fzf],
            (false, false) => &[],
        }
    }

    /// Returns the name of the program.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Rofi => "rofi",
            Self::Wofi => "wofi",
            Self::Fuzzel => "fuzzel",
            Self::Dmenu => "dmenu",
            Self::Bemenu => "bemenu",
            Self::Fzf => "fzf",
        }
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            // Without -markup-rows a row is text; -no-custom: only what is in the list.
            Self::Rofi => &["-dmenu", "-i", "-no-custom", "-format", "i", "-p", "Code of"],
            // Its cache would keep names on disk. Its configuration may have lines taken as markup, as names of pictures, and
            // as parts of a shell's command line (pre_display_cmd): none of it is read. A style.css is.
            Self::Wofi => {
                &["--dmenu", "--insensitive", "--prompt=Code of", "--cache-file=/dev/null", "--conf=/dev/null"]
            }
            // What it logs goes to the journal otherwise.
            Self::Fuzzel => &["--dmenu", "--index", "--prompt=Code of ", "--log-no-syslog", "--log-level=error"],
            Self::Dmenu => &["-i", "-l", "15", "-p", "Code of"],
            Self::Bemenu => &["--ignorecase", "--list", "15", "--prompt", "Code of"],
            Self::Fzf => &[
                "--delimiter=\t",
                "--with-nth=2..",
                "--prompt=Code of ",
                "--no-multi",
                "--no-ansi",
                "--no-print-query",
                "--no-print0",
                "--no-read0",
                "--no-expect",
                "--no-select-1",
                "--no-history",
                "--no-preview",
            ],
        }
    }

    fn tells(self) -> Tells {
        match self {
            Self::Rofi | Self::Fuzzel => Tells::Place,
            Self::Wofi | Self::Dmenu | Self::Bemenu => Tells::Line,
            Self::Fzf => Tells::HiddenPlace,
        }
    }

    /// Lets the person choose one of these titles, and returns its place.
    ///
    /// # Errors
    /// [`Answer::Cancelled`] when nothing of the list was chosen.
    pub(crate) async fn choose(self, titles: &[&str]) -> Result<usize, Error> {
        let lines = self.lines(titles);
        let (code, answer) = self.ask(&(lines.join("\n") + "\n")).await.map_err(Error::io(self.program()))?;
        let dismissed = matches!(code, Some(0 | 1)) || (self == Self::Fzf && code == Some(INTERRUPTED));
        match (self.place(&answer, &lines), code) {
            (Some(place), Some(0)) => Ok(place),
            _ if dismissed => Err(cancelled()),
            // What it says of that on standard error goes to ours.
            (_, Some(code)) => Err(Error::io(self.program())(io::Error::other(format!("it ended with {code}")))),
            (_, None) => Err(Error::io(self.program())(io::Error::other("it crashed"))),
        }
    }

    /// Returns what the program reads: a line a title, each different from all the others.
    fn lines(self, titles: &[&str]) -> Vec<String> {
        let mut seen = HashSet::new();
        let mut lines = Vec::with_capacity(titles.len());
        for (place, title) in titles.iter().enumerate() {
            let title = output::one_line(title);
            let numbers = (2..).map(|number| format!("{} #{number}", title.trim()));
            let names = iter::once(title.clone()).chain(numbers).map(|name| name.trim().to_owned());
            let line = names.filter(|name| !name.is_empty()).find(|name| seen.insert(name.clone()));
            let line = line.expect("one number is free");
            lines.push(if self.tells() == Tells::HiddenPlace { format!("{place}\t{line}") } else { line });
        }
        lines
    }

    /// Reads the place of what was chosen.
    fn place(self, answer: &str, lines: &[String]) -> Option<usize> {
        let answer = answer.strip_suffix('\n').unwrap_or(answer);
        let number = match self.tells() {
            Tells::Line => return lines.iter().position(|line| line == answer.trim()),
            Tells::Place => answer,
            Tells::HiddenPlace => answer.split_once('\t')?.0,
        };
        number.parse().ok().filter(|place| *place < lines.len())
    }

    /// Runs it, and returns how it ended (`None`: by a signal) and what it said. It ends with this program.
    async fn ask(self, input: &str) -> io::Result<(Option<i32>, String)> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "it is not installed");
        let program = path::find_here(self.program().as_ref()).ok_or_else(missing)?;
        let mut command = Command::new(program);
        command.args(self.arguments()).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let mut pipe = child.stdin.take().expect("the input is piped");
        let write = async {
            // One that was dismissed early need not read all.
            let _ = pipe.write_all(input.as_bytes()).await;
            drop(pipe);
        };
        let ((), output) = tokio::join!(write, child.wait_with_output());
        let output = output?;
        Ok((output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned()))
    }
}

/// Returns the error for a choice that was dismissed.
pub(crate) fn cancelled() -> Error {
    Answer::Cancelled("no account was picked".into()).into()
}

/// How fzf ends when it is dismissed.
const INTERRUPTED: i32 = 130;

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Menu; 6] = [Menu::Rofi, Menu::Wofi, Menu::Fuzzel, Menu::Dmenu, Menu::Bemenu, Menu::Fzf];

    /// What could mean something to a program, and the same title more than once.
    const HOSTILE: [&str; 10] = [
        "a\nb",
        "a\tb",
        "a\0icon\x1f/etc/passwd",
        "\x1b[31ma",
        "<b>a</b> & img:/etc/passwd:text:a",
        "1",
        "twice",
        "twice #2",
        "twice",
        " ",
    ];

    #[test]
    fn each_screen_has_its_own_menu_programs() {
        let all = |terminal| {
            [(true, true), (true, false), (false, true), (false, false)]
                .map(|(wayland, x11)| Menu::fitting(wayland, x11, terminal))
        };
        for terminal in [true, false] {
            let [both, wayland, x11, none] = all(terminal);
            assert!(wayland.contains(&Menu::Wofi) && !wayland.contains(&Menu::Dmenu), "dmenu needs an X server");
            assert!(x11.contains(&Menu::Dmenu) && !x11.contains(&Menu::Fuzzel), "fuzzel needs a compositor");
            assert!(wayland.iter().chain(x11).all(|menu| both.contains(menu)));
            assert_eq!(none.contains(&Menu::Fzf), terminal, "fzf draws on the terminal");
        }
    }

    #[test]
    fn every_title_is_one_line_of_its_own() {
        for menu in ALL {
            let lines = menu.lines(&HOSTILE);
            let distinct: HashSet<&String> = lines.iter().collect();
            assert_eq!((lines.len(), distinct.len()), (HOSTILE.len(), HOSTILE.len()), "{menu:?}");
            for line in &lines {
                let shown = if menu == Menu::Fzf { line.split_once('\t').unwrap().1 } else { line };
                assert!(!shown.is_empty() && !shown.contains(char::is_control), "{menu:?}: {line:?}");
            }
        }
    }

    #[test]
    fn each_line_leads_back_to_its_place() {
        for menu in ALL {
            let lines = menu.lines(&HOSTILE);
            for (place, line) in lines.iter().enumerate() {
                let answer = if menu.tells() == Tells::Place { place.to_string() } else { line.clone() };
                assert_eq!(menu.place(&format!("{answer}\n"), &lines), Some(place), "{menu:?}");
            }
        }
    }

    #[test]
    fn what_is_typed_beside_the_list_is_no_choice() {
        for menu in ALL {
            let lines = menu.lines(&["one", "two"]);
            for answer in ["", "\n", "-1\n", "2\n", "three\n", "one two\n", "9\tone\n"] {
                assert_eq!(menu.place(answer, &lines), None, "{menu:?} {answer:?}");
            }
        }
    }

    #[test]
    fn no_name_can_become_an_argument() {
        for menu in ALL {
            assert!(!menu.arguments().iter().any(|argument| argument.contains("%s") || argument.contains("{}")));
        }
    }
}
