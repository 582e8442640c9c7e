//! The private socket: the same contract and the secrets beside it, peer to peer, with nobody listening in.

use std::{
    fs, io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::fs::PermissionsExt,
    },
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use countersign_api::Peer;
use rustix::net::{Shutdown, shutdown, sockopt::socket_peercred};
use tokio::{
    net::{
        UnixListener, UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::timeout,
};
use zbus::{
    Connection,
    connection::{
        self,
        socket::{BoxedSplit, ReadHalf, Split, WriteHalf},
    },
    fdo::ConnectionCredentials,
};

/// One client that is connected.
struct Client {
    peer: Peer,
    connection: Connection,
    /// A second descriptor of its socket: `Connection::close` waits behind a blocked write, a shutdown does not.
    socket: OwnedFd,
}

/// The clients that are connected.
#[derive(Default)]
pub struct Clients {
    list: Mutex<Vec<Client>>,
    count: AtomicU64,
}

impl Clients {
    /// Shuts every connection down but the one with this number: a client that doesn't read its answers would keep
    /// them, and what is in them, alive.
    pub fn shut_down_others(&self, but: Option<u64>) {
        let mut list = self.list.lock().expect("no holder panics");
        list.retain(|client| {
            let stays = Some(client.peer.connection) == but;
            if !stays {
                // It may have gone meanwhile, which is as good.
                let _ = shutdown(&client.socket, Shutdown::Both);
            }
            stays
        });
    }

    /// Returns the connections, for signals.
    pub fn connections(&self) -> Vec<Connection> {
        self.list.lock().expect("no holder panics").iter().map(|client| client.connection.clone()).collect()
    }

    fn remove(&self, number: u64) {
        self.list.lock().expect("no holder panics").retain(|client| client.peer.connection != number);
    }
}

/// Listens at the socket; one that an ended daemon left behind is replaced.
///
/// # Errors
/// A daemon that keeps another vault may serve in the same runtime folder: its socket is left alone.
pub fn listen(path: &Path) -> io::Result<UnixListener> {
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        let text = format!("another countersignd serves at {}; give each one its own XDG_RUNTIME_DIR", path.display());
        return Err(io::Error::new(io::ErrorKind::AddrInUse, text));
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Puts the interfaces onto the builder of a connection.
pub type Serve = dyn Fn(connection::Builder<'static>, Peer) -> zbus::Result<connection::Builder<'static>> + Send + Sync;

/// Accepts clients of the same user for ever.
pub async fn accept(
    listener: UnixListener,
    clients: Arc<Clients>,
    serve: Arc<Serve>,
    gone: Arc<dyn Fn(u64) + Send + Sync>,
) {
    let guid = zbus::Guid::generate();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors, say: those who are there go in time.
                tracing::warn!("the private socket accepts nobody for a moment: {error}");
                tokio::time::sleep(BREATHER).await;
                continue;
            }
        };
        if clients.list.lock().expect("no holder panics").len() >= MAX_CLIENTS {
            tracing::warn!("more than {MAX_CLIENTS} private connections: one is turned away");
            continue;
        }
        let number = clients.count.fetch_add(1, Ordering::Relaxed);
        let (clients, serve, gone, guid) = (clients.clone(), serve.clone(), gone.clone(), guid.clone());
        tokio::spawn(async move {
            if let Err(error) = attend(stream, number, &clients, &serve, guid.into()).await {
                tracing::debug!("a private connection ended: {error}");
            }
            clients.remove(number);
            gone(number);
        });
    }
}

async fn attend(
    stream: UnixStream,
    number: u64,
    clients: &Clients,
    serve: &Arc<Serve>,
    guid: zbus::OwnedGuid,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let credentials = socket_peercred(&stream)?;
    if credentials.uid != rustix::process::geteuid() {
        return Err("it is of another user".into());
    }
    let (uid, pid) = (credentials.uid.as_raw(), credentials.pid.as_raw_nonzero().get().unsigned_abs());
    let peer = Peer { connection: number, uid, pid };
    let socket = stream.as_fd().try_clone_to_owned()?;
    let builder = connection::Builder::socket(split(stream)).server(guid)?.p2p();
    let connection = timeout(HANDSHAKE, serve(builder, peer)?.build()).await??;
    clients.list.lock().expect("no holder panics").push(Client { peer, connection: connection.clone(), socket });
    connection.closed().await;
    Ok(())
}

/// Splits a stream into halves that know the peer from the kernel alone: zbus' own would start a thread and load NSS
/// (/etc/passwd, nscd, systemd) into the process that keeps the vault.
pub fn split(stream: UnixStream) -> BoxedSplit {
    let (reader, writer) = stream.into_split();
    Split::new(Box::new(Reader(reader)), Box::new(Writer(writer)))
}

#[derive(Debug)]
struct Reader(OwnedReadHalf);

#[derive(Debug)]
struct Writer(OwnedWriteHalf);

fn credentials(socket: impl AsFd) -> io::Result<ConnectionCredentials> {
    let found = socket_peercred(socket)?;
    let pid = found.pid.as_raw_nonzero().get().unsigned_abs();
    Ok(ConnectionCredentials::default().set_unix_user_id(found.uid.as_raw()).set_process_id(pid))
}

#[zbus::export::async_trait::async_trait]
impl ReadHalf for Reader {
    async fn recvmsg(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        ReadHalf::recvmsg(&mut self.0, buffer).await
    }

    fn can_pass_unix_fd(&self) -> bool {
        true
    }

    async fn peer_credentials(&mut self) -> io::Result<ConnectionCredentials> {
        credentials(self.0.as_ref())
    }
}

#[zbus::export::async_trait::async_trait]
impl WriteHalf for Writer {
    async fn sendmsg(&mut self, buffer: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<usize> {
        WriteHalf::sendmsg(&mut self.0, buffer, descriptors).await
    }

    async fn close(&mut self) -> io::Result<()> {
        WriteHalf::close(&mut self.0).await
    }

    fn can_pass_unix_fd(&self) -> bool {
        true
    }

    async fn peer_credentials(&mut self) -> io::Result<ConnectionCredentials> {
        credentials(self.0.as_ref())
    }
}

const MAX_CLIENTS: usize = 200;
const BREATHER: Duration = Duration::from_millis(200);
const HANDSHAKE: Duration = Duration::from_secs(5);
