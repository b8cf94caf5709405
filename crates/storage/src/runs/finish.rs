//! What a run leaves: its figures and proof, what it suggests, and what stays uncovered.

use std::collections::BTreeMap;

use domain::{
    event::Subject,
    ids::{OrganisationId, RunId},
    matches::MatchState,
    time::Instant,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use super::{
    FinishedRun, NewMatch, NewShortage, RunRow, RunState, Seen,
    queue::{held, mine, told},
};
use crate::{
    bulk,
    dialect::{self, Turn},
    entity::{match_row, need, offer, proof, run, shortage},
    error::StoreError,
    events,
    snapshots::{self, Snapshot},
    store::{Reads, Store, Tx},
};

/// Stores what a claimed run found, in one transaction. Matches that earlier runs suggested, and
/// that nobody proposed, expire; where a run that began later is done already, those of this one are
/// the older and are stored as expired. Snapshots that are over their time go in the same transaction.
///
/// # Errors
/// [`StoreError::Conflict`] when another worker has taken the run over, and nothing is stored;
/// [`StoreError::Constraint`] when an offer or instalment is gone or a quantity is out of range.
pub async fn finish(store: &Store, claimed: &RunRow, finished: FinishedRun, at: Instant) -> Result<(), StoreError> {
    let (id, mine, began) = (claimed.id, mine(claimed), claimed.started_at);
    store
        .write(move |tx| async move {
            let connection = tx.connection();
            // Two that end at once would both find nothing to expire, and promise the same goods twice.
            dialect::take_turn(connection, Turn::Finish).await?;
            let seen = finished.seen;
            let hash = |of: fn(&Seen) -> &Snapshot| seen.as_ref().map(|s| of(s).hash.clone());
            let done = run::Entity::update_many()
                .col_expr(run::Column::State, Expr::value(RunState::Done.as_str()))
                .col_expr(run::Column::LeaseUntil, Expr::value(Option::<i64>::None))
                .col_expr(run::Column::Progress, Expr::value(Option::<String>::None))
                .col_expr(run::Column::FinishedAt, Expr::value(at.micros()))
                .col_expr(run::Column::Engine, Expr::value(finished.engine))
                .col_expr(run::Column::Figures, Expr::value(finished.figures_json))
                .col_expr(run::Column::Levels, Expr::value(finished.levels_json))
                .col_expr(run::Column::Shares, Expr::value(finished.shares_json))
                .col_expr(run::Column::ProofHash, Expr::value(finished.proof_hash))
                .col_expr(run::Column::MarketHash, Expr::value(hash(|s| &s.market)))
                .col_expr(run::Column::TablesHash, Expr::value(hash(|s| &s.tables)))
                .filter(mine)
                .exec(connection)
                .await?;
            held(done.rows_affected)?;
            let proof = proof::Model { run_id: id.0, proof: finished.proof_json };
            bulk::insert::<proof::Entity, _>(connection, vec![proof]).await?;
            if let Some(Seen { market, tables }) = seen {
                snapshots::keep(connection, [market, tables], at).await?;
            }
            if let Some(before) = finished.forget_before {
                snapshots::forget(connection, before).await?;
            }
            let state = match is_overtaken(connection, began).await? {
                true => MatchState::Expired,
                false => {
                    expire_suggested(&tx, at).await?;
                    MatchState::Suggested
                }
            };
            store_matches(&tx, (id, state), &finished.matches, at).await?;
            store_shortages(connection, id, &finished.shortages, at).await?;
            // After its matches, so that whoever reads that it is done has read of them.
            told(&tx, id.0, RunState::Done.as_str(), at);
            Ok(())
        })
        .await
}

/// Whether a run is done that a worker began later, and so saw a newer market.
async fn is_overtaken<C: ConnectionTrait>(connection: &C, began: Option<Instant>) -> Result<bool, StoreError> {
    let Some(began) = began else { return Ok(false) };
    let later: Option<Uuid> = run::Entity::find()
        .select_only()
        .column(run::Column::Id)
        .filter(run::Column::State.eq(RunState::Done.as_str()))
        .filter(run::Column::StartedAt.gt(began.micros()))
        .limit(1)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(later.is_some())
}

async fn expire_suggested(tx: &Tx, at: Instant) -> Result<(), StoreError> {
    let connection = tx.connection();
    use match_row::Column;
    let sides = match_row::Entity::find()
        .select_only()
        .columns([Column::Id, Column::OfferOrganisationId, Column::NeedOrganisationId])
        .filter(Column::State.eq(MatchState::Suggested.as_str()))
        .order_by_asc(Column::Id)
        .lock_exclusive();
    let rows: Vec<(Uuid, Uuid, Uuid)> = sides.into_tuple().all(connection).await?;
    for (id, supplier, buyer) in rows {
        let sides = [supplier, buyer].map(OrganisationId);
        events::record(tx, Subject::Match, id, MatchState::Expired.as_str(), &sides, at);
    }
    match_row::Entity::update_many()
        .col_expr(match_row::Column::State, Expr::value(MatchState::Expired.as_str()))
        .col_expr(match_row::Column::UpdatedAt, Expr::value(at.micros()))
        .filter(match_row::Column::State.eq(MatchState::Suggested.as_str()))
        .exec(connection)
        .await?;
    Ok(())
}

async fn store_matches(
    tx: &Tx,
    (run, state): (RunId, MatchState),
    matches: &[NewMatch],
    at: Instant,
) -> Result<(), StoreError> {
    let connection = tx.connection();
    let mut suppliers: BTreeMap<Uuid, Uuid> = BTreeMap::new();
    for list in bulk::id_lists(matches.iter().map(|m| m.offer.0)) {
        let rows: Vec<(Uuid, Uuid)> = offer::Entity::find()
            .select_only()
            .columns([offer::Column::Id, offer::Column::OrganisationId])
            .filter(offer::Column::Id.is_in(list))
            .into_tuple()
            .all(connection)
            .await?;
        suppliers.extend(rows);
    }
    let buyers = buyers(connection, matches.iter().map(|m| m.need.0)).await?;
    let mut rows = Vec::with_capacity(matches.len());
    for m in matches {
        let supplier = suppliers.get(&m.offer.0).ok_or_else(|| gone("offer", m.offer.0))?;
        let (buyer, _) = buyers.get(&m.need.0).ok_or_else(|| gone("need", m.need.0))?;
        rows.push(match_row::Model {
            id: m.id.0,
            run_id: Some(run.0),
            offer_id: m.offer.0,
            need_id: m.need.0,
            instalment_id: m.instalment.0,
            offer_organisation_id: *supplier,
            need_organisation_id: *buyer,
            state: state.as_str().to_owned(),
            tier: i16::from(m.tier),
            proposed: m.quantity.units(),
            agreed: 0,
            shipped: 0,
            received: 0,
            accepted: 0,
            rejected: 0,
            drawn: 0,
            covered: 0,
            cutoff: m.cutoff.number(),
            deadline: None,
            terms: None,
            sample: None,
            recalled_at: None,
            at_risk_since: None,
            chain_id: None,
            chain_step: None,
            explanation: m.explanation_json.clone(),
            closing_reason: None,
            created_at: at.micros(),
            updated_at: at.micros(),
        });
    }
    for row in &rows {
        let sides = [row.offer_organisation_id, row.need_organisation_id].map(OrganisationId);
        events::record(tx, Subject::Match, row.id, state.as_str(), &sides, at);
    }
    bulk::insert::<match_row::Entity, _>(connection, rows).await
}

async fn store_shortages<C: ConnectionTrait>(
    connection: &C,
    run: RunId,
    shortages: &[NewShortage],
    at: Instant,
) -> Result<(), StoreError> {
    let buyers = buyers(connection, shortages.iter().map(|s| s.need.0)).await?;
    let mut rows = Vec::with_capacity(shortages.len());
    for s in shortages {
        let (buyer, product) = buyers.get(&s.need.0).ok_or_else(|| gone("need", s.need.0))?;
        rows.push(shortage::Model {
            run_id: run.0,
            instalment_id: s.instalment.0,
            need_id: s.need.0,
            need_organisation_id: *buyer,
            product: product.clone(),
            tier: i16::from(s.tier),
            demand: s.demand.units(),
            covered: s.covered.units(),
            uncovered: s.demand.units() - s.covered.units(),
            explanation: s.explanation_json.clone(),
            created_at: at.micros(),
        });
    }
    bulk::insert::<shortage::Entity, _>(connection, rows).await
}

/// The organisation and the product of each need.
async fn buyers<C: ConnectionTrait>(
    connection: &C,
    needs: impl Iterator<Item = Uuid>,
) -> Result<BTreeMap<Uuid, (Uuid, String)>, StoreError> {
    let mut buyers = BTreeMap::new();
    for list in bulk::id_lists(needs) {
        let rows: Vec<(Uuid, Uuid, String)> = need::Entity::find()
            .select_only()
            .columns([need::Column::Id, need::Column::OrganisationId, need::Column::Product])
            .filter(need::Column::Id.is_in(list))
            .into_tuple()
            .all(connection)
            .await?;
        buyers.extend(rows.into_iter().map(|(id, organisation, product)| (id, (organisation, product))));
    }
    Ok(buyers)
}

fn gone(what: &str, id: Uuid) -> StoreError {
    StoreError::Constraint(format!("the {what} {id} of a match or shortage does not exist"))
}
