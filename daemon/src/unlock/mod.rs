//! The ways to open the vault that need no passphrase on the wire: the login keyring, and asking the person.

pub mod keyring;
pub mod prompt;
