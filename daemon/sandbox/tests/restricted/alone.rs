//! Deeds in processes of their own, since what is given up stays given up: the test program itself, told which test it is.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{self, Child, Command, Output, Stdio},
    thread,
};

/// Does the deed in a process of its own; returns how that ended.
pub(crate) fn alone(test: &str, deed: impl FnOnce()) -> Output {
    if env::var_os(ALONE).is_some() {
        deed();
        process::exit(0);
    }
    command(test).output().unwrap()
}

/// The same, and expects that the deed came to its end.
pub(crate) fn succeeds(test: &str, deed: impl FnOnce()) {
    let output = alone(test, deed);
    assert!(output.status.success(), "{output:?}");
}

/// Does the deed, which calls [`stay`] at last, and has a look at the process while it stays.
pub(crate) fn watched(test: &str, deed: impl FnOnce(), look: impl FnOnce(u32)) {
    if env::var_os(ALONE).is_some() {
        deed();
        unreachable!("the deed stays");
    }
    // Not into a file: how long that one is would be added to the limit.
    let mut child = Killed(command(test).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let told = BufReader::new(child.0.stderr.take().unwrap());
    assert!(told.lines().map_while(Result::ok).any(|line| line == READY), "the deed failed");
    look(child.0.id());
}

/// Says that all is done, and waits to be killed.
pub(crate) fn stay() -> ! {
    eprintln!("{READY}");
    loop {
        thread::park();
    }
}

pub(crate) fn command(test: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(ALONE, "yes").stdin(Stdio::null());
    command
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) const ALONE: &str = "COUNTERSIGN_TEST_ALONE";
const READY: &str = "ready";
