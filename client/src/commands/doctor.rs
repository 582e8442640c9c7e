//! `countersign doctor`: tells what works on this desktop, and what would make it better.

use std::process::Command;

use countersign_api::{Error as Answer, connect::program};

use crate::{
    args::{Doctor, DoctorTopic},
    error::Error,
};

/// Runs the command. The program that captures and decodes looks for itself: it is asked in the environment of this one,
/// which is what the daemon gives it with each scan.
pub(crate) fn run(args: &Doctor) -> Result<(), Error> {
    match args.topic {
        DoctorTopic::Capture { json: false } => ask(&["--doctor"]),
        DoctorTopic::Capture { json: true } => ask(&["--doctor", "--json"]),
        DoctorTopic::Sandbox => ask(&["--self-test"]),
    }
}

fn ask(question: &[&str]) -> Result<(), Error> {
    let missing = || Answer::CaptureNotPossible("countersign-scan is not installed".into());
    let worker = program("countersign-scan").ok_or_else(missing)?;
    let status = Command::new(&worker).args(question).status().map_err(Error::io(worker.display().to_string()))?;
    if status.success() { Ok(()) } else { Err(Error::Said(Answer::CaptureNotPossible(String::new()).exit_code())) }
}
