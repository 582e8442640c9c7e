//! `countersign remove`: moves an account to the trash.

use countersign_api::types::AccountInfo;

use crate::{
    args::Remove,
    error::Error,
    output,
    session::{Session, none},
};

/// Runs the command.
pub(crate) async fn run(args: Remove, session: &mut Session) -> Result<(), Error> {
    let account = session.account(&args.name.text()).await?;
    let title = output::one_line(&account.title);
    session.asking.meant(args.yes, &format!("Move {title} to the trash?"), "nothing was removed").await?;
    let removed: AccountInfo = session.secrets().await?.remove(&account.id, none()).await?.into();
    let title = output::one_line(&removed.title);
    output::line(&format!("Moved {title} to the trash, where it stays for 30 days: countersign undo takes it back"))
}
