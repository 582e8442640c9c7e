//! `countersign slots`: the ways to open the vault.

use countersign_api::types::SlotInfo;

use crate::{
    args::{Slots, SlotsAction},
    error::Error,
    output,
    session::{Session, none},
    time,
};

/// Runs the command.
pub(crate) async fn run(args: Slots, session: &mut Session) -> Result<(), Error> {
    let (name, adds) = match args.action {
        None | Some(SlotsAction::List) => return list(session, args.json).await,
        Some(SlotsAction::Add { name }) => (name, true),
        Some(SlotsAction::Remove { name }) => (name, false),
    };
    session.unlock().await?;
    session.prove().await?;
    let secrets = session.secrets().await?;
    if adds {
        secrets.add_slot(&name, none()).await?;
    } else {
        secrets.remove_slot(&name, none()).await?;
    }
    let done = if adds { "opens the vault from now on" } else { "opens the vault no more" };
    output::line(&format!("{} {done}.", output::one_line(&name)))
}

async fn list(session: &mut Session, json: bool) -> Result<(), Error> {
    let slots: Vec<SlotInfo> = session.secrets().await?.slots(none()).await?.into_iter().map(SlotInfo::from).collect();
    if json {
        return output::json(&slots);
    }
    let rows: Vec<Vec<String>> = slots.iter().map(row).collect();
    output::print(&output::listing(&rows))
}

fn row(slot: &SlotInfo) -> Vec<String> {
    let created = if slot.created == 0 { String::new() } else { time::iso(slot.created) };
    vec![slot.name.clone(), slot.what.clone(), created]
}
