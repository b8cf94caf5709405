//! What a run left uncovered, and why.

use app::{App, shortages::ShortageView};
use axum::extract::State;
use domain::ids::{NeedId, RunId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    limits,
    page::{Listing, Page, Paged, Part},
    path_id::PathId,
    problem::Problem,
    query::Parameters,
    signed_in::SignedIn,
};

/// The route of shortages.
pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(shortages))
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ShortageQuery {
    /// Only shortages of this need.
    need: Option<Uuid>,
    /// At most so many entries, 1 to 200; 50 where absent.
    limit: Option<u32>,
    /// The `next` of the page before.
    #[validate(length(max = limits::CURSOR))]
    cursor: Option<String>,
}

/// What a run left uncovered of an instalment, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Shortage)]
struct ShortageBody {
    /// The need.
    need: Uuid,
    /// The instalment of it.
    instalment: Uuid,
    /// The product's code.
    product: String,
    /// The tier it ranks at.
    tier: u8,
    /// Base units asked for.
    demand: i64,
    /// Base units covered.
    covered: i64,
    /// Base units left uncovered.
    uncovered: i64,
    /// How many offers may serve it; what became of each stands in `used_up`.
    eligible_offers: u32,
    /// How many offers fail for which first reason. Reasons that would tell a buyer of offers kept from him, and how many
    /// are another product, are for the operator alone.
    funnel: Vec<FunnelView>,
    /// Offers that could serve it and where their capacity went; told to the operator.
    used_up: Vec<UsedUpView>,
}

/// How many offers fail for a first reason.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FunnelStep)]
struct FunnelView {
    /// The reason's code.
    reason: &'static str,
    /// In words: the offers "... are another product".
    words: String,
    /// How many.
    offers: u32,
}

/// An offer that was used up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsedUp)]
struct UsedUpView {
    /// The offer.
    offer: Uuid,
    /// Base units it has in time for this instalment.
    available: i64,
    /// Base units held or agreed already.
    committed: i64,
    /// Whether it was left out for this instalment although something of it may be left: its smallest order would not be
    /// met, or the instalment has suppliers enough.
    closed: bool,
    /// The largest takers in this run.
    taken_by: Vec<TakenView>,
}

/// Whom an offer supplies instead.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Taken)]
struct TakenView {
    /// The instalment supplied.
    instalment: Uuid,
    /// Its tier.
    tier: u8,
    /// Base units.
    quantity: i64,
}

impl ShortageBody {
    fn of(view: ShortageView) -> Self {
        let (row, why) = (view.row, view.explanation);
        let funnel = |s: app::shortages::FunnelStep| FunnelView {
            reason: s.reason.code(),
            words: s.reason.to_string(),
            offers: s.offers,
        };
        let used_up = why.used_up.into_iter().map(|u| UsedUpView {
            offer: u.offer.0,
            available: u.available,
            committed: u.committed,
            closed: u.closed,
            taken_by: u
                .taken_by
                .into_iter()
                .map(|t| TakenView { instalment: t.instalment.0, tier: t.tier, quantity: t.quantity })
                .collect(),
        });
        Self {
            need: row.need.0,
            instalment: row.instalment.0,
            product: row.product,
            tier: row.tier,
            demand: row.demand.units(),
            covered: row.covered.units(),
            uncovered: row.uncovered.units(),
            eligible_offers: why.eligible_offers,
            funnel: why.funnel.into_iter().map(funnel).collect(),
            used_up: used_up.collect(),
        }
    }
}

/// Lists the shortages of a run.
///
/// What stays uncovered, and why: how many offers fail for which first reason, and how many were used up. The operator
/// sees all of them, an organisation those of its own needs.
#[utoipa::path(get, operation_id = "match_runs_shortages", path = "/match-runs/{id}/shortages", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The run's id"), ShortageQuery),
    responses((status = 200, description = "The shortages", body = Page<ShortageBody>)))]
async fn shortages(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<RunId>,
    Parameters(query): Parameters<ShortageQuery>,
) -> Result<Paged<ShortageBody>, Problem> {
    let need = query.need.map(NeedId);
    let part = Part { limit: query.limit, cursor: query.cursor.as_deref(), ..Part::default() };
    let listing = Listing::new(&app, caller.actor, ("shortages", format!("{id} {need:?}")), part)?;
    let found = app::shortages::page(&app, &caller, id, need, listing.request).await?;
    Ok(listing.answer(&app, found, ShortageBody::of))
}
