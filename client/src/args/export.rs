//! The arguments of `export`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The new file, for this user only; nothing is overwritten. - is standard output
    #[arg(required_unless_present = "list_formats", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
    /// Accounts, each in one argument: words, an exact issuer:name, or an id; all where none is named
    // No hint that names are completed: shells that know it would offer nothing else in the place of FILE.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// What to write: see --list-formats
    #[arg(long, required_unless_present = "list_formats", value_name = "FORMAT")]
    pub(crate) format: Option<String>,
    /// Only accounts with all of these words in issuer or name
    #[arg(long, value_name = "WORDS")]
    pub(crate) only: Option<String>,
    /// Only accounts with this label
    #[arg(long, value_name = "LABEL")]
    pub(crate) tag: Option<String>,
    /// What lies in the trash too
    #[arg(long, conflicts_with = "names")]
    pub(crate) trashed: bool,
    /// Export what fits where the format can't hold all, and say what that leaves out
    #[arg(long)]
    pub(crate) skip_unfit: bool,
    /// In the clear, where the format could be encrypted
    #[arg(long, conflicts_with = "file_passphrase_fd")]
    pub(crate) plain: bool,
    /// Read the file's password from this file descriptor, one line; behind the passphrase's, where it is the same one
    #[arg(long, value_name = "N")]
    pub(crate) file_passphrase_fd: Option<u32>,
    /// Let it be printed on a terminal
    #[arg(long)]
    pub(crate) show: bool,
    /// Only tell what the format can't hold
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print what was exported, and what was not, as JSON; never a secret
    #[arg(long)]
    pub(crate) json: bool,
    /// List what can be written
    #[arg(long, conflicts_with_all = ["file", "format", "only", "tag", "trashed", "skip_unfit", "plain", "file_passphrase_fd", "show", "dry_run"])]
    pub(crate) list_formats: bool,
}

impl Export {
    /// Whether no account is chosen.
    pub(crate) fn means_all(&self) -> bool {
        self.names.is_empty() && self.only.is_none() && self.tag.is_none()
    }
}
