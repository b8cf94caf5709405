//! Rows as they stand in their file, and the way back from a rule's complaint to a cell.

use std::sync::Arc;

use domain::{text, violation::Violation};

use super::{
    Columns, Field, Mapping, ParsedRow, RowFault, column_of,
    fault::{of_violation, shown},
    sheet::Record,
};

/// How the rows of a file are read.
#[derive(Debug)]
pub(crate) struct Layout {
    pub columns: Columns,
    pub mapping: Mapping,
}

/// The rows of one record.
#[derive(Debug, Clone)]
pub struct Source {
    pub(crate) layout: Arc<Layout>,
    pub(crate) rows: Vec<Record>,
}

impl Source {
    /// The lines of the rows.
    pub fn lines(&self) -> impl Iterator<Item = u32> {
        self.rows.iter().map(|r| r.line)
    }

    /// The header of a column and what stands in it in one of the rows; the column's own name and
    /// the mapping's constant where the file has no such column.
    pub fn cell(&self, field: &Field, row: usize) -> (String, String) {
        let columns = &self.layout.columns;
        let value = match columns.at(field) {
            Some(at) => self.rows.get(row).and_then(|r| r.cells.get(at)).cloned(),
            None => self.layout.mapping.constants.get(field).cloned(),
        };
        (columns.name(field), value.unwrap_or_default())
    }

    /// Headers and cells of the external id, as a report shows them.
    pub(crate) fn external_id(&self, row: &Record) -> (String, String) {
        let at = self.layout.columns.external_id();
        let headers: Vec<&str> = at.iter().filter_map(|i| self.layout.columns.header(*i)).collect();
        let cells: Vec<&str> = at.iter().filter_map(|i| row.cells.get(*i)).map(String::as_str).collect();
        (headers.join("/"), shown(&cells.join("/")))
    }

    /// The external id of a row: its cells joined by `/`, in NFC; `None` where all are blank.
    pub(crate) fn read_external_id(&self, row: &Record) -> (Option<String>, Vec<RowFault>) {
        let at = self.layout.columns.external_id();
        let cells: Vec<&str> = at.iter().filter_map(|i| row.cells.get(*i)).map(|c| c.trim()).collect();
        if cells.iter().all(|c| c.is_empty()) {
            return (None, Vec::new());
        }
        match text::name("", &cells.join("/")) {
            Ok(id) => (Some(id), Vec::new()),
            Err(faults) => {
                let (column, value) = self.external_id(row);
                let of = |v: &Violation| of_violation(v, row.line, column.clone(), &value);
                (None, faults.as_slice().iter().map(of).collect())
            }
        }
    }

    /// The cells of a row that are read, trimmed; two rows alike in these are one row twice.
    pub(crate) fn content(&self, row: &Record) -> Vec<String> {
        let cell = |i: usize| row.cells.get(i).map(|c| c.trim().to_owned()).unwrap_or_default();
        self.layout.columns.used().into_iter().map(cell).collect()
    }
}

/// The fault of a row that a violation of the domain means, with the cell as it stands. For callers
/// that check more than the file says, such as a clash with a stored record.
pub fn fault_of<T>(violation: &Violation, row: &ParsedRow<T>) -> RowFault {
    let (field, at) = column_of(violation, row.source.layout.mapping.kind);
    let (column, value) = row.source.cell(&field, at);
    let line = row.source.rows.get(at).map_or(row.line(), |r| r.line);
    of_violation(violation, line, column, &value)
}

impl Source {
    /// A name for a row that has no id of its own: 128-bit FNV-1a, in hexadecimal, over the cells
    /// that are not blank and the names of their columns, so that moving a column changes nothing.
    /// No secret and no proof rests on it.
    pub(crate) fn hash(&self, row: &Record) -> String {
        let mut state: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
        for (field, at) in self.layout.columns.fields() {
            let Some(cell) = row.cells.get(at).map(|c| c.trim()).filter(|c| !c.is_empty()) else { continue };
            // Neither a column's name nor a cell that is kept holds a NUL.
            let code = field.code();
            for byte in code.bytes().chain([0]).chain(cell.bytes()).chain([0]) {
                state = (state ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
            }
        }
        format!("{state:032x}")
    }
}
