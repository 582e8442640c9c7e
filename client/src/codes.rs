//! The codes of one account, and what has to be asked for them on the way: a PIN that the vault does not keep.

use countersign_api::{
    Error as Answer,
    types::{CodeDetails, CodeOptions},
};
use zeroize::Zeroizing;

use crate::{error::Error, output, session::Session};

/// One account, and its PIN once it was asked for.
pub(crate) struct Codes {
    account: String,
    pin: Option<Zeroizing<String>>,
}

impl Codes {
    /// Begins with what names the account: its id, an exact `issuer:name`, or words.
    pub(crate) fn of(account: &str) -> Self {
        Self { account: account.to_owned(), pin: None }
    }

    /// Asks for a code; a counter is used up by that, which is said.
    pub(crate) async fn ask(
        &mut self,
        session: &mut Session,
        options: &CodeOptions,
    ) -> Result<(Zeroizing<String>, CodeDetails), Error> {
        match self.ask_once(session, options).await {
            Err(Error::Daemon(Answer::CounterBased(_))) => self.use_up(session, options).await,
            Err(Error::Daemon(Answer::PinNeeded(why))) => {
                let Some(tty) = session.asking.tty() else { return Err(Answer::PinNeeded(why).into()) };
                self.pin = Some(tty.ask_secret("PIN of this account: ").await?);
                self.ask_once(session, options).await
            }
            answer => answer,
        }
    }

    async fn ask_once(
        &self,
        session: &Session,
        options: &CodeOptions,
    ) -> Result<(Zeroizing<String>, CodeDetails), Error> {
        let options = options.clone().into();
        let (code, details) = match &self.pin {
            Some(pin) => session.secrets().await?.code_with_pin(&self.account, pin, options).await?,
            None => session.accounts().await?.code_with(&self.account, options).await?,
        };
        Ok((Zeroizing::new(code), details.into()))
    }

    /// Asks a counter-based account for its next code, which is used up by that.
    async fn use_up(
        &self,
        session: &Session,
        options: &CodeOptions,
    ) -> Result<(Zeroizing<String>, CodeDetails), Error> {
        if options.next.is_some() || options.at.is_some() {
            let why = "its codes follow a counter and no clock: no --next, no --at";
            return Err(Answer::CounterBased(why.into()).into());
        }
        let options = CodeOptions { advance: Some(true), ..options.clone() };
        let answer = self.ask_once(session, &options).await?;
        if output::is_terminal_err() {
            output::say("One code of the counter is used up; the next time gives the next one.");
        }
        Ok(answer)
    }
}

/// Returns how many seconds the code of now still lives; `None` where codes follow a counter.
pub(crate) fn left(period: u32, now: u64) -> Option<u64> {
    let period = u64::from(period);
    (period > 0).then(|| period - now % period)
}

/// Returns a code in groups of three or four characters, as it is read aloud: `123 456`, `1234 5678`.
pub(crate) fn in_groups(code: &str) -> Zeroizing<String> {
    let length = code.chars().count();
    let mut grouped = Zeroizing::new(String::with_capacity(code.len() + 4));
    for (at, c) in code.chars().enumerate() {
        if at > 0 && begins_group(at, length) {
            grouped.push(' ');
        }
        grouped.push(c);
    }
    grouped
}

/// Whether a group begins at this place of a code: groups of four where they come out even, else of three, and what is
/// left over of one belongs to the last.
fn begins_group(at: usize, length: usize) -> bool {
    match length {
        0..6 => false,
        _ if length.is_multiple_of(4) => at.is_multiple_of(4),
        _ => at.is_multiple_of(3) && length - at >= 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_every_length_are_grouped() {
        let rows = [
            ("12345", "12345"),
            ("123456", "123 456"),
            ("1234567", "123 4567"),
            ("12345678", "1234 5678"),
            ("123456789", "123 456 789"),
            ("1234567890", "123 456 7890"),
            ("abcdefgh", "abcd efgh"),
            ("", ""),
        ];
        for (code, grouped) in rows {
            assert_eq!(*in_groups(code), grouped);
        }
    }
}
