//! The mode that the market runs in.

use app::{App, market::Standing};
use axum::{Json, extract::State};
use domain::mode::MarketMode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{body::JsonBody, limits, problem::Problem, signed_in::SignedIn, version::IfMatch};

/// The routes of the market.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get, update))
}

/// A mode to put the market into.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(as = MarketInput, example = json!({"mode": "vigilance", "reason": "Cases rise in two regions"}))]
struct MarketBody {
    /// `normal`, `vigilance` or `emergency`.
    #[validate(length(max = limits::WORD))]
    mode: String,
    /// Why, at most 4000 characters; whoever is signed in reads it.
    #[validate(length(max = limits::NOTE))]
    reason: String,
}

/// How the market runs, and what follows from it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Market)]
struct MarketView {
    /// `normal`, `vigilance` or `emergency`.
    mode: &'static str,
    /// Why, as the operator says; null while nobody ever changed it.
    reason: Option<String>,
    /// Since when; null while nobody ever changed it.
    #[schema(format = DateTime)]
    since: Option<String>,
    /// For how many days from their as-of date the figures of offers count as fresh.
    confirm_days: i32,
    /// How many days before their end owners are reminded.
    remind_days: i32,
    /// For how many hours a proposal holds capacity while a side has not answered.
    hold_hours: i64,
    /// Whether certificates under a derogation count.
    permits_derogations: bool,
}

impl MarketView {
    fn of(standing: &Standing) -> Self {
        let mode: MarketMode = standing.mode;
        Self {
            mode: mode.as_str(),
            reason: standing.since.as_ref().map(|change| change.reason.clone()),
            since: standing.since.as_ref().map(|change| change.since.to_string()),
            confirm_days: mode.confirm_days(),
            remind_days: domain::freshness::remind_days(mode),
            hold_hours: mode.hold_hours(),
            permits_derogations: mode.permits_derogations(),
        }
    }
}

/// Reads the mode of the market.
///
/// Whoever is signed in reads it, with what follows from it.
#[utoipa::path(get, operation_id = "markets_get", path = "/market", tag = "Market", security(("bearer" = [])),
    responses((status = 200, description = "How the market runs", body = MarketView)))]
async fn get(State(app): State<App>, SignedIn(_caller): SignedIn) -> Result<Json<MarketView>, Problem> {
    Ok(Json(MarketView::of(&app::market::standing(&app.store).await?)))
}

/// Puts the market into a mode.
///
/// The operator does. Offers keep the day to confirm by that they were given, and a shorter interval shortens it: figures are
/// fresh until the earlier of that day and `confirm_days` after their as-of date.
#[utoipa::path(put, operation_id = "markets_update", path = "/market", tag = "Market", request_body = MarketBody, security(("bearer" = [])),
    responses(
        (status = 200, description = "How the market runs now", body = MarketView),
        (status = 412, description = "It is no longer the version that `If-Match` names")))]
async fn update(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    seen: IfMatch,
    JsonBody(body): JsonBody<MarketBody>,
) -> Result<Json<MarketView>, Problem> {
    let agree = move |standing: &Standing| seen.holds(&MarketView::of(standing));
    let standing = app::market::set(&app, &caller, &body.mode, &body.reason, agree).await?;
    Ok(Json(MarketView::of(&standing)))
}
