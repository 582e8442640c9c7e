//! `countersign undo`: takes back the last change.

use serde::Serialize;

use crate::{
    args::Undo,
    error::Error,
    output,
    session::{Session, none},
};

/// Runs the command.
pub(crate) async fn run(args: Undo, session: &mut Session) -> Result<(), Error> {
    session.unlock().await?;
    let undone = session.secrets().await?.undo(none()).await?;
    if args.json {
        return output::json(&Undone { undone });
    }
    output::line(&format!("Undone: {}", output::one_line(&undone)))
}

/// What `--json` prints.
#[derive(Serialize)]
struct Undone {
    undone: String,
}
