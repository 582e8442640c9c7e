//! Earlier vaults: each save gives the file it replaces a second name here. For disasters; undo lives in the history.

use std::{collections::BTreeSet, path::PathBuf};

use super::{
    DAY, VAULT_LIMIT,
    content::Content,
    envelope::VaultKey,
    error::{Unusable, VaultError},
    file,
    store::{Shared, open_with},
};

/// An earlier vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// What to ask for it by: its file's name without the ending.
    pub name: String,
    /// Its generation number.
    pub number: u64,
    /// Unix time at which another took its place.
    pub until: u64,
    /// What took its place: `save`, `import`, `merge`, `key`, `restore` or `damaged`.
    pub why: &'static str,
    millis: u64,
}

/// What takes the place of a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Save,
    Import,
    Key,
    Restore,
    Damaged,
}

impl Why {
    fn word(self) -> &'static str {
        match self {
            Self::Save => "save",
            Self::Import => "import",
            Self::Key => "key",
            Self::Restore => "restore",
            Self::Damaged => "damaged",
        }
    }
}

impl Shared {
    fn generations_dir(&self) -> PathBuf {
        self.dirs.data.join("generations")
    }

    /// Returns the name under which generation `number` is put aside now.
    pub(super) fn aside(&self, number: u64, why: Why) -> PathBuf {
        self.generations_dir().join(format!("{number:010}-{}-{}.age", self.now_millis(), why.word()))
    }

    /// Returns the earlier vaults, the newest first.
    pub(super) fn generations(&self) -> Vec<Generation> {
        let mut all: Vec<_> =
            file::age_files(&self.generations_dir()).iter().filter_map(|name| read_name(name)).collect();
        all.sort_by_key(|generation| std::cmp::Reverse((generation.millis, generation.number)));
        all
    }

    /// Removes the generations that are in nobody's interest any more. A failure costs room, nothing else.
    pub(super) fn prune(&self) {
        for name in superfluous(&self.generations(), self.now()) {
            let _ = self.disk.remove(&self.generations_dir().join(format!("{name}.age")));
        }
    }

    /// Reads an earlier vault, to be put in the place of the `present` one: its entries, with the present keys.
    pub(super) fn earlier(
        &self,
        name: &str,
        keys: &[VaultKey],
        present: Option<(VaultKey, Content)>,
    ) -> Result<(VaultKey, Content), VaultError> {
        if !self.generations().iter().any(|generation| generation.name == name) {
            return Err(VaultError::NoSuch { what: "generation" });
        }
        let what = format!("generations/{name}.age");
        let path = self.dirs.data.join(&what);
        let file = self.disk.read(&path, VAULT_LIMIT).map_err(|error| Unusable::unreadable(&what, &error))?;
        let (its_key, mut content) = open_with(keys, &file, &what)?;
        let key = match present {
            Some((key, present)) => {
                content.raise_counters(&present);
                content.generation = content.generation.max(present.generation);
                content.old_keys = present.old_keys;
                content.recovery = present.recovery;
                key
            }
            None => keys.first().map_or_else(|| its_key.duplicate(), VaultKey::duplicate),
        };
        let known = |old: &VaultKey| old.recipient() == its_key.recipient();
        if !known(&key) && !content.old_keys.iter().any(known) {
            content.old_keys.push(its_key);
        }
        Ok((key, content))
    }
}

/// Reads a file name such as `0000000057-1712345678901-save.age`.
fn read_name(file: &str) -> Option<Generation> {
    let name = file.strip_suffix(".age")?;
    let mut parts = name.splitn(3, '-');
    let number = parts.next()?.parse().ok()?;
    let millis: u64 = parts.next()?.parse().ok()?;
    let word = parts.next()?;
    let why = ["save", "import", "merge", "key", "restore", "damaged"].into_iter().find(|why| *why == word)?;
    Some(Generation { name: name.to_owned(), number, until: millis / 1000, why, millis })
}

/// Returns the names to remove of `all`, newest first: what is not among the last 10, nor the last of its day in the
/// last 14 days, nor among the last 10 before something greater than a save.
fn superfluous(all: &[Generation], now: u64) -> Vec<String> {
    let mut keep: BTreeSet<&str> = all.iter().take(10).map(|generation| generation.name.as_str()).collect();
    keep.extend(
        all.iter().filter(|generation| generation.why != "save").take(10).map(|generation| generation.name.as_str()),
    );
    let mut days = BTreeSet::new();
    for generation in all.iter().filter(|generation| generation.until / DAY + 14 > now / DAY) {
        if days.insert(generation.until / DAY) {
            keep.insert(&generation.name);
        }
    }
    let rest = all.iter().filter(|generation| !keep.contains(generation.name.as_str()));
    rest.map(|generation| generation.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generation(number: u64, until: u64, why: &str) -> Generation {
        read_name(&format!("{number:010}-{}-{why}.age", until * 1000)).unwrap()
    }

    #[test]
    fn ten_last_one_a_day_for_two_weeks_and_those_before_imports_stay() {
        let now = 400 * DAY + 1000;
        let mut all: Vec<_> = (0..20).map(|n| generation(100 - n, now - n, "save")).collect();
        all.extend((1..30).map(|day| generation(70 - day, now - day * DAY, "save")));
        all.extend((0..12).map(|n| generation(30 - n, 100 * DAY - n, "import")));
        let gone = superfluous(&all, now);
        let kept: Vec<u64> = all
            .iter()
            .filter(|generation| !gone.contains(&generation.name))
            .map(|generation| generation.number)
            .collect();
        let mut expected: Vec<u64> = (91..=100).rev().collect();
        expected.extend((57..=69).rev());
        expected.extend((21..=30).rev());
        assert_eq!(kept, expected);
    }

    #[test]
    fn a_file_of_another_name_is_no_generation_and_is_never_removed() {
        for name in ["mine.age", "1-2-other.age", "x-1-save.age", "1-save.age", "0000000001-5-save.txt"] {
            assert_eq!(read_name(name), None, "{name}");
        }
    }
}
