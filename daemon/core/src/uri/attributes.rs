//! Accounts as `KeePass` programs write them: attributes of an entry in the place of one URI.

use zeroize::Zeroizing;

use super::{
    Note, Parsed, UriError,
    escape::decode,
    fields::{algorithm, number},
    key, parse,
};
use crate::{
    account::{Account, Algorithm, Kind},
    secret::Secret,
};

/// Reads an account out of an entry's attributes, and `None` where none of them is about codes.
///
/// `otp` (a URI, or `key=…&step=…&size=…`), `TOTP Seed` with `TOTP Settings`, `TimeOtp-…` and `HmacOtp-…` are known.
/// Issuer and name stay empty where no URI tells them: they are the entry's title and user.
pub fn from_attributes<'a>(
    attributes: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Option<Parsed>, UriError> {
    let attributes: Vec<(&str, &str)> = attributes.into_iter().collect();
    let value = |name: &str| attributes.iter().find(|(other, _)| *other == name).map(|(_, value)| value.trim());
    if let Some(text) = value("otp") {
        return if text.contains("://") { parse(text) } else { from_pairs(text) }.map(Some);
    }
    if let Some(seed) = value("TOTP Seed") {
        return from_settings(seed, value("TOTP Settings").unwrap_or_default()).map(Some);
    }
    for prefix in ["TimeOtp", "HmacOtp"] {
        let own = |name: &str| value(&format!("{prefix}-{name}"));
        if let Some((secret, notes)) = keepass_key(own)? {
            return keepass_kind(prefix, own).map(|kind| Some(parsed(kind, secret, notes)));
        }
    }
    Ok(None)
}

/// `key=…&step=…&size=…&type=…&otpHashMode=…`, as `KeeOtp` writes it.
fn from_pairs(text: &str) -> Result<Parsed, UriError> {
    let mut pairs = Vec::new();
    for pair in text.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.push((name.to_ascii_lowercase(), Zeroizing::new(decode(value, true)?.into_owned())));
    }
    let value = |name: &str| pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    let (secret, notes) = key::read(value("key").ok_or(UriError::NoSecret)?)?;
    let algorithm = algorithm(value("otphashmode"))?;
    let digits = digits(value("size"))?;
    let kind = match value("type").unwrap_or("totp").to_ascii_lowercase().as_str() {
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

/// Reads `KeePass`'s own key, in one of its four writings.
fn keepass_key<'a>(own: impl Fn(&str) -> Option<&'a str>) -> Result<Option<(Secret, Vec<Note>)>, UriError> {
    let plain = |bytes: Vec<u8>| {
        let weak = key::weak(bytes.len() * 8).into_iter().collect();
        if bytes.is_empty() { Err(UriError::NoSecret) } else { Ok(Some((Secret::new(bytes), weak))) }
    };
    if let Some(text) = own("Secret-Base32") {
        return key::read(text).map(Some);
    }
    if let Some(text) = own("Secret-Hex") {
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes());
        return plain(bytes.map_err(|_| UriError::BadValue("Secret-Hex"))?);
    }
    if let Some(text) = own("Secret-Base64") {
        return plain(data_encoding::BASE64.decode(text.as_bytes()).map_err(|_| UriError::BadValue("Secret-Base64"))?);
    }
    own("Secret").map_or(Ok(None), |text| plain(text.as_bytes().to_vec()))
}

fn keepass_kind<'a>(prefix: &str, own: impl Fn(&str) -> Option<&'a str>) -> Result<Kind, UriError> {
    if prefix == "HmacOtp" {
        return Ok(Kind::Hotp { algorithm: Algorithm::Sha1, digits: 6, counter: counter(own("Counter"))? });
    }
    let (algorithm, digits) = (algorithm(own("Algorithm"))?, digits(own("Length"))?);
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

    fn read(attributes: &[(&'static str, &'static str)]) -> Result<Option<Parsed>, UriError> {
        from_attributes(attributes.iter().copied())
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
        ] {
            let parsed = read(&attributes).unwrap().unwrap();
            assert_eq!(parsed.account.kind, kind, "{attributes:?}");
            assert_eq!(
                parsed.account.secret.expose(),
                b"Hello!\xde\xad\xbe\xefHello!\xde\xad\xbe\xef",
                "{attributes:?}"
            );
        }
        let plain = read(&[("TimeOtp-Secret", "hush")]).unwrap().unwrap();
        assert_eq!(plain.account.secret.expose(), b"hush");
    }

    #[test]
    fn an_entry_without_codes_is_none_and_a_broken_one_an_error() {
        assert!(read(&[("Title", "x"), ("URL", "https://example.com")]).unwrap().is_none());
        for attributes in [
            vec![("otp", "step=30")],
            vec![("otp", "key=A1&step=30")],
            vec![("otp", "key=JBSWY3DPEHPK3PXP&step=0")],
            vec![("otp", "key=JBSWY3DPEHPK3PXP&type=other")],
            vec![("TOTP Seed", "JBSWY3DPEHPK3PXP"), ("TOTP Settings", "30;11")],
            vec![("TimeOtp-Secret-Hex", "xy")],
            vec![("HmacOtp-Secret", "hush"), ("HmacOtp-Counter", "18446744073709551615")],
        ] {
            assert!(read(&attributes).is_err(), "{attributes:?} was taken");
        }
    }
}
