//! `countersign passphrase`: puts another passphrase in the place of the present one.

use zeroize::Zeroizing;

use crate::{
    asking::Asking,
    error::Error,
    output,
    session::{Session, none},
};

/// Runs the command.
pub(crate) async fn run(session: &mut Session) -> Result<(), Error> {
    session.unlock().await?;
    session.prove().await?;
    let passphrase = ask_new(&mut session.asking).await?;
    session.secrets().await?.change_passphrase(&passphrase, none()).await?;
    output::line("The passphrase is changed. The old one still opens earlier vaults and copies of them.")
}

/// Returns a new passphrase: the descriptor's next line, or what was typed twice.
pub(crate) async fn ask_new(asking: &mut Asking) -> Result<Zeroizing<String>, Error> {
    if asking.has_fd() {
        let given = asking.fd_line()?;
        if given.is_empty() {
            return Err(Error::Usage("an empty passphrase protects nothing".into()));
        }
        return Ok(given);
    }
    let tty = asking.need_tty("for a new passphrase")?;
    loop {
        let first = tty.ask_secret("New passphrase: ").await?;
        if first.is_empty() {
            tty.show("An empty passphrase protects nothing. Several words are easy to remember and hard to guess.\n")?;
            continue;
        }
        if first.chars().count() < ADVISED && !tty.yes("That is short. Take it all the same?", false).await? {
            continue;
        }
        if *tty.ask_secret("The same once more: ").await? == *first {
            return Ok(first);
        }
        tty.show("These two are not the same.\n")?;
    }
}

/// How many characters a passphrase should have.
const ADVISED: usize = 8;
