//! The command line as people type it: every command, every flag, every line of help.
//!
//! No option takes a secret: passphrases come from the terminal or a descriptor, secrets from a prompt or standard input.

#![allow(clippy::struct_excessive_bools, clippy::struct_field_names)] // each field is a flag as people type it

mod backup;
mod export;
mod hotkey;
mod import;
mod open;
mod pick;
mod scan;

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

pub(crate) use backup::{Backup, BackupAction, Drill, Schedule};
pub(crate) use export::Export;
pub(crate) use hotkey::{Desktop, Hotkey, HotkeyAction, How, Type};
pub(crate) use import::Import;
pub(crate) use open::Open;
pub(crate) use pick::{Destination, Pick, Run};
pub(crate) use scan::{Keep, Part, Proof, Scan};

use crate::{
    handing_over::App,
    help::{
        BACKUP_ABOUT, BACKUP_CODES, COPY_ABOUT, DRILL_ABOUT, DRILL_CODES, EXIT_CODES, EXPORT_ABOUT, EXPORT_CODES,
        HOTKEY_ABOUT, IMPORT_ABOUT, LIST_ABOUT, OPEN_ABOUT, PASSPHRASE_ABOUT, PICK_ABOUT, QR_ABOUT, RECOVERY_ABOUT,
        RUN_ABOUT, TYPE_ABOUT, WATCH_ABOUT,
    },
    terminal_window::Job,
    time,
};

/// Two-factor codes from the command line
#[derive(Debug, Parser)]
#[command(name = "countersign", version, propagate_version = false, after_long_help = EXIT_CODES, max_term_width = 100)]
#[command(disable_help_subcommand = true, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Global {
    /// Never ask anything: fail instead (locked: 4, ambiguous: 13)
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) no_prompt: bool,
    /// Ask in a dialog on the screen, never on the terminal
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) no_tty: bool,
    /// Read the passphrase from this file descriptor, one line
    #[arg(long, global = true, value_name = "N", help_heading = "Everywhere")]
    pub(crate) passphrase_fd: Option<u32>,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make the vault: passphrase, recovery key
    Init(Init),
    /// Look for a QR code on the screen and keep the account in it
    Scan(Scan),
    /// Keep an account from a URI or a key that is typed or piped in
    Add(Add),
    /// Keep the accounts of another authenticator's export, all in one change
    #[command(long_about = IMPORT_ABOUT)]
    Import(Import),
    /// Write accounts into a file for another program, and read it back
    #[command(long_about = EXPORT_ABOUT, after_long_help = EXPORT_CODES)]
    Export(Export),
    /// Follow a link that sets up an account, and ask whether to keep it
    #[command(long_about = OPEN_ABOUT)]
    Open(Open),
    /// Print the code of an account
    #[command(visible_aliases = ["otp", "totp", "get"])]
    Code(Code),
    /// Copy the code of an account to the clipboard until it has expired
    #[command(visible_alias = "cp", long_about = COPY_ABOUT)]
    Copy(Copy),
    /// Type the code of an account into the window that has the keyboard
    #[command(long_about = TYPE_ABOUT)]
    Type(Type),
    /// Have keys that scan, pick, copy and lock from anywhere
    #[command(long_about = HOTKEY_ABOUT)]
    Hotkey(Hotkey),
    /// Pick an account by a few keys and copy its code
    #[command(long_about = PICK_ABOUT)]
    Pick(Pick),
    /// Run a command with codes in its environment
    #[command(long_about = RUN_ABOUT)]
    Run(Run),
    /// Tell the vault's state, a line of JSON whenever it changes
    #[command(long_about = WATCH_ABOUT)]
    Watch,
    /// List the accounts
    #[command(visible_alias = "ls", long_about = LIST_ABOUT)]
    List(List),
    /// Show what is known of an account
    Show(Show),
    /// Print the otpauth URI of an account
    Uri(Uri),
    /// Draw the QR code of an account for the next device
    #[command(long_about = QR_ABOUT)]
    Qr(Qr),
    /// Change an account
    Edit(Edit),
    /// Put an account at the head of menus and lists by use
    Pin(Pin),
    /// Move an account to the trash, for 30 days
    #[command(visible_alias = "rm")]
    Remove(Remove),
    /// Take an account back from the trash
    Restore(Restore),
    /// Take back the last change
    Undo(Undo),
    /// List what lies in the trash
    Trash(Trash),
    /// Lock the vault
    Lock,
    /// Unlock the vault
    Unlock(Unlock),
    /// Tell by the exit code whether the vault is unlocked: 0 yes, 1 no
    Unlocked,
    /// Tell how the vault and the daemon are
    Status(Status),
    /// Change the passphrase
    #[command(long_about = PASSPHRASE_ABOUT)]
    Passphrase,
    /// Make and print a new recovery key
    #[command(long_about = RECOVERY_ABOUT)]
    Recovery(Recovery),
    /// List, add or remove ways to open the vault
    Slots(Slots),
    /// List earlier vaults, or take one back
    Generations(Generations),
    /// Copy the vault into a folder, read the copy back, and try it
    #[command(long_about = BACKUP_ABOUT, after_long_help = BACKUP_CODES)]
    Backup(Backup),
    /// Restore the newest backup for trial: what would have been lost
    #[command(long_about = DRILL_ABOUT, after_long_help = DRILL_CODES)]
    Drill(Drill),
    /// Tell what works on this desktop, and what would make it better
    Doctor(Doctor),
    /// Tell what a URI says and what is odd about it
    Check(Check),
    /// Show which program was given a code, and when
    Log(Log),
    /// Stop the daemon and start it anew
    Restart,
    /// Print the completions for a shell
    Completions(Completions),
    /// Print the names of the accounts, if that needs no question
    #[command(name = "__complete-names", hide = true)]
    CompleteNames,
    /// Run this program in a terminal window
    #[command(name = "__terminal", hide = true)]
    Terminal {
        /// What happens there
        #[arg(long, value_enum, default_value_t)]
        job: Job,
        /// Its arguments; none may be secret
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Write the manual pages into a folder
    #[command(name = "__man", hide = true)]
    Man {
        /// The folder
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
    /// Print the help of all commands
    #[command(name = "__help-all", hide = true)]
    HelpAll,
}

/// One account, named in words.
#[derive(Debug, Clone, Args)]
pub(crate) struct Name {
    /// Words of its issuer or name, an exact issuer:name, or its id
    #[arg(required = true, value_name = "NAME", value_hint = ValueHint::EmailAddress)]
    pub(crate) words: Vec<String>,
}

impl Name {
    /// Returns the words in one.
    pub(crate) fn text(&self) -> String {
        self.words.join(" ")
    }
}

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
    /// Tell on the desktop what was copied, for a hotkey: never the code
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn first_lines_of_help_are_short_and_have_no_full_stop() {
        for command in Cli::command().get_subcommands() {
            let about = command.get_about().unwrap_or_else(|| panic!("{} has no help", command.get_name())).to_string();
            assert!(about.lines().next().unwrap().chars().count() <= 72, "{about}");
            assert!(!about.ends_with('.'), "{about}");
        }
    }

    #[test]
    fn every_word_of_other_programs_is_understood() {
        for words in
            [&["otp", "x"][..], &["totp", "x"], &["get", "x"], &["ls"], &["rm", "x"], &["code", "--clipboard", "x"]]
        {
            let line = std::iter::once("countersign").chain(words.iter().copied());
            assert!(Cli::try_parse_from(line).is_ok(), "{words:?}");
        }
    }
}
