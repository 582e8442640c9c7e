//! A program that helps to capture: it gets so long and no longer, and does not outlive this one's interest in it.

use std::{
    io::{self, Read, Write},
    os::fd::AsFd,
    process::{Child, Command, ExitStatus, Stdio},
    time::Instant,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use zeroize::Zeroizing;

/// The running program; killed and buried when dropped.
pub(super) struct Running(Child);

impl Running {
    /// Starts it with nothing to read and both outputs kept.
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        Self::start_with(command, Stdio::null())
    }

    /// Starts it with this as its standard input, and both outputs kept.
    pub(super) fn start_with(command: &mut Command, input: Stdio) -> io::Result<Self> {
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map(Self)
    }

    /// Starts it with a short text to read; the pipe stays open as long as this one waits for it.
    fn start_told(command: &mut Command, text: &str) -> io::Result<Self> {
        let mut running = Self::start_with(command, Stdio::piped())?;
        let written = running.0.stdin.as_mut().expect("the input is piped").write_all(text.as_bytes());
        // One that ended early says why.
        written.or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })?;
        Ok(running)
    }

    /// Takes its standard output, to be read until then.
    pub(super) fn output(&mut self, until: Instant) -> impl Read + use<> {
        Timed { from: self.0.stdout.take().expect("the output is piped"), until }
    }

    /// Waits for its end; returns what it said on standard error.
    pub(super) fn end(mut self, until: Instant) -> io::Result<(String, ExitStatus)> {
        let mut told = Vec::new();
        let stderr = self.0.stderr.take().expect("the errors are piped");
        Timed { from: stderr, until }.take(MAX_TOLD).read_to_end(&mut told)?;
        Ok((String::from_utf8_lossy(&told).into_owned(), self.0.wait()?))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only for a child that is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a program wrote, what it said, and how it ended.
type Ended = (Zeroizing<Vec<u8>>, String, ExitStatus);

/// Runs a program to its end.
pub(super) fn run(command: &mut Command, until: Instant, most: u64) -> io::Result<Ended> {
    finish(Running::start(command)?, until, most)
}

/// The same, with a short text to read.
pub(super) fn run_told(command: &mut Command, text: &str, until: Instant, most: u64) -> io::Result<Ended> {
    finish(Running::start_told(command, text)?, until, most)
}

fn finish(mut running: Running, until: Instant, most: u64) -> io::Result<Ended> {
    let mut written = Zeroizing::new(Vec::new());
    running.output(until).take(most).read_to_end(&mut written)?;
    let (told, status) = running.end(until)?;
    Ok((written, told, status))
}

/// Returns the last line of what a program said, harmless and short; or this where it said nothing.
pub(super) fn last_line(told: &str, nothing: &str) -> String {
    let line = told.lines().last().unwrap_or(nothing);
    line.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Reads a pipe, and gives up when the time is over.
struct Timed<P> {
    from: P,
    until: Instant,
}

impl<P: Read + AsFd> Read for Timed<P> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        let left = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        if poll(&mut [PollFd::new(&self.from, PollFlags::IN)], Some(&left))? == 0 {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "there was no answer in time"));
        }
        self.from.read(buffer)
    }
}

const MAX_TOLD: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_pipe_is_given_up_on() {
        let (reader, _writer) = io::pipe().unwrap();
        let error = Timed { from: reader, until: Instant::now() }.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
