//! What scans found and nobody has kept yet: in memory while it may be looked at, sealed in the inbox while it may not.

use std::{
    collections::hash_map::Entry,
    hash::BuildHasher,
    sync::{Arc, MutexGuard},
    time::Instant,
};

use countersign_api::{
    Error,
    types::{Kept, Status},
};
use countersign_core::{
    payload::{self, Payload},
    secret::SecretText,
    text::visible,
};

use super::Service;
use crate::{candidates::Candidates, convert, harden, vault_state::Phase};

impl Service {
    /// Seals a text into the inbox, once.
    pub(super) fn seal(&self, text: &SecretText) -> Result<String, Error> {
        let mark = self.marks.hash_one(text.expose());
        let mut sealed = self.sealed.lock().expect("no holder panics");
        if let Some(name) = sealed.get(&mark).filter(|name| self.store.is_sealed(name)) {
            return Ok(name.clone());
        }
        let name = self.store.seal(text).map_err(|error| convert::vault_error(&error))?;
        sealed.insert(mark, name.clone());
        Ok(name)
    }

    /// Takes note of what lies sealed, now that it can be read: nothing is sealed twice, and of what was, one goes.
    pub(super) fn know_sealed(&self) {
        let mut sealed = self.sealed.lock().expect("no holder panics");
        sealed.clear();
        for (name, text) in self.inbox() {
            match sealed.entry(self.marks.hash_one(text.expose())) {
                Entry::Vacant(place) => {
                    place.insert(name);
                }
                Entry::Occupied(_) => {
                    if let Err(error) = self.store.discard_sealed(&name) {
                        tracing::warn!("a scan that was sealed twice is still there twice: {error}");
                    }
                }
            }
        }
    }

    /// Seals what could not be sealed when it was found.
    pub(super) fn seal_held(&self, id: &str) -> Result<Kept, Error> {
        let sealed = self.seal(&self.text_of(id)?);
        sealed.map_err(|error| Error::Locked(unsealed(&error.message())))?;
        self.held().take(id);
        Ok(Kept { outcome: "waiting".into(), ..Kept::default() })
    }

    /// Seals what nobody has kept yet, so that a lock loses nothing of it; what can't be sealed stays in memory.
    pub(super) fn seal_candidates(&self) {
        let held = self.held().take_all();
        for candidate in held {
            if let Err(error) = self.seal(&candidate.text) {
                tracing::warn!("a scan could not be sealed and stays in memory: {error}");
                self.held().put_back(candidate);
            }
        }
    }

    /// Has candidates end in time: one timer for all of them.
    pub(super) fn expire_later(self: &Arc<Self>) {
        if self.held().take_timer() {
            tokio::spawn(self.clone().expire_in_time());
        }
    }

    async fn expire_in_time(self: Arc<Self>) {
        loop {
            let Some(end) = self.held().next_end() else { return };
            tokio::time::sleep_until(end.into()).await;
            // Without a vault that can be used there is nothing to seal it to, and while that is locked only what could
            // not be sealed is held: a one-chance QR is not to be lost. It gets its full time when the vault is opened.
            if !matches!(self.state().phase(), Phase::Unlocked(_)) {
                return self.held().give_timer_back();
            }
            self.held().expire(Instant::now());
            self.withdraw_untrue();
            harden::scrub();
        }
    }

    /// Gives what was found before there was a vault its full time, now that it can be kept.
    pub(super) fn renew_candidates(self: &Arc<Self>) {
        self.held().renew();
        self.expire_later();
    }

    /// Takes a guard of the candidates. It is never held over an await.
    pub(super) fn held(&self) -> MutexGuard<'_, Candidates> {
        self.candidates.lock().expect("no holder panics")
    }

    /// Returns what lies sealed, while the vault is open.
    pub(super) fn inbox(&self) -> Vec<(String, SecretText)> {
        match self.state().vault() {
            Some(vault) => vault.inbox().sealed.into_iter().map(|sealed| (sealed.name, sealed.text)).collect(),
            None => Vec::new(),
        }
    }

    /// Returns names of what lies in the inbox and can't be read, while the vault is open.
    pub(super) fn unreadable(&self) -> Vec<String> {
        self.state().vault().map(|vault| vault.inbox().unreadable).unwrap_or_default()
    }

    /// Says in the status why what lies sealed waits.
    pub(super) fn count_sealed(&self, status: &mut Status) {
        status.inbox = self.store.sealed() as u32;
        if status.inbox == 0 {
            return;
        }
        let inbox = self.inbox();
        let held = self.held();
        let others = texts(&held, &inbox);
        let incomplete = |text: &SecretText| {
            let is_part = matches!(payload::classify(text.expose()), Payload::Migration(_));
            is_part && !convert::missing_parts(text.expose(), &others).is_empty()
        };
        status.inbox_incomplete = inbox.iter().filter(|(_, text)| incomplete(text)).count() as u32;
        status.inbox_unreadable = self.unreadable().len() as u32;
    }

    pub(super) fn is_waiting(&self, id: &str) -> bool {
        self.store.is_sealed(id)
    }

    /// Returns what a candidate says.
    pub(super) fn text_of(&self, id: &str) -> Result<SecretText, Error> {
        if let Some(held) = self.held().get(id) {
            return Ok(SecretText::from(held.text.expose()));
        }
        let sealed = self.inbox().into_iter().find(|(name, _)| name == id);
        sealed.map(|(_, text)| text).ok_or_else(|| no_candidate(id))
    }

    /// Drops a candidate wherever it lies, with all that say the same, and says whether it lay anywhere.
    pub(super) fn forget_candidate(&self, id: &str) -> Result<bool, Error> {
        if let Ok(text) = self.text_of(id) {
            return self.forget_text(&text).map(|()| true);
        }
        let sealed = self.store.is_sealed(id);
        if sealed {
            self.store.discard_sealed(id).map_err(|error| convert::vault_error(&error))?;
        }
        Ok(sealed)
    }

    /// Drops all that say this, wherever it lies.
    pub(super) fn forget_text(&self, text: &SecretText) -> Result<(), Error> {
        self.held().drop_text(text);
        for (name, _) in self.inbox().iter().filter(|(_, sealed)| sealed == text) {
            self.store.discard_sealed(name).map_err(|error| convert::vault_error(&error))?;
        }
        self.withdraw_untrue();
        Ok(())
    }
}

/// Returns all texts that wait: a part of an export is told beside those that there are.
pub(super) fn texts<'a>(held: &'a Candidates, inbox: &'a [(String, SecretText)]) -> Vec<&'a str> {
    held.iter().map(|held| held.text.expose()).chain(inbox.iter().map(|(_, text)| text.expose())).collect()
}

pub(super) fn unsealed(why: &str) -> String {
    format!("it can't be sealed ({why}): it is in memory only, until the vault is unlocked or the daemon ends")
}

pub(super) fn no_candidate(id: &str) -> Error {
    let id: String = id.chars().take(40).collect();
    Error::NotFound(format!("there is no candidate \"{}\" (any more): scan again", visible(&id)))
}
