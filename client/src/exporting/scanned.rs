//! What `countersign-scan` reads in pictures that were drawn here: the same eyes as for any other's QR.

use std::process::Stdio;

use countersign_api::connect;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use tokio::process::Command;
use zeroize::Zeroizing;

use crate::{error::Error, memory};

/// A line of `countersign-scan`.
#[derive(Deserialize)]
struct Code {
    text: Option<String>,
}

/// Returns what the QR codes in pictures say, a line each, in their order.
///
/// # Errors
/// A picture without a code that can be read.
pub(super) async fn texts(pictures: &[Zeroizing<Vec<u8>>]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let reading = stream::iter(pictures).map(|picture| text(picture)).buffered(AT_ONCE);
    let texts: Vec<Zeroizing<String>> = reading.try_collect().await?;
    let mut all = Zeroizing::new(Vec::with_capacity(texts.iter().map(|text| text.len() + 1).sum()));
    for text in &texts {
        all.extend_from_slice(text.as_bytes());
        all.push(b'\n');
    }
    Ok(all)
}

async fn text(picture: &[u8]) -> Result<Zeroizing<String>, Error> {
    let failed = || Error::io("a QR code that was drawn can't be read back (countersign-scan)");
    let program = connect::program("countersign-scan");
    let program = program.ok_or_else(|| Error::Usage("countersign-scan is not installed".into()))?;
    let mut command = Command::new(program);
    command.arg("-").stdin(Stdio::from(memory::file(picture)?)).stderr(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(failed())?;
    let told = Zeroizing::new(output.stdout);
    let read: Result<Code, _> = serde_json::from_slice(told.split(|byte| *byte == b'\n').next().unwrap_or_default());
    let text = read.ok().and_then(|code| code.text).map(Zeroizing::new);
    text.ok_or_else(|| failed()(std::io::ErrorKind::InvalidData.into()))
}

/// So many pictures at a time: each costs a process of some milliseconds.
const AT_ONCE: usize = 4;
