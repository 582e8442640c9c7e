//! What `pick`, `run` and `watch` take.

use std::ffi::OsString;

use clap::{Args, ValueHint};

use crate::{commands::Otp, menus::Menu};

/// Arguments of `pick`.
#[derive(Debug, Args)]
pub(crate) struct Pick {
    /// Begin with these words typed
    #[arg(value_name = "WORDS", value_hint = ValueHint::EmailAddress)]
    pub(crate) words: Vec<String>,
    /// Ask in a list of numbers, line by line: for screen readers. So it is
    /// where TERM is dumb
    #[arg(long, conflicts_with = "menu")]
    pub(crate) linear: bool,
    /// Ask in a menu program, the first that is installed if none is named
    #[arg(long, value_enum, value_name = "PROGRAM", num_args = 0..=1, require_equals = true)]
    #[allow(clippy::option_option)] // clap's type for an option whose value may be left out
    pub(crate) menu: Option<Option<Menu>>,
    #[command(flatten)]
    pub(crate) to: Destination,
    /// Say in a notification too that it was copied
    #[arg(long)]
    pub(crate) notify: bool,
}

/// Where the code of a picked account goes, if not to the clipboard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Args)]
#[group(multiple = false)]
pub(crate) struct Destination {
    /// Print the code instead of copying it
    #[arg(long)]
    pub(crate) print: bool,
    /// Show the code large in a window instead
    #[arg(long)]
    pub(crate) large: bool,
    /// Type the code into the window that has the keyboard instead
    #[arg(long = "type")]
    pub(crate) typed: bool,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
#[command(override_usage = "countersign run [OPTIONS] --otp <VAR=NAME>... [--] <COMMAND>...")]
pub(crate) struct Run {
    /// Put a code of the account NAME into the variable VAR; may be repeated
    #[arg(long, required = true, value_name = "VAR=NAME", value_parser = Otp::parse)]
    pub(crate) otp: Vec<Otp>,
    /// Each code must still live N seconds, half its period at most; else the next one is waited for
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) fresh: u32,
    /// The command, and its arguments
    #[arg(required = true, value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true)]
    #[arg(value_hint = ValueHint::CommandWithArguments)]
    pub(crate) command: Vec<OsString>,
}
