//! Published vectors and real payloads, where they are at hand: `COUNTERSIGN_SHARED`, else `../shared` beside the project.

#![allow(clippy::unwrap_used)]

use std::{env, fs, path::PathBuf};

use countersign_core::{
    account::{Account, Algorithm, Kind},
    code::code_at,
    payload::{Payload, classify, migration::Part},
    secret::Secret,
    uri::{self, Note},
};
use serde_json::Value;

/// Reads a shared file, or says that it is not there.
fn shared(path: &str) -> Option<Value> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = env::var_os("COUNTERSIGN_SHARED").map_or(beside, PathBuf::from);
    let text = fs::read_to_string(root.join("fixtures").join(path)).ok();
    eprintln!("{path}: {}", if text.is_some() { "read" } else { "not here, left out" });
    text.map(|text| serde_json::from_str(&text).unwrap())
}

fn rows<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().unwrap()
}

fn account(kind: Kind, secret: Secret) -> Account {
    Account { issuer: String::new(), name: String::new(), prefix: None, kind, secret }
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap()
}

fn algorithm(name: &str) -> Algorithm {
    match name {
        "SHA256" => Algorithm::Sha256,
        "SHA512" => Algorithm::Sha512,
        _ => Algorithm::Sha1,
    }
}

fn check(account: &Account, time: u64, pin: Option<&str>, expected: &str) {
    let pin = pin.map(Into::into);
    assert_eq!(code_at(account, time, pin.as_ref()).unwrap().expose(), expected, "{:?} at {time}", account.kind);
}

#[test]
fn rfc_6238_and_4226() {
    if let Some(file) = shared("vectors/rfc6238.json") {
        for row in rows(&file, "codes") {
            let algorithm = algorithm(text(row, "algorithm"));
            let kind = Kind::Totp { algorithm, digits: row["digits"].as_u64().unwrap() as u8, period: 30 };
            let secret = uri::secret_from_text(text(row, "secret")).unwrap();
            check(&account(kind, secret), row["time"].as_u64().unwrap(), None, text(row, "code"));
        }
    }
    if let Some(file) = shared("vectors/rfc4226.json") {
        for row in rows(&file, "codes") {
            let counter = row["counter"].as_u64().unwrap();
            let secret = uri::secret_from_text(text(&file, "secret")).unwrap();
            check(
                &account(Kind::Hotp { algorithm: Algorithm::Sha1, digits: 6, counter }, secret),
                0,
                None,
                text(row, "code"),
            );
        }
    }
}

#[test]
fn steam_motp_and_yandex() {
    if let Some(file) = shared("vectors/steam.json") {
        for row in rows(&file, "codes") {
            let secret = uri::secret_from_text(text(row, "secret")).unwrap();
            check(&account(Kind::Steam, secret), row["time"].as_u64().unwrap(), None, text(row, "code"));
        }
    }
    if let Some(file) = shared("vectors/motp.json") {
        for row in rows(&file, "codes") {
            let secret = Secret::new(text(row, "secret_text").as_bytes().to_vec());
            let account = account(Kind::Motp { pin: None }, secret);
            check(&account, row["time"].as_u64().unwrap(), row["pin"].as_str(), text(row, "code"));
        }
    }
    if let Some(file) = shared("vectors/yandex.json") {
        for row in rows(&file, "codes") {
            let secret = uri::secret_from_text(text(row, "secret")).unwrap();
            let account = account(Kind::Yandex { pin: None, pin_length: None }, secret);
            check(&account, row["time"].as_u64().unwrap(), row["pin"].as_str(), text(row, "code"));
        }
    }
}

#[test]
fn every_uri_gets_the_result_written_there() {
    let Some(file) = shared("vectors/otpauth-uris.json") else { return };
    for case in rows(&file, "cases") {
        let uri = text(case, "uri");
        let parsed = uri::parse(uri);
        if text(case, "expect") == "error" {
            assert!(parsed.is_err(), "{uri} was taken");
            continue;
        }
        let (account, entry) = (parsed.unwrap_or_else(|error| panic!("{uri}: {error}")).account, &case["entry"]);
        assert_eq!(account.kind.name(), text(entry, "type"), "{uri}");
        assert_eq!(account.issuer, text(entry, "issuer"), "{uri}");
        assert_eq!(account.name, text(entry, "account"), "{uri}");
        assert_eq!(u64::from(account.kind.digits()), entry["digits"].as_u64().unwrap(), "{uri}");
        assert_eq!(account.kind.period().map(u64::from), entry["period"].as_u64(), "{uri}");
        let hex = data_encoding::HEXLOWER.encode(account.secret.expose());
        if account.kind.name() == "motp" {
            assert_eq!(account.secret.expose(), text(entry, "secret_text").as_bytes(), "{uri}");
        } else {
            assert_eq!(hex, text(entry, "secret_hex"), "{uri}");
        }
        if let Kind::Totp { algorithm, .. } | Kind::Hotp { algorithm, .. } = &account.kind {
            assert_eq!(algorithm.name(), text(entry, "algorithm"), "{uri}");
        }
        if let Kind::Hotp { counter, .. } = &account.kind {
            assert_eq!(Some(*counter), entry["counter"].as_u64(), "{uri}");
        }
        // The file keeps a `+` of the label and notes beside Microsoft's that it means a space there.
        let prefix = entry["extra"]["label_issuer"].as_str().map(|prefix| match account.issuer.as_str() {
            "Microsoft" => prefix.replace("Test+Und", "Test Und"),
            _ => prefix.to_owned(),
        });
        assert_eq!(account.prefix, prefix, "{uri}");
    }
}

#[test]
fn every_payload_gets_the_class_written_there() {
    let Some(file) = shared("qr-payloads/payloads.json") else { return };
    for row in rows(&file, "payloads") {
        let payload = classify(text(row, "text"));
        assert_eq!(payload.class(), text(row, "kind"), "{}", text(row, "text"));
        if let (Payload::Vendor(activation), Some(vendor)) = (&payload, row["vendor"].as_str()) {
            assert_eq!(activation.vendor, vendor, "{}", text(row, "text"));
        }
    }
}

#[test]
fn a_yandex_key_that_is_none_is_refused_or_doubted() {
    let Some(file) = shared("vectors/yandex.json") else { return };
    for row in rows(&file, "secret_validation") {
        let parsed = uri::parse(&format!("otpauth://yaotp/a?secret={}", text(row, "secret")));
        let sound = parsed.is_ok_and(|parsed| !parsed.notes.contains(&Note::OddKeyLength));
        assert_eq!(Some(sound), row["valid"].as_bool(), "{}", text(row, "secret"));
    }
}

#[test]
fn keepass_attributes_get_the_account_written_there() {
    let Some(file) = shared("vectors/keepassxc-otp-attributes.json") else { return };
    for case in rows(&file, "cases") {
        let attributes = case["attributes"].as_object().unwrap();
        let pairs = attributes.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
        let account = uri::from_attributes(pairs).remove(0).unwrap().account;
        same(&account, &case["entry"], &case.to_string());
    }
}

/// Compares an account with a file's entry, in what that says.
fn same(account: &Account, entry: &Value, what: &str) {
    assert_eq!(account.kind.name(), text(entry, "type"), "{what}");
    assert_eq!(Some(u64::from(account.kind.digits())), entry["digits"].as_u64(), "{what}");
    assert_eq!(account.kind.period().map(u64::from), entry["period"].as_u64(), "{what}");
    assert_eq!(account.secret, uri::secret_from_text(text(entry, "secret")).unwrap(), "{what}");
    if let Kind::Totp { algorithm, .. } | Kind::Hotp { algorithm, .. } = &account.kind {
        assert_eq!(algorithm.name(), text(entry, "algorithm"), "{what}");
    }
    if let Kind::Hotp { counter, .. } = &account.kind {
        assert_eq!(Some(*counter), entry["counter"].as_u64(), "{what}");
    }
    for (said, ours) in [("issuer", &account.issuer), ("account", &account.name)] {
        assert!(entry[said].as_str().is_none_or(|said| said == ours), "{what}: {said} is {ours}");
    }
    for (key, time) in [("code_at_1700000000", 1_700_000_000), ("code_at_counter", 0)] {
        if let Some(code) = entry[key].as_str() {
            check(account, time, None, code);
        }
    }
}

#[test]
fn real_exports_of_google_authenticator_give_the_accounts_written_there() {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = env::var_os("COUNTERSIGN_SHARED").map_or(beside, PathBuf::from).join("fixtures/google-migration");
    let folders = fs::read_dir(&root).into_iter().flatten().flatten();
    let files = folders.flat_map(|folder| fs::read_dir(folder.path()).unwrap().flatten());
    let mut read = 0;
    for path in files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|end| end == "txt")) {
        let (mut accounts, mut skipped) = (Vec::new(), Vec::new());
        for line in fs::read_to_string(&path).unwrap().lines().filter(|line| line.starts_with("otpauth-migration:")) {
            let part = Part::parse(line).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            accounts.extend(part.accounts);
            skipped.extend(part.skipped);
        }
        let expected = fs::read_to_string(format!("{}.expected.json", path.display())).unwrap();
        let expected: Value = serde_json::from_str(&expected).unwrap();
        let entries = rows(&expected, "entries");
        assert_eq!(
            (accounts.len(), skipped.len()),
            (entries.len(), rows(&expected, "skipped").len()),
            "{}",
            path.display()
        );
        for (account, entry) in accounts.iter().zip(entries) {
            same(account, entry, &format!("{}: {}", path.display(), account.title()));
        }
        read += accounts.len();
    }
    assert!(read > 0 || !root.exists(), "the exports are there and hold nothing");
    eprintln!("google-migration: {read} accounts read");
}
