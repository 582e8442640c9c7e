//! The content of a vault as JSON, both ways. `FORMAT.md` §4 says the same in words.

use std::{
    collections::HashSet,
    io::{self, Write},
};

use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{
    FORMAT,
    checklist::Checklist,
    content::{Change, Content, Details, Entry, Past, Recovery, Tombstone, Version},
    envelope::{VaultKey, room_for},
    error::Unusable,
    json::{Count, Object, ObjectWriter, Odd},
};
use crate::{
    account::{Account, AccountId, Algorithm, Kind},
    secret::SecretText,
};

/// Refuses a line that a later version wrote.
pub(super) fn check_format(line: &[u8]) -> Result<(), Unusable> {
    let mut object = Object::parse(line).map_err(damaged)?;
    match object.must::<u64>("countersign").map_err(damaged)? {
        FORMAT => Ok(()),
        version => Err(Unusable::Newer { version }),
    }
}

fn damaged(odd: Odd) -> Unusable {
    Unusable::Damaged { what: format!("the vault's content ({})", odd.0) }
}

impl Content {
    /// Reads the line; entries that can't be understood are kept apart.
    pub(super) fn read(line: &[u8]) -> Result<Self, Unusable> {
        Self::read_members(line).map_err(damaged)
    }

    fn read_members(line: &[u8]) -> Result<Self, Odd> {
        let mut object = Object::parse(line)?;
        object.must::<u64>("countersign")?;
        let mut content = Self::new(object.must("vault")?);
        content.generation = object.must("generation")?;
        content.written = object.maybe("written")?.unwrap_or_default();
        let mut known = HashSet::new();
        for raw in object.must::<Vec<&RawValue>>("entries")? {
            content.read_entry(raw.get(), &mut known);
        }
        content.recovery = object.raw("recovery")?.map(|raw| read_recovery(raw.get())).transpose()?;
        content.checklist = Checklist::read(object.maybe("checklist")?.unwrap_or_default());
        for text in object.maybe::<Vec<&str>>("old_keys")?.unwrap_or_default() {
            content.old_keys.push(VaultKey::parse(&SecretText::from(text)).ok_or(Odd("old_keys"))?);
        }
        content.extras = object.rest();
        Ok(content)
    }

    /// Sorts one entry in: as an entry, a tombstone, or into quarantine.
    fn read_entry(&mut self, text: &str, known: &mut HashSet<AccountId>) {
        match read_entry(text) {
            Ok(Read::Entry(entry)) if known.insert(entry.id) => self.entries.push(*entry),
            Ok(Read::Tombstone(stone)) if known.insert(stone.id) => self.tombstones.push(stone),
            _ => self.quarantined.push(SecretText::from(text)),
        }
    }

    /// Returns the line, in a buffer with room for its padding.
    pub(super) fn line(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut count = Count::default();
        self.write(&mut count)?;
        let mut line = Zeroizing::new(Vec::with_capacity(room_for(count.0)));
        self.write(&mut *line)?;
        Ok(line)
    }

    fn write<W: Write>(&self, out: &mut W) -> io::Result<()> {
        let mut object = ObjectWriter::open(out)?;
        object.value("countersign", &FORMAT)?;
        object.value("vault", &self.vault)?;
        object.value("generation", &self.generation)?;
        object.value("written", &self.written)?;
        object.list("entries", self.items(), |out, item| match item {
            Item::Entry(entry) => write_entry(out, entry),
            Item::Tombstone(stone) => write_tombstone(out, stone),
            Item::Quarantined(text) => out.write_all(text.expose().as_bytes()),
        })?;
        if let Some(recovery) = &self.recovery {
            write_recovery(object.name("recovery")?, recovery)?;
        }
        if !self.checklist.is_empty() {
            self.checklist.write(&mut object)?;
        }
        if !self.old_keys.is_empty() {
            object.list("old_keys", &self.old_keys, |out, key| Ok(serde_json::to_writer(out, key.text().expose())?))?;
        }
        object.close(&self.extras)
    }

    fn items(&self) -> impl Iterator<Item = Item<'_>> {
        let entries = self.entries.iter().map(Item::Entry);
        let tombstones = self.tombstones.iter().map(Item::Tombstone);
        entries.chain(tombstones).chain(self.quarantined.iter().map(Item::Quarantined))
    }
}

enum Item<'a> {
    Entry(&'a Entry),
    Tombstone(&'a Tombstone),
    Quarantined(&'a SecretText),
}

enum Read {
    Entry(Box<Entry>),
    Tombstone(Tombstone),
}

/// Returns the version of an entry that is otherwise not understood.
pub(super) fn version_of(text: &SecretText) -> Option<Version> {
    Object::parse(text.expose().as_bytes()).ok()?.parsed("version").ok()
}

fn read_entry(text: &str) -> Result<Read, Odd> {
    let mut object = Object::parse(text.as_bytes())?;
    let id = object.parsed("id")?;
    let created = object.must("created")?;
    let version = object.parsed("version")?;
    if object.maybe::<bool>("tombstone")? == Some(true) {
        let deleted = object.must("deleted")?;
        return Ok(Read::Tombstone(Tombstone { id, created, version, deleted, extras: object.rest() }));
    }
    let (mut history, mut strange) = (Vec::new(), Vec::new());
    for raw in object.maybe::<Vec<&RawValue>>("history")?.unwrap_or_default() {
        match read_past(raw.get()) {
            Ok(past) => history.push(past),
            Err(_) => strange.push(SecretText::from(raw.get())),
        }
    }
    let details = read_details(object)?;
    Ok(Read::Entry(Box::new(Entry { id, created, version, details, history, strange })))
}

fn read_past(text: &str) -> Result<Past, Odd> {
    let mut object = Object::parse(text.as_bytes())?;
    let at = object.must("at")?;
    let change = object.parsed("change")?;
    let why = Change::of(object.must("why")?).ok_or(Odd("why"))?;
    let undone = object.maybe("undone")?.unwrap_or_default();
    let before = object.raw("before")?.map(|raw| read_details(Object::parse(raw.get().as_bytes())?)).transpose()?;
    Ok(Past { at, change, why, undone, before, extras: object.rest() })
}

pub(super) fn read_details(mut object: Object<'_>) -> Result<Details, Odd> {
    let kind = read_kind(&mut object)?;
    let account = Account {
        issuer: object.text("issuer")?,
        name: object.text("name")?,
        prefix: object.maybe("prefix")?,
        kind,
        secret: object.secret("secret")?.ok_or(Odd("secret"))?,
    };
    Ok(Details {
        account,
        note: object.text("note")?,
        tags: object.maybe("tags")?.unwrap_or_default(),
        pinned: object.maybe("pinned")?.unwrap_or_default(),
        uses: object.maybe("uses")?.unwrap_or_default(),
        confirmed: object.maybe("confirmed")?,
        deleted: object.maybe("deleted")?,
        extras: object.rest(),
    })
}

fn read_kind(object: &mut Object<'_>) -> Result<Kind, Odd> {
    let kind = match object.must("type")? {
        "totp" => Kind::Totp {
            algorithm: read_algorithm(object)?,
            digits: object.must("digits")?,
            period: object.must("period")?,
        },
        "hotp" => Kind::Hotp {
            algorithm: read_algorithm(object)?,
            digits: object.must("digits")?,
            counter: object.must("counter")?,
        },
        "steam" => Kind::Steam,
        "motp" => Kind::Motp { pin: object.secret_text("pin")? },
        "yandex" => Kind::Yandex { pin: object.secret_text("pin")?, pin_length: object.maybe("pin_length")? },
        _ => return Err(Odd("type")),
    };
    kind.check().map_err(Odd)?;
    Ok(kind)
}

fn read_algorithm(object: &mut Object<'_>) -> Result<Algorithm, Odd> {
    let name: &str = object.must("algorithm")?;
    let all = [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512];
    all.into_iter().find(|algorithm| algorithm.name() == name).ok_or(Odd("algorithm"))
}

fn read_recovery(text: &str) -> Result<Recovery, Odd> {
    let mut object = Object::parse(text.as_bytes())?;
    Ok(Recovery {
        made: object.must("made")?,
        ending: object.secret_text("ending")?,
        recipient: object.must("recipient")?,
    })
}

fn write_entry<W: Write>(out: &mut W, entry: &Entry) -> io::Result<()> {
    let mut object = ObjectWriter::open(out)?;
    object.value("id", &entry.id.to_string())?;
    object.value("created", &entry.created)?;
    object.value("version", &entry.version.to_string())?;
    write_details(&mut object, &entry.details)?;
    if !entry.history.is_empty() || !entry.strange.is_empty() {
        let known = entry.history.iter().map(Ok);
        object.list("history", known.chain(entry.strange.iter().map(Err)), |out, past| match past {
            Ok(past) => write_past(out, past),
            Err(text) => out.write_all(text.expose().as_bytes()),
        })?;
    }
    object.close(&entry.details.extras)
}

fn write_tombstone<W: Write>(out: &mut W, stone: &Tombstone) -> io::Result<()> {
    let mut object = ObjectWriter::open(out)?;
    object.value("id", &stone.id.to_string())?;
    object.value("created", &stone.created)?;
    object.value("version", &stone.version.to_string())?;
    object.value("tombstone", &true)?;
    object.value("deleted", &stone.deleted)?;
    object.close(&stone.extras)
}

fn write_past<W: Write>(out: &mut W, past: &Past) -> io::Result<()> {
    let mut object = ObjectWriter::open(out)?;
    object.value("at", &past.at)?;
    object.value("change", &past.change.to_string())?;
    object.value("why", past.why.word())?;
    object.maybe("undone", past.undone.then_some(true))?;
    if let Some(before) = &past.before {
        let mut details = ObjectWriter::open(object.name("before")?)?;
        write_details(&mut details, before)?;
        details.close(&before.extras)?;
    }
    object.close(&past.extras)
}

pub(super) fn write_details<W: Write>(object: &mut ObjectWriter<'_, W>, details: &Details) -> io::Result<()> {
    let account = &details.account;
    object.value("type", account.kind.name())?;
    object.text("issuer", &account.issuer)?;
    object.text("name", &account.name)?;
    object.maybe("prefix", account.prefix.as_deref())?;
    write_kind(object, &account.kind)?;
    object.secret("secret", &account.secret)?;
    object.text("note", &details.note)?;
    object.maybe("tags", (!details.tags.is_empty()).then_some(&details.tags))?;
    object.maybe("pinned", details.pinned.then_some(true))?;
    object.maybe("uses", (details.uses > 0).then_some(details.uses))?;
    object.maybe("confirmed", details.confirmed)?;
    object.maybe("deleted", details.deleted)
}

fn write_kind<W: Write>(object: &mut ObjectWriter<'_, W>, kind: &Kind) -> io::Result<()> {
    match kind {
        Kind::Totp { algorithm, digits, period } => {
            object.value("algorithm", algorithm.name())?;
            object.value("digits", digits)?;
            object.value("period", period)
        }
        Kind::Hotp { algorithm, digits, counter } => {
            object.value("algorithm", algorithm.name())?;
            object.value("digits", digits)?;
            object.value("counter", counter)
        }
        Kind::Steam => Ok(()),
        Kind::Motp { pin } => object.maybe("pin", pin.as_ref().map(SecretText::expose)),
        Kind::Yandex { pin, pin_length } => {
            object.maybe("pin", pin.as_ref().map(SecretText::expose))?;
            object.maybe("pin_length", *pin_length)
        }
    }
}

fn write_recovery<W: Write>(out: &mut W, recovery: &Recovery) -> io::Result<()> {
    let mut object = ObjectWriter::open(out)?;
    object.value("made", &recovery.made)?;
    object.maybe("ending", recovery.ending.as_ref().map(SecretText::expose))?;
    object.value("recipient", &recovery.recipient)?;
    object.close(&super::json::Extras::default())
}
