//! Reads folders of foreign files whose content is known, by the programs themselves, and prints how many give it.
//!
//! `tests/run formats FOLDER…` runs it. Each file goes through `countersign-import` in its sandbox, each picture through
//! `countersign-scan` and its texts as a list of URIs through `countersign-import`, as the command line does it.

#![allow(clippy::print_stdout, missing_docs)]

#[path = "../../tests/fixtures/mod.rs"]
mod fixtures;
mod programs;

use std::{collections::BTreeMap, path::Path, process::ExitCode};

use fixtures::Outcome;
use programs::Programs;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(programs) = arguments.next() else { return usage() };
    let folders: Vec<String> = arguments.collect();
    if folders.is_empty() || !folders.iter().all(|folder| Path::new(folder).is_dir()) {
        return usage();
    }
    let programs = Programs::new(programs.as_ref());
    let (mut passed, mut failed) = (0, 0);
    for folder in &folders {
        let (equal, differing) = print_set(folder.as_ref(), &programs);
        passed += equal;
        failed += differing;
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn usage() -> ExitCode {
    eprintln!(
        "usage: formats PROGRAMS FOLDER...: the folder of the programs, then folders of files with *.expected.json"
    );
    ExitCode::from(64)
}

/// Prints a folder's formats, and returns how many files are equal and how many differ.
fn print_set(folder: &Path, programs: &Programs) -> (usize, usize) {
    let mut formats: BTreeMap<String, (usize, Vec<String>)> = BTreeMap::new();
    for case in fixtures::cases(folder) {
        let (equal, differing) = formats.entry(case.format.clone()).or_default();
        match case.check(programs) {
            Outcome::Equal => *equal += 1,
            Outcome::Differing(why) => differing.push(format!("{}: {why}", case.name(folder))),
            Outcome::Left(why) => differing.push(format!("{}: not read: {why}", case.name(folder))),
        }
    }
    println!("{}", folder.display());
    for (format, (equal, differing)) in &formats {
        println!("  {format:<28}{equal:>4} equal{:>4} differing", differing.len());
        for line in differing {
            println!("    {line}");
        }
    }
    let sum = |count: fn(&(usize, Vec<String>)) -> usize| formats.values().map(count).sum();
    (sum(|one| one.0), sum(|one| one.1.len()))
}
