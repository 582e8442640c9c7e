//! The log that `SQLite` writes beside a database: pages that are not in the database yet.
//!
//! The trap: a log is used again from its beginning, so behind its newest pages lie old ones. A page counts only while salts and
//! the running checksum fit, and only once a later one of them ends its change. See <https://sqlite.org/fileformat2.html#walformat>.

/// Takes the pages of all finished changes over into the database; a log that is none, or of another database, changes nothing.
pub fn apply(database: &mut Vec<u8>, log: &[u8]) {
    let Some(log) = Log::of(log) else { return };
    let mut waiting: Vec<(usize, &[u8])> = Vec::new();
    for frame in log {
        waiting.push((frame.page, frame.content));
        let Some(pages) = frame.pages_after else { continue };
        let size = frame.content.len();
        if pages.saturating_mul(size) > MAX_DATABASE {
            return;
        }
        database.resize(pages * size, 0);
        for (page, content) in waiting.drain(..) {
            // A page beyond the end was cut off again by this very change.
            if let Some(place) = database.get_mut((page - 1) * size..page * size) {
                place.copy_from_slice(content);
            }
        }
    }
}

/// The frames of a log whose checksums fit.
struct Log<'a> {
    rest: &'a [u8],
    page_size: usize,
    salts: &'a [u8],
    is_big_endian: bool,
    sum: (u32, u32),
}

/// One page of a log.
struct Frame<'a> {
    page: usize,
    /// The size of the database in pages, where the page ends a change.
    pages_after: Option<usize>,
    content: &'a [u8],
}

impl<'a> Log<'a> {
    fn of(log: &'a [u8]) -> Option<Self> {
        let (head, rest) = log.split_at_checked(HEAD)?;
        let is_big_endian = match word(head, 0) {
            MAGIC => false,
            other if other == MAGIC + 1 => true,
            _ => return None,
        };
        let page_size = word(head, 8) as usize;
        if !page_size.is_power_of_two() || !(512..=65_536).contains(&page_size) {
            return None;
        }
        let log = Self { rest, page_size, salts: &head[16..24], is_big_endian, sum: (0, 0) };
        let sum = log.summed(&head[..24]);
        (sum == (word(head, 24), word(head, 28))).then_some(Self { sum, ..log })
    }

    /// Returns the running checksum with these bytes added, whose number is a multiple of eight.
    fn summed(&self, bytes: &[u8]) -> (u32, u32) {
        let read = if self.is_big_endian { u32::from_be_bytes } else { u32::from_le_bytes };
        bytes.chunks_exact(8).fold(self.sum, |(first, second), pair| {
            let [one, two] = [0, 4].map(|at| read([pair[at], pair[at + 1], pair[at + 2], pair[at + 3]]));
            let first = first.wrapping_add(one).wrapping_add(second);
            (first, second.wrapping_add(two).wrapping_add(first))
        })
    }
}

impl<'a> Iterator for Log<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        let (frame, rest) = self.rest.split_at_checked(FRAME_HEAD + self.page_size)?;
        let (head, content) = frame.split_at(FRAME_HEAD);
        self.sum = self.summed(&head[..8]);
        self.sum = self.summed(content);
        let page = word(head, 0) as usize;
        if page == 0 || head[8..16] != *self.salts || self.sum != (word(head, 16), word(head, 20)) {
            return None;
        }
        self.rest = rest;
        let pages_after = Some(word(head, 4) as usize).filter(|pages| *pages > 0);
        Some(Frame { page, pages_after, content })
    }
}

/// Returns the number at this place of a head, which is long enough.
fn word(head: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]])
}

const MAGIC: u32 = 0x377f_0682;
const HEAD: usize = 32;
const FRAME_HEAD: usize = 24;
/// The largest database, in bytes: as large as a file may be.
const MAX_DATABASE: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{database::Database, file::File};
    use rusqlite::Connection;
    use std::fs;

    /// Makes a database in a folder and stops before its log is taken over: both files.
    fn logged(statements: &[&str]) -> (Vec<u8>, Vec<u8>) {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0").unwrap();
        for statement in statements {
            connection.execute_batch(statement).unwrap();
        }
        (fs::read(&path).unwrap(), fs::read(folder.path().join("db-wal")).unwrap())
    }

    fn names(database: Vec<u8>, log: Option<Vec<u8>>) -> Result<Vec<String>, crate::ImportError> {
        let file = File::new(database);
        let file = if let Some(log) = log { file.with("db-wal", log) } else { file };
        let rows = Database::open(&file)?.rows("SELECT name FROM a ORDER BY name")?;
        Ok(rows.into_iter().map(|row| row[0].clone().unwrap()).collect())
    }

    const MADE: [&str; 3] =
        ["CREATE TABLE a (name TEXT)", "INSERT INTO a VALUES ('one'), ('two')", "INSERT INTO a VALUES ('three')"];

    #[test]
    fn what_is_in_the_log_only_is_read() {
        let (database, log) = logged(&MADE);
        assert!(names(database.clone(), None).is_err(), "all of it is in the log");
        assert_eq!(names(database, Some(log)).unwrap(), ["one", "three", "two"]);
    }

    #[test]
    fn a_change_that_is_not_finished_is_none() {
        let (database, log) = logged(&MADE);
        // The last change is the last frame; without its last byte it was never finished.
        let cut = log[..log.len() - 1].to_vec();
        assert_eq!(names(database, Some(cut)).unwrap(), ["one", "two"]);
    }

    #[test]
    fn a_changed_byte_ends_what_counts() {
        let (database, mut log) = logged(&MADE);
        let last = log.len() - 5;
        log[last] ^= 1;
        assert_eq!(names(database.clone(), Some(log.clone())).unwrap(), ["one", "two"]);
        log[17] ^= 1;
        assert!(names(database, Some(log)).is_err(), "another salt: none of it counts");
    }

    #[test]
    fn deleted_pages_shrink_the_database() {
        let many = format!("INSERT INTO a VALUES {}", vec!["(hex(randomblob(900)))"; 40].join(","));
        let (database, log) = logged(&["CREATE TABLE a (name TEXT)", &many, "DELETE FROM a", "VACUUM"]);
        let mut whole = database.clone();
        apply(&mut whole, &log);
        assert!(whole.len() < log.len() / 4, "{} of {}", whole.len(), log.len());
        assert!(names(database, Some(log)).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_log_changes_nothing() {
        for log in [&b""[..], &[0; 31], &[0xff; 4096], b"SQLite format 3\0"] {
            let mut database = b"abc".to_vec();
            apply(&mut database, log);
            assert_eq!(database, b"abc");
        }
    }
}
