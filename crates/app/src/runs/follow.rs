//! Following a run as it goes on, whichever process works on it.

use std::time::Duration;

use domain::ids::RunId;

use super::{RunRow, get};
use crate::{App, access::Caller, error::AppResult};

/// How often a run that is followed is looked at: its worker may be another process, which cannot ring.
const LOOK: Duration = Duration::from_secs(1);

/// The run once it is `other` than the reader knows it; as it is when that takes longer than `patience`, or when the
/// service is told to stop.
///
/// # Errors
/// As [`get`].
pub async fn follow(
    app: &App,
    caller: &Caller,
    id: RunId,
    other: impl Fn(&RunRow) -> bool,
    patience: Duration,
) -> AppResult<RunRow> {
    let end = tokio::time::Instant::now() + patience;
    loop {
        let run = get(app, caller, id).await?;
        if other(&run) || tokio::time::Instant::now() >= end || app.feed.is_stopping() {
            return Ok(run);
        }
        tokio::select! {
            () = app.feed.stopped() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
