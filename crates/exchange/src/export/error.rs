//! Why an export cannot be written.

use super::Column;

/// Why an export cannot be written. None of them shows a value.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Another number of cells than columns.
    #[error("row {row} has {found} cells for {expected} columns")]
    Width {
        /// The row, from 1.
        row: u64,
        /// Columns of the view.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// A cell that is not what its column holds.
    #[error("row {row}: the cell of {:?} is no {:?}", column.name, column.kind)]
    NotOfKind {
        /// The row, from 1.
        row: u64,
        /// The column.
        column: Column,
    },
    /// Two columns of one name.
    #[error("two columns are named {column:?}")]
    SameName {
        /// The name.
        column: &'static str,
    },
    /// A row before the start, a second start, or anything after a failure.
    #[error("an export is started once, then takes its rows, and takes none after a failure")]
    OutOfOrder,
    /// More rows than a sheet holds.
    #[error("a sheet holds 1,048,575 rows below its header, and there are more; ask for CSV, which has no limit")]
    TooManyRows,
    /// The workbook cannot be packed: more than 4 GB of text.
    #[error("the workbook cannot be packed; ask for CSV, which has no limit")]
    Workbook(#[from] std::io::Error),
    /// JSON that cannot be written; no row causes it.
    #[error("the JSON cannot be written")]
    Json(#[from] serde_json::Error),
    /// CSV that cannot be written; no row causes it.
    #[error("the CSV cannot be written")]
    Csv(#[from] csv::Error),
}
