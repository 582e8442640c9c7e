//! What a scan shows on the desktop, and what its buttons do.

use std::{collections::HashSet, process::Stdio, sync::Arc, time::Duration};

use countersign_api::{
    Error,
    accounts::AccountsBackend,
    connect::program,
    types::{Candidate, CodeOptions, KeepOptions, Kept, ScanOptions},
};
use countersign_core::{
    account::AccountId,
    vault::{Entry, Vault},
};
use tokio::{io::AsyncWriteExt, process::Command, time::Instant};
use zeroize::Zeroizing;

use super::{Door, Service};
use crate::{
    convert,
    notify::{Action, Message},
    worker::{Target, screen_environment},
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
        let (service, message) = (self.clone(), plain("The camera looks for QR codes", camera.to_owned()));
        tokio::spawn(async move { service.notifier.show(message).await });
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

    /// Plays a hotkey's scan through: result, buttons, and looking on as long as the person wants it.
    async fn go_on_from(self: &Arc<Self>, found: Result<Vec<Candidate>, Error>, options: ScanOptions) {
        let mut found = found;
        loop {
            let message = self.result_of(found).await;
            match self.notifier.show(message).await {
                Some(Action::KeepLooking) => found = self.keep_looking(&options).await,
                Some(action) => return self.act(action, options).await,
                None => return,
            }
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
            ([one], _) => match self.keep_candidate(&one.id).await {
                Ok((kept, new)) => kept_message(&kept, new, one),
                Err(error) => plain("Not kept", format!("{}\n{}", error.message(), error.hint())),
            },
            ([], Some(advice)) => advice_message(advice),
            ([], None) => summary(&found),
            (several, _) => {
                let titles: Vec<String> = several.iter().map(|one| format!("{} ({})", one.title, one.place)).collect();
                let body = format!("None was kept. Choose with: countersign scan\n{}", titles.join("\n"));
                plain(&format!("{} accounts on the screen", several.len()), body)
            }
        }
    }

    /// Keeps a candidate; says which of its accounts were not there before, too.
    async fn keep_candidate(self: &Arc<Self>, id: &str) -> Result<(Kept, Vec<String>), Error> {
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

    async fn act(self: &Arc<Self>, action: Action, options: ScanOptions) {
        let result = match action {
            Action::CopyCode(account) => self.copy_code(&account, options).await,
            Action::Undo(ids) => self.take_out(&ids).await,
            Action::OpenPage(page) => open_page(page, options).await,
            Action::KeepLooking => Ok(()),
        };
        if let Err(error) = result {
            self.notifier.show(plain("That did not work", format!("{}\n{}", error.message(), error.hint()))).await;
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

    /// Puts a code on the clipboard by the helper that holds it there until the code is dead.
    async fn copy_code(self: &Arc<Self>, account: &str, options: ScanOptions) -> Result<(), Error> {
        use countersign_api::{Caller, Peer};
        let own = Peer { connection: u64::MAX, uid: 0, pid: std::process::id() };
        let wanted = CodeOptions { fresh: Some(5), ..CodeOptions::default() };
        let (code, details) = Door(self.clone()).code(Caller::Private(own), account, wanted).await?;
        let code = Zeroizing::new(code);
        let failed = |text: String| Error::Failed(format!("the clipboard can't be used: {text}"));
        let helper = program("countersign-tray").ok_or_else(|| failed("countersign-tray is not installed".into()))?;
        let mut child = Command::new(helper)
            .arg("--clip")
            .env_clear()
            .envs(screen_environment(options))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let seconds = details.expires.saturating_sub(crate::vault_state::now());
        let text = Zeroizing::new(format!("{}\n{seconds}\n", code.as_str()));
        let mut input = child.stdin.take().expect("the input is piped");
        input.write_all(text.as_bytes()).await.map_err(|error| failed(error.to_string()))?;
        drop(input);
        tokio::spawn(async move { child.wait().await });
        Ok(())
    }
}

/// Opens a plain page outside the daemon's unit, so that a browser inherits none of its limits.
async fn open_page(page: &'static str, options: ScanOptions) -> Result<(), Error> {
    let environment = screen_environment(options);
    let run = |program: &'static str, arguments: Vec<&'static str>| {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(environment.clone());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        async move { command.status().await.is_ok_and(|status| status.success()) }
    };
    if run("systemd-run", vec!["--user", "--quiet", "--collect", "--", "xdg-open", page]).await
        || run("xdg-open", vec![page]).await
    {
        return Ok(());
    }
    Err(Error::Failed(format!("no program opens pages here: go to {page}")))
}

fn plain(title: &str, body: String) -> Message {
    Message { topic: "scan", title: title.into(), body, actions: Vec::new() }
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

fn kept_message(kept: &Kept, new: Vec<String>, candidate: &Candidate) -> Message {
    let title = match kept.titles.as_slice() {
        [] => candidate.title.clone(),
        [one] => one.clone(),
        several => format!("{} accounts", several.len()),
    };
    let (head, body) = match kept.outcome.as_str() {
        "kept" => (format!("Kept {title}"), "Type a code on the page to finish.".into()),
        "kept-both" => (
            format!("Kept {title}"),
            "There is one of that name with another secret: both are kept. Type a code on the page to finish.".into(),
        ),
        "replaced" => (format!("Replaced {title}"), "The old secret stays in the history for 30 days.".into()),
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
    let actions = match (kept.outcome.as_str(), kept.accounts.as_slice()) {
        ("kept" | "kept-both", [one]) => vec![Action::CopyCode(one.clone()), Action::Undo(new)],
        ("kept", _) => vec![Action::Undo(new)],
        ("already-kept" | "replaced", [one]) => vec![Action::CopyCode(one.clone())],
        _ => Vec::new(),
    };
    Message { topic: "scan", title: head, body, actions }
}

fn advice_message(candidate: &Candidate) -> Message {
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
    }
}

const MISSING: &str = "Is that choice missing there? What to do then: countersign scan";
const LOOK_ON: Duration = Duration::from_secs(120);
const QUIET: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_account_can_be_copied_and_undone() {
        let kept = Kept {
            outcome: "kept".into(),
            accounts: vec!["x".into()],
            titles: vec!["GitHub – alice".into()],
            ..Kept::default()
        };
        let message = kept_message(&kept, vec!["x".into()], &Candidate::default());
        assert_eq!(message.title, "Kept GitHub – alice");
        assert_eq!(message.actions, [Action::CopyCode("x".into()), Action::Undo(vec!["x".into()])]);
    }

    #[test]
    fn what_is_left_out_of_an_export_is_shown() {
        let some = |count: usize| vec!["x".to_owned(); count];
        let kept = Kept { outcome: "kept".into(), accounts: some(2), titles: some(2), ..Kept::default() };
        let kept = Kept { skipped: vec!["old: MD5".into()], ..kept };
        assert!(kept_message(&kept, some(2), &Candidate::default()).body.ends_with("\nLeft out: old: MD5"));
    }

    #[test]
    fn a_part_names_the_missing_ones() {
        let kept = Kept { outcome: "waiting".into(), missing_parts: vec![1, 3], ..Kept::default() };
        let candidate = Candidate { parts: 3, ..Candidate::default() };
        assert_eq!(kept_message(&kept, Vec::new(), &candidate).body, "Missing: part 1, 3 of 3");
    }
}
