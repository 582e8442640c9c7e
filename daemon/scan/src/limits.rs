//! How much a scan may use once it holds foreign pixels.

use std::time::Duration;

use countersign_sandbox::Limits;

use crate::report::MAX_REPORT;

/// The limits of the worker.
///
/// | limit | value | what needs it |
/// |---|---|---|
/// | memory | 1 GiB of address space | 64 million pixels of 16-bit RGBA, the largest picture that is taken, need about 740 MiB |
/// | processor | 10 s | decoding stops by itself after 3 |
/// | output | 128 KiB | a report of 64 KiB, and what is said beside it |
pub const LIMITS: Limits = Limits { memory: 1 << 30, seconds: 10, output: 2 * MAX_REPORT as u64 };

/// The limits of a worker that looks through a camera for so long. It computes half of that time at most
/// ([`crate::camera::watch`]), and all of it over a film: only one that hangs beyond its end meets this.
pub fn for_camera(time: Duration) -> Limits {
    Limits { seconds: time.as_secs() + LIMITS.seconds, ..LIMITS }
}
