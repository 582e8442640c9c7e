//! Tables as password managers and spreadsheets write them (CSV): a line of names, then rows.

use csv::{Reader, ReaderBuilder, StringRecord, Trim};

use crate::{file::File, import::ImportError};

/// A table in memory.
pub struct Table {
    header: StringRecord,
    rows: Vec<StringRecord>,
}

impl Table {
    /// Reads a file as a table.
    ///
    /// # Errors
    /// [`ImportError::Damaged`] where a line of it is no text.
    pub fn read(file: &File) -> Result<Self, ImportError> {
        let mut reader = reader(file.bytes());
        let damaged = |_| ImportError::damaged("a line of it");
        let header = reader.headers().map_err(damaged)?.clone();
        let rows = reader.into_records().collect::<Result<_, _>>().map_err(damaged)?;
        Ok(Self { header, rows })
    }

    /// Returns its rows, in their order.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|cells| Row { header: &self.header, cells })
    }
}

/// A row of a table.
pub struct Row<'a> {
    header: &'a StringRecord,
    cells: &'a StringRecord,
}

impl<'a> Row<'a> {
    /// Returns what stands in the column of this name; nothing where there is none.
    pub fn cell(&self, column: &str) -> &'a str {
        self.place(column).and_then(|place| self.cells.get(place)).unwrap_or_default()
    }

    /// Returns the number of the column of this name, from 0.
    pub fn place(&self, column: &str) -> Option<usize> {
        self.header.iter().position(|name| name == column)
    }

    /// Returns its cells, in their order.
    pub fn cells(&self) -> Vec<&'a str> {
        self.cells.iter().collect()
    }

    /// Returns how many cells it has beyond those that have names; empty ones at its end are none.
    pub fn beyond(&self) -> usize {
        let empty = self.cells.iter().rev().take_while(|cell| cell.trim().is_empty()).count();
        (self.cells.len() - empty).saturating_sub(self.header.len())
    }
}

/// Says whether the first line of a file names all of these columns, in quotes or not.
pub fn has_columns(file: &File, columns: &[&str]) -> bool {
    let line = file.text().and_then(|text| text.lines().next()).unwrap_or_default();
    let mut reader = reader(line.as_bytes());
    reader.headers().is_ok_and(|header| columns.iter().all(|column| header.iter().any(|name| name == *column)))
}

fn reader(bytes: &[u8]) -> Reader<&[u8]> {
    ReaderBuilder::new().delimiter(delimiter(bytes)).flexible(true).trim(Trim::Headers).from_reader(bytes)
}

/// Returns what stands between cells: spreadsheets of many countries save a semicolon or a tab there, which the names of
/// columns have nowhere else.
fn delimiter(bytes: &[u8]) -> u8 {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let count = |sign: &u8| line.split(|byte| byte == sign).count();
    // Of as many it is the last, the comma.
    b"\t;,".iter().copied().max_by_key(count).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_their_names_however_they_are_quoted_and_parted() {
        for head in ["a,b", "\"a\",\"b\"", "\u{feff}\"b\", a", "b,x,a,"] {
            let file = File::new(format!("{head}\n1,2\n").into_bytes());
            assert!(has_columns(&file, &["a", "b"]) && !has_columns(&file, &["a", "c"]), "{head}");
        }
        for sign in [",", ";", "\t"] {
            let text = "a,b\n1,\"x,;\ty\"\n".replacen(',', sign, 2);
            let file = File::new(text.clone().into());
            assert!(has_columns(&file, &["a", "b"]), "{text}");
            let table = Table::read(&file).unwrap();
            let rows: Vec<_> = table.rows().map(|row| (row.cell("a"), row.cell("b"))).collect();
            assert_eq!(rows, [("1", "x,;\ty")], "{text}");
        }
        let table = Table::read(&File::new(b"a,b\n1,\"2\n3\"\n4\n".to_vec())).unwrap();
        let rows: Vec<_> = table.rows().map(|row| (row.cell("a"), row.cell("b"), row.cell("c"))).collect();
        assert_eq!(rows, [("1", "2\n3", ""), ("4", "", "")]);
    }
}
