//! Runs of the engine: queued in a transaction, taken by one worker, checked before they are stored.

use std::{future::Future, time::Duration};

use domain::{ids::RunId, parameters::Parameters};
use storage::{
    Page, PageRequest, StoreError,
    runs::{self as store, NewRun},
};

use crate::{
    App,
    error::{AppError, AppResult},
    policy::{Action, Actor, Resource, require},
};

mod compute;
mod replay;
mod retention;
mod stored;
mod verify;
mod written;

pub use compute::{Computed, Progress};
pub use matching::{Figures, LevelReport, Outcome, Step};
pub use replay::{Difference, Replayed, replay};
pub use retention::Retention;
pub use storage::runs::{RunRow, RunState};
pub use verify::{Checked, Proved, verify};

/// How long a worker may be silent before another takes its run over.
pub const LEASE: Duration = Duration::from_secs(120);
/// How long an idle worker sleeps when nothing rings: other processes on the same database, and
/// workers that died, cannot ring.
const IDLE: Duration = Duration::from_secs(30);

/// Queues a run that decides on today.
///
/// # Errors
/// `Forbidden` for all but the operator; `Invalid` when the parameters are out of range, or switch
/// off a predicate or level: such a trial is never stored.
pub async fn start(app: &App, actor: Actor, parameters: &Parameters) -> AppResult<RunRow> {
    require(actor, Action::Write, Resource::Runs)?;
    parameters.check()?;
    if parameters.is_trial() {
        let detail = "switches off predicates or levels; such a trial is not stored, so run it with --dry-run";
        return Err(domain::violation::Violations::one("", "trial", detail).into());
    }
    let now = app.clock.now();
    let new = NewRun {
        id: RunId(app.ids.next(now)),
        requested_by: actor.organisation(),
        day: now.day(),
        parameters_json: serde_json::to_string(parameters).map_err(AppError::internal)?,
        at: now,
    };
    let id = new.id;
    app.store.write(move |tx| async move { Ok::<_, AppError>(store::enqueue(&tx, &new).await?) }).await?;
    app.queued.notify_one();
    get(app, actor, id).await
}

/// One run. Organisations may know of every run; what they see of it is for the caller to narrow.
///
/// # Errors
/// `NotFound`.
pub async fn get(app: &App, actor: Actor, id: RunId) -> AppResult<RunRow> {
    require(actor, Action::Read, Resource::Runs)?;
    store::get(&app.store, storage::Scope::Operator, id).await.map_err(|e| match e {
        StoreError::NotFound => AppError::NotFound { what: "run" },
        other => other.into(),
    })
}

/// A page of runs.
pub async fn page(app: &App, actor: Actor, request: PageRequest) -> AppResult<Page<RunRow>> {
    require(actor, Action::Read, Resource::Runs)?;
    Ok(store::page(&app.store, storage::Scope::Operator, request).await?)
}

/// Takes the next run, if one waits: snapshot, allocation on a thread of its own, independent check,
/// storing. Returns the run's id with what was computed, or why it failed.
///
/// # Errors
/// When the database fails; the run is then taken again once its lease is over.
pub async fn work_once(app: &App, worker: &str) -> AppResult<Option<(RunId, Result<Computed, String>)>> {
    let Some(claimed) = store::claim(&app.store, worker, app.clock.now(), LEASE).await? else { return Ok(None) };
    let result = computed(app, &claimed).await;
    match &result {
        Ok(computed) => {
            // Tens of thousands of explanations are written as JSON: no work for the threads that answer.
            let (behind, computed) = (app.clone(), computed.clone());
            let now = app.clock.now();
            let finished = tokio::task::spawn_blocking(move || written::finished(&behind, &computed, now));
            let finished = finished.await.map_err(AppError::internal)??;
            store::finish(&app.store, &claimed, finished, app.clock.now()).await?;
        }
        Err(reason) => {
            tracing::error!(run = %claimed.id, %reason, "run failed");
            store::fail(&app.store, &claimed, reason, app.clock.now()).await?;
        }
    }
    Ok(Some((claimed.id, result)))
}

async fn computed(app: &App, claimed: &RunRow) -> Result<Computed, String> {
    let parameters: Parameters = serde_json::from_str(&claimed.parameters_json).map_err(|e| e.to_string())?;
    let work = compute::at(app, parameters, claimed.day, None);
    tokio::pin!(work);
    loop {
        tokio::select! {
            result = &mut work => return result.map_err(|e| e.to_string()),
            () = tokio::time::sleep(LEASE / 3) => {
                // A failed renewal costs nothing unless the lease runs out, and then `finish` says so.
                if let Err(e) = store::renew(&app.store, claimed, app.clock.now(), LEASE).await {
                    tracing::warn!(run = %claimed.id, error = %e, "the lease could not be renewed");
                }
            }
        }
    }
}

/// Works off the queue until `stop` is done: at once, then whenever a run is queued here, and now
/// and then for what other processes queue. A run under way is ended and stored first, and those that
/// wait are left to the next worker.
pub async fn work(app: &App, worker: &str, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => return,
            () = std::future::ready(()) => {}
        }
        let more = match work_once(app, worker).await {
            Ok(done) => done.is_some(),
            Err(error) => {
                tracing::error!(%error, "a run could not be taken or stored; it is tried again");
                false
            }
        };
        if more {
            continue;
        }
        tokio::select! {
            () = &mut stop => return,
            () = app.queued.notified() => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}

/// Allocates the whole market now. Unless it is a dry run, the result is stored as a run of its own.
///
/// # Errors
/// As [`start`]; `Conflict` when another worker takes the run first; `Internal` when the engine or
/// the independent check fails.
pub async fn now(
    app: &App,
    actor: Actor,
    parameters: Parameters,
    dry_run: bool,
    progress: Option<Progress>,
) -> AppResult<(Option<RunId>, Computed)> {
    require(actor, Action::Write, Resource::Runs)?;
    parameters.check()?;
    if dry_run {
        return Ok((None, compute::at(app, parameters, app.today(), progress).await?));
    }
    let queued = start(app, actor, &parameters).await?.id;
    // Runs that waited before it come first.
    while let Some((id, result)) = work_once(app, "command line").await? {
        if id == queued {
            let computed = result.map_err(AppError::internal)?;
            return Ok((Some(id), computed));
        }
    }
    let detail = format!("another worker took the run {queued}; its result is stored by that worker");
    Err(AppError::Conflict { code: "wrong_state", detail })
}
