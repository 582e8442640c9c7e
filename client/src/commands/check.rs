//! `countersign check`: tells what a URI or a QR's text says, and what is odd about it. Nothing is kept.

use countersign_api::types::Candidate;

use crate::{
    args::Check,
    candidate::{self, Sort},
    error::{Error, exit},
    input, output,
    session::{Session, none},
};

/// Runs the command.
pub(crate) async fn run(args: Check, session: &mut Session) -> Result<(), Error> {
    input::only_dash(args.input.as_deref())?;
    let text = input::all("the URI")?;
    let found: Candidate = session.secrets().await?.check(text.trim(), none()).await?.into();
    if args.json {
        output::json(&found)?;
    } else {
        output::print(&candidate::describe(&found, output::width()))?;
    }
    match Sort::of(&found) {
        Sort::Keepable => Ok(()),
        Sort::OneTime => Err(Error::Said(exit::ONE_TIME)),
        Sort::Other => Err(Error::Said(exit::NO_QR)),
    }
}
