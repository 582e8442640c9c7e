//! Recall on sets of real pictures, where they are at hand: in `COUNTERSIGN_SHARED`, else beside the project.
//!
//! `tests/run recall DIR` prints the same figures by category.

mod corpus;

use std::{env, path::PathBuf};

use countersign_scan::decode::Effort;

/// Reads a set, or says that it is not there; `least` of a thousand of its codes must be read, and no more than `wrong`
/// texts be none of its.
fn assert_read(set: &str, least: usize, wrong: usize) {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let folder = PathBuf::from(env::var_os("COUNTERSIGN_SHARED").unwrap_or(beside.into())).join("qr").join(set);
    if !folder.join("manifest.tsv").exists() {
        eprintln!("{set}: no shared pictures at hand; tests/samples.rs has the project's own");
        return;
    }
    let entries = corpus::entries(&folder);
    let readings = corpus::read_all(&entries, Effort::First);
    let present: usize = entries.iter().map(|entry| entry.payloads.len()).sum();
    let right: usize = readings.iter().map(|reading| reading.right).sum();
    eprintln!("{set}: {right} of {present} codes read");
    assert!(right * 1000 >= present * least, "{set}: {right} of {present} codes read");
    assert!(readings.iter().map(|reading| reading.wrong).sum::<usize>() <= wrong, "{set}: a text that is not there");
    for reading in &readings {
        let file = &reading.entry.file;
        assert!(!reading.panicked, "{file}: a panic");
        assert!(
            reading.wrong == 0 || !reading.entry.payloads.is_empty(),
            "{file}: a text off a picture without a code"
        );
    }
}

#[test]
fn screens_are_read() {
    assert_read("screen", 995, 0);
}

#[test]
fn public_pictures_are_read() {
    // Three of their texts are known to be wrong (a code inside a code, a slip of the pen).
    assert_read("public", 945, 3);
}
