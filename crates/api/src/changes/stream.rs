//! The feed as server-sent events: one connection, until the reader, his credential or the service ends it.

use std::fmt::Write;

use app::{
    App,
    access::Caller,
    changes::{self, Changes, Stream},
};
use axum::{body::Bytes, response::Response};
use http_body_util::channel::Sender;
use tracing::Instrument;

use super::{Feed, gone};
use crate::{
    event_stream::{self, HEARTBEAT},
    problem::Problem,
    signed_in::Again,
};

/// Answers with a stream from a number on.
pub(super) async fn open(
    app: App,
    caller: Caller,
    again: Again,
    feed: Feed,
    (after, limit): (i64, u32),
) -> Result<Response, Problem> {
    let held = app.feed.clone().open(caller.actor)?;
    // What is wrong with the cursor is said as a problem, before there is a stream.
    changes::number(&app).await?;
    changes::since(&app, &caller, &feed.filter, after, 1).await?.ok_or_else(gone)?;
    let (sender, answer) = event_stream::open();
    let going = run(app, caller, (again, held), feed, (after, limit), sender);
    tokio::spawn(going.in_current_span());
    Ok(answer)
}

/// Sends batch after batch. Whatever ends it ends the stream: who comes back is told why.
async fn run(
    app: App,
    mut caller: Caller,
    (again, _held): (Again, Stream),
    feed: Feed,
    (mut after, limit): (i64, u32),
    mut sender: Sender<Bytes>,
) {
    loop {
        let found = changes::wait_since(&app, &caller, &feed.filter, (after, limit, HEARTBEAT)).await;
        let Ok(Some(Changes { items, reached, more: _ })) = found else { return };
        // Whoever may no longer read, or acts for another by now, gets none of it.
        match again.caller(&app).await {
            Ok(now) if now.actor == caller.actor && now.behalf == caller.behalf => caller = now,
            Ok(_) | Err(_) => return,
        }
        let mut text = String::new();
        for change in items {
            let Ok(view) = feed.view(&app, &caller, change) else { return };
            let Ok(data) = serde_json::to_string(&view) else { return };
            // Writing to a string does not fail.
            let _ = write!(text, "event: change\nid: {}\ndata: {data}\n\n", view.cursor);
        }
        if text.is_empty() {
            // An id without data moves the reader's place on and tells him nothing.
            let _ = write!(text, ": so far\nid: {}\n\n", feed.cursor(&app, reached, Feed::salt(&app)));
        }
        if sender.send_data(Bytes::from(text)).await.is_err() || app.feed.is_stopping() {
            return;
        }
        after = reached;
    }
}
