//! The account's code, asked of the daemon on a connection that lives as long as the offer.

use countersign_api::{
    Error,
    accounts::AccountsProxy,
    connect,
    secrets::SecretsProxy,
    types::{AccountInfo, CodeDetails, CodeOptions, CopiedOptions},
};
use tokio::sync::Mutex;
use zbus::{Connection, proxy::CacheProperties};
use zeroize::Zeroizing;

use crate::Request;

/// One account, and the code of it that was last given.
pub(crate) struct Codes {
    connection: Connection,
    proxy: AccountsProxy<'static>,
    account: AccountInfo,
    /// What the person typed, where the vault does not keep it.
    pin: Option<Zeroizing<String>>,
    /// How a site may compute it instead.
    variation: Option<String>,
    /// The page may refuse it.
    trial: Option<bool>,
    /// The code after the one of now is wanted.
    next: bool,
    /// The person is told on the desktop.
    notify: bool,
    last: Mutex<Option<Code>>,
}

/// A code, and when it dies.
struct Code {
    text: Zeroizing<String>,
    /// Unix time in seconds; 0 where codes follow a counter.
    expires: u64,
}

impl Codes {
    /// Finds the account, by its id or whatever else names it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Ambiguous`]; whatever keeps the daemon from answering.
    pub(crate) async fn connect(request: &Request<'_>, pin: Option<Zeroizing<String>>) -> Result<Self, Error> {
        let account = request.account;
        let connection = connect::private().await?;
        let proxy = AccountsProxy::builder(&connection).cache_properties(CacheProperties::No).build().await?;
        let mut found = proxy.find(account, countersign_api::Dict::new()).await?.into_iter().map(AccountInfo::from);
        let account = match (found.next(), found.next()) {
            (Some(one), None) => one,
            (Some(_), Some(_)) => return Err(Error::Ambiguous(format!("several accounts fit \"{account}\""))),
            (None, _) => return Err(Error::NotFound(format!("no account fits \"{account}\""))),
        };
        let (variation, trial) = (request.variation.map(str::to_owned), request.trial.then_some(true));
        let (next, notify) = (request.next, request.notify);
        Ok(Self { connection, proxy, account, pin, variation, trial, next, notify, last: Mutex::default() })
    }

    /// Gets a code that a person has the time to paste, and returns the Unix time at which it dies; calls `waiting`
    /// before it waits for one.
    pub(crate) async fn prepare(&self, waiting: impl Fn()) -> Result<u64, Error> {
        let code = match self.ask(&self.first(true)).await {
            Err(Error::WouldWait(_)) => {
                waiting();
                self.ask(&self.first(false)).await?
            }
            answer => answer?,
        };
        let expires = code.expires;
        *self.last.lock().await = Some(code);
        Ok(expires)
    }

    /// Has the person told that the code is there, if that is wanted. One who can't be told has the code all the same.
    pub(crate) async fn tell_copied(&self, expires: u64) {
        if self.notify {
            let options = CopiedOptions { expires: (expires > 0).then_some(expires), ..CopiedOptions::default() };
            let _ = self.proxy.copied(&self.account.id, options.into()).await;
        }
    }

    /// Returns the code as it is at this Unix time; `None` as long as none has been prepared, or where the daemon gives
    /// none any more.
    pub(crate) async fn at(&self, now: u64) -> Option<Zeroizing<String>> {
        let mut last = self.last.lock().await;
        let is_dead = |code: &Code| code.expires != 0 && code.expires <= now;
        if is_dead(last.as_ref()?) {
            *last = Some(self.ask(&self.any()).await.ok()?);
        }
        last.as_ref().map(|code| code.text.clone())
    }

    /// Waits until the daemon ends the connection, as it does when it locks.
    pub(crate) async fn locked(&self) {
        self.connection.closed().await;
    }

    async fn ask(&self, options: &CodeOptions) -> Result<Code, Error> {
        let (id, options) = (&*self.account.id, options.clone().into());
        let (text, details) = match &self.pin {
            Some(pin) => SecretsProxy::new(&self.connection).await?.code_with_pin(id, pin, options).await?,
            None => self.proxy.code_with(id, options).await?,
        };
        Ok(Code { text: Zeroizing::new(text), expires: CodeDetails::from(details).expires })
    }

    /// Asks for the code of now, whatever is left of it.
    fn any(&self) -> CodeOptions {
        CodeOptions { variation: self.variation.clone(), trial: self.trial, ..CodeOptions::default() }
    }

    fn first(&self, at_once: bool) -> CodeOptions {
        let period = self.account.period;
        if self.next && period > 0 {
            return CodeOptions { next: Some(true), prompt: Some(true), ..self.any() };
        }
        CodeOptions {
            // Of a code that lives 4 s, 5 can't be asked.
            fresh: (period > 0).then(|| FRESH.min(period / 2)),
            max_wait: at_once.then_some(0),
            prompt: Some(true),
            // Whoever copies one code knows that it is used up.
            advance: (period == 0).then_some(true),
            ..self.any()
        }
    }
}

/// Seconds that a copied code must still live.
const FRESH: u32 = 5;
