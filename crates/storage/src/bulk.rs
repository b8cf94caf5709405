//! Many rows at once, within the number of values that one statement may bind.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, EntityTrait, Iden, IntoActiveModel, Iterable, sea_query::OnConflict};
use uuid::Uuid;

use crate::error::StoreError;

/// SQLite takes 32,766 values a statement and PostgreSQL 65,535; one number under both (field case DB-13).
const MOST_VALUES: usize = 30_000;

/// Inserts rows in as few statements as the limit allows. The caller's transaction makes them one.
pub(crate) async fn insert<E, C>(connection: &C, rows: Vec<E::Model>) -> Result<(), StoreError>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    C: ConnectionTrait,
{
    for chunk in chunks::<E>(rows) {
        E::insert_many(chunk).exec_without_returning(connection).await?;
    }
    Ok(())
}

/// As [`insert`], replacing the row where the key is already taken.
pub(crate) async fn upsert<E, C>(connection: &C, rows: Vec<E::Model>) -> Result<(), StoreError>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    C: ConnectionTrait,
{
    let keys: Vec<String> = E::PrimaryKey::iter().map(|key| key.to_string()).collect();
    let key = OnConflict::columns(E::PrimaryKey::iter());
    let others: Vec<E::Column> = E::Column::iter().filter(|column| !keys.contains(&column.to_string())).collect();
    for chunk in chunks::<E>(rows) {
        let mut on_conflict = key.clone();
        if others.is_empty() {
            on_conflict.do_nothing();
        } else {
            on_conflict.update_columns(others.iter().copied());
        }
        E::insert_many(chunk).on_conflict(on_conflict).exec_without_returning(connection).await?;
    }
    Ok(())
}

fn chunks<E>(rows: Vec<E::Model>) -> impl Iterator<Item = Vec<E::ActiveModel>>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    let size = (MOST_VALUES / E::Column::iter().count().max(1)).max(1);
    let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model);
    std::iter::from_fn(move || {
        let chunk: Vec<E::ActiveModel> = rows.by_ref().take(size).collect();
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// Splits a list of ids for `IN (...)`: each once, in lists that one statement can bind.
pub(crate) fn id_lists(ids: impl IntoIterator<Item = Uuid>) -> Vec<Vec<Uuid>> {
    let unique: Vec<Uuid> = ids.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    unique.chunks(MOST_VALUES).map(<[Uuid]>::to_vec).collect()
}
