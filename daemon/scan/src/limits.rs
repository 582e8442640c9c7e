//! How much a scan may use once it holds foreign pixels.

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
