//! The longer help texts, and everything that is made of the help: manual pages, and one text of all commands.

use std::{fs, path::Path};

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::{args::Cli, error::Error};

/// Returns the help of all commands in one text, 80 columns wide.
pub(crate) fn all() -> String {
    let mut root = Cli::command().term_width(80);
    root.build();
    let mut text = String::new();
    collect(&mut root, &mut text);
    text
}

fn collect(command: &mut Command, text: &mut String) {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let help = command.render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    *text += &["==== ", &name, "\n", &lines.join("\n"), "\n\n"].concat();
    for sub in command.get_subcommands_mut().filter(|sub| !sub.is_hide_set()) {
        collect(sub, text);
    }
}

/// Writes the manual page of the program and of each command into a folder.
pub(crate) fn write_pages(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(Error::io(folder.display().to_string()))?;
    let mut root = Cli::command().disable_help_flag(true);
    root.build();
    write_page(&root, "countersign", folder)
}

fn write_page(command: &Command, name: &str, folder: &Path) -> Result<(), Error> {
    let path = folder.join(format!("{name}.1"));
    let failed = || Error::io(path.display().to_string());
    let version = env!("CARGO_PKG_VERSION");
    // The page's name is the whole command line, so that `man countersign-code` finds it.
    let named = command.clone().name(name.to_owned()).display_name(name.to_owned()).version(version);
    let page = Man::new(named).manual("countersign").source(format!("countersign {version}"));
    let mut text = Vec::new();
    page.render(&mut text).map_err(failed())?;
    let text = String::from_utf8_lossy(&text).replace(".SH EXTRA\nExit codes:\n", ".SH \"EXIT STATUS\"\n");
    fs::write(&path, unfilled(&text)).map_err(failed())?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        write_page(sub, &format!("{name}-{}", sub.get_name()), folder)?;
    }
    Ok(())
}

/// Keeps lines that are indented, as examples are, as they stand.
fn unfilled(page: &str) -> String {
    let (mut text, mut inside) = (String::new(), false);
    for line in page.lines() {
        let example = line.starts_with("  ");
        if example != inside {
            text += if example { ".nf\n" } else { ".fi\n" };
            inside = example;
        }
        text += line;
        text.push('\n');
    }
    if inside { text + ".fi\n" } else { text }
}

/// What `list` prints.
pub(crate) const LIST_ABOUT: &str = "List the accounts

On a terminal: a table. In a pipe: a line each, with id, issuer, name and kind, parted by tabs.";

/// How the words of `import` go together.
pub(crate) const IMPORT_USAGE: &str = "countersign import [OPTIONS] FILE...
       countersign import --from PROGRAM | --list-formats
       countersign import --checklist [--from PROGRAM] [--remove] [SITE...]";

/// How `import` goes about it.
pub(crate) const IMPORT_ABOUT: &str = "Keep the accounts of another authenticator's export, all in one change

What the files hold and what would become of it is told first, then kept as a whole or not at all; countersign undo takes all of it back, save that no counter goes back. Where something can't be read, the rest is kept only by --skip-bad, or when you say so on the terminal. What has no code, or by its nature can't be exported, is told and hinders nothing. Passwords are asked on the terminal; Ctrl-C ends it, and nothing is kept.

--from tells the way out of a program (google, \"ms authenticator\", authy, ...). Where nothing gets out, --checklist keeps the list of the sites to enrol again, in the vault: a site is ticked once its account is kept and in use, and when all are, it says that the old app may go. Sites that are piped in or typed stand in no shell's history.

--json prints one object and never a secret: numbers (how many of each); files (paths, format, title, encrypted, accounts, others, without_code); accounts (outcome: kept, kept-both, replaced, counter-raised, already-kept or repeated; account, title, trashed, leaves_note, tags); left_out (left_out, user, why: bad, not-exportable, deleted or no-code; reason); notes; dry_run. With --checklist: sites (site, program, created, state: open, before, unused, unproven or done; account, title), done, may_go.

  countersign import aegis-export.json
  countersign import --from authy
  countersign import --checklist --from authy";

/// What becomes of the argument of `open`.
pub(crate) const OPEN_ABOUT: &str = "Follow a link that sets up an account, and ask whether to keep it

Browsers and other programs start this for otpauth: and otpauth-migration: links; phonefactor: and \
microsoft-authenticator: links are explained. This is the only command that takes a secret as an argument, since desktops \
hand links over so: other programs can read it there until countersign has started, which takes the link out of its \
arguments at once. By hand, rather pipe it in: countersign open -

Without a terminal, and with --notify, a notification asks whether to keep it.";

/// How `passphrase` asks.
pub(crate) const PASSPHRASE_ABOUT: &str = "Change the passphrase

Asks the present one, then the new one twice. With --passphrase-fd: the present one on the first line, the new one on \
the second.";

/// How long `copy` offers it.
pub(crate) const COPY_ABOUT: &str = "Copy the code of an account to the clipboard until it has expired

The code is computed as it is pasted: a paste just after it has changed gives the new one. It is gone 5 seconds after it \
has expired, at a lock, and when something else is copied; histories are asked to leave it out.";

/// Where `type` types, and when it does not.
pub(crate) const TYPE_ABOUT: &str = "Type the code of an account into the window that has the keyboard

The window is the one that has the keyboard when this starts, so it is for a hotkey or a launcher. The code is computed \
as it is typed, and lives 5 seconds at least; on X11 held keys are waited for. Nothing is typed when another window has \
the keyboard then. X11, and Wayland desktops that let programs type and tell the window (sway, Hyprland, labwc, …); not GNOME \
and KDE on Wayland.";

/// How `hotkey` goes about it.
pub(crate) const HOTKEY_ABOUT: &str = "Have keys that scan, pick, copy and lock from anywhere

Alone it tells which are in force and, for sway, i3, Hyprland and sxhkd, prints the lines for their configuration. install \
turns them on: on GNOME and KDE in their own shortcuts, elsewhere in the tray, which hears them on X11 itself and on \
Wayland by the desktop's portal. remove takes them away again. Usual keys: Super+Ctrl+Q scans, Super+Ctrl+P picks, \
Super+Ctrl+C copies the code used last, Super+Ctrl+L locks.";

/// Where `pick` asks.
pub(crate) const PICK_ABOUT: &str = "Pick an account by a few keys and copy its code

On a terminal: type some letters of it, arrows choose, Enter copies, Tab shows the code large, Esc ends. No code is on the \
screen unless Tab asks for it.

Without a terminal, as from a hotkey: in a menu program that is installed (Wayland: fuzzel, wofi, rofi, bemenu, dmenu; X11: \
rofi, dmenu, bemenu), else in a terminal window. Names go to the program by its standard input, none into its arguments. \
fzf is used where --menu=fzf names it, or where --menu finds no screen.

With --type the code goes into the window that had the keyboard before the menu opened, or nowhere; no terminal window \
opens for it.";

/// Who can read what `run` hands over.
pub(crate) const RUN_ABOUT: &str = "Run a command with codes in its environment

The command takes the place of this program, with its exit code. It ends with 127 when there is no such command, with 126 \
when that can't be run; a counter is used up only after the command was found.

An environment can be read by the command, by all that it starts, and by every other program of the same user \
(/proc/PID/environ), for as long as they run: it holds codes that die in seconds, never a secret. Arguments could be read by \
all users; no code stands there.

  countersign run --otp OTP=vpn -- sh -c 'echo \"$OTP\" | openconnect ...'";

/// What `watch` prints.
pub(crate) const WATCH_ABOUT: &str = "Tell the vault's state, a line of JSON whenever it changes

Keys: text (the state in words), tooltip (a sentence), class and alt (one word of: unlocked, unconfirmed, read-only, locked, \
absent, unusable, off). So waybar takes it as it is (\"return-type\": \"json\"); eww by deflisten; polybar by \
countersign watch | jq --unbuffered -r .text. No line holds a code or a name.

It sleeps until the daemon tells of a change, starts no daemon, and goes on when that ends and starts again.";

/// How long `qr` shows it.
pub(crate) const QR_ABOUT: &str = "Draw the QR code of an account for the next device

Asks the passphrase. On a terminal the QR is gone at Enter or after 60 seconds, and in no scrollback.

With --migration several accounts share a QR, ten at the most, of the kind that Google Authenticator exports: scan all \
parts, in their order. What such an export can't carry (Steam, other periods than 30 seconds, other digits than 6 and 8) \
is named, and goes over by a QR of its own.

  countersign qr --all --migration             into Google Authenticator
  countersign qr --all --migration --png DIR   as pictures
  countersign qr github --for aegis            with the taps in that app";

/// What `export` promises.
pub(crate) const EXPORT_ABOUT: &str = "Write accounts into a file for another program, and read it back

Asks the passphrase. What the format can't hold is told before anything is written, and asked about: nothing is dropped \
silently. What was made is read back and compared account by account before the file appears; then it is read once more \
from the disk. The file is new, and for this user only.

Formats that can be encrypted are, unless you say --plain; the password is asked twice, or read from \
--file-passphrase-fd. A note, a label or the PIN goes where the format has a place for it; how often codes were used goes \
along in countersign's own formats only, which hold all.

--json prints one object and never a secret: format, encrypted, files, accounts (how many), left_out (account, reason), \
lost (account, parts), dry_run.

  countersign export --format countersign-backup backup.age  all, encrypted; age -d opens it
  countersign export --format aegis aegis.json --tag work    one label, for Aegis
  countersign export --format sheet sheet.html               to print
  countersign qr --all --migration                           Google's QR codes, on the terminal or in a window
  countersign export --format uris - github | ...            one account, down a pipe";

/// What a recovery key is for.
pub(crate) const RECOVERY_ABOUT: &str = "Make and print a new recovery key

It opens the vault when the passphrase is forgotten, and takes the place of an earlier one. Print it or write it down, \
and keep it away from this computer. In a pipe it is a file that age -d -i reads.";

/// What `import` ends with.
pub(crate) const IMPORT_CODES: &str = "Exit codes:
   0  kept, or told; also where nothing in it is new
   1  a file can't be opened, or the vault not be changed
   2  wrong usage
   3  --from: no such program; --remove: no such site on the list
   4  locked, or no vault yet
   5  you said no: nothing was kept
   7  wrong passphrase of the vault
  10  no QR on any of the pictures
  15  a file is not recognised
  16  its password is needed
  17  that is not its password
  18  it is damaged
  19  a newer version wrote it
  20  it can't be opened outside the other program
  21  opening it would take too much memory or time
  22  it is too large
  23  something in it can't be read, and --skip-bad was not given
 130  Ctrl-C: nothing was kept";

/// What `export` ends with.
pub(crate) const EXPORT_CODES: &str = "Exit codes:
   0  exported, read back, and equal
   1  it could not be written, or did not read back
   2  wrong usage, or the file is there already
   3  there is no such account
   4  locked, or no vault yet
   5  denied: no passphrase given, or you said no
   7  wrong passphrase
  23  the format can't hold all, and --skip-unfit was not given";

/// What `backup` ends with.
pub(crate) const BACKUP_CODES: &str = "Exit codes:
   0  made, read back, and equal; with --verify: it opens
   1  no backup was made: the folder is not there, full, read-only, or not durable
   2  wrong usage
   3  --verify: there is no backup of this vault
   4  no vault yet
   5  --verify: no passphrase given
   7  --verify: wrong passphrase or recovery key
   8  vault or backup unusable: damaged, newer, foreign or rolled back";

/// What `drill` ends with.
pub(crate) const DRILL_CODES: &str = "Exit codes:
   0  it was restored and opened; what would have been lost is told
   2  wrong usage
   3  there is no backup of this vault
   5  no passphrase given
   7  wrong passphrase or recovery key
   8  the backup is unusable: damaged, newer or foreign";

/// What a backup is.
pub(crate) const BACKUP_ABOUT: &str = "Copy the vault into a folder, read the copy back, and try it

A backup is a folder named countersign-DATE, encrypted as the vault is: nothing is decrypted for it, so the vault may be \
locked. It opens by the passphrase or the recovery key, here, on another computer, or by age alone; its README.txt says how. \
Of older ones the last 10 stay, the last of each of the last 14 days, and the newest that was seen to open; nothing else in the folder is touched. A folder \
whose disk does not promise to keep what is written is refused, and one in memory.

--json prints what Backup answers, with --verify what VerifyBackup does: countersign-dbus(7).

  countersign backup /media/usb              now; the folder is remembered
  countersign backup --verify                opens the newest as a stranger would, and compares it
  countersign backup schedule --weekly       by itself from now on
  countersign drill                          what would have been lost?";

/// What a drill does.
pub(crate) const DRILL_ABOUT: &str = "Restore the newest backup for trial: what would have been lost

The passphrase is asked as on a new computer, and the backup restored into a private place in memory, opened there and \
compared with the vault account by account: kept, changed, used or removed since then. The place is removed again; vault and \
backup stay as they are.

--json prints what VerifyBackup answers: countersign-dbus(7).";

/// What every command may end with, and how accounts and passphrases are given.
pub(crate) const EXIT_CODES: &str = "Exit codes:
   0  done
   1  failure
   2  wrong usage
   3  not found
   4  locked, or no vault yet
   5  denied: by a rule, by the person, or no passphrase given
   6  the daemon can't be reached
   7  wrong passphrase
   8  vault or backup unusable: damaged, newer, foreign or rolled back
   9  the code would come later than --max-wait allows
  10  no QR found
  11  the QR is a one-time activation: the steps to a reusable one are shown
  12  the screen can't be captured, or the camera not be looked through
  13  several accounts fit
  14  the picture could not be decoded
  15  import: the file is not recognised
  16  import: its password is needed
  17  import: that is not its password
  18  import: it is damaged
  19  import: a newer version wrote it
  20  import: it can't be opened outside the other program
  21  import: opening it would take too much memory or time
  22  import: it is too large
  23  import: something in it can't be read, and --skip-bad was not given;
      export: the format can't hold all, and --skip-unfit was not given
 130  interrupted

Names: an account is named by words of its issuer or name, by an exact issuer:name, or by its id.
Several that fit: chosen from on a terminal, else an error.
Passphrases are asked on the terminal, also inside $(...), or read from --passphrase-fd: never from the environment or \
from arguments.";

/// Fails where a member of what `--json` prints has no word in the text.
#[cfg(test)]
pub(crate) fn assert_has_members(about: &str, printed: &impl serde::Serialize) {
    fn names(value: &serde_json::Value) -> Vec<String> {
        let own = value.as_object().into_iter().flat_map(|object| object.keys().cloned());
        let inner = value.as_object().into_iter().flat_map(|object| object.values());
        let items = value.as_array().into_iter().flatten();
        own.chain(inner.chain(items).flat_map(names)).collect()
    }
    let words: Vec<&str> = about.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    for name in names(&serde_json::to_value(printed).unwrap()) {
        assert!(words.contains(&name.as_str()), "{name}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_stand_as_they_are_written() {
        assert_eq!(unfilled("a\n  b\n  c\nd\n"), "a\n.nf\n  b\n  c\n.fi\nd\n");
        assert_eq!(unfilled("  b\n"), ".nf\n  b\n.fi\n");
    }

    #[test]
    fn the_help_is_the_one_that_is_checked_in() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("help.txt");
        let now = all();
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &now).unwrap();
        }
        let before = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(before, now, "the help has changed: UPDATE=1 cargo test -p countersign writes {}", path.display());
    }

    /// The doc comment of a command takes the place of a longer text that is set in the wrong place.
    #[test]
    fn the_longer_texts_are_shown() {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown = words(&all());
        for about in [
            BACKUP_ABOUT,
            BACKUP_CODES,
            DRILL_ABOUT,
            DRILL_CODES,
            EXPORT_CODES,
            EXPORT_ABOUT,
            LIST_ABOUT,
            IMPORT_ABOUT,
            OPEN_ABOUT,
            PASSPHRASE_ABOUT,
            PICK_ABOUT,
            QR_ABOUT,
            RECOVERY_ABOUT,
            RUN_ABOUT,
            TYPE_ABOUT,
            HOTKEY_ABOUT,
            WATCH_ABOUT,
            EXIT_CODES,
        ] {
            assert!(shown.contains(&words(about)), "{about}");
        }
        assert!(shown.contains(&format!("after {} seconds", crate::full_screen::SHOWN_FOR.as_secs())));
    }

    #[test]
    fn a_usage_line_fits_80_columns() {
        for line in all().lines().filter(|line| line.starts_with("Usage:")) {
            assert!(line.len() <= 80, "{line}: give the command an override_usage");
        }
    }

    #[test]
    fn each_command_has_its_manual_page() {
        let folder = std::env::temp_dir().join(format!("countersign-man-{}", std::process::id()));
        write_pages(&folder).unwrap();
        let main = fs::read_to_string(folder.join("countersign.1")).unwrap();
        let code = fs::read_to_string(folder.join("countersign-code.1")).unwrap();
        let take = folder.join("countersign-generations-take.1").is_file();
        fs::remove_dir_all(&folder).unwrap();
        assert!(
            main.contains("EXIT STATUS") && main.contains("130") && main.contains("countersign\\-code(1)"),
            "{main}"
        );
        assert!(code.contains("max\\-wait") && take);
    }
}
