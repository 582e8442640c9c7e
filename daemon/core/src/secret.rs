//! The types that hold secrets. Nothing else in the program does.
//!
//! None of them is `Clone` or `Serialize`, `Debug` prints a placeholder, and the bytes come out by one method only:
//! `git grep 'expose()'` lists every place that touches them.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

/// The key of one account: raw bytes, wiped when dropped.
///
/// For mOTP, whose key is a text by definition, the bytes are that text's.
#[derive(PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over; no copy of them is left behind.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Returns the raw bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Returns a second holder of the same bytes, for the places that must keep one (history, export).
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A text that holds a secret (a passphrase, an `otpauth` URI, a recovery key): UTF-8, wiped when dropped.
#[derive(PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes the text over; no copy of it is left behind.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Returns the text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

impl Zeroize for SecretText {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_a_secret() {
        assert_eq!(format!("{:?}", Secret::new(b"hush".to_vec())), "Secret(..)");
        assert_eq!(format!("{:?}", SecretText::from("hush")), "SecretText(..)");
    }
}
