//! Where QR codes are shown, one after the other: on the terminal, in a window, or as pictures.

use std::{
    io,
    path::{Path, PathBuf},
};

use tokio::time::Instant;
use unicode_width::UnicodeWidthStr;
use zeroize::Zeroizing;

use crate::{
    args::Qr,
    error::Error,
    full_screen::{FullScreen, Left, SHOWN_FOR},
    output,
    progress::cut,
    qr::{Drawing, Matrix, Palette},
    session::Session,
    window,
};

/// One QR with what stands beside it.
pub(crate) struct Sheet {
    /// The QR.
    pub(crate) matrix: Matrix,
    /// Whose it is.
    pub(crate) title: String,
    /// What to do with it and what to know of it, where there is room for that.
    pub(crate) notes: Vec<String>,
}

/// Which sheet of how many, from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Its number.
    pub(crate) number: usize,
    /// How many there are.
    pub(crate) of: usize,
}

/// Where QR codes go.
#[derive(Debug)]
pub(crate) enum Target<'a> {
    Terminal(Palette),
    Window,
    Output,
    File(&'a Path),
}

impl<'a> Target<'a> {
    /// Returns where the command line wants them.
    ///
    /// # Errors
    /// [`Error::Usage`] where that can't be: nothing has been asked and shown yet.
    pub(crate) fn of(args: &'a Qr, terminal: bool) -> Result<Self, Error> {
        let refused = |why: &str| Err(Error::Usage(why.into()));
        match &args.png {
            None if args.window => Ok(Self::Window),
            Some(path) if path == Path::new("-") && terminal => {
                refused("a picture is nothing for a terminal: give --png a file name, or a pipe")
            }
            Some(path) if path == Path::new("-") => Ok(Self::Output),
            Some(path) => Ok(Self::File(path)),
            None if !terminal => {
                refused("a QR is drawn on a terminal: use --window, --png FILE, or --png - for the pipe")
            }
            None => match Palette::of_terminal() {
                Some(palette) => Ok(Self::Terminal(palette)),
                None => {
                    refused("this terminal knows no colours, and no QR can be read without: use --window or --png FILE")
                }
            },
        }
    }

    /// Refuses more pictures than a pipe has room for.
    pub(crate) fn has_room_for(&self, count: usize) -> Result<(), Error> {
        match self {
            Self::Output if count > 1 => {
                Err(Error::Usage(format!("--png - takes one picture, and these are {count}: give --png a file name")))
            }
            _ => Ok(()),
        }
    }

    /// Shows or writes one, and returns when it is done with; a picture's file is returned.
    pub(crate) async fn show(&self, sheet: &Sheet, place: Place, session: &Session) -> Result<Option<PathBuf>, Error> {
        match self {
            Self::Output => sheet.matrix.write_png(io::stdout().lock()).map_err(Error::io("standard output"))?,
            Self::Terminal(palette) => on_terminal(sheet, place, *palette).await?,
            Self::Window => window::show(sheet, session).await?,
            Self::File(path) => {
                let path = file(path, place);
                sheet.matrix.save_png(&path)?;
                return Ok(Some(path));
            }
        }
        Ok(None)
    }
}

/// Returns the file of a picture: the one that is named, numbered where there are several; in a folder, one of ours.
pub(crate) fn file(path: &Path, Place { number, of }: Place) -> PathBuf {
    // By name they lie in their order, also where there are more than nine.
    let number = format!("{number:0digits$}", digits = of.to_string().len());
    if path.is_dir() {
        return path.join(format!("countersign-{number}-of-{of}.png"));
    }
    if of == 1 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().map_or("png".into(), |extension| extension.to_string_lossy());
    path.with_file_name(format!("{stem}-{number}-of-{of}.{extension}"))
}

/// Shows one on the alternate screen, until a key or the end of its time.
async fn on_terminal(sheet: &Sheet, place: Place, palette: Palette) -> Result<(), Error> {
    let mut screen = FullScreen::enter()?;
    let end = Instant::now() + SHOWN_FOR;
    loop {
        let page = page(sheet, place, palette, screen.size());
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
fn page(sheet: &Sheet, place: Place, palette: Palette, (columns, rows): (usize, usize)) -> Zeroizing<String> {
    let fits = |drawing: &&Drawing| {
        let (wide, high) = sheet.matrix.size(**drawing);
        wide <= columns && high < rows
    };
    let Some(&drawing) = Drawing::all().iter().find(fits) else {
        return Zeroizing::new(too_small(&sheet.matrix, place, columns, rows));
    };
    let mut page = sheet.matrix.drawn(drawing, palette);
    let mut line = format!("{}. {}", key(place), output::one_line(&sheet.title));
    let hint = ". Not readable? --window, or --png FILE";
    if drawing == Drawing::HalfBlocks && line.width() + hint.width() < columns {
        line.push_str(hint);
    }
    page.push_str(&cut(&line, columns.saturating_sub(1)));
    page
}

/// Says what Enter does.
fn key(Place { number, of }: Place) -> String {
    match of {
        1 => "Enter: close".into(),
        _ if number == of => format!("{number} of {of}. Enter: close"),
        _ => format!("{number} of {of}. Enter: next"),
    }
}

fn too_small(matrix: &Matrix, place: Place, columns: usize, rows: usize) -> String {
    let (wide, high) = Drawing::all().last().map_or((0, 0), |drawing| matrix.size(*drawing));
    let high = high + 1;
    let words = format!(
        "This QR needs {wide} columns and {high} rows, the window has {columns} and {rows}: make it larger. {}. \
         Or: --window",
        key(place)
    );
    output::wrap(&words, columns, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_pictures_are_numbered() {
        let one = Place { number: 1, of: 1 };
        let second = Place { number: 2, of: 3 };
        assert_eq!(file(Path::new("a/b.png"), one), Path::new("a/b.png"));
        assert_eq!(file(Path::new("a/b.c.png"), second), Path::new("a/b.c-2-of-3.png"));
        assert_eq!(file(Path::new("b"), second), Path::new("b-2-of-3.png"));
        assert_eq!(file(Path::new("b"), Place { number: 2, of: 10 }), Path::new("b-02-of-10.png"));
        let folder = std::env::temp_dir();
        assert_eq!(file(&folder, one), folder.join("countersign-1-of-1.png"));
    }

    #[test]
    fn enter_goes_on_to_the_next() {
        assert_eq!(key(Place { number: 1, of: 1 }), "Enter: close");
        assert_eq!(key(Place { number: 2, of: 3 }), "2 of 3. Enter: next");
        assert_eq!(key(Place { number: 3, of: 3 }), "3 of 3. Enter: close");
    }

    #[test]
    fn a_pipe_takes_one_picture() {
        assert!(Target::Output.has_room_for(1).is_ok() && Target::Output.has_room_for(2).is_err());
        assert!(Target::Window.has_room_for(9).is_ok());
    }
}
