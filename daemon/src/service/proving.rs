//! From an account that was kept to one that the site is known to accept: by the person's word, by a later use, or by
//! another way to compute its codes that the site accepts instead.

use std::sync::Arc;

use countersign_api::{
    Error,
    types::{Confirmed, Variation as Told},
};
use countersign_core::{
    account::{Account, AccountId},
    code::{Code, code_at},
    secret::SecretText,
    text::visible,
    variation::Variation,
};

use super::{Service, accounts::entry};
use crate::convert;

impl Service {
    /// Returns what a site may compute instead of what an account says.
    pub(super) fn variations_of(&self, id: AccountId) -> Result<Vec<Told>, Error> {
        self.with_vault(|vault| {
            let account = entry(vault, id)?.account();
            Ok(Variation::fitting(account).map(|one| convert::variation(one, account)).collect())
        })
    }

    /// Takes note that the site accepts the codes of an account, as it says or in this way.
    pub(super) fn confirm_account(
        self: &Arc<Self>,
        id: AccountId,
        variation: Option<&str>,
    ) -> Result<Confirmed, Error> {
        let (title, variation, shift) = self.with_vault(|vault| {
            let account = entry(vault, id)?.account();
            let variation = variation.map(|word| varied(account, word)).transpose()?;
            Ok((visible(&account.title()), variation, variation.map_or(0, |one| one.shift(account))))
        })?;
        self.change_vault(|vault| match variation {
            None => vault.confirm(id),
            Some(one) => vault.confirm_as(id, one),
        })?;
        let changed = variation.is_some() && shift == 0;
        Ok(Confirmed { account: id.to_string(), title, changed, text: advice(changed, shift) })
    }

    /// Remembers a use of an account whose enrolment is over, behind the back of who asked: whether that can be put on
    /// disk, and how long it takes, is nothing to a code.
    pub(super) fn note_use(self: &Arc<Self>, id: AccountId) {
        if self.with_vault(|vault| Ok(vault.is_proven_by_use(id))).unwrap_or(false) {
            let service = self.clone();
            tokio::spawn(async move { service.change_vault(|vault| vault.confirm(id)) });
        }
    }
}

/// Returns the code of an account as a site may compute it instead.
pub(super) fn varied_code(account: &Account, word: &str, at: u64, pin: Option<&SecretText>) -> Result<Code, Error> {
    let variation = varied(account, word)?;
    let shift = variation.shift(account);
    let at = at.saturating_add_signed(shift);
    let code = match variation.kind(account) {
        None => code_at(account, at, pin),
        Some(kind) => {
            let (issuer, name, prefix) = (String::new(), String::new(), None);
            code_at(&Account { issuer, name, prefix, kind, secret: account.secret.duplicate() }, at, pin)
        }
    };
    let mut code = code.map_err(|error| convert::code_error(&error))?;
    // When this computer's clock shows the end of it.
    code.expires = code.expires.map(|time| time.saturating_add_signed(-shift));
    Ok(code)
}

/// Returns the seconds that a code of an account lives, as it is or in this way; 0 where codes follow a counter.
pub(super) fn period(account: &Account, variation: Option<&str>) -> Result<u32, Error> {
    let kind = variation.map(|word| varied(account, word)).transpose()?.and_then(|one| one.kind(account));
    Ok(kind.as_ref().unwrap_or(&account.kind).period().unwrap_or(0))
}

fn varied(account: &Account, word: &str) -> Result<&'static Variation, Error> {
    let none = || {
        let words: Vec<&str> = Variation::fitting(account).map(|one| one.id).collect();
        let text = match words.as_slice() {
            [] => "there is no other way to compute a code of this account".to_owned(),
            words => format!("the variations of this account are: {}", words.join(", ")),
        };
        Error::InvalidOption(text)
    };
    Variation::of(account, word).ok_or_else(none)
}

/// Says what a confirmed way to compute codes means.
fn advice(changed: bool, shift: i64) -> String {
    match shift {
        0 if changed => "Its codes are computed so from now on; countersign undo takes that back.".into(),
        0 => String::new(),
        shift => format!(
            "This computer's clock is about {} seconds {}: have it set by the network (timedatectl set-ntp true), else codes \
             go on being refused. The account stays as it is.",
            shift.abs(),
            if shift < 0 { "fast" } else { "slow" }
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        sync::atomic::{AtomicU64, Ordering},
        time::Duration,
    };

    use countersign_api::{
        accounts::AccountsBackend,
        scanner::ScannerBackend,
        secrets::SecretsBackend,
        types::{AccountInfo, CodeOptions, ConfirmOptions, InitOptions, KeepOptions, ListOptions, NoOptions},
    };
    use tempfile::TempDir;

    use super::*;
    use crate::{
        candidates::Place,
        service::{
            Door,
            testing::{caller, without_vault_by},
        },
    };

    /// Keeps this by a scan, in a vault whose clock can be moved.
    async fn enrolled(query: &str) -> (TempDir, Door, Arc<AtomicU64>) {
        let ahead = Arc::new(AtomicU64::new(0));
        let (home, door) = without_vault_by(ahead.clone());
        door.init(caller(), "old", InitOptions::default()).await.unwrap();
        let uri = format!("otpauth://totp/A:a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=A{query}");
        let id = door.held().hold(uri.as_str().into(), Place::default(), "1".into());
        ScannerBackend::keep(&door, caller(), &id, KeepOptions::default()).await.unwrap();
        (home, door, ahead)
    }

    async fn info(door: &Door) -> AccountInfo {
        door.list(caller(), ListOptions::default()).await.unwrap().remove(0)
    }

    async fn code(door: &Door, options: CodeOptions) -> String {
        door.code(caller(), "a", options).await.unwrap().0
    }

    fn varied(word: &str) -> CodeOptions {
        CodeOptions { variation: Some(word.into()), at: Some(1_111_111_109), ..CodeOptions::default() }
    }

    #[tokio::test]
    async fn a_later_use_confirms_and_the_tries_of_the_enrolment_do_not() {
        let (_home, door, ahead) = enrolled("").await;
        code(&door, CodeOptions::default()).await;
        ahead.store(601, Ordering::Relaxed);
        code(&door, varied("digits-8")).await;
        code(&door, CodeOptions { at: Some(59), ..CodeOptions::default() }).await;
        code(&door, CodeOptions { trial: Some(true), ..CodeOptions::default() }).await;
        // A spawned confirmation would have its turn here.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(!info(&door).await.confirmed);
        code(&door, CodeOptions::default()).await;
        let confirmed = async {
            while !info(&door).await.confirmed {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), confirmed).await.unwrap();
    }

    #[tokio::test]
    async fn a_use_that_can_not_be_written_down_gives_its_code_all_the_same() {
        let (home, door, ahead) = enrolled("").await;
        ahead.store(601, Ordering::Relaxed);
        fs::remove_file(home.path().join("data/vault.age")).unwrap();
        for _ in 0..3 {
            assert_eq!(code(&door, CodeOptions::default()).await.len(), 6);
            tokio::task::yield_now().await;
        }
        assert!(!info(&door).await.confirmed);
    }

    #[tokio::test]
    async fn a_variation_gives_the_code_that_it_says() {
        let (_home, door, _) = enrolled("&algorithm=SHA256&period=60").await;
        // RFC 6238, appendix B: SHA-1 at this time is 07081804.
        assert!(code(&door, varied("sha1-period-30")).await.ends_with("081804"));
        let told = door.variations(caller(), "a", NoOptions {}).await.unwrap();
        let words: Vec<&str> = told.iter().map(|one| one.variation.as_str()).collect();
        assert_eq!(words, ["sha1", "period-30", "sha1-period-30", "digits-8", "clock-fast", "clock-slow"]);
        let fast = code(&door, CodeOptions { at: Some(1_111_111_109 + 60), ..varied("clock-fast") }).await;
        assert_eq!(fast, code(&door, CodeOptions { variation: None, ..varied("") }).await);
        let unknown = door.code(caller(), "a", varied("digits-6")).await;
        assert!(matches!(&unknown, Err(Error::InvalidOption(text)) if text.contains("sha1-period-30")), "{unknown:?}");
    }

    #[tokio::test]
    async fn what_the_site_accepts_is_kept_and_a_wrong_clock_is_told() {
        let (_home, door, _) = enrolled("&algorithm=SHA256").await;
        let confirm = |word: &str| {
            let variation = (!word.is_empty()).then(|| word.to_owned());
            door.confirm(caller(), "a", ConfirmOptions { variation })
        };
        let clock = confirm("clock-slow").await.unwrap();
        assert!(!clock.changed && clock.text.contains("30 seconds slow"), "{clock:?}");
        assert_eq!((info(&door).await.algorithm.as_str(), info(&door).await.confirmed), ("SHA256", true));
        let sha1 = confirm("sha1").await.unwrap();
        assert!(sha1.changed && sha1.title == "A – a" && sha1.text.contains("undo"), "{sha1:?}");
        assert_eq!(info(&door).await.algorithm, "SHA1");
        assert!(matches!(confirm("sha1").await, Err(Error::InvalidOption(_))), "it is so already");
        assert_eq!(confirm("").await.unwrap().text, "");
        assert_eq!(door.undo(caller()).await.unwrap(), "A – a was edited");
        assert_eq!(info(&door).await.algorithm, "SHA256");
    }

    #[tokio::test]
    async fn what_is_added_by_hand_has_nothing_to_prove() {
        let (_home, door, _) = enrolled("").await;
        door.add(caller(), "otpauth://totp/B:b?secret=GEZDGNBVGY3TQOJQ", KeepOptions::default()).await.unwrap();
        let all = door.list(caller(), ListOptions::default()).await.unwrap();
        assert_eq!(all.iter().map(|one| one.confirmed).collect::<Vec<_>>(), [false, true]);
    }
}
