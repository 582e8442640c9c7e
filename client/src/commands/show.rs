//! `countersign show`: what is known of an account; its secret only when asked for, and only to the person.

use countersign_api::types::{AccountInfo, Revealed};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    args::Show,
    error::Error,
    output, proof,
    session::{Session, none},
    time,
};

/// Runs the command.
pub(crate) async fn run(args: Show, session: &mut Session) -> Result<(), Error> {
    let account = session.account(&args.name.text()).await?;
    let secret = if args.secret { Some(reveal(session, &account.id).await?) } else { None };
    let secret = secret.as_ref().map(|secret| secret.as_str());
    if args.json {
        return output::secret_json(&Shown { account: &account, secret });
    }
    let mut rows = rows(&account, time::now());
    rows.extend(secret.map(|secret| output::fact("Secret", secret)));
    output::print(&Zeroizing::new(output::table(&rows, output::columns())))
}

async fn reveal(session: &mut Session, id: &str) -> Result<Zeroizing<String>, Error> {
    session.prove().await?;
    let revealed: Revealed = session.secrets().await?.reveal(id, none()).await?.into();
    drop(Zeroizing::new(revealed.uri));
    Ok(Zeroizing::new(revealed.secret))
}

/// What `--json` prints.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    account: &'a AccountInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

fn rows(account: &AccountInfo, now: u64) -> Vec<Vec<String>> {
    let mut rows = vec![output::fact("Issuer", &account.issuer), output::fact("Name", &account.name)];
    if !account.prefix.is_empty() {
        rows.push(output::fact("Prefix", &account.prefix));
    }
    rows.push(output::fact("Kind", &kind(account)));
    if account.pin_needed {
        rows.push(output::fact("PIN", "not kept: countersign edit NAME --pin"));
    }
    if !account.note.is_empty() {
        rows.push(output::fact("Note", &account.note));
    }
    rows.push(output::fact("Kept", &time::iso(account.created)));
    if !account.confirmed {
        rows.push(output::fact("Unconfirmed", proof::HOW));
    }
    if account.pinned {
        rows.push(output::fact("Place", "pinned to the head of menus and lists by use"));
    }
    rows.push(output::fact("Used", &used(account, now)));
    rows.push(output::fact("Id", &account.id));
    rows
}

fn kind(account: &AccountInfo) -> String {
    let mut parts = vec![account.kind.clone(), format!("{} digits", account.digits)];
    if account.period > 0 {
        parts.push(format!("every {} s", account.period));
    }
    if !account.algorithm.is_empty() {
        parts.push(account.algorithm.clone());
    }
    parts.join(", ")
}

fn used(account: &AccountInfo, now: u64) -> String {
    match account.last_used {
        0 => "never".into(),
        time => time::ago(time, now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_told_in_lines_and_without_its_secret() {
        let account = AccountInfo {
            issuer: "Acme".into(),
            name: "alice".into(),
            kind: "totp".into(),
            digits: 6,
            period: 30,
            algorithm: "SHA1".into(),
            ..AccountInfo::default()
        };
        let text = output::table(&rows(&account, 0), 80);
        assert!(text.contains("totp, 6 digits, every 30 s, SHA1") && text.contains("never"), "{text}");
        let json = serde_json::to_string(&Shown { account: &account, secret: None }).unwrap();
        assert!(json.contains("\"issuer\":\"Acme\"") && !json.contains("secret"), "{json}");
    }
}
