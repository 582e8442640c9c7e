//! What was found while the vault was locked, or before there was one: offered as soon as it can be kept.

use std::collections::HashSet;

use countersign_api::{Error as Answer, types::Candidate};

use crate::{
    args::Keep,
    candidate::{self, Sort},
    error::Error,
    keeping::{self, Keeper},
    output, proof,
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
    let found = waiting(session, of_these).await?;
    if found.is_empty() {
        return Ok(());
    }
    if session.asking.tty().is_none() {
        output::say(&remark(&found));
        return Ok(());
    }
    let mut seen = HashSet::new();
    // Asked anew each time, since one decision may settle all parts of an export.
    while let Some(one) = waiting(session, of_these).await?.into_iter().find(|one| !seen.contains(&one.id)) {
        output::print(&format!("\nFound earlier:\n{}", candidate::describe(&one, output::width())))?;
        match Wait::of(&one) {
            Some(Wait::ToBeKept) => settle(session, &one).await?,
            _ => discard_if_asked(session, &one).await?,
        }
        seen.insert(one.id);
    }
    Ok(())
}

/// Lets the person decide about one; a "no" is no failure.
async fn settle(session: &mut Session, one: &Candidate) -> Result<(), Error> {
    match (Keeper { keep: &Keep::default(), yes: false }).keep(session, one).await {
        Ok(kept) => {
            keeping::tell(session, &kept).await?;
            proof::follow(session, &[kept], false).await
        }
        Err(Error::Daemon(Answer::Denied(why))) => {
            output::say(&why);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Offers to drop what can't be kept now; Enter alone has it wait on.
async fn discard_if_asked(session: &mut Session, one: &Candidate) -> Result<(), Error> {
    let tty = session.asking.need_tty("what to do with it")?;
    if tty.yes("Discard it?", false).await? {
        session.scanner().await?.discard(&one.id, none()).await?;
    }
    Ok(())
}

async fn waiting(session: &Session, of_these: fn(&Candidate) -> bool) -> Result<Vec<Candidate>, Error> {
    let found = session.scanner().await?.candidates(none()).await?;
    Ok(found.into_iter().map(Candidate::from).filter(|one| of_these(one) && Wait::of(one).is_some()).collect())
}

/// What something waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// For a yes.
    ToBeKept,
    /// For the other parts of its export.
    ForParts,
    /// For ever: it can't be read.
    Unreadable,
}

impl Wait {
    fn of(candidate: &Candidate) -> Option<Self> {
        match Sort::of(candidate) {
            _ if candidate.id.is_empty() => None,
            _ if candidate.class == "unreadable" => Some(Self::Unreadable),
            // One that is in memory only gets sealed by a yes.
            Sort::Keepable if candidate.origin == "inbox" && !candidate.missing_parts.is_empty() => {
                Some(Self::ForParts)
            }
            Sort::Keepable => Some(Self::ToBeKept),
            _ => None,
        }
    }
}

/// Says what waits where there is nobody to ask.
fn remark(found: &[Candidate]) -> String {
    let count = |wait| found.iter().filter(|one| Wait::of(one) == Some(wait)).count();
    let all = [
        (count(Wait::ToBeKept), "waiting to be kept"),
        (count(Wait::ForParts), "waiting for the other parts of an export"),
        (count(Wait::Unreadable), "can't be read"),
    ];
    let said: Vec<String> =
        all.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{what}: {count}")).collect();
    format!("Found earlier, {}. On a terminal, this offers it: countersign unlock", said.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A part that waits for others, or a file that can't be read, was counted for ever and never shown.
    #[test]
    fn all_that_waits_is_offered_or_can_be_discarded() {
        let account = Candidate { id: "1".into(), origin: "inbox".into(), ..candidate::tests::account() };
        let part = Candidate { class: "migration".into(), missing_parts: vec![2], ..account.clone() };
        let unreadable = Candidate { class: "unreadable".into(), ..account.clone() };
        assert_eq!(Wait::of(&account), Some(Wait::ToBeKept));
        assert_eq!(Wait::of(&part), Some(Wait::ForParts));
        assert_eq!(Wait::of(&Candidate { origin: "screen".into(), ..part.clone() }), Some(Wait::ToBeKept));
        assert_eq!(Wait::of(&unreadable), Some(Wait::Unreadable));
        assert_eq!(Wait::of(&Candidate { id: String::new(), ..account.clone() }), None);
        assert_eq!(Wait::of(&candidate::tests::activation()), None);
        let told = remark(&[account.clone(), part, unreadable, account]);
        assert!(told.contains("kept: 2; waiting for the other parts of an export: 1; can't be read: 1."), "{told}");
    }
}
