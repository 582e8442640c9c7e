//! What the process may not do once it holds foreign pixels.
//!
//! The process stays dumpable on purpose: the desktop portals refuse callers that are not.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Limits memory, processor time and core files, for good.
///
/// Called when the bytes are in memory and before they are decoded.
pub fn apply() -> io::Result<()> {
    lower(Resource::As, MEMORY)?;
    lower(Resource::Cpu, SECONDS)?;
    lower(Resource::Core, CORE)
}

/// Sets a limit, or keeps the stricter one that is there.
fn lower(resource: Resource, to: u64) -> io::Result<()> {
    let now = getrlimit(resource);
    let to = now.current.into_iter().chain(now.maximum).fold(to, u64::min);
    Ok(setrlimit(resource, Rlimit { current: Some(to), maximum: Some(to) })?)
}

/// Bytes of address space: the largest picture that is taken needs about two thirds.
const MEMORY: u64 = 1 << 30;
/// Seconds on the processor; the decoder itself stops after 3.
const SECONDS: u64 = 10;
/// No file can hold a core of 1 byte, and 1 is the value for which the kernel starts no crash handler either; with 0 it
/// still hands the whole memory to one.
const CORE: u64 = 1;
