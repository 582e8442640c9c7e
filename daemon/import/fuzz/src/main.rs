//! Throws changed files and texts at one parser, which the variable `PARSER` names: a format of the importer, or one of
//! the core's own. `PARSER=list` prints them all.
//!
//! A parser may refuse anything; it may not panic, hang, or take more memory than its limits say.

#![no_main]

use std::{env, sync::OnceLock};

use countersign_core::{
    payload::{classify, migration::Part},
    secret::SecretText,
    uri,
    vault::Portable,
};
use countersign_import::{File, Format, REGISTRY, detect, named};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: choose(), |data: &[u8]| PARSER.get().expect("it was chosen").run(data));

/// What is thrown at.
enum Parser {
    /// A format, as if the person had named it.
    Format(&'static dyn Format),
    /// The recognition of formats.
    Detect,
    /// One of the core's, on a text.
    Text(fn(&str)),
    /// One of the core's, on bytes.
    Bytes(fn(&[u8])),
}

static PARSER: OnceLock<Parser> = OnceLock::new();

fn choose() {
    let name = env::var("PARSER").unwrap_or_default();
    if name == "list" {
        REGISTRY
            .iter()
            .map(|format| format.name())
            .chain(CORE.iter().map(|(name, _)| *name))
            .for_each(|name| println!("{name}"));
        std::process::exit(0);
    }
    let own = CORE.iter().find(|(own, _)| *own == name).map(|(_, make)| make());
    let parser = own.or_else(|| named(&name).map(Parser::Format));
    let parser = parser.unwrap_or_else(|| panic!("PARSER is none of those that PARSER=list prints"));
    assert!(PARSER.set(parser).is_ok(), "it is chosen once");
}

impl Parser {
    fn run(&self, data: &[u8]) {
        match self {
            Self::Format(format) => read(*format, data),
            Self::Detect => drop(detect(&File::new(data.to_vec()))),
            Self::Text(parse) => drop(str::from_utf8(data).map(parse)),
            Self::Bytes(parse) => parse(data),
        }
    }
}

/// Reads a file, and writes what came of it as the program does.
fn read(format: &dyn Format, data: &[u8]) {
    let file = File::new(data.to_vec());
    // A derivation costs more than thousands of other readings: one in eight is enough to go on behind it.
    let passphrase = PASSWORDS.get(sum(data) as usize % 16).map(|text| SecretText::from(*text));
    let Ok(import) = format.read(&file, passphrase.as_ref()) else { return };
    for account in &import.accounts {
        let mut line = Vec::new();
        account.write(&mut line).expect("memory takes all");
        assert_eq!(&Portable::read(&line).expect("what is written can be read"), account);
    }
}

/// Returns a number that any change of the data changes.
fn sum(data: &[u8]) -> u32 {
    data.iter().fold(0, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)))
}

/// Reads an account and prints it again: the printed one must be readable, and the same.
fn read_uri(text: &str) {
    let Ok(parsed) = uri::parse(text) else { return };
    let printed = uri::print(&parsed.account);
    let again = uri::parse(printed.expose()).expect("what is printed can be read").account;
    assert_eq!(again.secret, parsed.account.secret);
}

/// Reads an entry whose attributes stand on a line each, `name=value`.
fn read_attributes(text: &str) {
    drop(uri::from_attributes(text.lines().filter_map(|line| line.split_once('='))));
}

const CORE: &[(&str, fn() -> Parser)] = &[
    ("detect", || Parser::Detect),
    ("core-uri", || Parser::Text(read_uri)),
    ("core-key", || Parser::Text(|text| drop(uri::secret_from_text(text)))),
    ("core-attributes", || Parser::Text(read_attributes)),
    ("core-payload", || Parser::Text(|text| drop(classify(text)))),
    ("core-migration", || Parser::Text(|text| drop(Part::parse(text)))),
    ("core-account-line", || Parser::Bytes(|line| drop(Portable::read(line)))),
];

/// Those of the samples, and of many a shared file.
const PASSWORDS: [&str; 2] = ["correct horse ü", "test"];
