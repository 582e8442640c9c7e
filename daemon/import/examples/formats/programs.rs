//! Reading by the programs, as the command line starts them.

use std::{
    fs::File,
    io::{self, Seek, Write},
    os::fd::AsRawFd,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use countersign_core::vault::Portable;
use rustix::fs::{MemfdFlags, memfd_create};
use serde_json::Value;

use crate::fixtures::{Beside, Reader, Reading};

/// The programs of one folder.
pub(crate) struct Programs {
    import: PathBuf,
    scan: PathBuf,
}

impl Programs {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { import: folder.join("countersign-import"), scan: folder.join("countersign-scan") }
    }
}

impl Reader for Programs {
    fn read(&self, bytes: &[u8], beside: &Beside, password: Option<&str>) -> Result<Reading, String> {
        let failed = |error: io::Error| format!("countersign-import: {error}");
        let file = in_memory(bytes, MemfdFlags::CLOEXEC).map_err(failed)?;
        // The program that is started finds it under the same number.
        let password =
            password.map(|text| in_memory(text.as_bytes(), MemfdFlags::empty())).transpose().map_err(failed)?;
        let mut command = Command::new(&self.import);
        if let Some(password) = &password {
            command.arg("--passphrase-fd").arg(password.as_raw_fd().to_string());
        }
        let open = |(name, bytes): &(&'static str, Vec<u8>)| Ok((*name, in_memory(bytes, MemfdFlags::empty())?));
        let beside: Vec<(&str, File)> = beside.iter().map(open).collect::<io::Result<_>>().map_err(failed)?;
        for (name, file) in &beside {
            command.arg("--beside").arg(format!("{name}:{}", file.as_raw_fd()));
        }
        let output = command.stdin(Stdio::from(file)).output().map_err(failed)?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(format!("{}: {why}", output.status));
        }
        let mut reading = Reading::default();
        let mut end = None;
        for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            take(&mut reading, &mut end, line)?;
        }
        if end == Some(reading.accounts.len() as u64) { Ok(reading) } else { Err("it ended before its time".into()) }
    }

    fn scan(&self, picture: &Path) -> Option<Result<Vec<String>, String>> {
        let picture = File::open(picture).map(Stdio::from).ok()?;
        let output = match Command::new(&self.scan).args(["--harder", "-"]).stdin(picture).output() {
            Ok(output) => output,
            Err(error) => return Some(Err(format!("countersign-scan: {error}"))),
        };
        let text = |line| serde_json::from_str::<Value>(line).ok()?["text"].as_str().map(str::to_owned);
        Some(Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(text).collect()))
    }
}

/// Takes a line of what `countersign-import` tells.
fn take(reading: &mut Reading, end: &mut Option<u64>, line: &[u8]) -> Result<(), String> {
    // The account goes to the reader of such lines as it stands.
    if let Some(account) = line.strip_prefix(b"{\"account\":").and_then(|rest| rest.strip_suffix(b"}")) {
        reading.accounts.push(Portable::read(account).map_err(|error| error.to_string())?);
        return Ok(());
    }
    let told: Value = serde_json::from_slice(line).map_err(|_| "it told no JSON")?;
    let text = |name: &str| told[name].as_str().map(str::to_owned);
    reading.left_out.extend(text("left_out").zip(text("why")));
    reading.notes.extend(text("note"));
    if let Some(format) = text("format") {
        reading.format = format;
    }
    *end = end.or(told["end"].as_u64());
    Ok(())
}

fn in_memory(bytes: &[u8], flags: MemfdFlags) -> io::Result<File> {
    let mut memory = File::from(memfd_create("fixture", flags)?);
    memory.write_all(bytes)?;
    memory.rewind()?;
    Ok(memory)
}
