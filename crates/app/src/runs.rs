//! Runs of the engine: queued in a transaction, taken by one worker, checked before they are stored.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use domain::{
    audit::{Act, Change, RecordKind},
    ids::RunId,
    parameters::Parameters,
};
use storage::{
    Page, PageKey, PageRequest, StoreError,
    runs::{self as store, NewRun},
};

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    error::{AppError, AppResult},
    policy::{Action, Resource, require},
};

mod compare;
mod compute;
mod follow;
mod replay;
mod retention;
mod stored;
mod verify;
mod worker;
mod written;

pub use compare::{Comparison, PairChange, PairCounts, compare};
pub(crate) use compute::LastRun;
pub use compute::{Computed, RunProgress, Stage, Watch, unwatched};
pub use follow::follow;
pub use matching::{Figures, LevelReport, Outcome, Share};
pub use replay::{Difference, Replayed, replay};
pub use retention::Retention;
pub use storage::runs::{RunRow, RunState};
pub use verify::{Checked, Proved, verify};
use worker::Worked;
pub use worker::{work, work_once};

/// How long a worker may be silent before another takes its run over.
pub const LEASE: Duration = Duration::from_secs(120);
/// Queues a run that decides on today.
///
/// # Errors
/// `Forbidden` for all but the operator; `Invalid` when the parameters are out of range, or switch
/// off a predicate or level: such a trial is never stored.
pub async fn start(app: &App, caller: &Caller, parameters: &Parameters) -> AppResult<RunRow> {
    require(caller, Action::Write, Resource::Runs)?;
    let pen = Pen::of(app, caller);
    parameters.check()?;
    if parameters.is_trial() {
        let detail = "switches off predicates or levels; such a trial is never stored";
        return Err(domain::violation::Violations::one("", "trial", detail).into());
    }
    let now = app.clock.now();
    let new = NewRun {
        id: RunId(app.ids.next(now)),
        requested_by: caller.actor.organisation(),
        day: now.day(),
        parameters_json: serde_json::to_string(parameters).map_err(AppError::internal)?,
        at: now,
    };
    let id = new.id;
    // What is committed by now is not unseen by this run, and makes no other.
    crate::changes::number(app).await?;
    let started = deed(Act::Start, id, vec![Change::to("day", new.day), Change::to("mode", parameters.mode.as_str())]);
    app.store
        .write(move |tx| async move {
            store::enqueue(&tx, &new).await?;
            pen.note(&tx, [started]).await
        })
        .await?;
    app.queued.notify_one();
    get(app, caller, id).await
}

/// One run. Organisations may know of every run; what they see of it is for the caller to narrow.
///
/// # Errors
/// `NotFound`.
pub async fn get(app: &App, caller: &Caller, id: RunId) -> AppResult<RunRow> {
    require(caller, Action::Read, Resource::Runs)?;
    store::get(&app.store, storage::Scope::Operator, id).await.map_err(|e| match e {
        StoreError::NotFound => AppError::NotFound { what: "run" },
        other => other.into(),
    })
}

/// A page of runs.
pub async fn page(app: &App, caller: &Caller, request: PageRequest) -> AppResult<Page<RunRow>> {
    require(caller, Action::Read, Resource::Runs)?;
    Ok(store::page(&app.store, storage::Scope::Operator, request).await?)
}

/// Cancels a run that waits or is under way; a worker that has it gives it up within seconds.
///
/// # Errors
/// `Forbidden` for all but the operator; `NotFound`; `Conflict` when the run has ended.
pub async fn cancel(app: &App, caller: &Caller, id: RunId) -> AppResult<RunRow> {
    require(caller, Action::Write, Resource::Runs)?;
    let (now, pen) = (app.clock.now(), Pen::of(app, caller));
    app.store
        .write(move |tx| async move {
            let was = store::cancel(&tx, id, "cancelled by the operator", now).await.map_err(not_cancelled)?;
            let change = Change::of("state", was.as_str(), RunState::Failed.as_str());
            pen.note(&tx, [deed(Act::Cancel, id, vec![change])]).await
        })
        .await?;
    app.cancelled.notify_waiters();
    get(app, caller, id).await
}

fn not_cancelled(error: StoreError) -> AppError {
    match error {
        StoreError::NotFound => AppError::NotFound { what: "run" },
        StoreError::Conflict(detail) => {
            let detail = format!("{detail}; only one that waits or is under way can be cancelled");
            AppError::Conflict { code: "wrong_state", detail }
        }
        other => other.into(),
    }
}

/// Something done to a run, which is of the whole market.
fn deed(act: Act, id: RunId, changes: Vec<Change>) -> Deed {
    Deed { act, record: RecordKind::Run, id: id.0, owner: None, changes }
}

/// A page of what the fairness groups of a run were sure of and got, by tier, product and group.
///
/// # Errors
/// `Forbidden` for all but the operator, since it tells of the whole market; `NotFound`; `Conflict` when the run
/// is not done.
pub async fn shares(app: &App, caller: &Caller, id: RunId, request: PageRequest) -> AppResult<Page<Share>> {
    require(caller, Action::Write, Resource::Runs)?;
    let run = get(app, caller, id).await?;
    if run.state != RunState::Done {
        let detail = format!("the run {id} is {}; shares are there once it is done", run.state.as_str());
        return Err(AppError::Conflict { code: "wrong_state", detail });
    }
    let all: Vec<Share> = match run.shares_json {
        Some(shares) => serde_json::from_str(&shares).map_err(AppError::internal)?,
        None => Vec::new(),
    };
    Ok(part_of(all, request))
}

/// A page of a list of finished runs: these do not change, so a place in the list is a key.
fn part_of<T>(all: Vec<T>, request: PageRequest) -> Page<T> {
    let start = request.after.map_or(0, |key| usize::try_from(key.id.as_u128()).unwrap_or(usize::MAX));
    let limit = usize::try_from(request.limit.max(1)).unwrap_or(usize::MAX);
    let end = start.saturating_add(limit);
    let key = u128::try_from(end).ok().filter(|_| end < all.len());
    let next = key.map(|place| PageKey { at: 0, id: uuid::Uuid::from_u128(place) });
    let total = request.total.then(|| u64::try_from(all.len()).unwrap_or(u64::MAX));
    Page { items: all.into_iter().skip(start).take(limit).collect(), next, total }
}

/// Allocates the whole market now, until `stop` is done. Unless it is a dry run, the result is stored as a run of
/// its own, which is cancelled when it must stop.
///
/// # Errors
/// As [`start`]; `Conflict` when another worker takes the run first, or it is cancelled; `Internal` when the
/// engine or the independent check fails.
pub async fn now(
    app: &App,
    caller: &Caller,
    parameters: Parameters,
    dry_run: bool,
    watch: Watch,
    stop: impl Future<Output = ()>,
) -> AppResult<(Option<RunId>, Computed)> {
    require(caller, Action::Write, Resource::Runs)?;
    parameters.check()?;
    let stopped = || AppError::Conflict { code: "wrong_state", detail: "stopped; nothing was stored".to_owned() };
    tokio::pin!(stop);
    if dry_run {
        let cancel = Arc::new(AtomicBool::new(false));
        let work = compute::at(app, parameters, app.today(), watch, Arc::clone(&cancel));
        let computed = tokio::select! {
            biased;
            () = stop => None,
            computed = work => computed?,
        };
        cancel.store(true, Ordering::Relaxed);
        return Ok((None, computed.ok_or_else(stopped)?));
    }
    let queued = start(app, caller, &parameters).await?.id;
    // Runs that waited before it come first.
    loop {
        match worker::take(app, "command line", &watch, stop.as_mut()).await? {
            Worked::GivenBack => {
                // Whoever stopped it does not want it done later.
                cancel(app, caller, queued).await?;
                return Err(stopped());
            }
            Worked::Nothing => {
                let detail =
                    format!("another worker took the run {queued}, which stores its result, or it was cancelled");
                return Err(AppError::Conflict { code: "wrong_state", detail });
            }
            Worked::Ended(id, result) if id == queued => {
                return Ok((Some(id), result.map_err(AppError::internal)?));
            }
            Worked::Lost(id) if id == queued => {
                let detail = format!("the run {queued} was cancelled, or another worker took it over");
                return Err(AppError::Conflict { code: "wrong_state", detail });
            }
            Worked::Ended(_, _) | Worked::Lost(_) => {}
        }
    }
}
