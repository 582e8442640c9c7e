//! Keeps a candidate, asking what has to be asked, and tells what became of it with its first code.

use countersign_api::{
    Dict, Error as Answer,
    types::{AccountInfo, Candidate, CodeDetails, CodeOptions, KeepOptions, Kept},
};
use zeroize::Zeroizing;

use crate::{
    args::Keep,
    candidate,
    error::Error,
    handing_over, kept, output,
    session::{Session, none},
    time,
};

/// How to keep.
pub(crate) struct Keeper<'a> {
    /// What the command line says of it.
    pub(crate) keep: &'a Keep,
    /// Keeps without a question, and beside another of that name.
    pub(crate) yes: bool,
}

impl Keeper<'_> {
    /// Keeps a candidate.
    ///
    /// # Errors
    /// A "no" of the person drops the candidate and ends with [`Answer::Denied`]; without anybody to ask and without
    /// `yes`, nothing is kept.
    pub(crate) async fn keep(&self, session: &mut Session, candidate: &Candidate) -> Result<Kept, Error> {
        let mut candidate = candidate.clone();
        if !self.yes && candidate.known != "kept" && !agreed(session).await? {
            session.scanner().await?.discard(&candidate.id, none()).await?;
            return Err(declined("nothing was kept"));
        }
        if candidate.known == "unknown" && opened(session).await? {
            candidate = looked_up(session, candidate).await?;
        }
        let mut options = options(self.keep);
        if !self.yes && options.if_exists.is_none() && candidate.known == "other-secret" {
            options.if_exists = Some(replace_or_both(session).await?.into());
        }
        Ok(session.scanner().await?.keep(&candidate.id, options.into()).await?.into())
    }
}

/// Asks whether to keep it.
async fn agreed(session: &mut Session) -> Result<bool, Error> {
    match session.asking.tty() {
        Some(tty) => tty.yes("Keep it?", true).await,
        None => Err(Error::Usage("nothing was kept: there is no terminal to ask on, and no --yes".into())),
    }
}

/// Asks what to do about the account that has this name already; Enter alone means both, which loses nothing.
pub(crate) async fn replace_or_both(session: &mut Session) -> Result<&'static str, Error> {
    let Some(tty) = session.asking.tty() else { return Ok("keep-both") };
    loop {
        let answer = tty.ask("Replace the one that has this name already, or keep both? [r/B] ").await?;
        if let Some(choice) = choice(answer.trim()) {
            return Ok(choice);
        }
        tty.show("Please type r or b.\n")?;
    }
}

fn choice(answer: &str) -> Option<&'static str> {
    match answer.to_ascii_lowercase().as_str() {
        "r" | "replace" => Some("replace"),
        "" | "b" | "both" | "keep both" => Some("keep-both"),
        _ => None,
    }
}

/// Opens the vault, asking for the passphrase; false where the person declines or can't be asked.
async fn opened(session: &mut Session) -> Result<bool, Error> {
    match session.unlock().await {
        Ok(()) => Ok(true),
        // What was found is sealed: it can wait.
        Err(Error::Daemon(Answer::Locked(_) | Answer::Cancelled(_)) | Error::NoTerminal(_)) => Ok(false),
        Err(Error::Interrupted) => {
            say(kept::SEALED)?;
            Err(Error::Interrupted)
        }
        Err(other) => Err(other),
    }
}

/// Returns the candidate as it is told now that the vault is open.
async fn looked_up(session: &Session, candidate: Candidate) -> Result<Candidate, Error> {
    let all = session.scanner().await?.candidates(none()).await?;
    let found = all.into_iter().map(Candidate::from).find(|one| one.id == candidate.id);
    Ok(found.unwrap_or(candidate))
}

/// Returns the options that the command line's flags stand for.
pub(crate) fn options(keep: &Keep) -> KeepOptions {
    let if_exists = match (keep.replace, keep.keep_both) {
        (true, _) => Some("replace".into()),
        (_, true) => Some("keep-both".into()),
        _ => None,
    };
    KeepOptions { if_exists, issuer: keep.issuer.clone(), name: keep.name.clone() }
}

/// Returns the error for a "no".
pub(crate) fn declined(what: &str) -> Error {
    Error::Daemon(Answer::Denied(what.into()))
}

/// Tells what became of it, with the first code and what to know from now on; returns whether a code was shown.
///
/// # Errors
/// What was sealed because the vault is locked ends with [`Answer::Locked`]: it is safe, but there is no code yet.
pub(crate) async fn tell(session: &mut Session, kept: &Kept) -> Result<bool, Error> {
    say(&kept::outcome(kept))?;
    if kept.outcome == "waiting" {
        let locked = Error::Daemon(Answer::Locked("the vault is locked".into()));
        return if kept.missing_parts.is_empty() { Err(locked) } else { Ok(false) };
    }
    let [account] = kept.accounts.as_slice() else {
        kept.titles.iter().try_for_each(|title| output::line(&format!("  {}", output::one_line(title))))?;
        return output::print(&candidate::left_out(kept, output::width())).map(|()| false);
    };
    output::print(&candidate::left_out(kept, output::width()))?;
    let is_new = kept.outcome != "already-kept";
    let code = first_code(session, account).await;
    let is_shown = code.is_ok();
    match code {
        Ok((code, details)) => say(&Zeroizing::new(kept::code_line(&code, &details, time::now(), is_new)))?,
        Err(Error::Daemon(Answer::CounterBased(_))) => {
            say("Its codes follow a counter. The one to finish with on the page: countersign code NAME")?;
        }
        Err(Error::Daemon(Answer::PinNeeded(_))) => {
            say("Its codes need its PIN. The one to finish with on the page: countersign code NAME")?;
        }
        Err(error) => {
            output::say(&format!("countersign: {error}"));
            output::say(&format!("  hint: {}", error.hint()));
        }
    }
    if is_new {
        let account = account_of(session, account).await?;
        say(&format!("\n{}", handing_over::after_keeping(&account)))?;
    }
    Ok(is_shown)
}

/// Prints a sentence, as wide as the terminal.
fn say(text: &str) -> Result<(), Error> {
    output::print(&output::wrap(&output::visible(text), output::width(), ""))
}

/// Returns a code that lives long enough to be typed; asks a person for the account's PIN where the vault has none.
async fn first_code(session: &mut Session, account: &str) -> Result<(Zeroizing<String>, CodeDetails), Error> {
    let info = account_of(session, account).await?;
    let answer = session.accounts().await?.code_with(account, code_options(&info).into()).await;
    let (code, details) = match answer {
        Err(Answer::PinNeeded(why)) => {
            let tty = session.asking.tty().filter(|_| output::is_terminal());
            let Some(tty) = tty else { return Err(Answer::PinNeeded(why).into()) };
            let pin = tty.ask_secret("PIN of this account, for the first code (Enter for none now): ").await?;
            if pin.is_empty() {
                return Err(Answer::PinNeeded(why).into());
            }
            session.secrets().await?.code_with_pin(account, &pin, code_options(&info).into()).await?
        }
        answer => answer?,
    };
    Ok((Zeroizing::new(code), details.into()))
}

/// Returns what is known of the account with this id.
async fn account_of(session: &Session, id: &str) -> Result<AccountInfo, Error> {
    let found = session.accounts().await?.find(id, Dict::new()).await?;
    Ok(found.into_iter().map(AccountInfo::from).find(|one| one.id == id).unwrap_or_default())
}

fn code_options(account: &AccountInfo) -> CodeOptions {
    // Of a code that lives 3 s, 5 can't be asked.
    let fresh = (account.period > 0).then(|| TYPING.min(account.period / 2));
    CodeOptions { fresh, ..CodeOptions::default() }
}

/// Seconds that it takes to type a code.
const TYPING: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_typed_keeps_both() {
        assert_eq!(choice(""), Some("keep-both"));
        assert_eq!(choice("R"), Some("replace"));
        assert_eq!(choice("x"), None);
    }

    #[test]
    fn the_first_code_can_be_typed_in_time() {
        let fresh = |period| code_options(&AccountInfo { period, ..AccountInfo::default() }).fresh;
        assert_eq!([fresh(60), fresh(30), fresh(3), fresh(1), fresh(0)], [Some(5), Some(5), Some(1), Some(0), None]);
    }

    #[test]
    fn flags_become_options() {
        let keep = Keep { replace: true, issuer: Some("X".into()), ..Keep::default() };
        let options = options(&keep);
        assert_eq!((options.if_exists.as_deref(), options.issuer.as_deref()), (Some("replace"), Some("X")));
        assert_eq!(super::options(&Keep::default()), KeepOptions::default());
    }
}
