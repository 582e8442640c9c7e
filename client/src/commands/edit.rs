//! `countersign edit`: changes an account, by flags.

use countersign_api::types::{AccountInfo, EditOptions};

use crate::{
    args::{Change, Edit},
    error::Error,
    output,
    session::Session,
};

/// Runs the command.
pub(crate) async fn run(args: Edit, session: &mut Session) -> Result<(), Error> {
    let account = session.account(&args.account.text()).await?;
    let mut options = options(&args.change);
    if args.change.pin {
        let tty = session.asking.need_tty("the PIN")?;
        options.pin = Some(tty.ask_secret("PIN (Enter: forget it): ").await?.to_string());
    }
    let changed: AccountInfo = session.secrets().await?.edit(&account.id, options.into()).await?.into();
    if args.json {
        return output::json(&changed);
    }
    output::line(&format!("Changed {}", output::one_line(&changed.title)))
}

/// Returns what the flags ask for; the PIN never is one.
fn options(change: &Change) -> EditOptions {
    EditOptions {
        issuer: change.issuer.clone(),
        name: change.name.clone(),
        note: change.note.clone(),
        pin: None,
        digits: change.digits,
        period: change.period,
        algorithm: change.algorithm.as_ref().map(|name| name.to_ascii_uppercase()),
        counter: change.counter,
    }
}
