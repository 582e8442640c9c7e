//! `countersign`: two-factor codes from the command line.
//!
//! Reading order: [`args`] (what can be typed) → [`commands`] (one file each) → [`session`] (the daemon, and whom to ask).

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod args;
mod asking;
mod camera;
mod candidate;
mod choosing;
mod codes;
mod commands;
mod error;
mod exporting;
mod fast;
mod foreign;
mod full_screen;
mod handing_over;
mod help;
mod input;
mod keeping;
mod kept;
mod looking_on;
mod memory;
mod menus;
mod output;
mod path;
mod picker;
mod picture;
mod progress;
mod prompt;
mod proof;
mod qr;
mod session;
mod sheet;
mod terminal_window;
mod time;
mod typing;
mod waiting;
mod window;

use std::{env, future::Future, process::ExitCode};

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use zeroizing_alloc::ZeroAlloc;

use crate::{args::Cli, error::Error};

/// Memory is wiped when it is freed: secrets that are imported, and what JSON and D-Bus leave of them.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    if let Some(code) = fast::code() {
        return error::report(output::print(&format!("{code}\n")));
    }
    error::report(commands::hide_link().and_then(|()| refuse_secrets()).and_then(|()| run(Cli::parse())))
}

fn run(cli: Cli) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Error::io("the program can't start"))?;
    runtime.block_on(until_signal(commands::run(cli)))
}

/// Refuses an enrolment URI as an argument before anything repeats it in an error text.
fn refuse_secrets() -> Result<(), Error> {
    let secret = |argument: &str| argument.trim_start().to_ascii_lowercase().starts_with("otpauth");
    if env::args_os().skip(1).any(|argument| argument.to_str().is_some_and(secret)) {
        return input::only_dash(Some("a URI"));
    }
    Ok(())
}

/// Runs a command until it is done or a signal ends it; what it holds, such as a terminal without echo, is put back.
async fn until_signal(command: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let on = |kind| signal(kind).map_err(Error::io("signals can't be waited for"));
    let (mut interrupt, mut terminate) = (on(SignalKind::interrupt())?, on(SignalKind::terminate())?);
    let mut hang_up = on(SignalKind::hangup())?;
    tokio::select! {
        // The command first: some know better what an interruption means.
        biased;
        result = command => result,
        _ = interrupt.recv() => Err(Error::Interrupted),
        _ = terminate.recv() => Err(Error::Signal(15)),
        _ = hang_up.recv() => Err(Error::Signal(1)),
    }
}
