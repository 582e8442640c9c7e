//! The formats, one file each, and how a file is recognised: by what is in it, never by its name.
//!
//! To add one: a file here with its [`Format`], a line in [`REGISTRY`], a sample in `samples`.

mod aegis;
mod andotp;
mod authenticator_extension;
mod authenticator_plus;
mod authy;
mod battlenet;
mod bitwarden;
mod cotp;
mod countersign_backup;
mod countersign_json;
mod countersign_vault;
mod duo;
mod ente;
mod freeotp;
mod freeotp2;
mod gnome_authenticator;
mod google_db;
mod google_migration;
mod kdbx;
mod keepass_xml;
mod keepassxc_csv;
mod keysmith;
mod lastpass;
mod microsoft_db;
mod onepassword;
mod otpclient;
mod pass;
mod proton_authenticator;
mod proton_pass;
mod raivo;
mod steam;
mod stratum;
mod stratum_html;
mod totp_authenticator;
mod twofas;
mod uris;
mod winauth;

use countersign_core::secret::SecretText;

use crate::{
    export::Writer,
    file::File,
    import::{Import, ImportError},
};

/// A format of foreign files.
pub trait Format: Sync {
    /// Returns the word by which it is chosen: lower case and dashes.
    fn name(&self) -> &'static str;

    /// Returns what people call it.
    fn title(&self) -> &'static str;

    /// Returns the steps to such a file, in the words of the other program.
    fn steps(&self) -> &'static [&'static str];

    /// Says whether a file looks like it; nothing is decrypted for that.
    fn detect(&self, file: &File) -> Confidence;

    /// Reads a file.
    ///
    /// # Errors
    /// Each of [`ImportError`]'s but [`ImportError::NotRecognised`].
    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError>;

    /// Returns the way out, where there is one.
    fn writer(&self) -> Option<&dyn Writer> {
        None
    }
}

/// How much a file looks like a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// It does not.
    No,
    /// Nothing speaks against it, and nothing for it.
    Perhaps,
    /// It does, and so might another that is more general.
    Likely,
    /// It does.
    Sure,
}

/// Every format, in the order of the alphabet.
pub const REGISTRY: &[&dyn Format] = &[
    &onepassword::OnePassword,
    &twofas::TwoFas,
    &aegis::Aegis,
    &andotp::AndOtp,
    &authenticator_extension::AuthenticatorExtension,
    &authenticator_plus::AuthenticatorPlus,
    &authy::Authy,
    &battlenet::BattleNet,
    &bitwarden::Bitwarden,
    &cotp::Cotp,
    &countersign_backup::CountersignBackup,
    &countersign_json::CountersignJson,
    &countersign_vault::CountersignVault,
    &duo::Duo,
    &ente::Ente,
    &freeotp::FreeOtp,
    &freeotp2::FreeOtp2,
    &gnome_authenticator::GnomeAuthenticator,
    &google_db::GoogleDatabase,
    &google_migration::GoogleMigration,
    &kdbx::Kdbx,
    &keepass_xml::KeepassXml,
    &keepassxc_csv::KeepassXcCsv,
    &keysmith::Keysmith,
    &lastpass::LastPass,
    &microsoft_db::MicrosoftDatabase,
    &otpclient::OtpClient,
    &pass::Pass,
    &proton_authenticator::ProtonAuthenticator,
    &proton_pass::ProtonPass,
    &raivo::Raivo,
    &steam::Steam,
    &stratum::Stratum,
    &stratum_html::StratumHtml,
    &totp_authenticator::TotpAuthenticator,
    &uris::Uris,
    &winauth::WinAuth,
];

/// Returns the format that a file looks like most.
pub fn detect(file: &File) -> Option<&'static dyn Format> {
    candidates(file).first().copied()
}

/// Returns the formats that a file looks like most: one, but for what is encrypted from its first byte on.
pub fn candidates(file: &File) -> Vec<&'static dyn Format> {
    let rated: Vec<_> = REGISTRY.iter().map(|format| (format.detect(file), *format)).collect();
    let best = rated.iter().map(|(confidence, _)| *confidence).max().unwrap_or(Confidence::No);
    let mut fitting = rated.into_iter().filter(|(confidence, _)| *confidence == best).map(|(_, format)| format);
    match best {
        Confidence::No => Vec::new(),
        Confidence::Perhaps => fitting.collect(),
        _ => fitting.next().into_iter().collect(),
    }
}

/// Reads a file as the first of these formats that opens it.
///
/// # Errors
/// Each of [`ImportError`]'s. Where there are several formats and the password opens none, what leaves most open.
pub fn read(
    formats: &[&'static dyn Format],
    file: &File,
    passphrase: Option<&SecretText>,
) -> Result<(&'static dyn Format, Import), ImportError> {
    let mut why = ImportError::NotRecognised;
    for format in formats {
        match format.read(file, passphrase) {
            Ok(import) => return Ok((*format, import)),
            // It opened: it is no other format's.
            Err(broken @ ImportError::Damaged(_)) => return Err(broken),
            // Any file's first bytes may look like many rounds.
            Err(ImportError::TooCostly(_)) if formats.len() > 1 => why = ImportError::WrongOrDamaged,
            // A wrong password, and nothing else, leaves less open.
            Err(other) if why != ImportError::WrongOrDamaged => why = other,
            Err(_) => {}
        }
    }
    Err(why)
}

/// Returns the format of this name.
pub fn named(name: &str) -> Option<&'static dyn Format> {
    REGISTRY.iter().copied().find(|format| format.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_in_the_order_of_the_alphabet_and_each_name_is_once_there() {
        let names: Vec<_> = REGISTRY.iter().map(|format| format.name()).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
        for name in names {
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{name}");
            assert_eq!(named(name).unwrap().name(), name);
        }
    }

    #[test]
    fn nothing_is_taken_for_anything() {
        for bytes in [&b""[..], b"\n", b"{}", b"[]", b"null", b"hello world", b"\xff\xfe\0\0"] {
            let file = File::new(bytes.to_vec());
            let found = detect(&file).map(Format::name);
            assert!(detect(&file).is_none_or(|format| format.detect(&file) < Confidence::Sure), "{bytes:?}: {found:?}");
        }
    }

    fn zip(members: &[(&str, &str)]) -> File {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, text) in members {
            archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut archive, text.as_bytes()).unwrap();
        }
        File::new(archive.finish().unwrap().into_inner())
    }

    /// Reads a file: its format, how many accounts, and what is left out.
    fn read_all(file: &File) -> (&'static str, usize, Vec<String>) {
        let (format, import) = read(&candidates(file), file, None).unwrap();
        let left = import.left_out.into_iter().map(|left| left.name).collect();
        (format.name(), import.accounts.len(), left)
    }

    const URI: &str = "otpauth://totp/a:b?secret=JBSWY3DPEHPK3PXP";

    #[test]
    fn of_a_file_that_nothing_marks_the_error_leaves_open_what_is_open() {
        let key = crate::keys::pbkdf2(crate::keys::Hash::Sha1, b"right", &[0xff; 12], 1);
        let sealed = |rounds: u32, list: &[u8]| {
            let list = crate::keys::seal_gcm(&key, &[0xff; 12], list);
            File::new([&rounds.to_be_bytes()[..], &[0xff; 24], &list].concat())
        };
        let error = |file: &File, password: &str| {
            let formats = candidates(file);
            assert!(formats.len() > 1);
            read(&formats, file, Some(&password.into())).map(drop).unwrap_err()
        };
        let long = [b' '; 100];
        assert_eq!(error(&sealed(1, &long), "wrong"), ImportError::WrongOrDamaged);
        assert!(matches!(error(&sealed(1, &long), "right"), ImportError::Damaged(_)));
        // Of another format these may be any bytes: the password gets its second try.
        let costly = sealed(20_000_000, &long);
        assert_eq!(error(&costly, "wrong"), ImportError::WrongOrDamaged);
        let andotp = read(&[&andotp::AndOtp], &costly, Some(&"right".into())).map(drop);
        assert!(matches!(andotp, Err(ImportError::TooCostly(_))), "{andotp:?}");
    }

    #[test]
    fn what_was_encrypted_names_no_member_twice_either() {
        use crate::keys::{Hash, pbkdf2, seal_cbc, seal_gcm};
        use data_encoding::BASE64;

        let twice = r#"[{"secret":"GEZDGNBV","secret":"GEZDGNBW"}]"#;
        let andotp = seal_gcm(&pbkdf2(Hash::Sha1, b"any", &[0xff; 12], 1), &[0xff; 12], twice.as_bytes());
        let andotp = [&1_u32.to_be_bytes()[..], &[0xff; 24], &andotp].concat();
        let twofas = seal_gcm(&pbkdf2(Hash::Sha256, b"any", &[1; 8], 10_000), &[1; 12], twice.as_bytes());
        let [twofas, salt, nonce] = [&twofas[..], &[1; 8], &[1; 12]].map(|part| BASE64.encode(part));
        let twofas = format!(r#"{{"schemaVersion":4,"services":[],"servicesEncrypted":"{twofas}:{salt}:{nonce}"}}"#);
        let totp = serde_json::json!({twice: ""}).to_string();
        let key = <sha2::Sha256 as sha2::Digest>::digest(b"any").into();
        let [totp, outer] = [totp.as_str(), r#"{"[]":"","[]":""}"#]
            .map(|plain| BASE64.encode(&seal_cbc(&key, &[0; 16], plain.as_bytes())));
        let authy = twice.replace('"', "&quot;");
        let authy = format!("<map><string name=\"com.authy.storage.tokens.authenticator.key\">{authy}</string></map>");
        for (format, bytes) in [
            ("andotp", andotp),
            ("2fas", twofas.into()),
            ("totp-authenticator", totp.into()),
            ("totp-authenticator", outer.into()),
            ("authy", authy.into()),
            ("raivo", twice.into()),
        ] {
            let error = named(format).unwrap().read(&File::new(bytes), Some(&SecretText::from("any"))).unwrap_err();
            assert!(error.to_string().contains("twice"), "{format}: {error}");
        }
    }

    #[test]
    fn one_bad_entry_takes_no_other_with_it() {
        for (format, text) in [
            ("andotp", r#"[1, {"secret":"JBSWY3DPEHPK3PXP","label":"a","issuer":"b","type":"TOTP"}]"#),
            ("raivo", r#"[{}, {"issuer":"","account":"a","secret":"JBSWY3DPEHPK3PXP","kind":"TOTP","timer":"30"}]"#),
            (
                "proton-authenticator",
                r#"{"version":1,"entries":[{}, {"content":{"entry_type":"Totp","name":"a","uri":"JBSWY3DPEHPK3PXP"}}]}"#,
            ),
            ("cotp", r#"{"version":2,"elements":[{}, {"label":"a","secret":"JBSWY3DPEHPK3PXP"}]}"#),
            (
                "authenticator-extension",
                r#"{"a":{"secret":"JBSWY3DPEHPK3PXP","hash":"a","account":"a"},
                "b":{"dataType":"EncOTPStorage","data":"x","keyId":"gone"}}"#,
            ),
        ] {
            let file = File::new(text.into());
            let (found, import) = read(&candidates(&file), &file, Some(&SecretText::from("any"))).unwrap();
            assert_eq!((found.name(), import.accounts.len(), import.left_out.len()), (format, 1, 1), "{format}");
        }
        let empty = File::new(r#"{"version":2,"elements":[]}"#.into());
        assert_eq!(read_all(&empty), ("cotp", 0, Vec::new()));
    }

    /// Such accounts had become accounts by the time, which makes other codes of a key.
    #[test]
    fn a_type_that_is_no_text_is_told_and_none_is_by_the_time() {
        for (format, text) in [
            ("2fas", r#"{"schemaVersion":4,"services":[{"name":"a","secret":"GEZDGNBV","otp":{"tokenType":TYPE}}]}"#),
            ("cotp", r#"{"version":2,"elements":[{"label":"a","secret":"GEZDGNBV","type":TYPE}]}"#),
            ("freeotp", r#"{"tokenOrder":[],"tokens":[{"label":"a","secret":[1,2],"type":TYPE}]}"#),
            ("raivo", r#"[{"issuer":"a","account":"","secret":"GEZDGNBV","timer":"30","kind":TYPE}]"#),
        ] {
            let read = |kind: &str| {
                let file = File::new(text.replace("TYPE", kind).into());
                let import = named(format).unwrap().read(&file, None).unwrap();
                (import.accounts.len(), import.left_out.into_iter().map(|left| left.reason).collect::<Vec<_>>())
            };
            for odd in ["1", "true", "[]"] {
                assert_eq!(read(odd), (0, vec!["its type can't be read".to_owned()]), "{format} {odd}");
            }
            for usual in ["null", "\"\"", "\"totp\""] {
                assert_eq!(read(usual), (1, Vec::new()), "{format} {usual}");
            }
        }
    }

    #[test]
    fn a_list_of_nothing_may_be_anybodys() {
        for text in
            [r#"{"entries":[]}"#, r#"{"version":1,"entries":[]}"#, r#"{"entries":[{"content":{"entry_type":"Totp"}}]}"#]
        {
            assert!(candidates(&File::new(text.into())).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_table_is_one_whatever_a_spreadsheet_put_between_its_cells() {
        for (format, text) in [
            ("bitwarden", "name,login_username,login_totp\nShop,me,JBSWY3DPEHPK3PXP\n"),
            ("keepassxc-csv", "Group,Title,Username,TOTP\nRoot,Shop,me,JBSWY3DPEHPK3PXP\n"),
        ] {
            for sign in [",", ";", "\t"] {
                assert_eq!(read_all(&File::new(text.replace(',', sign).into())), (format, 1, Vec::new()), "{sign:?}");
            }
        }
    }

    #[test]
    fn motp_is_motp_in_any_case() {
        for kind in ["MOTP", "motp"] {
            for (format, secret, text) in [
                ("cotp", "0123456789abcdef", r#"{"version":2,"elements":[ENTRY]}"#),
                ("andotp", "GAYTEMZUGU3DOOBZMFRGGZDFMY======", "[ENTRY]"),
            ] {
                let entry = format!(r#"{{"label":"a","issuer":"b","type":"{kind}","secret":"{secret}"}}"#);
                let file = File::new(text.replace("ENTRY", &entry).into());
                let (found, import) = read(&candidates(&file), &file, None).unwrap();
                let keys: Vec<_> = import.accounts.iter().map(|one| one.account.secret.expose()).collect();
                assert_eq!((found.name(), keys), (format, vec![&b"0123456789abcdef"[..]]), "{kind}");
            }
        }
    }

    #[test]
    fn a_list_may_have_a_heading_and_what_is_left_out_its_label() {
        let text = format!("My codes\n# a remark\n\n{URI}\notpauth://totp/Shop?secret=1\n");
        let left = vec!["line 1".to_owned(), "Shop".to_owned()];
        assert_eq!(read_all(&File::new(text.into())), ("uris", 1, left));
    }

    #[test]
    fn the_list_of_authenticator_plus_may_lie_in_a_folder() {
        for name in ["Accounts.txt", "authplus/Accounts.txt"] {
            assert_eq!(read_all(&zip(&[("a.html", "x"), (name, URI)])), ("authenticator-plus", 1, Vec::new()));
        }
    }

    /// Its attachments had made it a zip of lists.
    #[test]
    fn a_vault_of_bitwardens_may_lie_in_a_zip_with_its_attachments() {
        let vault = r#"{"encrypted":false,"items":[{"type":1,"name":"a","login":{"totp":"JBSWY3DPEHPK3PXP"}}]}"#;
        let attachment = ("attachments/1/notes.txt", "hello");
        assert_eq!(read_all(&zip(&[("data.json", vault), attachment])), ("bitwarden", 1, Vec::new()));
        let other = zip(&[("data.json", "{}"), ("list.txt", URI)]);
        assert_eq!(read_all(&other), ("winauth", 1, Vec::new()));
    }

    #[test]
    fn every_list_of_a_zip_is_read() {
        let file = zip(&[("README.txt", "nothing"), ("winauth-1.txt", URI), ("more/winauth-2.TXT", URI)]);
        assert_eq!(read_all(&file), ("winauth", 2, Vec::new()));
    }

    #[test]
    fn what_pgp_sealed_has_the_words_of_its_own_program() {
        let words = |file: &File| read(&candidates(file), file, None).map(drop).unwrap_err().to_string();
        assert!(words(&zip(&[("winauth-1.txt.pgp", "x")])).contains("list.txt"));
        assert!(words(&zip(&[("Proton Pass/data.pgp", "x")])).contains("encryption off"));
        let other = File::new(b"-----BEGIN PGP MESSAGE-----\n".to_vec());
        assert!(candidates(&other).is_empty() && other.unrecognised().to_string().contains("gpg --decrypt"));
    }

    #[test]
    fn a_login_of_protons_first_versions_has_its_name() {
        let named = |names: &str| {
            let content = format!(r#"{{"totpUri":"JBSWY3DPEHPK3PXP",{names}}}"#);
            let item = format!(r#"{{"data":{{"metadata":{{"name":"Shop"}},"content":{content}}}}}"#);
            let file = File::new(format!(r#"{{"userId":"u","vaults":{{"v":{{"items":[{item}]}}}}}}"#).into());
            read(&candidates(&file), &file, None).unwrap().1.accounts.remove(0).account.title()
        };
        assert_eq!(named(r#""username":"me""#), "Shop – me");
        assert_eq!(named(r#""itemEmail":"me","itemUsername":"""#), "Shop – me");
        assert_eq!(named(r#""itemEmail":"mail","itemUsername":"me""#), "Shop – me");
    }

    #[test]
    fn what_1password_had_thrown_away_is_so_here() {
        let item = |state: &str| {
            let code = r#""details":{"sections":[{"fields":[{"value":{"totp":"JBSWY3DPEHPK3PXP"}}]}]}"#;
            format!(r#"{{"overview":{{"title":"Shop"}},{state},{code}}}"#)
        };
        let items = [r#""trashed":true"#, r#""trashed":false"#, r#""state":"active""#].map(item).join(",");
        let file = zip(&[("export.data", &format!(r#"{{"accounts":[{{"vaults":[{{"items":[{items}]}}]}}]}}"#))]);
        let (_, import) = read(&candidates(&file), &file, None).unwrap();
        let trashed: Vec<bool> = import.accounts.iter().map(|one| one.trashed).collect();
        assert_eq!(trashed, [true, false, false]);
    }

    /// None of its accounts came in.
    #[test]
    fn an_item_of_1passwords_first_versions_is_wrapped() {
        let code = r#""details":{"sections":[{"fields":[{"value":{"totp":"JBSWY3DPEHPK3PXP"}}]}]}"#;
        let items = format!(
            r#"{{"item":{{"overview":{{"title":"Shop"}},{code}}},"file":{{}}}},{{"item":{{"overview":{{"title":"Note"}}}}}}"#
        );
        let file = zip(&[("export.data", &format!(r#"{{"accounts":[{{"vaults":[{{"items":[{items}]}}]}}]}}"#))]);
        assert_eq!(read_all(&file), ("1password", 1, vec!["Note".to_owned()]));
    }

    /// A blank had been a key that can't be read, which keeps all the others from coming in.
    #[test]
    fn a_login_with_a_blank_in_the_place_of_a_key_has_no_code() {
        let totp = r#"{"totp":" \n"}"#;
        let onepassword = format!(r#"{{"details":{{"sections":[{{"fields":[{{"value":{totp}}}]}}]}}}}"#);
        let onepassword = format!(r#"{{"accounts":[{{"vaults":[{{"items":[{onepassword}]}}]}}]}}"#);
        let proton = r#""content":{"totpUri":" "},"extraFields":[{"type":"totp","data":{"totpUri":" "}}]"#;
        for file in [
            File::new(format!(r#"{{"encrypted":false,"items":[{{"type":1,"login":{totp}}}]}}"#).into()),
            File::new("name,login_username,login_totp\nShop,me,\" \"\n".into()),
            File::new("Group,Title,Username,TOTP\nRoot,Shop,me,\" \"\n".into()),
            File::new(format!(r#"{{"userId":"u","vaults":{{"v":{{"items":[{{"data":{{{proton}}}}}]}}}}}}"#).into()),
            zip(&[("export.data", &onepassword)]),
        ] {
            let (format, import) = read(&candidates(&file), &file, None).unwrap();
            let why: Vec<_> = import.left_out.iter().map(|left| left.why).collect();
            assert_eq!((import.accounts.len(), why), (0, vec![crate::import::Why::NoCode]), "{}", format.name());
        }
    }

    #[test]
    fn an_item_of_ones_own_making_at_proton_has_its_codes_in_sections() {
        let field = r#"{"fieldName":"code","type":"totp","data":{"totpUri":"JBSWY3DPEHPK3PXP"}}"#;
        let item = format!(
            r#"{{"data":{{"metadata":{{"name":"Own"}},"content":{{"sections":[{{"sectionFields":[{field}]}}]}}}}}}"#
        );
        let text = format!(r#"{{"userId":"u","vaults":{{"v":{{"name":"V","items":[{item}]}}}}}}"#);
        assert_eq!(read_all(&File::new(text.into())), ("proton-pass", 1, Vec::new()));
    }
}
