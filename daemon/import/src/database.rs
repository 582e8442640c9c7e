//! `SQLite` databases in memory, with the log of late changes that may lie beside them.

use rusqlite::{Connection, MAIN_DB, types::ValueRef};

use crate::{
    file::File,
    import::{Import, ImportError},
    wal,
};

/// A database that is only read.
pub struct Database {
    connection: Connection,
    lacks_log: bool,
}

impl Database {
    /// Opens one; what the log beside it (`…-wal`) says is taken over first.
    ///
    /// # Errors
    /// [`ImportError::Damaged`] where it is none.
    pub fn open(file: &File) -> Result<Self, ImportError> {
        let mut bytes = file.bytes().to_vec();
        let log = file.beside("-wal");
        if let Some(log) = log {
            wal::apply(&mut bytes, log);
        }
        let lacks_log = log.is_none() && bytes.get(18) == Some(&LOGGED);
        Ok(Self { lacks_log, ..Self::of(bytes)? })
    }

    /// Opens the bytes of one.
    ///
    /// # Errors
    /// [`ImportError::Damaged`] where they are none.
    pub fn of(mut bytes: Vec<u8>) -> Result<Self, ImportError> {
        // All that is there is in these bytes: the mark of a log beside them would make them unreadable.
        if let Some(versions) = bytes.get_mut(18..20) {
            versions.fill(1);
        }
        let mut connection = Connection::open_in_memory().map_err(damaged)?;
        connection.deserialize_read_exact(MAIN_DB, bytes.as_slice(), bytes.len(), true).map_err(damaged)?;
        Ok(Self { connection, lacks_log: false })
    }

    /// Tells what may be missing, where the log is.
    pub fn say_what_is_missing(&self, import: &mut Import) {
        if self.lacks_log {
            import.note(
                "The log of this database (the same name with -wal at its end) is not beside it: the latest accounts may be \
                 missing. Copy both, and import again.",
            );
        }
    }

    /// Says whether a table has a column of this name.
    pub fn has_column(&self, table: &str, column: &str) -> bool {
        self.connection.column_exists(None, table, column).unwrap_or(false)
    }

    /// Returns the rows of a query, each with its columns as texts; NULL is `None`.
    ///
    /// # Errors
    /// [`ImportError::Damaged`] where it can't be read.
    pub fn rows(&self, query: &str) -> Result<Vec<Vec<Option<String>>>, ImportError> {
        let mut statement = self.connection.prepare(query).map_err(damaged)?;
        let columns = statement.column_count();
        let mut rows = statement.query([]).map_err(damaged)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next().map_err(damaged)? {
            let text = |column| Ok(as_text(row.get_ref(column).map_err(damaged)?));
            all.push((0..columns).map(text).collect::<Result<_, ImportError>>()?);
        }
        Ok(all)
    }
}

fn as_text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(text) | ValueRef::Blob(text) => Some(String::from_utf8_lossy(text).into_owned()),
    }
}

#[allow(clippy::needless_pass_by_value)] // as `map_err` has it
fn damaged(_: rusqlite::Error) -> ImportError {
    ImportError::damaged("its database")
}

/// Says whether a file is a database with this table.
pub fn has_table(file: &File, table: &str, column: &str) -> bool {
    let log = file.beside("-wal");
    // The database itself may still be empty, and all of it in its log.
    let is_one = file.bytes().starts_with(HEAD) || file.bytes().is_empty() && log.is_some();
    is_one && Database::open(file).is_ok_and(|database| database.has_column(table, column))
}

const HEAD: &[u8] = b"SQLite format 3\0";
/// The version of a database that is written by way of a log.
const LOGGED: u8 = 2;
