//! `countersign unlock`: by whatever opens the vault, or by the recovery key.

use countersign_api::Error as Answer;
use zeroize::Zeroizing;

use crate::{args::Unlock, error::Error, output, session::Session, waiting};

/// Runs the command.
pub(crate) async fn run(args: Unlock, session: &mut Session) -> Result<(), Error> {
    if session.status.state == "unlocked" {
        // A descriptor that can't be read is a mistake all the same.
        if session.asking.has_fd() {
            session.asking.fd_line()?;
        }
        output::line_for_person("Unlocked already.")?;
        return waiting::offer_sealed(session).await;
    }
    if args.recovery {
        by_recovery(session).await?;
    } else {
        session.unlock().await?;
    }
    output::line_for_person("Unlocked.")?;
    // What could not be sealed is in memory.
    waiting::offer_all(session).await
}

async fn by_recovery(session: &mut Session) -> Result<(), Error> {
    if session.asking.has_fd() {
        let key = session.asking.fd_line()?;
        return session.unlock_with("recovery", &plain(&key)).await;
    }
    for left in (0..3).rev() {
        let key = session.asking.need_tty("the recovery key")?.ask_secret("Recovery key: ").await?;
        match session.unlock_with("recovery", &plain(&key)).await {
            Err(Error::Daemon(Answer::WrongPassphrase(_))) if left > 0 => {
                session.asking.need_tty("the recovery key")?.show("That is not the recovery key.\n")?;
            }
            answer => return answer,
        }
    }
    unreachable!("the last try returns")
}

/// Returns the key as age reads it: typed from paper it comes in groups and in lower case.
fn plain(typed: &str) -> Zeroizing<String> {
    let mut key = Zeroizing::new(String::with_capacity(typed.len()));
    key.extend(typed.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()));
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_typed_from_paper_is_taken() {
        assert_eq!(*plain(" age-secret-key-1 QQQ ppppp\tZZZZZ\n"), "AGE-SECRET-KEY-1QQQPPPPPZZZZZ");
    }
}
