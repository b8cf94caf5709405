//! Requests that may be sent again: one that carries the key of an earlier one gets the earlier answer.

use storage::idempotency as store;

pub use storage::idempotency::{Claim, Claimed, KeptAnswer};

use crate::{
    App,
    error::{AppError, AppResult},
};

/// How long an answer is kept, in microseconds: 24 hours.
const KEPT: i64 = 24 * 3_600 * 1_000_000;

/// Claims a key for a request.
///
/// # Errors
/// `Busy` and `Unavailable` of the database.
pub async fn claim(app: &App, claim: &Claim) -> AppResult<Claimed> {
    let (claim, now) = (claim.clone(), app.clock.now());
    let since = now.plus_micros(-KEPT);
    app.store.write(move |tx| async move { Ok::<_, AppError>(store::claim(&tx, &claim, now, since).await?) }).await
}

/// Keeps the answer for whoever sends the request again.
///
/// # Errors
/// As [`claim`].
pub async fn keep(app: &App, claim: Claim, answer: KeptAnswer) -> AppResult<()> {
    app.store.write(move |tx| async move { Ok::<_, AppError>(store::keep(&tx, &claim, &answer).await?) }).await
}

/// Gives the key back, since nothing was done.
///
/// # Errors
/// As [`claim`].
pub async fn release(app: &App, claim: Claim) -> AppResult<()> {
    app.store.write(move |tx| async move { Ok::<_, AppError>(store::release(&tx, &claim).await?) }).await
}
