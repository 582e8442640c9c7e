//! The arguments of `import`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Arguments of `import`.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Files of other authenticators, pictures of QRs, the folder of pass or of another vault; - is standard input
    #[arg(required_unless_present_any = ["list_formats", "from"], value_name = "FILE", value_hint = ValueHint::AnyPath)]
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
    /// Keep what can be read where something can't, and say what that is
    #[arg(long)]
    pub(crate) skip_bad: bool,
    /// Only accounts with all of these words in issuer or name
    #[arg(long, value_name = "WORDS")]
    pub(crate) only: Option<String>,
    /// Give all of them this label
    #[arg(long, value_name = "LABEL")]
    pub(crate) tag: Option<String>,
    /// When the name is there with another secret: replace (the old secret stays in the history) or keep-both
    #[arg(long, value_name = "WHAT", value_parser = ["replace", "keep-both"])]
    pub(crate) if_exists: Option<String>,
    /// Read the files' passwords from this file descriptor, one line each
    #[arg(long, value_name = "N")]
    pub(crate) file_passphrase_fd: Option<u32>,
    /// Print what is found and what became of it as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// List what can be read
    #[arg(long, exclusive = true)]
    pub(crate) list_formats: bool,
    /// Tell the steps out of another program
    #[arg(long, value_name = "PROGRAM", exclusive = true)]
    pub(crate) from: Option<String>,
}
