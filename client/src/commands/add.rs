//! `countersign add`: keeps an account that is typed, or URIs that are piped in, a line each.

use countersign_api::types::{Candidate, KeepOptions, Kept};
use zeroize::Zeroizing;

use crate::{
    args::Add,
    candidate::{self, Sort},
    error::{Error, exit},
    input, keeping, output,
    prompt::Tty,
    session::{Session, none},
};

/// Runs the command.
pub(crate) async fn run(args: Add, session: &mut Session) -> Result<(), Error> {
    input::only_dash(args.input.as_deref())?;
    session.unlock().await?;
    let options = keeping::options(&args.keep);
    if args.input.is_none() {
        let (text, options) = typed(session, options).await?;
        return add(session, &text, options, args.json).await;
    }
    piped(session, &options, args.json).await
}

/// Keeps what standard input says, line by line; one that fails does not keep the others from being kept.
async fn piped(session: &mut Session, options: &KeepOptions, json: bool) -> Result<(), Error> {
    let text = input::all("URIs or keys, a line each")?;
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if let [line] = lines.as_slice() {
        return warned(session, line, options, json).await;
    }
    let mut ended = Ok(());
    for (number, line) in (1..).zip(lines) {
        if let Err(error) = warned(session, line, options, json).await {
            output::say(&format!("countersign: line {number}: {error}"));
            ended = Err(Error::Said(error.exit_code()));
        }
    }
    ended
}

/// Says what is odd about a text before it is kept: nobody sees it otherwise.
async fn warned(session: &mut Session, text: &str, options: &KeepOptions, json: bool) -> Result<(), Error> {
    let found: Candidate = session.secrets().await?.check(text, none()).await?.into();
    for line in warnings(&found) {
        output::say(&format!("countersign: {line}"));
    }
    add(session, text, options.clone(), json).await
}

fn warnings(found: &Candidate) -> Vec<String> {
    let title = candidate::headline(found);
    let mut lines = Vec::new();
    if !found.look_alike.is_empty() {
        let known = output::one_line(&found.look_alike);
        lines
            .push(format!("careful, \"{title}\" looks like {known}, and is not: keep it only if you know who made it"));
    }
    lines.extend(found.notes.iter().map(|note| format!("{title}: {}", output::one_line(note))));
    lines
}

async fn add(session: &mut Session, text: &str, options: KeepOptions, json: bool) -> Result<(), Error> {
    let kept: Kept = session.secrets().await?.add(text, options.into()).await?.into();
    if json { output::json(&kept) } else { keeping::tell(session, &kept).await.map(drop) }
}

/// Asks for a key or URI, and for what it does not say itself.
async fn typed(session: &mut Session, mut options: KeepOptions) -> Result<(Zeroizing<String>, KeepOptions), Error> {
    let tty = session.asking.need_tty("for the key; pipe it in with: countersign add -")?;
    let text = tty.ask_secret("Key, or otpauth URI (not shown): ").await?;
    let text = Zeroizing::new(text.trim().to_owned());
    let found: Candidate = session.secrets().await?.check(&text, none()).await?.into();
    if Sort::of(&found) != Sort::Keepable {
        output::print(&candidate::describe(&found, output::width()))?;
        let code = if Sort::of(&found) == Sort::OneTime { exit::ONE_TIME } else { exit::FAILURE };
        return Err(Error::Said(code));
    }
    if found.class == "bare-secret" {
        let tty = session.asking.need_tty("for the name")?;
        options.issuer = named(tty, options.issuer, "Issuer, such as GitHub: ").await?;
        options.name = named(tty, options.name, "Account name, such as alice: ").await?;
    } else {
        output::print(&candidate::describe(&found, output::width()))?;
    }
    if found.known == "other-secret" && options.if_exists.is_none() {
        options.if_exists = Some(keeping::replace_or_both(session).await?.into());
    }
    Ok((text, options))
}

/// Asks for a name that the command line does not give.
async fn named(tty: &mut Tty, given: Option<String>, question: &str) -> Result<Option<String>, Error> {
    match given {
        Some(given) => Ok(Some(given)),
        None => Ok(Some(tty.ask(question).await?.trim().to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A look-alike that came from a pipe was kept without a word.
    #[test]
    fn what_is_odd_is_told_of_what_is_piped() {
        let odd = Candidate {
            look_alike: "Microsoft".into(),
            notes: vec!["the key is weak".into()],
            ..candidate::tests::account()
        };
        let lines = warnings(&odd);
        assert!(lines[0].contains("looks like Microsoft, and is not"), "{lines:?}");
        assert!(lines[1].ends_with(": the key is weak"), "{lines:?}");
        assert!(warnings(&candidate::tests::account()).is_empty());
    }
}
