//! Every real export of `COUNTERSIGN_SHARED/fixtures` that there is: what comes out is what another program read there.
//!
//! The files are other projects' test data and no part of this one; without them this says so, and the project's own
//! samples stand alone. `tests/run formats FOLDER` does the same by the programs themselves, in their sandbox.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod fixtures;
mod library;

use std::{
    env,
    path::{Path, PathBuf},
};

use fixtures::Outcome;
use library::Library;

#[test]
fn real_exports_give_what_their_programs_read() {
    let folder = env::var_os("COUNTERSIGN_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from)
        .join("fixtures");
    if !folder.is_dir() {
        println!("no folder of real exports is here: only the project's own samples are read");
        return;
    }
    let mut differing = Vec::new();
    for case in fixtures::cases(&folder) {
        match case.check(&Library) {
            Outcome::Equal => {}
            Outcome::Differing(why) => differing.push(format!("{}: {why}", case.name(&folder))),
            Outcome::Left(why) => println!("{}: left to tests/run formats: {why}", case.name(&folder)),
        }
    }
    assert!(differing.is_empty(), "files differ from what other programs read in them:\n{}", differing.join("\n"));
}
