//! The account's code, asked of the daemon at the moment of typing.

use countersign_api::{
    Dict, Error,
    accounts::AccountsProxy,
    connect,
    secrets::SecretsProxy,
    types::{AccountInfo, CodeOptions},
};
use zbus::{Connection, proxy::CacheProperties};
use zeroize::Zeroizing;

/// One account, and who gives its codes.
pub(crate) struct Codes {
    connection: Connection,
    proxy: AccountsProxy<'static>,
    account: AccountInfo,
    /// What the person typed, where the vault does not keep it.
    pin: Option<Zeroizing<String>>,
    /// A counter's code that was given but not typed: another one would leave a gap.
    counted: Option<Zeroizing<String>>,
}

impl Codes {
    /// Finds the account, by its id or whatever else names it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Ambiguous`]; whatever keeps the daemon from answering.
    pub(crate) async fn connect(name: &str, pin: Option<Zeroizing<String>>) -> Result<Self, Error> {
        let connection = connect::private().await?;
        let proxy = AccountsProxy::builder(&connection).cache_properties(CacheProperties::No).build().await?;
        let mut found = proxy.find(name, Dict::new()).await?.into_iter().map(AccountInfo::from);
        let account = match (found.next(), found.next()) {
            (Some(one), None) => one,
            (Some(_), Some(_)) => return Err(Error::Ambiguous(format!("several accounts fit \"{name}\""))),
            (None, _) => return Err(Error::NotFound(format!("no account fits \"{name}\""))),
        };
        Ok(Self { connection, proxy, account, pin, counted: None })
    }

    /// Returns a code that lives long enough to be typed and sent; calls `waiting` before it waits for one.
    pub(crate) async fn fresh(&mut self, waiting: impl Fn()) -> Result<Zeroizing<String>, Error> {
        if let Some(code) = &self.counted {
            return Ok(code.clone());
        }
        let code = match self.ask(Some(0)).await {
            Err(Error::WouldWait(_)) => {
                waiting();
                self.ask(None).await?
            }
            answer => answer?,
        };
        if self.account.period == 0 {
            self.counted = Some(code.clone());
        }
        Ok(code)
    }

    async fn ask(&self, max_wait: Option<u32>) -> Result<Zeroizing<String>, Error> {
        let period = self.account.period;
        let options = CodeOptions {
            // Of a code that lives 4 s, 5 can't be asked.
            fresh: (period > 0).then(|| FRESH.min(period / 2)),
            max_wait,
            // Whoever types one code knows that it is used up.
            advance: (period == 0).then_some(true),
            ..CodeOptions::default()
        };
        let (id, options) = (&*self.account.id, options.into());
        let (code, _) = match &self.pin {
            Some(pin) => SecretsProxy::new(&self.connection).await?.code_with_pin(id, pin, options).await?,
            None => self.proxy.code_with(id, options).await?,
        };
        Ok(Zeroizing::new(code))
    }
}

/// Seconds that a typed code must still live.
const FRESH: u32 = 5;
