//! Sets of pictures with known texts: a folder with a `manifest.tsv` that names, among other things, `file`,
//! `category` and `payloads` (a JSON list).

#![allow(dead_code, reason = "the table of examples/recall.rs shows more than the test asks")]

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use countersign_scan::{
    decode::{self, Content, Effort},
    grey::Grey,
    picture,
};
use rxing::{
    BarcodeFormat, BinaryBitmap, DecodeHints, Luma8LuminanceSource, common::HybridBinarizer,
    multi::MultipleBarcodeReader, qrcode::cpp_port::QrReader,
};

/// A picture and the texts on it.
pub(crate) struct Entry {
    pub(crate) file: PathBuf,
    pub(crate) category: String,
    pub(crate) payloads: Vec<String>,
}

/// What was read off one picture.
pub(crate) struct Reading {
    pub(crate) category: String,
    pub(crate) file: PathBuf,
    pub(crate) present: usize,
    /// Texts of the picture that this decoder found, and those that rxing found.
    pub(crate) ours: usize,
    pub(crate) rxings: usize,
    /// Texts found that the manifest does not know.
    pub(crate) unknown: usize,
    /// How long the decoder took.
    pub(crate) took: Duration,
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
            file: folder.join(fields[file]),
            category: fields[category].to_owned(),
            payloads: serde_json::from_str(fields[payloads]).expect("payloads are a JSON list"),
        }
    };
    lines.map(entry).collect()
}

/// Reads all pictures, on two threads.
pub(crate) fn read_all(entries: &[Entry]) -> Vec<Reading> {
    let (left, right) = entries.split_at(entries.len() / 2);
    thread::scope(|scope| {
        let other = scope.spawn(|| left.iter().map(read).collect::<Vec<_>>());
        let mut all: Vec<Reading> = right.iter().map(read).collect();
        all.extend(other.join().expect("the other half is read"));
        all
    })
}

fn read(entry: &Entry) -> Reading {
    let picture = picture::decode(&fs::read(&entry.file).expect("the picture is there")).expect("it is a picture");
    let start = Instant::now();
    let found = decode::scan(&picture, Effort::First, start + Duration::from_secs(60));
    let took = start.elapsed();
    let texts = found.into_iter().filter_map(|code| match code.content {
        Content::Text(text) | Content::Bytes(text) => Some(text.to_string()),
        Content::Part { .. } => None,
    });
    let (ours, unknown) = compare(texts.collect(), &entry.payloads);
    let (rxings, _) = compare(rxing_both(picture.grey()), &entry.payloads);
    let (category, file) = (entry.category.clone(), entry.file.clone());
    Reading { category, file, present: entry.payloads.len(), ours, rxings, unknown, took }
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

/// What rxing's own reader finds on the picture and on its negative: the figure to be at least as good as.
fn rxing_both(grey: &Grey) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for picture in [&Grey::new(grey.width(), grey.height(), grey.pixels().to_vec()).expect("a copy"), &grey.inverted()]
    {
        for text in catch_unwind(AssertUnwindSafe(|| rxing(picture))).unwrap_or_default() {
            if !all.contains(&text) {
                all.push(text);
            }
        }
    }
    all
}

fn rxing(grey: &Grey) -> Vec<String> {
    let hints = DecodeHints {
        TryHarder: Some(true),
        PossibleFormats: Some([BarcodeFormat::QR_CODE].into_iter().collect()),
        ..DecodeHints::default()
    };
    let (width, height) = (grey.width() as u32, grey.height() as u32);
    let source = Luma8LuminanceSource::new(grey.pixels().to_vec(), width, height).expect("the sizes agree");
    let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
    let results = QrReader.decode_multiple_with_hints(&mut bitmap, &hints).unwrap_or_default();
    results.iter().map(|result| result.getText().to_owned()).collect()
}
