//! What became of each row of a file, and the counts that add up to it.

use serde::Serialize;

use super::{Kind, RowFault, RowFlag};

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A new record (or instalment) was stored.
    Created,
    /// A record of that external id was changed.
    Updated,
    /// The record was there already, or the row stands in the file twice.
    Unchanged,
    /// Nothing was stored: the row has faults.
    Rejected,
    /// The record was stored and waits for a reviewer, out of the market and its totals.
    Quarantined,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Outcome; 5] = [Self::Created, Self::Updated, Self::Unchanged, Self::Rejected, Self::Quarantined];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Rejected => "rejected",
            Self::Quarantined => "quarantined",
        }
    }
}

/// One row of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowOutcome {
    /// Physical line, 1 for the first of the file.
    pub line: u32,
    /// The record's name in the system it comes from.
    pub external_id: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// What is wrong with it; empty unless rejected.
    pub faults: Vec<RowFault>,
    /// Remarks.
    pub flags: Vec<RowFlag>,
}

/// How many rows came to what. `created + updated + unchanged + rejected + quarantined = rows`, and
/// `rows + blank` are the rows of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Rows with something in them.
    pub rows: u32,
    /// Rows with nothing in them.
    pub blank: u32,
    /// New records.
    pub created: u32,
    /// Changed records.
    pub updated: u32,
    /// Records that were there already.
    pub unchanged: u32,
    /// Rows with faults.
    pub rejected: u32,
    /// Records that wait for a reviewer.
    pub quarantined: u32,
}

/// The report of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Offers or needs.
    pub kind: Kind,
    /// The counts.
    pub counts: Counts,
    /// Every row, in the order of the file.
    pub rows: Vec<RowOutcome>,
}

impl ImportReport {
    /// Sorts the rows by line and counts them.
    pub fn new(kind: Kind, blank: u32, mut rows: Vec<RowOutcome>) -> Self {
        rows.sort_by_key(|r| r.line);
        let mut counts = Counts { blank, ..Counts::default() };
        for row in &rows {
            counts.rows += 1;
            match row.outcome {
                Outcome::Created => counts.created += 1,
                Outcome::Updated => counts.updated += 1,
                Outcome::Unchanged => counts.unchanged += 1,
                Outcome::Rejected => counts.rejected += 1,
                Outcome::Quarantined => counts.quarantined += 1,
            }
        }
        Self { kind, counts, rows }
    }

    /// The faults of all rows, in the order of the file.
    pub fn faults(&self) -> impl Iterator<Item = &RowFault> {
        self.rows.iter().flat_map(|r| &r.faults)
    }
}
