//! The project's own pictures, two of each way in which a code is hard to read: `examples/samples` drew them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod corpus;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use corpus::Entry;
use countersign_scan::decode::Effort;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/samples")
}

fn assert_read(effort: Effort) {
    let entries = corpus::entries(&folder());
    let readings = corpus::read_all(&entries, effort);
    let missed: Vec<&str> = readings
        .iter()
        .filter(|one| one.right < one.entry.payloads.len() || one.wrong > 0 || one.panicked)
        .map(|one| one.entry.file.as_str())
        .collect();
    assert!(missed.is_empty(), "not read as drawn: {missed:?}");
}

#[test]
fn every_sample_is_read_and_nothing_else() {
    assert_read(Effort::First);
}

#[test]
fn looking_harder_reads_no_less_and_nothing_wrong() {
    assert_read(Effort::Whole);
}

#[test]
fn there_are_two_of_each_category_and_some_without_a_code() {
    let entries = corpus::entries(&folder());
    let mut categories: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in &entries {
        categories.entry(&entry.category).or_default().push(entry);
    }
    assert!(categories.len() > 30);
    for (category, entries) in categories {
        assert_eq!(entries.len(), 2, "{category}");
        assert!(entries.iter().all(|entry| entry.payloads.is_empty() == (category == "none")), "{category}");
    }
}
