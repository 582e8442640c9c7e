//! `Scanner1`: from a QR to an account.

use std::{
    collections::HashSet,
    os::fd::OwnedFd,
    sync::{Arc, atomic::Ordering},
};

use countersign_api::{
    Caller, Error,
    scanner::ScannerBackend,
    types::{CameraOptions, Candidate, KeepOptions, Kept, ScanOptions},
};
use countersign_core::{payload, secret::SecretText, text::visible, vault::Vault};
use tokio::sync::SemaphorePermit;

use super::{
    Door, Service,
    keeping::Came,
    random_id,
    waiting::{no_candidate, texts, unsealed},
};
use crate::{
    candidates::{self, MAX, Place},
    convert, harden,
    screen::Environment,
    vault_state::Phase,
    worker::{self, FoundQr, Target},
};

impl ScannerBackend for Door {
    async fn scan_screen(&self, caller: Caller, options: ScanOptions) -> Result<Vec<Candidate>, Error> {
        self.admit(&caller, &[])?;
        let found = self.look(Target::Screen(options.clone())).await;
        self.show_scan(&found, options);
        found
    }

    async fn scan_camera(
        &self,
        caller: Caller,
        progress: OwnedFd,
        options: CameraOptions,
    ) -> Result<Vec<Candidate>, Error> {
        self.admit(&caller, &[])?;
        self.look_through(progress, &options).await
    }

    async fn candidates(&self, caller: Caller) -> Result<Vec<Candidate>, Error> {
        self.admit(&caller, &[])?;
        let inbox = self.inbox();
        let held = self.held();
        let unreadable = self.unreadable();
        let state = self.state();
        let others = texts(&held, &inbox);
        let in_memory = held
            .iter()
            .map(|held| convert::candidate(&held.id, held.text.expose(), &held.place, state.vault(), &others));
        let place = Place { origin: "inbox", ..Place::default() };
        let sealed =
            inbox.iter().map(|(name, text)| convert::candidate(name, text.expose(), &place, state.vault(), &others));
        Ok(in_memory.chain(sealed).chain(unreadable.iter().map(|name| convert::unreadable(name))).collect())
    }

    async fn keep(&self, caller: Caller, candidate: &str, options: KeepOptions) -> Result<Kept, Error> {
        self.admit(&caller, &[candidate])?;
        let kept = self.keep_found(candidate, &options).await?;
        // Whoever keeps on a private connection has a terminal or a notification to say it on.
        if matches!(caller, Caller::Bus(_)) && kept.outcome != "already-kept" {
            self.show_kept(&kept);
        }
        Ok(kept)
    }

    async fn discard(&self, caller: Caller, candidate: &str) -> Result<(), Error> {
        self.admit(&caller, &[candidate])?;
        if self.forget_candidate(candidate)? { Ok(()) } else { Err(no_candidate(candidate)) }
    }
}

impl Service {
    async fn keep_found(self: &Arc<Self>, candidate: &str, options: &KeepOptions) -> Result<Kept, Error> {
        match self.ensure_open(None, false).await {
            // What was found while locked is sealed already and waits.
            Err(Error::Locked(_)) if self.is_waiting(candidate) => {
                return Ok(Kept { outcome: "waiting".into(), ..Kept::default() });
            }
            Err(Error::Locked(_)) if self.held().get(candidate).is_some() => return self.seal_held(candidate),
            other => other?,
        }
        let text = self.text_of(candidate)?;
        let kept = self.keep_text(text.expose(), Came::ByScan, options)?;
        if kept.outcome == "waiting" {
            // It lies sealed now, and no second time in memory.
            self.held().take(candidate);
        } else if let Err(error) = self.forget_candidate(candidate) {
            // What was asked for is done; the rest is offered once more.
            tracing::warn!("a scan that was kept is still in the inbox: {error}");
        }
        Ok(kept)
    }

    /// Runs the scan worker, one at a time, and holds what it found.
    pub(super) async fn look(self: &Arc<Self>, target: Target) -> Result<Vec<Candidate>, Error> {
        let _one = self.begin_scan()?;
        let origin = match &target {
            Target::Screen(options) if options.clipboard == Some(true) => "clipboard",
            Target::Screen(_) => "screen",
            Target::Picture(..) => "image",
        };
        let environment = match &target {
            Target::Screen(options) => self.screen_environment(options.clone()).await,
            Target::Picture(..) => Environment::new(),
        };
        let found = worker::scan(target, environment).await.map_err(|error| convert::worker_error(&error))?;
        self.hold_all(&found, origin)
    }

    /// Takes the one place that there is for a scan.
    pub(super) fn begin_scan(&self) -> Result<SemaphorePermit<'_>, Error> {
        self.scanning.try_acquire().map_err(|_| {
            let camera = self.through_camera.load(Ordering::Relaxed);
            let what = if camera { "a scan through the camera" } else { "a scan" };
            Error::LimitsExceeded(format!("{what} is under way already: try again when it has ended"))
        })
    }

    /// Holds what a scan found, and says what that is.
    pub(super) fn hold_all(self: &Arc<Self>, found: &[FoundQr], origin: &'static str) -> Result<Vec<Candidate>, Error> {
        self.check_room(found)?;
        let found: Vec<Found> = found.iter().map(|qr| self.hold(qr, origin)).collect();
        let inbox = self.inbox();
        let held = self.held();
        let others = texts(&held, &inbox);
        let state = self.state();
        // The same QR on two screens, or twice on one, is one to choose from.
        let mut seen = HashSet::new();
        let once = found.iter().filter(|found| found.id.is_empty() || seen.insert(&found.id));
        let answer = once.map(|found| found.candidate(state.vault(), &others)).collect();
        drop((state, held, found));
        harden::scrub();
        Ok(answer)
    }

    /// Refuses a scan of more than can be held. What is sealed, while the vault is locked, has a limit of its own.
    fn check_room(&self, found: &[FoundQr]) -> Result<(), Error> {
        let texts = found.iter().filter_map(|qr| qr.text.as_ref()).map(|text| text.as_str());
        let keepable: Vec<&str> = texts.filter(|text| payload::classify(text).can_be_kept()).collect();
        let held = self.held();
        if matches!(self.state().phase(), Phase::Locked) || held.have_room_for(keepable.iter().copied()) {
            return Ok(());
        }
        let (waiting, new) = (held.iter().count(), keepable.len());
        Err(Error::LimitsExceeded(format!(
            "{new} to keep were found, {waiting} found before wait to be kept or dropped, and {MAX} are held at a time: \
             nothing of this scan is held. Show fewer at once, or let what waits be offered: countersign lock, then \
             countersign unlock"
        )))
    }

    /// Holds one QR: sealed to the vault's key while it is locked, else in memory; what can't be kept isn't held.
    fn hold(self: &Arc<Self>, qr: &FoundQr, origin: &'static str) -> Found {
        let text = SecretText::from(qr.text.as_ref().filter(|_| !qr.binary).map_or("", |text| text.as_str()));
        let mut found = Found { id: String::new(), place: place_of(qr, origin), text, part: qr.part, unsealed: None };
        if !payload::classify(found.text.expose()).can_be_kept() {
            return found;
        }
        if matches!(self.state().phase(), Phase::Locked) {
            match self.seal(&found.text) {
                Ok(name) => return Found { id: name, ..found },
                Err(error) => found.unsealed = Some(error.message()),
            }
            // The check of the room leaves out what is to be sealed.
            if !self.held().have_room_for([found.text.expose()].into_iter()) {
                return found;
            }
        }
        let text = SecretText::from(found.text.expose());
        found.id = self.held().hold(text, found.place.clone(), random_id());
        self.expire_later();
        found
    }
}

/// One QR of a scan, held or not.
struct Found {
    /// Empty where it isn't held.
    id: String,
    place: Place,
    text: SecretText,
    /// Which part of a longer text it is, and of how many.
    part: Option<(u8, u8)>,
    /// Why it could not be sealed.
    unsealed: Option<String>,
}

impl Found {
    fn candidate(&self, vault: Option<&Vault>, others: &[&str]) -> Candidate {
        if let Some(part) = self.part {
            return convert::part_of_text(&self.place, part);
        }
        let mut candidate = convert::candidate(&self.id, self.text.expose(), &self.place, vault, others);
        if let Some(why) = &self.unsealed {
            candidate.note_ids.push("not-sealed".into());
            candidate.notes.push(unsealed(why));
        }
        candidate
    }
}

fn place_of(qr: &FoundQr, origin: &'static str) -> Place {
    let count = qr.corners.len().max(1) as f64;
    let (x, y) = qr.corners.iter().fold((0.0, 0.0), |(x, y), corner| (x + corner.0 / count, y + corner.1 / count));
    match &qr.screen {
        Some(screen) => Place {
            origin,
            screen: visible(&screen.name),
            side: visible(&screen.side),
            words: candidates::words(x, y, f64::from(screen.width), f64::from(screen.height)),
            x: screen.x.saturating_add(x as i32),
            y: screen.y.saturating_add(y as i32),
        },
        None => Place { origin, x: x as i32, y: y as i32, ..Place::default() },
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use countersign_api::{secrets::SecretsBackend, vault::VaultBackend};
    use data_encoding::BASE64;
    use tokio::runtime::Handle;
    use zeroize::Zeroizing;

    use super::*;
    use crate::service::testing::{self, caller, with_vault};

    fn qr_of(text: &str) -> FoundQr {
        FoundQr {
            text: Some(Zeroizing::new(text.to_owned())),
            corners: Vec::new(),
            screen: None,
            binary: false,
            part: None,
        }
    }

    fn uri(number: usize) -> String {
        format!("otpauth://totp/Acme:user{number}?secret=JBSWY3DPEHPK3PXP&issuer=Acme")
    }

    fn qr(number: usize) -> FoundQr {
        qr_of(&uri(number))
    }

    /// Writes a part of an export by hand; MD5 is 4, and makes no codes.
    fn part(index: u8, size: u8, accounts: &[(&str, u8)]) -> String {
        let mut message = Vec::new();
        for (name, algorithm) in accounts {
            let mut entry = vec![0x0a, 3, 1, 2, 3, 0x12, name.len() as u8];
            entry.extend(name.as_bytes());
            entry.extend([0x20, *algorithm, 0x28, 1, 0x30, 2]);
            message.extend([0x0a, entry.len() as u8]);
            message.extend(entry);
        }
        message.extend([0x10, 1, 0x18, size, 0x20, index]);
        format!("otpauth-migration://offline?data={}", BASE64.encode(&message).replace('+', "%2B"))
    }

    /// Finds a text, and returns its id.
    fn found(door: &Door, text: &str) -> String {
        door.hold(&qr_of(text), "image").id
    }

    async fn keep(door: &Door, text: &str) -> Result<Kept, Error> {
        let id = found(door, text);
        ScannerBackend::keep(door, caller(), &id, KeepOptions::default()).await
    }

    async fn waiting(door: &Door) -> Vec<Candidate> {
        door.candidates(caller()).await.unwrap()
    }

    /// Stands in for a restart: what was known of the inbox is forgotten.
    fn forget_marks(door: &Door) {
        door.sealed.lock().unwrap().clear();
    }

    /// Has nothing be sealed any more; opening the vault mends it.
    fn break_seal(home: &Path) {
        fs::remove_file(home.join("data/recipient")).unwrap();
    }

    async fn unlock(door: &Door) {
        door.unlock_with(caller(), "passphrase", "old").await.unwrap();
    }

    #[tokio::test]
    async fn one_timer_is_enough_for_all() {
        let (_home, door) = testing::without_vault();
        for number in 0..5 {
            found(&door, &uri(number));
        }
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 1);
    }

    #[tokio::test]
    async fn a_scan_of_more_than_there_is_room_for_says_so() {
        let (_home, door) = testing::without_vault();
        for number in 1..MAX {
            found(&door, &uri(number));
        }
        door.check_room(&[qr(1), qr(0)]).unwrap();
        let refused = door.check_room(&[qr(0), qr(MAX)]).unwrap_err();
        assert!(matches!(refused, Error::LimitsExceeded(_)), "{refused:?}");
        let text = refused.message();
        assert!(
            text.contains("2 to keep") && text.contains("63 found before") && text.contains("64 are held"),
            "{text}"
        );
        assert_eq!(door.held().iter().count(), MAX - 1);
    }

    /// It was told to be kept already, and who believed that deleted it on the phone.
    #[tokio::test]
    async fn an_export_of_which_nothing_can_be_kept_is_an_error() {
        let (_home, door) = with_vault().await;
        let refused = keep(&door, &part(0, 1, &[("old", 4)])).await;
        assert!(
            matches!(&refused, Err(Error::InvalidUri(why)) if why.contains("old: ") && why.contains("MD5")),
            "{refused:?}"
        );
        assert_eq!(waiting(&door).await.len(), 1, "it is still there to be looked at");
    }

    #[tokio::test]
    async fn what_is_left_out_of_an_export_is_told_of_all_its_parts() {
        let (_home, door) = with_vault().await;
        let (one, two) = (part(0, 2, &[("md5", 4), ("a", 1)]), part(1, 2, &[("b", 1), ("new", 9)]));
        let first = keep(&door, &one).await.unwrap();
        assert_eq!((first.outcome.as_str(), first.parts, first.missing_parts), ("waiting", 2, vec![2]));
        let kept = door.add(caller(), &two, KeepOptions::default()).await.unwrap();
        assert_eq!((kept.outcome.as_str(), kept.titles.as_slice()), ("kept", ["a", "b"].map(String::from).as_slice()));
        let skipped = kept.skipped.join("; ");
        assert!(skipped.contains("md5: ") && skipped.contains("new: "), "{skipped}");
    }

    /// A full disk or a lost recipient cost the account, and the explanation of all else that the scan had found.
    #[tokio::test]
    async fn what_can_not_be_sealed_is_held_until_the_vault_is_open() {
        let (home, door) = with_vault().await;
        door.lock(caller()).await.unwrap();
        break_seal(home.path());
        let id = found(&door, &uri(0));
        let refused = ScannerBackend::keep(&door, caller(), &id, KeepOptions::default()).await;
        assert!(matches!(&refused, Err(Error::Locked(why)) if why.contains("recipient")), "{refused:?}");
        let told = door.hold(&qr(1), "image").candidate(None, &[]);
        assert!(!told.id.is_empty() && told.note_ids.contains(&"not-sealed".into()), "{told:?}");
        unlock(&door).await;
        let kept = ScannerBackend::keep(&door, caller(), &id, KeepOptions::default()).await.unwrap();
        assert_eq!(kept.outcome, "kept");
    }

    #[tokio::test]
    async fn a_lock_that_can_not_seal_loses_nothing() {
        let (home, door) = with_vault().await;
        let id = found(&door, &uri(0));
        break_seal(home.path());
        door.lock(caller()).await.unwrap();
        assert!(waiting(&door).await.iter().any(|one| one.id == id));
    }

    #[tokio::test]
    async fn a_part_that_is_seen_again_after_a_restart_is_sealed_once() {
        let (_home, door) = with_vault().await;
        let (one, two) = (part(0, 2, &[("a", 1)]), part(1, 2, &[("b", 1)]));
        keep(&door, &one).await.unwrap();
        door.lock(caller()).await.unwrap();
        forget_marks(&door);
        unlock(&door).await;
        keep(&door, &one).await.unwrap();
        assert_eq!(door.store.sealed(), 1);
        assert_eq!(keep(&door, &two).await.unwrap().outcome, "kept");
        assert_eq!(door.store.sealed(), 0);
    }

    #[tokio::test]
    async fn what_was_sealed_twice_goes_at_once() {
        let (_home, door) = with_vault().await;
        door.lock(caller()).await.unwrap();
        found(&door, &uri(0));
        forget_marks(&door);
        found(&door, &uri(0));
        unlock(&door).await;
        assert_eq!(waiting(&door).await.len(), 1);
        keep(&door, &uri(0)).await.unwrap();
        assert_eq!(door.store.sealed(), 0);
    }

    #[tokio::test]
    async fn what_waits_is_counted_by_why_and_can_be_discarded() {
        let (home, door) = with_vault().await;
        keep(&door, &part(0, 2, &[("a", 1)])).await.unwrap();
        fs::write(home.path().join("data/inbox/1-a.age"), "x").unwrap();
        door.lock(caller()).await.unwrap();
        found(&door, &uri(0));
        unlock(&door).await;
        let status = door.status(caller()).await.unwrap();
        assert_eq!((status.inbox, status.inbox_incomplete, status.inbox_unreadable), (3, 1, 1));
        let unreadable = waiting(&door).await.into_iter().find(|one| one.class == "unreadable").unwrap();
        assert!(unreadable.id == "1-a" && unreadable.what.contains("1-a"), "{unreadable:?}");
        for one in waiting(&door).await {
            door.discard(caller(), &one.id).await.unwrap();
        }
        assert_eq!(door.status(caller()).await.unwrap().inbox, 0);
    }

    #[tokio::test]
    async fn an_export_on_the_screen_is_not_mixed_with_an_old_part() {
        let (_home, door) = with_vault().await;
        keep(&door, &part(0, 2, &[("old", 1)])).await.unwrap();
        found(&door, &part(0, 2, &[("a", 1)]));
        let kept = keep(&door, &part(1, 2, &[("b", 1)])).await.unwrap();
        assert_eq!(kept.titles, ["a", "b"]);
        assert_eq!(door.store.sealed(), 1, "the old part waits on");
    }

    #[tokio::test]
    async fn parts_of_two_exports_that_can_not_be_told_apart_are_not_mixed() {
        let (_home, door) = with_vault().await;
        keep(&door, &part(0, 2, &[("old", 1)])).await.unwrap();
        keep(&door, &part(0, 2, &[("a", 1)])).await.unwrap();
        let last = part(1, 2, &[("b", 1)]);
        let refused = keep(&door, &last).await;
        assert!(matches!(&refused, Err(Error::Failed(why)) if why.contains("part 1 of 2")), "{refused:?}");
        let old = waiting(&door).await.into_iter().find(|one| one.accounts == ["old"]).unwrap();
        let of_old = ScannerBackend::keep(&door, caller(), &old.id, KeepOptions::default()).await;
        assert!(of_old.is_err(), "{of_old:?}");
        door.discard(caller(), &old.id).await.unwrap();
        assert_eq!(keep(&door, &last).await.unwrap().titles, ["a", "b"]);
    }
}
