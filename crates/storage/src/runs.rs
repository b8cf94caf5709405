//! Runs of the matching engine: a queue with leases, and what a finished run leaves.

use std::collections::BTreeMap;

use domain::{
    ids::{InstalmentId, MatchId, NeedId, OfferId, OrganisationId, RunId},
    quantity::Quantity,
    time::{Day, Instant},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    bulk,
    entity::{match_row, proof, run, shortage},
    error::StoreError,
    json,
    matches::{self, MatchRow},
    merging,
    page::{self, Page, PageRequest},
    scope::Scope,
    shortages::{self, ShortageRow},
    snapshots::{self, Snapshot},
    store::{Reads, Store, Tx},
};

mod finish;
mod queue;
mod standing;

pub use finish::finish;
pub use queue::{
    LastQueued, MOST_ATTEMPTS, cancel, claim, enqueue, fail, give_back, last_queued, renew, take_turn_to_queue, waits,
};
pub use standing::{RunQueue, standing};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunState {
    /// Waiting for a worker.
    Queued,
    /// A worker has it, until its lease is over.
    Running,
    /// Its matches are stored.
    Done,
    /// It ended without matches; its error says why.
    Failed,
}

impl RunState {
    /// All of them.
    pub const ALL: [RunState; 4] = [Self::Queued, Self::Running, Self::Done, Self::Failed];

    /// The name on the wire and in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A run to queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// Its id.
    pub id: RunId,
    /// Who asked for it; the operator where `None`.
    pub requested_by: Option<OrganisationId>,
    /// The day it decides on.
    pub day: Day,
    /// Its parameters as JSON.
    pub parameters_json: String,
    /// When it was asked for.
    pub at: Instant,
}

/// A run as stored, without its proof ([`proof`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// Its id.
    pub id: RunId,
    /// Where it stands.
    pub state: RunState,
    /// Who asked for it; the operator where `None`.
    pub requested_by: Option<OrganisationId>,
    /// The day it decides on.
    pub day: Day,
    /// Its parameters as JSON.
    pub parameters_json: String,
    /// The worker that has or had it.
    pub worker: Option<String>,
    /// How often a worker began it.
    pub attempts: i32,
    /// When another worker may take it over, while it is running.
    pub lease_until: Option<Instant>,
    /// When it was asked for.
    pub queued_at: Instant,
    /// When a worker last began it.
    pub started_at: Option<Instant>,
    /// When it was done or failed.
    pub finished_at: Option<Instant>,
    /// Why it failed.
    pub error: Option<String>,
    /// The engine and its version, once done.
    pub engine: Option<String>,
    /// Its figures as JSON, once done.
    pub figures_json: Option<String>,
    /// Its levels as JSON, once done.
    pub levels_json: Option<String>,
    /// The hash of its proof, once done.
    pub proof_hash: Option<String>,
    /// What fairness groups are sure of and got, as JSON, once done; none where it was stored without.
    pub shares_json: Option<String>,
    /// The hash of the market it saw, once done; none where it was stored without one.
    pub market_hash: Option<String>,
    /// The hash of the tables it went by, likewise.
    pub tables_hash: Option<String>,
    /// How far it is as JSON, while it is running and its worker has said so.
    pub progress_json: Option<String>,
}

/// A match that a run suggests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMatch {
    /// Its id.
    pub id: MatchId,
    /// The offer.
    pub offer: OfferId,
    /// The need.
    pub need: NeedId,
    /// The instalment of it.
    pub instalment: InstalmentId,
    /// The tier the instalment ranks at, 1 to 4.
    pub tier: u8,
    /// How much, in base units; at least 1.
    pub quantity: Quantity,
    /// By when it must exist.
    pub cutoff: Day,
    /// Its reasons as JSON.
    pub explanation_json: String,
}

/// What a run leaves uncovered of an instalment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewShortage {
    /// The need.
    pub need: NeedId,
    /// The instalment of it.
    pub instalment: InstalmentId,
    /// The tier it ranks at, 1 to 4.
    pub tier: u8,
    /// How much was asked for, in base units; at least 1.
    pub demand: Quantity,
    /// How much of it is held, agreed or suggested.
    pub covered: Quantity,
    /// Its reasons as JSON.
    pub explanation_json: String,
}

/// What a run found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FinishedRun {
    /// The engine and its version.
    pub engine: String,
    /// Its figures as JSON.
    pub figures_json: String,
    /// Its levels as JSON.
    pub levels_json: String,
    /// What fairness groups are sure of and got, as JSON.
    pub shares_json: String,
    /// The hash of its proof.
    pub proof_hash: String,
    /// Its proof as JSON.
    pub proof_json: String,
    /// What it suggests.
    pub matches: Vec<NewMatch>,
    /// What stays uncovered.
    pub shortages: Vec<NewShortage>,
    /// What it saw, so that it can be checked and repeated; none where no engine decided.
    pub seen: Option<Seen>,
    /// Snapshots that only runs done before this instant saw are let go; none are where it is `None`.
    pub forget_before: Option<Instant>,
}

/// What a run saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The market.
    pub market: Snapshot,
    /// The catalogue and the regions.
    pub tables: Snapshot,
}

/// Everything that is stored of a finished run, in one state of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResult {
    /// The run.
    pub run: RunRow,
    /// Its proof as JSON, where it is there.
    pub proof_json: Option<String>,
    /// Its matches whatever became of them, in no order that says anything.
    pub matches: Vec<MatchRow>,
    /// Its shortages, by need and instalment.
    pub shortages: Vec<ShortageRow>,
    /// The market it saw, where that is still kept.
    pub market: Option<Snapshot>,
    /// The tables it went by, where they are still kept.
    pub tables: Option<Snapshot>,
    /// What organisations became that were merged into others since.
    pub became: BTreeMap<OrganisationId, OrganisationId>,
}

/// One run.
///
/// # Errors
/// [`StoreError::NotFound`] when there is none of that id inside the scope.
pub async fn get(reader: &impl Reads, scope: Scope, id: RunId) -> Result<RunRow, StoreError> {
    let query = run::Entity::find_by_id(id.0).filter(scope.over(&[run::Column::RequestedBy]));
    record(query.one(reader.connection()).await?.ok_or(StoreError::NotFound)?)
}

/// One run, which nobody else changes until the transaction ends.
async fn get_to_change(tx: &Tx, id: RunId) -> Result<RunRow, StoreError> {
    let query = run::Entity::find_by_id(id.0).lock_exclusive();
    record(query.one(tx.connection()).await?.ok_or(StoreError::NotFound)?)
}

/// Those runs of a list that are inside the scope.
pub async fn get_many(
    reader: &impl Reads,
    scope: Scope,
    ids: impl IntoIterator<Item = RunId>,
) -> Result<Vec<RunRow>, StoreError> {
    let mut runs = Vec::new();
    for list in bulk::id_lists(ids.into_iter().map(|id| id.0)) {
        let query = run::Entity::find().filter(scope.over(&[run::Column::RequestedBy]));
        for row in query.filter(run::Column::Id.is_in(list)).all(reader.connection()).await? {
            runs.push(record(row)?);
        }
    }
    Ok(runs)
}

/// The last run inside the scope that was done.
pub async fn latest_done(reader: &impl Reads, scope: Scope) -> Result<Option<RunRow>, StoreError> {
    let query = run::Entity::find()
        .filter(scope.over(&[run::Column::RequestedBy]))
        .filter(run::Column::State.eq(RunState::Done.as_str()))
        .order_by_desc(run::Column::FinishedAt)
        .order_by_desc(run::Column::Id);
    query.one(reader.connection()).await?.map(record).transpose()
}

/// The proof of a run as JSON.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no such run inside the scope, or it is not done.
pub async fn proof(reader: &impl Reads, scope: Scope, id: RunId) -> Result<String, StoreError> {
    get(reader, scope, id).await?;
    let row = proof::Entity::find_by_id(id.0).one(reader.connection()).await?;
    Ok(row.ok_or(StoreError::NotFound)?.proof)
}

/// All that is stored of a run. It is for checking the whole, so it takes no scope.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no such run.
pub async fn result(store: &Store, id: RunId) -> Result<StoredResult, StoreError> {
    let work = move |tx: Tx| async move {
        let run = get(&tx, Scope::Operator, id).await?;
        let at = tx.connection();
        let proof = proof::Entity::find_by_id(id.0).one(at).await?;
        let rows = match_row::Entity::find().filter(match_row::Column::RunId.eq(id.0)).all(at).await?;
        let matches = rows.into_iter().map(matches::record).collect::<Result<_, _>>()?;
        let rows = shortage::Entity::find().filter(shortage::Column::RunId.eq(id.0)).all(at).await?;
        let mut shortages = rows.into_iter().map(shortages::record).collect::<Result<Vec<_>, _>>()?;
        shortages.sort_by_key(|s| (s.need, s.instalment));
        let (market, tables) = (run.market_hash.clone(), run.tables_hash.clone());
        Ok(StoredResult {
            market: snapshots::find(&tx, market.as_deref()).await?,
            tables: snapshots::find(&tx, tables.as_deref()).await?,
            became: merging::became(&tx).await?,
            proof_json: proof.map(|row| row.proof),
            run,
            matches,
            shortages,
        })
    };
    store.read_one_state(work).await
}

/// A page of runs, in the order in which they were asked for.
pub async fn page(reader: &impl Reads, scope: Scope, request: PageRequest) -> Result<Page<RunRow>, StoreError> {
    use run::Column;
    let query = run::Entity::find().filter(scope.over(&[Column::RequestedBy]));
    page::fetch(query, (Column::QueuedAt, Column::Id), request, reader.connection(), record).await
}

fn record(row: run::Model) -> Result<RunRow, StoreError> {
    let instant = |column: &str, micros: Option<i64>| micros.map(|m| json::instant(column, m)).transpose();
    Ok(RunRow {
        id: RunId(row.id),
        state: json::word("runs.state", &row.state, RunState::parse)?,
        requested_by: row.requested_by.map(OrganisationId),
        day: json::day("runs.day", row.day)?,
        parameters_json: row.parameters,
        worker: row.worker,
        attempts: row.attempts,
        lease_until: instant("runs.lease_until", row.lease_until)?,
        queued_at: json::instant("runs.queued_at", row.queued_at)?,
        started_at: instant("runs.started_at", row.started_at)?,
        finished_at: instant("runs.finished_at", row.finished_at)?,
        error: row.error,
        engine: row.engine,
        figures_json: row.figures,
        levels_json: row.levels,
        proof_hash: row.proof_hash,
        shares_json: row.shares,
        market_hash: row.market_hash,
        tables_hash: row.tables_hash,
        progress_json: row.progress,
    })
}
