//! Every path the program uses.

use std::{
    fs::{DirBuilder, Permissions, set_permissions},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use countersign_api::connect::{runtime_dir, xdg_dir};

/// The folders and files of one countersign: other XDG folders are another countersign.
#[derive(Debug, Clone)]
pub struct Paths {
    /// What the user wrote: `$XDG_CONFIG_HOME/countersign/config.toml`.
    pub config: PathBuf,
    /// The vault: `$XDG_DATA_HOME/countersign`.
    pub data: PathBuf,
    /// What was seen and done: `$XDG_STATE_HOME/countersign`.
    pub state: PathBuf,
    /// The private socket.
    pub socket: PathBuf,
}

impl Paths {
    /// Takes the paths from the environment and makes the state folder.
    pub fn from_environment() -> io::Result<Self> {
        let paths = Self {
            config: xdg_dir("XDG_CONFIG_HOME", ".config")?.join("countersign/config.toml"),
            data: xdg_dir("XDG_DATA_HOME", ".local/share")?.join("countersign"),
            state: xdg_dir("XDG_STATE_HOME", ".local/state")?.join("countersign"),
            socket: runtime_dir()?.join("private"),
        };
        private_dir(&paths.state)?;
        Ok(paths)
    }

    /// Returns where it is written down who got a code and when.
    pub fn access_log(&self) -> PathBuf {
        self.state.join("access.log")
    }

    /// Returns where it is written down when the last backup was made.
    pub fn backups(&self) -> PathBuf {
        self.state.join("backups")
    }

    /// Returns where a backup is restored for trial: beside the socket, in a folder of this user that is in memory.
    pub fn drill(&self) -> PathBuf {
        self.socket.with_file_name("drill")
    }

    /// Returns the file that is there when the person was told that no panel shows the tray.
    pub fn no_tray_told(&self) -> PathBuf {
        self.state.join("no-tray-told")
    }
}

/// Makes a folder that only its owner can enter.
pub fn private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).recursive(true).create(path)?;
    set_permissions(path, Permissions::from_mode(0o700))
}
