//! The arguments of what only tells something.

use clap::{Args, Subcommand, ValueEnum};

/// Arguments of `doctor`.
#[derive(Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Doctor {
    #[command(subcommand)]
    pub(crate) topic: DoctorTopic,
}

/// What to look into.
#[derive(Debug, Subcommand)]
pub(crate) enum DoctorTopic {
    /// Tell how the screen is looked at here, and why so
    Capture {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Tell how well what decodes a picture is shut in here, and prove it
    Sandbox,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// With -, or nothing: the URI or key comes from standard input
    #[arg(value_name = "-", allow_hyphen_values = true)]
    pub(crate) input: Option<String>,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `log`.
#[derive(Debug, Args)]
pub(crate) struct Log {
    /// How many lines at the most
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: u32,
    /// Print them as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// Shells that know completions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// GNU bash
    Bash,
    /// The Z shell
    Zsh,
    /// The friendly interactive shell
    Fish,
}
