//! The list of sites to enrol again: what no export of the old app can bring along. It stands in the vault, so that no list
//! of a person's sites lies about in the clear.
//!
//! Each change turns a site's presence over, so an undo only has to turn it back; `FORMAT.md` §4 says how two copies merge.

use std::{
    collections::{HashMap, HashSet},
    io::{self, Write},
};

use serde_json::value::RawValue;

use super::{
    HISTORY_SECONDS, TOMBSTONE_SECONDS,
    content::{Change, Entry, Version},
    error::VaultError,
    generations::Why,
    history::Mark,
    json::{Extras, Object, ObjectWriter, Odd},
    unlocked::Vault,
};
use crate::{account::AccountId, secret::SecretText, site};

/// How far a site on the list is.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'v> {
    /// No account of it was kept since.
    Open,
    /// None was kept since, but this one is there from before: perhaps it is meant.
    Before(&'v Entry),
    /// This account was kept since; no site is known to accept its codes.
    Unproven(&'v Entry),
    /// This account came from elsewhere since, and no code of it was used here.
    Unused(&'v Entry),
    /// This account was kept since, and is in use.
    Done(&'v Entry),
}

/// A site to enrol again.
#[derive(PartialEq, Eq)]
pub struct Site {
    name: String,
    program: String,
    created: u64,
    version: Version,
    /// The changes that turned its presence over and can be undone, the oldest first.
    changes: Vec<Version>,
    deleted: Option<u64>,
    extras: Extras,
}

impl Site {
    /// Returns what the person calls it, perhaps with the account's name after a colon.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the app that it is to leave; may be empty.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Returns the Unix time at which it was put on the list.
    pub fn created(&self) -> u64 {
        self.created
    }

    fn is_listed(&self) -> bool {
        self.deleted.is_none()
    }

    fn is(&self, name: &str, program: &str) -> bool {
        site::key(&self.name) == site::key(name) && site::key(&self.program) == site::key(program)
    }

    fn turn(&mut self, mark: Mark) {
        // What one change turns over twice is as it was.
        if self.changes.last() == Some(&mark.change) {
            self.changes.pop();
        } else {
            self.changes.push(mark.change);
        }
        self.show(self.deleted.is_some(), mark);
    }

    fn show(&mut self, listed: bool, mark: Mark) {
        self.deleted = (!listed).then_some(mark.at);
        self.version = mark.change;
    }

    fn duplicate(&self) -> Self {
        Self {
            name: self.name.clone(),
            program: self.program.clone(),
            changes: self.changes.clone(),
            extras: self.extras.duplicate(),
            ..*self
        }
    }
}

/// What to change of the list.
#[derive(Debug, Default)]
pub struct ChecklistEdit {
    /// Sites to put on it; those that are there stay as they are.
    pub add: Vec<String>,
    /// Sites to take off it, whichever app they are to leave.
    pub remove: Vec<String>,
    /// The app that the new ones are to leave; may be empty.
    pub program: String,
}

impl Vault {
    /// Returns the sites to enrol again, in the order in which they were put on the list, and how far each is.
    ///
    /// `last_use` tells the Unix time of an account's last code; `None` where it never made one.
    pub fn checklist(&self, last_use: impl Fn(AccountId) -> Option<u64>) -> Vec<(&Site, Progress<'_>)> {
        let mut of_site: HashMap<String, Vec<&Entry>> = HashMap::new();
        for entry in self.entries() {
            let keys: HashSet<String> = site::keys(entry.account()).into_iter().collect();
            for key in keys {
                of_site.entry(key).or_default().push(entry);
            }
        }
        let near =
            |site: &Site| of_site.get(&site::key(site::without_account(&site.name))).map_or(&[][..], Vec::as_slice);
        let listed = self.content.checklist.sites.iter().filter(|site| site.is_listed());
        listed.map(|site| (site, progress(site, near(site), &last_use))).collect()
    }

    /// Says whether a site is on the list.
    pub fn is_on_checklist(&self, name: &str) -> bool {
        let wanted = site::key(name);
        self.content.checklist.sites.iter().any(|site| site.is_listed() && site::key(&site.name) == wanted)
    }

    /// Changes the list, as one change that undo takes back.
    ///
    /// # Errors
    /// [`VaultError::NoSuch`] where a site to take off is not on it, [`VaultError::Invalid`] for one that can't be,
    /// [`VaultError::Full`] beyond 1,000; nothing is changed then.
    pub fn edit_checklist(&mut self, edit: &ChecklistEdit) -> Result<(), VaultError> {
        let mark = self.mark(Change::Edited);
        let mut draft = self.draft();
        let list = &mut draft.checklist;
        for name in &edit.remove {
            list.remove(name, mark)?;
        }
        for name in &edit.add {
            list.add(name.trim(), edit.program.trim(), mark)?;
        }
        if list.sites.iter().all(|site| site.version != mark.change) {
            return Ok(());
        }
        self.commit(draft, Why::Save)
    }
}

fn progress<'v>(site: &Site, of_site: &[&'v Entry], last_use: &impl Fn(AccountId) -> Option<u64>) -> Progress<'v> {
    let in_use = |entry: &&Entry| {
        let used = || last_use(entry.id()).is_some_and(|at| at >= entry.enrolled());
        entry.is_confirmed_here() || (entry.confirmed().is_some() && used())
    };
    let fitting = || of_site.iter().copied().filter(|entry| site::fits(&site.name, entry.account()));
    let since = || fitting().filter(|entry| entry.enrolled() >= site.created);
    let steps = [
        since().find(in_use).map(Progress::Done),
        since().find(|entry| entry.confirmed().is_some()).map(Progress::Unused),
        since().next().map(Progress::Unproven),
        fitting().next().map(Progress::Before),
    ];
    steps.into_iter().flatten().next().unwrap_or(Progress::Open)
}

/// The list in the vault, with what was on it.
#[derive(Default)]
pub(super) struct Checklist {
    sites: Vec<Site>,
    /// What this version does not understand, word for word.
    strange: Vec<SecretText>,
}

impl Checklist {
    fn add(&mut self, name: &str, program: &str, mark: Mark) -> Result<(), VaultError> {
        check(name)?;
        if program.len() > NAME_LIMIT {
            return Err(VaultError::Invalid { field: "the app", why: "is longer than 256 bytes" });
        }
        if self.sites.iter().filter(|site| site.is_listed()).count() >= SITE_LIMIT {
            return Err(VaultError::Full("the list of sites"));
        }
        match self.sites.iter_mut().find(|site| site.is(name, program)) {
            Some(site) if site.is_listed() => {}
            Some(site) => {
                site.turn(mark);
                site.created = mark.at;
            }
            None => self.sites.push(Site {
                name: name.to_owned(),
                program: program.to_owned(),
                created: mark.at,
                version: mark.change,
                changes: vec![mark.change],
                deleted: None,
                extras: Extras::default(),
            }),
        }
        Ok(())
    }

    fn remove(&mut self, name: &str, mark: Mark) -> Result<(), VaultError> {
        let wanted = site::key(name);
        let mut meant =
            self.sites.iter_mut().filter(|site| site.is_listed() && site::key(&site.name) == wanted).peekable();
        if meant.peek().is_none() {
            return Err(VaultError::NoSuch { what: "site on the list" });
        }
        meant.for_each(|site| site.turn(mark));
        Ok(())
    }

    /// Whether the same sites are on another list.
    pub(super) fn lists_as(&self, other: &Self) -> bool {
        let listed = |list: &Self| {
            let sites = list.sites.iter().filter(|site| site.is_listed());
            sites.map(|site| (site.name.clone(), site.program.clone())).collect::<HashSet<_>>()
        };
        listed(self) == listed(other)
    }

    /// Returns the last change that can be taken back.
    pub(super) fn last_change(&self) -> Option<Version> {
        self.sites.iter().filter_map(|site| site.changes.last().copied()).max()
    }

    /// Returns the highest version in it.
    pub(super) fn clock(&self) -> Option<Version> {
        self.sites.iter().flat_map(|site| site.changes.iter().copied().chain([site.version])).max()
    }

    /// Takes a change back, and returns the sites that it had touched.
    pub(super) fn undo(&mut self, change: Version, mark: Mark) -> Vec<String> {
        let touched = self.sites.iter_mut().filter(|site| site.changes.last() == Some(&change));
        let take_back = |site: &mut Site| {
            site.changes.pop();
            site.show(site.deleted.is_some(), mark);
            site.name.clone()
        };
        touched.map(take_back).collect()
    }

    /// Drops what is over: undo after 30 days, what was taken off after a year.
    pub(super) fn expire(&mut self, now: u64) {
        for site in &mut self.sites {
            site.changes.retain(|change| change.seconds().saturating_add(HISTORY_SECONDS) > now);
        }
        self.sites.retain(|site| site.deleted.is_none_or(|at| at.saturating_add(TOMBSTONE_SECONDS) > now));
    }

    pub(super) fn duplicate(&self) -> Self {
        Self {
            sites: self.sites.iter().map(Site::duplicate).collect(),
            strange: self.strange.iter().map(|text| SecretText::from(text.expose())).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sites.is_empty() && self.strange.is_empty()
    }

    pub(super) fn read(items: Vec<&RawValue>) -> Self {
        let mut list = Self::default();
        for raw in items {
            match read_site(raw.get()) {
                Ok(site) => list.sites.push(site),
                Err(_) => list.strange.push(SecretText::from(raw.get())),
            }
        }
        list
    }

    /// Writes it as a member of the vault.
    pub(super) fn write<W: Write>(&self, vault: &mut ObjectWriter<'_, W>) -> io::Result<()> {
        let known = self.sites.iter().map(Ok);
        vault.list("checklist", known.chain(self.strange.iter().map(Err)), |out, item| match item {
            Ok(site) => write_site(out, site),
            Err(text) => out.write_all(text.expose().as_bytes()),
        })
    }
}

fn read_site(text: &str) -> Result<Site, Odd> {
    let mut object = Object::parse(text.as_bytes())?;
    let changes: Vec<&str> = object.maybe("changes")?.unwrap_or_default();
    Ok(Site {
        name: object.must("site")?,
        program: object.text("program")?,
        created: object.must("created")?,
        version: object.parsed("version")?,
        changes: changes.into_iter().map(str::parse).collect::<Result<_, _>>().map_err(|_| Odd("changes"))?,
        deleted: object.maybe("deleted")?,
        extras: object.rest(),
    })
}

fn write_site<W: Write>(out: &mut W, site: &Site) -> io::Result<()> {
    let mut object = ObjectWriter::open(out)?;
    object.value("site", &site.name)?;
    object.text("program", &site.program)?;
    object.value("created", &site.created)?;
    object.value("version", &site.version.to_string())?;
    let changes: Vec<String> = site.changes.iter().map(Version::to_string).collect();
    object.maybe("changes", (!changes.is_empty()).then_some(changes))?;
    object.maybe("deleted", site.deleted)?;
    object.close(&site.extras)
}

fn check(name: &str) -> Result<(), VaultError> {
    match name.len() {
        _ if site::key(name).is_empty() => Err(VaultError::Invalid { field: "the site", why: "has no name" }),
        length if length > NAME_LIMIT => {
            Err(VaultError::Invalid { field: "the site", why: "is longer than 256 bytes" })
        }
        _ => Ok(()),
    }
}

const NAME_LIMIT: usize = 256;
const SITE_LIMIT: usize = 1000;
