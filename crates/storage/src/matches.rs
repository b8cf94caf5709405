//! Matches, and standing refusals between an offer and a need.

use std::collections::BTreeSet;

use domain::{
    event::{Named, Subject},
    ids::{ChainId, InstalmentId, MatchId, NeedId, OfferId, OrganisationId, RunId},
    matches::{Account, ClosingReason, Entry, MatchState, Quantities, Sample},
    quantity::Quantity,
    time::{Day, Instant},
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr};

use crate::{
    bulk,
    entity::{match_row, refusal},
    error::StoreError,
    events, json, ledger,
    page::{self, Page, PageRequest},
    scope::Scope,
    store::{Reads, Tx},
};

/// A match as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchRow {
    /// Its id.
    pub id: MatchId,
    /// The run that suggested it; `None` where it was put by hand.
    pub run: Option<RunId>,
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
    /// What counts against the offer, in base units.
    pub drawn: i64,
    /// What counts against the instalment, in base units.
    pub covered: i64,
    /// By when the goods must exist.
    pub cutoff: Day,
    /// Until when it is held, while it waits for an answer.
    pub deadline: Option<Instant>,
    /// What the sides state of it, as JSON.
    pub terms_json: Option<String>,
    /// How far a sample is, if one was asked for.
    pub sample: Option<Sample>,
    /// When goods of it were recalled.
    pub recalled_at: Option<Instant>,
    /// Since when what it rests on no longer holds, if it does not.
    pub at_risk_since: Option<Instant>,
    /// The leg of a chain that it is, if it is one.
    pub leg: Option<Leg>,
    /// Its reasons as JSON.
    pub explanation_json: String,
    /// Why it was closed, if a side said so.
    pub closing_reason: Option<ClosingReason>,
    /// When it was suggested.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

/// A leg of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    /// The chain.
    pub chain: ChainId,
    /// Which of its steps, from 0.
    pub step: usize,
}

impl MatchRow {
    /// How it stands in the ledger.
    pub fn account(&self) -> Account {
        Account {
            state: self.state,
            quantities: self.quantities,
            drawn: self.drawn,
            covered: self.covered,
            cutoff: self.cutoff,
            deadline: self.deadline,
        }
    }

    /// As it counts at an instant: what is held past its deadline has expired, whether or not that is written yet.
    pub fn at(self, now: Instant) -> Self {
        if !self.account().is_over(now) {
            return self;
        }
        Self { state: MatchState::Expired, drawn: 0, covered: 0, deadline: None, ..self }
    }
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
    /// Only the legs of this chain.
    pub chain: Option<ChainId>,
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
    if let Some(id) = filter.chain {
        query = query.filter(Column::ChainId.eq(id.0));
    }
    if !filter.states.is_empty() {
        query = query.filter(Column::State.is_in(filter.states.iter().map(|state| state.as_str())));
    }
    query
}

/// One match that is about to change: others who would change it wait until the transaction ends.
///
/// # Errors
/// As [`get`].
pub async fn get_to_change(tx: &Tx, scope: Scope, id: MatchId) -> Result<MatchRow, StoreError> {
    let query = match_row::Entity::find_by_id(id.0).filter(scope.over(&SIDES)).lock_exclusive();
    record(query.one(tx.connection()).await?.ok_or(StoreError::NotFound)?)
}

/// The legs of a chain that are about to change, by id: others who would change one wait until the transaction ends.
pub(crate) async fn legs_to_change(tx: &Tx, chain: ChainId) -> Result<Vec<MatchRow>, StoreError> {
    use match_row::Column;
    let query = match_row::Entity::find().filter(Column::ChainId.eq(chain.0)).order_by_asc(Column::Id);
    query.lock_exclusive().all(tx.connection()).await?.into_iter().map(record).collect()
}

/// The matches of an offer or need that draw on it or cover some of it, those of the earliest cut-off first.
pub async fn promises(tx: &Tx, filter: &MatchFilter) -> Result<Vec<MatchRow>, StoreError> {
    use match_row::Column;
    let counts = Condition::any().add(Column::Drawn.gt(0)).add(Column::Covered.gt(0));
    let query = narrowed(match_row::Entity::find(), filter).filter(counts);
    let query = query.order_by_asc(Column::Cutoff).order_by_asc(Column::Id);
    query.all(tx.connection()).await?.into_iter().map(record).collect()
}

/// What a run wrote down with each of its matches, as JSON, whatever became of them since; in no order.
pub async fn explanations_of(reader: &impl Reads, run: RunId) -> Result<Vec<String>, StoreError> {
    use match_row::Column;
    let query = match_row::Entity::find().select_only().column(Column::Explanation).filter(Column::RunId.eq(run.0));
    Ok(query.into_tuple().all(reader.connection()).await?)
}

/// The suggestions of a run that still stand, by id.
pub async fn suggested_of(tx: &Tx, run: RunId) -> Result<Vec<MatchRow>, StoreError> {
    let filter = MatchFilter { run: Some(run), states: vec![MatchState::Suggested], ..MatchFilter::default() };
    let query = narrowed(match_row::Entity::find(), &filter).order_by_asc(match_row::Column::Id);
    query.all(tx.connection()).await?.into_iter().map(record).collect()
}

/// Adds a match that was put by hand, with the entry that holds its quantity.
///
/// # Errors
/// [`StoreError::Constraint`] when its offer or instalment does not exist.
pub async fn insert(tx: &Tx, row: &MatchRow, entries: &[Entry]) -> Result<(), StoreError> {
    bulk::insert::<match_row::Entity, _>(tx.connection(), vec![model(row)?]).await?;
    events::record(tx, Subject::Match, row.id.0, events::CREATED, &[row.supplier, row.buyer], row.created_at);
    tell_chain(tx, row);
    ledger::append(tx.connection(), row, entries, None, row.created_at).await
}

/// Stores what a match that is locked has become.
///
/// # Errors
/// [`StoreError::Conflict`] when it is no longer in the state that it was read in; [`StoreError::Constraint`] when the
/// quantities are no chain.
pub async fn update(tx: &Tx, before: MatchState, after: &MatchRow) -> Result<(), StoreError> {
    use match_row::Column;
    let row = model(after)?;
    let moved = match_row::Entity::update_many()
        .col_expr(Column::State, Expr::value(row.state))
        .col_expr(Column::Proposed, Expr::value(row.proposed))
        .col_expr(Column::Agreed, Expr::value(row.agreed))
        .col_expr(Column::Shipped, Expr::value(row.shipped))
        .col_expr(Column::Received, Expr::value(row.received))
        .col_expr(Column::Accepted, Expr::value(row.accepted))
        .col_expr(Column::Rejected, Expr::value(row.rejected))
        .col_expr(Column::Drawn, Expr::value(row.drawn))
        .col_expr(Column::Covered, Expr::value(row.covered))
        .col_expr(Column::Deadline, Expr::value(row.deadline))
        .col_expr(Column::Terms, Expr::value(row.terms))
        .col_expr(Column::Sample, Expr::value(row.sample))
        .col_expr(Column::RecalledAt, Expr::value(row.recalled_at))
        .col_expr(Column::AtRiskSince, Expr::value(row.at_risk_since))
        .col_expr(Column::ChainId, Expr::value(row.chain_id))
        .col_expr(Column::ChainStep, Expr::value(row.chain_step))
        .col_expr(Column::ClosingReason, Expr::value(row.closing_reason))
        .col_expr(Column::UpdatedAt, Expr::value(row.updated_at))
        .filter(Column::Id.eq(after.id.0))
        .filter(Column::State.eq(before.as_str()))
        .exec(tx.connection())
        .await?;
    match moved.rows_affected {
        0 => Err(StoreError::Conflict(format!("the match {} has just left the state {}", after.id, before.as_str()))),
        _ => {
            let what = if before == after.state { events::CHANGED } else { after.state.as_str() };
            let sides = [after.supplier, after.buyer];
            events::record(tx, Subject::Match, after.id.0, what, &sides, after.updated_at);
            if before != after.state {
                tell_chain(tx, after);
            }
            Ok(())
        }
    }
}

/// Notes that a chain stands otherwise since a leg of it does: to the leg's sides, who may leave it by that. Who else
/// sees it is found when the event gets its number.
fn tell_chain(tx: &Tx, row: &MatchRow) {
    let Some(leg) = row.leg else { return };
    let chain = Named { subject: Subject::Chain, id: leg.chain.0, within: None };
    let sides = [row.supplier, row.buyer].map(|side| (side, false));
    events::some(tx, chain, events::CHANGED, sides.into(), row.updated_at);
}

/// The offers of which a side refused the other for a need.
pub async fn refused_for(reader: &impl Reads, need: NeedId) -> Result<BTreeSet<OfferId>, StoreError> {
    let rows = refusal::Entity::find().filter(refusal::Column::NeedId.eq(need.0)).all(reader.connection()).await?;
    Ok(rows.into_iter().map(|row| OfferId(row.offer_id)).collect())
}

/// Whether a supplier's offer is not to serve a need.
pub async fn is_refused(reader: &impl Reads, offer: OfferId, need: NeedId) -> Result<bool, StoreError> {
    Ok(refusal::Entity::find_by_id((offer.0, need.0)).one(reader.connection()).await?.is_some())
}

/// Keeps an offer and a need apart in every later run; nothing happens when they are.
///
/// # Errors
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
        run: row.run_id.map(RunId),
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
        drawn: row.drawn,
        covered: row.covered,
        cutoff: json::day("matches.cutoff", row.cutoff)?,
        deadline: row.deadline.map(|at| json::instant("matches.deadline", at)).transpose()?,
        terms_json: row.terms,
        sample: row.sample.map(|word| json::word("matches.sample", &word, Sample::parse)).transpose()?,
        recalled_at: row.recalled_at.map(|at| json::instant("matches.recalled_at", at)).transpose()?,
        at_risk_since: row.at_risk_since.map(|at| json::instant("matches.at_risk_since", at)).transpose()?,
        leg: match (row.chain_id, row.chain_step) {
            (Some(chain), Some(step)) => Some(Leg {
                chain: ChainId(chain),
                step: usize::try_from(step).map_err(|error| StoreError::Internal(Box::new(error)))?,
            }),
            _ => None,
        },
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

fn model(row: &MatchRow) -> Result<match_row::Model, StoreError> {
    for text in
        row.terms_json.iter().chain(row.closing_reason.as_ref().and_then(|r| r.words()).map(str::to_owned).as_ref())
    {
        json::storable("matches.terms", text)?;
    }
    Ok(match_row::Model {
        id: row.id.0,
        run_id: row.run.map(|id| id.0),
        offer_id: row.offer.0,
        need_id: row.need.0,
        instalment_id: row.instalment.0,
        offer_organisation_id: row.supplier.0,
        need_organisation_id: row.buyer.0,
        state: row.state.as_str().to_owned(),
        tier: i16::from(row.tier),
        proposed: row.quantities.proposed.units(),
        agreed: row.quantities.agreed.units(),
        shipped: row.quantities.shipped.units(),
        received: row.quantities.received.units(),
        accepted: row.quantities.accepted.units(),
        rejected: row.quantities.rejected.units(),
        drawn: row.drawn,
        covered: row.covered,
        cutoff: row.cutoff.number(),
        deadline: row.deadline.map(Instant::micros),
        terms: row.terms_json.clone(),
        sample: row.sample.map(|sample| sample.as_str().to_owned()),
        recalled_at: row.recalled_at.map(Instant::micros),
        at_risk_since: row.at_risk_since.map(Instant::micros),
        chain_id: row.leg.map(|leg| leg.chain.0),
        chain_step: row
            .leg
            .map(|leg| i16::try_from(leg.step))
            .transpose()
            .map_err(|error| StoreError::Internal(Box::new(error)))?,
        explanation: row.explanation_json.clone(),
        closing_reason: row.closing_reason.as_ref().map(json::to_text).transpose()?,
        created_at: row.created_at.micros(),
        updated_at: row.updated_at.micros(),
    })
}
