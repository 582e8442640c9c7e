//! `countersign import`: accounts out of the files of other authenticators. First told, then kept in one change.

use std::path::Path;

use countersign_api::types::{ImportOptions, Imported};
use serde::Serialize;
use serde_json::Value;
use zbus::zvariant::Fd;
use zeroize::Zeroizing;

use crate::{
    args::Import,
    asking::FileLines,
    error::{Error, exit},
    foreign::{self, Foreign, Given, LeftOut, Refusal},
    keeping, output,
    session::Session,
};

/// Tells what needs no daemon; `None` where files are to be read.
pub(crate) async fn told(args: &Import) -> Option<Result<(), Error>> {
    if args.list_formats {
        return Some(list().await);
    }
    let program = args.from.as_deref()?;
    Some(steps(program).await)
}

/// Runs the command.
pub(crate) async fn run(args: Import, session: &mut Session) -> Result<(), Error> {
    let lines = args.file_passphrase_fd.map(FileLines::open).transpose()?;
    let mut passwords = Passwords { lines, last: None };
    let found = foreign::all(&args.files, args.format.as_deref()).await?;
    let mut all = Foreign { left_out: found.left_out, ..Foreign::default() };
    for given in &found.given {
        let one = read(given, &mut passwords, session).await?;
        all.accounts.extend(one.accounts);
        all.left_out.extend(one.left_out);
        all.notes.extend(one.notes);
    }
    if let Some(words) = &args.only {
        all.accounts.retain(|account| fits(account, words));
    }
    session.unlock().await?;
    let options =
        |dry_run| ImportOptions { dry_run: Some(dry_run), if_exists: args.if_exists.clone(), tag: args.tag.clone() };
    let preview = import(session, &all.accounts, options(true)).await?;
    let bad = all.left_out.iter().filter(|left| left.why == "bad").count();
    if args.json && args.dry_run {
        return output::json(&Report { dry_run: true, accounts: &preview, left_out: &all.left_out, notes: &all.notes });
    }
    if !args.json {
        output::print(&told_of(&preview, &all))?;
    }
    if args.dry_run {
        return Ok(());
    }
    let new = preview.iter().filter(|one| one.outcome != "already-kept").count();
    agreed(&args, session, new, bad).await?;
    let done = import(session, &all.accounts, options(false)).await?;
    if args.json {
        return output::json(&Report { dry_run: false, accounts: &done, left_out: &all.left_out, notes: &all.notes });
    }
    output::line(&kept(&done))?;
    args.files.iter().for_each(|path| aftermath(path, &all));
    Ok(())
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    dry_run: bool,
    accounts: &'a [Imported],
    left_out: &'a [LeftOut],
    notes: &'a [String],
}

/// The passwords of files: from a descriptor, or asked for. Files of one program have the same, mostly.
struct Passwords {
    lines: Option<FileLines>,
    last: Option<Zeroizing<String>>,
}

/// Reads a file; asks for its password where that is needed, three times at the most.
async fn read(given: &Given, passwords: &mut Passwords, session: &mut Session) -> Result<Foreign, Error> {
    let mut refused = match foreign::read(given, None).await {
        Err(Refusal::Password { wrong, title }) => (wrong, title),
        answer => return ended(answer),
    };
    let shown = &given.shown;
    let mut known = passwords.last.clone().filter(|_| passwords.lines.is_none());
    for _ in 0..TRIES {
        let (wrong, title) = &refused;
        let is_known = known.is_some();
        let password: Zeroizing<String> = match (known.take(), passwords.lines.as_mut(), session.asking.tty()) {
            (Some(known), ..) => known,
            (None, Some(lines), _) if !wrong => match (lines.next(), passwords.last.clone()) {
                // Fewer lines than files: the last one is for the rest.
                (Err(_), Some(last)) => last,
                (line, _) => line?,
            },
            (None, None, Some(tty)) => {
                if *wrong {
                    tty.show("That is not its password.\n")?;
                }
                tty.ask_secret(&format!("Password of {shown} ({title}): ")).await?
            }
            _ => break,
        };
        output::remark(&format!("Opening {shown} …"));
        refused = match foreign::read(given, Some(&password)).await {
            Err(Refusal::Password { wrong, title }) => (wrong && !is_known, title),
            answer => {
                passwords.last = Some(password);
                return ended(answer);
            }
        };
    }
    let (wrong, title) = refused;
    let text =
        if wrong { "that is not its password" } else { "it is encrypted: give its password by --file-passphrase-fd" };
    output::say(&format!("countersign: {shown} ({title}): {text}"));
    if let Some(hint) = given.hint() {
        output::say(&format!("  hint: {hint}"));
    }
    Err(Error::Said(foreign::password_exit(wrong)))
}

fn ended(answer: Result<Foreign, Refusal>) -> Result<Foreign, Error> {
    match answer {
        Ok(found) => Ok(found),
        Err(Refusal::Failed(error)) => Err(error),
        Err(Refusal::Password { wrong, .. }) => Err(Error::Said(foreign::password_exit(wrong))),
    }
}

async fn import(session: &mut Session, accounts: &[Value], options: ImportOptions) -> Result<Vec<Imported>, Error> {
    let lines = foreign::to_memory(accounts)?;
    let all = session.secrets().await?.import(Fd::from(lines), options.into()).await?;
    Ok(all.into_iter().map(Imported::from).collect())
}

/// Sees to it that the person wants what is going to happen.
async fn agreed(args: &Import, session: &mut Session, new: usize, bad: usize) -> Result<(), Error> {
    if new == 0 {
        output::say("There is nothing new to keep.");
        return Err(Error::Said(exit::OK));
    }
    if bad > 0 && !args.skip_bad {
        let Some(tty) = session.asking.tty().filter(|_| !args.yes) else {
            output::say(&format!(
                "countersign: nothing was kept: {} can't be read\n  hint: keep the other {new} by --skip-bad",
                count(bad, "entry", "entries")
            ));
            return Err(Error::Said(exit::BAD_ENTRIES));
        };
        let others = format!("{} can't be read. Keep the other {new}?", count(bad, "entry", "entries"));
        return if tty.yes(&others, false).await? { Ok(()) } else { Err(keeping::declined("nothing was kept")) };
    }
    if args.yes || args.skip_bad {
        return Ok(());
    }
    let Some(tty) = session.asking.tty() else { return Ok(()) };
    if tty.yes(&format!("Keep {}?", count(new, "account", "accounts")), true).await? {
        return Ok(());
    }
    Err(keeping::declined("nothing was kept"))
}

/// Says what is in the files and what would become of it.
fn told_of(preview: &[Imported], all: &Foreign) -> String {
    let mut rows: Vec<Vec<String>> = preview
        .iter()
        .map(|one| {
            let what = match one.outcome.as_str() {
                "kept" if one.trashed => "new, in the trash",
                "kept" => "new",
                "already-kept" => "already there",
                "replaced" => "replaces another secret",
                _ => "there with another secret: both are kept",
            };
            vec![output::one_line(&one.title), what.to_owned()]
        })
        .collect();
    rows.extend(
        all.left_out
            .iter()
            .map(|left| vec![output::one_line(&left.name), format!("left out: {}", output::one_line(&left.reason))]),
    );
    let notes: String = all.notes.iter().map(|note| output::one_line(note) + "\n").collect();
    output::table(&rows, output::columns()) + &notes
}

fn kept(done: &[Imported]) -> String {
    let of = |outcome: &str| done.iter().filter(|one| one.outcome == outcome).count();
    let new = done.len() - of("already-kept");
    let there = match of("already-kept") {
        0 => String::new(),
        there => format!(", {there} were there already"),
    };
    format!("Kept {}{there}. Take it all back by: countersign undo", count(new, "account", "accounts"))
}

/// Says what the file still is.
fn aftermath(path: &Path, all: &Foreign) {
    // A folder is in use where it is: a password store, another vault.
    if path == Path::new("-") || path.is_dir() || all.accounts.is_empty() {
        return;
    }
    let shown = foreign::shown(path);
    output::say(&format!(
        "{shown} still holds these secrets: remove it (rm) once they are in use here. On SSDs and in backups overwriting it \
         promises little."
    ));
}

/// Says whether all the words stand in issuer or name.
fn fits(account: &Value, words: &str) -> bool {
    let text = |name: &str| account[name].as_str().unwrap_or_default().to_lowercase();
    let title = format!("{} {}", text("issuer"), text("name"));
    words.to_lowercase().split_whitespace().all(|word| title.contains(word))
}

async fn list() -> Result<(), Error> {
    let rows: Vec<Vec<String>> =
        foreign::formats().await?.into_iter().map(|format| vec![format.format, format.title]).collect();
    output::print(&output::table(&rows, output::columns()))
}

/// Tells the way out of another program.
async fn steps(program: &str) -> Result<(), Error> {
    let wanted = program.to_lowercase();
    let formats = foreign::formats().await?;
    let fitting: Vec<_> = formats
        .iter()
        .filter(|format| format.format.contains(&wanted) || format.title.to_lowercase().contains(&wanted))
        .collect();
    if fitting.is_empty() {
        let text = format!("nothing is known of \"{}\": countersign import --list-formats", output::one_line(program));
        return Err(countersign_api::Error::NotFound(text).into());
    }
    let mut text = String::new();
    for format in fitting {
        text += &format!("{}\n", format.title);
        for (number, step) in (1..).zip(&format.steps) {
            text += &format!("  {number}. {step}\n");
        }
    }
    output::print(&text)
}

fn count(number: usize, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

/// How often a password may be typed.
const TRIES: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_files_is_told_line_by_line() {
        let one = |outcome: &str, title: &str| Imported {
            outcome: outcome.into(),
            title: title.into(),
            ..Imported::default()
        };
        let left = LeftOut { name: "Old".into(), why: "bad".into(), reason: "it has no key".into() };
        let all = Foreign { left_out: vec![left], notes: vec!["Mind this.".into()], ..Foreign::default() };
        let text = told_of(&[one("kept", "GitHub – alice"), one("already-kept", "Bank")], &all);
        for part in ["GitHub – alice", "new", "already there", "left out: it has no key", "Mind this."] {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(
            kept(&[one("kept", "a"), one("kept-both", "b"), one("already-kept", "c")]),
            "Kept 2 accounts, 1 were there already. Take it all back by: countersign undo"
        );
    }

    #[test]
    fn only_what_fits_is_taken() {
        let account = serde_json::json!({"issuer": "GitHub", "name": "alice"});
        assert!(fits(&account, "git ALICE") && !fits(&account, "bob"));
    }
}
