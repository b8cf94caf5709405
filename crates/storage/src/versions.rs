//! What a record was before and after a change, under the id of the entry of the audit log that tells of it.

use std::collections::BTreeMap;

use domain::ids::AuditId;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    bulk,
    entity::record_version::{self, Column, Entity},
    error::StoreError,
    json,
    store::{Reads, Tx},
};

/// Keeps both sides of a change. Whoever calls has left out what may name people.
///
/// # Errors
/// [`StoreError::Constraint`] when there is no such entry.
pub async fn keep<T: Serialize>(
    tx: &Tx,
    entry: AuditId,
    record: Uuid,
    (before, after): (&T, &T),
) -> Result<(), StoreError> {
    let (before, after) = (json::to_text(before)?, json::to_text(after)?);
    let row = record_version::Model { entry_id: entry.0, record_id: record, before, after };
    bulk::insert::<Entity, _>(tx.connection(), vec![row]).await
}

/// Both sides of those changes of a record that some entries tell of.
pub async fn of_entries<T: DeserializeOwned>(
    reader: &impl Reads,
    record: Uuid,
    entries: impl IntoIterator<Item = AuditId>,
) -> Result<BTreeMap<AuditId, (T, T)>, StoreError> {
    let mut found = BTreeMap::new();
    for list in bulk::id_lists(entries.into_iter().map(|id| id.0)) {
        let query = Entity::find().filter(Column::RecordId.eq(record)).filter(Column::EntryId.is_in(list));
        for row in query.all(reader.connection()).await? {
            let before = json::from_text("record_versions.before", &row.before)?;
            let after = json::from_text("record_versions.after", &row.after)?;
            found.insert(AuditId(row.entry_id), (before, after));
        }
    }
    Ok(found)
}
