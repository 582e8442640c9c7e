//! 2FAS: JSON of the schemas 1 to 4, plain or encrypted.

use std::{
    collections::{BTreeMap, HashMap},
    time::{SystemTime, UNIX_EPOCH},
};

use countersign_core::{account::Kind, secret::SecretText, uri, vault::Portable};
use data_encoding::BASE64;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Confidence, Format};
use crate::{
    export::{self, Beside, ExportError, Sealing, Writer, uuid},
    fields::{Fields, Key},
    file::File,
    import::{Import, ImportError},
    json::{self, count, kind, list, maybe, number, text, word},
    keys,
};

/// The format.
pub(super) struct TwoFas;

impl Format for TwoFas {
    fn name(&self) -> &'static str {
        "2fas"
    }

    fn title(&self) -> &'static str {
        "2FAS"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Settings, 2FAS Backup, Export", "Set a password, or none", "Copy the file here: 2fas-backup-….2fas"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let is_ours = |list: &str| file.has_members(&["schemaVersion", list]);
        if is_ours("services") || is_ours("servicesEncrypted") { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let outer = file.json().ok_or_else(|| ImportError::damaged("it is not JSON"))?;
        match number(outer, "schemaVersion") {
            Some(1..=4) => {}
            Some(version) => return Err(ImportError::Newer(format!("2FAS schema {version}"))),
            None => return Err(ImportError::damaged("its schema's number is missing")),
        }
        match maybe(outer, "servicesEncrypted") {
            None => Ok(import(list(outer, "services"), outer)),
            Some(sealed) => {
                let services = json::parse_list(&decrypt(sealed, keys::needed(passphrase)?)?)?;
                Ok(import(&services, outer))
            }
        }
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }
}

impl Writer for TwoFas {
    fn sealing(&self) -> Sealing {
        Sealing::Never
    }

    fn fit(&self, account: Portable) -> Result<Portable, String> {
        let mut account = export::with(Beside { tags: 1, ..Beside::default() }, account)?;
        account.account.prefix = None;
        match &account.account.kind {
            Kind::Totp { digits, .. } | Kind::Hotp { digits, .. } if !(5..=8).contains(digits) => {
                Err(format!("2FAS has codes of 5 to 8 digits, and its have {digits}"))
            }
            // On iOS any other is read as 30, without a word.
            Kind::Totp { period, .. } if !PERIODS.contains(period) => {
                Err(format!("2FAS has codes of 10, 30, 60 or 90 seconds, and its change every {period}"))
            }
            Kind::Hotp { counter, .. } if i32::try_from(*counter).is_err() => {
                Err("2FAS has no counter that high".into())
            }
            Kind::Motp { .. } | Kind::Yandex { .. } => Err(export::no_codes("2FAS", &account.account.kind)),
            _ => Ok(account),
        }
    }

    fn write(&self, accounts: &[Portable], _: Option<&SecretText>) -> Result<Zeroizing<Vec<u8>>, ExportError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as u64);
        let tags = accounts.iter().flat_map(|account| &account.tags);
        let groups: BTreeMap<&str, String> = tags.map(|tag| (tag.as_str(), uuid())).collect();
        let services: Vec<Value> = accounts
            .iter()
            .enumerate()
            .map(|(position, account)| {
                let mut service = service(account, now);
                service["order"] = json!({"position": position});
                if let Some(tag) = account.tags.first() {
                    service["groupId"] = json!(groups[tag.as_str()]);
                }
                service
            })
            .collect();
        let group =
            |(name, id): (&&str, &String)| json!({"id": id, "name": name, "isExpanded": true, "updatedAt": now});
        let outer = json!({
            "services": services,
            "groups": groups.iter().map(group).collect::<Vec<_>>(),
            "updatedAt": now,
            "schemaVersion": 4,
            "appVersionCode": 5_000_029,
            "appVersionName": "5.4.8",
            "appOrigin": "android",
        });
        Ok(Zeroizing::new(serde_json::to_vec_pretty(&outer)?))
    }
}

/// Returns an account as version 4 of the schema has it, but for its group and its place.
fn service(account: &Portable, now: u64) -> Value {
    let own = &account.account;
    let mut otp = json!({
        "label": own.name,
        "account": own.name,
        "issuer": own.issuer,
        "digits": own.kind.digits(),
        "algorithm": "SHA1",
        "tokenType": own.kind.name().to_ascii_uppercase(),
        "source": "Manual",
    });
    match &own.kind {
        Kind::Hotp { algorithm, counter, .. } => {
            (otp["algorithm"], otp["counter"]) = (json!(algorithm.name()), json!(counter));
        }
        Kind::Totp { algorithm, period, .. } => {
            (otp["algorithm"], otp["period"]) = (json!(algorithm.name()), json!(period));
        }
        _ => otp["period"] = json!(30),
    }
    json!({
        "name": own.issuer,
        "secret": uri::secret_text(own).expose(),
        "updatedAt": now,
        "otp": otp,
        "icon": icon(&own.issuer),
    })
}

/// Returns the picture of a service, its first letters, without which 2FAS on iOS reads nothing of the file.
fn icon(name: &str) -> Value {
    let letters: String = name.chars().take(2).flat_map(char::to_uppercase).collect();
    json!({
        "selected": "Label",
        "label": {"text": letters, "backgroundColor": "Default"},
        "iconCollection": {"id": NO_ICON},
    })
}

/// Opens `data:salt:nonce`, each in base64.
fn decrypt(sealed: &str, passphrase: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, ImportError> {
    let parts: Result<Vec<Vec<u8>>, _> = sealed.split(':').map(|part| BASE64.decode(part.as_bytes())).collect();
    let Ok([data, salt, nonce]) = parts.map_err(drop).and_then(|parts| <[Vec<u8>; 3]>::try_from(parts).map_err(drop))
    else {
        return Err(ImportError::damaged("its encrypted part"));
    };
    let key = keys::pbkdf2(keys::Hash::Sha256, passphrase, &salt, ROUNDS);
    keys::open_gcm(&key, &nonce, &data).ok_or(ImportError::WrongPassphrase)
}

fn import(services: &[Value], outer: &Value) -> Import {
    let groups: HashMap<&str, &str> =
        list(outer, "groups").iter().map(|group| (text(group, "id"), text(group, "name"))).collect();
    let mut import = Import::default();
    for service in services {
        let tags = groups.get(text(service, "groupId")).map(|name| (*name).to_owned()).into_iter().collect();
        let account = account(service).map(|account| Portable { tags, ..account });
        import.take((text(service, "name"), text(&service["otp"], "account")), account);
    }
    import
}

fn account(service: &Value) -> Result<Portable, String> {
    let otp = &service["otp"];
    Fields {
        kind: kind(otp, "tokenType")?,
        key: Key::Base32(text(service, "secret")),
        // The name is what the person sees; an issuer that differs is what the QR said.
        issuer: maybe(service, "name").unwrap_or(text(otp, "issuer")),
        name: otp["account"].as_str().unwrap_or_else(|| label(service)),
        algorithm: word(otp, "algorithm"),
        digits: count(otp, "digits"),
        period: count(otp, "period"),
        counter: count(otp, "counter"),
        pin: None,
    }
    .account()
}

/// Returns the name in the label, where old versions say nothing more: what stands before its colon is the service.
fn label(service: &Value) -> &str {
    let label = text(&service["otp"], "label");
    let is_service = |prefix: &str| [&service["name"], &service["otp"]["issuer"]].iter().any(|own| **own == prefix);
    match label.split_once(':') {
        Some((prefix, name)) if is_service(prefix) => name,
        _ if is_service(label) => "",
        _ => label,
    }
}

const ROUNDS: u32 = 10_000;
/// The periods that 2FAS has, in seconds.
const PERIODS: [u32; 4] = [10, 30, 60, 90];
/// The collection of icons that stands for none.
const NO_ICON: &str = "A5B3FB65-4EC5-43E6-8EC1-49E24CA9E7AD";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_without_an_account_has_its_label() {
        for (otp, name) in [
            (r#"{"account":"me","label":"Shop:you"}"#, "me"),
            (r#"{"account":"","label":"Shop"}"#, ""),
            (r#"{"account":null,"label":"Shop:me"}"#, "me"),
            (r#"{"issuer":"Store","label":"Store:me"}"#, "me"),
            (r#"{"label":"me"}"#, "me"),
            (r#"{"label":"a:b"}"#, "a:b"),
            (r#"{"label":"Shop"}"#, ""),
            ("{}", ""),
        ] {
            let text = format!(
                r#"{{"schemaVersion":4,"services":[{{"name":"Shop","secret":"JBSWY3DPEHPK3PXP","otp":{otp}}}]}}"#
            );
            let account = TwoFas.read(&File::new(text.into()), None).unwrap().accounts.remove(0).account;
            assert_eq!((account.issuer.as_str(), account.name.as_str()), ("Shop", name), "{otp}");
        }
    }

    #[test]
    fn an_encrypted_file_needs_no_list_of_what_is_not_encrypted() {
        let file = File::new(r#"{"schemaVersion":4,"servicesEncrypted":"AA==:AA==:AA=="}"#.into());
        assert_eq!(TwoFas.detect(&file), Confidence::Sure);
        assert_eq!(TwoFas.read(&file, None).map(drop), Err(ImportError::PassphraseNeeded));
    }
}
