//! The daemon that keeps the vault and answers for codes.

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
};

use countersign_api::connect::ALREADY_RUNNING;
use countersign_core::vault::{Store, StoreError, VaultDirs};
use countersignd::{config::Config, harden, paths::Paths, serve, service::Service, vault_state::Why};
use tokio::signal::unix::{SignalKind, signal};
use tracing::Level;
use tracing_subscriber::{filter::Targets, fmt, prelude::*};
use zeroizing_alloc::ZeroAlloc;

/// Memory is wiped when it is freed: what D-Bus, JSON and age leave behind included.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        // A daemon that goes on after a bug of ours answers nonsense: it ends, and its unit starts it again, locked.
        // The panic's own words could quote anything.
        let _ = writeln!(
            io::stderr(),
            "countersignd: a bug at {}",
            panic.location().map_or(String::new(), ToString::to_string)
        );
        std::process::abort();
    }));
    let options = match Options::from_arguments() {
        Ok(options) => options,
        Err(code) => return code,
    };
    if let Err(error) = prepare() {
        return fail(&error, &options);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(run(&options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error.as_ref(), &options),
    }
}

/// Hardens the process and starts the log.
fn prepare() -> Result<(), io::Error> {
    harden::harden()?;
    let level = std::env::var("COUNTERSIGN_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(Level::INFO);
    // What the bus library notes of each call costs more than the call: only for who asks for all.
    let bus = if level > Level::INFO { level } else { level.min(Level::WARN) };
    let filter = Targets::new().with_default(level).with_target("zbus", bus);
    let text = fmt::layer().with_writer(io::stderr).with_ansi(false).without_time();
    tracing_subscriber::registry().with(text.with_filter(filter)).init();
    Ok(())
}

async fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let paths = Paths::from_environment()?;
    let config = Config::read(&paths.config);
    if let Some(error) = &config.error {
        tracing::warn!("the strict defaults are used: {error}");
    }
    if rustix::process::geteuid().is_root() && !options.allow_root && !config.allow_root {
        return Err("countersignd does not run as root: accounts are a person's; --allow-root if you mean it".into());
    }
    let store = Store::take(VaultDirs { data: paths.data.clone(), state: paths.state.clone() })?;
    let service = Service::new(paths.clone(), config, store);
    serve::serve_private(&service, &paths.socket)?;
    serve::follow_triggers(&service);
    let ended = tokio::select! {
        ended = serve_bus(&service, options) => ended,
        told = until_told_to_end(&service) => told,
    };
    service.wipe(Why::ByHand, None);
    service.end_notifications().await;
    let _ = std::fs::remove_file(&paths.socket);
    ended
}

/// Serves the session bus, where there is one, until it is lost.
async fn serve_bus(service: &Arc<Service>, options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let bus = serve::serve_bus(service).await?;
    if let Some(bus) = &bus {
        serve::follow_screen_savers(service, bus.clone());
    }
    if options.announce {
        // The client that started us waits for this word; that it has gone is its own business.
        let _ = io::stdout().write_all(b"ready\n");
    }
    tracing::info!("serving{}", if bus.is_some() { "" } else { " without a session bus" });
    match bus {
        Some(bus) => Ok(serve::bus_lost(bus).await?),
        None => std::future::pending().await,
    }
}

/// Waits for SIGTERM or SIGINT; SIGHUP reads the configuration anew.
async fn until_told_to_end(service: &Arc<Service>) -> Result<(), Box<dyn std::error::Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            _ = hang_up.recv() => service.reload(),
        }
    }
}

/// What was said on the command line.
struct Options {
    announce: bool,
    allow_root: bool,
}

impl Options {
    fn from_arguments() -> Result<Self, ExitCode> {
        let mut options = Self { announce: false, allow_root: false };
        for argument in std::env::args().skip(1) {
            match argument.as_str() {
                "--announce" => options.announce = true,
                "--allow-root" => options.allow_root = true,
                "--help" | "-h" => return Err(tell(HELP)),
                "--version" | "-V" => return Err(tell(concat!("countersignd ", env!("CARGO_PKG_VERSION"), "\n"))),
                _ => {
                    let _ =
                        io::stderr().write_all(b"countersignd: it knows no such option; --help shows what it knows\n");
                    return Err(ExitCode::from(2));
                }
            }
        }
        Ok(options)
    }
}

fn tell(text: &str) -> ExitCode {
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn fail(error: &(dyn std::error::Error + 'static), options: &Options) -> ExitCode {
    let _ = writeln!(io::stderr(), "countersignd: {error}");
    if options.announce {
        // The client that started us shows it.
        let _ = writeln!(io::stdout(), "{error}");
    }
    match error.downcast_ref() {
        Some(StoreError::AlreadyRunning { .. }) => ExitCode::from(ALREADY_RUNNING),
        _ => ExitCode::FAILURE,
    }
}

const HELP: &str = "\
Keep the vault and answer for two-factor codes over D-Bus

Usage: countersignd [OPTIONS]

Clients start it by themselves; it goes on until SIGTERM. SIGHUP reads the
configuration anew.

Options:
      --announce    Write `ready` to standard output when it serves
      --allow-root  Run as root, with root's own vault
  -h, --help        Print help
  -V, --version     Print version

Environment:
  COUNTERSIGN_LOG   What to log to standard error: error, warn, info (default),
                    debug, trace
";
