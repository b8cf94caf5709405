//! The job that looks at alerts: each after something changed that bears on it, and once a day, since days move; at most
//! once in five minutes, by one process of those on a database.

use std::{future::Future, time::Duration};

use domain::{
    alert::{Alert, AlertState, Turn},
    audit::{Act, Change},
    ids::PersonId,
    link::MailKind,
    time::Instant,
};
use storage::{
    StoreError, Tx, alerts as store,
    alerts::looks::{self, Moment, Taken},
    people, roles,
};

use super::{Reading, asked, deed};
use crate::{App, access::Caller, audit::Pen, changes, error::AppResult, mails};

/// How often it is looked whether an alert is due.
const EVERY: Duration = Duration::from_secs(5);
/// For how long an alert is a process's own, in microseconds: 2 minutes.
const TAKEN: i64 = 120_000_000;

/// What a look at all that is due did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looked {
    /// Alerts looked at.
    pub alerts: usize,
    /// Those that fire from now on.
    pub fired: usize,
    /// Those that are quiet from now on.
    pub quiet: usize,
}

/// Looks at every alert that is due.
///
/// # Errors
/// Those of the database; what was done by then stays done, and an alert that could not be looked at is tried again in two
/// minutes.
pub async fn look(app: &App, reading: Reading) -> AppResult<Looked> {
    // What is committed by now counts.
    changes::number(app).await?;
    let moment = Moment { event: looks::last_event(&app.store).await?, now: app.clock.now() };
    let (mut did, mut failed) = (Looked::default(), None);
    while looks::any_due(&app.store, moment).await? {
        let until = moment.now.plus_micros(TAKEN);
        let take = move |tx: Tx| async move { looks::take(&tx, moment, until).await };
        let Some(taken) = app.store.write::<_, StoreError, _, _>(take).await? else { break };
        match one(app, taken, moment, reading).await {
            Ok(turn) => {
                did.alerts += 1;
                did.fired += usize::from(turn == Some(Turn::Fired));
                did.quiet += usize::from(turn == Some(Turn::Quiet));
            }
            // It holds the others up as little as they do it.
            Err(error) => failed = Some(error),
        }
    }
    if did.fired > 0 {
        mails::ring(app);
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(did),
    }
}

/// Looks at one alert and tells what came of it, in one transaction.
async fn one(app: &App, taken: Taken, moment: Moment, reading: Reading) -> AppResult<Option<Turn>> {
    let (found, event) = asked::found(app, &taken.alert, moment.event, reading).await?;
    let (this, now) = (app.clone(), moment.now);
    let work = move |tx: Tx| async move {
        let Some(before) = looks::done(&tx, &taken, event, now).await? else { return Ok(None) };
        let (after, turn) = before.looked(found, taken.last, now);
        let Some(turn) = turn else { return Ok(None) };
        store::update(&tx, &after, turn.word(), now).await?;
        match turn {
            Turn::Changed => {}
            Turn::Fired | Turn::Quiet => {
                let changes = vec![Change::of("state", before.state.as_str(), after.state.as_str())];
                Pen::of(&this, &Caller::command_line()).note(&tx, [deed(Act::Update, &after, changes)]).await?;
            }
        }
        if turn == Turn::Fired {
            mail(&this, &tx, &after, now).await?;
        }
        Ok(Some(turn))
    };
    app.store.write(work).await
}

/// Queues a mail to who made it, unless one waits already.
async fn mail(app: &App, tx: &Tx, alert: &Alert, now: Instant) -> AppResult<()> {
    let Some(person) = alert.made_by else { return Ok(()) };
    if !acts(tx, alert, person).await? || storage::mails::waits_about(tx, MailKind::Alert, person, alert.id.0).await? {
        return Ok(());
    }
    Ok(mails::queue_alert(app, tx, alert, person, now).await?)
}

/// Whether a person still acts for whom the alert is.
async fn acts(tx: &Tx, alert: &Alert, person: PersonId) -> Result<bool, StoreError> {
    let found = match alert.organisation {
        Some(organisation) => roles::of(tx, organisation, person).await.map(|role| role.accepted_at.is_some()),
        None => people::get(tx, person).await.map(|(person, _)| person.operator),
    };
    match found {
        Err(StoreError::NotFound) => Ok(false),
        found => found,
    }
}

/// An alert of which a mail tells, if it still fires and the mail's reader still acts for its owner.
pub(super) async fn to_tell(app: &App, id: domain::ids::AlertId, person: PersonId) -> AppResult<Option<Alert>> {
    let read = move |tx: Tx| async move {
        match store::get(&tx, storage::Scope::Operator, id).await {
            Ok(alert) if alert.state == AlertState::Firing && acts(&tx, &alert, person).await? => Ok(Some(alert)),
            Ok(_) | Err(StoreError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    };
    Ok(app.store.write::<_, StoreError, _, _>(read).await?)
}

/// Looks at alerts until it is told to stop.
pub async fn work(app: &App, reading: Reading, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            done = look(app, reading) => match done {
                Ok(Looked { fired: 0, quiet: 0, .. }) => {}
                Ok(Looked { alerts, fired, quiet }) => tracing::info!(alerts, fired, quiet, "alerts were looked at"),
                Err(error) => tracing::warn!(%error, "alerts could not be looked at"),
            },
        }
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
