//! Seccomp: the system calls that are left, each with its reason.
//!
//! Every other call fails with EPERM and the process goes on. Killing it instead would shut nothing more, and would turn a
//! harmless question that some C library asks (how many processors, which clock) into a scan that never works there;
//! the libraries all have an answer for a call that fails. A call by another processor mode (32-bit on 64-bit) kills.

use std::{collections::BTreeMap, env::consts::ARCH, io, os::fd::AsRawFd, process};

use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter_all_threads,
};

use crate::Inflow;

/// Leaves only the listed calls to all threads; `false` where the kernel can't, or the processor is not known.
pub(crate) fn shut(inflow: Inflow<'_>) -> Result<bool, Error> {
    let Ok(processor) = TargetArch::try_from(ARCH) else { return Ok(false) };
    let refusal = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    let mut rules = allowed()?;
    rules.extend(flowing_in(inflow)?);
    let program: BpfProgram = SeccompFilter::new(rules, refusal, SeccompAction::Allow, processor)?.try_into()?;
    match apply_filter_all_threads(&program) {
        Err(Error::Seccomp(error)) if is_missing(&error) => Ok(false),
        applied => applied.map(|()| true),
    }
}

/// Whether the kernel has no filters (or no seccomp at all).
fn is_missing(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EINVAL))
}

/// The list, but for what flows in. It goes by kernel names, which glibc and musl share.
fn allowed() -> Result<BTreeMap<i64, Vec<SeccompRule>>, Error> {
    let always = Vec::new;
    Ok(BTreeMap::from([
        // The report, and a word on why not. No other descriptor that may be open: no pipe, no display, no bus.
        (libc::SYS_write, vec![equal(0, libc::STDOUT_FILENO)?, equal(0, libc::STDERR_FILENO)?]),
        // The allocator. No memory that can be run as code.
        (libc::SYS_brk, always()),
        (libc::SYS_mmap, vec![lacks(2, libc::PROT_EXEC)?]),
        (libc::SYS_mprotect, vec![lacks(2, libc::PROT_EXEC)?]),
        (libc::SYS_mremap, always()),
        (libc::SYS_munmap, always()),
        (libc::SYS_madvise, always()),
        // Locks of the standard library.
        (libc::SYS_futex, always()),
        // Time left, where the clock is not read without a call; the keys of hash tables.
        (libc::SYS_clock_gettime, always()),
        (libc::SYS_getrandom, always()),
        // Crashes end as crashes: the handler for stack overflows hands its signal back and returns, abort() raises one in
        // itself. Without these a crash would loop, or look like another one.
        (libc::SYS_rt_sigaction, always()),
        (libc::SYS_rt_sigprocmask, always()),
        (libc::SYS_rt_sigreturn, always()),
        (libc::SYS_sigaltstack, always()),
        (libc::SYS_getpid, always()),
        (libc::SYS_gettid, always()),
        (libc::SYS_tgkill, vec![equal(0, process::id().cast_signed())?]),
        // The end.
        (libc::SYS_exit, always()),
        (libc::SYS_exit_group, always()),
    ]))
}

/// What is left beside the list where pictures go on flowing in: calls on that one descriptor only.
fn flowing_in(inflow: Inflow<'_>) -> Result<Vec<(i64, Vec<SeccompRule>)>, Error> {
    Ok(match inflow {
        Inflow::Nothing => Vec::new(),
        Inflow::File(file) => vec![(libc::SYS_read, vec![equal(0, file.as_raw_fd())?])],
        Inflow::Camera(camera) => {
            let requests = [TAKE_BUFFER, GIVE_BUFFER, STREAM_OFF];
            let requests = requests.map(|request| request_to(camera.as_raw_fd(), request)).into_iter();
            // Waiting for a picture, or for a moment; of other descriptors it tells but whether something waits there.
            vec![(libc::SYS_ioctl, requests.collect::<Result<_, _>>()?), (libc::SYS_ppoll, Vec::new())]
        }
    })
}

/// A rule that holds for one request (ioctl) to one device.
fn request_to(device: i32, request: u32) -> Result<SeccompRule, Error> {
    let on_device = condition(0, SeccompCmpOp::Eq, device.cast_unsigned().into())?;
    Ok(SeccompRule::new(vec![on_device, condition(1, SeccompCmpOp::Eq, request.into())?])?)
}

/// A rule that holds where an argument is this number.
fn equal(argument: u8, number: i32) -> Result<SeccompRule, Error> {
    rule(argument, SeccompCmpOp::Eq, number.cast_unsigned().into())
}

/// A rule that holds where an argument lacks this bit.
fn lacks(argument: u8, bit: i32) -> Result<SeccompRule, Error> {
    rule(argument, SeccompCmpOp::MaskedEq(bit.cast_unsigned().into()), 0)
}

fn rule(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompRule, Error> {
    Ok(SeccompRule::new(vec![condition(argument, operator, value)?])?)
}

fn condition(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompCondition, Error> {
    Ok(SeccompCondition::new(argument, Dword, operator, value)?)
}

// linux/videodev2.h. The numbers hold the size of what is passed, which is that of all processors with a list here.
/// `VIDIOC_DQBUF`: take a buffer with a picture.
const TAKE_BUFFER: u32 = 0xc058_5611;
/// `VIDIOC_QBUF`: give it back to be filled anew.
const GIVE_BUFFER: u32 = 0xc058_560f;
/// `VIDIOC_STREAMOFF`: stop.
const STREAM_OFF: u32 = 0x4004_5613;
