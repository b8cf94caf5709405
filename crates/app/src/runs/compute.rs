//! The computation itself, away from the threads that answer requests.

use std::sync::Arc;

use domain::{eligibility::Rules, market::Market, parameters::Parameters, time::Day};
use matching::{Control, Outcome, Step};

use crate::{
    App, Tables,
    error::{AppError, AppResult},
};

/// Called as a computation goes on, from any thread.
pub type Progress = Arc<dyn Fn(Step) + Send + Sync>;

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

/// Snapshot, allocation and check for a day.
pub(super) async fn at(app: &App, parameters: Parameters, day: Day, progress: Option<Progress>) -> AppResult<Computed> {
    let market = Arc::new(storage::market::snapshot(&app.store, day).await?);
    let tables = app.tables();
    let outcome = with_rules(Arc::clone(&tables), Arc::clone(&market), parameters, move |rules| {
        let report = progress.as_ref().map(|p| move |step| p(step));
        let control = Control { progress: report.as_ref().map(|r| r as &(dyn Fn(Step) + Sync)), ..Control::default() };
        let outcome =
            matching::allocate(rules, &control).map_err(|e| AppError::internal(format!("the engine: {e}")))?;
        matching::verify(rules, &outcome)
            .map_err(|e| AppError::internal(format!("the independent check refuses the result: {e}")))?;
        Ok::<_, AppError>(outcome)
    });
    Ok(Computed { market, tables, outcome: Arc::new(outcome.await??) })
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
