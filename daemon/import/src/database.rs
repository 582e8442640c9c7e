//! SQLite databases in memory.

use rusqlite::{Connection, MAIN_DB, types::ValueRef};

use crate::{file::File, import::ImportError};

/// A database that is only read.
pub struct Database(Connection);

impl Database {
    /// Opens one.
    ///
    /// # Errors
    /// [`ImportError::Damaged`] where it is none.
    pub fn open(file: &File) -> Result<Self, ImportError> {
        let mut bytes = file.bytes().to_vec();
        // Written ahead or not, all that is there is in this file: the mark of a log beside it would make it unreadable.
        if let Some(versions) = bytes.get_mut(18..20) {
            versions.fill(1);
        }
        let mut connection = Connection::open_in_memory().map_err(damaged)?;
        connection.deserialize_read_exact(MAIN_DB, bytes.as_slice(), bytes.len(), true).map_err(damaged)?;
        Ok(Self(connection))
    }

    /// Says whether a table has a column of this name.
    pub fn has_column(&self, table: &str, column: &str) -> bool {
        self.0.column_exists(None, table, column).unwrap_or(false)
    }

    /// Returns the rows of a query, each with its columns as texts; NULL is `None`.
    ///
    /// # Errors
    /// [`ImportError::Damaged`] where it can't be read.
    pub fn rows(&self, query: &str) -> Result<Vec<Vec<Option<String>>>, ImportError> {
        let mut statement = self.0.prepare(query).map_err(damaged)?;
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
    file.bytes().starts_with(b"SQLite format 3\0")
        && Database::open(file).is_ok_and(|database| database.has_column(table, column))
}
