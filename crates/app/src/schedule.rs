//! When runs begin of themselves: at intervals, and after something changed that bears on what they find.
//!
//! Nothing is remembered between two looks: whether a run is due follows from the setting, from the run that was queued
//! last and how far it has seen the changes, and from the changes since. So several processes on one database may look
//! at once, and one of them queues.

use std::{future::Future, time::Duration};

use domain::{
    audit::{Act, Change, RecordKind},
    ids::RunId,
    parameters::Parameters,
    schedule::{RunSchedule, ScheduleChange, ScheduleInput},
};
use storage::{Reads, Tx, events, run_schedules as store, runs};
use uuid::Uuid;

use crate::{
    App,
    access::Caller,
    audit::{Deed, Pen},
    changes,
    error::{AppError, AppResult},
    policy::{Action, Resource, require},
};

/// How often it is looked whether a run is due.
const EVERY: Duration = Duration::from_secs(5);

/// When runs begin of themselves, and since when that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The schedule.
    pub schedule: RunSchedule,
    /// Its last change; `None` while nobody ever changed it.
    pub since: Option<ScheduleChange>,
}

/// When runs begin of themselves.
///
/// # Errors
/// `Forbidden` for all but the operator.
pub async fn standing(app: &App, caller: &Caller) -> AppResult<Standing> {
    require(caller, Action::Read, Resource::Service)?;
    current(&app.store).await
}

async fn current(reader: &impl Reads) -> AppResult<Standing> {
    let since = store::last(reader).await?;
    Ok(Standing { schedule: since.as_ref().map(|change| change.schedule.clone()).unwrap_or_default(), since })
}

/// Sets when runs begin of themselves; the same schedule again is no change.
///
/// # Errors
/// `Forbidden` for all but the operator; `Invalid` with each figure that is out of range, and when the parameters switch
/// off predicates or levels; what `agree` says of how it stands.
pub async fn set<F>(
    app: &App,
    caller: &Caller,
    input: &ScheduleInput,
    parameters: Option<Parameters>,
    agree: F,
) -> AppResult<Standing>
where
    F: FnOnce(&Standing) -> AppResult<()> + Send + 'static,
{
    require(caller, Action::Write, Resource::Service)?;
    let schedule = input.check(parameters)?;
    if schedule.parameters.as_ref().is_some_and(Parameters::is_trial) {
        let detail = "switches off predicates or levels; such a trial is never stored";
        return Err(domain::violation::Violations::one("/parameters", "trial", detail).into());
    }
    let (now, person, pen) = (app.clock.now(), caller.person, Pen::of(app, caller));
    let changed = app.store.write(move |tx| async move {
        runs::take_turn_to_queue(&tx).await?;
        let before = current(&tx).await?;
        agree(&before)?;
        if before.schedule == schedule {
            return Ok(before);
        }
        // Two changes never begin at the same instant.
        let after_last = before.since.as_ref().map(|last| last.since.plus_micros(1));
        let since = after_last.map_or(now, |least| now.max(least));
        let told = told(&before.schedule, &schedule);
        let change = ScheduleChange { schedule: schedule.clone(), set_by: person, since };
        store::set(&tx, &change).await?;
        let (act, record) = (Act::Update, RecordKind::RunSchedule);
        pen.note(&tx, [Deed { act, record, id: Uuid::nil(), owner: None, changes: told }]).await?;
        Ok(Standing { schedule, since: Some(change) })
    });
    changed.await
}

fn told(before: &RunSchedule, after: &RunSchedule) -> Vec<Change> {
    let minutes = |schedule: &RunSchedule| schedule.every_minutes.map(|minutes| minutes.to_string());
    let mode = |schedule: &RunSchedule| schedule.parameters.as_ref().map(|p| p.mode.as_str().to_owned());
    let field = |field: &str, from: Option<String>, to: Option<String>| {
        (from != to).then(|| Change { field: field.to_owned(), from, to })
    };
    let shown = |value: &dyn ToString| Some(value.to_string());
    // Of other parameters than the mode it is told that they changed.
    let others = before.parameters != after.parameters && mode(before) == mode(after);
    let fields = [
        field("every_minutes", minutes(before), minutes(after)),
        field("on_change", shown(&before.on_change), shown(&after.on_change)),
        field("quiet_seconds", shown(&before.quiet_seconds), shown(&after.quiet_seconds)),
        field("mode", mode(before), mode(after)),
        others.then(|| Change { field: "parameters".to_owned(), from: None, to: None }),
    ];
    fields.into_iter().flatten().collect()
}

/// Queues a run if one is due, and answers its id. None is queued while one waits.
///
/// # Errors
/// Those of the database.
pub async fn queue_if_due(app: &App) -> AppResult<Option<RunId>> {
    if current(&app.store).await?.schedule.is_off() {
        return Ok(None);
    }
    // What is committed by now is looked at.
    changes::number(app).await?;
    let (behind, pen) = (app.clone(), Pen::of(app, &Caller::command_line()));
    let queued = app.store.write(move |tx| async move { queue(&behind, &tx, &pen).await }).await?;
    if queued.is_some() {
        app.queued.notify_one();
    }
    Ok(queued)
}

async fn queue(app: &App, tx: &Tx, pen: &Pen) -> AppResult<Option<RunId>> {
    runs::take_turn_to_queue(tx).await?;
    // It may be another by now.
    let schedule = current(tx).await?.schedule;
    if schedule.is_off() || runs::waits(tx).await? {
        return Ok(None);
    }
    let last = runs::last_queued(tx).await?;
    let unseen = match schedule.on_change {
        true => events::unseen(tx, last.map_or(0, |last| last.after_event)).await?,
        false => None,
    };
    let now = app.clock.now();
    let Some(cause) = schedule.due(last.map(|last| last.at), unseen, now) else { return Ok(None) };
    let parameters = schedule.parameters.unwrap_or_default();
    let parameters_json = serde_json::to_string(&parameters).map_err(AppError::internal)?;
    let id = RunId(app.ids.next(now));
    let new = runs::NewRun { id, requested_by: None, day: now.day(), parameters_json, at: now };
    runs::enqueue(tx, &new).await?;
    let day = Change::to("day", new.day);
    let changes = vec![day, Change::to("mode", parameters.mode.as_str()), Change::to("because", cause.words())];
    pen.note(tx, [Deed { act: Act::Start, record: RecordKind::Run, id: id.0, owner: None, changes }]).await?;
    Ok(Some(id))
}

/// Queues the runs that are due, until it is told to stop.
pub async fn work(app: &App, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    loop {
        match queue_if_due(app).await {
            Ok(None) => {}
            Ok(Some(run)) => tracing::info!(%run, "a run was queued by the schedule"),
            Err(error) => tracing::warn!(%error, "whether a run is due could not be told"),
        }
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
