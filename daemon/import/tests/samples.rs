//! The project's own samples: each gives what stands beside it, each format has one.

#![allow(clippy::unwrap_used, missing_docs)]

mod fixtures;
mod library;

use std::{collections::BTreeSet, path::Path};

use countersign_core::secret::SecretText;
use countersign_import::{File, Format, ImportError, REGISTRY, detect};
use fixtures::{Case, Outcome, Reader};
use library::Library;

fn samples() -> Vec<Case> {
    fixtures::cases(&Path::new(env!("CARGO_MANIFEST_DIR")).join("samples"))
}

#[test]
fn every_sample_gives_what_stands_beside_it() {
    for case in samples() {
        if let Outcome::Differing(why) = case.check(&Library) {
            panic!("{}: {why}", case.name(Path::new(env!("CARGO_MANIFEST_DIR"))));
        }
    }
}

#[test]
fn every_sample_is_taken_for_its_format() {
    for case in samples() {
        let (bytes, _) = case.file().unwrap();
        let file = case.beside().into_iter().fold(File::new(bytes), |file, (name, bytes)| file.with(name, bytes));
        let format = detect(&file).map(Format::name);
        assert_eq!(format, Some(case.format.as_str()), "{}", case.name(Path::new("")));
    }
}

#[test]
fn every_format_has_a_sample() {
    let sampled: BTreeSet<String> = samples().into_iter().map(|case| case.format).collect();
    // What has a sample can be recognised; what never is, is written only, and read as a list of URIs.
    let is_recognised = |format: &&dyn Format| format.name() != "google-migration";
    let names = REGISTRY.iter().copied().filter(is_recognised).map(Format::name);
    let without: Vec<&str> = names.filter(|name| !sampled.contains(*name)).collect();
    assert!(without.is_empty(), "no sample in daemon/import/samples of: {without:?}");
}

#[test]
fn an_encrypted_sample_asks_for_its_password_and_takes_no_other() {
    for case in samples() {
        let (bytes, Some(_)) = case.file().unwrap() else { continue };
        let name = case.name(Path::new(env!("CARGO_MANIFEST_DIR")));
        let file = case.beside().into_iter().fold(File::new(bytes), |file, (name, bytes)| file.with(name, bytes));
        let format = detect(&file).unwrap();
        assert_eq!(format.read(&file, None).unwrap_err(), ImportError::PassphraseNeeded, "{name}");
        let error = format.read(&file, Some(&SecretText::from("not this one"))).unwrap_err();
        assert!(matches!(error, ImportError::WrongPassphrase | ImportError::WrongOrDamaged), "{name}: {error:?}");
    }
}

/// Half a file, and one with a changed byte, may be refused or give less; they may not break the reader or tell its bytes.
#[test]
fn a_sample_cut_off_anywhere_breaks_nothing() {
    for case in samples() {
        let (bytes, password) = case.file().unwrap();
        let beside = case.beside();
        // Each try of an encrypted one costs its derivation.
        let tries = if password.is_some() { 1 } else { 20 };
        for length in (0..bytes.len()).step_by(bytes.len().div_ceil(tries)) {
            drop(Library.read(&bytes[..length], &beside, password));
            let mut changed = bytes.clone();
            changed[length] ^= 0x11;
            drop(Library.read(&changed, &beside, password));
        }
    }
}
