//! What organisations that were merged into others were: who names one means the one that it became.

use std::collections::BTreeMap;

use domain::{code::CountryCode, ids::OrganisationId, text, time::Instant};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::{
    bulk,
    entity::{
        former_organisation::{self, Column, Entity},
        organisation,
    },
    error::StoreError,
    scope::Scope,
    store::Reads,
};

/// Keeps name and origin of an organisation that goes.
pub(super) async fn keep<C: ConnectionTrait>(
    connection: &C,
    row: organisation::Model,
    into: Uuid,
    at: Instant,
) -> Result<(), StoreError> {
    let former = former_organisation::Model {
        id: row.id,
        organisation_id: into,
        name_folded: row.name_folded,
        country: row.country,
        source: row.source,
        external_id: row.external_id,
        merged_at: at.micros(),
    };
    bulk::insert::<Entity, _>(connection, vec![former]).await
}

/// What each organisation became that was merged into another: the one that is there now.
pub async fn became(reader: &impl Reads) -> Result<BTreeMap<OrganisationId, OrganisationId>, StoreError> {
    let rows = Entity::find().all(reader.connection()).await?;
    Ok(rows.into_iter().map(|row| (OrganisationId(row.id), OrganisationId(row.organisation_id))).collect())
}

/// The organisation that one of a name and country became.
pub(crate) async fn claimed<C: ConnectionTrait>(
    connection: &C,
    name: &str,
    country: &CountryCode,
) -> Result<Option<OrganisationId>, StoreError> {
    let query = Entity::find().filter(Column::NameFolded.eq(text::fold(name)));
    let query = query.filter(Column::Country.eq(country.as_str())).order_by_asc(Column::MergedAt);
    let row = query.order_by_asc(Column::Id).one(connection).await?;
    Ok(row.map(|row| OrganisationId(row.organisation_id)))
}

/// The folded names and countries of those that were entered here or came from a source, each with what it
/// became, the first merged first.
pub(crate) async fn of_source(
    reader: &impl Reads,
    scope: Scope,
    source: &str,
) -> Result<Vec<(String, CountryCode, OrganisationId)>, StoreError> {
    let from = Condition::any().add(Column::Source.is_null()).add(Column::Source.eq(source));
    let query = Entity::find().filter(scope.over(&[Column::OrganisationId])).filter(from);
    let rows = query.order_by_asc(Column::MergedAt).order_by_asc(Column::Id).all(reader.connection()).await?;
    let with = |row: former_organisation::Model| {
        (row.name_folded, CountryCode::new(&row.country), OrganisationId(row.organisation_id))
    };
    Ok(rows.into_iter().map(with).collect())
}
