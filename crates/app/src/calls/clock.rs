//! What the clock does to calls: those who are silent are reminded, and what is over closes.

use std::{future::Future, time::Duration};

use domain::{
    audit::{Act, Change},
    call::{CallState, REMINDERS},
};
use storage::{
    Scope,
    calls::{self as store, CallReader},
};

use super::{close::closed, deed, invite::reminded};
use crate::{App, access::Caller, audit::Pen, error::AppResult, mails};

/// How often the clock is looked at.
const EVERY: Duration = Duration::from_secs(30);

/// Closes calls whose answer-by instant is past, each with its report, and answers how many. They take no answers by the
/// clock before that.
///
/// # Errors
/// Those of the database.
pub async fn close_due(app: &App) -> AppResult<usize> {
    let mut done = 0;
    for call in store::due(&app.store, app.clock.now()).await? {
        let (now, pen, tables) = (app.clock.now(), Pen::of(app, &Caller::command_line()), app.tables());
        let work = move |tx| async move {
            let stored = store::get_to_change(&tx, &CallReader::of_issuer(Scope::Operator), call.id).await?;
            // Somebody else may have been quicker.
            if stored.record.state != CallState::Open || stored.record.takes_answers(now) {
                return Ok::<_, crate::error::AppError>(false);
            }
            closed(&tx, &tables, stored, &pen, now).await.map(|_| true)
        };
        done += usize::from(app.store.write(work).await?);
    }
    Ok(done)
}

/// Reminds those who have not answered calls that end in two days, or in six hours; each of these once. Answers of how
/// many calls it did.
///
/// # Errors
/// Those of the database.
pub async fn remind_due(app: &App) -> AppResult<usize> {
    let now = app.clock.now();
    let soon = REMINDERS.into_iter().max().unwrap_or_default();
    let mut done = 0;
    for call in store::due(&app.store, now.plus_micros(soon)).await? {
        if !call.takes_answers(now) || call.reminders_due(now) <= call.reminders {
            continue;
        }
        let (this, pen) = (app.clone(), Pen::of(app, &Caller::command_line()));
        let work = move |tx| async move {
            let mut stored = store::get_to_change(&tx, &CallReader::of_issuer(Scope::Operator), call.id).await?;
            let due = stored.record.reminders_due(now);
            if !stored.record.takes_answers(now) || due <= stored.record.reminders {
                return Ok::<_, crate::error::AppError>(false);
            }
            stored.record.reminders = due;
            let silent = reminded(&this, &tx, &stored.record, now).await?;
            store::note_reminders(&tx, &stored).await?;
            pen.note(&tx, [deed(Act::Remind, &stored.record, vec![Change::to("reminded", silent)])]).await?;
            Ok(true)
        };
        done += usize::from(app.store.write(work).await?);
    }
    if done > 0 {
        mails::ring(app);
    }
    Ok(done)
}

/// Reminds and closes until it is told to stop.
pub async fn work(app: &App, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    loop {
        match remind_due(app).await {
            Ok(0) => {}
            Ok(calls) => tracing::info!(calls, "those who did not answer calls were reminded"),
            Err(error) => tracing::warn!(%error, "nobody could be reminded of calls"),
        }
        match close_due(app).await {
            Ok(0) => {}
            Ok(calls) => tracing::info!(calls, "calls that were over were closed"),
            Err(error) => tracing::warn!(%error, "calls that were over could not be closed"),
        }
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
