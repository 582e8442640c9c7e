//! `countersign qr`: draws the QR of an account again, or an export of several, for the next device.

use std::path::PathBuf;

use countersign_api::types::{AccountInfo, MigrationExport, Revealed};
use zeroize::Zeroizing;

use super::list;
use crate::{
    args::{Order, Qr},
    candidate::Page,
    error::Error,
    handing_over::{self, App},
    output,
    qr::Matrix,
    session::{Session, none},
    sheet::{Place, Sheet, Target},
};

/// Runs the command.
pub(crate) async fn run(args: Qr, session: &mut Session) -> Result<(), Error> {
    let target = Target::of(&args, output::is_terminal())?;
    if args.migration && args.app.is_some_and(|app| app.taps_for_export().is_none()) {
        return Err(Error::Usage(
            "that app reads no exports: leave out --migration, and show it one QR at a time".into(),
        ));
    }
    let accounts = accounts(&args, session).await?;
    let written = if args.migration {
        export(&target, &accounts, args.app, session).await?
    } else {
        one_by_one(&target, &accounts, args.app, session).await?
    };
    if let [first, rest @ ..] = written.as_slice() {
        let files = match rest.last() {
            None => first.display().to_string(),
            Some(last) => format!("{} to {}", first.display(), last.display()),
        };
        output::say(&format!("Written to {files}. It holds the secret: remove it when the other device has it."));
    }
    Ok(())
}

/// Returns the accounts that are named, or all.
async fn accounts(args: &Qr, session: &mut Session) -> Result<Vec<AccountInfo>, Error> {
    let mut accounts: Vec<AccountInfo> = Vec::new();
    for name in &args.names {
        let account = session.account(name).await?;
        if !accounts.iter().any(|other| other.id == account.id) {
            accounts.push(account);
        }
    }
    if args.all {
        session.unlock().await?;
        accounts = list::accounts(session, "", Order::Name).await?;
    }
    Ok(accounts)
}

/// Shows each account's own QR; returns the pictures that were written.
async fn one_by_one(
    target: &Target<'_>,
    accounts: &[AccountInfo],
    app: Option<App>,
    session: &mut Session,
) -> Result<Vec<PathBuf>, Error> {
    target.has_room_for(accounts.len())?;
    session.prove().await?;
    if let Some(app) = app {
        let doubts: Vec<String> = accounts.iter().filter_map(|account| app.doubts(account)).collect();
        prepare(target, app, &app.taps(), &doubts, session).await?;
    }
    let mut written = Vec::new();
    for (number, account) in (1..).zip(accounts) {
        let matrix = drawn(session, account, app).await?;
        let sheet = Sheet { matrix, title: account.title.clone(), notes: handing_over::notes(account, app) };
        written.extend(target.show(&sheet, Place { number, of: accounts.len() }, session).await?);
    }
    advise(handing_over::after_showing(accounts));
    Ok(written)
}

/// Shows the parts of an export; returns the pictures that were written.
async fn export(
    target: &Target<'_>,
    accounts: &[AccountInfo],
    app: Option<App>,
    session: &mut Session,
) -> Result<Vec<PathBuf>, Error> {
    let app = app.unwrap_or(App::GoogleAuthenticator);
    session.prove().await?;
    let ids = accounts.iter().map(|account| account.id.clone()).collect();
    let export: MigrationExport = session.secrets().await?.export_migration(ids, none()).await?.into();
    let parts: Vec<Zeroizing<String>> = export.parts.into_iter().map(Zeroizing::new).collect();
    target.has_room_for(parts.len())?;
    let carried: Vec<AccountInfo> =
        export.accounts.iter().filter_map(|id| accounts.iter().find(|one| one.id == *id)).cloned().collect();
    let doubts: Vec<String> = carried.iter().filter_map(|account| app.doubts(account)).collect();
    output::print_error(&left_out(&export.skipped, output::width_err()));
    let taps = app.taps_for_export().expect("an app that reads no exports was refused");
    prepare(target, app, &taps, &doubts, session).await?;
    let (mut written, mut rest) = (Vec::new(), carried.as_slice());
    for ((number, text), count) in (1..).zip(&parts).zip(export.counts) {
        let (these, others) = rest.split_at_checked(count as usize).unwrap_or((rest, &[]));
        rest = others;
        let sheet = part(Matrix::of(text)?, these, Place { number, of: parts.len() });
        written.extend(target.show(&sheet, Place { number, of: parts.len() }, session).await?);
    }
    advise(handing_over::after_showing(&carried));
    Ok(written)
}

/// Returns the sheet of one part.
fn part(matrix: Matrix, accounts: &[AccountInfo], Place { number, of }: Place) -> Sheet {
    let titles: Vec<&str> = accounts.iter().map(|account| account.title.as_str()).collect();
    let next = if number < of { " Close this window for the next part." } else { "" };
    let notes = vec![
        format!("Part {number} of {of}: scan all of them, in this order.{next}"),
        titles.join(", "),
        handing_over::ONE_SECRET.to_owned(),
    ];
    Sheet { matrix, title: format!("Part {number} of {of}: {} accounts", accounts.len()), notes }
}

/// Says what an export can't carry, and how that goes over all the same.
fn left_out(skipped: &[String], width: usize) -> String {
    let mut page = Page::of(width);
    if !skipped.is_empty() {
        page.text("", "Left out, since no export can carry it:");
        for one in skipped {
            page.item("  ", "-", one);
        }
        page.text("", "Each of these goes over by a QR of its own: countersign qr NAME");
    }
    page.into_text()
}

/// Says where to tap and what the app can't do; on a terminal, before the QR takes all of it.
async fn prepare(
    target: &Target<'_>,
    app: App,
    taps: &[&str],
    doubts: &[String],
    session: &mut Session,
) -> Result<(), Error> {
    output::print_error(&instructions(app, taps, doubts, output::width_err()));
    if matches!(target, Target::Terminal(_))
        && let Some(tty) = session.asking.tty()
    {
        tty.ask("Enter: show the QR code ").await?;
    }
    Ok(())
}

fn instructions(app: App, taps: &[&str], doubts: &[String], width: usize) -> String {
    let mut page = Page::of(width);
    page.text("", &format!("{}:", app.name()));
    for (number, tap) in (1..).zip(taps) {
        page.item("  ", &format!("{number}."), tap);
    }
    for doubt in doubts {
        page.text("", &format!("Careful: {doubt}"));
    }
    page.into_text()
}

/// Returns the QR of an account; the URI does not outlive this.
async fn drawn(session: &Session, account: &AccountInfo, app: Option<App>) -> Result<Matrix, Error> {
    let revealed: Revealed = session.secrets().await?.reveal(&account.id, none()).await?.into();
    let (_, uri) = (Zeroizing::new(revealed.secret), Zeroizing::new(revealed.uri));
    match app {
        Some(App::Aegis) if account.kind == "steam" => Matrix::of(&for_aegis(&uri)),
        _ => Matrix::of(&uri),
    }
}

/// Returns a Steam account's URI with Steam as its type: Aegis does not know the parameter that others go by.
fn for_aegis(uri: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(uri.len() + 8));
    text.push_str("otpauth://steam/");
    text.push_str(uri.strip_prefix("otpauth://totp/").unwrap_or(uri));
    text
}

/// Says what to know of a QR that two devices have.
fn advise(lines: Vec<String>) {
    for line in lines {
        output::print_error(&output::wrap(&output::one_line(&line), output::width_err(), ""));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn where_to_tap_is_numbered_and_fits() {
        let doubts = ["Site – me: it needs SHA256".to_owned()];
        for width in [80, 40] {
            let text = instructions(App::MicrosoftAuthenticator, &App::MicrosoftAuthenticator.taps(), &doubts, width);
            assert!(text.starts_with("Microsoft Authenticator:\n  1. Tap +"), "{text}");
            assert!(text.ends_with("Careful: Site – me: it needs SHA256\n"), "{text}");
            assert!(text.lines().all(|line| line.width() <= width), "{text}");
        }
    }

    #[test]
    fn what_no_export_carries_is_told_with_the_way_out() {
        assert_eq!(left_out(&[], 80), "");
        let text = left_out(&["Steam – me: its codes are Steam's".into()], 80);
        assert!(text.contains("\n  - Steam – me: its codes") && text.contains("countersign qr NAME"), "{text}");
    }

    #[test]
    fn a_part_says_which_it_is_and_what_is_in_it() {
        let one = AccountInfo { title: "A – a".into(), ..AccountInfo::default() };
        let sheet = part(Matrix::of("x").unwrap(), &[one.clone(), one], Place { number: 1, of: 2 });
        assert_eq!((sheet.title.as_str(), sheet.notes[1].as_str()), ("Part 1 of 2: 2 accounts", "A – a, A – a"));
        assert!(sheet.notes[0].contains("for the next part"));
    }

    #[test]
    fn a_steam_account_is_one_for_aegis_too() {
        let text = for_aegis("otpauth://totp/Steam:me?secret=X&encoder=steam");
        assert_eq!(*text, "otpauth://steam/Steam:me?secret=X&encoder=steam");
    }
}
