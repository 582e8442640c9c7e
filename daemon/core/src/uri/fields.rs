//! The parameters of a URI that say something here.

use zeroize::Zeroizing;

use super::{
    Note, UriError,
    escape::{decode, decode_name},
    key,
};
use crate::{
    account::{Algorithm, Kind},
    secret::{Secret, SecretText},
};

/// The parameters, each as it stands there.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) secret: Option<Zeroizing<String>>,
    pub(super) issuer: Option<String>,
    /// What is odd about parameters that are not kept.
    pub(super) notes: Vec<Note>,
    pub(super) two_step: bool,
    algorithm: Option<String>,
    digits: Option<String>,
    period: Option<String>,
    counter: Option<String>,
    pin_length: Option<String>,
    pin: Option<Zeroizing<String>>,
    steam: bool,
}

/// Takes an issuer and a period apart that Ente's first versions glued together, with a sign that is escaped in any other
/// issuer: `Shopperiod=30`.
fn with_period(issuer: &str) -> Option<(&str, &str)> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    issuer.rsplit_once("period=").filter(|(_, period)| is_number(period))
}

impl Fields {
    pub(super) fn read(query: &str) -> Result<Self, UriError> {
        let (mut fields, mut glued) = (Self::default(), None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // Pages forget to undo their own HTML.
            let name = name.trim_start_matches("amp;").to_ascii_lowercase();
            if name == "secret" && !key::stands_alone(value) {
                return Err(UriError::TextBehindKey);
            }
            if name == "issuer" {
                glued = with_period(value);
            }
            let value = if name == "issuer" { decode_name(value, true) } else { decode(value, true)? };
            fields.take(&name, Zeroizing::new(value.into_owned()))?;
        }
        if let (None, Some((issuer, period))) = (&fields.period, glued) {
            fields.issuer = Some(decode_name(issuer, true).into_owned());
            fields.period = Some(period.to_owned());
        }
        Ok(fields)
    }

    fn take(&mut self, name: &str, value: Zeroizing<String>) -> Result<(), UriError> {
        let (place, name) = match name {
            "secret" => return once(&mut self.secret, value, "secret"),
            "pin" => return once(&mut self.pin, value, "pin"),
            // Two that differ in the case of their letters say the same.
            "issuer" if self.issuer.as_ref().is_some_and(|before| before.eq_ignore_ascii_case(&value)) => return Ok(()),
            "issuer" => (&mut self.issuer, "issuer"),
            "algorithm" | "algo" => (&mut self.algorithm, "algorithm"),
            "digits" => (&mut self.digits, "digits"),
            "period" => (&mut self.period, "period"),
            "counter" => (&mut self.counter, "counter"),
            "pin_length" => (&mut self.pin_length, "pin_length"),
            other => {
                self.mark(other, &value);
                return Ok(());
            }
        };
        once(place, value.to_string(), name)
    }

    fn mark(&mut self, name: &str, value: &str) {
        match name {
            "encoder" if value.eq_ignore_ascii_case("steam") => self.steam = true,
            "steam" if !matches!(value.to_ascii_lowercase().as_str(), "false" | "no" | "0") => self.steam = true,
            "2step_salt" | "2step_output" | "2step_difficulty" => self.two_step = true,
            // Ente writes its own state as JSON.
            "codedisplay" => {
                let plain: String = value.chars().filter(|c| !c.is_whitespace()).collect();
                self.notes.extend(plain.contains("\"trashed\":true").then_some(Note::Trashed));
            }
            _ if self.notes.contains(&Note::Ignored) => {}
            _ => self.notes.push(Note::Ignored),
        }
    }

    /// Returns the key, and what is odd about it.
    pub(super) fn key(&self) -> Result<(Secret, Vec<Note>), UriError> {
        key::read(self.secret.as_ref().ok_or(UriError::NoSecret)?)
    }

    /// Returns how codes are made, by the type's name and the issuer.
    pub(super) fn kind(&self, name: &str, issuer: &str, notes: &mut Vec<Note>) -> Result<Kind, UriError> {
        if name == "steam" || self.steam {
            return Ok(Kind::Steam);
        }
        if matches!(name, "yaotp" | "yandex") {
            let pin_length = number(self.pin_length.as_deref(), "pin_length")?;
            return Ok(Kind::Yandex { pin: self.yandex_pin(), pin_length });
        }
        let algorithm = algorithm(self.algorithm.as_deref())?;
        let digits: Option<u8> = number(self.digits.as_deref(), "digits")?;
        if name == "totp" && issuer.eq_ignore_ascii_case("steam") {
            // Steam's codes have five letters, and nobody else's have five of anything.
            if digits == Some(5) {
                notes.push(Note::TakenForSteam);
                return Ok(Kind::Steam);
            }
            notes.extend(digits.is_none().then_some(Note::MaybeSteam));
        }
        let digits = digits.unwrap_or(6);
        if !(4..=10).contains(&digits) {
            return Err(UriError::BadValue("digits"));
        }
        if name == "totp" {
            let period = number(self.period.as_deref(), "period")?.unwrap_or(30);
            return match period {
                1..=86_400 => Ok(Kind::Totp { algorithm, digits, period }),
                _ => Err(UriError::BadValue("period")),
            };
        }
        let counter = number(self.counter.as_deref(), "counter")?;
        notes.extend(counter.is_none().then_some(Note::NoCounter));
        match counter.unwrap_or(0) {
            // The next one would be 0 again.
            u64::MAX => Err(UriError::BadValue("counter")),
            counter => Ok(Kind::Hotp { algorithm, digits, counter }),
        }
    }

    /// Aegis writes the PIN as base32 of its text; digits alone, and what is no such text, are the PIN itself.
    fn yandex_pin(&self) -> Option<SecretText> {
        let pin = self.pin.as_ref().filter(|pin| !pin.is_empty())?;
        let decoded = key::read(pin).ok().filter(|_| !pin.bytes().all(|byte| byte.is_ascii_digit()));
        let decoded = decoded.as_ref().and_then(|(bytes, _)| str::from_utf8(bytes.expose()).ok());
        Some(SecretText::from(decoded.unwrap_or(pin)))
    }
}

fn once<T: PartialEq>(place: &mut Option<T>, value: T, name: &'static str) -> Result<(), UriError> {
    match place {
        // Of two values one would be taken silently, and perhaps the wrong one.
        Some(before) if *before != value => Err(UriError::Twice(name)),
        _ => {
            *place = Some(value);
            Ok(())
        }
    }
}

/// Reads a hash function's name; none is SHA-1.
pub(super) fn algorithm(text: Option<&str>) -> Result<Algorithm, UriError> {
    match text.map(str::trim).filter(|text| !text.is_empty()) {
        None => Ok(Algorithm::Sha1),
        Some(name) => Algorithm::of_name(name).ok_or(UriError::BadValue("algorithm")),
    }
}

/// Reads a number; an empty value is none.
pub(super) fn number<T: std::str::FromStr>(text: Option<&str>, what: &'static str) -> Result<Option<T>, UriError> {
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| UriError::BadValue(what)),
    }
}
