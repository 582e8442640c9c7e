//! The arguments of `import`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::help::IMPORT_USAGE;

/// Arguments of `import`.
#[derive(Debug, Args)]
#[command(override_usage = IMPORT_USAGE)]
pub(crate) struct Import {
    /// Files of other authenticators, pictures of QRs, the folder of pass or of another vault; - is standard input. With
    /// --checklist: sites
    #[arg(required_unless_present_any = ["list_formats", "from", "checklist"], value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) files: Vec<PathBuf>,
    /// Read the files as this format instead of finding it out
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,
    /// Only tell what would be kept
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Keep without asking
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Keep what can be read where something can't, be it a whole file, and say what that is; on a terminal it still asks
    #[arg(long)]
    pub(crate) skip_bad: bool,
    /// Only accounts with all of these words in issuer or name; what can't be read is told all the same
    #[arg(long, value_name = "WORDS")]
    pub(crate) only: Option<String>,
    /// Give all of them this label
    #[arg(long, value_name = "LABEL")]
    pub(crate) tag: Option<String>,
    /// When the name is there with another secret: replace (the old secret stays in the history) or keep-both
    #[arg(long, value_name = "WHAT", value_parser = ["replace", "keep-both"])]
    pub(crate) if_exists: Option<String>,
    /// Read the files' passwords from this file descriptor, one line each; behind the passphrase's, where it is the same one
    #[arg(long, value_name = "N")]
    pub(crate) file_passphrase_fd: Option<u32>,
    /// Print what is found and what became of it as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// List what can be read
    #[arg(long, conflicts_with_all = ["files", "from", "checklist"])]
    pub(crate) list_formats: bool,
    /// Tell the way out of another program; with --checklist: the one that the sites are to leave
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) from: Option<String>,
    /// Show the sites to enrol again, or put these on that list; - reads them from standard input, one a line
    #[arg(long, conflicts_with_all = ["format", "dry_run", "skip_bad", "only", "tag", "if_exists", "file_passphrase_fd"])]
    pub(crate) checklist: bool,
    /// With --checklist: take these sites off the list
    #[arg(long, requires = "checklist", conflicts_with = "from")]
    pub(crate) remove: bool,
}
