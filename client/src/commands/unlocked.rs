//! `countersign unlocked`: answers by the exit code, says nothing and starts nothing.

use crate::{
    args::Global,
    error::{Error, exit},
    session::Session,
};

/// Runs the command.
pub(crate) async fn run(global: &Global) -> Result<(), Error> {
    match Session::open_running(global).await {
        Ok(session) if session.status.state == "unlocked" => Ok(()),
        _ => Err(Error::Said(exit::FAILURE)),
    }
}
