//! The memory proof: after a lock, nothing of a key, an account or the passphrase is in the daemon's memory or registers.
//!
//! It looks at the release binary (a debug build leaves other traces), as root: nobody else can read the memory of a
//! process that is not dumpable, which is the point of it.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io::{Read, Write},
    os::unix::{fs::FileExt, net::UnixStream},
};

use age::secrecy::ExposeSecret;
use countersign_api::{BUS_NAME, Dict, PATH, accounts::AccountsProxy, secrets::SecretsProxy, vault::VaultProxy};
use harness::{Completion, World, programs, samples, until, wait::LIMIT};
use rustix::process::{Pid, Signal};
use zbus::{Connection, connection::Builder, message::Message};

harness::tests!(nothing_is_left_after_a_lock_by_call, nothing_is_left_after_a_lock_by_timer);

fn nothing_is_left_after_a_lock_by_call() -> Completion {
    prove(|_, _, runtime, connection| {
        runtime.block_on(async { VaultProxy::new(connection).await.unwrap().lock(Dict::new()).await.unwrap() });
    })
}

fn nothing_is_left_after_a_lock_by_timer() -> Completion {
    // Switched on only now, so that on a busy machine it does not run out before its time.
    prove(|world, pid, _, _| {
        let config = world.dir().join("config/countersign/config.toml");
        fs::write(config, "allow-root = true\nidle-lock = \"1s\"\n").unwrap();
        let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, Signal::HUP).unwrap();
    })
}

/// Fills a vault, uses it, leaves a client that never reads its answers, locks, and searches.
fn prove(lock: impl FnOnce(&World, u32, &tokio::runtime::Runtime, &Connection)) -> Completion {
    if !rustix::process::geteuid().is_root() {
        return Completion::ignored_with("only root can read the memory of a process that is not dumpable");
    }
    let mut world = World::build().without_daemon().config("idle-lock = \"off\"").start();
    let daemon = world.cmd(&programs::release_daemon()).arg("--announce").env("COUNTERSIGN_LOG", "info").spawn();
    daemon.out.wait_for("the daemon's `ready`", LIMIT, |text| text.contains("ready\n").then_some(()));
    let pid = daemon.pid();
    world.keep(daemon);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let connection = runtime.block_on(connect(&world));
    let mut needles = Needles::default();
    // Its words stand in any program's messages; its end is random.
    needles.add("passphrase", world.passphrase().rsplit(' ').next().unwrap().as_bytes());
    runtime.block_on(fill(&world, &connection, &mut needles));
    needles.add_keys(&world);
    runtime.block_on(use_all(&connection, world.passphrase()));

    let before = search(pid, &needles);
    assert!(
        before.values().sum::<usize>() > ACCOUNTS,
        "the search finds what is there while it is unlocked: {before:?}"
    );
    let _stuck = stuck_client(&world);
    lock(&world, pid, &runtime, &connection);
    until("the lock", LIMIT, || (world.vault_property("State") == "locked").then_some(()));

    let left = search(pid, &needles);
    assert!(left.is_empty(), "left in memory after the lock: {left:?}");
    let left = search_core(&world, pid, &needles);
    assert!(left.is_empty(), "left in memory or registers after the lock: {left:?}");
    Completion::Completed
}

async fn connect(world: &World) -> Connection {
    let address = format!("unix:path={}", world.socket().display());
    Builder::address(address.as_str()).unwrap().p2p().build().await.unwrap()
}

/// Makes the vault and its accounts.
async fn fill(world: &World, connection: &Connection, needles: &mut Needles) {
    let secrets = SecretsProxy::new(connection).await.unwrap();
    secrets.init(world.passphrase(), Dict::new()).await.unwrap();
    for number in 0..ACCOUNTS {
        let account = samples::Account::new("Example", &format!("user{number}"));
        needles.add_secret(&account.secret);
        secrets.add(&account.uri(), Dict::new()).await.unwrap();
    }
}

/// Locks and unlocks, and has the daemon touch every secret.
async fn use_all(connection: &Connection, passphrase: &str) {
    let secrets = SecretsProxy::new(connection).await.unwrap();
    let accounts = AccountsProxy::new(connection).await.unwrap();
    VaultProxy::new(connection).await.unwrap().lock(Dict::new()).await.unwrap();
    secrets.unlock_with("passphrase", passphrase, Dict::new()).await.unwrap();
    secrets.prove(passphrase, Dict::new()).await.unwrap();
    for account in accounts.list(Dict::new()).await.unwrap() {
        let id = String::try_from(account["id"].try_clone().unwrap()).unwrap();
        accounts.code(&id).await.unwrap();
        secrets.reveal(&id, Dict::new()).await.unwrap();
    }
}

/// Asks for secrets over and over and never reads an answer, so that they pile up in the daemon.
fn stuck_client(world: &World) -> UnixStream {
    let mut stream = UnixStream::connect(world.socket()).unwrap();
    stream.write_all(b"\0AUTH EXTERNAL 30\r\n").unwrap();
    read_until(&mut stream, b"\r\n");
    stream.write_all(b"BEGIN\r\n").unwrap();
    let call = |method: &str, body: &(&str, Dict)| {
        let interface = format!("{}.Secrets1", countersign_api::ROOT);
        let message = Message::method_call(PATH, method).unwrap().interface(interface).unwrap();
        message.destination(BUS_NAME).unwrap().build(body).unwrap().data().to_vec()
    };
    stream.write_all(&call("Prove", &(world.passphrase(), Dict::new()))).unwrap();
    let mut answer = [0; 64];
    assert!(stream.read(&mut answer).unwrap() > 0);
    stream.set_nonblocking(true).unwrap();
    let reveal = call("Reveal", &("Example:user7", Dict::new()));
    for _ in 0..STUCK_CALLS {
        if stream.write_all(&reveal).is_err() {
            break; // the daemon takes no more in, and what it holds is enough
        }
    }
    stream
}

fn read_until(stream: &mut UnixStream, end: &[u8]) {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(end) {
        stream.read_exact(&mut byte).unwrap();
        seen.push(byte[0]);
    }
}

/// What is searched for: any piece of eight bytes of it counts.
#[derive(Default)]
struct Needles {
    list: Vec<(&'static str, Vec<u8>)>,
    pieces: HashMap<[u8; PIECE], usize>,
}

impl Needles {
    fn add(&mut self, what: &'static str, bytes: &[u8]) {
        for piece in bytes.windows(PIECE) {
            self.pieces.insert(piece.try_into().unwrap(), self.list.len());
        }
        self.list.push((what, bytes.to_vec()));
    }

    /// Adds a secret as text, raw, and as the two pads of its HMAC.
    fn add_secret(&mut self, base32: &str) {
        let raw = samples::decode_base32(base32);
        self.add("secret, base32", base32.as_bytes());
        self.add("secret, raw", &raw);
        self.add("secret, inner pad", &raw.iter().map(|byte| byte ^ 0x36).collect::<Vec<_>>());
        self.add("secret, outer pad", &raw.iter().map(|byte| byte ^ 0x5c).collect::<Vec<_>>());
    }

    /// Adds the keys that stand behind the vault: its own, the slot's, and those inside the age files.
    fn add_keys(&mut self, world: &World) {
        let slot = fs::read(world.vault_dir().join("slots/passphrase.age")).unwrap();
        let vault = fs::read(world.vault_dir().join("vault.age")).unwrap();
        let mut by_passphrase = age::scrypt::Identity::new(world.passphrase().to_owned().into());
        by_passphrase.set_max_work_factor(20);
        let (key, slot_key) = open(&slot, &by_passphrase);
        let key = String::from_utf8(key).unwrap();
        let key = key.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).unwrap();
        self.add("vault key, text", &key.as_bytes()["AGE-SECRET-KEY-1".len()..]);
        self.add("vault key, raw", &decode_bech32(key));
        let (_, vault_key) = open(&vault, &key.parse::<age::x25519::Identity>().unwrap());
        for (what, file, file_key) in [("vault", &vault, vault_key), ("slot", &slot, slot_key)] {
            self.add(if what == "vault" { "vault file key" } else { "slot file key" }, &file_key);
            self.add(
                if what == "vault" { "vault payload key" } else { "slot payload key" },
                &payload_key(file, &file_key),
            );
        }
        self.add("slot scrypt key", &scrypt_key(&slot, world.passphrase()));
    }

    fn count(&self, bytes: &[u8], place: &str, found: &mut BTreeMap<String, usize>) {
        for piece in bytes.windows(PIECE) {
            if let Some(number) = self.pieces.get(piece) {
                *found.entry(format!("{} in {place}", self.list[*number].0)).or_default() += 1;
            }
        }
    }
}

/// Catches an age file's key while the file is opened.
struct Spy<'a>(&'a dyn age::Identity, RefCell<Vec<u8>>);

impl age::Identity for Spy<'_> {
    fn unwrap_stanza(
        &self,
        stanza: &age_core::format::Stanza,
    ) -> Option<Result<age_core::format::FileKey, age::DecryptError>> {
        let key = self.0.unwrap_stanza(stanza);
        if let Some(Ok(key)) = &key {
            *self.1.borrow_mut() = key.expose_secret().to_vec();
        }
        key
    }
}

fn open(file: &[u8], identity: &dyn age::Identity) -> (Vec<u8>, Vec<u8>) {
    let spy = Spy(identity, RefCell::default());
    let mut plain = Vec::new();
    let decryptor = age::Decryptor::new(file).unwrap();
    decryptor.decrypt(std::iter::once(&spy as &dyn age::Identity)).unwrap().read_to_end(&mut plain).unwrap();
    (plain, spy.1.into_inner())
}

/// Returns the key that the payload is encrypted with (age specification, "Payload").
fn payload_key(file: &[u8], file_key: &[u8]) -> Vec<u8> {
    let mac = file.windows(5).position(|part| part == b"\n--- ").unwrap() + 5;
    let nonce = mac + file[mac..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let mut key = vec![0; 32];
    hkdf::Hkdf::<sha2::Sha256>::new(Some(&file[nonce..nonce + 16]), file_key).expand(b"payload", &mut key).unwrap();
    key
}

/// Returns the key that scrypt makes of the passphrase (age specification, "scrypt").
fn scrypt_key(slot: &[u8], passphrase: &str) -> Vec<u8> {
    let header = String::from_utf8_lossy(slot);
    let stanza: Vec<&str> = header.lines().find(|line| line.starts_with("-> scrypt")).unwrap().split(' ').collect();
    let mut salt = b"age-encryption.org/v1/scrypt".to_vec();
    salt.extend(data_encoding::BASE64_NOPAD.decode(stanza[2].as_bytes()).unwrap());
    let mut key = vec![0; 32];
    let work = scrypt::Params::new(stanza[3].parse().unwrap(), 8, 1, 32).unwrap();
    scrypt::scrypt(passphrase.as_bytes(), &salt, &work, &mut key).unwrap();
    key
}

fn decode_bech32(key: &str) -> Vec<u8> {
    let letters = key.to_ascii_lowercase();
    let (mut held, mut bits, mut raw) = (0u32, 0, Vec::new());
    for letter in letters["age-secret-key-1".len()..].chars().take(52) {
        let value = "qpzry9x8gf2tvdw0s3jn54khce6mua7l".find(letter).unwrap();
        held = (held << 5 | u32::try_from(value).unwrap()) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            raw.push((held >> bits & 0xff) as u8);
        }
    }
    raw
}

/// Searches all that the process can write to.
fn search(pid: u32, needles: &Needles) -> BTreeMap<String, usize> {
    let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let mut found = BTreeMap::new();
    for line in fs::read_to_string(format!("/proc/{pid}/maps")).unwrap().lines() {
        let mut fields = line.split_whitespace();
        let (range, rights) = (fields.next().unwrap(), fields.next().unwrap());
        let place = fields.nth(3).unwrap_or("a mapping without a name");
        if !rights.starts_with('r') || line.contains("[vvar") || line.contains("[vsyscall]") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let (start, end) = (u64::from_str_radix(start, 16).unwrap(), u64::from_str_radix(end, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        if let Ok(length) = memory.read_at(&mut bytes, start) {
            needles.count(&bytes[..length], place, &mut found);
        }
    }
    found
}

/// Searches a core file, which has the registers too.
fn search_core(world: &World, pid: u32, needles: &Needles) -> BTreeMap<String, usize> {
    let path = world.dir().join("core");
    let save = format!("generate-core-file {}", path.display());
    world.cmd("gdb").args(["-p", &pid.to_string(), "-batch", "-ex", &save]).run();
    let core = fs::read(&path).expect("gdb has written the core file");
    fs::remove_file(&path).unwrap();
    let mut found = BTreeMap::new();
    needles.count(&core, "the core file", &mut found);
    found
}

const ACCOUNTS: usize = 200;
const STUCK_CALLS: usize = 5000;
const PIECE: usize = 8;
