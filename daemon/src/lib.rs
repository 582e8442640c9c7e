//! countersignd: keeps the decrypted vault and answers for codes over D-Bus.
//!
//! The map: [`service`] implements the contract on top of [`vault_state`]; [`convert`] is the only file that knows both
//! the core's and the contract's types. [`private`] and the session bus carry the same interfaces; secrets only the
//! former. [`lock_triggers`] lock, [`unlock`] opens, [`worker`] looks at pixels, [`camera`] too, [`candidates`] wait to be kept.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod access_log;
pub mod backup_notes;
pub mod callers;
pub mod camera;
pub mod candidates;
pub mod config;
pub mod convert;
pub mod harden;
pub mod lock_triggers;
pub mod notify;
pub mod paths;
pub mod private;
pub mod screen;
pub mod search;
pub mod serve;
pub mod service;
pub mod unlock;
pub mod vault_state;
pub mod worker;
