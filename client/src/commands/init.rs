//! `countersign init`: makes the vault with a passphrase, then a recovery key. With `--no-tty`, as the tray does it, a dialog
//! asks for the passphrase and the key is printed.

use countersign_api::{Error as Answer, types::InitOptions};

use super::{passphrase, recovery};
use crate::{
    args::Init,
    error::Error,
    output,
    session::{Session, none},
    waiting,
};

/// Runs the command.
pub(crate) async fn run(args: Init, session: &mut Session) -> Result<(), Error> {
    match session.status.state.as_str() {
        "absent" => {}
        "unusable" => return Err(Answer::Unusable(session.status.why_text.clone()).into()),
        _ => return Err(Answer::AlreadyExists(format!("there is a vault already in {}", session.status.vault)).into()),
    }
    let keyring = if session.asking.wants_dialog() {
        session.init_by_dialog().await?;
        // The dialog asks for the passphrase only: what is advised is done, and told.
        args.keyring || (!args.no_keyring && keyring_answers(session))
    } else {
        let passphrase = passphrase::ask_new(&mut session.asking).await?;
        let keyring = wants_keyring(&args, session).await?;
        session.secrets().await?.init(&passphrase, InitOptions::default().into()).await?;
        session.take_proof(&passphrase);
        keyring
    };
    output::say(&format!("The vault is made in {}.", session.status.vault));
    if keyring {
        add_keyring(session).await?;
    }
    if !args.no_recovery {
        recovery::make(session).await?;
    }
    waiting::offer_all(session).await
}

/// Returns whether the login keyring shall open the vault too: as told, else as the person says.
async fn wants_keyring(args: &Init, session: &mut Session) -> Result<bool, Error> {
    if args.keyring || args.no_keyring || !keyring_answers(session) || session.asking.has_fd() {
        return Ok(args.keyring);
    }
    let Some(tty) = session.asking.tty() else { return Ok(false) };
    tty.yes("Let the login keyring open it too, so that you are asked less often?", true).await
}

fn keyring_answers(session: &Session) -> bool {
    !session.status.missing.iter().any(|line| line.starts_with("no login keyring"))
}

/// Adds the keyring slot; where that fails, the vault is made all the same and the person is told.
async fn add_keyring(session: &mut Session) -> Result<(), Error> {
    match session.secrets().await?.add_slot("keyring", none()).await {
        Ok(()) => output::say("The login keyring opens it too."),
        Err(Answer::ZBus(error)) => return Err(error.into()),
        Err(error) => {
            output::say(&format!("The login keyring does not open it: {}", error.message()));
            output::say("  hint: later, countersign slots add keyring");
        }
    }
    Ok(())
}
