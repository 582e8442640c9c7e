//! `Accounts1`: which accounts there are, and their codes.

#![allow(missing_docs)] // the interface macros add items of their own

use std::future::Future;

use zbus::{interface, message::Header, object_server::SignalEmitter};

use crate::{Caller, Dict, Error, caller::Origin, types::*};

/// What the daemon must be able to do for [`Accounts`].
pub trait AccountsBackend: Send + Sync + 'static {
    /// Returns the accounts.
    fn list(
        &self,
        caller: Caller,
        options: ListOptions,
    ) -> impl Future<Output = Result<Vec<AccountInfo>, Error>> + Send;
    /// Returns the accounts that fit the words.
    fn find(
        &self,
        caller: Caller,
        words: &str,
        options: ListOptions,
    ) -> impl Future<Output = Result<Vec<AccountInfo>, Error>> + Send;
    /// Returns a code and what there is to say about it.
    fn code(
        &self,
        caller: Caller,
        account: &str,
        options: CodeOptions,
    ) -> impl Future<Output = Result<(String, CodeDetails), Error>> + Send;
    /// Returns what a site may compute instead where it refuses the codes of an account.
    fn variations(
        &self,
        caller: Caller,
        account: &str,
        options: NoOptions,
    ) -> impl Future<Output = Result<Vec<Variation>, Error>> + Send;
    /// Remembers that the site accepts the codes of an account.
    fn confirm(
        &self,
        caller: Caller,
        account: &str,
        options: ConfirmOptions,
    ) -> impl Future<Output = Result<Confirmed, Error>> + Send;
    /// Puts an account at the head of lists, or back among the others.
    fn pin(&self, caller: Caller, account: &str, options: PinOptions)
    -> impl Future<Output = Result<(), Error>> + Send;
    /// Tells the person that a code of an account is on the clipboard, or why it is not.
    fn copied(
        &self,
        caller: Caller,
        account: &str,
        options: CopiedOptions,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// The service object of the interface.
pub struct Accounts<B> {
    /// Who does the work.
    pub backend: B,
    /// Where it is served.
    pub origin: Origin,
}

/// Which accounts there are, and their codes.
#[interface(
    name = "org.countersign.Accounts1",
    proxy(
        default_service = "org.countersign.Countersign1",
        default_path = "/org/countersign/Countersign1",
        gen_blocking = false
    )
)]
impl<B: AccountsBackend> Accounts<B> {
    /// The code of one account, now. An account is named by its id, by `issuer:name`, or by words that fit only it.
    #[zbus(out_args("code"))]
    async fn code(&self, account: &str, #[zbus(header)] header: Header<'_>) -> Result<String, Error> {
        let (code, _) = self.backend.code(self.origin.caller(&header)?, account, CodeOptions::default()).await?;
        Ok(code)
    }

    /// The code of one account. Options: fresh u (seconds it must still live), unused b (never the same twice),
    /// max_wait u, at t (Unix time), next b, prompt b (ask to unlock), advance b (counter-based: use one up),
    /// variation s (as a site may compute it instead, see Variations), trial b (it may be refused: no proof of use).
    /// Details: expires t, period u, account s.
    #[zbus(out_args("code", "details"))]
    async fn code_with(
        &self,
        account: &str,
        options: Dict,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(String, Dict), Error> {
        let (code, details) = self.backend.code(self.origin.caller(&header)?, account, options.try_into()?).await?;
        Ok((code, details.into()))
    }

    /// The accounts, 1,000 at the most a call. Options: offset u, limit u, order s (`name` or `use`). Each: id s,
    /// issuer s, name s, prefix s, title s, kind s, algorithm s, digits u, period u, confirmed b, pinned b, pin_needed b,
    /// created t, last_used t, deleted t, note s.
    #[zbus(out_args("accounts"))]
    async fn list(&self, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Vec<Dict>, Error> {
        let found = self.backend.list(self.origin.caller(&header)?, options.try_into()?).await?;
        Ok(found.into_iter().map(Dict::from).collect())
    }

    /// The accounts that fit all the words, best first; an id or an exact `issuer:name` fits alone.
    #[zbus(out_args("accounts"))]
    async fn find(&self, words: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Vec<Dict>, Error> {
        let found = self.backend.find(self.origin.caller(&header)?, words, options.try_into()?).await?;
        Ok(found.into_iter().map(Dict::from).collect())
    }

    /// What a site may compute instead where it refuses the codes of an account (its server ignores what its QR
    /// declares, or this computer's clock is wrong), the likely ones first. Each: variation s (give it to CodeWith for a
    /// code, to Confirm once that was accepted), text s (what is different), shift i (seconds that its clock is ahead).
    #[zbus(out_args("variations"))]
    async fn variations(
        &self,
        account: &str,
        options: Dict,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        let all = self.backend.variations(self.origin.caller(&header)?, account, options.try_into()?).await?;
        Ok(all.into_iter().map(Dict::from).collect())
    }

    /// The site accepted a code of the account: it is confirmed from now on. Options: variation s (that code was one of
    /// this variation: codes are computed so from now on, which undo takes back; a clock that is wrong changes nothing
    /// here; on the private socket only). Answers account s, title s, changed b, text s (what to know or to do now).
    #[zbus(out_args("confirmed"))]
    async fn confirm(&self, account: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Dict, Error> {
        let confirmed = self.backend.confirm(self.origin.caller(&header)?, account, options.try_into()?).await?;
        Ok(confirmed.into())
    }

    /// Puts an account at the head of lists that are in the order `use`. Options: unpin b (takes it back among the others).
    async fn pin(&self, account: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<(), Error> {
        self.backend.pin(self.origin.caller(&header)?, account, options.try_into()?).await
    }

    /// Whoever put a code of the account on the clipboard says so: the person is told by a notification, without the code.
    /// Options: expires t (Unix time at which it dies; unset where codes follow a counter), failed s (nothing was copied,
    /// and why: that is told instead, and the account may be empty).
    async fn copied(&self, account: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<(), Error> {
        self.backend.copied(self.origin.caller(&header)?, account, options.try_into()?).await
    }

    /// Accounts came, went or changed: ask again.
    #[zbus(signal)]
    pub async fn changed(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;
}
