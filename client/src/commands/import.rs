//! `countersign import`: accounts out of the files of other authenticators. First told, then kept in one change.
//!
//! Until the one call that keeps them, nothing of it is anywhere but in this process: Ctrl-C ends it at once.

mod aftermath;
mod checklist;
mod preview;
mod reading;
mod ways;

use std::future::Future;

use countersign_api::types::{ImportOptions, Imported};
use tokio::signal;
use zbus::zvariant::Fd;

use self::{
    preview::{Numbers, Report},
    reading::Found,
};
use crate::{
    args::Import,
    error::{Error, exit},
    foreign, keeping,
    output::{self, count},
    session::Session,
};

/// Tells what needs no daemon; `None` where files are to be read, or the list of sites is asked for.
pub(crate) async fn told(args: &Import) -> Option<Result<(), Error>> {
    if args.list_formats {
        return Some(list(args.json).await);
    }
    let program = args.from.as_deref().filter(|_| !args.checklist)?;
    if !args.files.is_empty() {
        let text = "--from tells the way out of a program; its file is then read by: countersign import FILE";
        return Some(Err(Error::Usage(text.into())));
    }
    Some(ways::tell(program, args.json).await)
}

/// Runs the command.
pub(crate) async fn run(args: Import, session: &mut Session) -> Result<(), Error> {
    if args.checklist {
        return checklist::run(&args, session).await;
    }
    let (found, preview) = or_cancelled(look(&args, session)).await?;
    let numbers = Numbers::of(&preview, &found);
    let report = |dry_run, accounts| Report::new(dry_run, accounts, &found, numbers);
    if args.dry_run {
        return if args.json { output::json(&report(true, &preview)) } else { Ok(()) };
    }
    if args.json && numbers.bad > 0 && !args.skip_bad {
        output::json(&report(true, &preview))?;
        return Err(refused(numbers));
    }
    let done = if or_cancelled(agreed(&args, session, numbers)).await? {
        or_unsure(import(session, &args, &found, false)).await?
    } else {
        Vec::new()
    };
    let became = if done.is_empty() { &preview } else { &done };
    if args.json {
        return output::json(&report(false, became));
    }
    if !done.is_empty() {
        output::line(&preview::kept(Numbers::of(&done, &found)))?;
    }
    // Also where all of it was here before: then the file is still there.
    output::print_error(&aftermath::text(became, &found, output::width_err()));
    if let Some(tag) = args.tag.as_deref().filter(|_| numbers.already_there() > 0) {
        output::say(&preview::without_label(tag, numbers));
    }
    let kept = Numbers::of(&done, &found).fresh() > 0;
    checklist::offer(session, &found, args.yes, kept).await
}

/// Reads the files and tells what would become of what is in them.
async fn look(args: &Import, session: &mut Session) -> Result<(Found, Vec<Imported>), Error> {
    let found = reading::all(args, session).await?;
    session.unlock().await?;
    let preview = import(session, args, &found, true).await?;
    if !args.json {
        output::print(&preview::text(&preview, &found, output::columns()))?;
    }
    Ok((found, preview))
}

async fn import(session: &mut Session, args: &Import, found: &Found, dry_run: bool) -> Result<Vec<Imported>, Error> {
    let options = ImportOptions { dry_run: Some(dry_run), if_exists: args.if_exists.clone(), tag: args.tag.clone() };
    let lines = foreign::to_memory(&found.accounts)?;
    let all = session.secrets().await?.import(Fd::from(lines), options.into()).await?;
    Ok(all.into_iter().map(Imported::from).collect())
}

/// Sees to it that the person wants what is going to happen; false where nothing is new.
async fn agreed(args: &Import, session: &mut Session, numbers: Numbers) -> Result<bool, Error> {
    let (new, changes) = (numbers.fresh(), numbers.changes());
    let refuses = numbers.bad > 0 && !args.skip_bad;
    if changes == 0 {
        if refuses {
            return Err(refused(numbers));
        }
        output::say("There is nothing new to keep.");
        return Ok(false);
    }
    let tty = session.asking.tty().filter(|_| !args.yes && !args.json);
    if refuses {
        let Some(tty) = tty else { return Err(refused(numbers)) };
        let others = format!("{} can't be read. Keep the other {changes}?", count(numbers.bad, "entry", "entries"));
        return if tty.yes(&others, false).await? { Ok(true) } else { Err(keeping::declined("nothing was kept")) };
    }
    let Some(tty) = tty else { return Ok(true) };
    let what = match new {
        0 => format!("Move {} on?", count(changes, "counter", "counters")),
        _ => format!("Keep {}?", count(new, "account", "accounts")),
    };
    if tty.yes(&what, true).await? {
        return Ok(true);
    }
    Err(keeping::declined("nothing was kept"))
}

fn refused(numbers: Numbers) -> Error {
    output::say(&format!("countersign: nothing was kept: {} can't be read", count(numbers.bad, "entry", "entries")));
    if numbers.changes() > 0 {
        output::say(&format!("  hint: keep the other {} by --skip-bad", numbers.changes()));
    }
    Error::Said(exit::BAD_ENTRIES)
}

/// Runs what keeps nothing yet: Ctrl-C ends it at once, and with it the program that opens a file.
async fn or_cancelled<T>(step: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let result = or_interrupted(step).await;
    if matches!(result, Err(Error::Interrupted)) {
        output::say("cancelled; nothing was kept");
    }
    result
}

/// Runs what is done at once and as a whole: who interrupts it is told that it may be done.
async fn or_unsure<T>(step: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let result = or_interrupted(step).await;
    if matches!(result, Err(Error::Interrupted)) {
        output::say("interrupted while it was being kept: countersign list shows whether it was, all or nothing");
    }
    result
}

async fn or_interrupted<T>(step: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::select! {
        biased;
        result = step => result,
        _ = signal::ctrl_c() => Err(Error::Interrupted),
    }
}

async fn list(json: bool) -> Result<(), Error> {
    let formats = foreign::formats().await?;
    if json {
        return output::json(&formats);
    }
    let rows: Vec<Vec<String>> = formats.into_iter().map(|format| vec![format.name, format.title]).collect();
    output::print(&output::table(&rows, output::columns()))
}
