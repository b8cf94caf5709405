//! Chains: matches that are promised together or not at all.
//!
//! Whoever changes a leg locks its chain before any match, so that two who end legs of one chain come one after the other.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    chain::{Chain, ChainState, ending, stands},
    event::Subject,
    ids::{ChainId, MatchId, OrganisationId},
    matches::{ClosingReason, MatchState},
    time::Instant,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Query,
};

use crate::{
    bulk,
    entity::{
        chain::{Column, Entity, Model},
        match_row,
    },
    error::StoreError,
    events::{self, CHANGED, CREATED},
    json, ledger,
    matches::{self, MatchRow},
    page::{self, Page, PageRequest},
    scope::Scope,
    store::{Reads, Tx},
};

/// A chain that is locked with all its legs.
#[derive(Debug, Clone)]
pub struct Locked {
    /// The chain.
    pub chain: Chain,
    /// Its legs of all times, by id.
    pub legs: Vec<MatchRow>,
}

impl Locked {
    /// The last leg of each step.
    pub fn last(&self) -> Vec<Option<&MatchRow>> {
        last(&self.chain, &self.legs)
    }

    /// Where the chain stands at an instant.
    pub fn states(&self, now: Instant) -> Vec<Option<MatchState>> {
        self.last().into_iter().map(|leg| leg.map(|leg| leg.clone().at(now).state)).collect()
    }
}

/// The last leg of each step: the one that stands, or the one that was last begun.
pub fn last<'a>(chain: &Chain, legs: &'a [MatchRow]) -> Vec<Option<&'a MatchRow>> {
    let of = |step: usize| {
        let legs = legs.iter().filter(|leg| leg.leg.is_some_and(|leg| leg.step == step));
        legs.max_by_key(|leg| (stands(leg.state), leg.updated_at, leg.id))
    };
    (0..chain.steps.len()).map(of).collect()
}

/// The states of legs that never became one: who was on such a leg has left the chain.
pub(crate) const LEFT: [MatchState; 3] = [MatchState::Suggested, MatchState::Declined, MatchState::Expired];

/// Whose chains somebody sees: those that he leads, and those of which he is on a leg that stands, or that was agreed.
pub(crate) fn seen(scope: Scope) -> Condition {
    let sides = [match_row::Column::OfferOrganisationId, match_row::Column::NeedOrganisationId];
    let legs = Query::select()
        .column(match_row::Column::ChainId)
        .from(match_row::Entity)
        .cond_where(
            Condition::all()
                .add(match_row::Column::ChainId.is_not_null())
                .add(match_row::Column::State.is_not_in(LEFT.map(MatchState::as_str)))
                .add(scope.over(&sides)),
        )
        .take();
    match scope {
        Scope::Operator => Condition::all(),
        Scope::Nobody | Scope::Organisation(_) => {
            Condition::any().add(scope.over(&[Column::LeadOrganisationId])).add(Column::Id.in_subquery(legs))
        }
    }
}

/// One chain.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id that the scope sees.
pub async fn get(reader: &impl Reads, scope: Scope, id: ChainId) -> Result<Chain, StoreError> {
    let row = Entity::find_by_id(id.0).filter(seen(scope)).one(reader.connection()).await?;
    record(row.ok_or(StoreError::NotFound)?)
}

/// A page of chains, of one lead where it is given.
pub async fn page(
    reader: &impl Reads,
    scope: Scope,
    lead: Option<OrganisationId>,
    request: PageRequest,
) -> Result<Page<Chain>, StoreError> {
    let mut query = Entity::find().filter(seen(scope));
    if let Some(lead) = lead {
        query = query.filter(Column::LeadOrganisationId.eq(lead.0));
    }
    page::fetch(query, (Column::CreatedAt, Column::Id), request, reader.connection(), record).await
}

/// The legs of chains, of all times, by chain.
pub async fn legs(
    reader: &impl Reads,
    chains: impl IntoIterator<Item = ChainId>,
) -> Result<BTreeMap<ChainId, Vec<MatchRow>>, StoreError> {
    use match_row::Column;
    let mut found: BTreeMap<ChainId, Vec<MatchRow>> = BTreeMap::new();
    for list in bulk::id_lists(chains.into_iter().map(|id| id.0)) {
        let query = match_row::Entity::find().filter(Column::ChainId.is_in(list)).order_by_asc(Column::Id);
        for row in query.all(reader.connection()).await? {
            let row = matches::record(row)?;
            if let Some(leg) = row.leg {
                found.entry(leg.chain).or_default().push(row);
            }
        }
    }
    Ok(found)
}

/// Adds a chain, whose legs are put to it in the same transaction.
///
/// # Errors
/// [`StoreError::Constraint`] when there is no such lead.
pub async fn insert(tx: &Tx, chain: &Chain) -> Result<(), StoreError> {
    bulk::insert::<Entity, _>(tx.connection(), vec![model(chain)?]).await?;
    events::record(tx, Subject::Chain, chain.id.0, CREATED, &[chain.lead], chain.created_at);
    Ok(())
}

/// Writes what a chain that is locked has become.
pub async fn update(tx: &Tx, chain: &Chain) -> Result<(), StoreError> {
    bulk::upsert::<Entity, _>(tx.connection(), vec![model(chain)?]).await?;
    let (at, now) = (chain.updated_at, Some(chain.updated_at));
    let what = if chain.dissolved.as_ref().map(|(at, _)| *at) == now {
        ChainState::Dissolved.as_str()
    } else if chain.agreed_at == now {
        ChainState::Agreed.as_str()
    } else {
        CHANGED
    };
    events::record(tx, Subject::Chain, chain.id.0, what, &[chain.lead], at);
    Ok(())
}

/// Locks a chain with its legs.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id.
pub async fn lock(tx: &Tx, id: ChainId) -> Result<Locked, StoreError> {
    hold(tx.connection(), [id]).await?;
    let chain = get(tx, Scope::Operator, id).await?;
    Ok(Locked { chain, legs: matches::legs_to_change(tx, id).await? })
}

/// Locks the chain that a match is a leg of, if it is one, with its legs.
pub async fn lock_of(tx: &Tx, row: &MatchRow) -> Result<Option<Locked>, StoreError> {
    match row.leg {
        Some(leg) => lock(tx, leg.chain).await.map(Some),
        None => Ok(None),
    }
}

/// Locks chains in one order for all.
async fn hold<C: ConnectionTrait>(connection: &C, ids: impl IntoIterator<Item = ChainId>) -> Result<(), StoreError> {
    for list in bulk::id_lists(ids.into_iter().map(|id| id.0)) {
        let query = Entity::find().filter(Column::Id.is_in(list)).order_by_asc(Column::Id);
        query.lock_exclusive().all(connection).await?;
    }
    Ok(())
}

/// Locks the chains of matches, in one order for all.
pub async fn lock_all(tx: &Tx, of: &BTreeSet<MatchId>) -> Result<(), StoreError> {
    let mut ids = BTreeSet::new();
    for list in bulk::id_lists(of.iter().map(|id| id.0)) {
        let query = match_row::Entity::find().select_only().column(match_row::Column::ChainId);
        let query = query.filter(match_row::Column::Id.is_in(list)).filter(match_row::Column::ChainId.is_not_null());
        ids.extend(query.into_tuple::<uuid::Uuid>().all(tx.connection()).await?.into_iter().map(ChainId));
    }
    hold(tx.connection(), ids).await
}

/// What follows in a chain once a leg of it ended before it was delivered: the others are let go, unless all had been
/// agreed. Answers those that ended.
pub async fn fail(tx: &Tx, locked: &Locked, failed: MatchId, now: Instant) -> Result<Vec<MatchRow>, StoreError> {
    let others = locked.legs.iter().filter(|leg| leg.id != failed);
    let ended = end(tx, others, |state| locked.chain.when_another_fails(state), now).await?;
    update(tx, &Chain { updated_at: now, ..locked.chain.clone() }).await?;
    Ok(ended)
}

/// Lets all legs of a chain go that stand and are not delivered. Answers those that ended.
pub async fn dissolve(
    tx: &Tx,
    locked: &Locked,
    why: &ClosingReason,
    now: Instant,
) -> Result<Vec<MatchRow>, StoreError> {
    let ended = end(tx, locked.legs.iter(), |state| ending(state, why.clone()), now).await?;
    let dissolved = Some((now, why.clone()));
    update(tx, &Chain { dissolved, updated_at: now, ..locked.chain.clone() }).await?;
    Ok(ended)
}

/// Ends legs, each by the step that its state calls for; one that is over expires.
async fn end(
    tx: &Tx,
    legs: impl Iterator<Item = &MatchRow>,
    by: impl Fn(MatchState) -> Option<domain::matches::Step>,
    now: Instant,
) -> Result<Vec<MatchRow>, StoreError> {
    let mut ended = Vec::new();
    for leg in legs {
        let over = leg.account().is_over(now).then_some(domain::matches::Step::Expire);
        if let Some(step) = over.or_else(|| by(leg.state)) {
            ended.push(ledger::post_own(tx, leg, &step, now).await?);
        }
    }
    Ok(ended)
}

fn record(row: Model) -> Result<Chain, StoreError> {
    let reason =
        row.closing_reason.as_deref().map(|text| json::from_text("chains.closing_reason", text)).transpose()?;
    let dissolved_at = row.dissolved_at.map(|at| json::instant("chains.dissolved_at", at)).transpose()?;
    Ok(Chain {
        id: ChainId(row.id),
        lead: OrganisationId(row.lead_organisation_id),
        name: row.name,
        steps: json::from_text("chains.steps", &row.steps)?,
        agreed_at: row.agreed_at.map(|at| json::instant("chains.agreed_at", at)).transpose()?,
        dissolved: dissolved_at.zip(reason),
        created_at: json::instant("chains.created_at", row.created_at)?,
        updated_at: json::instant("chains.updated_at", row.updated_at)?,
    })
}

fn model(chain: &Chain) -> Result<Model, StoreError> {
    Ok(Model {
        id: chain.id.0,
        lead_organisation_id: chain.lead.0,
        name: chain.name.clone(),
        steps: json::to_text(&chain.steps)?,
        agreed_at: chain.agreed_at.map(Instant::micros),
        dissolved_at: chain.dissolved.as_ref().map(|(at, _)| at.micros()),
        closing_reason: chain.dissolved.as_ref().map(|(_, why)| json::to_text(why)).transpose()?,
        created_at: chain.created_at.micros(),
        updated_at: chain.updated_at.micros(),
    })
}
