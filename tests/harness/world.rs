//! A private world: home, folders, bus, screen, and the real programs in it.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{
        fs::{DirBuilderExt, PermissionsExt},
        net::UnixStream,
    },
    path::{Path, PathBuf},
    sync::mpsc,
    thread::JoinHandle,
};

use rustix::process::Signal;
use tempfile::TempDir;

use countersign_api::types::{InitOptions, KeepOptions};

use crate::{
    Client, Cmd, Process, Tty, bus,
    client::none,
    display::Display,
    keyring::{self, Keyring},
    programs,
    samples::{self, Account},
    until,
    wait::LIMIT,
    wayland::{FIRST_SCREEN, Wayland},
    witness::Witness,
};

/// What a world shall have; see [`World::build`].
#[derive(Default)]
#[must_use = "start() makes the world"]
#[allow(clippy::struct_excessive_bools)] // each one is a part that is there or not
pub struct Builder {
    no_bus: bool,
    no_daemon: bool,
    activation: bool,
    display: bool,
    wayland: bool,
    notifications: bool,
    keyring: bool,
    vault: bool,
    config: String,
    environment: Vec<(String, String)>,
}

impl Builder {
    /// Leaves the session bus out.
    pub fn without_bus(mut self) -> Self {
        self.no_bus = true;
        self
    }

    /// Starts no daemon: clients start it.
    pub fn without_daemon(mut self) -> Self {
        self.no_daemon = true;
        self
    }

    /// Lets the bus start the daemon, by an activation file; none runs at first.
    pub fn activation(mut self) -> Self {
        self.activation = true;
        self.without_daemon()
    }

    /// Adds a screen (Xvfb) and a window manager (openbox).
    pub fn display(mut self) -> Self {
        self.display = true;
        self
    }

    /// Adds a Wayland session (sway) with two screens, and no X server.
    pub fn wayland(mut self) -> Self {
        self.wayland = true;
        self
    }

    /// Adds a notification server (dunst) and the screen it needs.
    pub fn notifications(mut self) -> Self {
        self.notifications = true;
        self.display()
    }

    /// Adds a login keyring (gnome-keyring), open.
    pub fn keyring(mut self) -> Self {
        self.keyring = true;
        self
    }

    /// Makes a vault; it is open. Its passphrase is [`World::passphrase`].
    pub fn vault(mut self) -> Self {
        self.vault = true;
        self
    }

    /// Adds lines to the daemon's `config.toml`.
    pub fn config(mut self, lines: &str) -> Self {
        self.config.push_str(lines);
        self.config.push('\n');
        self
    }

    /// Sets a variable for every program.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes the world and starts what it shall have.
    pub fn start(self) -> World {
        let mut world = World::bare(&self.config);
        world.environment.extend(self.environment);
        if self.display {
            world.display = Some(Display::start(&world));
            world.set("DISPLAY", &world.display().name.clone());
        }
        if self.wayland {
            world.start_wayland();
        }
        if !self.no_bus {
            if self.activation {
                bus::write_activation_file(&world);
            }
            world.bus = Some(bus::start(&world));
            world.set("DBUS_SESSION_BUS_ADDRESS", &format!("unix:path={}/run/bus", world.dir().display()));
        }
        if self.keyring {
            world.keyring = Some(keyring::start(&world));
        }
        if self.notifications {
            let server = world.cmd("dunst").args(["-conf", &programs::data("dunstrc")]).spawn();
            world.processes.push(server);
            world.wait_for_name("org.freedesktop.Notifications");
        }
        if !self.no_daemon {
            world.start_daemon();
        }
        if self.vault {
            world.make_vault();
        }
        world
    }
}

/// A private world. All that runs in it is killed when it is dropped.
pub struct World {
    // Dropped in this order: the programs before the folder.
    daemon: Option<Process>,
    processes: Vec<Process>,
    keyring: Option<Keyring>,
    bus: Option<Process>,
    display: Option<Display>,
    pub(crate) wayland: Option<Wayland>,
    watch: Option<(mpsc::Sender<()>, JoinHandle<()>)>,
    witness: Witness,
    passphrase: String,
    environment: BTreeMap<String, String>,
    dir: TempDir,
}

impl World {
    /// Begins a world: with a bus and a daemon unless told otherwise, and without all else.
    pub fn build() -> Builder {
        Builder::default()
    }

    fn bare(config: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("cs-world-").tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        for folder in
            ["bin", "home", "config/countersign", "data", "state", "cache", "run", "tmp", "services", "pictures"]
        {
            fs::DirBuilder::new().mode(0o700).recursive(true).create(dir.path().join(folder)).unwrap();
        }
        // As root (a container, a build server) the daemon has to be told that it is meant.
        let root = if rustix::process::geteuid().is_root() { "allow-root = true\n" } else { "" };
        fs::write(dir.path().join("config/countersign/config.toml"), format!("{root}{config}")).unwrap();
        let environment = [
            ("HOME", path("home")),
            ("XDG_CONFIG_HOME", path("config")),
            ("XDG_DATA_HOME", path("data")),
            ("XDG_STATE_HOME", path("state")),
            ("XDG_CACHE_HOME", path("cache")),
            ("XDG_RUNTIME_DIR", path("run")),
            ("XDG_DATA_DIRS", "/usr/local/share:/usr/share".into()),
            ("TMPDIR", path("tmp")),
            ("PATH", format!("{}:{}:{}", path("bin"), programs::bin_dir().display(), programs::PATH)),
            ("DBUS_SYSTEM_BUS_ADDRESS", format!("unix:path={}", path("no-system-bus"))),
            ("LANG", "C.UTF-8".into()),
            ("USER", "nobody".into()),
            ("SHELL", "/bin/sh".into()),
            ("TERM", "dumb".into()),
            ("NO_AT_BRIDGE", "1".into()),
            ("GSETTINGS_BACKEND", "memory".into()),
            ("COUNTERSIGN_LOG", "trace".into()),
        ];
        let witness = Witness::default();
        let passphrase = samples::passphrase();
        witness.plant("the passphrase", &passphrase);
        let watch = Some(witness.watch_processes());
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).into();
        let (daemon, processes, keyring, bus, display, wayland) = (None, Vec::new(), None, None, None, None);
        Self { daemon, processes, keyring, bus, display, wayland, watch, witness, passphrase, environment, dir }
    }

    /// Returns its folder: `home`, `config`, `data`, `state`, `run`, …
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Returns the folder of the vault.
    pub fn vault_dir(&self) -> PathBuf {
        self.dir().join("data/countersign")
    }

    /// Returns the path of the private socket.
    pub fn socket(&self) -> PathBuf {
        self.dir().join("run/countersign/private")
    }

    /// Returns the environment of its programs.
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// Sets a variable for all programs started from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// Returns the passphrase of its vault.
    pub fn passphrase(&self) -> &str {
        &self.passphrase
    }

    /// Returns the witness, which has to be told of every secret.
    pub fn witness(&self) -> &Witness {
        &self.witness
    }

    /// Returns the screen.
    pub fn display(&self) -> &Display {
        self.display.as_ref().expect("the world was built with display()")
    }

    /// Starts a Wayland session, and tells it to all programs started from now on.
    pub fn start_wayland(&mut self) {
        let wayland = Wayland::start(self);
        self.set("WAYLAND_DISPLAY", wayland.socket().to_str().unwrap());
        self.set("SWAYSOCK", wayland.control().to_str().unwrap());
        self.set("XDG_SESSION_TYPE", "wayland");
        self.set("XDG_CURRENT_DESKTOP", "sway");
        self.wayland = Some(wayland);
        // A keyboard that stays: what listens to one only once there is one would miss the first keys.
        self.processes.push(self.cmd("wtype").args(["-s", "4000000"]).spawn());
    }

    /// Whether its screen is a Wayland session's.
    pub(crate) fn on_wayland(&self) -> bool {
        self.wayland.is_some()
    }

    /// Returns the Wayland session.
    pub fn wayland(&mut self) -> &mut Wayland {
        self.wayland.as_mut().expect("the world has a Wayland session")
    }

    /// Returns the keyring.
    pub fn login_keyring(&mut self) -> &mut Keyring {
        self.keyring.as_mut().expect("the world was built with keyring()")
    }

    /// Returns the daemon that the world started.
    pub fn daemon(&mut self) -> &mut Process {
        self.daemon.as_mut().expect("the world has started a daemon")
    }

    /// Begins a command of any program.
    pub fn cmd(&self, program: &str) -> Cmd<'_> {
        Cmd::new(self, program)
    }

    /// Begins a command of `countersign`, without a terminal.
    pub fn cli<S: AsRef<std::ffi::OsStr>>(&self, args: &[S]) -> Cmd<'_> {
        Cmd::new(self, &programs::ours("countersign")).args(args)
    }

    /// The same, with the passphrase on descriptor 0.
    pub fn cli_present(&self, args: &[&str]) -> Cmd<'_> {
        self.cli(args).args(["--passphrase-fd", "0"]).stdin(format!("{}\n", self.passphrase))
    }

    /// Starts `countersign` on a terminal of 80 columns.
    pub fn tty(&self, args: &[&str]) -> Tty {
        self.tty_with(args, 80, &[])
    }

    /// Starts `countersign` on a terminal of that many columns, with more variables.
    pub fn tty_with(&self, args: &[&str], columns: u16, env: &[(&str, &str)]) -> Tty {
        Tty::start(self, &programs::ours("countersign"), args, columns, env)
    }

    /// Starts any program on a terminal.
    pub fn tty_of(&self, program: &str, args: &[&str]) -> Tty {
        programs::require(program);
        Tty::start(self, program, args, 80, &[])
    }

    /// Starts the daemon and waits until it serves.
    pub fn start_daemon(&mut self) -> &mut Process {
        self.start_daemon_with(&[])
    }

    /// The same, with more arguments.
    pub fn start_daemon_with(&mut self, args: &[&str]) -> &mut Process {
        self.start_daemon_by(&[&programs::ours("countersignd")], args)
    }

    /// The same, by a program that becomes the daemon: its words, the daemon's path among or after them.
    pub fn start_daemon_by(&mut self, words: &[&str], args: &[&str]) -> &mut Process {
        // Found by the daemon itself, beside it.
        programs::ours("countersign-scan");
        let daemon = self.cmd(words[0]).args(&words[1..]).arg("--announce").args(args).spawn();
        daemon.out.wait_for("the daemon's `ready`", LIMIT, |text| text.contains("ready\n").then_some(()));
        self.daemon.insert(daemon)
    }

    /// Ends the daemon by SIGTERM and returns its exit code.
    pub fn stop_daemon(&mut self) -> i32 {
        let mut daemon = self.daemon.take().expect("the world has started a daemon");
        daemon.signal(Signal::TERM);
        daemon.exit_code(LIMIT)
    }

    /// Kills the daemon as `kill -9` does.
    pub fn kill_daemon(&mut self) {
        self.daemon.take().expect("the world has started a daemon").kill();
    }

    /// Returns the session bus.
    pub fn bus(&self) -> &Process {
        self.bus.as_ref().expect("the world has a bus")
    }

    /// Kills the session bus.
    pub fn kill_bus(&mut self) {
        self.bus.take().expect("the world has a bus").kill();
    }

    /// Keeps a program until the world's end.
    pub fn keep(&mut self, process: Process) {
        self.processes.push(process);
    }

    /// Makes the vault, over the private socket. No keyring, no recovery key: tests of those ask for them.
    pub fn make_vault(&self) {
        self.make_vault_with(InitOptions::default());
    }

    /// The same, with a slot in the login keyring.
    pub fn make_vault_with_keyring(&self) {
        self.make_vault_with(InitOptions { keyring: Some(true) });
    }

    fn make_vault_with(&self, options: InitOptions) {
        let client = Client::private(self);
        client.wait(client.secrets().init(&self.passphrase, options.into())).unwrap();
    }

    /// Unlocks the vault by its passphrase, over the private socket.
    pub fn unlock(&self) {
        let client = Client::private(self);
        client.wait(client.secrets().unlock_with("passphrase", &self.passphrase, none())).unwrap();
    }

    /// Keeps an account.
    pub fn add(&self, account: &Account) {
        self.witness.plant_key(&format!("the key of {}", account.issuer), &account.secret);
        self.add_uri(&account.uri());
    }

    /// Keeps what a URI says, over the private socket.
    pub fn add_uri(&self, uri: &str) {
        let client = Client::private(self);
        client.wait(client.secrets().add(uri, KeepOptions::default().into())).unwrap();
    }

    /// Returns the code that `oathtool` makes of a key, at a time: the oracle for ours.
    pub fn oathtool(&self, base32: &str, at: u64) -> String {
        // The key goes by standard input: arguments can be read by everybody.
        self.cmd("oathtool").args(["--totp", "-b", "--now", &format!("@{at}"), "-"]).stdin(base32).ok()
    }

    /// Puts a program of a few shell lines in front of all others of its name.
    pub fn write_program(&self, name: &str, lines: &str) {
        let path = self.dir().join("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Waits until a program has this name on the bus.
    pub fn wait_for_name(&self, name: &str) {
        until(&format!("{name} on the bus"), LIMIT, || bus::has_owner(self, name).then_some(()));
    }

    /// Returns a property of the vault as the bus tells it, such as `State`.
    pub fn vault_property(&self, name: &str) -> String {
        let interface = format!("{}.Vault1", countersign_api::ROOT);
        let args = ["--user", "get-property", countersign_api::BUS_NAME, countersign_api::PATH, &interface, name];
        let answer = self.cmd("busctl").args(args).ok();
        answer.trim_start_matches("s ").trim_matches('"').to_owned()
    }

    /// Takes a picture of the screen, into `COUNTERSIGN_PICTURES` where that is set.
    pub fn picture(&self, name: &str) -> PathBuf {
        let path = self.picture_file(name);
        if self.on_wayland() {
            self.cmd("grim").args(["-o", FIRST_SCREEN]).arg(&path).ok();
        } else {
            self.cmd("import").args(["-window", "root"]).arg(&path).ok();
        }
        path
    }

    /// Returns where to put a picture of that name: into `COUNTERSIGN_PICTURES` where that is set.
    pub(crate) fn picture_file(&self, name: &str) -> PathBuf {
        let own = self.dir().join("pictures");
        let folder = std::env::var_os("COUNTERSIGN_PICTURES").map_or(own, PathBuf::from);
        fs::create_dir_all(&folder).unwrap();
        let folder = fs::canonicalize(folder).unwrap();
        folder.join(format!("{name}.png"))
    }

    /// Kills all that runs here, whoever started it: whatever has this folder in its environment.
    fn kill_strays(&self) {
        let mark = self.dir().as_os_str().as_encoded_bytes();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
            let environ = fs::read(entry.path().join("environ")).unwrap_or_default();
            if environ.windows(mark.len()).any(|part| part == mark)
                && let Some(pid) = rustix::process::Pid::from_raw(pid)
            {
                let _ = rustix::process::kill_process(pid, Signal::KILL);
            }
        }
        // The daemon's environment can't be read by its own user; its socket tells who it is.
        for socket in [self.socket(), self.dir().join("home/.local/state/countersign/run/countersign/private")] {
            if let Ok(stream) = UnixStream::connect(socket)
                && let Ok(peer) = rustix::net::sockopt::socket_peercred(&stream)
            {
                let _ = rustix::process::kill_process(peer.pid, Signal::KILL);
            }
        }
    }
}

impl World {
    /// Ends it, and returns where secrets were seen that must not be there. Dropping it fails on any.
    pub fn end(mut self) -> Vec<String> {
        self.stop()
    }

    fn stop(&mut self) -> Vec<String> {
        let Some((stop, watch)) = self.watch.take() else { return Vec::new() };
        drop(stop);
        let _ = watch.join();
        self.daemon = None;
        self.processes.clear();
        self.keyring = None;
        self.bus = None;
        self.display = None;
        self.wayland = None;
        self.kill_strays();
        self.witness.findings(self.dir())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let (Some(daemon), true) = (&self.daemon, std::thread::panicking()) {
            let log = daemon.err.text();
            let lines: Vec<&str> =
                log.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("TRACE")).collect();
            eprintln!("the daemon's last words:\n{}", lines[lines.len().saturating_sub(30)..].join("\n"));
        }
        let findings = self.stop();
        if !std::thread::panicking() {
            assert!(findings.is_empty(), "secrets were seen where they must not be:\n{}", findings.join("\n"));
        }
    }
}

/// Fails where a file or folder can be read by others.
pub fn assert_private(path: &Path) {
    let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode & 0o077, 0, "{} can be read by others: {mode:o}", path.display());
}
