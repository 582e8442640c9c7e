//! The Authenticator extension of Chrome, Edge and Firefox: a JSON object with an account under each hash, plain or encrypted in
//! three ways.
//!
//! Since version 8 each encrypted account names a key, an object of its own beside it, and is opened by the *text* of what
//! Argon2id makes of the passphrase. Before that a key was kept under the passphrase (`enc`), and its hexadecimal text opened the
//! secrets; first of all the passphrase itself did.

use std::collections::BTreeMap;

use countersign_core::{secret::SecretText, vault::Portable};
use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Given, Key},
    file::File,
    import::{Import, ImportError, Why},
    json::{self, called, count, flag, maybe, number, text, word},
    keys,
};

/// The format.
pub(super) struct AuthenticatorExtension;

impl Format for AuthenticatorExtension {
    fn name(&self) -> &'static str {
        "authenticator-extension"
    }

    fn title(&self) -> &'static str {
        "Authenticator extension (Chrome, Edge, Firefox)"
    }

    fn steps(&self) -> &'static [&'static str] {
        &[
            "Its settings, Backup, Download Password-Protected Backup (or Download Backup)",
            "Give the file here: authenticator.json",
        ]
    }

    fn detect(&self, file: &File) -> Confidence {
        let mut members = file.json().and_then(Value::as_object).into_iter().flatten();
        if members.any(|(_, member)| is_account(member)) { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let backup = file.json().and_then(Value::as_object).ok_or_else(|| ImportError::damaged("it is not JSON"))?;
        let mut entries: Vec<&Value> = backup.values().filter(|member| is_account(member)).collect();
        entries.sort_by_key(|entry| number(entry, "index"));
        let mut opener = Opener { backup: file.json().unwrap_or(&Value::Null), passphrase, keys: BTreeMap::new() };
        let mut import = Import::default();
        let (mut read, mut wrong) = (0, false);
        for entry in entries {
            let name = || called(entry, &["issuer", "account"]);
            match opener.open(entry) {
                Ok(Some(plain)) => {
                    read += 1;
                    take(&mut import, &plain);
                }
                Ok(None) => {
                    wrong = true;
                    import.leave_out(name(), Why::Bad, "its key does not open by the password");
                }
                Err(ImportError::Damaged(what)) => import.leave_out(name(), Why::Bad, what),
                Err(other) => return Err(other),
            }
        }
        // Accounts under another password than the rest are told; where none opens, it is the wrong one.
        if wrong && read == 0 { Err(ImportError::WrongPassphrase) } else { Ok(import) }
    }
}

fn is_account(member: &Value) -> bool {
    // Two of them: old ones have no hash, and broken ones no key; the key that opens others has nothing but a hash.
    let marks = [member["secret"].is_string(), member["hash"].is_string(), member["encrypted"].is_boolean()];
    marks.into_iter().filter(|mark| *mark).count() > 1
        || member["dataType"] == "EncOTPStorage" && member["data"].is_string()
}

/// Opens accounts, and derives each key once.
struct Opener<'a> {
    backup: &'a Value,
    passphrase: Option<&'a SecretText>,
    keys: BTreeMap<String, Option<Zeroizing<String>>>,
}

impl Opener<'_> {
    /// Returns the account in plain; `None` where the passphrase does not open it.
    fn open(&mut self, entry: &Value) -> Result<Option<Value>, ImportError> {
        if let Some(sealed) = maybe(entry, "data") {
            let Some(key) = self.key(text(entry, "keyId"))? else { return Ok(None) };
            let plain = salted(key.as_bytes(), sealed)?;
            return plain.map_or(Ok(None), |plain| json::parse_opened(&plain));
        }
        let mut entry = entry.clone();
        if flag(&entry, "encrypted") {
            let Some(key) = self.old_key()? else { return Ok(None) };
            let secret = salted(key.as_bytes(), text(&entry, "secret"))?;
            let secret =
                secret.and_then(|secret| String::from_utf8(secret.to_vec()).ok()).filter(|text| is_secret(text));
            let Some(secret) = secret else { return Ok(None) };
            entry["secret"] = Value::String(secret);
        }
        Ok(Some(entry))
    }

    /// Derives the key of this name.
    fn key(&mut self, id: &str) -> Result<Option<Zeroizing<String>>, ImportError> {
        let passphrase = keys::needed(self.passphrase)?;
        if let Some(known) = self.keys.get(id) {
            return Ok(known.clone());
        }
        let key = &self.backup[id];
        if key["dataType"] != "Key" {
            return Err(ImportError::damaged("the key that opens it is missing"));
        }
        if number(key, "version").is_some_and(|version| version > 3) {
            return Err(ImportError::Newer("a key of a version that is not known here".into()));
        }
        let derive = |from: &[u8], salt: &[u8]| keys::argon2id(from, salt, 19 * 1024, 2, 1).map(|key| as_text(&key));
        let made = derive(passphrase, text(key, "salt").as_bytes())?;
        // The hash of the key, as `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, tells a wrong one.
        let hash: Vec<&str> = text(key, "hash").split('$').collect();
        let is_right = match hash.as_slice() {
            ["", "argon2id", "v=19", COSTS, salt, hash] => {
                let salt =
                    BASE64_NOPAD.decode(salt.as_bytes()).map_err(|_| ImportError::damaged("the hash of its key"))?;
                *derive(made.as_bytes(), &salt)? == **hash
            }
            // Whether it opens anything tells that too.
            _ => true,
        };
        let made = is_right.then_some(made);
        self.keys.insert(id.to_owned(), made.clone());
        Ok(made)
    }

    /// Returns what opened the secrets in old backups.
    fn old_key(&self) -> Result<Option<Zeroizing<String>>, ImportError> {
        let passphrase = keys::needed(self.passphrase)?;
        let sealed = maybe(&self.backup["key"], "enc").or(maybe(self.backup, "enc"));
        let Some(sealed) = sealed else {
            return Ok(str::from_utf8(passphrase).ok().map(|text| Zeroizing::new(text.to_owned())));
        };
        Ok(salted(passphrase, sealed)?.map(|key| Zeroizing::new(HEXLOWER.encode(&key))))
    }
}

fn as_text(key: &keys::Key) -> Zeroizing<String> {
    Zeroizing::new(BASE64_NOPAD.encode(&**key))
}

fn salted(passphrase: &[u8], sealed: &str) -> Result<Option<Zeroizing<Vec<u8>>>, ImportError> {
    let sealed = BASE64.decode(sealed.as_bytes()).map_err(|_| ImportError::damaged("something in it is not base64"))?;
    Ok(keys::open_salted(passphrase, &sealed))
}

/// Says whether a text is a key, as opposed to what a wrong passphrase makes.
fn is_secret(text: &str) -> bool {
    let plain = ["blz-", "bliz-", "stm-"].iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text);
    !plain.is_empty() && plain.chars().all(|c| c.is_ascii_alphanumeric() || c == '=' || c == ' ')
}

fn take(import: &mut Import, entry: &Value) {
    let name = called(entry, &["issuer", "account"]);
    let algorithm = algorithm(entry);
    if algorithm.known().is_some_and(|name| name.starts_with("GOST")) {
        import.leave_out(name, Why::Bad, "codes by the Russian hash function GOST R 34.11-2012 are not computed here");
        return;
    }
    let pinned = flag(entry, "pinned");
    import.take(name, account(entry, algorithm).map(|account| Portable { pinned, ..account }));
}

fn account(entry: &Value, algorithm: Given<&str>) -> Result<Portable, String> {
    let mut kind = kind(entry);
    let mut secret = text(entry, "secret");
    for (prefix, its) in [("blz-", "battle"), ("bliz-", "battle"), ("stm-", "steam")] {
        if let Some(rest) = secret.strip_prefix(prefix) {
            (secret, kind) = (rest, its);
        }
    }
    let is_base32 =
        secret.trim_end_matches('=').chars().all(|c| c.is_ascii_alphabetic() || ('2'..='7').contains(&c) || c == ' ');
    let is_hex = secret.chars().all(|c| c.is_ascii_hexdigit() || c == ' ');
    kind = match kind {
        "totp" if !is_base32 && is_hex => "hex",
        "hotp" if !is_base32 && is_hex => "hhex",
        other => other,
    };
    let hex: String;
    let key = if matches!(kind, "hex" | "hhex") {
        hex = whole_bytes(secret);
        Key::Hex(&hex)
    } else {
        Key::Base32(secret)
    };
    Fields {
        kind: match kind {
            "hotp" | "hhex" => "hotp",
            "steam" => "steam",
            _ => "totp",
        },
        key,
        issuer: issuer(entry),
        name: text(entry, "account"),
        algorithm,
        digits: if kind == "battle" { Given::Is(8) } else { count(entry, "digits").filter(|digits| *digits > 0) },
        period: count(entry, "period").filter(|period| kind == "totp" && *period > 0),
        counter: count(entry, "counter"),
        pin: None,
    }
    .account()
}

/// Returns the issuer as the extension shows it: behind `::` it keeps the site on which it fills the code in.
fn issuer(entry: &Value) -> &str {
    let issuer = text(entry, "issuer");
    issuer.split_once("::").map_or(issuer, |(shown, _)| shown)
}

/// A last half byte is dropped where it is 0, else filled up, as the extension does it.
fn whole_bytes(hex: &str) -> String {
    let mut hex: String = hex.chars().filter(|c| !c.is_whitespace()).collect();
    match hex.len() % 2 {
        1 if hex.ends_with('0') => _ = hex.pop(),
        1 => hex.push('0'),
        _ => {}
    }
    hex
}

/// The type by its name, or by its number in old backups.
fn kind(entry: &Value) -> &'static str {
    let kinds = ["totp", "hotp", "battle", "steam", "hex", "hhex"];
    let by_name = kinds.into_iter().find(|kind| text(entry, "type") == *kind);
    let place = number(entry, "type").and_then(|number| usize::try_from(number).ok()?.checked_sub(1));
    by_name.or(place.and_then(|place| kinds.get(place).copied())).unwrap_or("totp")
}

/// The same of the hash function.
fn algorithm(entry: &Value) -> Given<&str> {
    let names = ["SHA1", "SHA256", "SHA512", "GOST3411_2012_256", "GOST3411_2012_512"];
    match count(entry, "algorithm") {
        Given::Is(number) => {
            let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
            place.and_then(|place| names.get(place).copied()).map_or(Given::Odd, Given::Is)
        }
        _ => word(entry, "algorithm"),
    }
}

const COSTS: &str = "m=19456,t=2,p=1";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_site_behind_an_issuer_is_none_of_its_name() {
        let issuers = ["Shop::shop.example.com", "Shop", "::shop.example.com", "Shop: all of it"].map(|issuer| {
            let entry = json!({"secret": "JBSWY3DPEHPK3PXP", "issuer": issuer});
            account(&entry, Given::Missing).unwrap().account.issuer
        });
        assert_eq!(issuers, ["Shop", "Shop", "", "Shop: all of it"]);
    }

    /// Such accounts are in its users' backups, and had been passed over without a word.
    #[test]
    fn an_account_without_a_key_is_told() {
        let bare = json!({"encrypted": false, "hash": "a", "index": 8, "type": "totp"});
        let backup = json!({
            "a": bare,
            "b": {"encrypted": false, "hash": "b", "secret": "JBSWY3DPEHPK3PXP"},
            "k": {"dataType": "Key", "hash": "$argon2id$", "salt": "x"},
            "key": {"enc": "x", "hash": "y"},
        });
        let file = File::new(serde_json::to_vec(&backup).unwrap());
        let import = AuthenticatorExtension.read(&file, None).unwrap();
        let reasons: Vec<&str> = import.left_out.iter().map(|left| left.reason.as_str()).collect();
        assert_eq!((import.accounts.len(), reasons), (1, vec!["it has no key"]));
        let alone = File::new(serde_json::to_vec(&json!({"a": bare})).unwrap());
        assert_eq!(AuthenticatorExtension.detect(&alone), Confidence::Sure);
    }

    #[test]
    fn what_is_0_is_the_usual_as_in_the_extension() {
        let entry = json!({"secret": "JBSWY3DPEHPK3PXP", "digits": 0, "period": 0, "type": "totp"});
        let kind = account(&entry, Given::Missing).unwrap().account.kind;
        assert_eq!((kind.digits(), kind.period()), (6, Some(30)));
    }

    #[test]
    fn an_encrypted_account_that_names_a_member_twice_is_left_out_with_why() {
        let key = as_text(&keys::argon2id(b"right", b"some salt", 19 * 1024, 2, 1).unwrap());
        let sealed = |plain: &str| {
            let data = BASE64.encode(&keys::seal_salted(key.as_bytes(), [7; 8], plain.as_bytes()));
            json!({"dataType": "EncOTPStorage", "keyId": "k", "data": data})
        };
        let backup = json!({
            "k": {"dataType": "Key", "version": 3, "salt": "some salt"},
            "a": sealed(r#"{"secret":"JBSWY3DPEHPK3PXP"}"#),
            "b": sealed(r#"{"secret":"JBSWY3DPEHPK3PXP","secret":"GEZDGNBVGY3TQOJQ"}"#),
            "c": sealed("no JSON"),
        });
        let file = File::new(serde_json::to_vec(&backup).unwrap());
        let import = AuthenticatorExtension.read(&file, Some(&"right".into())).unwrap();
        let reasons: Vec<&str> = import.left_out.iter().map(|left| left.reason.as_str()).collect();
        assert_eq!(import.accounts.len(), 1);
        assert_eq!(reasons, ["its JSON names a member twice, in line 1", "its key does not open by the password"]);
    }
}
