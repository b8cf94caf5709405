//! The queue: each run is one worker's at a time, and none is lost with its worker.

use std::time::Duration;

use domain::{event::Subject, ids::RunId, time::Instant};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    UpdateMany,
    sea_query::{Expr, LockBehavior, LockType},
};
use uuid::Uuid;

use super::{NewRun, RunRow, RunState, record};
use crate::{
    bulk,
    dialect::{self, Turn},
    entity::run,
    error::StoreError,
    events::{self, CREATED},
    json,
    store::{Reads, Store, Tx},
};

/// How often a run is begun before it is given up: the worker may have died of the run itself.
pub const MOST_ATTEMPTS: i32 = 3;

/// When the last run was queued, and up to which event it has seen the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastQueued {
    /// When.
    pub at: Instant,
    /// It has seen every change up to this one, or will once a worker begins it; 0 where that is not known.
    pub after_event: i64,
}

/// Queues a run, in the transaction of what it follows.
///
/// # Errors
/// [`StoreError::Conflict`] when its id is taken.
pub async fn enqueue(tx: &Tx, new: &NewRun) -> Result<(), StoreError> {
    let after_event = Some(events::last(tx).await?);
    let row = run::Model {
        id: new.id.0,
        state: RunState::Queued.as_str().to_owned(),
        requested_by: new.requested_by.map(|id| id.0),
        day: new.day.number(),
        parameters: new.parameters_json.clone(),
        worker: None,
        attempts: 0,
        lease_until: None,
        queued_at: new.at.micros(),
        started_at: None,
        finished_at: None,
        error: None,
        engine: None,
        figures: None,
        levels: None,
        proof_hash: None,
        shares: None,
        market_hash: None,
        tables_hash: None,
        progress: None,
        after_event,
    };
    bulk::insert::<run::Entity, _>(tx.connection(), vec![row]).await?;
    told(tx, new.id.0, CREATED, new.at);
    Ok(())
}

/// Notes where a run stands by now, which whoever reads runs is told. How far it is meanwhile is no event.
pub(super) fn told(tx: &Tx, id: Uuid, what: &str, at: Instant) {
    events::record(tx, Subject::Run, id, what, &[], at);
}

/// Whether a run waits that nobody has begun.
pub async fn waits(tx: &Tx) -> Result<bool, StoreError> {
    let query = run::Entity::find().select_only().column(run::Column::Id);
    let query = query.filter(run::Column::State.eq(RunState::Queued.as_str())).limit(1);
    Ok(query.into_tuple::<uuid::Uuid>().one(tx.connection()).await?.is_some())
}

/// Waits until nobody else decides whether a run is to be queued, and keeps the turn until the transaction ends.
pub async fn take_turn_to_queue(tx: &Tx) -> Result<(), StoreError> {
    Ok(dialect::take_turn(tx.connection(), Turn::Queue).await?)
}

/// The run that was queued last, whatever became of it.
pub async fn last_queued(reader: &impl Reads) -> Result<Option<LastQueued>, StoreError> {
    let query = run::Entity::find().select_only().columns([run::Column::QueuedAt, run::Column::AfterEvent]);
    let query = query.order_by_desc(run::Column::QueuedAt).order_by_desc(run::Column::Id).limit(1);
    let found: Option<(i64, Option<i64>)> = query.into_tuple().one(reader.connection()).await?;
    let last = |(at, after_event): (i64, Option<i64>)| {
        let at = json::instant("runs.queued_at", at)?;
        Ok(LastQueued { at, after_event: after_event.unwrap_or(0) })
    };
    found.map(last).transpose()
}

/// Takes the run that has waited longest: a queued one, or a running one whose lease is over.
/// Two workers never get the same. A run that was begun [`MOST_ATTEMPTS`] times is failed instead.
pub async fn claim(store: &Store, worker: &str, now: Instant, lease: Duration) -> Result<Option<RunRow>, StoreError> {
    let worker = worker.to_owned();
    let until = after(now, lease);
    store
        .write(move |tx| async move {
            let connection = tx.connection();
            give_up(&tx, now).await?;
            let began = after_all_others(connection, now).await?;
            // What is committed by now is in what the run will look at.
            let seen = events::last(&tx).await?;
            let free = || {
                let lease_over = Condition::all()
                    .add(run::Column::State.eq(RunState::Running.as_str()))
                    .add(run::Column::LeaseUntil.lte(now.micros()));
                Condition::any().add(run::Column::State.eq(RunState::Queued.as_str())).add(lease_over)
            };
            // PostgreSQL passes over runs that another worker is taking; SQLite has one writer
            // and leaves the clause out. The run is compared with `=`: PostgreSQL may ask the query
            // behind an `IN` again for every row, pass over the run just taken, and take them all.
            let next = run::Entity::find()
                .select_only()
                .column(run::Column::Id)
                .filter(free())
                .order_by_asc(run::Column::QueuedAt)
                .order_by_asc(run::Column::Id)
                .limit(1)
                .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
            let taken = run::Entity::update_many()
                .col_expr(run::Column::State, Expr::value(RunState::Running.as_str()))
                .col_expr(run::Column::Worker, Expr::value(worker))
                .col_expr(run::Column::Attempts, Expr::col(run::Column::Attempts).add(1))
                .col_expr(run::Column::LeaseUntil, Expr::value(until.micros()))
                .col_expr(run::Column::StartedAt, Expr::value(began))
                .col_expr(run::Column::Progress, Expr::value(Option::<String>::None))
                .col_expr(run::Column::AfterEvent, Expr::value(seen))
                .filter(Expr::col(run::Column::Id).eq(next.into_query()))
                .filter(free())
                .exec_with_returning(connection)
                .await?;
            let taken = taken.into_iter().next().map(record).transpose()?;
            if let Some(run) = &taken {
                told(&tx, run.id.0, RunState::Running.as_str(), now);
            }
            Ok(taken)
        })
        .await
}

/// The instant a run begins: now, but after every run begun before it. Processes may tell different
/// times (clocks differ, and a demo or a stated day has a clock of its own), and which of two runs
/// saw the newer market must not depend on that.
async fn after_all_others<C: ConnectionTrait>(connection: &C, now: Instant) -> Result<i64, StoreError> {
    let latest: Option<Option<i64>> = run::Entity::find()
        .select_only()
        .column_as(run::Column::StartedAt.max(), "latest")
        .into_tuple()
        .one(connection)
        .await?;
    Ok(latest.flatten().map_or(now.micros(), |latest| Ord::max(now.micros(), latest + 1)))
}

/// What ends a run without a result sets, for a reason that people can read.
fn failing(reason: &str, at: Instant) -> UpdateMany<run::Entity> {
    // PostgreSQL keeps no NUL in a text.
    let reason = reason.replace('\0', "");
    run::Entity::update_many()
        .col_expr(run::Column::State, Expr::value(RunState::Failed.as_str()))
        .col_expr(run::Column::LeaseUntil, Expr::value(Option::<i64>::None))
        .col_expr(run::Column::Progress, Expr::value(Option::<String>::None))
        .col_expr(run::Column::FinishedAt, Expr::value(at.micros()))
        .col_expr(run::Column::Error, Expr::value(reason))
}

/// Fails the runs whose last lease is over.
async fn give_up(tx: &Tx, now: Instant) -> Result<(), StoreError> {
    let message = format!("{MOST_ATTEMPTS} workers began it and none ended it; see their logs");
    let failed = failing(&message, now)
        .filter(run::Column::State.eq(RunState::Running.as_str()))
        .filter(run::Column::LeaseUntil.lte(now.micros()))
        .filter(run::Column::Attempts.gte(MOST_ATTEMPTS))
        .exec_with_returning(tx.connection())
        .await?;
    for run in failed {
        told(tx, run.id, RunState::Failed.as_str(), now);
    }
    Ok(())
}

/// Keeps a claimed run for longer, and says how far it is.
///
/// # Errors
/// [`StoreError::Conflict`] when the run is no longer this worker's.
pub async fn renew(
    store: &Store,
    claimed: &RunRow,
    now: Instant,
    lease: Duration,
    progress_json: Option<&str>,
) -> Result<(), StoreError> {
    let mine = mine(claimed);
    let until = after(now, lease);
    let progress = progress_json.map(str::to_owned);
    store
        .write(move |tx| async move {
            let renewed = run::Entity::update_many()
                .col_expr(run::Column::LeaseUntil, Expr::value(until.micros()))
                .col_expr(run::Column::Progress, Expr::value(progress))
                .filter(mine)
                .exec(tx.connection())
                .await?;
            held(renewed.rows_affected)
        })
        .await
}

/// Puts a claimed run back into the queue as if it had not been begun: its worker has to stop.
///
/// # Errors
/// [`StoreError::Conflict`] when the run is no longer this worker's.
pub async fn give_back(store: &Store, claimed: &RunRow, at: Instant) -> Result<(), StoreError> {
    let (id, mine) = (claimed.id.0, mine(claimed));
    store
        .write(move |tx| async move {
            let queued = run::Entity::update_many()
                .col_expr(run::Column::State, Expr::value(RunState::Queued.as_str()))
                .col_expr(run::Column::Worker, Expr::value(Option::<String>::None))
                .col_expr(run::Column::Attempts, Expr::col(run::Column::Attempts).sub(1))
                .col_expr(run::Column::LeaseUntil, Expr::value(Option::<i64>::None))
                .col_expr(run::Column::StartedAt, Expr::value(Option::<i64>::None))
                .col_expr(run::Column::Progress, Expr::value(Option::<String>::None))
                .filter(mine)
                .exec(tx.connection())
                .await?;
            told(&tx, id, RunState::Queued.as_str(), at);
            held(queued.rows_affected)
        })
        .await
}

/// Ends a claimed run without a result, for a reason that people can read.
///
/// # Errors
/// [`StoreError::Conflict`] when the run is no longer this worker's.
pub async fn fail(store: &Store, claimed: &RunRow, reason: &str, at: Instant) -> Result<(), StoreError> {
    let (id, failing) = (claimed.id.0, failing(reason, at).filter(mine(claimed)));
    let work = move |tx: Tx| async move {
        told(&tx, id, RunState::Failed.as_str(), at);
        held(failing.exec(tx.connection()).await?.rows_affected)
    };
    store.write(work).await
}

/// Ends a run that waits or is under way, whoever has it, for a reason that people can read. Returns the state it
/// was in.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the run has ended.
pub async fn cancel(tx: &Tx, id: RunId, reason: &str, at: Instant) -> Result<RunState, StoreError> {
    let was = super::get_to_change(tx, id).await?.state;
    let open = [RunState::Queued, RunState::Running].map(RunState::as_str);
    let failing = failing(reason, at).filter(run::Column::Id.eq(id.0)).filter(run::Column::State.is_in(open));
    match failing.exec(tx.connection()).await?.rows_affected {
        0 => Err(StoreError::Conflict(format!("the run is {}", was.as_str()))),
        _ => {
            told(tx, id.0, RunState::Failed.as_str(), at);
            Ok(was)
        }
    }
}

/// The run as long as this very claim of it holds: the count of attempts tells two claims of one worker apart.
pub(super) fn mine(claimed: &RunRow) -> Condition {
    Condition::all()
        .add(run::Column::Id.eq(claimed.id.0))
        .add(run::Column::State.eq(RunState::Running.as_str()))
        .add(run::Column::Worker.eq(claimed.worker.clone()))
        .add(run::Column::Attempts.eq(claimed.attempts))
}

pub(super) fn held(rows: u64) -> Result<(), StoreError> {
    match rows {
        0 => Err(StoreError::Conflict("the run is no longer this worker's".to_owned())),
        _ => Ok(()),
    }
}

fn after(now: Instant, lease: Duration) -> Instant {
    now.plus_micros(i64::try_from(lease.as_micros()).unwrap_or(i64::MAX))
}
