//! `countersign run`: a command with fresh codes in its environment, and never in its arguments.

use std::{collections::HashSet, ffi::OsStr, os::unix::process::CommandExt, process::Command};

use countersign_api::types::{AccountInfo, CodeOptions};
use zeroize::Zeroizing;

use crate::{args::Run, codes::Codes, error::Error, output, path, session::Session, time};

/// Runs the command: becomes the one that was given.
pub(crate) async fn run(args: Run, session: &mut Session) -> Result<(), Error> {
    distinct(&args.otp)?;
    let (name, arguments) = args.command.split_first().expect("one word at least is required");
    // Before any code is used up.
    let program = path::find_here(name).ok_or_else(|| not_run(name))?;
    let values = values(&args, session).await?;
    let mut command = Command::new(program);
    command.arg0(name).args(arguments);
    for (otp, code) in args.otp.iter().zip(&values) {
        command.env(&otp.variable, code.as_str());
    }
    let failed = command.exec();
    output::say(&format!("countersign: {} can't be run: {failed}", shown(name)));
    Err(Error::Said(NOT_RUN))
}

/// Says why a command that is not found is none, and returns the exit code.
fn not_run(name: &OsStr) -> Error {
    if path::is_here(name) {
        output::say(&format!("countersign: {} can't be run: it is no program, or not one for you", shown(name)));
        return Error::Said(NOT_RUN);
    }
    output::say(&format!("countersign: there is no command {}", shown(name)));
    Error::Said(NOT_FOUND)
}

fn shown(name: &OsStr) -> String {
    output::one_line(&name.to_string_lossy())
}

/// What `--otp` says: a code of this account in that variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Otp {
    variable: String,
    account: String,
}

impl Otp {
    /// Reads `VAR=NAME`; the variable is named as shells name theirs (POSIX, "Name").
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (variable, account) = text.split_once('=').ok_or("write it as VAR=NAME, such as OTP=github")?;
        let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
        let named = variable.starts_with(letter) && variable.chars().all(|c| letter(c) || c.is_ascii_digit());
        if !named {
            return Err("a variable's name has letters of ASCII, digits and _, and begins with no digit".into());
        }
        if account.trim().is_empty() {
            return Err("which account? VAR=NAME".into());
        }
        Ok(Self { variable: variable.to_owned(), account: account.to_owned() })
    }
}

fn distinct(all: &[Otp]) -> Result<(), Error> {
    let mut seen = HashSet::new();
    match all.iter().find(|otp| !seen.insert(&otp.variable)) {
        None => Ok(()),
        Some(twice) => Err(Error::Usage(format!("--otp {} is given twice", twice.variable))),
    }
}

/// Returns the codes, each fresh enough; counters come last, so that none is used up when something else fails.
async fn values(args: &Run, session: &mut Session) -> Result<Vec<Zeroizing<String>>, Error> {
    let mut accounts: Vec<AccountInfo> = Vec::new();
    for otp in &args.otp {
        accounts.push(session.account(&otp.account).await?);
    }
    let mut codes: Vec<Codes> = accounts.iter().map(|account| Codes::of(&account.id)).collect();
    let mut values = vec![Zeroizing::<String>::default(); accounts.len()];
    let mut dies = vec![0; accounts.len()];
    // The wait for one may take too much of another's life: once more, then. A period is always longer than that.
    loop {
        let stale = |place: &usize| {
            accounts[*place].period > 0 && dies[*place] < time::now() + u64::from(fresh(args, &accounts[*place]))
        };
        let Some(place) = (0..accounts.len()).find(stale) else { break };
        let options = CodeOptions { fresh: Some(fresh(args, &accounts[place])), ..CodeOptions::default() };
        let (code, details) = codes[place].ask(session, &options).await?;
        (values[place], dies[place]) = (code, details.expires);
    }
    for place in (0..accounts.len()).filter(|place| accounts[*place].period == 0) {
        values[place] = codes[place].ask(session, &CodeOptions::default()).await?.0;
    }
    Ok(values)
}

/// Returns how many seconds a code must still live: of one that lives 10, 10 can't be asked.
fn fresh(args: &Run, account: &AccountInfo) -> u32 {
    args.fresh.min(account.period / 2)
}

/// As shells end where there is no such command, or it can't be run.
const NOT_FOUND: u8 = 127;
const NOT_RUN: u8 = 126;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_has_a_shells_name() {
        for (text, variable, account) in [("OTP=git hub", "OTP", "git hub"), ("_a1=x=y", "_a1", "x=y")] {
            assert_eq!(Otp::parse(text), Ok(Otp { variable: variable.into(), account: account.into() }));
        }
        for wrong in ["", "OTP", "=x", "1A=x", "A-B=x", "A B=x", "Ä=x", "A=", "A= ", "A\n=x"] {
            assert!(Otp::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_variable_is_set_once() {
        let all = ["A=x", "B=x", "A=y"].map(|text| Otp::parse(text).unwrap());
        assert!(distinct(&all[..2]).is_ok());
        assert_eq!(distinct(&all).unwrap_err().exit_code(), 2);
    }
}
