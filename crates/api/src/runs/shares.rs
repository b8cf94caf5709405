//! What the fairness groups of a run were sure of and got.

use app::{App, runs::Share};
use axum::extract::State;
use domain::ids::RunId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    limits,
    page::{Listing, Page, Paged, Part},
    path_id::PathId,
    problem::Problem,
    query::Parameters,
    signed_in::SignedIn,
};

/// The route of shares.
pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(shares))
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ShareQuery {
    /// At most so many entries, 1 to 200; 50 where absent.
    limit: Option<u32>,
    /// The `next` of the page before.
    #[validate(length(max = limits::CURSOR))]
    cursor: Option<String>,
}

/// What a fairness group was sure of and got: the needs of one tier and product in a region, of a buyer, or one need.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Share)]
struct ShareView {
    /// The tier; null in a run that counts all alike.
    tier: Option<u8>,
    /// The product's code.
    product: String,
    /// The region's code, or the id of the organisation or need, as the run's `fairness` says.
    group: String,
    /// Base units asked for.
    demand: i64,
    /// Base units held or agreed.
    promised: i64,
    /// Base units newly matched.
    matched: i64,
    /// The largest share of its demand that it can be sure of while no group has less without need.
    level: FractionView,
    /// Base units it is sure of besides what is promised.
    floor: i64,
    /// The round of the max-min that fixed its level, from 1.
    round: u32,
}

/// An exact fraction.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fraction)]
struct FractionView {
    /// Above the line.
    numerator: i64,
    /// Below it; at least 1.
    denominator: i64,
}

impl ShareView {
    fn of(share: Share) -> Self {
        Self {
            tier: share.tier,
            product: share.product.to_string(),
            group: share.group,
            demand: share.demand,
            promised: share.promised,
            matched: share.matched,
            level: FractionView { numerator: share.level.0, denominator: share.level.1 },
            floor: share.floor,
            round: share.round,
        }
    }
}

/// Lists the shares of a run's fairness groups.
///
/// By tier, product and group; empty where the run's fairness is not `max_min`. They are of the whole market, so they are
/// for the operator.
#[utoipa::path(get, operation_id = "match_runs_shares", path = "/match-runs/{id}/shares", tag = "Matching", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The run's id"), ShareQuery),
    responses(
        (status = 200, description = "The shares", body = Page<ShareView>),
        (status = 403, description = "Only the operator reads them"),
        (status = 409, description = "The run is not done")))]
async fn shares(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    PathId(id): PathId<RunId>,
    Parameters(query): Parameters<ShareQuery>,
) -> Result<Paged<ShareView>, Problem> {
    let part = Part { limit: query.limit, cursor: query.cursor.as_deref(), ..Part::default() };
    let listing = Listing::new(&app, caller.actor, ("shares", id.to_string()), part)?;
    let found = app::runs::shares(&app, &caller, id, listing.request).await?;
    Ok(listing.answer(&app, found, ShareView::of))
}
