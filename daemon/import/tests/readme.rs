//! The table of formats in README.md is what the registry, the samples and `samples/tried.tsv` say. `UPDATE=1` rewrites it.

#![allow(clippy::unwrap_used, missing_docs)]

mod fixtures;

use std::{collections::BTreeMap, env, fs, path::Path, process::Command};

use serde_json::Value;

#[test]
fn the_readme_lists_every_format() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("the table has its place");
    let (found, after) = rest.split_once(END).expect("the table has an end");
    let table = table();
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, [before, BEGIN, &table, END, after].concat()).unwrap();
        return;
    }
    assert_eq!(found, table, "README.md's table of formats is another: UPDATE=1 rewrites it");
}

fn table() -> String {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut encrypted: BTreeMap<String, bool> = BTreeMap::new();
    for case in fixtures::cases(&samples) {
        let sealed = case.file().is_some_and(|(_, password)| password.is_some());
        *encrypted.entry(case.format).or_default() |= sealed;
    }
    let tried = fs::read_to_string(samples.join("tried.tsv")).unwrap();
    let tried: BTreeMap<&str, &str> = tried.lines().filter_map(|line| line.split_once('\t')).collect();
    let formats = listed();
    let names: Vec<&str> = formats.iter().map(|format| format["format"].as_str().unwrap()).collect();
    let unknown: Vec<_> = tried.keys().filter(|name| !names.contains(name)).collect();
    assert!(unknown.is_empty(), "tried.tsv names what is no format: {unknown:?}");
    let row = |format: &Value| {
        let (name, title) = (format["format"].as_str().unwrap(), format["title"].as_str().unwrap());
        let mark = |is: bool| if is { "yes" } else { "" };
        // Only what can be written says whether it encrypts.
        let written = mark(format["encrypts"].is_string());
        let sealed = mark(encrypted.get(name).copied().unwrap_or_default());
        let tried = tried.get(name).unwrap_or(&"its description only");
        format!("| {title} | `{name}` | yes | {written} | {sealed} | {tried} |\n")
    };
    let rows: String = formats.iter().map(row).collect();
    format!("\n| program | format | read | written | encrypted | tried with |\n|---|---|---|---|---|---|\n{rows}")
}

/// Returns the formats as the program lists them.
fn listed() -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_countersign-import")).arg("--list-formats").output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const BEGIN: &str = "<!-- formats: written by UPDATE=1 cargo test -p countersign-import --test readme -->\n";
const END: &str = "<!-- formats end -->";
