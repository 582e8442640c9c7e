//! The same proof where nobody sits at a terminal: notifications with two buttons each. *Copy code*, *It was refused*; once a
//! code was copied, *It was accepted*, *It was refused*. No code ever stands in a text.

use std::sync::Arc;

use countersign_api::Error;
use countersign_core::{account::AccountId, text::visible, variation::Variation};

use super::{Service, accounts::entry, desktop::plain};
use crate::notify::{About, Action, Message, Way};

impl Service {
    /// Returns the only one of these accounts where its code has yet to be accepted.
    pub(super) fn unproven(&self, accounts: &[String]) -> Option<Way> {
        let [account] = accounts else { return None };
        let id = account.parse().ok()?;
        let confirmed = self.with_vault(|vault| Ok(entry(vault, id)?.confirmed().is_some())).ok()?;
        (!confirmed).then(|| Way { account: account.clone(), variation: None })
    }

    /// Asks what the page said of a code that was copied, if that is still to be known.
    pub(super) fn copied(&self, way: Way) -> Result<Option<Message>, Error> {
        let id = id_of(&way)?;
        let (title, confirmed) = self.with_vault(|vault| {
            let entry = entry(vault, id)?;
            Ok((visible(&entry.account().title()), entry.confirmed().is_some()))
        })?;
        if confirmed && way.variation.is_none() {
            return Ok(None);
        }
        let body = "Paste it into the page before it expires. What did the page say?";
        let about = about(&way, confirmed);
        let actions = vec![Action::Accepted(way.clone()), Action::Refused(way)];
        Ok(Some(Message { actions, about, ..plain(&format!("Code copied: {title}"), body.into()) }))
    }

    /// Offers what the site may compute instead, the next one after what it refused.
    pub(super) fn refused(&self, way: &Way) -> Result<Message, Error> {
        let id = id_of(way)?;
        self.with_vault(|vault| {
            let entry = entry(vault, id)?;
            let (account, about) = (entry.account(), about(way, entry.confirmed().is_some()));
            let title = visible(&account.title());
            let mut left = Variation::fitting(account);
            if let Some(word) = &way.variation {
                left.find(|one| one.id == word);
            }
            Ok(left.next().map_or_else(|| nothing_fits(&title), |next| Message { about, ..another(&title, way, next) }))
        })
    }

    /// Takes note that the site accepted a code.
    pub(super) fn accepted(self: &Arc<Self>, way: &Way) -> Result<Message, Error> {
        let confirmed = self.confirm_account(id_of(way)?, way.variation.as_deref())?;
        let body = if confirmed.text.is_empty() { "The enrolment is complete.".into() } else { confirmed.text };
        Ok(plain(&format!("Confirmed: {}", confirmed.title), body))
    }
}

fn id_of(way: &Way) -> Result<AccountId, Error> {
    way.account.parse().map_err(|_| Error::NotFound("the account is gone".into()))
}

/// Returns with what a question about the account's code goes.
fn about(way: &Way, confirmed: bool) -> About {
    let account = way.account.clone();
    if confirmed { About::Accounts(vec![account]) } else { About::Unproven(account) }
}

fn another(title: &str, way: &Way, next: &Variation) -> Message {
    let body = format!("The page may want the code {}. Copy that one, and type it into the page.", next.text);
    let way = Way { variation: Some(next.id.into()), ..way.clone() };
    let actions = vec![Action::CopyCode(way.clone()), Action::Refused(way)];
    Message { actions, ..plain(&format!("Try another code: {title}"), body) }
}

fn nothing_fits(title: &str) -> Message {
    let body = "The page may show another QR by now: load it anew, and scan that one. Or this computer's clock is wrong: \
                timedatectl shows it. Nothing of the account has changed.";
    plain(&format!("No other code to try: {title}"), body.into())
}
