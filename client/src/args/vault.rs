//! The arguments of what concerns the vault and the ways to open it.

use clap::{Args, Subcommand};

/// Arguments of `init`.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Let the login keyring open the vault too
    #[arg(long, overrides_with = "no_keyring")]
    pub(crate) keyring: bool,
    /// Don't, and don't ask
    #[arg(long)]
    pub(crate) no_keyring: bool,
    /// Make no recovery key now
    #[arg(long)]
    pub(crate) no_recovery: bool,
}

/// Arguments of `unlock`.
#[derive(Debug, Args)]
pub(crate) struct Unlock {
    /// By the recovery key instead of the passphrase
    #[arg(long)]
    pub(crate) recovery: bool,
}

/// Arguments of `status`.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `recovery`.
#[derive(Debug, Args)]
pub(crate) struct Recovery {
    /// Make no new key: only ask the last group of the present one
    #[arg(long)]
    pub(crate) confirm: bool,
}

/// Arguments of `slots`.
#[derive(Debug, Args)]
pub(crate) struct Slots {
    #[command(subcommand)]
    pub(crate) action: Option<SlotsAction>,
    /// Print the list as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to do with the ways to open the vault.
#[derive(Debug, Subcommand)]
pub(crate) enum SlotsAction {
    /// List them (what slots alone does)
    List,
    /// Add one: keyring, the login keyring
    Add {
        /// Its name
        #[arg(value_name = "SLOT")]
        name: String,
    },
    /// Remove one; the passphrase always stays
    Remove {
        /// Its name
        #[arg(value_name = "SLOT")]
        name: String,
    },
}

/// Arguments of `generations`.
#[derive(Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Generations {
    #[command(subcommand)]
    pub(crate) action: GenerationsAction,
}

/// What to do with earlier vaults.
#[derive(Debug, Subcommand)]
pub(crate) enum GenerationsAction {
    /// List earlier vaults, the newest first
    List {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Put an earlier vault in the place of the present one, which is kept
    Take {
        /// Its name in the list
        #[arg(value_name = "GENERATION")]
        name: String,
        /// Don't ask whether it is meant
        #[arg(short, long)]
        yes: bool,
    },
}
