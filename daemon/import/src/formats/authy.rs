//! Authy (Android): its shared preferences, which only a rooted phone gives; and the JSON of scripts that take the accounts out of
//! what Authy's servers send to its app (`decrypted_tokens.json`).

use countersign_core::{secret::SecretText, vault::Portable};
use data_encoding::BASE64;
use serde_json::Value;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Given, Key},
    file::File,
    import::{Import, ImportError},
    json::{self, called, count, list, maybe, text},
    keys::{self, Hash},
    prefs,
};

/// The format.
pub(super) struct Authy;

impl Format for Authy {
    fn name(&self) -> &'static str {
        "authy"
    }

    fn title(&self) -> &'static str {
        "Authy"
    }

    fn steps(&self) -> &'static [&'static str] {
        &[
            "A rooted phone: /data/data/com.authy.authy/shared_prefs/com.authy.storage.tokens.authenticator.xml",
            "Authy's own tokens lie in a second file beside it, com.authy.storage.tokens.authy.xml: import that too",
        ]
    }

    fn detect(&self, file: &File) -> Confidence {
        let is_map = || file.text().is_some_and(|text| prefs::is_map(Some(text)) && text.contains("com.authy.storage"));
        if file.has_members(&[TAKEN_OUT]) || is_map() { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let mut import = Import::default();
        if let Some(json) = file.json() {
            for token in list(json, TAKEN_OUT) {
                import.take(called(token, &["name"]), account(token, text(token, "decrypted_seed")));
            }
            return Ok(import);
        }
        for (name, text) in prefs::strings(file.bytes())? {
            let tokens = || json::parse(text.as_bytes());
            match name.as_str() {
                "com.authy.storage.tokens.authenticator.key" => {
                    let tokens = Value::from_iter([("tokens", tokens()?)]);
                    take(&mut import, list(&tokens, "tokens"), passphrase)?;
                }
                "com.authy.storage.tokens.authy.key" => {
                    let tokens = Value::from_iter([("tokens", tokens()?)]);
                    for token in list(&tokens, "tokens") {
                        import.take(called(token, &["name"]), own(token));
                    }
                }
                _ => {}
            }
        }
        Ok(import)
    }
}

/// Takes the tokens; one under another password than the rest is told, and where none opens, it is the wrong one.
fn take(import: &mut Import, tokens: &[Value], passphrase: Option<&SecretText>) -> Result<(), ImportError> {
    let (mut opened, mut wrong) = (false, false);
    for token in tokens {
        let read = match secret(token, passphrase) {
            Ok(secret) => {
                opened = true;
                account(token, &secret)
            }
            Err(ImportError::WrongPassphrase) => {
                wrong = true;
                Err("its key does not open by the password".into())
            }
            Err(ImportError::Damaged(what)) => Err(what),
            Err(other) => return Err(other),
        };
        import.take(called(token, &["name", "originalName"]), read);
    }
    if wrong && !opened { Err(ImportError::WrongPassphrase) } else { Ok(()) }
}

/// Returns the key in base32, decrypted where the app had not done so.
fn secret(token: &Value, passphrase: Option<&SecretText>) -> Result<String, ImportError> {
    if let Some(plain) = maybe(token, "decryptedSecret") {
        return Ok(plain.to_owned());
    }
    let Some(sealed) = maybe(token, "encryptedSecret") else { return Ok(String::new()) };
    let sealed = BASE64.decode(sealed.as_bytes()).map_err(|_| ImportError::damaged("its key is not base64"))?;
    let passphrase = keys::needed(passphrase)?;
    let opened = ROUNDS.iter().find_map(|rounds| {
        let key = keys::pbkdf2(Hash::Sha1, passphrase, text(token, "salt").as_bytes(), *rounds);
        let plain = String::from_utf8(keys::open_cbc(&key, &[0; 16], &sealed)?.to_vec()).ok()?;
        countersign_core::uri::secret_from_text(&plain).is_ok().then_some(plain)
    });
    opened.ok_or(ImportError::WrongPassphrase)
}

fn account(token: &Value, secret: &str) -> Result<Portable, String> {
    let original = maybe(token, "originalName").or(maybe(token, "name")).unwrap_or_default();
    let (prefix, rest) = original.split_once(':').unwrap_or(("", original));
    Fields {
        kind: "totp",
        key: Key::Base32(secret),
        issuer: maybe(token, "originalIssuer").or(maybe(token, "issuer")).unwrap_or(prefix),
        name: rest,
        digits: count(token, "digits"),
        ..Fields::default()
    }
    .account()
}

/// Authy's own accounts: 7 digits, where they say nothing else, every 10 seconds.
fn own(token: &Value) -> Result<Portable, String> {
    Fields {
        kind: "totp",
        key: Key::Hex(text(token, "secretSeed")),
        issuer: "Authy",
        name: text(token, "name"),
        digits: match count(token, "digits") {
            Given::Missing => Given::Is(7),
            own => own,
        },
        period: Given::Is(10),
        ..Fields::default()
    }
    .account()
}

/// The list of those scripts.
const TAKEN_OUT: &str = "decrypted_authenticator_tokens";
/// What its versions take.
const ROUNDS: [u32; 2] = [1000, 100_000];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_scripts_take_out_is_read() {
        let token = |more: &str| format!(r#"{{"account_type":"authenticator","decrypted_seed":"JBSWY3DP",{more}}}"#);
        let tokens = [
            r#""name":"Shop: me","issuer":"Shop","digits":6"#,
            r#""name":"Shop:me","issuer":null,"digits":8"#,
            r#""name":"me","issuer":null,"digits":"7""#,
        ];
        let tokens = tokens.map(token).join(",");
        let text = format!(
            r#"{{"message":"success","decrypted_authenticator_tokens":[{tokens},{{"name":"x"}}],"success":true}}"#
        );
        let file = File::new(text.into());
        assert_eq!(Authy.detect(&file), Confidence::Sure);
        let import = Authy.read(&file, None).unwrap();
        let read: Vec<_> = import.accounts.iter().map(|one| (one.account.title(), one.account.kind.digits())).collect();
        assert_eq!(read, [("Shop – me".into(), 6), ("Shop – me".into(), 8), ("me".into(), 7)]);
        assert_eq!(import.left_out[0].reason, "it has no key");
    }

    #[test]
    fn authys_own_accounts_have_seven_digits_unless_they_say_another_number() {
        for (digits, length) in [("", 7), (r#""digits":null,"#, 7), (r#""digits":8,"#, 8)] {
            let token = json::parse(format!(r#"{{{digits}"name":"Site","secretSeed":"0123456789ABCDEF"}}"#).as_bytes());
            let kind = own(&token.unwrap()).unwrap().account.kind;
            assert_eq!((kind.digits(), kind.period()), (length, Some(10)), "{digits}");
        }
    }
}
