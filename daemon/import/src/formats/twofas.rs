//! 2FAS: JSON of the schemas 1 to 4, plain or encrypted.

use std::collections::HashMap;

use countersign_core::{secret::SecretText, vault::Portable};
use data_encoding::BASE64;
use serde_json::Value;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Key},
    file::File,
    import::{Import, ImportError},
    json::{called, list, maybe, number, text},
    keys,
};

/// The format.
pub(super) struct TwoFas;

impl Format for TwoFas {
    fn name(&self) -> &'static str {
        "2fas"
    }

    fn title(&self) -> &'static str {
        "2FAS"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Settings, 2FAS Backup, Export", "Set a password, or none", "Copy the file here: 2fas-backup-….2fas"]
    }

    fn detect(&self, file: &File) -> Confidence {
        if file.has_members(&["schemaVersion", "services"]) { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let outer = file.json().ok_or_else(|| ImportError::damaged("it is not JSON"))?;
        match number(outer, "schemaVersion") {
            Some(1..=4) => {}
            Some(version) => return Err(ImportError::Newer(format!("2FAS schema {version}"))),
            None => return Err(ImportError::damaged("its schema's number is missing")),
        }
        match maybe(outer, "servicesEncrypted") {
            None => Ok(import(list(outer, "services"), outer)),
            Some(sealed) => {
                let services: Vec<Value> = serde_json::from_slice(&decrypt(sealed, keys::needed(passphrase)?)?)
                    .map_err(|_| ImportError::damaged("its services"))?;
                Ok(import(&services, outer))
            }
        }
    }
}

/// Opens `data:salt:nonce`, each in base64.
fn decrypt(sealed: &str, passphrase: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, ImportError> {
    let parts: Result<Vec<Vec<u8>>, _> = sealed.split(':').map(|part| BASE64.decode(part.as_bytes())).collect();
    let Ok([data, salt, nonce]) = parts.map_err(drop).and_then(|parts| <[Vec<u8>; 3]>::try_from(parts).map_err(drop))
    else {
        return Err(ImportError::damaged("its encrypted part"));
    };
    let key = keys::pbkdf2(keys::Hash::Sha256, passphrase, &salt, ROUNDS);
    keys::open_gcm(&key, &nonce, &data).ok_or(ImportError::WrongPassphrase)
}

fn import(services: &[Value], outer: &Value) -> Import {
    let groups: HashMap<&str, &str> =
        list(outer, "groups").iter().map(|group| (text(group, "id"), text(group, "name"))).collect();
    let mut import = Import::default();
    for service in services {
        let tags = groups.get(text(service, "groupId")).map(|name| (*name).to_owned()).into_iter().collect();
        let account = account(service).map(|account| Portable { tags, ..account });
        import.take(&called(service, &["name"]), account);
    }
    import
}

fn account(service: &Value) -> Result<Portable, String> {
    let otp = &service["otp"];
    let kind = maybe(otp, "tokenType").unwrap_or("TOTP");
    Fields {
        kind,
        key: Key::Base32(text(service, "secret")),
        // The name is what the person sees; an issuer that differs is what the QR said.
        issuer: maybe(service, "name").unwrap_or(text(otp, "issuer")),
        name: maybe(otp, "account").unwrap_or_default(),
        algorithm: maybe(otp, "algorithm"),
        digits: number(otp, "digits"),
        period: number(otp, "period"),
        counter: number(otp, "counter"),
        pin: None,
    }
    .account()
}

const ROUNDS: u32 = 10_000;
