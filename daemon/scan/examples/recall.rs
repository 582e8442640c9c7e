//! Prints how many codes of a set of pictures are read, by category, beside rxing's own reader on both polarities.
//!
//! `cargo run --release -p countersign-scan --example recall -- FOLDER…`, each with a `manifest.tsv`. With `-v` also the
//! pictures that were not read whole.

#![allow(clippy::print_stdout, missing_docs)]

#[path = "../tests/corpus/mod.rs"]
mod corpus;

use std::{collections::BTreeMap, path::Path, time::Duration};

use corpus::Reading;

fn main() {
    let (options, folders): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|arg| arg == "-v");
    for folder in folders {
        let readings = corpus::read_all(&corpus::entries(Path::new(&folder)));
        print_table(&folder, &readings);
        if !options.is_empty() {
            for reading in readings.iter().filter(|reading| reading.ours < reading.present || reading.unknown > 0) {
                println!("{}: {} of {}", reading.file.display(), reading.ours, reading.present);
            }
        }
    }
}

fn print_table(folder: &str, readings: &[Reading]) {
    println!("{folder}\n{:24}{:>8}{:>8}{:>8}{:>9}{:>9}", "category", "codes", "ours", "rxing", "unknown", "max ms");
    let mut categories: BTreeMap<&str, Vec<&Reading>> = BTreeMap::new();
    for reading in readings {
        categories.entry(&reading.category).or_default().push(reading);
    }
    for (category, readings) in &categories {
        print_row(category, readings);
    }
    print_row("all", &readings.iter().collect::<Vec<_>>());
}

fn print_row(name: &str, readings: &[&Reading]) {
    let sum = |count: fn(&Reading) -> usize| readings.iter().map(|reading| count(reading)).sum::<usize>();
    let slowest = readings.iter().map(|reading| reading.took).max().unwrap_or(Duration::ZERO).as_millis();
    println!(
        "{name:24}{:>8}{:>8}{:>8}{:>9}{slowest:>9}",
        sum(|reading| reading.present),
        sum(|reading| reading.ours),
        sum(|reading| reading.rxings),
        sum(|reading| reading.unknown),
    );
}
