//! Prints how many codes of a set of pictures are read, by category, what a look costs, and how much memory it takes;
//! beside zxing-cpp's figures of the same run where it is at hand.
//!
//! `tests/run recall FOLDER…` runs it, each folder with a `manifest.tsv` (`file`, `category`, `payloads` as a JSON list).
//! Options: `-v` also names the pictures that were not read whole, `--harder` walks all steps, `--zxing PYTHON` is the
//! interpreter that has zxing-cpp.

#![allow(clippy::print_stdout, missing_docs)]

#[path = "../../tests/corpus/mod.rs"]
mod corpus;
mod cost;
mod zxing;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use corpus::Reading;
use countersign_scan::decode::Effort;
use zxing::Readings;

fn main() {
    let options = Options::parse(std::env::args().skip(1));
    if let Some(picture) = &options.memory {
        return cost::print_memory(picture);
    }
    // Also those that the ladder survives.
    std::panic::set_hook(Box::new(|_| {
        PANICS.fetch_add(1, Ordering::Relaxed);
    }));
    for folder in &options.folders {
        print_set(folder, &options);
    }
}

static PANICS: AtomicUsize = AtomicUsize::new(0);

struct Options {
    verbose: bool,
    effort: Effort,
    zxing: Option<PathBuf>,
    /// Only says how much memory this one picture takes.
    memory: Option<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Self {
        let mut options =
            Self { verbose: false, effort: Effort::First, zxing: None, memory: None, folders: Vec::new() };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "-v" => options.verbose = true,
                "--harder" => options.effort = Effort::Whole,
                "--zxing" => options.zxing = arguments.next().map(PathBuf::from),
                "--memory" => options.memory = arguments.next().map(PathBuf::from),
                folder => options.folders.push(folder.into()),
            }
        }
        options
    }
}

fn print_set(folder: &Path, options: &Options) {
    let entries = corpus::entries(folder);
    let before = PANICS.load(Ordering::Relaxed);
    let readings = corpus::read_all(&entries, options.effort);
    let panics = PANICS.load(Ordering::Relaxed) - before;
    let zxing = options.zxing.as_deref().and_then(|python| zxing::read_all(python, folder));
    println!("{}", folder.display());
    print_table(&readings, zxing.as_ref());
    println!("panics within a step: {panics}");
    if options.verbose {
        for reading in readings.iter().filter(|one| one.right < one.entry.payloads.len() || one.wrong > 0) {
            let (right, present, wrong) = (reading.right, reading.entry.payloads.len(), reading.wrong);
            println!("  {}: {right} of {present}, {wrong} wrong", reading.entry.file);
        }
    }
    cost::print(&readings, options.effort, zxing.as_ref());
}

fn print_table(readings: &[Reading], zxing: Option<&Readings>) {
    println!(
        "{:24}{:>9}{:>7}{:>7}{:>9}{:>7}{:>12}{:>7}",
        "", "pictures", "codes", "ours", "", "wrong", "zxing-cpp", "wrong"
    );
    let mut categories: BTreeMap<&str, Vec<&Reading>> = BTreeMap::new();
    for reading in readings {
        categories.entry(&reading.entry.category).or_default().push(reading);
    }
    for (category, readings) in &categories {
        print_row(category, readings, zxing);
    }
    print_row("all", &readings.iter().collect::<Vec<_>>(), zxing);
}

fn print_row(name: &str, readings: &[&Reading], zxing: Option<&Readings>) {
    let sum = |count: &dyn Fn(&Reading) -> usize| readings.iter().map(|reading| count(reading)).sum::<usize>();
    let present = sum(&|reading| reading.entry.payloads.len());
    let right = sum(&|reading| reading.right);
    let share = if present == 0 { String::new() } else { format!("{:.1} %", right as f64 * 100.0 / present as f64) };
    let wrong = sum(&|reading| reading.wrong);
    let zxings = |count: &dyn Fn(&zxing::Reading) -> usize| {
        zxing.map_or("-".to_owned(), |all| sum(&|reading| count(&all[&reading.entry.file])).to_string())
    };
    let (zxing_right, zxing_wrong) = (zxings(&|one| one.right), zxings(&|one| one.wrong));
    println!(
        "{name:24}{:>9}{present:>7}{right:>7}{share:>9}{wrong:>7}{zxing_right:>12}{zxing_wrong:>7}",
        readings.len()
    );
}
