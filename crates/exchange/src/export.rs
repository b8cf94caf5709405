//! Views of the service as files: one writer for five formats, with the same columns and the same values in each.
//!
//! Rows are pushed one by one and bytes come back, so whoever reads a database page by page and whoever has all rows in
//! memory feed it alike. JSON, NDJSON, CSV and GeoJSON give the bytes of a row with the row; XLSX gives all at the end.
//!
//! What holds in every format:
//! - The view's columns come in their order, then those of [`PROVENANCE`] in each row, so that a file that was cut, merged or
//!   filtered still says where it is from.
//! - Blank is blank. `null`, a text without a character and a list without an item are all `null` in JSON and an empty
//!   cell in a table, never 0; an item without a character is left out of its list.
//! - A number keeps its digits. In XLSX one that a sheet would round is a text, and the sheet "About" says so.
//! - A time is RFC 3339 in UTC with six digits of fractions; in XLSX a date and time of a sheet, in UTC.
//! - A list is an array in JSON, and in tables a text that [`split_list`] takes apart.
//! - No text runs as a formula (field case IMP-13): [`crate::safe_csv::restore`] gives the original back from a cell of CSV
//!   and of XLSX alike. JSON has it as it is.
//! - A view that has points gives latitude and longitude as columns too: the [`Record::point`] is the geometry of GeoJSON
//!   and stands nowhere else.

mod about;
mod cell;
mod error;
mod format;
mod json;
mod list;
mod sheet;
mod table;
#[cfg(test)]
mod tests;

use std::mem;

use domain::geo::Point;
use serde::Serialize;
use serde_json::Value;

pub use self::{
    about::{About, PROVENANCE},
    error::ExportError,
    format::Format,
    list::{join_list, split_list},
    sheet::{LONGEST_TEXT, MOST_ROWS},
};
use self::{
    cell::{Cell, Row},
    json::Objects,
    sheet::Sheet,
};

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Words or a code; a string.
    Text,
    /// A whole number; a number, or a string of its digits.
    Integer,
    /// A number; a number as JSON has them, or a string of its digits.
    Decimal,
    /// A civil day, `YYYY-MM-DD`.
    Date,
    /// An instant, RFC 3339 with its offset.
    Time,
    /// True or false.
    Flag,
    /// Several words; an array of strings.
    List,
}

/// A column of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Column {
    /// Header, key and property name.
    pub name: &'static str,
    /// What its cells are.
    pub kind: Kind,
}

/// A row of a view.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// The cells in the order of the columns, each of its column's [`Kind`] or null.
    pub cells: Vec<Value>,
    /// Where it lies: the geometry of GeoJSON, null where there is none.
    pub point: Option<Point>,
}

/// Turns rows into the bytes of a file.
///
/// First [`Writer::start`], then [`Writer::record`] for each row, then [`Writer::finish`]; the file is all that they gave,
/// one after the other.
#[derive(Debug)]
pub struct Writer {
    about: About,
    columns: Vec<Column>,
    own: usize,
    provenance: [Cell<'static>; PROVENANCE.len()],
    rows: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    New(Format),
    Objects(Objects),
    Table,
    Sheet(Box<Sheet>),
    /// After the end, or a failure in the middle of a sheet.
    Over,
}

impl Writer {
    /// A writer of a view's columns.
    pub fn new(format: Format, about: About, columns: &[Column]) -> Self {
        let provenance = about.provenance();
        let all = columns.iter().chain(&PROVENANCE).copied().collect();
        Self { about, columns: all, own: columns.len(), provenance, rows: 0, state: State::New(format) }
    }

    /// What stands before the first row.
    ///
    /// # Errors
    /// Two columns of one name, one of [`PROVENANCE`] among them; a second start.
    pub fn start(&mut self) -> Result<Vec<u8>, ExportError> {
        let State::New(format) = self.state else { return Err(ExportError::OutOfOrder) };
        for (at, column) in self.columns.iter().enumerate() {
            if self.columns[..at].iter().any(|earlier| earlier.name == column.name) {
                return Err(ExportError::SameName { column: column.name });
            }
        }
        let (state, bytes) = match format {
            Format::Json => open(Objects::Json, &self.about, &self.columns)?,
            Format::Ndjson => open(Objects::Ndjson, &self.about, &self.columns)?,
            Format::GeoJson => open(Objects::GeoJson, &self.about, &self.columns)?,
            Format::Csv => (State::Table, table::start(&self.columns)?),
            Format::Xlsx => {
                let (sheet, bytes) = Sheet::start(&self.about, &self.columns)?;
                (State::Sheet(Box::new(sheet)), bytes)
            }
        };
        self.state = state;
        Ok(bytes)
    }

    /// The next row. After an error of a cell nothing of the row is written, and the next may follow.
    ///
    /// # Errors
    /// Another number of cells than columns; a cell that is not of its column's kind; for XLSX, more than [`MOST_ROWS`] rows
    /// or 4 GB.
    pub fn record(&mut self, record: &Record) -> Result<Vec<u8>, ExportError> {
        let row = self.rows.saturating_add(1);
        if record.cells.len() != self.own {
            return Err(ExportError::Width { row, expected: self.own, found: record.cells.len() });
        }
        let cells: Vec<Cell<'_>> = (self.columns.iter().zip(&record.cells))
            .map(|(column, value)| Cell::read(*column, value).ok_or(ExportError::NotOfKind { row, column: *column }))
            .collect::<Result<_, _>>()?;
        let line = Row { columns: &self.columns, cells: &cells, provenance: &self.provenance, point: record.point };
        let bytes = match &mut self.state {
            State::Objects(objects) => objects.record(&line, self.rows)?,
            State::Table => table::record(&line)?,
            State::Sheet(sheet) => match sheet.record(&line) {
                Ok(bytes) => bytes,
                Err(ExportError::TooManyRows) => return Err(ExportError::TooManyRows),
                Err(error) => {
                    // A row may stand there by half: nothing may be made of this sheet any more.
                    self.state = State::Over;
                    return Err(error);
                }
            },
            State::New(_) | State::Over => return Err(ExportError::OutOfOrder),
        };
        self.rows = row;
        Ok(bytes)
    }

    /// What stands behind the last row.
    ///
    /// # Errors
    /// No start before, a failure, or a second end.
    pub fn finish(&mut self) -> Result<Vec<u8>, ExportError> {
        match mem::replace(&mut self.state, State::Over) {
            State::Objects(objects) => Ok(objects.finish()),
            State::Table => Ok(Vec::new()),
            State::Sheet(sheet) => sheet.finish(&self.about, &self.columns),
            State::New(_) | State::Over => Err(ExportError::OutOfOrder),
        }
    }
}

fn open(objects: Objects, about: &About, columns: &[Column]) -> Result<(State, Vec<u8>), ExportError> {
    let bytes = objects.start(about, columns)?;
    Ok((State::Objects(objects), bytes))
}
