//! The arguments of what changes accounts.

use clap::Args;

use super::{Keep, Name};

/// Arguments of `add`.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// With -, reads the URI or key from standard input; else it is asked for
    #[arg(value_name = "-", allow_hyphen_values = true)]
    pub(crate) input: Option<String>,
    #[command(flatten)]
    pub(crate) keep: Keep,
    /// Print what became of it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `edit`.
#[derive(Debug, Args)]
#[command(override_usage = "countersign edit [OPTIONS] <CHANGES> <NAME>...")]
pub(crate) struct Edit {
    #[command(flatten)]
    pub(crate) account: Name,
    /// Print the account as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) change: Change,
}

/// What `edit` changes.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
#[command(next_help_heading = "Changes, one at least")]
pub(crate) struct Change {
    /// The issuer
    #[arg(long, value_name = "TEXT")]
    pub(crate) issuer: Option<String>,
    /// The account name
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// A note
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// The PIN: asked for on the terminal; an empty one is forgotten
    #[arg(long)]
    pub(crate) pin: bool,
    /// How long a code is
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(4..=10))]
    pub(crate) digits: Option<u32>,
    /// How many seconds a code lives
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) period: Option<u32>,
    /// The hash: SHA1, SHA256 or SHA512
    #[arg(long, value_name = "NAME", ignore_case = true, value_parser = ["SHA1", "SHA256", "SHA512"])]
    pub(crate) algorithm: Option<String>,
    /// The counter of the next code
    #[arg(long, value_name = "N")]
    pub(crate) counter: Option<u64>,
}

/// Arguments of `pin`.
#[derive(Debug, Args)]
pub(crate) struct Pin {
    #[command(flatten)]
    pub(crate) name: Name,
    /// Take it back among the others
    #[arg(long)]
    pub(crate) remove: bool,
}

/// Arguments of `remove`.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    #[command(flatten)]
    pub(crate) name: Name,
    /// Don't ask whether it is meant
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// Arguments of `restore`.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    pub(crate) name: Name,
}

/// Arguments of `undo`.
#[derive(Debug, Args)]
pub(crate) struct Undo {
    /// Print what was taken back as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `trash`.
#[derive(Debug, Args)]
pub(crate) struct Trash {
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
