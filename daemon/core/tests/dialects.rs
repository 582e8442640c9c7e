//! The dialects of `otpauth`, on texts of our own; and what is printed is read again.

#![allow(clippy::unwrap_used)]

use countersign_core::{
    account::{Account, Algorithm, Kind},
    secret::Secret,
    text,
    uri::{self, Note, UriError},
};
use proptest::prelude::*;

fn parse(text: &str) -> Account {
    uri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).account
}

#[test]
fn an_issuer_like_a_parameter_comes_back_as_it_is() {
    for issuer in ["Shop period=30", "period=0", "A&period=0000000", "secret=GA", "a=b%3Dc"] {
        let first = Account { issuer: issuer.into(), ..parse("otpauth://totp/me?secret=JBSWY3DPEHPK3PXP") };
        let again = parse(uri::print(&first).expose());
        assert_eq!((again.issuer.as_str(), &again.kind), (issuer, &first.kind));
    }
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
    for key in ["0ush", "hu!sh", "hush%C0", "hush\u{202e}", "%00hush", "h"] {
        let error = uri::parse(&format!("otpauth://totp/a?secret={key}")).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("ush"), "{error:?}");
    }
}

/// The whole account was refused for that, key and all.
#[test]
fn a_name_whose_escapes_give_no_text_is_read_as_far_as_it_goes() {
    let account = parse("otpauth://totp/M%FCller:m%E9?secret=MFZWIZLTOQQGK43U&issuer=M%FCller");
    assert_eq!((account.issuer.as_str(), account.name.as_str()), ("M\u{fffd}ller", "m\u{fffd}"));
    assert!(uri::parse("otpauth://totp/a?secret=MFZWIZLTOQQGK43U%FC").is_err());
    assert!(uri::parse("otpauth://totp/a?secret=MFZWIZLTOQQGK43U&period=%FC").is_err());
}

#[test]
fn cotp_says_yandex_where_others_say_yaotp() {
    let of = |kind: &str| parse(&format!("otpauth://{kind}/a?secret=ORSXG5DJNZTXIZLTORUW4ZZRGI&pin_length=4"));
    assert_eq!((of("yandex").kind, of("yandex").secret), (of("yaotp").kind, of("yaotp").secret));
}

/// A remark behind a URI had become the end of its key, wherever its letters were base32.
#[test]
fn a_remark_behind_a_key_is_none_of_it() {
    let key = |text: &str| uri::parse(text).map(|parsed| parsed.account.secret.expose().to_vec());
    for remark in ["my mail", "MY MAIL", "mail", "jbswy3dpehpk3pxp", "= mail", "\u{a0}mail"] {
        for start in ["otpauth://totp/a?secret=JBSWY3DPEHPK3PXP", "steam://JBSWY3DPEHPK3PXP"] {
            assert_eq!(key(&format!("{start} {remark}")), Err(UriError::TextBehindKey), "{start} {remark}");
        }
    }
    assert!(key("otpauth://totp/a?secret=- -").is_err());
    let typed = |text: &str| uri::secret_from_text(text).map(|secret| secret.expose().to_vec());
    for (text, is_key) in [
        ("JBSWY3DPEHPK3PXP my mail", false),
        ("jbswy3dpehpk3pxp MAIL", false),
        ("JBSW Y3DPEHPK 3PXP", true),
        ("jbsw  y3dpehpk-3pxp", true),
        ("JBSW y3dp EHPK 3pxp", true),
        ("jbswY3DPehpk3PXP", true),
    ] {
        let expected = if is_key { typed("JBSWY3DPEHPK3PXP") } else { Err(UriError::TextBehindKey) };
        assert_eq!(typed(text), expected, "{text}");
    }
    // The blanks of a key that is shown in groups are nobody's remark.
    for groups in
        ["jbsw y3dp ehpk 3pxp", "JBSWY3DP  EHPK3PXP", "JBSW Y3DP EHPK 3PXP&digits=8", "JBSWY3DPEHPK3PXP &digits=8"]
    {
        let expected = key("otpauth://totp/a?secret=JBSWY3DPEHPK3PXP");
        assert_eq!(key(&format!("otpauth://totp/a?secret={groups}")), expected, "{groups}");
    }
}

#[test]
fn limits_hold() {
    let key = |length| format!("otpauth://totp/a?secret={}", "A".repeat(length));
    assert!(uri::parse(&key(4096)).is_ok());
    assert!(uri::parse(&key(4097)).is_err());
    assert!(uri::parse(&key(9000)).is_err());
    assert!(uri::parse(&format!("otpauth://totp/{}?secret=MFZWIZLTOQQGK43U", "a".repeat(257))).is_err());
}

#[test]
fn a_parameter_says_one_thing() {
    let twice = |pairs: &str| uri::parse(&format!("otpauth://totp/a?secret=MFZWIZLTOQQGK43U&{pairs}")).map(drop);
    assert_eq!(twice("secret=MFZWIZLTOQQGK43U&digits=8&digits=8&algo=SHA256&algorithm=SHA256"), Ok(()));
    // OTPClient writes its own and the person's.
    assert_eq!(twice("issuer=Steam&issuer=steam"), Ok(()));
    assert_eq!(twice("issuer=Steam&issuer=Shop"), Err(UriError::Twice("issuer")));
    assert_eq!(twice("secret=GEZDGNBVGY3TQOJQ"), Err(UriError::Twice("secret")));
    assert_eq!(twice("digits=6&digits=8"), Err(UriError::Twice("digits")));
}

#[test]
fn a_hash_function_has_many_names() {
    let of = |name: &str| uri::parse(&format!("otpauth://totp/a?secret=MFZWIZLTOQQGK43U&algorithm={name}"));
    for (name, expected) in [
        ("", Algorithm::Sha1),
        ("sha", Algorithm::Sha1),
        ("HmacSHA1", Algorithm::Sha1),
        ("SHA-256", Algorithm::Sha256),
        ("HMAC-SHA-512", Algorithm::Sha512),
    ] {
        assert_eq!(of(name).unwrap().account.kind, Kind::Totp { algorithm: expected, digits: 6, period: 30 }, "{name}");
    }
    for name in ["HMAC", "HMACHMACSHA1", "SHA224", "MD5", "SHA3-256"] {
        assert!(of(name).is_err(), "{name}");
    }
}

#[test]
fn whatever_is_odd_is_noted() {
    let key = "secret=MFZWIZLTOQQGK43UMFZWIZLTOQQGK43U";
    for (text, expected) in [
        (format!("otpauth://totp/Site:me?{key}&issuer=Site"), vec![]),
        (format!("otpauth://totp/site:me?{key}&issuer=Site"), vec![]),
        (format!("otpauth://totp/Site:me?{key}&issuer=Other"), vec!["prefix-differs"]),
        (format!("otpauth://hotp/Site:me?{key}"), vec!["no-counter"]),
        (format!("otpauth://totp/me?{key}"), vec!["no-issuer"]),
        (format!("otpauth://totp/:me?{key}&issuer&algorithm="), vec!["no-issuer"]),
        (format!("otpauth://totp/Site:me?{key}&image=https%3A%2F%2Fexample.com%2Fa.png"), vec!["ignored"]),
        (format!("otpauth://totp/Site:me?{key}&codeDisplay=%7B%22trashed%22%3A%20true%7D"), vec!["trashed"]),
        (format!("otpauth://totp/Steam:me?{key}"), vec!["maybe-steam"]),
        (format!("otpauth://totp/Steam:me?{key}&digits=5"), vec!["taken-for-steam"]),
        (format!("otpauth://totp/My+Firm:me?{key}&issuer=Microsoft"), vec!["plus-in-label", "prefix-differs"]),
        (format!("otpauth://totp/My+Firm%20A:me?{key}&issuer=Microsoft"), vec!["prefix-differs"]),
        (format!("otpauth://totp/Site:me?{}&issuer=Site", key.to_lowercase()), vec!["lower-case-key"]),
        ("otpauth://yaotp/me?secret=MFZWIZLTOQQGK43UMFZWIZLTOQQGK43U".into(), vec!["no-issuer", "odd-key-length"]),
        ("otpauth://totp/A:b?secret=MFZWIZLTOR%3D%3D&issuer=A".into(), vec!["padded-key", "loose-bits", "weak-key"]),
        ("motp://A:b?secret=0123456789".into(), vec!["weak-key"]),
    ] {
        let ids: Vec<&str> = uri::parse(&text).unwrap().notes.iter().map(|note| note.id()).collect();
        assert_eq!(ids, expected, "{text}");
    }
}

#[test]
fn every_dialect_is_an_account_of_its_kind() {
    let key = "MFZWIZLTOQQGK43U";
    for (text, kind) in [
        (format!("OTPAUTH://TOTP/A?SECRET={key}"), "totp"),
        (format!("apple-otpauth://totp/A:b?secret={key}&issuer=A"), "totp"),
        (format!("otpauth://totp/A:b?secret={key}&amp;issuer=A&amp;digits=8"), "totp"),
        (format!("otpauth://hotp/A:b?secret={key}&counter=18446744073709551614"), "hotp"),
        (format!("otpauth://totp/A:b?secret={key}&encoder=steam"), "steam"),
        (format!("otpauth://totp/A:b?secret={key}&steam"), "steam"),
        (format!("otpauth://totp/A:b?secret={key}&steam=True"), "steam"),
        (format!("otpauth://totp/A:b?secret={key}&steam=false"), "totp"),
        (format!("otpauth://steam/A:b?secret={key}"), "steam"),
        (format!("steam://{key}"), "steam"),
        (format!("otpauth://yaotp/b?secret={key}MFZWIZLTOQ&pin=GEZDGNA"), "yandex"),
        ("motp://A:b?secret=0123456789ABCDEF".into(), "motp"),
        ("otpauth://motp/A:b?secret=0123456789ABCDEF".into(), "motp"),
    ] {
        assert_eq!(parse(&text).kind.name(), kind, "{text}");
    }
    for motp in ["motp://A:b?secret=0123456789ABCDEF", "otpauth://MOTP/b?secret=0123456789abcdef&issuer=A"] {
        let account = parse(motp);
        assert_eq!(account.secret.expose(), b"0123456789abcdef", "{motp}");
        assert_eq!((account.issuer.as_str(), account.name.as_str()), ("A", "b"), "{motp}");
    }
    let yandex = parse("otpauth://yaotp/b?secret=MFZWIZLTOQQGK43UMFZWIZLTOQ&pin=GEZDGNA");
    assert_eq!(yandex.kind, Kind::Yandex { pin: Some("1234".into()), pin_length: None });
    for plain in ["1809", "2345", "2222"] {
        let yandex = parse(&format!("otpauth://yaotp/b?secret=MFZWIZLTOQQGK43UMFZWIZLTOQ&pin={plain}"));
        assert_eq!(yandex.kind, Kind::Yandex { pin: Some(plain.into()), pin_length: None });
    }
}

#[test]
fn names_with_colons_are_split_once() {
    for (label, issuer, name) in [
        ("Site:alice@example.com:443", "", "alice@example.com:443"),
        ("Site%3A%20alice", "", "alice"),
        ("Site%3Aone:alice", "Site%3Aone", "alice"),
        (":alice", "", "alice"),
        ("", "", ""),
    ] {
        let account = parse(&format!("otpauth://totp/{label}?secret=MFZWIZLTOQQGK43U&issuer={issuer}"));
        assert_eq!((account.name.as_str(), account.prefix), (name, None), "{label}");
    }
}

#[test]
fn hashes_are_known_in_every_spelling() {
    for (name, algorithm) in [
        ("sha1", Algorithm::Sha1),
        ("HmacSHA256", Algorithm::Sha256),
        ("SHA-256", Algorithm::Sha256),
        ("HMAC-SHA-512", Algorithm::Sha512),
    ] {
        let kind = parse(&format!("otpauth://totp/a?secret=MFZWIZLTOQQGK43U&algorithm={name}")).kind;
        assert_eq!(kind, Kind::Totp { algorithm, digits: 6, period: 30 }, "{name}");
    }
    for name in ["MD5", "SHA224", "SHA3-256", "x"] {
        assert!(uri::parse(&format!("otpauth://totp/a?secret=MFZWIZLTOQQGK43U&algorithm={name}")).is_err(), "{name}");
    }
}

#[test]
fn numbers_at_their_ends() {
    let with = |more: &str| uri::parse(&format!("otpauth://totp/a?secret=MFZWIZLTOQQGK43U&{more}")).is_ok();
    for good in ["digits=4", "digits=10", "period=1", "period=86400", "digits=", "period="] {
        assert!(with(good), "{good} was refused");
    }
    for bad in [
        "digits=3",
        "digits=11",
        "digits=-6",
        "digits=6.0",
        "digits=18446744073709551622",
        "digits=256",
        "period=0",
        "period=-30",
        "period=86401",
        "period=1000000000000000000",
        "period=4294967326",
    ] {
        assert!(!with(bad), "{bad} was taken");
    }
}

#[test]
fn half_a_secret_is_none() {
    let text = "otpauth://totp/a?secret=MFZWIZLTOQQGK43U&2step_salt=8&2step_output=20";
    assert_eq!(uri::parse(text).unwrap_err(), UriError::TwoStep);
}

/// Kinds, each with a key that it can have.
fn kinds() -> impl Strategy<Value = (Kind, Vec<u8>)> {
    let algorithm = || prop_oneof![Just(Algorithm::Sha1), Just(Algorithm::Sha256), Just(Algorithm::Sha512)];
    let key = || proptest::collection::vec(any::<u8>(), 1..64);
    prop_oneof![
        (algorithm(), 4u8..=10, 1u32..=86_400, key())
            .prop_map(|(algorithm, digits, period, key)| (Kind::Totp { algorithm, digits, period }, key)),
        (algorithm(), 4u8..=10, 0..u64::MAX, key())
            .prop_map(|(algorithm, digits, counter, key)| (Kind::Hotp { algorithm, digits, counter }, key)),
        key().prop_map(|key| (Kind::Steam, key)),
        (proptest::option::of(4u8..=16), proptest::collection::vec(any::<u8>(), 16..26))
            .prop_map(|(pin_length, key)| (Kind::Yandex { pin: None, pin_length }, key)),
        "[0-9a-f]{16,32}|[g-z&%#=+]{1,20}".prop_map(|text| (Kind::Motp { pin: None }, text.into_bytes())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_is_read_again(
        issuer in "[^\\p{C}]{0,30}|Microsoft|A:B", name in "[^\\p{C}]{0,40}|[a-c:+%&#? ]{0,9}",
        prefix in proptest::option::of("[^:\\p{C}]{1,20}"), (kind, key) in kinds(),
    ) {
        let (issuer, name) = (issuer.trim().to_owned(), name.trim().to_owned());
        let prefix = prefix.map(|prefix| prefix.trim().to_owned());
        // What a label can't say: no prefix, the issuer's own name, and where an issuer with a colon begins.
        let prefix = prefix.filter(|prefix| {
            let own = issuer.split(':').any(|start| start.eq_ignore_ascii_case(prefix));
            !issuer.is_empty() && !prefix.is_empty() && !own
        });
        let account = Account { issuer, name, prefix, kind, secret: Secret::new(key) };
        let printed = uri::print(&account);
        prop_assert_eq!(uri::parse(printed.expose()).unwrap().account, account);
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,300}") {
        let _ = countersign_core::payload::classify(&text);
        for start in ["otpauth://totp/", "otpauth://totp/a?secret=", "otpauth://yaotp/a?secret=", "steam://", "motp://",
            "https://login.microsoftonline.com/", "https://m-1.duosecurity.com/", "duo://", "phonefactor://"] {
            let _ = countersign_core::payload::classify(&format!("{start}{text}"));
        }
        let _ = countersign_core::payload::classify(&format!("otpauth-migration://offline?data={text}"));
        let _ = (text::visible(&text), text::skeleton(&text));
    }

    #[test]
    fn no_export_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let data = data_encoding::BASE64URL_NOPAD.encode(&bytes);
        let _ = countersign_core::payload::classify(&format!("otpauth-migration://offline?data={data}"));
    }
}

#[test]
fn a_parameter_that_is_a_programs_own_is_found_by_its_name() {
    let uri = "otpauth://totp/a?secret=MFZW&codeDisplay=%7B%22note%22%3A%22a+b%22%7D&bad=%ff";
    let value = |name: &str| uri::parameter(uri, name).map(|value| value.to_string());
    assert_eq!(value("codedisplay").as_deref(), Some("{\"note\":\"a b\"}"));
    assert_eq!((value("data"), value("bad")), (None, None));
}
