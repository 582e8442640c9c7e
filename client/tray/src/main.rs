//! `countersign-tray`: two-factor codes from the system tray.
//!
//! The map: `menu` is what is shown, as plain data; `icon` and `draw` put it into the panel; `follow` hears the daemon,
//! `actions` asks it, `clipboard` is what most clicks end in, `hotkey` what keys do; `host` knows the panel; `tray` is the
//! loop that ties them together, and `open` what the launcher does without it; `heap` keeps all of it small.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod actions;
mod clipboard;
mod draw;
mod follow;
mod heap;
mod host;
mod hotkey;
mod icon;
mod menu;
mod open;
mod tray;

use std::{env, process::ExitCode, time::Duration};

use countersign_api::connect;
use host::Drops;
use icon::{Click, Fault, Icon};
use menu::{Action, Model};
use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
    sync::mpsc::unbounded_channel,
};
use zbus::{Connection, fdo::RequestNameFlags};

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    let result = match words.as_slice() {
        [] => tray(PATIENCE).map_err(|error| error.to_string()),
        ["--panel-wait", seconds] if seconds.parse::<u64>().is_ok() => {
            let patience = Duration::from_secs(seconds.parse().unwrap_or_default());
            tray(patience).map_err(|error| error.to_string())
        }
        ["--open"] => lead(open::run()),
        ["--set-up"] => lead(async { actions::run(&Action::SetUp).await }),
        ["--version" | "-V"] => say(concat!("countersign-tray ", env!("CARGO_PKG_VERSION"), "\n")),
        ["--help" | "-h"] => say(HELP),
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("countersign-tray: {text}");
            ExitCode::FAILURE
        }
    }
}

/// Does what the launcher asks for. What comes to nothing is said in a window: a launcher shows no output.
fn lead(work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let Err(text) = work.await else { return Ok(()) };
        actions::tell(&text).await.and(Err(text))
    })
}

/// Shows the tray until it is quit. A panel may take this long to come before the person is told that there is none.
fn tray(patience: Duration) -> Result<(), Fault> {
    heap::set();
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let (bus, drops, requests) = runtime.block_on(claim())?;
    let model = Model::new(icon::room());
    let (sender, clicks) = unbounded_channel();
    // Outside the runtime: see `icon`.
    let icon = Icon::new(&model, sender.clone())?;
    runtime.block_on(async {
        hotkey::serve(&bus, requests, move |wrong| drop(sender.send(Click::Hotkeys(wrong))));
        let mut term = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let end = async {
            tokio::select! {
                _ = term.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        tokio::spawn(drops.put_back());
        let of_panel = bus.clone();
        tokio::spawn(async move {
            if !host::comes(&of_panel, patience).await {
                eprintln!(
                    "countersign-tray: no panel here shows tray icons (StatusNotifierItem); see man countersign-tray"
                );
                // Where the daemon can't tell the person, nobody can.
                let _ = actions::tell_no_tray().await;
            }
        });
        tray::run(icon, model, clicks, bus, end).await
    })
}

/// Connects to the session bus as the only tray on it.
async fn claim() -> Result<(Connection, Drops, hotkey::Requests), Fault> {
    let bus = connect::session_bus().await.map_err(|error| format!("no session bus: {}", error.message()))?;
    let drops = Drops::new(&bus).await?;
    let requests = hotkey::offer(&bus).await?;
    match bus.request_name_with_flags(NAME, RequestNameFlags::DoNotQueue.into()).await {
        Ok(_) => Ok((bus, drops, requests)),
        Err(zbus::Error::NameTaken) => Err("already running".into()),
        Err(error) => Err(error.into()),
    }
}

#[allow(clippy::unnecessary_wraps)] // so that it fits beside what can fail
fn say(text: &str) -> Result<(), String> {
    use std::io::Write;
    // Who asked may have stopped reading.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

/// Never given up to another program: it would be the one whose clicks count.
const NAME: &str = "org.countersign.Tray1";

/// What a log-in on a slow machine takes.
const PATIENCE: Duration = Duration::from_secs(60);

const HELP: &str = "\
Two-factor codes from the system tray

Usage: countersign-tray [--panel-wait SECONDS]
       countersign-tray --open | --set-up | --version | --help

      --panel-wait SECONDS  How long a panel may take to come before you are told
                            that none shows the tray; 60 unless told
      --open                As the launcher does: start the tray, then set up,
                            unlock, or let an account be chosen
      --set-up              Make the vault; in a terminal window
  -V, --version             Print the version
  -h, --help                Print this help
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_stands_under_the_root() {
        assert_eq!(NAME, format!("{}.Tray1", countersign_api::ROOT));
    }
}
