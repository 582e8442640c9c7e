//! A command that runs to its end.

use std::{
    ffi::OsStr,
    io::Write,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use crate::{Process, World, process::launcher, programs, wait::LIMIT};

/// A command in a [`World`]: no terminal, nothing on standard input unless given.
#[must_use = "it runs with run(), ok(), fails() or spawn()"]
pub struct Cmd<'w> {
    world: &'w World,
    command: Command,
    name: String,
    stdin: Vec<u8>,
    limit: Duration,
    reveals: bool,
}

/// How a command ended and what it said.
#[derive(Debug)]
pub struct Run {
    /// Its exit code; 128 + N for a signal.
    pub code: i32,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl<'w> Cmd<'w> {
    pub(crate) fn new(world: &'w World, program: &str) -> Self {
        programs::require(program);
        let mut command = launcher(program);
        command.env_clear().envs(world.environment()).current_dir(world.dir());
        let name = program.rsplit('/').next().unwrap_or(program).to_owned();
        Self { world, command, name, stdin: Vec::new(), limit: LIMIT, reveals: false }
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Takes a variable away.
    pub fn env_remove(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Takes every variable away, as `env -i` does.
    pub fn env_clear(mut self) -> Self {
        self.command.env_clear();
        // The launcher is looked for by this process: only the program starts without.
        self
    }

    /// Gives it something to read.
    pub fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = text.into();
        self
    }

    /// Lets it take longer or less long than a minute.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Says that a secret is what it is asked to print: its output is not searched for one.
    pub fn reveals(mut self) -> Self {
        self.reveals = true;
        self
    }

    /// Starts it and leaves it running.
    pub fn spawn(mut self) -> Process {
        self.command.stdin(if self.stdin.is_empty() { Stdio::null() } else { Stdio::piped() });
        let mut process = Process::start(&self.name, self.command);
        if !self.reveals {
            self.world.witness().listen(&format!("standard output of {}", self.name), &process.out);
            self.world.witness().listen(&format!("standard error of {}", self.name), &process.err);
        }
        if !self.stdin.is_empty() {
            let (mut pipe, text) = (process.stdin(), self.stdin);
            // One that does not read all of it is free not to.
            thread::spawn(move || pipe.write_all(&text));
        }
        process
    }

    /// Starts it with a pipe as standard input that the test holds.
    pub fn spawn_piped(mut self) -> Process {
        self.command.stdin(Stdio::piped());
        let process = Process::start(&self.name, self.command);
        if !self.reveals {
            self.world.witness().listen(&format!("standard output of {}", self.name), &process.out);
            self.world.witness().listen(&format!("standard error of {}", self.name), &process.err);
        }
        process
    }

    /// Runs it to its end.
    pub fn run(self) -> Run {
        let limit = self.limit;
        let mut process = self.spawn();
        let code = process.exit_code(limit);
        Run { code, out: process.out.to_end(LIMIT), err: process.err.to_end(LIMIT) }
    }

    /// Runs it, expects 0, and returns its standard output without the last line feed.
    pub fn ok(self) -> String {
        let name = self.name.clone();
        let run = self.run();
        assert_eq!(run.code, 0, "{name} ended with {}:\n{}{}", run.code, run.out, run.err);
        run.out.strip_suffix('\n').unwrap_or(&run.out).to_owned()
    }

    /// Runs it, expects this exit code and nothing on standard output but what the test looks at.
    pub fn fails(self, code: i32) -> Run {
        let name = self.name.clone();
        let run = self.run();
        assert_eq!(run.code, code, "{name} ended with {} instead of {code}:\n{}{}", run.code, run.out, run.err);
        run
    }
}
