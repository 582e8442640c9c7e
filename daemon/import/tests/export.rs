//! The way out: what a format can't hold is said first, and what is written reads back as it was given.

#![allow(clippy::unwrap_used)]

use countersign_core::{
    account::{Account, Algorithm, Kind},
    secret::{Secret, SecretText},
    uri,
    vault::Portable,
};
use countersign_import::{ExportError, File, Format, REGISTRY, Sealing, detect, export, named};
use proptest::{prelude::*, sample::select};

fn writable() -> Vec<&'static dyn Format> {
    REGISTRY.iter().copied().filter(|format| format.writer().is_some()).collect()
}

fn account(uri: &str) -> Portable {
    Portable::new(uri::parse(uri).unwrap().account)
}

fn with_kind(kind: Kind) -> Portable {
    let secret = Secret::new((1..=20).collect());
    Portable::new(Account { issuer: "A".into(), name: "b".into(), prefix: None, kind, secret })
}

fn totp(digits: u8, period: u32) -> Portable {
    with_kind(Kind::Totp { algorithm: Algorithm::Sha1, digits, period })
}

/// Every kind of account, with everything beside it.
fn all_kinds() -> Vec<Portable> {
    let mut accounts: Vec<Portable> = [
        "otpauth://totp/Acme:me?secret=JBSWY3DPEHPK3PXP&issuer=Acme",
        "otpauth://totp/Acme:me%3Ayou?secret=JBSWY3DPEHPK3PXP&issuer=Acme&digits=8&period=60&algorithm=SHA512",
        "otpauth://totp/Contoso:al@contoso.example?secret=JBSWY3DPEHPK3PXP&issuer=Microsoft",
        "otpauth://totp/?secret=JBSWY3DPEHPK3PXP",
        "otpauth://totp/only-a-name?secret=JBSWY3DPEHPK3PXP",
        "otpauth://totp/=1%2B1:%40me?secret=JBSWY3DPEHPK3PXP&issuer==1%2B1",
        "otpauth://hotp/Bank:me?secret=JBSWY3DPEHPK3PXP&issuer=Bank&counter=7",
        "steam://JBSWY3DPEHPK3PXP",
        "motp://Site:me?secret=0123456789abcdef",
        "otpauth://yaotp/me?secret=AAAQEAYEAUDAOCAJBIFQYDIOB4&issuer=Yandex",
    ]
    .map(account)
    .into();
    for account in &mut accounts {
        account.note = "two\nlines, \"quoted\"".into();
        account.tags = vec!["work".into(), "=1/2".into()];
        (account.pinned, account.trashed, account.uses) = (true, true, 3);
        if let Kind::Motp { pin } | Kind::Yandex { pin, .. } = &mut account.account.kind {
            *pin = Some(SecretText::from("1234"));
        }
    }
    accounts
}

/// Writes what fits and reads it again.
fn there_and_back(format: &dyn Format, accounts: &[Portable], passphrase: Option<&SecretText>) -> Vec<Portable> {
    let file = export::file(format.writer().unwrap(), accounts, passphrase).unwrap();
    let file = File::new(file.to_vec());
    if format.name() != "google-migration" {
        assert_eq!(detect(&file).unwrap().name(), format.name(), "it is recognised");
    }
    let import = format.read(&file, passphrase).unwrap();
    assert!(import.left_out.is_empty() && import.notes.is_empty(), "{:?} {:?}", import.left_out, import.notes);
    import.accounts
}

fn fitting(format: &dyn Format, accounts: Vec<Portable>) -> Vec<Portable> {
    let writer = format.writer().unwrap();
    accounts.into_iter().filter_map(|account| writer.fit(account).ok()).collect()
}

#[test]
fn what_is_written_reads_back_as_it_was_given() {
    let passphrase = SecretText::from("correct horse");
    for format in writable() {
        let sealing = format.writer().unwrap().sealing();
        let held = fitting(format, all_kinds());
        assert!(held.len() >= 6, "{}: {}", format.name(), held.len());
        if sealing != Sealing::Always {
            assert_eq!(there_and_back(format, &held, None), held, "{} in the clear", format.name());
        }
        if sealing != Sealing::Never {
            assert_eq!(there_and_back(format, &held, Some(&passphrase)), held, "{} encrypted", format.name());
        }
    }
}

#[test]
fn an_encrypted_file_opens_by_its_passphrase_only() {
    let right = SecretText::from("right");
    for format in writable().into_iter().filter(|format| format.writer().unwrap().sealing() != Sealing::Never) {
        let held = fitting(format, all_kinds());
        let file = export::file(format.writer().unwrap(), &held, Some(&right)).unwrap();
        let text = String::from_utf8_lossy(&file).into_owned();
        assert!(!text.contains("JBSWY3DPEHPK3PXP") && !text.contains("Acme"), "{}", format.name());
        let file = File::new(file.to_vec());
        assert_eq!(format.read(&file, None).unwrap_err().exit_code(), 4, "{}", format.name());
        assert_eq!(
            format.read(&file, Some(&SecretText::from("wrong"))).unwrap_err().exit_code(),
            5,
            "{}",
            format.name()
        );
    }
}

#[test]
fn our_own_formats_hold_everything() {
    for name in ["countersign-json", "countersign-backup"] {
        assert_eq!(fitting(named(name).unwrap(), all_kinds()), all_kinds(), "{name}");
    }
}

#[test]
fn what_a_format_can_not_hold_is_said() {
    let motp = || with_kind(Kind::Motp { pin: None });
    let hotp = |counter| with_kind(Kind::Hotp { algorithm: Algorithm::Sha1, digits: 6, counter });
    let rows: Vec<(&str, Portable, &str)> = vec![
        ("2fas", motp(), "mOTP"),
        ("2fas", with_kind(Kind::Yandex { pin: None, pin_length: None }), "Yandex"),
        ("2fas", totp(10, 30), "10"),
        ("2fas", totp(6, 15), "every 15"),
        ("2fas", hotp(1 << 40), "counter"),
        ("aegis", hotp(u64::MAX - 1), "counter"),
        ("aegis", motp(), "hexadecimal"),
        ("bitwarden", hotp(0), "counter-based"),
        ("bitwarden", totp(10, 30), "10 digits"),
        ("keepassxc-csv", hotp(0), "counter-based"),
        ("keepassxc-csv", totp(10, 30), "10 digits"),
        ("google-migration", totp(6, 60), "60 seconds"),
        ("google-migration", with_kind(Kind::Steam), "Steam"),
    ];
    for (format, account, word) in rows {
        let why = named(format).unwrap().writer().unwrap().fit(account).unwrap_err();
        assert!(why.contains(word), "{format}: {why}");
    }
}

#[test]
fn the_parts_that_go_missing_are_gone_in_what_fits() {
    let [first, ..] = &all_kinds()[..] else { panic!() };
    let fit = |format: &str| named(format).unwrap().writer().unwrap().fit(first.duplicate()).unwrap();
    let beside = |fits: &Portable| (!fits.note.is_empty(), fits.tags.len(), fits.pinned, fits.trashed, fits.uses);
    for (format, expected) in [
        ("2fas", (false, 1, false, false, 0)),
        ("aegis", (true, 2, true, false, 0)),
        ("bitwarden", (true, 1, true, false, 0)),
        ("countersign-json", (true, 2, true, true, 3)),
        ("google-migration", (false, 0, false, false, 0)),
        ("keepassxc-csv", (true, 1, false, false, 0)),
        ("uris", (false, 0, false, false, 0)),
    ] {
        assert_eq!(beside(&fit(format)), expected, "{format}");
    }
}

/// As 2FAS for iOS decodes it: what is missing of these makes it refuse the whole file.
#[test]
fn a_file_for_2fas_has_all_that_its_reader_on_ios_demands() {
    let format = named("2fas").unwrap();
    let file = export::file(format.writer().unwrap(), &fitting(format, all_kinds()), None).unwrap();
    let outer: serde_json::Value = serde_json::from_slice(&file).unwrap();
    let services = outer["services"].as_array().unwrap();
    assert_eq!(services[0]["icon"]["label"]["text"], "AC");
    for service in services {
        let icon = &service["icon"];
        assert!(icon["selected"] == "Label" && icon["label"]["backgroundColor"] == "Default", "{icon}");
        assert_eq!(icon["iconCollection"]["id"].as_str().unwrap().len(), 36);
        assert!(service["order"]["position"].is_u64() && service["otp"]["source"].is_string());
    }
}

#[test]
fn what_does_not_fit_as_it_is_is_never_written() {
    let [first, ..] = &all_kinds()[..] else { panic!() };
    for format in ["2fas", "aegis", "bitwarden", "keepassxc-csv", "uris"] {
        let refused = export::file(named(format).unwrap().writer().unwrap(), &[first.duplicate()], None);
        assert!(matches!(refused, Err(ExportError::Unfit(1, _))), "{format}");
    }
}

#[test]
fn a_passphrase_goes_only_where_it_is_of_use() {
    let (accounts, passphrase) = ([totp(6, 30)], SecretText::from("x"));
    let file = |format: &str, passphrase| export::file(named(format).unwrap().writer().unwrap(), &accounts, passphrase);
    assert!(matches!(file("uris", Some(&passphrase)), Err(ExportError::NoPassphrase)));
    assert!(matches!(file("countersign-backup", None), Err(ExportError::PassphraseNeeded)));
}

#[test]
fn no_cell_of_a_table_is_a_formula() {
    let format = named("keepassxc-csv").unwrap();
    let file = export::file(format.writer().unwrap(), &fitting(format, all_kinds()), None).unwrap();
    let text = String::from_utf8(file.to_vec()).unwrap();
    assert!(text.contains("\"'=1+1\",\"'@me\""), "the formula is there, escaped");
    for start in ["\"=", "\"+", "\"-", "\"@"] {
        assert!(!text.contains(start), "{start}");
    }
}

fn kinds() -> impl Strategy<Value = Kind> {
    let algorithm = || select(vec![Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512]);
    let pin = || proptest::option::of("[0-9a-z]{1,8}").prop_map(|pin| pin.map(SecretText::from));
    prop_oneof![
        (algorithm(), 4u8..=10, 1u32..=86_400).prop_map(|(algorithm, digits, period)| Kind::Totp {
            algorithm,
            digits,
            period
        }),
        algorithm().prop_map(|algorithm| Kind::Totp { algorithm, digits: 6, period: 30 }),
        (algorithm(), 4u8..=10, 0..u64::MAX).prop_map(|(algorithm, digits, counter)| Kind::Hotp {
            algorithm,
            digits,
            counter
        }),
        Just(()).prop_map(|()| Kind::Steam),
        pin().prop_map(|pin| Kind::Motp { pin }),
        (pin(), proptest::option::of(4u8..16)).prop_map(|(pin, pin_length)| Kind::Yandex { pin, pin_length }),
    ]
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,20}", "[=+@'\\-\t\r\n:/%&?#\"<>,;é日\u{202e}]{0,8}", "\\PC{0,12}"]
}

prop_compose! {
    fn portables()(
        kind in kinds(), issuer in texts(), name in texts(), prefix in proptest::option::of("[a-zA-Z :]{1,8}"),
        key in prop_oneof![prop::collection::vec(any::<u8>(), 1..40), prop::collection::vec(any::<u8>(), 16)],
        note in texts(), tags in prop::collection::vec(texts(), 0..4), flags in any::<(bool, bool)>(),
    ) -> Portable {
        // Of mOTP the key is a text.
        let key = if matches!(kind, Kind::Motp { .. }) { data_encoding::HEXLOWER.encode(&key).into_bytes() } else { key };
        let account = Account { issuer, name, prefix, kind, secret: Secret::new(key) };
        let (pinned, trashed) = flags;
        Portable { note, tags, pinned, trashed, uses: 1, ..Portable::new(account) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn whatever_fits_reads_back(accounts in prop::collection::vec(portables(), 1..4)) {
        for format in writable().into_iter().filter(|format| format.writer().unwrap().sealing() != Sealing::Always) {
            let writer = format.writer().unwrap();
            let held: Vec<Portable> =
                accounts.iter().filter_map(|account| writer.fit(account.duplicate()).ok()).collect();
            for (account, again) in held.iter().zip(held.iter().map(|account| writer.fit(account.duplicate()))) {
                prop_assert_eq!(again.as_ref(), Ok(account), "{} fits as it is", format.name());
            }
            if !held.is_empty() {
                prop_assert_eq!(there_and_back(format, &held, None), held, "{}", format.name());
            }
        }
    }
}
