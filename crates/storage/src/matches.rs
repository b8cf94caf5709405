//! Matches, and standing refusals between an offer and a need.

use domain::{
    event::Subject,
    ids::{InstalmentId, MatchId, NeedId, OfferId, OrganisationId, RunId},
    matches::{ClosingReason, MatchState, Quantities},
    quantity::Quantity,
    time::{Day, Instant},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr};

use crate::{
    bulk,
    entity::{instalment, match_row, refusal},
    error::StoreError,
    events, json,
    page::{self, Page, PageRequest},
    scope::Scope,
    store::{Reads, Tx},
};

/// A match as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchRow {
    /// Its id.
    pub id: MatchId,
    /// The run that suggested it.
    pub run: RunId,
    /// The offer.
    pub offer: OfferId,
    /// The need.
    pub need: NeedId,
    /// The instalment of it.
    pub instalment: InstalmentId,
    /// Whose offer it is.
    pub supplier: OrganisationId,
    /// Whose need it is.
    pub buyer: OrganisationId,
    /// Where it stands.
    pub state: MatchState,
    /// The tier of the instalment when it was suggested, 1 to 4.
    pub tier: u8,
    /// Its six quantities, in base units.
    pub quantities: Quantities,
    /// By when the goods must exist.
    pub cutoff: Day,
    /// Its reasons as JSON.
    pub explanation_json: String,
    /// Why it was closed, if a side said so.
    pub closing_reason: Option<ClosingReason>,
    /// When it was suggested.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

/// Which matches a page is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MatchFilter {
    /// Only those of this run.
    pub run: Option<RunId>,
    /// Only those of this offer.
    pub offer: Option<OfferId>,
    /// Only those of this need.
    pub need: Option<NeedId>,
    /// Only these states; any where empty.
    pub states: Vec<MatchState>,
}

const SIDES: [match_row::Column; 2] = [match_row::Column::OfferOrganisationId, match_row::Column::NeedOrganisationId];

/// One match. An organisation sees those of its own offers and of its own needs.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id inside the scope.
pub async fn get(reader: &impl Reads, scope: Scope, id: MatchId) -> Result<MatchRow, StoreError> {
    let query = match_row::Entity::find_by_id(id.0).filter(scope.over(&SIDES));
    record(query.one(reader.connection()).await?.ok_or(StoreError::NotFound)?)
}

/// A page of matches.
pub async fn page(
    reader: &impl Reads,
    scope: Scope,
    filter: &MatchFilter,
    request: PageRequest,
) -> Result<Page<MatchRow>, StoreError> {
    use match_row::Column;
    let query = narrowed(match_row::Entity::find().filter(scope.over(&SIDES)), filter);
    page::fetch(query, (Column::CreatedAt, Column::Id), request, reader.connection(), record).await
}

fn narrowed(mut query: Select<match_row::Entity>, filter: &MatchFilter) -> Select<match_row::Entity> {
    use match_row::Column;
    if let Some(id) = filter.run {
        query = query.filter(Column::RunId.eq(id.0));
    }
    if let Some(id) = filter.offer {
        query = query.filter(Column::OfferId.eq(id.0));
    }
    if let Some(id) = filter.need {
        query = query.filter(Column::NeedId.eq(id.0));
    }
    if !filter.states.is_empty() {
        query = query.filter(Column::State.is_in(filter.states.iter().map(|state| state.as_str())));
    }
    query
}

/// The matches of an offer or need that take capacity, those of the earliest cut-off first.
pub async fn promises(tx: &Tx, filter: &MatchFilter) -> Result<Vec<MatchRow>, StoreError> {
    use match_row::Column;
    let states = MatchState::ALL.into_iter().filter(|state| state.takes_capacity()).collect();
    let filter = MatchFilter { states, ..filter.clone() };
    let query = narrowed(match_row::Entity::find(), &filter).order_by_asc(Column::Cutoff).order_by_asc(Column::Id);
    query.all(tx.connection()).await?.into_iter().map(record).collect()
}

/// Moves a match to its next state with the quantities it has then.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id inside the scope; [`StoreError::Conflict`]
/// when it may not go there from where it stands, also because somebody else has just moved it, or
/// when it would promise an instalment that is no longer part of its need;
/// [`StoreError::Constraint`] when the quantities are no chain.
pub async fn advance(
    tx: &Tx,
    scope: Scope,
    id: MatchId,
    next: MatchState,
    quantities: Quantities,
    reason: Option<&ClosingReason>,
    at: Instant,
) -> Result<MatchRow, StoreError> {
    use match_row::Column;
    let before = get(tx, scope, id).await?;
    let (from, to) = (before.state.as_str(), next.as_str());
    if !before.state.may_become(next) {
        return Err(StoreError::Conflict(format!("a match that is {from} cannot become {to}")));
    }
    if next.takes_capacity() {
        refuse_withdrawn(tx, before.instalment).await?;
    }
    let reason_json = reason.map(json::to_text).transpose()?;
    let moved = match_row::Entity::update_many()
        .col_expr(Column::State, Expr::value(to))
        .col_expr(Column::Proposed, Expr::value(quantities.proposed.units()))
        .col_expr(Column::Agreed, Expr::value(quantities.agreed.units()))
        .col_expr(Column::Shipped, Expr::value(quantities.shipped.units()))
        .col_expr(Column::Received, Expr::value(quantities.received.units()))
        .col_expr(Column::Accepted, Expr::value(quantities.accepted.units()))
        .col_expr(Column::Rejected, Expr::value(quantities.rejected.units()))
        .col_expr(Column::ClosingReason, Expr::value(reason_json))
        .col_expr(Column::UpdatedAt, Expr::value(at.micros()))
        .filter(Column::Id.eq(id.0))
        .filter(Column::State.eq(from))
        .exec(tx.connection())
        .await?;
    match moved.rows_affected {
        0 => Err(StoreError::Conflict(format!("the match {id} has just left the state {from}"))),
        _ => {
            events::record(tx, Subject::Match, id.0, to, &[before.supplier, before.buyer], at);
            Ok(MatchRow { state: next, quantities, closing_reason: reason.cloned(), updated_at: at, ..before })
        }
    }
}

/// Refuses to promise what is no longer asked for. The lock makes a change of the need wait, which
/// in turn refuses to withdraw what is promised.
async fn refuse_withdrawn(tx: &Tx, id: InstalmentId) -> Result<(), StoreError> {
    let row = instalment::Entity::find_by_id(id.0).lock_exclusive().one(tx.connection()).await?;
    if row.ok_or(StoreError::NotFound)?.withdrawn {
        return Err(StoreError::Conflict(format!("the instalment {id} is no longer part of its need")));
    }
    Ok(())
}

/// Keeps an offer and a need apart in every later run; nothing happens when they are.
///
/// # Errors
/// Whether a supplier's offer is not to serve a need.
pub async fn is_refused(reader: &impl Reads, offer: OfferId, need: NeedId) -> Result<bool, StoreError> {
    Ok(refusal::Entity::find_by_id((offer.0, need.0)).one(reader.connection()).await?.is_some())
}

/// [`StoreError::Constraint`] when one of them does not exist.
pub async fn refuse(tx: &Tx, offer: OfferId, need: NeedId, at: Instant) -> Result<(), StoreError> {
    let row = refusal::Model { offer_id: offer.0, need_id: need.0, created_at: at.micros() };
    bulk::upsert::<refusal::Entity, _>(tx.connection(), vec![row]).await
}

pub(crate) fn record(row: match_row::Model) -> Result<MatchRow, StoreError> {
    let quantity = |units: i64| {
        Quantity::new(units).ok_or_else(|| StoreError::internal(format!("the match {} holds {units} units", row.id)))
    };
    Ok(MatchRow {
        id: MatchId(row.id),
        run: RunId(row.run_id),
        offer: OfferId(row.offer_id),
        need: NeedId(row.need_id),
        instalment: InstalmentId(row.instalment_id),
        supplier: OrganisationId(row.offer_organisation_id),
        buyer: OrganisationId(row.need_organisation_id),
        state: json::word("matches.state", &row.state, MatchState::parse)?,
        tier: u8::try_from(row.tier).map_err(|error| StoreError::Internal(Box::new(error)))?,
        quantities: Quantities {
            proposed: quantity(row.proposed)?,
            agreed: quantity(row.agreed)?,
            shipped: quantity(row.shipped)?,
            received: quantity(row.received)?,
            accepted: quantity(row.accepted)?,
            rejected: quantity(row.rejected)?,
        },
        cutoff: json::day("matches.cutoff", row.cutoff)?,
        explanation_json: row.explanation,
        closing_reason: row
            .closing_reason
            .as_deref()
            .map(|text| json::from_text("matches.closing_reason", text))
            .transpose()?,
        created_at: json::instant("matches.created_at", row.created_at)?,
        updated_at: json::instant("matches.updated_at", row.updated_at)?,
    })
}
