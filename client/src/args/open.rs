//! The arguments of `open`.

use clap::Args;

/// Arguments of `open`.
#[derive(Debug, Args)]
pub(crate) struct Open {
    /// The link; with -, reads it from standard input
    #[arg(value_name = "URI")]
    pub(crate) input: String,
    /// For the desktop: ask by a notification, never on a terminal
    #[arg(long)]
    pub(crate) notify: bool,
}
