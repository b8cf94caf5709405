//! How the queue of runs stands, for whoever looks after the service.

use domain::time::Instant;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::RunState;
use crate::{entity::run, error::StoreError, json, store::Reads};

/// How the queue of runs stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunQueue {
    /// Waiting for a worker.
    pub queued: usize,
    /// When the one was queued that waits longest.
    pub waiting_since: Option<Instant>,
    /// Under way.
    pub running: usize,
    /// Of those, without a sign of life from their worker for longer than its lease.
    pub silent: usize,
}

/// How the queue of runs stands at an instant.
pub async fn standing(reader: &impl Reads, now: Instant) -> Result<RunQueue, StoreError> {
    use run::Column;
    let open = [RunState::Queued.as_str(), RunState::Running.as_str()];
    let query = run::Entity::find().select_only().columns([Column::State, Column::QueuedAt, Column::LeaseUntil]);
    let rows: Vec<(String, i64, Option<i64>)> =
        query.filter(Column::State.is_in(open)).into_tuple().all(reader.connection()).await?;
    let (queued, running): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(state, ..)| state == open[0]);
    let oldest = queued.iter().map(|(_, at, _)| *at).min();
    Ok(RunQueue {
        queued: queued.len(),
        waiting_since: oldest.map(|at| json::instant("runs.queued_at", at)).transpose()?,
        running: running.len(),
        silent: running.iter().filter(|(.., lease)| lease.is_none_or(|until| until <= now.micros())).count(),
    })
}
