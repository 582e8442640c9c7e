//! `countersign code`: the code of an account, printed.

use countersign_api::{
    Error as Answer,
    types::{AccountInfo, CodeDetails, CodeOptions},
};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{copy, large};
use crate::{
    args::{Code, Copy},
    codes::{Codes, in_groups},
    error::Error,
    output,
    session::Session,
    time,
};

/// Runs the command.
pub(crate) async fn run(args: Code, session: &mut Session) -> Result<(), Error> {
    if args.clip {
        return copy::run(Copy { words: args.name.words, ..Copy::default() }, session).await;
    }
    if args.large {
        return large::run(&args, session).await;
    }
    session.unlock().await?;
    let (code, details) = ask(&args, session).await?;
    if args.json {
        let CodeDetails { expires, period, account } = details;
        return output::secret_json(&Json { code: &code, expires, period, account });
    }
    let code = if args.groups { in_groups(&code) } else { code };
    output::secret_line(&code)?;
    if output::is_terminal() && output::is_terminal_err() && details.expires > 0 {
        output::say(&remark(&details, time::now()));
    }
    Ok(())
}

/// What `--json` prints.
#[derive(Serialize)]
struct Json<'a> {
    code: &'a str,
    expires: u64,
    period: u32,
    account: String,
}

async fn ask(args: &Code, session: &mut Session) -> Result<(Zeroizing<String>, CodeDetails), Error> {
    let words = args.name.text();
    match Codes::of(&words).ask(session, &options(args)).await {
        Err(Error::Daemon(Answer::Ambiguous(_))) => {
            let found = session.accounts().await?.find(&words, countersign_api::Dict::new()).await?;
            let chosen = session.one_of(&words, found.into_iter().map(AccountInfo::from).collect()).await?;
            Codes::of(&chosen.id).ask(session, &options(args)).await
        }
        answer => answer,
    }
}

fn options(args: &Code) -> CodeOptions {
    CodeOptions {
        fresh: args.fresh,
        unused: args.unused.then_some(true),
        max_wait: args.max_wait,
        at: args.at,
        next: args.next.then_some(true),
        prompt: None,
        advance: None,
        trial: None,
        variation: None,
    }
}

/// Returns what a person wants to know beside the code.
fn remark(details: &CodeDetails, now: u64) -> String {
    match details.expires.checked_sub(now) {
        Some(left) if left <= u64::from(details.period) => format!("{left} s left"),
        Some(_) => format!("until {}", time::iso(details.expires)),
        None => format!("expired at {}", time::iso(details.expires)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_told_for_the_code_of_now_only() {
        let details = CodeDetails { expires: 1_111_111_110, period: 30, account: String::new() };
        assert_eq!(remark(&details, 1_111_111_098), "12 s left");
        assert_eq!(remark(&details, 1_111_111_000), "until 2005-03-18T01:58:30Z");
        assert_eq!(remark(&details, 1_111_112_000), "expired at 2005-03-18T01:58:30Z");
    }
}
