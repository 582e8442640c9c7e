//! A program that runs beside the test: it dies with it, and all that it says is kept.

use std::{
    io::Read,
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::wait::until;

/// What a stream has said so far; a thread reads on until it ends.
#[derive(Clone, Default)]
pub struct Captured(Arc<(Mutex<Stream>, Condvar)>);

#[derive(Default)]
struct Stream {
    bytes: Vec<u8>,
    ended: bool,
}

impl Captured {
    /// Reads a stream to its end in the background.
    pub fn follow(mut source: impl Read + Send + 'static) -> Self {
        let captured = Self::default();
        let shared = captured.0.clone();
        thread::spawn(move || {
            let mut piece = [0; 8192];
            // A terminal whose other side has gone answers with an error: that is its end.
            while let Ok(length @ 1..) = source.read(&mut piece) {
                lock(&shared.0).bytes.extend_from_slice(&piece[..length]);
                shared.1.notify_all();
            }
            lock(&shared.0).ended = true;
            shared.1.notify_all();
        });
        captured
    }

    /// Returns all of it so far.
    pub fn bytes(&self) -> Vec<u8> {
        lock(&self.0.0).bytes.clone()
    }

    /// Returns all of it so far, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// Waits for what `find` finds in the text; fails with the text when the stream ends or the time is up.
    pub fn wait_for<T>(&self, what: &str, limit: Duration, mut find: impl FnMut(&str) -> Option<T>) -> T {
        let end = Instant::now() + limit;
        let (stream, changed) = &*self.0;
        let mut stream = lock(stream);
        loop {
            let text = String::from_utf8_lossy(&stream.bytes);
            if let Some(found) = find(&text) {
                return found;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!stream.ended, "{what} did not come before the end of:\n{text}");
            assert!(!left.is_zero(), "{what} did not come within {} s in:\n{text}", limit.as_secs());
            stream = changed.wait_timeout(stream, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until the stream has ended, which is when the last program that holds it has, and returns all of it.
    pub fn to_end(&self, limit: Duration) -> String {
        let (stream, changed) = &*self.0;
        let waited = changed.wait_timeout_while(lock(stream), limit, |stream| !stream.ended);
        let (stream, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&stream.bytes).into_owned();
        assert!(!waited.timed_out(), "somebody holds this open for more than {} s:\n{text}", limit.as_secs());
        text
    }
}

/// A test that fails while it looks at a stream spoils nothing in it.
fn lock(stream: &Mutex<Stream>) -> MutexGuard<'_, Stream> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A program that runs beside the test.
pub struct Process {
    child: Child,
    name: String,
    /// Its standard output.
    pub out: Captured,
    /// Its standard error.
    pub err: Captured,
}

impl Process {
    /// Starts a command made by [`launcher`]; what it says is captured.
    pub fn start(name: &str, mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let out = Captured::follow(child.stdout.take().unwrap());
        let err = Captured::follow(child.stderr.take().unwrap());
        Self { child, name: name.to_owned(), out, err }
    }

    /// Takes over a child whose output goes elsewhere.
    pub fn of(name: &str, child: Child, out: Captured) -> Self {
        Self { child, name: name.to_owned(), out, err: Captured::default() }
    }

    /// Returns its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns the end of the pipe that it reads, once.
    pub fn stdin(&mut self) -> std::process::ChildStdin {
        self.child.stdin.take().expect("its standard input is a pipe and has not been taken")
    }

    /// Sends a signal to it, and not to its children.
    pub fn signal(&self, signal: Signal) {
        kill_process(pid(&self.child), signal).unwrap();
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end and returns its exit code, 128 + N for a signal.
    pub fn exit_code(&mut self, limit: Duration) -> i32 {
        let name = self.name.clone();
        let status = until(&format!("{name} ends"), limit, || self.child.try_wait().unwrap());
        exit_code(status)
    }

    /// Kills it and its process group, as `kill -9` does, and waits until it is gone.
    pub fn kill(&mut self) {
        if self.runs() {
            let _ = kill_process_group(pid(&self.child), Signal::KILL);
            let _ = kill_process(pid(&self.child), Signal::KILL);
            self.child.wait().unwrap();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Its group may outlive it.
        let _ = kill_process_group(pid(&self.child), Signal::KILL);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a command in a session of its own, without a terminal, that dies with the test.
pub fn launcher(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", "setsid", program]);
    command
}

/// The same, with its standard input as its terminal.
pub fn launcher_on_terminal(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", "setsid", "--ctty", program]);
    command
}

/// Returns an exit code as a shell tells it.
pub fn exit_code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}
