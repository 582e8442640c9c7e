//! What a scan shows on the desktop, and what its buttons do.

use std::{collections::HashSet, fs::File, io, process::Stdio, sync::Arc, time::Duration};

use countersign_api::{
    Error,
    connect::program,
    types::{Candidate, KeepOptions, Kept, ScanOptions},
};
use countersign_core::{
    account::AccountId,
    text::visible,
    vault::{Entry, Vault},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::Instant,
};

use super::{Door, Service, accounts::entry};
use crate::{
    convert,
    notify::{About, Action, Message, Way},
    screen::Environment,
    vault_state::now,
    worker::Target,
};

impl Service {
    /// Tells the person of a scan, whoever asked for it; with `notify` set, keeps the only account found and offers the
    /// next steps as buttons.
    pub(super) fn show_scan(self: &Arc<Self>, found: &Result<Vec<Candidate>, Error>, options: ScanOptions) {
        let service = self.clone();
        if options.notify.unwrap_or(false) {
            let found = found.clone();
            tokio::spawn(async move { service.go_on_from(found, options).await });
        } else if let Ok(found) = found {
            let message = summary(found);
            if self.is_news(&message.body) {
                tokio::spawn(async move { service.notifier.show(message).await });
            }
        }
    }

    /// Tells the person that a camera looks now, whoever asked for it.
    pub(super) fn show_camera(self: &Arc<Self>, camera: &str) {
        let message = plain("The camera looks for QR codes", camera.to_owned());
        let (service, message) = (self.clone(), Message { about: About::Camera, ..message });
        tokio::spawn(async move { service.notifier.show(message).await });
    }

    /// Tells the person that a code is on the clipboard, and how long it is worth anything; of an account that is not proven
    /// yet, asks what the page said.
    pub(super) fn show_copied(self: &Arc<Self>, id: AccountId, expires: Option<u64>) -> Result<(), Error> {
        let way = Way { account: id.to_string(), variation: None };
        let title = self.with_vault(|vault| Ok(visible(&entry(vault, id)?.account().title())))?;
        let about = About::Accounts(vec![way.account.clone()]);
        let told = || Message { about, ..copied_message(&title, expires, now()) };
        let message = self.copied(way)?.unwrap_or_else(told);
        let service = self.clone();
        tokio::spawn(async move { service.go_on(message, ScanOptions::default()).await });
        Ok(())
    }

    /// Tells the person that nothing was copied, where nobody reads what a command says of it.
    pub(super) fn show_not_copied(self: &Arc<Self>, why: &str) {
        let lines: Vec<String> = why.trim_start_matches("nothing was copied: ").lines().take(2).map(visible).collect();
        let message = Message { topic: "copied", ..plain("Nothing was copied", lines.join("\n")) };
        let service = self.clone();
        tokio::spawn(async move { service.notifier.show(message).await });
    }

    /// Tells the person what to use where no panel shows the tray, once ever: that it was told is remembered first.
    pub(super) fn show_no_tray(self: &Arc<Self>) -> Result<(), Error> {
        let failed = |error: io::Error| Error::Failed(format!("it can't be remembered that this was told: {error}"));
        match File::create_new(self.paths.no_tray_told()) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            made => drop(made.map_err(failed)?),
        }
        let (service, message) = (self.clone(), plain("No panel shows the countersign tray", NO_TRAY.to_owned()));
        tokio::spawn(async move { service.notifier.show(message).await });
        Ok(())
    }

    /// Says whether this summary differs from the last one: looking on and on is told once.
    fn is_news(&self, summary: &str) -> bool {
        let mut last = self.last_summary.lock().expect("no holder panics");
        let news = last.as_ref().is_none_or(|(text, at)| text != summary || at.elapsed() > QUIET);
        if news {
            *last = Some((summary.to_owned(), std::time::Instant::now()));
        }
        news
    }

    /// Tells the person what a program has kept behind their back, with the same buttons as after a hotkey's scan.
    pub(super) fn show_kept(self: &Arc<Self>, kept: &Kept) {
        let candidate = Candidate { parts: kept.parts, ..Candidate::default() };
        let message = kept_message(kept, Vec::new(), self.unproven(&kept.accounts), &candidate);
        let service = self.clone();
        tokio::spawn(async move { service.go_on(message, ScanOptions::default()).await });
    }

    /// Plays a hotkey's scan through: result, buttons, and looking on as long as the person wants it.
    async fn go_on_from(self: &Arc<Self>, found: Result<Vec<Candidate>, Error>, options: ScanOptions) {
        let message = self.result_of(found).await;
        self.go_on(message, options).await;
    }

    /// Shows a message, and does what its buttons say for as long as there are some.
    pub(super) async fn go_on(self: &Arc<Self>, message: Message, options: ScanOptions) {
        let mut next = Some(message);
        while let Some(message) = next {
            let Some(action) = self.notifier.show(message).await else { return };
            next = match self.act(action, &options).await {
                Ok(next) => next,
                Err(error) => {
                    let about = if matches!(error, Error::Locked(_)) { About::NotOpen } else { About::Names };
                    let body = format!("{}\n{}", error.message(), error.hint());
                    Some(Message { about, ..plain("That did not work", body) })
                }
            };
        }
    }

    /// Keeps the only account found, and says what to show.
    async fn result_of(self: &Arc<Self>, found: Result<Vec<Candidate>, Error>) -> Message {
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                return plain("The screen could not be scanned", format!("{}\n{}", error.message(), error.hint()));
            }
        };
        let keepable: Vec<&Candidate> = found.iter().filter(|candidate| !candidate.id.is_empty()).collect();
        match (keepable.as_slice(), found.iter().find(|candidate| !candidate.advice.is_empty())) {
            ([], Some(advice)) => advice_message(advice),
            ([], None) => summary(&found),
            (one, _) if is_one_decision(one) => match one.iter().find(|one| !one.look_alike.is_empty()) {
                Some(impostor) => suspicious(impostor),
                None => self.keep_decision(one).await,
            },
            (several, _) => {
                let titles: Vec<String> =
                    several.iter().map(|one| format!("{} ({})", one.title, stands(one))).collect();
                let body = format!("None was kept. Choose with: countersign scan\n{}", titles.join("\n"));
                plain(&format!("{} accounts on the screen", several.len()), body)
            }
        }
    }

    /// Keeps an account, or the parts of an export that stand beside each other; the last missing one takes the others
    /// along.
    async fn keep_decision(self: &Arc<Self>, found: &[&Candidate]) -> Message {
        let mut message = None;
        for one in found {
            if message.is_some() && self.text_of(&one.id).is_err() {
                continue;
            }
            message = Some(match self.keep_candidate(&one.id).await {
                Ok((kept, new)) => kept_message(&kept, new, self.unproven(&kept.accounts), one),
                Err(error) => return plain("Not kept", format!("{}\n{}", error.message(), error.hint())),
            });
        }
        message.expect("there is one at least")
    }

    /// Keeps a candidate; says which of its accounts were not there before, too.
    pub(super) async fn keep_candidate(self: &Arc<Self>, id: &str) -> Result<(Kept, Vec<String>), Error> {
        use countersign_api::{Caller, Peer, scanner::ScannerBackend};
        // A vault that can't be opened is told by the keeping.
        let _ = self.ensure_open(None, false).await;
        let ids = |vault: &Vault| Ok(vault.entries().map(|entry| entry.id().to_string()).collect());
        let before: HashSet<String> = self.with_vault(ids).unwrap_or_default();
        // The daemon itself: a connection number that no client ever has.
        let own = Peer { connection: u64::MAX, uid: 0, pid: std::process::id() };
        let kept = Door(self.clone()).keep(Caller::Private(own), id, KeepOptions::default()).await?;
        let new = kept.accounts.iter().filter(|id| !before.contains(*id)).cloned().collect();
        Ok((kept, new))
    }

    /// Looks once a second, for two minutes, until something that can be kept shows.
    async fn keep_looking(self: &Arc<Self>, options: &ScanOptions) -> Result<Vec<Candidate>, Error> {
        let end = Instant::now() + LOOK_ON;
        let mut rate = tokio::time::interval(Duration::from_secs(1));
        loop {
            rate.tick().await;
            let over = Instant::now() >= end;
            let busy = self.scanning.available_permits() == 0;
            if busy && !over {
                continue;
            }
            let found = self.look(Target::Screen(options.clone())).await;
            let keepable = matches!(&found, Ok(list) if list.iter().any(|candidate| !candidate.id.is_empty()));
            if keepable || over || found.is_err() {
                return found;
            }
        }
    }

    /// Does what a button says, and returns what there is to show then.
    async fn act(self: &Arc<Self>, action: Action, options: &ScanOptions) -> Result<Option<Message>, Error> {
        match action {
            Action::CopyCode(way) => {
                self.copy_code(&way, options.clone(), For::Proof).await?;
                self.copied(way)
            }
            Action::Refused(way) => self.refused(&way).map(Some),
            Action::Accepted(way) => self.accepted(&way).map(Some),
            Action::Undo(ids) => self.take_out(&ids).await.map(|()| None),
            Action::Keep(id) => self.keep_link(&id, options).await.map(Some),
            Action::Drop(id) => self.forget_candidate(&id).map(|_| None),
            Action::OpenPage(page) => {
                open_page(page, &self.screen_environment(options.clone()).await).await.map(|()| None)
            }
            Action::KeepLooking => {
                let found = self.keep_looking(&ScanOptions { looks_on: Some(true), ..options.clone() }).await;
                Ok(Some(self.result_of(found).await))
            }
        }
    }

    /// Moves accounts to the trash: what a notification's *Undo* stands for, whatever else has changed since.
    async fn take_out(self: &Arc<Self>, ids: &[String]) -> Result<(), Error> {
        self.ensure_open(None, false).await?;
        let own = self.with_vault(|vault| {
            let there: Vec<&Entry> = ids.iter().filter_map(|id| vault.entry(id.parse().ok()?)).collect();
            let own: Vec<AccountId> =
                there.iter().filter(|entry| entry.replaced().next().is_none()).map(|entry| entry.id()).collect();
            match (own.is_empty(), there.is_empty()) {
                (false, _) => Ok(own),
                (true, true) => Err(Error::NotFound("it has been removed already".into())),
                (true, false) => Err(Error::Failed(
                    "the account got another secret since, and stays; it goes by: countersign remove".into(),
                )),
            }
        })?;
        self.change_vault(|vault| vault.remove_all(&own))
    }

    /// Has a code offered on the clipboard, by a process that stays until the code has expired; comes back when it is there.
    pub(super) async fn copy_code(
        self: &Arc<Self>,
        way: &Way,
        options: ScanOptions,
        purpose: For,
    ) -> Result<(), Error> {
        self.ensure_open(None, false).await?;
        let failed = |text: String| Error::Failed(text);
        let helper = program("countersign-clip")
            .ok_or_else(|| failed("nothing was copied: countersign-clip is not installed".into()))?;
        let variation = way.variation.iter().flat_map(|word| ["--variation", word]);
        let mut child = Command::new(helper)
            .arg(match purpose {
                For::Proof => "--trial",
                For::Use => "--notify",
            })
            .args(variation)
            .arg(&way.account)
            .env_clear()
            .envs(self.screen_environment(options).await)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(format!("nothing was copied: countersign-clip: {error}")))?;
        let mut lines = BufReader::new(child.stdout.take().expect("the output is piped")).lines();
        while let Some(line) = lines.next_line().await.map_err(|error| failed(error.to_string()))? {
            if line.starts_with("copied") {
                tokio::spawn(async move { child.wait().await });
                return Ok(());
            }
        }
        let ended = child.wait_with_output().await.map_err(|error| failed(error.to_string()))?;
        let why = String::from_utf8_lossy(&ended.stderr);
        Err(failed(visible(why.trim().trim_start_matches("countersign-clip: "))))
    }
}

/// What a code is copied for.
#[derive(Debug, Clone, Copy)]
pub(super) enum For {
    /// Whether the page takes it is yet to be seen.
    Proof,
    /// It is used, and counted as such.
    Use,
}

/// Opens a plain page outside the daemon's unit, so that a browser inherits none of its limits.
async fn open_page(page: &'static str, environment: &Environment) -> Result<(), Error> {
    let words = ["xdg-open", page];
    if apart(&words, environment).await || succeeds(&mut quiet(&words, environment)).await {
        return Ok(());
    }
    Err(Error::Failed(format!("no program opens pages here: go to {page}")))
}

/// Starts a program outside the daemon's unit, and says whether it could be started.
pub(super) async fn started_apart(words: &[&str], environment: &Environment) -> bool {
    apart(words, environment).await || quiet(words, environment).spawn().is_ok()
}

/// Has the user manager start a program.
async fn apart(words: &[&str], environment: &Environment) -> bool {
    let words = [&["systemd-run", "--user", "--quiet", "--collect", "--"], words].concat();
    succeeds(&mut quiet(&words, environment)).await
}

async fn succeeds(command: &mut Command) -> bool {
    command.status().await.is_ok_and(|status| status.success())
}

fn quiet(words: &[&str], environment: &Environment) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env_clear().envs(environment.clone());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Says what was copied, and for how long a site takes it.
fn copied_message(title: &str, expires: Option<u64>, now: u64) -> Message {
    let left = expires.map(|time| time.saturating_sub(now)).filter(|left| (1..=LONGEST_LIFE).contains(left));
    let offered = left.map_or(COUNTED, |left| Duration::from_secs(left) + OFFERED_ON);
    let until = Some(Instant::now() + offered);
    let left = left.map_or(String::new(), |left| format!(", {left} s"));
    Message { topic: "copied", until, ..plain(&format!("Code for {title} copied{left}"), String::new()) }
}

pub(super) fn plain(title: &str, body: String) -> Message {
    Message { topic: "scan", title: title.into(), body, ..Message::default() }
}

/// Says why the only account found was not kept unasked.
fn suspicious(candidate: &Candidate) -> Message {
    let known = &candidate.look_alike;
    let what = match candidate.accounts.as_slice() {
        [] => format!("{} looks like {known}, and is not.", candidate.title),
        _ => format!("There is an account in it that looks like {known}, and is not."),
    };
    let body = format!("{what} Keep it only if you know who made it: countersign scan");
    plain(&format!("Not kept: {}", candidate.title), body)
}

/// Whether these are one thing to decide: a single account, or the parts of one export.
fn is_one_decision(found: &[&Candidate]) -> bool {
    let numbers: HashSet<u32> = found.iter().map(|one| one.part).collect();
    let of_one_export = |one: &&Candidate| one.class == "migration" && one.parts == found[0].parts;
    found.len() == 1 || (found.iter().all(of_one_export) && numbers.len() == found.len())
}

/// Says where a candidate was seen.
fn stands(candidate: &Candidate) -> String {
    match candidate.side.as_str() {
        "" => candidate.place.clone(),
        side => format!("{side} monitor, {}", candidate.place),
    }
}

/// Says in two lines what was found.
fn summary(found: &[Candidate]) -> Message {
    match found {
        [] => plain("The screen was looked at", "No QR code was found.".into()),
        some => {
            let lines: Vec<String> = some.iter().map(one_line).collect();
            plain("The screen was looked at", lines.join("\n"))
        }
    }
}

fn one_line(candidate: &Candidate) -> String {
    let what = if candidate.title.is_empty() { &candidate.what } else { &candidate.title };
    format!("QR code: {what}")
}

/// Says what was kept; `proof` is the account whose code has yet to be accepted.
pub(super) fn kept_message(kept: &Kept, new: Vec<String>, proof: Option<Way>, candidate: &Candidate) -> Message {
    let title = match kept.titles.as_slice() {
        [] => candidate.title.clone(),
        [one] => one.clone(),
        several => format!("{} accounts", several.len()),
    };
    let (head, body) = match kept.outcome.as_str() {
        "kept" if proof.is_none() => (format!("Kept {title}"), String::new()),
        "kept" => (format!("Kept {title}"), FINISH.into()),
        "kept-both" => {
            (format!("Kept {title}"), format!("There is one of that name with another secret: both are kept. {FINISH}"))
        }
        "replaced" => {
            (format!("Replaced {title}"), format!("The old secret stays in the history for 30 days. {FINISH}"))
        }
        "already-kept" => (format!("{title} is kept already"), String::new()),
        _ if kept.missing_parts.is_empty() => {
            ("Sealed until you unlock".into(), "The QR code is safe. Unlock to keep it: countersign unlock".into())
        }
        _ => {
            let missing: Vec<String> = kept.missing_parts.iter().map(ToString::to_string).collect();
            (
                "Part of an export kept sealed".into(),
                format!("Missing: part {} of {}", missing.join(", "), candidate.parts),
            )
        }
    };
    let body = match kept.skipped.as_slice() {
        skipped if !skipped.is_empty() && !kept.accounts.is_empty() => {
            format!("{body}\nLeft out: {}", skipped.join("; ")).trim().to_owned()
        }
        _ => body,
    };
    let as_it_says = |account: &String| Way { account: account.clone(), variation: None };
    let unproven = proof.as_ref().map(|way| way.account.clone());
    let actions = match (proof, kept.outcome.as_str(), kept.accounts.as_slice()) {
        (Some(way), ..) => vec![Action::CopyCode(way.clone()), Action::Refused(way)],
        (None, "kept", _) if !new.is_empty() => vec![Action::Undo(new)],
        (None, "already-kept", [one]) => vec![Action::CopyCode(as_it_says(one))],
        _ => Vec::new(),
    };
    let about = match (unproven, kept.accounts.as_slice()) {
        (Some(account), _) => About::Unproven(account),
        (None, []) if kept.missing_parts.is_empty() => About::NotOpen,
        (None, []) => About::Nobody,
        (None, some) => About::Accounts(some.to_vec()),
    };
    Message { topic: "scan", title: head, body, actions, about, until: None }
}

pub(super) fn advice_message(candidate: &Candidate) -> Message {
    let steps: Vec<String> =
        candidate.steps.iter().enumerate().map(|(number, step)| format!("{}. {step}", number + 1)).collect();
    // Servers cut long bodies at the end: what to do when the option is missing is told by the command line.
    let body = [candidate.reason.as_str(), &candidate.unspent, &steps.join("\n"), MISSING];
    let body: Vec<&str> = body.into_iter().filter(|part| !part.is_empty()).collect();
    let page = convert::page_of(candidate).map(Action::OpenPage);
    Message {
        topic: "scan",
        title: candidate.what.clone(),
        body: body.join("\n"),
        actions: page.into_iter().chain([Action::KeepLooking]).collect(),
        about: About::Nobody,
        until: None,
    }
}

const FINISH: &str = "Type a code on the page to finish. Not meant? countersign undo";
const MISSING: &str = "Is that choice missing there? What to do then: countersign scan";
const LOOK_ON: Duration = Duration::from_secs(120);
/// What to use instead of a tray: all of it leads to all that the tray does.
const NO_TRAY: &str = "Open countersign among your applications; its menu there scans and locks too. For a hotkey: \
countersign hotkey install. In GNOME, the extension AppIndicator shows the tray. This is said only once.";
/// How long `countersign-clip` goes on offering a code that has expired.
const OFFERED_ON: Duration = Duration::from_secs(5);
/// How long it offers one that follows a counter.
const COUNTED: Duration = Duration::from_secs(60);
/// Twice the longest period of an account, in seconds.
const LONGEST_LIFE: u64 = 2 * 86_400;
const QUIET: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_a_kept_account_can_be_copied_and_refused() {
        let kept = Kept {
            outcome: "kept".into(),
            accounts: vec!["x".into()],
            titles: vec!["GitHub – alice".into()],
            ..Kept::default()
        };
        let way = Way { account: "x".into(), variation: None };
        let message = kept_message(&kept, vec!["x".into()], Some(way.clone()), &Candidate::default());
        assert_eq!(message.title, "Kept GitHub – alice");
        assert_eq!(message.actions, [Action::CopyCode(way.clone()), Action::Refused(way.clone())]);
        let again = Kept { outcome: "already-kept".into(), ..kept };
        let message = kept_message(&again, Vec::new(), None, &Candidate::default());
        assert_eq!(message.actions, [Action::CopyCode(way)], "there is nothing to prove any more");
    }

    #[test]
    fn what_was_kept_is_told_as_long_as_it_is_so() {
        let about = |outcome: &str, accounts: &[&str], missing_parts: &[u32], proof| {
            let accounts = accounts.iter().map(ToString::to_string).collect();
            let kept =
                Kept { outcome: outcome.into(), accounts, missing_parts: missing_parts.into(), ..Kept::default() };
            kept_message(&kept, Vec::new(), proof, &Candidate::default()).about
        };
        let way = Way { account: "x".into(), variation: None };
        assert_eq!(about("kept", &["x"], &[], Some(way)), About::Unproven("x".into()));
        assert_eq!(about("kept", &["x"], &[], None), About::Accounts(vec!["x".into()]));
        assert_eq!(about("waiting", &[], &[], None), About::NotOpen);
        assert_eq!(about("waiting", &[], &[2], None), About::Nobody);
    }

    #[test]
    fn what_was_copied_is_told_without_the_code() {
        let title = |expires| copied_message("GitHub – alice", expires, 1000).title;
        assert_eq!(title(Some(1024)), "Code for GitHub – alice copied, 24 s");
        for odd in [None, Some(0), Some(999), Some(u64::MAX)] {
            assert_eq!(title(odd), "Code for GitHub – alice copied", "{odd:?}");
        }
    }

    #[test]
    fn what_was_copied_is_told_as_long_as_it_is_offered() {
        let begun = Instant::now();
        let stays = |expires| copied_message("x", expires, 1000).until.unwrap().duration_since(begun).as_secs();
        assert_eq!((stays(Some(1024)), stays(None)), (29, 60));
    }

    #[test]
    fn an_impostor_is_told_instead_of_kept() {
        let candidate =
            Candidate { title: "Micr0soft – x".into(), look_alike: "Microsoft".into(), ..Candidate::default() };
        let message = suspicious(&candidate);
        assert!(message.title.starts_with("Not kept: Micr0soft") && message.actions.is_empty());
        assert!(message.body.starts_with("Micr0soft – x looks like Microsoft, and is not."), "{}", message.body);
        let export = Candidate { accounts: vec!["a".into()], ..candidate };
        assert!(suspicious(&export).body.starts_with("There is an account in it"));
    }

    #[test]
    fn what_is_left_out_of_an_export_is_shown() {
        let some = |count: usize| vec!["x".to_owned(); count];
        let kept = Kept { outcome: "kept".into(), accounts: some(2), titles: some(2), ..Kept::default() };
        let kept = Kept { skipped: vec!["old: MD5".into()], ..kept };
        let message = kept_message(&kept, some(2), None, &Candidate::default());
        assert!(message.body.ends_with("Left out: old: MD5"), "{message:?}");
        assert_eq!(message.actions, [Action::Undo(some(2))]);
    }

    #[test]
    fn a_part_names_the_missing_ones() {
        let kept = Kept { outcome: "waiting".into(), missing_parts: vec![1, 3], ..Kept::default() };
        let candidate = Candidate { parts: 3, ..Candidate::default() };
        assert_eq!(kept_message(&kept, Vec::new(), None, &candidate).body, "Missing: part 1, 3 of 3");
    }
}
