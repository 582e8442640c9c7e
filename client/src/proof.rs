//! Whether the page accepted the code of an account that was kept: the person says so, or what else the site may compute is
//! tried, one after the other, until a code is accepted.

use countersign_api::{
    Error as Answer,
    types::{AccountInfo, CodeDetails, CodeOptions, ConfirmOptions, Confirmed, Kept, Variation},
};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    args::Proof,
    error::{Error, exit},
    kept, output,
    session::{Session, none},
    time,
};

impl Proof {
    /// Whether the command line is about an account that is there already.
    pub(crate) fn is_meant(&self) -> bool {
        self.refused.is_some() || self.accepted.is_some()
    }
}

/// Runs `scan --accepted NAME` and `scan --refused NAME`.
pub(crate) async fn run(args: &Proof, json: bool, session: &mut Session) -> Result<(), Error> {
    if let Some(name) = &args.accepted {
        let account = session.account(name).await?;
        let confirmed = confirm(session, &account.id, args.variation.clone()).await?;
        return if json { output::json(&confirmed) } else { tell(&confirmed) };
    }
    let account = session.account(args.refused.as_deref().unwrap_or_default()).await?;
    if json || !output::is_terminal() || session.asking.tty().is_none() {
        return list(session, &account, json).await;
    }
    walk(session, &account).await
}

/// Goes on from what a scan kept to what the site says of it: asks where there is but one account and somebody to ask, else
/// says how to tell it later.
pub(crate) async fn follow(session: &mut Session, all: &[Kept], ask: bool) -> Result<(), Error> {
    let is_new = |kept: &&Kept| kept.parts == 0 && matches!(kept.outcome.as_str(), "kept" | "kept-both" | "replaced");
    let new: Vec<&String> = all.iter().filter(is_new).flat_map(|kept| &kept.accounts).collect();
    match new.as_slice() {
        [] => Ok(()),
        [one] if ask && session.asking.tty().is_some() => match accepted(session).await {
            Ok(Some(true)) => tell(&confirm(session, one, None).await?),
            Ok(Some(false)) => {
                let account = session.account(one).await?;
                walk(session, &account).await
            }
            // It is kept, whatever becomes of the question.
            Ok(None) | Err(Error::Interrupted) => say(LATER),
            Err(error) => Err(error),
        },
        _ => say(LATER),
    }
}

/// Asks what the page said; `None` is "later".
async fn accepted(session: &mut Session) -> Result<Option<bool>, Error> {
    let tty = session.asking.need_tty("what the page said")?;
    loop {
        let answer = tty.ask("Did the page accept it? [y/n, Enter for later] ").await?;
        match answer.trim().to_ascii_lowercase().as_str() {
            "" | "l" | "later" => return Ok(None),
            "y" | "yes" => return Ok(Some(true)),
            "n" | "no" => return Ok(Some(false)),
            _ => tty.show("Please type y or n.\n")?,
        }
    }
}

/// Shows one code after the other until one is accepted.
async fn walk(session: &mut Session, account: &AccountInfo) -> Result<(), Error> {
    let mut codes = Codes { account, pin: None };
    for variation in [None].into_iter().chain(variations(session, account).await?.into_iter().map(Some)) {
        let what = match &variation {
            None if account.period == 0 => "A code by a counter is good for once. The next one:".to_owned(),
            None => {
                "A code that comes late, or a second time, is refused. The one of now, as the QR says it:".to_owned()
            }
            Some(other) => format!("The code {}:", output::one_line(&other.text)),
        };
        let word = variation.map(|other| other.variation);
        let (code, details) = codes.code(session, word.clone()).await?;
        say(&what)?;
        say(&Zeroizing::new(format!("  {}", kept::code_line(&code, &details, time::now(), false))))?;
        match verdict(session).await? {
            Verdict::Accepted => return tell(&confirm(session, &account.id, word).await?),
            Verdict::Refused => {}
            Verdict::Enough => return say("Nothing has changed."),
        }
    }
    say(if account.period == 0 { COUNTS_ON } else { NOTHING_FITS })?;
    Err(Error::Said(exit::FAILURE))
}

/// What a person says of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Accepted,
    Refused,
    /// No more tries.
    Enough,
}

async fn verdict(session: &mut Session) -> Result<Verdict, Error> {
    let tty = session.asking.need_tty("what the page said")?;
    loop {
        let answer = tty.ask("Accepted? [y/N/q] ").await?;
        match read_verdict(answer.trim()) {
            Some(verdict) => return Ok(verdict),
            None => tty.show("Please type y, n, or q to end.\n")?,
        }
    }
}

fn read_verdict(answer: &str) -> Option<Verdict> {
    match answer.to_ascii_lowercase().as_str() {
        "y" | "yes" => Some(Verdict::Accepted),
        "" | "n" | "no" => Some(Verdict::Refused),
        "q" | "quit" => Some(Verdict::Enough),
        _ => None,
    }
}

/// The codes of an account, with its PIN once it has been asked for.
struct Codes<'a> {
    account: &'a AccountInfo,
    pin: Option<Zeroizing<String>>,
}

impl Codes<'_> {
    /// Returns a code as the account says, or of a variation.
    async fn code(
        &mut self,
        session: &mut Session,
        variation: Option<String>,
    ) -> Result<(Zeroizing<String>, CodeDetails), Error> {
        let options = self.options(variation);
        if self.account.pin_needed && self.pin.is_none() {
            let Some(tty) = session.asking.tty() else {
                return Err(Answer::PinNeeded("the account needs its PIN to make a code".into()).into());
            };
            self.pin = Some(tty.ask_secret("PIN of this account: ").await?);
        }
        let id = &self.account.id;
        let (code, details) = match &self.pin {
            Some(pin) => session.secrets().await?.code_with_pin(id, pin, options.into()).await?,
            None => session.accounts().await?.code_with(id, options.into()).await?,
        };
        Ok((Zeroizing::new(code), details.into()))
    }

    fn options(&self, variation: Option<String>) -> CodeOptions {
        let period = self.account.period;
        // A code has to be carried to another window, and each counter shown is used up.
        CodeOptions {
            fresh: (period > 0).then(|| TYPING.min(period / 4)),
            advance: (period == 0).then_some(true),
            variation,
            trial: Some(true),
            ..CodeOptions::default()
        }
    }
}

/// Prints all that can be tried, with a code each, and changes nothing.
async fn list(session: &mut Session, account: &AccountInfo, json: bool) -> Result<(), Error> {
    let mut codes = Codes { account, pin: None };
    let mut all = Vec::new();
    for variation in variations(session, account).await? {
        let (code, details) = codes.code(session, Some(variation.variation.clone())).await?;
        all.push(Tried { variation, code, expires: details.expires, period: details.period });
    }
    if json {
        return output::secret_json(&all);
    }
    if all.is_empty() {
        output::say(COUNTS_ON);
    }
    for Tried { variation, code, expires, .. } in &all {
        let cells = [&variation.variation, code.as_str(), &expires.to_string(), &variation.text];
        output::secret_line(&cells.map(output::one_line).join("\t"))?;
    }
    Ok(())
}

/// What `--refused --json` prints of each.
#[derive(Serialize)]
struct Tried {
    #[serde(flatten)]
    variation: Variation,
    code: Zeroizing<String>,
    expires: u64,
    period: u32,
}

async fn variations(session: &Session, account: &AccountInfo) -> Result<Vec<Variation>, Error> {
    let all = session.accounts().await?.variations(&account.id, none()).await?;
    Ok(all.into_iter().map(Variation::from).collect())
}

async fn confirm(session: &Session, account: &str, variation: Option<String>) -> Result<Confirmed, Error> {
    Ok(session.accounts().await?.confirm(account, ConfirmOptions { variation }.into()).await?.into())
}

fn tell(confirmed: &Confirmed) -> Result<(), Error> {
    say(format!("Confirmed: {}. {}", output::one_line(&confirmed.title), confirmed.text).trim_end())
}

fn say(text: &str) -> Result<(), Error> {
    output::print(&output::wrap(&output::visible(text), output::width(), ""))
}

/// How to say what the site said of an account.
pub(crate) const HOW: &str = "tell what the site said: countersign scan --accepted NAME, or --refused NAME";
const LATER: &str = "\
If the page accepts it: countersign scan --accepted NAME
If the page refuses it: countersign scan --refused NAME";
const NOTHING_FITS: &str = "\
None of these fits, and nothing has changed. What else it may be:
- The page shows another QR by now: load it anew, then: countersign scan --replace
- This computer's clock is wrong by more than a step: timedatectl shows it, and whether it is set by the network.
- The page wants the code of another account, or this method is set up already: remove it on the site, and begin anew.";
const COUNTS_ON: &str = "\
The site's counter may be some codes ahead: try the next ones, each by: countersign code NAME
Or the page shows another QR by now: load it anew, then: countersign scan --replace";
/// Seconds that it takes to carry a code to the page.
const TYPING: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_alone_goes_on_to_the_next_code() {
        let rows = [("", Verdict::Refused), ("Y", Verdict::Accepted), ("no", Verdict::Refused), ("q", Verdict::Enough)];
        for (answer, verdict) in rows {
            assert_eq!(read_verdict(answer), Some(verdict), "{answer}");
        }
        assert_eq!(read_verdict("later"), None);
    }

    #[test]
    fn a_code_can_be_carried_to_the_page_and_a_counter_moves_on() {
        let options = |period| {
            let account = AccountInfo { period, ..AccountInfo::default() };
            let options = Codes { account: &account, pin: None }.options(Some("sha1".into()));
            (options.fresh, options.advance)
        };
        assert_eq!([options(60), options(30), options(3)], [(Some(8), None), (Some(7), None), (Some(0), None)]);
        assert_eq!(options(0), (None, Some(true)));
    }
}
