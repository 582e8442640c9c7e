//! `FreeOTP` 1 and `FreeOTP`+ (Android): shared preferences with a JSON an account, or `FreeOTP`+'s JSON of all.
//!
//! The traps: an account of Steam's is known by its issuer alone. And `FreeOTP`+ writes the counter of the code before the
//! next one; its files don't differ from `FreeOTP`'s, so the number is taken as it stands there, and the person is told.

use countersign_core::{secret::SecretText, vault::Portable};
use serde_json::Value;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Given, Key},
    file::File,
    import::{Import, ImportError},
    json::{called, count, list, maybe, text, word},
    prefs,
};

/// The format.
pub(super) struct FreeOtp;

impl Format for FreeOtp {
    fn name(&self) -> &'static str {
        "freeotp"
    }

    fn title(&self) -> &'static str {
        "FreeOTP 1, FreeOTP+"
    }

    fn steps(&self) -> &'static [&'static str] {
        &[
            "FreeOTP+: menu, Export, as JSON",
            "FreeOTP 1: update to version 2, and take its backup",
            "Copy the file here",
        ]
    }

    fn detect(&self, file: &File) -> Confidence {
        let is_json = file.has_members(&["tokens", "tokenOrder"]);
        let is_xml = || {
            prefs::is_map(file.text())
                && prefs::strings(file.bytes()).is_ok_and(|all| all.iter().any(|(_, text)| token(text).is_some()))
        };
        if is_json || is_xml() { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let mut import = Import::default();
        if let Some(json) = file.json() {
            for token in list(json, "tokens") {
                take(&mut import, token);
            }
        } else {
            for (_, text) in prefs::strings(file.bytes())? {
                if let Some(token) = token(&text) {
                    take(&mut import, &token);
                }
            }
        }
        Ok(import)
    }
}

/// Reads an account; other entries of the preferences are none.
fn token(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(|token: &Value| token["secret"].is_array())
}

fn take(import: &mut Import, token: &Value) {
    if text(token, "type").eq_ignore_ascii_case("hotp") {
        import.note(HOTP);
    }
    // What the person renamed it to.
    let issuer = maybe(token, "issuerAlt").unwrap_or(issuer(token));
    let name = maybe(token, "labelAlt").unwrap_or(text(token, "label"));
    let account = account(token, bytes(&token["secret"]), issuer, name);
    import.take(&called(token, &["issuerExt", "issuerInt", "label"]), account);
}

/// Returns the issuer by which an account came.
pub(super) fn issuer(token: &Value) -> &str {
    maybe(token, "issuerExt").or(maybe(token, "issuerInt")).unwrap_or_default()
}

/// Makes an account whose key is these bytes.
pub(super) fn account(token: &Value, key: Option<Vec<u8>>, issuer: &str, name: &str) -> Result<Portable, String> {
    let kind = maybe(token, "type").unwrap_or("TOTP");
    let digits = count(token, "digits");
    // There is no type for Steam: the apps go by the name.
    let is_steam = text(token, "issuerExt") == "Steam" && matches!(digits, Given::Missing | Given::Is(5));
    Fields {
        kind: if is_steam && kind.eq_ignore_ascii_case("totp") { "steam" } else { kind },
        key: Key::Bytes(key.ok_or("its key can't be read")?),
        issuer,
        name,
        algorithm: word(token, "algo"),
        digits,
        period: count(token, "period"),
        counter: count(token, "counter"),
        pin: None,
    }
    .account()
}

/// Returns the bytes of a list of Java's, which have a sign.
pub(super) fn bytes(value: &Value) -> Option<Vec<u8>> {
    let byte = |value: &Value| value.as_i64().and_then(|number| i8::try_from(number).ok()).map(i8::cast_unsigned);
    value.as_array()?.iter().map(byte).collect()
}

const HOTP: &str = "FreeOTP+ writes the counter before the next one, FreeOTP the next one: where a counter's code is refused, \
                    the one after it is right.";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tokens: &str) -> Vec<Portable> {
        let file = File::new(format!(r#"{{"tokenOrder":[],"tokens":[{tokens}]}}"#).into());
        FreeOtp.read(&file, None).unwrap().accounts
    }

    #[test]
    fn what_is_steams_by_its_name_makes_steams_letters() {
        for (issuer, more, kind) in [
            ("Steam", r#""digits":5,"#, "steam"),
            ("Steam", "", "steam"),
            ("Steam", r#""digits":6,"#, "totp"),
            ("steam", r#""digits":5,"#, "totp"),
        ] {
            let token = format!(
                r#"{{"type":"TOTP","issuerExt":"{issuer}","label":"me",{more}"period":30,"algo":"SHA1","secret":[1,2,3]}}"#
            );
            assert_eq!(read(&token)[0].account.kind.name(), kind, "{issuer} {more}");
        }
    }

    #[test]
    fn a_renamed_account_has_its_new_name() {
        let token = r#"{"issuerExt":"Steam","issuerAlt":"Valve","label":"me","labelAlt":"I","secret":[1,2,3]}"#;
        let account = &read(token)[0].account;
        assert_eq!((account.issuer.as_str(), account.name.as_str(), account.kind.name()), ("Valve", "I", "steam"));
    }
}
