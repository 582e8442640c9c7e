//! A worker that has found something and can't be rid of it, since nobody reads: so that it can be looked at in its walls.

use std::{
    fs,
    io::{self, Write},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

/// The worker; killed when dropped. Its report's reader lives as long, so that it waits.
pub(crate) struct Stuck {
    child: Child,
    _unread: io::PipeReader,
}

impl Stuck {
    /// Starts a program by `spawn`, with a full pipe to write into, and waits until it is shut in and waits itself.
    pub(crate) fn start(command: &mut Command, spawn: impl FnOnce(&mut Command) -> io::Result<Child>) -> Self {
        let (reader, mut writer) = io::pipe().unwrap();
        let flags = fcntl_getfl(&writer).unwrap();
        fcntl_setfl(&writer, flags | OFlags::NONBLOCK).unwrap();
        while writer.write(&[b'x'; 4096]).is_ok_and(|written| written > 0) {}
        fcntl_setfl(&writer, flags).unwrap();
        let child = spawn(command.stdout(writer).stderr(Stdio::null())).unwrap();
        let stuck = Self { child, _unread: reader };
        let end = Instant::now() + Duration::from_secs(60);
        while stuck.status("Seccomp:").as_deref() != Some("2") || stuck.status("State:").as_deref() != Some("S") {
            assert!(Instant::now() < end, "{:?}", fs::read_to_string(stuck.path("status")));
            thread::yield_now();
        }
        stuck
    }

    /// Asserts that it can get no more rights, has no other thread, and has these limits.
    pub(crate) fn is_shut_in(&self, expected: &[(&str, u64)]) {
        assert_eq!(self.status("NoNewPrivs:").as_deref(), Some("1"));
        assert_eq!(self.status("Threads:").as_deref(), Some("1"));
        let limits = fs::read_to_string(self.path("limits")).unwrap();
        for (name, value) in expected {
            let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
            assert!(line.contains(&format!(" {value} ")), "{line}");
        }
    }

    /// Returns the path of one of the kernel's files about it.
    pub(crate) fn path(&self, name: &str) -> String {
        format!("/proc/{}/{name}", self.child.id())
    }

    /// Returns the first word behind a name in the kernel's account of it.
    fn status(&self, name: &str) -> Option<String> {
        let status = fs::read_to_string(self.path("status")).ok()?;
        let value = status.lines().find_map(|line| line.strip_prefix(name))?;
        value.split_whitespace().next().map(str::to_owned)
    }
}

impl Drop for Stuck {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
