//! What later versions write: kept word for word where it does no harm, refused where it can't be understood.

use std::{fmt::Write as _, fs, io::Read};

use age::secrecy::ExposeSecret;
use countersign_core::{
    secret::SecretText,
    vault::{Edit, IfExists, Opener, Unusable, VaultError},
};
use hmac::{Hmac, KeyInit, Mac};

use crate::world::{World, account, names, reason, reopen};

/// Writes a vault as FORMAT.md says it, without the crate's own writer.
pub(crate) fn forge(world: &World, key: &SecretText, json: &str) {
    let hmac = |key: &[u8], parts: &[&[u8]]| {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
        parts.iter().copied().for_each(|part| mac.update(part));
        mac.finalize().into_bytes()
    };
    let line = format!("{json}{}", " ".repeat((4096 * 16 - 78 - json.len()) % 4096));
    let mac_key = hmac(&hmac(b"countersign", &[key.expose().as_bytes()]), &[b"vault mac v1", &[1]]);
    let mut text = format!("{line}\nhmac-sha256 ");
    for byte in hmac(&mac_key, &[line.as_bytes()]) {
        write!(text, "{byte:02x}").unwrap();
    }
    text.push('\n');
    let key: age::x25519::Identity = key.expose().parse().unwrap();
    fs::write(world.path("vault.age"), age::encrypt(&key.to_public(), text.as_bytes()).unwrap()).unwrap();
}

/// Reads the vault's line without the crate's own reader.
pub(crate) fn line(world: &World, key: &SecretText) -> Vec<u8> {
    let key: age::x25519::Identity = key.expose().parse().unwrap();
    assert!(key.to_string().expose_secret().starts_with("AGE-SECRET-KEY-1"));
    let file = fs::read(world.path("vault.age")).unwrap();
    let mut text = Vec::new();
    let decryptor = age::Decryptor::new(&file[..]).unwrap();
    decryptor.decrypt(std::iter::once(&key as _)).unwrap().read_to_end(&mut text).unwrap();
    assert_eq!(text.len() % 4096, 0, "padded");
    text.truncate(text.iter().position(|&byte| byte == b'\n').unwrap());
    text
}

const ID: &str = "00112233445566778899aabbccddeeff";

fn vault_with(entries: &str, more: &str) -> String {
    format!(r#"{{"countersign":1,"vault":"{ID}","generation":900,"entries":[{entries}]{more}}}"#)
}

fn entry(id: u8, more: &str) -> String {
    format!(
        r#"{{"id":"{id:032x}","created":5,"version":"00000000000a-00000000-0000000000000001","type":"totp","name":"n{id}","algorithm":"SHA1","digits":6,"period":30,"secret":"GEZDGNBV"{more}}}"#
    )
}

#[test]
fn a_later_format_is_refused_kept_and_told() {
    let world = World::new();
    let (store, vault, key) = world.vault(&[]);
    drop(vault);
    forge(&world, &key, r#"{"countersign":2,"anything":"else"}"#);
    let before = fs::read(world.path("vault.age")).unwrap();
    match store.open(Opener::VaultKey(&key)) {
        Err(VaultError::Unusable(Unusable::Newer { version: 2 })) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(fs::read(world.path("vault.age")).unwrap(), before);
}

#[test]
fn content_that_is_no_vault_is_damaged() {
    let world = World::new();
    let (store, vault, key) = world.vault(&[]);
    drop(vault);
    for json in [
        "[]",
        "{}",
        "{\"countersign\":1",
        r#"{"countersign":"1"}"#,
        r#"{"countersign":1,"vault":"x","generation":1}"#,
        r#"{"countersign":1,"vault":"x","generation":1,"entries":{}}"#,
        r#"{"countersign":1,"vault":"x","generation":1,"entries":[],"entries":[]}"#,
        r#"{"countersign":1,"vault":"x","generation":1,"entries":[],"old_keys":["no key"]}"#,
    ] {
        forge(&world, &key, json);
        assert_eq!(reason(store.open(Opener::VaultKey(&key))), "damaged", "{json}");
    }
}

#[test]
fn fields_of_later_versions_come_back_word_for_word() {
    let world = World::new();
    let (store, vault, key) = world.vault(&[]);
    drop(vault);
    let odd = r#","Zed":  1.50e+400 ,"icon":{"b":[1,  2],"a":"ü\u00fc"},"x":12345678901234567890123"#;
    let past = r#","history":[{"at":1800000000,"change":"00000000000b-00000000-0000000000000001","why":"edited","before":{"type":"steam","secret":"GEZDGNBV","theme" : null},"by" : "phone"},{"at":1800000000,"why":"merged","what" : 1}]"#;
    forge(&world, &key, &vault_with(&entry(1, &format!("{odd}{past}")), r#","sync":{"peers" : []}"#));
    let mut vault = reopen(&store, &key);
    assert_eq!((names(&vault), vault.quarantined()), (vec!["n1".to_owned()], 0));
    vault.add(account("Example", "alice"), IfExists::KeepBoth).unwrap();
    let id = vault.entries().next().unwrap().id();
    vault.edit(id, Edit { note: Some("note".to_owned()), ..Edit::default() }).unwrap();
    let written = String::from_utf8(line(&world, &key)).unwrap();
    for piece in [
        r#""Zed":1.50e+400,"#,
        r#""icon":{"b":[1,  2],"a":"ü\u00fc"}"#,
        r#""x":12345678901234567890123"#,
        r#""theme":null"#,
        r#""by":"phone""#,
        r#"{"at":1800000000,"why":"merged","what" : 1}"#,
        r#""sync":{"peers" : []}"#,
    ] {
        assert!(written.contains(piece), "{piece}\n{written}");
    }
    vault.undo().unwrap();
    vault.undo().unwrap();
    vault.undo().unwrap();
    assert_eq!(vault.entry(id).unwrap().account().kind.name(), "steam");
    assert!(String::from_utf8(line(&world, &key)).unwrap().contains(r#""theme":null"#));
}

/// A tombstone.
fn grave(id: u8) -> String {
    let end = u64::MAX;
    format!(
        r#"{{"id":"{id:032x}","created":{end},"version":"ffffffffffffffff-ffffffff-ffffffffffffffff","tombstone":true,"deleted":{end}}}"#
    )
}

#[test]
fn entries_that_cant_be_understood_are_put_aside_not_fatal_and_kept() {
    let world = World::new();
    let (store, vault, key) = world.vault(&[]);
    drop(vault);
    let strange = [
        r#"{"id":"000000000000000000000000000000aa","type":"passkey",  "private":"hush"}"#.to_owned(),
        entry(2, "").replace("SHA1", "MD5"),
        entry(3, "").replace("\"digits\":6", "\"digits\":11"),
        entry(4, "").replace("\"period\":30", "\"period\":0"),
        entry(5, "").replace("GEZDGNBV", "not base32!"),
        entry(6, "").replace("\"id\":", "\"identity\":"),
        entry(1, "").replace("n1", "a second one of the same id"),
        grave(1).replace("\"created\"", "\"buried\":\"alive\",\"created\""),
        entry(7, r#","secret":"MFRGGZDF""#),
        "\"a text\"".to_owned(),
        "null".to_owned(),
    ];
    forge(&world, &key, &vault_with(&format!("{},{}", entry(1, ""), strange.join(",")), ""));
    let mut vault = reopen(&store, &key);
    assert_eq!((names(&vault), vault.quarantined()), (vec!["n1".to_owned()], strange.len()));
    vault.add(account("Example", "alice"), IfExists::KeepBoth).unwrap();
    drop(vault);
    let written = String::from_utf8(line(&world, &key)).unwrap();
    for entry in &strange {
        assert!(written.contains(entry.as_str()), "{entry}");
    }
    assert_eq!(reopen(&store, &key).quarantined(), strange.len());
}

#[test]
fn a_change_is_later_than_what_is_not_understood() {
    let world = World::new();
    let (store, vault, key) = world.vault(&[]);
    drop(vault);
    let strange = entry(2, "").replace("totp", "passkey");
    let from = strange.find("\"version\":\"").unwrap() + 11;
    let version = &strange[from..from + strange[from..].find('"').unwrap()];
    let late = strange.replace(version, "0fffffffffff-00000007-0000000000000001");
    forge(&world, &key, &vault_with(&late, ""));
    let mut vault = reopen(&store, &key);
    vault.add(account("Example", "alice"), IfExists::KeepBoth).unwrap();
    let written = String::from_utf8(line(&world, &key)).unwrap();
    assert!(written.contains("0fffffffffff-00000008-"), "{written}");
}

#[test]
fn times_and_numbers_at_their_ends_break_nothing() {
    let world = World::new();
    let (store, vault, key) = world.vault(&[]);
    drop(vault);
    let end = u64::MAX;
    let trash = entry(1, &format!(r#","deleted":{end},"history":[{{"at":{end},"change":"0-0-0","why":"added"}}]"#));
    let json = vault_with(&format!("{trash},{}", grave(2)), "")
        .replace("\"generation\":900", &format!("\"generation\":{end}"));
    forge(&world, &key, &json);
    let mut vault = reopen(&store, &key);
    let id = vault.trash().next().unwrap().id();
    vault.restore(id).unwrap();
    world.pass(1);
    vault.undo().unwrap();
    world.pass(1);
    vault.add(account("Example", "alice"), IfExists::KeepBoth).unwrap();
    assert_eq!((vault.quarantined(), reopen(&store, &key).trash().count()), (0, 1));
}

#[test]
fn the_line_is_padded_so_that_its_length_tells_little() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&["a"]);
    let id = vault.entries().next().unwrap().id();
    // The header has a random part of up to some 400 bytes.
    let size = || fs::metadata(world.path("vault.age")).unwrap().len() / 1024;
    assert_eq!(size(), 4);
    vault.add(account("Example", "an account of a much longer name"), IfExists::KeepBoth).unwrap();
    assert_eq!(size(), 4);
    let note = Some("x".repeat(6000));
    vault.edit(id, Edit { note, ..Edit::default() }).unwrap();
    assert_eq!(size(), 8);
    let note = Some("x".repeat(70_000));
    vault.edit(id, Edit { note, ..Edit::default() }).unwrap();
    assert_eq!(size(), 128);
}
