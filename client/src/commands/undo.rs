//! `countersign undo`: takes back the last change.

use crate::{
    args::Undo,
    error::Error,
    output,
    session::{Session, none},
};

/// Runs the command.
pub(crate) async fn run(_args: Undo, session: &mut Session) -> Result<(), Error> {
    session.unlock().await?;
    let what = session.secrets().await?.undo(none()).await?;
    output::line(&format!("Taken back: {}", output::one_line(&what)))
}
