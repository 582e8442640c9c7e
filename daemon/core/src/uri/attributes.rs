//! Accounts as `KeePass` programs write them: attributes of an entry in the place of one URI.

use zeroize::Zeroizing;

use super::{
    Note, Parsed, UriError,
    escape::decode,
    fields::{algorithm, number},
    key::{self, MAX_KEY},
    parse,
};
use crate::{
    account::{Account, Algorithm, Kind},
    secret::Secret,
};

/// Reads the accounts out of an entry's attributes: none where no attribute is about codes.
///
/// `otp` (a URI, or `key=…&step=…&size=…`), its further ones `otp_1`, `otp_2`, …, `TOTP Seed` with `TOTP Settings`,
/// `TimeOtp-…` and `HmacOtp-…` are known. What is empty says nothing; what says an account again, for another program,
/// is passed over, but for a higher counter. Issuer and name stay empty where no URI tells them: they are the entry's
/// title and user.
pub fn from_attributes<'a>(attributes: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Result<Parsed, UriError>> {
    let attributes = attributes.into_iter().map(|(name, value)| (name, value.trim()));
    let attributes: Vec<(&str, &str)> = attributes.filter(|(_, value)| !value.is_empty()).collect();
    let value = |name: &str| attributes.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
    let mut all = Vec::new();
    for text in otps(&attributes) {
        add(&mut all, if text.contains("://") { parse(text) } else { from_pairs(text) }, makes_same);
    }
    let seed = value("TOTP Seed").map(|seed| from_settings(seed, value("TOTP Settings").unwrap_or_default()));
    let own = ["TimeOtp", "HmacOtp"].iter().filter_map(|prefix| from_own(prefix, value));
    for one in seed.into_iter().chain(own) {
        // For another program, which may not know as many parameters.
        add(&mut all, one, |one, other| one.name() == other.name());
    }
    all
}

/// Returns the values of `otp`, `otp_1`, `otp_2`, …, in this order.
fn otps<'a>(attributes: &[(&str, &'a str)]) -> Vec<&'a str> {
    let number = |name: &str| match name.strip_prefix("otp")? {
        "" => Some(0),
        rest => rest.strip_prefix('_')?.parse::<u32>().ok(),
    };
    let mut all: Vec<_> = attributes.iter().filter_map(|(name, value)| Some((number(name)?, *value))).collect();
    all.sort_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, value)| value).collect()
}

/// Adds what is not there by its key and kind; of an account that is there by another counter the higher one holds.
fn add(all: &mut Vec<Result<Parsed, UriError>>, one: Result<Parsed, UriError>, is_same: fn(&Kind, &Kind) -> bool) {
    let same = one.as_ref().ok().and_then(|Parsed { account: own, .. }| {
        let mut accounts = all.iter_mut().flatten().map(|parsed| &mut parsed.account);
        let there = accounts.find(|there| there.secret == own.secret && is_same(&there.kind, &own.kind))?;
        Some((&mut there.kind, &own.kind))
    });
    match same {
        Some((Kind::Hotp { counter, .. }, Kind::Hotp { counter: own, .. })) => *counter = (*counter).max(*own),
        Some(_) => {}
        None => all.push(one),
    }
}

/// Says whether two kinds make the same codes of a key, at one counter or another.
fn makes_same(one: &Kind, other: &Kind) -> bool {
    match (one, other) {
        (Kind::Hotp { algorithm, digits, .. }, Kind::Hotp { algorithm: its, digits: length, .. }) => {
            (algorithm, digits) == (its, length)
        }
        _ => one == other,
    }
}

/// `key=…&encoding=…&step=…&size=…&type=…&encoder=…&otpHashMode=…`, as `KeeOtp` writes it.
fn from_pairs(text: &str) -> Result<Parsed, UriError> {
    let mut pairs = Vec::new();
    for pair in text.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // A plus sign is one: the plugin escapes no more than it must.
        pairs.push((name.to_ascii_lowercase(), Zeroizing::new(decode(value, false)?.into_owned())));
    }
    let value = |name: &str| pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    let writing = Writing::named(value("encoding").unwrap_or("Base32"))?;
    let (secret, notes) = writing.read(value("key").ok_or(UriError::NoSecret)?, "key")?;
    let algorithm = algorithm(value("otphashmode"))?;
    let digits = digits(value("size"))?;
    let is_steam = value("encoder").is_some_and(|encoder| encoder.eq_ignore_ascii_case("steam"));
    let kind = match value("type").unwrap_or("totp").to_ascii_lowercase().as_str() {
        "totp" if is_steam => Kind::Steam,
        "totp" => Kind::Totp { algorithm, digits, period: period(value("step"))? },
        "hotp" => Kind::Hotp { algorithm, digits, counter: counter(value("counter"))? },
        "steam" => Kind::Steam,
        _ => return Err(UriError::UnknownType),
    };
    Ok(parsed(kind, secret, notes))
}

/// `30;6`, or `30;S` for Steam, beside the key.
fn from_settings(seed: &str, settings: &str) -> Result<Parsed, UriError> {
    let (secret, notes) = key::read(seed)?;
    let mut parts = settings.split(';').map(str::trim);
    let (step, size) = (parts.next(), parts.next());
    let kind = match size {
        Some("S") => Kind::Steam,
        size => Kind::Totp { algorithm: Algorithm::Sha1, digits: digits(size)?, period: period(step)? },
    };
    Ok(parsed(kind, secret, notes))
}

/// `TimeOtp-Secret-…` or `HmacOtp-Secret-…` and what stands beside it, which are `KeePass`'s own.
fn from_own<'a>(prefix: &str, value: impl Fn(&str) -> Option<&'a str>) -> Option<Result<Parsed, UriError>> {
    let own = |name: &str| value(&format!("{prefix}-{name}"));
    let key = WRITINGS.iter().find_map(|(name, writing)| own(name).map(|text| writing.read(text, name)))?;
    Some(key.and_then(|(secret, notes)| Ok(parsed(keepass_kind(prefix, own)?, secret, notes))))
}

/// How a key is written.
#[derive(Clone, Copy)]
enum Writing {
    Base32,
    Hex,
    Base64,
    /// The text is the key.
    Text,
}

impl Writing {
    /// Returns the writing of this name in `KeeOtp`.
    fn named(name: &str) -> Result<Self, UriError> {
        match name.to_ascii_lowercase().as_str() {
            "base32" => Ok(Self::Base32),
            "hex" => Ok(Self::Hex),
            "base64" => Ok(Self::Base64),
            "utf8" => Ok(Self::Text),
            _ => Err(UriError::BadValue("encoding")),
        }
    }

    /// Reads a key that stands in an attribute of this name.
    fn read(self, text: &str, name: &'static str) -> Result<(Secret, Vec<Note>), UriError> {
        // People put spaces between groups, and leave padding away.
        let plain = || Zeroizing::new(text.split_whitespace().collect::<String>());
        let bytes = match self {
            Self::Base32 => return key::read(text),
            Self::Hex => data_encoding::HEXLOWER_PERMISSIVE.decode(plain().as_bytes()),
            Self::Base64 => data_encoding::BASE64_NOPAD.decode(plain().trim_end_matches('=').as_bytes()),
            Self::Text => Ok(text.as_bytes().to_vec()),
        };
        let bytes = bytes.map_err(|_| UriError::BadValue(name))?;
        match bytes.len() {
            0 => Err(UriError::NoSecret),
            length if length > MAX_KEY => Err(UriError::TooLong { what: "key", most: MAX_KEY }),
            length => Ok((Secret::new(bytes), key::weak(length * 8).into_iter().collect())),
        }
    }
}

/// The names of `KeePass`'s own keys, in the order in which it looks for them.
const WRITINGS: [(&str, Writing); 4] = [
    ("Secret", Writing::Text),
    ("Secret-Hex", Writing::Hex),
    ("Secret-Base32", Writing::Base32),
    ("Secret-Base64", Writing::Base64),
];

fn keepass_kind<'a>(prefix: &str, own: impl Fn(&str) -> Option<&'a str>) -> Result<Kind, UriError> {
    // Counter-based codes have these by KeeOtp2 only.
    let (algorithm, digits) = (algorithm(own("Algorithm"))?, digits(own("Length"))?);
    if prefix == "HmacOtp" {
        return Ok(Kind::Hotp { algorithm, digits, counter: counter(own("Counter"))? });
    }
    Ok(Kind::Totp { algorithm, digits, period: period(own("Period"))? })
}

fn digits(text: Option<&str>) -> Result<u8, UriError> {
    let digits = number(text, "digits")?.unwrap_or(6);
    if (4..=10).contains(&digits) { Ok(digits) } else { Err(UriError::BadValue("digits")) }
}

fn period(text: Option<&str>) -> Result<u32, UriError> {
    let period = number(text, "period")?.unwrap_or(30);
    if (1..=86_400).contains(&period) { Ok(period) } else { Err(UriError::BadValue("period")) }
}

fn counter(text: Option<&str>) -> Result<u64, UriError> {
    match number(text, "counter")?.unwrap_or(0) {
        // The next one would be 0 again.
        u64::MAX => Err(UriError::BadValue("counter")),
        counter => Ok(counter),
    }
}

fn parsed(kind: Kind, secret: Secret, notes: Vec<Note>) -> Parsed {
    Parsed { account: Account { issuer: String::new(), name: String::new(), prefix: None, kind, secret }, notes }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(attributes: &[(&'static str, &'static str)]) -> Vec<Result<Parsed, UriError>> {
        from_attributes(attributes.iter().copied())
    }

    fn read(attributes: &[(&'static str, &'static str)]) -> Result<Parsed, UriError> {
        let mut all = all(attributes);
        assert_eq!(all.len(), 1, "{attributes:?}");
        all.remove(0)
    }

    #[test]
    fn every_writing_gives_its_account() {
        let key = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
        let totp = |algorithm, digits, period| Kind::Totp { algorithm, digits, period };
        for (attributes, kind) in [
            (vec![("otp", "otpauth://totp/a?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")], Kind::totp()),
            (
                vec![("otp", "key=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&step=60&size=7&otpHashMode=Sha512")],
                totp(Algorithm::Sha512, 7, 60),
            ),
            (
                vec![("otp", "Key=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&Type=Hotp&counter=9")],
                Kind::Hotp { algorithm: Algorithm::Sha1, digits: 6, counter: 9 },
            ),
            (vec![("otp", "key=48656C6C6F21deadbeef48656c6c6f21deadbeef&encoding=hex")], Kind::totp()),
            (vec![("otp", "key=SGVsbG8h3q2%2B70hlbGxvId6tvu8%3D&encoding=Base64")], Kind::totp()),
            (vec![("otp", "key=SGVsbG8h3q2+70hlbGxvId6tvu8%3D&encoding=base64")], Kind::totp()),
            (vec![("otp", "key=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&encoding=Base32")], Kind::totp()),
            (vec![("otp", "key=48656C6C 6F21dead beef4865 6c6c6f21 deadbeef&encoding=Hex")], Kind::totp()),
            (vec![("otp", "key=SGVsbG8h3q2+70hlbGxvId6tvu8&encoding=Base64")], Kind::totp()),
            (vec![("otp", "key=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&encoder=Steam&size=5")], Kind::Steam),
            (vec![("TOTP Settings", "15;8"), ("TOTP Seed", key)], totp(Algorithm::Sha1, 8, 15)),
            (vec![("TOTP Settings", "30;S"), ("TOTP Seed", key)], Kind::Steam),
            (vec![("TOTP Seed", key)], Kind::totp()),
            (
                vec![("TimeOtp-Secret-Base32", key), ("TimeOtp-Algorithm", "HMAC-SHA-256"), ("TimeOtp-Length", "8")],
                totp(Algorithm::Sha256, 8, 30),
            ),
            (vec![("TimeOtp-Secret-Hex", "48656c6c6f21DEADBEEF48656c6c6f21deadbeef")], Kind::totp()),
            (vec![("TimeOtp-Secret-Base64", "SGVsbG8h3q2+70hlbGxvId6tvu8=")], Kind::totp()),
            (
                vec![("HmacOtp-Secret-Base32", key), ("HmacOtp-Counter", "3")],
                Kind::Hotp { algorithm: Algorithm::Sha1, digits: 6, counter: 3 },
            ),
            (
                vec![("HmacOtp-Secret-Base32", key), ("HmacOtp-Length", "8"), ("HmacOtp-Algorithm", "HMAC-SHA-512")],
                Kind::Hotp { algorithm: Algorithm::Sha512, digits: 8, counter: 0 },
            ),
            (vec![("TimeOtp-Secret-Base64", "SGVsbG8h 3q2+70hlbGxv Id6tvu8")], Kind::totp()),
            (vec![("TimeOtp-Secret-Base64", "aHVzaA=="), ("TimeOtp-Secret-Base32", key)], Kind::totp()),
        ] {
            let parsed = read(&attributes).unwrap();
            assert_eq!(parsed.account.kind, kind, "{attributes:?}");
            assert_eq!(
                parsed.account.secret.expose(),
                b"Hello!\xde\xad\xbe\xefHello!\xde\xad\xbe\xef",
                "{attributes:?}"
            );
        }
        for plain in [("TimeOtp-Secret", "hu+sh"), ("otp", "key=hu+sh&encoding=UTF8")] {
            // KeePass takes the text before any other.
            let account =
                read(&[("TimeOtp-Secret-Base32", if plain.0 == "otp" { "" } else { key }), plain]).unwrap().account;
            assert_eq!(account.secret.expose(), b"hu+sh");
        }
    }

    #[test]
    fn an_entry_without_codes_is_none_and_a_broken_one_an_error() {
        assert!(all(&[("Title", "x"), ("URL", "https://example.com"), ("otp", " "), ("TOTP Seed", "")]).is_empty());
        for attributes in [
            vec![("otp", "step=30")],
            vec![("otp", "key=A1&step=30")],
            vec![("otp", "key=JBSWY3DPEHPK3PXP&step=0")],
            vec![("otp", "key=JBSWY3DPEHPK3PXP&type=other")],
            vec![("otp", "key=JBSWY3DPEHPK3PXP&encoding=base85")],
            vec![("otp", "key=JBSWY3DPEHPK3PXP&encoding=hex")],
            vec![("TimeOtp-Secret-Base64", "A")],
            vec![("TOTP Seed", "JBSWY3DPEHPK3PXP"), ("TOTP Settings", "30;11")],
            vec![("TimeOtp-Secret-Hex", "xy")],
            vec![("HmacOtp-Secret", "hush"), ("HmacOtp-Counter", "18446744073709551615")],
        ] {
            assert!(read(&attributes).is_err(), "{attributes:?} was taken");
        }
    }

    #[test]
    fn an_entry_has_as_many_accounts_as_it_says_and_each_once() {
        let kinds = |attributes: &[(&'static str, &'static str)]| -> Vec<&'static str> {
            all(attributes).iter().map(|one| one.as_ref().map_or("broken", |one| one.account.kind.name())).collect()
        };
        let (key, other) = ("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let (one, two) = ("otpauth://totp/?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "key=GEZDGNBVGY3TQOJQ&type=hotp");
        for (attributes, expected) in [
            (vec![("otp", ""), ("TOTP Seed", key)], vec!["totp"]),
            (vec![("TOTP Seed", ""), ("TimeOtp-Secret-Base32", ""), ("TimeOtp-Secret", "hush")], vec!["totp"]),
            (vec![("TimeOtp-Secret-Base32", key), ("HmacOtp-Secret-Base32", key)], vec!["totp", "hotp"]),
            (vec![("otp_10", "steam://GEZDGNBVGY3TQOJQ"), ("otp_2", two), ("otp", one)], vec!["totp", "hotp", "steam"]),
            (vec![("otp_1", "key=!"), ("otp", one)], vec!["totp", "broken"]),
            (vec![("otp", one), ("TOTP Seed", key), ("TimeOtp-Secret-Base32", key)], vec!["totp"]),
            (vec![("otp", one), ("TOTP Seed", other)], vec!["totp", "totp"]),
            (vec![("otp_x", one), ("otp", one), ("otpx", two)], vec!["totp"]),
            (vec![("otp", one), ("otp_1", one)], vec!["totp"]),
        ] {
            assert_eq!(kinds(&attributes), expected, "{attributes:?}");
        }
    }

    #[test]
    fn further_codes_of_a_key_are_accounts_where_they_differ() {
        let digits = |attributes: &[(&'static str, &'static str)]| -> Vec<u8> {
            all(attributes).iter().map(|one| one.as_ref().unwrap().account.kind.digits()).collect()
        };
        let (key, six, eight) = ("JBSWY3DPEHPK3PXP", "key=JBSWY3DPEHPK3PXP&size=6", "key=JBSWY3DPEHPK3PXP&size=8");
        assert_eq!(digits(&[("otp", six), ("otp_1", eight), ("otp_2", six)]), [6, 8]);
        assert_eq!(digits(&[("otp", eight), ("TOTP Seed", key)]), [8], "another program's own writing");
    }

    #[test]
    fn of_two_counters_the_higher_one_holds() {
        let (two, nine) = ("key=JBSWY3DPEHPK3PXP&type=hotp&counter=2", "key=JBSWY3DPEHPK3PXP&type=hotp&counter=9");
        for attributes in [
            [("otp", two), ("otp_1", nine), ("HmacOtp-Counter", "")],
            [("otp", nine), ("otp_1", two), ("HmacOtp-Counter", "")],
            [("otp", two), ("HmacOtp-Secret-Base32", "JBSWY3DPEHPK3PXP"), ("HmacOtp-Counter", "9")],
        ] {
            let kind = read(&attributes).unwrap().account.kind;
            assert_eq!(kind, Kind::Hotp { algorithm: Algorithm::Sha1, digits: 6, counter: 9 }, "{attributes:?}");
        }
    }

    #[test]
    fn no_writing_gives_a_longer_key_than_others_take() {
        let long: &'static str = "ab".repeat(MAX_KEY + 1).leak();
        for name in ["TimeOtp-Secret", "TimeOtp-Secret-Hex"] {
            assert!(matches!(read(&[(name, long)]), Err(UriError::TooLong { what: "key", .. })), "{name}");
        }
    }
}
