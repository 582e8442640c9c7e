//! `countersign restart`: stops the daemon that runs and starts the one that is installed.

use std::{
    io,
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use countersign_api::connect;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    net::sockopt::socket_peercred,
    process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};

use crate::{args::Global, error::Error, output, session::Session};

/// Runs the command.
pub(crate) async fn run(global: &Global) -> Result<(), Error> {
    stop().map_err(Error::io("the daemon that runs can't be stopped"))?;
    let session = Session::open(global).await?;
    let state = match session.status.state.as_str() {
        "absent" => "there is no vault yet",
        "unlocked" => "the vault is unlocked",
        "locked" => "the vault is locked",
        _ => "the vault is unusable",
    };
    output::line(&format!("The daemon runs, version {}; {state}.", session.status.version))
}

/// Ends the process at the other end of the private socket, and waits until it has gone. It locks before it ends.
fn stop() -> io::Result<()> {
    let Ok(stream) = UnixStream::connect(connect::private_socket()?) else { return Ok(()) };
    let daemon = pidfd_open(socket_peercred(&stream)?.pid, PidfdFlags::empty())?;
    pidfd_send_signal(&daemon, Signal::TERM)?;
    // One that was stopped would not hear it.
    pidfd_send_signal(&daemon, Signal::CONT)?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        match poll(&mut [PollFd::new(&daemon, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Err(io::Error::new(io::ErrorKind::TimedOut, "it did not end in time")),
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// How long the daemon may take to end.
const PATIENCE: Duration = Duration::from_secs(10);
