//! Every real export of `COUNTERSIGN_SHARED/fixtures` that there is: what comes out is what another program read there.
//!
//! The files are other projects' test data and no part of this one; without them this says so, and the project's own
//! samples stand alone.

#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use countersign_core::{
    account::{Account, Kind},
    code::code_at,
    secret::SecretText,
};
use countersign_import::{File, detect};
use serde_json::Value;

#[test]
fn real_exports_give_what_their_programs_read() {
    let Some(folder) = fixtures() else {
        println!("no folder of real exports is here: only the project's own samples are read");
        return;
    };
    let mut formats: BTreeMap<String, (usize, Vec<String>)> = BTreeMap::new();
    for expected in expectations(&folder) {
        let (format, result) = check(&expected);
        let (equal, differing) = formats.entry(format).or_default();
        match result {
            Ok(()) => *equal += 1,
            Err(why) => differing.push(format!("{}: {why}", expected.strip_prefix(&folder).unwrap().display())),
        }
    }
    let mut bad = 0;
    for (format, (equal, differing)) in &formats {
        println!("{format:<28} {equal:>3} equal {:>3} differing", differing.len());
        bad += differing.len();
        differing.iter().for_each(|line| println!("    {line}"));
    }
    assert_eq!(bad, 0, "files differ from what other programs read in them");
}

fn fixtures() -> Option<PathBuf> {
    let shared = env::var_os("COUNTERSIGN_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    Some(shared.join("fixtures")).filter(|folder| folder.is_dir())
}

fn expectations(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(expectations(&path));
        } else if path.to_str().is_some_and(|name| name.ends_with(".expected.json")) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Reads a file, and returns its format and in what it differs.
fn check(expected: &Path) -> (String, Result<(), String>) {
    let text: Value = serde_json::from_slice(&fs::read(expected).unwrap()).unwrap();
    let path = PathBuf::from(expected.to_str().unwrap().trim_end_matches(".expected.json"));
    let file = File::new(fs::read(path).unwrap());
    let passphrase = text["password"].as_str().map(SecretText::from);
    let name = text["format"].as_str().unwrap().to_owned();
    let read = detect(&file).ok_or_else(|| "not recognised".to_owned());
    let read = read.and_then(|format| format.read(&file, passphrase.as_ref()).map_err(|error| error.to_string()));
    let result = match (text["outcome"].as_str().unwrap(), read) {
        ("reject", Err(_)) => Ok(()),
        ("reject", Ok(import)) if import.accounts.is_empty() => Ok(()),
        ("reject", Ok(_)) => Err("was to be refused".into()),
        (_, Err(why)) => Err(why),
        (_, Ok(import)) => {
            let mut ours: Vec<String> = import.accounts.iter().map(|one| line(&one.account)).collect();
            let mut theirs: Vec<String> = text["entries"].as_array().unwrap().iter().map(expected_line).collect();
            ours.sort();
            theirs.sort();
            if ours == theirs { Ok(()) } else { Err(difference(&ours, &theirs)) }
        }
    };
    (name, result)
}

fn difference(ours: &[String], theirs: &[String]) -> String {
    let extra: Vec<_> = ours.iter().filter(|line| !theirs.contains(line)).collect();
    let missing: Vec<_> = theirs.iter().filter(|line| !ours.contains(line)).collect();
    format!("{} read, {} expected\n      extra {extra:?}\n      missing {missing:?}", ours.len(), theirs.len())
}

/// One line of everything that is compared.
fn line(account: &Account) -> String {
    let key = data_encoding::HEXLOWER.encode(account.secret.expose());
    let algorithm = match &account.kind {
        Kind::Totp { algorithm, .. } | Kind::Hotp { algorithm, .. } => algorithm.name(),
        _ => "",
    };
    let code = code_at(account, 1_700_000_000, None).map(|code| code.expose().to_owned()).unwrap_or_default();
    let counter = match account.kind {
        Kind::Hotp { counter, .. } => counter.to_string(),
        _ => String::new(),
    };
    let (kind, digits, period) = (account.kind.name(), account.kind.digits(), account.kind.period().unwrap_or(0));
    format!("{kind}|{}|{}|{key}|{algorithm}|{digits}|{period}|{counter}|{code}", account.issuer, account.name)
}

fn expected_line(entry: &Value) -> String {
    let text = |name: &str| entry[name].as_str().unwrap_or_default();
    let kind = text("type");
    let plain = kind == "totp" || kind == "hotp";
    // The key of mOTP is a text.
    let key = match (kind, entry["secret_text"].as_str()) {
        ("motp", Some(key)) => data_encoding::HEXLOWER.encode(key.as_bytes()),
        _ => text("secret_hex").to_owned(),
    };
    let counter = entry["counter"].as_u64().map(|counter| counter.to_string()).unwrap_or_default();
    let code = entry["code_at_1700000000"].as_str().or(entry["code_at_counter"].as_str()).unwrap_or_default();
    format!(
        "{kind}|{}|{}|{key}|{}|{}|{}|{counter}|{code}",
        text("issuer"),
        text("account"),
        if plain { text("algorithm") } else { "" },
        entry["digits"].as_u64().unwrap_or_default(),
        entry["period"].as_u64().unwrap_or_default(),
    )
}
