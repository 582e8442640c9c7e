//! How a client finds the daemon: its private socket, else the session bus starts it, else the client does.

use std::{
    env,
    fs::{self, DirBuilder},
    io::{self, BufRead, BufReader},
    os::{
        fd::OwnedFd,
        unix::{
            fs::{DirBuilderExt, MetadataExt},
            net::UnixStream,
            process::CommandExt,
        },
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use close_fds::CloseFdsBuilder;
use percent_encoding::percent_decode_str;
use tokio::time::timeout;
use zbus::{Connection, connection, fdo};

use crate::{BUS_NAME, Error};

/// Returns the user id of this process.
pub fn own_uid() -> io::Result<u32> {
    Ok(fs::metadata("/proc/self")?.uid())
}

/// Returns the folder of the private socket, 0700 and made when it is missing.
///
/// It is `$XDG_RUNTIME_DIR/countersign`; without that variable (cron, `env -i`) `/run/user/UID/countersign` where that is
/// ours, else a folder under the state directory.
pub fn runtime_dir() -> io::Result<PathBuf> {
    let dir = runtime_base()?.join("countersign");
    match DirBuilder::new().mode(0o700).recursive(true).create(&dir) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    let found = fs::symlink_metadata(&dir)?;
    if !found.is_dir() || found.uid() != own_uid()? || found.mode() & 0o077 != 0 {
        let text = format!("{} must be a folder of yours that nobody else can enter (chmod 700)", dir.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
    }
    Ok(dir)
}

/// Returns the path of the private socket.
pub fn private_socket() -> io::Result<PathBuf> {
    Ok(runtime_dir()?.join("private"))
}

/// Returns an XDG folder: the variable when it holds an absolute path, else this folder below home.
pub fn xdg_dir(variable: &str, below_home: &str) -> io::Result<PathBuf> {
    if let Some(dir) = env::var_os(variable).map(PathBuf::from).filter(|dir| dir.is_absolute()) {
        return Ok(dir);
    }
    let home = env::home_dir().filter(|home| home.is_absolute());
    let home = home.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no home folder: set HOME"))?;
    Ok(home.join(below_home))
}

fn runtime_base() -> io::Result<PathBuf> {
    if let Some(dir) = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_absolute()) {
        return Ok(dir);
    }
    let uid = own_uid()?;
    let usual = PathBuf::from(format!("/run/user/{uid}"));
    if fs::metadata(&usual).is_ok_and(|found| found.is_dir() && found.uid() == uid) {
        return Ok(usual);
    }
    Ok(xdg_dir("XDG_STATE_HOME", ".local/state")?.join("countersign/run"))
}

/// Where the session bus listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BusAddress {
    /// A socket in the file system.
    Path(PathBuf),
    /// A socket in Linux' abstract name space.
    Abstract(String),
}

impl BusAddress {
    /// Returns the address of the session bus: from the environment, else `$XDG_RUNTIME_DIR/bus`; `None` without a bus.
    ///
    /// # Errors
    /// Any transport but a unix socket is refused: nothing else tells who is at the other end.
    pub fn of_session() -> Result<Option<Self>, Error> {
        match env::var("DBUS_SESSION_BUS_ADDRESS") {
            Ok(text) if !text.is_empty() => Self::parse(&text).map(Some),
            _ => {
                let path = runtime_base().map_err(unreachable)?.join("bus");
                Ok(path.exists().then_some(Self::Path(path)))
            }
        }
    }

    /// Reads the first unix address of a list as D-Bus writes it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        for address in text.split(';').filter_map(|address| address.strip_prefix("unix:")) {
            for pair in address.split(',') {
                match pair.split_once('=') {
                    Some(("path", path)) => return Ok(Self::Path(unescape(path).into())),
                    Some(("abstract", name)) => return Ok(Self::Abstract(unescape(name))),
                    _ => {}
                }
            }
        }
        Err(Error::Denied("the session bus is no unix socket: unset DBUS_SESSION_BUS_ADDRESS or set it to one".into()))
    }

    /// Connects to a bus of the same user. One that lets nobody in must not hold us up: so not by std's connect, which
    /// waits.
    ///
    /// # Errors
    /// `PermissionDenied` where it is another user's, by the kernel's word.
    pub async fn connect(&self) -> io::Result<tokio::net::UnixStream> {
        let stream = match self {
            Self::Path(path) => tokio::net::UnixStream::connect(path).await?,
            // Tokio's way to write a name of the abstract name space.
            Self::Abstract(name) => tokio::net::UnixStream::connect(format!("\0{name}")).await?,
        };
        // Not by zbus: that looks the user's groups up too, by a thread and a library that stay in memory.
        if stream.peer_cred()?.uid() != own_uid()? {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"));
        }
        Ok(stream)
    }
}

/// Undoes D-Bus' percent escapes.
fn unescape(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Connects to the session bus, which must be one of the same user.
pub async fn session_bus() -> Result<Connection, Error> {
    let address = BusAddress::of_session()?.ok_or_else(|| unreachable("there is no session bus"))?;
    let stream = address.connect().await.map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => Error::Denied(format!("the session bus can't be used: {error}")),
        _ => unreachable(format!("the session bus: {error}")),
    })?;
    let connecting = connection::Builder::unix_stream(stream).build();
    timeout(BUS_LIMIT, connecting)
        .await
        .map_err(|_| unreachable("the session bus does not answer"))?
        .map_err(Error::from)
}

/// Why nothing of ours answers at the private socket.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreached {
    /// No daemon runs.
    #[error("countersignd does not run")]
    Absent,
    /// No daemon runs, and the last one had no time to take its socket away.
    #[error("countersignd does not run: it was killed or crashed, and left its socket {} behind", .0.display())]
    Dead(PathBuf),
    /// Something listens and does not answer: another program, or a daemon that hangs.
    #[error("{program} listens at {} and does not answer as countersignd does", .socket.display())]
    Silent {
        /// Its name and process id, where they can be known.
        program: String,
        /// Where it listens.
        socket: PathBuf,
    },
    /// Anything else.
    #[error("{}", .0.message())]
    Failed(Error),
}

impl From<Unreached> for Error {
    fn from(why: Unreached) -> Self {
        match why {
            Unreached::Failed(error) => error,
            other => unreachable(other),
        }
    }
}

/// Connects to the private socket of a daemon that runs.
pub async fn private() -> Result<Connection, Unreached> {
    let stream = private_stream().await?;
    match timeout(ANSWER_LIMIT, connection::Builder::unix_stream(stream).p2p().build()).await {
        Ok(Ok(connection)) => Ok(connection),
        _ => Err(silence().await),
    }
}

/// Says why there was no answer from the private socket: what listens there, or that nothing does any more.
pub async fn silence() -> Unreached {
    match private_stream().await {
        Ok(stream) => silent(stream.peer_cred().ok().and_then(|peer| peer.pid())),
        Err(why) => why,
    }
}

async fn private_stream() -> Result<tokio::net::UnixStream, Unreached> {
    let socket = private_socket().map_err(|error| Unreached::Failed(unreachable(error)))?;
    tokio::net::UnixStream::connect(&socket).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Unreached::Absent,
        io::ErrorKind::ConnectionRefused => Unreached::Dead(socket),
        // As many wait as it lets wait.
        io::ErrorKind::WouldBlock => silent(None),
        _ => Unreached::Failed(unreachable(format!("{}: {error}", socket.display()))),
    })
}

/// Names the process that listens and is silent. Its path is readable of dumpable processes only, which ours is not.
fn silent(pid: Option<i32>) -> Unreached {
    let name = pid.and_then(|pid| fs::read_to_string(format!("/proc/{pid}/comm")).ok());
    let program = match (name, pid) {
        (Some(name), Some(pid)) => format!("{} (process {pid})", name.trim()),
        _ => "another program".into(),
    };
    Unreached::Silent { program, socket: private_socket().unwrap_or_default() }
}

/// Connects to the private socket, and starts the daemon if it does not run: by the session bus, else as a child.
pub async fn private_or_start() -> Result<Connection, Unreached> {
    match private().await {
        // Beside what listens there no daemon starts.
        Err(Unreached::Absent | Unreached::Dead(_)) => {}
        other => return other,
    }
    if start_by_bus().await.is_err() {
        start_as_child().map_err(Unreached::Failed)?;
    }
    private().await
}

async fn start_by_bus() -> Result<(), Error> {
    let bus = session_bus().await?;
    let name = BUS_NAME.try_into().expect("a constant bus name is valid");
    fdo::DBusProxy::new(&bus).await?.start_service_by_name(name, 0).await.map_err(zbus::Error::from)?;
    Ok(())
}

/// Starts `countersignd` and waits until it serves or has ended: the lock file decides which of several goes on.
fn start_as_child() -> Result<(), Error> {
    let program =
        program("countersignd").ok_or_else(|| unreachable("countersignd is not installed beside this program"))?;
    // The daemon outlives its caller: a pipe or passphrase file that the caller has open must not stay open with it.
    CloseFdsBuilder::new().cloexecfrom(3);
    let (ours, theirs) = UnixStream::pair().map_err(unreachable)?;
    ours.set_read_timeout(Some(START_LIMIT)).map_err(unreachable)?;
    let mut child = Command::new(program)
        .arg("--announce")
        .stdin(Stdio::null())
        .stdout(Stdio::from(OwnedFd::from(theirs)))
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| unreachable(format!("countersignd does not start: {error}")))?;
    // Its end is taken note of, so that it does not stay behind as a zombie of a client that goes on for days.
    let end = std::thread::spawn(move || child.wait());
    let mut word = String::new();
    let read = BufReader::new(ours).read_line(&mut word);
    read.map_err(|error| unreachable(format!("countersignd is not ready: {error}")))?;
    if word.trim() == "ready" {
        return Ok(());
    }
    let code = end.join().ok().and_then(Result::ok).and_then(|status| status.code());
    match word.trim() {
        // Another one was faster: that one answers, as soon as it serves.
        _ if code == Some(ALREADY_RUNNING.into()) && answers_in_time()? => Ok(()),
        "" => Err(unreachable("countersignd ended before it was ready: run it by hand to see why")),
        why => Err(unreachable(format!("countersignd does not run: {why}"))),
    }
}

/// Waits until something listens at the private socket, and says whether it does.
fn answers_in_time() -> Result<bool, Error> {
    let (socket, start) = (private_socket().map_err(unreachable)?, Instant::now());
    while UnixStream::connect(&socket).is_err() {
        if start.elapsed() > START_LIMIT {
            return Ok(false);
        }
        // Who listens when is told to nobody but to the one that started it.
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(true)
}

/// Returns the path of one of our programs: in the libexec folder beside this program's, else in its own, else beside the
/// daemon that a link in its own leads to, wherever a packager's libexec folder is.
pub fn program(name: &str) -> Option<PathBuf> {
    let own = env::current_exe().ok()?;
    let folder = own.parent()?;
    let daemon = fs::canonicalize(folder.join("countersignd")).ok();
    let linked = daemon.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    let places = [folder.join("../libexec/countersign"), folder.to_path_buf()].into_iter().chain(linked);
    places.map(|place| place.join(name)).find(|path| path.is_file())
}

#[allow(clippy::needless_pass_by_value)] // so that it fits `map_err`
fn unreachable(text: impl ToString) -> Error {
    Error::ZBus(zbus::Error::Failure(text.to_string()))
}

/// How long what listens at the private socket may take to answer.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// How long the bus may take to let us in.
const BUS_LIMIT: Duration = Duration::from_secs(5);
/// With this code a daemon ends where another one runs, so that a unit does not start it again and again.
pub const ALREADY_RUNNING: u8 = 3;
/// How long a daemon may take until it serves.
const START_LIMIT: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unix_addresses_are_taken() {
        assert_eq!(BusAddress::parse("unix:path=/run/b%20s,guid=1").ok(), Some(BusAddress::Path("/run/b s".into())));
        assert_eq!(BusAddress::parse("unix:guid=2,abstract=/tmp/x").ok(), Some(BusAddress::Abstract("/tmp/x".into())));
        assert_eq!(BusAddress::parse("tcp:host=x;unix:path=/b").ok(), Some(BusAddress::Path("/b".into())));
        for bad in ["tcp:host=localhost,port=1", "unixexec:path=/bin/sh", "autolaunch:", "", "unix:tmpdir=/tmp"] {
            assert!(matches!(BusAddress::parse(bad), Err(Error::Denied(_))), "{bad} was taken");
        }
    }
}
