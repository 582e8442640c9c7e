//! Pictures of QR codes, read by `countersign-scan`: the texts of all of them are one list, so that the parts of an export that
//! stand on several find each other.

use std::{
    io::Seek,
    path::PathBuf,
    process::{Output, Stdio},
};

use countersign_api::connect;
use serde::Deserialize;
use tokio::process::Command;
use zeroize::{Zeroize, Zeroizing};

use super::{DAMAGED, DAMAGED_EXIT, LeftOut, given::Given, next_step};
use crate::{
    error::{Error, exit},
    memory, output,
};

/// What stood on pictures so far.
#[derive(Default)]
pub(super) struct Pictures {
    shown: Vec<String>,
    paths: Vec<PathBuf>,
    list: Zeroizing<String>,
}

/// A line of `countersign-scan`.
#[derive(Deserialize)]
struct Found {
    text: Option<String>,
    #[serde(default)]
    binary: bool,
}

impl Pictures {
    /// Reads a picture; one without a code is left out.
    pub(super) async fn read(&mut self, picture: Given, left_out: &mut Vec<LeftOut>) -> Result<(), Error> {
        let mut found = scan(&picture, &[]).await?;
        if found.status.code() == Some(NOTHING) {
            found = scan(&picture, &["--harder"]).await?;
        }
        let reason = match found.status.code() {
            Some(0) => None,
            Some(NOTHING) => Some(NO_CODE),
            Some(BAD_PICTURE) => Some("it is damaged, or too large a picture"),
            _ => Some("what reads pictures ended before its time"),
        };
        if reason.is_none() {
            self.paths.extend(picture.paths);
        }
        if let Some(reason) = reason {
            left_out.push(LeftOut {
                name: picture.shown.clone(),
                why: "bad".into(),
                reason: reason.into(),
                ..LeftOut::default()
            });
        }
        for line in Zeroizing::new(found.stdout).split(|byte| *byte == b'\n') {
            let Ok(Found { text: Some(mut text), binary: false }) = serde_json::from_slice(line) else { continue };
            // A line each: no account has a line's end in it.
            self.list.extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }).chain(['\n']));
            text.zeroize();
        }
        self.shown.push(picture.shown);
        Ok(())
    }

    /// Returns what stood on all of them, as a list of URIs; `None` where nothing did.
    pub(super) fn list(self) -> Result<Option<Given>, Error> {
        if self.list.is_empty() {
            return Ok(None);
        }
        let shown = self.shown.join(", ");
        let file = memory::file(self.list.as_bytes())?;
        Ok(Some(Given { paths: self.paths, ..Given::in_memory(shown, "uris", file) }))
    }
}

/// Returns why pictures gave nothing, beside which nothing else is to be read; of all but the last it is said at once.
pub(super) fn nothing_on(mut left_out: Vec<LeftOut>) -> Option<Error> {
    let code = if left_out.iter().any(|left| left.reason == NO_CODE) { exit::NO_QR } else { DAMAGED_EXIT };
    let hint = if code == exit::NO_QR { WHOLE } else { next_step(DAMAGED, false) };
    let LeftOut { name: shown, reason: why, .. } = left_out.pop()?;
    for LeftOut { name, reason, .. } in left_out {
        output::say(&format!("countersign: {name}: {reason}"));
    }
    Some(Error::Foreign { shown, why, code, hint })
}

async fn scan(picture: &Given, options: &[&str]) -> Result<Output, Error> {
    let failed = || Error::io("countersign-scan");
    let program = connect::program("countersign-scan");
    let program = program.ok_or_else(|| Error::Usage("countersign-scan is not installed".into()))?;
    let mut file = picture.file.try_clone().map_err(failed())?;
    file.rewind().map_err(failed())?;
    let mut command = Command::new(program);
    command.args(options).arg("-").stdin(file).stderr(Stdio::null()).kill_on_drop(true);
    command.output().await.map_err(failed())
}

const WHOLE: &str = "the whole QR has to be on it, sharp; or show it on the screen: countersign scan";
const NO_CODE: &str = "no QR code was found on it";
/// Exit codes of `countersign-scan`.
const NOTHING: i32 = 1;
const BAD_PICTURE: i32 = 4;
