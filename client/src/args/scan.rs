//! The arguments of `scan`: where to look, how to keep, and what the site said afterwards.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, ValueHint};

/// Arguments of `scan`.
#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// Look at pictures instead of the screen; - reads one from standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, num_args = 1..)]
    pub(crate) image: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) part: Part,
    /// Look through a camera instead, at a telephone say: its device, else the first one
    #[arg(long, value_name = "DEVICE", num_args = 0..=1, default_missing_value = "", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with_all = ["image", "part", "no_wait", "notify"])]
    pub(crate) camera: Option<OsString>,
    /// Look harder: for what one easily read QR may outshine
    #[arg(long)]
    pub(crate) harder: bool,
    /// Keep the only account found without asking
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Go on looking until there is a QR that can be kept, for 120 seconds unless told
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "120")]
    #[arg(conflicts_with_all = ["no_wait", "image", "region", "clipboard"])]
    pub(crate) wait: Option<u32>,
    /// Look once
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// For a hotkey: keep the only account found, tell by a notification
    #[arg(long, conflicts_with_all = ["image", "json", "wait"])]
    pub(crate) notify: bool,
    /// Print what was found as JSON; nothing is kept without --yes
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) keep: Keep,
    #[command(flatten)]
    pub(crate) proof: Proof,
}

/// Whether the site accepted a code of what was kept: nothing is looked at then.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "After a scan")]
pub(crate) struct Proof {
    /// The site refused the code: try what it may compute instead
    #[arg(long, value_name = "NAME", value_hint = ValueHint::EmailAddress)]
    #[arg(conflicts_with = "accepted", conflicts_with_all = LOOKING)]
    pub(crate) refused: Option<String>,
    /// The site accepted the code: the account is confirmed
    #[arg(long, value_name = "NAME", value_hint = ValueHint::EmailAddress, conflicts_with_all = LOOKING)]
    pub(crate) accepted: Option<String>,
    /// With --accepted: that was the code of this variation; compute it so from now on
    #[arg(long, value_name = "VARIATION", requires = "accepted")]
    pub(crate) variation: Option<String>,
}

/// The options of `scan` that are about looking and keeping.
const LOOKING: [&str; 9] = ["image", "part", "camera", "harder", "yes", "wait", "no_wait", "notify", "Keep"];

/// Which part of the screen to look at.
#[derive(Debug, Clone, Default, Args)]
#[group(id = "part", multiple = false, conflicts_with = "image")]
pub(crate) struct Part {
    /// Look at one screen only: its number from the left, or its name
    #[arg(long, value_name = "N")]
    pub(crate) screen: Option<String>,
    /// Look at a frame only that you draw
    #[arg(long)]
    pub(crate) region: bool,
    /// Look at the windows only with these words in their titles
    #[arg(long, value_name = "WORDS")]
    pub(crate) window: Option<String>,
    /// Look at the clipboard instead: a picture or a text
    #[arg(long)]
    pub(crate) clipboard: bool,
}

/// How to keep an account.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Keep {
    /// The name is there with another secret: replace that one (kept 30 days)
    #[arg(long, conflicts_with = "keep_both")]
    pub(crate) replace: bool,
    /// The name is there with another secret: keep both
    #[arg(long)]
    pub(crate) keep_both: bool,
    /// Keep it under this issuer
    #[arg(long, value_name = "TEXT")]
    pub(crate) issuer: Option<String>,
    /// Keep it under this account name
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
}
