//! `FreeOTP` 1 and `FreeOTP`+ (Android): shared preferences with a JSON an account, or `FreeOTP`+'s JSON of all.
//!
//! The trap: `FreeOTP`+ writes the counter of the code before the next one. Its files don't differ from `FreeOTP`'s, so the
//! number is taken as it stands there, and the person is told.

use countersign_core::{secret::SecretText, vault::Portable};
use serde_json::Value;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Key},
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
                take(&mut import, token, bytes(&token["secret"]));
            }
        } else {
            for (_, text) in prefs::strings(file.bytes())? {
                if let Some(token) = token(&text) {
                    take(&mut import, &token, bytes(&token["secret"]));
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

/// Takes an account whose key is these bytes.
pub(super) fn take(import: &mut Import, token: &Value, key: Option<Vec<u8>>) {
    if text(token, "type").eq_ignore_ascii_case("hotp") {
        import.note(HOTP);
    }
    import.take(&called(token, &["issuerExt", "issuerInt", "label"]), account(token, key));
}

fn account(token: &Value, key: Option<Vec<u8>>) -> Result<Portable, String> {
    let issuer = maybe(token, "issuerAlt").or(maybe(token, "issuerExt")).or(maybe(token, "issuerInt"));
    Fields {
        kind: maybe(token, "type").unwrap_or("TOTP"),
        key: Key::Bytes(key.ok_or("its key can't be read")?),
        issuer: issuer.unwrap_or_default(),
        name: maybe(token, "labelAlt").unwrap_or(text(token, "label")),
        algorithm: word(token, "algo"),
        digits: count(token, "digits"),
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
