//! Looking on where only the desktop's portal sees the screens: a screen cast that the person allows once.
//!
//! Each look opens a cast, with the token of the one before so that nobody is asked, takes one picture of each screen that
//! the person chose, and closes it. The pictures come from `PipeWire`, whose library has a program of its own,
//! `countersign-capture-pipewire`: without it a scan does all it does elsewhere.

use std::{
    env,
    io::ErrorKind,
    os::fd::OwnedFd,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use ashpd::{
    Error,
    desktop::{
        CreateSessionOptions, PersistMode, ResponseError, Session,
        screencast::{
            OpenPipeWireRemoteOptions, Screencast, SelectSourcesOptions, SourceType, StartCastOptions, Stream,
        },
    },
};

use super::{
    Asks, Look, Shot, frames,
    permission::{Memory, Remembered},
    portal::{self, DIALOG_LIMIT, PERSON, QUIET_LIMIT},
    program::Running,
    wait,
};
use crate::outcome::ScanError;

/// Takes a picture of each screen that the person chose, now or earlier.
///
/// # Errors
/// [`ScanError::Unfit`] where no cast can be had here.
pub(super) fn take() -> Result<Look, ScanError> {
    let memory = Memory::of_environment();
    let remembered = memory.read();
    if remembered == Remembered::Failed {
        return Err(ScanError::Unfit(FAILED));
    }
    program_works().map_err(ScanError::Unfit)?;
    let token = match remembered {
        Remembered::Token(token) => Some(token),
        _ => None,
    };
    wait(DIALOG_LIMIT + QUIET_LIMIT * 3, PERSON, async {
        let cast = match prepare(token.as_deref()).await {
            // A portal that was only just starting has been seen never to answer.
            Err(ScanError::Late(_)) => prepare(token.as_deref()).await,
            // A token from another time or desktop is no reason not to ask.
            Err(_) if token.is_some() => prepare(None).await,
            cast => cast,
        };
        let cast =
            cast.map_err(|error| ScanError::Unfit(if matches!(error, ScanError::Late(_)) { SILENT } else { REFUSED }));
        let (portal, session) = cast.inspect_err(|_| memory.write(&Remembered::NoToken))?;
        let shots = film(&portal, &session, &memory).await;
        // The desktop shows that the screen is looked at until then.
        let _ = session.close().await;
        shots.map(Look::Shots)
    })
}

/// Says whether looking on by a cast would ask.
pub(super) async fn asks(bus: portal::Bus) -> Asks {
    if let Err(why) = program_works() {
        return Asks::Each(why);
    }
    if let Err(why) = offered(bus).await {
        return Asks::Each(why);
    }
    match Memory::of_environment().read() {
        Remembered::Nothing => Asks::Once,
        Remembered::Token(_) => Asks::Never("the screens to look at were chosen earlier"),
        Remembered::NoToken => Asks::Each("the desktop did not remember that it was allowed"),
        Remembered::Failed => Asks::Each(FAILED),
    }
}

/// Returns the `ScreenCast` portal, if it is one that remembers.
async fn offered(bus: portal::Bus) -> Result<Screencast, &'static str> {
    let portal = Screencast::with_connection(bus.connection).await.map_err(|_| NO_CAST)?;
    match portal.version() {
        // Without the interface there is no version either, and 1 is what that counts as.
        0 | 1 => Err(NO_CAST),
        2 | 3 => Err("the desktop's portal is too old to remember that screen casts are allowed"),
        _ => Ok(portal),
    }
}

/// Opens a session and says what it is for. Nobody is asked yet, so this gets no more than a moment.
async fn prepare(token: Option<&str>) -> Result<(Screencast, Session<Screencast>), ScanError> {
    let prepared = async {
        let portal = offered(portal::connect().await?).await.map_err(ScanError::Unfit)?;
        let refused = |_: Error| ScanError::Unfit(REFUSED);
        let session = portal.create_session(CreateSessionOptions::default()).await.map_err(refused)?;
        let sources = SelectSourcesOptions::default()
            .set_sources(Some(SourceType::Monitor.into()))
            .set_multiple(true)
            .set_persist_mode(PersistMode::ExplicitlyRevoked)
            .set_restore_token(token);
        portal.select_sources(&session, sources).await.and_then(|request| request.response()).map_err(refused)?;
        Ok((portal, session))
    };
    tokio::time::timeout(QUIET_LIMIT, prepared).await.unwrap_or_else(|_| Err(ScanError::Late(SILENT.into())))
}

/// Starts the cast, where the person may be asked, and takes its pictures.
async fn film(portal: &Screencast, session: &Session<Screencast>, memory: &Memory) -> Result<Vec<Shot>, ScanError> {
    let started = portal.start(session, None, StartCastOptions::default()).await.and_then(|request| request.response());
    let started = match started {
        Ok(started) => started,
        Err(Error::Response(ResponseError::Cancelled)) => {
            memory.write(&Remembered::Nothing);
            return Err(ScanError::Denied);
        }
        Err(_) => {
            memory.write(&Remembered::NoToken);
            return Err(ScanError::Unfit("the desktop's portal starts no screen cast"));
        }
    };
    let failed = |why: &str| {
        // Said to the log only: the next way is tried.
        eprintln!("countersign-scan: the screen cast gave no picture: {why}");
        memory.write(&Remembered::Failed);
        ScanError::Unfit(FAILED)
    };
    let remote = portal.open_pipe_wire_remote(session, OpenPipeWireRemoteOptions::default()).await;
    let remote = remote.map_err(|_| failed("the portal opens no connection to PipeWire"))?;
    let shots = pictures(remote, started.streams()).map_err(|why| failed(&why))?;
    memory.write(&match started.restore_token() {
        Some(token) if !token.is_empty() => Remembered::Token(token.into()),
        _ => Remembered::NoToken,
    });
    Ok(shots)
}

/// Takes the next picture of each stream. Nothing else waits for this thread meanwhile, and it has a deadline of its own.
fn pictures(remote: OwnedFd, streams: &[Stream]) -> Result<Vec<Shot>, String> {
    let mut command = program().ok_or(MISSING)?;
    command.args(streams.iter().map(|stream| stream.pipe_wire_node_id().to_string()));
    let until = Instant::now() + DEADLINE;
    let mut child = Running::start_with(&mut command, remote.into()).map_err(|error| error.to_string())?;
    let shots = frames::read(&mut child.output(until));
    let (told, status) = child.end(until).map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(told.lines().last().unwrap_or("no reason was given").into());
    }
    let mut shots = shots.map_err(|error| error.to_string())?;
    for shot in &mut shots {
        place(shot, streams);
    }
    Ok(shots)
}

/// Gives a picture, which has the number of its stream for a name, its place among the screens.
fn place(shot: &mut Shot, streams: &[Stream]) {
    let number = |stream: &Stream| stream.pipe_wire_node_id().to_string() == shot.screen.name;
    let Some(index) = streams.iter().position(number) else { return };
    let (stream, screen) = (&streams[index], &mut shot.screen);
    screen.name = if streams.len() == 1 { "screen".into() } else { format!("screen {}", index + 1) };
    (screen.x, screen.y) = stream.position().unwrap_or_default();
    if let Some((width, _)) = stream.size().filter(|(width, _)| *width > 0) {
        screen.scale = screen.width as f32 / width as f32;
    }
}

/// Starts the program that reads `PipeWire` once, to see that it is there with all that it needs.
fn program_works() -> Result<(), &'static str> {
    let mut program = program().ok_or(MISSING)?;
    program.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match program.status() {
        Ok(status) if status.success() => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(MISSING),
        _ => Err("the screen cast lacks a library; install libpipewire-0.3-0"),
    }
}

/// Returns the program that reads `PipeWire`, which lies in the folder of this one, in an environment of its own.
fn program() -> Option<Command> {
    let mut command = Command::new(super::beside_us(PROGRAM).ok()?);
    command.env_clear().envs(KEPT.iter().filter_map(|name| Some((name, env::var_os(name)?))));
    Some(command)
}

const PROGRAM: &str = "countersign-capture-pipewire";
const KEPT: &[&str] = &["HOME", "LD_LIBRARY_PATH"];
/// Longer than the program's own.
const DEADLINE: Duration = Duration::from_secs(12);
const NO_CAST: &str = "the desktop's portal has no screen casts";
const REFUSED: &str = "the desktop's portal refuses screen casts";
const SILENT: &str = "the desktop's portal does not answer about screen casts";
const MISSING: &str = "countersign-capture-pipewire is missing; install countersign again";
const FAILED: &str = "the last screen cast gave no picture";
