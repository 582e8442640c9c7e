//! A real login keyring: gnome-keyring, in the world's home and on its bus.

use std::io::Write;

use crate::{Process, World, samples, until, wait::LIMIT};

/// The login keyring.
pub struct Keyring {
    process: Process,
}

/// Starts it, with a new login keyring that is open.
pub(crate) fn start(world: &World) -> Keyring {
    let password = samples::passphrase();
    world.witness().plant("the keyring's password", &password);
    let start = world.cmd("gnome-keyring-daemon").args(["--unlock", "--foreground", "--components=secrets"]);
    let mut process = start.spawn_piped();
    // It reads to the end, without a line feed.
    process.stdin().write_all(password.as_bytes()).unwrap();
    until("the login keyring is there", LIMIT, || is_locked(world).map(|_| ()));
    Keyring { process }
}

impl Keyring {
    /// Kills its process.
    pub fn kill(&mut self) {
        self.process.kill();
    }
}

impl World {
    /// Locks the login keyring. Nothing can ask for its password here: it stays so.
    pub fn lock_keyring(&self) {
        let call = ["--user", "call", SERVICE, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service"];
        self.cmd("busctl").args(call).args(["Lock", "ao", "1", LOGIN]).ok();
        assert_eq!(is_locked(self), Some(true));
    }
}

/// Returns whether the login keyring is locked; `None` while there is none.
pub fn is_locked(world: &World) -> Option<bool> {
    let args = ["--user", "get-property", SERVICE, LOGIN, "org.freedesktop.Secret.Collection", "Locked"];
    match world.cmd("busctl").args(args).run().out.trim() {
        "b true" => Some(true),
        "b false" => Some(false),
        _ => None,
    }
}

/// Whether the keyring holds a key of ours, open or locked.
pub fn holds_a_key(world: &World) -> bool {
    let call = ["--user", "call", SERVICE, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service", "SearchItems"];
    let found = world.cmd("busctl").args(call).args(["a{ss}", "1", "xdg:schema", countersign_api::ROOT]).ok();
    found != "aoao 0 0"
}

const SERVICE: &str = "org.freedesktop.secrets";
const LOGIN: &str = "/org/freedesktop/secrets/collection/login";
