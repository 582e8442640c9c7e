//! The account's code, asked of the daemon on a connection that lives as long as the offer.

use countersign_api::{
    Error,
    accounts::AccountsProxy,
    connect,
    secrets::SecretsProxy,
    types::{AccountInfo, CodeDetails, CodeOptions},
};
use tokio::sync::Mutex;
use zbus::{Connection, proxy::CacheProperties};
use zeroize::Zeroizing;

/// One account, and the code of it that was last given.
pub(crate) struct Codes {
    connection: Connection,
    proxy: AccountsProxy<'static>,
    account: AccountInfo,
    /// What the person typed, where the vault does not keep it.
    pin: Option<Zeroizing<String>>,
    /// How a site may compute it instead.
    variation: Option<String>,
    last: Mutex<Code>,
}

/// A code, and when it dies.
#[derive(Default)]
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
    pub(crate) async fn connect(
        account: &str,
        pin: Option<Zeroizing<String>>,
        variation: Option<&str>,
    ) -> Result<Self, Error> {
        let connection = connect::private().await?;
        let proxy = AccountsProxy::builder(&connection).cache_properties(CacheProperties::No).build().await?;
        let mut found = proxy.find(account, countersign_api::Dict::new()).await?.into_iter().map(AccountInfo::from);
        let account = match (found.next(), found.next()) {
            (Some(one), None) => one,
            (Some(_), Some(_)) => return Err(Error::Ambiguous(format!("several accounts fit \"{account}\""))),
            (None, _) => return Err(Error::NotFound(format!("no account fits \"{account}\""))),
        };
        let variation = variation.map(str::to_owned);
        Ok(Self { connection, proxy, account, pin, variation, last: Mutex::default() })
    }

    /// Gets a code that a person has the time to paste, and returns the Unix time at which it dies; calls `waiting`
    /// before it waits for one.
    pub(crate) async fn prepare(&mut self, waiting: impl Fn()) -> Result<u64, Error> {
        let code = match self.ask(&self.options(true)).await {
            Err(Error::WouldWait(_)) => {
                waiting();
                self.ask(&self.options(false)).await?
            }
            answer => answer?,
        };
        let expires = code.expires;
        *self.last.get_mut() = code;
        Ok(expires)
    }

    /// Returns the code as it is at this Unix time.
    pub(crate) async fn at(&self, now: u64) -> Result<Zeroizing<String>, Error> {
        let mut last = self.last.lock().await;
        if last.expires != 0 && last.expires <= now {
            *last = self.ask(&CodeOptions { variation: self.variation.clone(), ..CodeOptions::default() }).await?;
        }
        Ok(last.text.clone())
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

    fn options(&self, at_once: bool) -> CodeOptions {
        let period = self.account.period;
        CodeOptions {
            // Of a code that lives 4 s, 5 can't be asked.
            fresh: (period > 0).then(|| FRESH.min(period / 2)),
            max_wait: at_once.then_some(0),
            variation: self.variation.clone(),
            prompt: Some(true),
            // Whoever copies one code knows that it is used up.
            advance: (period == 0).then_some(true),
            ..CodeOptions::default()
        }
    }
}

/// Seconds that a copied code must still live.
const FRESH: u32 = 5;
