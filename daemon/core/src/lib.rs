//! What a vault, an account, a code and a scanned QR payload *are*: no D-Bus, no async, no desktop.
//!
//! Reading order: [`account`] → [`code`] → [`payload`] (which QR can be kept) → [`vault`] (what is on disk, see
//! `FORMAT.md`) → [`variation`] (what a site may compute instead).

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod account;
pub mod code;
pub mod payload;
pub mod secret;
pub mod site;
pub mod text;
pub mod uri;
pub mod variation;
pub mod vault;
