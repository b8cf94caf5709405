//! When runs begin of themselves.

use app::{App, schedule::Standing};
use axum::{Json, extract::State};
use domain::{schedule::ScheduleInput, violation::Violations};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    body::JsonBody,
    problem::Problem,
    run_parameters::{ParametersBody, ParametersView},
    signed_in::SignedIn,
    version::IfMatch,
};

/// The routes of the schedule.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get, update))
}

/// When runs shall begin of themselves; never with `{}`.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = RunScheduleInput, example = json!({"every_minutes": 60, "on_change": true, "quiet_seconds": 120}))]
struct ScheduleBody {
    /// So many minutes after the last run was queued, by whomever, 1 to 10080; null, or absent, for no runs by the
    /// clock.
    #[schema(minimum = 1, maximum = 10_080)]
    every_minutes: Option<i64>,
    /// Whether a run begins after something changed that bears on it; false where absent.
    #[serde(default)]
    on_change: bool,
    /// For how many seconds nothing more must have changed, so that changes which come together make one run, 0 to
    /// 3600; 60 where absent. A run waits ten times as long at most.
    #[schema(minimum = 0, maximum = 3_600)]
    quiet_seconds: Option<i64>,
    /// What the runs go by; the usual where null or absent.
    #[validate(nested)]
    parameters: Option<ParametersBody>,
}

/// When runs begin of themselves.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunSchedule)]
struct ScheduleView {
    /// So many minutes after the last run was queued, by whomever; null where no runs begin by the clock.
    every_minutes: Option<u32>,
    /// Whether a run begins after something changed that bears on it.
    on_change: bool,
    /// For how many seconds nothing more must have changed.
    quiet_seconds: u32,
    /// What the runs go by; null for the usual.
    parameters: Option<ParametersView>,
    /// Since when; null while nobody ever changed it.
    #[schema(format = DateTime)]
    since: Option<String>,
}

impl ScheduleView {
    fn of(standing: &Standing) -> Self {
        let schedule = &standing.schedule;
        Self {
            every_minutes: schedule.every_minutes,
            on_change: schedule.on_change,
            quiet_seconds: schedule.quiet_seconds,
            parameters: schedule.parameters.as_ref().map(ParametersView::of),
            since: standing.since.as_ref().map(|change| change.since.to_string()),
        }
    }
}

/// Reads when runs begin of themselves.
///
/// The operator does.
#[utoipa::path(get, operation_id = "run_schedules_get", path = "/run-schedule", tag = "Matching", security(("bearer" = [])),
    responses((status = 200, description = "When runs begin of themselves", body = ScheduleView)))]
async fn get(State(app): State<App>, SignedIn(caller): SignedIn) -> Result<Json<ScheduleView>, Problem> {
    Ok(Json(ScheduleView::of(&app::schedule::standing(&app, &caller).await?)))
}

/// Sets when runs begin of themselves.
///
/// The operator does. A server looks every five seconds whether a run is due, and queues none while one waits. With
/// `on_change` these bear on a run: offers and needs, their sites, who vouches for their organisations, and
/// memberships; neither what runs suggest nor what sides agree. A run that fails is not repeated before the interval is
/// over or something else changes.
#[utoipa::path(put, operation_id = "run_schedules_update", path = "/run-schedule", tag = "Matching", request_body = ScheduleBody, security(("bearer" = [])),
    responses(
        (status = 200, description = "When runs begin of themselves now", body = ScheduleView),
        (status = 412, description = "It is no longer the version that `If-Match` names")))]
async fn update(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    seen: IfMatch,
    JsonBody(body): JsonBody<ScheduleBody>,
) -> Result<Json<ScheduleView>, Problem> {
    let ScheduleBody { every_minutes, on_change, quiet_seconds, parameters } = body;
    let input = ScheduleInput { every_minutes, on_change, quiet_seconds };
    let mut faults = Violations::new();
    let parameters = parameters.and_then(|body| match body.input().check() {
        Ok(parameters) => Some(parameters),
        Err(found) => {
            faults.extend_below("/parameters", found);
            None
        }
    });
    if !faults.is_empty() {
        faults.keep(input.check(None));
        return Err(Problem::invalid(faults));
    }
    let agree = move |standing: &Standing| seen.holds(&ScheduleView::of(standing));
    let standing = app::schedule::set(&app, &caller, &input, parameters, agree).await?;
    Ok(Json(ScheduleView::of(&standing)))
}
