//! What zxing-cpp reads of the same pictures, by a Python that has it.

use std::{collections::HashMap, path::Path, process::Command};

use serde::Deserialize;

/// What it read off one picture.
#[derive(Deserialize)]
pub(crate) struct Reading {
    file: String,
    pub(crate) right: usize,
    pub(crate) wrong: usize,
    /// Processor time in ms, the least of some runs.
    pub(crate) ms: f64,
}

/// Its readings by file.
pub(crate) type Readings = HashMap<String, Reading>;

/// Runs it on a folder; `None` where it is not to be had, which is said.
pub(crate) fn read_all(python: &Path, folder: &Path) -> Option<Readings> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/recall/zxing.py");
    let output = Command::new(python).arg(script).arg(folder).output().ok()?;
    if !output.status.success() {
        eprintln!("zxing-cpp does not run: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    let lines = String::from_utf8(output.stdout).ok()?;
    let readings = lines.lines().map(|line| serde_json::from_str(line).expect("a reading"));
    Some(readings.map(|reading: Reading| (reading.file.clone(), reading)).collect())
}
