//! The dialects of `otpauth`, on texts of our own; and what is printed is read again.

#![allow(clippy::unwrap_used)]

use countersign_core::{
    account::{Account, Algorithm, Kind},
    secret::{Secret, SecretText},
    uri::{self, Note, UriError},
};
use proptest::prelude::*;

fn parse(text: &str) -> Account {
    uri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).account
}

#[test]
fn microsofts_quirks() {
    let text = "otpauth://totp/Contoso+Ltd%2BCo%3Aalice%40contoso.example?secret=mfzwizltoqqgk43u&issuer=Microsoft";
    let parsed = uri::parse(text).unwrap();
    let account = &parsed.account;
    assert_eq!((account.issuer.as_str(), account.name.as_str()), ("Microsoft", "alice@contoso.example"));
    assert_eq!(account.prefix.as_deref(), Some("Contoso Ltd+Co"));
    assert_eq!(account.title(), "Microsoft (Contoso Ltd+Co) – alice@contoso.example");
    assert!(parsed.notes.contains(&Note::PrefixDiffers));
}

#[test]
fn keys_as_people_write_them() {
    let plain = parse("otpauth://totp/a?secret=MFZWIZLTOQQGK43U").secret;
    for key in ["mfzwizltoqqgk43u", "MFZW-IZLT OQQG K43U", "MFZWIZLTOQQGK43U%3D%3D", "MFZW+IZLT+OQQG+K43U"] {
        assert_eq!(parse(&format!("otpauth://totp/a?secret={key}")).secret, plain, "{key}");
    }
}

#[test]
fn a_typing_slip_is_named_by_its_place_and_never_echoed() {
    let error = uri::secret_from_text("MFZW0ZLT").unwrap_err();
    assert_eq!(error, UriError::NotBase32 { position: 5, hint: " (is it the letter O?)" });
    let error = uri::parse("otpauth://totp/a?secret=hush!hush!").unwrap_err().to_string();
    assert!(!error.contains("hush"));
}

#[test]
fn limits_hold() {
    let key = |length| format!("otpauth://totp/a?secret={}", "A".repeat(length));
    assert!(uri::parse(&key(4096)).is_ok());
    assert!(uri::parse(&key(4097)).is_err());
    assert!(uri::parse(&key(9000)).is_err());
    assert!(uri::parse(&format!("otpauth://totp/{}?secret=MFZWIZLTOQQGK43U", "a".repeat(257))).is_err());
    assert!(uri::parse("otpauth://totp/a?secret=MFZWIZLTOQQGK43U&secret=MFZWIZLTOQQGK43U").is_err());
}

#[test]
fn half_a_secret_is_none() {
    let text = "otpauth://totp/a?secret=MFZWIZLTOQQGK43U&2step_salt=8&2step_output=20";
    assert_eq!(uri::parse(text).unwrap_err(), UriError::TwoStep);
}

fn kinds() -> impl Strategy<Value = Kind> {
    let algorithm = || prop_oneof![Just(Algorithm::Sha1), Just(Algorithm::Sha256), Just(Algorithm::Sha512)];
    prop_oneof![
        (algorithm(), 4u8..=10, 1u32..=86_400).prop_map(|(algorithm, digits, period)| Kind::Totp {
            algorithm,
            digits,
            period
        }),
        (algorithm(), 4u8..=10, 0..u64::MAX).prop_map(|(algorithm, digits, counter)| Kind::Hotp {
            algorithm,
            digits,
            counter
        }),
        Just(()).prop_map(|()| Kind::Steam),
        proptest::option::of(4u8..=16).prop_map(|pin_length| Kind::Yandex { pin: None::<SecretText>, pin_length }),
    ]
}

proptest! {
    #[test]
    fn what_is_printed_is_read_again(
        issuer in "[^:\\p{C}]{0,30}", name in "[^\\p{C}]{0,40}", prefix in proptest::option::of("[^:\\p{C}+]{1,20}"),
        kind in kinds(), key in proptest::collection::vec(any::<u8>(), 1..64),
    ) {
        let (issuer, name) = (issuer.trim().to_owned(), name.trim().to_owned());
        let prefix = prefix.map(|prefix| prefix.trim().to_owned());
        let prefix = prefix.filter(|prefix| !issuer.is_empty() && !prefix.is_empty() && *prefix != issuer);
        let account = Account { issuer, name, prefix, kind, secret: Secret::new(key) };
        let printed = uri::print(&account);
        prop_assert_eq!(uri::parse(printed.expose()).unwrap().account, account);
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,300}") {
        let _ = countersign_core::payload::classify(&text);
        let _ = uri::parse(&format!("otpauth://totp/{text}"));
        let _ = countersign_core::payload::classify(&format!("otpauth-migration://offline?data={text}"));
    }
}
