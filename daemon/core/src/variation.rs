//! What else a site may compute when it refuses the codes of an account that was kept as its QR says.
//!
//! Many servers ignore what their own QR declares, and a clock that is wrong by more than the site allows for makes every
//! code wrong. Which of these it is, only the site knows: so each is tried, the likely ones first.

use crate::account::{Account, Algorithm, Kind};

/// One way in which a site may differ from the QR.
#[derive(Debug, PartialEq, Eq)]
pub struct Variation {
    /// Stable word for it.
    pub id: &'static str,
    /// What is different about its code, to be read after "the code".
    pub text: &'static str,
    algorithm: Option<Algorithm>,
    digits: Option<u8>,
    period: Option<u32>,
    /// Steps that the site's clock is ahead of this one.
    steps: i8,
}

impl Variation {
    /// Returns the one of this name that can be tried for an account.
    pub fn of(account: &Account, id: &str) -> Option<&'static Self> {
        Self::fitting(account).find(|one| one.id == id)
    }

    /// Returns those that differ from what the account says, the likely ones first.
    ///
    /// There are none where codes follow a counter: each try would use one up. Kinds with a fixed way to compute a code
    /// have only the clock to be wrong.
    pub fn fitting(account: &Account) -> impl Iterator<Item = &'static Self> {
        ALL.iter().filter(|one| one.fits(&account.kind))
    }

    /// Returns what codes are made of in this way; `None` where it is the clock that is different.
    pub fn kind(&self, account: &Account) -> Option<Kind> {
        match &account.kind {
            Kind::Totp { algorithm, digits, period } if self.steps == 0 => Some(Kind::Totp {
                algorithm: self.algorithm.unwrap_or(*algorithm),
                digits: self.digits.unwrap_or(*digits),
                period: self.period.unwrap_or(*period),
            }),
            _ => None,
        }
    }

    /// Returns the seconds that the site's clock is ahead of this one.
    pub fn shift(&self, account: &Account) -> i64 {
        i64::from(self.steps) * i64::from(account.kind.period().unwrap_or(0))
    }

    fn fits(&self, kind: &Kind) -> bool {
        match kind {
            Kind::Hotp { .. } => false,
            _ if self.steps != 0 => true,
            Kind::Totp { algorithm, digits, period } => {
                self.algorithm.is_none_or(|other| other != *algorithm)
                    && self.digits.is_none_or(|other| other != *digits)
                    && self.period.is_none_or(|other| other != *period)
            }
            Kind::Steam | Kind::Motp { .. } | Kind::Yandex { .. } => false,
        }
    }
}

const fn row(
    id: &'static str,
    algorithm: Option<Algorithm>,
    digits: Option<u8>,
    period: Option<u32>,
    text: &'static str,
) -> Variation {
    Variation { id, text, algorithm, digits, period, steps: 0 }
}

const fn clock(id: &'static str, steps: i8, text: &'static str) -> Variation {
    Variation { id, text, algorithm: None, digits: None, period: None, steps }
}

const SHA1: Option<Algorithm> = Some(Algorithm::Sha1);

#[rustfmt::skip] // a table
static ALL: [Variation; 10] = [
    row("sha1", SHA1, None, None, "computed with SHA-1, as many servers do whatever their QR says"),
    row("period-30", None, None, Some(30), "computed anew every 30 seconds, as many servers do whatever their QR says"),
    row("sha1-period-30", SHA1, None, Some(30), "computed with SHA-1 every 30 seconds, whatever the QR says"),
    row("digits-6", None, Some(6), None, "of 6 digits, as many servers want it whatever their QR says"),
    row("sha1-digits-6", SHA1, Some(6), None, "of 6 digits, computed with SHA-1, whatever the QR says"),
    row("digits-6-period-30", None, Some(6), Some(30), "of 6 digits every 30 seconds, whatever the QR says"),
    row("defaults", SHA1, Some(6), Some(30), "computed as if the QR had said nothing: SHA-1, 6 digits, every 30 seconds"),
    row("digits-8", None, Some(8), None, "of 8 digits, as some servers want it though their QR does not say so"),
    clock("clock-fast", -1, "of a step ago, as if this computer's clock were fast"),
    clock("clock-slow", 1, "of the next step, as if this computer's clock were slow"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{code::code_at, secret::Secret};

    fn account(kind: Kind) -> Account {
        let secret = Secret::new(b"12345678901234567890".to_vec());
        Account { issuer: String::new(), name: String::new(), prefix: None, kind, secret }
    }

    fn totp(algorithm: Algorithm, digits: u8, period: u32) -> Account {
        account(Kind::Totp { algorithm, digits, period })
    }

    fn ids(account: &Account) -> Vec<&'static str> {
        Variation::fitting(account).map(|one| one.id).collect()
    }

    #[test]
    fn only_what_differs_from_the_qr_is_tried_and_the_likely_first() {
        use Algorithm::{Sha1, Sha256, Sha512};
        let clocks = ["clock-fast", "clock-slow"];
        let rows: [(Account, &[&str]); 6] = [
            (totp(Sha1, 6, 30), &["digits-8"]),
            (totp(Sha256, 6, 30), &["sha1", "digits-8"]),
            (totp(Sha1, 6, 60), &["period-30", "digits-8"]),
            (totp(Sha512, 6, 60), &["sha1", "period-30", "sha1-period-30", "digits-8"]),
            (totp(Sha256, 8, 30), &["sha1", "digits-6", "sha1-digits-6"]),
            (
                totp(Sha256, 8, 60),
                &["sha1", "period-30", "sha1-period-30", "digits-6", "sha1-digits-6", "digits-6-period-30", "defaults"],
            ),
        ];
        for (account, first) in rows {
            assert_eq!(ids(&account), [first, &clocks].concat(), "{account:?}");
        }
    }

    #[test]
    fn a_fixed_way_of_computing_leaves_the_clock_and_a_counter_nothing() {
        for kind in [Kind::Steam, Kind::Motp { pin: None }, Kind::Yandex { pin: None, pin_length: None }] {
            assert_eq!(ids(&account(kind)), ["clock-fast", "clock-slow"]);
        }
        assert!(ids(&account(Kind::Hotp { algorithm: Algorithm::Sha256, digits: 8, counter: 0 })).is_empty());
    }

    #[test]
    fn each_gives_another_code_than_the_account() {
        let account = totp(Algorithm::Sha256, 8, 60);
        let at = 1_700_000_000;
        let mut codes = vec![code_at(&account, at, None).unwrap().expose().to_owned()];
        for one in Variation::fitting(&account) {
            let varied = one.kind(&account).map_or_else(|| totp(Algorithm::Sha256, 8, 60), self::account);
            let code = code_at(&varied, at.saturating_add_signed(one.shift(&account)), None).unwrap();
            assert!(!codes.contains(&code.expose().to_owned()), "{}", one.id);
            codes.push(code.expose().to_owned());
        }
    }

    #[test]
    fn a_clock_is_wrong_by_the_accounts_own_period() {
        let account = totp(Algorithm::Sha1, 6, 60);
        let [fast, slow] = ["clock-fast", "clock-slow"].map(|id| Variation::of(&account, id).unwrap());
        assert_eq!([fast.shift(&account), slow.shift(&account)], [-60, 60]);
        assert_eq!((fast.kind(&account), slow.kind(&account)), (None, None));
        assert!(Variation::of(&account, "sha1").is_none(), "it says so already");
    }
}
