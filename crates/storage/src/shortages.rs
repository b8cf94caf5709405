//! What runs left uncovered.

use domain::{
    ids::{InstalmentId, NeedId, OrganisationId, RunId},
    quantity::Quantity,
    time::Instant,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::{
    entity::shortage,
    error::StoreError,
    json,
    page::{self, Page, PageRequest},
    scope::Scope,
    store::Reads,
};

/// What a run left uncovered of an instalment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortageRow {
    /// The run.
    pub run: RunId,
    /// The instalment.
    pub instalment: InstalmentId,
    /// The need.
    pub need: NeedId,
    /// Whose need it is.
    pub buyer: OrganisationId,
    /// The code of the product asked for.
    pub product: String,
    /// The tier it ranked at, 1 to 4.
    pub tier: u8,
    /// How much was asked for, in base units.
    pub demand: Quantity,
    /// How much of it was held, agreed or suggested.
    pub covered: Quantity,
    /// The rest.
    pub uncovered: Quantity,
    /// Its reasons as JSON.
    pub explanation_json: String,
    /// When the run was finished.
    pub created_at: Instant,
}

/// A page of a run's shortages, of one need where one is named. An organisation sees those of its
/// own needs. The keys hold the instalment's id.
pub async fn page(
    reader: &impl Reads,
    scope: Scope,
    run: RunId,
    need: Option<NeedId>,
    request: PageRequest,
) -> Result<Page<ShortageRow>, StoreError> {
    use shortage::Column;
    let mut query =
        shortage::Entity::find().filter(scope.over(&[Column::NeedOrganisationId])).filter(Column::RunId.eq(run.0));
    if let Some(need) = need {
        query = query.filter(Column::NeedId.eq(need.0));
    }
    page::fetch(query, (Column::CreatedAt, Column::InstalmentId), request, reader.connection(), record).await
}

pub(crate) fn record(row: shortage::Model) -> Result<ShortageRow, StoreError> {
    let quantity = |units: i64| {
        Quantity::new(units)
            .ok_or_else(|| StoreError::internal(format!("a shortage of {} holds {units} units", row.run_id)))
    };
    Ok(ShortageRow {
        run: RunId(row.run_id),
        instalment: InstalmentId(row.instalment_id),
        need: NeedId(row.need_id),
        buyer: OrganisationId(row.need_organisation_id),
        tier: u8::try_from(row.tier).map_err(|error| StoreError::Internal(Box::new(error)))?,
        demand: quantity(row.demand)?,
        covered: quantity(row.covered)?,
        uncovered: quantity(row.uncovered)?,
        created_at: json::instant("shortages.created_at", row.created_at)?,
        product: row.product,
        explanation_json: row.explanation,
    })
}
