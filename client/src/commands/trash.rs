//! `countersign trash`: lists what was removed in the last 30 days.

use countersign_api::types::AccountInfo;

use crate::{
    args::Trash,
    error::Error,
    output,
    session::{Session, none},
    time,
};

/// Runs the command.
pub(crate) async fn run(args: Trash, session: &mut Session) -> Result<(), Error> {
    session.unlock().await?;
    let found = session.secrets().await?.trash(none()).await?;
    let accounts: Vec<AccountInfo> = found.into_iter().map(AccountInfo::from).collect();
    if args.json {
        return output::json(&accounts);
    }
    if accounts.is_empty() && output::is_terminal() {
        output::say("The trash is empty.");
    }
    output::print(&if output::is_terminal() { table(&accounts, time::now()) } else { tabbed(&accounts) })
}

/// Returns the accounts for a person: what, and when it was removed.
fn table(accounts: &[AccountInfo], now: u64) -> String {
    let rows: Vec<Vec<String>> = accounts
        .iter()
        .map(|account| vec![account.title.clone(), format!("removed {}", time::ago(account.deleted, now))])
        .collect();
    output::table(&rows, output::columns())
}

/// Returns the accounts for a pipe: id, issuer, name and Unix time of the removal, parted by tabs.
fn tabbed(accounts: &[AccountInfo]) -> String {
    let mut text = String::new();
    for account in accounts {
        let cells = [&account.id, &account.issuer, &account.name].map(|cell| output::one_line(cell));
        text.push_str(&format!("{}\t{}\n", cells.join("\t"), account.deleted));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> AccountInfo {
        let (issuer, name) = ("GitHub".into(), "octo\tx".into());
        AccountInfo {
            id: "ab".into(),
            issuer,
            name,
            title: "GitHub – octo".into(),
            deleted: 1_000,
            ..AccountInfo::default()
        }
    }

    #[test]
    fn a_person_reads_when_it_was_removed() {
        assert_eq!(table(&[account()], 1_060), "GitHub – octo  removed 1 minute ago\n");
    }

    #[test]
    fn a_pipe_gets_four_columns() {
        assert_eq!(tabbed(&[account()]), "ab\tGitHub\tocto\\u{9}x\t1000\n");
    }
}
