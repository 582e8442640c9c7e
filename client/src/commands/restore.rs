//! `countersign restore`: takes an account back from the trash.

use countersign_api::types::AccountInfo;

use crate::{
    args::Restore,
    error::Error,
    output,
    session::{Session, none},
};

/// Runs the command.
pub(crate) async fn run(args: Restore, session: &mut Session) -> Result<(), Error> {
    session.unlock().await?;
    let restored: AccountInfo = session.secrets().await?.restore(&args.name.text(), none()).await?.into();
    output::line(&format!("Restored {}", output::one_line(&restored.title)))
}
