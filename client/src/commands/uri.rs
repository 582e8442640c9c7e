//! `countersign uri`: prints the otpauth URI of an account.

use countersign_api::types::Revealed;
use zeroize::Zeroizing;

use crate::{
    args::Uri,
    error::Error,
    output,
    session::{Session, none},
};

/// Runs the command.
pub(crate) async fn run(args: Uri, session: &mut Session) -> Result<(), Error> {
    let account = session.account(&args.name.text()).await?;
    session.prove().await?;
    let revealed: Revealed = session.secrets().await?.reveal(&account.id, none()).await?.into();
    let (_, uri) = (Zeroizing::new(revealed.secret), Zeroizing::new(revealed.uri));
    if output::is_terminal() {
        output::say("This line holds the secret, and the terminal keeps it in its scrollback: clear that when done.");
    }
    output::secret_line(&uri)
}
