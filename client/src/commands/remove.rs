//! `countersign remove`: moves an account to the trash.

use countersign_api::types::AccountInfo;

use crate::{
    args::Remove,
    error::Error,
    keeping, output,
    session::{Session, none},
};

/// Runs the command.
pub(crate) async fn run(args: Remove, session: &mut Session) -> Result<(), Error> {
    let account = session.account(&args.name.text()).await?;
    let title = output::one_line(&account.title);
    if !args.yes {
        let tty = session.asking.tty();
        let tty =
            tty.ok_or_else(|| Error::Usage("there is no terminal to ask on: say that you mean it by --yes".into()))?;
        if !tty.yes(&format!("Move {title} to the trash?"), false).await? {
            return Err(keeping::declined("nothing was removed"));
        }
    }
    let removed: AccountInfo = session.secrets().await?.remove(&account.id, none()).await?.into();
    let title = output::one_line(&removed.title);
    output::line(&format!("Moved {title} to the trash, where it stays for 30 days: countersign undo takes it back"))
}
