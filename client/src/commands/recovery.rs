//! `countersign recovery`: makes and prints the recovery key, and asks back whether it was written down.

use zeroize::Zeroizing;

use crate::{
    args::Recovery,
    error::Error,
    output,
    session::{Session, none},
};

/// Runs the command.
pub(crate) async fn run(args: Recovery, session: &mut Session) -> Result<(), Error> {
    session.unlock().await?;
    if args.confirm {
        return match session.status.recovery.as_str() {
            "none" => Err(Error::Usage("there is no recovery key to confirm: countersign recovery makes one".into())),
            _ => confirm(session).await,
        };
    }
    session.prove().await?;
    make(session).await
}

/// Makes a recovery key, prints it, and asks its last group back.
pub(crate) async fn make(session: &mut Session) -> Result<(), Error> {
    let key = Zeroizing::new(session.secrets().await?.make_recovery(none()).await?);
    let text = if output::is_terminal() { for_person(&key, output::columns()) } else { for_file(&key) };
    output::deliver(&text).map_err(Error::io(LOST))?;
    if output::is_terminal() { confirm(session).await } else { Ok(()) }
}

/// Asks for the last group of the recovery key, or to be reminded later.
async fn confirm(session: &mut Session) -> Result<(), Error> {
    let later = "The last group was not asked back: countersign recovery --confirm";
    for _ in 0..TRIES {
        let Some(tty) = session.asking.tty() else {
            output::say(later);
            return Ok(());
        };
        let group = tty.ask("Its last group, to show that it is written down (or: later): ").await?;
        let group = Zeroizing::new(group.trim().to_ascii_uppercase());
        if group.is_empty() || *group == "LATER" {
            output::say("Later, then: countersign status reminds you.");
            return Ok(());
        }
        if session.secrets().await?.confirm_recovery(&group, none()).await? {
            output::say("That is right. Keep it away from this computer.");
            return Ok(());
        }
        output::say("That is not its last group.");
    }
    output::say(later);
    Ok(())
}

/// Returns the key as it is copied from a screen this wide: in groups, and in one line as age reads it.
fn for_person(key: &str, columns: usize) -> Zeroizing<String> {
    let (intro, one_line) = (output::wrap(INTRO, columns, ""), output::wrap(ONE_LINE, columns, ""));
    let groups = groups(key);
    let (head, rest) = groups.split_first().expect("a text has at least one part");
    let in_a_row = (columns.saturating_sub(4) / (GROUP + 1)).clamp(1, 6);
    // With room for all of it: no piece is left behind in memory by growing.
    let mut text = Zeroizing::new(String::with_capacity(intro.len() + one_line.len() + 8 * key.len()));
    *text += "\n";
    *text += &intro;
    *text += "\n    ";
    *text += head;
    for row in rest.chunks(in_a_row) {
        *text += "\n   ";
        for group in row {
            *text += " ";
            *text += group;
        }
    }
    *text += "\n\n";
    *text += &one_line;
    *text += "\n";
    *text += key;
    *text += "\n\n";
    text
}

/// Returns the key as a file that `age -d -i` reads.
fn for_file(key: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(256));
    text.push_str("# Recovery key of a countersign vault. Keep it away from the computer.\n");
    text.push_str(key);
    text.push('\n');
    text
}

/// Returns the key's parts: what every key begins with, then groups of five counted from the end.
fn groups(key: &str) -> Vec<&str> {
    let start = key.find("-1").map_or(0, |at| at + 2);
    let (head, mut rest) = key.split_at(start);
    let mut groups = vec![head];
    let first = rest.len() % GROUP;
    if first > 0 {
        groups.push(&rest[..first]);
        rest = &rest[first..];
    }
    while !rest.is_empty() {
        let (group, tail) = rest.split_at(GROUP);
        groups.push(group);
        rest = tail;
    }
    groups
}

const INTRO: &str = "This recovery key opens the vault when the passphrase is forgotten. It is shown this once: print it, or \
write it down in these groups, and keep it away from this computer. Then clear the terminal.";
const ONE_LINE: &str = "The same in one line, as age reads it:";
const LOST: &str = "the new recovery key could not be printed; make another: countersign recovery";
/// Characters in a group: the last one is what is asked back.
const GROUP: usize = 5;
const TRIES: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> String {
        format!("AGE-SECRET-KEY-1{}", "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE")
    }

    #[test]
    fn groups_are_the_whole_key_and_the_last_has_five() {
        let key = key();
        let groups = groups(&key);
        assert_eq!(groups.concat(), key);
        assert_eq!(groups.last().unwrap().len(), 5);
        assert_eq!(groups[0], "AGE-SECRET-KEY-1");
    }

    #[test]
    fn a_narrow_terminal_shows_the_groups_whole() {
        let key = key();
        let shown = for_person(&key, 20);
        assert!(groups(&key).iter().all(|group| shown.contains(group)));
        assert!(shown.lines().filter(|line| *line != key).all(|line| line.len() <= 20), "{}", *shown);
    }

    #[test]
    fn the_plain_line_stands_in_both() {
        let key = key();
        assert!(for_person(&key, 80).lines().any(|line| line == key));
        assert_eq!(for_file(&key).lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>(), [key.as_str()]);
    }
}
