//! The worker: takes runs off the queue, computes and stores them, and gives up those that are no longer its own.

use std::{
    future::{Future, pending},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use domain::{ids::RunId, parameters::Parameters};
use storage::{
    StoreError,
    runs::{self as store, FinishedRun},
};

use super::{
    LEASE, RunProgress, RunRow,
    compute::{self, Computed, Watch, unwatched},
    written,
};
use crate::{
    App,
    error::{AppError, AppResult},
};

/// How long an idle worker sleeps when nothing rings: other processes on the same database, and
/// workers that died, cannot ring.
const IDLE: Duration = Duration::from_secs(30);
/// How often a worker says how far it is, and hears whether the run is still its own.
const BEAT: Duration = Duration::from_secs(2);

/// What became of an attempt to work.
pub(super) enum Worked {
    /// No run waited.
    Nothing,
    /// A run was computed and stored, or failed for this reason.
    Ended(RunId, Result<Computed, String>),
    /// A run was cancelled, or taken over by another worker, and nothing is stored.
    Lost(RunId),
    /// The worker had to stop, and put its run back into the queue.
    GivenBack,
}

/// Takes the next run, if one waits: snapshot, allocation on a thread of its own, independent check,
/// storing. Returns the run's id, and why it has no result if it has none.
///
/// # Errors
/// When the database fails; the run is then taken again once its lease is over.
pub async fn work_once(app: &App, worker: &str) -> AppResult<Option<(RunId, Result<(), String>)>> {
    Ok(match take(app, worker, &unwatched(), pending()).await? {
        Worked::Nothing | Worked::GivenBack => None,
        Worked::Ended(id, result) => Some((id, result.map(drop))),
        Worked::Lost(id) => Some((id, Err("it is no longer this worker's".to_owned()))),
    })
}

/// Works off the queue until `stop` is done: at once, then whenever a run is queued here, and now
/// and then for what other processes queue. A run under way is put back into the queue, and those that
/// wait are left to the next worker.
pub async fn work(app: &App, worker: &str, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    let watch = unwatched();
    loop {
        tokio::select! {
            biased;
            () = &mut stop => return,
            () = std::future::ready(()) => {}
        }
        match take(app, worker, &watch, stop.as_mut()).await {
            Ok(Worked::GivenBack) => return,
            Ok(Worked::Ended(_, _) | Worked::Lost(_)) => continue,
            Ok(Worked::Nothing) => {}
            Err(error) => tracing::error!(%error, "a run could not be taken or stored; it is tried again"),
        }
        tokio::select! {
            () = &mut stop => return,
            () = app.queued.notified() => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}

/// As [`work_once`]; tells `watch` how far the run is, and gives it back when `stop` is done.
pub(super) async fn take(app: &App, worker: &str, watch: &Watch, stop: impl Future<Output = ()>) -> AppResult<Worked> {
    let Some(claimed) = store::claim(&app.store, worker, app.clock.now(), LEASE).await? else {
        return Ok(Worked::Nothing);
    };
    let (result, stored) = match computed(app, &claimed, watch, stop).await {
        Ok(Some((computed, finished))) => {
            (Ok(computed), store::finish(&app.store, &claimed, finished, app.clock.now()).await)
        }
        Ok(None) => return Ok(Worked::Lost(claimed.id)),
        Err(Ended::Stopped) => return Ok(Worked::GivenBack),
        Err(Ended::Failed(reason)) => {
            tracing::error!(run = %claimed.id, %reason, "run failed");
            let stored = store::fail(&app.store, &claimed, &reason, app.clock.now()).await;
            (Err(reason), stored)
        }
    };
    match stored {
        Ok(()) => Ok(Worked::Ended(claimed.id, result)),
        Err(StoreError::Conflict(_)) => Ok(Worked::Lost(claimed.id)),
        Err(error) => Err(error.into()),
    }
}

/// Why a computation has no result.
enum Ended {
    Stopped,
    Failed(String),
}

/// Computes a claimed run and writes it out for storing; `None` once it is no longer this worker's.
async fn computed(
    app: &App,
    claimed: &RunRow,
    watch: &Watch,
    stop: impl Future<Output = ()>,
) -> Result<Option<(Computed, FinishedRun)>, Ended> {
    let failed = |fault: &dyn std::fmt::Display| Ended::Failed(fault.to_string());
    let parameters: Parameters = serde_json::from_str(&claimed.parameters_json).map_err(|e| failed(&e))?;
    let (cancel, latest) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(None)));
    let (told, heard) = (Arc::clone(watch), Arc::clone(&latest));
    let note: Watch = Arc::new(move |progress: RunProgress| {
        let mut latest = heard.lock().unwrap_or_else(PoisonError::into_inner);
        // Threads may be heard out of turn; what is done is not undone.
        let behind = |last: RunProgress| last.stage == progress.stage && last.done >= progress.done;
        if !latest.is_some_and(behind) {
            *latest = Some(progress);
            told(progress);
        }
    });
    // Dropped with this future, a computation would go on unseen.
    let _ended = EndsWith(Arc::clone(&cancel));
    let work = async {
        let computed = compute::at(app, parameters, claimed.day, note, Arc::clone(&cancel)).await?;
        let Some(computed) = computed else { return Ok(None) };
        // Tens of thousands of explanations are written as JSON: no work for the threads that answer.
        let (behind, written, now) = (app.clone(), computed.clone(), app.clock.now());
        let finished = tokio::task::spawn_blocking(move || written::finished(&behind, &written, now));
        let finished = finished.await.map_err(AppError::internal)??;
        Ok::<_, AppError>(Some((computed, finished)))
    };
    tokio::pin!(work, stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => {
                cancel.store(true, Ordering::Relaxed);
                // First of all, since whoever stops a program may not wait for long.
                match store::give_back(&app.store, claimed, app.clock.now()).await {
                    Ok(()) | Err(StoreError::Conflict(_)) => {}
                    // Then another worker has it once the lease is over.
                    Err(error) => tracing::warn!(run = %claimed.id, %error, "the run could not be put back"),
                }
                // Once the thread is free; what it came to goes with it.
                drop(work.await);
                return Err(Ended::Stopped);
            }
            result = &mut work => return result.map_err(|e| failed(&e)),
            () = beat(app) => {
                let progress: Option<RunProgress> = *latest.lock().unwrap_or_else(PoisonError::into_inner);
                let progress = progress.and_then(|p| serde_json::to_string(&p).ok());
                match store::renew(&app.store, claimed, app.clock.now(), LEASE, progress.as_deref()).await {
                    Ok(()) => {}
                    Err(StoreError::Conflict(reason)) => {
                        tracing::warn!(run = %claimed.id, %reason, "a run is given up");
                        cancel.store(true, Ordering::Relaxed);
                        drop(work.await);
                        return Ok(None);
                    }
                    // Costs nothing unless the lease runs out, and then `finish` says so.
                    Err(error) => tracing::warn!(run = %claimed.id, %error, "the lease could not be renewed"),
                }
            }
        }
    }
}

/// Ends when it is time to say how far a run is, or a run was cancelled here.
async fn beat(app: &App) {
    tokio::select! {
        () = tokio::time::sleep(BEAT) => {}
        () = app.cancelled.notified() => {}
    }
}

/// Cancels a computation once nobody waits for it.
struct EndsWith(Arc<AtomicBool>);

impl Drop for EndsWith {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
