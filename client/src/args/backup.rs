//! The arguments of `backup` and `drill`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

/// Arguments of `backup`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Backup {
    #[command(subcommand)]
    pub(crate) action: Option<BackupAction>,
    /// The folder to put it into, or with --verify a backup; else backup-folder of the settings, or where the last one went
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) folder: Option<PathBuf>,
    /// Open the newest backup as a stranger would, and compare it with the vault; makes none
    #[arg(long)]
    pub(crate) verify: bool,
    /// With --verify: open it by the recovery key instead of the passphrase
    #[arg(long, requires = "verify")]
    pub(crate) recovery: bool,
    /// Nobody looks on: tell a failure on the desktop
    #[arg(long, hide = true, conflicts_with = "verify")]
    pub(crate) scheduled: bool,
    /// Print what was made or found as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to do beside making one now.
#[derive(Debug, Subcommand)]
pub(crate) enum BackupAction {
    /// Make a backup now, and from now on by itself
    Schedule(Schedule),
}

/// Arguments of `backup schedule`.
#[derive(Debug, Args)]
pub(crate) struct Schedule {
    /// The folder, best on another disk; else as for backup
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) folder: Option<PathBuf>,
    /// Every day (the default)
    #[arg(long, group = "when")]
    pub(crate) daily: bool,
    /// Every week
    #[arg(long, group = "when")]
    pub(crate) weekly: bool,
    /// Every month
    #[arg(long, group = "when")]
    pub(crate) monthly: bool,
    /// No more: backups that are there stay
    #[arg(long, exclusive = true)]
    pub(crate) off: bool,
}

/// Arguments of `drill`.
#[derive(Debug, Args)]
pub(crate) struct Drill {
    /// A backup, or the folder that holds them; else as for backup
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) folder: Option<PathBuf>,
    /// By the recovery key instead of the passphrase
    #[arg(long)]
    pub(crate) recovery: bool,
    /// Print what was found as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
