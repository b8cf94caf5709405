//! The computation itself, away from the threads that answer requests.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use domain::{eligibility::Rules, market::Market, parameters::Parameters, time::Day};
use matching::{Control, Earlier, MatchingError, Outcome, Step};
use serde::{Deserialize, Serialize};

use crate::{
    App, Tables,
    error::{AppError, AppResult},
};

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunProgress {
    /// What it does.
    pub stage: Stage,
    /// How much of it is done.
    pub done: u64,
    /// Of how much.
    pub of: u64,
}

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Judges offers for each need.
    Judging,
    /// Solves part by part, level by level; counted in pairs.
    Solving,
    /// Checks the result independently.
    Checking,
    /// Stores it.
    Storing,
}

impl Stage {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Judging => "judging",
            Self::Solving => "solving",
            Self::Checking => "checking",
            Self::Storing => "storing",
        }
    }
}

impl From<Step> for RunProgress {
    fn from(step: Step) -> Self {
        let (stage, done, of) = match step {
            Step::Judging(done, of) => (Stage::Judging, done, of),
            Step::Solving(done, of) => (Stage::Solving, done, of),
        };
        let count = |n| u64::try_from(n).unwrap_or(u64::MAX);
        Self { stage, done: count(done), of: count(of) }
    }
}

/// Called as a computation goes on, from any thread.
pub type Watch = Arc<dyn Fn(RunProgress) + Send + Sync>;

/// For a computation that nobody watches.
pub fn unwatched() -> Watch {
    Arc::new(|_| {})
}

/// Pairs of a run that are kept for the next one, at most; they take 32 bytes each.
const MOST_PAIRS: usize = 4_000_000;

/// What the last run of this process left, for the next one to take over what did not change. It changes how long a run
/// takes and nothing else, so a process that was just started has none and no other has to know of it.
#[derive(Default)]
pub(crate) struct LastRun(Mutex<Option<Arc<Earlier>>>);

impl LastRun {
    fn get(&self) -> Option<Arc<Earlier>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, earlier: Earlier) {
        let kept = (earlier.pairs() <= MOST_PAIRS).then(|| Arc::new(earlier));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = kept;
    }
}

/// What a run saw and what it decided; the independent checker has accepted it.
#[derive(Debug, Clone)]
pub struct Computed {
    /// The snapshot.
    pub market: Arc<Market>,
    /// The catalogue and regions it was judged by.
    pub tables: Arc<Tables>,
    /// The result.
    pub outcome: Arc<Outcome>,
}

/// Snapshot, allocation and check for a day; `None` where `cancel` was set on the way.
pub(super) async fn at(
    app: &App,
    parameters: Parameters,
    day: Day,
    watch: Watch,
    cancel: Arc<AtomicBool>,
) -> AppResult<Option<Computed>> {
    let market = Arc::new(storage::market::snapshot(&app.store, day, app.clock.now()).await?);
    let tables = app.tables();
    let (seen, last) = (Arc::clone(&market), Arc::clone(&app.last_run));
    let outcome = with_rules(Arc::clone(&tables), Arc::clone(&market), parameters, move |rules| {
        let report = |step: Step| watch(step.into());
        let control = Control { cancel: Some(&cancel), progress: Some(&report), ..Control::default() };
        let earlier = last.get();
        let outcome = match matching::allocate_again(rules, &seen, earlier.as_deref(), &control) {
            Err(MatchingError::Cancelled) => return Ok(None),
            other => {
                let found = other.map_err(|e| AppError::internal(format!("the engine: {e}")))?;
                let (parts, needs) = (found.taken_over.parts, found.taken_over.needs);
                tracing::debug!(parts, needs, of = found.outcome.figures.components, "taken over from the last run");
                last.keep(found.earlier);
                found.outcome
            }
        };
        if cancel.load(Ordering::Relaxed) {
            return Ok(None);
        }
        watch(RunProgress { stage: Stage::Checking, done: 0, of: 1 });
        matching::verify(rules, &outcome)
            .map_err(|e| AppError::internal(format!("the independent check refuses the result: {e}")))?;
        watch(RunProgress { stage: Stage::Storing, done: 0, of: 1 });
        Ok::<_, AppError>(Some(outcome).filter(|_| !cancel.load(Ordering::Relaxed)))
    });
    let outcome = outcome.await??;
    Ok(outcome.map(|outcome| Computed { market, tables, outcome: Arc::new(outcome) }))
}

/// Runs pure work on rules of a market, on a thread for work that blocks.
pub(super) async fn with_rules<T: Send + 'static>(
    tables: Arc<Tables>,
    market: Arc<Market>,
    parameters: Parameters,
    work: impl FnOnce(&Rules<'_>) -> T + Send + 'static,
) -> AppResult<T> {
    let span = tracing::Span::current();
    let task = tokio::task::spawn_blocking(move || {
        let _entered = span.entered();
        let rules =
            Rules { market: &market, catalogue: &tables.catalogue, regions: &tables.regions, parameters: &parameters };
        work(&rules)
    });
    task.await.map_err(AppError::internal)
}
