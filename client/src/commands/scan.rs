//! `countersign scan`: looks for QR codes, explains what can't be kept, and keeps what can.
//!
//! On a terminal a one-time QR is explained once, and then the screen is looked at again each second until the reusable
//! one shows. Nothing is ever kept without a choice: of the person, or by `--yes` where there is but one.

use std::{
    collections::HashSet,
    os::fd::AsFd,
    path::Path,
    time::{Duration, Instant},
};

use countersign_api::{
    Dict, Error as Answer,
    types::{Candidate, ImageOptions, Kept, ScanOptions},
};
use serde::Serialize;
use tokio::{
    signal,
    time::{MissedTickBehavior, interval},
};

use crate::{
    args::{Part, Scan},
    camera,
    candidate::{self, Sort},
    choosing::{self, one_decision},
    error::{Error, exit},
    keeping::{self, Keeper},
    looking_on::{self, LookingOn},
    output, picture,
    progress::Progress,
    proof,
    session::{Session, none, screen_options},
};

/// Runs the command.
pub(crate) async fn run(args: Scan, session: &mut Session) -> Result<(), Error> {
    if args.notify {
        return notify(&args, session).await;
    }
    if args.proof.is_meant() {
        return proof::run(&args.proof, args.json, session).await;
    }
    let mut hunt = Hunt::new(args, output::is_terminal());
    let ended = tokio::select! {
        ended = hunt.run(session) => Some(ended),
        _ = signal::ctrl_c() => None,
    };
    hunt.progress.clear();
    match ended {
        Some(ended) => ended,
        None if hunt.one_time => Err(Error::Said(exit::ONE_TIME)),
        None => Err(Error::Interrupted),
    }
}

/// Looks once for a hotkey: the daemon tells the person, the exit code tells the rest.
async fn notify(args: &Scan, session: &mut Session) -> Result<(), Error> {
    let options = ScanOptions { notify: Some(true), ..options(args) };
    let found = session.scanner().await?.scan_screen(options.into()).await?;
    let found: Vec<Candidate> = found.into_iter().map(Candidate::from).collect();
    let choices: Vec<&Candidate> = found.iter().filter(|one| Sort::of(one) == Sort::Keepable).collect();
    match one_decision(&choices) {
        // An impostor is told of, and left to the person.
        true if choices.iter().any(|one| !one.look_alike.is_empty()) => {
            Err(Error::Said(Answer::Denied(String::new()).exit_code()))
        }
        true => Ok(()),
        false if choices.is_empty() => Err(nothing_to_keep(&found)),
        false => Err(Error::Said(choosing::ambiguous())),
    }
}

/// Returns what to look at, and on which screen.
fn options(args: &Scan) -> ScanOptions {
    let Part { screen, region, window, clipboard } = args.part.clone();
    let (region, clipboard) = (region.then_some(true), clipboard.then_some(true));
    ScanOptions { screen, region, window, clipboard, harder: harder(args), ..screen_options() }
}

fn harder(args: &Scan) -> Option<bool> {
    args.harder.then_some(true)
}

/// How long to go on looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// One look.
    Once,
    /// When a one-time QR was seen: until the reusable one shows.
    AfterOneTime(Duration),
    /// Until something that can be kept shows.
    UntilFound(Duration),
}

impl Patience {
    fn of(args: &Scan, terminal: bool) -> Self {
        match args.wait {
            // It looks on by itself, and longer than once would only show the same again.
            _ if args.camera.is_some() => Self::Once,
            Some(seconds) => Self::UntilFound(Duration::from_secs(seconds.into())),
            None if !terminal || args.no_wait || args.json || !args.image.is_empty() => Self::Once,
            // Nobody draws a frame once a second, and the clipboard has no page in it that could change.
            None if args.part.region || args.part.clipboard => Self::Once,
            None => Self::AfterOneTime(USUAL_WAIT),
        }
    }
}

/// A scan from its first look to its end.
struct Hunt {
    args: Scan,
    patience: Patience,
    since: Instant,
    progress: Progress,
    looking_on: LookingOn,
    /// What was explained already.
    explained: HashSet<String>,
    /// Whether a one-time QR was among it.
    one_time: bool,
    /// Whether the code of an account that was kept has been shown.
    code_shown: bool,
    /// Parts of an export that are sealed and wait for the others.
    parts: HashSet<String>,
}

impl Hunt {
    fn new(args: Scan, terminal: bool) -> Self {
        let patience = Patience::of(&args, terminal);
        let (explained, parts) = (HashSet::new(), HashSet::new());
        let (progress, looking_on) = (Progress::default(), LookingOn::default());
        Self {
            args,
            patience,
            since: Instant::now(),
            progress,
            looking_on,
            explained,
            one_time: false,
            code_shown: false,
            parts,
        }
    }

    async fn run(&mut self, session: &mut Session) -> Result<(), Error> {
        // A rate, not a wait: a look that takes longer than a second is followed by the next one at once.
        let mut rate = interval(Duration::from_secs(1));
        rate.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            rate.tick().await;
            if self.learn_what_is_asked().await {
                rate = interval(looking_on::PAUSE);
            }
            let found = match self.look(session).await {
                // Another scan is under way, say: the next look is a second away.
                Err(Error::Daemon(Answer::LimitsExceeded(why))) if self.left().is_some() => {
                    self.progress.show(&why);
                    continue;
                }
                found => found?,
            };
            self.looking_on.looked();
            if self.look_at(session, &found).await? == Settled::Done {
                return Ok(());
            }
            let asks_each_time = self.looking_on.asks_each_time();
            let Some(left) = self.left().filter(|left| !asks_each_time || *left > looking_on::PAUSE) else {
                return self.end(&found);
            };
            if asks_each_time {
                // The pause is the person's, and begins with their answer; the time of the search goes on meanwhile.
                rate.reset();
            }
            self.progress.show(&format!("{} s: {}; Ctrl-C ends", left.as_secs(), self.waits_for()));
        }
    }

    /// Says, before one look of many, whether the desktop will ask the person; returns whether it turns out to do so each time.
    async fn learn_what_is_asked(&mut self) -> bool {
        if !self.is_one_of_many() {
            return false;
        }
        let news = self.looking_on.learn().await;
        if let Some(sentence) = &news {
            self.progress.clear();
            output::say(output::wrap(sentence, output::width(), "").trim_end());
        }
        news.is_some() && self.looking_on.asks_each_time()
    }

    /// Whether the next look at the screens is to be followed, or follows others.
    fn is_one_of_many(&self) -> bool {
        let Part { region, window, clipboard, .. } = &self.args.part;
        let screens = self.args.image.is_empty() && window.is_none() && !region && !clipboard;
        screens && (matches!(self.patience, Patience::UntilFound(_)) || self.left().is_some())
    }

    /// Does what one look allows: explains, keeps, or leaves it to the next look.
    async fn look_at(&mut self, session: &mut Session, found: &[Candidate]) -> Result<Settled, Error> {
        let choices = self.choices(found);
        if self.args.json {
            let over = !choices.is_empty() || self.left().is_none();
            return if over { self.as_json(session, found, &choices).await } else { Ok(Settled::LooksOn) };
        }
        self.explain(found)?;
        if choices.is_empty() {
            return Ok(Settled::LooksOn);
        }
        self.progress.clear();
        if !self.explained.is_empty() {
            output::print("\n")?;
        }
        self.mention(found, &choices)?;
        self.settle(session, choices).await
    }

    /// Looks at the pictures, through the camera, or at the screen.
    async fn look(&mut self, session: &Session) -> Result<Vec<Candidate>, Error> {
        if let Some(device) = &self.args.camera {
            let seconds = self.args.wait;
            return camera::look(session, device, seconds, harder(&self.args), &mut self.progress).await;
        }
        if self.args.image.is_empty() {
            let looks_on = self.is_one_of_many().then_some(true);
            let options = ScanOptions { looks_on, ..options(&self.args) };
            let found = session.scanner().await?.scan_screen(options.into()).await?;
            return Ok(found.into_iter().map(Candidate::from).collect());
        }
        let mut all: Vec<Candidate> = Vec::new();
        for path in &self.args.image {
            let found = self.look_at_picture(session, path).await.inspect_err(|_| self.name(path))?;
            for mut one in found.into_iter().map(Candidate::from) {
                if self.args.image.len() > 1 {
                    one.screen = path.display().to_string();
                }
                // The same QR in two pictures is one to choose from.
                if one.id.is_empty() || !all.iter().any(|other| other.id == one.id) {
                    all.push(one);
                }
            }
        }
        // An earlier picture's part did not know of the later ones.
        let waiting = session.scanner().await?.candidates(none()).await?;
        for other in waiting.into_iter().map(Candidate::from) {
            for one in all.iter_mut().filter(|one| one.class == "migration" && one.id == other.id) {
                one.missing_parts.clone_from(&other.missing_parts);
            }
        }
        Ok(all)
    }

    async fn look_at_picture(&self, session: &Session, path: &Path) -> Result<Vec<Dict>, Error> {
        let picture = picture::open(path)?;
        let options = ImageOptions { harder: harder(&self.args) };
        Ok(session.secrets().await?.scan_image(picture.as_fd().into(), options.into()).await?)
    }

    /// Says which of several pictures the error after this is about.
    fn name(&self, path: &Path) {
        if self.args.image.len() > 1 {
            output::say(&format!("countersign: {}:", path.display()));
        }
    }

    /// Returns what there is to choose from.
    ///
    /// Beside a one-time QR, or between the parts of an export, what is kept already is no news and ends nothing.
    fn choices<'a>(&self, found: &'a [Candidate]) -> Vec<&'a Candidate> {
        let looks_on = !self.parts.is_empty() || found.iter().any(|one| Sort::of(one) == Sort::OneTime);
        let keepable = found.iter().filter(|one| Sort::of(one) == Sort::Keepable);
        let is_news = |one: &&Candidate| !(self.parts.contains(&content(one)) || (looks_on && one.known == "kept"));
        keepable.filter(is_news).collect()
    }

    /// Explains each QR that can't be kept and about which there is something to know, once.
    fn explain(&mut self, found: &[Candidate]) -> Result<(), Error> {
        for one in found.iter().filter(|one| Sort::of(one) != Sort::Keepable && !one.advice.is_empty()) {
            self.one_time |= Sort::of(one) == Sort::OneTime;
            if self.explained.insert(format!("{} {}", one.class, one.vendor)) {
                self.progress.clear();
                output::print(&candidate::describe(one, output::width()))?;
            }
        }
        Ok(())
    }

    /// Says in a line each, once, what is neither chosen from nor explained.
    fn mention(&mut self, found: &[Candidate], choices: &[&Candidate]) -> Result<(), Error> {
        for line in self.others(found, choices) {
            if self.explained.insert(line.clone()) {
                output::print(&output::wrap(&format!("Also found: {line}"), output::width(), ""))?;
            }
        }
        Ok(())
    }

    fn others(&self, found: &[Candidate], choices: &[&Candidate]) -> Vec<String> {
        let is_chosen = |one: &Candidate| choices.iter().any(|choice| std::ptr::eq(*choice, one));
        let others = found.iter().filter(|one| one.advice.is_empty() && !is_chosen(one));
        others.filter(|one| !self.parts.contains(&content(one))).map(candidate::with_reason).collect()
    }

    /// Returns how long to go on looking; `None` when it is over.
    fn left(&self) -> Option<Duration> {
        let limit = match self.patience {
            Patience::Once => return None,
            Patience::AfterOneTime(_) if !self.one_time && self.parts.is_empty() => return None,
            Patience::AfterOneTime(limit) | Patience::UntilFound(limit) => limit,
        };
        limit.checked_sub(self.since.elapsed())
    }

    /// Says in a few words what is looked for.
    fn waits_for(&self) -> &'static str {
        if !self.parts.is_empty() {
            "looking for the other parts"
        } else if self.one_time {
            "looking for the reusable QR"
        } else {
            "looking for a QR"
        }
    }

    /// Keeps what is chosen of several; whether to keep a single one is asked.
    async fn settle(&mut self, session: &mut Session, choices: Vec<&Candidate>) -> Result<Settled, Error> {
        let chosen = choosing::choose(session, choices, self.args.yes).await?;
        let mut all = Vec::new();
        self.keep_all(session, &chosen, &mut all).await?;
        let last_part = all.iter().rev().find(|kept| kept.parts > 0);
        let waits = last_part.is_some_and(|kept| !kept.missing_parts.is_empty());
        proof::follow(session, &all, self.code_shown && !self.args.yes && output::is_terminal()).await?;
        Ok(if waits { Settled::LooksOn } else { Settled::Done })
    }

    /// Keeps one after the other, and notes what became of each; the parts of one export are one decision.
    async fn keep_all(
        &mut self,
        session: &mut Session,
        chosen: &[&Candidate],
        all: &mut Vec<Kept>,
    ) -> Result<(), Error> {
        let mut yes = self.args.yes;
        for (place, one) in chosen.iter().enumerate() {
            // The last missing part takes the others along.
            if !all.is_empty() && one.class == "migration" && !is_there(session, one).await? {
                continue;
            }
            let kept = match (Keeper { keep: &self.args.keep, yes }).keep(session, one).await {
                Err(no @ Error::Daemon(Answer::Denied(_))) if one_decision(chosen) => {
                    for other in &chosen[place + 1..] {
                        session.scanner().await?.discard(&other.id, none()).await?;
                    }
                    return Err(no);
                }
                kept => kept?,
            };
            yes |= one_decision(chosen);
            if !self.args.json {
                self.code_shown |= keeping::tell(session, &kept).await?;
            }
            if !kept.missing_parts.is_empty() {
                self.parts.insert(content(one));
            }
            all.push(kept);
        }
        Ok(())
    }

    /// Prints what was found, and keeps it with `--yes`.
    async fn as_json(
        &mut self,
        session: &mut Session,
        found: &[Candidate],
        choices: &[&Candidate],
    ) -> Result<Settled, Error> {
        if !self.args.yes || !one_decision(choices) {
            output::json(&Report { candidates: found, kept: &[] })?;
            return match choices {
                [] => Err(self.nothing(found)),
                several_of_them if self.args.yes => Err(choosing::several(several_of_them)),
                _ => Ok(Settled::Done),
            };
        }
        let mut kept = Vec::new();
        let ended = self.keep_all(session, choices, &mut kept).await;
        if ended.is_ok() || !kept.is_empty() {
            output::json(&Report { candidates: found, kept: &kept })?;
        }
        ended.map(|()| Settled::Done)
    }

    /// Ends when there is no time for another look.
    fn end(&mut self, found: &[Candidate]) -> Result<(), Error> {
        if !self.args.json && (self.one_time || !self.parts.is_empty()) {
            self.mention(found, &[])?;
        }
        match self.patience {
            // That was all that was asked for, and what is missing has been said.
            Patience::Once if !self.parts.is_empty() && self.args.camera.is_none() => Ok(()),
            _ if !self.parts.is_empty() => {
                Err(Error::NoQr("the other parts did not show; those found stay sealed until they do".into()))
            }
            _ if self.one_time => Err(Error::Said(exit::ONE_TIME)),
            _ => Err(self.nothing(found)),
        }
    }

    /// Returns the error for a look that found nothing to keep.
    fn nothing(&self, found: &[Candidate]) -> Error {
        let unseen = self.args.camera.is_some() && found.is_empty();
        if unseen { Error::NoQrSeen } else { nothing_to_keep(found) }
    }
}

/// What is left to do after a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settled {
    /// Nothing: the command ends well.
    Done,
    /// The next look, if there is time for one.
    LooksOn,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    candidates: &'a [Candidate],
    kept: &'a [Kept],
}

/// Whether a candidate waits still.
async fn is_there(session: &Session, one: &Candidate) -> Result<bool, Error> {
    let waiting = session.scanner().await?.candidates(none()).await?;
    Ok(waiting.into_iter().map(Candidate::from).any(|other| other.id == one.id))
}

/// Returns what tells a part from others at each look: its id is a new one once it has been sealed.
fn content(part: &Candidate) -> String {
    format!("{} {} {} {}", part.class, part.part, part.parts, part.accounts.join("\n"))
}

/// Returns the error for a look that found nothing to keep, and says which QRs there were.
fn nothing_to_keep(found: &[Candidate]) -> Error {
    if found.iter().any(|one| Sort::of(one) == Sort::OneTime) {
        return Error::Said(exit::ONE_TIME);
    }
    if found.is_empty() {
        return Error::NoQr("no QR code was found".into());
    }
    let mut text = "no QR code that can be kept was found".to_owned();
    // The others were explained at length.
    let unexplained: Vec<String> =
        found.iter().filter(|one| one.advice.is_empty()).map(candidate::with_reason).collect();
    if !unexplained.is_empty() {
        text = format!("{text}. {}", unexplained.join("; "));
    }
    Error::NoQr(text)
}

/// How long a terminal looks on after a one-time QR.
const USUAL_WAIT: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candidate::tests::{account, activation};
    use clap::Parser;

    fn args(words: &[&str]) -> Scan {
        let line = ["countersign", "scan"].iter().chain(words);
        match crate::args::Cli::try_parse_from(line).unwrap().command {
            crate::args::Command::Scan(scan) => scan,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_terminal_looks_on_for_two_minutes_and_a_pipe_never() {
        let after = Patience::AfterOneTime(Duration::from_secs(120));
        let rows: [(&[&str], bool, Patience); 14] = [
            (&[], true, after),
            (&["--yes"], true, after),
            (&[], false, Patience::Once),
            (&["--json"], true, Patience::Once),
            (&["--no-wait"], true, Patience::Once),
            (&["--image", "x"], true, Patience::Once),
            (&["--image", "x", "y"], true, Patience::Once),
            (&["--region"], true, Patience::Once),
            (&["--clipboard"], true, Patience::Once),
            (&["--screen", "2"], true, after),
            (&["--camera"], true, Patience::Once),
            (&["--camera", "/dev/video2", "--wait=5"], true, Patience::Once),
            (&["--wait"], false, Patience::UntilFound(Duration::from_secs(120))),
            (&["--wait=5", "--json"], true, Patience::UntilFound(Duration::from_secs(5))),
        ];
        for (words, terminal, patience) in rows {
            assert_eq!(Patience::of(&args(words), terminal), patience, "{words:?}");
        }
    }

    #[test]
    fn one_part_of_the_screen_is_asked_for_at_a_time() {
        let told = options(&args(&["--screen", "2"]));
        assert_eq!((told.screen.as_deref(), told.region, told.clipboard), (Some("2"), None, None));
        assert_eq!(options(&args(&["--region"])).region, Some(true));
        for two in [["--region", "--clipboard"], ["--screen=1", "--window=x"], ["--image=x", "--region"]] {
            let line = ["countersign", "scan"].into_iter().chain(two);
            assert!(crate::args::Cli::try_parse_from(line).is_err(), "{two:?}");
        }
    }

    #[test]
    fn looking_on_starts_with_what_was_explained() {
        let mut hunt = Hunt::new(args(&[]), true);
        assert!(hunt.left().is_none());
        hunt.explain(&[activation()]).unwrap();
        assert!(hunt.left().is_some());
        hunt.patience = Patience::AfterOneTime(Duration::ZERO);
        assert!(hunt.left().is_none());
        assert_eq!(hunt.end(&[]).unwrap_err().exit_code(), exit::ONE_TIME);
    }

    #[test]
    fn a_part_that_waits_is_no_failure_unless_the_others_were_waited_for() {
        let mut hunt = Hunt::new(args(&["--yes"]), false);
        let part = Candidate { class: "migration".into(), part: 1, parts: 2, ..Candidate::default() };
        hunt.parts.insert(content(&part));
        let again = [Candidate { id: "2".into(), ..part }];
        assert!(hunt.choices(&again).is_empty(), "it is no news at the next look");
        assert!(hunt.end(&[]).is_ok());
        hunt.patience = Patience::UntilFound(Duration::ZERO);
        assert_eq!(hunt.end(&[]).unwrap_err().exit_code(), exit::NO_QR);
    }

    #[test]
    fn what_is_kept_already_does_not_end_the_search() {
        let old = Candidate { known: "kept".into(), ..account() };
        let hunt = Hunt::new(args(&[]), true);
        assert_eq!(hunt.choices(std::slice::from_ref(&old)).len(), 1);
        assert_eq!(hunt.choices(&[activation(), old.clone()]).len(), 0);
        assert_eq!(hunt.choices(&[activation(), old, account()]).len(), 1);
    }

    /// A damaged QR beside a good one was not told of, nor was an account that is kept already.
    #[test]
    fn all_that_is_found_is_told() {
        let what = "It begins like an authenticator's QR code, but can't be read as one.";
        let broken = Candidate { what: what.into(), reason: "character 9".into(), ..Candidate::default() };
        let old = Candidate { known: "kept".into(), title: "Old – me".into(), ..account() };
        let found = [broken, activation(), account(), old];
        let hunt = Hunt::new(args(&[]), true);
        let lines = hunt.others(&found, &hunt.choices(&found));
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].ends_with("as one: character 9"), "{lines:?}");
        assert!(lines[1].starts_with("Old – me") && lines[1].ends_with("kept already"), "{lines:?}");
    }

    #[test]
    fn what_can_not_be_kept_ends_with_its_code() {
        let link = Candidate { class: "url".into(), what: "A link to example.org".into(), ..Candidate::default() };
        assert_eq!(nothing_to_keep(&[]).exit_code(), exit::NO_QR);
        let only_link = nothing_to_keep(std::slice::from_ref(&link));
        assert_eq!(only_link.exit_code(), exit::NO_QR);
        assert!(only_link.to_string().contains("example.org"));
        let login =
            Candidate { class: "vendor-login".into(), what: "A login".into(), advice: "x".into(), ..link.clone() };
        assert!(!nothing_to_keep(&[login]).to_string().contains("A login"), "it was explained already");
        assert_eq!(nothing_to_keep(&[link, activation()]).exit_code(), exit::ONE_TIME);
    }
}
