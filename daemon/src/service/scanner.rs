//! `Scanner1`: from a QR to an account.

use std::{hash::BuildHasher, sync::Arc};

use countersign_api::{
    Caller, Error,
    scanner::ScannerBackend,
    types::{Candidate, KeepOptions, Kept, ScanOptions},
};
use countersign_core::{
    account::{Account, Kind},
    payload::{self, Payload, migration::Collector},
    secret::SecretText,
    text::visible,
    vault::{IfExists, Outcome},
};

use super::{Door, Service, random_id};
use crate::{
    candidates::{self, Place},
    convert, harden,
    vault_state::Phase,
    worker::{self, FoundQr, Target},
};

impl ScannerBackend for Door {
    async fn scan_screen(&self, caller: Caller, options: ScanOptions) -> Result<Vec<Candidate>, Error> {
        self.admit(&caller, &[])?;
        let found = self.look(Target::Screen(options.clone())).await;
        self.show_scan(&found, options);
        found
    }

    async fn candidates(&self, caller: Caller) -> Result<Vec<Candidate>, Error> {
        self.admit(&caller, &[])?;
        let inbox = self.inbox();
        let held = self.candidates.lock().expect("no holder panics");
        let state = self.state();
        let others: Vec<&str> =
            held.iter().map(|held| held.text.expose()).chain(inbox.iter().map(|(_, text)| text.expose())).collect();
        let in_memory = held
            .iter()
            .map(|held| convert::candidate(&held.id, held.text.expose(), &held.place, state.vault(), &others));
        let place = Place { origin: "inbox", ..Place::default() };
        let sealed =
            inbox.iter().map(|(name, text)| convert::candidate(name, text.expose(), &place, state.vault(), &others));
        Ok(in_memory.chain(sealed).collect())
    }

    async fn keep(&self, caller: Caller, candidate: &str, options: KeepOptions) -> Result<Kept, Error> {
        self.admit(&caller, &[candidate])?;
        match self.ensure_open(None, false).await {
            // What was found while locked is sealed already and waits.
            Err(Error::Locked(_)) if self.is_waiting(candidate) => {
                return Ok(Kept { outcome: "waiting".into(), ..Kept::default() });
            }
            other => other?,
        }
        let text = self.text_of(candidate)?;
        let kept = self.keep_text(text.expose(), &options)?;
        if kept.outcome == "waiting" {
            // It lies sealed now, and no second time in memory.
            self.candidates.lock().expect("no holder panics").take(candidate);
        } else if let Err(error) = self.forget_candidate(candidate) {
            // What was asked for is done; the rest is offered once more.
            tracing::warn!("a scan that was kept is still in the inbox: {error}");
        }
        Ok(kept)
    }

    async fn discard(&self, caller: Caller, candidate: &str) -> Result<(), Error> {
        self.admit(&caller, &[candidate])?;
        if self.forget_candidate(candidate)? { Ok(()) } else { Err(no_candidate(candidate)) }
    }
}

impl Service {
    /// Runs the scan worker, one at a time, and holds what it found.
    pub(super) async fn look(self: &Arc<Self>, target: Target) -> Result<Vec<Candidate>, Error> {
        let _one =
            self.scanning.try_acquire().map_err(|_| Error::LimitsExceeded("a scan is under way already".into()))?;
        let origin = match target {
            Target::Screen(_) => "screen",
            Target::Picture(_) => "image",
        };
        let found = worker::scan(target).await.map_err(|error| Error::CaptureNotPossible(error.to_string()))?;
        let mut ids = Vec::new();
        for qr in &found {
            ids.push(self.hold(qr, origin)?);
        }
        let inbox = self.inbox();
        let held = self.candidates.lock().expect("no holder panics");
        let others: Vec<&str> =
            held.iter().map(|held| held.text.expose()).chain(inbox.iter().map(|(_, text)| text.expose())).collect();
        let state = self.state();
        let answer = ids
            .iter()
            .zip(&found)
            .map(|((id, place, text), qr)| match qr.part {
                Some(part) => convert::part_of_text(place, part),
                None => convert::candidate(id, text.expose(), place, state.vault(), &others),
            })
            .collect();
        drop((state, held, ids));
        harden::scrub();
        Ok(answer)
    }

    /// Holds one QR: in memory, or sealed to the vault's key while it is locked; what can't be kept isn't held.
    fn hold(self: &Arc<Self>, qr: &FoundQr, origin: &'static str) -> Result<(String, Place, SecretText), Error> {
        let place = place_of(qr, origin);
        let text = SecretText::from(qr.text.as_ref().filter(|_| !qr.binary).map_or("", |text| text.as_str()));
        if !payload::classify(text.expose()).can_be_kept() {
            return Ok((String::new(), place, text));
        }
        let locked = matches!(self.state().phase(), Phase::Locked);
        let id = if locked {
            self.seal(&text)?
        } else {
            let held = SecretText::from(text.expose());
            let id = self.candidates.lock().expect("no holder panics").hold(held, place.clone(), random_id());
            self.expire_later();
            id
        };
        Ok((id, place, text))
    }

    /// Seals a text into the inbox, once.
    fn seal(&self, text: &SecretText) -> Result<String, Error> {
        let mark = self.marks.hash_one(text.expose());
        let mut sealed = self.sealed.lock().expect("no holder panics");
        if let Some(name) = sealed.get(&mark).filter(|name| self.store.is_sealed(name)) {
            return Ok(name.clone());
        }
        let name = self.store.seal(text).map_err(|error| convert::vault_error(&error))?;
        sealed.insert(mark, name.clone());
        Ok(name)
    }

    /// Seals what nobody has kept yet, so that a lock loses nothing of it.
    pub(super) fn seal_candidates(&self) {
        let held = self.candidates.lock().expect("no holder panics").take_all();
        for candidate in held {
            if let Err(error) = self.seal(&candidate.text) {
                tracing::warn!("a scan could not be sealed and is lost: {error}");
            }
        }
    }

    fn expire_later(self: &Arc<Self>) {
        let service = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(candidates::LIFE).await;
            // Without a vault that can be used there is nothing to seal it to, and a one-chance QR is not to be lost.
            if matches!(service.state().phase(), Phase::Locked | Phase::Unlocked(_)) {
                service.candidates.lock().expect("no holder panics").expire();
                harden::scrub();
            }
        });
    }

    /// Returns what lies sealed, while the vault is open.
    fn inbox(&self) -> Vec<(String, SecretText)> {
        match self.state().vault() {
            Some(vault) => vault.inbox().sealed.into_iter().map(|sealed| (sealed.name, sealed.text)).collect(),
            None => Vec::new(),
        }
    }

    fn is_waiting(&self, id: &str) -> bool {
        self.store.is_sealed(id)
    }

    fn text_of(&self, id: &str) -> Result<SecretText, Error> {
        if let Some(held) = self.candidates.lock().expect("no holder panics").get(id) {
            return Ok(SecretText::from(held.text.expose()));
        }
        let sealed = self.inbox().into_iter().find(|(name, _)| name == id);
        sealed.map(|(_, text)| text).ok_or_else(|| no_candidate(id))
    }

    /// Drops a candidate wherever it lies, and says whether it lay anywhere.
    fn forget_candidate(self: &Arc<Self>, id: &str) -> Result<bool, Error> {
        let held = self.candidates.lock().expect("no holder panics").take(id).is_some();
        let sealed = self.store.is_sealed(id);
        if sealed {
            self.store.discard_sealed(id).map_err(|error| convert::vault_error(&error))?;
        }
        Ok(held || sealed)
    }

    /// Keeps what a text says.
    pub(super) fn keep_text(self: &Arc<Self>, text: &str, options: &KeepOptions) -> Result<Kept, Error> {
        let replace = match options.if_exists.as_deref() {
            Some("replace") => true,
            None | Some("keep-both") => false,
            Some(_) => return Err(Error::InvalidOption("if_exists is `replace` or `keep-both`".into())),
        };
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
                self.keep_account(parsed.account, replace)
            }
            Payload::BareSecret(secret) => {
                let mut account =
                    Account { issuer: String::new(), name: String::new(), prefix: None, kind: Kind::totp(), secret };
                rename(&mut account);
                if account.issuer.is_empty() && account.name.is_empty() {
                    return Err(Error::InvalidArgument("a bare key needs an issuer or an account name".into()));
                }
                self.keep_account(account, replace)
            }
            Payload::Migration(_) => self.keep_migration(text),
            other => Err(convert::not_kept(&other)),
        }
    }

    fn keep_account(self: &Arc<Self>, account: Account, replace: bool) -> Result<Kept, Error> {
        let title = visible(&account.title());
        let if_exists = if replace { IfExists::Replace } else { IfExists::KeepBoth };
        let added = self.change_vault(|vault| vault.add(account, if_exists))?;
        let outcome = match added.outcome {
            Outcome::Kept => "kept",
            Outcome::AlreadyKept => "already-kept",
            Outcome::Replaced => "replaced",
            Outcome::KeptBoth => "kept-both",
        };
        let accounts = vec![added.id.to_string()];
        Ok(Kept { outcome: outcome.into(), accounts, titles: vec![title], ..Kept::default() })
    }

    /// Keeps all accounts of a migration once every part of it has been seen; until then the parts lie sealed.
    fn keep_migration(self: &Arc<Self>, text: &str) -> Result<Kept, Error> {
        let inbox = self.inbox();
        let mut collector = Collector::default();
        let mut names = Vec::new();
        let held: Vec<(String, SecretText)> = {
            let held = self.candidates.lock().expect("no holder panics");
            held.iter().map(|held| (held.id.clone(), SecretText::from(held.text.expose()))).collect()
        };
        let mut collect = |text: &str| match payload::classify(text) {
            Payload::Migration(part) => collector.add(part),
            _ => false,
        };
        collect(text);
        for (name, sealed) in &inbox {
            if collect(sealed.expose()) || sealed.expose() == text {
                names.push(name.clone());
            }
        }
        let mut ids = Vec::new();
        for (id, held) in &held {
            if collect(held.expose()) || held.expose() == text {
                ids.push(id.clone());
            }
        }
        let missing = collector.missing();
        if !missing.is_empty() {
            self.seal(&SecretText::from(text))?;
            return Ok(Kept { outcome: "waiting".into(), missing_parts: missing, ..Kept::default() });
        }
        let accounts = collector.into_accounts();
        let titles: Vec<String> = accounts.iter().map(|account| visible(&account.title())).collect();
        let added = self.change_vault(|vault| vault.add_all(accounts, IfExists::KeepBoth))?;
        for id in ids.iter().chain(&names) {
            if let Err(error) = self.forget_candidate(id) {
                tracing::warn!("a part that was kept is still in the inbox: {error}");
            }
        }
        let all_there = added.iter().all(|added| added.outcome == Outcome::AlreadyKept);
        let outcome = if all_there { "already-kept" } else { "kept" };
        let accounts = added.iter().map(|added| added.id.to_string()).collect();
        Ok(Kept { outcome: outcome.into(), accounts, titles, ..Kept::default() })
    }
}

fn place_of(qr: &FoundQr, origin: &'static str) -> Place {
    let count = qr.corners.len().max(1) as f64;
    let (x, y) = qr.corners.iter().fold((0.0, 0.0), |(x, y), corner| (x + corner.0 / count, y + corner.1 / count));
    match &qr.screen {
        Some(screen) => Place {
            origin,
            screen: visible(&screen.name),
            words: candidates::words(x, y, f64::from(screen.width), f64::from(screen.height)),
            x: screen.x.saturating_add(x as i32),
            y: screen.y.saturating_add(y as i32),
        },
        None => Place { origin, x: x as i32, y: y as i32, ..Place::default() },
    }
}

fn no_candidate(id: &str) -> Error {
    let id: String = id.chars().take(40).collect();
    Error::NotFound(format!("there is no candidate \"{}\" (any more): scan again", visible(&id)))
}
