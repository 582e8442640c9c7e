//! `countersign qr`: draws the QR of an account again, for the next device.

use std::{io, path::Path};

use countersign_api::types::{AccountInfo, Revealed};
use tokio::time::Instant;
use unicode_width::UnicodeWidthStr;
use zeroize::Zeroizing;

use super::list;
use crate::{
    args::{Order, Qr},
    error::Error,
    full_screen::{FullScreen, Left, SHOWN_FOR},
    kept, output,
    progress::cut,
    qr::{Drawing, Matrix, Palette},
    session::{Session, none},
};

/// Runs the command.
pub(crate) async fn run(args: Qr, session: &mut Session) -> Result<(), Error> {
    let target = Target::of(&args, output::is_terminal())?;
    let accounts = accounts(&args, session).await?;
    session.prove().await?;
    for account in &accounts {
        let matrix = drawn(session, account).await?;
        match &target {
            Target::Output => matrix.write_png(io::stdout().lock()).map_err(Error::io("standard output"))?,
            Target::File(path) => matrix.save_png(path)?,
            Target::Terminal(palette) => show(&matrix, account, *palette).await?,
        }
    }
    if let Target::File(path) = &target {
        output::say(&format!(
            "Written to {}. It holds the secret: remove it when the other device has it.",
            path.display()
        ));
    }
    advise(&accounts);
    Ok(())
}

/// Where a QR goes.
enum Target<'a> {
    Terminal(Palette),
    Output,
    File(&'a Path),
}

impl<'a> Target<'a> {
    fn of(args: &'a Qr, terminal: bool) -> Result<Self, Error> {
        let refused = |why: &str| Err(Error::Usage(why.into()));
        match &args.png {
            Some(_) if args.names.len() > 1 => refused("--png takes one account: a picture each"),
            Some(path) if path == Path::new("-") && terminal => {
                refused("a picture is nothing for a terminal: give --png a file name, or a pipe")
            }
            Some(path) if path == Path::new("-") => Ok(Self::Output),
            Some(path) => Ok(Self::File(path)),
            None if !terminal => refused("a QR is drawn on a terminal only: use --png FILE, or --png - for the pipe"),
            None => match Palette::of_terminal() {
                Some(palette) => Ok(Self::Terminal(palette)),
                None => refused("this terminal knows no colours, and no QR can be read without: use --png FILE"),
            },
        }
    }
}

/// Returns the accounts that are named, or all.
async fn accounts(args: &Qr, session: &mut Session) -> Result<Vec<AccountInfo>, Error> {
    let mut accounts = Vec::new();
    for name in &args.names {
        accounts.push(session.account(name).await?);
    }
    if args.all {
        session.unlock().await?;
        accounts = list::accounts(session, "", Order::Name).await?;
    }
    Ok(accounts)
}

/// Returns the QR of an account; the URI does not outlive this.
async fn drawn(session: &Session, account: &AccountInfo) -> Result<Matrix, Error> {
    let revealed: Revealed = session.secrets().await?.reveal(&account.id, none()).await?.into();
    let (_, uri) = (Zeroizing::new(revealed.secret), Zeroizing::new(revealed.uri));
    Matrix::of(&uri)
}

/// Shows one QR on the alternate screen, until a key or the end of its time.
async fn show(matrix: &Matrix, account: &AccountInfo, palette: Palette) -> Result<(), Error> {
    let mut screen = FullScreen::enter()?;
    let end = Instant::now() + SHOWN_FOR;
    loop {
        let page = page(matrix, &account.title, palette, screen.size());
        screen.show(&page).await?;
        match screen.wait(end).await? {
            Left::Resized => {}
            Left::Closed => return Ok(()),
            Left::Interrupted => return Err(Error::Interrupted),
            Left::Signal(number) => return Err(Error::Signal(number)),
        }
    }
}

/// Returns the QR with a line below it that says whose it is; in too small a window the size that it needs.
fn page(matrix: &Matrix, title: &str, palette: Palette, (columns, rows): (usize, usize)) -> Zeroizing<String> {
    let fits = |drawing: &&Drawing| {
        let (wide, high) = matrix.size(**drawing);
        wide <= columns && high < rows
    };
    let Some(&drawing) = Drawing::all().iter().find(fits) else {
        return Zeroizing::new(too_small(matrix, columns, rows));
    };
    let mut page = matrix.drawn(drawing, palette);
    let mut line = format!("Enter: close. {}", output::one_line(title));
    let hint = ". Not readable? A larger window, or --png FILE";
    if drawing == Drawing::HalfBlocks && line.width() + hint.width() < columns {
        line.push_str(hint);
    }
    page.push_str(&cut(&line, columns.saturating_sub(1)));
    page
}

fn too_small(matrix: &Matrix, columns: usize, rows: usize) -> String {
    let (wide, high) = Drawing::all().last().map_or((0, 0), |drawing| matrix.size(*drawing));
    let high = high + 1;
    let words = format!(
        "This QR needs {wide} columns and {high} rows, the window has {columns} and {rows}: make it larger. Enter: close. \
         A picture: --png FILE"
    );
    output::wrap(&words, columns, "")
}

/// Says what to know of a QR that two devices have.
fn advise(accounts: &[AccountInfo]) {
    output::say(kept::ONE_SECRET);
    if accounts.iter().any(|account| kept::is_microsoft(&account.issuer)) {
        output::say(kept::ANOTHER_WAY);
    }
}
