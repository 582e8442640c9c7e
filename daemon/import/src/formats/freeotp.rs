//! `FreeOTP` 1 and `FreeOTP`+ (Android): shared preferences with a JSON an account, or `FreeOTP`+'s JSON of all.
//!
//! The traps: an account of Steam's is known by its issuer alone. And `FreeOTP`+ writes the counter of the code before the
//! next one; its files don't differ from `FreeOTP`'s, so the number is taken as it stands there, and the person is told. Only
//! where it is -1 nothing else can be meant than that the next one is 0. The first versions of `FreeOTP` kept a URI in the
//! place of an account's JSON.

use countersign_core::{secret::SecretText, uri, vault::Portable};
use serde_json::Value;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Given, Key},
    file::File,
    import::{Import, ImportError},
    json::{called, count, kind, list, maybe, text, word},
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
                && prefs::strings(file.bytes()).is_ok_and(|all| all.iter().any(|(_, text)| is_account(text)))
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
            for (name, text) in prefs::strings(file.bytes())? {
                if let Some(token) = token(&text) {
                    take(&mut import, &token);
                } else if is_uri(&text) {
                    import.take(&name, from_uri(&text));
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

/// Says whether a text of the preferences is an account.
fn is_account(text: &str) -> bool {
    token(text).is_some() || is_uri(text)
}

fn is_uri(text: &str) -> bool {
    text.starts_with("otpauth://")
}

/// Reads an account of the first versions; what the person renamed it to stands in parameters of their own.
fn from_uri(text: &str) -> Result<Portable, String> {
    let mut account = uri::parse(text).map_err(|error| error.to_string())?.account;
    for (name, place) in [("issueralt", &mut account.issuer), ("labelalt", &mut account.name)] {
        if let Some(own) = uri::parameter(text, name).filter(|own| !own.is_empty()) {
            own.as_str().clone_into(place);
        }
    }
    Ok(Portable::new(account))
}

fn take(import: &mut Import, token: &Value) {
    if text(token, "type").eq_ignore_ascii_case("hotp") {
        import.note(HOTP);
    }
    // What the person renamed it to.
    let issuer = maybe(token, "issuerAlt").unwrap_or(issuer(token));
    let name = maybe(token, "labelAlt").unwrap_or(text(token, "label"));
    let account = account(token, bytes(&token["secret"]), issuer, name);
    import.take(called(token, &["issuerExt", "issuerInt", "label"]), account);
}

/// Returns the issuer by which an account came.
pub(super) fn issuer(token: &Value) -> &str {
    maybe(token, "issuerExt").or(maybe(token, "issuerInt")).unwrap_or_default()
}

/// Makes an account whose key is these bytes.
pub(super) fn account(token: &Value, key: Option<Vec<u8>>, issuer: &str, name: &str) -> Result<Portable, String> {
    let kind = kind(token, "type")?;
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
        counter: counter(token),
        pin: None,
    }
    .account()
}

/// Returns the counter; the one before the first is -1.
fn counter(token: &Value) -> Given<u64> {
    if token["counter"].as_i64() == Some(-1) { Given::Is(0) } else { count(token, "counter") }
}

/// Returns the bytes of a list of Java's, which have a sign; others write them without.
pub(super) fn bytes(value: &Value) -> Option<Vec<u8>> {
    let byte = |value: &Value| value.as_i64().filter(|number| (-128..=255).contains(number)).map(|number| number as u8);
    value.as_array()?.iter().map(byte).collect()
}

const HOTP: &str = "FreeOTP+ writes the counter before the next one, FreeOTP the next one: where a counter's code is refused, \
                    the one after it is right.";

#[cfg(test)]
mod tests {
    use countersign_core::account::{Algorithm, Kind};

    use super::*;

    /// `FreeOTP`+ keeps -1 until a new account has made its first code: such accounts were left out as bad.
    #[test]
    fn the_counter_before_the_first_is_the_first() {
        for (counter, next) in [("-1", Some(0)), ("0", Some(0)), ("7", Some(7)), ("-2", None)] {
            let token = format!(r#"{{"type":"HOTP","label":"me","counter":{counter},"secret":[1,2,3]}}"#);
            let counters: Vec<_> = read(&token).into_iter().map(|one| one.account.kind).collect();
            let expected = next.map(|counter| Kind::Hotp { algorithm: Algorithm::Sha1, digits: 6, counter });
            assert_eq!(counters, Vec::from_iter(expected), "{counter}");
        }
    }

    #[test]
    fn the_bytes_of_a_key_may_have_a_sign_or_none() {
        for (secret, key) in [
            ("[-1,-128,127]", Some([0xff, 0x80, 0x7f])),
            ("[255,128,127]", Some([0xff, 0x80, 0x7f])),
            ("[256,0,0]", None),
        ] {
            let token = format!(r#"{{"type":"TOTP","label":"me","secret":{secret}}}"#);
            let keys: Vec<_> = read(&token).iter().map(|one| one.account.secret.expose().to_vec()).collect();
            assert_eq!(keys, Vec::from_iter(key.map(Vec::from)), "{secret}");
        }
    }

    #[test]
    fn the_first_versions_kept_uris() {
        let uri = "otpauth://totp/Shop:me?secret=JBSWY3DPEHPK3PXP&amp;issuer=Shop&amp;digits=8";
        let text = format!(
            "<map><string name=\"tokenOrder\">[]</string><string name=\"a\">{uri}</string>\
             <string name=\"b\">{uri}&amp;issueralt=Mine&amp;labelalt=I</string>\
             <string name=\"c\">otpauth://totp/c?secret=1</string></map>"
        );
        let file = File::new(text.into());
        assert_eq!(FreeOtp.detect(&file), Confidence::Sure);
        let import = FreeOtp.read(&file, None).unwrap();
        let names: Vec<_> = import.accounts.iter().map(|one| one.account.title()).collect();
        assert_eq!(names, ["Shop – me", "Mine – I"]);
        assert_eq!(import.left_out.len(), 1);
    }

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
