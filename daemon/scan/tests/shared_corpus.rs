//! Recall on sets of real pictures, where they are at hand: in `COUNTERSIGN_SHARED`, else beside the project.
//!
//! `examples/recall.rs` prints the same figures by category.

mod corpus;

use std::{env, path::PathBuf};

use corpus::Reading;

/// Returns the readings of a set, or says that it is not there.
fn readings(set: &str) -> Option<Vec<Reading>> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let folder = PathBuf::from(env::var_os("COUNTERSIGN_SHARED").unwrap_or(beside.into())).join("qr").join(set);
    if !folder.join("manifest.tsv").exists() {
        eprintln!("{set}: no shared pictures at hand; tests/pictures.rs has the project's own");
        return None;
    }
    let readings = corpus::read_all(&corpus::entries(&folder));
    let sum = |count: fn(&Reading) -> usize| readings.iter().map(count).sum::<usize>();
    let (ours, rxings) = (sum(|reading| reading.ours), sum(|reading| reading.rxings));
    eprintln!("{set}: {ours} of {} codes read, rxing alone {rxings}", sum(|reading| reading.present));
    assert!(ours >= rxings, "{set}: {ours} codes read, rxing alone reads {rxings}");
    Some(readings)
}

#[test]
fn screens_are_read_at_least_as_well_as_by_rxing_alone() {
    for reading in readings("screen").unwrap_or_default() {
        assert_eq!(reading.unknown, 0, "{}: a text that is not there", reading.file.display());
    }
}

#[test]
fn public_pictures_are_read_at_least_as_well_as_by_rxing_alone() {
    // Three of their texts are known to be wrong (a code inside a code, a slip of the pen).
    let readings = readings("public").unwrap_or_default();
    assert!(readings.iter().map(|reading| reading.unknown).sum::<usize>() <= 3);
    for reading in readings.iter().filter(|reading| reading.present == 0) {
        assert_eq!(reading.unknown, 0, "{}: a text out of a picture without a code", reading.file.display());
    }
}
