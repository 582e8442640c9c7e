//! andOTP (Android): a JSON array, plain or encrypted; nothing marks the encrypted ones.

use countersign_core::{secret::SecretText, vault::Portable};
use serde_json::Value;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Confidence, Format, cotp, gnome_authenticator};
use crate::{
    fields::{Fields, Key},
    file::File,
    import::{Import, ImportError},
    json::{self, called, count, number, text, texts, word},
    keys,
};

/// The format.
pub(super) struct AndOtp;

impl Format for AndOtp {
    fn name(&self) -> &'static str {
        "andotp"
    }

    fn title(&self) -> &'static str {
        "andOTP"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Menu, Backups, Backup (encrypted)", "Copy the file here: otp_accounts_….json.aes"]
    }

    fn detect(&self, file: &File) -> Confidence {
        match file.json() {
            Some(Value::Array(entries))
                if entries.iter().any(is_entry)
                    && !gnome_authenticator::is_its_own(entries)
                    && !cotp::is_list(entries) =>
            {
                Confidence::Sure
            }
            // Random bytes, as long as the smallest export is.
            None if file.is_unmarked() && file.bytes().len() > HEAD + TAG => Confidence::Perhaps,
            _ => Confidence::No,
        }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        if let Some(Value::Array(entries)) = file.json() {
            return Ok(import(entries));
        }
        let json = decrypt(file.bytes(), keys::needed(passphrase)?)?;
        Ok(import(&json::parse_list(&json)?))
    }
}

/// Says whether a value is an account; the first versions wrote no type, and a period instead of it.
fn is_entry(value: &Value) -> bool {
    let has_type = value["type"].is_string() || value["type"].is_null() && value["period"].is_u64();
    value["secret"].is_string() && value["label"].is_string() && has_type
}

/// Opens it, as it has been encrypted since 2018, or before.
fn decrypt(bytes: &[u8], passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let (head, sealed) = bytes.split_at_checked(HEAD).ok_or(ImportError::WrongPassphrase)?;
    let rounds = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
    let mut costly = None;
    match keys::check_work(rounds.into(), MAX_ROUNDS) {
        Ok(()) if rounds > 0 => {
            let key = keys::pbkdf2(keys::Hash::Sha1, passphrase, &head[4..16], rounds);
            if let Some(json) = keys::open_gcm(&key, &head[16..], sealed) {
                return Ok(json);
            }
        }
        Ok(()) => {}
        Err(error) => costly = Some(error),
    }
    let key: [u8; 32] = Sha256::digest(passphrase).into();
    let old = keys::open_gcm(&key, &bytes[..12], &bytes[12..]);
    // Too many rounds are most likely none: the bytes are of the old form.
    old.ok_or(costly.filter(|_| rounds < PLAUSIBLE).unwrap_or(ImportError::WrongOrDamaged))
}

fn import(entries: &[Value]) -> Import {
    let mut import = Import::default();
    for entry in entries {
        import.take(called(entry, &["issuer", "label"]), account(entry));
    }
    import
}

fn account(entry: &Value) -> Result<Portable, String> {
    // Old versions have no issuer of its own.
    let (issuer, name) = match entry["issuer"].as_str() {
        Some(issuer) => (issuer, text(entry, "label")),
        None => text(entry, "label").split_once(" - ").unwrap_or(("", text(entry, "label"))),
    };
    let kind = if entry["type"].is_null() { "TOTP" } else { text(entry, "type") };
    let fields = Fields {
        kind,
        key: if kind.eq_ignore_ascii_case("motp") {
            Key::Base32OfText(text(entry, "secret"))
        } else {
            Key::Base32(text(entry, "secret"))
        },
        issuer,
        name,
        algorithm: word(entry, "algorithm"),
        digits: count(entry, "digits"),
        period: count(entry, "period"),
        counter: count(entry, "counter"),
        pin: None,
    };
    let uses = number(entry, "used_frequency").unwrap_or(0);
    Ok(Portable { tags: texts(entry, "tags"), uses, ..fields.account()? })
}

/// Rounds, salt, nonce.
const HEAD: usize = 4 + 12 + 12;
const TAG: usize = 16;
/// The most rounds that are run, and that anybody may have meant.
const MAX_ROUNDS: u64 = 10_000_000;
const PLAUSIBLE: u32 = 100_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_versions_wrote_no_type() {
        let file = File::new(r#"[{"secret":"JBSWY3DPEHPK3PXP","label":"Shop - me","period":60}]"#.into());
        assert_eq!(AndOtp.detect(&file), Confidence::Sure);
        let account = AndOtp.read(&file, None).unwrap().accounts.remove(0).account;
        assert_eq!((account.title().as_str(), account.kind.period()), ("Shop – me", Some(60)));
        for other in [r#"[{"secret":"a","label":"b"}]"#, r#"[{"secret":"a","label":"b","type":1,"period":30}]"#] {
            assert_eq!(AndOtp.detect(&File::new(other.into())), Confidence::No, "{other}");
        }
    }
}
