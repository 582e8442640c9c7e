//! Keysmith (KDE): its configuration, an INI file whose keys are sealed under one password.

use countersign_core::{secret::SecretText, vault::Portable};
use data_encoding::BASE64;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Given, Key},
    file::File,
    import::{Import, ImportError, Why},
    ini::{self, Section},
    keys,
};

/// The format.
pub(super) struct Keysmith;

impl Format for Keysmith {
    fn name(&self) -> &'static str {
        "keysmith"
    }

    fn title(&self) -> &'static str {
        "Keysmith"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Its file ~/.config/org.kde.keysmith/Keysmith.conf (Flatpak: below ~/.var/app/org.kde.keysmith/config)"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let has_key = |text: &str| text.lines().any(|line| line.trim() == "[master-key]");
        if file.text().is_some_and(has_key) { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let text = file.text().ok_or_else(|| ImportError::damaged("it is not text"))?;
        let sections = ini::read(text);
        let (of_key, accounts): (Vec<_>, Vec<_>) = sections.iter().partition(|section| section.name == MASTER);
        let key = key(of_key.first().ok_or_else(|| ImportError::damaged("its key"))?, passphrase)?;
        let mut import = Import::default();
        for section in accounts.into_iter().filter(|section| section.has("secret")) {
            take(&mut import, section, &key);
        }
        Ok(import)
    }
}

/// Derives the key, and tries it on the text that is sealed for that; old files have none.
fn key(section: &Section, passphrase: Option<&SecretText>) -> Result<keys::Key, ImportError> {
    let number = |name: &str| {
        let number = section.text(name).parse::<u64>();
        number.map_err(|_| ImportError::damaged(format!("the {name} of its key derivation")))
    };
    let variant = match number("algorithm")? {
        1 => argon2::Algorithm::Argon2i,
        2 => argon2::Algorithm::Argon2id,
        _ => return Err(ImportError::Newer("a key derivation that is not known here".into())),
    };
    let short = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let costs = [short(number("memory")? / 1024), short(number("cpu")?), 1];
    let salt = bytes(section, "salt")?;
    let key = keys::argon2(variant, keys::needed(passphrase)?, &salt, costs)?;
    if section.has("challenge") {
        let (sealed, nonce) = (bytes(section, "challenge")?, bytes(section, "nonce")?);
        keys::open_secretbox(&key, &nonce, &sealed).ok_or(ImportError::WrongPassphrase)?;
    }
    Ok(key)
}

fn take(import: &mut Import, section: &Section, key: &keys::Key) {
    let (issuer, name) = (section.text("issuer"), section.text("account"));
    let title = if issuer.is_empty() { name } else { issuer };
    if section.text("checksum") == "true" || !section.text("offset").is_empty() {
        import.leave_out(title, Why::Bad, "codes with a checksum, or cut at a place of its own, are not known here");
        return;
    }
    if !section.text("epoch").is_empty() && !section.text("epoch").starts_with("1970-01-01T00:00:00") {
        import.leave_out(title, Why::Bad, "codes counted from another time than 1970 are not known here");
        return;
    }
    import.take(title, account(section, key));
}

fn account(section: &Section, key: &keys::Key) -> Result<Portable, String> {
    let part = |name| bytes(section, name).map_err(|_| format!("its {name} is not base64"));
    let plain = keys::open_secretbox(key, &part("nonce")?, &part("secret")?);
    let plain = plain.ok_or("its key does not open by the password")?;
    let count = |name: &str| Given::of_text(section.text(name));
    Fields {
        kind: section.text("type"),
        key: Key::Bytes(plain.to_vec()),
        issuer: section.text("issuer"),
        name: section.text("account"),
        algorithm: Given::Is(section.text("hash")),
        digits: count("pinLength"),
        period: count("timeStep"),
        counter: count("counter"),
        pin: None,
    }
    .account()
}

fn bytes(section: &Section, name: &str) -> Result<Vec<u8>, ImportError> {
    BASE64.decode(section.text(name).as_bytes()).map_err(|_| ImportError::damaged(format!("its {name}")))
}

const MASTER: &str = "master-key";
