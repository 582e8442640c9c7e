//! `countersign export`: accounts into the file of another program. Told first what does not fit, read back before "done".

use std::path::{Path, PathBuf};

use countersign_api::types::{AccountInfo, ExportOptions};
use serde::Serialize;
use zeroize::Zeroizing;

use super::list;
use crate::{
    args::{Export, Order},
    error::{Error, exit},
    exporting::{self, Encrypts, Fitting, Format, LeftOut, Lost, Target},
    keeping, output,
    session::{Session, none},
};

/// Tells what needs no daemon; `None` where something is to be exported.
pub(crate) async fn told(args: &Export) -> Option<Result<(), Error>> {
    if args.list_formats { Some(formats(args.json).await) } else { None }
}

/// Runs the command.
pub(crate) async fn run(args: Export, session: &mut Session) -> Result<(), Error> {
    let format = Format::named(args.format.as_deref().unwrap_or_default()).await?;
    let target = Target::of(&args, &format)?;
    let sealed = is_sealed(&args, &format, session)?;
    let ids = chosen(&args, session).await?;
    is_a_file(&args, session).await?;
    session.prove().await?;
    let options = ExportOptions { tag: args.tag.clone(), trashed: Some(args.trashed) };
    let lines = session.secrets().await?.export(ids, options.into()).await?;
    let fitting = exporting::fit(&format, lines.into()).await?;
    output::print_error(&fitting.told(&format.name, output::width_err()));
    let quarantined = if args.means_all() { session.status.quarantined } else { 0 };
    if let Some(text) = not_understood(quarantined) {
        output::say(&text);
    }
    if args.dry_run {
        return reported(&args, &format, sealed, &fitting, &[]);
    }
    if let Err(error) = agreed(&args, session, &fitting).await {
        if args.json {
            reported(&args, &format, sealed, &fitting, &[])?;
        }
        return Err(error);
    }
    let password = if sealed { Some(password(&args, session).await?) } else { None };
    let made = exporting::make(&format, &fitting.held, password.as_deref().map(String::as_str)).await?;
    let files = target.write(&made)?;
    reported(&args, &format, sealed, &fitting, &files)?;
    aftermath(sealed, &fitting, &files);
    Ok(())
}

/// Says what of the vault is in no export.
fn not_understood(entries: u32) -> Option<String> {
    let what = match entries {
        0 => return None,
        1 => "1 entry is".to_owned(),
        _ => format!("{entries} entries are"),
    };
    Some(format!("{what} left out, since this version can't understand it: countersign backup leaves nothing out"))
}

/// Whether the file will be encrypted.
///
/// # Errors
/// [`Error::Usage`] where what was typed does not go together, or nobody can be asked for the password.
fn is_sealed(args: &Export, format: &Format, session: &mut Session) -> Result<bool, Error> {
    let refused = |why: String| Err(Error::Usage(why));
    let name = &format.name;
    match format.encrypts {
        Encrypts::Never if args.file_passphrase_fd.is_some() => {
            refused(format!("{name} has no encryption: leave out --file-passphrase-fd, or take another format"))
        }
        Encrypts::Always if args.plain => refused(format!("{name} is always encrypted: leave out --plain")),
        Encrypts::Optional if args.plain => Ok(false),
        Encrypts::Never => Ok(false),
        _ if args.dry_run || args.file_passphrase_fd.is_some() || session.asking.tty().is_some() => Ok(true),
        Encrypts::Always => refused("it is encrypted: give its password by --file-passphrase-fd".into()),
        Encrypts::Optional => {
            refused("it would be encrypted: give its password by --file-passphrase-fd, or say --plain".into())
        }
    }
}

/// Returns the ids of the accounts that are meant; none stands for all.
async fn chosen(args: &Export, session: &mut Session) -> Result<Vec<String>, Error> {
    session.unlock().await?;
    let mut found: Vec<AccountInfo> = Vec::new();
    for name in &args.names {
        let account = session.account(name).await?;
        if found.iter().all(|other| other.id != account.id) {
            found.push(account);
        }
    }
    let Some(words) = &args.only else { return Ok(found.into_iter().map(|account| account.id).collect()) };
    if args.names.is_empty() {
        found = list::accounts(session, "", Order::Name).await?;
    }
    if args.trashed {
        let trash = session.secrets().await?.trash(none()).await?;
        found.extend(trash.into_iter().map(AccountInfo::from));
    }
    let ids: Vec<String> = found.into_iter().filter(|account| fits(account, words)).map(|account| account.id).collect();
    if ids.is_empty() {
        return Err(crate::session::no_account(words));
    }
    Ok(ids)
}

/// Refuses a file that looks like an account, where no account is named: all of them would go into it.
async fn is_a_file(args: &Export, session: &Session) -> Result<(), Error> {
    let Some(word) = bare_word(args.file.as_deref()).filter(|_| args.means_all()) else { return Ok(()) };
    if !list::accounts(session, word, Order::Name).await?.iter().any(|account| is_called(account, word)) {
        return Ok(());
    }
    let word = output::one_line(word);
    Err(Error::Usage(format!("{word} is an account too: give a file first, or, for all accounts, ./{word}")))
}

/// Returns a file's name that a person could mean for an account's: one without a folder.
fn bare_word(file: Option<&Path>) -> Option<&str> {
    file?.to_str().filter(|word| !word.contains('/') && !word.is_empty() && *word != "-")
}

/// Says whether a word is an account's issuer, name, or prefix.
fn is_called(account: &AccountInfo, word: &str) -> bool {
    [&account.issuer, &account.name, &account.prefix].into_iter().any(|name| name.to_lowercase() == word.to_lowercase())
}

/// Says whether all the words stand in issuer or name.
fn fits(account: &AccountInfo, words: &str) -> bool {
    let title = format!("{} {} {}", account.issuer, account.name, account.prefix).to_lowercase();
    words.to_lowercase().split_whitespace().all(|word| title.contains(word))
}

/// Sees to it that the person knows what is left out, and wants the rest.
async fn agreed(args: &Export, session: &mut Session, fitting: &Fitting) -> Result<(), Error> {
    let count = fitting.held.len();
    if count == 0 {
        output::say("countersign: nothing was written: none of the accounts fits");
        return Err(Error::Said(exit::BAD_ENTRIES));
    }
    if !fitting.loses() || args.skip_unfit {
        return Ok(());
    }
    let Some(tty) = session.asking.tty() else {
        output::say(&format!(
            "countersign: nothing was written: not all of it fits\n  hint: export what fits ({}) by --skip-unfit, or take \
             countersign-backup, which holds all that belongs to an account",
            accounts(count)
        ));
        return Err(Error::Said(exit::BAD_ENTRIES));
    };
    let question = format!("Export {} all the same?", accounts(count));
    if tty.yes(&question, false).await? { Ok(()) } else { Err(keeping::declined("nothing was written")) }
}

/// Returns the file's password: a line of the descriptor, or what the terminal answers twice.
async fn password(args: &Export, session: &mut Session) -> Result<Zeroizing<String>, Error> {
    let given = if let Some(number) = args.file_passphrase_fd {
        session.asking.file_lines(number)?.next()?
    } else {
        let tty = session.asking.need_tty("the file's password")?;
        loop {
            let first = tty.ask_secret("A password for the file: ").await?;
            if first.is_empty() {
                return Err(keeping::declined("nothing was written"));
            }
            if tty.ask_secret("The same again: ").await? == first {
                break first;
            }
            tty.show("These differ.\n")?;
        }
    };
    if given.is_empty() {
        return Err(Error::Usage("the file's password is empty".into()));
    }
    Ok(given)
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    format: &'a str,
    encrypted: bool,
    files: Vec<String>,
    accounts: usize,
    left_out: &'a [LeftOut],
    lost: &'a [Lost],
    dry_run: bool,
}

/// Says what was exported.
fn reported(
    args: &Export,
    format: &Format,
    encrypted: bool,
    fitting: &Fitting,
    files: &[PathBuf],
) -> Result<(), Error> {
    let count = fitting.held.len();
    if args.json {
        let (name, dry_run) = (&format.name, args.dry_run);
        let files = files.iter().map(|file| file.display().to_string()).collect();
        let (left_out, lost) = (&fitting.left_out, &fitting.lost);
        return output::json(&Report { format: name, encrypted, files, accounts: count, left_out, lost, dry_run });
    }
    if args.dry_run {
        return output::line(&format!("{} would be exported", accounts(count)));
    }
    let shown = |file: &PathBuf| output::one_line(&file.display().to_string());
    let place = match files {
        [] => "standard output".to_owned(),
        [file] => shown(file),
        [first, .., last] => format!("{} … {}", shown(first), shown(last)),
    };
    let kind = if encrypted { ", encrypted" } else { "" };
    let text = format!("Exported {} to {place} ({}{kind}): read back, and equal.", accounts(count), format.name);
    if files.is_empty() {
        output::remark(&text);
    } else {
        output::line(&text)?;
    }
    Ok(())
}

/// Says what the files are, and what to mind.
fn aftermath(encrypted: bool, fitting: &Fitting, files: &[PathBuf]) {
    let Some(first) = files.first() else { return };
    if let Some(text) = fitting.counters() {
        output::print_error(&output::wrap(&text, output::width_err(), ""));
    }
    let shown = output::one_line(&first.display().to_string());
    if exporting::is_open(first) {
        output::say(&format!("{shown} can be read by others: its file system keeps no permissions."));
    }
    if !encrypted {
        let (it, holds) = if files.len() == 1 { (shown, "holds") } else { ("They".into(), "hold") };
        output::print_error(&output::wrap(
            &format!(
                "{it} {holds} the secrets in the clear: whoever reads this can make the codes. Remove it (rm) once it has \
                 done its work. On SSDs and in backups overwriting it promises little."
            ),
            output::width_err(),
            "",
        ));
    }
}

async fn formats(json: bool) -> Result<(), Error> {
    let all = Format::all().await?;
    if json {
        return output::json(&all);
    }
    let row = |format: Format| {
        let encrypted = match format.encrypts {
            Encrypts::Never => "in the clear",
            Encrypts::Optional => "encrypted, or --plain",
            Encrypts::Always => "encrypted",
        };
        vec![format.name, format.title, encrypted.to_owned()]
    };
    output::print(&output::listing(&all.into_iter().map(row).collect::<Vec<_>>()))
}

fn accounts(count: usize) -> String {
    output::count(count, "account", "accounts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bare_word_may_be_meant_for_an_account() {
        assert_eq!(bare_word(Some(Path::new("github"))), Some("github"));
        for file in ["./github", "/tmp/github", "-", "a/b"] {
            assert_eq!(bare_word(Some(Path::new(file))), None, "{file}");
        }
    }

    #[test]
    fn the_help_has_the_members_of_json() {
        let left_out = [LeftOut { account: "a".into(), reason: "b".into() }];
        let lost = [Lost { account: "a".into(), parts: vec!["note".into()] }];
        let (format, files) = ("2fas", vec!["out".into()]);
        let report =
            Report { format, encrypted: false, files, accounts: 1, left_out: &left_out, lost: &lost, dry_run: false };
        crate::help::assert_has_members(crate::help::EXPORT_ABOUT, &report);
    }

    #[test]
    fn only_what_has_all_the_words_is_exported() {
        let account = AccountInfo { issuer: "GitHub".into(), name: "alice".into(), ..AccountInfo::default() };
        assert!(fits(&account, "git ALICE") && !fits(&account, "git bob"));
        assert!(is_called(&account, "github") && is_called(&account, "alice") && !is_called(&account, "git"));
    }
}
