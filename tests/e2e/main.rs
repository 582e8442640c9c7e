//! The end-to-end tests: one program, one file for each thing that is hooked up. `tests/run` builds and runs it.

#![allow(clippy::unwrap_used)] // a test fails by panicking
#![allow(clippy::print_stdout)] // the story is told aloud

mod codes;

use libtest_mimic::Arguments;

fn main() {
    let mut tests = Vec::new();
    tests.extend(codes::tests());
    libtest_mimic::run(&Arguments::from_args(), tests).exit();
}
