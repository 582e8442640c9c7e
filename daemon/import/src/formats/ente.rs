//! Ente Auth: an encrypted list of URIs; the plain one is read as any list of URIs is.

use countersign_core::secret::SecretText;
use data_encoding::BASE64;

use super::{Confidence, Format, uris};
use crate::{
    file::File,
    import::{Import, ImportError},
    json::{number, text},
    keys,
};

/// The format.
pub(super) struct Ente;

impl Format for Ente {
    fn name(&self) -> &'static str {
        "ente"
    }

    fn title(&self) -> &'static str {
        "Ente Auth"
    }

    fn steps(&self) -> &'static [&'static str] {
        &[
            "Settings, Data, Export codes",
            "Ente encrypted export, and a password",
            "Copy the file here: ente-auth-codes-….txt",
        ]
    }

    fn detect(&self, file: &File) -> Confidence {
        let members = ["kdfParams", "encryptedData", "encryptionNonce"];
        if file.has_members(&members) { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let outer = file.json().ok_or_else(|| ImportError::damaged("it is not JSON"))?;
        match number(outer, "version") {
            Some(1) => {}
            version => return Err(ImportError::Newer(format!("Ente export {}", version.unwrap_or_default()))),
        }
        let costs = &outer["kdfParams"];
        let (memory, rounds) = (number(costs, "memLimit"), number(costs, "opsLimit"));
        let (Some(memory), Some(rounds)) = (memory, rounds) else {
            return Err(ImportError::damaged("its key derivation"));
        };
        let [salt, data, header] =
            [text(costs, "salt"), text(outer, "encryptedData"), text(outer, "encryptionNonce")].map(decoded);
        let kib = u32::try_from(memory / 1024).unwrap_or(u32::MAX);
        let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
        let key = keys::argon2id(keys::needed(passphrase)?, &salt?, kib, rounds, 1)?;
        let text = keys::open_stream(&key, &header?, &data?)?;
        let text = str::from_utf8(&text).map_err(|_| ImportError::damaged("its list is not text"))?;
        Ok(uris::read(text))
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, ImportError> {
    BASE64.decode(text.as_bytes()).map_err(|_| ImportError::damaged("something in it is not base64"))
}
