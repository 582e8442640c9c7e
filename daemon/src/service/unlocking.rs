//! Opening the vault: which ways, in what order, and the price of a wrong passphrase.

use std::{sync::Arc, time::Duration};

use countersign_api::{Error, types::PromptOptions};
use countersign_core::{
    secret::SecretText,
    text::visible,
    vault::{Opener, Vault, VaultError},
};

use super::Service;
use crate::{
    convert, harden,
    lock_triggers::Trigger,
    unlock::{
        keyring,
        prompt::{self, PromptError, Question},
    },
    vault_state::{Phase, Why},
};

/// A key that somebody gave.
pub(super) enum Given {
    Passphrase(SecretText),
    Recovery(SecretText),
    VaultKey(SecretText),
}

impl Given {
    pub(super) fn opener(&self) -> Opener<'_> {
        match self {
            Self::Passphrase(text) => Opener::Passphrase(text),
            Self::Recovery(text) => Opener::Recovery(text),
            Self::VaultKey(text) => Opener::VaultKey(text),
        }
    }
}

/// What a passphrase is asked for by a dialog.
pub(super) enum Purpose {
    Unlock,
    /// That the person is there; `program` wants to know it.
    Presence {
        program: String,
    },
}

impl Purpose {
    fn question(&self) -> String {
        match self {
            Self::Unlock => "Unlock your two-factor codes.".into(),
            // Consent is visibility: who asks stands in the question.
            Self::Presence { program } => {
                format!(
                    "Show that it is you: a secret is about to leave the vault, or its keys to change.\nAsked by {}",
                    visible(program)
                )
            }
        }
    }

    fn unanswered(&self, error: &PromptError) -> Error {
        match (self, error) {
            (Self::Unlock, PromptError::Dismissed) => {
                Error::Cancelled("the question was dismissed; the vault stays locked".into())
            }
            (Self::Unlock, nothing) => Error::Locked(format!("the vault is locked, and {nothing}")),
            (Self::Presence { .. }, PromptError::Dismissed) => Error::Cancelled("the question was dismissed".into()),
            (Self::Presence { .. }, nothing) => {
                Error::PresenceNeeded(format!("this needs the passphrase first, and {nothing}"))
            }
        }
    }
}

impl Service {
    /// Makes sure that the vault is open: it is, or the keyring opens it, or the person does.
    ///
    /// `by_hand` tells that the person asked for unlocking: only then is the keyring asked after a lock by hand.
    pub(super) async fn ensure_open(
        self: &Arc<Self>,
        prompt: Option<PromptOptions>,
        by_hand: bool,
    ) -> Result<(), Error> {
        self.lock_if_overdue();
        let locked_by_hand = {
            let state = self.state();
            match state.phase() {
                Phase::Unlocked(_) => return Ok(()),
                Phase::Locked => state.why() == Why::ByHand,
                phase => return Err(convert::not_open(phase)),
            }
        };
        // After a lock by hand the keyring never opens the vault unasked, and only beside a question to the person.
        if (!locked_by_hand || (by_hand && prompt.is_some())) && self.open_by_keyring().await.is_ok() {
            return Ok(());
        }
        match prompt {
            Some(options) => self.ask(Purpose::Unlock, options).await,
            None => Err(convert::not_open(self.state().phase())),
        }
    }

    /// Locks a vault whose idle time ran out while nobody could notice, such as in a sleep that was not announced.
    pub(super) fn lock_if_overdue(self: &Arc<Self>) {
        let limit = self.config.borrow().idle_lock;
        if limit.is_some_and(|limit| self.idle.is_over(limit)) && self.state().vault().is_some() {
            self.wipe(Why::Trigger(Trigger::Idle), None);
        }
    }

    async fn open_by_keyring(self: &Arc<Self>) -> Result<(), Error> {
        let Some(vault) = self.keyring_name() else { return Err(Error::NotFound("no keyring slot".into())) };
        let key = keyring::load(&vault).await.map_err(|error| {
            tracing::info!("not opened by the keyring: {error}");
            Error::Failed(error.to_string())
        })?;
        self.open(Given::VaultKey(key)).await
    }

    /// Returns the name under which the login keyring holds the key, if it does.
    pub(super) fn keyring_name(&self) -> Option<String> {
        let has_slot = self.store.slots().iter().any(|slot| slot.name == "keyring");
        has_slot.then(|| self.store.recipient()).flatten()
    }

    /// Asks the person for the passphrase by a dialog on their display, three times at the most.
    pub(super) async fn ask(self: &Arc<Self>, purpose: Purpose, options: PromptOptions) -> Result<(), Error> {
        let environment = self.screen_environment(convert::screen_of(options)).await;
        let text = purpose.question();
        let mut error = None;
        for _ in 0..TRIES {
            let question = Question { text: &text, error, repeat: false };
            let answer = prompt::ask(question, &environment).await;
            let passphrase = answer.map_err(|error| purpose.unanswered(&error))?;
            let result = match purpose {
                Purpose::Unlock => self.open(Given::Passphrase(passphrase)).await,
                Purpose::Presence { .. } => self.check_passphrase(passphrase).await,
            };
            match result {
                Err(Error::WrongPassphrase(_)) => error = Some("That was not the passphrase. Try again."),
                result => return result,
            }
        }
        Err(Error::WrongPassphrase(format!("{TRIES} wrong passphrases; nothing was opened")))
    }

    /// Makes the vault with a passphrase that a dialog on the person's display asks for, twice.
    pub(super) async fn make_by_prompt(self: &Arc<Self>, options: PromptOptions) -> Result<(), Error> {
        if !matches!(self.state().phase(), Phase::Absent) {
            return Err(Error::AlreadyExists("there is a vault already".into()));
        }
        let environment = self.screen_environment(convert::screen_of(options)).await;
        let mut error = None;
        loop {
            let question = Question { text: NEW_PASSPHRASE, error, repeat: true };
            let passphrase = prompt::ask(question, &environment).await.map_err(|error| match error {
                PromptError::Dismissed => Error::Cancelled("the question was dismissed; no vault was made".into()),
                nothing => Error::PresenceNeeded(format!("a new vault wants a passphrase, and {nothing}")),
            })?;
            if !passphrase.expose().is_empty() {
                return self.make(passphrase).await;
            }
            error = Some("An empty passphrase protects nothing.");
        }
    }

    /// Makes the vault; it is open then, unless somebody locked meanwhile.
    pub(super) async fn make(self: &Arc<Self>, passphrase: SecretText) -> Result<(), Error> {
        let epoch = self.state().epoch();
        let store = self.store.clone();
        let vault =
            self.derive(move || store.create(&passphrase)).await?.map_err(|error| convert::vault_error(&error))?;
        self.open_written(vault, epoch, "the vault is made")?;
        harden::scrub();
        Ok(())
    }

    /// Returns without an error when this is the passphrase; the vault stays as it is.
    pub(super) async fn check_passphrase(self: &Arc<Self>, passphrase: SecretText) -> Result<(), Error> {
        let store = self.store.clone();
        let right = self.derive(move || store.check_passphrase(&passphrase)).await?;
        harden::scrub();
        right.map_err(|error| convert::vault_error(&error))
    }

    /// Opens the vault with a key.
    pub(super) async fn open(self: &Arc<Self>, given: Given) -> Result<(), Error> {
        let why = if matches!(given, Given::VaultKey(_)) { Why::Keyring } else { Why::Opened };
        let epoch = self.state().epoch();
        let store = self.store.clone();
        let result = self.derive(move || store.open(given.opener())).await?;
        let opened = match result {
            Ok(vault) => self.take_open(vault, why, epoch),
            Err(VaultError::Unusable(what)) => {
                let error = Error::Unusable(what.to_string());
                self.state().unusable(what);
                self.announce_state();
                Err(error)
            }
            Err(error) => Err(convert::vault_error(&error)),
        };
        harden::scrub();
        opened
    }

    /// Runs a key derivation on its own thread, one at a time, and slows wrong passphrases down; nobody else waits.
    pub(super) async fn derive<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce() -> Result<T, VaultError> + Send + 'static,
    ) -> Result<Result<T, VaultError>, Error> {
        let busy =
            |_| Error::LimitsExceeded("too many passphrases are being tried at once: try again in a moment".into());
        let _place = self.waiting.try_acquire().map_err(busy)?;
        let result = {
            let _one = self.deriving.acquire().await.expect("the semaphore is never closed");
            harden::aside(work).await
        };
        let wrong = matches!(result, Err(VaultError::WrongPassphrase));
        let count = {
            let mut count = self.wrong.lock().expect("no holder panics");
            *count = if wrong { count.saturating_add(1) } else { 0 };
            *count
        };
        if wrong {
            // Whoever guesses waits for the answer; the next in line does not.
            tokio::time::sleep((FIRST_DELAY * 2u32.pow(count.min(6))).min(LONGEST_DELAY)).await;
        }
        Ok(result)
    }

    /// Opens a vault that was just written. A lock that came meanwhile is the last word: it stays whole and locked.
    pub(super) fn open_written(self: &Arc<Self>, vault: Vault, epoch: u64, done: &str) -> Result<(), Error> {
        let in_time = self.state().epoch() == epoch;
        if in_time {
            return self.take_open(vault, Why::Opened, epoch);
        }
        drop(vault);
        self.state().written_while_locked();
        self.seal_candidates();
        self.announce_state();
        harden::scrub();
        Err(Error::Locked(format!("{done}, and the vault was locked meanwhile")))
    }

    pub(super) fn take_open(self: &Arc<Self>, vault: Vault, why: Why, epoch: u64) -> Result<(), Error> {
        {
            let mut state = self.state();
            if state.epoch() != epoch {
                // Somebody locked, or was faster, while the key was derived: theirs is the last word.
                return match state.phase() {
                    Phase::Unlocked(_) => Ok(()),
                    phase => Err(convert::not_open(phase)),
                };
            }
            state.unlocked(vault, why);
        }
        self.idle.touch();
        self.know_sealed();
        self.renew_candidates();
        self.announce_state();
        self.remind_of_backup();
        tracing::info!("unlocked: {}", why.text());
        Ok(())
    }
}

const NEW_PASSPHRASE: &str =
    "Choose the passphrase of your two-factor codes. Several words are easy to remember and hard to guess.";
const TRIES: usize = 3;
const FIRST_DELAY: Duration = Duration::from_millis(50);
const LONGEST_DELAY: Duration = Duration::from_secs(5);
