//! From the text of a QR to accounts in the vault: one account, or an export once all its parts have been seen.

use std::sync::Arc;

use countersign_api::{
    Error,
    types::{KeepOptions, Kept},
};
use countersign_core::{
    account::{Account, Kind},
    payload::{self, Payload, migration::Collector},
    secret::SecretText,
    text::visible,
    vault::{IfExists, Outcome},
};

use super::Service;
use crate::convert;

/// How a text came: what a page showed is an enrolment that has to be finished there.
#[derive(Debug, Clone, Copy)]
pub(super) enum Came {
    ByScan,
    ByHand,
}

/// Reads what is to be done with a name that is there with another secret.
pub(super) fn if_exists(option: Option<&str>) -> Result<IfExists, Error> {
    match option {
        Some("replace") => Ok(IfExists::Replace),
        None | Some("keep-both") => Ok(IfExists::KeepBoth),
        Some(_) => Err(Error::InvalidOption("if_exists is `replace` or `keep-both`".into())),
    }
}

impl Service {
    /// Keeps what a text says, by whichever way it came.
    pub(super) fn keep_text(self: &Arc<Self>, text: &str, came: Came, options: &KeepOptions) -> Result<Kept, Error> {
        let if_exists = if_exists(options.if_exists.as_deref())?;
        let rename = |account: &mut Account| {
            if let Some(issuer) = &options.issuer {
                account.issuer.clone_from(issuer);
            }
            if let Some(name) = &options.name {
                account.name.clone_from(name);
            }
        };
        match payload::classify(text) {
            Payload::Account(mut parsed) => {
                rename(&mut parsed.account);
                self.keep_account(parsed.account, came, if_exists)
            }
            Payload::BareSecret(secret) => {
                let mut account =
                    Account { issuer: String::new(), name: String::new(), prefix: None, kind: Kind::totp(), secret };
                rename(&mut account);
                if account.issuer.is_empty() && account.name.is_empty() {
                    return Err(Error::InvalidArgument("a bare key needs an issuer or an account name".into()));
                }
                self.keep_account(account, came, if_exists)
            }
            Payload::Migration(_) => self.keep_migration(text),
            other => Err(convert::not_kept(&other)),
        }
    }

    fn keep_account(self: &Arc<Self>, account: Account, came: Came, if_exists: IfExists) -> Result<Kept, Error> {
        let title = visible(&account.title());
        let added = self.change_vault(|vault| match came {
            Came::ByScan => vault.enrol(account, if_exists),
            Came::ByHand => vault.add(account, if_exists),
        })?;
        let outcome = match added.outcome {
            Outcome::Kept => "kept",
            Outcome::AlreadyKept | Outcome::Repeated => "already-kept",
            Outcome::Replaced => "replaced",
            Outcome::KeptBoth => "kept-both",
            Outcome::CounterRaised => "counter-raised",
        };
        let accounts = vec![added.id.to_string()];
        Ok(Kept { outcome: outcome.into(), accounts, titles: vec![title], ..Kept::default() })
    }

    /// Keeps all accounts of a migration once every part of it has been seen; until then the parts lie sealed.
    fn keep_migration(self: &Arc<Self>, text: &str) -> Result<Kept, Error> {
        let (export, texts) = self.join(text)?;
        let (missing, skipped, parts) = (export.missing(), export.skipped(), export.size());
        if !missing.is_empty() {
            self.seal(&SecretText::from(text))?;
            return Ok(Kept { outcome: "waiting".into(), parts, missing_parts: missing, skipped, ..Kept::default() });
        }
        let accounts = export.into_accounts();
        if accounts.is_empty() {
            return Err(convert::all_left_out(&skipped));
        }
        let titles: Vec<String> = accounts.iter().map(|account| visible(&account.title())).collect();
        let added = self.change_vault(|vault| vault.add_all(accounts, IfExists::KeepBoth))?;
        for text in &texts {
            if let Err(error) = self.forget_text(text) {
                tracing::warn!("a part that was kept is still in the inbox: {error}");
            }
        }
        let all_there = added.iter().all(|added| added.outcome == Outcome::AlreadyKept);
        let outcome = if all_there { "already-kept" } else { "kept" };
        let accounts = added.iter().map(|added| added.id.to_string()).collect();
        Ok(Kept { outcome: outcome.into(), accounts, titles, parts, skipped, ..Kept::default() })
    }

    /// Joins an export's part with the others, and returns what they say too.
    ///
    /// Today's app does not number its exports, and a part of an old one may lie sealed for years: what was seen just now
    /// comes first, and sealed parts only where some are missing still. Of two that could stand in the same place, none
    /// is taken.
    fn join(&self, text: &str) -> Result<(Collector, Vec<SecretText>), Error> {
        let held: Vec<SecretText> = self.held().iter().map(|held| SecretText::from(held.text.expose())).collect();
        let sealed: Vec<SecretText> = self.inbox().into_iter().map(|(_, text)| text).collect();
        let is_old = sealed.iter().any(|sealed| sealed.expose() == text);
        let (mut export, mut texts, mut twice) = (Collector::default(), Vec::new(), None);
        let mut take = |export: &mut Collector, text: SecretText| {
            let Payload::Migration(part) = payload::classify(text.expose()) else { return };
            let number = part.index + 1;
            if !export.fits(&part) || texts.contains(&text) {
                return;
            }
            if export.add(part) { texts.push(text) } else { twice = Some(number) }
        };
        take(&mut export, SecretText::from(text));
        for text in held {
            take(&mut export, text);
        }
        if is_old || !export.missing().is_empty() {
            for text in sealed {
                take(&mut export, text);
            }
        }
        match twice.filter(|_| export.missing().is_empty()) {
            Some(number) => Err(convert::parts_of_two_exports(number, export.size())),
            None => Ok((export, texts)),
        }
    }
}
