//! Bitwarden: JSON (plain or password-protected, also in a zip with attachments), CSV; Bitwarden Authenticator's JSON and CSV
//! are the same.

use std::{
    collections::{BTreeMap, HashMap},
    iter,
};

use countersign_core::{account::Kind, secret::SecretText, uri, vault::Portable};
use data_encoding::BASE64;
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Confidence, Format, stratum_html, uris};
use crate::{
    archive::Archive,
    export::{self, Beside, ExportError, Sealing, Writer, random, uuid},
    fields::{Fields, from_uri},
    file::File,
    import::{Import, ImportError, Why},
    json::{self, flag, list, maybe, number, text, texts},
    keys::{self, Hash},
    table::{self, Row, Table},
};

/// The format.
pub(super) struct Bitwarden;

impl Format for Bitwarden {
    fn name(&self) -> &'static str {
        "bitwarden"
    }

    fn title(&self) -> &'static str {
        "Bitwarden, Bitwarden Authenticator"
    }

    fn steps(&self) -> &'static [&'static str] {
        &[
            "Tools, Export vault. Format: .json (Encrypted), Export type: Password protected; in Bitwarden Authenticator instead: \
             Settings, Export, .json",
            "Copy the file here: bitwarden_export_….json",
        ]
    }

    fn detect(&self, file: &File) -> Confidence {
        let is_csv = || table::has_columns(file, &["login_totp"]);
        let in_zip =
            || Archive::open(file).is_some_and(|mut archive| packed(&mut archive).is_ok_and(|json| is_vault(&json)));
        if file.json().is_some_and(is_vault) || is_csv() || in_zip() { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let unpacked;
        let json = match (file.json(), Archive::open(file)) {
            (Some(json), _) => json,
            (None, Some(mut archive)) => {
                unpacked = packed(&mut archive)?;
                &unpacked
            }
            (None, None) => return csv(file),
        };
        if !flag(json, "encrypted") {
            return Ok(import(json));
        }
        if !flag(json, "passwordProtected") {
            let how = "it is restricted to the Bitwarden account that made it: export again, as .json (Encrypted), with the \
                       export type Password protected";
            return Err(ImportError::Restricted(how.into()));
        }
        let opened = decrypt(json, keys::needed(passphrase)?)?;
        Ok(import(&json::parse(&opened)?))
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }
}

impl Writer for Bitwarden {
    fn sealing(&self) -> Sealing {
        Sealing::Optional
    }

    fn fit(&self, account: Portable) -> Result<Portable, String> {
        let beside = Beside { note: true, tags: 1, pinned: true };
        let mut account = export::with(beside, account)?;
        match account.account.kind {
            Kind::Totp { digits: 10, .. } => Err("Bitwarden makes no codes of 10 digits".into()),
            Kind::Totp { .. } => uris::fit(account),
            Kind::Steam => {
                let own = &mut account.account;
                own.prefix = None;
                if own.issuer.is_empty() {
                    own.issuer = "Steam".into();
                }
                Ok(account)
            }
            _ => Err(export::no_codes("Bitwarden", &account.account.kind)),
        }
    }

    fn write(&self, accounts: &[Portable], key: Option<&SecretText>) -> Result<Zeroizing<Vec<u8>>, ExportError> {
        let plain = vault(accounts);
        let outer = key.map_or_else(|| Ok(plain.clone()), |passphrase| seal(&plain, passphrase))?;
        Ok(Zeroizing::new(serde_json::to_vec_pretty(&outer)?))
    }
}

/// Says whether it is a vault, plain or encrypted; old exports do not say that they are plain.
fn is_vault(json: &Value) -> bool {
    let is_item = |one: &Value| one["login"].is_object() || one["type"].is_u64();
    match (json["encrypted"].as_bool(), list(json, "items")) {
        (Some(true), []) => json["encKeyValidation_DO_NOT_EDIT"].is_string(),
        (Some(_), items) => json["items"].is_array() && items.iter().take(1).all(is_item),
        (None, items) => !items.is_empty() && json["folders"].is_array() && items.iter().take(1).all(is_item),
    }
}

/// Returns the vault of an archive, in which the attachments lie beside it.
fn packed(archive: &mut Archive<'_>) -> Result<Value, ImportError> {
    json::parse(&Zeroizing::new(archive.unpack("data.json", None)?))
}

/// Returns a vault of logins, with a folder a label.
fn vault(accounts: &[Portable]) -> Value {
    let tags = accounts.iter().flat_map(|account| &account.tags);
    let folders: BTreeMap<&str, String> = tags.map(|tag| (tag.as_str(), uuid())).collect();
    let item = |account: &Portable| {
        let own = &account.account;
        let totp = match own.kind {
            Kind::Steam => format!("steam://{}", uri::secret_text(own).expose()),
            _ => uris::print(own).expose().to_owned(),
        };
        json!({
            "id": uuid(),
            "organizationId": null,
            "folderId": account.tags.first().map(|tag| &folders[tag.as_str()]),
            "type": 1,
            "reprompt": 0,
            "name": if own.issuer.is_empty() { &own.name } else { &own.issuer },
            "notes": Some(&account.note).filter(|note| !note.is_empty()),
            "favorite": account.pinned,
            "login": {"uris": [], "username": own.name, "password": null, "totp": totp},
            "collectionIds": null,
        })
    };
    let folders_listed: Vec<Value> = folders.iter().map(|(name, id)| json!({"id": id, "name": name})).collect();
    json!({"encrypted": false, "folders": folders_listed, "items": accounts.iter().map(item).collect::<Vec<_>>()})
}

/// Encrypts a vault by a passphrase, as Bitwarden's own password-protected exports are.
fn seal(vault: &Value, passphrase: &SecretText) -> Result<Value, ExportError> {
    let plain = Zeroizing::new(serde_json::to_vec_pretty(vault)?);
    let salt = BASE64.encode(&random::<16>());
    let pair = Pair::of(&keys::pbkdf2(Hash::Sha256, passphrase.expose().as_bytes(), salt.as_bytes(), ROUNDS));
    Ok(json!({
        "encrypted": true,
        "passwordProtected": true,
        "salt": salt,
        "kdfType": 0,
        "kdfIterations": ROUNDS,
        "encKeyValidation_DO_NOT_EDIT": pair.seal(uuid().as_bytes()),
        "data": pair.seal(&plain),
    }))
}

fn decrypt(json: &Value, passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let missing = || ImportError::damaged("its key derivation");
    let rounds = number(json, "kdfIterations").and_then(|rounds| u32::try_from(rounds).ok()).ok_or_else(missing)?;
    // The salt is the text, not what it stands for in base64.
    let salt = text(json, "salt").as_bytes();
    let master = match number(json, "kdfType") {
        Some(0) => {
            keys::check_work(rounds.into(), MAX_ROUNDS)?;
            keys::pbkdf2(Hash::Sha256, passphrase, salt, rounds)
        }
        Some(1) => {
            let (memory, lanes) = (number(json, "kdfMemory"), number(json, "kdfParallelism"));
            let kib = memory.and_then(|mib| u32::try_from(mib.saturating_mul(1024)).ok()).ok_or_else(missing)?;
            let lanes = lanes.and_then(|lanes| u32::try_from(lanes).ok()).ok_or_else(missing)?;
            keys::argon2id(passphrase, &Sha256::digest(salt), kib, rounds, lanes)?
        }
        _ => return Err(ImportError::Newer("its key derivation".into())),
    };
    let pair = Pair::of(&master);
    pair.open(text(json, "encKeyValidation_DO_NOT_EDIT"))?.ok_or(ImportError::WrongPassphrase)?;
    pair.open(text(json, "data"))?.ok_or_else(|| ImportError::damaged("its data does not fit its key"))
}

/// A key to decrypt, and one to see that nothing was changed.
struct Pair {
    encryption: keys::Key,
    authentication: keys::Key,
}

impl Pair {
    fn of(master: &[u8; 32]) -> Self {
        let expand = Hkdf::<Sha256>::from_prk(master).expect("the key is of the hash's length");
        let part = |name: &[u8]| {
            let mut key = keys::Key::default();
            expand.expand(name, &mut *key).expect("one block is asked for");
            key
        };
        Self { encryption: part(b"enc"), authentication: part(b"mac") }
    }

    /// Opens `2.iv|data|mac`; `None` where the key does not fit.
    fn open(&self, text: &str) -> Result<Option<Zeroizing<Vec<u8>>>, ImportError> {
        let damaged = || ImportError::damaged("an encrypted text in it");
        let parts = text.strip_prefix("2.").ok_or_else(damaged)?;
        let parts: Vec<Vec<u8>> = parts
            .split('|')
            .map(|part| BASE64.decode(part.as_bytes()))
            .collect::<Result<_, _>>()
            .map_err(|_| damaged())?;
        let [iv, data, mac] = parts.as_slice() else { return Err(damaged()) };
        let mut check = Hmac::<Sha256>::new_from_slice(&*self.authentication).expect("a key of any length will do");
        check.update(iv);
        check.update(data);
        Ok(if check.verify_slice(mac).is_ok() { keys::open_cbc(&self.encryption, iv, data) } else { None })
    }

    /// Seals as `2.iv|data|mac`.
    fn seal(&self, plain: &[u8]) -> String {
        let iv = random::<16>();
        let data = keys::seal_cbc(&self.encryption, &iv, plain);
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.authentication).expect("a key of any length will do");
        mac.update(&iv);
        mac.update(&data);
        format!("2.{}|{}|{}", BASE64.encode(&iv), BASE64.encode(&data), BASE64.encode(&mac.finalize().into_bytes()))
    }
}

fn import(json: &Value) -> Import {
    // What an organisation shares lies in collections, the rest in folders.
    let folders = list(json, "folders").iter().chain(list(json, "collections"));
    let folders: HashMap<&str, &str> = folders.filter_map(|one| Some((maybe(one, "id")?, text(one, "name")))).collect();
    let mut import = Import::default();
    for item in list(json, "items") {
        let login = &item["login"];
        let (name, user) = (text(item, "name"), text(login, "username"));
        let Some(totp) = maybe(login, "totp") else {
            import.leave_out((name, user), Why::NoCode, "it has no code");
            continue;
        };
        let fields = Fields { issuer: name, name: user, ..Fields::default() };
        let ids = texts(item, "collectionIds");
        let ids = iter::once(text(item, "folderId")).chain(ids.iter().map(String::as_str));
        let mut tags: Vec<String> = ids.filter_map(|id| folders.get(id)).map(|name| (*name).to_owned()).collect();
        tags.extend(item["archivedDate"].is_string().then(|| "archived".to_owned()));
        let account = account(totp, &fields).map(|account| Portable {
            tags,
            note: text(item, "notes").to_owned(),
            pinned: flag(item, "favorite"),
            trashed: item["deletedDate"].is_string(),
            ..account
        });
        import.take((name, user), account);
    }
    import
}

fn csv(file: &File) -> Result<Import, ImportError> {
    let mut import = Import::default();
    for row in Table::read(file)?.rows() {
        let moved = moved(&row);
        let name = row.place("name").unwrap_or_default();
        let cells = row.cells();
        let cell = |column| {
            let place = row.place(column).map(|place| if place > name { place + moved } else { place });
            place.and_then(|place| cells.get(place)).copied().unwrap_or_default()
        };
        let item = cells.get(name..=name + moved).unwrap_or_default().join(",");
        let (user, totp) = (cell("login_username"), cell("login_totp"));
        if totp.trim().is_empty() {
            import.leave_out((item.as_str(), user), Why::NoCode, "it has no code");
            continue;
        }
        let fields = Fields { issuer: &item, name: user, ..Fields::default() };
        // A folder may have a comma in its name; of an organisation there are collections in its place.
        let tags = iter::once(cell("folder")).chain(cell("collections").split(',').map(str::trim));
        let tags = tags.filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
        let pinned = cell("favorite") == "1";
        let note = cell("notes").to_owned();
        import.take(
            (item.as_str(), user),
            account(totp, &fields).map(|account| Portable { note, tags, pinned, ..account }),
        );
    }
    Ok(import)
}

/// Returns by how many places what stands behind the name has moved: Bitwarden Authenticator puts no name in quotes, not even
/// one with commas, nor does it name all of its columns. Further than a row is too long nothing has.
fn moved(row: &Row<'_>) -> usize {
    let (cells, place, beyond) = (row.cells(), row.place("login_totp").unwrap_or_default(), row.beyond());
    let is_uri = |cell: &&str| ["otpauth://", "steam://"].iter().any(|scheme| cell.starts_with(scheme));
    cells.get(place..=place + beyond).unwrap_or_default().iter().position(is_uri).unwrap_or(beyond)
}

/// Makes an account of what an item says. In labels Bitwarden Authenticator (Android) has entities of HTML.
fn account(totp: &str, login: &Fields<'_>) -> Result<Portable, String> {
    let mut account = from_uri(totp, login)?;
    let own = &mut account.account;
    own.name = stratum_html::plain(&own.name);
    own.prefix = own.prefix.take().map(|prefix| stratum_html::plain(&prefix)).filter(|prefix| *prefix != own.issuer);
    Ok(account)
}

/// What Bitwarden itself takes.
const ROUNDS: u32 = 600_000;
/// Half a minute's work, and six times what Bitwarden takes itself.
const MAX_ROUNDS: u64 = 4_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String, Option<String>)> {
        let accounts = Bitwarden.read(&File::new(text.into()), None).unwrap().accounts;
        accounts.into_iter().map(|one| (one.account.issuer, one.account.name, one.account.prefix)).collect()
    }

    fn named(issuer: &str, name: &str) -> (String, String, Option<String>) {
        (issuer.into(), name.into(), None)
    }

    #[test]
    fn a_name_with_commas_stands_without_quotes_in_the_authenticators_tables() {
        let key = "JBSWY3DPEHPK3PXP";
        let android = format!(
            "folder,favorite,type,name,login_uri,login_totp\n\
             ,,1,Shop, Inc., Ltd,,otpauth://totp/Shop%2C%20Inc.%2C%20Ltd%3Ame?secret={key}&issuer=Shop%2C%20Inc.%2C%20Ltd,Shop, Inc., Ltd,30,6\n\
             ,,1,Games, Inc.,,steam://{key},Games, Inc.,30,6\n\
             ,,1,Mail,,otpauth://totp/Mail%3Ayou?secret={key}&issuer=Mail,Mail,30,6\n"
        );
        let expected = [named("Shop, Inc., Ltd", "me"), named("Games, Inc.", ""), named("Mail", "you")];
        assert_eq!(read(&android), expected);
        let ios = format!(
            "folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp\n\
             ,1,login,Shop, Inc.,,,0,,me,,{key}\n,,login,Mail,,,0,,you,,{key}\n"
        );
        assert_eq!(read(&ios), [named("Shop, Inc.", "me"), named("Mail", "you")]);
    }

    /// A comma at a line's end had moved the key out of its place, and a URI in a note had made it a part of the name.
    #[test]
    fn what_has_not_moved_is_read_where_it_stands() {
        let (key, uri) = ("JBSWY3DPEHPK3PXP", "otpauth://totp/old?secret=GEZDGNBVGY3TQOJQ");
        for table in [
            format!("type,name,notes,login_username,login_totp\nlogin,Shop,a note,me,{key},\n"),
            format!("type,name,notes,login_username,login_totp\nlogin,Shop,a note,me,{key},, ,\n"),
            format!("type,name,login_totp,login_username,notes\nlogin,Shop,{key},me,{uri}\n"),
        ] {
            let account = Bitwarden.read(&File::new(table.clone().into()), None).unwrap().accounts.remove(0).account;
            assert_eq!(
                (account.title().as_str(), account.secret.expose()),
                ("Shop – me", &b"Hello!\xde\xad\xbe\xef"[..]),
                "{table}"
            );
        }
    }

    #[test]
    fn a_label_of_the_authenticators_has_no_entities_of_html() {
        let uri = "otpauth://totp/R%26amp%3BD%3Ao%26%2339%3Bhara?secret=JBSWY3DPEHPK3PXP&issuer=R%26D";
        let text = format!(r#"{{"encrypted":false,"items":[{{"type":1,"name":"R&D","login":{{"totp":"{uri}"}}}}]}}"#);
        assert_eq!(read(&text), [named("R&D", "o'hara")]);
    }
}
