//! `Scanner1`: look at the screen for QR codes, and keep what can be kept.

use std::future::Future;

use zbus::{interface, message::Header};

use crate::{Caller, Dict, Error, caller::Origin, types::*};

/// What the daemon must be able to do for [`Scanner`].
pub trait ScannerBackend: Send + Sync + 'static {
    /// Looks at the caller's screen.
    fn scan_screen(
        &self,
        caller: Caller,
        options: ScanOptions,
    ) -> impl Future<Output = Result<Vec<Candidate>, Error>> + Send;
    /// Returns what was found and nobody has kept or discarded yet.
    fn candidates(&self, caller: Caller) -> impl Future<Output = Result<Vec<Candidate>, Error>> + Send;
    /// Makes an account of a candidate.
    fn keep(
        &self,
        caller: Caller,
        candidate: &str,
        options: KeepOptions,
    ) -> impl Future<Output = Result<Kept, Error>> + Send;
    /// Drops a candidate.
    fn discard(&self, caller: Caller, candidate: &str) -> impl Future<Output = Result<(), Error>> + Send;
}

/// The service object of the interface.
pub struct Scanner<B> {
    /// Who does the work.
    pub backend: B,
    /// Where it is served.
    pub origin: Origin,
}

/// Look at the screen for QR codes, and keep what can be kept. Every scan and every keep is shown on the desktop.
#[interface(
    name = "org.countersign.Scanner1",
    proxy(
        default_service = "org.countersign.Countersign1",
        default_path = "/org/countersign/Countersign1",
        gen_blocking = false
    )
)]
impl<B: ScannerBackend> Scanner<B> {
    /// Looks at the caller's screen once and answers every QR found; nothing is kept. Options: display s,
    /// wayland_display s, xauthority s, session_type s, current_desktop s, notify b (tell the result by a
    /// notification, and keep the only account found); at most one of screen s (number from the left, or name),
    /// region b (the person draws a frame), window s (words of its title), clipboard b; harder b (walk all the
    /// decoder's steps); looks_on b (one look of many: a desktop that asks the person does so once, where it can).
    /// Candidates expire after 10 minutes.
    #[zbus(out_args("candidates"))]
    async fn scan_screen(&self, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Vec<Dict>, Error> {
        let found = self.backend.scan_screen(self.origin.caller(&header)?, options.try_into()?).await?;
        Ok(found.into_iter().map(Dict::from).collect())
    }

    /// What was found and nobody has kept or discarded yet, with what was sealed while the vault was locked.
    #[zbus(out_args("candidates"))]
    async fn candidates(&self, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Vec<Dict>, Error> {
        NoOptions::try_from(options)?;
        let found = self.backend.candidates(self.origin.caller(&header)?).await?;
        Ok(found.into_iter().map(Dict::from).collect())
    }

    /// Makes an account of a candidate. Options: if_exists s (`replace` or `keep-both`), issuer s, name s.
    /// Answers: outcome s, accounts as, titles as, missing_parts au.
    #[zbus(out_args("kept"))]
    async fn keep(&self, candidate: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Dict, Error> {
        Ok(self.backend.keep(self.origin.caller(&header)?, candidate, options.try_into()?).await?.into())
    }

    /// Drops a candidate.
    async fn discard(&self, candidate: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<(), Error> {
        NoOptions::try_from(options)?;
        self.backend.discard(self.origin.caller(&header)?, candidate).await
    }
}
