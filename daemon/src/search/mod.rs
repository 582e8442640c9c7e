//! Accounts in the search boxes of GNOME Shell and KDE Plasma.
//!
//! Both interfaces are other people's contracts, served at [`PATH`] on the session bus only, where every program of the user
//! can ask and listen. So an answer holds names of accounts and nothing else: a code is made when a result is activated,
//! and goes to the clipboard. A result's id is a capability: random, good for one activation, for half a minute.
//!
//! The map: [`words`] decides what fits, [`hits`] keeps the ids, [`gnome`] and [`krunner`] are the doors onto
//! [`SearchBackend`].

pub mod gnome;
pub mod hits;
pub mod krunner;
pub mod words;

use std::future::Future;

use countersign_api::Error;

/// Where both interfaces are served.
pub const PATH: &str = "/org/countersign/Countersign1/Search";

/// The icon of every result.
pub(crate) const ICON: &str = "org.countersign.Tray";

/// One result.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// 32 random hex characters.
    pub id: String,
    /// What the person reads: an account's name, or what to do first.
    pub title: String,
    /// How well it fits, from 0 to 1.
    pub relevance: f64,
}

/// What the daemon must be able to do for a search box.
pub trait SearchBackend: Send + Sync + 'static {
    /// Returns what fits all of the words, the best first. Nothing is opened by a prompt, no counter advances.
    fn search(&self, words: &[String]) -> impl Future<Output = Result<Vec<Hit>, Error>> + Send;
    /// Returns the results of these ids that are still good.
    fn describe(&self, ids: &[String]) -> Vec<Hit>;
    /// Uses a result up: copies the account's code, or does what has to be done first. Comes back at once.
    ///
    /// # Errors
    /// The id was used before, is too old, or was never given.
    fn activate(&self, id: &str) -> Result<(), Error>;
    /// Opens the picker, for who wants to see more.
    fn open_picker(&self) -> Result<(), Error>;
}
