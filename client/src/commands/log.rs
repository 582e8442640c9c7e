//! `countersign log`: which program was given a code or an export, and when; never which code.

use countersign_api::types::{LogLine, LogOptions};

use crate::{args::Log, error::Error, output, session::Session, time};

/// Runs the command.
pub(crate) async fn run(args: Log, session: &mut Session) -> Result<(), Error> {
    session.unlock().await?;
    let options = LogOptions { limit: Some(args.limit) };
    let lines = session.secrets().await?.log(options.into()).await?;
    let lines: Vec<LogLine> = lines.into_iter().map(LogLine::from).collect();
    if args.json {
        return output::json(&lines);
    }
    let rows: Vec<Vec<String>> = lines.iter().map(row).collect();
    output::print(&output::listing(&rows))
}

fn row(line: &LogLine) -> Vec<String> {
    let account = if line.title.is_empty() { &line.account } else { &line.title };
    let what = if line.exported > 0 { format!("given out for an export: {account}") } else { account.clone() };
    vec![time::iso(line.time), what, line.program.clone()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_that_is_gone_shows_its_id() {
        let line = LogLine { program: "/usr/bin/bash".into(), account: "00ff".into(), ..LogLine::default() };
        assert_eq!(row(&line), ["1970-01-01T00:00:00Z", "00ff", "/usr/bin/bash"]);
        let export = LogLine { title: "A, 7 others".into(), exported: 8, ..line };
        assert_eq!(row(&export)[1], "given out for an export: A, 7 others");
    }
}
