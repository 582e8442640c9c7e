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
    let now = time::now();
    let row =
        |account: &AccountInfo| if output::is_terminal() { for_a_person(account, now) } else { for_a_pipe(account) };
    output::print(&output::listing(&accounts.iter().map(row).collect::<Vec<_>>()))
}

/// Returns what it is, and when it was removed.
fn for_a_person(account: &AccountInfo, now: u64) -> Vec<String> {
    vec![account.title.clone(), format!("removed {}", time::ago(account.deleted, now))]
}

/// Returns id, issuer, name and the Unix time of the removal.
fn for_a_pipe(account: &AccountInfo) -> Vec<String> {
    vec![account.id.clone(), account.issuer.clone(), account.name.clone(), account.deleted.to_string()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reads_a_time_and_a_pipe_a_number() {
        let [id, issuer, name, title] = ["ab", "GitHub", "octo", "GitHub – octo"].map(str::to_owned);
        let account = AccountInfo { id, issuer, name, title, deleted: 1_000, ..AccountInfo::default() };
        assert_eq!(for_a_person(&account, 1_060), ["GitHub – octo", "removed 1 minute ago"]);
        assert_eq!(for_a_pipe(&account), ["ab", "GitHub", "octo", "1000"]);
    }
}
