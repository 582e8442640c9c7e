//! A program on a terminal of its own (a pseudo-terminal): for prompts, progress lines, Ctrl-C.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    process::Stdio,
    time::Duration,
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};

use crate::{
    Process, World,
    process::{Captured, launcher_on_terminal},
    until,
    wait::LIMIT,
};

/// A program on a terminal.
pub struct Tty {
    process: Process,
    keys: File,
    seen: usize,
    /// All that was shown, with the control sequences.
    pub out: Captured,
}

impl Tty {
    pub(crate) fn start(world: &World, program: &str, args: &[&str], columns: u16, env: &[(&str, &str)]) -> Self {
        let keys = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&keys).unwrap();
        unlockpt(&keys).unwrap();
        let name = ptsname(&keys, Vec::new()).unwrap();
        tcsetwinsize(&keys, Winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let terminal = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let mut command = launcher_on_terminal(program);
        command.args(args).env_clear().envs(world.environment()).env("TERM", "xterm-256color").current_dir(world.dir());
        command.envs(env.iter().copied());
        command.stdin(Stdio::from(terminal.try_clone().unwrap()));
        command.stdout(Stdio::from(terminal.try_clone().unwrap())).stderr(Stdio::from(terminal));
        let child = command.spawn().unwrap();
        // The command holds the terminal open too, and the reader would never see its end.
        drop(command);
        let keys = File::from(keys);
        let out = Captured::follow(keys.try_clone().unwrap());
        world.witness().listen(&format!("terminal of {program}"), &out);
        Self { process: Process::of(program, child, out.clone()), keys, seen: 0, out }
    }

    /// Waits until this is shown, after what was waited for before.
    pub fn expect(&mut self, text: &str) -> &mut Self {
        self.expect_within(text, LIMIT)
    }

    /// The same, with another limit.
    pub fn expect_within(&mut self, text: &str, limit: Duration) -> &mut Self {
        let from = self.seen;
        self.seen = self.out.wait_for(&format!("`{text}`"), limit, |all| {
            let plain = plain(all);
            let start = plain.get(from..)?.find(text)?;
            Some(from + start + text.len())
        });
        self
    }

    /// Types a text and Enter.
    pub fn line(&mut self, text: &str) -> &mut Self {
        self.keys.write_all(format!("{text}\n").as_bytes()).unwrap();
        self
    }

    /// Presses keys: the bytes that a terminal sends for them.
    pub fn keys(&mut self, bytes: &str) -> &mut Self {
        self.keys.write_all(bytes.as_bytes()).unwrap();
        self
    }

    /// Returns what the terminal shows now, row by row, since the alternate screen was last entered: a program does so anew
    /// when the window has another size. What is too wide or too high for that is here all the same.
    pub fn screen(&self) -> String {
        let all = self.out.text();
        let since = all.rfind("\x1b[?1049h").map_or(&*all, |start| &all[start..]);
        let mut screen = vt100::Parser::new(100, 300, 0);
        screen.process(since.replace('\n', "\r\n").as_bytes());
        screen.screen().contents()
    }

    /// Waits until the screen shows this.
    pub fn expect_on_screen(&self, text: &str) -> String {
        until(&format!("`{text}` on the screen"), LIMIT, || {
            let screen = self.screen();
            screen.contains(text).then_some(screen)
        })
    }

    /// Types a secret and Enter, when the terminal has stopped showing what is typed.
    pub fn secret(&mut self, text: &str) -> &mut Self {
        until("the terminal to hide what is typed", LIMIT, || {
            let hidden = !tcgetattr(&self.keys).unwrap().local_modes.contains(LocalModes::ECHO);
            hidden.then_some(())
        });
        self.line(text)
    }

    /// Makes the window another size.
    pub fn resize(&mut self, columns: u16, rows: u16) -> &mut Self {
        tcsetwinsize(&self.keys, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        self
    }

    /// Presses Ctrl-C.
    pub fn interrupt(&mut self) -> &mut Self {
        self.keys.write_all(b"\x03").unwrap();
        self
    }

    /// Waits for the end and returns the exit code.
    pub fn exit_code(&mut self) -> i32 {
        self.process.exit_code(LIMIT)
    }

    /// Waits for the end, expects this exit code, and returns all that was shown, without control sequences.
    pub fn ends(&mut self, code: i32) -> String {
        let ended = self.exit_code();
        let shown = plain(&self.out.to_end(LIMIT));
        assert_eq!(ended, code, "it ended with {ended} instead of {code}:\n{shown}");
        shown
    }

    /// Returns all that was shown so far, without control sequences.
    pub fn shown(&self) -> String {
        plain(&self.out.text())
    }

    /// Returns the process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

/// Returns a terminal's text without control sequences and carriage returns.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\x1b' => match rest.next() {
                Some('[') => {
                    rest.by_ref().find(char::is_ascii_alphabetic);
                }
                Some(']') => {
                    rest.by_ref().find(|c| *c == '\x07' || *c == '\\');
                }
                _ => {}
            },
            '\r' => {}
            c => plain.push(c),
        }
    }
    plain
}
