//! cotp: its JSON export, its list of URIs in JSON, what it calls andOTP's form (which has keys of mOTP and PINs otherwise),
//! and its encrypted database, also of 2021: four texts in base64 with `|` between them, of which the first is always the
//! same.

use countersign_core::{secret::SecretText, vault::Portable};
use data_encoding::BASE64;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Confidence, Format, uris};
use crate::{
    fields::{Fields, Key},
    file::File,
    import::{Import, ImportError},
    json::{self, called, count, kind, list, maybe, number, text, texts, word},
    keys,
};

/// The format.
pub(super) struct Cotp;

impl Format for Cotp {
    fn name(&self) -> &'static str {
        "cotp"
    }

    fn title(&self) -> &'static str {
        "cotp"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["cotp export --path exported.cotp", "Or its database ~/.cotp/db.cotp itself, with its password"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let is_ours = |json: &Value| {
            let has_entries = |all: &Vec<Value>| all.is_empty() || all.iter().any(|one| one["label"].is_string());
            json["version"].is_u64() && json["elements"].as_array().is_some_and(has_entries)
        };
        let is_bare = |json: &Value| json.as_array().is_some_and(|entries| is_list(entries));
        let is_export = file.json().is_some_and(|json| is_ours(json) || uris(json).is_some() || is_bare(json));
        if is_export || is_database(file) || old_database(file).is_some() { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        if let Some(parts) = old_database(file) {
            return import(&json::parse(&decrypt_old(parts, keys::needed(passphrase)?)?)?);
        }
        let export = file.json().ok_or_else(|| ImportError::damaged("it is not JSON"))?;
        if let Some(list) = uris(export) {
            return Ok(uris::read(&list));
        }
        if !is_database(file) {
            return import(export);
        }
        let json = decrypt(export, keys::needed(passphrase)?)?;
        import(&json::parse(&json)?)
    }
}

/// Says whether a list is cotp's, which writes of each account whether it has a PIN, and not andOTP's, which has none.
pub(super) fn is_list(entries: &[Value]) -> bool {
    entries.iter().any(|one| one["secret"].is_string() && one["label"].is_string() && one.get("pin").is_some())
}

/// Returns the URIs of such a list, one a line.
fn uris(export: &Value) -> Option<Zeroizing<String>> {
    let items = export["items"].as_array().filter(|items| !items.is_empty())?;
    let uris: Option<Vec<&str>> = items.iter().map(|item| item.as_str().filter(|uri| uri.contains("://"))).collect();
    uris.map(|uris| Zeroizing::new(uris.join("\n")))
}

fn is_database(file: &File) -> bool {
    file.has_members(&["version", "nonce", "salt", "cipher"])
}

fn decrypt(database: &Value, passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let version = number(database, "version").unwrap_or_default();
    if version > 1 {
        return Err(ImportError::Newer(format!("cotp database {version}")));
    }
    let part = |name| decoded(name, text(database, name));
    let (nonce, sealed) = (part("nonce")?, part("cipher")?);
    let key = keys::argon2id(passphrase, &part("salt")?, 32_768, 4, 4)?;
    keys::open_xchacha(&key, &nonce, &sealed).ok_or(ImportError::WrongPassphrase)
}

/// Returns salt, header and data of such a database of 2021.
fn old_database(file: &File) -> Option<[&str; 3]> {
    let rest = file.text()?.trim().strip_prefix(OLD)?;
    let parts: Vec<&str> = rest.split('|').collect();
    parts.try_into().ok()
}

fn decrypt_old([salt, header, data]: [&str; 3], passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let key = keys::argon2id(passphrase, &decoded("salt", salt)?, 65_536, 2, 1)?;
    keys::open_stream(&key, &decoded("header", header)?, &decoded("data", data)?)
}

fn decoded(name: &str, text: &str) -> Result<Vec<u8>, ImportError> {
    BASE64.decode(text.as_bytes()).map_err(|_| ImportError::damaged(format!("its {name} is not base64")))
}

/// Reads the list; the first version of it was an array and nothing round it.
fn import(export: &Value) -> Result<Import, ImportError> {
    let version = number(export, "version").unwrap_or_default();
    if version > 2 {
        return Err(ImportError::Newer(format!("cotp export {version}")));
    }
    let elements = export.as_array().map_or_else(|| list(export, "elements"), Vec::as_slice);
    let mut import = Import::default();
    for entry in elements {
        import.take(called(entry, &["issuer", "label"]), account(entry));
    }
    Ok(import)
}

fn account(entry: &Value) -> Result<Portable, String> {
    let (kind, secret) = (kind(entry, "type")?, text(entry, "secret"));
    let fields = Fields {
        kind,
        key: if kind.eq_ignore_ascii_case("motp") { Key::Text(secret) } else { Key::Base32(secret) },
        issuer: text(entry, "issuer"),
        name: text(entry, "label"),
        algorithm: word(entry, "algorithm"),
        digits: count(entry, "digits"),
        period: count(entry, "period"),
        counter: count(entry, "counter"),
        pin: maybe(entry, "pin"),
    };
    Ok(Portable { tags: texts(entry, "tags"), ..fields.account()? })
}

/// How a database of 2021 begins.
const OLD: &str = "wQpL7Q==|";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_list_of_uris_is_read() {
        let uri = "otpauth://totp/:test?secret=JBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30&lock=false";
        let file = File::new(serde_json::json!({"items": [uri, uri.replace("test", "other")]}).to_string().into());
        assert_eq!(Cotp.detect(&file), Confidence::Sure);
        let names: Vec<String> =
            Cotp.read(&file, None).unwrap().accounts.into_iter().map(|one| one.account.name).collect();
        assert_eq!(names, ["test", "other"]);
        assert_eq!(Cotp.detect(&File::new(r#"{"items":["a"]}"#.into())), Confidence::No);
    }

    /// It was read as andOTP's: keys of mOTP were left out, and PINs lost.
    #[test]
    fn what_it_calls_andotps_form_has_its_own_keys_and_pins() {
        let entry = |kind, secret: &str, pin| {
            serde_json::json!({"secret": secret, "issuer": "a", "label": "b", "digits": 6, "type": kind,
                "algorithm": "SHA1", "period": 10, "counter": null, "pin": pin})
        };
        let entries =
            serde_json::json!([entry("TOTP", "JBSWY3DPEHPK3PXP", None), entry("MOTP", "0a1b2c3d", Some("1234"))]);
        let file = File::new(entries.to_string().into());
        let (format, import) = super::super::read(&super::super::candidates(&file), &file, None).unwrap();
        let account = &import.accounts[1].account;
        let pin = Some(SecretText::from("1234"));
        assert_eq!((format.name(), account.secret.expose()), ("cotp", &b"0a1b2c3d"[..]));
        assert_eq!(account.kind, countersign_core::account::Kind::Motp { pin });
    }
}
