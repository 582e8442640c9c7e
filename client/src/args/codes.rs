//! The arguments of what gives an account's code, or the account to another device.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::Name;
use crate::{handing_over::App, time};

/// Arguments of `code`.
#[derive(Debug, Args)]
pub(crate) struct Code {
    #[command(flatten)]
    pub(crate) name: Name,
    /// Copy the code to the clipboard instead, as countersign copy does
    #[arg(short, long, visible_alias = "clipboard")]
    #[arg(conflicts_with_all = ["fresh", "unused", "max_wait", "next", "at", "json", "groups"])]
    pub(crate) clip: bool,
    /// Show it in a window, as large as that allows, and the later ones
    #[arg(long, conflicts_with_all = ["clip", "fresh", "unused", "max_wait", "next", "at", "json"])]
    pub(crate) large: bool,
    /// The code must still live N seconds; else the next one is waited for
    #[arg(long, value_name = "N")]
    pub(crate) fresh: Option<u32>,
    /// Never the same code twice: wait for the next one instead
    #[arg(long)]
    pub(crate) unused: bool,
    /// Wait N seconds at the most; more needed ends with 9
    #[arg(long, value_name = "N")]
    pub(crate) max_wait: Option<u32>,
    /// The code after the one of now
    #[arg(long, conflicts_with_all = ["at", "fresh", "unused"])]
    pub(crate) next: bool,
    /// The code at a time: Unix seconds, or 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time::parse, conflicts_with_all = ["fresh", "unused"])]
    pub(crate) at: Option<u64>,
    /// In groups, to be read aloud or typed elsewhere: 123 456
    #[arg(long, conflicts_with = "json")]
    pub(crate) groups: bool,
    /// Print code, expires, period and account as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `copy`.
#[derive(Debug, Default, Args)]
pub(crate) struct Copy {
    /// Words of its issuer or name, an exact issuer:name, or its id
    #[arg(required_unless_present = "last", conflicts_with = "last", value_name = "NAME", value_hint = ValueHint::EmailAddress)]
    pub(crate) words: Vec<String>,
    /// The account whose code was asked for last
    #[arg(long)]
    pub(crate) last: bool,
    /// The code after the one of now
    #[arg(long)]
    pub(crate) next: bool,
    /// Tell on the desktop what was copied, or why nothing was, for a hotkey: never the code
    #[arg(long)]
    pub(crate) notify: bool,
    /// Take it off the clipboard as soon as it was pasted
    #[arg(long)]
    pub(crate) paste_once: bool,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only accounts that fit all of these words
    #[arg(value_name = "WORDS", value_hint = ValueHint::EmailAddress)]
    pub(crate) words: Vec<String>,
    /// The order: by name, or the most used first
    #[arg(long, value_enum, default_value_t = Order::Name)]
    pub(crate) order: Order,
    /// Print all that is known of each as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    /// By name
    Name,
    /// The most used first
    Use,
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    pub(crate) name: Name,
    /// Show the secret too; asks the passphrase
    #[arg(long)]
    pub(crate) secret: bool,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `uri`.
#[derive(Debug, Args)]
pub(crate) struct Uri {
    #[command(flatten)]
    pub(crate) name: Name,
}

/// Arguments of `qr`.
#[derive(Debug, Args)]
pub(crate) struct Qr {
    /// Accounts, each in one argument: words, an exact issuer:name, or an id
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "NAME")]
    #[arg(value_hint = ValueHint::EmailAddress)]
    pub(crate) names: Vec<String>,
    /// Every account, one QR after the other
    #[arg(long)]
    pub(crate) all: bool,
    /// As an export that Google Authenticator reads: several accounts in a QR
    #[arg(long)]
    pub(crate) migration: bool,
    /// Say where to tap in the app of the other device, and what it can't do
    #[arg(long = "for", value_enum, value_name = "APP")]
    pub(crate) app: Option<App>,
    /// Show it in a window instead, for a minute or until the vault locks
    #[arg(long, conflicts_with = "png")]
    pub(crate) window: bool,
    /// Write a picture for this user only instead, several numbered or into a
    /// folder; never overwrites a file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) png: Option<PathBuf>,
}
