//! One conversation with the daemon: the connection, and what the person has to be asked on the way.
//!
//! Order of unlocking: `--passphrase-fd` → the login keyring, which the daemon asks → the terminal → a dialog that the
//! daemon shows on this display. `--no-prompt` forbids the last two, `--no-tty` the terminal. Presence is shown likewise.

use std::{env, fs, path::Path};

use countersign_api::{
    Dict, Error as Answer,
    accounts::AccountsProxy,
    connect,
    scanner::ScannerProxy,
    secrets::SecretsProxy,
    types::{AccountInfo, NoOptions, PromptOptions, ScanOptions, Status},
    vault::VaultProxy,
};
use tokio::time::timeout;
use zbus::{Connection, proxy::CacheProperties};
use zeroize::Zeroizing;

use crate::{args::Global, asking::Asking, error::Error, output};

/// A connection to the daemon, and the way to ask the person.
pub(crate) struct Session {
    connection: Connection,
    /// How the daemon was when it was last asked.
    pub(crate) status: Status,
    /// Whom to ask.
    pub(crate) asking: Asking,
    proved: bool,
}

impl Session {
    /// Connects to the daemon's private socket, and starts the daemon if it does not run.
    pub(crate) async fn open(global: &Global) -> Result<Self, Error> {
        let session = Self::over(connect::private_or_start().await?, global).await?;
        session.warn();
        Ok(session)
    }

    /// Connects to a daemon that runs; [`Error::NoDaemon`] when there is none.
    pub(crate) async fn open_running(global: &Global) -> Result<Self, Error> {
        Self::over(connect::private().await?, global).await
    }

    async fn over(connection: Connection, global: &Global) -> Result<Self, Error> {
        let asking = Asking::new(global);
        let mut session = Self { connection, status: Status::default(), asking, proved: false };
        match timeout(connect::ANSWER_LIMIT, session.refresh()).await {
            Ok(answer) => answer.map(|()| session),
            Err(_) => Err(connect::silence().await.into()),
        }
    }

    /// Asks the daemon again how it is.
    pub(crate) async fn refresh(&mut self) -> Result<(), Error> {
        self.status = self.vault().await?.status(none()).await?.into();
        Ok(())
    }

    /// The interface of the vault's state.
    pub(crate) async fn vault(&self) -> Result<VaultProxy<'static>, Error> {
        Ok(VaultProxy::builder(&self.connection).cache_properties(CacheProperties::No).build().await?)
    }

    /// The interface of accounts and codes.
    pub(crate) async fn accounts(&self) -> Result<AccountsProxy<'static>, Error> {
        Ok(AccountsProxy::builder(&self.connection).cache_properties(CacheProperties::No).build().await?)
    }

    /// The interface of scans.
    pub(crate) async fn scanner(&self) -> Result<ScannerProxy<'static>, Error> {
        Ok(ScannerProxy::builder(&self.connection).cache_properties(CacheProperties::No).build().await?)
    }

    /// The interface of everything secret.
    pub(crate) async fn secrets(&self) -> Result<SecretsProxy<'static>, Error> {
        Ok(SecretsProxy::builder(&self.connection).cache_properties(CacheProperties::No).build().await?)
    }

    /// Says what a person should know before the command's own answer.
    fn warn(&self) {
        if !self.status.config_error.is_empty() {
            output::say(&format!("countersign: {}", self.status.config_error));
        }
        if output::is_terminal_err()
            && let Some(text) = version_difference(&self.status.version)
        {
            output::say(&format!("countersign: {text}"));
        }
    }

    /// Waits until the daemon ends this connection, as it does when it locks.
    pub(crate) async fn closed(&self) {
        self.connection.closed().await;
    }

    /// Says that there is no vault, and of a backup that was copied one folder too deep where it lies.
    pub(crate) fn no_vault(&self) -> Error {
        let place = Path::new(&self.status.vault);
        let mut entries = fs::read_dir(place).into_iter().flatten().flatten().map(|entry| entry.path());
        let text = match entries.find(|path| path.join("vault.age").is_file()) {
            None => "there is no vault yet".into(),
            Some(nested) => {
                let (nested, place) = (nested.display().to_string(), place.display());
                let nested = output::one_line(&nested);
                format!(
                    "there is no vault yet, but a backup lies in {nested}: to go on with that one instead of a new \
                     vault, cp -r '{nested}/.' '{place}'"
                )
            }
        };
        Answer::NoVault(text).into()
    }

    /// Sees to it that the vault is unlocked.
    ///
    /// # Errors
    /// [`Answer::NoVault`], [`Answer::Unusable`]; [`Answer::Locked`] where nobody may be asked.
    pub(crate) async fn unlock(&mut self) -> Result<(), Error> {
        self.refresh().await?;
        match self.status.state.as_str() {
            "unlocked" => return Ok(()),
            "absent" => return Err(self.no_vault()),
            "unusable" => return Err(Answer::Unusable(self.status.why_text.clone()).into()),
            _ => {}
        }
        if self.asking.has_fd() {
            let passphrase = self.asking.passphrase("").await?;
            self.unlock_with("passphrase", &passphrase).await?;
        } else if !self.unlock_by_daemon(false).await? {
            self.unlock_by_person().await?;
        }
        self.refresh().await
    }

    async fn unlock_by_person(&mut self) -> Result<(), Error> {
        if self.asking.tty().is_some() {
            return self.three_tries(Purpose::Unlock).await;
        }
        if !self.asking.forbidden && self.unlock_by_daemon(true).await? {
            return Ok(());
        }
        Err(Answer::Locked("the vault is locked".into()).into())
    }

    /// Unlocks by what the daemon can do alone or, with `prompt`, by a dialog; false when that leads nowhere.
    async fn unlock_by_daemon(&mut self, prompt: bool) -> Result<bool, Error> {
        match self.vault().await?.unlock(prompt_options(prompt).into()).await {
            Ok(()) => Ok(true),
            // What the keyring can't do is no failure; what became of the dialog is the answer.
            Err(Answer::Locked(_) | Answer::Failed(_) | Answer::WrongPassphrase(_)) if !prompt => Ok(false),
            Err(answer) => Err(self.asking.unasked(answer)),
        }
    }

    /// Unlocks by a `passphrase` or by the `recovery` key.
    pub(crate) async fn unlock_with(&mut self, way: &str, key: &str) -> Result<(), Error> {
        Ok(self.secrets().await?.unlock_with(way, key, none()).await?)
    }

    /// Shows the daemon that the person is there, on this connection.
    ///
    /// # Errors
    /// [`Answer::PresenceNeeded`] where nobody may be asked.
    pub(crate) async fn prove(&mut self) -> Result<(), Error> {
        if self.proved {
            return Ok(());
        }
        if self.asking.has_fd() || self.asking.has_passphrase() {
            let passphrase = self.asking.passphrase("").await?;
            self.secrets().await?.prove(&passphrase, none()).await?;
        } else if self.asking.tty().is_some() {
            self.three_tries(Purpose::Prove).await?;
        } else if self.asking.forbidden {
            return Err(Answer::PresenceNeeded("the passphrase has to be given for this".into()).into());
        } else {
            let asked = self.secrets().await?.prove_by_prompt(prompt_options(true).into()).await;
            asked.map_err(|answer| self.asking.unasked(answer))?;
        }
        self.proved = true;
        Ok(())
    }

    /// Takes note that the person is there: this connection has just made the vault with this passphrase.
    pub(crate) fn take_proof(&mut self, passphrase: &Zeroizing<String>) {
        self.asking.remember(passphrase);
        self.proved = true;
    }

    /// Makes the vault with a passphrase that the daemon asks for by a dialog; the person is known to be there then.
    pub(crate) async fn init_by_dialog(&mut self) -> Result<(), Error> {
        let made = self.secrets().await?.init_by_prompt(prompt_options(true).into()).await;
        made.map_err(|answer| self.asking.unasked(answer))?;
        self.proved = true;
        Ok(())
    }

    /// Asks the passphrase on the terminal until it is right, three times at the most.
    async fn three_tries(&mut self, purpose: Purpose) -> Result<(), Error> {
        for left in (0..TRIES).rev() {
            let passphrase = self.asking.passphrase(purpose.question()).await?;
            let secrets = self.secrets().await?;
            let answer = match purpose {
                Purpose::Unlock => secrets.unlock_with("passphrase", &passphrase, none()).await,
                Purpose::Prove => secrets.prove(&passphrase, none()).await,
            };
            match answer {
                Err(Answer::WrongPassphrase(_)) if left > 0 => self.asking.forget("That is not the passphrase.\n")?,
                answer => return Ok(answer?),
            }
        }
        unreachable!("the last try returns")
    }

    /// Returns the one account that fits the words; lets the person choose among several.
    ///
    /// Unlocks first. Without a person to ask, several end with [`Answer::Ambiguous`] and their list.
    pub(crate) async fn account(&mut self, words: &str) -> Result<AccountInfo, Error> {
        self.unlock().await?;
        let found = self.accounts().await?.find(words, Dict::new()).await?;
        let found = found.into_iter().map(AccountInfo::from).collect();
        self.one_of(words, found).await
    }

    /// Returns one of the accounts: the only one, or the one that the person chooses.
    pub(crate) async fn one_of(&mut self, words: &str, mut found: Vec<AccountInfo>) -> Result<AccountInfo, Error> {
        match found.len() {
            0 => Err(no_account(words)),
            1 => Ok(found.remove(0)),
            count => {
                let titles: Vec<String> = found.iter().map(|account| account.title.clone()).collect();
                let Some(tty) = self.asking.tty() else {
                    let lines: Vec<String> = found.iter().map(candidate_line).collect();
                    let text = format!("{count} accounts fit \"{}\":{}", output::one_line(words), lines.concat());
                    return Err(Answer::Ambiguous(text).into());
                };
                let chosen = tty.choose("Which one?", &titles).await?;
                Ok(found.remove(chosen.ok_or(Error::Interrupted)?))
            }
        }
    }
}

/// Returns the error for words that no account fits.
pub(crate) fn no_account(words: &str) -> Error {
    let text = format!("no account fits \"{}\": countersign list shows what is there", output::one_line(words));
    Answer::NotFound(text).into()
}

/// Returns an account as the list of several shows it.
fn candidate_line(account: &AccountInfo) -> String {
    format!("\n  {}  {}", account.id, output::one_line(&account.title))
}

/// What a passphrase is asked for.
#[derive(Clone, Copy)]
enum Purpose {
    Unlock,
    Prove,
}

impl Purpose {
    fn question(self) -> &'static str {
        match self {
            Self::Unlock => "Passphrase of the vault: ",
            Self::Prove => "Passphrase, to show that it is you: ",
        }
    }
}

/// Returns the options of a method that has none yet.
pub(crate) fn none() -> Dict {
    NoOptions::default().into()
}

/// Returns this process' screen, for a prompt.
fn prompt_options(prompt: bool) -> PromptOptions {
    let screen = screen_options();
    PromptOptions {
        display: screen.display,
        wayland_display: screen.wayland_display,
        xauthority: screen.xauthority,
        session_type: screen.session_type,
        current_desktop: screen.current_desktop,
        prompt: Some(prompt),
    }
}

/// Returns this process' screen, for a scan.
pub(crate) fn screen_options() -> ScanOptions {
    let of = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    // Who comes from afar has no screen here, and is not to be asked on somebody else's.
    let from_afar = || of("SSH_CONNECTION").map(|_| "tty".to_owned());
    ScanOptions {
        display: of("DISPLAY"),
        wayland_display: of("WAYLAND_DISPLAY"),
        xauthority: of("XAUTHORITY"),
        session_type: of("XDG_SESSION_TYPE").or_else(from_afar),
        current_desktop: of("XDG_CURRENT_DESKTOP"),
        ..ScanOptions::default()
    }
}

/// Returns the sentence about a daemon of another version, if it is one.
pub(crate) fn version_difference(daemon: &str) -> Option<String> {
    let own = env!("CARGO_PKG_VERSION");
    (daemon != own).then(|| format!("the daemon that runs is version {daemon}, this is {own}: countersign restart"))
}

/// How often a passphrase may be typed.
const TRIES: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_version_is_told() {
        assert_eq!(version_difference(env!("CARGO_PKG_VERSION")), None);
        assert!(version_difference("0.0.9").unwrap().contains("countersign restart"));
    }
}
