//! Picking line by line, for screen readers and terminals without a cursor that moves.

use std::fmt::Write;

use countersign_api::types::AccountInfo;

use super::{list::List, view};
use crate::{error::Error, menus::cancelled, output, session::Session, time};

/// Asks for a number of the list or for words until one account is left.
pub(super) async fn pick(mut list: List, session: &mut Session) -> Result<AccountInfo, Error> {
    let tty = session.asking.need_tty("which account")?;
    loop {
        match list.count() {
            0 => {
                tty.show(&format!("Nothing fits \"{}\".\n", output::one_line(list.typed())))?;
                list.search("");
            }
            1 if !list.typed().is_empty() => return list.chosen().cloned().ok_or_else(cancelled),
            _ => {}
        }
        tty.show(&listed(&list, time::now()))?;
        let answer = tty.ask("Number or words, Enter for none: ").await?;
        match answer.trim() {
            "" => return Err(cancelled()),
            text => match numbered(&list, text) {
                Some(account) => return Ok(account.clone()),
                None => list.search(text),
            },
        }
    }
}

/// Returns the first of those that fit, a line each, and how many more there are.
fn listed(list: &List, now: u64) -> String {
    let mut text = String::new();
    for place in 0..list.count().min(LISTED) {
        let left = list.account(place).map(|account| view::left(account, now)).unwrap_or_default();
        let _ = writeln!(text, "{}. {}, {left}", place + 1, list.title(place));
    }
    if list.count() > LISTED {
        let _ = writeln!(text, "And {} more: type words of the one you want.", list.count() - LISTED);
    }
    text
}

/// Returns the account of a number that is in the list; other numbers are words, such as 365.
fn numbered<'a>(list: &'a List, text: &str) -> Option<&'a AccountInfo> {
    let number: usize = text.parse().ok()?;
    list.account(number.checked_sub(1).filter(|place| *place < LISTED)?)
}

/// More than these nobody wants to hear.
const LISTED: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picker::list::tests::list;

    #[test]
    fn ten_are_read_out_and_the_rest_is_counted() {
        let titles: Vec<String> = (1..=12).map(|number| format!("account {number}")).collect();
        let list = list(&titles.iter().map(String::as_str).collect::<Vec<_>>());
        let text = listed(&list, 13);
        assert!(text.starts_with("1. account 1, 17 s left\n2. account 2,"), "{text}");
        assert!(text.ends_with("10. account 10, 17 s left\nAnd 2 more: type words of the one you want.\n"), "{text}");
    }

    #[test]
    fn a_number_is_one_of_the_list_and_else_a_word() {
        let list = list(&["a", "b"]);
        assert_eq!(numbered(&list, "2").map(|account| account.title.as_str()), Some("b"));
        for other in ["0", "3", "365", "-1", "x"] {
            assert!(numbered(&list, other).is_none(), "{other}");
        }
    }
}
