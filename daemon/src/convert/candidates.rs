//! What is found on a screen or in a file, as the contract tells it, and the errors of keeping it.

use countersign_api::{
    Error,
    types::{Candidate, MigrationExport},
};
use countersign_core::{
    account::Account,
    payload::{
        self, Payload,
        migration::{Collector, Export},
    },
    text::{look_alike, visible},
    vault::{Entry, Similar, Vault},
};

use super::named;
use crate::candidates::Place;

/// Says what a text is, what can be done with it, and how it stands to what is kept already.
///
/// `others` are the texts of all other candidates: the parts of an export are counted over them.
pub fn candidate(id: &str, text: &str, place: &Place, vault: Option<&Vault>, others: &[&str]) -> Candidate {
    let payload = payload::classify(text);
    let mut candidate =
        Candidate { id: if payload.can_be_kept() { id.to_owned() } else { String::new() }, ..seen(&payload, place) };
    match &payload {
        Payload::Account(parsed) => {
            describe(&mut candidate, &parsed.account, vault);
            candidate.note_ids = parsed.notes.iter().map(|note| note.id().to_owned()).collect();
            candidate.notes = parsed.notes.iter().map(ToString::to_string).collect();
        }
        Payload::BareSecret(_) => candidate.title = "(a bare key)".into(),
        Payload::Migration(part) => {
            warn_of(&mut candidate, &part.accounts, vault);
            candidate.accounts = part.accounts.iter().map(|account| visible(&account.title())).collect();
            candidate.skipped.clone_from(&part.skipped);
            candidate.part = part.index + 1;
            candidate.parts = part.size;
            candidate.missing_parts = missing_parts(text, others);
            candidate.title = format!("Google Authenticator export, part {} of {}", candidate.part, candidate.parts);
        }
        Payload::Vendor(activation) => {
            let advice = activation.advice();
            candidate.vendor = activation.vendor.into();
            candidate.expires = activation.expires.unwrap_or(0);
            candidate.advice = advice.vendor.into();
            candidate.reason = advice.why.text.into();
            candidate.steps = advice.steps.iter().map(|step| step.text.to_owned()).collect();
            candidate.page = advice.page.unwrap_or("").into();
            candidate.missing = advice.missing.iter().map(|line| line.text.to_owned()).collect();
            candidate.unspent = advice.unspent.map_or("", |line| line.text).into();
        }
        Payload::Broken(why) => candidate.reason = why.to_string(),
        Payload::Other(_) => {}
    }
    candidate
}

/// Returns what can be said of a sealed scan that can't be read: it can be discarded by its name.
pub fn unreadable(name: &str) -> Candidate {
    Candidate {
        id: name.to_owned(),
        class: "unreadable".into(),
        origin: "inbox".into(),
        what: format!("A sealed scan that can't be read: inbox/{}.age", visible(name)),
        reason: "It is damaged, or was not sealed for this vault.".into(),
        known: "unknown".into(),
        ..Candidate::default()
    }
}

fn describe(candidate: &mut Candidate, account: &Account, vault: Option<&Vault>) {
    candidate.issuer = visible(&account.issuer);
    candidate.name = visible(&account.name);
    candidate.title = visible(&account.title());
    candidate.kind = account.kind.name().into();
    candidate.digits = account.kind.digits().into();
    candidate.period = account.kind.period().unwrap_or(0);
    candidate.look_alike = looks_like(account, vault).unwrap_or_default();
    let Some(vault) = vault else { return };
    let (known, id) = match vault.similar(account) {
        Similar::Same(id) => ("kept", Some(id)),
        Similar::SameNameOtherSecret(id) => ("other-secret", Some(id)),
        Similar::New => ("new", None),
    };
    candidate.known = known.into();
    candidate.known_account = id.map(|id| id.to_string()).unwrap_or_default();
}

/// Returns the issuer, kept or well known, that this account's looks like without being it.
fn looks_like(account: &Account, vault: Option<&Vault>) -> Option<String> {
    let kept = vault.into_iter().flat_map(Vault::entries).map(|entry| entry.account().issuer.as_str());
    look_alike(&account.issuer, kept.chain(FREQUENT)).map(visible)
}

/// Adds notes of what is to be known of the accounts in a part of an export before they are kept, all at once.
fn warn_of(candidate: &mut Candidate, accounts: &[Account], vault: Option<&Vault>) {
    let mut kept = 0;
    for account in accounts {
        let title = visible(&account.title());
        let mut note = |id: &str, text: &str| {
            candidate.note_ids.push(id.into());
            candidate.notes.push(format!("{title}: {text}"));
        };
        if let Some(known) = looks_like(account, vault) {
            note(
                "look-alike",
                &format!("careful, this looks like {known}, and is not. Keep the export only if you know who made it"),
            );
            candidate.look_alike = known;
        }
        match vault.map(|vault| vault.similar(account)) {
            Some(Similar::SameNameOtherSecret(_)) => {
                note("other-secret", "one of this name is there already, with another secret: both are kept");
            }
            Some(Similar::Same(_)) => kept += 1,
            Some(Similar::New) | None => {}
        }
    }
    if kept > 0 {
        candidate.note_ids.push("kept".into());
        candidate.notes.push(format!("{kept} of {} are kept already, with the same secrets", accounts.len()));
    }
}

/// Returns the parts that an export lacks, this one and all others given.
pub fn missing_parts(text: &str, others: &[&str]) -> Vec<u32> {
    let mut collector = Collector::default();
    for text in [text].iter().chain(others) {
        if let Payload::Migration(part) = payload::classify(text) {
            collector.add(part);
        }
    }
    collector.missing()
}

/// Returns of how many parts the export is that a text is a part of; 0 where it is none.
pub fn parts(text: &str) -> u32 {
    match payload::classify(text) {
        Payload::Migration(part) => part.size,
        _ => 0,
    }
}

/// Returns what is known of any QR: what it is, and where it was seen.
fn seen(payload: &Payload, place: &Place) -> Candidate {
    Candidate {
        class: payload.class().into(),
        origin: place.origin.into(),
        screen: place.screen.clone(),
        side: place.side.clone(),
        place: place.words.into(),
        x: place.x,
        y: place.y,
        what: payload.what().into(),
        known: "unknown".into(),
        ..Candidate::default()
    }
}

/// Returns the contract's view of a QR that holds but a part of a text (structured append): there is nothing to keep.
pub fn part_of_text(place: &Place, (number, of): (u8, u8)) -> Candidate {
    let what = format!("Part {number} of {of} of a text on several QR codes, not an authenticator enrolment.");
    Candidate { what, ..seen(&payload::classify(""), place) }
}

/// Returns the error of somebody who wants to keep what can't be kept.
pub fn not_kept(payload: &Payload) -> Error {
    match payload {
        Payload::Vendor(activation) => {
            let advice = activation.advice();
            Error::OneTime(format!("{} {}", advice.what.text, advice.why.text))
        }
        Payload::Broken(why) => Error::InvalidUri(format!("that can't be kept: {why}")),
        other => Error::InvalidUri(format!("that can't be kept. {}", other.what())),
    }
}

/// Returns the error for an export nothing of which can be kept.
pub fn all_left_out(skipped: &[String]) -> Error {
    Error::InvalidUri(format!("nothing of this export can be kept: {}", named(skipped, "; ")))
}

/// Returns an export of these entries as it is answered.
///
/// # Errors
/// [`Error::InvalidArgument`] where the format can't carry any of them.
pub fn export(export: &Export, entries: &[&Entry]) -> Result<MigrationExport, Error> {
    let title = |place: &usize| visible(&entries[*place].account().title());
    let skipped: Vec<String> = export.left_out.iter().map(|(place, why)| format!("{}: {why}", title(place))).collect();
    if entries.is_empty() {
        return Err(Error::InvalidArgument("no account was named".into()));
    }
    if export.parts.is_empty() {
        return Err(Error::InvalidArgument(format!(
            "there is nothing that an export can carry: {}",
            named(&skipped, "; ")
        )));
    }
    let places = export.parts.iter().flat_map(|part| &part.accounts);
    Ok(MigrationExport {
        parts: export.parts.iter().map(|part| part.text.expose().to_owned()).collect(),
        counts: export.parts.iter().map(|part| part.accounts.len() as u32).collect(),
        accounts: places.map(|place| entries[*place].id().to_string()).collect(),
        skipped,
    })
}

/// Returns the error for two parts that could stand in the same place of an export.
pub fn parts_of_two_exports(number: u32, parts: u32) -> Error {
    Error::Failed(format!(
        "nothing was kept: there are two different QR codes that call themselves part {number} of {parts}, and exports are \
         not mixed. Discard the one that is not meant by: countersign unlock, then try again"
    ))
}

/// Returns the plain page of a candidate's advice: ours, never one that a QR says.
pub fn page_of(candidate: &Candidate) -> Option<&'static str> {
    payload::activation::TABLE.iter().find(|row| row.vendor == candidate.advice)?.page
}

/// Issuers that an impostor looks like, whatever the vault holds.
const FREQUENT: [&str; 24] = [
    "Amazon",
    "Amazon Web Services",
    "Apple",
    "Atlassian",
    "Binance",
    "Bitwarden",
    "Cloudflare",
    "Coinbase",
    "Discord",
    "Dropbox",
    "Facebook",
    "GitHub",
    "GitLab",
    "Google",
    "Instagram",
    "LinkedIn",
    "Microsoft",
    "Okta",
    "PayPal",
    "Proton",
    "Reddit",
    "Slack",
    "Steam",
    "Twitter",
];

#[cfg(test)]
mod tests {
    use countersign_core::account::Kind;

    use super::*;

    #[test]
    fn an_impostor_is_known_without_a_vault() {
        let found = |issuer: &str| {
            let uri = format!("otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&issuer={issuer}");
            candidate("", &uri, &Place::default(), None, &[]).look_alike
        };
        assert_eq!(found("Micr%D0%BEsoft"), "Microsoft", "with a Cyrillic o");
        assert_eq!(found("microsoft"), "");
        assert_eq!(found("Acme"), "");
    }

    /// Whoever gets a person to scan an export of theirs could hide an impostor in it.
    #[test]
    fn an_impostor_inside_an_export_is_known() {
        let kind = || Kind::totp();
        let account = |issuer: &str| Account {
            issuer: issuer.into(),
            name: "alice".into(),
            prefix: None,
            kind: kind(),
            secret: countersign_core::secret::Secret::new(vec![1; 20]),
        };
        let accounts = [account("GitHub"), account("Micr\u{43e}soft")];
        let export = payload::migration::write(accounts.iter(), 1);
        let found = candidate("", export.parts[0].text.expose(), &Place::default(), None, &[]);
        assert_eq!(
            (found.look_alike.as_str(), found.note_ids.as_slice()),
            ("Microsoft", ["look-alike".to_owned()].as_slice())
        );
        assert!(found.notes[0].contains("looks like Microsoft, and is not"), "{:?}", found.notes);
    }

    #[test]
    fn a_part_of_a_text_says_which_and_can_not_be_kept() {
        let part = part_of_text(&Place { words: "at the top", ..Place::default() }, (1, 3));
        assert!(part.what.starts_with("Part 1 of 3 of a text"));
        assert_eq!((part.id.as_str(), part.class.as_str(), part.place.as_str()), ("", "other", "at the top"));
    }
}
