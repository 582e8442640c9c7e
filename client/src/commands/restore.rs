//! `countersign restore`: takes an account back from the trash.

use countersign_api::{Error as Answer, types::AccountInfo};

use crate::{
    args::Restore,
    error::Error,
    output,
    session::{Session, none},
};

/// Runs the command.
pub(crate) async fn run(args: Restore, session: &mut Session) -> Result<(), Error> {
    session.unlock().await?;
    let words = args.name.text();
    let secrets = session.secrets().await?;
    let restored: AccountInfo = match secrets.restore(&words, none()).await {
        Err(Answer::Ambiguous(_)) => {
            let trash = secrets.trash(none()).await?.into_iter().map(AccountInfo::from);
            let chosen = session.one_of(&words, trash.filter(|account| fits(account, &words)).collect()).await?;
            secrets.restore(&chosen.id, none()).await?.into()
        }
        answer => answer?.into(),
    };
    output::line(&format!("Restored {}", output::one_line(&restored.title)))
}

/// Whether all the words stand in the account's names, as the daemon looks for them.
fn fits(account: &AccountInfo, words: &str) -> bool {
    let title = format!("{}:{} {}", account.issuer, account.name, account.prefix).to_lowercase();
    words.to_lowercase().split_whitespace().all(|word| title.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_have_to_fit() {
        let [issuer, name, prefix] = ["GitHub", "octo", "Contoso"].map(str::to_owned);
        let account = AccountInfo { issuer, name, prefix, ..AccountInfo::default() };
        assert!(fits(&account, "git OCTO") && fits(&account, "contoso") && !fits(&account, "git alice"));
    }
}
