//! What can be written: the formats of `countersign-import`, and those of them that are drawn here.

use serde::{Deserialize, Serialize};

use crate::{error::Error, foreign, output};

/// A format that can be written.
#[derive(Debug, Serialize)]
pub(crate) struct Format {
    /// The word by which it is chosen.
    #[serde(rename = "format")]
    pub(crate) name: String,
    /// What people call it.
    pub(crate) title: String,
    /// Whether it is encrypted.
    pub(crate) encrypts: Encrypts,
    /// What becomes of what `countersign-import` writes.
    #[serde(skip)]
    pub(crate) shape: Shape,
}

/// Whether the files of a format are encrypted by a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encrypts {
    /// Never.
    Never,
    /// Where one is given.
    Optional,
    /// Always.
    Always,
}

/// What becomes of what `countersign-import` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// It is the file.
    File,
    /// Each of its lines becomes a picture.
    Pictures,
    /// Each of its lines becomes a QR on a page to print.
    Sheet,
}

impl Format {
    /// Returns every format that can be written, in the order of the alphabet.
    pub(crate) async fn all() -> Result<Vec<Self>, Error> {
        let known = foreign::formats().await?.into_iter();
        let mut all: Vec<Self> = known
            .filter_map(|known| {
                let shape = if known.name == MIGRATION { Shape::Pictures } else { Shape::File };
                Some(Self { name: known.name, title: known.title, encrypts: known.encrypts?, shape })
            })
            .collect();
        let (name, title) = (SHEET.to_owned(), "A page to print, with QR codes (HTML)".to_owned());
        all.push(Self { name, title, encrypts: Encrypts::Never, shape: Shape::Sheet });
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// Returns the format of this name.
    ///
    /// # Errors
    /// [`Error::Usage`] where there is none, with those that there are.
    pub(crate) async fn named(name: &str) -> Result<Self, Error> {
        let all = Self::all().await?;
        let names: Vec<String> = all.iter().map(|format| format.name.clone()).collect();
        all.into_iter().find(|format| format.name == name).ok_or_else(|| {
            let (name, names) = (output::one_line(name), names.join(", "));
            Error::Usage(format!("nothing can be written as \"{name}\": there are {names}"))
        })
    }

    /// Returns the name of the format that `countersign-import` writes and reads for it.
    pub(crate) fn written_as(&self) -> &str {
        if self.shape == Shape::Sheet { URIS } else { &self.name }
    }

    /// Whether its files are text that a terminal can show.
    pub(crate) fn is_text(&self) -> bool {
        self.encrypts != Encrypts::Always && self.shape != Shape::Pictures
    }
}

const MIGRATION: &str = "google-migration";
const SHEET: &str = "sheet";
/// What QR codes say, one a line.
pub(super) const URIS: &str = "uris";
