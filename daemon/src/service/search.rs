//! What a search box finds, and what becomes of what was chosen there.

use std::{
    cmp::Ordering,
    sync::{Arc, Mutex, MutexGuard},
    time::Instant,
};

use countersign_api::{
    Error,
    connect::program,
    types::{PromptOptions, ScanOptions},
};
use countersign_core::{account::AccountId, text::visible};

use super::{
    Door, Service,
    desktop::{For, started_apart},
    random_id,
};
use crate::{
    callers::Budget,
    notify::{About, Message, Way},
    search::{
        Hit, SearchBackend,
        hits::{Gone, Hits, Target},
        words::Query,
    },
    vault_state::{Phase, now},
};

impl SearchBackend for Door {
    async fn search(&self, words: &[String]) -> Result<Vec<Hit>, Error> {
        admit(&self.search_budget)?;
        let Some(query) = Query::new(words) else { return Ok(Vec::new()) };
        // Not even by the keyring is it opened here: a search box asks whatever is typed, and an idle lock would mean nothing.
        Ok(self.found(&query))
    }

    fn describe(&self, ids: &[String]) -> Vec<Hit> {
        self.hits().known(ids)
    }

    fn activate(&self, id: &str) -> Result<(), Error> {
        let service = self.0.clone();
        if let Err(error) = admit(&self.activation_budget) {
            let message = told("Nothing was copied", "Too much was chosen at once: wait a moment, then try again.");
            tokio::spawn(async move { service.notifier.show(message).await });
            return Err(error);
        }
        let taken = self.hits().take(id);
        match taken {
            Ok(target) => {
                tokio::spawn(async move { service.go_to(target).await });
                Ok(())
            }
            Err(gone) => {
                let error = Error::NotFound("the result is too old, or was used already: search again".into());
                if gone == Gone::Expired {
                    let message = told("Nothing was copied", "The search is too old: search again.");
                    tokio::spawn(async move { service.notifier.show(message).await });
                }
                Err(error)
            }
        }
    }

    fn open_picker(&self) -> Result<(), Error> {
        admit(&self.activation_budget)?;
        let service = self.0.clone();
        tokio::spawn(async move {
            let environment = service.screen_environment(ScanOptions::default()).await;
            let countersign =
                program("countersign").map_or_else(|| "countersign".into(), |path| path.display().to_string());
            if !started_apart(&[&countersign, "pick"], &environment).await {
                service
                    .notifier
                    .show(told("The picker could not be opened", "Try in a terminal: countersign pick"))
                    .await;
            }
        });
        Ok(())
    }
}

impl Service {
    fn hits(&self) -> MutexGuard<'_, Hits> {
        self.hits.lock().expect("no holder panics")
    }

    /// Takes all results back: a locked vault has no names.
    pub(super) fn forget_hits(&self) {
        self.hits().clear();
    }

    /// Returns what fits, under new ids. One guard from the look at the vault to the giving out: no name gets out after a
    /// lock.
    fn found(&self, query: &Query) -> Vec<Hit> {
        let state = self.state();
        let vault = match state.phase() {
            Phase::Unlocked(vault) => vault,
            Phase::Locked if query.is_long() => return vec![self.give(UNLOCK, LOW, Target::Unlock)],
            Phase::Absent if query.is_about_us() => return vec![self.give(SET_UP, LOW, Target::Explain)],
            Phase::Unusable(_) if query.is_about_us() => return vec![self.give(REPAIR, LOW, Target::Explain)],
            _ => return Vec::new(),
        };
        let uses = self.log.lock().expect("no holder panics").uses(now());
        let fitting = vault.entries().filter_map(|entry| {
            let account = entry.account();
            let issuer = format!("{} {}", account.issuer, account.prefix.as_deref().unwrap_or_default());
            let relevance = query.fits(&issuer, &account.name)?;
            let rank =
                Rank { relevance, pinned: entry.pinned(), used: uses.get(&entry.id()).map_or(0.0, |own| own.weight) };
            Some((rank, visible(&account.title()), entry.id()))
        });
        let mut fitting: Vec<(Rank, String, AccountId)> = fitting.collect();
        fitting.sort_by(|(rank, title, id), (other_rank, other_title, other)| {
            let by_rank = other_rank.cmp(rank);
            by_rank.then_with(|| title.to_lowercase().cmp(&other_title.to_lowercase())).then_with(|| id.cmp(other))
        });
        fitting.truncate(MAX_HITS);
        fitting.iter().map(|(rank, title, id)| self.give(title, rank.relevance, Target::Account(*id))).collect()
    }

    fn give(&self, title: &str, relevance: f64, target: Target) -> Hit {
        self.hits().give(Hit { id: random_id(), title: title.to_owned(), relevance }, target)
    }

    /// Does what was chosen, and tells by a notification what became of it.
    async fn go_to(self: Arc<Self>, target: Target) {
        let message = match target {
            Target::Account(id) => match self.copy_found(id).await {
                Ok(()) => return,
                Err(error) => trouble("Nothing was copied", &error),
            },
            Target::Unlock => {
                let asked = PromptOptions { prompt: Some(true), ..PromptOptions::default() };
                match self.ensure_open(Some(asked), true).await {
                    Ok(()) => unlocked(),
                    Err(Error::Cancelled(_)) => return,
                    Err(error) => not_open("countersign is still locked", &error),
                }
            }
            Target::Explain => match self.with_vault(|_| Ok(())) {
                Ok(()) => unlocked(),
                Err(error) => not_open("There is nothing to search yet", &error),
            },
        };
        self.notifier.show(message).await;
    }

    /// Has the code of an account offered on the clipboard, and counts that as its use.
    async fn copy_found(self: &Arc<Self>, id: AccountId) -> Result<(), Error> {
        let way = Way { account: id.to_string(), variation: None };
        self.copy_code(&way, ScanOptions::default(), For::Use).await
    }
}

/// Counts what search boxes ask, all of them together; what is chosen there is counted apart, so that fast typing never
/// makes a choice come to nothing.
fn admit(budget: &Mutex<Budget>) -> Result<(), Error> {
    if budget.lock().expect("no holder panics").take(Instant::now()) {
        return Ok(());
    }
    Err(Error::LimitsExceeded("too many searches at once: wait a moment, then try again".into()))
}

/// What comes first among results: what fits best, then what is pinned, then what is used most.
struct Rank {
    relevance: f64,
    pinned: bool,
    used: f64,
}

impl Rank {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_fit = self.relevance.total_cmp(&other.relevance);
        by_fit.then(self.pinned.cmp(&other.pinned)).then(self.used.total_cmp(&other.used))
    }
}

fn told(title: &str, body: &str) -> Message {
    Message { topic: "search", title: title.into(), body: body.into(), about: About::Nobody, ..Message::default() }
}

fn unlocked() -> Message {
    Message { about: About::Names, ..told("countersign is unlocked", "Search again to find your accounts.") }
}

fn not_open(title: &str, error: &Error) -> Message {
    Message { about: About::NotOpen, ..trouble(title, error) }
}

fn trouble(title: &str, error: &Error) -> Message {
    let message = told(title, format!("{}\n{}", error.message(), error.hint()).trim());
    // Another program's words may be in it.
    Message { about: About::Names, ..message }
}

const UNLOCK: &str = "Unlock countersign";
const SET_UP: &str = "Set up countersign";
const REPAIR: &str = "Repair the vault of countersign";
/// Of what is no account: below what other programs find.
const LOW: f64 = 0.1;
/// How many are shown at the most.
const MAX_HITS: usize = 5;
/// Searches that all callers together may have at once, and activations.
pub(super) const BURST: f64 = 10.0;
/// How many a second they get back.
pub(super) const RATE: f64 = 5.0;

#[cfg(test)]
mod tests {
    use countersign_api::{secrets::SecretsBackend, types::KeepOptions, vault::VaultBackend};

    use super::*;
    use crate::{
        search::hits::LIFE,
        service::testing::{caller, with_vault, without_vault},
    };

    async fn add(door: &Door, issuer: &str) {
        let uri = format!("otpauth://totp/{issuer}:alice?secret=JBSWY3DPEHPK3PXP&issuer={issuer}");
        door.add(caller(), &uri, KeepOptions::default()).await.unwrap();
    }

    async fn search(door: &Door, typed: &str) -> Vec<Hit> {
        door.search(&[typed.to_owned()]).await.unwrap()
    }

    fn titles(hits: &[Hit]) -> Vec<&str> {
        hits.iter().map(|hit| hit.title.as_str()).collect()
    }

    fn later() -> Instant {
        Instant::now() + LIFE
    }

    #[tokio::test]
    async fn a_result_that_is_too_old_leads_nowhere() {
        let (_home, door) = with_vault().await;
        add(&door, "GitHub").await;
        let hits = search(&door, "gith").await;
        assert_eq!(titles(&hits), ["GitHub – alice"]);
        let ids: Vec<String> = hits.into_iter().map(|hit| hit.id).collect();
        assert_eq!(door.describe(&ids).len(), 1);
        door.hits().go_by(later);
        assert!(door.describe(&ids).is_empty());
        assert!(matches!(door.activate(&ids[0]), Err(Error::NotFound(_))));
    }

    #[tokio::test]
    async fn only_a_few_are_shown_the_best_first() {
        let (_home, door) = with_vault().await;
        for issuer in ["Gamma", "Beta", "Alpha", "Delta", "Omega", "Sigma"] {
            add(&door, issuer).await;
        }
        assert_eq!(search(&door, "alice").await.len(), MAX_HITS);
        assert_eq!(titles(&search(&door, "al").await)[..2], ["Alpha – alice", "Beta – alice"]);
    }

    #[tokio::test]
    async fn a_lock_takes_the_results_back_and_leaves_one_word() {
        let (_home, door) = with_vault().await;
        add(&door, "GitHub").await;
        let before = search(&door, "gith").await;
        door.lock(caller()).await.unwrap();
        assert!(matches!(door.activate(&before[0].id), Err(Error::NotFound(_))));
        assert_eq!(titles(&search(&door, "gith").await), [UNLOCK]);
        assert!(search(&door, "g").await.is_empty());
    }

    #[tokio::test]
    async fn without_a_vault_nothing_is_offered_unasked() {
        let (_home, door) = without_vault();
        assert!(search(&door, "firefox").await.is_empty());
        assert_eq!(titles(&search(&door, "counters").await), [SET_UP]);
    }

    #[tokio::test]
    async fn fast_typing_keeps_nothing_from_being_chosen() {
        let (_home, door) = with_vault().await;
        let limited = |answer: &Result<(), Error>| matches!(answer, Err(Error::LimitsExceeded(_)));
        let since = Instant::now();
        let refused = (0..100).map(|_| admit(&door.search_budget)).filter(limited).count();
        let most = BURST + since.elapsed().as_secs_f64() * RATE + 1.0;
        assert!(refused as f64 >= 100.0 - most && refused <= 90, "{refused} of 100 searches were refused");
        assert!(matches!(door.activate("x"), Err(Error::NotFound(_))), "it is not counted with the searches");
        assert!((0..100).map(|_| door.activate("x")).any(|answer| limited(&answer)), "but it is counted");
    }
}
