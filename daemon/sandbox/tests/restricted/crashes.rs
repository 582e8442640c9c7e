//! A decoder that a picture drives mad dies, at once or at its limit, and the kernel says of what.
use std::{
    env,
    hint::black_box,
    io::{self, Seek, SeekFrom, Write},
    os::unix::process::ExitStatusExt,
    process::{self, Stdio},
};

use countersign_sandbox::{Limits, restrict};
use rustix::process::Signal;

use crate::alone::{self, alone};

const LIMITS: Limits = Limits { memory: 256 << 20, seconds: 1, output: 4096 };

/// Restricts itself, does the deed, and dies of the signal.
fn dies(test: &str, signal: Signal, deed: fn()) {
    let output = alone(test, || {
        restrict(&LIMITS).unwrap();
        deed();
    });
    assert_eq!(output.status.signal(), Some(signal.as_raw()), "{output:?}");
}

#[test]
fn too_much_memory_aborts() {
    dies("crashes::too_much_memory_aborts", Signal::ABORT, || {
        black_box(vec![1u8; 300 << 20]);
    });
}

#[test]
fn endless_recursion_aborts() {
    fn deeper(depth: u64) -> u64 {
        let here = black_box([depth; 64]);
        if black_box(true) { deeper(depth + 1) + here[0] } else { 0 }
    }
    dies("crashes::endless_recursion_aborts", Signal::ABORT, || {
        deeper(0);
    });
}

#[test]
fn an_endless_loop_is_killed() {
    dies("crashes::an_endless_loop_is_killed", Signal::KILL, || {
        loop {
            black_box(());
        }
    });
}

#[test]
fn too_much_output_is_cut_off() {
    let test = "crashes::too_much_output_is_cut_off";
    if env::var_os(alone::ALONE).is_none() {
        // As a shell's >> would have it, onto a file that is longer than the limit already.
        let mut file = tempfile::tempfile().unwrap();
        file.set_len(8192).unwrap();
        file.seek(SeekFrom::End(0)).unwrap();
        // What it says otherwise goes nowhere: the longer of two files would count.
        let status = alone::command(test).stdout(file.try_clone().unwrap()).stderr(Stdio::null()).status().unwrap();
        assert_eq!(status.signal(), Some(Signal::XFSZ.as_raw()));
        let length = file.metadata().unwrap().len();
        assert!((12_288..13_000).contains(&length), "8192, what libtest says first, and 4096: {length}");
        return;
    }
    restrict(&LIMITS).unwrap();
    for _ in 0..5 {
        io::stdout().write_all(&[b'x'; 1000]).unwrap();
        io::stdout().flush().unwrap();
    }
    process::exit(0);
}
