//! Published vectors and real payloads, where they are at hand: `COUNTERSIGN_SHARED`, else `../shared` beside the project.

#![allow(clippy::unwrap_used)]

use std::{env, fs, path::PathBuf};

use countersign_core::{
    account::{Account, Algorithm, Kind},
    code::code_at,
    payload::{Payload, classify, migration::Part},
    secret::Secret,
    uri,
};
use serde_json::Value;

/// Reads a shared file, or says that it is not there.
fn shared(path: &str) -> Option<Value> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = env::var_os("COUNTERSIGN_SHARED").map_or(beside, PathBuf::from);
    match fs::read_to_string(root.join("fixtures").join(path)) {
        Ok(text) => {
            eprintln!("{path}: read");
            Some(serde_json::from_str(&text).unwrap())
        }
        Err(_) => {
            eprintln!("{path}: not here, left out");
            None
        }
    }
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
            // A US government page is told apart from other work accounts, and a two-step enrolment from push.
            let ours = activation.vendor.trim_end_matches("-2step").replace("-government", "-work");
            assert_eq!(ours, vendor, "{}", text(row, "text"));
        }
    }
}

#[test]
fn real_exports_of_google_authenticator_are_read() {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = env::var_os("COUNTERSIGN_SHARED").map_or(beside, PathBuf::from).join("fixtures/google-migration");
    let mut read = 0;
    for folder in fs::read_dir(&root).into_iter().flatten().flatten() {
        for file in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            let Ok(text) = fs::read_to_string(file.path()) else { continue };
            for line in text.lines().filter(|line| line.starts_with("otpauth-migration:")) {
                let part = Part::parse(line).unwrap_or_else(|error| panic!("{:?}: {error}", file.path()));
                assert!(!part.accounts.is_empty() || !part.skipped.is_empty());
                read += 1;
            }
        }
    }
    eprintln!("google-migration: {read} parts read");
}
