//! `countersign-tray`: two-factor codes from the system tray.
//!
//! The map: `menu` is what is shown, as plain data; `icon` and `draw` put it into the panel; `follow` hears the daemon,
//! `actions` asks it, `clipboard` is what most clicks end in; `tray` is the loop that ties them together.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod actions;
mod clipboard;
mod draw;
mod follow;
mod hotkey;
mod icon;
mod menu;
mod tray;

use std::{env, process::ExitCode};

use countersign_api::connect;
use icon::{Click, Fault, Icon};
use menu::Model;
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
        [] => tray().map_err(|error| error.to_string()),
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

/// Shows the tray until it is quit.
fn tray() -> Result<(), Fault> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let bus = runtime.block_on(claim())?;
    let model = Model::default();
    let (sender, clicks) = unbounded_channel();
    // Outside the runtime: see `icon`.
    let icon = Icon::new(&model, sender.clone())?;
    runtime.block_on(async {
        hotkey::serve(&bus, move |wrong| drop(sender.send(Click::Hotkeys(wrong)))).await?;
        let mut term = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let end = async {
            tokio::select! {
                _ = term.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        tray::run(icon, model, clicks, bus, end).await
    })
}

/// Connects to the session bus as the only tray on it.
async fn claim() -> Result<Connection, Fault> {
    let bus = connect::session_bus().await.map_err(|error| format!("no session bus: {}", error.message()))?;
    match bus.request_name_with_flags(NAME, RequestNameFlags::DoNotQueue.into()).await {
        Ok(_) => Ok(bus),
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

const HELP: &str = "\
Two-factor codes from the system tray

Usage: countersign-tray [--version | --help]

  -V, --version  Print the version
  -h, --help     Print this help
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_stands_under_the_root() {
        assert_eq!(NAME, format!("{}.Tray1", countersign_api::ROOT));
    }
}
