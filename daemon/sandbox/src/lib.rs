//! What a worker gives up, for good, between taking foreign bytes in and looking at them.
//!
//! A decoder that a crafted picture takes over is then left with what it holds: it can compute and write to standard output
//! and standard error, within [`Limits`]. Three walls stand one behind the other, each in a file of its own:
//!
//! | wall | shuts | where it is missing |
//! |---|---|---|
//! | [`limits`] | memory, processor time, bytes written, core files | nowhere |
//! | [`files`]: Landlock | every file, TCP, abstract sockets, signals to others | before Linux 5.13, or left out of the kernel |
//! | [`calls`]: seccomp | every system call but a short list: no open, no socket, no exec, no process | rare kernels and processors |
//!
//! All that the process inherits or starts stays inside too, so a daemon that starts other programs can't use this.
//! It stays dumpable: that is for the worker to say, and the desktop portals refuse one that is not.

mod attempts;
mod calls;
mod files;
mod limits;

use std::{fmt, io, os::fd::BorrowedFd};

pub use attempts::{Attempt, attempts, attempts_on};
pub use limits::Limits;

/// Restricts this process, all of its threads, for good.
///
/// To be called when everything foreign is in memory and before any of it is parsed. Afterwards nothing can be opened or
/// read any more, no thread be started, and only standard output and standard error be written to.
///
/// # Errors
/// A kernel without Landlock or seccomp is no error: [`Level`] says so. A wall that should stand and can't be put up is.
pub fn restrict(limits: &Limits) -> Result<Level, Error> {
    restrict_but_for(Inflow::Nothing, limits)
}

/// The same, for a worker that looks at pictures as they come: that one source still gives.
///
/// # Errors
/// As for [`restrict`].
pub fn restrict_but_for(inflow: Inflow<'_>, limits: &Limits) -> Result<Level, Error> {
    limits::apply(limits).map_err(Error::Limits)?;
    // In this order: the list of calls has none that puts up the others.
    let landlock = files::shut().map_err(Error::Landlock)?;
    let seccomp = calls::shut(inflow).map_err(Error::Seccomp)?;
    Ok(Level { landlock, seccomp })
}

/// What goes on flowing in. What is open already is no matter of Landlock's: seccomp alone narrows it.
#[derive(Debug, Clone, Copy)]
pub enum Inflow<'a> {
    /// Nothing: all is in memory.
    Nothing,
    /// This file: it may be read.
    File(BorrowedFd<'a>),
    /// This V4L2 device, which streams already into memory that is mapped: it may be waited for, its buffers be taken and
    /// given back, the stream be stopped. No other request to it, so none that changes it, and none to another device.
    Camera(BorrowedFd<'a>),
}

/// Which walls stand; the limits always do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// The version of Landlock's rules that holds (4 and later shut TCP too); `None` where the kernel has no Landlock.
    pub landlock: Option<u32>,
    /// Whether only the listed system calls are left.
    pub seccomp: bool,
}

impl fmt::Display for Level {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.landlock {
            Some(version) => writeln!(to, "landlock: version {version}")?,
            None => writeln!(to, "landlock: not in this kernel")?,
        }
        write!(to, "seccomp: {}", if self.seccomp { "on" } else { "not in this kernel, or not for this processor" })
    }
}

/// A wall that can't be put up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A resource limit.
    #[error("the limits can't be set: {0}")]
    Limits(#[source] io::Error),
    /// Landlock is there, and refuses.
    #[error("files can't be shut away: {0}")]
    Landlock(#[source] landlock::RulesetError),
    /// Seccomp is there, and refuses.
    #[error("system calls can't be shut away: {0}")]
    Seccomp(#[source] seccompiler::Error),
}
