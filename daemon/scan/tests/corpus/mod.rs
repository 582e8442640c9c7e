//! Sets of pictures with known texts: a folder with a `manifest.tsv` that names, among other things, `file`,
//! `category` and `payloads` (a JSON list).

#![allow(dead_code, reason = "the table of examples/recall shows more than the test asks")]

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use countersign_scan::{
    decode::{self, Content, Effort, Found},
    picture,
    pixels::Pixels,
};

/// A picture and the texts on it.
pub(crate) struct Entry {
    pub(crate) folder: PathBuf,
    pub(crate) file: String,
    pub(crate) category: String,
    pub(crate) payloads: Vec<String>,
}

impl Entry {
    /// Where the picture lies.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(&self.file)
    }
}

/// What was read off one picture.
pub(crate) struct Reading<'a> {
    pub(crate) entry: &'a Entry,
    /// Texts of the picture that were found.
    pub(crate) right: usize,
    /// Texts found that the manifest does not know.
    pub(crate) wrong: usize,
    /// Whether the decoder panicked as a whole.
    pub(crate) panicked: bool,
    /// Size of the picture.
    pub(crate) size: (usize, usize),
}

/// Reads the manifest of a folder.
pub(crate) fn entries(folder: &Path) -> Vec<Entry> {
    let manifest = fs::read_to_string(folder.join("manifest.tsv")).expect("the folder has a manifest.tsv");
    let mut lines = manifest.lines();
    let head: Vec<&str> = lines.next().expect("a head line").split('\t').collect();
    let column = |name: &str| head.iter().position(|title| *title == name).expect("a column of the manifest");
    let (file, category, payloads) = (column("file"), column("category"), column("payloads"));
    let entry = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        Entry {
            folder: folder.to_owned(),
            file: fields[file].to_owned(),
            category: fields[category].to_owned(),
            payloads: serde_json::from_str(fields[payloads]).expect("payloads are a JSON list"),
        }
    };
    lines.map(entry).collect()
}

/// Reads all pictures, on two threads.
pub(crate) fn read_all(entries: &[Entry], effort: Effort) -> Vec<Reading<'_>> {
    let (left, right) = entries.split_at(entries.len() / 2);
    thread::scope(|scope| {
        let other = scope.spawn(|| left.iter().map(|entry| read(entry, effort)).collect::<Vec<_>>());
        let own: Vec<Reading> = right.iter().map(|entry| read(entry, effort)).collect();
        other.join().expect("the other half is read").into_iter().chain(own).collect()
    })
}

fn read(entry: &Entry, effort: Effort) -> Reading<'_> {
    let pixels = open(entry);
    let found = catch_unwind(AssertUnwindSafe(|| scan(&pixels, effort)));
    let panicked = found.is_err();
    let texts = found.unwrap_or_default().into_iter().filter_map(|code| match code.content {
        Content::Text(text) | Content::Bytes(text) => Some(text.to_string()),
        Content::Part { .. } => None,
    });
    let (right, wrong) = compare(texts.collect(), &entry.payloads);
    Reading { entry, right, wrong, panicked, size: (pixels.grey().width(), pixels.grey().height()) }
}

/// Opens a picture of the set.
pub(crate) fn open(entry: &Entry) -> Pixels {
    picture::decode(&fs::read(entry.path()).expect("the picture is there")).expect("it is a picture")
}

/// Decodes with more time than it needs.
pub(crate) fn scan(pixels: &Pixels, effort: Effort) -> Vec<Found> {
    decode::scan(pixels, effort, Instant::now() + Duration::from_secs(60))
}

/// Returns how many of the texts were found, and how many findings are none of them.
fn compare(mut found: Vec<String>, present: &[String]) -> (usize, usize) {
    let before = found.len();
    for text in present {
        if let Some(place) = found.iter().position(|other| other == text) {
            found.swap_remove(place);
        }
    }
    (before - found.len(), found.len())
}
