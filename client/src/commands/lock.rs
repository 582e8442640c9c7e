//! `countersign lock`: wipes the key and the accounts out of the daemon's memory.

use crate::{
    error::Error,
    output,
    session::{Session, none},
};

/// Runs the command.
pub(crate) async fn run(session: &mut Session) -> Result<(), Error> {
    session.vault().await?.lock(none()).await?;
    output::line_for_person("Locked.")
}
