//! Every real export of `COUNTERSIGN_SHARED/fixtures` that there is: what comes out is what another program read there.
//!
//! The files are other projects' test data and no part of this one; without them this says so, and the project's own
//! samples stand alone. `tests/run formats FOLDER` does the same by the programs themselves, in their sandbox.

#![allow(clippy::unwrap_used, missing_docs)]

mod fixtures;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use countersign_core::secret::SecretText;
use countersign_import::{File, detect};
use fixtures::{Outcome, Reader, Reading};

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

/// Reads by the library, and pictures by the program beside the tests, where it is built.
struct Library;

impl Reader for Library {
    fn read(&self, bytes: &[u8], password: Option<&str>) -> Result<Reading, String> {
        let file = File::new(bytes.to_vec());
        let format = detect(&file).ok_or("not recognised")?;
        let import = format.read(&file, password.map(SecretText::from).as_ref()).map_err(|error| error.to_string())?;
        let left_out = import.left_out.into_iter().map(|left| left.name).collect();
        Ok(Reading { format: format.name().into(), accounts: import.accounts, left_out, notes: import.notes })
    }

    fn scan(&self, picture: &Path) -> Option<Result<Vec<String>, String>> {
        let scan = Path::new(env!("CARGO_BIN_EXE_countersign-import")).with_file_name("countersign-scan");
        if !scan.exists() {
            return None;
        }
        let picture = Stdio::from(fs::File::open(picture).unwrap());
        let output = Command::new(scan).args(["--harder", "-"]).stdin(picture).output().unwrap();
        let lines = String::from_utf8(output.stdout).unwrap();
        let text = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["text"].as_str().map(str::to_owned);
        Some(Ok(lines.lines().filter_map(text).collect()))
    }
}
