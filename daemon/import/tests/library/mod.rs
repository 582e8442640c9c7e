//! Reading by the library: without a sandbox, and so in one process.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use countersign_core::secret::SecretText;
use countersign_import::{File, candidates};
use serde_json::Value;

use crate::fixtures::{Beside, Reader, Reading};

/// Reads by the library, and pictures by the program beside the tests, where it is built.
pub(crate) struct Library;

impl Reader for Library {
    fn read(&self, bytes: &[u8], beside: &Beside, password: Option<&str>) -> Result<Reading, String> {
        let file = File::new(bytes.to_vec());
        let file = beside.iter().fold(file, |file, (name, bytes)| file.with(name, bytes.clone()));
        let password = password.map(SecretText::from);
        let read = countersign_import::read(&candidates(&file), &file, password.as_ref());
        let (format, import) = read.map_err(|error| error.to_string())?;
        let left_out = import.left_out.into_iter().map(|left| (left.name, left.why.word().to_owned())).collect();
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
        let text = |line: &str| serde_json::from_str::<Value>(line).unwrap()["text"].as_str().map(str::to_owned);
        Some(Ok(lines.lines().filter_map(text).collect()))
    }
}
