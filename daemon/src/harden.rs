//! What the process does so that nobody reads its memory, and so that little is in it.
//!
//! After a lock four measures hold together, and each was found to be needed: the zero-on-free allocator in `main.rs`,
//! decryption on a thread that scrubs its stack at its end ([`aside`]), a scrub of the main stack in every path that
//! locks ([`scrub`]), and private connections shut down at their sockets (`private.rs`).

use std::{hint::black_box, io, thread};

use rustix::{
    fs::Mode,
    process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit, umask},
};
use tokio::sync::oneshot;

/// Makes the process unreadable for other programs of the user: no ptrace, no `/proc/PID/mem`, no core file; and its
/// files unreadable for other users.
///
/// Only what every child survives is done here: workers, pinentry and plugins inherit it.
pub fn harden() -> io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // One byte: at 0 the kernel would still hand the memory to a crash handler that it pipes core files to.
    setrlimit(Resource::Core, Rlimit { current: Some(1), maximum: Some(1) })?;
    umask(Mode::from_raw_mode(0o077));
    Ok(())
}

/// Overwrites what earlier calls left on this thread's stack below the caller.
///
/// Best effort by the language's rules; the memory test proves a build.
#[inline(never)]
#[allow(clippy::large_stack_arrays)] // the size is the point
pub fn scrub() {
    let mut area = [0u8; 512 * 1024];
    black_box(&mut area);
}

/// Runs work that handles keys on a thread of its own, whose stack is scrubbed before it ends.
///
/// The daemon goes on serving meanwhile.
///
/// # Panics
/// When the work does.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = oneshot::channel();
    thread::Builder::new()
        .name("aside".into())
        .stack_size(STACK)
        .spawn(move || {
            run(work, sender);
            scrub();
        })
        .expect("a thread can be started");
    *receiver.await.expect("the work does not panic")
}

/// Keeps the work's frame below the one of [`scrub`], so that the scrub reaches it.
#[inline(never)]
fn run<T>(work: impl FnOnce() -> T, sender: oneshot::Sender<Box<T>>) {
    let _ = sender.send(Box::new(work()));
}

const STACK: usize = 2 * 1024 * 1024;
