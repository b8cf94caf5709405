//! A run as server-sent events: an event with each change of it, until it has ended.

use app::{
    App,
    access::Caller,
    changes::Stream,
    runs::{RunRow, RunState, follow},
};
use axum::{body::Bytes, response::Response};
use domain::ids::RunId;
use http_body_util::channel::Sender;
use tokio::time::Instant;
use tracing::Instrument;

use super::RunView;
use crate::{
    event_stream::{self, HEARTBEAT},
    problem::Problem,
    signed_in::Again,
};

/// Answers with a stream of a run.
pub(super) async fn open(app: App, caller: Caller, again: Again, id: RunId) -> Result<Response, Problem> {
    // What is wrong is said as a problem, before there is a stream.
    app::runs::get(&app, &caller, id).await?;
    let held = app.feed.clone().open(caller.actor)?;
    let (sender, answer) = event_stream::open();
    tokio::spawn(run(app, caller, (again, held), id, sender).in_current_span());
    Ok(answer)
}

/// Sends the run as it is, and again whenever its reader sees it change. Whatever ends it ends the stream: who comes
/// back is told why.
async fn run(app: App, mut caller: Caller, (again, _held): (Again, Stream), id: RunId, mut sender: Sender<Bytes>) {
    let mut last: Option<String> = None;
    let mut said = Instant::now();
    loop {
        let patience = HEARTBEAT.saturating_sub(said.elapsed());
        let actor = caller.actor;
        let other = |row: &RunRow| shown(row, actor).is_none_or(|now| last.as_ref() != Some(&now));
        let Ok(found) = follow(&app, &caller, id, other, patience).await else { return };
        // Whoever may no longer read, or acts for another by now, gets none of it.
        match again.caller(&app).await {
            Ok(now) if now.actor == caller.actor && now.behalf == caller.behalf => caller = now,
            Ok(_) | Err(_) => return,
        }
        let Some(now) = shown(&found, caller.actor) else { return };
        let text = match last.as_ref() == Some(&now) {
            true => ": so far\n\n".to_owned(),
            false => format!("event: run\ndata: {now}\n\n"),
        };
        let over = matches!(found.state, RunState::Done | RunState::Failed);
        if sender.send_data(Bytes::from(text)).await.is_err() || over || app.feed.is_stopping() {
            return;
        }
        (last, said) = (Some(now), Instant::now());
    }
}

/// What reading the run answers.
fn shown(run: &RunRow, actor: app::Actor) -> Option<String> {
    serde_json::to_string(&RunView::of(run.clone(), actor).ok()?).ok()
}
