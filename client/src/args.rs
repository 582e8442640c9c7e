//! The command line as people type it: every command, every flag, every line of help.
//!
//! No option takes a secret: passphrases come from the terminal or a descriptor, secrets from a prompt or standard input.

#![allow(clippy::struct_excessive_bools, clippy::struct_field_names)] // each field is a flag as people type it

mod about;
mod accounts;
mod backup;
mod codes;
mod export;
mod hotkey;
mod import;
mod open;
mod pick;
mod scan;
mod vault;

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueHint};

pub(crate) use about::{Check, Completions, Doctor, DoctorTopic, Log, Shell};
pub(crate) use accounts::{Add, Change, Edit, Pin, Remove, Restore, Trash, Undo};
pub(crate) use backup::{Backup, BackupAction, Drill, Schedule};
pub(crate) use codes::{Code, Copy, List, Order, Qr, Show, Uri};
pub(crate) use export::Export;
pub(crate) use hotkey::{Desktop, Hotkey, HotkeyAction, How, Type};
pub(crate) use import::Import;
pub(crate) use open::Open;
pub(crate) use pick::{Destination, Pick, Run};
pub(crate) use scan::{Keep, Part, Proof, Scan};
pub(crate) use vault::{Generations, GenerationsAction, Init, Recovery, Slots, SlotsAction, Status, Unlock};

use crate::{
    help::{
        BACKUP_ABOUT, BACKUP_CODES, COPY_ABOUT, DRILL_ABOUT, DRILL_CODES, EXIT_CODES, EXPORT_ABOUT, EXPORT_CODES,
        HOTKEY_ABOUT, IMPORT_ABOUT, IMPORT_CODES, LIST_ABOUT, OPEN_ABOUT, PASSPHRASE_ABOUT, PICK_ABOUT, QR_ABOUT,
        RECOVERY_ABOUT, RUN_ABOUT, TYPE_ABOUT, WATCH_ABOUT,
    },
    terminal_window::Job,
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
    #[command(long_about = IMPORT_ABOUT, after_long_help = IMPORT_CODES)]
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
