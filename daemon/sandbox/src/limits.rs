//! Resource limits: they hold on every kernel, and end a decoder that a picture sends round in circles.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
};

use rustix::{
    fs::{FileType, fstat},
    process::{Resource, Rlimit, getrlimit, setrlimit},
};

/// How much a worker may use from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of address space, with what is mapped already.
    pub memory: u64,
    /// Seconds on the processor, with what was used already.
    pub seconds: u64,
    /// Bytes that standard output and standard error may still grow by where they are files.
    pub output: u64,
}

/// Sets the limits, for good; a stricter one that is there already stays.
pub(crate) fn apply(limits: &Limits) -> io::Result<()> {
    lower(Resource::As, limits.memory)?;
    lower(Resource::Cpu, limits.seconds)?;
    lower(Resource::Fsize, longest_output()?.saturating_add(limits.output))?;
    lower(Resource::Core, CORE)
}

fn lower(resource: Resource, to: u64) -> io::Result<()> {
    let now = getrlimit(resource);
    let to = now.current.into_iter().chain(now.maximum).fold(to, u64::min);
    Ok(setrlimit(resource, Rlimit { current: Some(to), maximum: Some(to) })?)
}

/// Returns the length of the longer one of the two outputs: the kernel counts from a file's beginning, and a shell may
/// have us append to a long one.
fn longest_output() -> io::Result<u64> {
    Ok(length(io::stdout().as_fd())?.max(length(io::stderr().as_fd())?))
}

fn length(output: BorrowedFd<'_>) -> io::Result<u64> {
    let found = fstat(output)?;
    let is_file = FileType::from_raw_mode(found.st_mode) == FileType::RegularFile;
    Ok(if is_file { found.st_size.cast_unsigned() } else { 0 })
}

/// No file can hold a core of 1 byte, and 1 is the value for which the kernel starts no crash handler either; with 0 it
/// still hands the whole memory to one.
const CORE: u64 = 1;
