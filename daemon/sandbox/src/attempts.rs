//! The proof: what a restricted process must not be able to do, tried out.

use std::{
    fs::File,
    io::{self, ErrorKind},
    os::{
        fd::AsFd,
        unix::{net::UnixDatagram, process::CommandExt},
    },
    process::Command,
};

/// Something that a restricted process must not be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// What was tried, in a word.
    pub what: &'static str,
    /// Whether the kernel refused it; a failure for any other reason is none.
    pub refused: bool,
}

/// Tries to open a file, make a socket, start a process and become another program, in this order.
///
/// Where nothing refuses, this process has become a shell by then, and ends with 1.
pub fn attempts() -> [Attempt; 4] {
    [
        attempt("open", File::open("/").map(drop)),
        attempt("socket", UnixDatagram::unbound().map(drop)),
        attempt("process", failure().status().map(drop)),
        attempt("exec", Err(failure().exec())),
    ]
}

/// Tries what a process that has a camera left must not be able to do with it: read from it, make another request to it.
pub fn attempts_on(camera: impl AsFd) -> [Attempt; 2] {
    let read = rustix::io::read(&camera, &mut [0; 1]).map(drop);
    let request = rustix::io::ioctl_fionread(&camera).map(drop);
    [attempt("read", read.map_err(io::Error::from)), attempt("request", request.map_err(io::Error::from))]
}

fn attempt(what: &'static str, outcome: io::Result<()>) -> Attempt {
    // EPERM of seccomp, EACCES of Landlock.
    Attempt { what, refused: outcome.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied) }
}

/// A program that every system has, and that fails.
fn failure() -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "exit 1"]);
    shell
}
