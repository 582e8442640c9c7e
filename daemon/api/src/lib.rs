//! The D-Bus contract of countersign: what the daemon offers and how a client speaks to it, defined once.
//!
//! Each interface is one file: a backend trait that knows no D-Bus, and an interface struct whose methods hand over to it.
//! The service object, the typed client (`…Proxy`) and the introspection XML in `interfaces/` all come from those lines.
//!
//! Reading order: [`accounts`] (what the product does) → [`vault`] → [`scanner`] → [`secrets`] (private socket only).

#![allow(clippy::doc_markdown)] // the interfaces' comments become the XML, where backticks are noise
#![allow(clippy::wildcard_imports)] // each interface speaks of most of the types

mod dict;

pub mod accounts;
pub mod caller;
pub mod connect;
pub mod error;
pub mod scanner;
pub mod secrets;
pub mod types;
pub mod vault;

pub use caller::{Caller, Peer};
pub use dict::Dict;
pub use error::Error;

/// The root of every name: bus name, interfaces, errors, desktop files, units.
pub const ROOT: &str = "org.countersign";
/// The well-known bus name of the daemon.
pub const BUS_NAME: &str = "org.countersign.Countersign1";
/// The path of the one object.
pub const PATH: &str = "/org/countersign/Countersign1";
/// The version of the contract: counts up when something is added; what is there stays.
pub const VERSION: u32 = 1;
/// What this version offers beyond the bare contract.
pub const FEATURES: &[&str] = &["scan-x11", "scan-image", "keyring", "recovery", "generations"];
