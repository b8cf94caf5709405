//! Records that came from elsewhere, and what a repeated import does to them.

use std::{collections::BTreeMap, fmt};

use domain::time::Instant;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::StoreError;

/// Where a record came from: a source and its identifier there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The source, e.g. `getusppe-offers`.
    pub source: String,
    /// The record's identifier at the source; unique there.
    pub external_id: String,
}

impl Origin {
    /// From the two columns of a row, which the schema keeps both filled or both empty.
    pub(crate) fn of_row(source: Option<String>, external_id: Option<String>) -> Option<Self> {
        Some(Self { source: source?, external_id: external_id? })
    }
}

/// A digest of what a source said, which tells an unchanged record from a changed one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash(pub(crate) String);

impl ContentHash {
    /// The SHA-256 of a value's JSON. Give it what the file says and nothing that depends on the day.
    ///
    /// # Errors
    /// When the value has no JSON, as a map with keys that are not text.
    pub fn of(value: &impl Serialize) -> Result<Self, StoreError> {
        let json = serde_json::to_vec(value).map_err(|error| StoreError::Internal(Box::new(error)))?;
        let digest = Sha256::digest(&json);
        let mut hex = String::with_capacity(64);
        for byte in digest {
            hex.push_str(&format!("{byte:02x}"));
        }
        Ok(Self(hex))
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A record of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported<T> {
    /// The record with fresh ids; a record that is already stored keeps its own.
    pub record: T,
    /// Where it came from.
    pub origin: Origin,
    /// What the source said.
    pub content: ContentHash,
}

/// What became of an imported record; the id is the stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Saved<I> {
    /// It was new.
    Created(I),
    /// The source says what it said before; nothing was written.
    Unchanged(I),
    /// The source says something else now; the stored record follows it.
    Updated(I),
}

impl<I> Saved<I> {
    /// The id of the stored record.
    pub fn id(self) -> I {
        match self {
            Self::Created(id) | Self::Unchanged(id) | Self::Updated(id) => id,
        }
    }

    /// The same outcome with the id wrapped.
    pub(crate) fn map<J>(self, wrap: impl FnOnce(I) -> J) -> Saved<J> {
        match self {
            Self::Created(id) => Saved::Created(wrap(id)),
            Self::Unchanged(id) => Saved::Unchanged(wrap(id)),
            Self::Updated(id) => Saved::Updated(wrap(id)),
        }
    }
}

/// A record as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<T> {
    /// The record.
    pub record: T,
    /// Where it came from, unless it was entered here.
    pub origin: Option<Origin>,
    /// When it was created.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

/// The identity of an imported record: its organisation, the source, and its identifier there.
pub(crate) type ImportKey = (Uuid, String, String);

/// What is known of a record that was imported before.
#[derive(Debug, Clone)]
pub(crate) struct Known<R> {
    pub(crate) content: String,
    pub(crate) kept: R,
}

/// What an import has to do, worked out before anything is written.
#[derive(Debug)]
pub(crate) struct Plan {
    /// For each record given, in order, what becomes of it.
    pub(crate) outcomes: Vec<Saved<Uuid>>,
    /// The id of each row to write, and the index of the record to write into it. A record that
    /// stands several times in one import is written once, as it stood last.
    pub(crate) writes: Vec<(Uuid, usize)>,
}

/// Sorts imported records into new, unchanged and changed ones.
pub(crate) fn plan<T, R>(
    records: &[Imported<T>],
    known: &BTreeMap<ImportKey, (Uuid, Known<R>)>,
    identity: impl Fn(&T) -> (Uuid, Uuid),
) -> Plan {
    let mut seen: BTreeMap<ImportKey, (Uuid, &str)> = BTreeMap::new();
    for (key, (id, stored)) in known {
        seen.insert(key.clone(), (*id, &stored.content));
    }
    let mut outcomes = Vec::with_capacity(records.len());
    let mut writes = BTreeMap::new();
    for (index, imported) in records.iter().enumerate() {
        let (id, organisation) = identity(&imported.record);
        let key = (organisation, imported.origin.source.clone(), imported.origin.external_id.clone());
        let content = imported.content.0.as_str();
        outcomes.push(match seen.insert(key, (id, content)) {
            None => {
                writes.insert(id, index);
                Saved::Created(id)
            }
            Some((stored, before)) => {
                let key = (organisation, imported.origin.source.clone(), imported.origin.external_id.clone());
                seen.insert(key, (stored, content));
                if before == content {
                    Saved::Unchanged(stored)
                } else {
                    writes.insert(stored, index);
                    Saved::Updated(stored)
                }
            }
        });
    }
    Plan { outcomes, writes: writes.into_iter().collect() }
}
