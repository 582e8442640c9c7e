//! What `countersign-import` does for an export: it says what fits, writes, and reads back what another one of it wrote.

use std::{fs::File, io::Read, os::fd::OwnedFd};

use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Fitting, Format, Shape, format::URIS, loss::title, paper, scanned};
use crate::{
    error::{Error, exit},
    foreign::{self, Foreign, Refusal},
    memory, output,
    qr::Matrix,
};

/// An export as it goes to its place.
pub(crate) enum Made {
    /// One file.
    File(Zeroizing<Vec<u8>>),
    /// A picture a file, each a PNG.
    Pictures(Vec<Zeroizing<Vec<u8>>>),
}

/// A line of `countersign-import --fit`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Account { account: Value },
    Unfit { unfit: String },
}

/// Says what a file of the format would hold of the accounts, which are lines in memory.
pub(crate) async fn fit(format: &Format, lines: OwnedFd) -> Result<Fitting, Error> {
    let mut text = Zeroizing::new(Vec::new());
    let mut memory = File::from(lines);
    memory.read_to_end(&mut text).map_err(Error::io("the accounts can't be read"))?;
    let told = foreign::worker(&["--fit", format.written_as()], memory::file(&text)?.into(), None).await?;
    let accounts: Vec<Value> = parsed(&text)?;
    let becomes: Vec<Line> = parsed(&told)?;
    if accounts.len() != becomes.len() {
        return Err(Error::io("countersign-import")(std::io::ErrorKind::UnexpectedEof.into()));
    }
    let mut fitting = Fitting::default();
    for (account, becomes) in accounts.iter().zip(becomes) {
        fitting.take(
            account,
            match becomes {
                Line::Account { account } => Ok(account),
                Line::Unfit { unfit } => Err(unfit),
            },
        )?;
    }
    if format.shape == Shape::Sheet {
        // Nobody searches paper by anything else.
        fitting.held.sort_by_cached_key(|account| natural(&title(account).to_lowercase()));
    }
    Ok(fitting)
}

/// Returns what sorts a title as people do: numbers in it by their size.
fn natural(title: &str) -> Vec<(String, u128)> {
    let mut parts = vec![(String::new(), 0_u128)];
    for c in title.chars() {
        let last = parts.last_mut().expect("there is one from the start");
        match c.to_digit(10) {
            Some(digit) => {
                // One sign for a number, however long.
                if !last.0.ends_with('0') {
                    last.0.push('0');
                }
                last.1 = last.1.saturating_mul(10).saturating_add(digit.into());
            }
            None if last.0.ends_with('0') => parts.push((c.to_string(), 0)),
            None => last.0.push(c),
        }
    }
    parts
}

/// Makes the export of accounts that fit, and reads it back: what is returned holds just these accounts.
///
/// # Errors
/// An export that does not read back as it was given is never returned.
pub(crate) async fn make(format: &Format, held: &[Value], password: Option<&str>) -> Result<Made, Error> {
    let accounts = foreign::as_lines(held)?;
    let written = foreign::worker(&["--write", format.written_as()], memory::file(&accounts)?.into(), password).await?;
    let (made, back) = match format.shape {
        Shape::File => {
            let back = read(&written, &format.name, password).await?;
            (Made::File(written), back)
        }
        Shape::Pictures => {
            let pictures = lines_of(&written)?.map(picture).collect::<Result<Vec<_>, _>>()?;
            let back = read(&scanned::texts(&pictures).await?, URIS, None).await?;
            (Made::Pictures(pictures), back)
        }
        Shape::Sheet => {
            let page = paper::page(held, lines_of(&written)?)?;
            let back = read(&scanned::texts(&paper::pictures(&page)?).await?, URIS, None).await?;
            (Made::File(page), back)
        }
    };
    if back.accounts == held && back.left_out.is_empty() {
        return Ok(made);
    }
    output::say(&format!(
        "countersign: nothing was written: what was made as {} does not read back as it should",
        format.name
    ));
    Err(Error::Said(exit::FAILURE))
}

/// Reads what was written, by a worker of its own.
async fn read(bytes: &[u8], format: &str, password: Option<&str>) -> Result<Foreign, Error> {
    match foreign::read_from(memory::file(bytes)?.into(), "the export", format, password).await {
        Ok(found) => Ok(found),
        Err(Refusal::Failed(error)) => Err(error),
        Err(Refusal::Password(closed)) => Err(Error::Said(foreign::password_exit(closed.wrong))),
    }
}

fn picture(text: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut png = Zeroizing::new(Vec::new());
    Matrix::of(text)?.write_png(&mut *png).map_err(Error::io("a QR code can't be drawn"))?;
    Ok(png)
}

fn lines_of(text: &[u8]) -> Result<std::str::Lines<'_>, Error> {
    let odd = |_| Error::io("countersign-import")(std::io::ErrorKind::InvalidData.into());
    Ok(str::from_utf8(text).map_err(odd)?.lines())
}

fn parsed<T: for<'a> Deserialize<'a>>(text: &[u8]) -> Result<Vec<T>, Error> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let read = |line| serde_json::from_slice(line).map_err(|error| Error::io("countersign-import")(odd(&error)));
    lines.map(read).collect()
}

/// Returns the error without what was read, which may be a secret.
fn odd(error: &serde_json::Error) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, format!("an odd line: {:?}", error.classify()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_titles_sort_by_their_size() {
        let mut titles = ["site 10", "site 9", "10", "site 10 b", "site", "2", "site 1"];
        titles.sort_by_cached_key(|title| natural(title));
        assert_eq!(titles, ["2", "10", "site", "site 1", "site 9", "site 10", "site 10 b"]);
    }
}
