//! Which of several QR codes is kept: the person chooses, or nothing is.

use std::collections::HashSet;

use countersign_api::{Error as Answer, types::Candidate};

use crate::{
    candidate,
    error::Error,
    keeping, output,
    session::{Session, none},
};

/// Shows what there is and returns what is chosen; with `yes` nobody is asked.
///
/// # Errors
/// Several that nobody chooses from are listed and end as ambiguous; "none" drops them all.
pub(crate) async fn choose<'a>(
    session: &mut Session,
    choices: Vec<&'a Candidate>,
    yes: bool,
) -> Result<Vec<&'a Candidate>, Error> {
    if one_decision(&choices) {
        for one in &choices {
            output::print(&candidate::describe(one, output::width()))?;
        }
        return Ok(choices);
    }
    let tty = session.asking.tty().filter(|_| !yes);
    let Some(tty) = tty else { return Err(several(&choices)) };
    for (number, one) in (1..).zip(&choices) {
        output::print(&numbered(number, &candidate::describe(one, output::width().saturating_sub(4))))?;
    }
    loop {
        let question = format!("Keep which? [1-{}, several parted by spaces, Enter for none] ", choices.len());
        let answer = tty.ask(&question).await?;
        match numbers(&answer, choices.len()) {
            Some(numbers) if numbers.is_empty() => break,
            Some(numbers) => return Ok(numbers.into_iter().map(|number| choices[number - 1]).collect()),
            None => tty.show("Please type numbers of the list.\n")?,
        }
    }
    for one in choices {
        session.scanner().await?.discard(&one.id, none()).await?;
    }
    Err(keeping::declined("nothing was kept"))
}

/// Whether these are one thing to decide: a single account, or parts of one export.
pub(crate) fn one_decision(choices: &[&Candidate]) -> bool {
    match choices {
        [] => false,
        [_] => true,
        [first, rest @ ..] => {
            let of_one_export = |one: &&&Candidate| one.class == "migration" && one.parts == first.parts;
            let numbers: HashSet<u32> = choices.iter().map(|one| one.part).collect();
            first.class == "migration" && rest.iter().all(|one| of_one_export(&one)) && numbers.len() == choices.len()
        }
    }
}

/// Lists what there is to choose from on standard error, and returns the exit code for it.
pub(crate) fn several(choices: &[&Candidate]) -> Error {
    output::say(&format!("countersign: {} QR codes can be kept, and none was: choose on a terminal", choices.len()));
    for one in choices {
        output::say(&format!("  {}", candidate::in_short(one)));
    }
    Error::Said(ambiguous())
}

/// Returns the exit code for "several fit".
pub(crate) fn ambiguous() -> u8 {
    Answer::Ambiguous(String::new()).exit_code()
}

/// Puts a number before the first line of a text, the others standing below it.
fn numbered(number: usize, text: &str) -> String {
    let mut out = String::new();
    for (i, line) in text.lines().enumerate() {
        let mark = if i == 0 { format!("{number:>2}. ") } else { "    ".into() };
        out.push_str(format!("{mark}{line}").trim_end());
        out.push('\n');
    }
    out
}

/// Reads the numbers of an answer, each from 1 to this; `None` where the answer is none.
fn numbers(line: &str, max: usize) -> Option<Vec<usize>> {
    let words = line.split([' ', ',']).filter(|word| !word.is_empty());
    let mut numbers =
        words.map(|word| word.parse().ok().filter(|n| (1..=max).contains(n))).collect::<Option<Vec<_>>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candidate::tests::account;

    #[test]
    fn parts_of_one_export_are_one_decision() {
        let part = |part| Candidate { class: "migration".into(), part, parts: 2, ..Candidate::default() };
        let (one, two, other) = (part(1), part(2), account());
        assert!(!one_decision(&[&one, &two, &one]), "two exports, or one with an impostor beside it");
        assert!(one_decision(&[&one, &two]) && one_decision(&[&other]));
        assert!(!one_decision(&[&one, &other]) && !one_decision(&[&other, &other]) && !one_decision(&[]));
    }

    #[test]
    fn several_are_ambiguous() {
        assert_eq!(several(&[&account(), &account()]).exit_code(), 13);
    }

    #[test]
    fn an_answer_is_numbers_or_nothing() {
        assert_eq!(numbers("", 3), Some(vec![]));
        assert_eq!(numbers("3, 1 3", 3), Some(vec![1, 3]));
        for wrong in ["0", "4", "x", "1 x", "-1"] {
            assert_eq!(numbers(wrong, 3), None, "{wrong}");
        }
    }

    #[test]
    fn a_list_is_numbered() {
        assert_eq!(numbered(2, "a\n\n  b\n"), " 2. a\n\n      b\n");
    }
}
