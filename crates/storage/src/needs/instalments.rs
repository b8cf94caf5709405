//! The instalments of needs.

use std::collections::BTreeMap;

use domain::{ids::InstalmentId, need::Instalment};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::{
    bulk,
    dialect::TO_CHANGE,
    entity::{instalment, match_row},
    error::StoreError,
    json,
};

/// Puts lists of instalments in the place of what the needs had. A row is never deleted, since
/// matches and shortages of earlier runs tell of it; it is marked as withdrawn.
pub(super) async fn replace<C: ConnectionTrait>(
    connection: &C,
    lists: &BTreeMap<Uuid, &[Instalment]>,
) -> Result<(), StoreError> {
    let mut before: BTreeMap<(Uuid, i32), instalment::Model> = BTreeMap::new();
    for ids in bulk::id_lists(lists.keys().copied()) {
        // Locked, so that no match comes to promise one that is about to go; SQLite has one writer.
        let rows = instalment::Entity::find()
            .filter(instalment::Column::NeedId.is_in(ids))
            .lock(TO_CHANGE)
            .all(connection)
            .await?;
        before.extend(rows.into_iter().map(|row| ((row.need_id, row.ordinal), row)));
    }
    let mut rows = Vec::new();
    for (need, list) in lists {
        for (ordinal, part) in list.iter().enumerate() {
            let mut row = row(*need, ordinal, part)?;
            if let Some(old) = before.remove(&(*need, row.ordinal)) {
                row.id = old.id;
            }
            rows.push(row);
        }
    }
    let gone: Vec<instalment::Model> = before.into_values().filter(|row| !row.withdrawn).collect();
    refuse_promised(connection, gone.iter().map(|row| row.id)).await?;
    rows.extend(gone.into_iter().map(|row| instalment::Model { withdrawn: true, ..row }));
    bulk::upsert::<instalment::Entity, _>(connection, rows).await
}

/// Refuses to withdraw instalments that open matches promise to cover.
async fn refuse_promised<C: ConnectionTrait>(
    connection: &C,
    instalments: impl IntoIterator<Item = Uuid>,
) -> Result<(), StoreError> {
    for list in bulk::id_lists(instalments) {
        let promised = match_row::Entity::find()
            .filter(match_row::Column::InstalmentId.is_in(list))
            .filter(match_row::Column::Covered.gt(0))
            .one(connection)
            .await?;
        if let Some(promised) = promised {
            return Err(StoreError::Conflict(format!("the match {} promises to cover the instalment", promised.id)));
        }
    }
    Ok(())
}

/// The instalments of needs in their order, without withdrawn ones.
pub(crate) async fn of_needs<C: ConnectionTrait>(
    connection: &C,
    needs: impl IntoIterator<Item = Uuid>,
) -> Result<BTreeMap<Uuid, Vec<Instalment>>, StoreError> {
    let mut parts = BTreeMap::new();
    for list in bulk::id_lists(needs) {
        let rows = instalment::Entity::find()
            .filter(instalment::Column::NeedId.is_in(list))
            .filter(instalment::Column::Withdrawn.eq(false))
            .order_by_asc(instalment::Column::NeedId)
            .order_by_asc(instalment::Column::Ordinal)
            .all(connection)
            .await?;
        gather(rows, &mut parts)?;
    }
    Ok(parts)
}

/// Sorts rows, which come in their order, by need.
pub(crate) fn gather(
    rows: Vec<instalment::Model>,
    parts: &mut BTreeMap<Uuid, Vec<Instalment>>,
) -> Result<(), StoreError> {
    for row in rows {
        parts.entry(row.need_id).or_default().push(instalment(row)?);
    }
    Ok(())
}

pub(crate) fn instalment(row: instalment::Model) -> Result<Instalment, StoreError> {
    Ok(Instalment {
        id: InstalmentId(row.id),
        measure: json::from_text("instalments.measure", &row.measure)?,
        due: json::day("instalments.due", row.due)?,
        size: row.size,
    })
}

pub(super) fn row(need: Uuid, ordinal: usize, part: &Instalment) -> Result<instalment::Model, StoreError> {
    if let Some(size) = &part.size {
        json::storable("instalments.size", size)?;
    }
    Ok(instalment::Model {
        id: part.id.0,
        need_id: need,
        ordinal: i32::try_from(ordinal)
            .map_err(|_| StoreError::Constraint(format!("a need of {ordinal} instalments")))?,
        quantity: part.measure.quantity.units(),
        due: part.due.number(),
        size: part.size.clone(),
        measure: json::to_text(&part.measure)?,
        withdrawn: false,
    })
}
