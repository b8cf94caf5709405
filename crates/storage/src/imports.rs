//! Imports of files: what came in, from where, and what became of its rows.

use domain::{
    ids::{ImportId, OrganisationId},
    time::Instant,
};
use sea_orm::{EntityTrait, QueryFilter};

use crate::{
    bulk,
    entity::import,
    error::StoreError,
    json,
    page::{self, Page, PageRequest},
    scope::Scope,
    store::{Reads, Tx},
};

/// What a file held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImportKind {
    /// Offers.
    Offers,
    /// Needs.
    Needs,
}

impl ImportKind {
    /// Both.
    pub const ALL: [ImportKind; 2] = [Self::Offers, Self::Needs];

    /// The name on the wire and in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offers => "offers",
            Self::Needs => "needs",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// How many rows of a file ended how; quarantined ones are among the created and updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct ImportCounts {
    /// New records.
    pub created: u32,
    /// Records that the file changed.
    pub updated: u32,
    /// Records that were stored alike.
    pub unchanged: u32,
    /// Rows that were refused.
    pub rejected: u32,
    /// Records that wait for a reviewer.
    pub quarantined: u32,
}

/// An import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// Its id.
    pub id: ImportId,
    /// Who imported; the operator where `None`.
    pub organisation: Option<OrganisationId>,
    /// What the file held.
    pub kind: ImportKind,
    /// The source its records belong to.
    pub source: String,
    /// The file's name.
    pub file_name: String,
    /// The SHA-256 of the file's bytes, in hexadecimal.
    pub file_hash: String,
    /// What became of its rows.
    pub counts: ImportCounts,
    /// When.
    pub at: Instant,
}

/// Records an import, in the transaction of its rows.
///
/// # Errors
/// [`StoreError::Conflict`] when its id is taken.
pub async fn insert(tx: &Tx, new: &ImportRow) -> Result<(), StoreError> {
    json::storable("imports.source", &new.source)?;
    json::storable("imports.file_name", &new.file_name)?;
    let row = import::Model {
        id: new.id.0,
        organisation_id: new.organisation.map(|id| id.0),
        kind: new.kind.as_str().to_owned(),
        source: new.source.clone(),
        file_name: new.file_name.clone(),
        file_hash: new.file_hash.clone(),
        created: new.counts.created.into(),
        updated: new.counts.updated.into(),
        unchanged: new.counts.unchanged.into(),
        rejected: new.counts.rejected.into(),
        quarantined: new.counts.quarantined.into(),
        imported_at: new.at.micros(),
    };
    bulk::insert::<import::Entity, _>(tx.connection(), vec![row]).await
}

/// One import.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id inside the scope.
pub async fn get(reader: &impl Reads, scope: Scope, id: ImportId) -> Result<ImportRow, StoreError> {
    let query = import::Entity::find_by_id(id.0).filter(scope.over(&[import::Column::OrganisationId]));
    record(query.one(reader.connection()).await?.ok_or(StoreError::NotFound)?)
}

/// A page of imports.
pub async fn page(reader: &impl Reads, scope: Scope, request: PageRequest) -> Result<Page<ImportRow>, StoreError> {
    use import::Column;
    let query = import::Entity::find().filter(scope.over(&[Column::OrganisationId]));
    page::fetch(query, (Column::ImportedAt, Column::Id), request, reader.connection(), record).await
}

fn record(row: import::Model) -> Result<ImportRow, StoreError> {
    let count = |rows: i64| u32::try_from(rows).map_err(|error| StoreError::Internal(Box::new(error)));
    Ok(ImportRow {
        id: ImportId(row.id),
        organisation: row.organisation_id.map(OrganisationId),
        kind: json::word("imports.kind", &row.kind, ImportKind::parse)?,
        source: row.source,
        file_name: row.file_name,
        file_hash: row.file_hash,
        counts: ImportCounts {
            created: count(row.created)?,
            updated: count(row.updated)?,
            unchanged: count(row.unchanged)?,
            rejected: count(row.rejected)?,
            quarantined: count(row.quarantined)?,
        },
        at: json::instant("imports.imported_at", row.imported_at)?,
    })
}
