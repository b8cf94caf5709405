//! What can be wrong with a whole file, and with a row of it.

use std::fmt::Write as _;

use domain::violation::Violation;
use serde::Serialize;

use crate::encoding::DecodeError;

/// Why a file cannot be read at all; nothing of it is imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Its bytes are no text.
    #[error(transparent)]
    Encoding(#[from] DecodeError),
    /// It has no header.
    #[error("the file is empty; its first line must name the columns")]
    Empty,
    /// Two delimiters fit as well.
    #[error(
        "the columns could be parted by {one:?} or by {other:?}; write `sep={one}` as the first line, or \
         `delimiter` in the mapping"
    )]
    AmbiguousDelimiter {
        /// One of them.
        one: char,
        /// The other.
        other: char,
    },
    /// A quote swallows what follows.
    #[error(
        "the quote opened on line {line} does not close before other rows begin ({rows} rows read before it); \
         close it, or write a quote inside a quoted cell twice"
    )]
    UnclosedQuote {
        /// Where it opened.
        line: u32,
        /// Rows read before it, without the header.
        rows: usize,
    },
    /// Two columns of one header, or of two headers that mean the same.
    #[error(
        "duplicate column {column}: columns {first:?} and {second:?} both hold it; rename or remove one, or say \
         which one counts under [columns] of a mapping and list the other under `ignore`"
    )]
    DuplicateColumn {
        /// The name of ours, or the header itself.
        column: String,
        /// Header of the first, with its place.
        first: String,
        /// Header of the second, with its place.
        second: String,
    },
    /// Columns that no name of ours fits.
    #[error("{}", unknown_columns(.0))]
    UnknownColumns(
        /// Each header with the nearest names of ours.
        Vec<(String, Vec<String>)>,
    ),
    /// Columns that the mapping names and the file lacks.
    #[error(
        "the mapping names {missing}, but the file has no such column; it has: {present}. Correct the mapping, or \
         use the one made for this file"
    )]
    MappedColumnMissing {
        /// Headers that are missing, each with the column it stands for.
        missing: String,
        /// Headers of the file.
        present: String,
    },
    /// Columns without which no row says anything.
    #[error("the file has no column for {missing}; it has: {present}. Name the columns under [columns] of a mapping")]
    ColumnMissing {
        /// Columns of ours.
        missing: String,
        /// Headers of the file.
        present: String,
    },
    /// The mapping is for the other kind of file.
    #[error("the mapping is for {mapping}, and the file is read as {asked}; use a mapping with kind = \"{asked}\"")]
    WrongKind {
        /// Kind of the mapping.
        mapping: &'static str,
        /// Kind asked for.
        asked: &'static str,
    },
}

impl FileError {
    /// A stable code, e.g. `duplicate_column`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Encoding(_) => "bad_encoding",
            Self::Empty => "empty_file",
            Self::AmbiguousDelimiter { .. } => "ambiguous_delimiter",
            Self::UnclosedQuote { .. } => "unclosed_quote",
            Self::DuplicateColumn { .. } => "duplicate_column",
            Self::UnknownColumns(_) => "unknown_column",
            Self::MappedColumnMissing { .. } | Self::ColumnMissing { .. } => "missing_column",
            Self::WrongKind { .. } => "wrong_kind",
        }
    }

    /// The same error, knowing how many rows were read before it.
    pub(crate) fn after_rows(self, read: usize) -> Self {
        match self {
            Self::UnclosedQuote { line, .. } => Self::UnclosedQuote { line, rows: read },
            other => other,
        }
    }
}

fn unknown_columns(columns: &[(String, Vec<String>)]) -> String {
    let mut text = String::from(if columns.len() == 1 { "unknown column " } else { "unknown columns " });
    for (i, (header, near)) in columns.iter().enumerate() {
        let comma = if i > 0 { ", " } else { "" };
        // Writing to a String cannot fail.
        let _ = write!(text, "{comma}{header:?}");
        if !near.is_empty() {
            let _ = write!(text, " (did you mean {}?)", near.join(" or "));
        }
    }
    text.push_str("; rename them, map them under [columns], or list them under `ignore` of a mapping");
    text
}

/// What is wrong with one cell of a row, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RowFault {
    /// Physical line of the row, 1 for the first of the file.
    pub line: u32,
    /// Header of the column as the file has it; the column's own name where the file lacks it.
    pub column: String,
    /// The cell as it stands, cut to 200 characters.
    pub value: String,
    /// Stable code, e.g. `not_positive`.
    pub code: &'static str,
    /// What is wrong.
    pub reason: String,
    /// What to write instead.
    pub remedy: String,
}

/// A remark on a row that is kept nevertheless.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RowFlag {
    /// Physical line of the row.
    pub line: u32,
    /// Header of the column.
    pub column: String,
    /// The cell as it stands, cut to 200 characters.
    pub value: String,
    /// Stable code: `unknown_place`, `twin`, `possible_twin`, `duplicate`, `mixed_scripts`,
    /// `far_from_region`.
    pub code: &'static str,
    /// What was noticed, and what was done about it.
    pub reason: String,
}

/// A cell cut to 200 characters, invisible ones written out.
pub(crate) fn shown(cell: &str) -> String {
    let cut = cell.char_indices().nth(200).map_or(cell, |(at, _)| &cell[..at]);
    cut.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// Parts a sentence of the domain, `... is wrong; do that`, into reason and remedy.
pub(crate) fn part(detail: &str) -> (String, String) {
    match detail.split_once("; ") {
        Some((reason, remedy)) => (reason.to_owned(), remedy.to_owned()),
        None => (detail.to_owned(), "correct the cell".to_owned()),
    }
}

/// The fault of a cell that a rule of the domain found.
pub(crate) fn of_violation(v: &Violation, line: u32, column: String, value: &str) -> RowFault {
    let (reason, remedy) = part(&v.detail);
    RowFault { line, column, value: shown(value), code: v.code, reason, remedy }
}
