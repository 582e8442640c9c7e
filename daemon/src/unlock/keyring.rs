//! The login keyring (Secret Service): a slot of convenience that holds the vault key as one line of text.
//!
//! It is never the only way in. Empty, locked, missing or failing: the passphrase is asked for.

use std::{collections::HashMap, future::Future, time::Duration};

use countersign_core::secret::SecretText;
use secret_service::{EncryptionType, Error, SecretService};
use tokio::time::timeout;
use zeroize::Zeroize;

/// Why the keyring gave nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// Nobody answers for it.
    #[error("no login keyring answers on the session bus")]
    Missing,
    /// It holds no key of this vault.
    #[error("the login keyring holds no key of this vault")]
    Empty,
    /// It is locked, and the person did not open it.
    #[error("the login keyring is locked")]
    Locked,
    /// It did not answer in time.
    #[error("the login keyring did not answer within {} s", LIMIT.as_secs())]
    Slow,
    /// It failed.
    #[error("the login keyring failed: {0}")]
    Failed(String),
}

impl From<Error> for KeyringError {
    fn from(error: Error) -> Self {
        match error {
            Error::Locked | Error::Prompt | Error::PromptDisconnected => Self::Locked,
            Error::NoResult => Self::Empty,
            Error::Unavailable
            | Error::ZbusFdo(zbus::fdo::Error::ServiceUnknown(_))
            | Error::Zbus(zbus::Error::InputOutput(_) | zbus::Error::Address(_)) => Self::Missing,
            Error::Zbus(zbus::Error::MethodError(name, ..)) if name.ends_with(".ServiceUnknown") => Self::Missing,
            other => Self::Failed(other.to_string()),
        }
    }
}

/// Returns the key of this vault, if the keyring is open and holds it. Asks nobody.
pub async fn load(vault: &str) -> Result<SecretText, KeyringError> {
    limited(async {
        let service = connect().await?;
        let found = service.search_items(attributes(vault)).await?;
        let item = match (found.unlocked.first(), found.locked.is_empty()) {
            (Some(item), _) => item,
            (None, false) => return Err(KeyringError::Locked),
            (None, true) => return Err(KeyringError::Empty),
        };
        let mut bytes = item.get_secret().await?;
        // A newline at the end is some keyrings' doing.
        let text = str::from_utf8(&bytes).map(|text| SecretText::from(text.trim()));
        let text = text.map_err(|_| KeyringError::Failed("what it holds is no key".into()));
        bytes.zeroize();
        text
    })
    .await
}

/// Puts the key of this vault into the default collection, in the place of an earlier one.
pub async fn store(vault: &str, key: &SecretText) -> Result<(), KeyringError> {
    limited(async {
        let service = connect().await?;
        let collection = service.get_default_collection().await?;
        if collection.is_locked().await? {
            return Err(KeyringError::Locked);
        }
        let item =
            collection.create_item(LABEL, attributes(vault), key.expose().as_bytes(), true, "text/plain").await?;
        drop(item);
        Ok(())
    })
    .await
}

/// Takes the key of this vault out of the keyring.
pub async fn remove(vault: &str) -> Result<(), KeyringError> {
    limited(async {
        let service = connect().await?;
        let found = service.search_items(attributes(vault)).await?;
        for item in found.unlocked.iter().chain(&found.locked) {
            item.delete().await?;
        }
        Ok(())
    })
    .await
}

/// Says whether a keyring answers and is open.
pub async fn look() -> Result<(), KeyringError> {
    limited(async {
        let service = connect().await?;
        if service.get_default_collection().await?.is_locked().await? { Err(KeyringError::Locked) } else { Ok(()) }
    })
    .await
}

async fn connect() -> Result<SecretService<'static>, Error> {
    SecretService::connect(EncryptionType::Dh).await
}

fn attributes(vault: &str) -> HashMap<&str, &str> {
    HashMap::from([("xdg:schema", countersign_api::ROOT), ("vault", vault)])
}

async fn limited<T>(work: impl Future<Output = Result<T, KeyringError>>) -> Result<T, KeyringError> {
    timeout(LIMIT, work).await.unwrap_or(Err(KeyringError::Slow))
}

const LABEL: &str = "countersign vault key";
const LIMIT: Duration = Duration::from_secs(5);
