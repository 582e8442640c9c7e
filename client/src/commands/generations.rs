//! `countersign generations`: earlier vaults, for when the present one is lost.

use countersign_api::types::GenerationInfo;

use crate::{
    args::{Generations, GenerationsAction},
    error::Error,
    output,
    session::{Session, none},
    time,
};

/// Runs the command.
pub(crate) async fn run(args: Generations, session: &mut Session) -> Result<(), Error> {
    match args.action {
        GenerationsAction::List { json } => list(session, json).await,
        GenerationsAction::Take { name, yes } => take(session, &name, yes).await,
    }
}

async fn list(session: &mut Session, json: bool) -> Result<(), Error> {
    let found = session.secrets().await?.generations(none()).await?;
    let found: Vec<GenerationInfo> = found.into_iter().map(GenerationInfo::from).collect();
    if json {
        return output::json(&found);
    }
    if found.is_empty() {
        output::say("There is no earlier vault yet.");
    }
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    output::print(&output::listing(&rows))
}

fn row(generation: &GenerationInfo) -> Vec<String> {
    let number = if generation.number == 0 { String::new() } else { format!("number {}", generation.number) };
    vec![generation.name.clone(), time::iso(generation.created), number, generation.why.clone()]
}

async fn take(session: &mut Session, name: &str, yes: bool) -> Result<(), Error> {
    let question = format!("Put the vault {} in the place of the present one?", output::one_line(name));
    session.asking.meant(yes, &question, "nothing was changed").await?;
    let passphrase = session.asking.passphrase("The passphrase that it had: ").await?;
    session.secrets().await?.take_generation(name, &passphrase, none()).await?;
    output::line(&format!("The vault {} is in use. The one before it is a generation now.", output::one_line(name)))
}
