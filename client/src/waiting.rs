//! What was found while the vault was locked, or before there was one: offered as soon as it can be kept.

use std::collections::HashSet;

use countersign_api::{Error as Answer, types::Candidate};

use crate::{
    args::Keep,
    candidate::{self, Sort},
    error::Error,
    keeping::{self, Keeper},
    output,
    session::{Session, none},
};

/// Offers what lies sealed since the vault was locked.
pub(crate) async fn offer_sealed(session: &mut Session) -> Result<(), Error> {
    offer(session, |candidate| candidate.origin == "inbox").await
}

/// Offers all that was found and not kept.
pub(crate) async fn offer_all(session: &mut Session) -> Result<(), Error> {
    offer(session, |_| true).await
}

async fn offer(session: &mut Session, of_these: fn(&Candidate) -> bool) -> Result<(), Error> {
    let count = waiting(session, of_these).await?.len();
    if count == 0 {
        return Ok(());
    }
    if session.asking.tty().is_none() {
        output::say(&format!(
            "Found earlier, waiting to be kept: {count}. On a terminal, this offers it: countersign unlock"
        ));
        return Ok(());
    }
    let mut seen = HashSet::new();
    // Asked anew each time, since one decision may settle all parts of an export.
    while let Some(one) = waiting(session, of_these).await?.into_iter().find(|one| !seen.contains(&one.id)) {
        output::print(&format!("\nFound earlier:\n{}", candidate::describe(&one, output::width())))?;
        settle(session, &one).await?;
        seen.insert(one.id);
    }
    Ok(())
}

/// Lets the person decide about one; a "no" is no failure.
async fn settle(session: &mut Session, one: &Candidate) -> Result<(), Error> {
    match (Keeper { keep: &Keep::default(), yes: false }).keep(session, one).await {
        Ok(kept) => keeping::tell(session, &kept, one.parts).await,
        Err(Error::Daemon(Answer::Denied(why))) => {
            output::say(&why);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

async fn waiting(session: &Session, of_these: fn(&Candidate) -> bool) -> Result<Vec<Candidate>, Error> {
    let found = session.scanner().await?.candidates(none()).await?;
    Ok(found.into_iter().map(Candidate::from).filter(|one| of_these(one) && is_ready(one)).collect())
}

/// Whether it can be kept now: parts of an export wait for the others.
fn is_ready(candidate: &Candidate) -> bool {
    Sort::of(candidate) == Sort::Keepable && !candidate.id.is_empty() && candidate.missing_parts.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_offered_and_nothing_that_has_to_wait() {
        let account = candidate::tests::account();
        let account = Candidate { id: "1".into(), ..account };
        assert!(is_ready(&account));
        assert!(!is_ready(&Candidate { missing_parts: vec![2], ..account.clone() }));
        assert!(!is_ready(&Candidate { id: String::new(), ..account }));
        assert!(!is_ready(&candidate::tests::activation()));
    }
}
