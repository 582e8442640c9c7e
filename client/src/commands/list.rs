//! `countersign list`: the accounts, by name or by use.

use countersign_api::types::{AccountInfo, ListOptions};

use crate::{
    args::{List, Order},
    error::Error,
    output,
    session::{Session, no_account},
};

/// Runs the command.
pub(crate) async fn run(args: List, session: &mut Session) -> Result<(), Error> {
    session.unlock().await?;
    let found = accounts(session, &args.words.join(" "), args.order).await?;
    if args.json {
        return output::json(&found);
    }
    if !args.words.is_empty() && found.is_empty() {
        return Err(no_account(&args.words.join(" ")));
    }
    output::print(&text(&found, output::is_terminal().then(output::columns)))
}

/// Returns all accounts that fit the words, however many pages that takes.
pub(crate) async fn accounts(session: &Session, words: &str, order: Order) -> Result<Vec<AccountInfo>, Error> {
    let accounts = session.accounts().await?;
    let order = match order {
        Order::Name => "name",
        Order::Use => "use",
    };
    let mut all: Vec<AccountInfo> = Vec::new();
    loop {
        let options =
            ListOptions { offset: u32::try_from(all.len()).ok(), limit: Some(PAGE), order: Some(order.to_owned()) };
        let page = match words {
            "" => accounts.list(options.into()).await?,
            words => accounts.find(words, options.into()).await?,
        };
        let last = page.len() < PAGE as usize;
        all.extend(page.into_iter().map(AccountInfo::from));
        if last {
            return Ok(all);
        }
    }
}

/// Returns the list: a table of this width, or in a pipe id, issuer, name and kind parted by tabs.
fn text(accounts: &[AccountInfo], columns: Option<usize>) -> String {
    match columns {
        Some(columns) => output::table(&accounts.iter().map(row).collect::<Vec<_>>(), columns),
        None => accounts.iter().map(tab_line).collect(),
    }
}

fn row(account: &AccountInfo) -> Vec<String> {
    let mut remarks = Vec::new();
    if account.kind != "totp" {
        remarks.push(account.kind.as_str());
    }
    if account.pin_needed {
        remarks.push("needs its PIN");
    }
    if !account.confirmed {
        remarks.push("unconfirmed");
    }
    vec![account.issuer.clone(), account.name.clone(), remarks.join(", ")]
}

fn tab_line(account: &AccountInfo) -> String {
    let cells = [&account.id, &account.issuer, &account.name, &account.kind];
    format!("{}\n", cells.map(|cell| output::one_line(cell)).join("\t"))
}

/// Accounts in a call, the most that the daemon answers.
const PAGE: u32 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> AccountInfo {
        AccountInfo {
            id: "00112233445566778899aabbccddeeff".into(),
            issuer: "Git\tHub".into(),
            name: "alice\u{1b}[31m".into(),
            kind: "hotp".into(),
            confirmed: true,
            ..AccountInfo::default()
        }
    }

    #[test]
    fn a_pipe_gets_four_cells_a_line_whatever_stands_in_them() {
        let line = text(&[account()], None);
        assert_eq!(line, "00112233445566778899aabbccddeeff\tGit\\u{9}Hub\talice\\u{1b}[31m\thotp\n");
    }

    #[test]
    fn a_terminal_gets_columns() {
        let plain = AccountInfo { kind: "totp".into(), issuer: "Acme".into(), name: "bob".into(), ..account() };
        assert_eq!(text(&[plain], Some(80)), "Acme  bob\n");
        assert!(text(&[account()], Some(80)).ends_with("  hotp\n"));
    }
}
