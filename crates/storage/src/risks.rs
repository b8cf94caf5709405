//! Open matches whose papers or offer no longer hold. Of a match nothing is written here but since when it is at risk.

use domain::{
    event::Subject,
    ids::{InstalmentId, MatchId, NeedId, OfferId, OrganisationId},
    matches::MatchState,
    time::Instant,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr};

use crate::{
    entity::match_row::{self, Column, Entity},
    error::StoreError,
    events, json,
    scope::Scope,
    store::{Reads, Tx},
};

/// A match with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchRisk {
    /// The match.
    pub id: MatchId,
    /// The offer.
    pub offer: OfferId,
    /// The need.
    pub need: NeedId,
    /// The instalment.
    pub instalment: InstalmentId,
    /// Whose offer it is.
    pub supplier: OrganisationId,
    /// Whose need it is.
    pub buyer: OrganisationId,
    /// Since when it is at risk, if it is.
    pub since: Option<Instant>,
}

/// The matches that take capacity, in the order of their ids; of one offer where it is named.
pub async fn open(reader: &impl Reads, scope: Scope, offer: Option<OfferId>) -> Result<Vec<MatchRisk>, StoreError> {
    let taking = MatchState::ALL.into_iter().filter(|state| state.takes_capacity()).map(MatchState::as_str);
    let mut query = Entity::find()
        .filter(scope.over(&[Column::OfferOrganisationId, Column::NeedOrganisationId]))
        .filter(Column::State.is_in(taking));
    if let Some(offer) = offer {
        query = query.filter(Column::OfferId.eq(offer.0));
    }
    query.order_by_asc(Column::Id).all(reader.connection()).await?.into_iter().map(stored).collect()
}

/// Since when a match is at risk, if it is.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id inside the scope.
pub async fn since(reader: &impl Reads, scope: Scope, id: MatchId) -> Result<Option<Instant>, StoreError> {
    let query = Entity::find_by_id(id.0).filter(scope.over(&[Column::OfferOrganisationId, Column::NeedOrganisationId]));
    let row = query.one(reader.connection()).await?.ok_or(StoreError::NotFound)?;
    Ok(stored(row)?.since)
}

/// Notes since when a match is at risk, or that it is not; answers whether that is new.
pub async fn mark(tx: &Tx, risk: &MatchRisk, since: Option<Instant>, now: Instant) -> Result<bool, StoreError> {
    let update = Entity::update_many().col_expr(Column::AtRiskSince, Expr::value(since.map(Instant::micros)));
    let update = update.filter(Column::Id.eq(risk.id.0));
    // Of two who mark it at once, one tells the sides.
    let update = match since {
        Some(_) => update.filter(Column::AtRiskSince.is_null()),
        None => update.filter(Column::AtRiskSince.is_not_null()),
    };
    let is_new = update.exec(tx.connection()).await?.rows_affected > 0;
    if is_new {
        events::record(tx, Subject::Match, risk.id.0, events::CHANGED, &[risk.supplier, risk.buyer], now);
    }
    Ok(is_new)
}

fn stored(row: match_row::Model) -> Result<MatchRisk, StoreError> {
    Ok(MatchRisk {
        id: MatchId(row.id),
        offer: OfferId(row.offer_id),
        need: NeedId(row.need_id),
        instalment: InstalmentId(row.instalment_id),
        supplier: OrganisationId(row.offer_organisation_id),
        buyer: OrganisationId(row.need_organisation_id),
        since: row.at_risk_since.map(|at| json::instant("matches.at_risk_since", at)).transpose()?,
    })
}
